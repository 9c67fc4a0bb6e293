"""Closures of every stage, as logarithms of what there is over what is accounted for.

In order: charge, ln((C + Kw/h) / (h + sum z x)); extractant, ln(E / (e + sum dimers y));
and with complexes the ligand, ln(C / (L + sum bound x)).
"""

import numpy as np
from numba import njit

from sx_sim.kernels.distribution import bound_slope, distribution
from sx_sim.kernels.metals import balance_metals


@njit(cache=True, error_model="numpy")
def evaluate(cascade, law, state):
    """Fill everything in ``state`` that follows from its scalars.

    Returns the largest closure residual, NaN if any is.
    """
    distribution(law, state.scalars, state.d, state.bound)
    balance_metals(cascade, state.d, state.x, state.y)
    return closures(cascade, law, state.scalars, state.x, state.y, state.bound, state.f)


@njit(cache=True, error_model="numpy")
def closures(cascade, law, scalars, x, y, bound, f):
    """Fill the closure residuals ``f`` (N, m); return the largest, NaN if any is."""
    n, m = f.shape
    largest = 0.0
    for j in range(n):
        h = np.exp(scalars[j, 0])
        cations = h
        taken = np.exp(scalars[j, 1])
        for i in range(law.charge.size):
            cations += law.charge[i] * x[j, i]
            taken += law.dimers[i] * y[j, i]
        f[j, 0] = np.log((cascade.anion[j] + cascade.water_ion_product[j] / h) / cations)
        f[j, 1] = np.log(cascade.dimer[j] / taken)
        if m == 3:
            ligand = np.exp(scalars[j, 2])
            for i in range(law.charge.size):
                ligand += bound[j, i] * x[j, i]
            f[j, 2] = np.log(cascade.anion[j] / ligand)
        for a in range(m):
            size = abs(f[j, a])
            if np.isnan(size):
                return np.nan
            largest = max(largest, size)
    return largest


@njit(cache=True, error_model="numpy")
def linearise(cascade, law, state, j, f_scalar, f_x, y_scalar):
    """Fill the derivatives of stage ``j``'s closures and organic concentrations.

    Parameters
    ----------
    f_scalar : (m, m) array, out
        d f / d scalar at fixed x; the organic phase follows through D.
    f_x : (m, S) array, out
        d f / d x at fixed scalars.
    y_scalar : (m, S) array, out
        d y / d scalar at fixed x.
    """
    m = f_scalar.shape[0]
    s = law.charge.size
    x = state.x[j]
    y = state.y[j]
    bound = state.bound[j]
    h = np.exp(state.scalars[j, 0])
    e = np.exp(state.scalars[j, 1])
    hydroxide = cascade.water_ion_product[j] / h
    cations = h
    taken = e
    for i in range(s):
        cations += law.charge[i] * x[i]
        taken += law.dimers[i] * y[i]
        y_scalar[0, i] = -law.order_acid[i] * y[i]
        y_scalar[1, i] = law.order_dimer[i] * y[i]
        if m == 3:
            y_scalar[2, i] = -bound[i] * y[i]
    for a in range(m):
        f_scalar[0, a] = 0.0
        f_scalar[1, a] = 0.0
        for i in range(s):
            f_scalar[1, a] -= law.dimers[i] * y_scalar[a, i] / taken
    f_scalar[0, 0] = -hydroxide / (cascade.anion[j] + hydroxide) - h / cations
    f_scalar[1, 1] -= e / taken
    for i in range(s):
        f_x[0, i] = -law.charge[i] / cations
        f_x[1, i] = -law.dimers[i] * state.d[j, i] / taken
    if m == 3:
        free = np.exp(state.scalars[j, 2])
        ligand = free
        moved = free
        for i in range(s):
            ligand += bound[i] * x[i]
            moved += x[i] * bound_slope(law, j, i, state.scalars[j, 2], bound[i])
        f_scalar[2, 0] = 0.0
        f_scalar[2, 1] = 0.0
        f_scalar[2, 2] = -moved / ligand
        for i in range(s):
            f_x[2, i] = -bound[i] / ligand
