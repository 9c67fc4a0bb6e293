"""A grid of columns, and what comes out of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.analysis.band import Band
from sx_sim.errors import CaseError
from sx_sim.flowsheet.column import RAFFINATE, Column
from sx_sim.flowsheet.results import Result, solve_column
from sx_sim.flowsheet.status import Status
from sx_sim.kernels.types import Options

if TYPE_CHECKING:
    import pandas as pd
    import xarray

Array = NDArray[np.float64]
Builder = Callable[[Mapping[str, float | str]], Column]
Progress = Callable[[int, int], None]
Tables = dict[str, Any]
BLOCK = 32  # points that start from one another


@dataclass(frozen=True)
class SweepAxis:
    """One input and the values it takes, as numbers in ``unit`` (empty for none)."""

    path: str
    values: Array
    unit: str

    def setting(self, value: float) -> float | str:
        """Return a value as a case would give it."""
        return f"{float(value)!r} {self.unit}" if self.unit else float(value)


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found; arrays run over the axes, then products, then rare earths.

    Fractions are between 0 and 1, flows L/h, oxides g/L; NaN where a point failed.
    """

    axes: tuple[SweepAxis, ...]
    nominal: tuple[float, ...]
    products: tuple[str, ...]
    elements: tuple[str, ...]
    status: NDArray[np.int64]
    iterations: NDArray[np.int64]
    residual: Array
    purity_reo: Array
    purity_mol: Array
    recovery: Array
    flow: Array  # (axes, products)
    reo: Array  # (axes, products)
    pH: Array  # (axes, products), NaN for organic ones
    loading: Array  # (axes), highest of all stages
    band: Band | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return self.status.shape

    @property
    def counts(self) -> dict[Status, int]:
        """How many points ended in each status."""
        values, numbers = np.unique(self.status, return_counts=True)
        return {Status(int(v)): int(n) for v, n in zip(values, numbers, strict=True)}

    def purity(
        self, element: str | tuple[str, ...] | list[str], product: str, basis: str = "REO"
    ) -> Array:
        """Return the purity of one or several rare earths in a product over the grid."""
        table = {"REO": self.purity_reo, "mol": self.purity_mol}[basis]
        symbols = [element] if isinstance(element, str) else element
        chosen = [self.elements.index(symbol) for symbol in symbols]
        return table[..., self.products.index(product), chosen].sum(axis=-1)

    def recovered(self, element: str, product: str) -> Array:
        """Return the recovery of a rare earth in a product over the grid."""
        return self.recovery[..., self.products.index(product), self.elements.index(element)]

    def to_dataframe(self) -> pd.DataFrame:
        """Return the sweep with a row per point; needs pandas.

        Columns are the axes, ``status`` and the other numbers of a point, then per product
        ``flow raffinate`` and the like, and per rare earth ``recovery Dy raffinate``.
        """
        import pandas as pd

        grids = np.meshgrid(*(axis.values for axis in self.axes), indexing="ij")
        columns: dict[str, Any] = {
            f"{axis.path} [{axis.unit}]" if axis.unit else axis.path: grid.ravel()
            for axis, grid in zip(self.axes, grids, strict=True)
        }
        columns |= {name: getattr(self, name).ravel() for name in PER_POINT}
        for p, stream in enumerate(self.products):
            for name in PER_PRODUCT:
                columns[f"{name} {stream}"] = getattr(self, name)[..., p].ravel()
            for name in PER_ELEMENT:
                for e, symbol in enumerate(self.elements):
                    columns[f"{name} {symbol} {stream}"] = getattr(self, name)[..., p, e].ravel()
        return pd.DataFrame(columns)

    def to_xarray(self) -> xarray.Dataset:
        """Return the sweep as a labelled data set; needs xarray."""
        import xarray

        axes = [axis.path for axis in self.axes]
        full, part = [*axes, "product", "element"], [*axes, "product"]
        data = {name: (full, getattr(self, name)) for name in PER_ELEMENT}
        data |= {name: (part, getattr(self, name)) for name in PER_PRODUCT}
        data |= {name: (axes, getattr(self, name)) for name in PER_POINT}
        coords: dict[str, object] = {
            axis.path: (axis.path, axis.values, {"units": axis.unit}) for axis in self.axes
        }
        coords |= {"product": list(self.products), "element": list(self.elements)}
        return xarray.Dataset(data, coords)


PER_ELEMENT = ("purity_reo", "purity_mol", "recovery")
PER_PRODUCT = ("flow", "reo", "pH")
PER_POINT = ("status", "iterations", "residual", "loading")


@dataclass(frozen=True)
class Block:
    """Neighbouring points, along the last axis, that are solved one from another.

    Blocks know nothing of one another: whatever runs them and in whatever order, each
    gives the same bits.
    """

    number: int
    lead: tuple[int, ...]  # indices on all axes but the last
    first: int
    last: int  # one past

    @property
    def place(self) -> tuple[int | slice, ...]:
        """Where its points lie in a table."""
        return (*self.lead, slice(self.first, self.last))


