"""Balances that are linear once the distribution ratios are known.

The elimination never subtracts. A column of the tridiagonal matrix sums to what leaves
the cascade at that stage, so the pivot can be carried as ``what leaves below`` plus
``what passes up``: sums, products and quotients of positive numbers only. Every
concentration, however small, keeps nearly full relative precision, and every balance
closes to rounding.
"""

import numpy as np

from sx_sim.kernels import layout as row
from sx_sim.kernels.jit import entry

TRACE = 1e-100  # slope of a concentration that counts as none: denormal numbers are slow


@entry(inline="always")
def balance_metals(n, flows, feed, d, x, y, lost):
    """Solve the tridiagonal balance of every species, of N stages.

    Parameters
    ----------
    n : int
    flows : (rows, N) array
        See ``layout``.
    feed : (N, S) array
        [mol/h]
    d : (N, S) array
        Distribution ratios.
    x, y : (N, S) arrays, out
        Aqueous and organic concentrations [mol/L].
    lost : (S,) array, work
    """
    s = feed.shape[1]
    for i in range(s):
        lost[i] = 1.0  # share of a stage's pivot that does not pass up
        x[0, i] = 0.0
    for j in range(n):
        down = flows[row.AQUEOUS, j]
        out_a = flows[row.AQUEOUS_DRAW, j]
        up = flows[row.ORGANIC, j]
        out_o = flows[row.ORGANIC_DRAW, j]
        below = flows[row.ORGANIC, j - 1] if j > 0 else 0.0
        q = max(j - 1, 0)
        for i in range(s):
            stays = down * lost[i] + out_a + out_o * d[j, i]
            inverse = 1.0 / (stays + up * d[j, i])
            lost[i] = stays * inverse
            x[j, i] = (feed[j, i] + below * d[q, i] * x[q, i]) * inverse
            y[j, i] = inverse
    for i in range(s):
        y[n - 1, i] = d[n - 1, i] * x[n - 1, i]
    for j in range(n - 2, -1, -1):
        above = flows[row.AQUEOUS, j + 1]
        for i in range(s):
            x[j, i] += above * x[j + 1, i] * y[j, i]
            y[j, i] = d[j, i] * x[j, i]


@entry()
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
