"""Tear streams: what comes back to units equals what was assumed of it.

The tear streams, u, are assumed; the units say what comes back, g(u). Newton's method on
g(u) = u takes its derivatives from the units' own linearisation, and keeps them while they serve.
It closes the recycles of a circuit and the links of a train that go back alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Found = TypeVar("Found")
MOST_ROUNDS = 40
MOST_PROVISIONAL = 3  # rounds that are not solved, but say what comes back
MOST_HALVED = 4  # times a step is halved that leads to units that are not solved
MOST_UNSOLVED = 3  # rounds that do not say what comes back, in all
MOST_STALLED = 8  # rounds in a row that ask for more than there is
SLOW = 0.1  # contraction above which derivatives are taken afresh
MIN_PROJECTED_STEP = 0.1  # share of a step that projection leaves, below which it is not trusted


class Tear(Protocol[Found]):
    """What tear streams close: units, and the tear streams as a vector of unknowns (U,)."""

    @property
    def limit(self) -> float:
        """Largest mismatch that counts as closed."""
        ...

    def initial(self) -> Array:
        """Return the initial tear streams."""
        ...

    @property
    def substitutes(self) -> bool:
        """Whether what first comes back is to be taken as it is: the initial ones are too crude."""
        ...

    def solve(self, streams: Array, before: Found | None, /) -> Found:
        """Return the units solved with these tear streams, from an earlier result."""
        ...

    def solved(self, found: Found, /) -> bool:
        """Whether every unit is solved."""
        ...

    def stalled(self, found: Found, /) -> bool:
        """Whether more is asked for than there is."""
        ...

    def outgoing(self, found: Found, /) -> Array:
        """Return what comes back (U,); empty where the units do not say."""
        ...

    def mismatch(self, found: Found, off: Array, streams: Array, /) -> float:
        """Return the size of what comes back less what was assumed of it."""
        ...

    def jacobian(self, found: Found, /) -> Array:
        """Return the Jacobian of what comes back by the tear streams (U, U)."""
        ...

    def project(self, streams: Array, change: Array, /) -> Array:
        """Return the tear streams changed, as far as that is possible."""
        ...


@dataclass(frozen=True)
class Closed(Generic[Found]):
    """Units with their tear streams, closed or as far as it got.

    Parameters
    ----------
    found : Found
        Result of the units.
    rounds : int
        Times they were solved.
    mismatch : float
    streams : (U,) array
        From which another solve can start.
    jacobian : (U, U) array
        As last taken; empty if it never was.
    """

    found: Found
    rounds: int
    mismatch: float
    streams: Array
    jacobian: Array


def close(
    tear: Tear[Found], streams: Array | None, jacobian: Array | None, found: Found | None
) -> Closed[Found]:
    """Solve units together with their tear streams, as far as it goes.

    Parameters
    ----------
    tear : Tear
    streams, jacobian : arrays, optional
        Of an earlier solve, to start from.
    found : optional
        Result of the units in that solve.
    """
    substitutes = streams is None and tear.substitutes
    streams = tear.initial() if streams is None else streams
    origin = step = np.zeros(0)  # of the step from the last round that was solved
    last, rounds, halved, unsolved, stalled = np.inf, 0, 0, 0, 0
    provisional: list[Found] = []
    while True:
        rounds += 1
        found = tear.solve(streams, found)
        solved, out = tear.solved(found), tear.outgoing(found)
        off = out - streams if out.size else out
        mismatch = tear.mismatch(found, off, streams) if off.size else np.inf
        if solved:
            stalled = stalled + 1 if tear.stalled(found) else 0
        unsolved += not off.size
        if mismatch <= tear.limit or stalled == MOST_STALLED:
            break
        if rounds == MOST_ROUNDS or unsolved == MOST_UNSOLVED:
            break
        if solved and substitutes:
            substitutes, streams = False, out
        elif solved:
            if jacobian is None or mismatch > SLOW * last:
                jacobian = tear.jacobian(found)
            last, halved, origin = mismatch, 0, streams
            step = newton_step(tear, origin, off, jacobian)
            streams = origin + step
        elif off.size and len(provisional) < MOST_PROVISIONAL:
            provisional.append(found)
            streams = out
        elif step.size and halved < MOST_HALVED:
            halved += 1
            streams = origin + 0.5**halved * step
        else:
            break
    if provisional and not off.size:
        found = provisional[-1]  # says why, where units that are not solved do not
    taken = np.zeros((0, 0)) if jacobian is None else jacobian
    return Closed(found, rounds, mismatch, streams, taken)


def newton_step(tear: Tear[Found], streams: Array, off: Array, jacobian: Array) -> Array:
    """Return Newton's step, as far as it is possible.

    One that hardly is goes into a corner. If what comes back moves the other way, the answer
    it looks for repels, and cannot be: the step is turned round. Without derivatives the
    step is what comes back.
    """
    if not np.isfinite(jacobian).all():
        return tear.project(streams, off) - streams
    answer = np.linalg.lstsq(np.eye(len(off)) - jacobian, off, rcond=None)[0]
    asked = np.asarray(answer, dtype=np.float64)
    step = tear.project(streams, asked) - streams
    cornered = np.linalg.norm(step) < MIN_PROJECTED_STEP * np.linalg.norm(asked)
    if cornered and asked @ off < 0.0:
        return tear.project(streams, -asked) - streams
    return step
