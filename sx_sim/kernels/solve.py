"""What the rest calls: one column, or many of one shape."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
from numba.core.event import install_listener

from sx_sim.kernels.chain import solve_chain
from sx_sim.kernels.jit import Compilations
from sx_sim.kernels.layout import M, Problem, packed
from sx_sim.kernels.metals import mix
from sx_sim.kernels.types import Array, Cascade, Law, Options, Solution, Solutions
from sx_sim.kernels.workspace import workspace

KERNELS = 28  # that a solve compiles one by one
CHAIN = 32  # columns that start from one another; the next chain starts afresh


def solve_column(cascade: Cascade, law: Law, start: Array | None, options: Options) -> Solution:
    """Solve a column for its steady state.

    Parameters
    ----------
    cascade : Cascade
    law : Law
    start : (N, m) array, optional
        Unknowns to start from; the column's short copies are used if they do not do, and where
        they are of another shape.
    options : Options

    Returns
    -------
    Solution
        The status is CONVERGED, or says how the solve ended, with the last iterate.
        EXCESS_BASE means that the closures hold, with some stage less acid than the law
        allows.
    """
    one = packed(cascade, law)
    problems = one._replace(flows=one.flows[None], metals=one.metals[None])
    found = solve_together(problems, start, True, options)
    return Solution(
        found.aqueous[0],
        found.organic[0],
        found.unknowns[0],
        int(found.status[0]),
        int(found.iterations[0]),
        float(found.residual[0]),
    )


def solve_together(
    problems: Problem, start: Array | None, alike: bool, options: Options
) -> Solutions:
    """Solve columns of one shape, in an order in which neighbours are alike if they are.

    Parameters
    ----------
    problems : Problem
        Of B columns, see ``layout.stacked``.
    start : (N, m) array, optional
        What the first column starts from, and all if they are not alike. Of another shape,
        it is not used.
    alike : bool
        Whether each starts from those before it.
    options : Options
    """
    b, (n, s, *_) = len(problems.flows), problems.shape
    m = int(problems.has[M])
    found = Solutions(
        np.empty((b, n, s)),
        np.empty((b, n, s)),
        np.empty((b, n, m)),
        np.empty(b, np.int64),
        np.empty(b, np.int64),
        np.empty(b),
    )
    if start is None or start.shape != (n, m):
        start = np.empty((0, m))
    solve_chain(problems, start, alike, options, workspace(*problems.shape), found)
    return found


def solve_batch(problems: Problem, options: Options, executor: Executor | None = None) -> Solutions:
    """Solve columns of one shape, in an order in which neighbours are alike.

    Every ``CHAIN`` columns form a chain in which each starts from those before it. Chains
    know nothing of one another, so the answer is the same to the last bit whatever runs
    them and in whatever order.

    Parameters
    ----------
    problems : Problem
        Of B columns, see ``layout.stacked``.
    options : Options
    executor : concurrent.futures.Executor, optional
        Threads to run chains on; the compiled core does not hold the interpreter's lock.
    """

    def solve(first: int) -> Solutions:
        part = slice(first, first + CHAIN)
        chain = problems._replace(flows=problems.flows[part], metals=problems.metals[part])
        return solve_together(chain, None, True, options)

    found = (executor.map if executor else map)(solve, range(0, len(problems.flows), CHAIN))
    return Solutions._make(np.concatenate(arrays) for arrays in zip(*found, strict=True))


def compile_solver(progress: Callable[[int, int], None]) -> None:
    """Compile what a solve needs.

    Parameters
    ----------
    progress : callable
        Called with how many kernels are compiled and how many there are.
    """
    done: set[str] = set()

    def tell(module: str, name: str) -> None:
        if module.startswith(f"{__package__}."):
            done.add(name)
            progress(len(done), max(KERNELS, len(done)))

    one = np.ones(1)
    metal = np.zeros((1, 1))
    law = Law(metal, one, one, one, one, np.empty((1, 1, 0)), 0.0)
    progress(0, KERNELS)
    with install_listener("numba:compile", Compilations(tell)):
        solve_column(Cascade(one, 0 * one, one, 0 * one, metal, *[one] * 3), law, None, Options())
        mix(one, one, one)


def compiled() -> bool:
    """Return whether the disk cache holds a compiled solver."""
    folder = Path(str(solve_chain.stats.cache_path))
    return any(folder.glob("chain.solve_chain-*.nbi"))
