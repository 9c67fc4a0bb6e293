"""What is bought and what is left: acids, bases, their salts and extractants, by mass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sx_sim.chemistry import database
from sx_sim.chemistry.elements import BASES, element
from sx_sim.errors import CaseError

PROTON = "H"


@dataclass(frozen=True)
class Reagent:
    """An acid or a base.

    Parameters
    ----------
    formula : str
    mass : float
        [g/mol]; NaN, as the equivalents, where nothing is known of the medium.
    equivalents : float
        Protons that a mole gives or takes.
    """

    formula: str
    mass: float
    equivalents: float


def acid_of(medium: str) -> Reagent:
    """Return the acid of a medium, that of an extractant set such as ``chloride``.

    Examples
    --------
    >>> acid_of("sulfate").formula, acid_of("sulfate").equivalents
    ('H2SO4', 2)
    """
    row = database.read("reagents.toml")["anions"]["media"].get(medium)
    if row is None:
        return Reagent(f"acid of {medium}", float("nan"), float("nan"))
    proton = database.read("elements.toml")["atoms"][PROTON]["mass"]
    return Reagent(row["acid"], row["equivalents"] * proton + row["mass"], row["equivalents"])


def base_of(cation: str) -> Reagent:
    """Return the base of a cation: NaOH, NH3 or MgO.

    Examples
    --------
    >>> base_of("Mg").formula, base_of("Mg").equivalents
    ('MgO', 2)
    """
    row = database.read("reagents.toml")["bases"][cation]
    return Reagent(row["name"], row["mass"], element(cation).charge)


def base_named(name: str) -> str:
    """Return the cation of a base by any of its names.

    Raises
    ------
    CaseError
        If there is none of that name.

    Examples
    --------
    >>> base_named("NaOH"), base_named("ammonia"), base_named("NH4")
    ('Na', 'NH4', 'NH4')
    """
    rows = database.read("reagents.toml")["bases"]
    for cation in BASES:
        names = (cation, rows[cation]["name"], *rows[cation]["names"])
        if plain(name) in map(plain, names):
            return cation
    named = ", ".join(rows[cation]["name"] for cation in BASES)
    raise CaseError(f"base = {name!r}: must be one of {', '.join(BASES)} (or {named})")


def plain(name: str) -> str:
    """Return a trade name without what people write differently: case, blanks, signs.

    Examples
    --------
    >>> plain("PC-88A") == plain("pc 88a")
    True
    """
    return "".join(filter(str.isalnum, name)).lower()


def anion_mass(medium: str) -> float:
    """Return the mass of an equivalent of a medium's anion [g/eq]; NaN where it is not known."""
    row = database.read("reagents.toml")["anions"]["media"].get(medium)
    return row["mass"] / row["equivalents"] if row else float("nan")


def anion_charge(medium: str) -> float:
    """Return the charge of a medium's anion, sign reversed; one where it is not known.

    Examples
    --------
    >>> anion_charge("sulfate")
    2.0
    """
    row = database.read("reagents.toml")["anions"]["media"].get(medium)
    return float(row["equivalents"]) if row else 1.0


def salt_name(medium: str, cation: str) -> str:
    """Return the salt that a base makes with the acid of a medium.

    Examples
    --------
    >>> salt_name("chloride", "NH4")
    'NH4Cl'
    """
    row = database.read("reagents.toml")["anions"]["media"].get(medium)
    return str(row["salts"][cation]) if row else f"{cation} salt"


def cation_mass(symbol: str) -> float:
    """Return the mass of an equivalent of a cation [g/eq].

    Examples
    --------
    >>> cation_mass("Mg")
    12.1525
    """
    return element(symbol).mass / element(symbol).charge


def nitrogen_mass(symbol: str) -> float:
    """Return the ammonia nitrogen in an equivalent of a cation of a base [g/mol]."""
    return float(database.read("reagents.toml")["bases"][symbol].get("nitrogen", 0.0))


def extractant_mass(name: str) -> float:
    """Return the molar mass of an extractant, as monomer [g/mol]; NaN if it is not known.

    Examples
    --------
    >>> extractant_mass("P507")
    306.4
    """
    return float(_extractant(name).get("mass", "nan"))


def extractant_density(name: str) -> float:
    """Return the density of an extractant undiluted [g/L]; NaN if it is not known.

    Examples
    --------
    >>> extractant_density("P507")
    950.0
    """
    return 1000.0 * float(_extractant(name).get("density", "nan"))


def extractant_names(name: str) -> tuple[str, ...]:
    """Return every name of an extractant, its own first; the name alone if it is not known.

    Examples
    --------
    >>> extractant_names("PC88A")[0]
    'HEH[EHP]'
    """
    for known, row in database.read("reagents.toml")["extractants"]["masses"].items():
        if plain(name) in map(plain, (known, *row["names"])):
            return (known, *row["names"])
    return (name,)


def _extractant(name: str) -> Mapping[str, Any]:
    rows = database.read("reagents.toml")["extractants"]["masses"]
    return rows.get(extractant_names(name)[0], {})
