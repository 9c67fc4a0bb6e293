"""Closures of every stage, as logarithms of what there is over what is accounted for.

In order: charge, ln((C + Kw/h) / (h (1 + P L) + sum z x)); extractant, ln(E / (e + sum
dimers y)); with complexes the ligand, ln((C / charge) / (L (1 + P h) + sum bound x)), P its
protonation; with activities the ionic strength, ln(I / (C + Kw/h + h + sum z^2 x) * 2).

C, the anions, follow from mixing. Where the acidity is set they are what the charge closure
asks for, and what that doses falls on with the water.
"""

import numpy as np

from sx_sim.kernels import layout as row
from sx_sim.kernels.distribution import distribution, fill_orders
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.metals import balance_metals
from sx_sim.kernels.real import balance_real


@kernel()
def evaluate(n, work):
    """Fill everything that follows from the unknowns of N stages.

    Returns the largest closure residual, NaN if any is.
    """
    flows, metals, state = work.flows, work.metals, work.state
    acidity(n, work)
    distribution(n, work)
    if work.has[row.REAL]:
        balance_real(
            n,
            flows,
            metals[row.FEED],
            metals[row.ORGANIC_FEED],
            state[row.D],
            state[row.X],
            state[row.Y],
            state[row.LEAVING],
            state[row.RISEN : row.RISEN + 3],
            False,
            state[row.D],
        )
    else:
        balance_metals(
            n, flows, metals[row.FEED], state[row.D], state[row.X], state[row.Y], work.rows[row.ROW]
        )
    return closures(n, work)


@kernel(inline="always")
def acidity(n, work):
    """Fill ln h and the anions: from the unknowns, or where acidity is set the other way round."""
    flows, unknowns = work.flows, work.unknowns[row.U]
    for j in range(n - 1, -1, -1):
        if work.has[row.DOSED] and not np.isnan(flows[row.SET_LN_H, j]):
            flows[row.LN_H, j] = flows[row.SET_LN_H, j]
            flows[row.ANIONS, j] = np.exp(unknowns[j, 0])
            continue
        flows[row.LN_H, j] = unknowns[j, 0]
        flows[row.ANIONS, j] = flows[row.ANION, j]
        if work.has[row.DOSED] and j + 1 < n:
            carry = flows[row.CARRY, j]
            own = max(flows[row.ANION, j] - carry * flows[row.ANION, j + 1], 0.0)
            flows[row.ANIONS, j] = own + carry * flows[row.ANIONS, j + 1]


@kernel(inline="always")
def closures(n, work):
    """Fill the closure residuals; return the largest, NaN if any is."""
    flows, law, unknowns, f = work.flows, work.law, work.unknowns[row.U], work.unknowns[row.F]
    x, y, bound = work.state[row.X], work.state[row.Y], work.state[row.BOUND]
    m, ionic, protonated = work.has[row.M], work.has[row.IONIC], work.has[row.PROTONATED]
    s = law.shape[1]
    largest = 0.0
    for j in range(n):
        h = np.exp(flows[row.LN_H, j])
        hydroxide = flows[row.WATER, j] / h
        anions = flows[row.ANIONS, j] + hydroxide
        cations = h
        taken = np.exp(unknowns[j, 1])
        third = np.exp(unknowns[j, 2]) if m == 3 else 0.0
        ligand = third
        strength = anions + h
        if protonated:
            held = flows[row.PROTONATION, j] * h * third
            cations += held
            ligand += held
        for i in range(s):
            charged = law[row.CHARGE, i] * x[j, i]
            cations += charged
            strength += law[row.CHARGE, i] * charged
            taken += law[row.DIMERS, i] * y[j, i]
        f[j, 0] = np.log(anions / cations)
        f[j, 1] = np.log(flows[row.DIMER, j] / taken)
        if ionic:
            f[j, 2] = np.log(2.0 * third / strength)
        elif m == 3:
            for i in range(s):
                ligand += bound[j, i] * x[j, i]
            f[j, 2] = np.log(flows[row.ANIONS, j] / (work.numbers[row.LIGAND_CHARGE] * ligand))
        for a in range(m):
            size = abs(f[j, a])
            if np.isnan(size):
                return np.nan
            largest = max(largest, size)
    return largest


