"""Acid, base and metals that pass the boundary of a circuit, by equivalents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.column import SOLVENT
from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.aqueous import water_ion_product
from sx_sim.chemistry.elements import ACID
from sx_sim.chemistry.reagents import BASES, extractant_mass
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.flowsheet.circuit import CircuitResult
from sx_sim.flowsheet.recycles import Reflux, SolventLoop
from sx_sim.flowsheet.tracers import Outlet, carried_by_water, outlets_of

Array = NDArray[np.float64]
Cations = Mapping[str, float]  # by symbol


@dataclass(frozen=True)
class BoundaryFlow:
    """What one stream carries over the boundary, per hour.

    Parameters
    ----------
    name, phase : str
    medium : str
        Of the circuit it enters or leaves, which names its anions.
    water, solvent : float
        [L/h], drops included.
    anions : float
        Strong anions [eq/h].
    protons : float
        Free acid less hydroxide; in solvents less what their metals have displaced [eq/h].
    alkalis : mapping of str to float
        Cations of bases, sodium, ammonium, magnesium, be they species or dosed [eq/h].
    metals : float
        All other cations [eq/h].
    extractant : float
        As monomer [mol/h]; NaN where its concentration is not known.
    extractant_mass : float
        Of a mole of it [g/mol].
    oxides : float
        Rare earths [kg/h].
    metal_mass : float
        Those cations [kg/h].
    salts : bool
        Whether its solvent holds salts and acid rather than cations in the place of hydrogen.
    """

    name: str
    phase: str
    medium: str
    water: float = 0.0
    solvent: float = 0.0
    anions: float = 0.0
    protons: float = 0.0
    alkalis: Mapping[str, float] = field(default_factory=dict)
    metals: float = 0.0
    extractant: float = 0.0
    extractant_mass: float = float("nan")
    oxides: float = 0.0
    metal_mass: float = 0.0
    salts: bool = False

    @property
    def base(self) -> float:
        """All cations of bases [eq/h]."""
        return sum(self.alkalis.values())

    def part(self, share: float) -> BoundaryFlow:
        """Return a share of it."""
        extensive = (
            "water",
            "solvent",
            "anions",
            "protons",
            "metals",
            "extractant",
            "oxides",
            "metal_mass",
        )
        parts = {name: share * getattr(self, name) for name in extensive}
        alkalis = {symbol: share * amount for symbol, amount in self.alkalis.items()}
        return replace(self, alkalis=alkalis, **parts)


@dataclass(frozen=True)
class Dose:
    """Strong acid, base [eq/h] and water [L/h] brought in for one purpose.

    Which acid and base these are is told by the medium and the cation of the circuit that
    doses them. ``recovered`` acid is taken out as such.
    """

    purpose: str
    medium: str
    cation: str
    acid: float = 0.0
    base: float = 0.0
    water: float = 0.0
    recovered: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.acid or self.base or self.water or self.recovered)


@dataclass(frozen=True)
class BoundaryFlows:
    """Everything that passes the boundary of a circuit.

    Parameters
    ----------
    inlets, outlets : mappings of str to BoundaryFlow
    doses : tuple of Dose
    lost : float
        Extractant lost, as drops and as bled solvent, as monomer [mol/h].
    dosed : mapping of str to mapping
        Cations of dosed base, beside the species, in the water of every product, by symbol
        [eq/L].
    """

    inlets: Mapping[str, BoundaryFlow]
    outlets: Mapping[str, BoundaryFlow]
    doses: tuple[Dose, ...]
    lost: float
    dosed: Mapping[str, Cations]


def passages_of(result: CircuitResult, dosed: Mapping[str, Cations] | None = None) -> BoundaryFlows:
    """Return the flows across the boundary of a circuit.

    Parameters
    ----------
    result : CircuitResult
    dosed : mapping of str to mapping, optional
        Cations of base beside the species in its feeds, by symbol [eq/L], where liquors were
        neutralised before.
    """
    circuit, column, products = result.circuit, result.column, outlets_of(result)
    dosed = dosed or {}
    salt = {
        symbol: carried_by_water(result, fed) for symbol, fed in _dosed_fed(result, dosed).items()
    }
    dose = partial(Dose, medium=circuit.medium, cation=circuit.base)
    refluxes = {r.feed: r for r in circuit.recycles if isinstance(r, Reflux)}
    inlets, doses = {}, []
    for feed in column.feeds:
        stream = feed.stream
        if stream.name in refluxes:
            more, less = _adjusted(result, refluxes[stream.name], stream)
            doses.append(dose(f"acidity of {stream.name}", acid=more, recovered=less))
            continue
        soap = 0.0
        if stream.phase == "organic":
            fresh, soap = _solvent_fed(result, stream, products)
            inlets[stream.name] = fresh
        else:
            inlets[stream.name] = aqueous_fed(stream, dosed.get(stream.name, {}))
        if soap:
            doses.append(dose(f"saponification of {stream.name}", base=soap))
    for name, amount in result.doses.items():
        doses.append(dose(f"set point {name}", acid=max(amount, 0.0), base=max(-amount, 0.0)))
    held = {p.name: {s: float(row[p.stage]) for s, row in salt.items()} for p in products}
    closed = {r.product for r in circuit.recycles if isinstance(r, SolventLoop)}
    return BoundaryFlows(
        inlets=inlets,
        outlets={p.name: _leaving(result, p, held[p.name]) for p in products},
        doses=tuple(filter(None, doses)),
        lost=sum(_lost(result, p, p.name in closed) for p in products),
        dosed=held,
    )


def aqueous_fed(stream: Stream, dosed: Cations | None = None) -> BoundaryFlow:
    """Return the equivalents in an aqueous feed [eq/L], cations of base included."""
    alkalis, metals = _charges(stream.system, stream.moles)
    salt = _times(dosed or {}, stream.flow)
    anions = stream.flow * stream.carrier
    return BoundaryFlow(
        stream.name,
        "aqueous",
        stream.system.extractant.medium,
        water=stream.flow,
        anions=anions + sum(salt.values()),
        protons=anions - sum(alkalis.values()) - metals,  # it is electrically neutral
        alkalis=together(alkalis, salt),
        metals=metals,
        oxides=stream.flow * stream.reo / 1000.0,
        metal_mass=_mass(stream.system, stream.moles),
    )


def together(*parts: Cations) -> dict[str, float]:
    """Return the sum of amounts of cations, by symbol."""
    found: dict[str, float] = {}
    for part in parts:
        for symbol, amount in part.items():
            found[symbol] = found.get(symbol, 0.0) + amount
    return found


def _times(cations: Cations, factor: float) -> dict[str, float]:
    return {symbol: factor * amount for symbol, amount in cations.items()}


def _charges(system: ChemicalSystem, moles: Array) -> tuple[dict[str, float], float]:
    """Return equivalents of base cations, by symbol, and of all others but the acid."""
    charges = dict(zip(system.species, (moles * system.cations).tolist(), strict=True))
    alkalis = {symbol: charges.pop(symbol) for symbol in BASES if symbol in charges}
    return alkalis, sum(charges.values())


def _mass(system: ChemicalSystem, moles: Array) -> float:
    """Return the cations that are no base [kg]."""
    counted = np.array([symbol not in (*BASES, ACID) for symbol in system.species], dtype=float)
    return float(moles @ (system.mass * counted)) / 1000.0


def _dosed_fed(result: CircuitResult, dosed: Mapping[str, Cations]) -> dict[str, dict[int, float]]:
    """Return cations of base beside the species, by symbol, fed by stage [eq/h]."""
    fed: dict[str, dict[int, float]] = {}

    def add(symbol: str, stage: int, amount: float) -> None:
        by_stage = fed.setdefault(symbol, {})
        by_stage[stage] = by_stage.get(stage, 0.0) + amount

    for feed in result.column.feeds:
        for symbol, amount in dosed.get(feed.stream.name, {}).items():
            add(symbol, feed.stage, amount * feed.stream.flow)
    for point in result.column.set_points:
        if result.doses[point.name] < 0.0:
            add(result.circuit.base, point.stage, -result.doses[point.name])
    return fed


def _adjusted(result: CircuitResult, reflux: Reflux, fed: Stream) -> tuple[float, float]:
    """Return the acid that a reflux takes, and that it gives [eq/h]."""
    more = (fed.carrier - result.cascade.streams[reflux.product].carrier) * fed.flow
    if reflux.keeps_acid:
        more = 0.0
    return max(more, 0.0), max(-more, 0.0)


def _solvent_fed(
    result: CircuitResult, stream: Stream, products: list[Outlet]
) -> tuple[BoundaryFlow, float]:
    """Return the equivalents in a fresh solvent and in the base that saponifies it [eq/h]."""
    circuit = result.circuit
    fresh = circuit.column.feed(stream.name)
    alkalis, metals = _charges(stream.system, fresh.moles)
    base = sum(alkalis.values())
    # an organic feed that holds metals has been saponified before
    before = bool(metals) and stream.name != SOLVENT
    soap = 0.0 if before else base
    made_up = stream.flow
    loops = [r for r in circuit.recycles if isinstance(r, SolventLoop)]
    for loop in (loop for loop in loops if loop.feed == stream.name):
        out = next(p for p in products if p.name == loop.product)
        made_up -= out.flow - out.net
        back, _ = _charges(stream.system, (out.flow - out.net) * _held(result, out))
        soap -= sum(back.values())
    salts = stream.system.acid >= 0
    acid = float(fresh.moles[stream.system.acid]) if salts else 0.0
    brought = BoundaryFlow(
        stream.name,
        "organic",
        circuit.medium,
        solvent=made_up,
        anions=salts * float(fresh.moles @ stream.system.charge),
        protons=acid if salts else -metals - (base if before else 0.0),
        salts=salts,
        alkalis=alkalis if before else {},
        metals=metals,
        extractant=stream.system.extractant.molecules * made_up * stream.carrier,
        extractant_mass=_extractant_mass(stream.system),
        oxides=float(fresh.oxides.sum()) * fresh.flow / 1000.0,
        metal_mass=_mass(stream.system, fresh.moles),
    )
    return brought, soap


def _held(result: CircuitResult, out: Outlet) -> Array:
    """Return the concentrations in a product, drops included (S,)."""
    if out.name in result.streams:
        return result.streams[out.name].concentration
    x, z = result.stages.aqueous[out.stage], result.stages.organic[out.stage]
    return result.column.with_drops(out.phase, out.stage, x, z)


def _lost(result: CircuitResult, out: Outlet, closed: bool) -> float:
    """Return extractant lost with a product [mol/h]; solvent that leaves as such is not."""
    volume = out.flow * out.drops if out.phase == "aqueous" else out.net * closed
    return _extractant(volume, result, out.stage)


def _extractant(volume: float, result: CircuitResult, j: int) -> float:
    """Return the extractant in a volume of a stage's solvent [mol], none in none."""
    formal = result.system.extractant.molecules * float(result.stages.dimer[j])
    return volume * formal if volume else 0.0


