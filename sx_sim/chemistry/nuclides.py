"""Radionuclides of the natural series: half-lives, members, growth and decay."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache

import numpy as np

from sx_sim.chemistry import database
from sx_sim.errors import CaseError

AVOGADRO = 6.02214076e23  # [1/mol], exact by the SI since 2019
DIGITS = 60  # sums of exponentials cancel where half-lives lie far apart
NOTHING_LEFT = 2000  # half-lives


@dataclass(frozen=True)
class Nuclide:
    """One member of a series.

    Parameters
    ----------
    name, element : str
    half_life : float
        [s]
    abundance : float
        Share of the atoms of its element in nature, zero for progeny.
    progeny : mapping of str to float
        What it decays to, by share of decays; stable ends are left out.
    """

    name: str
    element: str
    half_life: float
    abundance: float
    progeny: Mapping[str, float]

    @property
    def constant(self) -> float:
        """Decay constant [1/s]."""
        return float(np.log(2.0)) / self.half_life


@cache
def nuclides() -> dict[str, Nuclide]:
    """Return every nuclide by name, parents before their progeny.

    Examples
    --------
    >>> round(nuclides()["Ra-228"].half_life / 31556926, 2)
    5.75
    """
    data = database.read("radionuclides.toml")
    seconds = data["seconds"]
    return {
        name: Nuclide(
            name,
            name.partition("-")[0],
            row["half_life"] * seconds[row["unit"]],
            row.get("abundance", 0.0),
            row["progeny"],
        )
        for name, row in data["nuclides"].items()
    }


def nuclide(name: str) -> Nuclide:
    """Return a nuclide; CaseError names the nearest if there is none of that name."""
    known = nuclides()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        guess = f"did you mean {near[0]}? " if near else ""
        raise CaseError(f"unknown radionuclide '{name}'; {guess}known: {', '.join(known)}")
    return known[name]


def natural_activities(symbol: str) -> dict[str, float]:
    """Return the activity of an element's long-lived nuclides by mole of it [Bq/mol].

    Examples
    --------
    >>> round(natural_activities("Th")["Th-232"] / 232.0377)  # Bq/g
    4071
    """
    return {
        n.name: n.abundance * AVOGADRO * n.constant
        for n in nuclides().values()
        if n.element == symbol and n.abundance > 0.0
    }


def decayed(activities: Mapping[str, float], seconds: float) -> dict[str, float]:
    """Return activities after some time, progeny grown in.

    Bateman's solution of every series, in decimals long enough not to cancel.

    Parameters
    ----------
    activities : mapping of str to float
        By nuclide, in any unit of activity.
    seconds : float

    Examples
    --------
    >>> round(decayed({"Ra-228": 1.0}, 5.75 * 31556926)["Ra-228"], 12)
    0.5
    """
    members = [n for n in nuclides().values() if n.name in _descendants(activities)]
    with localcontext() as context:
        context.prec = DIGITS
        atoms = _bateman(members, activities, Decimal(seconds))
        return {n.name: float(x * _constant(n)) for n, x in zip(members, atoms, strict=True)}


def _constant(member: Nuclide) -> Decimal:
    return Decimal(2).ln() / Decimal(member.half_life)


def _bateman(
    members: list[Nuclide], activities: Mapping[str, float], time: Decimal
) -> list[Decimal]:
    """Return the atoms of every member after a time.

    N_i is a sum over its ancestors k of a_k c_ik exp(-l_k t), with c_kk = 1 and
    c_ik (l_i - l_k) the sum over the parents j of i of the branch times l_j c_jk.
    """
    constants = [_constant(n) for n in members]
    shares: list[dict[int, Decimal]] = []  # c_ik, by k
    weights: list[Decimal] = []  # a_k
    left = [(-k * time).exp() if k * time < NOTHING_LEFT else Decimal(0) for k in constants]
    for i, member in enumerate(members):
        row: dict[int, Decimal] = {}
        for j in range(i):
            branch = Decimal(members[j].progeny.get(member.name, 0.0))
            for k, share in shares[j].items() if branch else ():
                grown = branch * constants[j] * share / (constants[i] - constants[k])
                row[k] = row.get(k, Decimal(0)) + grown
        start = Decimal(activities.get(member.name, 0.0)) / constants[i]
        weights.append(start - sum(weights[k] * share for k, share in row.items()))
        row[i] = Decimal(1)
        shares.append(row)
    return [
        sum((weights[k] * share * left[k] for k, share in row.items()), Decimal(0))
        for row in shares
    ]


def _descendants(names: Mapping[str, float]) -> set[str]:
    """Return nuclides and all they decay to."""
    found = {nuclide(name).name for name in names}
    for name, member in nuclides().items():  # parents come first
        if name in found:
            found |= set(member.progeny)
    return found
