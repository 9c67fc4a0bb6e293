"""What a result rests on, and where it leaves the range of its constants."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.caution import Caution, CautionKind
from sx_sim.cascade.profile import Profile
from sx_sim.chemistry import activity
from sx_sim.chemistry.aqueous import hydrolysis_constants
from sx_sim.chemistry.elements import ACID, BASES, is_rare_earth
from sx_sim.chemistry.system import ChemicalSystem

Array = NDArray[np.float64]
GRADE = 0.1  # of a dosage in per cent by volume: what technical grades hold less than pure ones
UNCERTAIN = 0.5  # error of log10 K that all species share, above which to say so
HYDROLYSED = 0.1  # share of a metal hydrolysed at which to say so


def cautions(system: ChemicalSystem, stages: Profile) -> tuple[Caution, ...]:
    """Return every reason to take a column's result with care."""
    found = [*estimates(system, stages.temperature), *outside_ranges(system, stages)]
    return (*found, *beyond_capacity(system, stages), *hydrolysis(system, stages))


def estimates(system: ChemicalSystem, temperature: Array) -> list[Caution]:
    """Say which constants are estimates, and which enthalpies matter.

    Of the rare earths and of acid; without rare earths, of the other metals that are extracted.
    """
    found = []
    rows = [(s, c) for s, c in zip(system.species, system.constants, strict=True) if not c.inert]
    rare = [(s, c) for s, c in rows if is_rare_earth(s)]
    rare = rare or [(s, c) for s, c in rows if s not in (*BASES, ACID)]
    rare += [(s, c) for s, c in rows if s == ACID]
    level = system.extractant.level_log10_K_sd
    if rare and level > UNCERTAIN:
        text = (
            f"set '{system.extractant.key}' tells how strongly all is extracted to a standard "
            f"deviation of {level:g} in log10 K; factors between elements are better known"
        )
        found.append(Caution(CautionKind.LOG10_K, text))
    guessed = [s for s, c in rare if c.quality == "estimated"]
    if guessed:
        sd = max(c.log10_K_sd for s, c in rare if s in guessed)
        text = f"log10 K of {', '.join(guessed)} are estimates (standard deviation to {sd:.2f})"
        found.append(Caution(CautionKind.LOG10_K, text))
    off = np.abs(temperature - system.extractant.reference_temperature).max()
    guessed = [s for s, c in rare if c.enthalpy_quality == "estimated"]
    if guessed and off > 0.5:
        level = system.extractant.level_enthalpy_sd
        text = (
            f"enthalpies of {', '.join(guessed)} are estimates (standard deviation {level:g} "
            f"kJ/mol in common) and stages are up to {off:.0f} K off 25 degC"
        )
        found.append(Caution(CautionKind.ENTHALPY, text))
    return found


def ranges_of(system: ChemicalSystem) -> dict[str, tuple[float, float]]:
    """Return the ranges of a set, with those of its complexes and its activities."""
    found = dict(system.extractant.ranges)
    dosage = system.extractant.dosage
    if np.isfinite(dosage):
        found.setdefault("extractant", ((1.0 - GRADE) * dosage, (1.0 + GRADE) * dosage))
    known = system.ligand
    if known is not None and known.ionic_strength is not None:
        found.setdefault("ionic_strength", known.ionic_strength)
    if system.active:
        found.setdefault("ionic_strength", activity.ionic_strength_range())
    return found


def outside_ranges(system: ChemicalSystem, stages: Profile) -> list[Caution]:
    """Say where stages leave the ranges the constants were measured over."""
    kind, molecules = CautionKind, system.extractant.molecules
    known = {
        "acid": (kind.ACID, "[H+]", stages.acid, "mol/L"),
        "anion": (kind.ANION, system.extractant.medium, stages.anion, "mol/L"),
        "ionic_strength": (
            kind.IONIC_STRENGTH,
            "ionic strength",
            stages.ionic_strength,
            "mol/L",
        ),
        "loading": (kind.LOADING, "loading", stages.loading, ""),
        "extractant": (kind.EXTRACTANT, "extractant", molecules * stages.dimer, "mol/L"),
        "temperature": (kind.TEMPERATURE, "temperature", stages.temperature, "K"),
    }
    found = []
    for name, (low, high) in ranges_of(system).items():
        concern, label, value, unit = known[name]
        slack = 1e-9 * max(abs(low), abs(high))
        outside = (value < low - slack) | (value > high + slack)
        if outside.any():
            text = (
                f"{label} of {value[outside].min():.3g} to {value[outside].max():.3g} {unit} "
                f"at {stages.where(outside)} is outside the {low:.3g} to "
                f"{high:.3g} {unit} of set '{system.extractant.key}'"
            )
            species = ""
            if name == "loading":
                species = _most_loaded(system, stages)
                text += (
                    f"; {species} holds most of it and {100 * (1 - value.max()):.0f} % are left "
                    "to saturation, before which the solvent may gel or split"
                )
            numbers = tuple(stages.number[outside].tolist())
            margin = float(np.maximum(low - value, value - high).max())
            found.append(Caution(concern, " ".join(text.split()), True, numbers, species, margin))
    return found


