"""Time against size, and many columns at once: python -m benchmarks.scaling

Times are medians of repeated solves on one core, in milliseconds; the floor is what one
factorisation has to do at least, see docs/performance.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit
from rich.console import Console
from rich.table import Table

from benchmarks.problems import line, of_species, reference
from sx_sim.kernels import layout as row
from sx_sim.kernels.by_closures import eliminate_closures, step_by_closures
from sx_sim.kernels.layout import Work, new_work
from sx_sim.kernels.solve import solve_batch, solve_column
from sx_sim.kernels.types import Array, Cascade, Law, Options

STAGES = (50, 100, 200, 500, 1000, 2000)
SPECIES = (4, 8, 16, 24, 32)
UNKNOWNS = (2, 3, 4, 6)
OPTIONS = Options(tolerance=1e-9)


def median(call: Callable[[], object], runs: int) -> float:
    """Return the median time of a call [s], the first not counted."""
    call()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def sizes(problems: dict[str, tuple[Cascade, Law]], title: str, runs: int) -> Table:
    """Return the times of cold and warm solves."""
    table = Table("", "cold ms", "iterations", "warm ms", "us per stage", title=title)
    for name, problem in problems.items():
        solution = solve_column(*problem, None, OPTIONS)
        if solution.status:
            table.add_row(name, f"ended with status {solution.status}")
            continue
        near = solution.unknowns + 1e-3
        fresh = median(lambda: solve_column(*problem, None, OPTIONS), runs)  # noqa: B023
        warm = median(lambda: solve_column(*problem, near, OPTIONS), runs)  # noqa: B023
        stages = len(problem[0].anion)
        table.add_row(
            name,
            f"{1e3 * fresh:.2f}",
            str(solution.iterations),
            f"{1e3 * warm:.2f}",
            f"{1e6 * fresh / stages:.1f}",
        )
    return table


def unknowns(stages: int, species: int, runs: int) -> Table:
    """Return the time of one elimination of the closures and one step, by unknowns of a stage."""
    title = f"one direction, {stages} stages of {species} species"
    table = Table("unknowns of a stage", "us", "times two", title=title)
    factor, solve = (
        njit(error_model="numpy")(k.py_func) for k in (eliminate_closures, step_by_closures)
    )
    times: dict[int, float] = {}
    for m in UNKNOWNS:
        work, f = synthetic(stages, species, m)
        step = np.empty_like(f)

        def direction() -> None:
            factor(stages, work)  # noqa: B023
            solve(stages, work, f, step)  # noqa: B023

        times[m] = 1e6 * median(direction, runs)
        table.add_row(str(m), f"{times[m]:.0f}", f"{times[m] / times[UNKNOWNS[0]]:.2f}")
    return table


def synthetic(stages: int, species: int, m: int) -> tuple[Work, Array]:
    """Return closures of m unknowns that feel other stages a little, and residuals (N, m)."""
    rng = np.random.default_rng(0)
    has = np.zeros(row.HAS, np.int64)
    has[row.M] = m
    work = new_work(stages, species, 2, *has)
    for part in (work.spread, work.slopes):
        part[:] = 0.01 * rng.random(part.shape)
    work.small[row.F_U] = np.eye(m) + 0.01 * rng.random((stages, m, m))
    return work, rng.random((stages, m))


def throughput(stages: int, count: int, runs: int) -> Table:
    """Return the rate of columns along a line of scrub acids, on one and two threads."""
    problems = line(stages, count)
    title = f"{count} columns of {stages} stages along a line"
    table = Table("threads", "columns per s", "times one", "not converged", title=title)
    found = solve_batch(problems, OPTIONS)
    failed = str(int((found.status != 0).sum()))
    times: dict[int, list[float]] = {1: [], 2: []}
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(2) as two:
        pools = {1: one, 2: two}
        for _ in range(runs + 1):  # by turns, so that what else runs hits both alike
            for workers, pool in pools.items():
                began = time.perf_counter()
                solve_batch(problems, OPTIONS, pool)
                times[workers].append(time.perf_counter() - began)
    rates = {workers: count / float(np.median(t[1:])) for workers, t in times.items()}
    for workers, rate in rates.items():
        table.add_row(str(workers), f"{rate:.0f}", f"{rate / rates[1]:.2f}", failed)
    return table


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    args = parser.parse_args()
    console = Console()
    by_stages = {f"{n} stages": reference(n).column.pack() for n in STAGES}
    console.print(sizes(by_stages, "15 rare earths and sodium", args.runs))
    by_species = {f"{s} species": of_species(500, s) for s in SPECIES}
    console.print(sizes(by_species, "500 stages", args.runs))
    console.print(unknowns(500, 16, args.runs))
    console.print(throughput(500, 320, max(3, args.runs // 4)))


if __name__ == "__main__":
    main()
