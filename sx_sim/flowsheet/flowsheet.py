"""Circuits joined by the liquors and solvents that pass between them; one alone is the smallest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.system import in_series
from sx_sim.errors import CaseError
from sx_sim.flowsheet.recycles import Circuit
from sx_sim.flowsheet.treatment import Conditioner, Treatment

ROUNDING = 1e-9  # of shares of a product
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
    share : float
        Of the product that it takes; a splitter leaves the rest.
    """

    circuit: str
    feed: str
    source: str
    product: str
    conditioner: Conditioner = field(hash=False, repr=False)
    share: float = 1.0

    @property
    def key(self) -> str:
        """Where a case gives it."""
        return f"circuits.{self.circuit}.feeds.{self.feed}.source"

    @property
    def mother_liquor(self) -> str:
        """Name of what redissolving leaves of it."""
        onward = "" if self.share == 1.0 else f" to {self.circuit}"
        return f"mother liquor of {self.source}.{self.product}{onward}"

    def treat(self, product: Stream) -> Treatment:
        """Return its share of a product as it is fed on; errors as ``Conditioner.treat``."""
        return self.conditioner.treat(replace(product, flow=self.share * product.flow))


def overdrawn(links: Iterable[Link]) -> list[str]:
    """Return what is wrong with links that ask together for more of a product than there is."""
    drawn: dict[tuple[str, str], list[Link]] = {}
    for link in links:
        drawn.setdefault((link.source, link.product), []).append(link)
    return [
        f"{takers[-1].key}: {source}.{product} feeds "
        f"{' and '.join(f'{t.circuit}.{t.feed}' for t in takers[:-1])} already; give shares of "
        f"it that come to 1 at most, not {sum(t.share for t in takers):g}"
        for (source, product), takers in drawn.items()
        if sum(t.share for t in takers) > 1.0 + ROUNDING
    ]


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

    def __post_init__(self) -> None:
        if problems := overdrawn(self.links):
            raise CaseError(problems)

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
        return {
            place_of(name, product): phase
            for name, circuit in self.circuits.items()
            for product, phase in circuit.column.products.items()
            if self.share_left(name, product) > 0.0
        }

    def links_from(self, circuit: str, product: str) -> list[Link]:
        """Return the links that take a product of a circuit."""
        return [link for link in self.links if (link.source, link.product) == (circuit, product)]

    def share_left(self, circuit: str, product: str) -> float:
        """Return the share of a product of a circuit that no link takes."""
        left = 1.0 - sum(link.share for link in self.links_from(circuit, product))
        return left if left > ROUNDING else 0.0

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
