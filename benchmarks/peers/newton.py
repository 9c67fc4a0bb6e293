"""Damped Newton for any system, its factors used again while that is cheap."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks.peers.column import Array
from benchmarks.peers.linearisation import Solve
from benchmarks.peers.systems import State, System

LARGEST_STEP = 3.0  # in ln h and ln e, per iteration
SMALLEST_DAMPING = 1e-4
FAST = 0.25  # contraction below which the factors are used again


class Outcome(NamedTuple):
    """How an iteration ended."""

    state: State
    iterations: int  # factorisations
    why: str = ""  # it did not converge

    @property
    def converged(self) -> bool:
        """Whether the residuals are below the tolerance."""
        return not self.why


class Measured(NamedTuple):
    """How far from the solution a state is, and the step from it if that had to be found."""

    distance: float
    step: Array | None = None


Measure = Callable[[State, Solve], Measured]


def residual_sum(state: State, solve: Solve) -> Measured:
    """Return the sum of all residuals' sizes."""
    return Measured(float(np.abs(state.residual).sum()))


def next_step(state: State, solve: Solve) -> Measured:
    """Return the length of the scalars' step that would come next, with the same factors.

    It does not depend on how the equations are scaled (Deuflhard, Newton Methods for
    Nonlinear Problems, 2011, section 2.3.3).
    """
    step = solve(state.residual)
    return Measured(float(np.linalg.norm(step[:, -2:])), step)


def newton(
    system: System, start: Array, measure: Measure, tolerance: float, limit: int = 100
) -> Outcome:
    """Iterate from ``start`` until the residuals are below ``tolerance``.

    A step is halved until ``measure`` falls. After a full step by which it fell fast, the
    same factors give the next step.
    """
    with np.errstate(all="ignore"):  # a trial step may overflow, and is then too long
        state = system.evaluate(start)
        for iteration in range(limit):
            if np.abs(state.residual).max() <= tolerance:
                return Outcome(state, iteration)
            solve = system.linearise(state)
            here, contraction = measure(state, solve), 0.0
            while contraction <= FAST and np.abs(state.residual).max() > tolerance:
                step = solve(state.residual) if here.step is None else here.step
                damping = min(1.0, LARGEST_STEP / np.abs(step[:, -2:]).max())
                while True:
                    trial = system.evaluate(state.unknowns + damping * step)
                    ahead = measure(trial, solve)
                    if ahead.distance < here.distance:
                        break
                    damping /= 2
                    if not damping > SMALLEST_DAMPING:
                        return Outcome(state, iteration + 1, "no step helps")
                contraction = ahead.distance / here.distance if damping == 1.0 else 1.0
                state, here = trial, ahead
    return Outcome(state, limit, "iteration limit")
