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

from sx_sim.kernels.closure import linearise_closures
from sx_sim.kernels.distribution import fill_orders
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.real import spread_real


@kernel(inline="always")
def linearise(cascade, law, state, linear):
    """Fill ``linear`` at ``state``."""
    linearise_closures(cascade, law, state, linear.f_scalar, linear.f_x)
    if cascade.efficiency.size > 0:
        spread_real(cascade, law, state, linear)
    else:
        spread(cascade, law, state, linear)
    if cascade.set_ln_h.size > 0:
        spread_doses(cascade, state, linear)


@kernel()
def spread(cascade, law, state, linear):
    """Fill how a step of the unknowns changes x, and how that spreads."""
    n, s = cascade.feed.shape
    m = linear.local.shape[1]
    rises, falls, local, pushed = linear.rises, linear.falls, linear.local, linear.pushed
    stays = linear.row
    for i in range(s):
        stays[i] = 1.0
    for j in range(n - 1, -1, -1):  # 1 / q and b, kept where they are needed next
        for i in range(s):
            local[j, 0, i] = stays[i]
            d = state.d[j, i]
            lost = cascade.aqueous_draw[j] + cascade.organic_draw[j] * d
            lost += cascade.organic[j] * d * stays[i]
            pushed[j, 0, i] = 1.0 / (lost + cascade.aqueous[j])
            stays[i] = lost * pushed[j, 0, i]
    varying = law.acid_by_dimer.size > 0
    order_acid = state.orders[0] if varying else law.order_acid
    order_dimer = state.orders[1] if varying else law.order_dimer
    for i in range(s):
        stays[i] = 1.0
    for j in range(n):
        last = j == n - 1
        if varying:
            fill_orders(
                law.order_acid,
                law.order_dimer,
                law.acid_by_dimer,
                state.ln_h[j],
                np.exp(state.unknowns[j, 1]),
                state.orders,
            )
        for i in range(s):
            d = state.d[j, i]
            y = state.y[j, i]
            sinks = cascade.aqueous[j] * stays[i] + cascade.aqueous_draw[j]
            lost = sinks + cascade.organic_draw[j] * d
            rising = cascade.organic[j] * d
            drained = cascade.organic_draw[j] + cascade.organic[j] * local[j, 0, i]
            after = 0.0 if last else pushed[j + 1, 0, i]
            below = 0.0 if last else cascade.aqueous[j + 1]
            inverse = 1.0 / (lost + rising)
            whole = y / (sinks + drained * d)
            rises[j, i] = rising * after
            falls[j, i] = below * inverse
            stays[i] = lost * inverse
            here = -drained * whole
            there = cascade.organic[j] * sinks * whole * after
            local[j, 0, i] = -order_acid[i] * here
            local[j, 1, i] = order_dimer[i] * here
            pushed[j, 0, i] = -order_acid[i] * there
            pushed[j, 1, i] = order_dimer[i] * there
            if m == 3:
                local[j, 2, i] = -state.bound[j, i] * here
                pushed[j, 2, i] = -state.bound[j, i] * there


@kernel()
def spread_doses(cascade, state, linear):
    """Fill what the anions that doses bring do: where acidity is set, they are the scalar."""
    n, s = cascade.feed.shape
    for j in range(n):
        here = not np.isnan(cascade.set_ln_h[j])
        linear.rises[j, s] = 0.0
        linear.falls[j, s] = 0.0 if here else cascade.carry[j]
        for a in range(linear.local.shape[1]):
            linear.local[j, a, s] = 0.0
            linear.pushed[j, a, s] = 0.0
        if here:
            for i in range(s):
                linear.local[j, 0, i] = 0.0
                linear.pushed[j, 0, i] = 0.0
            linear.local[j, 0, s] = state.anion[j]


@kernel()
def change(n, linear, step, df):
    """Fill the change ``df`` (N, m) of N stages' closures that a step (N, m) makes."""
    m, s = linear.f_x.shape[1:]
    moving = linear.row
    for i in range(s):
        moving[i] = 0.0
    for j in range(n):
        for a in range(m):
            total = 0.0
            for i in range(s):
                total += linear.f_x[j, a, i] * moving[i]
            for b in range(m):
                total += linear.f_scalar[j, a, b] * step[j, b]
            df[j, a] = total
        for i in range(s):
            moving[i] *= linear.rises[j, i]
        for a in range(m):
            for i in range(s):
                moving[i] += linear.pushed[j, a, i] * step[j, a]
    for i in range(s):
        moving[i] = 0.0
    for j in range(n - 1, -1, -1):
        for a in range(m):
            for i in range(s):
                moving[i] += linear.local[j, a, i] * step[j, a]
        for a in range(m):
            total = 0.0
            for i in range(s):
                total += linear.f_x[j, a, i] * moving[i]
            df[j, a] += total
        if j > 0:
            for i in range(s):
                moving[i] *= linear.falls[j - 1, i]
