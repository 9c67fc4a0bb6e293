"""Pictures of a plant over time: products, stages, inputs, and what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sx_sim.cases.inputs import number_now, number_of
from sx_sim.chemistry.elements import ACID, is_rare_earth
from sx_sim.dynamics.record import SimulationResult
from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import ALONE
from sx_sim.flowsheet.outputs import element_sum, output_title, split_output
from sx_sim.flowsheet.quantities import BY_KIND
from sx_sim.output_files import check_output, write_output
from sx_sim.plots.colours import colour_of, element_colours
from sx_sim.plots.columns import FEW_STAGES, STAGE_LABEL, shade_spans
from sx_sim.plots.labels import (
    COLUMN_WIDTH,
    DECADES,
    MOST_NINES,
    ONE_NINE,
    SHARES,
    Scale,
    nines,
    nines_at,
    path_label,
    room,
    spec_text,
)
from sx_sim.plots.panels import MAP, PASS, SPEC, mark_bounds, value_axis
from sx_sim.plots.text import picture
from sx_sim.plots.windows import WINDOW
from sx_sim.studies.inputs import input_of
from sx_sim.studies.sweep import Specification
from sx_sim.units import convert

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL import Image

Array = NDArray[np.float64]
LONG = 200.0  # hours beyond which time is in days
CARRIED = 1e-6  # of all rare earths that leave, below which a product is not drawn
FEW_PANELS = 3  # below one another, more stand in two columns
FEW_EVENTS = 6  # each in words
CLOSE = 0.025  # of the time, events closer than that are marked together
MOST_MAPS = 4  # elements
MOST_IMPURITIES = 6  # of a product
MAP_DECADES = 6  # concentrations this many decades below the highest have the lowest colour
FINEST_SHARE = 1e-3  # of rare earths, below which one is not drawn on a linear scale
STILL = 1e-9  # of an input, by which it may differ and has not moved
MOST_FRAMES = 120
FRAME = 0.1  # for which a frame is shown [s]
MAP_TIMES = 600  # at which a map has colours
NAME = 0.15  # height that the name of a section takes [inch]
STAGES_OF_ALL = "stages of all circuits, each in the direction of its solvent"
EXTEND = {  # which ends of a colour scale values lie beyond
    (False, False): "neither",
    (True, False): "min",
    (False, True): "max",
    (True, True): "both",
}
STAGES_PER_INCH = 65.0  # of a frame of a train
WIDTHS = (8.0, 14.0)  # of a frame [inch]
RESOLUTION = 80  # of a frame [dots per inch]
TINTS = 256  # of all frames
MEASURED, OUTPUT = "tab:blue", "tab:orange"
EVENT: dict[str, Any] = {"color": "0.4", "lw": 0.8, "ls": "--"}
RAMP: dict[str, Any] = {"color": "black", "alpha": 0.08, "lw": 0, "zorder": 0.5}
PURITY, IMPURITY = 4.0, 1.2  # widths of lines [pt]
OUTER = 0.5  # per cent of a map at either end that may be off its scale of pH


class _Clock(NamedTuple):
    """The unit that time has in a picture, and the hours in it."""

    unit: str
    hours: float

    @classmethod
    def of(cls, result: SimulationResult) -> _Clock:
        """Return hours, or days where it takes long."""
        return cls("d", 24.0) if result.time[-1] > LONG else cls("h", 1.0)


class _Mark(NamedTuple):
    """Events that begin at one time: when, when the last of them is over, and what they do."""

    at: float
    end: float
    text: str


@picture
def transient_products(result: SimulationResult) -> Figure:
    """Draw how pure products are over time, and which elements they are not yet rid of.

    Parameters
    ----------
    result : SimulationResult

    Returns
    -------
    matplotlib.figure.Figure
        Of every product with rare earths the purity that is specified, else that of the
        element of which it has most at the end, with the share of each impurity; without rare
        earths the concentrations. Whatever else is specified has a panel of its own. Green is
        where all specifications are met.

    Raises
    ------
    CaseError
        If neither purities nor concentrations are recorded.
    """
    specs = _specifications(result)
    rare = [symbol for symbol in result.species if is_rare_earth(symbol)]
    names = _purities_drawn(result, specs) if rare else _products_drawn(result)
    others = [name for name in specs if name not in names]
    count = len(names) + len(others)
    rows = [1] * count if count <= FEW_PANELS else [2] * (count // 2) + [1] * (count % 2)
    figure, panels = _panels(result, rows)
    shown: list[str] = []
    for axes, name in zip(panels, names, strict=False):
        shown += _purity(axes, result, name, specs) if rare else _contents(axes, result, name)
    for axes, name in zip(panels[len(names) :], others, strict=True):
        _number(axes, result, name, specs[name])
    for axes in panels:
        _where_met(axes, result)
    _mark_events(figure, result, panels, rows)
    _element_key(figure, [symbol for symbol in result.species if symbol in shown])
    _products_key(figure, result, panels)
    return figure


@picture
def transient_maps(result: SimulationResult, elements: Iterable[str] | None = None) -> Figure:
    """Draw pH and concentrations in the water of all stages over time.

    Parameters
    ----------
    result : SimulationResult
    elements : iterable of str, optional
        Those to draw; without them the neighbours of the cut, then those of which the plant
        has most, four in all.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CaseError
        If there is no such element.
    """
    chosen = list(elements) if elements is not None else _of_interest(result)
    unknown = [symbol for symbol in chosen if symbol not in result.species]
    if unknown:
        there = ", ".join(result.species)
        raise CaseError(f"no '{unknown[0]}' in this simulation; there are {there}")
    rows = [1] * (1 + len(chosen))
    figure, panels = _panels(result, rows, height=_map_height(result))
    _map(figure, panels[0], result, result.stages["pH"], "pH")
    for axes, symbol in zip(panels[1:], chosen, strict=True):
        values = result.stages["aqueous"][:, :, result.species.index(symbol)]
        _map(figure, axes, result, values, f"{symbol} [mol/L]", logarithmic=True)
    train = ALONE not in result.case.flowsheet.circuits
    figure.supylabel(STAGES_OF_ALL if train else STAGE_LABEL, fontsize=10)
    _mark_events(figure, result, panels, rows, over=True)
    return figure


@picture
def transient_inputs(result: SimulationResult) -> Figure:
    """Draw the inputs that moved, and what controllers measured and did.

    Parameters
    ----------
    result : SimulationResult

    Returns
    -------
    matplotlib.figure.Figure
        Inputs in the units of the case; of every controller what it measures with its set
        point, and beside it what it adjusts within its limits.

    Raises
    ------
    CaseError
        If no input moved and there are no controllers.
    """
    from matplotlib.lines import Line2D

    loops = _controllers(result)
    adjusted = [loop.adjust for loop in loops]
    moved = [
        path
        for path, values in result.inputs.items()
        if path not in adjusted and np.ptp(values) > STILL * np.abs(values).max()
    ]
    if not moved and not loops:
        raise CaseError("nothing to draw: no input moved, and there are no controllers")
    free = [2] * (len(moved) // 2) + [1] * (len(moved) % 2)
    rows = [*free, *[2] * len(loops)]
    figure, panels = _panels(result, rows, height=2.3)
    clock = _Clock.of(result)
    for axes, path in zip(panels, moved, strict=False):
        times, values = _course(result, path)
        drawn, unit = _in_case_units(result, path, values)
        axes.plot(times / clock.hours, drawn, color="black", lw=1.6)
        axes.set_title(path_label(path, ""), fontsize=10)
        axes.set_ylabel(_unit_text(unit))
    for k, loop in enumerate(loops):
        left, right = panels[len(moved) + 2 * k : len(moved) + 2 * k + 2]
        _measured(left, result, loop)
        _output(right, result, loop)
    for axes in panels:
        axes.grid(alpha=0.3)
    _mark_events(figure, result, panels, rows)
    if loops:
        key = [
            Line2D([], [], color=MEASURED, lw=1.6, label="measured"),
            Line2D([], [], color="black", lw=1.2, ls="--", label="set point"),
            Line2D([], [], color=OUTPUT, lw=1.6, label="adjusted"),
            Line2D([], [], color="0.5", lw=1.2, ls=":", label="its limits"),
        ]
        figure.legend(handles=key, loc="outside lower center", ncols=4, fontsize=9)
    return figure


@picture
def transient_inventory(result: SimulationResult) -> Figure:
    """Draw what the plant holds of every rare earth over time.

    Parameters
    ----------
    result : SimulationResult

    Returns
    -------
    matplotlib.figure.Figure
        In kilograms of oxides, all together and each by itself; without rare earths in moles.
    """
    oxide = _oxide_masses(result)
    rare = [symbol for symbol in result.species if is_rare_earth(symbol)]
    shown = rare or _extracted(result)
    places = [result.species.index(symbol) for symbol in shown]
    held = np.maximum(result.inventory[:, places], 0.0)
    if rare:
        held = held * oxide[places] / 1000.0
    unit = "kg REO" if rare else "mol"
    colours = element_colours(shown)
    rows = [1, 1]
    figure, panels = _panels(result, rows, height=2.9)
    x = result.time / _Clock.of(result).hours
    whole, each = panels
    whole.stackplot(x, held.T, colors=list(colours.values()), labels=shown, lw=0)
    whole.set_ylim(0.0, 1.05 * float(held.sum(axis=1).max()) or 1.0)
    whole.set_ylabel(f"all together [{unit}]")
    top = float(held.max(initial=0.0)) or 1.0
    floor = top * 10.0**-DECADES
    for symbol, values in zip(shown, held.T, strict=True):
        there = np.where(values > floor, values, np.nan)
        each.plot(x, there, color=colours[symbol], lw=1.6, label=symbol)
    lowest = min((float(v[v > floor].min()) for v in held.T if (v > floor).any()), default=top)
    each.set_yscale("log")
    each.set_ylim(max(lowest / 2.0, top * 10.0**-MAP_DECADES), 2.0 * top)
    each.set_ylabel(f"each [{unit}]")
    for axes in panels:
        axes.grid(alpha=0.3)
    _mark_events(figure, result, panels, rows)
    _element_key(figure, shown)
    return figure


def animate_profile(result: SimulationResult, path: str | Path) -> None:
    """Write how concentrations in the water move along the stages, as a GIF.

    Parameters
    ----------
    result : SimulationResult
    path : str or Path
        Ends in ``.gif``.

    Raises
    ------
    CaseError
        If it cannot be written there.
    """
    import matplotlib.pyplot as plt
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    check_output(path, ".gif")
    clock = _Clock.of(result)
    times = np.linspace(result.time[0], result.time[-1], min(MOST_FRAMES, len(result.time)))
    figure = _profile(result)
    frames: list[Image.Image] = []
    try:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        figure.set_layout_engine("none")  # what does not move stays where it is
        for time in times:
            _move_to(figure, result, time, clock)
            canvas.draw()
            frames.append(Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3].copy()))
    finally:
        plt.close(figure)
    shown = _tinted(frames)
    drawn = BytesIO()
    shown[0].save(
        drawn,
        format="GIF",
        save_all=True,
        append_images=shown[1:],
        duration=round(1000.0 * FRAME),
        loop=0,
    )
    write_output(path, drawn.getbuffer())


def _tinted(frames: Sequence[Image.Image]) -> list[Image.Image]:
    """Return frames in the few colours of the last one, their background white and not nearly."""
    from PIL import Image

    palette = frames[-1].quantize(TINTS)
    found = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    colours = np.array(palette.getpalette()).reshape(-1, 3)
    colours[np.asarray(found[0])[0, 0]] = 255
    for frame in found:
        frame.putpalette(colours.ravel().tolist())
    return found


# panels over time


def _panels(
    result: SimulationResult, rows: Sequence[int], height: float = 2.6
) -> tuple[Figure, list[Axes]]:
    """Return a figure with so many panels in each row, one or two, all over the same time."""
    import matplotlib.pyplot as plt

    clock = _Clock.of(result)
    figure = plt.figure(figsize=(COLUMN_WIDTH, height * len(rows) + 0.9), layout="constrained")
    grid = figure.add_gridspec(len(rows), max(rows))
    panels: list[Axes] = []
    for k, count in enumerate(rows):
        for j in range(count):
            place = grid[k, j] if count > 1 else grid[k, :]
            axes = figure.add_subplot(place, sharex=panels[0] if panels else None)
            below = rows[k + 1] if k + 1 < len(rows) else 0
            axes.tick_params(axis="x", labelbottom=below != count)
            if not below:
                axes.set_xlabel(f"time [{clock.unit}]")
            panels.append(axes)
    panels[0].set_xlim(0.0, result.time[-1] / clock.hours or 1.0)
    return figure, panels


def _marks(result: SimulationResult) -> list[_Mark]:
    """Return the events within the time that was simulated, those at one time together."""
    table = result.case.content.simulation
    clock = _Clock.of(result)
    found: dict[float, list[Any]] = {}
    for event in table.events if table else ():
        if event.at <= result.time[-1]:
            found.setdefault(event.at, []).append(event)
    marks = []
    for at, events in sorted(found.items()):
        texts = []
        for event in events:
            what = ", ".join(
                f"{path_label(path, '')} to {value}".replace("degC", "°C")
                for path, value in event.set.items()
            )
            begin, end = at / clock.hours, (at + event.over) / clock.hours
            when = f"from {begin:.4g} to {end:.4g}" if event.over else f"at {begin:.4g}"
            texts.append(f"{what} {when} {clock.unit}")
        marks.append(_Mark(at, at + max(e.over for e in events), "; ".join(texts)))
    return marks


def _mark_events(
    figure: Figure,
    result: SimulationResult,
    panels: Sequence[Axes],
    rows: Sequence[int],
    *,
    over: bool = False,
) -> None:
    """Draw lines where events begin, shade ramps, and say above the panels what they are.

    ``over`` is for maps, on which lines are light and dark and nothing is shaded.
    """
    marks = _marks(result)
    if not marks:
        return
    clock = _Clock.of(result)
    for axes in panels:
        for mark in marks:
            if over:
                axes.axvline(mark.at / clock.hours, color="white", lw=1.4)
            elif mark.end > mark.at:
                end = min(mark.end, result.time[-1])
                axes.axvspan(mark.at / clock.hours, end / clock.hours, **RAMP)
            axes.axvline(mark.at / clock.hours, **EVENT)
    for axes in panels[: rows[0]]:
        for at, text in _numbers(marks, result.time[-1]):
            axes.annotate(
                text,
                (at / clock.hours, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=EVENT["color"],
            )
        axes.set_title(axes.get_title(), fontsize=10, pad=16)
    lines = [f"{k}: {mark.text}" for k, mark in enumerate(marks[:FEW_EVENTS], start=1)]
    if len(marks) > FEW_EVENTS:
        lines.append(f"and {len(marks) - FEW_EVENTS} more")
    figure.suptitle("\n".join(lines), fontsize=9)


def _numbers(marks: Sequence[_Mark], whole: float) -> list[tuple[float, str]]:
    """Return where the numbers of events are written, those close to one another as one."""
    groups: list[list[int]] = []
    for k, mark in enumerate(marks):
        if groups and mark.at - marks[groups[-1][-1]].at < CLOSE * whole:
            groups[-1].append(k)
        else:
            groups.append([k])
    found = []
    for group in groups:
        first, last = group[0], group[-1]
        text = f"{first + 1}" if first == last else f"{first + 1}-{last + 1}"
        found.append((0.5 * (marks[first].at + marks[last].at), text))
    return found


def _element_key(figure: Figure, symbols: Sequence[str]) -> None:
    """Name the colours of elements at the right."""
    from matplotlib.lines import Line2D

    if symbols:
        handles = [Line2D([], [], color=colour_of(symbol), lw=2) for symbol in symbols]
        figure.legend(handles, list(symbols), loc="outside right center", fontsize=9)


# products


def _specifications(result: SimulationResult) -> dict[str, Specification]:
    """Return the specification of each output, several of one output as one."""
    found: dict[str, Specification] = {}
    for one in result.case.content.specifications:
        spec = Specification(
            one.output,
            -np.inf if one.least is None else one.least,
            np.inf if one.most is None else one.most,
        )
        before = found.get(spec.output, spec)
        found[spec.output] = Specification(
            spec.output, max(spec.least, before.least), min(spec.most, before.most)
        )
    return found


def _purities_drawn(result: SimulationResult, specs: dict[str, Specification]) -> list[str]:
    """Return the purities to draw: of each product those with a least, else of what it has most."""
    left = (result.left[-1] - result.left[0]) @ _oxide_masses(result)
    found = []
    for p, product in enumerate(result.products):
        own = [
            name
            for name, spec in specs.items()
            if split_output(name)[0] == "purity"
            and result.case.flowsheet.place(split_output(name)[2]) == product
            and np.isfinite(spec.least)
        ]
        if own:
            found += own
        elif left[p] > CARRIED * left.sum():
            leading = _leading(_shares_where_any(result, p))
            name = result.case.flowsheet.names.get(product, product)
            found += [f"purity.{result.species[leading]}.{name}"] if leading >= 0 else []
    return found


def _products_drawn(result: SimulationResult) -> list[str]:
    """Return the products that carry more than a negligible share of what is extracted."""
    places = [result.species.index(symbol) for symbol in _extracted(result)]
    left = (result.left[-1] - result.left[0])[:, places].sum(axis=1)
    pairs = zip(result.products, left.tolist(), strict=True)
    return [p for p, amount in pairs if amount > CARRIED * left.sum()] or list(result.products)


def _shares(result: SimulationResult) -> Array:
    """Return the shares of all rare earths by mass of oxides (T, products, species).

    NaN where there are none.
    """
    if "purity_reo" in result.tables:
        return result.tables["purity_reo"]
    if "concentration" not in result.tables:
        raise CaseError(
            "neither purity_reo nor concentration is recorded; give one of them in "
            "simulation.record"
        )
    mass = result.tables["concentration"] * _oxide_masses(result)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = mass / mass.sum(axis=2, keepdims=True)
    rare = [is_rare_earth(symbol) for symbol in result.species]
    return np.where(rare, shares, np.nan)


def _shares_where_any(result: SimulationResult, p: int) -> Array:
    """Return the shares in a product (T, species), NaN while it has next to no rare earths."""
    shares = _shares(result)[:, p]
    if "reo" in result.tables:
        oxides = result.tables["reo"][:, p]
    elif "concentration" in result.tables:
        oxides = result.tables["concentration"][:, p] @ _oxide_masses(result)
    else:
        return shares
    there = oxides > CARRIED * _most(oxides)
    return np.where(there[:, None], shares, np.nan)


def _leading(shares: Array) -> int:
    """Return of which species there is most at the last time that there is any, else -1."""
    there = np.flatnonzero(np.isfinite(shares).any(axis=1))
    return int(np.nanargmax(shares[there[-1]])) if there.size else -1


def _purity(
    axes: Axes, result: SimulationResult, name: str, specs: dict[str, Specification]
) -> list[str]:
    """Draw a purity and the impurities that are the rest; return the elements drawn."""
    _, joined, product = split_output(name)
    place = result.case.flowsheet.place(product)
    shares = _shares_where_any(result, result.products.index(place))
    rare = [symbol for symbol in result.species if is_rare_earth(symbol)]
    chosen = element_sum(joined, rare, name)
    own = [result.species.index(symbol) for symbol in chosen]
    whole = shares[:, own].sum(axis=1)
    spec = specs.get(name)
    scale = _scale_of(name, whole, spec)
    x = result.time / _Clock.of(result).hours
    title = output_title(name)
    axes.set_title(f"{title} ({spec_text(spec, scale)})" if spec else title, fontsize=10)
    axes.grid(alpha=0.3)
    if not scale.nines:
        shown = [s for s in rare if _most(shares[:, result.species.index(s)]) > FINEST_SHARE]
        for symbol in shown:
            values = 100.0 * shares[:, result.species.index(symbol)]
            axes.plot(x, values, color=colour_of(symbol), lw=1.6, label=symbol)
        axes.set_title(f"{product}: shares of REO", fontsize=10)
        axes.set_ylabel("%")
        axes.set_ylim(bottom=0.0)
        return shown
    leading = max(chosen, key=lambda s: _most(shares[-1:, result.species.index(s)]))
    axes.plot(x, scale(whole), color=colour_of(leading), lw=PURITY, label=joined)
    finest = 10.0**-scale.nines
    rest = {s: shares[:, result.species.index(s)] for s in rare if s not in chosen}
    rest = {s: values for s, values in rest.items() if _most(values) > finest}
    largest = sorted(rest, key=lambda s: -_most(rest[s]))[:MOST_IMPURITIES]
    for symbol in (s for s in rest if s in largest):
        values = np.where(rest[symbol] > finest, 1.0 - rest[symbol], np.nan)
        axes.plot(x, scale(values), color=colour_of(symbol), lw=IMPURITY, label=symbol)
    mark_bounds(axes, scale, spec)
    value_axis(axes, scale)
    if largest:
        _impurity_axis(axes, scale)
    return [leading, *largest]


def _most(values: Array) -> float:
    return float(np.nanmax(values, initial=0.0))


def _impurity_axis(axes: Axes, scale: Scale) -> None:
    """Say at the right what is the rest of each purity at the left."""
    ticks = np.array(scale.ticks()["ticks"])
    twin = axes.twinx()
    twin.set_yscale("function", functions=(room, nines_at))
    twin.set_yticks(ticks, [f"{100.0 * 10.0**-tick:.10g} %" for tick in ticks])
    twin.set_yticks([], minor=True)
    twin.set_ylim(axes.get_ylim())


def _contents(axes: Axes, result: SimulationResult, product: str) -> list[str]:
    """Draw the concentrations in a product; return the species drawn."""
    if "concentration" not in result.tables:
        raise CaseError("concentration is not recorded; give it in simulation.record")
    table = result.tables["concentration"][:, result.products.index(product)]
    x = result.time / _Clock.of(result).hours
    top, extracted = _most(table) or 1.0, _extracted(result)
    shown = [
        s
        for s in result.species
        if _most(table[:, result.species.index(s)]) > top * 10.0**-MAP_DECADES
    ]
    for symbol in shown:
        values = table[:, result.species.index(symbol)]
        values = np.where(values > top * 10.0**-DECADES, values, np.nan)
        style = "-" if symbol in extracted else ":"
        axes.plot(x, values, style, color=colour_of(symbol), lw=1.6, label=symbol)
    axes.set_yscale("log")
    axes.set_ylim(bottom=max(axes.get_ylim()[0], top * 10.0**-MAP_DECADES), top=2.0 * top)
    axes.set_ylabel("mol/L")
    name = result.case.flowsheet.names.get(product, product)
    axes.set_title(f"concentrations in {name}", fontsize=10)
    axes.grid(alpha=0.3)
    return shown


def _number(axes: Axes, result: SimulationResult, name: str, spec: Specification) -> None:
    """Draw a number that is specified."""
    values = result.series(name)
    scale = _scale_of(name, values, spec)
    axes.plot(result.time / _Clock.of(result).hours, scale(values), color=PASS, lw=1.6)
    axes.set_title(f"{_title(name)} ({spec_text(spec, scale)})", fontsize=10)
    mark_bounds(axes, scale, spec)
    value_axis(axes, scale)
    axes.grid(alpha=0.3)


def _title(name: str) -> str:
    """Return in words what is measured, in a product or in a stage."""
    kind, _, rest = name.partition(".")
    if kind in ("stage_pH", "stage_loading"):
        return f"{kind.removeprefix('stage_')} in stage {rest}"
    if kind in ("stage_aqueous", "stage_organic"):
        symbol, _, stage = rest.partition(".")
        return f"{symbol}, {kind.removeprefix('stage_')}, in stage {stage}"
    return output_title(name)


def _scale_of(name: str, values: Array, spec: Specification | None) -> Scale:
    """Return the scale for a number over time, as sweeps have it."""
    kind = name.partition(".")[0]
    bounds = [b for b in (spec.least, spec.most) if np.isfinite(b)] if spec else []
    if kind in SHARES and max(_most(values), *bounds, 0.0) >= ONE_NINE:
        closest = max((float(nines(np.array(b), 15)) for b in bounds), default=0.0)
        return Scale("%", max(MOST_NINES, min(int(closest) + 1, 15)))
    if kind in (*SHARES, "loading", "stage_loading"):
        return Scale("%", factor=100.0)
    unit = BY_KIND[kind].unit
    return Scale("" if unit == "1" else unit)


def _where_met(axes: Axes, result: SimulationResult) -> None:
    """Fill the time in which all specifications are met."""
    if not result.case.content.specifications:
        return
    x = result.time / _Clock.of(result).hours
    across = axes.get_xaxis_transform()
    where = result.specified.tolist()
    axes.fill_between(x, 0, 1, where=where, color=WINDOW, lw=0, transform=across, zorder=0)


def _products_key(figure: Figure, result: SimulationResult, panels: Sequence[Axes]) -> None:
    """Say what lines and colours are."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    key: list[Any] = []
    if len(figure.axes) > len(panels):  # impurities have axes of their own
        key += [
            Line2D([], [], color="0.3", lw=PURITY, label="purity, left"),
            Line2D([], [], color="0.3", lw=IMPURITY, label="each impurity, right"),
        ]
    if result.case.content.specifications:
        key.append(Line2D([], [], color=SPEC, lw=1.8, label="specification"))
        met = "all specifications met"
        met += "" if result.specified.any() else ": never"
        key.append(Patch(color=WINDOW, label=met))
    if key:
        figure.legend(handles=key, loc="outside lower center", ncols=len(key), fontsize=9)


