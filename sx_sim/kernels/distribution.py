"""The log-linear distribution law."""

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def distribution(law, scalars, d, bound):
    """Fill the distribution ratios and the mean number of bound ligands.

    Parameters
    ----------
    law : Law
    scalars : (N, m) array
        ln h, ln e and, where the law has complexes, ln of the free ligand.
    d : (N, S) array, out
        Distribution ratio, organic over total aqueous concentration.
    bound : (N, S) array, out
        Mean number of ligands bound per aqueous metal, d ln(alpha) / d ln L.
    """
    n, s = law.ln_k.shape
    k = law.ln_beta.shape[2]
    for j in range(n):
        ln_h = scalars[j, 0]
        ln_e = scalars[j, 1]
        for i in range(s):
            ln_d = law.ln_k[j, i] + law.order_dimer[i] * ln_e - law.order_acid[i] * ln_h
            if k > 0:
                alpha = 1.0
                moment = 0.0
                for q in range(k):
                    term = np.exp(law.ln_beta[j, i, q] + (q + 1) * scalars[j, 2])
                    alpha += term
                    moment += (q + 1) * term
                bound[j, i] = moment / alpha
                ln_d -= np.log(alpha)
            d[j, i] = np.exp(ln_d)


@njit(cache=True, error_model="numpy")
def bound_slope(law, j, i, ln_ligand, bound):
    """Return d(bound) / d ln L of species ``i`` at stage ``j``."""
    alpha = 1.0
    second = 0.0
    for q in range(law.ln_beta.shape[2]):
        term = np.exp(law.ln_beta[j, i, q] + (q + 1) * ln_ligand)
        alpha += term
        second += (q + 1) ** 2 * term
    return second / alpha - bound * bound
