"""Flow diagrams: a circuit as sections and streams, a train as circuits and products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sx_sim.brief import percent, plain
from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.speciation import titratable_acid
from sx_sim.flowsheet.flowsheet import Link
from sx_sim.flowsheet.recycles import Circuit, RareEarthSaponification, Reflux, SolventLoop
from sx_sim.flowsheet.result import Result
from sx_sim.plots.text import picture
from sx_sim.plots.trees import Leaf, Tree, tree_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WATER, SOLVENT, METAL, REAGENT = "tab:blue", "tab:orange", "0.25", "tab:green"
NEUTRAL = 1e-3  # acid below which the pH says more [mol/L]
BOX = 3.0  # width of a section
GAP = 1.4  # between sections
END = 1.6  # length of the arrows at the left
BACK = 0.3  # between links that go back, in rows
LABEL = 1.9  # least distance of labels
SMALL = 8  # [pt]
ROW = 0.52  # height of a product in a train [inch]
STEP = 2.6  # width of a circuit and the way to the next [inch]


@dataclass(frozen=True)
class _Port:
    """Where a stream meets a section, and what is written there."""

    x: float
    text: str
    colour: str
    enters: bool


@picture
def circuit_diagram(result: Result) -> Figure:
    """Draw the sections of a circuit, what enters and leaves them, and recycles.

    Boxes stand in the direction of the solvent, which goes to the right along their upper
    half; water goes to the left along the lower one. Liquors are fed from above, and drawn
    off below. Green arrows dose the acid or base that holds a stage at its pH.

    Parameters
    ----------
    result : Result
        Of a single circuit.

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    circuit, sections = result.flowsheet.circuit, result.column.sections
    above, below = _ports(circuit, result)
    span = len(sections) * (BOX + GAP) - GAP
    wide = max(span, LABEL * max(len(above), len(below)))
    figure, axes = plt.subplots(figsize=(1.0 + 0.62 * (wide + 5.6), 5.2), layout="constrained")
    for k, section in enumerate(sections):
        left = k * (BOX + GAP)
        axes.add_patch(Rectangle((left, 0), BOX, 2, fc="0.95", ec="0.3", lw=1.2))
        text = f"{section.name}\n{section.stages} stages"
        axes.text(left + BOX / 2, 1.0, text, ha="center", va="center", fontsize=10)
        if k:
            _between(axes, result, left, section.first)
    _ends(axes, result, span)
    _draw_ports(axes, above, 2.0, 3.3, span)
    _draw_ports(axes, below, 0.0, -1.3, span)
    _draw_recycles(axes, circuit, result, span)
    axes.set_xlim(-END - 1.7 - max(wide - span, 0) / 2, span + 2.6 + max(wide - span, 0) / 2)
    axes.set_ylim(-2.6, 5.0)
    axes.axis("off")
    return figure


def _place(result: Result, stage: int, side: float) -> float:
    """Return where a stage is, counted from 1; ``side`` is 0 at its left and 1 at its right."""
    for k, section in enumerate(result.column.sections):
        if section.first <= stage <= section.last:
            return k * (BOX + GAP) + BOX * (stage - section.first + side) / section.stages
    raise KeyError(f"no stage {stage}")


def stream_text(stream: Stream) -> str:
    """Return a stream's name, flow, and what it holds of rare earths or titratable acid."""
    lines = [stream.name, f"{plain(stream.flow)} L/h"]
    if stream.reo > 1e-3:
        lines.append(f"{plain(stream.reo, 3)} g/L REO")
    elif stream.phase == "aqueous":
        acid = titratable_acid(stream.system, stream.concentration, stream.carrier, stream.acid)
        lines.append(f"{plain(acid, 3)} mol/L acid" if acid > NEUTRAL else f"pH {stream.pH:.1f}")
    return "\n".join(lines)


