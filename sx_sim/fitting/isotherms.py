"""Laboratory contacts, as a fit needs them: what went in, what was found, who measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sx_sim.chemistry import aqueous
from sx_sim.chemistry.elements import element
from sx_sim.fitting.equilibrium import Shakes

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Isotherms:
    """P points, each one element in one of B contacts.

    Parameters
    ----------
    elements : tuple of str
        The S elements, in the order of every array.
    contacts, laboratories : tuple of str
        Names (B,).
    total : (B, S) array
        Metals put in, both phases [mol/L of aqueous phase].
    acid : (B,) array
        Free strong acid of the feed [mol/L].
    extractant : (B,) array
        Formal monomer [mol/L].
    soap : (B,) array
        Base carried by the solvent [eq/L of organic phase], of species ``base``.
    oa : (B,) array
    temperature : (B,) array
        [K]
    pH : (B,) array
        Measured at equilibrium, NaN where it was not.
    contact, element : (P,) array of int
        Which contact and element a point belongs to.
    log10_d : (P,) array
        Measured.
    weight : (P,) array
        Relative standard deviation of the points, one for all where none was given.
    row : (P,) array of int
        Line of the table that a point is in, for messages.
    file : str
        The table, for messages.
    """

    elements: tuple[str, ...]
    contacts: tuple[str, ...]
    laboratories: tuple[str, ...]
    total: Array
    acid: Array
    extractant: Array
    soap: Array
    base: str
    oa: Array
    temperature: Array
    pH: Array
    contact: Index
    element: Index
    log10_d: Array
    weight: Array
    row: Index
    file: str = ""

    @property
    def points(self) -> int:
        """Number of points."""
        return len(self.log10_d)

    @cached_property
    def anion(self) -> Array:
        """Net strong anions (B,) [mol/L]: those of the acid and of the metals."""
        return self.acid + self.total @ self.charge

    @cached_property
    def charge(self) -> Array:
        """Charge of the elements' aqueous ions (S,)."""
        return np.array([float(element(symbol).charge) for symbol in self.elements])

    @cached_property
    def laboratory(self) -> NDArray[np.str_]:
        """Laboratory of every point (P,)."""
        return np.array(self.laboratories)[self.contact]

    @property
    def species(self) -> tuple[str, ...]:
        """Elements, and the base of saponified solvent last where there is any."""
        return (*self.elements, self.base) if np.any(self.soap > 0) else self.elements

    def shakes(self, molecules: int = 2) -> Shakes:
        """Return what equilibrium is calculated from, the extractant reacting as dimer or not."""
        total = self.total
        if len(self.species) > len(self.elements):
            total = np.column_stack([total, self.soap * self.oa / element(self.base).charge])
        water = aqueous.water_ion_product(self.temperature)
        return Shakes(total, self.anion, self.extractant / molecules, self.oa, water)

    def with_log10_d(self, log10_d: Array) -> Isotherms:
        """Return the same contacts with other measurements."""
        return replace(self, log10_d=log10_d)

    def without(self, laboratory: str) -> Isotherms:
        """Return the points of all other laboratories."""
        return self.where(self.laboratory != laboratory)

    def where(self, kept: NDArray[np.bool_]) -> Isotherms:
        """Return some of the points; contacts stay whole."""
        return replace(
            self,
            contact=self.contact[kept],
            element=self.element[kept],
            log10_d=self.log10_d[kept],
            weight=self.weight[kept],
            row=self.row[kept],
        )
