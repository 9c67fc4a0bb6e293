"""Elimination of the metals, stage by stage: always accurate, and costly.

Each stage's unknowns are eliminated locally, which leaves blocks of species x species. With
``y' = dy/dx``, which is D plus one column times one row per scalar, a change dx of what is in
the water of a stage changes what its mixer gives to the organic by ``eff O y' dx`` (``real``
has the terms). Elimination from stage 1 keeps the share L of what falls from a stage that does
not rise to it again. Per dx,

    F = (1 - b (1 - L))^-1 (A' + down eff y')     falls on, with b = (1 - eff) down / O
    M = eff O y' + (1 - eff) (F - L F)            leaves in the organic
    G = drawn + taken M + L F                     is lost
    P = G + up + O' M / O                         falls to it, the pivot

and L of the next stage is ``G P^-1``. Nothing is lost by subtraction however little L is. Where
stages are ideal F is A' and M is ``O y'``. Where the acidity is set somewhere, the anions that
doses bring are one more species, which never rises: where it is set they are a scalar,
elsewhere a share of those of the stage above.

The pivots are inverted rather than factored: rows of full length vectorise, and each
right-hand side then costs two products instead of two triangular solves. All matrices are kept
transposed, so that those products run along rows too.
"""

import numpy as np

from sx_sim.kernels.closure import linearise_closures
from sx_sim.kernels.distribution import fill_orders
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.small import invert_small


@kernel()
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


@kernel()
def times(matrix, vector, share, total):
    """Add ``share matrix vector`` to ``total`` (S,), the matrix (S, S) being transposed."""
    for c in range(vector.size):
        factor = share * vector[c]
        for i in range(vector.size):
            total[i] += factor * matrix[c, i]


@kernel()
def multiply(left, right, product):
    """Fill ``product`` with ``left right``, all of them (S, S) and transposed."""
    for c in range(right.shape[0]):
        for i in range(right.shape[0]):
            product[c, i] = 0.0
        times(left, right[c], 1.0, product[c])


@kernel(inline="always")
def is_set(cascade, j):
    """Whether the acidity of stage ``j`` is set."""
    return cascade.set_ln_h.size > 0 and not np.isnan(cascade.set_ln_h[j])


@kernel()
def volumes(cascade, flows):
    """Fill what of a cascade's flows the elimination needs, (6, N), see ``MetalFactors``."""
    real = cascade.efficiency.size > 0
    for j in range(cascade.anion.size):
        organic = cascade.organic[j] + cascade.organic_draw[j]
        organic += cascade.organic_down[j] if real else 0.0
        eff = cascade.efficiency[j] if real else 1.0
        flows[0, j] = 1.0 - eff
        flows[1, j] = eff * organic
        flows[2, j] = cascade.organic[j] / organic
        flows[3, j] = cascade.organic_draw[j] / organic
        flows[4, j] = cascade.organic_down[j] / organic if real else 0.0
        flows[5, j] = cascade.aqueous_up[j] if real else 0.0


@kernel(inline="always")
def flows_of(flows, j):
    """Return the blocks of ``volumes`` for stage ``j``."""
    return flows[0, j], flows[1, j], flows[2, j], flows[3, j], flows[4, j], flows[5, j]


@kernel(inline="always")
def eliminate_scalars(cascade, linear, factors, law, state, j):
    """Express stage ``j``'s scalar steps by its metals: ``-inverse f + response dx``.

    ``factors.inverse`` holds d closure / d scalar at fixed x, to be inverted.
    """
    m, sx = linear.f_x.shape[1:]
    s = state.y.shape[1]
    here = is_set(cascade, j)
    if here:
        for a in range(m):
            factors.inverse[j, a, 0] = linear.f_x[j, a, s] * state.anion[j]
    invert_small(factors.inverse[j])
    for a in range(m):
        for i in range(sx):
            total = 0.0
            for b in range(m):
                total -= factors.inverse[j, a, b] * linear.f_x[j, b, i]
            factors.response[j, a, i] = 0.0 if here and i == s else total
            factors.y_scalar[j, a, i] = 0.0
    varying = law.acid_by_dimer.size > 0
    order_acid = state.orders[0] if varying else law.order_acid
    order_dimer = state.orders[1] if varying else law.order_dimer
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
        factors.d[j, i] = state.d[j, i]
        factors.y_scalar[j, 0, i] = 0.0 if here else -order_acid[i] * state.y[j, i]
        factors.y_scalar[j, 1, i] = order_dimer[i] * state.y[j, i]
        if m == 3:
            factors.y_scalar[j, 2, i] = -state.bound[j, i] * state.y[j, i]
    if sx > s:
        factors.d[j, s] = 0.0
        factors.doses[j] = state.anion[j] if here else 0.0


@kernel(inline="always")
def pass_on(factors, on, j):
    """Fill what leaves stage ``j`` in the organic, ``made``, and L F, ``gone``, per dx."""
    response, y_scalar, d = factors.response[j], factors.y_scalar[j], factors.d[j]
    lost, made, gone, fallen = factors.lost, factors.made, factors.gone, factors.pivot[j]
    m, sx = response.shape
    bypass, mixed, _, _, falls, _ = flows_of(factors.flows, j)
    for c in range(sx):
        for i in range(sx):
            made[c, i] = 0.0
        made[c, c] = mixed * d[c]
        for a in range(m):
            factor = mixed * response[a, c]
            for i in range(sx):
                made[c, i] += factor * y_scalar[a, i]
        for i in range(sx):
            fallen[c, i] = falls * made[c, i]
        fallen[c, c] += on
    if factors.losses.size > 0:
        back = factors.backs[j]
        for c in range(sx):
            for i in range(sx):
                factors.losses[j, c, i] = lost[c, i]
                back[c, i] = falls * bypass * lost[c, i]
            back[c, c] += 1.0 - falls * bypass
        if falls * bypass > 0.0:
            invert(back, factors.swaps)
            multiply(back, fallen, gone)
            for c in range(sx):
                for i in range(sx):
                    fallen[c, i] = gone[c, i]
    if falls > 0.0:
        multiply(lost, fallen, gone)
    else:
        for c in range(sx):
            for i in range(sx):
                gone[c, i] = on * lost[c, i]
    if bypass > 0.0:
        for c in range(sx):
            for i in range(sx):
                made[c, i] += bypass * (fallen[c, i] - gone[c, i])


