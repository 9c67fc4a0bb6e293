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

from dataclasses import dataclass

from sx_sim.cascade.column import BARREN
from sx_sim.cascade.results import Result
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
from sx_sim.flowsheet.equivalents import Dose, Passage, passages_of
from sx_sim.flowsheet.recycles import EFFLUENT, Circuit

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
    inlets, outlets : tuples of Passage
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

    inlets: tuple[Passage, ...]
    outlets: tuple[Passage, ...]
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

    def salt(self, outlet: Passage) -> float:
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

    def solids(self, outlet: Passage) -> float:
        """Return what is dissolved in a stream [kg/h].

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


def circuit_ledger(
    circuit: Circuit,
    result: Result,
    *,
    holdup: Holdup | None = None,
) -> Ledger:
    """Return the ledger of a circuit.

    Parameters
    ----------
    circuit : Circuit
        As it was set up.
    result : Result
        As it was solved: ``CircuitResult.result``.
    holdup : Holdup, optional
        Of every stage, for the inventory.

    Examples
    --------
    >>> import sx_sim
    >>> from sx_sim.flowsheet.ledger import circuit_ledger
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
    >>> ledger = circuit_ledger(case.circuit, sx_sim.solve(case))
    >>> round(ledger.base["saponification of solvent"], 6)
    60.0
    >>> max(ledger.closures.values()) < 1e-9
    True
    """
    passages = passages_of(circuit, result)
    extractant = result.system.extractant
    left = tuple(out for out in passages.outlets.values() if is_something(out))
    return Ledger(
        inlets=tuple(passages.inlets.values()),
        outlets=left,
        doses=passages.doses,
        extractant_lost=passages.lost,
        extractant_mass=extractant_mass(extractant.extractant),
        products=tuple(out.name for out in left if out.name not in NO_PRODUCTS),
        inventory=inventory(result, holdup) if holdup else None,
    )


def _alkali_mass(outlet: Passage) -> float:
    """Return the cations of bases in a stream [kg/h]."""
    return sum(cation_mass(s) * n for s, n in outlet.alkalis.items()) / 1000.0


def inventory(result: Result, holdup: Holdup) -> Inventory:
    """Return what a column holds in process."""
    stages, oxide = result.stages, result.system.oxide_mass / 1000.0
    return Inventory(
        solvent=result.column.stages * holdup.organic,
        oxides_aqueous=float(stages.aqueous.sum(axis=0) @ oxide) * holdup.aqueous,
        oxides_organic=float(stages.organic.sum(axis=0) @ oxide) * holdup.organic,
    )


def is_something(passage: Passage) -> bool:
    """Return whether there is anything to a stream."""
    return bool(passage.water or passage.solvent)
