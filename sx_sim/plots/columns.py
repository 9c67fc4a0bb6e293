"""Pictures of one result: what is in every stage, and what leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from sx_sim.cascade.profile import PROFILES
from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import ALONE
from sx_sim.flowsheet.result import Result
from sx_sim.plots.colours import colour_of, element_colours
from sx_sim.plots.labels import COLUMN_WIDTH, DECADES
from sx_sim.plots.text import picture
from sx_sim.plots.trains import train_profiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LUMINANCE = (0.2126, 0.7152, 0.0722)  # weights of red, green, blue
DARK = 0.4
FEW_STAGES = 12  # each with a marker
STAGE_LABEL = "stage, in the direction of the solvent"

PHASES = ("aqueous", "organic")


def _spans(result: Result) -> Iterator[tuple[str, int, int]]:
    """Yield name, first and last stage of every section, or of every circuit of a train."""
    if ALONE in result.units:
        for section in result.column.sections:
            yield section.name, section.first, section.last
        return
    first = 1
    for name, unit in result.units.items():
        yield name, first, first + unit.column.stages - 1
        first += unit.column.stages


def _mark_sections(axes: Axes, result: Result) -> None:
    """Shade every other section, or circuit of a train, and write the names along the top."""
    shade_spans(axes, _spans(result), ALONE not in result.units)
    axes.set_xlim(0.5, result.flowsheet.stages + 0.5)


def shade_spans(axes: Axes, spans: Iterable[tuple[str, int, int]], train: bool) -> None:
    """Shade every other span of stages (name, first, last), and write the names along the top."""
    for k, (name, first, last) in enumerate(spans):
        low, high = first - 0.5, last + 0.5
        if k % 2:
            axes.axvspan(low, high, color="0.93", zorder=0)
        axes.annotate(
            name,
            ((low + high) / 2, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="left" if train else "center",
            rotation=35 if train else 0,
            fontsize=9,
        )


@picture
def profiles(result: Result) -> Figure:
    """Draw the concentration of every species along the stages, both phases.

    Parameters
    ----------
    result : Result

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    colours = element_colours(result.elements)
    figure, panels = plt.subplots(
        2, 1, figsize=(COLUMN_WIDTH, 7.5), sharex=True, layout="constrained"
    )
    tables = {"aqueous": result.stages.aqueous, "organic": result.stages.organic}
    marker = "o" if result.column.stages <= FEW_STAGES else ""
    for axes, (phase, table) in zip(panels, tables.items(), strict=True):
        top = table.max(initial=0.0) or 1.0
        for i, symbol in enumerate(result.elements):
            values = np.where(table[:, i] > top * 10.0**-DECADES, table[:, i], np.nan)
            style = "-" if result.system.rare_earth[i] else ":"
            axes.plot(
                result.stages.number,
                values,
                style,
                marker=marker,
                color=colours[symbol],
                label=symbol,
                lw=1.6,
            )
        axes.set_yscale("log")
        axes.set_ylim(top * 10.0**-DECADES, top * 5)
        axes.set_ylabel(f"{phase} [mol/L]")
        axes.grid(alpha=0.3)
        _mark_sections(axes, result)
    panels[1].set_xlabel(STAGE_LABEL)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", fontsize=9)
    return figure