def _extractant_mass(system: ChemicalSystem) -> float:
    return extractant_mass(system.extractant.extractant)


def _free_acid(result: CircuitResult, j: int) -> float:
    """Return the acid in the water of a stage, less hydroxide, from its pH [eq/L].

    With what the anions hold of it, as sulfate does.
    """
    stages, kelvin = result.stages, result.column.temperature[j : j + 1]
    h = float(stages.acid[j])
    if result.system.acid >= 0:
        return float(stages.aqueous[j, result.system.acid])
    held = result.system.law(kelvin).protonation
    taken = float(held[0]) * h * float(stages.free_anion[j]) if held.size else 0.0
    return h - float(water_ion_product(kelvin)[0]) / h + taken


def _leaving(result: CircuitResult, out: Outlet, dosed: Cations) -> BoundaryFlow:
    """Return the flows that leave the circuit with a product."""
    salt = _times(dosed, out.water)
    stages, column, j = result.stages, result.column, out.stage
    system = column.system
    held = _held(result, out)
    alkalis, metals = _charges(system, out.net * held)
    acid = _free_acid(result, j)
    bound = float(stages.organic[j] @ system.charge)
    organic = out.flow * out.drops if out.phase == "aqueous" else out.net
    if out.phase == "aqueous":
        protons = out.net * (acid - out.drops * bound)
    else:  # water is taken out of solvent that comes back; its metals stay in that
        kept = (out.flow - out.net) * out.drops * float(stages.aqueous[j] @ system.charge)
        protons = out.water * acid - out.net * bound + kept
    anions = out.water * float(stages.anion[j])
    if system.acid >= 0:  # the organic holds salts and acid
        protons, anions = out.net * float(held[system.acid]), out.net * float(held @ system.charge)
    return BoundaryFlow(
        out.name,
        out.phase,
        system.extractant.medium,
        water=out.water,
        solvent=organic,
        anions=anions + sum(salt.values()),
        protons=protons,
        alkalis=together(alkalis, salt),
        metals=metals,
        extractant=_extractant(organic, result, j),
        extractant_mass=_extractant_mass(system),
        oxides=float(held @ system.oxide_mass) * out.net / 1000.0,
        metal_mass=_mass(system, out.net * held),
        salts=system.acid >= 0,
    )
