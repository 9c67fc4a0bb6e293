"""What is bought and what is left: acids, bases, their salts and extractants, by mass."""

from __future__ import annotations

from dataclasses import dataclass

from sx_sim.chemistry import database
from sx_sim.chemistry.elements import element

PROTON = "H"
BASES = ("Na", "NH4")


@dataclass(frozen=True)
class Reagents:
    """The acid of a medium, a base, and the salt they make; masses by equivalent [g/mol].

    Parameters
    ----------
    acid, base, salt : str
        Formulas.
    acid_mass, base_mass, salt_mass, anion_mass : float
        NaN where nothing is known of the medium.
    nitrogen : float
        Ammonia nitrogen in the salt, zero where there is none.
    """

    acid: str
    base: str
    salt: str
    acid_mass: float
    base_mass: float
    salt_mass: float
    anion_mass: float
    nitrogen: float


def reagents(medium: str, base: str) -> Reagents:
    """Return the reagents of a medium and a base.

    Parameters
    ----------
    medium : str
        That of an extractant set, such as ``chloride``.
    base : {'Na', 'NH4'}

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
        acid_mass=proton + mass,
        base_mass=alkali["mass"],
        salt_mass=element(base).mass + mass,
        anion_mass=mass,
        nitrogen=alkali.get("nitrogen", 0.0),
    )


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
