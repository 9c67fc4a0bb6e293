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
from sx_sim.chemistry.elements import ACID, Element, declared, elements
from sx_sim.chemistry.reactions import parse_reaction
from sx_sim.chemistry.reagents import extractant_density, extractant_mass
from sx_sim.chemistry.set_names import set_key
from sx_sim.chemistry.set_schema import (
    MASS_ACTION,
    ORDERS,
    ComplexTable,
    OwnElement,
    SetFile,
    SpeciesTable,
)
from sx_sim.errors import CaseError
from sx_sim.problems import problems_of
from sx_sim.text_files import read_tables


@dataclass(frozen=True)
class Complex:
    """One more organic complex of a species: ``Constants`` has the meaning of its numbers."""

    log10_K: float
    log10_K_sd: float
    quality: str
    source: tuple[str, ...]
    order_dimer: float
    order_acid: float
    dimers: float
    order_ligand: float = 0.0
    order_synergist: float = 0.0
    synergists: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Constants:
    """How one species distributes.

    ``log10 D = log10_K(T) + order_dimer log10 e - (order_acid + acid_by_dimer e) log10 h``,
    less the aqueous complexes or with activities, as the set has them; with a synergist, or
    where anions are extracted, ``+ order_ligand log10 L + order_synergist log10 t`` of the free
    ligand and synergist, and D is the sum over ``complexes`` besides, whose enthalpy and errors
    are those of the first. Errors are standard
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
    order_ligand: float = 0.0
    order_synergist: float = 0.0
    synergists: float = 0.0
    complexes: tuple[Complex, ...] = ()

    def changed(self, change: Mapping[str, Any]) -> Constants:
        """Return them with some changed; log10_K takes that of all complexes along."""
        more = change.get("log10_K", self.log10_K) - self.log10_K
        rows = tuple(replace(one, log10_K=one.log10_K + more) for one in self.complexes)
        return replace(self, **{"complexes": rows, **change})


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
    ``own`` are elements that the set declares. ``synergist`` is the second extractant of its
    solvent, empty if there is none; where it ``extracts_anions`` with metals acid is a species.
    ``volume_percent`` of the extractant is in the solvent that an empirical law was read at, zero
    where it holds for any.
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
    synergist: str = ""
    extracts_anions: bool = False

    __repr__ = outline

    @property
    def sums_complexes(self) -> bool:
        """Whether D is told complex by complex rather than by two exponents."""
        several = any(c.complexes for c in self.species.values())
        return several or self.extracts_anions or bool(self.synergist)

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
        return any(c.dimers or c.order_dimer or c.acid_by_dimer or c.complexes for c in rows)

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
            species[symbol] = known.changed(change) if known else self._added(symbol, change)
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
        species = {symbol: _thawed(row) for symbol, row in plain["species"].items()}
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


def _thawed(row: Mapping[str, Any]) -> Constants:
    complexes = tuple(Complex(**one) for one in row.get("complexes", ()))
    return Constants(**{**row, "complexes": complexes})


def check_solvent(
    extractant: ExtractantSet, mixed: bool, saponification: float, exchange: str = ""
) -> None:
    """Raise CaseError where a solvent is not one that a set describes.

    Parameters
    ----------
    extractant : ExtractantSet
    mixed : bool
        Whether the solvent has a synergist.
    saponification : float
    exchange : str
        Product whose rare earths replace its base.
    """
    key = extractant.key
    if extractant.synergist and not mixed:
        raise CaseError(
            f"synergist is missing: set '{key}' has {extractant.synergist} beside its extractant; "
            'such as synergist = "0.1 mol/L"'
        )
    if mixed and not extractant.synergist:
        raise CaseError(f"synergist: set '{key}' knows one extractant alone; leave it out")
    if extractant.extracts_anions and (saponification or exchange):
        raise CaseError(
            f"{'saponification' if saponification else 'exchange'}: set '{key}' extracts metals "
            "with their anions and releases no hydrogen ions for a base to take up; leave it out"
        )


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
    species = {s: _constants(row, file) for s, row in file.species.items()}
    if file.extracts_anions:
        none = {"inert": True, "source": (), "enthalpy_source": ()}
        species.setdefault(ACID, Constants(**{**NONE, **none}))
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
        species=species,
        synergist=file.synergist,
        extracts_anions=file.extracts_anions,
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


def _constants(row: SpeciesTable, file: SetFile) -> Constants:
    complexes = tuple(Complex(**_complex(one, file)) for one in row.complexes)
    given = _complex(row, file) | {
        "enthalpy_source": tuple(row.enthalpy_source),
        "complexes": complexes,
    }
    told = file.law == MASS_ACTION and None in (row.order_dimer, row.order_acid, row.dimers)
    if told and not row.inert:
        given["ion"] = parse_reaction(row.reaction or file.reaction).charge
    return Constants(**given)


def _complex(row: ComplexTable, file: SetFile) -> dict[str, Any]:
    """Return the numbers of a complex, those left out from its reaction.

    Of acid that is extracted several hydrogen ions may be in one complex: what counts is how
    much acid that holds, and what it binds per hydrogen ion.
    """
    given = row.model_dump(exclude={"reaction", "complexes"})
    given["source"] = tuple(row.source)
    if file.law == MASS_ACTION:
        reaction = parse_reaction(row.reaction or file.reaction)
        second = reaction.extractants.get(file.synergist, 0.0)
        first = sum(reaction.extractants.values()) - second
        ions = reaction.ions
        own = {
            "order_dimer": first,
            "order_acid": reaction.acid + 1.0 - ions,
            "order_ligand": sum(reaction.anions.values()),
            "order_synergist": second,
            "dimers": first / ions,
            "synergists": second / ions,
        }
        given |= {name: own[name] for name in ORDERS if given[name] is None}
        given["log10_K"] += float(np.log10(ions))
    return given | {name: 0.0 for name in ORDERS if given[name] is None}
