"""The ledger of a circuit or a train: acid, base, water, solvent lost, salt, inventory.

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

from sx_sim.chemistry.reagents import (
    Reagents,
    cation_mass,
    extractant_mass,
    nitrogen_mass,
    reagents,
)
from sx_sim.circuits.equivalents import Dose, Passage, passages_of
from sx_sim.circuits.recycles import EFFLUENT, Circuit
from sx_sim.flowsheet.column import BARREN
from sx_sim.flowsheet.results import Result

NO_PRODUCTS = (BARREN, EFFLUENT)
TRACES = 1e-6  # share of other bases that goes without saying


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
    reagents : Reagents
    extractant_lost : float
        As monomer [mol/h].
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
    reagents: Reagents
    extractant_lost: float
    extractant_mass: float
    products: tuple[str, ...]
    inventory: Inventory | None = None

    @property
    def closures(self) -> dict[str, float]:
        """In less out over all that comes in, of anions, base, metals, protons, extractant."""
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
    def acid(self) -> dict[str, float]:
        """Strong acid used, by purpose [mol/h]: free acid of liquors without metals, doses."""
        used = {
            inlet.name: inlet.protons
            for inlet in self.inlets
            if inlet.phase == "aqueous" and not inlet.metals and inlet.protons > 0.0
        }
        return used | {dose.purpose: dose.acid for dose in self.doses if dose.acid}

    @property
    def base(self) -> dict[str, float]:
        """Base used, by purpose [mol/h]."""
        return {dose.purpose: dose.base for dose in self.doses if dose.base}

    @property
    def water(self) -> float:
        """Water that comes with feeds and liquors, and for treatments [L/h]."""
        fed = sum(inlet.water for inlet in self.inlets)
        return float(fed + sum(dose.water for dose in self.doses))

    @property
    def recovered_acid(self) -> float:
        """Acid taken out of refluxes as such [mol/h]."""
        return float(sum(dose.recovered for dose in self.doses))

    @property
    def oxides(self) -> float:
        """Rare earths in the products [kg/h]."""
        return float(sum(out.oxides for out in self.outlets if out.name in self.products))

    @property
    def solvent_lost(self) -> float:
        """Extractant lost [kg/h]."""
        return self.extractant_lost * self.extractant_mass / 1000.0

    def salt(self, outlet: Passage) -> float:
        """Return the salt of base and acid that leaves with a stream [kg/h]."""
        return self._alkali_mass(outlet) + outlet.base * self.reagents.anion_mass / 1000.0

    @property
    def salt_name(self) -> str:
        """What that is: the salt of the base, or several where other bases are fed too."""
        whole = sum(out.base for out in self.outlets)
        own = sum(self._cations(out)[self.reagents.cation] for out in self.outlets)
        return self.reagents.salt if whole - own <= TRACES * whole else "salts of bases"

    def _cations(self, outlet: Passage) -> dict[str, float]:
        """Return cations of bases in a stream by symbol, dosed ones among them [mol/h]."""
        own = self.reagents.cation
        return {**outlet.alkalis, own: outlet.alkalis.get(own, 0.0) + outlet.dosed}

    def _alkali_mass(self, outlet: Passage) -> float:
        """Return the cations of bases in a stream [kg/h]."""
        return sum(cation_mass(s) * n for s, n in self._cations(outlet).items()) / 1000.0

    @property
    def effluent_salt(self) -> float:
        """Salt that leaves in all the water [kg/h]."""
        return float(sum(self.salt(out) for out in self.outlets if out.phase == "aqueous"))

    @property
    def ammonia_nitrogen(self) -> float:
        """NH3-N that leaves in all the water [kg/h]."""
        wet = [self._cations(out) for out in self.outlets if out.phase == "aqueous"]
        return sum(nitrogen_mass(s) * n for cations in wet for s, n in cations.items()) / 1000.0

    def solids(self, outlet: Passage) -> float:
        """Return what is dissolved in a stream [kg/h].

        In water the cations, and anions to match; in a solvent its metals and extractant.
        """
        metals = outlet.metal_mass + self._alkali_mass(outlet)
        if outlet.phase == "organic":
            return metals + outlet.extractant * self.extractant_mass / 1000.0
        return metals + (outlet.metals + outlet.base) * self.reagents.anion_mass / 1000.0

    @property
    def amounts(self) -> dict[str, float]:
        """Masses per hour [kg/h], water and solvent [L/h], by what they are of."""
        found = {
            self.reagents.acid: sum(self.acid.values()) * self.reagents.acid_mass / 1000.0,
            self.reagents.base: sum(self.base.values()) * self.reagents.base_mass / 1000.0,
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
    base: str = "Na",
    holdup: Holdup | None = None,
) -> Ledger:
    """Return the ledger of a circuit.

    Parameters
    ----------
    circuit : Circuit
        As it was set up.
    result : Result
        As it was solved: ``CircuitResult.result``.
    base : {'Na', 'NH4', 'Mg'}
        The cation of what is dosed.
    holdup : Holdup, optional
        Of every stage, for the inventory.

    Examples
    --------
    >>> import sx_sim
    >>> from sx_sim.circuits.ledger import circuit_ledger
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
        reagents=reagents(extractant.medium, base),
        extractant_lost=passages.lost,
        extractant_mass=extractant_mass(extractant.extractant),
        products=tuple(out.name for out in left if out.name not in NO_PRODUCTS),
        inventory=inventory(result, holdup) if holdup else None,
    )


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