@picture
def acidity(result: Result) -> Figure:
    """Draw pH and loading along the stages; arguments and return as ``profiles``."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(COLUMN_WIDTH, 3.8), layout="constrained")
    loading = axes.twinx()
    (acid,) = axes.plot(result.stages.number, result.stages.pH, color="tab:blue", lw=1.8)
    (load,) = loading.plot(
        result.stages.number, 100 * result.stages.loading, color="tab:orange", lw=1.8
    )
    axes.set_xlabel(STAGE_LABEL)
    axes.set_ylabel("pH", color=acid.get_color())
    known = "not known" if np.isnan(result.stages.loading).all() else "[%]"
    loading.set_ylabel(f"loading of the extractant {known}", color=load.get_color())
    loading.set_ylim(0, 100)
    axes.grid(alpha=0.3)
    _mark_sections(axes, result)
    return figure


@picture
def products(result: Result) -> Figure:
    """Draw what each product's rare earths are, and where each of them ends, or each species.

    Arguments and return as ``profiles``.
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import to_rgb

    rare = result.system.rare_earths
    ends = rare or result.elements
    colours = element_colours(result.elements)
    names = list(result.streams)
    figure, (left, right) = plt.subplots(1, 2, figsize=(COLUMN_WIDTH, 4.2), layout="constrained")
    shares = np.array([[result.purity(e, name) for e in rare] for name in names])
    start = np.zeros(len(names))
    for e, symbol in enumerate(rare):
        width = np.nan_to_num(100 * shares[:, e])
        bars = left.barh(names, width, left=start, color=colours[symbol], label=symbol)
        left.bar_label(
            bars,
            [symbol if w > 5 else "" for w in width],
            label_type="center",
            fontsize=8,
            color="white" if np.dot(to_rgb(colours[symbol]), LUMINANCE) < DARK else "black",
        )
        start += width
    left.set_xlabel("share of REO [%]")
    left.invert_yaxis()
    left.set_visible(bool(rare))
    start = np.zeros(len(ends))
    for k, name in enumerate(names):
        height = np.nan_to_num([100 * result.recovery(e, name) for e in ends])
        right.bar(ends, height, bottom=start, label=name, color=f"C{k}")
        start += height
    right.set_ylabel("share of what is fed [%]")
    right.tick_params(axis="x", labelsize=8)
    right.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(names))
    return figure


@picture
def stage_plot(result: Result, x: str = "stage", z: str | None = None) -> Figure:
    """Draw one quantity along the stages.

    Parameters
    ----------
    result : Result
    x : str
        Must be ``stage``.
    z : str, optional
        A quantity of the stages such as ``pH``, ``loading`` or ``aqueous.Dy``; without it
        the concentrations in both phases, as ``profiles`` does.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CaseError
        If there is no such quantity, or it is not known.
    """
    import matplotlib.pyplot as plt

    if x != "stage":
        raise CaseError(f"--x: '{x}' is no input of a run; it has --x stage")
    if z is None:
        return profiles(result) if ALONE in result.units else train_profiles(result)
    values, label = _along_stages(result, z)
    figure, axes = plt.subplots(figsize=(COLUMN_WIDTH, 3.8), layout="constrained")
    marker = "o" if len(values) <= FEW_STAGES else ""
    phase, _, symbol = z.partition(".")
    colour = colour_of(symbol) if phase in PHASES else "tab:blue"
    axes.plot(1 + np.arange(len(values)), values, marker=marker, lw=1.8, color=colour)
    if phase in PHASES:
        axes.set_yscale("log")
        most = float(np.nanmax(values))
        axes.set_ylim(max(float(np.nanmin(values)), most * 10.0**-DECADES), 5 * most)
    axes.set_xlabel(STAGE_LABEL)
    axes.set_ylabel(label)
    axes.grid(alpha=0.3)
    _mark_sections(axes, result)
    return figure


def _along_stages(result: Result, z: str) -> tuple[np.ndarray, str]:
    """Return a quantity of the stages and its label."""
    phase, _, symbol = z.partition(".")
    if phase in PHASES and symbol in result.elements:
        table = result.profile(phase)
        return table[:, result.elements.index(symbol)], f"{symbol}, {phase} [mol/L]"
    numbers = [name for name in PROFILES if name not in PHASES]
    if z not in numbers:
        raise CaseError(
            f"--z: a stage has no '{z}'; it has {', '.join(numbers)}, aqueous.ELEMENT and "
            f"organic.ELEMENT of {', '.join(result.elements)}"
        )
    values = result.profile(z)
    if np.isnan(values).all():
        raise CaseError(f"--z: the {z} of this result is not known at any stage")
    unit, long_name = PROFILES[z]
    shown = {
        "loading": (100 * values, "loading of the extractant [%]"),
        "temperature": (values - 273.15, "temperature [°C]"),
        "pH": (values, "pH"),
    }
    return shown.get(z, (values, f"{long_name} [{unit}]"))
