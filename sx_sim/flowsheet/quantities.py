"""Quantities: every number that a result gives, by name, with its unit, dimensions and slopes.

Tables of sweeps, files, pictures, specifications and sensitivities all take them from here.
A single number of a table is named by what it is of: ``purity.La-Nd.raffinate`` is an entry
(or a sum of entries) of the table ``purity_reo``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.results import CascadeResult
from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.elements import BASES
from sx_sim.chemistry.speciation import titratable_acid
from sx_sim.flowsheet.ledger import Ledger
from sx_sim.flowsheet.result import Result

if TYPE_CHECKING:
    import xarray

Array = NDArray[np.float64]
PRODUCT, SPECIES = ("product",), ("product", "species")
PPM = 1e6


@dataclass(frozen=True)
class Quantity:
    """One kind of number that a result gives.

    Parameters
    ----------
    name : str
        Of its table.
    unit : str
        ``1`` for none.
    long_name : str
    along : tuple of str
        What the table runs along: ``product``, ``element`` (rare earths and what else is
        extracted), ``species``, ``stage``.
    value : callable
        Of a result; of a result and the place of a product, for what runs along products. Over
        elements or species it gives an array over those of the result (S,).
    words : str
        What pictures call it; the name itself if empty.
    """

    name: str
    unit: str
    long_name: str
    along: tuple[str, ...]
    value: Callable[..., Any] = field(repr=False)
    words: str = ""

    @property
    def form(self) -> str:
        """How a single number of it is named, empty for tables along stages."""
        if "stage" in self.along:
            return ""
        parts = [KIND_OF.get(self.name, self.name)]
        parts += ["ELEMENT"] * (len(self.along) == 2) + ["PRODUCT"] * bool(self.along)
        return ".".join(parts)


def _over(result: Result, stream: Stream, values: Array) -> Array:
    """Return the values of a stream over the species of a result (S,), 0 for absent ones."""
    if stream.system.species == result.elements:
        return values
    known = dict(zip(stream.system.species, values.tolist(), strict=True))
    return np.array([known.get(symbol, 0.0) for symbol in result.elements])


def _purities(basis: str, result: Result, place: str) -> Array:
    stream = result.streams[place]
    shares = _over(result, stream, stream.purities(basis))
    return np.where(result.rare_earth & bool(stream.reo > 0.0), shares, np.nan)


def _concentrations(result: Result, place: str) -> Array:
    return _over(result, result.streams[place], result.streams[place].concentration)


def _ppm(result: Result, place: str) -> Array:
    stream = result.streams[place]
    with np.errstate(all="ignore"):
        return PPM * _over(result, stream, stream.concentration * masses(stream)) / stream.reo


def masses(stream: Stream) -> Array:
    """Return masses of species (S,) [g/mol]: of rare earths as oxides, of others as elements."""
    system = stream.system
    return np.where(system.rare_earth, system.oxide_mass, system.mass)


def _of_stream(name: str, result: Result, place: str) -> float:
    return getattr(result.streams[place], name)


def _profile(name: str, result: Result) -> Array:
    return result.profile(name)


def _acid_use(result: Result) -> float:
    """Return the strong acid used [eq/kg REO fed], as a titration finds it.

    That of aqueous feeds without rare earths, which scrub and strip, what set points dose,
    and what brings liquors to the acid of the next circuit.
    """
    used = sum(_acid(unit.cascade) for unit in result.units.values())
    return _per_fed(used + sum(done.acid for done in result.treatments.values()), result)


def _base_use(result: Result) -> float:
    """Return the base used [eq/kg REO fed]: the solvent's, what set points and treatments take."""
    used = sum(_base(unit.cascade) for unit in result.units.values())
    return _per_fed(used + sum(done.base for done in result.treatments.values()), result)


def _acid(found: CascadeResult) -> float:
    rare = found.system.rare_earth
    fed = sum(
        stream.flow
        * titratable_acid(found.system, stream.concentration, stream.carrier, stream.acid)
        for stream in (feed.stream for feed in found.column.feeds)
        if stream.phase == "aqueous" and not stream.concentration[rare].any()
    )
    return fed + sum(max(dose, 0.0) for dose in found.doses.values())


def _base(found: CascadeResult) -> float:
    base = np.array([symbol in BASES for symbol in found.elements], dtype=bool)
    held = sum(
        float(stream.moles[base] @ found.system.charge[base])
        for stream in (feed.stream for feed in found.column.feeds)
        if stream.phase == "organic"
    )
    return held + sum(max(-dose, 0.0) for dose in found.doses.values())


def _per_fed(amount: float, result: Result) -> float:
    fed = result.oxides_fed / 1000.0
    return amount / fed if fed > 0.0 else np.nan


