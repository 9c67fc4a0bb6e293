"""Solve random columns from the default start: python -m benchmarks.robustness

Prints how they ended, checked by code that shares nothing with the solver.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.generator import random_problem
from sx_sim.cascade.checks import check
from sx_sim.cascade.status import Status
from sx_sim.kernels.solve import solve_column
from sx_sim.kernels.types import Options


@dataclass(frozen=True)
class Outcome:
    """How one column ended."""

    seed: int
    shape: tuple[int, int]
    status: Status
    iterations: int
    seconds: float
    right: bool

    @property
    def explained(self) -> bool:
        """Converged and right, or ended for a reason that lies in the problem."""
        return self.status == Status.EXCESS_BASE or (self.status == Status.CONVERGED and self.right)


def run(seed: int, alkaline: bool) -> Outcome:
    """Solve one column twice, so that memory is there the second time, and check it."""
    cascade, law = random_problem(seed, alkaline=alkaline)
    solve_column(cascade, law, None, Options())
    began = time.perf_counter()
    solution = solve_column(cascade, law, None, Options())
    seconds = time.perf_counter() - began
    found = check(cascade, law, *solution[:3])
    return Outcome(
        seed,
        cascade.feed.shape,
        Status(solution.status),
        solution.iterations,
        seconds,
        found.passed,
    )


def summary(title: str, outcomes: list[Outcome]) -> Table:
    """Return the counts, iterations and times of many columns."""
    counts = Counter(o.status for o in outcomes)
    iterations = np.array([o.iterations for o in outcomes])
    ms = np.array([1e3 * o.seconds for o in outcomes])
    slowest = outcomes[int(ms.argmax())]
    table = Table("", "", title=title, title_justify="left", show_header=False)
    for status, count in counts.most_common():
        table.add_row(status.name.replace("_", " ").lower(), str(count))
    wrong = sum(o.status == Status.CONVERGED and not o.right for o in outcomes)
    table.add_row("converged to a wrong answer", str(wrong))
    table.add_row("neither solved nor explained, by seed", str(left_over(outcomes)))
    median, ninth, most = np.median(iterations), np.quantile(iterations, 0.9), iterations.max()
    table.add_row("iterations: median, nine in ten, most", f"{median:.0f}, {ninth:.0f}, {most}")
    table.add_row("ms: median, nine in ten", f"{np.median(ms):.2f}, {np.quantile(ms, 0.9):.2f}")
    n, s = slowest.shape
    table.add_row(
        "ms: most",
        f"{ms.max():.0f}, {ms.max() / np.median(ms):.0f} medians "
        f"(seed {slowest.seed}, {n} stages of {s} species, {slowest.iterations} iterations)",
    )
    return table


def left_over(outcomes: list[Outcome]) -> list[int]:
    """Return the seeds of columns neither solved nor explained."""
    return [o.seed for o in outcomes if not o.explained]


def main() -> None:
    """Solve both kinds of column and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="columns of each kind")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    args = parser.parse_args()
    console = Console()
    seeds = range(args.first, args.first + args.count)
    for alkaline, title in ((False, "physical columns"), (True, "columns with alkali in excess")):
        run(seeds[0], alkaline)  # compiles
        outcomes = [
            run(seed, alkaline) for seed in track(seeds, title, console=console, transient=True)
        ]
        console.print(summary(f"{len(seeds)} {title}", outcomes))


if __name__ == "__main__":
    main()
