"""Extractant sets: published constants with their sources, errors and ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from sx_sim.brief import outline
from sx_sim.chemistry import aqueous, database
from sx_sim.chemistry.elements import Element, declared, elements
from sx_sim.chemistry.reactions import Reaction
from sx_sim.chemistry.reagents import extractant_density, extractant_mass
from sx_sim.chemistry.set_names import set_key
from sx_sim.chemistry.set_schema import OwnElement, SetFile, SpeciesTable
from sx_sim.errors import CaseError
from sx_sim.problems import problems_of
from sx_sim.text_files import read_tables


@dataclass(frozen=True)
class Constants:
    """How one species distributes.

    ``log10 D = log10_K(T) + order_dimer log10 e - (order_acid + acid_by_dimer e) log10 h``,
    less the aqueous complexes or with activities, as the set has them. Errors are standard
    deviations of this species' own, beside the one that the whole set shares. An inert
    species stays in the aqueous phase. ``borrowed`` names the exponents that were not given for
    it, but are those of the set's rare earths. ``ion`` is the charge of the ion in the
    reaction that gave exponents, zero where they were given.
    """

    log10_K: float
    log10_K_sd: float
    quality: str
    source: tuple[str, ...]
    order_dimer: float
    order_acid: float
    dimers: float
    enthalpy: float  # [kJ/mol]
    enthalpy_sd: float  # [kJ/mol]
    enthalpy_quality: str
    enthalpy_source: tuple[str, ...]
    note: str = ""
    inert: bool = False
    acid_by_dimer: float = 0.0  # [L/mol]
    borrowed: tuple[str, ...] = ()
    ion: int = 0


@dataclass(frozen=True)
class ExtractantSet:
    """One extractant in one medium.

    ``complexes`` names the ligand whose complexes stand outside the constants, and
    ``activity`` the model of the activities they go with: ``none`` for conditional ones.
    ``log10_beta`` are the cumulative formation constants, at 25 degC, of the complexes of all
    rare earths with one, two ... ligands, where those do not differ by element.

    ``ranges`` gives, for acid [mol/L], anion [mol/L], ionic strength [mol/L], loading,
    extractant [formal mol/L] and temperature [K], the interval the constants were measured
    over. The extractant reacts as units of so many ``molecules``: two of a dimer.
    ``own`` are elements that the set declares. ``volume_percent`` of the extractant is in the
    solvent that an empirical law was read at, zero where it holds for any.
    """

    key: str
    title: str
    extractant: str
    medium: str
    law: str
    reaction: str
    conditions: str
    complexes: str
    reference_temperature: float  # [K]
    level_log10_K_sd: float
    level_enthalpy_sd: float  # [kJ/mol]
    ranges: Mapping[str, tuple[float, float]]
    species: Mapping[str, Constants]
    activity: str = "none"
    log10_beta: tuple[float, ...] = ()
    beta_enthalpy: tuple[float, ...] = ()  # [kJ/mol]
    volume_percent: float = 0.0
    molecules: int = 2
    own: Mapping[str, Element] = field(default_factory=dict)

    __repr__ = outline

    @property
    def unit(self) -> str:
        """What of the extractant reacts: ``dimer`` or ``monomer``."""
        return "dimer" if self.molecules == 2 else "monomer"

    @property
    def dosage(self) -> float:
        """Extractant in the solvent the law was read at [formal mol/L]; NaN if not known."""
        per_litre = extractant_density(self.extractant) / extractant_mass(self.extractant)
        return 0.01 * self.volume_percent * per_litre or np.nan

    def ln_formation_constants(self, temperature: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ln beta (N, K) of the rare earths' aqueous complexes at temperatures [K]."""
        if not self.log10_beta:
            return np.zeros((len(temperature), 0))
        beta, enthalpy = np.array(self.log10_beta), np.array(self.beta_enthalpy)
        return aqueous.vant_hoff(beta, enthalpy, temperature, aqueous.REFERENCE)

    @property
    def needs_extractant(self) -> bool:
        """Whether the extractant's concentration matters: metals take it up, or D depends on it."""
        rows = [c for c in self.species.values() if not c.inert]
        return any(c.dimers or c.order_dimer or c.acid_by_dimer for c in rows)

    def with_constants(self, changes: Mapping[str, Mapping[str, Any]]) -> ExtractantSet:
        """Return a copy with some constants of some species changed, or species added.

        Raises
        ------
        CaseError
            If a species is added without what neither its change nor the set tells.
        """
        species = dict(self.species)
        for symbol, change in changes.items():
            known = species.get(symbol)
            species[symbol] = replace(known, **change) if known else self._added(symbol, change)
        return replace(self, species=species)

    @property
    def shared_law(self) -> dict[str, float]:
        """Exponents that all rare earths of the set share, by name; none where they differ."""
        known = elements()
        rare = [
            c for s, c in self.species.items() if s in known and known[s].rare_earth and not c.inert
        ]
        values = {name: {getattr(c, name) for c in rare} for name in EXPONENTS}
        return {name: one.pop() for name, one in values.items() if len(one) == 1}

    def _added(self, symbol: str, change: Mapping[str, Any]) -> Constants:
        """Return the constants of a species that the set does not have.

        Exponents that are not given are those that all rare earths of the set share.
        """
        given = dict(change)
        if given.get("inert"):
            return Constants(**{**NONE, **given})
        law = self.shared_law
        if "order_acid" in given:
            law["acid_by_dimer"] = 0.0  # the slope against pH is as given, whatever the extractant
        missing = [name for name in ("log10_K", *EXPONENTS) if name not in given | law]
        if "order_acid" in missing and "acid_by_dimer" in missing:
            missing.remove("acid_by_dimer")
        if missing:
            why = ", as the rare earths of the set do not share exponents"
            raise CaseError(
                f"constants.{symbol}: set '{self.key}' has no {symbol}; give its "
                f"{', '.join(missing)}{'' if missing == ['log10_K'] else why}"
            )
        taken = {name: value for name, value in law.items() if name not in given}
        own = {"borrowed": tuple(n for n in taken if n != "acid_by_dimer" or taken[n])}
        return Constants(**{**NONE, **taken, **own, **given})

    def as_tables(self) -> dict[str, Any]:
        """Return everything the set holds as plain tables, from which it can be made again."""
        return asdict(self)

    @classmethod
    def from_tables(cls, tables: Mapping[str, Any]) -> ExtractantSet:
        """Return the set of tables that ``as_tables`` gave, after any way through JSON."""
        plain = {name: _frozen(value) for name, value in tables.items()}
        species = {symbol: Constants(**row) for symbol, row in plain["species"].items()}
        own = {symbol: Element(**row) for symbol, row in plain.get("own", {}).items()}
        return cls(**{**plain, "species": species, "own": own})


