"""Closures of every stage, as logarithms of what there is over what is accounted for.

In order: charge, ln((C + Kw/h) / (h (1 + P L) + sum z x)); extractant, ln(E / (e + sum
dimers y)); with complexes the ligand, ln((C / charge) / (L (1 + P h) + sum bound x)), P its
protonation; with activities the ionic strength, ln(I / (C + Kw/h + h + sum z^2 x) * 2).

C, the anions, follow from mixing. Where the acidity is set they are what the charge closure
asks for, and what that doses falls on with the water.
"""

import numpy as np

from sx_sim.kernels.distribution import distribution, fill_orders
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.metals import balance_metals
from sx_sim.kernels.real import balance_real


@kernel()
def evaluate(cascade, law, state):
    """Fill everything in ``state`` that follows from its unknowns.

    Returns the largest closure residual, NaN if any is.
    """
    acidity(cascade, state)
    distribution(law, state.ln_h, state.unknowns, state.d, state.bound)
    if cascade.efficiency.size > 0:
        balance_real(cascade, state.d, state.x, state.y, state.leaving, state.risen, state.nothing)
    else:
        balance_metals(cascade, state.d, state.x, state.y, state.row)
    return closures(cascade, law, state)


@kernel()
def acidity(cascade, state):
    """Fill ln h and the anions: from the unknowns, or where acidity is set the other way round.

    Whole tuples of arrays are not passed on stage by stage: that costs more than the work.
    """
    held, carry, mixed = cascade.set_ln_h, cascade.carry, cascade.anion
    ln_h, anion, unknowns = state.ln_h, state.anion, state.unknowns
    n = mixed.size
    if held.size == 0:
        for j in range(n):
            ln_h[j] = unknowns[j, 0]
            anion[j] = mixed[j]
        return
    for j in range(n - 1, -1, -1):
        if not np.isnan(held[j]):
            ln_h[j] = held[j]
            anion[j] = np.exp(unknowns[j, 0])
            continue
        ln_h[j] = unknowns[j, 0]
        anion[j] = mixed[j]
        if j + 1 < n:
            own = max(mixed[j] - carry[j] * mixed[j + 1], 0.0)
            anion[j] = own + carry[j] * anion[j + 1]


@kernel()
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
        taken = np.exp(state.unknowns[j, 1])
        third = np.exp(state.unknowns[j, 2]) if m == 3 else 0.0
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


@kernel()
def linearise_closures(cascade, law, state, f_scalar, f_x):
    """Fill the derivatives of the closures.

    Parameters
    ----------
    f_scalar : (N, m, m) array, out
        d f / d scalar at fixed x; the organic phase follows through D.
    f_x : (N, m, S) array, out
        d f / d x at fixed unknowns; where doses fall, (N, m, S + 1), the anions last.
    """
    n, s = cascade.feed.shape
    m = f_scalar.shape[1]
    varying = law.acid_by_dimer.size > 0
    protonated = law.protonation.size > 0
    order_acid = state.orders[0] if varying else law.order_acid
    order_dimer = state.orders[1] if varying else law.order_dimer
    for j in range(n):
        x = state.x[j]
        y = state.y[j]
        h = np.exp(state.ln_h[j])
        e = np.exp(state.unknowns[j, 1])
        anions = state.anion[j] + cascade.water_ion_product[j] / h
        cations = h
        taken = e
        by_acid = 0.0
        by_dimer = e
        if varying:
            fill_orders(
                law.order_acid, law.order_dimer, law.acid_by_dimer, state.ln_h[j], e, state.orders
            )
        for i in range(s):
            held = law.dimers[i] * y[i]
            cations += law.charge[i] * x[i]
            taken += held
            by_acid += order_acid[i] * held
            by_dimer += order_dimer[i] * held
        if protonated:
            cations += law.protonation[j] * h * np.exp(state.unknowns[j, 2])
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
        linearise_third(law, state, f_scalar, f_x)
        if law.debye.shape[0] > 0:
            linearise_strength(cascade, law, state, f_scalar, f_x)
        else:
            linearise_ligand(law, state, f_scalar, f_x)
    if cascade.set_ln_h.size > 0:
        linearise_doses(cascade, law, state, f_scalar, f_x)


