"""What the rest calls: one column, or many of one shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np

from sx_sim.kernels.chain import solve_chain
from sx_sim.kernels.types import Array, Cascade, Law, Options, Solution, Solutions
from sx_sim.kernels.workspace import shape_of, workspace

CHAIN = 32  # columns that start from one another; the next chain starts afresh
OWN = ("ln_k", "ln_beta", "protonation", "debye")  # of a law, what differs from column to column


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
    found = empty_solutions(1, *shape_of(cascade, law))
    solve_chain(
        Cascade._make(a[None] for a in cascade),
        _each(law, lambda a: a[None]),
        start,
        True,
        options,
        workspace(*shape_of(cascade, law)),
        found,
    )
    return Solution(
        found.aqueous[0],
        found.organic[0],
        found.unknowns[0],
        int(found.status[0]),
        int(found.iterations[0]),
        float(found.residual[0]),
    )


def solve_together(
    cascades: Cascade, laws: Law, start: Array, alike: bool, options: Options
) -> Solutions:
    """Solve columns of one shape, in an order in which neighbours are alike if they are.

    Parameters
    ----------
    cascades : Cascade
        Every array with a leading axis of length B.
    laws : Law
        What has a stage axis with that axis before it, the rest shared.
    start : (N, m) array
        What the first column starts from, and all if they are not alike. Of another shape,
        it is not used.
    alike : bool
        Whether each starts from those before it.
    options : Options
    """
    shape = shape_of(Cascade._make(a[0] for a in cascades), _each(laws, lambda a: a[0]))
    found = empty_solutions(len(laws.ln_k), *shape)
    if start.shape != found.unknowns.shape[1:]:
        start = np.empty((0, shape[3]))
    solve_chain(cascades, laws, start, alike, options, workspace(*shape), found)
    return found


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
        What has a stage axis with that axis before it, the rest shared.
    options : Options
    executor : concurrent.futures.Executor, optional
        Threads to run chains on; the compiled core does not hold the interpreter's lock.
    """

    def solve(first: int) -> Solutions:
        part = slice(first, first + CHAIN)
        cascade, law = Cascade._make(a[part] for a in cascades), _each(laws, lambda a: a[part])
        return solve_together(cascade, law, np.empty((0, 0)), True, options)

    found = (executor.map if executor else map)(solve, range(0, len(laws.ln_k), CHAIN))
    return Solutions._make(np.concatenate(arrays) for arrays in zip(*found, strict=True))


def stack(columns: Sequence[tuple[Cascade, Law]]) -> tuple[Cascade, Law]:
    """Return columns of one shape and with the same orders as ``solve_batch`` takes them."""
    cascades, laws = zip(*columns, strict=True)
    first = laws[0]
    own = {name: np.stack([getattr(law, name) for law in laws]) for name in OWN}
    return Cascade._make(
        np.stack(arrays) for arrays in zip(*cascades, strict=True)
    ), first._replace(**own)


def _each(law: Law, change: Callable[[Array], Array]) -> Law:
    """Return the law with a change made to everything that differs from column to column."""
    return law._replace(**{name: change(getattr(law, name)) for name in OWN})


def empty_solutions(b: int, n: int, s: int, k: int, m: int, *_: bool) -> Solutions:
    """Return room for the solutions of B columns."""
    return Solutions(
        np.empty((b, n, s)),
        np.empty((b, n, s)),
        np.empty((b, n, m)),
        np.empty(b, np.int64),
        np.empty(b, np.int64),
        np.empty(b),
    )


def compiled() -> bool:
    """Return whether the disk cache holds a compiled solver."""
    folder = Path(str(solve_chain.stats.cache_path))
    return any(folder.glob("chain.solve_chain-*.nbi"))