# stages


def _spans(result: SimulationResult) -> Iterator[tuple[str, int, int]]:
    """Yield name, first and last stage of every section, or of every circuit of a train."""
    circuits = result.case.flowsheet.circuits
    if ALONE in circuits:
        for section in circuits[ALONE].column.sections:
            yield section.name, section.first, section.last
        return
    first = 1
    for name, circuit in circuits.items():
        yield name, first, first + circuit.column.stages - 1
        first += circuit.column.stages


def _of_interest(result: SimulationResult) -> list[str]:
    """Return the elements to draw: neighbours of the cut, then those there is most of."""
    rare = [symbol for symbol in result.species if is_rare_earth(symbol)]
    those = rare or _extracted(result)
    most = {s: float(result.inventory[:, result.species.index(s)].max()) for s in those}
    cuts = [symbol for cut in result.case.cuts.values() for symbol in cut or ()]
    ranked = sorted(those, key=lambda s: (s not in cuts, -most[s]))[:MOST_MAPS]
    return [symbol for symbol in those if symbol in ranked]


def _extracted(result: SimulationResult) -> list[str]:
    """Return the species other than acid and what saponifies, or all if there are none."""
    bases = {circuit.base for circuit in result.case.flowsheet.circuits.values()}
    return [s for s in result.species if s not in (*bases, ACID)] or list(result.species)


