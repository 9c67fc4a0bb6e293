"""The log-linear distribution law."""

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
    for j in range(n):
        ln_e = unknowns[j, 1]
        more = np.exp(ln_e) * ln_h[j] if varying else 0.0
        root = np.exp(0.5 * unknowns[j, 2]) if ionic else 0.0
        share = root / (1.0 + CLOSEST * root)
        for i in range(law.shape[1]):
            like = int(law[row.LIKE, i])
            if like == i:
                power = law[row.ORDER_DIMER, i] * ln_e - law[row.ORDER_ACID, i] * ln_h[j]
                if varying:
                    power -= law[row.ACID_BY_DIMER, i] * more
                powers[i] = np.exp(power)
            d[j, i] = metals[row.K, j, i] * powers[like]
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


@kernel(inline="always")
def fill_orders(n, work):
    """Fill how ln D answers to the unknowns of N stages: not to the acidity where it is set."""
    flows, law, unknowns = work.flows, work.law, work.unknowns[row.U]
    orders, bound = work.slopes[row.ORDERS], work.state[row.BOUND]
    varying, dosed = work.has[row.VARYING], work.has[row.DOSED]
    third = work.has[row.M] == 3
    for j in range(n):
        e = np.exp(unknowns[j, 1]) if varying else 0.0
        free = 0.0 if dosed and not np.isnan(flows[row.SET_LN_H, j]) else 1.0
        for i in range(law.shape[1]):
            more = law[row.ACID_BY_DIMER, i] * e
            orders[j, 0, i] = -free * (law[row.ORDER_ACID, i] + more)
            orders[j, 1, i] = law[row.ORDER_DIMER, i] - more * flows[row.LN_H, j]
            if third:
                orders[j, 2, i] = -bound[j, i]
