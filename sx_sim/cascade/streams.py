"""Streams: one phase, its flow and what is in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.brief import percent, plain
from sx_sim.chemistry.elements import ACID
from sx_sim.chemistry.speciation import with_acid
from sx_sim.chemistry.system import ChemicalSystem

Array = NDArray[np.float64]
BASES = ("REO", "mol")
TRACE = 1e-6  # REO below which a stream is not named after it [g/L]


@dataclass(frozen=True)
class Stream:
    """One phase of known flow and composition.

    Parameters
    ----------
    name : str
    phase : {'aqueous', 'organic'}
    flow : float
        [L/h]
    concentration : (S,) array
        Every species of the system [mol/L].
    carrier : float
        Net strong anions of an aqueous stream [eq/L], total extractant as dimer of an organic
        one [mol/L], NaN where that is not known.
    acid : float
        [H+] of an aqueous stream [mol/L], NaN for an organic one.
    """

    system: ChemicalSystem
    name: str
    phase: str
    flow: float
    concentration: Array
    carrier: float
    acid: float = np.nan

    def __repr__(self) -> str:
        parts = [f"{self.phase}, {plain(self.flow)} L/h"]
        if self.phase == "aqueous":
            parts.append(f"pH {self.pH:.2f}")
        if self.reo > TRACE:
            purity = f"{percent(self.purity(self.leading))} %"
            parts.append(f"{plain(self.reo)} g/L REO, {self.leading} {purity}")
        return f"Stream '{self.name}': {', '.join(parts)}"

    @property
    def held(self) -> dict[str, float]:
        """Concentrations above zero by symbol [mol/L]."""
        pairs = zip(self.system.species, self.concentration, strict=True)
        return {symbol: float(amount) for symbol, amount in pairs if amount > 0}

    def of(self, system: ChemicalSystem) -> Stream:
        """Return the same stream in the species of another system.

        Acid of the water comes or goes as a species; what a solvent holds of it stays.
        """
        held = self.held
        if self.phase == "aqueous" or system.acid < 0:
            held.pop(ACID, None)
        concentration = system.array(held)
        if self.phase == "aqueous":
            concentration = with_acid(system, concentration, self.carrier)
        return replace(self, system=system, concentration=concentration)

    @property
    def pH(self) -> float:
        """Concentration pH, NaN for an organic stream."""
        return float(-np.log10(self.acid))

    @property
    def moles(self) -> Array:
        """Flow of every species (S,) [mol/h]."""
        return self.flow * self.concentration

    @property
    def oxides(self) -> Array:
        """Rare earths as oxides (S,) [g/L]; zero for other species."""
        return self.concentration * self.system.oxide_mass

    @property
    def reo(self) -> float:
        """Rare earths as oxides [g/L]."""
        return float(self.oxides.sum())

    def purity(self, elements: str | Iterable[str], basis: str = "REO") -> float:
        """Return the share of one or several rare earths among all of them.

        Parameters
        ----------
        elements : str or iterable of str
        basis : {'REO', 'mol'}
            Mass of oxides, or moles.

        Returns
        -------
        float
            Between 0 and 1; NaN in a stream without rare earths.
        """
        symbols = [elements] if isinstance(elements, str) else list(elements)
        shares = self.purities(basis)
        return float(sum(shares[self.system.index(symbol)] for symbol in symbols))

    def purities(self, basis: str = "REO") -> Array:
        """Return the share of every species among the rare earths (S,).

        Zero for species that are none; NaN in a stream without rare earths.
        """
        if basis not in BASES:
            raise ValueError(f"basis must be one of {BASES}, not {basis!r}")
        amount = self.oxides if basis == "REO" else self.concentration * self.system.rare_earth
        total = amount.sum()
        return amount / total if total > 0 else np.full(amount.shape, np.nan)

    @property
    def leading(self) -> str:
        """The rare earth there is most of by oxide mass, empty where there is none."""
        oxides = self.oxides
        return self.system.species[int(oxides.argmax())] if oxides.max(initial=0.0) > 0 else ""