def _map(
    figure: Figure,
    axes: Axes,
    result: SimulationResult,
    values: Array,
    label: str,
    *,
    logarithmic: bool = False,
) -> None:
    """Draw a quantity of all stages over time, and mark where sections end."""
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.ticker import MaxNLocator

    if logarithmic:
        top = _most(values) or 1.0
        there = values[values > top * 10.0**-MAP_DECADES]
        low = float(there.min()) if there.size else top
        low, high = min(low, top / 10.0), top
        norm: Any = LogNorm(low, high)
    else:
        low, high = (float(np.nanpercentile(values, q)) for q in (OUTER, 100.0 - OUTER))
        high = max(high, low + 0.01)
        norm = Normalize(low, high)
    beyond = bool((values < low).any()), bool((values > high).any())
    times = np.linspace(result.time[0], result.time[-1], MAP_TIMES)
    if logarithmic:
        drawn = np.exp(_at(result, np.log(np.maximum(values, low)), times))
    else:
        drawn = _at(result, values, times)
    stages = np.arange(1, values.shape[1] + 1)
    x = times / _Clock.of(result).hours
    mesh = axes.pcolormesh(
        x, stages, drawn.T, norm=norm, shading="nearest", cmap=MAP, rasterized=True
    )
    axes.set_facecolor("0.85")
    axes.set_ylim(0.5, len(stages) + 0.5)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    _mark_spans(axes, result)
    bar = figure.colorbar(mesh, ax=axes, extend=EXTEND[beyond], pad=0.01)
    bar.set_label(label)


