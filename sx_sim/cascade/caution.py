"""Reasons to take a result with care: of which kind, and in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class CautionKind(StrEnum):
    """What a caution is about; sweeps record them as flags, in this order."""

    LOG10_K = "log10 K"
    ENTHALPY = "enthalpy"
    ACID = "acid"
    ANION = "anion"
    LOADING = "loading"
    EXTRACTANT = "extractant"
    TEMPERATURE = "temperature"
    HYDROXIDE = "pH"
    IONIC_STRENGTH = "ionic strength"
    CAPACITY = "capacity"
    EXPONENTS = "exponents"
    PHASE_RATIO = "phase ratio"
    WASHED_OUT = "washed out"


@dataclass(frozen=True)
class Caution:
    """One reason to take a result with care.

    Parameters
    ----------
    kind : CautionKind
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
    circuit : str
        Of a train, in which it is.
    """

    kind: CautionKind
    text: str
    outside: bool = False
    stages: tuple[int, ...] = ()
    species: str = ""
    margin: float = 0.0
    circuit: str = ""

    def of_circuit(self, name: str) -> Caution:
        """Return it as one of a circuit of a train."""
        return replace(self, text=f"{name}: {self.text}", circuit=name)


def flags(kinds: set[CautionKind]) -> int:
    """Return kinds as one number, a bit each in their order."""
    return sum(1 << k for k, kind in enumerate(CautionKind) if kind in kinds)
