"""Solving a case, and sweeping it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from functools import lru_cache, partial
from typing import Protocol

import numpy as np

from sx_sim.analysis.band import enthalpy_band
from sx_sim.analysis.sweep import (
    Block,
    Grid,
    Progress,
    SweepAxis,
    SweepResult,
    Tables,
    grid_of,
    run_grid,
)
from sx_sim.cases.load import Case, parse_case
from sx_sim.cases.schema import Axis
from sx_sim.errors import CaseError
from sx_sim.flowsheet.column import Column
from sx_sim.flowsheet.results import Result, solve_column
from sx_sim.kernels.types import Options
from sx_sim.units import NUMBER, convert


def solve(
    case: Case | Column, *, start: Result | None = None, throw: bool = True, strict: bool = False
) -> Result:
    """Solve a case for its steady state.

    Parameters
    ----------
    case : Case or Column
    start : Result, optional
        A solved column of as many stages to start from.
    throw : bool
        Whether to raise on failure instead of returning the last iterate.
    strict : bool
        Whether a result beyond the ranges of its constants is an error.

    Returns
    -------
    Result

    Raises
    ------
    ConvergenceError
        If it is not solved; the error's ``result`` holds the last iterate.
    OutsideRangeError
        If it is strict and leaves a range; a CaseError whose ``result`` holds the solution.

    Examples
    --------
    >>> import sx_sim
    >>> case = sx_sim.parse_case('''
    ... temperature = "25 degC"
    ... [solvent]
    ... extractant = "hehehp-chloride"
    ... concentration = "1 mol/L"
    ... flow = "200 L/h"
    ... [feeds.liquor]
    ... concentrations = { Nd = "0.1 mol/L", Dy = "0.02 mol/L" }
    ... acid = "0.3 mol/L"
    ... flow = "100 L/h"
    ... [sections.extraction]
    ... stages = 10
    ... ''')
    >>> result = sx_sim.solve(case)
    >>> result.status.text
    'converged'
    >>> result.recovery("Dy", "loaded solvent") > 0.999
    True
    """
    column = case if isinstance(case, Column) else case.column
    options = Options() if isinstance(case, Column) else case.options
    if strict:
        column = replace(column, strict=True)
    return solve_column(column, options=options, start=start, throw=throw)


def run_sweep(
    case: Case,
    *,
    executor: Executor | None = None,
    journal: Journal | None = None,
    progress: Progress | None = None,
    strict: bool = False,
) -> SweepResult:
    """Solve a case at every point of its sweep.

    Parameters
    ----------
    case : Case
        With a ``[sweep]`` table.
    executor : concurrent.futures.Executor, optional
        What runs the blocks of neighbouring points: processes, or a cluster behind that
        interface. None for one after another, here. The bits are the same.
    journal : Journal, optional
        Keeps every block as it is solved, and gives back those kept before.
    progress : callable, optional
        Called with the solves done and all there are.
    strict : bool
        Whether a point beyond the ranges of its constants ends the sweep.

    Raises
    ------
    CaseError
        If there is no sweep, or an axis does not fit the case; as OutsideRangeError, if it is
        strict and a point leaves a range.
    """
    sweep = case.file.sweep
    if sweep is None:
        raise CaseError(
            "sweep is missing: give [[sweep.axes]] with path, from, to, points", case.name
        )
    axes = tuple(_axis(k, axis, case.name) for k, axis in enumerate(sweep.axes))
    for axis in axes:  # an axis that does not fit is found before the first solve
        for end in {axis.values.min(), axis.values.max()}:
            case.with_values({axis.path: axis.setting(end)})
    grid = grid_of(case.column, axes)
    heated = next((axis for axis in axes if axis.path.endswith("temperature")), None)
    members = sweep.band_members if heated else 0
    extra = len(heated.values) * (members + 1) if heated and members else 0
    step = _counter(int(np.prod(grid.shape)) + extra, progress)
    tables = run_grid(
        grid,
        partial(_solve_block, case.text, case.name, grid, strict),
        executor=executor,
        known=journal.blocks if journal else None,
        keep=journal.keep if journal else None,
        step=step,
    )
    band = None
    if heated and members:
        band = enthalpy_band(
            heated.path,
            heated.values,
            lambda value: case.with_values({heated.path: heated.setting(value)}).column,
            grid.products,
            grid.elements,
            members,
            case.options,
            partial(step, 1),
        )
    nominal = tuple(_nominal(case, axis) for axis in axes)
    return SweepResult(axes, nominal, grid.products, grid.elements, band=band, **tables)


class Journal(Protocol):
    """Where a sweep keeps what it has solved."""

    @property
    def blocks(self) -> Mapping[int, Tables]:
        """Tables kept before, by number of the block."""
        ...

    def keep(self, number: int, tables: Tables) -> None:
        """Keep the tables of a block."""
        ...


def _solve_block(text: str, name: str, grid: Grid, strict: bool, block: Block) -> Tables:
    """Solve a block of a case's sweep; all it needs is passed, so it can run anywhere."""
    case = _parsed(text, name)

    def build(values: Mapping[str, float | str]) -> Column:
        return replace(case.with_values(values).column, strict=strict)

    return grid.solve_block(block, build, case.options)


@lru_cache(maxsize=2)
def _parsed(text: str, name: str) -> Case:
    return parse_case(text, name)


def _counter(total: int, progress: Progress | None) -> Callable[[int], None]:
    """Return what to call with solves done, to tell whoever asked of all that are."""
    done = 0

    def step(more: int) -> None:
        nonlocal done
        done += more
        if progress:
            progress(done, total)

    return step


def _axis(k: int, axis: Axis, name: str) -> SweepAxis:
    """Return an axis with its values as numbers in one unit."""
    given = axis.values if axis.values is not None else [axis.start, axis.stop]
    pairs = [_split(value, f"sweep.axes[{k + 1}]", name) for value in given]
    unit = pairs[0][1]
    if any(u != unit for _, u in pairs):
        raise CaseError(f"sweep.axes[{k + 1}]: give all values in one unit, '{unit}'", name)
    numbers = np.array([number for number, _ in pairs])
    if axis.points is not None:
        if axis.scale == "log" and numbers.min() <= 0.0:
            raise CaseError(f"sweep.axes[{k + 1}]: a log scale needs values above zero", name)
        space = np.geomspace if axis.scale == "log" else np.linspace
        numbers = space(numbers[0], numbers[1], axis.points)
    return SweepAxis(axis.path, numbers, unit)


def _split(value: float | str | None, key: str, name: str) -> tuple[float, str]:
    """Return number and unit of an axis value, the unit empty where there is none."""
    if isinstance(value, str):
        found = NUMBER.match(value)
        if not found:
            raise CaseError(
                f'{key} = "{value}": must be a number, with its unit if it has one', name
            )
        return float(found[1]), found[2]
    return float(value or 0.0), ""


def _nominal(case: Case, axis: SweepAxis) -> float:
    """Return the case's own value on an axis, NaN where it gives it in another way."""
    table = case.raw
    *parents, key = axis.path.split(".")
    for part in parents:
        table = table.get(part, {})
    value = table.get(key)
    if value is None or (isinstance(value, str) and not NUMBER.match(value)):
        return np.nan
    number, unit = _split(value, axis.path, case.name)
    return convert(number, unit, axis.unit) if unit and axis.unit else number
