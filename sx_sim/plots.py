"""Pictures of results and sweeps: each function returns a matplotlib figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from sx_sim.analysis.sweep import SweepResult
from sx_sim.cases.shifts import Tornado
from sx_sim.cases.uncertainties import Uncertainty
from sx_sim.flowsheet.results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DECADES = 12  # concentrations this many decades below the highest are left out
COLUMN_WIDTH = 9.5  # [inch]
LUMINANCE = (0.2126, 0.7152, 0.0722)  # weights of red, green, blue
DARK = 0.4
MOST_BARS = 14  # of a tornado
MOST_FACTORS = 6  # of an output
LEAST_SHARE = 0.005  # of a variance, to be worth a bar
MOST_NINES = 6  # purities of 99.9999 % and better look alike


def element_colours(elements: Iterable[str]) -> dict[str, tuple[float, ...]]:
    """Return a colour per element, from light (dark blue) to heavy (red)."""
    from matplotlib import colormaps

    names = list(elements)
    positions = np.linspace(0.0, 1.0, max(len(names), 2))
    return {
        name: colormaps["turbo"](0.05 + 0.9 * p) for name, p in zip(names, positions, strict=False)
    }


def _mark_sections(axes: Axes, result: Result) -> None:
    """Shade every other section and write the names along the top."""
    for k, section in enumerate(result.column.sections):
        low, high = section.first - 0.5, section.last + 0.5
        if k % 2:
            axes.axvspan(low, high, color="0.93", zorder=0)
        axes.annotate(
            section.name,
            ((low + high) / 2, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=9,
        )
    axes.set_xlim(0.5, result.column.stages + 0.5)


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
    marker = "o" if result.column.stages <= 12 else ""
    for axes, (phase, table) in zip(panels, tables.items(), strict=True):
        top = table.max()
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
    panels[1].set_xlabel("stage, in the direction of the solvent")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", fontsize=9)
    return figure


def acidity(result: Result) -> Figure:
    """Draw pH and loading along the stages; arguments and return as ``profiles``."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(COLUMN_WIDTH, 3.8), layout="constrained")
    loading = axes.twinx()
    (acid,) = axes.plot(result.stages.number, result.stages.pH, color="tab:blue", lw=1.8)
    (load,) = loading.plot(
        result.stages.number, 100 * result.stages.loading, color="tab:orange", lw=1.8
    )
    axes.set_xlabel("stage, in the direction of the solvent")
    axes.set_ylabel("pH", color=acid.get_color())
    loading.set_ylabel("loading of the extractant [%]", color=load.get_color())
    loading.set_ylim(0, 100)
    axes.grid(alpha=0.3)
    _mark_sections(axes, result)
    return figure


def products(result: Result) -> Figure:
    """Draw what each product's rare earths are, and where each rare earth ends.

    Arguments and return as ``profiles``.
    """
    import matplotlib.pyplot as plt

    rare = [e for e, r in zip(result.elements, result.system.rare_earth, strict=True) if r]
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
            color="white" if np.dot(colours[symbol][:3], LUMINANCE) < DARK else "black",
        )
        start += width
    left.set_xlabel("share of REO [%]")
    left.invert_yaxis()
    start = np.zeros(len(rare))
    for k, name in enumerate(names):
        height = np.nan_to_num([100 * result.recovery(e, name) for e in rare])
        right.bar(rare, height, bottom=start, label=name, color=f"C{k}")
        start += height
    right.set_ylabel("share of what is fed [%]")
    right.tick_params(axis="x", labelsize=8)
    right.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(names))
    return figure


