"""Elimination of the metals, stage by stage: always accurate, and costly.

Each stage's scalars are eliminated locally, which leaves blocks of species x species.
With M_j = dy_j/dx_j, which is D plus one column times one row per scalar, the metal
balances read

    (A_j + WA_j) dx_j + (O_j + WO_j) dy_j - A_(j+1) dx_(j+1) - O_(j-1) dy_(j-1) = 0

where W is what is drawn off. Elimination from stage 1 leaves the pivots

    P_j = WA_j + A_j (1 - O_(j-1) M_(j-1) P_(j-1)^-1) + (O_j + WO_j) M_j

The pivots are inverted rather than factored: rows of full length vectorise, and each
right-hand side then costs two products instead of two triangular solves. Inverses are
kept transposed, so that those products run along rows too.
"""

import numpy as np
from numba import njit

from sx_sim.kernels.distribution import fill_orders
from sx_sim.kernels.small import invert_small


@njit(cache=True, error_model="numpy")
def invert(a, swaps):
    """Invert ``a`` (S, S) in place by Gauss-Jordan with row exchanges.

    ``swaps`` (S,) is work. A singular matrix gives infinities or NaN.
    """
    s = a.shape[0]
    for k in range(s):
        best = k
        for i in range(k + 1, s):
            if abs(a[i, k]) > abs(a[best, k]):
                best = i
        swaps[k] = best
        if best != k:
            for c in range(s):
                a[k, c], a[best, c] = a[best, c], a[k, c]
        scale = 1.0 / a[k, k]
        a[k, k] = 1.0
        for c in range(s):
            a[k, c] *= scale
        for i in range(s):
            if i != k:
                factor = a[i, k]
                a[i, k] = 0.0
                for c in range(s):
                    a[i, c] -= factor * a[k, c]
    for k in range(s - 1, -1, -1):
        best = swaps[k]
        if best != k:
            for i in range(s):
                a[i, k], a[i, best] = a[i, best], a[i, k]


@njit(cache=True, error_model="numpy", inline="always")
def eliminate_scalars(linear, factors, law, state, j):
    """Express stage ``j``'s scalar steps by its metals: ``-inverse f + response dx``."""
    m, s = linear.f_x.shape[1:]
    for a in range(m):
        for b in range(m):
            factors.inverse[j, a, b] = linear.f_scalar[j, a, b]
    invert_small(factors.inverse[j])
    for a in range(m):
        for i in range(s):
            total = 0.0
            for b in range(m):
                total -= factors.inverse[j, a, b] * linear.f_x[j, b, i]
            factors.response[j, a, i] = total
    varying = law.acid_by_dimer.size > 0
    order_acid = state.orders[0] if varying else law.order_acid
    order_dimer = state.orders[1] if varying else law.order_dimer
    if varying:
        fill_orders(
            law.order_acid,
            law.order_dimer,
            law.acid_by_dimer,
            state.ln_h[j],
            np.exp(state.scalars[j, 1]),
            state.orders,
        )
    for i in range(s):
        factors.y_scalar[j, 0, i] = -order_acid[i] * state.y[j, i]
        factors.y_scalar[j, 1, i] = order_dimer[i] * state.y[j, i]
        if m == 3:
            factors.y_scalar[j, 2, i] = -state.bound[j, i] * state.y[j, i]


@njit(cache=True, error_model="numpy")
def eliminate_metals(cascade, law, state, linear, factors):
    """Fill ``factors``, MetalFactors, at ``state``."""
    n, s = cascade.feed.shape
    m = factors.response.shape[1]
    kept = factors.kept  # transpose of 1 - O M P^-1 of the stage below
    for c in range(s):
        for i in range(s):
            kept[c, i] = 1.0 if c == i else 0.0
    for j in range(n):
        response = factors.response[j]
        y_scalar = factors.y_scalar[j]
        pivot = factors.pivot[j]
        d = factors.d[j]
        eliminate_scalars(linear, factors, law, state, j)
        up = cascade.organic[j]
        leaving = up + cascade.organic_draw[j]
        for i in range(s):
            d[i] = state.d[j, i]
        for c in range(s):
            for i in range(s):
                pivot[c, i] = cascade.aqueous[j] * kept[c, i]
            for a in range(m):
                factor = leaving * response[a, c]
                for i in range(s):
                    pivot[c, i] += factor * y_scalar[a, i]
            pivot[c, c] += cascade.aqueous_draw[j] + leaving * d[c]
        invert(pivot, factors.swaps)
        for c in range(s):
            for i in range(s):
                kept[c, i] = -up * d[i] * pivot[c, i]
            for a in range(m):
                total = 0.0
                for i in range(s):
                    total += response[a, i] * pivot[c, i]
                total *= up
                for i in range(s):
                    kept[c, i] -= total * y_scalar[a, i]
            kept[c, c] += 1.0


@njit(cache=True, error_model="numpy")
def step_by_metals(cascade, factors, f, step):
    """Fill ``step`` (N, m): the scalars' step that cancels ``f``, the metals following."""
    n, s = cascade.feed.shape
    m = f.shape[1]
    forward = factors.forward
    arriving = factors.rows[0]  # organic coming up
    rhs = factors.rows[1]
    for i in range(s):
        arriving[i] = 0.0
    for j in range(n):
        up = cascade.organic[j]
        leaving = up + cascade.organic_draw[j]
        for i in range(s):
            rhs[i] = arriving[i]
            arriving[i] = 0.0
        for a in range(m):
            total = 0.0
            for b in range(m):
                total -= factors.inverse[j, a, b] * f[j, b]
            step[j, a] = total  # at dx = 0
            for i in range(s):
                rhs[i] -= leaving * factors.y_scalar[j, a, i] * total
                arriving[i] += up * factors.y_scalar[j, a, i] * total
        for i in range(s):
            forward[j, i] = 0.0
        for c in range(s):
            for i in range(s):
                forward[j, i] += factors.pivot[j, c, i] * rhs[c]
        for a in range(m):
            total = 0.0
            for i in range(s):
                total += factors.response[j, a, i] * forward[j, i]
            for i in range(s):
                arriving[i] += up * factors.y_scalar[j, a, i] * total
        for i in range(s):
            arriving[i] += up * factors.d[j, i] * forward[j, i]
    for j in range(n - 1, -1, -1):
        if j < n - 1:
            for c in range(s):
                passed = cascade.aqueous[j + 1] * forward[j + 1, c]
                for i in range(s):
                    forward[j, i] += factors.pivot[j, c, i] * passed
        for a in range(m):
            total = step[j, a]
            for i in range(s):
                total += factors.response[j, a, i] * forward[j, i]
            step[j, a] = total
