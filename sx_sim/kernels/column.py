"""The steady column: short copies first, Newton on each, continuation where it fails."""

import numpy as np

from sx_sim.kernels import layout as row
from sx_sim.kernels.continuation import fresh_start, solve_level
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.levels import fill_in, kept_stages, shorten
from sx_sim.kernels.newton import copy
from sx_sim.kernels.status import CONVERGED, EXCESS_BASE

SHORT_COLUMN = 12  # stages below which a column is not worth shortening
ROUGH_SETTLED = 1e-1  # next step of a scalar at which a shortened column counts as solved
ROUGH_TOLERANCE = 1e-2
LIMIT = 450  # factorisations of long columns, where no limit is given
LIMIT_OF_STAGES = 600_000  # the same, times stages


@kernel(inline="always")
def solve_into(problem, start, options, work, x, y, unknowns):
    """Solve a column as ``solve.solve_column`` says, into ``x``, ``y`` and ``unknowns``.

    Returns
    -------
    status, iterations, residual
        Iterations are factorisations, counted in columns of full length.
    """
    n = problem.flows.shape[1]
    for i in range(work.law.shape[1]):
        for r in range(work.law.shape[0]):
            work.law[r, i] = problem.law[r, i]
    for r in range(row.NUMBERS):
        work.numbers[r] = problem.numbers[r]
    level = 0
    warm = start.shape[0] > 0
    if warm:
        copy(n, start, work.unknowns[row.U])
    else:
        level = top_level(n)
    known = warm  # whether the unknowns are better than a fresh start
    spent = 0.0
    limit = options.iteration_limit
    if limit == 0:
        limit = max(LIMIT, LIMIT_OF_STAGES // n)
    while True:
        kept = work.places[row.KEPT + level % 2]
        count = kept_stages(problem, level, kept)
        shorten(problem, kept, count, work)
        if not known:
            fresh_start(count, work, work.unknowns[row.U])
        rough = level > 0
        left = max(1, int((limit - spent) * n / count))
        status, used, residual = solve_level(
            count,
            work,
            known and not warm,
            ROUGH_TOLERANCE if rough else options.tolerance,
            ROUGH_SETTLED if rough else options.settled,
            options.newton_limit,
            min(options.newton_limit, left) if warm else left,
        )
        spent += used * count / n
        known = status == CONVERGED
        if warm and not known:
            warm = False
            level = top_level(n)
        elif level == 0:
            break
        elif known:
            level -= 1
            longer = work.places[row.KEPT + level % 2]
            fill_in(work, kept, count, longer, kept_stages(problem, level, longer))
        else:
            level = 0
    copy(n, work.state[row.X], x)
    copy(n, work.state[row.LEAVING] if work.has[row.REAL] else work.state[row.Y], y)
    copy(n, work.unknowns[row.U], unknowns)
    # an iterate may go alkaline on its way to an acid answer: only an answer tells
    least = np.exp(work.flows[row.LN_H, 0])
    for j in range(n):
        least = min(least, np.exp(work.flows[row.LN_H, j]))
    if status == CONVERGED and least < work.numbers[row.LEAST_ACID]:
        status = EXCESS_BASE
    return status, int(np.ceil(spent)), residual


@kernel()
def top_level(n):
    """Return how many times a column of N stages can be halved."""
    level = 0
    while n >> (level + 1) >= SHORT_COLUMN:
        level += 1
    return level
