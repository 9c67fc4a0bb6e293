"""The ledger of a train: its circuits', less what passes between them, with treatments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sx_sim.cascade.results import Result
from sx_sim.chemistry.reagents import extractant_mass
from sx_sim.chemistry.speciation import titratable_acid
from sx_sim.flowsheet.equivalents import (
    Cations,
    Dose,
    Passage,
    Passages,
    aqueous_fed,
    passages_of,
    together,
)
from sx_sim.flowsheet.ledger import (
    NO_PRODUCTS,
    Holdup,
    Inventory,
    Ledger,
    inventory,
    is_something,
)
from sx_sim.flowsheet.train import Link, TrainResult
from sx_sim.flowsheet.treatment import NEUTRALISING, REDISSOLVING

MOST_PASSES = 200
SETTLED = 1e-14  # change of hidden base over what there is


def train_ledger(
    train: TrainResult,
    *,
    holdups: Mapping[str, Holdup] | None = None,
) -> Ledger:
    """Return the ledger of a train; what passes between circuits is left out.

    Parameters
    ----------
    train : TrainResult
    holdups : mapping of str to Holdup, optional
        Of every stage of each circuit, for the inventory; none unless all circuits have them.
    """
    passages = passages_of_train(train)
    links = {(link.circuit, link.feed) for link in train.links}
    taken = {(link.source, link.product) for link in train.links}
    inlets, outlets, doses, products = [], [], [], []
    for name, found in passages.items():
        inlets += [_named(p, name) for feed, p in found.inlets.items() if (name, feed) not in links]
        for product, passage in found.outlets.items():
            if (name, product) in taken:
                passage = _not_passed_on(passage, found.hidden[product])
            elif product not in NO_PRODUCTS:
                products.append(f"{name}.{product}")
            if is_something(passage):
                outlets.append(_named(passage, name))
        doses += [replace(dose, purpose=f"{name}: {dose.purpose}") for dose in found.doses]
    for link in train.links:
        doses += filter(None, [_treatment(train, link)])
        outlets += _mother_liquor(train, link, passages[link.source])
    results = {name: solved.result.result for name, solved in train.circuits.items()}
    whole = sum(found.lost for found in passages.values())
    return Ledger(
        inlets=tuple(inlets),
        outlets=tuple(outlets),
        doses=tuple(doses),
        extractant_lost=whole,
        extractant_mass=_mean_mass(results, passages),
        products=tuple(products),
        inventory=_whole_inventory(results, holdups),
    )


def passages_of_train(train: TrainResult) -> dict[str, Passages]:
    """Return what passes the boundary of every circuit of a train.

    Cations of base that neutralising leaves in a liquor go on with its water, in circles if
    the circuits do.
    """
    hidden: dict[str, dict[str, Cations]] = {name: {} for name in train.circuits}
    found: dict[str, Passages] = {}
    for _ in range(MOST_PASSES):
        changed = 0.0
        for name, solved in train.circuits.items():
            for link in (link for link in train.links if link.circuit == name):
                new = _hidden_after(train, link, found.get(link.source))
                before = hidden[name].get(link.feed, {})
                moved = [abs(new[s] - before.get(s, 0.0)) for s in new]
                changed = max(changed, *moved) if moved else changed
                hidden[name][link.feed] = new
            found[name] = passages_of(solved.result.circuit, solved.result.result, hidden[name])
        every = [v for feeds in hidden.values() for one in feeds.values() for v in one.values()]
        most = max(every, default=0.0)
        if changed <= SETTLED * most:
            break
    return found


def _mean_mass(results: Mapping[str, Result], passages: Mapping[str, Passages]) -> float:
    """Return the molar mass of what is lost [g/mol]; circuits may hold different extractants."""
    masses = [extractant_mass(r.system.extractant.extractant) for r in results.values()]
    lost = [found.lost for found in passages.values()]
    whole = sum(lost)
    return sum(m * n for m, n in zip(masses, lost, strict=True)) / whole if whole else masses[0]


def _whole_inventory(
    results: Mapping[str, Result], holdups: Mapping[str, Holdup] | None
) -> Inventory | None:
    if not holdups or set(holdups) != set(results):
        return None
    parts = [inventory(result, holdups[name]) for name, result in results.items()]
    return Inventory(
        sum(p.solvent for p in parts),
        sum(p.oxides_aqueous for p in parts),
        sum(p.oxides_organic for p in parts),
    )


def _named(passage: Passage, circuit: str) -> Passage:
    return replace(passage, name=f"{circuit}.{passage.name}")


def _not_passed_on(passage: Passage, hidden: Cations) -> Passage:
    """Return what of a product that feeds another circuit leaves: the drops it carries.

    Their metals pass on.
    """
    if passage.phase == "aqueous":
        name = f"solvent in {passage.name}"
        return Passage(
            name,
            "organic",
            passage.medium,
            solvent=passage.solvent,
            extractant=passage.extractant,
            extractant_mass=passage.extractant_mass,
        )
    salt = _in(hidden, passage.water)
    return Passage(
        f"water in {passage.name}",
        "aqueous",
        passage.medium,
        water=passage.water,
        anions=passage.anions,
        protons=passage.protons + passage.base - sum(salt.values()) + passage.metals,
        alkalis=salt,
    )


def _in(hidden: Cations, volume: float) -> dict[str, float]:
    return {symbol: amount * volume for symbol, amount in hidden.items()}


def _treatment(train: TrainResult, link: Link) -> Dose:
    """Return what treating a liquor took: acid and base of the circuit it is treated for."""
    solved = train.circuits[link.circuit]
    done, circuit = solved.treatments[link.feed], solved.result.circuit
    how = REDISSOLVING if done.effluent is not None else NEUTRALISING
    purpose = f"{how} {link.source}.{link.product}"
    return Dose(purpose, circuit.medium, circuit.base, done.acid, done.base, done.water)


def _mother_liquor(train: TrainResult, link: Link, source: Passages) -> tuple[Passage, ...]:
    """Return what a precipitation leaves, the salt of its base included."""
    solved = train.circuits[link.circuit]
    done = solved.treatments[link.feed]
    left = done.effluent
    if left is None:
        return ()
    liquor = train.circuits[link.source].result.result.streams[link.product]
    held = titratable_acid(liquor.system, liquor.concentration, liquor.carrier, liquor.acid)
    came = source.outlets[link.product]
    brought = aqueous_fed(left, source.hidden[link.product])
    return (
        replace(
            brought,
            name=f"mother liquor of {link.source}.{link.product}",
            protons=came.protons - liquor.flow * held,
            alkalis=together(brought.alkalis, {solved.result.circuit.base: done.base}),
        ),
    )


def _hidden_after(train: TrainResult, link: Link, source: Passages | None) -> Cations:
    """Return the cations of base beside the species in a liquor as it is fed on [eq/L]."""
    solved = train.circuits[link.circuit]
    done = solved.treatments[link.feed]
    if done.effluent is not None or done.stream.phase == "organic":
        return {}
    before = source.hidden[link.product] if source else {}
    flow = train.circuits[link.source].result.result.streams[link.product].flow
    whole = together(_in(before, flow), {solved.result.circuit.base: done.base})
    return _in(whole, 1.0 / done.stream.flow)
