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
    balance_metals(cascade, state.d, state.x, state.y, state.row)
    return closures(cascade, law, state.scalars, state.x, state.y, state.bound, state.f)


@njit(cache=True, error_model="numpy")
def closures(cascade, law, scalars, x, y, bound, f):
    """Fill the closure residuals ``f`` (N, m); return the largest, NaN if any is."""
    n = cascade.anion.size
    m = f.shape[1]
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
def linearise_closures(cascade, law, state, f_scalar, f_x):
    """Fill the derivatives of the closures.

    Parameters
    ----------
    f_scalar : (N, m, m) array, out
        d f / d scalar at fixed x; the organic phase follows through D.
    f_x : (N, m, S) array, out
        d f / d x at fixed scalars.
    """
    n, s = cascade.feed.shape
    m = f_scalar.shape[1]
    for j in range(n):
        x = state.x[j]
        y = state.y[j]
        h = np.exp(state.scalars[j, 0])
        e = np.exp(state.scalars[j, 1])
        hydroxide = cascade.water_ion_product[j] / h
        cations = h
        taken = e
        by_acid = 0.0
        by_dimer = e
        for i in range(s):
            held = law.dimers[i] * y[i]
            cations += law.charge[i] * x[i]
            taken += held
            by_acid += law.order_acid[i] * held
            by_dimer += law.order_dimer[i] * held
        per_cations = 1.0 / cations
        per_taken = 1.0 / taken
        f_scalar[j, 0, 0] = -hydroxide / (cascade.anion[j] + hydroxide) - h * per_cations
        f_scalar[j, 0, 1] = 0.0
        f_scalar[j, 1, 0] = by_acid * per_taken
        f_scalar[j, 1, 1] = -by_dimer * per_taken
        for i in range(s):
            f_x[j, 0, i] = -law.charge[i] * per_cations
            f_x[j, 1, i] = -law.dimers[i] * state.d[j, i] * per_taken
        if m == 3:
            bound = state.bound[j]
            ligand = np.exp(state.scalars[j, 2])
            moved = ligand
            by_ligand = 0.0
            for i in range(s):
                ligand += bound[i] * x[i]
                moved += x[i] * bound_slope(law, j, i, state.scalars[j, 2], bound[i])
                by_ligand += law.dimers[i] * bound[i] * y[i]
            f_scalar[j, 0, 2] = 0.0
            f_scalar[j, 1, 2] = by_ligand * per_taken
            f_scalar[j, 2, 0] = 0.0
            f_scalar[j, 2, 1] = 0.0
            f_scalar[j, 2, 2] = -moved / ligand
            for i in range(s):
                f_x[j, 2, i] = -bound[i] / ligand
