"""The linearised cascade: closures against unknowns, the metals following exactly.

Metals answer linearly: a change of the unknowns at one stage, ds, changes how much of each
metal rises from it, and the tridiagonal balances say what that does everywhere. With the
pivots p of the balances eliminated from stage 1 and q from stage N, the effect on x is

    at the stage itself    local     = -dy/ds (WO + O b) / r
    at the next stage      pushed    = dy/ds O (A a + WA) / (r q')
    from stage to stage    upwards   times rises = O D / q',
                           downwards times falls = A' / p

where ' is the next stage, W what is drawn off, a and b the shares of the pivots p of the
stage before and q of the stage after that do not come back, and
r = WA + WO D + A a + O b D. Nothing is subtracted.
"""

import numpy as np

from sx_sim.kernels import layout as row
from sx_sim.kernels.closure import linearise_closures
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.metals import TRACE
from sx_sim.kernels.real import spread_real


@kernel()
def linearise(n, work):
    """Fill how the closures of N stages answer to their unknowns."""
    linearise_closures(n, work, work.small[row.F_U])
    if work.has[row.REAL]:
        spread_real(n, work)
    else:
        spread(n, work)
    if work.has[row.DOSED]:
        spread_doses(n, work)


@kernel(inline="always")
def spread(n, work):
    """Fill how a step of the unknowns changes x, and how that spreads."""
    flows, law, state = work.flows, work.law, work.state
    rises, falls = work.spread[row.RISES], work.spread[row.FALLS]
    local, pushed = work.slopes[row.LOCAL], work.slopes[row.PUSHED]
    s, m = law.shape[1], work.has[row.M]
    orders = work.slopes[row.ORDERS]
    stays, here, there = work.rows[row.ROW], work.rows[row.RHS], work.rows[row.FALL]
    for i in range(s):
        stays[i] = 1.0
    for j in range(n - 1, -1, -1):  # 1 / q and b, kept where they are needed next
        for i in range(s):
            local[j, 0, i] = stays[i]
            d = state[row.D, j, i]
            lost = flows[row.AQUEOUS_DRAW, j] + flows[row.ORGANIC_DRAW, j] * d
            lost += flows[row.ORGANIC, j] * d * stays[i]
            pushed[j, 0, i] = 1.0 / (lost + flows[row.AQUEOUS, j])
            stays[i] = lost * pushed[j, 0, i]
    for i in range(s):
        stays[i] = 1.0
    for j in range(n):
        last = j == n - 1
        below = 0.0 if last else flows[row.AQUEOUS, j + 1]
        for i in range(s):
            d = state[row.D, j, i]
            y = state[row.Y, j, i]
            sinks = flows[row.AQUEOUS, j] * stays[i] + flows[row.AQUEOUS_DRAW, j]
            lost = sinks + flows[row.ORGANIC_DRAW, j] * d
            rising = flows[row.ORGANIC, j] * d
            drained = flows[row.ORGANIC_DRAW, j] + flows[row.ORGANIC, j] * local[j, 0, i]
            after = 0.0 if last else pushed[j + 1, 0, i]
            inverse = 1.0 / (lost + rising)
            whole = y / (sinks + drained * d) if y > TRACE else 0.0
            rises[j, i] = rising * after
            falls[j, i] = below * inverse
            stays[i] = lost * inverse
            here[i] = -drained * whole
            there[i] = flows[row.ORGANIC, j] * sinks * whole * after
        for a in range(m):
            for i in range(s):
                local[j, a, i] = orders[j, a, i] * here[i]
                pushed[j, a, i] = orders[j, a, i] * there[i]


@kernel(inline="always")
def spread_doses(n, work):
    """Fill what the anions that doses bring do: where acidity is set, they are the unknown."""
    flows, rises, falls = work.flows, work.spread[row.RISES], work.spread[row.FALLS]
    local, pushed = work.slopes[row.LOCAL], work.slopes[row.PUSHED]
    s = work.law.shape[1]
    for j in range(n):
        here = not np.isnan(flows[row.SET_LN_H, j])
        rises[j, s] = 0.0
        falls[j, s] = 0.0 if here else flows[row.CARRY, j]
        for a in range(work.has[row.M]):
            local[j, a, s] = 0.0
            pushed[j, a, s] = 0.0
        if here:
            local[j, 0, s] = flows[row.ANIONS, j]


@kernel(inline="always")
def change(n, work, step, df):
    """Fill the change ``df`` (N, m) of N stages' closures that a step (N, m) makes."""
    rises, falls, f_u, f_x = (
        work.spread[row.RISES],
        work.spread[row.FALLS],
        work.small[row.F_U],
        work.slopes[row.F_X],
    )
    local, pushed = work.slopes[row.LOCAL], work.slopes[row.PUSHED]
    m, s = f_x.shape[1:]
    moving = work.rows[row.ROW]
    for i in range(s):
        moving[i] = 0.0
    for j in range(n):
        for a in range(m):
            total = 0.0
            for i in range(s):
                total += f_x[j, a, i] * moving[i]
            for b in range(m):
                total += f_u[j, a, b] * step[j, b]
            df[j, a] = total
        for i in range(s):
            moving[i] *= rises[j, i]
        for a in range(m):
            for i in range(s):
                moving[i] += pushed[j, a, i] * step[j, a]
    for i in range(s):
        moving[i] = 0.0
    for j in range(n - 1, -1, -1):
        for a in range(m):
            for i in range(s):
                moving[i] += local[j, a, i] * step[j, a]
        for a in range(m):
            total = 0.0
            for i in range(s):
                total += f_x[j, a, i] * moving[i]
            df[j, a] += total
        if j > 0:
            for i in range(s):
                moving[i] *= falls[j - 1, i]
