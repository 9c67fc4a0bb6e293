"""Where radionuclides go: each is parted like its analogue, or stays in the water.

Transit through a circuit takes hours to days and is left out: what comes in leaves, decay
apart. What grows in and decays while products are stored is told by ``after``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sx_sim.cascade.streams import Stream
from sx_sim.chemistry import database
from sx_sim.chemistry.nuclides import decayed, natural_activities, nuclide, nuclides
from sx_sim.flowsheet.circuit import CircuitResult
from sx_sim.flowsheet.equivalents import BoundaryFlow, together
from sx_sim.flowsheet.flowsheet import Link, place_of
from sx_sim.flowsheet.ledger import Ledger, ledger_of
from sx_sim.flowsheet.passive import carried
from sx_sim.flowsheet.recycles import Reflux
from sx_sim.flowsheet.result import Result
from sx_sim.flowsheet.tracers import carried_by_water, outlets_of

LIMIT = 1.0  # [Bq/g]
WATER = "water"
RARE_EARTHS = "rare earths"
TINY = np.finfo(np.float64).tiny

Amounts = dict[str, float]  # [Bq/h] by nuclide
Given = Mapping[str, Mapping[str, float]]  # [Bq/L] by feed and nuclide


@dataclass(frozen=True)
class Activities:
    """Radionuclides of a circuit or a train.

    Parameters
    ----------
    fed, left : mappings of str to mapping
        Activity by stream and nuclide [Bq/h].
    analogues : mapping of str to str
        The species that each nuclide is parted like, or ``water``.
    flows : mapping of str to float
        Of every stream that leaves [L/h].
    oxides, solids : mappings of str to float
        Its rare earths as oxides, and its dissolved solids: cations, and anions to match; of
        a solvent metals and extractant [g/h].
    limit : float
        Of one nuclide, per gram of dissolved solids [Bq/g].
    stored : float
        Time products have been stored [s].
    """

    fed: Mapping[str, Mapping[str, float]]
    left: Mapping[str, Mapping[str, float]]
    analogues: Mapping[str, str]
    flows: Mapping[str, float]
    oxides: Mapping[str, float]
    solids: Mapping[str, float]
    limit: float = LIMIT
    stored: float = 0.0

    @property
    def nuclides(self) -> tuple[str, ...]:
        """Those there are, parents before their progeny."""
        there = {name for amounts in self.left.values() for name in amounts}
        return tuple(name for name in nuclides() if name in there)

    def per_litre(self, stream: str, name: str) -> float:
        """Return an activity concentration [Bq/L]."""
        return _over(self.left[stream].get(name, 0.0), self.flows[stream])

    def per_solids(self, stream: str, name: str) -> float:
        """Return the activity per gram of dissolved solids [Bq/g]; NaN where there are none."""
        return _over(self.left[stream].get(name, 0.0), self.solids[stream])

    def per_oxides(self, stream: str, name: str) -> float:
        """Return the activity per gram of rare-earth oxides [Bq/g]; NaN where there are none."""
        return _over(self.left[stream].get(name, 0.0), self.oxides[stream])

    def end(self, name: str) -> str:
        """Return the stream in which most of a nuclide leaves."""
        return max(self.left, key=lambda stream: self.left[stream].get(name, 0.0))

    def share(self, stream: str, name: str) -> float:
        """Return the share of what leaves of a nuclide that a stream holds."""
        return _over(self.left[stream].get(name, 0.0), self._leaving(name))

    def above(self, stream: str) -> tuple[str, ...]:
        """Return the nuclides above the limit in a stream."""
        return tuple(n for n in self.nuclides if self.per_solids(stream, n) > self.limit)

    @property
    def balance(self) -> dict[str, float]:
        """In less out over in of every nuclide that is fed; of no meaning once stored."""
        found = {}
        for name in self.nuclides:
            fed = sum(amounts.get(name, 0.0) for amounts in self.fed.values())
            if fed:
                found[name] = abs(fed - self._leaving(name)) / fed
        return found

    def after(self, seconds: float) -> Activities:
        """Return the same with what has left stored for a time, decayed and grown in."""
        stored = {name: decayed(amounts, seconds) for name, amounts in self.left.items()}
        return replace(self, left=stored, stored=self.stored + seconds)

    def _leaving(self, name: str) -> float:
        return float(sum(amounts.get(name, 0.0) for amounts in self.left.values()))


def analogue_of(element: str, result: CircuitResult) -> str:
    """Return the species that an element's nuclides are parted like in a circuit.

    One of those that are fed, or ``water``: see ``radionuclides.toml``.
    """
    fed = result.fed
    there = [s for s, amount in zip(result.elements, fed, strict=True) if amount > 0.0]
    rare = [s for s in there if result.system.rare_earth[result.system.index(s)]]
    for symbol in database.read("radionuclides.toml")["carriers"]["elements"][element]["of"]:
        if symbol in there:
            return str(symbol)
        if symbol == RARE_EARTHS and rare:
            return _least_extracted(result, rare)
    return WATER


def _least_extracted(result: CircuitResult, symbols: Sequence[str]) -> str:
    """Return which of some species has the lowest distribution ratios, over all stages."""
    chosen = [result.system.index(symbol) for symbol in symbols]
    held, left = result.stages.organic[:, chosen], result.stages.aqueous[:, chosen]
    least = np.log(np.maximum(held, TINY) / np.maximum(left, TINY)).mean(axis=0).argmin()
    return symbols[int(least)]


def is_estimate(name: str, analogue: str) -> bool:
    """Return whether it is an analogy that a nuclide is parted like its analogue."""
    return nuclide(name).element != analogue


def activities_of(
    result: Result, given: Mapping[str, Given], *, limit: float = LIMIT
) -> Activities:
    """Return where the radionuclides fed to a flowsheet go.

    Redissolving takes on what is parted like a rare earth; all else stays in the mother
    liquor, as the elements do.

    Parameters
    ----------
    result : Result
    given : mapping of str to mapping of str to mapping
        Activity concentrations by circuit, feed and nuclide [Bq/L]. The long-lived nuclides of
        thorium and uranium come from what feeds hold of the elements, unless given.
    limit : float
        [Bq/g]

    Raises
    ------
    CaseError
        If there is no such nuclide.
    """
    fed: dict[tuple[str, str], Amounts] = {}
    for name, unit in result.units.items():
        refluxes = {r.feed for r in unit.circuit.recycles if isinstance(r, Reflux)}
        for stream in result.flowsheet.outside(name):
            amounts = _activity(stream, given.get(name, {}).get(stream.name, {}))
            if amounts and stream.name not in refluxes:
                fed[name, stream.name] = amounts
    products = _through(result, fed)
    left: dict[str, Amounts] = {}
    for name, found in products.items():
        for product, amounts in found.items():
            if share := result.flowsheet.share_left(name, product):
                left[place_of(name, product)] = {n: share * a for n, a in amounts.items()}
            for link in result.flowsheet.links_from(name, product):
                stays = link.mother_liquor
                if _is_organic(result, link):
                    stays = f"water in {name}.{product}"
                left[stays] = together(left.get(stays, {}), _parted(result, link, amounts)[1])
    analogues = {n: _analogues(result, products, n) for n in _names(fed.values())}
    streams = {place_of(*place): amounts for place, amounts in fed.items()}
    return _assembled(streams, left, analogues, ledger_of(result), limit)


def _activity(stream: Stream, given: Mapping[str, float]) -> Amounts:
    """Return the activity of a feed [Bq/h]."""
    natural = {}
    for symbol, held in stream.held.items():
        for name, activity in natural_activities(symbol).items():
            natural[name] = held * activity
    whole = natural | {nuclide(name).name: value for name, value in given.items()}
    return {name: value * stream.flow for name, value in whole.items() if value > 0.0}


def _passed(found: CircuitResult, fed: Mapping[str, Mapping[str, float]]) -> dict[str, Amounts]:
    """Return the activity in every product of a circuit [Bq/h]."""
    outlets = outlets_of(found)
    left: dict[str, Amounts] = {outlet.name: {} for outlet in outlets}
    stages = {f.stream.name: f.stage for f in found.column.feeds}
    for name in _names(fed.values()):
        analogue = analogue_of(nuclide(name).element, found)
        amounts = {feed: one[name] for feed, one in fed.items() if name in one}
        if analogue != WATER:
            whole = sum(amounts.values())
            for outlet in outlets:
                if outlet.name in found.streams:
                    left[outlet.name][name] = whole * found.recovery(analogue, outlet.name)
            continue
        by_stage: dict[int, float] = {}
        for feed, amount in amounts.items():
            by_stage[stages[feed]] = by_stage.get(stages[feed], 0.0) + amount
        held = carried_by_water(found, by_stage)
        for outlet in outlets:
            if outlet.water > 0.0:
                left[outlet.name][name] = float(held[outlet.stage]) * outlet.water
    return left


def _through(
    result: Result, fed: Mapping[tuple[str, str], Amounts]
) -> dict[str, dict[str, Amounts]]:
    """Return the activity in every product of every circuit."""

    def onward(link: Link, source: dict[str, Amounts] | None) -> Amounts:
        return _parted(result, link, (source or {}).get(link.product, {}))[0]

    def through(name: str, arriving: Mapping[str, Mapping[str, float]]) -> dict[str, Amounts]:
        own = {feed: amounts for (circuit, feed), amounts in fed.items() if circuit == name}
        return _passed(result.units[name], {**own, **arriving})

    return carried(result, onward, through)


def _parted(result: Result, link: Link, amounts: Amounts) -> tuple[Amounts, Amounts]:
    """Return the activity passed on by a link, and that left in mother liquor or water."""
    source = result.units[link.source]
    goes: Amounts = {}
    stays: Amounts = {}
    redissolved = result.treatments[link].effluent is not None
    for name, whole in amounts.items():
        amount = link.share * whole
        analogue = analogue_of(nuclide(name).element, source)
        onward = True
        if _is_organic(result, link):
            onward = analogue != WATER
        elif redissolved:
            onward = analogue != WATER and bool(
                source.system.rare_earth[source.system.index(analogue)]
            )
        (goes if onward else stays)[name] = amount
    return goes, stays


def _is_organic(result: Result, link: Link) -> bool:
    return result.treatments[link].stream.phase == "organic"


def _analogues(result: Result, products: Mapping[str, Mapping[str, Amounts]], name: str) -> str:
    """Return the analogue of a nuclide in each of the circuits it reaches."""
    found = []
    for circuit, unit in result.units.items():
        if any(amounts.get(name) for amounts in products[circuit].values()):
            found.append(analogue_of(nuclide(name).element, unit))
    return ", ".join(dict.fromkeys(found))


def _assembled(
    fed: Mapping[str, Amounts],
    left: Mapping[str, Amounts],
    analogues: Mapping[str, str],
    ledger: Ledger,
    limit: float,
) -> Activities:
    outlets = {passage.name: passage for passage in ledger.outlets}
    there = {
        name: dict(amounts)
        for name, amounts in left.items()
        if name in outlets and (any(amounts.values()) or outlets[name].phase == "aqueous")
    }
    return Activities(
        fed=fed,
        left=there,
        analogues=analogues,
        flows={name: _volume(outlets[name]) for name in there},
        oxides={name: 1000.0 * outlets[name].oxides for name in there},
        solids={name: 1000.0 * ledger.solids(outlets[name]) for name in there},
        limit=limit,
    )


def _volume(passage: BoundaryFlow) -> float:
    return passage.water if passage.phase == "aqueous" else passage.solvent or passage.water


def _names(amounts: Iterable[Mapping[str, float]]) -> list[str]:
    """Return the nuclides there are, parents before their progeny."""
    there = {name for one in amounts for name in one}
    return [name for name in nuclides() if name in there]


def _over(amount: float, of: float) -> float:
    return float(np.divide(amount, of)) if of > 0.0 else float("nan")
