"""Outputs of a sweep over its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sx_sim.errors import CaseError
from sx_sim.flowsheet.outputs import output_title
from sx_sim.plots.labels import (
    COLUMN_WIDTH,
    SHARES,
    Scale,
    cut_outputs,
    known_outputs,
    scale_of,
    spec_text,
)
from sx_sim.plots.panels import (
    FAIL,
    PASS,
    SPEC,
    UNSOLVED,
    draw_line,
    draw_map,
    draw_scales,
    draw_scatter,
    levels_of,
    nominal_key,
)
from sx_sim.plots.text import picture
from sx_sim.plots.views import View, inputs_of, view_of
from sx_sim.studies.sweep import Specification, SweepResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Drawn(NamedTuple):
    """A panel: its scale, its values, and what has the colours if anything has."""

    scale: Scale
    values: Any
    colours: Any


@picture
def heat_maps(
    sweep: SweepResult,
    light: str | None = None,
    heavy: str | None = None,
    *,
    outputs: Sequence[str] | None = None,
) -> Figure:
    """Draw what matters of a sweep over its first two dimensions.

    Parameters
    ----------
    sweep : SweepResult
        Of a grid, drawn as maps with contours; of one dimension, drawn as lines; or of a
        design, drawn as points. Further dimensions are held nearest to the operating point.
    light, heavy : str, optional
        The neighbours between which the column separates: the raffinate is to hold
        everything up to ``light``, the solvent everything from ``heavy``. Without them
        the middle of the series is used.
    outputs : sequence of str, optional
        Those to draw; without them the purities and recoveries on either side of the cut,
        and whatever the case specifies.

    Returns
    -------
    matplotlib.figure.Figure
        Red lines are the specifications of the case, crosses points that failed.

    Raises
    ------
    CaseError
        If there is no such output, or nothing to draw.
    """
    import matplotlib.pyplot as plt

    specs = _specifications(sweep)
    names = list(outputs or dict.fromkeys([*cut_outputs(sweep, light, heavy), *specs]))
    if not names:
        raise CaseError(f"nothing to draw; of this sweep there are {known_outputs(sweep)}")
    view = view_of(sweep)
    columns = min(2, len(names))
    rows = -(-len(names) // columns)
    height = {1: 5.2, 2: 7.8}.get(rows, 3.6 * rows)
    figure, panels = plt.subplots(
        rows,
        columns,
        figsize=(COLUMN_WIDTH, height),
        sharex=True,
        sharey=len(view.axes) > 1,
        squeeze=False,
        layout="constrained",
    )
    drawn = [
        _panel(axes, sweep, view, name, specs.get(name))
        for axes, name in zip(panels.flat, names, strict=False)
    ]
    _colour_bars(figure, panels, drawn)
    for k, axes in enumerate(panels.flat):
        if k >= len(names):
            axes.set_visible(False)
            continue
        low = k + columns >= len(names)
        axes.tick_params(axis="x", labelbottom=low)
        draw_scales(axes, view, horizontal=low, vertical=k % columns == 0)
    _finish(figure, view, [specs.get(name) for name in names], drawn)
    return figure


@picture
def sweep_plot(
    sweep: SweepResult,
    x: str | None,
    y: str | None = None,
    z: str | None = None,
    *,
    at: Mapping[str, float | str] | None = None,
    least: float | None = None,
    cut: tuple[str, str] | None = None,
) -> Figure:
    """Draw one output of a sweep against one input, or over two.

    Parameters
    ----------
    sweep : SweepResult
    x, y : str
        Paths of inputs; without ``y`` the output is drawn against ``x``.
    z : str, optional
        The output; without it the first that the case specifies, else the first purity of
        the cut.
    at : mapping, optional
        Values by path at which other inputs are held, instead of the operating point's.
    least : float, optional
        What the output has to reach, instead of what the case specifies.
    cut : tuple of str, optional
        Neighbours between which the column separates.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CaseError
        If there is no such input or output, or the inputs do not fit one another.
    """
    import matplotlib.pyplot as plt

    if x is None:
        raise CaseError(f"--x is missing; {inputs_of(sweep)}")
    view = view_of(sweep, x, y, at)
    specs = _specifications(sweep)
    name = z or _first_output(sweep, specs, cut)
    chosen = specs.get(name) if least is None else _asked(name, least)
    figure, axes = plt.subplots(figsize=(7.0, 5.0 if y else 4.2), layout="constrained")
    drawn = _panel(axes, sweep, view, name, chosen)
    _colour_bars(figure, np.array([[axes]]), [drawn])
    draw_scales(axes, view)
    if len(view.axes) == 1:
        unit = "" if drawn.scale.nines or not drawn.scale.unit else f" [{drawn.scale.unit}]"
        axes.set_ylabel(output_title(name) + unit)
    _finish(figure, view, [chosen], [drawn])
    return figure


def _first_output(
    sweep: SweepResult, specs: Mapping[str, Specification], cut: tuple[str, str] | None
) -> str:
    names = [*specs, *cut_outputs(sweep, *(cut or ()))]
    if not names:
        raise CaseError(f"--z is missing; of this sweep there are {known_outputs(sweep)}")
    return names[0]


def _asked(name: str, least: float) -> Specification:
    share = name.partition(".")[0] in SHARES or name == "loading"
    if not np.isfinite(least) or (share and not 0.0 < least < 1.0):
        right = "a share between 0 and 1, such as 0.999" if share else "a finite number"
        raise CaseError(f"--spec {least:g}: must be {right}, for '{name}'")
    return Specification(name, least)


def _specifications(sweep: SweepResult) -> dict[str, Specification]:
    """Return the specification of each output, several of one output as one."""
    found: dict[str, Specification] = {}
    for spec in sweep.specifications:
        before = found.get(spec.output, spec)
        found[spec.output] = Specification(
            spec.output, max(spec.least, before.least), min(spec.most, before.most)
        )
    return found


def values_of(sweep: SweepResult, name: str) -> Any:
    """Return an output at every point; if there is none, say what there is."""
    try:
        return np.asarray(sweep.output(name), dtype=float)
    except CaseError as error:
        there = f"there are {known_outputs(sweep)}"
        raise CaseError(f"--z: {'; '.join(error.problems)}. Of this sweep {there}") from None


def _panel(
    axes: Axes, sweep: SweepResult, view: View, name: str, spec: Specification | None
) -> Drawn:
    """Draw an output."""
    table = values_of(sweep, name)
    scale = scale_of(sweep, name, spec)
    draw = draw_scatter if view.scattered else (draw_line, draw_map)[len(view.axes) - 1]
    values = view.of(table)
    shown = draw(axes, view, values, scale, spec)
    title = output_title(name)
    axes.set_title(f"{title} ({spec_text(spec, scale)})" if spec else title, fontsize=10)
    return Drawn(scale, values, shown)


def _colour_bars(figure: Figure, panels: Any, drawn: Sequence[Drawn]) -> None:
    """Draw one bar for all panels if they share a scale of nines, else one for each."""
    if drawn[0].colours is None:
        return
    if all(one.scale == drawn[0].scale and one.scale.nines for one in drawn):
        shared = figure.colorbar(drawn[0].colours, ax=panels, shrink=0.8)
        shared.set_ticks(**drawn[0].scale.ticks())
        return
    for axes, (scale, values, shown) in zip(panels.flat, drawn, strict=False):
        bar = figure.colorbar(shown, ax=axes)
        if scale.nines:
            bar.set_ticks(**scale.ticks())
        else:
            bar.set_ticks(list(levels_of(scale, values)))
            bar.set_label(scale.unit)


def _finish(
    figure: Figure,
    view: View,
    specs: Sequence[Specification | None],
    drawn: Sequence[Drawn],
) -> None:
    """Say what is held, and what lines and marks are."""
    from matplotlib.lines import Line2D

    if view.held:
        figure.suptitle(f"at {view.held}", fontsize=9)
    key: list[Line2D] = []
    flat = view.scattered and len(view.axes) == 1
    if any(specs):
        if view.scattered:
            tints = (PASS, FAIL) if flat else ("0.3", "0.3")
            key += [
                Line2D([], [], ls="", marker="o", color=tints[0], label="meets its specification"),
                Line2D([], [], ls="", marker="x", color=tints[1], label="does not"),
            ]
        if not view.scattered or flat:
            key.append(Line2D([], [], color=SPEC, lw=2, label="specification"))
    if len(view.axes) > 1 and not view.scattered:
        key.append(Line2D([], [], color="black", lw=0.8, label="contours, at the ticks of the bar"))
    failed = any(not np.isfinite(one.values).all() for one in drawn)
    if failed and not flat:
        marker = "s" if view.scattered else "x"
        dot = Line2D([], [], ls="", marker=marker, mfc="none", color=UNSOLVED, label="not solved")
        key.append(dot)
    key += nominal_key(view)
    if key:
        figure.legend(handles=key, loc="outside lower center", ncols=len(key), fontsize=9)
