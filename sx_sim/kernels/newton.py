"""Newton's method on the closures, damped by the error and not by the residual.

After a trial step the same factors give the step that would come next. The trial is
taken when that next step is shorter (Deuflhard, Newton Methods for Nonlinear Problems,
2011, section 2.3.3). The test does not depend on how the equations are scaled, which
matters here: along hundreds of stages a small change of acidity multiplies trace
concentrations by many decades, so residuals say little about distance. While the next
step shrinks fast it is simply taken too, without new factors.
"""

import numpy as np
from numba import njit

from sx_sim.kernels.closure import evaluate
from sx_sim.kernels.direction import newton_direction, next_direction
from sx_sim.kernels.status import CONVERGED, ITERATION_LIMIT, NOT_FINITE, STALLED
from sx_sim.kernels.types import State

LARGEST_STEP = 3.0  # in ln h and ln e, per iteration
SMALLEST_DAMPING = 1e-5
FAST = 0.25  # contraction below which the factors are used again
ROUNDING = 1e-7  # step below which a step that cannot be improved is rounding


@njit(cache=True, error_model="numpy")
def empty_state(n, s, m):
    """Return a state of N stages, S species and m scalars, yet to be evaluated."""
    return State(
        np.empty((n, m)),
        np.empty((n, s)),
        np.zeros((n, s)),
        np.empty((n, s)),
        np.empty((n, s)),
        np.empty((n, m)),
    )


@njit(cache=True, error_model="numpy")
def length(a):
    """Return the Euclidean length of a (N, m) array, NaN if any entry is."""
    total = 0.0
    for j in range(a.shape[0]):
        for b in range(a.shape[1]):
            total += a[j, b] * a[j, b]
    return np.sqrt(total)


@njit(cache=True, error_model="numpy")
def move(state, start, step, damping):
    """Set the scalars to ``start + damping * step``."""
    for j in range(start.shape[0]):
        for a in range(start.shape[1]):
            state.scalars[j, a] = start[j, a] + damping * step[j, a]


@njit(cache=True, error_model="numpy")
def damped_step(cascade, law, state, factors, step, damping, following):
    """Move by ``damping * step``, halving or better until the following step is shorter.

    Returns the residual there and the damping used, 0 if none was found.
    """
    start = state.scalars.copy()
    size = length(step)
    while damping > SMALLEST_DAMPING:
        move(state, start, step, damping)
        residual = evaluate(cascade, law, state)
        shrink = 0.3
        if np.isfinite(residual):
            next_direction(cascade, factors, state.f, following)
            if length(following) < size:
                return residual, damping
            bend = length(following - (1.0 - damping) * step)
            if np.isfinite(bend) and bend > 0.0:
                shrink = max(0.01, min(0.5, 0.5 * size * damping / bend))
        damping *= shrink
    move(state, start, step, 0.0)
    return evaluate(cascade, law, state), 0.0


@njit(cache=True, error_model="numpy")
def newton(cascade, law, state, factors, tolerance, settled, limit):
    """Solve the closures from the scalars in ``state``.

    Parameters
    ----------
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
    step = np.empty_like(state.scalars)
    following = np.empty_like(state.scalars)
    damping = 1.0
    last_size = 0.0
    residual = evaluate(cascade, law, state)
    for iteration in range(limit):
        if not np.isfinite(residual):
            return NOT_FINITE, iteration, residual
        newton_direction(cascade, law, state, factors, step)
        size = length(step)
        if not np.isfinite(size):
            return NOT_FINITE, iteration + 1, residual
        largest = np.abs(step).max()
        if residual <= tolerance and largest <= settled:
            return CONVERGED, iteration + 1, residual
        if last_size > 0.0:  # the further the old factors miss this step, the shorter
            miss = length(following - step)
            damping *= last_size * length(following) / (miss * size + 1e-300)
        damping = min(damping, 1.0, LARGEST_STEP / largest)
        residual, damping = damped_step(cascade, law, state, factors, step, damping, following)
        if damping == 0.0:
            rounding = residual <= tolerance and largest <= ROUNDING
            return CONVERGED if rounding else STALLED, iteration + 1, residual
        last_size = size
        ahead = length(following)
        while damping == 1.0 and ahead <= FAST * last_size:
            if residual <= tolerance and np.abs(following).max() <= settled:
                return CONVERGED, iteration + 1, residual
            step[:] = following
            last_size = ahead
            move(state, state.scalars, step, 1.0)
            residual = evaluate(cascade, law, state)
            next_direction(cascade, factors, state.f, following)
            ahead = length(following)
    return ITERATION_LIMIT, limit, residual