def _dose_ports(result: Result) -> list[_Port]:
    """Return where a pH is held, and what is dosed for it."""
    ports = []
    for point in result.column.set_points:
        dose = result.doses[point.name]
        what = f"{plain(abs(dose), 3)} eq/h {'acid' if dose > 0.0 else 'base'}"
        text = f"{point.name}: pH {plain(point.pH)}\n{what}"
        ports.append(_Port(_place(result, point.stage, 0.5), text, REAGENT, True))
    return ports


def _ports(circuit: Circuit, result: Result) -> tuple[list[_Port], list[_Port]]:
    """Return the feeds drawn above and the products drawn below, end streams left out."""
    refluxes = {r.feed for r in circuit.recycles if isinstance(r, Reflux)}
    above, below = _dose_ports(result), []
    for feed in result.column.feeds:
        if feed.stream.name == "solvent" or feed.stream.name in refluxes:
            continue
        colour = WATER if feed.stream.phase == "aqueous" else SOLVENT
        x = _place(result, feed.stage, 0.5)
        above.append(_Port(x, stream_text(feed.stream), colour, True))
    ends = {name for name, _, j, _ in result.column.outlets()} - {
        draw.name for draw in result.column.draws
    }
    for draw in result.column.draws:
        if draw.name in ends or draw.name not in result.streams:
            continue
        port = _Port(
            _place(result, draw.stage, 0.5),
            _product_text(result, draw.name),
            WATER if draw.phase == "aqueous" else SOLVENT,
            False,
        )
        (below if draw.phase == "aqueous" else above).append(port)
    return sorted(above, key=lambda p: p.x), sorted(below, key=lambda p: p.x)


def _product_text(result: Result, name: str) -> str:
    stream = result.streams[name]
    first = stream.leading
    if not first or stream.reo <= 1e-3:
        return stream_text(stream)
    return f"{stream_text(stream)}\n{first} {percent(stream.purity(first))} %"


def spread(places: Sequence[float], least: float, middle: float) -> list[float]:
    """Return places in the same order at least so far apart, moved as little as may be.

    Examples
    --------
    >>> spread([0.0, 0.5, 4.0], 1.0, 2.0)
    [-0.25, 0.75, 4.0]
    """
    groups: list[list[float]] = []  # each evenly spaced around its mean
    for place in places:
        groups.append([place])
        while len(groups) > 1 and _start(groups[-1], least) < _stop(groups[-2], least) + least:
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_start(group, least) + least * k for group in groups for k in range(len(group))]


def _start(group: Sequence[float], least: float) -> float:
    return float(np.mean(group)) - least * (len(group) - 1) / 2


def _stop(group: Sequence[float], least: float) -> float:
    return _start(group, least) + least * (len(group) - 1)


def _draw_ports(axes: Axes, ports: list[_Port], edge: float, level: float, span: float) -> None:
    """Draw arrows between an edge of the boxes and labels that keep clear of each other."""
    places = spread([port.x for port in ports], LABEL, span / 2)
    for port, x in zip(ports, places, strict=True):
        label, box = (x, level), (port.x, edge)
        start, stop = (label, box) if port.enters else (box, label)
        _arrow(axes, start, stop, port.colour)
        up = level > edge
        axes.text(
            x,
            level + (0.1 if up else -0.1),
            port.text,
            ha="center",
            va="bottom" if up else "top",
            fontsize=SMALL,
        )


def _arrow(axes: Axes, start: tuple[float, float], stop: tuple[float, float], colour: str) -> None:
    axes.annotate(
        "",
        xy=stop,
        xytext=start,
        arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.6, "shrinkA": 0, "shrinkB": 0},
    )


def _between(axes: Axes, result: Result, right: float, first: int) -> None:
    """Draw the flows between a section that begins with a stage and the one before."""
    passes, _ = result.column.flows("aqueous")
    organic, _ = result.column.flows("organic")
    for y, flow, colour, ends in (
        (1.5, organic[first - 2], SOLVENT, (right - GAP, right)),
        (0.5, passes[first - 1], WATER, (right, right - GAP)),
    ):
        if flow > 0.0:
            _arrow(axes, (ends[0], y), (ends[1], y), colour)
            axes.text(right - GAP / 2, y + 0.1, plain(flow), ha="center", fontsize=SMALL - 1)


