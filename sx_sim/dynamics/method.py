"""An L-stable Runge-Kutta method of order 3, in steps of a chosen error.

ESDIRK3(2)4L[2]SA of Kennedy and Carpenter (Applied Numerical Mathematics 44 (2003) 139-181): its
last stage is the end of the step, so that what is conserved stays so to rounding and what follows
at once, such as equilibrium, holds there. A stage is an implicit Euler step from a base, which is
what a bank of mixer-settlers takes: ``u = base + g f(u)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
GAMMA = 1767732205903 / 4055673282236
NODES = (0.0, 2.0 * GAMMA, 0.6, 1.0)
WEIGHTS = np.array(
    [
        [0.0, 0.0, 0.0, 0.0],
        [GAMMA, GAMMA, 0.0, 0.0],
        [2746238789719 / 10658868560708, -640167445237 / 6845629431997, GAMMA, 0.0],
        [
            1471266399579 / 7840856788654,
            -4482444167858 / 7529755066697,
            11266239266428 / 11593286722821,
            GAMMA,
        ],
    ]
)
EMBEDDED = np.array(
    [
        2756255671327 / 12835298489170,
        -10771552573575 / 22201958757719,
        9247589265047 / 10645013368117,
        2193209047091 / 5459859503100,
    ]
)
ORDER = 3
SAFETY = 0.8
SLOWEST, FASTEST = 0.2, 5.0  # change of the step from one to the next
MEMORY = 0.3  # exponent of the error before, which damps how steps change


class Stage(NamedTuple):
    """A stage solved: the state there, its rate of change, and what else the plant wants kept.

    The rate comes from flows, not from the change of the state, which would lose digits.
    """

    state: Array
    rate: Array
    kept: object


Solve = Callable[[float, Array, float, object], Stage | None]


class Trial(NamedTuple):
    """A step tried.

    Parameters
    ----------
    last : Stage
        Its end.
    error : array
        Estimated.
    """

    last: Stage
    error: Array


def euler_step(solve: Solve, time: float, state: Array, step: float, kept: object) -> Trial | None:
    """Return an implicit Euler step, which knows no rate before; None where it is not solved."""
    found = solve(time + step, state, step, kept)
    if found is None:
        return None
    return Trial(found, np.zeros_like(state))


def try_step(
    solve: Solve, time: float, state: Array, rate: Array, step: float, kept: object
) -> Trial | None:
    """Return a step of the method; None where a stage is not solved.

    Parameters
    ----------
    solve : callable
        Of the time, the base, ``g`` and what was kept of the stage before.
    time : float
    state, rate : arrays
        At the beginning.
    step : float
    kept : object
        Of the last stage before.
    """
    rates = np.empty((4, *state.shape))
    rates[0] = rate
    found = None
    for i in range(1, 4):
        base = state + step * np.tensordot(WEIGHTS[i, :i], rates[:i], axes=1)
        found = solve(time + NODES[i] * step, base, GAMMA * step, kept)
        if found is None:
            return None
        kept = found.kept
        rates[i] = found.rate
    assert found is not None
    error = step * np.tensordot(WEIGHTS[3] - EMBEDDED, rates, axes=1)
    return Trial(found, error)


def next_step(step: float, size: float, before: float) -> float:
    """Return the length of the next step, by the sizes of this error and of the one before."""
    size, before = max(size, 1e-10), max(before, 1e-10)
    factor = SAFETY * size ** (-1.0 / ORDER) * (before / size) ** (MEMORY / ORDER)
    return step * min(FASTEST, max(SLOWEST, factor))
