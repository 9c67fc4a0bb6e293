"""Many columns, and what comes out of each."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.status import Status
from sx_sim.cases.load import Case
from sx_sim.errors import CaseError
from sx_sim.flowsheet.outputs import element_sum, split_output
from sx_sim.flowsheet.quantities import BY_KIND
from sx_sim.flowsheet.result import Result
from sx_sim.studies.points import Block, Points, SweepAxis, blocks
from sx_sim.studies.tables import Recorded, Tables

if TYPE_CHECKING:
    import pandas as pd
    import xarray

Array = NDArray[np.float64]
Settings = Mapping[str, float]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Specification:
    """What a product has to meet: an output, at least or at most so much."""

    output: str
    least: float = -np.inf
    most: float = np.inf


def specifications(case: Case) -> tuple[Specification, ...]:
    """Return the specifications of a case."""
    return tuple(
        Specification(
            s.output,
            -float("inf") if s.least is None else s.least,
            float("inf") if s.most is None else s.most,
        )
        for s in case.content.specifications
    )


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found.

    Parameters
    ----------
    points : Points
        Where it solved.
    nominal : tuple of float
        The case's own value of every axis, NaN where it gives that in another way.
    recorded : Recorded
        What the tables are of.
    tables : mapping of str to array
        By name, over the dimensions of the points and then those of the table. Fractions
        are between 0 and 1; NaN where a point failed.
    band : SweepResult, optional
        Over temperatures, and the nominal enthalpies beside draws from their errors.
    specifications : tuple of Specification
    own : tuple of float
        What the case itself gives of what they are of; NaN where it does not.
    """

    points: Points
    nominal: tuple[float, ...]
    recorded: Recorded
    tables: Mapping[str, Any]
    band: SweepResult | None = None
    specifications: tuple[Specification, ...] = ()
    own: tuple[float, ...] = ()

    def __repr__(self) -> str:
        solved = int((self.status == Status.CONVERGED).sum())
        paths = ", ".join(axis.path for axis in self.axes)
        size = " x ".join(map(str, self.shape))
        return (
            f"SweepResult: {size} points over {paths}, {solved} solved"
            f"\n  products: {', '.join(self.products)}\n  tables: {', '.join(self.tables)}"
        )

    @property
    def axes(self) -> tuple[SweepAxis, ...]:
        """Inputs and their values."""
        return self.points.axes

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each dimension."""
        return self.points.shape

    @property
    def products(self) -> tuple[str, ...]:
        """Streams that leave, in the order of the tables."""
        return self.recorded.products

    @property
    def elements(self) -> tuple[str, ...]:
        """Rare earths along their series, then what else is extracted, as tables have them."""
        return self.recorded.elements

    @property
    def rare_earths(self) -> tuple[str, ...]:
        """Those of them that are rare earths."""
        return self.recorded.rare_earths

    @property
    def status(self) -> NDArray[np.int64]:
        """How every point ended."""
        return self.table("status")

    @property
    def counts(self) -> dict[Status, int]:
        """How many points ended in each status."""
        values, numbers = np.unique(self.status, return_counts=True)
        return {Status(int(v)): int(n) for v, n in zip(values, numbers, strict=True)}

    def table(self, name: str) -> Any:
        """Return a table by its name.

        Raises
        ------
        CaseError
            If it was not recorded.
        """
        if name not in self.tables:
            there = ", ".join(self.tables)
            raise CaseError(f"'{name}' was not recorded in this sweep; it has {there}")
        return self.tables[name]

    def purity(self, element: str | Sequence[str], product: str, basis: str = "REO") -> Array:
        """Return the purity of one or several rare earths in a product at every point."""
        symbols = [element] if isinstance(element, str) else element
        table = self.table({"REO": "purity_reo", "mol": "purity_mol"}[basis])
        return self._of(table, product, symbols)

    def recovered(self, element: str, product: str) -> Array:
        """Return the recovery of a rare earth in a product at every point."""
        return self._of(self.table("recovery"), product, [element])

    def _of(
        self, table: Array, product: str, symbols: Sequence[str], there: Sequence[str] | None = None
    ) -> Array:
        """Return a table of one product, summed over species; as it is where none are given."""
        there = self.elements if there is None else there
        for name, known in ((product, self.products), *((s, there) for s in symbols)):
            if name not in known:
                raise CaseError(f"no '{name}' in this sweep; there are {', '.join(known)}")
        found = table[..., self.products.index(product), :]
        if not symbols:
            return found
        return found[..., [there.index(symbol) for symbol in symbols]].sum(axis=-1)

    def output(self, name: str) -> Array:
        """Return one number at every point.

        Parameters
        ----------
        name : str
            A table without further dimensions, such as ``loading``; or as outputs of
            sensitivities are named, such as ``purity.La-Dy.raffinate``.

        Raises
        ------
        CaseError
            If it was not recorded and does not follow from what was.
        """
        if name in self.tables and self.recorded.kinds[name].along == ():
            return self.tables[name]
        kind, symbols, product = split_output(name)
        quantity = BY_KIND[kind]
        table = self.table(quantity.name)
        if len(quantity.along) == 1:
            return self._of(table[..., None], product, ())[..., 0]
        if kind == "recovery" and ("+" in symbols or "-" in symbols):
            raise CaseError(f"output '{name}': of several elements has to be asked for in outputs")
        there = {"element": self.elements, "species": self.recorded.species}[quantity.along[1]]
        allowed = self.rare_earths if kind.startswith("purity") else there
        return self._of(table, product, element_sum(symbols, allowed, name), there)

    def met(self) -> NDArray[np.bool_]:
        """Return where every specification of the case is met."""
        meets = np.ones(self.shape, dtype=bool)
        for spec in self.specifications:
            values = self.output(spec.output)
            meets &= (values >= spec.least) & (values <= spec.most)
        return meets

    def to_dataframe(self) -> pd.DataFrame:
        """Return the sweep with a row per point; needs pandas.

        Columns are the axes, then the tables: ``flow raffinate`` per product and the like,
        ``recovery raffinate Dy`` per product and rare earth. Profiles are left out.
        """
        import pandas as pd

        grids = dict(
            zip(
                self.points.dimensions,
                np.meshgrid(*(np.arange(n) for n in self.shape), indexing="ij"),
                strict=True,
            )
        )
        columns: dict[str, Any] = {
            f"{axis.path} [{axis.unit}]" if axis.unit else axis.path: axis.values[
                grids[axis.dimension]
            ].ravel()
            for axis in self.axes
        }
        for name, kind in self.recorded.kinds.items():
            if "stage" not in kind.along:
                labels = [self.recorded.labels[along] for along in kind.along]
                for place in np.ndindex(*(len(one) for one in labels)):
                    words = [name, *(one[i] for one, i in zip(labels, place, strict=True))]
                    columns[" ".join(words)] = self.tables[name][(..., *place)].ravel()
        return pd.DataFrame(columns)

    def to_xarray(self) -> xarray.Dataset:
        """Return the sweep as a labelled data set; needs xarray."""
        import xarray

        dimensions = tuple(self.points.dimensions)
        data = {
            name: (
                (*dimensions, *kind.along),
                self.tables[name],
                {"units": kind.unit, "long_name": kind.long_name},
            )
            for name, kind in self.recorded.kinds.items()
        }
        coords: dict[str, Any] = {
            axis.path: (axis.dimension, axis.values, {"units": axis.unit or "1"})
            for axis in self.axes
        }
        coords |= {along: list(labels) for along, labels in self.recorded.labels.items()}
        return xarray.Dataset(data, coords)


def run_points(
    points: Points,
    recorded: Recorded,
    solve: Callable[[Block], Tables],
    *,
    executor: Executor | None = None,
    known: Mapping[int, Tables] | None = None,
    keep: Callable[[int, Tables], None] | None = None,
    step: Callable[[int], None] = lambda _: None,
) -> Tables:
    """Solve a column at every point.

    Parameters
    ----------
    points : Points
    recorded : Recorded
    solve : callable
        From a block to the tables of its points; has to be picklable if the executor's
        workers are processes.
    executor : concurrent.futures.Executor, optional
        What runs the blocks; none for one after another, here.
    known : mapping, optional
        Tables by number of the block, of those solved before.
    keep : callable, optional
        Called with number and tables of each block as it is solved.
    step : callable
        Called with how many points have been solved.
    """
    tables = recorded.empty(points.shape)
    known = known or {}
    waiting = []
    for block in blocks(points.shape):
        if block.number in known:
            _place(tables, block, known[block.number], step)
        else:
            waiting.append(block)
    for block, found in each_done(solve, waiting, executor):
        if keep:
            keep(block.number, found)
        _place(tables, block, found, step)
    return tables


def _place(tables: Tables, block: Block, found: Tables, step: Callable[[int], None]) -> None:
    for name, table in tables.items():
        table[block.place] = found[name]
    step(block.size)


def _with_packed(packed: bytes, one: Any) -> Any:
    return _unpacked(packed)(one)


@lru_cache(maxsize=4)
def _unpacked(packed: bytes) -> Callable[[Any], Any]:
    return pickle.loads(packed)


def each_done(
    solve: Callable[[Any], Any], waiting: Sequence[Any], executor: Executor | None
) -> Iterator[tuple[Any, Any]]:
    """Yield each thing to be done with its result, as they are done."""
    if executor is None:
        for one in waiting:
            yield one, solve(one)
        return
    # what solves goes along with every block, and is unpacked but once by each process
    packed = pickle.dumps(solve)
    running = {executor.submit(_with_packed, packed, one): one for one in waiting}
    try:
        for future in as_completed(running):
            yield running[future], future.result()
    finally:
        for future in running:
            future.cancel()


def solve_block(
    points: Points,
    recorded: Recorded,
    block: Block,
    solve: Callable[[Sequence[Settings]], Sequence[Result | None]],
) -> Tables:
    """Solve the points of a block.

    Parameters
    ----------
    points : Points
    recorded : Recorded
    block : Block
    solve : callable
        From the inputs of points, by path, to their results; None where they make no column.

    Returns
    -------
    Tables
        A point that fails is recorded with its status and does not stop the others.
    """
    tables = recorded.empty((block.size,))
    settings = [points.numbers((*block.lead, k)) for k in range(block.first, block.last)]
    for k, result in enumerate(solve(settings)):
        if result is not None:
            recorded.write(tables, k, result)
    return tables