def _at(result: SimulationResult, values: Array, times: Array) -> Array:
    """Return values along time at other times, between records in proportion."""
    k = np.searchsorted(result.time, times).clip(1, max(len(result.time) - 1, 1))
    k = np.minimum(k, len(result.time) - 1)
    before = np.maximum(k - 1, 0)
    length = result.time[k] - result.time[before]
    share = (times - result.time[before]) / np.where(length > 0.0, length, 1.0)
    share = share.clip(0.0, 1.0).reshape(-1, *[1] * (values.ndim - 1))
    return (1.0 - share) * values[before] + share * values[k]


def _mark_spans(axes: Axes, result: SimulationResult) -> None:
    """Draw where sections end, or circuits of a train, and write the names at the right."""
    spans = list(_spans(result))
    whole = spans[-1][2]
    middles = [0.5 * (first + last) for _, first, last in spans]
    places = _apart(middles, whole * NAME / _map_height(result))
    for (name, first, _), middle, place in zip(spans, middles, places, strict=True):
        if first > 1:
            axes.axhline(first - 0.5, color="white", lw=1.4)
            axes.axhline(first - 0.5, color="black", lw=0.6)
        across = ("axes fraction", "data")
        moved = abs(place - middle) > 1e-6 * whole
        lead = {"arrowstyle": "-", "lw": 0.5, "color": "0.4", "shrinkA": 0, "shrinkB": 0}
        axes.annotate(
            name,
            (1.0, middle),
            xytext=(1.02 if moved else 1.006, place),
            xycoords=across,
            textcoords=across,
            va="center",
            fontsize=8,
            arrowprops=lead if moved else None,
        )