def _of_ledger(amount: Callable[[Ledger], float], result: Result) -> float:
    """Return an amount of the ledger per kilogram of rare-earth oxides in the products."""
    ledger = result.ledger
    return amount(ledger) / ledger.oxides if ledger.oxides else np.nan


def _registry() -> dict[str, Quantity]:
    elements = ("product", "element")
    ledger = "per kilogram of oxides in the products"
    found = (
        Quantity(
            "purity_reo", "1", "share of the oxides of all rare earths, by mass", elements,
            partial(_purities, "REO"), "purity",
        ),
        Quantity(
            "purity_mol", "1", "share of all rare earths, by moles", elements,
            partial(_purities, "mol"), "purity by moles",
        ),
        Quantity(
            "recovery", "1", "share of what is fed that leaves in the product", elements,
            Result.recoveries,
        ),
        Quantity("flow", "L/h", "flow of the product", PRODUCT, partial(_of_stream, "flow")),
        Quantity(
            "reo", "g/L", "rare earths in the product, as oxides", PRODUCT,
            partial(_of_stream, "reo"), "REO",
        ),
        Quantity("pH", "1", "concentration pH of the product", PRODUCT, partial(_of_stream, "pH")),
        Quantity(
            "concentration", "mol/L", "concentration in the product", SPECIES, _concentrations
        ),
        Quantity(
            "ppm", "1e-6", "mass over that of the rare-earth oxides in the product; of rare "
            "earths as oxides", SPECIES, _ppm,
        ),
        Quantity(
            "loading", "1", "highest loading of all stages, NaN where not known", (),
            lambda result: result.profile("loading").max(), "highest loading",
        ),
        Quantity(
            "acid_use", "eq/kg", "strong acid used per kilogram of oxides fed", (), _acid_use,
            "acid used",
        ),
        Quantity(
            "base_use", "eq/kg", "base used per kilogram of oxides fed", (), _base_use, "base used"
        ),
        Quantity(
            "acid_per_reo", "eq/kg", f"strong acid used, {ledger}", (),
            partial(_of_ledger, lambda found: sum(found.acid.values())),
        ),
        Quantity(
            "base_per_reo", "eq/kg", f"base used, {ledger}", (),
            partial(_of_ledger, lambda found: sum(found.base.values())),
        ),
        Quantity(
            "water_per_reo", "L/kg", f"water used, {ledger}", (),
            partial(_of_ledger, lambda found: found.water),
        ),
        Quantity(
            "extractant_per_reo", "kg/kg", f"extractant lost, {ledger}", (),
            partial(_of_ledger, lambda found: found.solvent_lost),
        ),
        Quantity(
            "salt_per_reo", "kg/kg", f"salt in effluents, {ledger}", (),
            partial(_of_ledger, lambda found: found.effluent_salt),
        ),
        Quantity(
            "production", "kg/h", "rare-earth oxides in the products", (),
            lambda result: result.ledger.oxides,
        ),
        Quantity("stage_pH", "1", "concentration pH", ("stage",), partial(_profile, "pH")),
        Quantity(
            "stage_loading", "1", "share of the extractant held by metals", ("stage",),
            partial(_profile, "loading"),
        ),
        Quantity(
            "stage_aqueous", "mol/L", "aqueous concentration", ("stage", "species"),
            partial(_profile, "aqueous"),
        ),
        Quantity(
            "stage_organic", "mol/L", "organic concentration", ("stage", "species"),
            partial(_profile, "organic"),
        ),
    )  # fmt: skip
    return {one.name: one for one in found}


KIND_OF = {"purity_reo": "purity"}  # what a single number of a table is called, if otherwise
QUANTITIES = _registry()
BY_KIND = {KIND_OF.get(name, name): one for name, one in QUANTITIES.items()}
FORMS = tuple(one.form for one in QUANTITIES.values() if one.form)
KINDS = tuple(form.partition(".")[0] for form in FORMS)


def dataset_of(result: Result) -> xarray.Dataset:
    """Return all quantities of a result, with their dimensions and units; needs xarray."""
    import xarray

    places = list(result.streams)
    tables: dict[str, Any] = {}
    for name, quantity in QUANTITIES.items():
        along = ["species" if one == "element" else one for one in quantity.along]
        values = quantity.value(result) if "product" not in along else None
        if values is None:
            values = np.array([quantity.value(result, place) for place in places])
        about = {"units": quantity.unit, "long_name": quantity.long_name}
        tables[name] = (along, values, about)
    stages = 1 + np.arange(result.flowsheet.stages)
    labels = {"product": places, "species": list(result.elements), "stage": stages}
    return xarray.Dataset(tables, coords=labels, attrs={"status": result.status.text})
