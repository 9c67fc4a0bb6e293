"""Closures of every stage, as logarithms of what there is over what is accounted for.

In order: charge, ln((C + Kw/h) / (h (1 + P L) + sum z x)); extractant, ln(E / (e + sum
dimers y)); with complexes the ligand, ln((C / charge) / (L (1 + P h) + sum bound x)), P its
protonation; with activities the ionic strength, ln(I / (C + Kw/h + h + sum z^2 x) * 2); and with a
synergist that one, as the extractant.

C, the anions, follow from mixing. Where the acidity is set they are what the charge closure
asks for, and what that doses falls on with the water. Where metals are extracted with anions, the
acid, less hydroxide, is one of the species, of charge one, and C is sum z x: the first closure is
then that of the acid, ln((x / (1 + P L) + Kw/h) / h).
"""

import numpy as np

from sx_sim.kernels import layout as row
from sx_sim.kernels.distribution import complex_of, distribution, fill_orders
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
    takes, ionic, protonated = work.state[row.TAKES], work.has[row.IONIC], work.has[row.PROTONATED]
    at_ligand, at_synergist, acid = (
        work.has[row.LIGAND],
        work.has[row.FREE_SYNERGIST],
        work.has[row.ACID] - 1,
    )
    s = law.shape[1]
    largest = 0.0
    for j in range(n):
        h = np.exp(flows[row.LN_H, j])
        hydroxide = flows[row.WATER, j] / h
        anions = flows[row.ANIONS, j] + hydroxide
        cations = 0.0 if acid >= 0 else h
        taken = np.exp(unknowns[j, 1])
        third = np.exp(unknowns[j, 2]) if at_ligand or ionic else 0.0
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
            taken += takes[j, i] * y[j, i]
        f[j, 0] = np.log(anions / cations)
        f[j, 1] = np.log(flows[row.DIMER, j] / taken)
        if acid >= 0:
            flows[row.ANIONS, j] = cations
            f[j, 0] = np.log((x[j, acid] * free_share(work, j, acid) + hydroxide) / h)
        if ionic:
            f[j, 2] = np.log(2.0 * third / strength)
        elif at_ligand:
            for i in range(s):
                ligand += bound[j, i] * x[j, i]
            f[j, 2] = np.log(flows[row.ANIONS, j] / (work.numbers[row.LIGAND_CHARGE] * ligand))
        if at_synergist:
            taken = np.exp(unknowns[j, at_synergist])
            for i in range(s):
                taken += work.state[row.TAKES_SYNERGIST, j, i] * y[j, i]
            f[j, at_synergist] = np.log(flows[row.SYNERGIST, j] / taken)
        for a in range(work.has[row.M]):
            size = abs(f[j, a])
            if np.isnan(size):
                return np.nan
            largest = max(largest, size)
    return largest


@kernel()
def free_share(work, j, i):
    """Return the share of a species that is in no complex with the ligand."""
    alpha = 1.0
    for q in range(work.has[row.COMPLEXES]):
        alpha += np.exp(work.metals[row.LN_BETA + q, j, i] + (q + 1) * work.unknowns[row.U, j, 2])
    return 1.0 / alpha


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
    state, acid = work.state, work.has[row.ACID] - 1
    m, s = work.has[row.M], law.shape[1]
    fill_orders(n, work)
    for j in range(n):
        x = state[row.X, j]
        h = np.exp(flows[row.LN_H, j])
        anions = flows[row.ANIONS, j] + flows[row.WATER, j] / h
        cations = h
        for i in range(s):
            cations += law[row.CHARGE, i] * x[i]
        if work.has[row.PROTONATED]:
            cations += flows[row.PROTONATION, j] * h * np.exp(unknowns[j, 2])
        per_cations = 1.0 / cations
        for a in range(m):
            f_u[j, 0, a] = 0.0
        f_u[j, 0, 0] = -(anions - flows[row.ANIONS, j]) / anions - h * per_cations
        for i in range(s):
            f_x[j, 0, i] = -law[row.CHARGE, i] * per_cations
        if acid >= 0:
            free, hydroxide = free_share(work, j, acid), flows[row.WATER, j] / h
            whole = x[acid] * free + hydroxide
            f_u[j, 0, 0] = -1.0 - hydroxide / whole
            f_u[j, 0, 2] = -state[row.BOUND, j, acid] * x[acid] * free / whole
            for i in range(s):
                f_x[j, 0, i] = free / whole if i == acid else 0.0
    linearise_taken(n, work, 1, row.BOUND_DIMERS, state[row.TAKES], f_u)
    if work.has[row.IONIC]:
        linearise_strength(n, work, f_u)
    elif work.has[row.LIGAND]:
        linearise_ligand(n, work, f_u)
    if work.has[row.FREE_SYNERGIST]:
        at = work.has[row.FREE_SYNERGIST]
        linearise_taken(n, work, at, row.BOUND_SYNERGIST, state[row.TAKES_SYNERGIST], f_u)
    if work.has[row.DOSED]:
        linearise_doses(n, work, f_u)


