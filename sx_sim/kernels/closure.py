"""Closures of every stage, as logarithms of what there is over what is accounted for.

In order: charge, ln((C + Kw/h) / (h (1 + P L) + sum z x)); extractant, ln(E / (e + sum
dimers y)); with complexes the ligand, ln((C / charge) / (L (1 + P h) + sum bound x)), P its
protonation; with activities the ionic strength, ln(I / (C + Kw/h + h + sum z^2 x) * 2).

C, the anions, follow from mixing. Where the acidity is set they are what the charge closure
asks for, and what that doses falls on with the water.
"""

import numpy as np
from numba import njit

from sx_sim.kernels.distribution import bound_slope, distribution, fill_orders
from sx_sim.kernels.metals import balance_metals
from sx_sim.kernels.real import balance_real


@njit(cache=True, error_model="numpy")
def evaluate(cascade, law, state):
    """Fill everything in ``state`` that follows from its scalars.

    Returns the largest closure residual, NaN if any is.
    """
    acidity(cascade, state)
    distribution(law, state.ln_h, state.scalars, state.d, state.bound)
    if cascade.efficiency.size > 0:
        balance_real(cascade, state.d, state.x, state.y, state.leaving, state.risen, state.nothing)
    else:
        balance_metals(cascade, state.d, state.x, state.y, state.row)
    return closures(cascade, law, state)


@njit(cache=True, error_model="numpy")
def acidity(cascade, state):
    """Fill ln h and the anions: from the scalars, or where acidity is set the other way round."""
    n = cascade.anion.size
    dosed = cascade.set_ln_h.size > 0
    for j in range(n - 1, -1, -1):
        state.ln_h[j] = state.scalars[j, 0]
        state.anion[j] = cascade.anion[j]
        if dosed and j + 1 < n:
            own = max(cascade.anion[j] - cascade.carry[j] * cascade.anion[j + 1], 0.0)
            state.anion[j] = own + cascade.carry[j] * state.anion[j + 1]
        if is_set(cascade, j):
            state.ln_h[j] = cascade.set_ln_h[j]
            state.anion[j] = np.exp(state.scalars[j, 0])


@njit(cache=True, error_model="numpy", inline="always")
def is_set(cascade, j):
    """Whether the acidity of stage ``j`` is set."""
    return cascade.set_ln_h.size > 0 and not np.isnan(cascade.set_ln_h[j])


