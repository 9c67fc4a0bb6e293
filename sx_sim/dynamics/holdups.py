"""What mixers, settlers and tanks hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Holdups:
    """Volumes of the mixer-settlers of a column; arrays (N,) [L].

    Parameters
    ----------
    mixer : array
        Both phases.
    aqueous : array
        Of that water, where its share is given; NaN where it follows from the flows.
    aqueous_settler, organic_settler : arrays
    tanks : int
        Well-mixed tanks in a row that each phase of a settler stands for; none where settlers
        hold nothing.
    follows : bool
        Whether the share of water in a mixer moves with the flows through it; else it stays
        what it was at the start.
    """

    mixer: Array
    aqueous: Array
    aqueous_settler: Array
    organic_settler: Array
    tanks: int = 1
    follows: bool = False
