"""One output of a sweep in one panel: a map, a line or a scatter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sx_sim.plots.labels import Scale, nines_at, room
from sx_sim.plots.views import View
from sx_sim.studies.sweep import Specification

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

SPEC = "tab:red"
PASS, FAIL, UNSOLVED = "tab:blue", "tab:orange", "0.45"
MAP = "viridis"
CROSS: dict[str, Any] = {"marker": "+", "ls": "", "color": "black", "ms": 11, "mew": 1.5}
LINE: dict[str, Any] = {"color": "black", "lw": 1.2, "ls": ":"}
WIDE = 10.0  # inputs that range over more than this factor may be spaced by their logarithm
CONTOURS = 7
MANY = 1500  # points of a plane that are not marked one by one
MARGIN = 0.04  # of an axis of nines


def limits(scale: Scale, values: Any) -> tuple[float, float]:
    """Return the lowest and the highest number of a colour scale."""
    if scale.nines:
        return 0.0, float(scale.nines)
    drawn = scale(values)[np.isfinite(values)]
    low, high = (float(drawn.min()), float(drawn.max())) if drawn.size else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def norm_of(scale: Scale, values: Any) -> Any:
    """Return how drawn numbers become colours."""
    from matplotlib.colors import FuncNorm, Normalize

    low, high = limits(scale, values)
    if scale.nines:
        return FuncNorm((room, nines_at), vmin=low, vmax=high)
    return Normalize(low, high)


def levels_of(scale: Scale, values: Any) -> Any:
    """Return where contours are drawn and colour bars have their ticks."""
    from matplotlib.ticker import MaxNLocator

    low, high = limits(scale, values)
    if scale.nines:
        return np.array(scale.ticks()["ticks"])
    ticks = np.asarray(MaxNLocator(CONTOURS).tick_values(low, high))
    return ticks[(ticks >= low) & (ticks <= high)]


def draw_map(
    axes: Axes, view: View, values: Any, scale: Scale, spec: Specification | None = None
) -> Any:
    """Draw an output over two inputs of a grid, with contours; return what has the colours.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    view : View
        Of two axes.
    values : (X, Y) array
        NaN where a point failed.
    scale : Scale
    spec : Specification, optional
        Drawn as a strong contour.
    """
    x, y = (axis.values for axis in view.axes)
    drawn = scale(values).T
    norm = norm_of(scale, values)
    mesh = axes.pcolormesh(x, y, drawn, norm=norm, shading="nearest", cmap=MAP)
    axes.set_facecolor("0.85")
    levels = levels_of(scale, values)
    contour(axes, x, y, drawn, levels, colors="white", linewidths=1.6)
    contour(axes, x, y, drawn, levels, colors="black", linewidths=0.6)
    for bound in (spec.least, spec.most) if spec else ():
        if np.isfinite(bound):
            level = [float(scale(np.array(bound)))]
            contour(axes, x, y, drawn, level, colors="white", linewidths=4)
            contour(axes, x, y, drawn, level, colors=SPEC, linewidths=2)
    mark_unsolved(axes, view, values)
    mark_nominal(axes, view)
    return mesh


def contour(axes: Axes, x: Any, y: Any, drawn: Any, levels: Any, **style: Any) -> Any:
    """Draw those contours that there are; return them, or None."""
    finite = drawn[np.isfinite(drawn)]
    if min(drawn.shape) < 2 or not finite.size:
        return None
    there = [level for level in levels if finite.min() < level <= finite.max()]
    if not there:
        return None
    return axes.contour(x, y, drawn, levels=there, **style)


def draw_line(
    axes: Axes, view: View, values: Any, scale: Scale, spec: Specification | None = None
) -> None:
    """Draw an output against one input of a grid; parameters as ``draw_map``."""
    (x,) = (axis.values for axis in view.axes)
    axes.plot(x, scale(values), marker="o" if len(x) <= 30 else "", ms=4, color=PASS)
    mark_bounds(axes, scale, spec)
    unsolved = ~np.isfinite(values)
    axes.plot(
        x[unsolved],
        np.full(unsolved.sum(), 0.03),
        "x",
        color=UNSOLVED,
        transform=axes.get_xaxis_transform(),
    )
    value_axis(axes, scale)
    mark_nominal(axes, view)
    axes.grid(alpha=0.3)


def mark_bounds(axes: Axes, scale: Scale, spec: Specification | None) -> None:
    """Draw the bounds of a specification across a panel."""
    for bound in (spec.least, spec.most) if spec else ():
        if np.isfinite(bound):
            axes.axhline(float(scale(np.array(bound))), color=SPEC, lw=1.8)


def value_axis(axes: Axes, scale: Scale) -> None:
    """Put the ticks of an output on the vertical axis."""
    if scale.nines:
        low, high = np.clip([axes.dataLim.y0, axes.dataLim.y1], 0.0, scale.nines)
        ticks = np.array(scale.ticks()["ticks"])
        least, most = room([max(ticks[ticks <= low]), max(2.0, min(ticks[ticks >= high]))])
        slack = MARGIN * (most - least or 1.0)
        axes.set_yscale("function", functions=(room, nines_at))
        axes.set_yticks(**scale.ticks())
        axes.set_yticks([], minor=True)
        axes.set_ylim(nines_at(least - slack), nines_at(most + slack))
    else:
        axes.set_ylabel(scale.unit)


def draw_scatter(
    axes: Axes, view: View, values: Any, scale: Scale, spec: Specification | None = None
) -> Any:
    """Draw an output at the points of a design; parameters and return as ``draw_map``.

    Over two inputs by colour, over one by height. Points that meet the specification are
    round, others are crosses.
    """
    solved = np.isfinite(values)
    meets = solved & meeting(values, spec)
    x = view.axes[0].values
    drawn = scale(values)
    if len(view.axes) == 1:
        axes.scatter(x[meets], drawn[meets], s=16, color=PASS)
        axes.scatter(x[solved & ~meets], drawn[solved & ~meets], s=20, marker="x", color=FAIL)
        mark_bounds(axes, scale, spec)
        value_axis(axes, scale)
        axes.grid(alpha=0.3)
        mark_nominal(axes, view)
        return None
    y = view.axes[1].values
    norm = norm_of(scale, values)
    axes.scatter(x[~solved], y[~solved], s=22, marker="s", facecolors="none", edgecolors=UNSOLVED)
    looks: tuple[tuple[Any, dict[str, Any]], ...] = (
        (solved & ~meets, {"marker": "x", "linewidths": 1.6}),
        (meets, {"marker": "o", "edgecolors": "0.3", "linewidths": 0.4}),
    )
    for chosen, look in looks:
        axes.scatter(x[chosen], y[chosen], c=drawn[chosen], s=30, norm=norm, cmap=MAP, **look)
    mark_nominal(axes, view)
    return axes.collections[-1]


def meeting(values: Any, spec: Specification | None) -> Any:
    """Return where values meet a specification, everywhere if there is none."""
    if spec is None:
        return np.ones(np.shape(values), dtype=bool)
    return (values >= spec.least) & (values <= spec.most)


def mark_unsolved(axes: Axes, view: View, values: Any) -> None:
    """Cross out the points of a plane that failed."""
    i, j = np.nonzero(~np.isfinite(values))
    first, second = view.axes
    axes.plot(first.values[i], second.values[j], "x", color=UNSOLVED, ms=6, label="not solved")


def mark_nominal(axes: Axes, view: View) -> None:
    """Mark the operating point, if it is in view; ``nominal_key`` names it."""
    if not np.isfinite(view.nominal).all():
        return
    if len(view.nominal) == 1:
        axes.axvline(view.nominal[0], **LINE)
    else:
        axes.plot(*view.nominal, marker="+", color="white", ms=13, mew=3.5, zorder=5)
        axes.plot(*view.nominal, **CROSS, zorder=6)


def nominal_key(view: View) -> list[Line2D]:
    """Return the legend entries of the operating point, where no label covers a point."""
    from matplotlib.lines import Line2D

    if not np.isfinite(view.nominal).all():
        return []
    look = LINE if len(view.nominal) == 1 else CROSS
    return [Line2D([], [], **look, label="operating point")]


def draw_scales(axes: Axes, view: View, *, horizontal: bool = True, vertical: bool = True) -> None:
    """Label a panel's inputs and space them as they are."""
    if spaced_by_logarithm(view.axes[0].values):
        axes.set_xscale("log")
    if horizontal:
        axes.set_xlabel(view.labels[0])
    if len(view.axes) > 1:
        if spaced_by_logarithm(view.axes[1].values):
            axes.set_yscale("log")
        if vertical:
            axes.set_ylabel(view.labels[1])


def spaced_by_logarithm(values: Any) -> bool:
    """Return whether values lie evenly by their logarithms rather than by themselves."""
    low, high = values.min(), values.max()
    if low <= 0.0 or high < WIDE * low:
        return False
    middle = np.median(values)
    share = (middle - low) / (high - low)
    by_logarithm = np.log(middle / low) / np.log(high / low)
    return bool(abs(by_logarithm - 0.5) < abs(share - 0.5))
