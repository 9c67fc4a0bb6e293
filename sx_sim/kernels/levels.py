"""Shorter copies of a cascade, to start the full one from.

Stages at which nothing enters or leaves come in plain runs. A long run has a front at
either end and a plateau between, and the fronts hardly know how long the plateau is. So
a cascade with every plain run cut to its ends is solved first, then longer and longer
ones, each started from the one before with its plateaus filled in.
"""

import numpy as np

from sx_sim.kernels import layout as row
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.newton import copy

SHORTEST_RUN = 2


@kernel(inline="always")
def plain(problem, j):
    """Whether stage ``j`` is inside the cascade and nothing enters or leaves there."""
    flows, feed = problem.flows, problem.metals[row.FEED]
    n, s = feed.shape
    if j == 0 or j == n - 1 or (problem.has[row.DOSED] and not np.isnan(flows[row.SET_LN_H, j])):
        return False
    if flows[row.AQUEOUS_DRAW, j] > 0.0 or flows[row.ORGANIC_DRAW, j] > 0.0:
        return False
    if (
        flows[row.AQUEOUS, j] != flows[row.AQUEOUS, j + 1]
        or flows[row.ORGANIC, j] != flows[row.ORGANIC, j - 1]
    ):
        return False
    for i in range(s):
        if feed[j, i] != 0.0:
            return False
    return True


@kernel()
def kept_stages(problem, level, kept):
    """Fill ``kept`` with the stages left when plain runs are cut to 2**-level of their length.

    What is kept of a run is its two ends. Returns how many stages are kept.
    """
    n = problem.flows.shape[1]
    count = 0
    j = 0
    while j < n:
        end = j
        while end < n and plain(problem, end):
            end += 1
        run = end - j
        short = max(min(run, SHORTEST_RUN), run >> level)
        for q in range(short):
            first_half = q < (short + 1) // 2
            kept[count] = j + q if first_half else end - short + q
            count += 1
        j = end
        if j < n:
            kept[count] = j
            count += 1
            j += 1
    return count


@kernel(inline="always")
def shorten(problem, kept, count, work):
    """Write the problem of the ``count`` kept stages alone to ``work``."""
    flows, metals, state = work.flows, work.metals, work.state
    for q in range(count):
        for r in range(row.PROBLEM_FLOWS):
            flows[r, q] = problem.flows[r, kept[q]]
        flows[row.GIVEN_AQUEOUS_DRAW, q] = flows[row.AQUEOUS_DRAW, q]
        flows[row.GIVEN_ORGANIC_DRAW, q] = flows[row.ORGANIC_DRAW, q]
        flows[row.GIVEN_EFFICIENCY, q] = flows[row.EFFICIENCY, q]
    for r in range(metals.shape[0]):
        for q in range(count):
            for i in range(metals.shape[2]):
                metals[r, q, i] = problem.metals[r, kept[q], i]
    copy(count, metals[row.FEED], state[row.GIVEN_FEED])
    if problem.has[row.REAL]:
        copy(count, metals[row.ORGANIC_FEED], state[row.GIVEN_ORGANIC_FEED])


@kernel(inline="always")
def fill_in(work, kept_coarse, count_coarse, kept, count):
    """Interpolate the stages ``kept_coarse`` onto the stages ``kept``: unknowns and contents.

    Unknowns in place; contents to what is held. Between stages the first unknown is ln h,
    whatever it is at stages where that is set.
    """
    state, coarse, fine = work.state, work.unknowns[row.COARSE], work.unknowns[row.U]
    ln_h, x = work.flows[row.COARSE_LN_H], state[row.X]
    leaving = state[row.LEAVING] if work.has[row.REAL] else state[row.Y]
    copy(count_coarse, fine, coarse)
    for q in range(count_coarse):
        ln_h[q] = work.flows[row.LN_H, q]
    q = 0
    for j in range(count):
        while q + 1 < count_coarse and kept_coarse[q + 1] <= kept[j]:
            q += 1
        share = 0.0
        following = q
        if q + 1 < count_coarse and kept[j] > kept_coarse[q]:
            following = q + 1
            share = (kept[j] - kept_coarse[q]) / (kept_coarse[following] - kept_coarse[q])
        for a in range(fine.shape[1]):
            fine[j, a] = coarse[q, a]
            if share > 0.0 and a > 0:
                fine[j, a] += share * (coarse[following, a] - coarse[q, a])
        if share > 0.0:
            fine[j, 0] = (1.0 - share) * ln_h[q] + share * ln_h[following]
        for i in range(x.shape[1]):
            state[row.HELD_X, j, i] = (1.0 - share) * x[q, i] + share * x[following, i]
            state[row.HELD_Y, j, i] = (1.0 - share) * leaving[q, i] + share * leaving[following, i]
