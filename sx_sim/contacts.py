"""One shake-out: two phases brought to equilibrium, over any O/A or acid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sx_sim.chemistry.elements import element
from sx_sim.chemistry.extractants import ExtractantSet, extractant_set
from sx_sim.chemistry.speciation import electroneutral
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.flowsheet.column import Column, Feed, Section
from sx_sim.flowsheet.results import solve_column
from sx_sim.flowsheet.streams import Stream
from sx_sim.units import to_internal

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Contact:
    """Equilibrium of one or many contacts; leading axes are those of ``oa`` and ``acid``.

    Concentrations are mol/L, the last axis of ``aqueous`` and ``organic`` runs over
    ``elements``.
    """

    elements: tuple[str, ...]
    oa: Array
    aqueous: Array
    organic: Array
    acid: Array
    loading: Array

    @property
    def pH(self) -> Array:
        """Concentration pH."""
        return -np.log10(self.acid)

    @property
    def distribution(self) -> Array:
        """Distribution ratios, organic over aqueous."""
        return self.organic / self.aqueous

    def extracted(self, element: str) -> Array:
        """Return the share of an element found in the organic phase."""
        i = self.elements.index(element)
        up = self.oa * self.organic[..., i]
        return up / (up + self.aqueous[..., i])

    def separation_factor(self, heavier: str, lighter: str) -> Array:
        """Return the ratio of the distribution ratios of two elements."""
        d = self.distribution
        return d[..., self.elements.index(heavier)] / d[..., self.elements.index(lighter)]


def contact(
    extractant: str | ExtractantSet,
    metals: Mapping[str, float | str],
    *,
    acid: ArrayLike | str,
    concentration: float | str = 1.0,
    oa: ArrayLike = 1.0,
    saponification: float = 0.0,
    base: str = "Na",
    temperature: float | str = 298.15,
) -> Contact:
    """Bring an aqueous feed and fresh solvent to equilibrium in one stage.

    Parameters
    ----------
    extractant : str or ExtractantSet
        Key of the set of constants, such as ``"hehehp-chloride"``.
    metals : mapping
        What the feed holds by symbol, mol/L or text with a unit.
    acid : array_like or str
        Strong acid of the feed as a titration finds it, mol/L or text with a unit.
    concentration : float or str
        Formal monomer of the extractant, mol/L or text with a unit.
    oa : array_like
        Volume of organic over aqueous phase; broadcast against ``acid``.
    saponification : float
        Equivalents of base per mole of formal monomer.
    base : {'Na', 'NH4', 'Mg'}
        Its cation; the set has to know it.
    temperature : float or str
        K or text with a unit.

    Returns
    -------
    Contact

    Raises
    ------
    CaseError
        If the set has no constants for an element.
    ConvergenceError
        If a contact cannot be solved, such as one with more base than acid.

    Examples
    --------
    The more solvent, the more neodymium is extracted:

    >>> import sx_sim
    >>> shake = sx_sim.contact(
    ...     "hehehp-chloride", {"Nd": "0.1 mol/L"}, acid="0.1 mol/L", oa=[0.5, 1, 2]
    ... )
    >>> [round(float(share), 2) for share in shake.extracted("Nd")]
    [0.12, 0.18, 0.26]
    """
    constants = extractant_set(extractant) if isinstance(extractant, str) else extractant
    held = {symbol: to_internal(value, "mol/L") for symbol, value in metals.items()}
    formal = to_internal(concentration, "mol/L")
    soap = {base: saponification * formal / element(base).charge} if saponification > 0 else {}
    system = ChemicalSystem.of(constants, [*held, *soap])
    feed_acid = to_internal(acid, "mol/L") if isinstance(acid, str) else acid
    ratio, strength = np.broadcast_arrays(
        np.asarray(oa, dtype=float), np.asarray(feed_acid, dtype=float)
    )
    kelvin = np.array([to_internal(temperature, "K")])
    metal, soaped = system.array(held), system.array(soap)
    shape = (*ratio.shape, len(system.species))
    aqueous, organic = np.empty(shape), np.empty(shape)
    hydrogen, loading = np.empty(ratio.shape), np.empty(ratio.shape)
    for point in np.ndindex(*ratio.shape):
        anions, h = electroneutral(system, metal, acid=float(strength[point]))
        water = Stream(system, "feed", "aqueous", 1.0, metal, anions, h)
        solvent = Stream(system, "solvent", "organic", float(ratio[point]), soaped, formal / 2)
        feeds = (Feed(1, water), Feed(1, solvent))
        flask = Column(system, (Section("contact", 1, 1),), feeds, (), kelvin)
        stages = solve_column(flask).stages
        aqueous[point], organic[point] = stages.aqueous[0], stages.organic[0]
        hydrogen[point], loading[point] = stages.acid[0], stages.loading[0]
    return Contact(system.species, ratio.copy(), aqueous, organic, hydrogen, loading)
