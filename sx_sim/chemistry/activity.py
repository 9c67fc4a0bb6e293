"""Activities by specific ion interaction: one coefficient per cation, with chloride."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from sx_sim.chemistry import database
from sx_sim.errors import CaseError

Array = NDArray[np.float64]
MODELS = ("none", "sit")
PROTON = "H"


@cache
def _slope() -> Polynomial:
    """Return the Debye-Hueckel slope as a function of temperature [K]."""
    row = database.read("sit.toml")["debye_hueckel"]
    return Polynomial.fit(row["temperature"], row["slope"], len(row["slope"]) - 1)


def debye_hueckel(temperature: Array) -> tuple[Array, Array]:
    """Return the slope A of log10 activity coefficients, and dA/dT (N,).

    A is in kg^0.5/mol^0.5 and multiplies z^2 sqrt(I) / (1 + 1.5 sqrt(I)).
    """
    kelvin = np.asarray(temperature)
    return _slope()(kelvin), _slope().deriv()(kelvin)


def interaction(species: Sequence[str]) -> Array:
    """Return the interaction coefficients of cations with chloride (S,) [kg/mol].

    Raises
    ------
    CaseError
        If there is none for one of them.
    """
    known = database.read("sit.toml")["interaction"]
    for symbol in species:
        if symbol not in known:
            raise CaseError(
                f"no ion interaction coefficient of {symbol} with chloride, which a set with "
                f"activity = 'sit' needs; there are {', '.join(known)}"
            )
    return np.array([known[symbol]["epsilon"] for symbol in species])


def sources(species: Sequence[str]) -> list[str]:
    """Return the source keys of the slope and of the coefficients of cations."""
    data = database.read("sit.toml")
    found = [data["debye_hueckel"]["source"]]
    for symbol in (PROTON, *species):
        found += data["interaction"][symbol]["source"]
    return found


def ionic_strength_range() -> tuple[float, float]:
    """Return the ionic strengths the coefficients were fitted over."""
    low, high = database.read("sit.toml")["ionic_strength_range"]
    return low, high
