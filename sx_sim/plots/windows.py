"""Where all specifications are met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sx_sim.errors import CaseError
from sx_sim.flowsheet.outputs import output_title
from sx_sim.plots.labels import Scale, scale_of, spec_text
from sx_sim.plots.panels import (
    FAIL,
    MANY,
    PASS,
    UNSOLVED,
    contour,
    draw_line,
    draw_scales,
    mark_nominal,
    mark_unsolved,
    nominal_key,
)
from sx_sim.plots.text import picture
from sx_sim.plots.views import View, view_of
from sx_sim.studies.sweep import Specification, SweepResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WINDOW = "#bfe3c0"
OUTSIDE = "0.96"
FINE = 1000  # places between which a window's ends are drawn


@picture
def operating_window(
    sweep: SweepResult,
    x: str | None = None,
    y: str | None = None,
    *,
    at: Mapping[str, float | str] | None = None,
) -> Figure:
    """Draw where a sweep meets all specifications of its case.

    Parameters
    ----------
    sweep : SweepResult
        Of a case with specifications.
    x, y : str, optional
        Paths of inputs; the first two dimensions if not given.
    at : mapping, optional
        Values by path at which other inputs are held, instead of the operating point's.

    Returns
    -------
    matplotlib.figure.Figure
        Of two dimensions the window as an area, with the boundary that each specification
        draws, its ticks on the side that fails; of one dimension the outputs with their
        bounds; of a design its points.

    Raises
    ------
    CaseError
        If the case specifies nothing, or inputs do not fit.
    """
    if not sweep.specifications:
        raise CaseError(
            "the case has no [[specifications]], such as output = "
            '"purity.La-Dy.raffinate", least = 0.999; there is no window without'
        )
    view = view_of(sweep, x, y, at)
    if view.scattered:
        return _points(sweep, view)
    return _plane(sweep, view) if len(view.axes) > 1 else _lines(sweep, view)


def margin(values: Any, spec: Specification, scale: Scale) -> Any:
    """Return how far values are inside a specification, as drawn; below zero outside."""
    drawn = scale(values)
    inside = np.where(np.isfinite(drawn), np.inf, np.nan)
    if np.isfinite(spec.least):
        inside = np.minimum(inside, drawn - scale(np.array(spec.least)))
    if np.isfinite(spec.most):
        inside = np.minimum(inside, scale(np.array(spec.most)) - drawn)
    return inside


def _margins(sweep: SweepResult, view: View) -> list[tuple[str, Any]]:
    """Return of each specification what it says, and how far points are inside."""
    found = []
    for spec in sweep.specifications:
        table = sweep.output(spec.output)
        scale = scale_of(sweep, spec.output, spec)
        values = view.of(table)
        text = f"{output_title(spec.output)} {spec_text(spec, scale)}"
        inside = margin(values, spec, scale)
        size = np.nanmax(np.abs(inside), initial=0.0) or 1.0
        found.append((text, inside / size))
    return found


def _plane(sweep: SweepResult, view: View) -> Figure:
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.patheffects import withTickedStroke

    figure, axes = plt.subplots(figsize=(7.5, 6.0), layout="constrained")
    margins = _margins(sweep, view)
    least = np.minimum.reduce([inside for _, inside in margins])
    _fill(axes, view, least, [inside for _, inside in margins])
    x, y = (axis.values for axis in view.axes)
    key: list[Any] = [Patch(color=WINDOW, label="all specifications met")]
    for k, (text, inside) in enumerate(margins):
        ticks = [withTickedStroke(spacing=9, angle=-60, length=0.7)]
        style = {"colors": [f"C{k}"], "linewidths": 2, "path_effects": ticks}
        lines = contour(axes, x, y, inside.T, [0.0], **style)
        label = text if lines else f"{text} ({_extent(inside)})"
        key.append(Line2D([], [], color=f"C{k}", lw=2 if lines else 0, label=label))
    if least.size <= MANY:
        _mark_points(axes, view, view.of(sweep.met()), np.isfinite(least))
        label = "points solved, open where not all is met"
        key.append(Line2D([], [], ls="", marker="o", ms=4, color="0.25", label=label))
    mark_unsolved(axes, view, least)
    mark_nominal(axes, view)
    axes.use_sticky_edges = False
    axes.margins(0.03)
    draw_scales(axes, view)
    axes.set_title(f"at {view.held}" if view.held else "", fontsize=9)
    if not np.isfinite(least).all():
        key.append(Line2D([], [], ls="", marker="x", color=UNSOLVED, label="not solved"))
    key += nominal_key(view)
    figure.legend(handles=key, loc="outside lower center", fontsize=9)
    return figure


def _extent(inside: Any) -> str:
    """Say where a specification is met that no boundary crosses the picture for."""
    solved = inside[np.isfinite(inside)]
    if not solved.size:
        return "nothing solved"
    return "met everywhere" if (solved >= 0.0).all() else "met nowhere"


def _fill(axes: Axes, view: View, least: Any, margins: Sequence[Any]) -> None:
    """Fill all that was solved, then take away what each specification excludes.

    The window then ends where the boundaries are drawn. The least of several margins,
    filled at once, would not: between points it runs elsewhere than they do.
    """
    x, y = (axis.values for axis in view.axes)
    axes.set_facecolor(OUTSIDE)
    if not np.isfinite(least).any():
        return
    solved = np.where(np.isfinite(least), 1.0, np.nan)
    axes.contourf(x, y, solved.T, levels=[0.0, 2.0], colors=[WINDOW])
    for inside in margins:
        if (inside < 0.0).any():
            axes.contourf(x, y, inside.T, levels=[-2.0, 0.0], colors=[OUTSIDE])


def _mark_points(axes: Axes, view: View, met: Any, solved: Any) -> None:
    """Mark the points that were solved, full where all is met."""
    x, y = (axis.values for axis in view.axes)
    for chosen, face, name in ((met, "0.25", "met"), (solved & ~met, "none", "not met")):
        i, j = np.nonzero(chosen)
        axes.scatter(
            x[i], y[j], s=10, facecolors=face, edgecolors="0.25", linewidths=0.7, label=name
        )


def _lines(sweep: SweepResult, view: View) -> Figure:
    import matplotlib.pyplot as plt

    specs = sweep.specifications
    figure, panels = plt.subplots(
        len(specs),
        1,
        figsize=(7.5, 1.2 + 2.4 * len(specs)),
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    (axis,) = view.axes
    places = np.linspace(axis.values.min(), axis.values.max(), FINE)
    fine = np.union1d(places, axis.values)
    margins = [np.interp(fine, axis.values, inside) for _, inside in _margins(sweep, view)]
    inside = np.minimum.reduce(margins) >= 0.0
    for axes, spec in zip(panels[:, 0], specs, strict=True):
        table = sweep.output(spec.output)
        scale = scale_of(sweep, spec.output, spec)
        across = axes.get_xaxis_transform()
        axes.fill_between(fine, 0, 1, where=inside, color=WINDOW, lw=0, transform=across)
        draw_line(axes, view, view.of(table), scale, spec)
        text = f"{output_title(spec.output)} {spec_text(spec, scale)}"
        axes.set_title(text, fontsize=10)
        draw_scales(axes, view, horizontal=axes is panels[-1, 0])
    held = f", at {view.held}" if view.held else ""
    title = f"green: all specifications met{held}; red: specification"
    figure.suptitle(title, fontsize=9)
    if key := nominal_key(view):
        figure.legend(handles=key, loc="outside lower center", fontsize=9)
    return figure


def _points(sweep: SweepResult, view: View) -> Figure:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 6.0), layout="constrained")
    met = sweep.met()
    solved = np.logical_and.reduce(
        [np.isfinite(sweep.output(s.output)) for s in sweep.specifications]
    )
    x = view.axes[0].values
    y = view.axes[1].values if len(view.axes) > 1 else np.zeros_like(x)
    looks: tuple[tuple[Any, dict[str, Any], str], ...] = (
        (~solved, {"marker": "s", "facecolors": "none", "edgecolors": UNSOLVED}, "not solved"),
        (solved & ~met, {"marker": "x", "color": FAIL}, "not all met"),
        (met, {"marker": "o", "color": PASS}, "all specifications met"),
    )
    for chosen, look, label in looks:
        if chosen.any():
            axes.scatter(x[chosen], y[chosen], s=28, label=f"{label} ({chosen.sum()})", **look)
    mark_nominal(axes, view)
    draw_scales(axes, view)
    if len(view.axes) == 1:
        axes.set_yticks([])
    texts = [text for text, _ in _margins(sweep, view)]
    axes.set_title("\n".join(texts), fontsize=9)
    handles = [*axes.get_legend_handles_labels()[0], *nominal_key(view)]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=9)
    return figure