def heat_maps(sweep: SweepResult, light: str | None = None, heavy: str | None = None) -> Figure:
    """Draw purity and recovery over the first two axes of a sweep.

    Parameters
    ----------
    sweep : SweepResult
        Of two axes or more; further axes are taken at their first value.
    light, heavy : str, optional
        The neighbours between which the column separates: the raffinate is to hold
        everything up to ``light``, the solvent everything from ``heavy``. Without them
        the middle of the series is used.

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    lighter, heavier = split_at(sweep.elements, light, heavy)
    extract = next(p for p in sweep.products if p != "raffinate")
    maps = {
        f"purity: {lighter[-1]} and lighter in raffinate": sweep.purity(lighter, "raffinate"),
        f"purity: {heavier[0]} and heavier in {extract}": sweep.purity(heavier, extract),
        f"recovery: {lighter[-1]} in raffinate": sweep.recovered(lighter[-1], "raffinate"),
        f"recovery: {heavier[0]} in {extract}": sweep.recovered(heavier[0], extract),
    }
    figure, panels = plt.subplots(
        2, 2, figsize=(COLUMN_WIDTH, 7.5), sharex=True, sharey=True, layout="constrained"
    )
    first, second = sweep.axes[:2]
    rest = (0,) * (len(sweep.axes) - 2)
    for axes, (title, table) in zip(panels.flat, maps.items(), strict=True):
        values = nines(table[(slice(None), slice(None), *rest)])
        axes.pcolormesh(
            first.values, second.values, values.T, vmin=0, vmax=MOST_NINES, shading="nearest"
        )
        axes.set_facecolor("0.8")  # points that failed
        axes.set_title(title, fontsize=10)
        axes.plot(*sweep.nominal[:2], marker="+", color="white", ms=12, mew=3)
        axes.plot(*sweep.nominal[:2], marker="+", color="black", ms=10, mew=1)
    for axes in panels[-1]:
        axes.set_xlabel(_axis_label(first.path, first.unit))
    for axes in panels[:, 0]:
        axes.set_ylabel(_axis_label(second.path, second.unit))
    bar = figure.colorbar(
        panels[0, 0].collections[0], ax=panels, ticks=range(MOST_NINES + 1), shrink=0.8
    )
    bar.ax.set_yticklabels(
        ["0 %", "90 %", *(f"99.{'9' * (k - 2)} %".replace("99. ", "99 ") for k in range(2, 7))]
    )
    return figure


def nines(share: np.ndarray) -> np.ndarray:
    """Return how many nines a share has: 1 for 90 %, 2 for 99 %, at most MOST_NINES."""
    return -np.log10(np.clip(1.0 - share, 10.0**-MOST_NINES, 1.0))


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
    lighter, heavier = split_at(sweep.elements, light, heavy)
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
    for axes, (label, bounds) in zip(panels, lines.items(), strict=True):
        for k, (name, (low, middle, high)) in enumerate(bounds.items()):
            axes.fill_between(band.values, 100 * low, 100 * high, color=f"C{k}", alpha=0.25, lw=0)
            axes.plot(band.values, 100 * middle, color=f"C{k}", label=name)
        axes.set_xlabel(_axis_label(band.path, unit))
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=9, loc="lower left")
    figure.suptitle("lines: nominal enthalpies; bands: one standard deviation", fontsize=9)
    return figure


def tornado(found: Tornado) -> Figure:
    """Draw what the usual shifts do to each purity, the largest on top.

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
    for axes, name, value, up, down in zip(
        panels[:, 0], found.measures, found.values, found.up, found.down, strict=True
    ):
        order = np.argsort(-np.nan_to_num(np.fmax(np.abs(up), np.abs(down))), kind="stable")[:count]
        places = np.arange(len(order))
        for effects, place, colour, label in (
            (up, places - 0.2, "tab:blue", "shifted as written"),
            (down, places + 0.2, "tab:orange", "shifted the other way"),
        ):
            axes.barh(place, 100 * effects[order], 0.38, color=colour, label=label)
        axes.set_yticks(places, [found.shifts[k].label for k in order])
        axes.invert_yaxis()
        axes.axvline(0.0, color="black", lw=0.8)
        axes.tick_params(axis="y", labelsize=9)
        axes.grid(axis="x", alpha=0.3)
        axes.set_axisbelow(True)
        axes.set_title(f"{name}: {100 * value:.8g} % of its REO", fontsize=10)
        axes.set_xlabel("change of the purity [percentage points]")
    panels[0, 0].legend(fontsize=9, loc="best")
    figure.suptitle("What a shift does to the purity; constants by one standard deviation")
    return figure


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
        axes.hist(unit * found.sampled[k], bins=24, color="tab:blue", alpha=0.6)
        low, _, high = unit * found.quantiles[k, 1:4]
        axes.axvspan(low, high, color="tab:blue", alpha=0.12, label="68 % of the sample")
        axes.axvline(unit * found.values[k], color="black", lw=1.5, label="constants as they are")
        axes.set_title(shortened(name), fontsize=10)
        axes.set_xlabel("%" if unit > 1 else "")
        axes.set_ylabel("points")
        if shared:
            _shares(panels[k, 1], found, k)
    panels[0, 0].legend(fontsize=8)
    return figure


def _shares(axes: Axes, found: Uncertainty, k: int) -> None:
    """Draw the share that the largest factors have in the variance of one output."""
    order = np.argsort(-found.total[k], kind="stable")[:MOST_FACTORS]
    order = order[found.total[k, order] > LEAST_SHARE]
    places = np.arange(len(order))
    axes.barh(places, found.total[k, order], 0.7, color="0.8", label="with others")
    first = np.clip(found.first_order[k, order], 0.0, None)
    axes.barh(places, first, 0.35, color="tab:blue", label="alone")
    axes.set_yticks(places, [found.factors[f].label for f in order], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, max(1.0, 1.05 * found.total[k, order].max(initial=0.0)))
    axes.set_xlabel("share of the variance")
    axes.legend(fontsize=8, loc="lower right")


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
        for k, (name, (_, low, middle, high, _)) in enumerate(bands.items()):
            axes.fill_between(stages, low, high, color=f"C{k}", alpha=0.25, lw=0)
            axes.plot(stages, middle, color=f"C{k}", label=name)
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    top = max(band.max() for band in rows[2][1].values())
    panels[2].set_yscale("log")
    panels[2].set_ylim(top * 1e-6, 2 * top)
    panels[2].legend(fontsize=9)
    panels[2].set_xlabel("stage, in the direction of the solvent")
    figure.suptitle("lines: median of the sample; bands: 68 % of it", fontsize=9)
    return figure


def shortened(name: str) -> str:
    """Return an output's name with runs of many elements abbreviated."""
    kind, _, rest = name.partition(".")
    joined, _, product = rest.partition(".")
    symbols = joined.split("+")
    words = joined if len(symbols) < 4 else f"{symbols[0]} to {symbols[-1]}"
    return f"{kind} of {words} in {product}" if product else f"{kind} of {joined}"


def split_at(
    elements: tuple[str, ...], light: str | None = None, heavy: str | None = None
) -> tuple[list[str], list[str]]:
    """Return the elements up to ``light`` and those from ``heavy`` on.

    Elements come in the order of extraction; without the two, the series is halved.
    """
    names = list(elements)
    last = names.index(light) if light else (len(names) - 1) // 2
    first = names.index(heavy) if heavy else min(last + 1, len(names) - 1)
    return names[: last + 1], names[first:]


def _axis_label(path: str, unit: str) -> str:
    words = path.replace("sections.", "").replace("feeds.", "").replace(".", " ").replace("_", " ")
    return f"{words} [{unit.replace('degC', '°C')}]" if unit else words
