"""What is in every stage of a column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


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
    dimer: Array  # (N,) total extractant, as dimer; NaN where it is not known
    loading: Array  # (N,) share of the dimer that metals hold, see ``ChemicalSystem.loading``
    scalars: Array  # (N, 2 or 3) the solver's unknowns, from which another solve can start

    @property
    def pH(self) -> Array:
        """Concentration pH (N,)."""
        return -np.log10(self.acid)

    @property
    def number(self) -> NDArray[np.int64]:
        """Stage numbers 1..N."""
        return np.arange(1, len(self.section) + 1)