def _map_height(result: SimulationResult) -> float:
    """Return the height of a map in which the names of all sections have room [inch]."""
    return max(1.75, NAME * (1 + sum(1 for _ in _spans(result))))


def _apart(places: Sequence[float], gap: float) -> list[float]:
    """Return rising places moved as little as need be to stand so far apart.

    Examples
    --------
    >>> _apart([1.0, 2.0, 8.0], 2.0)
    [0.5, 2.5, 8.0]
    """
    groups: list[list[float]] = []  # of each the places wanted, less the gaps before them
    for k, place in enumerate(places):
        groups.append([place - gap * k])
        while len(groups) > 1 and np.mean(groups[-1]) < np.mean(groups[-2]):
            last = groups.pop()
            groups[-1] += last
    wanted = [float(np.mean(group)) for group in groups for _ in group]
    return [place + gap * k for k, place in enumerate(wanted)]


# inputs


def _controllers(result: SimulationResult) -> list[Any]:
    table = result.case.content.simulation
    return [one for one in table.controllers if one.name in result.controllers] if table else []


def _in_case_units(result: SimulationResult, path: str, values: Any) -> tuple[Array, str]:
    """Return numbers of an input in the unit that the case gives it in, and that."""
    values = np.asarray(values, dtype=float)
    try:
        known = input_of(result.case, path)
    except CaseError:
        return values, ""
    reading = known.reading
    if reading.unit == reading.internal:
        return values / reading.factor, known.unit
    start, step = (convert(number, reading.internal, reading.unit) for number in (0.0, 1.0))
    return start + (step - start) * values, known.unit


