"""Errors of constants: distributions of outputs, Sobol indices, bands along the stages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from sx_sim.flowsheet.outputs import output_title
from sx_sim.plots.colours import colour_of
from sx_sim.plots.labels import COLUMN_WIDTH
from sx_sim.plots.text import picture
from sx_sim.studies.uncertainty import Uncertainty

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_FACTORS = 6  # of an output
SPREAD = 1e-9  # of an output, below which it has one bin: its last digits are no spread
LEAST_SHARE = 0.005  # of a variance, to be worth a bar


@picture
def uncertainty(found: Uncertainty) -> Figure:
    """Draw how each output scatters with the errors of the constants, and whose fault it is.

    Parameters
    ----------
    found : Uncertainty

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    shared = np.isfinite(found.total).all()
    figure, panels = plt.subplots(
        len(found.outputs),
        2 if shared else 1,
        figsize=(COLUMN_WIDTH, 2.5 * len(found.outputs) + 0.6),
        layout="constrained",
        squeeze=False,
    )
    for k, name in enumerate(found.outputs):
        axes = panels[k, 0]
        unit = 100.0 if name.startswith(("purity", "recovery")) else 1.0
        values = unit * found.sampled[k]
        spread = np.ptp(values) > SPREAD * np.abs(values).max()
        axes.hist(values, bins=24 if spread else 1, color="tab:blue", alpha=0.6)
        low, _, high = unit * found.quantiles[k, 1:4]
        axes.axvspan(low, high, color="tab:blue", alpha=0.12, label="68 % of the sample")
        axes.axvline(unit * found.values[k], color="black", lw=1.5, label="constants as they are")
        axes.set_title(output_title(name), fontsize=10)
        axes.set_xlabel("%" if unit > 1 else "")
        axes.set_ylabel("points")
        if shared:
            _shares(panels[k, 1], found, k)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=8)
    return figure


def _shares(axes: Axes, found: Uncertainty, k: int) -> None:
    """Draw the share that the largest factors have in the variance of one output."""
    order = np.argsort(-found.total[k], kind="stable")[:MOST_FACTORS]
    order = order[found.total[k, order] > LEAST_SHARE]
    places = np.arange(len(order))
    axes.barh(places, found.total[k, order], 0.7, color="0.8", label="with others")
    first = np.clip(found.first_order[k, order], 0.0, None)
    axes.barh(places, first, 0.35, color="tab:blue", label="alone")
    axes.set_yticks(places, [found.factors[f].name for f in order], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, max(1.0, 1.05 * found.total[k, order].max(initial=0.0)))
    axes.set_xlabel("share of the variance")
    axes.legend(fontsize=8, loc="lower right")


@picture
def profile_bands(found: Uncertainty, elements: Iterable[str] | None = None) -> Figure:
    """Draw pH, loading and concentrations along the stages with the band of their errors.

    Parameters
    ----------
    found : Uncertainty
    elements : iterable of str, optional
        Of the concentrations; those around the middle of the outputs asked for, if not given.

    Returns
    -------
    matplotlib.figure.Figure
        Lines are medians of the sample, bands hold 68 % of it.
    """
    import matplotlib.pyplot as plt

    named = {
        s for o in found.outputs if o.startswith("recovery") for s in o.split(".")[1].split("+")
    }
    rare = found.sample.recorded.elements
    chosen = list(elements) if elements else [s for s in rare if s in named] or list(rare[:4])
    figure, panels = plt.subplots(
        3, 1, figsize=(COLUMN_WIDTH, 8.5), sharex=True, layout="constrained"
    )
    stages = np.arange(1, found.sample.recorded.stages + 1)
    rows = [
        ("pH", {"pH": found.profile("stage_pH")}),
        ("loading [%]", {"loading": 100 * found.profile("stage_loading")}),
        ("aqueous [mol/L]", {s: found.profile("stage_aqueous", s) for s in chosen}),
    ]
    for axes, (label, bands) in zip(panels, rows, strict=True):
        for name, (_, low, middle, high, _) in bands.items():
            colour = colour_of(name) if name in rare else "tab:blue"
            axes.fill_between(stages, low, high, color=colour, alpha=0.25, lw=0)
            axes.plot(stages, middle, color=colour, label=name)
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    top = max(band.max() for band in rows[2][1].values())
    panels[2].set_yscale("log")
    panels[2].set_ylim(top * 1e-6, 2 * top)
    figure.legend(*panels[2].get_legend_handles_labels(), loc="outside right center", fontsize=9)
    panels[2].set_xlabel("stage, in the direction of the solvent")
    figure.suptitle("lines: median of the sample; bands: 68 % of it", fontsize=9)
    return figure
