"""What of a sweep is drawn: the points along one or two of its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sx_sim.errors import CaseError
from sx_sim.plots.labels import axis_label, path_label
from sx_sim.studies.points import SweepAxis
from sx_sim.studies.sweep import SweepResult
from sx_sim.units import parse

SMALL = 1e-6  # of an axis' range


@dataclass(frozen=True)
class View:
    """The points of a sweep along one or two inputs, the others held.

    Parameters
    ----------
    axes : tuple of SweepAxis
        Those inputs; the values of a grid are in rising order.
    labels : tuple of str
    scattered : bool
        Whether the points are those of a design: one dimension for all inputs.
    place : tuple
        Index along every dimension of the sweep: a slice, or where it is held.
    order : tuple of array
        What sorts each axis.
    swapped : bool
        Whether the second axis comes first in the sweep.
    nominal : tuple of float
        The operating point, NaN where it is not in view.
    held : str
        What is held at which value, in words.
    """

    axes: tuple[SweepAxis, ...]
    labels: tuple[str, ...]
    scattered: bool
    place: tuple[int | slice, ...]
    order: tuple[Any, ...]
    swapped: bool
    nominal: tuple[float, ...]
    held: str

    def of(self, table: Any) -> Any:
        """Return the values of a table, over the points of the sweep, in view."""
        seen = table[self.place]
        if self.scattered:
            return seen
        return (seen.T if self.swapped else seen)[np.ix_(*self.order)]


def view_of(
    sweep: SweepResult,
    x: str | None = None,
    y: str | None = None,
    at: Mapping[str, float | str] | None = None,
) -> View:
    """Return the part of a sweep to draw.

    Parameters
    ----------
    sweep : SweepResult
    x, y : str, optional
        Paths of inputs; without either the first two dimensions, or the only one.
    at : mapping of str to float or str, optional
        Values at which other inputs are held: the nearest there is; else those nearest to
        the operating point.

    Raises
    ------
    CaseError
        If there is no such input, two of them do not span a plane, or a value is outside.
    """
    scattered = not sweep.points.alike and len(sweep.shape) == 1
    chosen = _chosen(sweep, x, y, scattered)
    if scattered:
        if at:
            raise CaseError("--at: the points of a design do not lie on lines; leave it out")
        nominal = tuple(sweep.nominal[sweep.axes.index(axis)] for axis in chosen)
        labels = tuple(axis_label(axis) for axis in chosen)
        return View(chosen, labels, True, (slice(None),), (), False, nominal, "")
    held = _held(sweep, chosen, at or {})
    dimensions = list(sweep.points.dimensions)
    shown = [axis.dimension for axis in chosen]
    in_view = all(_is_nominal(sweep, d, k) for d, k in held.items())
    order = tuple(np.argsort(axis.values, kind="stable") for axis in chosen)
    return View(
        axes=tuple(
            SweepAxis(a.path, a.values[o], a.unit, a.dimension)
            for a, o in zip(chosen, order, strict=True)
        ),
        labels=tuple(axis_label(axis, _others(sweep, axis)) for axis in chosen),
        scattered=False,
        place=tuple(held.get(d, slice(None)) for d in dimensions),
        order=order,
        swapped=len(shown) > 1 and dimensions.index(shown[0]) > dimensions.index(shown[1]),
        nominal=tuple(_nominal(sweep, axis) if in_view else np.nan for axis in chosen),
        held=", ".join(_held_text(sweep, d, k) for d, k in held.items()),
    )


def _chosen(
    sweep: SweepResult, x: str | None, y: str | None, scattered: bool
) -> tuple[SweepAxis, ...]:
    """Return the axes to draw along."""
    if x is None:
        if scattered:
            return sweep.axes[:2]
        sizes = sweep.points.dimensions
        long = [d for d, size in sizes.items() if size > 1] or list(sizes)
        return tuple(_widest(sweep, d) for d in long[:2])
    if x == y:
        raise CaseError(f"--x and --y are both '{x}'; {inputs_of(sweep)}")
    axes = tuple(_axis(sweep, key, path) for key, path in (("x", x), ("y", y)) if path is not None)
    if len(axes) > 1 and not scattered:
        if axes[0].dimension == axes[1].dimension:
            raise CaseError(f"--y: '{y}' moves together with '{x}'; give one of the two")
        short = [axis.path for axis in axes if len(axis.values) < 2]
        if short:
            raise CaseError(f"'{short[0]}' has one value; give the other input alone as --x")
    return axes


def _axis(sweep: SweepResult, key: str, path: str) -> SweepAxis:
    for axis in sweep.axes:
        if axis.path == path:
            return axis
    raise CaseError(f"--{key}: '{path}' is no input of this sweep; {inputs_of(sweep)}")


def inputs_of(sweep: SweepResult) -> str:
    """Return a sentence listing the axes that can be drawn along."""
    return f"its inputs are {', '.join(axis.path for axis in sweep.axes)}"


def _along(sweep: SweepResult, dimension: str) -> list[SweepAxis]:
    return [axis for axis in sweep.axes if axis.dimension == dimension]


def _others(sweep: SweepResult, axis: SweepAxis) -> list[SweepAxis]:
    """Return the axes that move together with one, in its rising order."""
    order = np.argsort(axis.values, kind="stable")
    return [
        SweepAxis(other.path, other.values[order], other.unit, other.dimension)
        for other in _along(sweep, axis.dimension)
        if other.path != axis.path
    ]


def _widest(sweep: SweepResult, dimension: str) -> SweepAxis:
    """Return the input along a dimension that changes by the largest share of itself."""
    return max(
        _along(sweep, dimension), key=lambda a: np.ptp(a.values) / (np.abs(a.values).max() or 1.0)
    )


def _held(
    sweep: SweepResult, chosen: Sequence[SweepAxis], at: Mapping[str, float | str]
) -> dict[str, int]:
    """Return where each dimension that is not drawn is held."""
    shown = {axis.dimension for axis in chosen}
    held: dict[str, int] = {}
    for path, value in at.items():
        axis = _axis(sweep, "at", path)
        if axis.dimension in shown:
            raise CaseError(f"--at: '{path}' is along an axis of the picture; leave it out")
        place = _nearest(axis, _number(axis, value))
        if held.setdefault(axis.dimension, place) != place:
            raise CaseError(f"--at: '{path}' moves together with another that is held elsewhere")
    for dimension in sweep.points.dimensions:
        if dimension not in shown and dimension not in held:
            lead = _widest(sweep, dimension)
            nominal = sweep.nominal[sweep.axes.index(lead)]
            distance = np.abs(lead.values - nominal)
            held[dimension] = int(np.argmin(distance)) if np.isfinite(nominal) else 0
    return held


def _number(axis: SweepAxis, value: float | str) -> float:
    """Return a value in the unit of an axis."""
    try:
        return float(value)
    except ValueError:
        pass
    try:
        return parse(str(value), axis.unit or "dimensionless")[0]
    except ValueError as error:
        raise CaseError(f"--at {axis.path}={value}: {error}") from None


def _nearest(axis: SweepAxis, value: float) -> int:
    low, high = axis.values.min(), axis.values.max()
    slack = SMALL * max(high - low, abs(high))
    if not low - slack <= value <= high + slack:
        raise CaseError(
            f"--at {axis.path}={value:g}: this sweep has {low:g} to {high:g} {axis.unit}".rstrip()
        )
    return int(np.argmin(np.abs(axis.values - value)))


def _is_nominal(sweep: SweepResult, dimension: str, place: int) -> bool:
    """Return whether a held dimension is where the case itself is, or nearest to it."""
    for axis in _along(sweep, dimension):
        nominal = sweep.nominal[sweep.axes.index(axis)]
        inside = axis.values.min() <= nominal <= axis.values.max()
        if not inside or np.abs(axis.values - nominal).argmin() != place:
            return False
    return True


def _nominal(sweep: SweepResult, axis: SweepAxis) -> float:
    """Return the case's own value, NaN where inputs that move along would not be at theirs."""
    own = sweep.nominal[sweep.axes.index(axis)]
    order = np.argsort(axis.values, kind="stable")
    for other in _others(sweep, axis):
        theirs = sweep.nominal[[a.path for a in sweep.axes].index(other.path)]
        there = np.interp(own, axis.values[order], other.values)
        if not abs(there - theirs) <= 0.01 * max(np.ptp(other.values), abs(theirs)):
            return np.nan
    return own if axis.values.min() <= own <= axis.values.max() else np.nan


def _held_text(sweep: SweepResult, dimension: str, place: int) -> str:
    return ", ".join(
        f"{path_label(axis.path, '')} {axis.values[place]:g} {axis.unit}".rstrip()
        for axis in _along(sweep, dimension)
    ).replace("degC", "°C")
