"""The chemical system of a column: which species, in which order, by which constants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sx_sim.chemistry import aqueous
from sx_sim.chemistry.elements import element
from sx_sim.chemistry.extractants import Constants, ExtractantSet
from sx_sim.errors import CaseError
from sx_sim.kernels.types import Law

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ChemicalSystem:
    """Species of a column and their constants; the only owner of species indices.

    Parameters
    ----------
    extractant : ExtractantSet
    species : tuple of str
        Symbols in the order of every array: rare earths from the least to the most
        extracted, then the others.
    """

    extractant: ExtractantSet
    species: tuple[str, ...]

    @classmethod
    def of(cls, extractant: ExtractantSet, symbols: Iterable[str]) -> ChemicalSystem:
        """Return the system of the given species.

        Raises
        ------
        CaseError
            If the set has no constants for one of them.
        """
        wanted = set(symbols)
        for symbol in sorted(wanted):
            element(symbol)
            if symbol not in extractant.species:
                raise CaseError(
                    f"extractant set '{extractant.key}' has no constants for {symbol}; it has "
                    f"{', '.join(extractant.species)}. Give [constants.{symbol}] with log10_K, "
                    "or with inert = true if it stays in the aqueous phase"
                )

        def rank(symbol: str) -> tuple[bool, float, str]:
            constants = extractant.species[symbol]
            extraction = constants.log10_K if not constants.inert else -np.inf
            return (not element(symbol).rare_earth, extraction, symbol)

        return cls(extractant, tuple(sorted(wanted, key=rank)))

    @cached_property
    def constants(self) -> tuple[Constants, ...]:
        """Constants of every species, in order."""
        return tuple(self.extractant.species[symbol] for symbol in self.species)

    @cached_property
    def rare_earth(self) -> NDArray[np.bool_]:
        """Which species are rare earths (S,)."""
        return np.array([element(symbol).rare_earth for symbol in self.species], dtype=bool)

    @cached_property
    def oxide_mass(self) -> Array:
        """Oxide per mole of every rare earth (S,) [g/mol], zero for other species."""
        known = [element(symbol) for symbol in self.species]
        return np.array([one.oxide_mass if one.rare_earth else 0.0 for one in known])

    @cached_property
    def charge(self) -> Array:
        """Charge of the aqueous ions (S,)."""
        return np.array([element(symbol).charge for symbol in self.species], dtype=float)

    @cached_property
    def dimers(self) -> Array:
        """Dimers bound per metal in the organic phase (S,)."""
        return np.array([0.0 if c.inert else c.dimers for c in self.constants])

    def index(self, symbol: str) -> int:
        """Return the position of a species in every array."""
        if symbol not in self.species:
            raise KeyError(f"no {symbol} here; there are {', '.join(self.species)}")
        return self.species.index(symbol)

    def array(self, amounts: Mapping[str, float]) -> Array:
        """Return amounts by symbol as an array (S,), zero where none is given."""
        values = np.zeros(len(self.species))
        for symbol, amount in amounts.items():
            values[self.index(symbol)] += amount
        return values

    def with_enthalpy_shift(self, shift: Array) -> ChemicalSystem:
        """Return the system with enthalpies moved by ``shift`` (S,) [kJ/mol]."""
        changes = {
            symbol: {"enthalpy": constants.enthalpy + float(delta)}
            for symbol, constants, delta in zip(self.species, self.constants, shift, strict=True)
        }
        return replace(self, extractant=self.extractant.with_constants(changes))

    @cached_property
    def least_acid(self) -> float:
        """[H+] at which half of the most easily hydrolysed species is hydrolysed [mol/L].

        Zero where no species has a hydrolysis constant: nothing then ends the law.
        """
        known = [aqueous.hydrolysis_constant(symbol) for symbol in self.species]
        return max((10.0**k for k in known if k is not None), default=0.0)

    def law(self, temperature: Array) -> Law:
        """Return the kernels' distribution law for stages at ``temperature`` (N,) [K]."""
        constants = self.constants
        inert = np.array([c.inert for c in constants])
        ln_k = aqueous.vant_hoff(
            np.array([c.log10_K for c in constants]),
            np.array([c.enthalpy for c in constants]),
            temperature,
            self.extractant.reference_temperature,
        )
        ln_k[:, inert] = -np.inf
        ln_beta = self.extractant.ln_formation_constants(temperature)
        per_species = np.where(self.rare_earth[None, :, None], ln_beta[:, None, :], -np.inf)
        return Law(
            ln_k=np.ascontiguousarray(ln_k),
            order_dimer=np.array([0.0 if c.inert else c.order_dimer for c in constants]),
            order_acid=np.array([0.0 if c.inert else c.order_acid for c in constants]),
            dimers=self.dimers,
            charge=self.charge,
            ln_beta=np.ascontiguousarray(per_species),
            least_acid=self.least_acid,
        )
