"""Bars of what shifts do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sx_sim.plots.labels import COLUMN_WIDTH
from sx_sim.plots.text import picture
from sx_sim.studies.tornado import Tornado, no_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OF = {"purity": " % of its REO", "recovery": " % of what is fed", "pH": ""}
MOST_BARS = 14  # of a tornado


@picture
def tornado(found: Tornado) -> Figure:
    """Draw what the usual shifts do to each measure of the products, the largest on top.

    Parameters
    ----------
    found : Tornado

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    count = min(MOST_BARS, len(found.shifts))
    figure, panels = plt.subplots(
        len(found.measures),
        1,
        figsize=(COLUMN_WIDTH, (1.4 + 0.24 * count) * len(found.measures) + 0.6),
        layout="constrained",
        squeeze=False,
    )
    looks = ((-0.2, "tab:blue", "shifted as written"), (0.2, "tab:orange", "shifted the other way"))
    for m, (axes, name, value) in enumerate(
        zip(panels[:, 0], found.measures, found.values, strict=True)
    ):
        order = np.argsort(-found.largest[m], kind="stable")[:count]
        places = np.arange(len(order))
        for (effects, _), (aside, colour, label) in zip(found.ways, looks, strict=True):
            shown = found.factor * np.nan_to_num(effects[m, order])
            axes.barh(places + aside, shown, 0.38, color=colour, label=label)
        left, right = axes.get_xlim()
        for (effects, solved), (aside, colour, _) in zip(found.ways, looks, strict=True):
            for place, k in enumerate(order):
                reason = no_number(effects[m, k], bool(solved[k]))
                _in_words(axes, reason, place + aside, colour, rightwards=right > -left)
        axes.set_yticks(places, [found.shifts[k].label for k in order])
        axes.invert_yaxis()
        axes.axvline(0.0, color="black", lw=0.8)
        axes.tick_params(axis="y", labelsize=9)
        axes.grid(axis="x", alpha=0.3)
        axes.set_axisbelow(True)
        axes.set_title(f"{name}: {found.factor * value:.8g}{OF[found.kind]}", fontsize=10)
        axes.set_xlabel(f"change of the {found.kind} [{found.unit}]")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9)
    figure.suptitle(f"What a shift does to the {found.kind}; constants by one standard deviation")
    return figure


def _in_words(axes: Axes, text: str, place: float, colour: str, *, rightwards: bool) -> None:
    """Write at the line of no change why there is no bar."""
    axes.annotate(
        text,
        (0.0, place),
        xytext=(4 if rightwards else -4, 0),
        textcoords="offset points",
        ha="left" if rightwards else "right",
        va="center",
        fontsize=8,
        color=colour,
    )
