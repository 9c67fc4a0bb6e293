"""The steady column: short copies first, Newton on each, continuation where it fails."""

import numpy as np
from numba import njit

from sx_sim.kernels.continuation import continuation, fresh_start, least
from sx_sim.kernels.levels import fill_in, kept_stages, shorten
from sx_sim.kernels.newton import copy, newton
from sx_sim.kernels.status import CONVERGED, EXCESS_BASE, ITERATION_LIMIT, NOT_FINITE
from sx_sim.kernels.types import Array, Cascade, Law, Options, Solution
from sx_sim.kernels.workspace import workspace

SHORT_COLUMN = 12  # stages below which a column is not worth shortening
SETTLED = 1e-11  # next step of a scalar at which the full column counts as exact
ROUGH_SETTLED = 1e-1  # the same for a shortened column
ROUGH_TOLERANCE = 1e-2


def solve_column(cascade: Cascade, law: Law, start: Array, options: Options) -> Solution:
    """Solve a column for its steady state.

    Parameters
    ----------
    cascade : Cascade
    law : Law
    start : (N, m) array, or (0, m) for none
        Scalars to start from; the column's short copies are used if they do not do.
    options : Options

    Returns
    -------
    Solution
        The status is CONVERGED, or says how the solve ended, with the last iterate.
        EXCESS_BASE means that some stage is less acid than the law allows, whether the
        closures hold there or not.
    """
    n, s, k = law.ln_beta.shape
    solution = Solution(
        np.empty((n, s)), np.empty((n, s)), np.empty((n, start.shape[1])), 0, 0, 0.0
    )
    status, iterations, residual = solve_into(
        cascade, law, start, options, workspace(n, s, k), *solution[:3]
    )
    return solution._replace(status=status, iterations=iterations, residual=residual)


@njit(cache=True, error_model="numpy", nogil=True)
def solve_into(cascade, law, start, options, work, x, y, scalars):
    """Solve a column into ``x``, ``y`` (N, S) and ``scalars`` (N, m); allocates nothing.

    Returns
    -------
    status, iterations, residual
    """
    n = cascade.anion.size
    state = work.state
    level = 0
    warm = start.shape[0] > 0
    if warm:
        copy(n, start, state.scalars)
    else:
        level = top_level(n)
        fresh_start(cascade, state.scalars)
    known = warm  # whether the scalars are better than a fresh start
    spent = 0.0
    while True:
        kept = work.kept[level % 2]
        count = kept_stages(cascade, level, kept)
        short, short_law = shorten(
            cascade, law, kept, count, work.short, work.short_ln_k, work.short_ln_beta
        )
        if not known:
            fresh_start(short, state.scalars)
        rough = level > 0
        status, used, residual = solve_level(
            short,
            short_law,
            work,
            ROUGH_TOLERANCE if rough else options.tolerance,
            ROUGH_SETTLED if rough else SETTLED,
            options.newton_limit,
            options.newton_limit if warm else options.iteration_limit,
        )
        spent += used * count / n
        known = status == CONVERGED
        if warm and not known:
            warm = False
            level = top_level(n)
        elif level == 0:
            break
        elif known:
            copy(count, state.scalars, work.coarse)
            level -= 1
            longer = work.kept[level % 2]
            count_longer = kept_stages(cascade, level, longer)
            fill_in(work.coarse, kept, count, longer, count_longer, state.scalars)
        else:
            level = 0
    copy(n, state.x, x)
    copy(n, state.y, y)
    copy(n, state.scalars, scalars)
    if least(n, scalars) < np.log(law.least_acid):
        status = EXCESS_BASE
    return status, int(np.ceil(spent)), residual


@njit(cache=True, error_model="numpy", inline="always")
def top_level(n):
    """Return how many times a column of N stages can be halved."""
    level = 0
    while n >> (level + 1) >= SHORT_COLUMN:
        level += 1
    return level


@njit(cache=True, error_model="numpy", inline="always")
def solve_level(cascade, law, work, tolerance, settled, newton_limit, iteration_limit):
    """Solve a column as it is, by Newton and, should that fail, by continuation."""
    status, used, residual = newton(
        cascade, law, work, tolerance, settled, min(newton_limit, iteration_limit)
    )
    if status != CONVERGED and used < iteration_limit:
        status, more, residual = continuation(
            cascade, law, work, tolerance, settled, iteration_limit - used
        )
        used += more
    if status != CONVERGED:
        if used >= iteration_limit:
            status = ITERATION_LIMIT
        elif not np.isfinite(residual):
            status = NOT_FINITE
    return status, used, residual
