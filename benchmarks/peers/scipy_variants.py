"""Solvers of a column with NumPy and SciPy alone, nothing compiled for the purpose."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.peers import krylov
from benchmarks.peers.column import TOLERANCE, Answer
from benchmarks.peers.linearisation import Factorise, banded, superlu
from benchmarks.peers.newton import Outcome, newton, next_step, residual_sum
from benchmarks.peers.starts import lengthen, start_up
from benchmarks.peers.systems import Full, Reduced
from sx_sim.kernels.types import Cascade, Law

Solver = Callable[[Cascade, Law], Answer]


def as_answer(outcome: Outcome) -> Answer:
    """Return what the outcome's state stands for."""
    state = outcome.state
    return Answer(
        state.x,
        state.d * state.x,
        state.unknowns[:, -2:],
        outcome.converged,
        outcome.iterations,
        outcome.why,
    )


def solve_full(cascade: Cascade, law: Law, factorise: Factorise) -> Answer:
    """Newton on ln x, ln h and ln e."""
    system = Full(cascade, law, factorise)
    return as_answer(newton(system, system.start(), residual_sum, TOLERANCE))


def solve_reduced(cascade: Cascade, law: Law, factorise: Factorise) -> Answer:
    """Newton on ln h and ln e, the metals balanced exactly."""
    system = Reduced(cascade, law, factorise)
    return as_answer(newton(system, system.start(), next_step, TOLERANCE))


def solve_started_up(cascade: Cascade, law: Law, factorise: Factorise) -> Answer:
    """Reduced Newton after pseudo-transient continuation."""
    return as_answer(start_up(partial(Reduced, factorise=factorise), cascade, law))


def solve_lengthened(cascade: Cascade, law: Law, factorise: Factorise) -> Answer:
    """Reduced Newton after shorter columns, as sx_sim starts."""
    return as_answer(lengthen(partial(Reduced, factorise=factorise), cascade, law))


VARIANTS: dict[str, Solver] = {
    "SciPy full Newton in logs, SuperLU": partial(solve_full, factorise=superlu),
    "SciPy full Newton in logs, banded": partial(solve_full, factorise=banded),
    "SciPy reduced Newton, SuperLU": partial(solve_reduced, factorise=superlu),
    "SciPy reduced Newton, banded": partial(solve_reduced, factorise=banded),
    "SciPy start-up, SuperLU": partial(solve_started_up, factorise=superlu),
    "SciPy start-up, banded": partial(solve_started_up, factorise=banded),
    "SciPy shorter columns, SuperLU": partial(solve_lengthened, factorise=superlu),
    "SciPy shorter columns, banded": partial(solve_lengthened, factorise=banded),
    "SciPy Newton-Krylov": partial(krylov.solve, method="krylov"),
    "SciPy DF-SANE": partial(krylov.solve, method="df-sane"),
}
MATRIX_FREE = {"SciPy Newton-Krylov", "SciPy DF-SANE"}
