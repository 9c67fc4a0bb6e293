"""Where circuits and products of a train stand in its pictures: a tree, sources to the left."""

from __future__ import annotations

from dataclasses import dataclass

from sx_sim.brief import plain
from sx_sim.cascade.column import BARREN
from sx_sim.cascade.streams import Stream
from sx_sim.flowsheet.flowsheet import Link
from sx_sim.flowsheet.result import Result


@dataclass(frozen=True)
class Leaf:
    """A product that leaves the train.

    Parameters
    ----------
    circuit, product : str
    row : float
    leading : str
    purity : float
    oxides : float
        [kg/h]
    """

    circuit: str
    product: str
    row: float
    leading: str
    purity: float
    oxides: float


@dataclass(frozen=True)
class Fed:
    """A feed from outside that holds rare earths."""

    circuit: str
    stream: Stream

    @property
    def text(self) -> str:
        """Its name, flow and strength."""
        s = self.stream
        return f"{s.name}\n{plain(s.flow)} L/h\n{plain(s.reo, 3)} g/L REO"


@dataclass(frozen=True)
class Tree:
    """The layout of a train.

    Parameters
    ----------
    spots : mapping of str to tuple
        Level and row of every circuit.
    leaves : tuple of Leaf
    branches, others : tuples of Link
        Links along the tree, and those that join or go back.
    feeds : tuple of Fed
    rows : int
    depth : int
        The last level.
    """

    spots: dict[str, tuple[float, float]]
    leaves: tuple[Leaf, ...]
    branches: tuple[Link, ...]
    others: tuple[Link, ...]
    feeds: tuple[Fed, ...]
    rows: int
    depth: int


def tree_of(train: Result) -> Tree:
    """Return the layout of a train; each product has a row, each circuit the mean of its own."""
    return _Layout(train).tree()


def series_of(train: Result) -> list[str]:
    """Return the rare earths of a train along their series, as far as circuits agree."""
    found: list[str] = []
    systems = [unit.system for unit in train.units.values()]
    for system in sorted(systems, key=lambda s: -int(s.rare_earth.sum())):
        found += [symbol for symbol in system.rare_earths if symbol not in found]
    return found


def fed_from_outside(train: Result) -> list[Fed]:
    """Return the feeds of a train that no circuit of it makes."""
    return [Fed(name, stream) for name in train.units for stream in train.flowsheet.outside(name)]


class _Layout:
    def __init__(self, train: Result) -> None:
        self.train = train
        self.spots: dict[str, tuple[float, float]] = {}
        self.leaves: list[Leaf] = []
        self.branches: list[Link] = []
        self.rows = 0
        self.feeds = [one for one in fed_from_outside(train) if one.stream.reo > 0.0]

    def tree(self) -> Tree:
        for name in self.train.units:
            if name not in self.spots:
                self._set(name, 0)
        others = [link for link in self.train.flowsheet.links if link not in self.branches]
        return Tree(
            self.spots,
            tuple(self.leaves),
            tuple(self.branches),
            tuple(others),
            tuple(self.feeds),
            max(self.rows, 1),
            int(max(level for level, _ in self.spots.values())),
        )

    def _set(self, name: str, level: int) -> float:
        """Give a circuit and all that comes after it their places; return its row."""
        self.spots[name] = (level, 0.0)  # so that circles end
        rows = []
        for product, stream in self._outlets(name):
            for link in self.train.flowsheet.links_from(name, product):
                if link.circuit not in self.spots:
                    self.branches.append(link)
                    rows.append(self._set(link.circuit, level + 1))
            share = self.train.flowsheet.share_left(name, product)
            if share:
                first = stream.leading
                oxides = share * stream.flow * stream.reo / 1000.0
                leaf = Leaf(name, product, self.rows, first, stream.purity(first), oxides)
                self.leaves.append(leaf)
                rows.append(self._next())
        row = sum(rows) / len(rows) if rows else self._next()
        self.spots[name] = (level, row)
        return row

    def _next(self) -> float:
        self.rows += 1
        return self.rows - 1.0

    def _outlets(self, name: str) -> list[tuple[str, Stream]]:
        """Return the products of a circuit that are worth showing."""
        streams = self.train.units[name].streams
        return [
            (product, s)
            for product, s in streams.items()
            if self.train.flowsheet.links_from(name, product)
            or (product != BARREN and self.train.carries(s))
        ]
