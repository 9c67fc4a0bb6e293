"""Profiles across a whole train, all circuits side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sx_sim.flowsheet.result import Result
from sx_sim.plots.colours import element_colours
from sx_sim.plots.labels import DECADES
from sx_sim.plots.text import picture
from sx_sim.plots.trees import series_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST_WIDTH, MOST_WIDTH = 9.5, 24.0  # [inch]
STAGES_PER_INCH = 45.0
APART = 6  # stages between circuits


@picture
def train_profiles(train: Result) -> Figure:
    """Draw every rare earth along the stages of all circuits, both phases.

    Parameters
    ----------
    train : Result

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Circuits stand in the order they are solved in, each in the direction of its solvent;
    dotted lines part their sections.
    """
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    colours = element_colours(series_of(train))
    width = float(np.clip(train.flowsheet.stages / STAGES_PER_INCH + 1.5, LEAST_WIDTH, MOST_WIDTH))
    figure, panels = plt.subplots(2, 1, figsize=(width, 7.5), sharex=True, layout="constrained")
    for axes, phase in zip(panels, ("aqueous", "organic"), strict=True):
        top = _lines(axes, train, phase, colours)
        axes.set_yscale("log")
        axes.set_ylim(top * 10.0**-DECADES, top * 5)
        axes.set_ylabel(f"{phase} [mol/L]")
        axes.grid(axis="y", alpha=0.3)
    _mark(panels[0], train, named=True)
    _mark(panels[1], train, named=False)
    panels[1].set_xlabel("stages of all circuits, each in the direction of its solvent")
    panels[1].set_xticks([])
    handles = [Line2D([], [], color=c, lw=2) for c in colours.values()]
    figure.legend(handles, list(colours), loc="outside right center", fontsize=9)
    return figure


def _starts(train: Result) -> dict[str, int]:
    """Return where each circuit begins."""
    found, start = {}, 0
    for name, unit in train.units.items():
        found[name] = start
        start += unit.column.stages + APART
    return found


def _lines(axes: Axes, train: Result, phase: str, colours: dict[str, str]) -> float:
    """Draw the profiles of a phase; return the highest concentration."""
    starts, top = _starts(train), 0.0
    for name, result in train.units.items():
        table = getattr(result.stages, phase)
        top = max(top, float(table[:, result.system.rare_earth].max()))
        for symbol in (s for s in result.elements if s in colours):
            values = table[:, result.system.index(symbol)]
            shown = np.where(values > 0.0, values, np.nan)
            axes.plot(starts[name] + result.stages.number, shown, color=colours[symbol], lw=1.4)
    return top


def _mark(axes: Axes, train: Result, *, named: bool) -> None:
    """Shade every other circuit, part its sections, and write names along the top."""
    starts = _starts(train)
    for k, (name, unit) in enumerate(train.units.items()):
        column = unit.column
        low, high = starts[name] + 0.5 - APART / 2, starts[name] + column.stages + 0.5 + APART / 2
        if k % 2:
            axes.axvspan(low, high, color="0.93", zorder=0)
        for section in column.sections[1:]:
            axes.axvline(starts[name] + section.first - 0.5, color="0.6", ls=":", lw=0.8)
        if named:
            axes.annotate(
                name,
                ((low + high) / 2, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 4),
                textcoords="offset points",
                ha="left",
                rotation=35,
                fontsize=9,
            )
    whole = train.flowsheet.stages + APART * (len(starts) - 1)
    axes.set_xlim(0.5 - APART / 2, whole + 0.5 + APART / 2)