def _ends(axes: Axes, result: Result, span: float) -> None:
    """Draw solvent and raffinate at either end of the column."""
    fresh = [f.stream for f in result.column.feeds if f.stream.name == "solvent"]
    last = result.column.solvent_outlet
    if fresh:
        _arrow(axes, (-END, 1.5), (0.0, 1.5), SOLVENT)
        axes.text(-END - 0.1, 1.5, stream_text(fresh[0]), ha="right", va="center", fontsize=SMALL)
    if "raffinate" in result.streams:
        _arrow(axes, (0.0, 0.5), (-END, 0.5), WATER)
        text = _product_text(result, "raffinate")
        axes.text(-END - 0.1, 0.35, text, ha="right", va="center", fontsize=SMALL)
    _arrow(axes, (span, 1.5), (span + 1.0, 1.5), SOLVENT)
    text = _product_text(result, last) if last in result.streams else last
    axes.text(span + 1.1, 1.5, text, ha="left", va="center", fontsize=SMALL)


def _draw_recycles(axes: Axes, circuit: Circuit, result: Result, span: float) -> None:
    """Draw recycles, dashed: solvent above, liquors below."""
    draws = {draw.name: draw.stage for draw in result.column.draws}
    depth = -0.45
    for recycle in circuit.recycles:
        if isinstance(recycle, SolventLoop):
            text = "solvent recycle"
            if recycle.bleed:
                text += f", {100 * recycle.bleed:.3g} % replaced"
            left, right, top = 0.2 - END, span + 0.6, 4.55
            _dashed(axes, [(right, 1.5), (right, top), (left, top), (left, 1.5)], SOLVENT)
            axes.text(
                span / 2, top + 0.08, text, ha="center", va="bottom", fontsize=SMALL, color=SOLVENT
            )
            continue
        drawn = recycle.product in draws
        start = _place(result, draws[recycle.product], 0.5) if drawn else -0.55
        if isinstance(recycle, RareEarthSaponification):
            _dashed(axes, [(start, 0.5), (start, 1.5)], WATER)
            axes.text(start, 1.65, "exchange", ha="center", fontsize=SMALL, color=WATER)
            continue
        feed = next(f for f in result.column.feeds if f.stream.name == recycle.feed)
        stop = _place(result, feed.stage, 0.5)
        corners = [(start, depth if drawn else 0.5), (start, depth), (stop, depth), (stop, 0.0)]
        _dashed(axes, corners, WATER)
        text = f"reflux, {plain(feed.stream.flow)} L/h"
        place = ((start + stop) / 2, depth - 0.08)
        axes.text(*place, text, ha="center", va="top", fontsize=SMALL, color=WATER)
        depth -= 0.4