def _most_loaded(system: ChemicalSystem, stages: Profile) -> str:
    """Return which metal holds most extractant where there is least left."""
    held = stages.organic[int(np.nanargmax(stages.loading))] * system.dimers * system.loads
    return system.species[int(held.argmax())]


def beyond_capacity(system: ChemicalSystem, stages: Profile) -> list[Caution]:
    """Say where a law that does not balance the extractant has it hold more than it can.

    What such a law leaves open is taken from the charge of the ions: an acidic extractant binds
    each with one dimer per charge.
    """
    if system.knows_dimers:
        return []
    name, metal = system.extractant.key, stages.organic[:, ~system.inert].sum(axis=1)
    if np.isnan(stages.dimer).any():
        text = (
            f"set '{name}' does not say how much extractant its solvent holds, so whether it can "
            f"carry the {metal.max():.3g} mol/L of metals is not known; give solvent.concentration"
        )
        return [Caution(CautionKind.CAPACITY, text)]
    bound = np.where(system.dimers > 0.0, system.dimers, system.charge) * ~system.inert
    needed = stages.organic @ bound
    over = needed > stages.dimer * (1.0 + 1e-9)
    if not over.any():
        return []
    worst = int((needed / stages.dimer).argmax())
    formal = system.extractant.molecules * stages.dimer[worst]
    fits = metal[worst] * stages.dimer[worst] / needed[worst]
    text = (
        f"the organic would hold up to {metal[worst]:.3g} mol/L of metals at "
        f"{stages.where(over)}, where its {formal:.3g} mol/L of "
        f"extractant have room for {fits:.3g}: set '{name}' is a law of D without a balance of the "
        "extractant, and does not hold there"
    )
    numbers = tuple(stages.number[over].tolist())
    species = system.species[int((stages.organic[worst] * bound).argmax())]
    return [Caution(CautionKind.CAPACITY, text, True, numbers, species, metal[worst] - fits)]


def hydrolysed(species: Sequence[str], temperature: Array, acid: Array) -> tuple[str, Array, Array]:
    """Return which species hydrolyses most easily, its share (N,) and the pH where that counts.

    The name is empty where none has a constant. No solubility products are used: first
    hydrolysis stands for the onset of precipitation.
    """
    first, constant = _most_hydrolysed(tuple(species), temperature.tobytes())
    with np.errstate(divide="ignore"):  # no constant, no limit
        limit = np.log10(HYDROLYSED / (1.0 - HYDROLYSED) / constant)
    return first, constant / (constant + acid), limit


@lru_cache(maxsize=256)
def _most_hydrolysed(species: tuple[str, ...], temperature: bytes) -> tuple[str, Array]:
    """Return which species hydrolyses most easily and its constant (N,); 0 where none is known."""
    kelvin = np.frombuffer(temperature)
    known = hydrolysis_constants(species, kelvin)
    first = max(known, key=lambda s: known[s].max(), default="")
    return first, 10.0 ** known[first] if first else np.zeros_like(kelvin)


def hydrolysis(system: ChemicalSystem, stages: Profile) -> list[Caution]:
    """Say where the pH is such that hydroxides would form."""
    first, share, limit = hydrolysed(system.species, stages.temperature, stages.acid)
    outside = share > HYDROLYSED
    if not outside.any():
        return []
    text = (
        f"pH up to {stages.pH[outside].max():.1f} at {stages.where(outside)}: "
        f"{first} is {100 * share.max():.0f} % hydrolysed there and hydroxides would precipitate"
    )
    numbers = tuple(stages.number[outside].tolist())
    margin = float((stages.pH - limit)[outside].max())
    return [Caution(CautionKind.HYDROXIDE, text, True, numbers, first, margin)]
