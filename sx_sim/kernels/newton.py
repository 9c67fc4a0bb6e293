"""Newton's method on the closures, damped by the error and not by the residual.

After a trial step the same factors give the step that would come next. The trial is
taken when that next step is shorter (Deuflhard, Newton Methods for Nonlinear Problems,
2011, section 2.3.3). The test does not depend on how the equations are scaled, which
matters here: along hundreds of stages a small change of acidity multiplies trace
concentrations by many decades, so residuals say little about distance. While the next
step shrinks fast it is simply taken too, without new factors.
"""

import numpy as np

from sx_sim.kernels import layout as row
from sx_sim.kernels.closure import evaluate
from sx_sim.kernels.direction import newton_direction, next_direction
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.status import CONVERGED, ITERATION_LIMIT, NOT_FINITE, STALLED

LARGEST_STEP = 3.0  # in ln h and ln e, per iteration
SMALLEST_DAMPING = 1e-5
FAST = 0.25  # contraction below which the factors are used again
STEADY = 0.5  # contraction below which the next step tells how far the solution is
ROUNDING = 1e-7  # step below which a step that cannot be improved is rounding


@kernel()
def distance(n, a, b, share):
    """Return the length of ``a - share b`` over N stages, NaN if any entry is."""
    total = 0.0
    for j in range(n):
        for q in range(a.shape[1]):
            total += (a[j, q] - share * b[j, q]) ** 2
    return np.sqrt(total)


@kernel()
def longest(n, a):
    """Return the largest absolute entry of N stages."""
    most = 0.0
    for j in range(n):
        for q in range(a.shape[1]):
            most = max(most, abs(a[j, q]))
    return most


@kernel()
def copy(n, source, target):
    """Copy N stages."""
    for j in range(n):
        for q in range(source.shape[1]):
            target[j, q] = source[j, q]


@kernel()
def move(n, unknowns, origin, step, damping):
    """Set the unknowns to ``origin + damping * step``."""
    for j in range(n):
        for a in range(origin.shape[1]):
            unknowns[j, a] = origin[j, a] + damping * step[j, a]


@kernel(inline="always")
def damped_step(n, work, damping):
    """Move by ``damping * step``, halving or better until the following step is shorter.

    Returns the residual there and the damping used, 0 if none was found.
    """
    unknowns, step, following = (
        work.unknowns[row.U],
        work.unknowns[row.STEP],
        work.unknowns[row.FOLLOWING],
    )
    origin = work.unknowns[row.ORIGIN]
    copy(n, unknowns, origin)
    size = distance(n, step, step, 0.0)
    accepted = False
    residual = np.nan
    while not accepted:
        move(n, unknowns, origin, step, damping)
        residual = evaluate(n, work)
        if damping == 0.0:
            break
        shrink = 0.3
        if np.isfinite(residual):
            next_direction(n, work, work.unknowns[row.F], following)
            accepted = distance(n, following, step, 0.0) < size
            bend = distance(n, following, step, 1.0 - damping)
            if np.isfinite(bend) and bend > 0.0:
                shrink = max(0.01, min(0.5, 0.5 * size * damping / bend))
        if not accepted:
            damping *= shrink
            if damping <= SMALLEST_DAMPING:
                damping = 0.0
    return residual, damping


@kernel(inline="always")
def newton(n, work, tolerance, settled, limit):
    """Solve the closures of N stages from the unknowns in ``work``.

    Parameters
    ----------
    n : int
    work : Work
    tolerance : float
        Largest closure residual accepted.
    settled : float
        Largest next step of any scalar accepted.
    limit : int
        Factorisations allowed.

    Returns
    -------
    status : int
    iterations : int
        Factorisations used.
    residual : float
    """
    unknowns, step, following = (
        work.unknowns[row.U],
        work.unknowns[row.STEP],
        work.unknowns[row.FOLLOWING],
    )
    damping = 1.0
    last_size = 0.0
    ahead = 0.0
    residual = evaluate(n, work)
    for iteration in range(limit):
        if not np.isfinite(residual):
            return NOT_FINITE, iteration, residual
        newton_direction(n, work)
        size = distance(n, step, step, 0.0)
        if not np.isfinite(size):
            return NOT_FINITE, iteration + 1, residual
        largest = longest(n, step)
        if residual <= tolerance and largest <= settled:
            return CONVERGED, iteration + 1, residual
        if last_size > 0.0:  # the further the old factors miss this step, the shorter
            damping *= last_size * ahead / (distance(n, following, step, 1.0) * size + 1e-300)
        damping = min(damping, 1.0, LARGEST_STEP / largest)
        residual, damping = damped_step(n, work, damping)
        if damping == 0.0:
            rounding = residual <= tolerance and largest <= ROUNDING
            return CONVERGED if rounding else STALLED, iteration + 1, residual
        last_size = size
        ahead = distance(n, following, step, 0.0)
        while damping == 1.0 and ahead <= STEADY * last_size:
            if residual <= tolerance and longest(n, following) <= settled:
                return CONVERGED, iteration + 1, residual
            if ahead > FAST * last_size:
                break
            last_size = ahead
            copy(n, following, step)
            move(n, unknowns, unknowns, step, 1.0)
            residual = evaluate(n, work)
            next_direction(n, work, work.unknowns[row.F], following)
            ahead = distance(n, following, step, 0.0)
    return ITERATION_LIMIT, limit, residual