@njit(cache=True, error_model="numpy")
def closures(cascade, law, state):
    """Fill the closure residuals ``f`` (N, m); return the largest, NaN if any is."""
    n = cascade.anion.size
    f, x, y = state.f, state.x, state.y
    m = f.shape[1]
    ionic = law.debye.shape[0] > 0
    largest = 0.0
    for j in range(n):
        h = np.exp(state.ln_h[j])
        hydroxide = cascade.water_ion_product[j] / h
        anions = state.anion[j] + hydroxide
        cations = h
        taken = np.exp(state.scalars[j, 1])
        third = np.exp(state.scalars[j, 2]) if m == 3 else 0.0
        ligand = third
        strength = anions + h
        if law.protonation.size > 0:
            held = law.protonation[j] * h * third
            cations += held
            ligand += held
        for i in range(law.charge.size):
            charged = law.charge[i] * x[j, i]
            cations += charged
            strength += law.charge[i] * charged
            taken += law.dimers[i] * y[j, i]
        f[j, 0] = np.log(anions / cations)
        f[j, 1] = np.log(cascade.dimer[j] / taken)
        if ionic:
            f[j, 2] = np.log(2.0 * third / strength)
        elif m == 3:
            for i in range(law.charge.size):
                ligand += state.bound[j, i] * x[j, i]
            f[j, 2] = np.log(state.anion[j] / (law.ligand_charge * ligand))
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
        d f / d x at fixed scalars; where doses fall, (N, m, S + 1), the anions last.
    """
    n, s = cascade.feed.shape
    m = f_scalar.shape[1]
    varying = law.acid_by_dimer.size > 0
    order_acid = state.orders[0] if varying else law.order_acid
    order_dimer = state.orders[1] if varying else law.order_dimer
    for j in range(n):
        x = state.x[j]
        y = state.y[j]
        h = np.exp(state.ln_h[j])
        e = np.exp(state.scalars[j, 1])
        anions = state.anion[j] + cascade.water_ion_product[j] / h
        cations = h
        taken = e
        by_acid = 0.0
        by_dimer = e
        if varying:
            fill_orders(law, state.ln_h[j], e, state.orders)
        for i in range(s):
            held = law.dimers[i] * y[i]
            cations += law.charge[i] * x[i]
            taken += held
            by_acid += order_acid[i] * held
            by_dimer += order_dimer[i] * held
        if law.protonation.size > 0:
            cations += law.protonation[j] * h * np.exp(state.scalars[j, 2])
        per_cations = 1.0 / cations
        per_taken = 1.0 / taken
        f_scalar[j, 0, 0] = -(anions - state.anion[j]) / anions - h * per_cations
        f_scalar[j, 0, 1] = 0.0
        f_scalar[j, 1, 0] = by_acid * per_taken
        f_scalar[j, 1, 1] = -by_dimer * per_taken
        for i in range(s):
            f_x[j, 0, i] = -law.charge[i] * per_cations
            f_x[j, 1, i] = -law.dimers[i] * state.d[j, i] * per_taken
        if m == 3:
            by_third = 0.0
            for i in range(s):
                by_third += law.dimers[i] * state.bound[j, i] * y[i]
            f_scalar[j, 0, 2] = 0.0
            f_scalar[j, 1, 2] = by_third * per_taken
            f_scalar[j, 2, 1] = 0.0
            if law.debye.shape[0] > 0:
                linearise_strength(law, x, h, anions, state.anion[j], j, f_scalar, f_x)
            else:
                linearise_ligand(law, state, h, per_cations, j, f_scalar, f_x)
        if cascade.set_ln_h.size > 0:
            f_x[j, 0, s] = 1.0 / anions
            f_x[j, 1, s] = 0.0
            if m == 3:
                f_x[j, 2, s] = third_by_anion(law, x, h, anions, state.anion[j])
            if is_set(cascade, j):
                for a in range(m):
                    f_scalar[j, a, 0] = 0.0


@njit(cache=True, error_model="numpy", inline="always")
def linearise_ligand(law, state, h, per_cations, j, f_scalar, f_x):
    """Fill the derivatives of the ligand's closure, and what it does to the charge's."""
    x, bound = state.x[j], state.bound[j]
    free = np.exp(state.scalars[j, 2])
    protonated = 0.0
    if law.protonation.size > 0:
        protonated = law.protonation[j] * h * free
        f_scalar[j, 0, 0] -= protonated * per_cations
        f_scalar[j, 0, 2] = -protonated * per_cations
    need = free + protonated
    moved = need
    for i in range(law.charge.size):
        need += bound[i] * x[i]
        moved += x[i] * bound_slope(law, j, i, state.scalars[j, 2], bound[i])
    f_scalar[j, 2, 0] = -protonated / need
    f_scalar[j, 2, 2] = -moved / need
    for i in range(law.charge.size):
        f_x[j, 2, i] = -bound[i] / need


@njit(cache=True, error_model="numpy", inline="always")
def linearise_strength(law, x, h, anions, anion, j, f_scalar, f_x):
    """Fill the derivatives of the ionic strength's closure."""
    twice = anions + h
    for i in range(law.charge.size):
        twice += law.charge[i] ** 2 * x[i]
    f_scalar[j, 2, 0] = (anions - anion - h) / twice
    f_scalar[j, 2, 2] = 1.0
    for i in range(law.charge.size):
        f_x[j, 2, i] = -(law.charge[i] ** 2) / twice


@njit(cache=True, error_model="numpy", inline="always")
def third_by_anion(law, x, h, anions, anion):
    """Return the derivative of the third closure by the anions."""
    if law.debye.shape[0] == 0:
        return 1.0 / anion
    twice = anions + h
    for i in range(law.charge.size):
        twice += law.charge[i] ** 2 * x[i]
    return -1.0 / twice
