"""Elements, and the oxides their assays are stated in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from sx_sim.chemistry import database
from sx_sim.errors import CaseError

SYMBOLS = frozenset(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se "
    "Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb "
    "Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm "
    "Bk Cf Es Fm Md No Lr".split()
)

BASES = ("Na", "NH4", "Mg")  # cations of the bases that plants dose
ACID = "H"  # a species where metals are extracted with anions; else it follows from the others


@dataclass(frozen=True)
class Element:
    """One element, or the ammonium ion.

    Parameters
    ----------
    symbol, name : str
    mass : float
        Standard atomic mass [g/mol].
    charge : int
        Charge of the aqueous ion.
    rare_earth : bool
        Whether it counts towards REO, purity and loading.
    oxide : str
        Formula of the oxide assays are stated in, or empty.
    oxide_mass : float
        Oxide per mole of the element [g/mol], zero without an oxide.
    number : int
        Atomic number, zero for an ion of several atoms.
    """

    symbol: str
    name: str
    mass: float
    charge: int
    rare_earth: bool
    oxide: str
    oxide_mass: float
    number: int = 0


def unit_mass(one: Element, basis: str) -> float:
    """Return grams per mole of an element on a basis, such as ``REO``; 1 for moles."""
    if basis == "mol":
        return 1.0
    if basis == "REO" and not one.oxide:
        raise CaseError(f"{one.symbol} has no oxide: state it in mol/L, or on basis 'element'")
    return one.oxide_mass if basis == "REO" else one.mass


def atoms_in(formula: str) -> dict[str, int]:
    """Return the atoms in a formula such as ``Pr6O11``."""
    return {s: int(n or 1) for s, n in re.findall(r"([A-Z][a-z]?)(\d*)", formula)}


@cache
def elements() -> dict[str, Element]:
    """Return every element the simulator knows, by symbol.

    Examples
    --------
    >>> round(elements()["Nd"].oxide_mass * 2, 2)  # Nd2O3
    336.48
    """
    data = database.read("elements.toml")
    atom_mass = {symbol: atom["mass"] for symbol, atom in data["atoms"].items()}
    known: dict[str, Element] = {}
    for symbol, row in data["elements"].items():
        mass = row.get("mass") or sum(atom_mass[a] * n for a, n in row["atoms"].items())
        oxide = row.get("oxide", "")
        per_metal = 0.0
        if oxide:
            parts = atoms_in(oxide)
            per_metal = mass + atom_mass["O"] * parts["O"] / parts[symbol]
        known[symbol] = Element(
            symbol,
            row["name"],
            mass,
            row["charge"],
            row["rare_earth"],
            oxide,
            per_metal,
            row.get("number", 0),
        )
    return known


def is_rare_earth(symbol: str) -> bool:
    """Return whether a species is a rare earth, and counts towards REO, purity and loading."""
    known = elements().get(symbol)
    return known is not None and known.rare_earth


def declared(symbol: str, mass: float, charge: int, oxide: str = "") -> Element:
    """Return an element that a case or a set declares, no rare earth.

    Parameters
    ----------
    symbol : str
    mass : float
        [g/mol]
    charge : int
    oxide : str
        Such as ``CoO``, empty if assays do not state one.

    Raises
    ------
    CaseError
        If it is a rare earth, the cation of a base or the hydrogen ion, which are what they are,
        or the oxide is not one.
    """
    known = elements().get(symbol)
    if known is not None and (known.rare_earth or symbol in (*BASES, ACID)):
        raise CaseError(f"elements.{symbol}: is known already; leave it out")
    atoms = atoms_in(oxide)
    metals = [atom for atom in atoms if atom != "O"]
    if oxide and (len(metals) != 1 or "O" not in atoms):
        raise CaseError(f'elements.{symbol}.oxide = "{oxide}": must be an oxide, such as "CoO"')
    oxygen = database.read("elements.toml")["atoms"]["O"]["mass"]
    per_metal = mass + oxygen * atoms["O"] / atoms[metals[0]] if oxide else 0.0
    return Element(symbol, symbol, mass, charge, False, oxide, per_metal)


def element(symbol: str, own: Mapping[str, Element] = MappingProxyType({})) -> Element:
    """Return one element, of those a case declares or of all.

    Raises
    ------
    CaseError
        If there is none of that symbol, naming the nearest.
    """
    if symbol in own:
        return own[symbol]
    known = elements()
    if symbol not in known:
        near = difflib.get_close_matches(symbol.capitalize(), known, n=1, cutoff=0.5)
        guess = f"did you mean {near[0]}? " if near else ""
        raise CaseError(
            f"unknown element '{symbol}'; {guess}known: {', '.join(known)}; others are declared "
            f"as [elements.{symbol}] with charge and molar_mass"
        )
    return known[symbol]
