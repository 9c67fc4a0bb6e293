"""What is bought and what is left: acids, bases, their salts and extractants, by mass."""

from __future__ import annotations

from dataclasses import dataclass

from sx_sim.chemistry import database
from sx_sim.chemistry.elements import element

PROTON = "H"
BASES = ("Na", "NH4", "Mg")


@dataclass(frozen=True)
class Reagents:
    """The acid of a medium, a base, and the salt they make; masses by equivalent [g/mol].

    Parameters
    ----------
    acid, base, salt : str
        Formulas.
    cation : str
        Symbol of that of the base.
    acid_mass, base_mass, anion_mass : float
        NaN where nothing is known of the medium.
    """

    acid: str
    base: str
    salt: str
    cation: str
    acid_mass: float
    base_mass: float
    anion_mass: float


def reagents(medium: str, base: str) -> Reagents:
    """Return the reagents of a medium and a base.

    Parameters
    ----------
    medium : str
        That of an extractant set, such as ``chloride``.
    base : {'Na', 'NH4', 'Mg'}
        By its cation: NaOH, NH3, MgO.

    Examples
    --------
    >>> reagents("chloride", "NH4").salt
    'NH4Cl'
    """
    data = database.read("reagents.toml")
    row = data["anions"]["media"].get(medium)
    proton = database.read("elements.toml")["atoms"][PROTON]["mass"]
    mass = row["mass"] / row["equivalents"] if row else float("nan")
    alkali = data["bases"][base]
    return Reagents(
        acid=row["acid"] if row else "acid",
        base=alkali["name"],
        salt=row["salts"][base] if row else "salt",
        cation=base,
        acid_mass=proton + mass,
        base_mass=alkali["mass"] / element(base).charge,
        anion_mass=mass,
    )


def cation_mass(symbol: str) -> float:
    """Return the mass of an equivalent of a cation [g/mol].

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
    for known, row in database.read("reagents.toml")["extractants"]["masses"].items():
        if name == known or name in row["names"]:
            return float(row["mass"])
    return float("nan")
