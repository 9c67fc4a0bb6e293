"""Pictures of fits: measured against predicted, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sx_sim.fitting import Fit, Isotherms
from sx_sim.plots.colours import element_colours
from sx_sim.plots.text import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "osD^vPX<>*"
FACTOR = np.log10(1.5)


@picture
def parity(fit: Fit) -> Figure:
    """Draw predicted against measured D, a colour per element and a marker per laboratory.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 6.0), layout="constrained")
    draw_parity(axes, fit.data, fit.log10_d)
    return figure


def draw_parity(axes: Axes, data: Isotherms, predicted: NDArray[np.float64]) -> None:
    """Draw predicted against measured D into axes."""
    _points(axes, data, 10**data.log10_d, 10**predicted)
    both = 10 ** np.array([data.log10_d.min(), data.log10_d.max()])
    span = np.array([both[0] / 2, both[1] * 2])
    axes.plot(span, span, "k-", lw=1)
    for factor in (10**FACTOR, 10**-FACTOR):
        axes.plot(span, span * factor, "k:", lw=0.8)
    axes.set(xscale="log", yscale="log", xlim=span, ylim=span)
    axes.set_xlabel("D, measured")
    axes.set_ylabel("D, predicted (dotted: a factor of 1.5)")
    _legends(axes, data)


@picture
def residuals(fit: Fit) -> Figure:
    """Draw the residuals against acidity, free extractant, anions and extracted share.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    data, unknowns = fit.data, fit.model.predict(fit.values).found.unknowns[fit.data.contact]
    d = 10**data.log10_d * data.oa[data.contact]
    variables = {
        "[H+] at equilibrium [mol/L]": np.exp(unknowns[:, 0]),
        "free dimer [mol/L]": np.exp(unknowns[:, 1]),
        "strong anions [mol/L]": data.anion[data.contact],
        "share extracted": d / (1 + d),
    }
    figure, panels = plt.subplots(2, 2, figsize=(10, 7.4), sharey=True, layout="constrained")
    for axes, (name, values) in zip(panels.flat, variables.items(), strict=True):
        _points(axes, data, values, fit.residuals)
        axes.axhline(0, color="k", lw=1)
        axes.set_xlabel(name)
        if values.max() > 5 * values.min():
            axes.set_xscale("log")
    for axes in panels[:, 0]:
        axes.set_ylabel("predicted less measured log10 D")
    _legends(panels[0, 1], data, outside=True)
    return figure


def _points(axes: Axes, data: Isotherms, x: NDArray, y: NDArray) -> None:
    colours = element_colours(data.elements)
    for k, laboratory in enumerate(_laboratories(data)):
        for symbol in data.elements:
            chosen = (data.laboratory == laboratory) & (
                np.array(data.elements)[data.element] == symbol
            )
            axes.plot(
                x[chosen],
                y[chosen],
                MARKERS[k % len(MARKERS)],
                color=colours[symbol],
                ms=4.5,
                mew=0.4,
                mec="k",
                alpha=0.85,
            )


def _laboratories(data: Isotherms) -> list[str]:
    return list(dict.fromkeys(data.laboratory.tolist()))


def _legends(axes: Axes, data: Isotherms, outside: bool = False) -> None:
    """Name elements by colour and laboratories by marker."""
    from matplotlib.lines import Line2D

    colours = element_colours(data.elements)
    handles = [
        Line2D([], [], ls="", marker="o", color=colours[s], label=s, ms=6) for s in data.elements
    ]
    handles += [
        Line2D([], [], ls="", marker=MARKERS[k % len(MARKERS)], color="0.5", label=lab, ms=6)
        for k, lab in enumerate(_laboratories(data))
    ]
    if outside:
        axes.legend(
            handles=handles, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False
        )
    else:
        axes.legend(handles=handles, fontsize=8)