@kernel()
def linearise_third(law, state, f_scalar, f_x):
    """Fill what the third scalar does to the closures of charge and extractant."""
    for j in range(law.ln_k.shape[0]):
        taken = np.exp(state.unknowns[j, 1])
        by_third = 0.0
        for i in range(law.dimers.size):
            held = law.dimers[i] * state.y[j, i]
            taken += held
            by_third += held * state.bound[j, i]
        f_scalar[j, 0, 2] = 0.0
        f_scalar[j, 1, 2] = by_third / taken
        f_scalar[j, 2, 1] = 0.0


@kernel()
def linearise_ligand(law, state, f_scalar, f_x):
    """Fill the derivatives of the ligand's closure, and what it does to the charge's."""
    n = law.ln_k.shape[0]
    x, bound, ln_beta = state.x, state.bound, law.ln_beta
    k = ln_beta.shape[2]
    for j in range(n):
        free = np.exp(state.unknowns[j, 2])
        protonated = 0.0
        if law.protonation.size > 0:
            h = np.exp(state.ln_h[j])
            protonated = law.protonation[j] * h * free
            cations = h + protonated
            for i in range(law.charge.size):
                cations += law.charge[i] * x[j, i]
            f_scalar[j, 0, 0] -= protonated / cations
            f_scalar[j, 0, 2] = -protonated / cations
        need = free + protonated
        moved = need
        for i in range(law.charge.size):
            held = bound[j, i]
            need += held * x[j, i]
            second = held  # mean square of the number of ligands bound
            if k > 1:
                alpha, second = 1.0, 0.0
                for q in range(k):
                    term = np.exp(ln_beta[j, i, q] + (q + 1) * state.unknowns[j, 2])
                    alpha += term
                    second += (q + 1) ** 2 * term
                second /= alpha
            moved += x[j, i] * (second - held * held)
        f_scalar[j, 2, 0] = -protonated / need
        f_scalar[j, 2, 2] = -moved / need
        for i in range(law.charge.size):
            f_x[j, 2, i] = -bound[j, i] / need


@kernel()
def linearise_strength(cascade, law, state, f_scalar, f_x):
    """Fill the derivatives of the ionic strength's closure."""
    charge = law.charge
    for j in range(cascade.anion.size):
        h = np.exp(state.ln_h[j])
        hydroxide = cascade.water_ion_product[j] / h
        twice = state.anion[j] + hydroxide + h
        for i in range(charge.size):
            twice += charge[i] ** 2 * state.x[j, i]
        f_scalar[j, 2, 0] = (hydroxide - h) / twice
        f_scalar[j, 2, 2] = 1.0
        for i in range(charge.size):
            f_x[j, 2, i] = -(charge[i] ** 2) / twice


@kernel()
def linearise_doses(cascade, law, state, f_scalar, f_x):
    """Fill the derivatives by the anions, which count as one more species where doses fall."""
    n, s = cascade.feed.shape
    m = f_scalar.shape[1]
    for j in range(n):
        h = np.exp(state.ln_h[j])
        anions = state.anion[j] + cascade.water_ion_product[j] / h
        f_x[j, 0, s] = 1.0 / anions
        f_x[j, 1, s] = 0.0
        if m == 3 and law.debye.shape[0] == 0:
            f_x[j, 2, s] = 1.0 / state.anion[j]
        elif m == 3:
            twice = anions + h
            for i in range(s):
                twice += law.charge[i] ** 2 * state.x[j, i]
            f_x[j, 2, s] = -1.0 / twice
        if not np.isnan(cascade.set_ln_h[j]):
            for a in range(m):
                f_scalar[j, a, 0] = 0.0
