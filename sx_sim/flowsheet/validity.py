"""What a result rests on, and where it leaves the range of its constants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sx_sim.chemistry import activity
from sx_sim.chemistry.aqueous import hydrolysis_constants
from sx_sim.chemistry.elements import element
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.flowsheet.profile import Profile

Array = NDArray[np.float64]
HYDROLYSED = 0.1  # share of a metal hydrolysed at which to say so


@dataclass(frozen=True)
class Caution:
    """One reason to take a result with care.

    Parameters
    ----------
    variable : str
        What it is about.
    text : str
        The whole sentence, values and stages included.
    outside : bool
        Whether a range or a limit of the model is left; else it rests on estimates.
    stages : tuple of int
        Where, counted from 1.
    species : str
        Which one is most concerned, empty where none is.
    margin : float
        How far beyond the range or limit the furthest stage is, in the variable's unit.
    """

    variable: str
    text: str
    outside: bool = False
    stages: tuple[int, ...] = ()
    species: str = ""
    margin: float = 0.0


def stage_list(numbers: NDArray[np.int64]) -> str:
    """Return stage numbers as text, runs abbreviated: ``stages 1-3, 7``."""
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    parts = [f"{r[0]}-{r[-1]}" if len(r) > 1 else f"{r[0]}" for r in runs]
    more = f" and {len(parts) - 4} more runs" if len(parts) > 4 else ""
    return f"stage{'s' if len(numbers) > 1 else ''} {', '.join(parts[:4])}{more}"


def cautions(system: ChemicalSystem, stages: Profile) -> tuple[Caution, ...]:
    """Return every reason to take a column's result with care."""
    found = [*estimates(system, stages.temperature), *outside_ranges(system, stages)]
    return (*found, *hydrolysis(system, stages))


def estimates(system: ChemicalSystem, temperature: Array) -> list[Caution]:
    """Say which rare earths' constants are estimates, and which enthalpies matter."""
    found = []
    rows = [(s, c) for s, c in zip(system.species, system.constants, strict=True) if not c.inert]
    rare = [(s, c) for s, c in rows if element(s).rare_earth]
    guessed = [s for s, c in rare if c.quality == "estimated"]
    if guessed:
        sd = max(c.log10_K_sd for s, c in rare if s in guessed)
        text = f"log10 K of {', '.join(guessed)} are estimates (standard deviation to {sd:.2f})"
        found.append(Caution("log10 K", text))
    off = np.abs(temperature - system.extractant.reference_temperature).max()
    guessed = [s for s, c in rare if c.enthalpy_quality == "estimated"]
    if guessed and off > 0.5:
        level = system.extractant.level_enthalpy_sd
        text = (
            f"enthalpies of {', '.join(guessed)} are estimates (standard deviation {level:g} "
            f"kJ/mol in common) and stages are up to {off:.0f} K off 25 degC"
        )
        found.append(Caution("enthalpy", text))
    return found


def ranges_of(system: ChemicalSystem) -> dict[str, tuple[float, float]]:
    """Return the ranges of a set, with those of its complexes and its activities."""
    found = dict(system.extractant.ranges)
    known = system.ligand
    if known is not None and known.ionic_strength is not None:
        found.setdefault("ionic_strength", known.ionic_strength)
    if system.active:
        found.setdefault("ionic_strength", activity.ionic_strength_range())
    return found


def outside_ranges(system: ChemicalSystem, stages: Profile) -> list[Caution]:
    """Say where stages leave the ranges the constants were measured over."""
    labels = {
        "acid": ("[H+]", stages.acid, "mol/L"),
        "anion": (f"{system.extractant.medium}", stages.anion, "mol/L"),
        "ionic_strength": ("ionic strength", stages.ionic_strength, "mol/L"),
        "loading": ("loading", stages.loading, ""),
        "extractant": ("extractant", 2 * stages.dimer, "mol/L"),
        "temperature": ("temperature", stages.temperature, "K"),
    }
    found = []
    for name, (low, high) in ranges_of(system).items():
        label, value, unit = labels[name]
        slack = 1e-9 * max(abs(low), abs(high))
        outside = (value < low - slack) | (value > high + slack)
        if outside.any():
            text = (
                f"{label} of {value[outside].min():.3g} to {value[outside].max():.3g} {unit} "
                f"at {stage_list(stages.number[outside])} is outside the {low:.3g} to "
                f"{high:.3g} {unit} of set '{system.extractant.key}'"
            )
            species = ""
            if name == "loading":
                species = _most_loaded(system, stages)
                text += (
                    f"; {species} holds most of it and {100 * (1 - value.max()):.0f} % are left "
                    "to saturation, before which the solvent may gel or split"
                )
            numbers = tuple(int(j) for j in stages.number[outside])
            margin = float(np.maximum(low - value, value - high).max())
            found.append(Caution(label, " ".join(text.split()), True, numbers, species, margin))
    return found


def _most_loaded(system: ChemicalSystem, stages: Profile) -> str:
    """Return which rare earth holds most extractant where there is least left."""
    held = stages.organic[int(stages.loading.argmax())] * system.dimers * system.rare_earth
    return system.species[int(held.argmax())]


def hydrolysis(system: ChemicalSystem, stages: Profile) -> list[Caution]:
    """Say where the pH is such that hydroxides would form.

    No solubility products are used: first hydrolysis stands for the onset of precipitation.
    """
    known = hydrolysis_constants(system.species, stages.temperature)
    if not known:
        return []
    first = max(known, key=lambda s: known[s].max())
    share = 10 ** known[first] / (10 ** known[first] + stages.acid)
    outside = share > HYDROLYSED
    if not outside.any():
        return []
    text = (
        f"pH up to {stages.pH[outside].max():.1f} at {stage_list(stages.number[outside])}: "
        f"{first} is {100 * share.max():.0f} % hydrolysed there and hydroxides would precipitate"
    )
    limit = -known[first] + np.log10(HYDROLYSED / (1.0 - HYDROLYSED))
    numbers = tuple(int(j) for j in stages.number[outside])
    margin = float((stages.pH - limit)[outside].max())
    return [Caution("pH", text, True, numbers, first, margin)]
