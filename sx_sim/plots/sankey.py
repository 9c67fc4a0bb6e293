"""Where an element, or all rare earths, go in a train: bands as wide as what they carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sx_sim.brief import percent
from sx_sim.cascade.streams import Stream
from sx_sim.errors import CaseError
from sx_sim.flowsheet.result import Result
from sx_sim.plots.colours import element_colours
from sx_sim.plots.text import picture
from sx_sim.plots.trees import fed_from_outside, series_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAR = 0.06  # width of a circuit, where one level is 1
SHOWN = 1e-6  # share of what is fed below which a band is left out
HEIGHT = 6.0  # of all bands side by side [inch]
LINE = 0.34  # least height of a product [inch]


@dataclass(frozen=True)
class _Band:
    """What one product of a circuit carries, as a share of what is fed."""

    source: str
    product: str
    share: float
    colour: object
    target: str  # the circuit drawn at its end; empty where there is none
    onward: str  # the circuit it feeds; empty where it leaves the train


@picture
def train_sankey(train: Result, element: str | None = None) -> Figure:
    """Draw where one element, or all rare earths by mass of oxides, go in a train.

    Parameters
    ----------
    train : Result
    element : str, optional
        All rare earths if not given; bands then have the colour of their leading element.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CaseError
        If the element is not fed.
    """
    import matplotlib.pyplot as plt

    flow = _Flow(train, element)
    size = (2.2 * (flow.depth + 1) + 2.4, HEIGHT + LINE * flow.leaves)
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    flow.draw(axes, train.flowsheet.names)
    title = (
        f"{element}: share of what is fed" if element else "rare-earth oxides: share of mass fed"
    )
    axes.set_title(title, fontsize=11)
    axes.axis("off")
    return figure


class _Flow:
    """The bands of a train and where they stand; rows count downwards, in shares."""

    def __init__(self, train: Result, element: str | None) -> None:
        self.train, self.element = train, element
        self.colours = element_colours(series_of(train))
        amounts = {one.circuit: 0.0 for one in fed_from_outside(train)}
        for one in fed_from_outside(train):
            amounts[one.circuit] += self.amount(one.stream)
        self.whole = sum(amounts.values())
        if not self.whole > 0.0:
            there = ", ".join(self.colours)
            raise CaseError(f"{element} is not fed to the train; there are {there}")
        self.levels: dict[str, int] = {}
        self.bands: dict[str, list[_Band]] = {name: [] for name in train.units}
        for name, amount in amounts.items():
            if amount > 0.0 and name not in self.levels:
                self._walk(name, 0)
        self.depth = max(self.levels.values()) + 1
        ends = [band for bands in self.bands.values() for band in bands if not band.target]
        self.leaves = len(ends)
        # what a product's label needs, in shares
        self.line = LINE / HEIGHT

    def amount(self, stream: Stream) -> float:
        """Return the amount of the drawn species in a stream per hour."""
        if self.element is None:
            return stream.flow * stream.reo
        return stream.flow * stream.held.get(self.element, 0.0)

    def _walk(self, name: str, level: int) -> None:
        self.levels[name] = level
        for product, stream in self.train.units[name].streams.items():
            whole = self.amount(stream) / self.whole
            colour = self.colours.get(self.element or stream.leading, "0.5")
            sheet = self.train.flowsheet
            parts = [(link.share, link.circuit) for link in sheet.links_from(name, product)]
            for share, circuit in [*parts, (sheet.share_left(name, product), "")]:
                if share * whole < SHOWN:
                    continue
                # what goes back, or joins another, ends here
                target = "" if circuit in self.levels else circuit
                band = _Band(name, product, share * whole, colour, target, circuit)
                self.bands[name].append(band)
                if target:
                    self._walk(target, level + 1)

    def draw(self, axes: Axes, names: Mapping[str, str]) -> None:
        """Draw all bands and labels."""
        self.row = 0.0
        for name, level in self.levels.items():
            if level == 0:
                top, height = self._draw(axes, name, names)
                axes.text(-0.03, top + height / 2, "fed", ha="right", va="center", fontsize=9)
        axes.set_xlim(-0.3, self.depth + 1.05)
        axes.set_ylim(self.row, -0.03)

    def _draw(self, axes: Axes, name: str, names: Mapping[str, str]) -> tuple[float, float]:
        """Draw a circuit and all that comes after it; return its top and its height."""
        x, bands = float(self.levels[name]), self.bands[name]
        spots = [self._end(axes, band, x, names) for band in bands]
        height = sum(band.share for band in bands)
        middles = [top + 0.5 * band.share for (top, _), band in zip(spots, bands, strict=True)]
        weights = [band.share for band in bands] or [1.0]
        middle = float(np.average(middles, weights=weights)) if bands else self.row
        top = middle - height / 2
        start = top
        for band, (stop, width) in zip(bands, spots, strict=True):
            _ribbon(axes, (x + BAR, start), (width, stop), band.share, band.colour)
            start += band.share
        from matplotlib.patches import Rectangle

        axes.add_patch(Rectangle((x, top), BAR, max(height, 0.002), color="0.2", zorder=3))
        axes.annotate(
            name,
            (x + BAR / 2, top),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            zorder=4,
            bbox={"fc": "white", "ec": "none", "alpha": 0.7, "pad": 0.5},
        )
        return top, height

    def _end(
        self, axes: Axes, band: _Band, x: float, names: Mapping[str, str]
    ) -> tuple[float, float]:
        """Return the row and level where a band ends, having drawn what is there."""
        if band.target:
            return self._draw(axes, band.target, names)[0], x + 1.0
        row, slot = self.row, max(band.share, self.line)
        self.row += slot + 0.25 * self.line
        top, end = row + (slot - band.share) / 2, x + 0.75
        place = f"{band.source}.{band.product}"
        label = names.get(place, "" if place in names else place)
        if band.onward:
            label = f"to {band.onward}"
        text = f"{label}  {percent(band.share)} %"
        axes.text(end + 0.03, row + slot / 2, text, ha="left", va="center", fontsize=8)
        return top, end


def _ribbon(
    axes: Axes, start: tuple[float, float], stop: tuple[float, float], height: float, colour: object
) -> None:
    """Draw a band from one place to another, by its upper edges."""
    t = np.linspace(0.0, 1.0, 60)
    bend = 3 * t**2 - 2 * t**3
    x = start[0] + (stop[0] - start[0]) * t
    y = start[1] + (stop[1] - start[1]) * bend
    axes.fill_between(x, y, y + height, color=colour, alpha=0.65, lw=0.6)
