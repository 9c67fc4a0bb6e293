"""Water and the first hydrolysis, by van 't Hoff."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sx_sim.chemistry import database

GAS_CONSTANT = 8.314462618e-3  # [kJ/mol/K], exact by the SI since 2019
REFERENCE = 298.15  # [K]
LN10 = np.log(10.0)

Array = NDArray[np.float64]


def vant_hoff(
    log10_k: float | Array, enthalpy: float | Array, temperature: Array, reference: float
) -> Array:
    """Return ln K at each temperature from log10 K at the reference.

    Parameters
    ----------
    log10_k : float or (S,) array
    enthalpy : float or (S,) array
        [kJ/mol]
    temperature : (N,) array
        [K]
    reference : float
        [K]

    Returns
    -------
    (N,) or (N, S) array
    """
    inverse = 1.0 / np.asarray(temperature) - 1.0 / reference
    shift = np.multiply.outer(inverse, np.asarray(enthalpy)) / GAS_CONSTANT
    return np.asarray(log10_k) * LN10 - shift


def water_ion_product(temperature: Array) -> Array:
    """Return Kw [mol2/L2] at each temperature [K]."""
    water = database.read("aqueous.toml")["water"]
    return np.exp(vant_hoff(water["log10_K"], water["enthalpy"], temperature, REFERENCE))


def water_enthalpy() -> float:
    """Return the enthalpy of the dissociation of water [kJ/mol]."""
    return database.read("aqueous.toml")["water"]["enthalpy"]


def hydrolysis_constants(symbols: Iterable[str], temperature: Array) -> dict[str, Array]:
    """Return log10 K of the first hydrolysis at each temperature [K], where there is a source.

    Where no enthalpy is known the constant at 25 degC holds throughout.
    """
    levels, place = np.unique(temperature, return_inverse=True)
    known, table = _hydrolysis(tuple(symbols), tuple(levels.tolist()))
    return dict(zip(known, table[:, place], strict=True))


@lru_cache(maxsize=256)
def _hydrolysis(symbols: tuple[str, ...], kelvin: tuple[float, ...]) -> tuple[list[str], Array]:
    """Return the species that have a constant, and log10 of it at each temperature (S, T)."""
    rows = database.read("aqueous.toml")["hydrolysis"]["elements"]
    known = [symbol for symbol in symbols if symbol in rows]
    level = np.array([rows[symbol]["log10_K"] for symbol in known])
    heat = np.array([rows[symbol].get("enthalpy", 0.0) for symbol in known])
    return known, (vant_hoff(level, heat, np.array(kelvin), REFERENCE) / LN10).T
