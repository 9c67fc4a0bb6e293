"""Lines with the bands of their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sx_sim.plots.colours import colour_of
from sx_sim.plots.labels import COLUMN_WIDTH, path_label, split_at
from sx_sim.plots.text import picture
from sx_sim.studies.band import bounds
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
    heated = band.axes[0]
    extract = next(p for p in sweep.products if p != "raffinate")
    figure, panels = plt.subplots(
        1, 2, figsize=(COLUMN_WIDTH, 3.8), sharex=True, layout="constrained"
    )
    lines = {
        "purity, REO [%]": {
            f"{lighter[-1]} and lighter in raffinate": f"purity.{'+'.join(lighter)}.raffinate",
            f"{heavier[0]} and heavier in {extract}": f"purity.{'+'.join(heavier)}.{extract}",
        },
        "recovery [%]": {
            f"{lighter[-1]} in raffinate": f"recovery.{lighter[-1]}.raffinate",
            f"{heavier[0]} in {extract}": f"recovery.{heavier[0]}.{extract}",
        },
    }
    colours = [colour_of(lighter[-1]), colour_of(heavier[0])]
    for axes, (label, outputs) in zip(panels, lines.items(), strict=True):
        for colour, (name, output) in zip(colours, outputs.items(), strict=True):
            low, middle, high = 100 * bounds(band, output)
            axes.fill_between(heated.values, low, high, color=colour, alpha=0.25, lw=0)
            axes.plot(heated.values, middle, color=colour, label=name)
        axes.set_xlabel(path_label(heated.path, heated.unit))
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    figure.suptitle("lines: nominal enthalpies; bands: one standard deviation", fontsize=9)
    return figure
