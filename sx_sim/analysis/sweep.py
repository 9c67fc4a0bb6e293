"""A grid of columns, and what comes out of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.analysis.band import Band, enthalpy_band
from sx_sim.errors import CaseError
from sx_sim.flowsheet.column import RAFFINATE, Column
from sx_sim.flowsheet.results import Result, solve_column
from sx_sim.flowsheet.status import Status
from sx_sim.kernels.types import Options

if TYPE_CHECKING:
    import xarray

Array = NDArray[np.float64]
Builder = Callable[[Mapping[str, float | str]], Column]
Progress = Callable[[int, int], None]


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


def run_grid(
    axes: tuple[SweepAxis, ...],
    nominal: tuple[float, ...],
    build: Builder,
    *,
    options: Options = Options(),
    band_members: int = 0,
    progress: Progress | None = None,
) -> SweepResult:
    """Solve a column at every point of a grid.

    Parameters
    ----------
    axes : tuple of SweepAxis
    nominal : tuple of float
        The value of each axis in the case itself, in the axis's unit.
    build : callable
        From values by path to the column; may raise CaseError.
    options : Options
    band_members : int
        Solves per temperature for the band of the enthalpies' errors, where one of the
        axes is a temperature; 0 for none.
    progress : callable, optional
        Called with the solves done and all there are.

    Returns
    -------
    SweepResult
        A point that fails is recorded with its status and does not stop the others.
    """
    base = build({})
    products = (RAFFINATE, *(draw.name for draw in base.draws), base.solvent_outlet)
    rare = tuple(s for s, r in zip(base.system.species, base.system.rare_earth, strict=True) if r)
    heated = next((axis for axis in axes if axis.path.endswith("temperature")), None)
    members = band_members if heated else 0
    points = int(np.prod([len(axis.values) for axis in axes]))
    extra = len(heated.values) * (members + 1) if heated and members else 0
    count = _Counter(points + extra, progress)
    tables = _grid(axes, build, products, rare, options, count)
    band = None
    if heated and members:
        band = enthalpy_band(
            heated.path,
            heated.values,
            lambda value: build({heated.path: heated.setting(value)}),
            products,
            rare,
            members,
            options,
            count.step,
        )
    return SweepResult(axes, nominal, products, rare, band=band, **tables)


class _Counter:
    """Solves done, out of how many, told to whoever asked."""

    def __init__(self, total: int, report: Progress | None) -> None:
        self.total, self.report, self.done = total, report, 0

    def step(self) -> None:
        self.done += 1
        if self.report:
            self.report(self.done, self.total)


def _grid(
    axes: tuple[SweepAxis, ...],
    build: Builder,
    products: tuple[str, ...],
    rare: tuple[str, ...],
    options: Options,
    count: _Counter,
) -> dict[str, Any]:
    """Solve every point; returns the tables of a SweepResult by name."""
    shape = tuple(len(axis.values) for axis in axes)
    table: dict[str, Any] = {
        name: np.full((*shape, len(products), len(rare)), np.nan) for name in PER_ELEMENT
    }
    table |= {name: np.full((*shape, len(products)), np.nan) for name in PER_PRODUCT}
    table |= {name: np.full(shape, np.nan) for name in ("residual", "loading")}
    table["status"] = np.full(shape, int(Status.INVALID))
    table["iterations"] = np.zeros(shape, dtype=np.int64)
    for point in np.ndindex(*shape):
        values = {a.path: a.setting(float(a.values[i])) for a, i in zip(axes, point, strict=True)}
        try:
            column = build(values)
        except CaseError:
            column = None
        if column is not None:
            result = solve_column(column, options=options, throw=False)
            table["status"][point] = int(result.status)
            table["iterations"][point] = result.iterations
            table["residual"][point] = result.residual
            if result.converged:
                _record(table, point, result, products, rare)
        count.step()
    return table


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