def _unit_text(unit: str) -> str:
    return unit.replace("degC", "°C")


def _course(result: SimulationResult, path: str) -> tuple[Array, Array]:
    """Return an input over time: as events move it, as recorded where anything else does.

    Between records it may jump, or a ramp begin.
    """
    recorded = result.time, result.inputs[path]
    table, last = result.case.content.simulation, float(result.time[-1])
    if table is None or any(one.path == path for one in table.disturbances):
        return recorded
    times, values = [0.0], [number_now(result.case, path)]
    for event in sorted(table.events, key=lambda one: one.at):
        if path not in event.set or event.at > last:
            continue
        if event.at < times[-1]:  # within the ramp before
            return recorded
        times += [event.at, event.at + event.over]
        values += [values[-1], number_of(result.case, path, event.set[path])]
    if times[-1] > last:
        values[-1] = float(np.interp(last, times, values))
        times[-1] = last
    return np.array([*times, last]), np.array([*values, values[-1]])


def _measured(axes: Axes, result: SimulationResult, loop: Any) -> None:
    """Draw what a controller measures, and what that should be."""
    found = result.controllers[loop.name]
    values, wanted = found[:, 0], found[:, 1]
    scale = _scale_of(loop.measure, np.concatenate([values, wanted]), None)
    x = result.time / _Clock.of(result).hours
    axes.plot(x, scale(values), color=MEASURED, lw=1.6, drawstyle="steps-post", label="measured")
    if np.isfinite(wanted).any():
        style: dict[str, Any] = {"color": "black", "lw": 1.2, "ls": "--"}
        axes.plot(x, scale(wanted), drawstyle="steps-post", label="set point", **style)
    axes.set_title(f"{loop.name}: {_title(loop.measure)}", fontsize=10)
    value_axis(axes, scale)
    if not scale.nines:
        axes.ticklabel_format(axis="y", useOffset=False)