EXPONENTS = ("order_dimer", "order_acid", "acid_by_dimer", "dimers")

# Of a species that a set does not have, what stands for nothing or for not knowing.
NONE: Mapping[str, Any] = {
    "log10_K": 0.0,
    "log10_K_sd": 0.0,
    "quality": "estimated",
    "source": ("case file",),
    "order_dimer": 0.0,
    "order_acid": 0.0,
    "dimers": 0.0,
    "enthalpy": 0.0,
    "enthalpy_sd": 15.0,
    "enthalpy_quality": "estimated",
    "enthalpy_source": ("none",),
}


def extractant_set(key: str | Path) -> ExtractantSet:
    """Return a set by its key, or from a file of one's own.

    Parameters
    ----------
    key : str or Path
        Key of a set that comes with the simulator, a trade name that one set alone answers to
        (``Cyanex 272``, ``P204 sulfate``), or the path of a file ending in ``.toml``.

    Raises
    ------
    CaseError
        If there is none of that key, or the file does not hold a set.

    Examples
    --------
    >>> extractant_set("hehehp-chloride").species["Dy"].quality
    'measured'
    """
    if not is_path(key):
        return _shipped(set_key(str(key)))
    return set_of_tables(read_tables(key), str(key))


def _frozen(value: Any) -> Any:
    """Return tables with their lists as tuples, as dataclasses here hold them."""
    if isinstance(value, Mapping):
        return {name: _frozen(part) for name, part in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


@cache
def _shipped(key: str) -> ExtractantSet:
    return set_of_tables(database.lookup("extractants", key), key)


def is_path(key: str | Path) -> bool:
    """Whether a set is named by the path of its file."""
    return str(key).endswith(".toml")


def is_set(tables: Mapping[str, Any]) -> bool:
    """Whether the tables of a file are those of a set, right or wrong."""
    return not {"species", "level", "ranges"}.isdisjoint(tables)


def set_of_tables(data: Mapping[str, Any], name: str) -> ExtractantSet:
    """Return the set of the tables of a file; CaseError names every key that is wrong."""
    if not is_set(data):
        raise CaseError("is no extractant set: it has no [species.SYMBOL] tables", name)
    try:
        file = SetFile.model_validate(data)
    except ValidationError as error:
        raise CaseError(problems_of(error, SetFile), name) from None
    beta, enthalpy = _formation(file)
    return ExtractantSet(
        key=file.key,
        title=file.title,
        extractant=file.extractant,
        medium=file.medium,
        law=file.law,
        reaction=file.reaction,
        conditions=file.conditions,
        complexes=file.complexes,
        reference_temperature=float(file.reference_temperature),
        level_log10_K_sd=float(file.level.log10_K_sd),
        level_enthalpy_sd=float(file.level.enthalpy_sd),
        ranges=file.ranges.given,
        species={s: _constants(row, file.reactions.get(s)) for s, row in file.species.items()},
        own={s: _declared(s, row, name) for s, row in file.elements.items()},
        molecules=1 if file.basis == "monomer" else 2,
        activity=file.activity,
        log10_beta=beta,
        beta_enthalpy=enthalpy,
        volume_percent=file.dosage.volume_percent if file.dosage else 0.0,
    )


def _formation(file: SetFile) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return log10 beta and enthalpies of all rare earths: the set's own, or the ligand's."""
    if file.formation:
        return tuple(file.formation.log10_beta), tuple(file.formation.enthalpy)
    row = database.read("aqueous.toml").get(file.complexes)
    if row is None:  # none, or different from element to element
        return (), ()
    return tuple(map(float, row["log10_beta"])), tuple(map(float, row["enthalpy"]))


def _declared(symbol: str, row: OwnElement, name: str) -> Element:
    try:
        return declared(symbol, row.molar_mass, row.charge, row.oxide)
    except CaseError as error:
        raise CaseError(error.problems, name) from None


def _constants(row: SpeciesTable, reaction: Reaction | None) -> Constants:
    given = row.model_dump(exclude={"reaction"})
    given |= {"source": tuple(row.source), "enthalpy_source": tuple(row.enthalpy_source)}
    if reaction:
        taken = sum(reaction.extractants.values())
        own = {"order_dimer": taken, "order_acid": reaction.acid, "dimers": taken}
        told = {name: value for name, value in own.items() if given[name] is None}
        given |= told | ({"ion": reaction.charge} if told and not row.inert else {})
    return Constants(**given)
