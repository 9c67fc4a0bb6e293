"""What is in every stage of a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sx_sim.brief import outline

Array = NDArray[np.float64]
# unit and meaning of what there is along the stages, as files, pictures and documentation have it
PROFILES = {
    "pH": ("1", "concentration pH"),
    "loading": ("1", "share of the extractant held by metals"),
    "temperature": ("K", "stage temperature"),
    "aqueous_flow": ("L/h", "aqueous flow leaving the settler"),
    "organic_flow": ("L/h", "organic flow leaving the settler"),
    "acid": ("mol/L", "hydrogen ion"),
    "free_dimer": ("mol/L", "free extractant, as dimer or monomer"),
    "anion": ("mol/L", "net strong anions"),
    "free_anion": ("mol/L", "anions not held in complexes"),
    "ionic_strength": ("mol/L", "ionic strength"),
    "dimer": ("mol/L", "total extractant, as dimer or monomer"),
    "aqueous": ("mol/L", "aqueous concentration"),
    "organic": ("mol/L", "organic concentration"),
}


@dataclass(frozen=True)
class Profile:
    """What is in every stage; arrays run over stages 1..N, then species.

    Concentrations are mol/L, flows L/h as they leave the stage's settler, draws included.
    """

    section: tuple[str, ...]
    temperature: Array  # (N,) [K]
    aqueous_flow: Array  # (N,)
    organic_flow: Array  # (N,)
    aqueous: Array  # (N, S)
    organic: Array  # (N, S)
    acid: Array  # (N,) [H+]
    free_dimer: Array  # (N,) NaN where the extractant's concentration is not known
    anion: Array  # (N,)
    free_anion: Array  # (N,) less what complexes hold
    ionic_strength: Array  # (N,) of ions, complexes and protonated anions among them
    dimer: Array  # (N,) total extractant, as dimer or monomer; NaN where it is not known
    loading: Array  # (N,) share of the dimer that metals hold, see ``ChemicalSystem.loading``
    unknowns: Array  # (N, 2 or 3) the solver's unknowns, from which another solve can start
    unit: str = "stage"  # what each of them is

    __repr__ = outline

    @property
    def pH(self) -> Array:
        """Concentration pH (N,)."""
        return -np.log10(self.acid)

    @property
    def number(self) -> NDArray[np.int64]:
        """Stage numbers 1..N."""
        return np.arange(1, len(self.section) + 1)

    def where(self, chosen: NDArray[np.bool_]) -> str:
        """Return the numbers of some of them, runs abbreviated: ``stages 1-3, 7``."""
        return runs(self.number[chosen], self.unit)


def runs(numbers: NDArray[np.int64], unit: str) -> str:
    """Return numbers of stages as text, runs abbreviated: ``stages 1-3, 7``."""
    each = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    parts = [f"{r[0]}-{r[-1]}" if len(r) > 1 else f"{r[0]}" for r in each]
    more = f" and {len(parts) - 4} more runs" if len(parts) > 4 else ""
    return f"{unit}{'s' if len(numbers) > 1 else ''} {', '.join(parts[:4])}{more}"


def joined(profiles: Sequence[Profile], unit: str) -> Profile:
    """Return several profiles as one, end to end."""
    arrays = {
        field.name: np.concatenate([getattr(p, field.name) for p in profiles])
        for field in fields(Profile)
        if field.name not in ("section", "unit")
    }
    return Profile(section=tuple(s for p in profiles for s in p.section), unit=unit, **arrays)
