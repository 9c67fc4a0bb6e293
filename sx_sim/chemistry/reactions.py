"""Extraction reactions written as text: read, and balanced in charge and in atoms.

Charged species are in the water, neutral ones in the solvent, but for water itself. ``M`` stands
for any metal of a set; letters that are no element, such as ``A`` of an extractant ``HA``, are
parts that have to balance too. Where there is no metal, the acid is what is extracted.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

PROTON, WATER, ANY_METAL = "H+", "H2O", "M"
EXAMPLE = '"M3+ + 3 (HA)2 = M(HA2)3 + 3 H+"'


@dataclass(frozen=True)
class Reaction:
    """Extraction of one metal ion, or of acid.

    Parameters
    ----------
    text : str
    metal : str
        Of which one ion reacts: ``M`` for any, else with its atoms, such as ``UO2``; ``H`` of acid.
    charge : int
        Of that ion.
    acid : float
        Hydrogen ions released per metal, negative where they are taken up.
    anions : mapping of str to float
        Taken up from the water, per complex made.
    extractants : mapping of str to float
        Molecules taken up, as they are written, per complex made.
    ions : float
        How many are in it, one of a metal.
    """

    text: str
    metal: str
    charge: int
    acid: float
    anions: Mapping[str, float]
    extractants: Mapping[str, float]
    ions: float = 1.0


@cache
def parse_reaction(text: str) -> Reaction:
    """Return a reaction from its text, without the remark that may follow a comma.

    Raises
    ------
    ValueError
        If it is none, or does not balance, saying what is wrong.

    Examples
    --------
    >>> one = parse_reaction("M3+ + 3 (HA)2 = M(HA2)3 + 3 H+")
    >>> one.charge, one.acid, one.extractants
    (3, 3.0, {'(HA)2': 3.0})
    """
    sides = re.split(r"[,;]", text)[0].split("=")
    if len(sides) != 2:
        raise ValueError(f"must be a reaction, such as {EXAMPLE}")
    left, right = map(_side, sides)
    _balance(left, right)
    taken = Counter(left)
    taken.subtract(right)
    charges = {species: _parts(species)[1] for species in taken}
    metals = [s for s, n in taken.items() if n > 0 and charges[s] > 0 and s != PROTON]
    if not metals and taken[PROTON] > 0:
        metals = [PROTON]
    if len(metals) != 1 or (metals != [PROTON] and taken[metals[0]] != 1):
        raise ValueError(f"must take up one metal ion, such as M3+ in {EXAMPLE}")
    released = [s for s, n in taken.items() if n < 0 and charges[s] and s != PROTON]
    if released:
        raise ValueError(f"releases {released[0]}; of ions, H+ alone can be released")
    made = [s for s, n in taken.items() if n < 0 and not charges[s] and s != WATER]
    if len(made) != 1 or taken[made[0]] != -1:
        raise ValueError(f"must make one complex of the metal, such as M(HA2)3 in {EXAMPLE}")
    extractants = {s: float(n) for s, n in taken.items() if n > 0 and not charges[s] and s != WATER}
    if not extractants:
        raise ValueError(f"must take up an extractant, such as (HA)2 in {EXAMPLE}")
    return Reaction(
        text,
        _split(metals[0])[0],
        charges[metals[0]],
        0.0 if metals == [PROTON] else float(-taken[PROTON]),
        {s: float(n) for s, n in taken.items() if n > 0 and charges[s] < 0},
        extractants,
        float(taken[metals[0]]),
    )


def _side(text: str) -> dict[str, Fraction]:
    """Return how much of each species is on one side."""
    found: dict[str, Fraction] = {}
    for term in re.split(r"\s\+\s", f" {text} "):
        term = term.strip()
        match = re.fullmatch(
            r"(-?\d{1,4}(?:\.\d{1,4}|/[1-9]\d{0,3})?\s+)?([^\s\d]\S*(?: \d?[+-])?)", term
        )
        if match is None:
            raise ValueError(f"'{term}' is no species with a coefficient, such as 3 (HA)2")
        number = Fraction((match[1] or "1").strip())
        if number <= 0:
            raise ValueError(f"'{term}': a coefficient must be positive; move it across the =")
        _parts(match[2])
        found[match[2]] = found.get(match[2], Fraction(0)) + number
    return found


def _balance(left: Mapping[str, Fraction], right: Mapping[str, Fraction]) -> None:
    """Refuse a reaction whose sides differ in atoms or in charge."""
    totals = []
    for side in (left, right):
        total: dict[str, Fraction] = defaultdict(Fraction)
        for species, number in side.items():
            atoms, charge = _parts(species)
            for symbol, count in atoms.items():
                total[symbol] += number * count
            total["charge"] += number * charge
        totals.append(total)
    atoms = [what for what in (*totals[0], *totals[1]) if what != "charge"]
    for what in dict.fromkeys((*atoms, "charge")):
        one, other = (total[what] for total in totals)
        if one != other:
            signed = "+" if what == "charge" else ""
            raise ValueError(
                f"does not balance: {what} {float(one):{signed}g} on the left, "
                f"{float(other):{signed}g} on the right"
            )


@cache
def _parts(species: str) -> tuple[Mapping[str, int], int]:
    """Return the atoms and the charge of a species."""
    formula, charge = _split(species)
    atoms: Counter[str] = Counter()
    for part in formula.split("."):
        rest = part.lstrip("0123456789")
        digits = part[: len(part) - len(rest)]
        if len(digits) > 3:
            raise ValueError(f"'{species}' is no formula")
        number = int(digits or 1)
        for symbol, count in _atoms(rest, species).items():
            atoms[symbol] += count * number
    return atoms, charge


def _split(species: str) -> tuple[str, int]:
    """Return the formula and the charge of a species.

    Digits before the sign belong to the charge after a space or a single atom, as in ``SO4 2-``
    and ``Ca2+``, and else count atoms, as in ``NO3-``.
    """
    for form in (r"([A-Z][a-z]?)(\d?)([+-])", r"(\S+) (\d?)([+-])", r"(\S+?)()([+-]?)"):
        if match := re.fullmatch(form, species):
            formula, digits, sign = match.groups()
            return formula, int(f"{sign}{digits or 1}") if sign else 0
    raise ValueError(f"'{species}' is no formula")


def _atoms(formula: str, species: str) -> Counter[str]:
    """Return the atoms of a formula, parentheses included."""
    stack: list[Counter[str]] = [Counter()]
    end = 0
    for match in re.finditer(r"([A-Z][a-z]?)(\d{0,3})|(\()|\)(\d{0,3})", formula):
        symbol, count, opening, times = match.groups()
        if match.start() != end:
            break
        end = match.end()
        if symbol:
            stack[-1][symbol] += int(count or 1)
        elif opening:
            stack.append(Counter())
        elif len(stack) > 1:
            for inner, number in stack.pop().items():
                stack[-1][inner] += number * int(times or 1)
        else:
            end = -1
            break
    if end != len(formula) or len(stack) != 1 or not stack[0]:
        raise ValueError(f"'{species}' is no formula")
    return stack[0]