def blocks(shape: tuple[int, ...]) -> list[Block]:
    """Return the blocks of a grid, in order."""
    starts = range(0, shape[-1], BLOCK)
    return [
        Block(number, lead, first, min(first + BLOCK, shape[-1]))
        for number, (lead, first) in enumerate(product(np.ndindex(*shape[:-1]), starts))
    ]


def run_grid(
    grid: Grid,
    solve: Callable[[Block], Tables],
    *,
    executor: Executor | None = None,
    known: Mapping[int, Tables] | None = None,
    keep: Callable[[int, Tables], None] | None = None,
    step: Callable[[int], None] = lambda _: None,
) -> Tables:
    """Solve a column at every point of a grid.

    Parameters
    ----------
    grid : Grid
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
    tables = grid.tables()
    known = known or {}
    waiting = []
    for block in blocks(grid.shape):
        if block.number in known:
            _place(tables, block, known[block.number], step)
        else:
            waiting.append(block)
    for block, found in _solved(waiting, solve, executor):
        if keep:
            keep(block.number, found)
        _place(tables, block, found, step)
    return tables


def _place(tables: Tables, block: Block, found: Tables, step: Callable[[int], None]) -> None:
    for name, values in found.items():
        tables[name][block.place] = values
    step(block.last - block.first)


def _solved(
    waiting: list[Block], solve: Callable[[Block], Tables], executor: Executor | None
) -> Iterator[tuple[Block, Tables]]:
    """Yield blocks as they are solved."""
    if executor is None:
        for block in waiting:
            yield block, solve(block)
        return
    running = {executor.submit(solve, block): block for block in waiting}
    try:
        for future in as_completed(running):
            yield running[future], future.result()
    finally:
        for future in running:
            future.cancel()


@dataclass(frozen=True)
class Grid:
    """The points of a sweep, and what is recorded of each."""

    axes: tuple[SweepAxis, ...]
    products: tuple[str, ...]
    elements: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(len(axis.values) for axis in self.axes)

    def values(self, point: tuple[int, ...]) -> dict[str, float | str]:
        """Return the inputs of a point, by path."""
        return {
            a.path: a.setting(float(a.values[i])) for a, i in zip(self.axes, point, strict=True)
        }

    def tables(self, shape: tuple[int, ...] | None = None) -> Tables:
        """Return the tables of a SweepResult, by name, with nothing in them yet."""
        shape = self.shape if shape is None else shape
        many, part = len(self.elements), len(self.products)
        tables: Tables = {name: np.full((*shape, part, many), np.nan) for name in PER_ELEMENT}
        tables |= {name: np.full((*shape, part), np.nan) for name in PER_PRODUCT}
        tables |= {name: np.full(shape, np.nan) for name in ("residual", "loading")}
        tables["status"] = np.full(shape, int(Status.INVALID))
        tables["iterations"] = np.zeros(shape, dtype=np.int64)
        return tables

    def solve_block(self, block: Block, build: Builder, options: Options) -> Tables:
        """Solve the points of a block, each started from those before it.

        Parameters
        ----------
        block : Block
        build : callable
            From values by path to the column; may raise CaseError.
        options : Options

        Returns
        -------
        Tables
            A point that fails is recorded with its status and does not stop the others.
        """
        tables = self.tables((block.last - block.first,))
        trail: list[Array] = []  # scalars of the one or two points before
        for k, i in enumerate(range(block.first, block.last)):
            try:
                column = build(self.values((*block.lead, i)))
            except CaseError:
                trail = []
                continue
            if trail and len(trail[-1]) != column.stages:
                trail = []
            start = 2.0 * trail[-1] - trail[-2] if len(trail) > 1 else trail[-1] if trail else None
            result = solve_column(column, options=options, start=start, throw=False)
            tables["status"][k] = int(result.status)
            tables["iterations"][k] = result.iterations
            tables["residual"][k] = result.residual
            if not result.converged:
                trail = []
                continue
            trail = [*trail[-1:], result.stages.scalars]
            _record(tables, (k,), result, self.products, self.elements)
        return tables


def grid_of(base: Column, axes: tuple[SweepAxis, ...]) -> Grid:
    """Return the grid over the axes of a column."""
    products = (RAFFINATE, *(draw.name for draw in base.draws), base.solvent_outlet)
    rare = tuple(s for s, r in zip(base.system.species, base.system.rare_earth, strict=True) if r)
    return Grid(axes, products, rare)


def _record(
    table: dict[str, Array],
    point: tuple[int, ...],
    result: Result,
    products: tuple[str, ...],
    rare: tuple[str, ...],
) -> None:
    """Write one solved point into the tables."""
    table["loading"][point] = result.stages.loading.max()
    chosen = [result.system.index(symbol) for symbol in rare if symbol in result.elements]
    columns = [e for e, symbol in enumerate(rare) if symbol in result.elements]
    for p, name in enumerate(products):
        if name not in result.streams:
            continue
        stream = result.streams[name]
        table["flow"][(*point, p)] = stream.flow
        table["reo"][(*point, p)] = stream.reo
        table["pH"][(*point, p)] = stream.pH
        table["purity_reo"][(*point, p, columns)] = stream.purities()[chosen]
        table["purity_mol"][(*point, p, columns)] = stream.purities("mol")[chosen]
        table["recovery"][(*point, p, columns)] = result.recoveries(name)[chosen]
