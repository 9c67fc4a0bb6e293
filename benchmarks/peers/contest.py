"""One problem, several solvers, and what is asked of their answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.peers.column import Answer, Array
from sx_sim.cascade.checks import check
from sx_sim.kernels.solve import solve_column
from sx_sim.kernels.status import CONVERGED
from sx_sim.kernels.types import Cascade, Law, Options


@dataclass(frozen=True)
class Finding:
    """What an answer is worth."""

    products: Array  # (2, S) raffinate and loaded solvent [mol/h]
    residual: float  # largest, recomputed from the answer
    converged: bool
    outcome: str  # converged, or why not
    iterations: int | None = None


@dataclass(frozen=True)
class Contest:
    """One problem, sx_sim's way to solve it, and others'."""

    problem: str
    fed: Array  # (S,) [mol/h]
    ours: Callable[[], Any]
    peers: dict[str, Callable[[], Any]]
    assess: Callable[[Any], Finding]


def products(cascade: Cascade, x: Array, y: Array) -> Array:
    """Return what leaves at either end (2, S) [mol/h]."""
    return np.stack([cascade.aqueous[0] * x[0], cascade.organic[-1] * y[-1]])


def assess_answer(cascade: Cascade, law: Law, answer: Answer) -> Finding:
    """Recompute the closures of an answer by the check that sx_sim's results undergo."""
    with np.errstate(all="ignore"):  # what failed may hold anything
        found = check(cascade, law, answer.x, answer.y, answer.scalars)
    return Finding(
        products(cascade, answer.x, answer.y),
        found.closure,
        answer.converged,
        "converged" if answer.converged else answer.why,
        answer.iterations,
    )


def solve_ours(cascade: Cascade, law: Law, start: Array | None, tolerance: float) -> Answer:
    """Solve by sx_sim's kernel, from none for a cold one."""
    found = solve_column(cascade, law, start, Options(tolerance=tolerance))
    why = "" if found.status == CONVERGED else f"status {found.status}"
    return Answer(found.aqueous, found.organic, found.unknowns, not why, int(found.iterations), why)