@kernel()
def linearise_closures(n, work, f_u):
    """Fill the derivatives of the closures.

    Parameters
    ----------
    n : int
    work : Work
        ``slopes[F_X]`` is d f / d x at fixed unknowns; where doses fall, the anions last.
    f_u : (N, m, m) array, out
        d f / d unknown at fixed x; the organic phase follows through D.
    """
    flows, law, unknowns, f_x = work.flows, work.law, work.unknowns[row.U], work.slopes[row.F_X]
    state, orders = work.state, work.slopes[row.ORDERS]
    m, s = work.has[row.M], law.shape[1]
    fill_orders(n, work)
    for j in range(n):
        x = state[row.X, j]
        y = state[row.Y, j]
        h = np.exp(flows[row.LN_H, j])
        e = np.exp(unknowns[j, 1])
        anions = flows[row.ANIONS, j] + flows[row.WATER, j] / h
        cations = h
        taken = e
        for i in range(s):
            cations += law[row.CHARGE, i] * x[i]
            taken += law[row.DIMERS, i] * y[i]
        if work.has[row.PROTONATED]:
            cations += flows[row.PROTONATION, j] * h * np.exp(unknowns[j, 2])
        per_cations = 1.0 / cations
        per_taken = 1.0 / taken
        for a in range(m):
            gained = e if a == 1 else 0.0
            for i in range(s):
                gained += law[row.DIMERS, i] * y[i] * orders[j, a, i]
            f_u[j, 1, a] = -gained * per_taken
            if a != 1:
                f_u[j, a, 1] = 0.0
            f_u[j, 0, a] = 0.0
        f_u[j, 0, 0] = -(anions - flows[row.ANIONS, j]) / anions - h * per_cations
        for i in range(s):
            f_x[j, 0, i] = -law[row.CHARGE, i] * per_cations
            f_x[j, 1, i] = -law[row.DIMERS, i] * state[row.D, j, i] * per_taken
    if work.has[row.IONIC]:
        linearise_strength(n, work, f_u)
    elif m == 3:
        linearise_ligand(n, work, f_u)
    if work.has[row.DOSED]:
        linearise_doses(n, work, f_u)


@kernel(inline="always")
def linearise_ligand(n, work, f_u):
    """Fill the derivatives of the ligand's closure, and what it does to the charge's."""
    flows, charge, unknowns, f_x = (
        work.flows,
        work.law[row.CHARGE],
        work.unknowns[row.U],
        work.slopes[row.F_X],
    )
    x, bound, metals = work.state[row.X], work.state[row.BOUND], work.metals
    k = work.has[row.COMPLEXES]
    for j in range(n):
        free = np.exp(unknowns[j, 2])
        protonated = 0.0
        if work.has[row.PROTONATED]:
            h = np.exp(flows[row.LN_H, j])
            protonated = flows[row.PROTONATION, j] * h * free
            cations = h + protonated
            for i in range(charge.size):
                cations += charge[i] * x[j, i]
            f_u[j, 0, 0] -= protonated / cations
            f_u[j, 0, 2] = -protonated / cations
        need = free + protonated
        moved = need
        for i in range(charge.size):
            held = bound[j, i]
            need += held * x[j, i]
            second = held  # mean square of the number of ligands bound
            if k > 1:
                alpha, second = 1.0, 0.0
                for q in range(k):
                    term = np.exp(metals[row.LN_BETA + q, j, i] + (q + 1) * unknowns[j, 2])
                    alpha += term
                    second += (q + 1) ** 2 * term
                second /= alpha
            moved += x[j, i] * (second - held * held)
        f_u[j, 2, 0] = -protonated / need
        f_u[j, 2, 2] = -moved / need
        for i in range(charge.size):
            f_x[j, 2, i] = -bound[j, i] / need


@kernel(inline="always")
def linearise_strength(n, work, f_u):
    """Fill the derivatives of the ionic strength's closure."""
    flows, charge, x, f_x = (
        work.flows,
        work.law[row.CHARGE],
        work.state[row.X],
        work.slopes[row.F_X],
    )
    for j in range(n):
        h = np.exp(flows[row.LN_H, j])
        hydroxide = flows[row.WATER, j] / h
        twice = flows[row.ANIONS, j] + hydroxide + h
        for i in range(charge.size):
            twice += charge[i] ** 2 * x[j, i]
        f_u[j, 2, 0] = (hydroxide - h) / twice
        f_u[j, 2, 2] = 1.0
        for i in range(charge.size):
            f_x[j, 2, i] = -(charge[i] ** 2) / twice


@kernel(inline="always")
def linearise_doses(n, work, f_u):
    """Fill the derivatives by the anions, which count as one more species where doses fall."""
    flows, charge, x, f_x = (
        work.flows,
        work.law[row.CHARGE],
        work.state[row.X],
        work.slopes[row.F_X],
    )
    s, m = charge.size, work.has[row.M]
    for j in range(n):
        h = np.exp(flows[row.LN_H, j])
        anions = flows[row.ANIONS, j] + flows[row.WATER, j] / h
        f_x[j, 0, s] = 1.0 / anions
        f_x[j, 1, s] = 0.0
        if m == 3 and not work.has[row.IONIC]:
            f_x[j, 2, s] = 1.0 / flows[row.ANIONS, j]
        elif m == 3:
            twice = anions + h
            for i in range(s):
                twice += charge[i] ** 2 * x[j, i]
            f_x[j, 2, s] = -1.0 / twice
        if not np.isnan(flows[row.SET_LN_H, j]):
            for a in range(m):
                f_u[j, a, 0] = 0.0
