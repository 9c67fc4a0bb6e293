"""The ledger of a circuit or a train: acid, base, water, solvent lost, salt, inventory.

Amounts of acid and base are equivalents [eq/h]; moles and masses follow from the reagent, a
mole of H2SO4 or MgO being two equivalents. Each circuit takes the acid of its own medium and
its own base.

The balance is of equivalents over the boundary, per hour. Streams bring and take strong
anions, cations of bases (sodium, ammonium or magnesium, be they species or dosed), all other
cations by charge, and free acid; solvents enter as free acid and their saponification is a
dose of base.
Doses are of strong acid (an anion and a proton each) and base (a cation each, and a proton
less): saponification, set points, refluxes brought to an acidity, liquors treated between
circuits. So anions, base and metals each leave as much as comes in, and so do protons, of
which the pH of the products tells how many leave: that closes only if every product is
electrically neutral with the metals its solvent gave and took.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sx_sim.cascade.column import BARREN
from sx_sim.chemistry.reagents import (
    Reagent,
    acid_of,
    anion_mass,
    base_of,
    cation_mass,
    extractant_mass,
    nitrogen_mass,
    salt_name,
)
from sx_sim.chemistry.speciation import titratable_acid
from sx_sim.flowsheet.equivalents import (
    BoundaryFlow,
    BoundaryFlows,
    Cations,
    Dose,
    aqueous_fed,
    together,
)
from sx_sim.flowsheet.flowsheet import Link, place_of
from sx_sim.flowsheet.passive import passages_between
from sx_sim.flowsheet.recycles import EFFLUENT
from sx_sim.flowsheet.result import Result
from sx_sim.flowsheet.treatment import NEUTRALISING, REDISSOLVING

NO_PRODUCTS = (BARREN, EFFLUENT)
TRACES = 1e-6  # share of other salts neglected in the name of the salt
CLOSED = 1e-6  # of what comes in: beyond it the ledger contradicts the result


@dataclass(frozen=True)
class Use:
    """An amount of a reagent for one purpose."""

    purpose: str
    reagent: Reagent
    equivalents: float  # [eq/h]

    @property
    def moles(self) -> float:
        """[mol/h]."""
        return self.equivalents / self.reagent.equivalents

    @property
    def mass(self) -> float:
        """[kg/h]."""
        return self.moles * self.reagent.mass / 1000.0


@dataclass(frozen=True)
class Holdup:
    """Volumes of the phases in one mixer-settler [L]."""

    aqueous: float
    organic: float


@dataclass(frozen=True)
class Inventory:
    """What a plant holds in process.

    Parameters
    ----------
    solvent : float
        [L]
    oxides_aqueous, oxides_organic : float
        Rare earths in the water and in the solvent of all mixer-settlers [kg].
    """

    solvent: float
    oxides_aqueous: float
    oxides_organic: float

    @property
    def oxides(self) -> float:
        """Rare earths in process [kg]."""
        return self.oxides_aqueous + self.oxides_organic


@dataclass(frozen=True)
class Ledger:
    """What a circuit or a train uses, loses and leaves, per hour.

    Parameters
    ----------
    inlets, outlets : tuples of BoundaryFlow
        Streams from outside and to outside.
    doses : tuple of Dose
    extractant_lost : float
        As monomer [mol/h]; NaN where its concentration is not known.
    extractant_mass : float
        [g/mol], NaN where it is not known.
    products : tuple of str
        The outlets that count as products: not the barren solvent, and no
        mother liquor of a precipitation or an exchange.
    inventory : Inventory or None
        None where volumes are not given.
    """

    inlets: tuple[BoundaryFlow, ...]
    outlets: tuple[BoundaryFlow, ...]
    doses: tuple[Dose, ...]
    extractant_lost: float
    extractant_mass: float
    products: tuple[str, ...]
    inventory: Inventory | None = None

    @property
    def closures(self) -> dict[str, float]:
        """In less out over all that comes in, of anions, base, metals, protons, extractant.

        NaN of extractant whose concentration is not known.
        """
        acid = sum(dose.acid - dose.recovered for dose in self.doses)
        base = sum(dose.base for dose in self.doses)
        dosed = {"anions": acid, "base": base, "protons": acid - base}
        names = ("anions", "base", "metals", "protons", "extractant")
        return {name: self._closure(name, dosed.get(name, 0.0)) for name in names}

    def _closure(self, name: str, dosed: float) -> float:
        fed = [getattr(passage, name) for passage in self.inlets]
        left = [getattr(passage, name) for passage in self.outlets]
        whole = max(sum(map(abs, fed)) + abs(dosed), sum(map(abs, left)))
        return abs(sum(fed) + dosed - sum(left)) / whole if whole else 0.0

    @property
    def contradiction(self) -> str:
        """What does not close, and what that means; empty where all does."""
        found = self.closures.items()
        open_ends = [f"{name} to {off:.1e}" for name, off in found if off > CLOSED]
        if not open_ends:
            return ""
        return (
            f"the ledger closes {', '.join(open_ends)} of what comes in only, so the result is "
            "not to be relied on, although the solver converged; this is a defect worth reporting"
        )

    @property
    def acid_uses(self) -> tuple[Use, ...]:
        """Strong acid used, by purpose: free acid of liquors without metals, doses."""
        fed = [
            Use(inlet.name, acid_of(inlet.medium), inlet.protons)
            for inlet in self.inlets
            if inlet.phase == "aqueous" and not inlet.metals and inlet.protons > 0.0
        ]
        doses = [Use(d.purpose, acid_of(d.medium), d.acid) for d in self.doses if d.acid]
        return (*fed, *doses)

    @property
    def base_uses(self) -> tuple[Use, ...]:
        """Base used, by purpose."""
        return tuple(Use(d.purpose, base_of(d.cation), d.base) for d in self.doses if d.base)

    @property
    def recovered(self) -> tuple[Use, ...]:
        """Acid taken out of refluxes as such, by purpose."""
        doses = (d for d in self.doses if d.recovered)
        return tuple(Use(d.purpose, acid_of(d.medium), d.recovered) for d in doses)

    @property
    def acid(self) -> dict[str, float]:
        """Strong acid used, by purpose [eq/h]."""
        return {use.purpose: use.equivalents for use in self.acid_uses}

    @property
    def base(self) -> dict[str, float]:
        """Base used, by purpose [eq/h]."""
        return {use.purpose: use.equivalents for use in self.base_uses}

    @property
    def water(self) -> float:
        """Water that comes with feeds and liquors, and for treatments [L/h]."""
        fed = sum(inlet.water for inlet in self.inlets)
        return float(fed + sum(dose.water for dose in self.doses))

    @property
    def oxides(self) -> float:
        """Rare earths in the products [kg/h]."""
        return float(sum(out.oxides for out in self.outlets if out.name in self.products))

    @property
    def solvent_lost(self) -> float:
        """Extractant lost [kg/h]."""
        return self.extractant_lost * self.extractant_mass / 1000.0 if self.extractant_lost else 0.0

    def salt(self, outlet: BoundaryFlow) -> float:
        """Return the salt of base and acid that leaves with a stream [kg/h]."""
        anions = outlet.base * anion_mass(outlet.medium) if outlet.base else 0.0
        return _alkali_mass(outlet) + anions / 1000.0

    @property
    def salt_name(self) -> str:
        """What that is: the salt of one base and one acid, or several."""
        amounts: dict[str, float] = {}
        for out in self.outlets:
            for cation, amount in out.alkalis.items():
                name = salt_name(out.medium, cation)
                amounts[name] = amounts.get(name, 0.0) + amount
        whole = sum(amounts.values())
        there = [name for name, amount in amounts.items() if amount > TRACES * whole]
        return there[0] if len(there) == 1 else "salts of bases" if there else "salt"

    @property
    def effluent_salt(self) -> float:
        """Salt that leaves in all the water [kg/h]."""
        return float(sum(self.salt(out) for out in self.outlets if out.phase == "aqueous"))

    @property
    def ammonia_nitrogen(self) -> float:
        """NH3-N that leaves in all the water [kg/h]."""
        wet = [out.alkalis for out in self.outlets if out.phase == "aqueous"]
        return sum(nitrogen_mass(s) * n for cations in wet for s, n in cations.items()) / 1000.0

    def solids(self, outlet: BoundaryFlow) -> float:
        """Return the dissolved mass in a stream [kg/h].

        In water the cations, and anions to match; in a solvent its metals and extractant.
        """
        metals = outlet.metal_mass + _alkali_mass(outlet)
        if outlet.phase == "organic":
            return metals + outlet.extractant * outlet.extractant_mass / 1000.0
        return metals + (outlet.metals + outlet.base) * anion_mass(outlet.medium) / 1000.0

    @property
    def amounts(self) -> dict[str, float]:
        """Masses per hour [kg/h], water and solvent [L/h], by what they are of."""
        found: dict[str, float] = {}
        for use in (*self.acid_uses, *self.base_uses):
            found[use.reagent.formula] = found.get(use.reagent.formula, 0.0) + use.mass
        found |= {
            "water, L": self.water,
            "extractant lost": self.solvent_lost,
            f"{self.salt_name} in effluents": self.effluent_salt,
        }
        if self.ammonia_nitrogen:
            found["NH3-N in effluents"] = self.ammonia_nitrogen
        return found

    @property
    def per_oxides(self) -> dict[str, float]:
        """The same per kilogram of rare-earth oxides in the products; NaN without any."""
        made = self.oxides or float("nan")
        return {name: amount / made for name, amount in self.amounts.items()}


def ledger_of(result: Result, *, holdups: Mapping[str, Holdup] | None = None) -> Ledger:
    """Return the ledger of a flowsheet; what passes between its circuits is left out.

    Parameters
    ----------
    result : Result
    holdups : mapping of str to Holdup, optional
        Of every stage of each circuit, for the inventory; none unless all circuits have them.

    Examples
    --------
    >>> import sx_sim
    >>> from sx_sim.flowsheet.ledger import ledger_of
    >>> case = sx_sim.parse_case('''
    ... temperature = "25 degC"
    ... [solvent]
    ... extractant = "hehehp-chloride"
    ... concentration = "1 mol/L"
    ... saponification = 0.3
    ... flow = "200 L/h"
    ... [feeds.liquor]
    ... concentrations = { Nd = "0.1 mol/L", Dy = "0.02 mol/L" }
    ... acid = "0.01 mol/L"
    ... flow = "100 L/h"
    ... [sections.extraction]
    ... stages = 5
    ... ''')
    >>> ledger = ledger_of(sx_sim.solve(case))
    >>> round(ledger.base["saponification of solvent"], 6)
    60.0
    >>> max(ledger.closures.values()) < 1e-9
    True
    """
    found = passages_between(result)
    sheet = result.flowsheet
    links = {(link.circuit, link.feed) for link in sheet.links}
    inlets, outlets, doses, products = [], [], [], []
    for name, passages in found.items():
        inlets += [
            _named(p, name) for feed, p in passages.inlets.items() if (name, feed) not in links
        ]
        for product, passage in passages.outlets.items():
            left = sheet.share_left(name, product)
            drops = _not_passed_on(passage.part(1.0 - left), passages.dosed[product])
            leaves = passage.part(left)
            if product not in NO_PRODUCTS and is_something(leaves):
                products.append(place_of(name, product))
            outlets += [_named(part, name) for part in (leaves, drops) if is_something(part)]
        where = f"{name}: " if name else ""
        doses += [replace(dose, purpose=f"{where}{dose.purpose}") for dose in passages.doses]
    for link in sheet.links:
        doses += filter(None, [_treatment(result, link)])
        outlets += _mother_liquor(result, link, found[link.source])
    return Ledger(
        inlets=tuple(inlets),
        outlets=tuple(outlets),
        doses=tuple(doses),
        extractant_lost=sum(passages.lost for passages in found.values()),
        extractant_mass=_mean_mass(result, found),
        products=tuple(products),
        inventory=_inventory(result, holdups),
    )


def _alkali_mass(outlet: BoundaryFlow) -> float:
    """Return the cations of bases in a stream [kg/h]."""
    return sum(cation_mass(s) * n for s, n in outlet.alkalis.items()) / 1000.0


def is_something(passage: BoundaryFlow) -> bool:
    """Return whether a boundary flow is non-zero."""
    return bool(passage.water or passage.solvent)


def _mean_mass(result: Result, found: Mapping[str, BoundaryFlows]) -> float:
    """Return the molar mass of what is lost [g/mol]; circuits may hold different extractants."""
    masses = [extractant_mass(u.system.extractant.extractant) for u in result.units.values()]
    lost = [passages.lost for passages in found.values()]
    whole = sum(lost)
    return sum(m * n for m, n in zip(masses, lost, strict=True)) / whole if whole else masses[0]


def _inventory(result: Result, holdups: Mapping[str, Holdup] | None) -> Inventory | None:
    """Return the inventory of all stages, if it is known of every circuit."""
    if not holdups or set(holdups) != set(result.units):
        return None
    solvent = aqueous = organic = 0.0
    for name, unit in result.units.items():
        holdup, oxide = holdups[name], unit.system.oxide_mass / 1000.0
        solvent += unit.column.stages * holdup.organic
        aqueous += float(unit.stages.aqueous.sum(axis=0) @ oxide) * holdup.aqueous
        organic += float(unit.stages.organic.sum(axis=0) @ oxide) * holdup.organic
    return Inventory(solvent, aqueous, organic)


def _named(passage: BoundaryFlow, circuit: str) -> BoundaryFlow:
    return replace(passage, name=place_of(circuit, passage.name))


def _not_passed_on(passage: BoundaryFlow, dosed: Cations) -> BoundaryFlow:
    """Return the part of a linked product that still leaves: the drops it carries.

    Their metals pass on, and with salts their acid and anions.
    """
    if passage.phase == "aqueous":
        name = f"solvent in {passage.name}"
        return BoundaryFlow(
            name,
            "organic",
            passage.medium,
            solvent=passage.solvent,
            extractant=passage.extractant,
            extractant_mass=passage.extractant_mass,
        )
    salt = _in(dosed, passage.water)
    left = replace(passage, anions=0.0, protons=0.0, metals=0.0) if passage.salts else passage
    return BoundaryFlow(
        f"water in {passage.name}",
        "aqueous",
        passage.medium,
        water=passage.water,
        anions=left.anions,
        protons=left.protons + left.base - sum(salt.values()) + left.metals,
        alkalis=salt,
    )


def _in(dosed: Cations, volume: float) -> dict[str, float]:
    return {symbol: amount * volume for symbol, amount in dosed.items()}


def _treatment(result: Result, link: Link) -> Dose:
    """Return the acid and base spent on a liquor, under the circuit it is treated for."""
    done, circuit = result.treatments[link], result.units[link.circuit].circuit
    how = REDISSOLVING if done.effluent is not None else NEUTRALISING
    purpose = f"{how} {link.source}.{link.product}"
    return Dose(purpose, circuit.medium, circuit.base, done.acid, done.base, done.water)


def _mother_liquor(result: Result, link: Link, source: BoundaryFlows) -> tuple[BoundaryFlow, ...]:
    """Return the residue of a precipitation, the salt of its base included."""
    done = result.treatments[link]
    left = done.effluent
    if left is None:
        return ()
    liquor = result.units[link.source].streams[link.product]
    held = titratable_acid(liquor.system, liquor.concentration, liquor.carrier, liquor.acid)
    came = source.outlets[link.product].part(link.share)
    brought = aqueous_fed(left, source.dosed[link.product])
    base = {result.units[link.circuit].circuit.base: done.base}
    return (
        replace(
            brought,
            name=link.mother_liquor,
            protons=came.protons - link.share * liquor.flow * held,
            alkalis=together(brought.alkalis, base),
        ),
    )
