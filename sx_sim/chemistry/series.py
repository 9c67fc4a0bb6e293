"""Where rare earths stand in their series: by atomic number, yttrium among them by its D."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sx_sim.chemistry import aqueous
from sx_sim.chemistry.elements import element, is_rare_earth
from sx_sim.chemistry.extractants import Constants, ExtractantSet

LANTHANUM, LUTETIUM = 57, 71
ACID = 0.1  # [mol/L] where neither a case nor the range of a set tells it
EXTRACTANT = 1.0  # [formal mol/L] likewise


@dataclass(frozen=True)
class Conditions:
    """What distribution ratios are compared at.

    Parameters
    ----------
    acid, dimer : float
        Free hydrogen ion and free extractant as dimer [mol/L].
    temperature : float
        [K]
    """

    acid: float
    dimer: float
    temperature: float = aqueous.REFERENCE


def conditions_of(extractant: ExtractantSet) -> Conditions:
    """Return the middle of the ranges of a set, for where no case gives conditions."""
    acid, formal = (
        float(np.sqrt(np.prod(extractant.ranges.get(name, (usual, usual)))))
        for name, usual in (("acid", ACID), ("extractant", EXTRACTANT))
    )
    return Conditions(acid or ACID, (formal or EXTRACTANT) / extractant.molecules)


def log10_distribution(
    extractant: ExtractantSet, constants: Constants, conditions: Conditions
) -> float:
    """Return log10 D, aqueous complexes and activities aside; minus infinity if it is inert."""
    if constants.inert:
        return -np.inf
    kelvin = np.array([conditions.temperature])
    ln_k = aqueous.vant_hoff(
        constants.log10_K, constants.enthalpy, kelvin, extractant.reference_temperature
    )
    slope = constants.order_acid + constants.acid_by_dimer * conditions.dimer
    dimer = constants.order_dimer * np.log10(conditions.dimer)
    return float(ln_k[0]) / aqueous.LN10 + float(dimer) - slope * np.log10(conditions.acid)


def places(extractant: ExtractantSet, conditions: Conditions) -> dict[str, float]:
    """Return where every rare earth of a set stands, on the scale of atomic numbers.

    Lanthanides stand at their atomic number, whatever their constants. Yttrium and scandium
    stand between the two where fewest lanthanides are out of the order of distribution
    ratios, counted before and after; the heavier place if there are two.
    """
    rare = {s: c for s, c in extractant.species.items() if is_rare_earth(s)}
    level = {s: log10_distribution(extractant, c, conditions) for s, c in rare.items()}
    fixed = sorted((s for s in rare if is_lanthanide(s)), key=lambda s: element(s).number)
    found = {s: float(element(s).number) for s in fixed}
    others = sorted(rare.keys() - found.keys(), key=lambda s: (level[s], s))
    for k, symbol in enumerate(others):
        above = np.array([level[s] > level[symbol] for s in fixed], dtype=int)
        wrong = [above[:n].sum() + (1 - above[n:]).sum() for n in range(len(fixed) + 1)]
        n = len(fixed) - int(np.argmin(wrong[::-1]))
        below = element(fixed[n - 1]).number if n else LANTHANUM - 1
        found[symbol] = below + (k + 1) / (len(others) + 1)
    return found


def series_at(extractant: ExtractantSet, conditions: Conditions) -> tuple[str, ...]:
    """Return every rare earth of a set in the order of ``places``."""
    place = places(extractant, conditions)
    return tuple(sorted(place, key=lambda symbol: place[symbol]))


def is_lanthanide(symbol: str) -> bool:
    """Return whether an element is one of lanthanum to lutetium."""
    return LANTHANUM <= element(symbol).number <= LUTETIUM
