"""One shake-out: two phases brought to equilibrium, over any O/A or acid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sx_sim.brief import outline
from sx_sim.cascade.caution import Caution
from sx_sim.cascade.column import Column, Feed, Section
from sx_sim.cascade.profile import joined
from sx_sim.cascade.results import solve_column
from sx_sim.cascade.streams import Stream
from sx_sim.cascade.validity import cautions
from sx_sim.chemistry.aqueous import REFERENCE, water_ion_product
from sx_sim.chemistry.elements import ACID, element
from sx_sim.chemistry.extractants import ExtractantSet, check_solvent, extractant_set
from sx_sim.chemistry.reagents import base_named
from sx_sim.chemistry.series import Conditions, conditions_of, series_at
from sx_sim.chemistry.speciation import electroneutral, with_acid
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.errors import CaseError
from sx_sim.units import to_internal

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Contact:
    """Equilibrium of one or many contacts; leading axes are those of ``oa`` and ``acid``.

    Concentrations are mol/L, the last axis of ``aqueous`` and ``organic`` runs over
    ``elements``. ``cautions`` count contacts from 1, in the order of the flattened axes.
    """

    elements: tuple[str, ...]
    oa: Array
    aqueous: Array
    organic: Array
    acid: Array
    loading: Array
    cautions: tuple[Caution, ...]

    __repr__ = outline

    @property
    def pH(self) -> Array:
        """Concentration pH."""
        return -np.log10(self.acid)

    @property
    def distribution(self) -> Array:
        """Distribution ratios, organic over aqueous."""
        return self.organic / self.aqueous

    def extracted(self, element: str) -> Array:
        """Return the share of an element found in the organic phase; CaseError if not there."""
        i = self._index(element)
        up = self.oa * self.organic[..., i]
        return up / (up + self.aqueous[..., i])

    def separation_factor(self, heavier: str, lighter: str) -> Array:
        """Return the ratio of the distribution ratios of two elements, as ``extracted``."""
        d = self.distribution
        return d[..., self._index(heavier)] / d[..., self._index(lighter)]

    def _index(self, element: str) -> int:
        if element not in self.elements:
            raise CaseError(f"no {element} in this contact; there are {', '.join(self.elements)}")
        return self.elements.index(element)


def contact(
    extractant: str | Path | ExtractantSet,
    metals: Mapping[str, float | str],
    *,
    acid: ArrayLike | str,
    concentration: float | str | None = None,
    synergist: float | str | None = None,
    oa: ArrayLike = 1.0,
    saponification: float = 0.0,
    base: str = "Na",
    temperature: float | str = 298.15,
) -> Contact:
    """Bring an aqueous feed and fresh solvent to equilibrium in one stage.

    Parameters
    ----------
    extractant : str, Path or ExtractantSet
        The set of constants: its key, such as ``"hehehp-chloride"``, its file or itself.
    metals : mapping
        What the feed holds by symbol, mol/L or text with a unit.
    acid : array_like or str
        Strong acid of the feed as a titration finds it, mol/L or text with a unit.
    concentration : float or str, optional
        Formal monomer of the extractant, mol/L or text with a unit. If not given, what an
        empirical law was read at, as far as its set tells; else 1 mol/L.
    synergist : float or str, optional
        Second extractant of the solvent, where the set has one, mol/L or text with a unit.
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
        If an argument is out of bounds, or the set has no constants for an element; the
        message names the argument, its value and what would be right.
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
    if not isinstance(extractant, str | Path | ExtractantSet):
        raise CaseError(f"extractant = {extractant!r}: must be the key of a set, its file or a set")
    constants = extractant if isinstance(extractant, ExtractantSet) else extractant_set(extractant)
    if not isinstance(metals, Mapping):
        raise CaseError(f"metals = {metals!r}: must name what the feed holds, as {{'Nd': 0.1}}")
    if not metals:
        raise CaseError("metals is empty: give what the feed holds, such as {'Nd': 0.1}")
    if ACID in metals:
        raise CaseError(f"metals['{ACID}']: is no metal; acid says how much of it there is")
    held = {symbol: _one(f"metals['{symbol}']", value, METAL) for symbol, value in metals.items()}
    formal = _formal(constants, concentration)
    soaped = _one("saponification", saponification, SAPONIFICATION)
    second = 0.0 if synergist is None else _one("synergist", synergist, EXTRACTANT)
    check_solvent(constants, synergist is not None, soaped)
    base = base_named(str(base))
    soap = {base: soaped * formal / element(base).charge} if soaped > 0 else {}
    kelvin = _one("temperature", temperature, TEMPERATURE)
    ratio, strength = _together(_numbers("oa", oa, RATIO), _numbers("acid", acid, STRENGTH))
    strength = np.maximum(strength, np.sqrt(water_ion_product(np.array([REFERENCE]))[0]))
    known = conditions_of(constants)
    units = formal / constants.molecules
    free = units * (1.0 - soaped)
    at = Conditions(
        float(np.exp(np.log(strength).mean())), free if free > 0.0 else known.dimer, kelvin
    )
    system = ChemicalSystem.of(constants, [*held, *soap], series_at(constants, at), base)

    def flask(oa: float, acid: float) -> Column:
        metal = system.array(held)
        anions, h = electroneutral(system, metal, acid=acid)
        water = Stream(system, "feed", "aqueous", 1.0, with_acid(system, metal, anions), anions, h)
        solvent = Stream(system, "solvent", "organic", oa, system.array(soap), units)
        feeds = (Feed(1, water), Feed(1, solvent))
        return Column(
            system,
            (Section("contact", 1, 1),),
            feeds,
            (),
            np.array([kelvin]),
            synergist=second / units,
        )

    pairs = zip(ratio.ravel().tolist(), strength.ravel().tolist(), strict=True)
    found = joined([solve_column(flask(*pair)).stages for pair in pairs], "contact")
    return Contact(
        elements=system.species,
        oa=ratio,
        aqueous=found.aqueous.reshape(*ratio.shape, -1),
        organic=found.organic.reshape(*ratio.shape, -1),
        acid=found.acid.reshape(ratio.shape),
        loading=found.loading.reshape(ratio.shape),
        cautions=cautions(system, found),
    )