@kernel()
def linearise_taken(n, work, at, number, takes, f_u):
    """Fill the derivatives of the closure of the extractant that is unknown ``at``.

    ``takes`` (N, S) is how much of it a mole of what is extracted takes, and ``number`` the row
    of law with that of one complex.
    """
    unknowns, f_x, state = work.unknowns[row.U], work.slopes[row.F_X], work.state
    orders, m, s = work.slopes[row.ORDERS], work.has[row.M], work.law.shape[1]
    for j in range(n):
        y, free = state[row.Y, j], np.exp(unknowns[j, at])
        taken = free
        for i in range(s):
            taken += takes[j, i] * y[i]
        per_taken = 1.0 / taken
        for a in range(m):
            gained = free if a == at else 0.0
            for i in range(s):
                gained += takes[j, i] * y[i] * orders[j, a, i]
            f_u[j, at, a] = -gained * per_taken
        for i in range(s):
            f_x[j, at, i] = -takes[j, i] * state[row.D, j, i] * per_taken
        if work.has[row.EXTRACTED] > 1:
            for i in range(s):
                exchange_complexes(work, j, i, number, takes[j, i], y[i] * per_taken, f_u[j, at])


@kernel()
def exchange_complexes(work, j, i, number, takes, held, slopes):
    """Subtract from ``slopes`` (m,) what is taken more as one complex gives way to another.

    Of species ``i``, of which ``held`` is in the organic.
    """
    law, total = work.law, 0.0
    for t in range(work.has[row.EXTRACTED]):
        total += complex_of(work, j, i, t)
    if not total > 0.0:
        return
    for t in range(work.has[row.EXTRACTED]):
        first = row.LAW_ROWS + row.COMPLEX_ROWS * t
        more = held * complex_of(work, j, i, t) / total * (law[first + number, i] - takes)
        slopes[0] -= more * law[first + row.BY_H, i]
        slopes[1] -= more * law[first + row.BY_DIMER, i]
        if work.has[row.LIGAND]:
            slopes[work.has[row.LIGAND]] -= more * law[first + row.BY_LIGAND, i]
        if work.has[row.FREE_SYNERGIST]:
            slopes[work.has[row.FREE_SYNERGIST]] -= more * law[first + row.BY_SYNERGIST, i]


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
        for a in range(work.has[row.M]):
            f_u[j, 2, a] = 0.0
        f_u[j, 2, 0] = -protonated / need
        f_u[j, 2, 2] = -moved / need
        for i in range(charge.size):
            f_x[j, 2, i] = -bound[j, i] / need
            if work.has[row.ACID]:
                f_x[j, 2, i] += charge[i] / flows[row.ANIONS, j]


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
        for a in range(work.has[row.M]):
            f_u[j, 2, a] = 0.0
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
        if work.has[row.FREE_SYNERGIST]:
            f_x[j, work.has[row.FREE_SYNERGIST], s] = 0.0
        if work.has[row.LIGAND]:
            f_x[j, 2, s] = 1.0 / flows[row.ANIONS, j]
        elif work.has[row.IONIC]:
            twice = anions + h
            for i in range(s):
                twice += charge[i] ** 2 * x[j, i]
            f_x[j, 2, s] = -1.0 / twice
        if not np.isnan(flows[row.SET_LN_H, j]):
            for a in range(m):
                f_u[j, a, 0] = 0.0
