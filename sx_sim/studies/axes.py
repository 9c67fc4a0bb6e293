"""From the sweep table of a case to the points where it solves."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from sx_sim.cases.inputs import reading_of
from sx_sim.cases.load import Case
from sx_sim.cases.schema import ALTERNATIVES, Axis, Sweep
from sx_sim.errors import CaseError, DrainedError
from sx_sim.flowsheet.quantities import KINDS, QUANTITIES
from sx_sim.studies.inputs import nominal
from sx_sim.studies.points import SAMPLE, Points, SweepAxis, unit_sample
from sx_sim.studies.size import check_size
from sx_sim.studies.tables import ALWAYS
from sx_sim.units import convert, same_kind, split

Array = NDArray[np.float64]
# Names of other things in the files and tables of a sweep, which no dimension can have.
RESERVED = {*ALWAYS, *QUANTITIES, *KINDS, "product", "element", "species", "stage"}
RESERVED |= {"band", "member", "case", "extractant_sets"}
COUNTS = ("stages", "stage", "iteration_limit")


def points_of(case: Case, sweep: Sweep) -> Points:
    """Return the points of a case's sweep.

    Raises
    ------
    CaseError
        If an axis does not fit the case, or axes that move together differ in length.
    """
    keys = [f"sweep.axes[{k + 1}]" for k in range(len(sweep.axes))]
    _check_count(sweep, case.name)
    if sweep.design is None:
        pairs = zip(keys, sweep.axes, strict=True)
        spread = [_grid_axis(key, axis, case.name) for key, axis in pairs]
    else:
        design = sweep.design
        unit = unit_sample(design.kind, design.points, len(keys), design.seed)
        spread = [
            _sampled(key, axis, case.name, unit[:, k])
            for k, (key, axis) in enumerate(zip(keys, sweep.axes, strict=True))
        ]
    return Points(read_axes(case, _in_order(spread)), alike=sweep.design is None)


def _check_count(sweep: Sweep, name: str) -> None:
    """Raise CaseError for more points than can be recorded at all, before they are made."""
    numbers = len(ALWAYS)
    if sweep.design is not None:
        count, numbers = sweep.design.points, numbers + len(sweep.axes)
    else:
        along = {
            axis.zip or axis.path: axis.points or len(axis.values or ()) for axis in sweep.axes
        }
        count = prod(along.values())
    try:
        check_size(count, numbers, "give fewer points")
    except CaseError as error:
        raise CaseError([f"sweep: {p}" for p in error.problems], name) from None


def _in_order(axes: Sequence[SweepAxis]) -> tuple[SweepAxis, ...]:
    """Return the axes with those that move together side by side."""
    dimensions = list(dict.fromkeys(axis.dimension for axis in axes))
    return tuple(sorted(axes, key=lambda axis: dimensions.index(axis.dimension)))


def read_axes(case: Case, axes: Sequence[SweepAxis]) -> tuple[SweepAxis, ...]:
    """Return axes with their numbers read; CaseError for one that does not fit."""
    found = []
    lengths: dict[str, SweepAxis] = {}
    for axis in axes:
        if axis.dimension in RESERVED:
            raise CaseError(
                f"zip = '{axis.dimension}': files and tables call something else so; name it "
                f"otherwise, such as '{axis.dimension} together'",
                case.name,
            )
        _check_alone(axis, axes, case.name)
        first = lengths.setdefault(axis.dimension, axis)
        if len(first.values) != len(axis.values):
            raise CaseError(
                f"axes '{first.path}' and '{axis.path}' move together as '{axis.dimension}' and "
                f"have {len(first.values)} and {len(axis.values)} values; give as many of each",
                case.name,
            )
        if axis.path.rpartition(".")[2] in COUNTS and (axis.values % 1).any():
            odd = axis.values[axis.values % 1 != 0][0]
            raise CaseError(
                f"axis '{axis.path}': {odd:g} is no whole number; give values, or from, to and "
                "points that fall on whole numbers",
                case.name,
            )
        found.append(_read(case, axis))
    return tuple(found)


def _read(case: Case, axis: SweepAxis) -> SweepAxis:
    """Return an axis with its numbers read, both ends of it tried."""
    least, most = float(axis.values.min()), float(axis.values.max())
    try:
        reading = reading_of(case, axis.path, axis.unit, least)
        reading_of(case, axis.path, axis.unit, most)
        for end in reading.numbers([least, most]):
            with suppress(DrainedError):  # points where drops drain a phase are invalid
                case.at({axis.path: end})
    except CaseError as error:
        problems = [f"axis '{axis.path}': {p}" for p in error.problems]
        raise CaseError(problems, case.name) from None
    return replace(axis, numbers=np.array(reading.numbers(axis.values.tolist())))


def _check_alone(axis: SweepAxis, axes: Sequence[SweepAxis], name: str) -> None:
    """Raise CaseError where another axis gives the same input in another way."""
    table, _, key = axis.path.rpartition(".")
    other = f"{table}.{ALTERNATIVES.get(key)}"
    if any(one.path == other for one in axes):
        raise CaseError(
            f"axes '{axis.path}' and '{other}' both give one input, of which the later would "
            "win; leave one out",
            name,
        )
    if sum(one.path == axis.path for one in axes) > 1:
        raise CaseError(f"axis '{axis.path}' is given twice; leave one out", name)


def nominal_of(case: Case, axis: SweepAxis) -> float:
    """Return the case's own value on an axis, NaN where it gives it in another way."""
    try:
        number, unit = nominal(case, axis.path)
    except CaseError:
        return np.nan
    if not (unit and axis.unit):
        return number
    try:
        return convert(number, unit, axis.unit) if same_kind(unit, axis.unit) else np.nan
    except LookupError:
        return np.nan


def _grid_axis(key: str, axis: Axis, name: str) -> SweepAxis:
    numbers, unit = _given(key, axis, name)
    if axis.points is not None:
        space = np.geomspace if axis.scale == "log" else np.linspace
        numbers = space(numbers[0], numbers[1], axis.points)
    return SweepAxis(axis.path, numbers, unit, axis.zip or axis.path)


def _sampled(key: str, axis: Axis, name: str, share: Array) -> SweepAxis:
    (low, high), unit = _given(key, axis, name)
    if axis.scale == "log":
        values = np.exp((1.0 - share) * np.log(low) + share * np.log(high))
    else:
        values = low + share * (high - low)
    return SweepAxis(axis.path, values, unit, SAMPLE)


def _given(key: str, axis: Axis, name: str) -> tuple[Array, str]:
    """Return the values of an axis as numbers in one unit."""
    given = axis.values if axis.values is not None else [axis.start, axis.stop]
    pairs = [_split(value, key, name) for value in given]
    unit = pairs[0][1]
    if any(u != unit for _, u in pairs):
        raise CaseError(f"{key}: give all values in one unit, '{unit}'", name)
    numbers = np.array([number for number, _ in pairs])
    if axis.scale == "log" and numbers.min() <= 0.0:
        raise CaseError(f"{key}: a log scale needs values above zero", name)
    return numbers, unit


def _split(value: float | str | None, key: str, name: str) -> tuple[float, str]:
    """Return number and unit of an axis value, the unit empty where there is none."""
    if isinstance(value, str):
        try:
            return split(value)
        except ValueError as error:
            raise CaseError(f'{key} = "{value}": {error}, or a number alone', name) from None
    return float(value or 0.0), ""
