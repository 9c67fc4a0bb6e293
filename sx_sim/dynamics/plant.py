"""A flowsheet over time: banks, and tanks where anything passes between them or comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.streams import Stream
from sx_sim.dynamics.bank import Bank, Solved, amounts_of, stream_of
from sx_sim.dynamics.holdups import Holdups
from sx_sim.dynamics.method import Stage
from sx_sim.dynamics.tear import Tear
from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import Flowsheet, Link, place_of
from sx_sim.flowsheet.recycles import Circuit, Recycle
from sx_sim.kernels.types import Options

Array = NDArray[np.float64]
WARM = 10.0  # [K] that counts as much
TRACE = 1e-6  # of the largest concentration fed, below which others count as that much
PART = 1e-3  # of the error of a step, which closures may have


@dataclass(frozen=True)
class Tank:
    """A well-mixed tank through which a product passes to where it is fed.

    Parameters
    ----------
    volume : float
        [L], filled at any time.
    """

    volume: float

    def mixed(self, base: Array, g: float, flow: float, enters: Array) -> Array:
        """Return what it holds per volume [mol/L] after a step in which that leaves."""
        return (base + g * flow * enters) / (self.volume + g * flow)


@dataclass(frozen=True)
class UnitSolved:
    """A circuit at the end of a step.

    Parameters
    ----------
    circuit : Circuit
        As it was fed by links, recycles left out.
    bank : Solved
    back : (R, S + 2) array
        What its recycles bring back, per volume of what leaves their tanks [mol/L].
    entered : (S + 2,) array
        By feeds, less what recycles bring back [mol/h].
    outlets : mapping of str to (flow, (S + 2,) array)
        What leaves the column [L/h], and per volume of it [mol/L].
    drawn : mapping of str to float
        What of each outlet recycles take [L/h].
    streams : mapping of str to Stream
        Feeds, recycles included.
    """

    circuit: Circuit
    bank: Solved
    back: Array
    entered: Array
    outlets: Mapping[str, tuple[float, Array]]
    drawn: Mapping[str, float]
    streams: Mapping[str, Stream]


class Unit:
    """A circuit with holdups: its bank, and a tank on each recycle."""

    def __init__(
        self,
        name: str,
        circuit: Circuit,
        holdups: Holdups,
        tanks: Mapping[str, Tank],
        options: Options,
    ) -> None:
        self.name, self.holdups, self.options = name, holdups, options
        self.bank = Bank(circuit.column, holdups, options, circuit.ratios.heat)
        self.circuit, self.recycles = circuit, circuit.recycles
        self.tanks = [tanks[recycle.product] for recycle in self.recycles]
        self.width = self.bank.width
        self._fixed()
        self.size = self.bank.size + len(self.recycles) * self.width
        self.tear = Tear(len(self.recycles) * self.width)

    def fed_by(self, circuit: Circuit) -> Bank:
        """Return its bank with other feeds and flows."""
        if circuit is not self.circuit:
            before = self.bank
            self.circuit, self.recycles = circuit, circuit.recycles
            self.bank = Bank(circuit.column, self.holdups, self.options, circuit.ratios.heat)
            same = self.bank.size == before.size and len(self.tanks) == len(self.recycles)
            if not same or self.bank.column.system.species != before.column.system.species:
                where = f"circuits.{self.name}: " if self.name else ""
                raise CaseError(
                    f"{where}an input changes which species, stages, recycles or efficiencies "
                    "below one there are, such as saponification to or from zero; over time "
                    "they stay"
                )
            self._fixed()
        return self.bank

    def _fixed(self) -> None:
        """Find what is fed whatever comes back."""
        column = self.circuit.column
        self.torn = {recycle.feed for recycle in self.recycles}
        fixed = [f for f in column.feeds if f.stream.name not in self.torn]
        pairs = [(f.stage, f.stream) for f in fixed]
        self.fed, self.brought = self.bank.fed_by(pairs), self.bank.brought_by(pairs)
        self.scale = bank_scale(self.bank)
        self.outlets = {name: (phase, flow) for name, phase, _, flow in column.outlets()}

    def parts(self, state: Array) -> tuple[Array, Array]:
        """Return the parts of a state: of the bank, and of the tanks (R, S + 2)."""
        cut = self.bank.size
        return state[:cut], state[cut:].reshape(len(self.recycles), self.width)

    def leaving(self, recycle: Recycle, held: Array) -> Stream:
        """Return the product that a recycle takes, as its tank holds it (S + 2,) [mol/L]."""
        phase, flow = self.outlets[recycle.product]
        return stream_of(self.circuit.column.system, recycle.product, phase, flow, held)

    def returned(self, recycle: Recycle, held: Array, before: Stream) -> tuple[Stream, float]:
        """Return the feed with what a recycle brings into it, and what that takes [L/h].

        Where it would take more than there is, as exchange for base does of a liquor that holds
        next to nothing yet, what it takes is treated as far as that goes.
        """
        fresh, leaving = self.circuit.column.feed(recycle.feed), self.leaving(recycle, held)
        fed = recycle.feed_with(fresh, before, *recycle.returned(fresh, leaving))
        asked, there = recycle.balance(fresh, leaving)
        if asked <= there:
            return fed, min(recycle.flow_drawn(fresh, leaving), leaving.flow)
        share = there / asked
        mixed = share * fed.concentration + (1.0 - share) * before.concentration
        return replace(fed, concentration=mixed), leaving.flow

    def step(
        self, time: float, base: Array, g: float, guess: UnitSolved | None
    ) -> tuple[Array, Array, UnitSolved] | None:
        """Return the state after an implicit step and its rate, None where it is not solved."""
        column, bank = self.circuit.column, self.bank
        own, held = self.parts(base)
        start = guess.bank if guess else None
        found: tuple[Array, Array, Solved] | None = None
        outlets: dict[str, tuple[float, Array]] = {}
        streams: dict[str, Stream] = {}
        drawn: list[float] = []

        def round_of(back: Array) -> Array | None:
            """Return what the tanks then hold [mol/L], None where the bank is not solved."""
            nonlocal found, outlets, streams, drawn
            streams, drawn = {}, []
            for recycle, content in zip(self.recycles, back, strict=True):
                before = streams.get(recycle.feed, column.feed(recycle.feed))
                streams[recycle.feed], flow = self.returned(recycle, content, before)
                drawn.append(flow)
            back_fed = [
                (f.stage, streams[f.stream.name]) for f in column.feeds if f.stream.name in streams
            ]
            fed = self.fed + bank.fed_by(back_fed)
            brought = self.brought + bank.brought_by(back_fed)
            found = bank.step(time, own, g, fed, brought, start)
            if found is None:
                return None
            outlets = outlets_of(bank, found[2])
            return np.array(
                [
                    tank.mixed(content, g, flow, outlets[recycle.product][1])
                    for tank, content, flow, recycle in zip(
                        self.tanks, held, drawn, self.recycles, strict=True
                    )
                ]
            )

        back = np.zeros((len(self.recycles), self.width))
        if not self.recycles:
            if round_of(back) is None:
                return None
        else:
            volumes = np.array([tank.volume for tank in self.tanks])[:, None]
            first = guess.back if guess is not None else held / volumes
            closed = self.tear.close(round_of, first, self.scale)
            if closed is None:
                return None
            back = closed
        assert found is not None
        state, rate = np.empty_like(base), np.empty_like(base)
        (now, tanks), (changes, moves) = self.parts(state), self.parts(rate)
        now[:], changes[:], solved = found
        taken: dict[str, float] = {}
        entered = self.fed.sum(axis=0)
        entered += sum((amounts_of(s) for s in streams.values()), np.zeros(self.width))
        for k, recycle in enumerate(self.recycles):
            leaves = outlets[recycle.product][1]
            moves[k] = drawn[k] * (leaves - back[k])
            tanks[k] = held[k] + g * moves[k]
            entered = entered - drawn[k] * back[k]
            taken[recycle.product] = taken.get(recycle.product, 0.0) + drawn[k]
        entered[-2] += solved.doses.sum()
        whole = UnitSolved(self.circuit, solved, back, entered, outlets, taken, streams)
        return state, rate, whole


def bank_scale(bank: Bank) -> Array:
    """Return the largest concentration fed of each kind (S + 2,) [mol/L].

    Of traces, and of what is not fed, a small share of the largest.
    """
    scale = np.zeros(bank.width)
    for feed in bank.column.feeds:
        if feed.stream.flow > 0.0:
            scale = np.maximum(scale, amounts_of(feed.stream) / feed.stream.flow)
    most = scale[:-2].max(initial=0.0) or scale.max()
    return np.maximum(scale, TRACE * most)


def outlets_of(bank: Bank, solved: Solved) -> dict[str, tuple[float, Array]]:
    """Return flow [L/h] and content (S + 2,) [mol/L] of all that leaves a column."""
    flows, found = solved.flows, {}
    for name, phase, j, flow in bank.column.outlets():
        wet = phase == "aqueous"
        was = (bank.flows.aqueous if wet else bank.flows.organic)[j]
        now = (flows.aqueous if wet else flows.organic)[j]
        content = (solved.aqueous_out if wet else solved.organic_out)[j]
        found[name] = float(flow * now / was), content
    return found


@dataclass(frozen=True)
class PlantSolved:
    """A plant at the end of a step.

    Parameters
    ----------
    flowsheet : Flowsheet
        With the inputs there.
    units : mapping of str to UnitSolved
    back : mapping of Link to (S + 2,) array
        What links that go back carry, per volume [mol/L].
    """

    flowsheet: Flowsheet
    units: Mapping[str, UnitSolved]
    carried: Mapping[Link, Array] = field(default_factory=dict)


def key_of(link: Link) -> tuple[str, str, str]:
    """Return what names the tank of a link, whatever its share and conditioner are."""
    return link.circuit, link.feed, "link"


class Plant:
    """Units, tanks on links, and what has entered and left.

    The state is one array: units, tanks of links, what entered from outside by species, anions
    and extractant, and what left in every product.

    Parameters
    ----------
    flowsheet : Flowsheet
        At the start.
    holdups : mapping of str to Holdups
        By circuit.
    tanks : mapping to Tank
        Of recycles by circuit and product, of links by ``key_of``.
    tolerance : float
        Error of a step that is tolerated; closures of stages are a part of it.
    """

    def __init__(
        self,
        flowsheet: Flowsheet,
        holdups: Mapping[str, Holdups],
        tanks: Mapping[tuple[str, ...], Tank],
        tolerance: float,
    ) -> None:
        if flowsheet.torn:
            link = flowsheet.torn[0]
            raise CaseError(
                f"{link.key}: goes back to a circuit before it, which is not simulated over time; "
                "leave it out"
            )
        self.flowsheet = flowsheet
        closed = max(PART * tolerance, 1e-12)
        options = Options(tolerance=closed, settled=closed)
        self.units = {
            name: Unit(
                name,
                circuit,
                holdups[name],
                {r.product: tanks[name, r.product] for r in circuit.recycles},
                options,
            )
            for name, circuit in flowsheet.circuits.items()
        }
        self.tanks = {key_of(link): tanks[key_of(link)] for link in flowsheet.links}
        self.species = flowsheet.species
        self.places: dict[object, slice] = {}
        end = 0
        for name, unit in self.units.items():
            self.places[name] = slice(end, end := end + unit.size)
        for link in flowsheet.links:
            self.places[key_of(link)] = slice(end, end := end + self.units[link.source].width)
        self.products = list(flowsheet.products)
        width = len(self.species) + 2
        self.entered = slice(end, end := end + width)
        self.left = slice(end, end := end + width * len(self.products))
        self.size, self.width = end, width
        self.columns = {name: self._columns(unit) for name, unit in self.units.items()}

    def _columns(self, unit: Unit) -> NDArray[np.int64]:
        symbols = unit.bank.column.system.species
        found = [self.species.index(symbol) for symbol in symbols]
        return np.array([*found, self.width - 2, self.width - 1])

    def product_amounts(self, state: Array) -> Array:
        """Return what left in every product (products, species + 2) [mol]."""
        return state[self.left].reshape(len(self.products), self.width)

    def with_contents(self, state: Array, name: str) -> Array:
        """Return a state with the contents of another, nothing having entered or left yet.

        ``name`` is of where that is from; CaseError if it is of another plant.
        """
        if state.shape != (self.size,):
            raise CaseError(
                f'simulation.start = "{name}": is of another case: stages, species, products or '
                "tanks differ"
            )
        found = state.copy()
        found[self.entered], found[self.left] = 0.0, 0.0
        return found

    def inventory(self, state: Array) -> Array:
        """Return what the plant holds of species, anions and extractant (P + 2,) [mol]."""
        total = np.zeros(self.width)
        for name, unit in self.units.items():
            own, tanks = unit.parts(state[self.places[name]])
            held = unit.bank.contents(own)
            amounts = held.mixer.sum(axis=0) + tanks.sum(axis=0)
            amounts += held.aqueous.sum(axis=(0, 1)) + held.organic.sum(axis=(0, 1))
            total[self.columns[name]] += amounts
        for link in self.flowsheet.links:
            total[self.columns[link.source]] += state[self.places[key_of(link)]]
        return total

    def scales(self) -> Array:
        """Return what of every number of the state counts as much; infinite of what is counted."""
        scale = np.full(self.size, np.inf)
        for name, unit in self.units.items():
            bank, content = unit.bank, bank_scale(unit.bank)
            own, tanks = unit.parts(scale[self.places[name]])
            held, holdups = bank.contents(own), bank.holdups
            held.mixer[:] = holdups.mixer[:, None] * content
            held.water[:] = holdups.mixer
            for part, volume in (
                (held.aqueous, holdups.aqueous_settler),
                (held.organic, holdups.organic_settler),
            ):
                if len(part):
                    part[:] = (volume / len(part))[:, None] * content
            held.warmth[:] = WARM
            held.loaded[:] = holdups.mixer[:, None] * content[:-2] if bank.lags else 0.0
            for k, tank in enumerate(unit.tanks):
                tanks[k] = tank.volume * content
        for link in self.flowsheet.links:
            content = bank_scale(self.units[link.source].bank)
            scale[self.places[key_of(link)]] = self.tanks[key_of(link)].volume * content
        return np.where(scale > 0.0, scale, np.inf)  # what has no volume holds nothing

    def solve(
        self, time: float, flowsheet: Flowsheet, base: Array, g: float, guess: PlantSolved | None
    ) -> Stage | None:
        """Return the state ``base + g f`` of an implicit step, None where it is not solved."""
        state, rate = np.empty_like(base), np.empty_like(base)
        found: dict[str, UnitSolved] = {}
        carried: dict[Link, Array] = {}
        entered, left = np.zeros(self.width), np.zeros((len(self.products), self.width))
        for name, unit in self.units.items():
            linked: dict[str, Array] = {}
            circuit = flowsheet.circuits[name]
            fed: dict[str, Stream] = {}
            for link in flowsheet.links_to(name):
                try:
                    made, flow = self._carried(link, found, base, g, state, rate, carried)
                except (CaseError, ZeroDivisionError):  # a liquor without rare earths to treat
                    return None
                fed[link.feed] = made
                brought = np.zeros(self.width)
                brought[self.columns[link.source]] = flow * carried[link]
                linked[link.feed] = brought
            if fed:
                circuit = circuit.fed(fed)
            unit.fed_by(circuit)
            before = guess.units.get(name) if guess else None
            step = unit.step(time, base[self.places[name]], g, before)
            if step is None:
                return None
            state[self.places[name]], rate[self.places[name]], found[name] = step
            columns = self.columns[name]
            entered[columns] += found[name].entered
            entered -= sum(linked.values(), np.zeros(self.width))
            for product, (flow, content) in found[name].outlets.items():
                share = flowsheet.share_left(name, product)
                flow -= found[name].drawn.get(product, 0.0)
                place = place_of(name, product)
                if share > 0.0 and place in self.products:
                    left[self.products.index(place), columns] += share * flow * content
        rate[self.entered], rate[self.left] = entered, left.ravel()
        for counted in (self.entered, self.left):
            state[counted] = base[counted] + g * rate[counted]
        return Stage(state, rate, PlantSolved(flowsheet, found, carried))

    def _carried(
        self,
        link: Link,
        found: Mapping[str, UnitSolved],
        base: Array,
        g: float,
        state: Array,
        rate: Array,
        carried: dict[Link, Array],
    ) -> tuple[Stream, float]:
        """Return the stream that a link feeds, and its flow before; fill what its tank holds."""
        source, tank = found[link.source], self.tanks[key_of(link)]
        flow, content = source.outlets[link.product]
        flow = link.share * (flow - source.drawn.get(link.product, 0.0))
        place = self.places[key_of(link)]
        held = tank.mixed(base[place], g, flow, content)
        rate[place] = flow * (content - held)
        state[place] = base[place] + g * rate[place]
        carried[link] = held
        column = source.circuit.column
        phase = column.products[link.product]
        product = stream_of(column.system, link.product, phase, flow / link.share, held)
        return replace(link.treat(product).stream, name=link.feed), flow