@kernel()
def eliminate_metals(cascade, law, state, linear, factors):
    """Fill ``factors``, MetalFactors, at ``state``."""
    n, s = cascade.feed.shape
    sx = factors.response.shape[2]
    lost, made, gone = factors.lost, factors.made, factors.gone
    volumes(cascade, factors.flows)
    linearise_closures(cascade, law, state, factors.inverse, linear.f_x)
    for c in range(sx):
        for i in range(sx):
            lost[c, i] = 1.0 if c == i else 0.0
    for j in range(n):
        pivot = factors.pivot[j]
        eliminate_scalars(cascade, linear, factors, law, state, j)
        pass_on(factors, cascade.aqueous[j], j)
        _, _, rises, taken, _, up = flows_of(factors.flows, j)
        for c in range(sx):
            for i in range(sx):
                gone[c, i] += taken * made[c, i]
                pivot[c, i] = gone[c, i] + rises * made[c, i]
            gone[c, c] += cascade.aqueous_draw[j]
            pivot[c, c] += cascade.aqueous_draw[j] + up
        if sx > s:
            for c in range(s):
                pivot[c, s] = -factors.doses[j] * factors.response[j, 0, c]
            pivot[s, s] = 1.0
            if factors.doses[j] == 0.0 and cascade.carry[j] > 0.0:
                pivot[s, s] = cascade.aqueous[j + 1] / cascade.carry[j]
        invert(pivot, factors.swaps)
        multiply(gone, pivot, lost)
        if sx > s:  # anions never rise; where they are set, what falls changes nothing
            for c in range(s):
                lost[c, s] = 0.0
                lost[s, c] *= 1.0 if factors.doses[j] == 0.0 else 0.0
            lost[s, s] = 1.0


@kernel(inline="always")
def leaves(factors, on, j, x, unknowns, rising, falling, left):
    """Fill what falls on from stage ``j`` and what leaves it in the organic.

    ``x`` and ``unknowns`` are its changes, ``rising`` what would rise to it if nothing fell.
    """
    sx = x.size
    bypass, mixed, _, _, falls, _ = flows_of(factors.flows, j)
    for i in range(sx):
        left[i] = mixed * factors.d[j, i] * x[i]
    for a in range(unknowns.size):
        factor = mixed * unknowns[a]
        for i in range(sx):
            left[i] += factor * factors.y_scalar[j, a, i]
    for i in range(sx):
        falling[i] = on * x[i] + falls * (bypass * rising[i] + left[i])
    if falls * bypass > 0.0:
        row = factors.rows[0]
        for i in range(sx):
            row[i] = falling[i]
            falling[i] = 0.0
        times(factors.backs[j], row, 1.0, falling)
    if bypass > 0.0:
        for i in range(sx):
            left[i] += bypass * (rising[i] + falling[i])
        times(factors.losses[j], falling, -bypass, left)


@kernel()
def step_by_metals(cascade, factors, f, step):
    """Fill ``step`` (N, m): the unknowns' step that cancels ``f``, the metals following."""
    n, s = cascade.feed.shape
    m, sx = factors.response.shape[1:]
    forward, risen, unknowns = factors.forward, factors.risen, factors.unknowns
    rhs, falling, left = factors.rows[1], factors.rows[2], factors.rows[3]
    for i in range(sx):
        risen[0, i] = 0.0
    for j in range(n):
        on, rising = cascade.aqueous[j], risen[j]
        _, _, rises, taken, falls, up = flows_of(factors.flows, j)
        for a in range(m):
            total = 0.0
            for b in range(m):
                total -= factors.inverse[j, a, b] * f[j, b]
            step[j, a] = total  # at dx = 0
        for i in range(sx):
            forward[j, i] = 0.0
        leaves(factors, on, j, forward[j], step[j], rising, falling, left)
        for i in range(sx):
            rhs[i] = rising[i] - (taken + rises) * left[i]
        if falls > 0.0:
            times(factors.losses[j], falling, -1.0, rhs)
        if sx > s:
            rhs[s] = factors.doses[j] * step[j, 0]
        times(factors.pivot[j], rhs, 1.0, forward[j])
        for a in range(m):
            unknowns[a] = step[j, a]
            for i in range(sx):
                unknowns[a] += factors.response[j, a, i] * forward[j, i]
        if j + 1 < n:
            leaves(factors, on, j, forward[j], unknowns, rising, falling, left)
            for i in range(sx):
                risen[j + 1, i] = rises * left[i] + up * forward[j, i]
    for i in range(sx):
        falling[i] = 0.0
    for j in range(n - 1, -1, -1):
        if sx > s and factors.doses[j] > 0.0:
            falling[s] = 0.0
        times(factors.pivot[j], falling, 1.0, forward[j])
        for a in range(m):
            for i in range(sx):
                step[j, a] += factors.response[j, a, i] * forward[j, i]
        leaves(factors, cascade.aqueous[j], j, forward[j], step[j], risen[j], falling, left)