def _output(axes: Axes, result: SimulationResult, loop: Any) -> None:
    """Draw what a controller adjusts, and between which limits."""
    values = result.controllers[loop.name][:, 2]
    drawn, unit = _in_case_units(result, loop.adjust, values)
    limits, _ = _in_case_units(result, loop.adjust, [loop.low, loop.high])
    x = result.time / _Clock.of(result).hours
    axes.plot(x, drawn, color=OUTPUT, lw=1.6, drawstyle="steps-post", label="adjusted")
    for limit in limits:
        axes.axhline(limit, color="0.5", lw=1.2, ls=":")
    axes.set_title(f"{loop.name}: {path_label(loop.adjust, '')}", fontsize=10)
    axes.set_ylabel(_unit_text(unit))
    axes.ticklabel_format(axis="y", useOffset=False)


# what the plant holds


def _oxide_masses(result: SimulationResult) -> Array:
    """Return oxide per mole of every rare earth (species,) [g/mol], zero for other species."""
    found = dict.fromkeys(result.species, 0.0)
    for circuit in result.case.flowsheet.circuits.values():
        system = circuit.column.system
        found |= dict(zip(system.species, system.oxide_mass.tolist(), strict=True))
    return np.array([found[symbol] for symbol in result.species])


# the moving profile


