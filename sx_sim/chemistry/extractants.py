"""Extractant sets: published constants with their sources, errors and ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sx_sim.chemistry import database
from sx_sim.chemistry.activity import MODELS
from sx_sim.chemistry.ligands import ligand
from sx_sim.errors import CaseError

QUALITIES = ("measured", "derived", "estimated")


@dataclass(frozen=True)
class Constants:
    """How one species distributes.

    ``log10 D = log10_K(T) + order_dimer log10 e - (order_acid + acid_by_dimer e) log10 h``,
    less the aqueous complexes or with activities, as the set has them. Errors are standard
    deviations of this species' own, beside the one that the whole set shares. An inert
    species stays in the aqueous phase.
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


@dataclass(frozen=True)
class ExtractantSet:
    """One extractant in one medium.

    ``ranges`` gives, for acid [mol/L], anion [mol/L], ionic strength [mol/L], loading,
    extractant [formal mol/L] and temperature [K], the interval the constants were measured
    over. ``complexes`` names the ligand whose complexes stand outside the constants, and
    ``activity`` the model of the activities they go with: ``none`` for conditional ones.
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

    @property
    def balances_extractant(self) -> bool:
        """Whether metals take up extractant, so that its concentration matters."""
        return any(c.dimers > 0 for c in self.species.values())

    def with_constants(self, changes: Mapping[str, Mapping[str, Any]]) -> ExtractantSet:
        """Return a copy with some constants of some species changed, or species added."""
        species = dict(self.species)
        for symbol, change in changes.items():
            species[symbol] = replace(species.get(symbol, UNSET), **change)
        return replace(self, species=MappingProxyType(species))


# Where a case gives a species the set does not have, and leaves something out.
UNSET = Constants(
    log10_K=0.0,
    log10_K_sd=0.0,
    quality="estimated",
    source=("case file",),
    order_dimer=3.0,
    order_acid=3.0,
    dimers=3.0,
    enthalpy=0.0,
    enthalpy_sd=15.0,
    enthalpy_quality="estimated",
    enthalpy_source=("none",),
)


def extractant_set(key: str) -> ExtractantSet:
    """Return a set by its key.

    Raises
    ------
    CaseError
        If there is none of that key.

    Examples
    --------
    >>> extractant_set("hehehp-chloride").species["Dy"].quality
    'measured'
    """
    data = database.lookup("extractants", key)
    try:
        return _set(key, data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CaseError(f"extractant set '{key}' is not complete: {error!r}") from None


def _set(key: str, data: Mapping[str, Any]) -> ExtractantSet:
    species = {symbol: _constants(row) for symbol, row in data["species"].items()}
    activity = data.get("activity", "none")
    if activity not in MODELS or (activity != "none" and data["complexes"] != "none"):
        raise CaseError(
            f"extractant set '{key}': activity = '{activity}' must be one of "
            f"{', '.join(MODELS)}, and goes with complexes = 'none'"
        )
    ligand(data["complexes"])
    return ExtractantSet(
        key=key,
        title=data["title"],
        extractant=data["extractant"],
        medium=data["medium"],
        law=data["law"],
        reaction=data["reaction"],
        conditions=data["conditions"],
        complexes=data["complexes"],
        reference_temperature=data["reference_temperature"],
        level_log10_K_sd=data["level"]["log10_K_sd"],
        level_enthalpy_sd=data["level"]["enthalpy_sd"],
        ranges=MappingProxyType({name: (lo, hi) for name, (lo, hi) in data["ranges"].items()}),
        species=MappingProxyType(species),
        activity=activity,
    )


def _constants(row: Mapping[str, Any]) -> Constants:
    sources = {name: tuple(row[name]) for name in ("source", "enthalpy_source")}
    return Constants(**{**row, **sources})
