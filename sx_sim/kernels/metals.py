"""Balances that are linear once the distribution ratios are known.

The elimination never subtracts. A column of the tridiagonal matrix sums to what leaves
the cascade at that stage, so the pivot can be carried as ``what leaves below`` plus
``what passes up``: sums, products and quotients of positive numbers only. Every
concentration, however small, keeps nearly full relative precision, and every balance
closes to rounding.
"""

import numpy as np

from sx_sim.kernels.jit import kernel


@kernel()
def balance_metals(cascade, d, x, y, lost):
    """Solve the tridiagonal balance of every species.

    Parameters
    ----------
    cascade : Cascade
    d : (N, S) array
        Distribution ratios.
    x, y : (N, S) arrays, out
        Aqueous and organic concentrations [mol/L].
    lost : (S,) array, work
    """
    n, s = cascade.feed.shape
    for i in range(s):
        lost[i] = 1.0  # share of a stage's pivot that does not pass up
        x[0, i] = 0.0
    for j in range(n):
        down = cascade.aqueous[j]
        out_a = cascade.aqueous_draw[j]
        up = cascade.organic[j]
        out_o = cascade.organic_draw[j]
        below = cascade.organic[j - 1] if j > 0 else 0.0
        q = max(j - 1, 0)
        for i in range(s):
            stays = down * lost[i] + out_a + out_o * d[j, i]
            inverse = 1.0 / (stays + up * d[j, i])
            lost[i] = stays * inverse
            x[j, i] = (cascade.feed[j, i] + below * d[q, i] * x[q, i]) * inverse
            y[j, i] = inverse
    for i in range(s):
        y[n - 1, i] = d[n - 1, i] * x[n - 1, i]
    for j in range(n - 2, -1, -1):
        above = cascade.aqueous[j + 1]
        for i in range(s):
            x[j, i] += above * x[j + 1, i] * y[j, i]
            y[j, i] = d[j, i] * x[j, i]


@kernel()
def mix(passes, drawn, fed):
    """Return the concentration [mol/L] of what never leaves its phase.

    Parameters
    ----------
    passes, drawn : (N,) arrays
        Flow that passes on and that is drawn off [L/h], stages in the order the phase
        meets them.
    fed : (N,) array
        What enters at each stage [mol/h].
    """
    c = np.empty(fed.size)
    passed = 0.0
    for j in range(fed.size):
        c[j] = (passed + fed[j]) / (passes[j] + drawn[j])
        passed = passes[j] * c[j]
    return c
