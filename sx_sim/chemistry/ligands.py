"""The anions of a medium as ligands: complexes of the metals, protons they take up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.chemistry import database
from sx_sim.chemistry.aqueous import REFERENCE, vant_hoff
from sx_sim.chemistry.elements import is_rare_earth
from sx_sim.errors import CaseError

Array = NDArray[np.float64]
SERIES = "rare earths"  # the row that stands for all of them


@dataclass(frozen=True)
class Ligand:
    """What is known of an anion that binds metals or protons.

    Parameters
    ----------
    name : str
    charge : float
        Sign reversed.
    beta : mapping of str to (K, 2) array
        log10 of the cumulative formation constants at 25 degC and their enthalpies [kJ/mol],
        by symbol, or for all ``rare earths``; what is not there forms no complexes.
    protonation : (2,) array or None
        log10 K and enthalpy of L + H = HL, None where it stays unprotonated.
    ionic_strength : tuple of float or None
        Range the constants hold for [mol/L], None where that is a set's own affair.
    sources : tuple of str
    """

    name: str
    charge: float
    beta: Mapping[str, Array]
    protonation: Array | None
    ionic_strength: tuple[float, float] | None
    sources: tuple[str, ...]

    @property
    def complexes(self) -> int:
        """Largest number of ligands bound; one where there is nothing but protonation."""
        return max((len(row) for row in self.beta.values()), default=1)

    def with_series(self, log10_beta: Sequence[float], enthalpy: Sequence[float]) -> Ligand:
        """Return the ligand with a set's own constants, the same for all rare earths.

        They hold where the set does.
        """
        row = np.column_stack([log10_beta, enthalpy])
        if np.array_equal(row, self.beta.get(SERIES, [])):
            return self
        return replace(self, beta={SERIES: row}, ionic_strength=None)

    def ln_beta(self, species: Sequence[str], temperature: Array) -> Array:
        """Return ln of the formation constants (N, S, K), -inf where there is no complex."""
        found = np.full((len(temperature), len(species), self.complexes), -np.inf)
        for i, row in self._rows(species):
            found[:, i, : len(row)] = vant_hoff(row[:, 0], row[:, 1], temperature, REFERENCE)
        return found

    def enthalpies(self, species: Sequence[str]) -> Array:
        """Return the enthalpies of formation (S, K) [kJ/mol]."""
        found = np.zeros((len(species), self.complexes))
        for i, row in self._rows(species):
            found[i, : len(row)] = row[:, 1]
        return found

    def ln_protonation(self, temperature: Array) -> Array:
        """Return ln of the protonation constant (N,) [L/mol], (0,) for none."""
        if self.protonation is None:
            return np.empty(0)
        return vant_hoff(self.protonation[0], self.protonation[1], temperature, REFERENCE)

    def _rows(self, species: Sequence[str]) -> list[tuple[int, Array]]:
        found = []
        for i, symbol in enumerate(species):
            row = self.beta.get(symbol)
            if row is None and is_rare_earth(symbol):
                row = self.beta.get(SERIES)
            if row is not None:
                found.append((i, row))
        return found


@cache
def ligand(name: str) -> Ligand | None:
    """Return a ligand by the name that a set's ``complexes`` gives, None for ``none``.

    Raises
    ------
    CaseError
        If there is none of that name.

    Examples
    --------
    >>> ligand("sulfate").charge
    2.0
    """
    if name == "none":
        return None
    tables = database.read("complexes.toml") | {
        "chloride": database.read("aqueous.toml")["chloride"]
    }
    if name not in tables:
        raise CaseError(f"complexes = '{name}': must be none, {', '.join(sorted(tables))}")
    table = tables[name]
    if "log10_beta" in table:
        beta = {SERIES: np.column_stack([table["log10_beta"], table["enthalpy"]])}
    else:
        beta = {
            symbol: np.array([[one["log10_beta"], one["enthalpy"]] for one in rows])
            for symbol, rows in table.get("elements", {}).items()
        }
    proton = table.get("protonation")
    return Ligand(
        name,
        float(table.get("ligand_charge", 1.0)),
        beta,
        np.array([proton["log10_K"], proton["enthalpy"]]) if proton else None,
        (table["ionic_strength_range"][0], table["ionic_strength_range"][1]),
        tuple(dict.fromkeys(_sources(table))),
    )


def _sources(table: Any) -> list[str]:
    """Return every source key in a table and below it."""
    found: list[str] = []
    if isinstance(table, Mapping):
        for key, value in table.items():
            if key in ("source", "enthalpy_source"):
                found += [value] if isinstance(value, str) else list(value)
            else:
                found += _sources(value)
    elif isinstance(table, list):
        for one in table:
            found += _sources(one)
    return found