class Bounds(NamedTuple):
    """What an argument may be, in ``unit``."""

    low: float
    high: float
    unit: str = ""
    above: bool = False  # low itself is not allowed


METAL = Bounds(0.0, 20.0, "mol/L")
STRENGTH = Bounds(0.0, 20.0, "mol/L")
EXTRACTANT = Bounds(0.0, 5.0, "mol/L", above=True)
RATIO = Bounds(0.0, 1e4, above=True)
SAPONIFICATION = Bounds(0.0, 0.99)
TEMPERATURE = Bounds(273.15, 373.15, "K")


def _formal(extractant: ExtractantSet, given: float | str | None) -> float:
    """Return the formal concentration of the extractant; NaN where a law leaves it open."""
    if given is not None:
        return _one("concentration", given, EXTRACTANT)
    return 1.0 if extractant.needs_extractant else extractant.dosage


def _one(name: str, value: float | str, bounds: Bounds) -> float:
    """Return an argument that is a single number."""
    found = _numbers(name, value, bounds)
    if found.ndim:
        raise CaseError(f"{name} has {found.size} values: give one")
    return float(found)


def _numbers(name: str, value: ArrayLike | str, bounds: Bounds) -> Array:
    """Return an argument as numbers; CaseError says what would be right."""
    unit = f" {bounds.unit}" if bounds.unit else ""
    right = f"{'above ' if bounds.above else ''}{bounds.low:g} to {bounds.high:g}{unit}"
    try:
        text = isinstance(value, str) and bounds.unit
        numbers = np.asarray(to_internal(str(value), bounds.unit) if text else value, dtype=float)
    except (TypeError, ValueError) as error:
        raise CaseError(f"{name} = {value!r}: must be {right}; {error}") from None
    wrong = ~(numbers > bounds.low if bounds.above else numbers >= bounds.low)
    wrong |= ~(numbers <= bounds.high)
    if not numbers.size:
        raise CaseError(f"{name} is empty: must be {right}")
    if wrong.any():
        raise CaseError(f"{name} = {numbers[wrong].flat[0]:g}: must be {right}")
    return numbers


def _together(oa: Array, acid: Array) -> tuple[Array, Array]:
    """Return the two of one shape."""
    try:
        ratio, strength = np.broadcast_arrays(oa, acid)
    except ValueError:
        raise CaseError(
            f"oa and acid have shapes {oa.shape} and {acid.shape}, which do not go together: give "
            "as many of each, one of either, or axes to spread them over"
        ) from None
    return ratio.copy(), strength.copy()
