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

from sx_sim.kernels import layout as row
from sx_sim.kernels.closure import linearise_closures
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.small import invert


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
def volumes(n, work):
    """Fill what of the flows of N stages the elimination needs."""
    flows, real = work.flows, work.has[row.REAL]
    for j in range(n):
        organic = flows[row.ORGANIC, j] + flows[row.ORGANIC_DRAW, j]
        organic += flows[row.ORGANIC_DOWN, j] if real else 0.0
        eff = flows[row.EFFICIENCY, j] if real else 1.0
        flows[row.BYPASS, j] = 1.0 - eff
        flows[row.MIXED, j] = eff * organic
        flows[row.RISING, j] = flows[row.ORGANIC, j] / organic
        flows[row.TAKEN, j] = flows[row.ORGANIC_DRAW, j] / organic
        flows[row.FALLING, j] = flows[row.ORGANIC_DOWN, j] / organic if real else 0.0
        flows[row.UP, j] = flows[row.AQUEOUS_UP, j] if real else 0.0
        set_here = work.has[row.DOSED] and not np.isnan(flows[row.SET_LN_H, j])
        flows[row.DOSES, j] = flows[row.ANIONS, j] if set_here else 0.0


@kernel(inline="always")
def eliminate_unknowns(work, j):
    """Express stage ``j``'s steps of the unknowns by its metals: ``-inverse f + response dx``.

    ``small[METALS_INVERSE]`` holds d closure / d unknown at fixed x, to be inverted.
    """
    flows, state, f_x = work.flows, work.state, work.slopes[row.F_X, j]
    inverse, response, y_slope = (
        work.small[row.METALS_INVERSE, j],
        work.slopes[row.RESPONSE, j],
        work.slopes[row.Y_SLOPE, j],
    )
    ratio, orders = work.spread[row.RATIO, j], work.slopes[row.ORDERS, j]
    m, sx = f_x.shape
    s = work.law.shape[1]
    here = flows[row.DOSES, j] > 0.0
    if here:
        for a in range(m):
            inverse[a, 0] = f_x[a, s] * flows[row.ANIONS, j]
    invert(inverse, work.places[row.SWAPS])
    for a in range(m):
        for i in range(sx):
            total = 0.0
            for b in range(m):
                total -= inverse[a, b] * f_x[b, i]
            response[a, i] = 0.0 if here and i == s else total
            y_slope[a, i] = 0.0
    for i in range(s):
        ratio[i] = state[row.D, j, i]
        for a in range(m):
            y_slope[a, i] = orders[a, i] * state[row.Y, j, i]
    if sx > s:
        ratio[s] = 0.0


@kernel(inline="always")
def pass_on(work, j):
    """Fill what leaves stage ``j`` in the organic, ``made``, and L F, ``gone``, per dx."""
    flows, on = work.flows, work.flows[row.AQUEOUS, j]
    response, y_slope, ratio = (
        work.slopes[row.RESPONSE, j],
        work.slopes[row.Y_SLOPE, j],
        work.spread[row.RATIO, j],
    )
    lost, made, gone = work.square[row.LOST], work.square[row.MADE], work.square[row.GONE]
    fallen = work.blocks[row.PIVOT, j]
    m, sx = response.shape
    bypass, mixed, falls = flows[row.BYPASS, j], flows[row.MIXED, j], flows[row.FALLING, j]
    for c in range(sx):
        for i in range(sx):
            made[c, i] = 0.0
        made[c, c] = mixed * ratio[c]
        for a in range(m):
            factor = mixed * response[a, c]
            for i in range(sx):
                made[c, i] += factor * y_slope[a, i]
        for i in range(sx):
            fallen[c, i] = falls * made[c, i]
        fallen[c, c] += on
    if work.has[row.REAL]:
        back = work.blocks[row.BACKS, j]
        for c in range(sx):
            for i in range(sx):
                work.blocks[row.LOSSES, j, c, i] = lost[c, i]
                back[c, i] = falls * bypass * lost[c, i]
            back[c, c] += 1.0 - falls * bypass
        if falls * bypass > 0.0:
            invert(back, work.places[row.SWAPS])
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
def eliminate_metals(n, work):
    """Fill the pivots of N stages."""
    flows = work.flows
    s, sx = work.law.shape[1], work.spread.shape[2]
    lost, made, gone = work.square[row.LOST], work.square[row.MADE], work.square[row.GONE]
    volumes(n, work)
    linearise_closures(n, work, work.small[row.METALS_INVERSE])
    for c in range(sx):
        for i in range(sx):
            lost[c, i] = 1.0 if c == i else 0.0
    for j in range(n):
        pivot, dosed = work.blocks[row.PIVOT, j], flows[row.DOSES, j]
        eliminate_unknowns(work, j)
        pass_on(work, j)
        rises, taken, up = flows[row.RISING, j], flows[row.TAKEN, j], flows[row.UP, j]
        for c in range(sx):
            for i in range(sx):
                gone[c, i] += taken * made[c, i]
                pivot[c, i] = gone[c, i] + rises * made[c, i]
            gone[c, c] += flows[row.AQUEOUS_DRAW, j]
            pivot[c, c] += flows[row.AQUEOUS_DRAW, j] + up
        if sx > s:
            for c in range(s):
                pivot[c, s] = -dosed * work.slopes[row.RESPONSE, j, 0, c]
            pivot[s, s] = 1.0
            if dosed == 0.0 and flows[row.CARRY, j] > 0.0:
                pivot[s, s] = flows[row.AQUEOUS, j + 1] / flows[row.CARRY, j]
        invert(pivot, work.places[row.SWAPS])
        multiply(gone, pivot, lost)
        if sx > s:  # anions never rise; where they are set, what falls changes nothing
            for c in range(s):
                lost[c, s] = 0.0
                lost[s, c] *= 1.0 if dosed == 0.0 else 0.0
            lost[s, s] = 1.0


