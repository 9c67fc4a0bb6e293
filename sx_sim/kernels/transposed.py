"""Transposed solves: how what leaves depends on everything that was put in.

Each function here is the transpose of another one, written as that one backwards: the
same factors, every sum turned into a distribution of what it summed. What the direction
of Newton's method can be trusted with, these can be trusted with.
"""

from sx_sim.kernels import layout as row
from sx_sim.kernels.jit import entry, kernel


@entry()
def balance_transposed(n, flows, d, g, mu, inverse, lost):
    """Solve the transposed balance of every species; see ``balance_metals``.

    Parameters
    ----------
    n : int
    flows : (rows, N) array
    d : (N, S) array
        Distribution ratios.
    g : (N, S) array
        What an output gains per x.
    mu : (N, S) array, out
        What it gains per mole fed.
    inverse : (N, S) array, work
    lost : (S,) array, work
    """
    s = d.shape[1]
    for i in range(s):
        lost[i] = 1.0
        mu[0, i] = g[0, i]
    for j in range(n):
        above = flows[row.AQUEOUS, j + 1] if j + 1 < n else 0.0
        for i in range(s):
            stays = flows[row.AQUEOUS, j] * lost[i] + flows[row.AQUEOUS_DRAW, j]
            stays += flows[row.ORGANIC_DRAW, j] * d[j, i]
            inverse[j, i] = 1.0 / (stays + flows[row.ORGANIC, j] * d[j, i])
            lost[i] = stays * inverse[j, i]
            if j + 1 < n:
                mu[j + 1, i] = g[j + 1, i] + inverse[j, i] * above * mu[j, i]
    for j in range(n - 1, -1, -1):
        for i in range(s):
            if j + 1 < n:
                mu[j, i] += flows[row.ORGANIC, j] * d[j, i] * mu[j + 1, i]
            mu[j, i] *= inverse[j, i]


@kernel()
def change_transposed(n, work, weight, gained):
    """Fill ``gained`` (N, m): what the closures, weighted by ``weight``, gain per scalar.

    The transpose of ``linear.change``.
    """
    rises, falls, f_u, f_x = (
        work.spread[row.RISES],
        work.spread[row.FALLS],
        work.small[row.F_U],
        work.slopes[row.F_X],
    )
    local, pushed = work.slopes[row.LOCAL], work.slopes[row.PUSHED]
    m, s = f_x.shape[1:]
    passed = work.rows[row.ROW]
    for i in range(s):
        passed[i] = 0.0
    for j in range(n - 1, -1, -1):  # back along what rises
        for a in range(m):
            total = 0.0
            for b in range(m):
                total += f_u[j, b, a] * weight[j, b]
            for i in range(s):
                total += pushed[j, a, i] * passed[i]
            gained[j, a] = total
        for i in range(s):
            passed[i] *= rises[j, i]
            for a in range(m):
                passed[i] += f_x[j, a, i] * weight[j, a]
    for i in range(s):
        passed[i] = 0.0
    for j in range(n):  # back along what falls
        if j > 0:
            for i in range(s):
                passed[i] *= falls[j - 1, i]
        for a in range(m):
            for i in range(s):
                passed[i] += f_x[j, a, i] * weight[j, a]
        for a in range(m):
            for i in range(s):
                gained[j, a] += local[j, a, i] * passed[i]


@kernel()
def by_closures_transposed(n, work, g, weight):
    """Fill ``weight`` (N, m), the transpose of ``step_by_closures`` applied to ``g``."""
    rises, falls, f_x, local = (
        work.spread[row.RISES],
        work.spread[row.FALLS],
        work.slopes[row.F_X],
        work.slopes[row.LOCAL],
    )
    answered, felt, inverse = (
        work.slopes[row.ANSWERED],
        work.slopes[row.FELT],
        work.small[row.INVERSE],
    )
    m, s = f_x.shape[1:]
    passed, total = work.rows[row.ROW], work.unknowns[row.DF, 0]
    for i in range(s):
        passed[i] = 0.0
    for j in range(n):
        for a in range(m):
            weight[j, a] = g[j, a]
            for i in range(s):
                weight[j, a] += local[j, a, i] * passed[i]
        for i in range(s):
            passed[i] *= falls[j, i]
            for a in range(m):
                passed[i] -= felt[j, a, i] * weight[j, a]
    for i in range(s):
        passed[i] = 0.0
    for j in range(n - 1, -1, -1):
        for a in range(m):
            total[a] = weight[j, a]
            for i in range(s):
                total[a] += answered[j, a, i] * passed[i]
        for a in range(m):
            weight[j, a] = 0.0
            for b in range(m):
                weight[j, a] -= inverse[j, b, a] * total[b]
        for i in range(s):
            passed[i] *= rises[j, i]
            for a in range(m):
                passed[i] += f_x[j, a, i] * weight[j, a]


@kernel()
def by_metals_transposed(n, work, g, weight):
    """Fill ``weight`` (N, m), the transpose of ``step_by_metals`` applied to ``g``.

    Stages must be ideal.
    """
    flows, dosed, pivot = work.flows, work.has[row.DOSED], work.blocks[row.PIVOT]
    inverse, response, y_slope = (
        work.small[row.METALS_INVERSE],
        work.slopes[row.RESPONSE],
        work.slopes[row.Y_SLOPE],
    )
    ratio, held = work.spread[row.RATIO], work.spread[row.FORWARD]
    m, s = response.shape[1:]
    passed, total = work.rows[row.ROW], work.unknowns[row.DF, 0]
    for j in range(n):
        for i in range(s):
            held[j, i] = 0.0
            for a in range(m):
                held[j, i] += response[j, a, i] * g[j, a]
        if j > 0:
            masked = dosed and flows[row.DOSES, j - 1] > 0.0
            for c in range(s - 1 if masked else s):
                fell = 0.0
                for i in range(s):
                    fell += pivot[j - 1, c, i] * held[j - 1, i]
                held[j, c] += flows[row.AQUEOUS, j] * fell
    for i in range(s):
        passed[i] = 0.0
    for j in range(n - 1, -1, -1):
        up = flows[row.ORGANIC, j]
        leaving = up + flows[row.ORGANIC_DRAW, j]
        for i in range(s):
            held[j, i] += up * ratio[j, i] * passed[i]
        for a in range(m):
            rose = 0.0
            for i in range(s):
                rose += up * y_slope[j, a, i] * passed[i]
            for i in range(s):
                held[j, i] += response[j, a, i] * rose
            total[a] = g[j, a] + rose
        for c in range(s):
            passed[c] = 0.0
            for i in range(s):
                passed[c] += pivot[j, c, i] * held[j, i]
        for a in range(m):
            for i in range(s):
                total[a] -= leaving * y_slope[j, a, i] * passed[i]
        if dosed:
            total[0] += flows[row.DOSES, j] * passed[s - 1]
        for a in range(m):
            weight[j, a] = 0.0
            for b in range(m):
                weight[j, a] -= inverse[j, b, a] * total[b]


@kernel()
def direction_transposed(n, work, g, weight):
    """Fill ``weight`` (N, m): what an output gains per closure, if ``g`` per scalar.

    The transpose of ``next_direction``, by whichever elimination was made.
    """
    if work.places[row.BY_METALS, 0]:
        by_metals_transposed(n, work, g, weight)
    else:
        by_closures_transposed(n, work, g, weight)
