"""The distribution law: log-linear, or a sum of organic complexes."""

import numpy as np

from sx_sim.kernels import layout as row
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.types import CLOSEST


@kernel(inline="always")
def distribution(n, work):
    """Fill the distribution ratios, and how the third unknown lowers their logarithms.

    That is the mean number of ligands bound per aqueous metal, d ln(alpha) / d ln L; or what the
    ionic strength lowers, debye dg / d ln I.
    """
    metals, law, unknowns, ln_h = work.metals, work.law, work.unknowns[row.U], work.flows[row.LN_H]
    d, bound, powers = work.state[row.D], work.state[row.BOUND], work.rows[row.ROW]
    k, ionic, varying = work.has[row.COMPLEXES], work.has[row.IONIC], work.has[row.VARYING]
    extracted = work.has[row.EXTRACTED]
    for j in range(n):
        ln_e = unknowns[j, 1]
        more = np.exp(ln_e) * ln_h[j] if varying else 0.0
        root = np.exp(0.5 * unknowns[j, 2]) if ionic else 0.0
        share = root / (1.0 + CLOSEST * root)
        for i in range(law.shape[1]):
            if extracted:
                d[j, i] = sum_of_complexes(work, j, i)
            else:
                like = int(law[row.LIKE, i])
                if like == i:
                    power = law[row.ORDER_DIMER, i] * ln_e - law[row.ORDER_ACID, i] * ln_h[j]
                    if varying:
                        power -= law[row.ACID_BY_DIMER, i] * more
                    powers[i] = np.exp(power)
                d[j, i] = metals[row.K, j, i] * powers[like]
                work.state[row.TAKES, j, i] = law[row.DIMERS, i]
            if ionic:
                d[j, i] *= np.exp(-metals[row.DEBYE, j, i] * share)
                bound[j, i] = metals[row.DEBYE, j, i] * 0.5 * share / (1.0 + CLOSEST * root)
            if k > 0:
                alpha = 1.0
                moment = 0.0
                for q in range(k):
                    term = np.exp(metals[row.LN_BETA + q, j, i] + (q + 1) * unknowns[j, 2])
                    alpha += term
                    moment += (q + 1) * term
                bound[j, i] = moment / alpha
                d[j, i] /= alpha


@kernel()
def complex_of(work, j, i, t):
    """Return how much of organic complex ``t`` there is per free ion of species ``i``."""
    first, unknowns = row.LAW_ROWS + row.COMPLEX_ROWS * t, work.unknowns[row.U]
    power = work.law[first + row.BY_DIMER, i] * unknowns[j, 1]
    power += work.law[first + row.BY_H, i] * work.flows[row.LN_H, j]
    if work.has[row.LIGAND]:
        power += work.law[first + row.BY_LIGAND, i] * unknowns[j, work.has[row.LIGAND]]
    if work.has[row.FREE_SYNERGIST]:
        power += work.law[first + row.BY_SYNERGIST, i] * unknowns[j, work.has[row.FREE_SYNERGIST]]
    constant = work.metals[work.metals.shape[0] - work.has[row.EXTRACTED] + t, j, i]
    return constant * np.exp(power)


@kernel()
def sum_of_complexes(work, j, i):
    """Return the sum of the organic complexes of a species, per free ion; fill what they take."""
    total = 0.0
    dimers = 0.0
    synergist = 0.0
    for t in range(work.has[row.EXTRACTED]):
        part = complex_of(work, j, i, t)
        first = row.LAW_ROWS + row.COMPLEX_ROWS * t
        total += part
        dimers += part * work.law[first + row.BOUND_DIMERS, i]
        synergist += part * work.law[first + row.BOUND_SYNERGIST, i]
    whole = total if total > 0.0 else 1.0
    work.state[row.TAKES, j, i] = dimers / whole
    work.state[row.TAKES_SYNERGIST, j, i] = synergist / whole
    return total


@kernel(inline="always")
def fill_orders(n, work):
    """Fill how ln D answers to the unknowns of N stages: not to the acidity where it is set."""
    flows, law, unknowns = work.flows, work.law, work.unknowns[row.U]
    orders, bound = work.slopes[row.ORDERS], work.state[row.BOUND]
    varying, dosed = work.has[row.VARYING], work.has[row.DOSED]
    third = work.has[row.LIGAND] > 0 or work.has[row.IONIC] > 0
    for j in range(n):
        e = np.exp(unknowns[j, 1]) if varying else 0.0
        free = 0.0 if dosed and not np.isnan(flows[row.SET_LN_H, j]) else 1.0
        for i in range(law.shape[1]):
            if work.has[row.EXTRACTED]:
                orders_of_complexes(work, j, i, free)
            else:
                more = law[row.ACID_BY_DIMER, i] * e
                orders[j, 0, i] = -free * (law[row.ORDER_ACID, i] + more)
                orders[j, 1, i] = law[row.ORDER_DIMER, i] - more * flows[row.LN_H, j]
                if third:
                    orders[j, 2, i] = 0.0
            if third:
                orders[j, 2, i] -= bound[j, i]


@kernel()
def orders_of_complexes(work, j, i, free):
    """Fill how the logarithm of the sum of organic complexes answers to the unknowns.

    ``free`` is one, or zero where the acidity is set.
    """
    orders = work.slopes[row.ORDERS, j]
    for a in range(work.has[row.M]):
        orders[a, i] = 0.0
    total = 0.0
    for t in range(work.has[row.EXTRACTED]):
        part = complex_of(work, j, i, t)
        first = row.LAW_ROWS + row.COMPLEX_ROWS * t
        total += part
        orders[0, i] += free * part * work.law[first + row.BY_H, i]
        orders[1, i] += part * work.law[first + row.BY_DIMER, i]
        if work.has[row.LIGAND]:
            orders[work.has[row.LIGAND], i] += part * work.law[first + row.BY_LIGAND, i]
        if work.has[row.FREE_SYNERGIST]:
            orders[work.has[row.FREE_SYNERGIST], i] += part * work.law[first + row.BY_SYNERGIST, i]
    for a in range(work.has[row.M]):
        orders[a, i] /= total if total > 0.0 else 1.0
