"""Circuits joined by the liquors and solvents that pass between them; one alone is the smallest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.system import in_series
from sx_sim.flowsheet.recycles import Circuit
from sx_sim.flowsheet.treatment import Conditioner

ALONE = ""  # name of the only circuit of a flowsheet that is no train


def place_of(circuit: str, stream: str) -> str:
    """Return the name in a flowsheet of a stream of one of its circuits."""
    return f"{circuit}.{stream}" if circuit else stream


@dataclass(frozen=True)
class Link:
    """One feed of a circuit that is a product of another.

    Parameters
    ----------
    circuit, feed : str
    source, product : str
        The circuit it comes from, and which of its products it is.
    conditioner : Conditioner
        What it is brought to on the way.
    """

    circuit: str
    feed: str
    source: str
    product: str
    conditioner: Conditioner = field(hash=False, repr=False)

    @property
    def key(self) -> str:
        """Where a case gives it."""
        return f"circuits.{self.circuit}.feeds.{self.feed}.source"


@dataclass(frozen=True)
class Flowsheet:
    """Circuits and what passes between them.

    Parameters
    ----------
    circuits : mapping of str to Circuit
        In an order in which sources come first, as far as there is one. What links feed is
        a stand-in that holds every species which may come.
    links : tuple of Link
    names : mapping of str to str
        Names of products, by their place ``circuit.product``.
    """

    circuits: Mapping[str, Circuit]
    links: tuple[Link, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        if ALONE in self.circuits:
            return f"Flowsheet: {self.circuits[ALONE]!r}"
        return f"Flowsheet: {', '.join(self.circuits)}; {self.stages} stages"

    @property
    def stages(self) -> int:
        """Mixer-settlers in all."""
        return sum(circuit.column.stages for circuit in self.circuits.values())

    @property
    def circuit(self) -> Circuit:
        """The only circuit.

        Raises
        ------
        AttributeError
            Of a train.
        """
        if ALONE not in self.circuits:
            raise AttributeError(f"a train has several circuits: {', '.join(self.circuits)}")
        return self.circuits[ALONE]

    def links_to(self, circuit: str) -> list[Link]:
        """Return the links that feed a circuit."""
        return [link for link in self.links if link.circuit == circuit]

    @cached_property
    def torn(self) -> tuple[Link, ...]:
        """Links that go back: to a circuit that comes no later than their source."""
        order = {name: k for k, name in enumerate(self.circuits)}
        return tuple(link for link in self.links if order[link.source] >= order[link.circuit])

    @cached_property
    def species(self) -> tuple[str, ...]:
        """Every species of any circuit: rare earths in the order of the first one's series."""
        found = dict.fromkeys(s for c in self.circuits.values() for s in c.column.system.species)
        return in_series(found, next(iter(self.circuits.values())).column.system.series)

    @cached_property
    def products(self) -> dict[str, str]:
        """Phases of everything that leaves, by place ``circuit.product``."""
        taken = {(link.source, link.product) for link in self.links}
        return {
            place_of(name, product): phase
            for name, circuit in self.circuits.items()
            for product, phase in circuit.column.products.items()
            if (name, product) not in taken
        }

    def place(self, product: str) -> str:
        """Return the place ``circuit.product`` of a product that may be given by its name."""
        places = {name: place for place, name in self.names.items()}
        return places.get(product, product)

    def outside(self, circuit: str) -> list[Stream]:
        """Return the feeds of a circuit that no link brings, as they are set up."""
        brought = {link.feed for link in self.links_to(circuit)}
        column = self.circuits[circuit].column
        return [f.stream for f in column.feeds if f.stream.name not in brought]


def emptied(stream: Stream) -> Stream:
    """Return a stream of nothing."""
    return replace(stream, flow=0.0, concentration=0.0 * stream.concentration)
