"""Transposed solves: how what leaves depends on everything that was put in.

Each function here is the transpose of another one, written as that one backwards: the
same factors, every sum turned into a distribution of what it summed. What the direction
of Newton's method can be trusted with, these can be trusted with.
"""

import numpy as np

from sx_sim.kernels.jit import kernel


@kernel()
def balance_transposed(cascade, d, g, mu, inverse, lost):
    """Solve the transposed balance of every species; see ``balance_metals``.

    Parameters
    ----------
    cascade : Cascade
    d : (N, S) array
        Distribution ratios.
    g : (N, S) array
        What an output gains per x.
    mu : (N, S) array, out
        What it gains per mole fed.
    inverse : (N, S) array, work
    lost : (S,) array, work
    """
    n, s = d.shape
    for i in range(s):
        lost[i] = 1.0
        mu[0, i] = g[0, i]
    for j in range(n):
        above = cascade.aqueous[j + 1] if j + 1 < n else 0.0
        for i in range(s):
            stays = cascade.aqueous[j] * lost[i] + cascade.aqueous_draw[j]
            stays += cascade.organic_draw[j] * d[j, i]
            inverse[j, i] = 1.0 / (stays + cascade.organic[j] * d[j, i])
            lost[i] = stays * inverse[j, i]
            if j + 1 < n:
                mu[j + 1, i] = g[j + 1, i] + inverse[j, i] * above * mu[j, i]
    for j in range(n - 1, -1, -1):
        for i in range(s):
            if j + 1 < n:
                mu[j, i] += cascade.organic[j] * d[j, i] * mu[j + 1, i]
            mu[j, i] *= inverse[j, i]


@kernel()
def change_transposed(n, linear, weight, gained):
    """Fill ``gained`` (N, m): what the closures, weighted by ``weight``, gain per scalar.

    The transpose of ``linear.change``.
    """
    m, s = linear.f_x.shape[1:]
    passed = linear.row
    for i in range(s):
        passed[i] = 0.0
    for j in range(n - 1, -1, -1):  # back along what rises
        for a in range(m):
            total = 0.0
            for b in range(m):
                total += linear.f_scalar[j, b, a] * weight[j, b]
            for i in range(s):
                total += linear.pushed[j, a, i] * passed[i]
            gained[j, a] = total
        for i in range(s):
            passed[i] *= linear.rises[j, i]
            for a in range(m):
                passed[i] += linear.f_x[j, a, i] * weight[j, a]
    for i in range(s):
        passed[i] = 0.0
    for j in range(n):  # back along what falls
        if j > 0:
            for i in range(s):
                passed[i] *= linear.falls[j - 1, i]
        for a in range(m):
            for i in range(s):
                passed[i] += linear.f_x[j, a, i] * weight[j, a]
        for a in range(m):
            for i in range(s):
                gained[j, a] += linear.local[j, a, i] * passed[i]


@kernel()
def by_closures_transposed(n, linear, factors, g, weight):
    """Fill ``weight`` (N, m), the transpose of ``step_by_closures`` applied to ``g``."""
    m, s = linear.f_x.shape[1:]
    passed = linear.row
    total = np.empty(m)
    for i in range(s):
        passed[i] = 0.0
    for j in range(n):
        for a in range(m):
            weight[j, a] = g[j, a]
            for i in range(s):
                weight[j, a] += linear.local[j, a, i] * passed[i]
        for i in range(s):
            passed[i] *= linear.falls[j, i]
            for a in range(m):
                passed[i] -= factors.felt[j, a, i] * weight[j, a]
    for i in range(s):
        passed[i] = 0.0
    for j in range(n - 1, -1, -1):
        for a in range(m):
            total[a] = weight[j, a]
            for i in range(s):
                total[a] += factors.answered[j, a, i] * passed[i]
        for a in range(m):
            weight[j, a] = 0.0
            for b in range(m):
                weight[j, a] -= factors.inverse[j, b, a] * total[b]
        for i in range(s):
            passed[i] *= linear.rises[j, i]
            for a in range(m):
                passed[i] += linear.f_x[j, a, i] * weight[j, a]


@kernel()
def by_metals_transposed(cascade, factors, g, weight):
    """Fill ``weight`` (N, m), the transpose of ``step_by_metals`` applied to ``g``.

    Stages must be ideal.
    """
    n, m = cascade.anion.size, g.shape[1]
    s = factors.d.shape[1]
    doses = factors.doses
    held = factors.forward
    total = np.empty(m)
    passed = factors.rows[0]
    for j in range(n):
        for i in range(s):
            held[j, i] = 0.0
            for a in range(m):
                held[j, i] += factors.response[j, a, i] * g[j, a]
        if j > 0:
            masked = doses.size > 0 and doses[j - 1] > 0.0
            for c in range(s - 1 if masked else s):
                fell = 0.0
                for i in range(s):
                    fell += factors.pivot[j - 1, c, i] * held[j - 1, i]
                held[j, c] += cascade.aqueous[j] * fell
    for i in range(s):
        passed[i] = 0.0
    for j in range(n - 1, -1, -1):
        up = cascade.organic[j]
        leaving = up + cascade.organic_draw[j]
        for i in range(s):
            held[j, i] += up * factors.d[j, i] * passed[i]
        for a in range(m):
            rose = 0.0
            for i in range(s):
                rose += up * factors.y_scalar[j, a, i] * passed[i]
            for i in range(s):
                held[j, i] += factors.response[j, a, i] * rose
            total[a] = g[j, a] + rose
        for c in range(s):
            passed[c] = 0.0
            for i in range(s):
                passed[c] += factors.pivot[j, c, i] * held[j, i]
        for a in range(m):
            for i in range(s):
                total[a] -= leaving * factors.y_scalar[j, a, i] * passed[i]
        if doses.size > 0:
            total[0] += doses[j] * passed[s - 1]
        for a in range(m):
            weight[j, a] = 0.0
            for b in range(m):
                weight[j, a] -= factors.inverse[j, b, a] * total[b]


@kernel()
def direction_transposed(cascade, factors, g, weight):
    """Fill ``weight`` (N, m): what an output gains per closure, if ``g`` per scalar.

    The transpose of ``next_direction``, by whichever elimination ``factors`` hold.
    """
    if factors.by_metals[0]:
        by_metals_transposed(cascade, factors.metals, g, weight)
    else:
        by_closures_transposed(cascade.anion.size, factors.linear, factors.closures, g, weight)
