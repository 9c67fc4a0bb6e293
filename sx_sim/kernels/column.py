"""The steady column: short copies first, Newton on each, continuation where it fails."""

import numpy as np
from numba import njit

from sx_sim.kernels.continuation import continuation, fresh_start
from sx_sim.kernels.direction import empty_factors
from sx_sim.kernels.levels import fill_in, kept_stages, shorten
from sx_sim.kernels.newton import empty_state, newton
from sx_sim.kernels.status import CONVERGED, EXCESS_BASE, ITERATION_LIMIT, NOT_FINITE
from sx_sim.kernels.types import Options, Solution

SHORT_COLUMN = 12  # stages below which a column is not worth shortening
SETTLED = 1e-11  # next step of a scalar at which the full column counts as exact
ROUGH_SETTLED = 1e-2  # the same for a shortened column
ROUGH = Options(tolerance=1e-3, newton_limit=40, iteration_limit=2000)


@njit(cache=True, error_model="numpy")
def solve_column(cascade, law, start, options):
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
    spent = 0.0
    if start.shape[0] > 0:
        near = Options(options.tolerance, options.newton_limit, options.newton_limit)
        solution = solve_level(cascade, law, start, near, SETTLED)
        spent += solution.iterations
        if solution.status == CONVERGED:
            return judged(solution, law, spent)
    scalars, rough = start_from_short(cascade, law, start.shape[1])
    solution = solve_level(cascade, law, scalars, options, SETTLED)
    return judged(solution, law, spent + rough + solution.iterations)


@njit(cache=True, error_model="numpy")
def judged(solution, law, iterations):
    """Return the solution with its iterations in all, and its chemistry looked at."""
    status = solution.status
    if np.exp(solution.scalars[:, 0].min()) < law.least_acid:
        status = EXCESS_BASE
    return Solution(
        solution.aqueous,
        solution.organic,
        solution.scalars,
        status,
        int(np.ceil(iterations)),
        solution.residual,
    )


@njit(cache=True, error_model="numpy")
def start_from_short(cascade, law, m):
    """Solve shortened copies of a column, each from the one before.

    Returns
    -------
    scalars : (N, m) array, or (0, m) where a copy could not be solved
    iterations : float
        Factorisations, counted in columns of full length.
    """
    n = cascade.anion.size
    none = np.empty((0, m))
    scalars = none
    kept = np.arange(n)
    spent = 0.0
    level = 0
    while n >> (level + 1) >= SHORT_COLUMN:
        level += 1
    while level > 0:
        longer = kept_stages(cascade, level)
        if scalars.shape[0] > 0:
            scalars = fill_in(scalars, kept, longer)
        short, short_law = shorten(cascade, law, longer)
        solution = solve_level(short, short_law, scalars, ROUGH, ROUGH_SETTLED)
        spent += solution.iterations * longer.size / n
        if solution.status != CONVERGED:
            return none, spent
        scalars = solution.scalars
        kept = longer
        level -= 1
    if scalars.shape[0] > 0:
        scalars = fill_in(scalars, kept, np.arange(n))
    return scalars, spent


@njit(cache=True, error_model="numpy")
def solve_level(cascade, law, start, options, settled):
    """Solve a column as it is, by Newton and, should that fail, by continuation."""
    n, s = cascade.feed.shape
    m = start.shape[1]
    state = empty_state(n, s, m)
    factors = empty_factors(n, s, m)
    if start.shape[0] > 0:
        state.scalars[:] = start
    else:
        fresh_start(cascade, state.scalars)
    limit = min(options.newton_limit, options.iteration_limit)
    status, used, residual = newton(cascade, law, state, factors, options.tolerance, settled, limit)
    left = options.iteration_limit - used
    if status != CONVERGED and left > 0:
        status, more, residual = continuation(
            cascade, law, state, factors, options.tolerance, settled, left
        )
        used += more
    if status != CONVERGED:
        if used >= options.iteration_limit:
            status = ITERATION_LIMIT
        elif not np.isfinite(residual):
            status = NOT_FINITE
    return Solution(state.x, state.y, state.scalars, status, used, residual)
