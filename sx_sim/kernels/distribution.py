"""The log-linear distribution law."""

import numpy as np

from sx_sim.kernels.jit import kernel
from sx_sim.kernels.types import CLOSEST


@kernel()
def distribution(law, ln_h, unknowns, d, bound):
    """Fill the distribution ratios and how the third scalar lowers them.

    Parameters
    ----------
    law : Law
    ln_h : (N,) array
    unknowns : (N, m) array
        Of which the second is ln e and the third, if any, ln of the free ligand or of the
        ionic strength.
    d : (N, S) array, out
        Distribution ratio, organic over total aqueous concentration.
    bound : (N, S) array, out
        Mean number of ligands bound per aqueous metal, d ln(alpha) / d ln L; or what the
        ionic strength lowers, debye dg / d ln I.
    """
    n, s = law.ln_k.shape
    k = law.ln_beta.shape[2]
    ionic = law.debye.shape[0] > 0
    for j in range(n):
        ln_e = unknowns[j, 1]
        varying = np.exp(ln_e) * ln_h[j] if law.acid_by_dimer.size > 0 else 0.0
        root = np.exp(0.5 * unknowns[j, 2]) if ionic else 0.0
        share = root / (1.0 + CLOSEST * root)
        for i in range(s):
            ln_d = law.ln_k[j, i] + law.order_dimer[i] * ln_e - law.order_acid[i] * ln_h[j]
            if law.acid_by_dimer.size > 0:
                ln_d -= law.acid_by_dimer[i] * varying
            if ionic:
                ln_d -= law.debye[j, i] * share
                bound[j, i] = law.debye[j, i] * 0.5 * share / (1.0 + CLOSEST * root)
            if k > 0:
                alpha = 1.0
                moment = 0.0
                for q in range(k):
                    term = np.exp(law.ln_beta[j, i, q] + (q + 1) * unknowns[j, 2])
                    alpha += term
                    moment += (q + 1) * term
                bound[j, i] = moment / alpha
                ln_d -= np.log(alpha)
            d[j, i] = np.exp(ln_d)


@kernel()
def fill_orders(order_acid, order_dimer, acid_by_dimer, ln_h, e, orders):
    """Fill ``orders`` (2, S), in acid and in dimer, where the first rises with the dimer."""
    for i in range(acid_by_dimer.size):
        more = acid_by_dimer[i] * e
        orders[0, i] = order_acid[i] + more
        orders[1, i] = order_dimer[i] - more * ln_h