@kernel()
def leaves(work, j, x, unknowns, rising, falling, left):
    """Fill what falls on from stage ``j`` and what leaves it in the organic.

    ``x`` and ``unknowns`` are its changes, ``rising`` what would rise to it if nothing fell.
    """
    flows, ratio, y_slope = work.flows, work.spread[row.RATIO, j], work.slopes[row.Y_SLOPE, j]
    sx, on = x.size, flows[row.AQUEOUS, j]
    bypass, mixed, falls = flows[row.BYPASS, j], flows[row.MIXED, j], flows[row.FALLING, j]
    for i in range(sx):
        left[i] = mixed * ratio[i] * x[i]
    for a in range(unknowns.size):
        factor = mixed * unknowns[a]
        for i in range(sx):
            left[i] += factor * y_slope[a, i]
    for i in range(sx):
        falling[i] = on * x[i] + falls * (bypass * rising[i] + left[i])
    if falls * bypass > 0.0:
        held = work.rows[row.BACK]
        for i in range(sx):
            held[i] = falling[i]
            falling[i] = 0.0
        times(work.blocks[row.BACKS, j], held, 1.0, falling)
    if bypass > 0.0:
        for i in range(sx):
            left[i] += bypass * (rising[i] + falling[i])
        times(work.blocks[row.LOSSES, j], falling, -bypass, left)


@kernel(inline="always")
def step_by_metals(n, work, f, step):
    """Fill ``step`` (N, m): the unknowns' step that cancels ``f``, the metals following."""
    flows, inverse, response = work.flows, work.small[row.METALS_INVERSE], work.slopes[row.RESPONSE]
    forward, risen, pivot = work.spread[row.FORWARD], work.spread[row.RISE], work.blocks[row.PIVOT]
    rhs, falling, left = work.rows[row.RHS], work.rows[row.FALL], work.rows[row.LEFT]
    unknowns = work.unknowns[row.DF, 0]
    s = work.law.shape[1]
    m, sx = response.shape[1:]
    for i in range(sx):
        risen[0, i] = 0.0
    for j in range(n):
        rising = risen[j]
        rises, taken, falls = flows[row.RISING, j], flows[row.TAKEN, j], flows[row.FALLING, j]
        for a in range(m):
            total = 0.0
            for b in range(m):
                total -= inverse[j, a, b] * f[j, b]
            step[j, a] = total  # at dx = 0
        for i in range(sx):
            forward[j, i] = 0.0
        leaves(work, j, forward[j], step[j], rising, falling, left)
        for i in range(sx):
            rhs[i] = rising[i] - (taken + rises) * left[i]
        if falls > 0.0:
            times(work.blocks[row.LOSSES, j], falling, -1.0, rhs)
        if sx > s:
            rhs[s] = flows[row.DOSES, j] * step[j, 0]
        times(pivot[j], rhs, 1.0, forward[j])
        for a in range(m):
            unknowns[a] = step[j, a]
            for i in range(sx):
                unknowns[a] += response[j, a, i] * forward[j, i]
        if j + 1 < n:
            leaves(work, j, forward[j], unknowns, rising, falling, left)
            for i in range(sx):
                risen[j + 1, i] = rises * left[i] + flows[row.UP, j] * forward[j, i]
    for i in range(sx):
        falling[i] = 0.0
    for j in range(n - 1, -1, -1):
        if sx > s and flows[row.DOSES, j] > 0.0:
            falling[s] = 0.0
        times(pivot[j], falling, 1.0, forward[j])
        for a in range(m):
            for i in range(sx):
                step[j, a] += response[j, a, i] * forward[j, i]
        leaves(work, j, forward[j], step[j], risen[j], falling, left)
