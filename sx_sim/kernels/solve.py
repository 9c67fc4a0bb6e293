"""What the rest calls: one column, or many of one shape."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path

import numpy as np

from sx_sim.kernels.chain import solve_chain
from sx_sim.kernels.types import Array, Cascade, Law, Options, Solution, Solutions
from sx_sim.kernels.workspace import workspace

CHAIN = 32  # columns that start from one another; the next chain starts afresh


def solve_column(cascade: Cascade, law: Law, start: Array, options: Options) -> Solution:
    """Solve a column for its steady state.

    Parameters
    ----------
    cascade : Cascade
    law : Law
    start : (N, m) array, or (0, m) for none
        Scalars to start from; the column's short copies are used if they do not do.
    options : Options

    Returns
    -------
    Solution
        The status is CONVERGED, or says how the solve ended, with the last iterate.
        EXCESS_BASE means that the closures hold, with some stage less acid than the law
        allows.
    """
    laws = law._replace(ln_k=law.ln_k[None], ln_beta=law.ln_beta[None])
    found = empty_solutions(laws)
    solve_chain(
        Cascade._make(a[None] for a in cascade),
        laws,
        start,
        options,
        workspace(*law.ln_beta.shape),
        found,
    )
    return Solution(
        found.aqueous[0],
        found.organic[0],
        found.scalars[0],
        int(found.status[0]),
        int(found.iterations[0]),
        float(found.residual[0]),
    )


def solve_batch(
    cascades: Cascade, laws: Law, options: Options, executor: Executor | None = None
) -> Solutions:
    """Solve columns of one shape, in an order in which neighbours are alike.

    Every ``CHAIN`` columns form a chain in which each starts from those before it. Chains
    know nothing of one another, so the answer is the same to the last bit whatever runs
    them and in whatever order.

    Parameters
    ----------
    cascades : Cascade
        Every array with a leading axis of length B.
    laws : Law
        ``ln_k`` and ``ln_beta`` with that axis, the rest shared.
    options : Options
    executor : concurrent.futures.Executor, optional
        Threads to run chains on; the compiled core does not hold the interpreter's lock.
    """
    solutions = empty_solutions(laws)
    none = np.empty((0, solutions.scalars.shape[2]))

    def solve(first: int) -> None:
        part = slice(first, first + CHAIN)
        solve_chain(
            Cascade._make(a[part] for a in cascades),
            laws._replace(ln_k=laws.ln_k[part], ln_beta=laws.ln_beta[part]),
            none,
            options,
            workspace(*laws.ln_beta.shape[1:]),
            Solutions._make(a[part] for a in solutions),
        )

    for _ in (executor.map if executor else map)(solve, range(0, len(laws.ln_k), CHAIN)):
        pass
    return solutions


def empty_solutions(laws: Law) -> Solutions:
    """Return room for the solutions of B columns."""
    b, n, s, k = laws.ln_beta.shape
    return Solutions(
        np.empty((b, n, s)),
        np.empty((b, n, s)),
        np.empty((b, n, 3 if k else 2)),
        np.empty(b, np.int64),
        np.empty(b, np.int64),
        np.empty(b),
    )


def compiled() -> bool:
    """Return whether the disk cache holds a compiled solver."""
    folder = Path(str(solve_chain.stats.cache_path))
    return any(folder.glob("chain.solve_chain-*.nbi"))