def _dashed(axes: Axes, corners: Sequence[tuple[float, float]], colour: str) -> None:
    x, y = zip(*corners, strict=True)
    axes.plot(x[:-1], y[:-1], "--", color=colour, lw=1.3)
    axes.annotate(
        "",
        xy=corners[-1],
        xytext=corners[-2],
        arrowprops={
            "arrowstyle": "-|>",
            "color": colour,
            "ls": "--",
            "lw": 1.3,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )


@picture
def train_diagram(
    train: Result, *, cuts: Mapping[str, tuple[str, str] | None] | None = None
) -> Figure:
    """Draw the circuits of a train, and what leaves it with its leading element and purity.

    Parameters
    ----------
    train : Result
    cuts : mapping of str to tuple, optional
        The neighbours that every circuit separates.

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Streams with less than a billionth of the oxides are left out, as are barren solvents.
    """
    import matplotlib.pyplot as plt

    tree = tree_of(train)
    rows = tree.rows + (0.35 + BACK * len(tree.others) if tree.others else 0.0)
    height = max(2.5, ROW * rows + 0.4)
    size = (STEP * (tree.depth + 1) + 2.4, height)
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    for name, spot in tree.spots.items():
        _circuit_box(axes, train, name, spot, (cuts or {}).get(name))
    for leaf in tree.leaves:
        _leaf(axes, tree, leaf, train.flowsheet.names.get(f"{leaf.circuit}.{leaf.product}", ""))
    _links(axes, tree)
    for feed in tree.feeds:
        x, y = tree.spots[feed.circuit]
        _arrow(axes, (x - 0.5, y - 0.2), (x, y - 0.2), METAL)
        axes.text(x - 0.54, y - 0.2, feed.text, ha="right", va="center", fontsize=SMALL)
    axes.set_xlim(-1.05, tree.depth + 1.75)
    axes.set_ylim(rows - 0.4, -0.6)
    axes.axis("off")
    return figure


WIDTH = 0.5  # of a circuit, where one level is 1


def _circuit_box(
    axes: Axes,
    train: Result,
    name: str,
    spot: tuple[float, float],
    cut: tuple[str, str] | None,
) -> None:
    from matplotlib.patches import Rectangle

    x, y = spot
    result = train.units[name]
    axes.add_patch(Rectangle((x, y - 0.38), WIDTH, 0.76, fc="0.95", ec="0.3", lw=1.2, zorder=3))
    title = "/".join(cut) if cut else name
    stages = "+".join(str(s.stages) for s in result.column.sections)
    text = f"{title}\n{stages}"
    axes.text(x + WIDTH / 2, y, text, ha="center", va="center", fontsize=SMALL, zorder=4)


def _links(axes: Axes, tree: Tree) -> None:
    """Draw what passes between circuits: along the tree straight, else dashed."""
    for link in tree.branches:
        (x, y), (to_x, to_y) = tree.spots[link.source], tree.spots[link.circuit]
        bend = to_x - 0.36
        axes.plot([x + WIDTH, bend, bend], [y, y, to_y], color=METAL, lw=1.3)
        _arrow(axes, (bend, to_y), (to_x, to_y), METAL)
        place = (bend + 0.02, to_y - 0.06)
        axes.text(*place, _taken(link), ha="left", va="bottom", fontsize=SMALL - 2)
    for k, link in enumerate(tree.others):
        (x, y), (to_x, to_y) = tree.spots[link.source], tree.spots[link.circuit]
        start, stop = (x + 0.35, y + 0.38), (to_x + 0.15, to_y + 0.38)
        low = tree.rows - 0.25 + BACK * k
        _dashed(axes, [start, (start[0], low), (stop[0], low), stop], METAL)
        place = ((start[0] + stop[0]) / 2, low + 0.06)
        axes.text(*place, _taken(link), ha="center", va="top", fontsize=SMALL - 2)


def _taken(link: Link) -> str:
    """Return what a link takes: a product, or a share of one."""
    return link.product if link.share == 1.0 else f"{100 * link.share:.3g} % {link.product}"


def _leaf(axes: Axes, tree: Tree, leaf: Leaf, name: str) -> None:
    x, y = tree.spots[leaf.circuit]
    bend, end = x + WIDTH + 0.14, x + WIDTH + 0.3
    axes.plot([x + WIDTH, bend, bend], [y, y, leaf.row], color=METAL, lw=1.3)
    _arrow(axes, (bend, leaf.row), (end, leaf.row), METAL)
    what = f"{leaf.leading} {percent(leaf.purity)} %, {plain(leaf.oxides, 3)} kg/h REO"
    text = f"{name or leaf.product}\n{what}"
    clear = {"fc": "white", "ec": "none", "pad": 0.5}  # of links that go back
    place = (end + 0.03, leaf.row)
    axes.text(*place, text, ha="left", va="center", fontsize=SMALL, zorder=4, bbox=clear)