@picture
def _profile(result: SimulationResult) -> Figure:
    """Return the picture that moves, at its first time."""
    import matplotlib.pyplot as plt

    table = result.stages["aqueous"]
    stages = np.arange(1, table.shape[1] + 1)
    size = (float(np.clip(len(stages) / STAGES_PER_INCH, *WIDTHS)), 4.4)
    figure, axes = plt.subplots(figsize=size, dpi=RESOLUTION, layout="constrained")
    along = np.insert(1.0 * stages, _borders(result), np.nan)
    top = _most(table) or 1.0
    marker = "o" if len(stages) <= FEW_STAGES else ""
    rare = any(is_rare_earth(symbol) for symbol in result.species)
    for symbol in result.species:
        style = "-" if is_rare_earth(symbol) or not rare else ":"
        colour = colour_of(symbol)
        axes.plot(along, np.nan * along, style, marker=marker, color=colour, label=symbol)
    axes.set_yscale("log")
    axes.set_ylim(top * 10.0**-MAP_DECADES, top * 3)
    axes.set_xlim(0.5, len(stages) + 0.5)
    train = ALONE not in result.case.flowsheet.circuits
    axes.set_xlabel(STAGES_OF_ALL if train else STAGE_LABEL)
    axes.set_ylabel("aqueous [mol/L]")
    axes.grid(alpha=0.3)
    shade_spans(axes, _spans(result), ALONE not in result.case.flowsheet.circuits)
    figure.legend(loc="outside right center", fontsize=9)
    clock = _Clock.of(result)
    figure.suptitle(_time_text(result.time[-1], result, clock), fontsize=11, x=0.02, ha="left")
    _move_to(figure, result, result.time[0], clock)
    return figure


def _borders(result: SimulationResult) -> list[int]:
    """Return the first stages, from 0, of the circuits of a train but for the first."""
    train = ALONE not in result.case.flowsheet.circuits
    return [first - 1 for _, first, _ in _spans(result) if train and first > 1]


def _time_text(time: float, result: SimulationResult, clock: _Clock) -> str:
    """Return a time as printed, as long at every time."""
    digits = 0 if result.time[-1] / clock.hours >= MOST_FRAMES else 1
    whole = len(f"{result.time[-1] / clock.hours:.{digits}f}")
    return f"{time / clock.hours:{whole}.{digits}f} {clock.unit}"


def _move_to(figure: Figure, result: SimulationResult, time: float, clock: _Clock) -> None:
    """Move the profile to a time, between records in proportion."""
    axes = figure.axes[0]
    table = result.stages["aqueous"]
    now = _at(result, table, np.array([time]))[0]
    floor = _most(table) * 10.0**-DECADES
    for line, values in zip(axes.lines, now.T, strict=False):
        there = np.where(values > floor, values, np.nan)
        line.set_ydata(np.insert(there, _borders(result), np.nan))
    figure.suptitle(_time_text(time, result, clock))
