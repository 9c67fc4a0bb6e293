"""sx_sim beside other solvers of the same columns: ``python -m benchmarks.compare``.

Every row is one core, one process, one run of this table; the first call of each solver is
not timed, and its answer is checked by sx_sim's own recomputation.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import argparse
import importlib
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.generator import random_problem
from benchmarks.peers.column import TOLERANCE
from benchmarks.peers.contest import Contest, Finding, assess_answer, solve_ours
from benchmarks.peers.scipy_variants import MATRIX_FREE, VARIANTS
from benchmarks.problems import reference

PACKAGES = {  # what has to be installed, its name, and what compares with it
    "biosteam": ("BioSTEAM", "biosteam_settlers"),
    "difflow_ree": ("difflow", "difflow_section"),
}
SLOW = 30.0  # seconds above which a solver is run once
NEGLIGIBLE = 1e-9  # of what is fed, in a product, below which peers are not compared
WIDTH = 140  # of the table, where it is not printed to a terminal
NUDGE = 1e-4  # relative, from the solution to a warm start


@dataclass(frozen=True)
class Row:
    """One solver on one problem."""

    who: str
    problem: str
    seconds: float | None = None
    ratio: float | None = None
    residual: float | None = None
    difference: float | None = None
    iterations: int | None = None
    outcome: str = "not installed"


def reference_contest(stages: int) -> Contest:
    """Return the reference column: sx_sim against the variants in SciPy."""
    cascade, law = reference(stages).column.pack()
    ours = partial(solve_ours, cascade, law, None, TOLERANCE)
    warm = ours().scalars * (1 + NUDGE)
    peers = {"sx_sim, warm start": partial(solve_ours, cascade, law, warm, TOLERANCE)}
    peers |= {name: partial(solve, cascade, law) for name, solve in VARIANTS.items()}
    return Contest(
        f"reference, {stages} stages",
        cascade.feed.sum(axis=0),
        ours,
        peers,
        partial(assess_answer, cascade, law),
    )


def measure(solve: Callable[[], Any], runs: int) -> tuple[Any, float, bool]:
    """Return the answer, the median time [s], and whether it was too slow to repeat."""
    start = time.perf_counter()
    answer = solve()
    once = time.perf_counter() - start
    if once > SLOW:
        return answer, once, True
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        answer = solve()
        times.append(time.perf_counter() - start)
    return answer, median(times), False


def difference(ours: Finding, theirs: Finding, fed: np.ndarray) -> float:
    """Return the largest relative difference of the product amounts that matter."""
    matters = ours.products > NEGLIGIBLE * fed
    return float(np.abs(theirs.products[matters] / ours.products[matters] - 1).max())


def compete(contest: Contest, runs: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Yield the rows of one contest, sx_sim's first."""
    best = ours = None
    for who, solve in {"sx_sim": contest.ours, **contest.peers}.items():
        tell(f"{who}: {contest.problem}")
        answer, seconds, slow = measure(solve, runs)
        found = contest.assess(answer)
        if best is None or ours is None:
            best, ours = found, seconds
        yield Row(
            who,
            contest.problem,
            seconds,
            seconds / ours,
            found.residual,
            difference(best, found, contest.fed) if found.converged and found is not best else None,
            found.iterations,
            found.outcome + (", run once" if slow else ""),
        )


def rows(stages: int, runs: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Yield the whole table."""
    yield from compete(reference_contest(stages), runs, tell)
    for package, (name, adapter) in PACKAGES.items():
        if importlib.util.find_spec(package) is None:
            yield Row(name, "")
            continue
        tell(f"{name}: preparing")
        peer = importlib.import_module(f"benchmarks.peers.{adapter}")
        yield from compete(peer.contest(stages), runs, tell)


def three_digits(value: float) -> str:
    """Return a positive number to three digits, never with an exponent."""
    decimals = max(0, 2 - int(np.floor(np.log10(value))))
    return f"{value:.{decimals}f}"


def table(stages: int, runs: int, tell: Callable[[str], None]) -> Table:
    """Return the table, ready to print."""
    shown = Table(title=f"One core, median of {runs} run{'s' if runs > 1 else ''}")
    shown.add_column("who")
    shown.add_column("problem")
    for numbers in ("time, ms", "ratio", "residual", "difference", "iterations"):
        shown.add_column(numbers, justify="right", no_wrap=True)
    shown.add_column("outcome")
    problem = None
    for row in rows(stages, runs, tell):
        if problem not in (None, row.problem):
            shown.add_section()
        problem = row.problem
        shown.add_row(
            row.who,
            row.problem,
            "" if row.seconds is None else three_digits(1e3 * row.seconds),
            "" if row.ratio is None else three_digits(row.ratio),
            "" if row.residual is None else f"{row.residual:.0e}",
            "" if row.difference is None else f"{row.difference:.0e}",
            "" if row.iterations is None else str(row.iterations),
            row.outcome,
        )
    return shown


def random_table(count: int, tell: Callable[[str], None]) -> Table:
    """Return how many random physical columns each solver gets right.

    Right is converged, and every ln h and ln e within 1e-4 of sx_sim's checked answer.
    """
    shown = Table(title=f"Random physical columns of up to 100 stages, {count} of them")
    shown.add_column("who")
    for numbers in ("right", "converged, but wrong", "median ms"):
        shown.add_column(numbers, justify="right")
    problems = [random_problem(seed, longest=100) for seed in range(count)]
    cold = np.empty((0, 2))
    ours = partial(solve_ours, start=cold, tolerance=TOLERANCE)
    known = [ours(cascade, law) for cascade, law in problems]
    solvers = {"sx_sim": ours} | {k: v for k, v in VARIANTS.items() if k not in MATRIX_FREE}
    for who, solve in solvers.items():
        right, wrong, times = 0, 0, []
        for (cascade, law), best in zip(problems, known, strict=True):
            tell(f"{who}: random columns")
            start = time.perf_counter()
            with np.errstate(all="ignore"):
                answer = solve(cascade, law)
            times.append(time.perf_counter() - start)
            if answer.converged:
                agrees = np.abs(answer.scalars - best.scalars).max() <= 1e-4
                agrees &= assess_answer(cascade, law, best).residual <= TOLERANCE
                right, wrong = right + agrees, wrong + (not agrees)
        shown.add_row(who, str(right), str(wrong), three_digits(1e3 * median(times)))
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as the arguments or else the command line say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("--stages", type=int, default=500, help="of the column (500)")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each solver (5)")
    parser.add_argument("--random", type=int, default=50, help="random columns besides (50)")
    parser.add_argument("--quick", action="store_true", help="16 stages, one run")
    asked = parser.parse_args(arguments)
    stages, runs = (16, 1) if asked.quick else (asked.stages, asked.runs)
    count = 3 if asked.quick else asked.random
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    with console.status("preparing", refresh_per_second=1) as status:
        shown = table(stages, runs, status.update)
        console.print(shown)
        if count:
            console.print(random_table(count, status.update))


if __name__ == "__main__":
    main()
