"""Lines with the bands of their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sx_sim.plots.colours import colour_of
from sx_sim.plots.labels import COLUMN_WIDTH, path_label, split_at
from sx_sim.plots.text import picture
from sx_sim.studies.sweep import SweepResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@picture
def temperature_band(
    sweep: SweepResult, light: str | None = None, heavy: str | None = None
) -> Figure:
    """Draw purity and recovery against temperature with the enthalpies' error band.

    Parameters and return as ``heat_maps``; other inputs are the case's own.
    """
    import matplotlib.pyplot as plt

    band = sweep.band
    if band is None:
        raise ValueError("this sweep has no band: none of its axes is a temperature")
    lighter, heavier = split_at(sweep.rare_earths, light, heavy)
    unit = next(axis.unit for axis in sweep.axes if axis.path == band.path)
    extract = next(p for p in sweep.products if p != "raffinate")
    figure, panels = plt.subplots(
        1, 2, figsize=(COLUMN_WIDTH, 3.8), sharex=True, layout="constrained"
    )
    lines = {
        "purity, REO [%]": {
            f"{lighter[-1]} and lighter in raffinate": band.purity(lighter, "raffinate"),
            f"{heavier[0]} and heavier in {extract}": band.purity(heavier, extract),
        },
        "recovery [%]": {
            f"{lighter[-1]} in raffinate": band.recovered(lighter[-1], "raffinate"),
            f"{heavier[0]} in {extract}": band.recovered(heavier[0], extract),
        },
    }
    colours = [colour_of(lighter[-1]), colour_of(heavier[0])]
    for axes, (label, bounds) in zip(panels, lines.items(), strict=True):
        for colour, (name, (low, middle, high)) in zip(colours, bounds.items(), strict=True):
            axes.fill_between(band.values, 100 * low, 100 * high, color=colour, alpha=0.25, lw=0)
            axes.plot(band.values, 100 * middle, color=colour, label=name)
        axes.set_xlabel(path_label(band.path, unit))
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    figure.suptitle("lines: nominal enthalpies; bands: one standard deviation", fontsize=9)
    return figure
