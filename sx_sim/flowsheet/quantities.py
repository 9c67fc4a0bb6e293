"""Quantities: every number that a result gives, by name, with its unit, dimensions and slopes.

Tables of sweeps, files, pictures, specifications and sensitivities all take them from here.
A single number of a table is named by what it is of: ``purity.La-Nd.raffinate`` is an entry
(or a sum of entries) of the table ``purity_reo``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.results import CascadeResult
from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.aqueous import LN10
from sx_sim.chemistry.elements import BASES, is_rare_earth
from sx_sim.chemistry.speciation import titratable_acid
from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import ALONE, Flowsheet, place_of
from sx_sim.flowsheet.ledger import Ledger
from sx_sim.flowsheet.linear import FED, FLOW, LN_ACID
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
    """Return what is known of the species of a stream over those of a result (S,)."""
    known = dict(zip(stream.system.species, values.tolist(), strict=True))
    return np.array([known.get(symbol, 0.0) for symbol in result.elements])


def _purities(basis: str, result: Result, place: str) -> Array:
    stream = result.streams[place]
    shares = _over(result, stream, stream.purities(basis))
    rare = np.array([is_rare_earth(symbol) for symbol in result.elements], dtype=bool)
    return np.where(rare & bool(stream.reo > 0.0), shares, np.nan)


def _concentrations(result: Result, place: str) -> Array:
    return _over(result, result.streams[place], result.streams[place].concentration)


def _ppm(result: Result, place: str) -> Array:
    stream = result.streams[place]
    with np.errstate(all="ignore"):
        return PPM * _over(result, stream, stream.concentration * _masses(stream)) / stream.reo


def _masses(stream: Stream) -> Array:
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


@dataclass(frozen=True)
class Output:
    """One number of a result, and what it gains per unit of what it is made of.

    Parameters
    ----------
    name, unit : str
    value : float
    of : callable
        Gives it of another result.
    circuit, product : str
        Whose product it is of, where it is of one.
    numbers : (S + 3,) array, optional
        Slope against the product's concentrations, flow, carrier and ln [H+]; none where it
        is made of more than a product and what is fed.
    fed : (S,) array, optional
        Slope against every species fed in all [per mol/h].
    """

    name: str
    unit: str
    value: float
    of: Callable[[Result], float] = field(repr=False)
    circuit: str = ALONE
    product: str = ""
    numbers: Array | None = field(default=None, repr=False)
    fed: Array | None = field(default=None, repr=False)

    @property
    def exact(self) -> bool:
        """Whether its slopes are known, so that there is an adjoint."""
        return self.numbers is not None

    def gains(self, result: Result) -> dict[str, dict[str, Array]]:
        """Return what it gains from what leaves every circuit, by circuit and product."""
        assert self.numbers is not None
        found: dict[str, dict[str, Array]] = {self.circuit: {self.product: self.numbers}}
        if self.fed is not None and self.fed.any():
            slopes = dict(zip(result.elements, self.fed.tolist(), strict=True))
            for name, unit in result.units.items():
                found.setdefault(name, {})[FED] = np.array([slopes[s] for s in unit.elements])
        return found

    def gain(self, result: Result, answers: Mapping[str, Mapping[str, Array]]) -> float:
        """Return what it gains where what leaves every circuit answers so."""
        return float(
            sum(
                gain @ answers[name][product]
                for name, products in self.gains(result).items()
                for product, gain in products.items()
            )
        )


def output(result: Result, name: str) -> Output:
    """Return an output of a result.

    Parameters
    ----------
    result : Result
    name : str
        One of ``FORMS``. Several elements are joined by ``+``, or as in ``La-Nd`` given by
        the first and the last of the series of rare earths; purities are of REO. The product
        of a train is ``circuit.product``, or the name it is given.

    Raises
    ------
    CaseError
        Saying what there is, where the name fits nothing.
    """
    kind, joined, product = split_output(name)
    quantity = BY_KIND[kind]
    of = partial(_number, name)
    if not quantity.along:
        return Output(name, _unit(quantity), of(result), of)
    place = result.flowsheet.place(product)
    if place not in result.streams:
        there = ", ".join(result.streams)
        raise CaseError(f"output '{name}': no product '{product}'; there are {there}")
    circuit = next((c for c in result.units if c and place.startswith(place_of(c, ""))), ALONE)
    stream, product = result.streams[place], place.removeprefix(place_of(circuit, ""))
    outlets = {n for n, *_ in result.units[circuit].column.outlets()}
    if product not in outlets:
        raise CaseError(
            f"output '{name}': the {product} leaves no stage; there are {', '.join(outlets)}"
        )
    if kind == "pH" and stream.phase == "organic":
        raise CaseError(f"output '{name}': the {product} is organic and has no pH")
    if kind in ("purity", "purity_mol", "ppm") and not stream.reo > 0.0:
        raise CaseError(f"output '{name}': there are no rare earths in the {product}")
    chosen = element_sum(joined, _allowed(kind, result.elements), name)
    mine = np.isin(stream.system.species, chosen).astype(float)
    whole = np.isin(result.elements, chosen).astype(float)
    if kind == "recovery" and not result.fed @ whole > 0.0:
        raise CaseError(f"output '{name}': none of it is fed")
    value = of(result)
    numbers, fed = _slopes(kind, result, stream, mine, whole, value)
    return Output(name, _unit(quantity), value, of, circuit, product, numbers, fed)


def single(name: str) -> Quantity:
    """Return the quantity of a single number, NaN where the product is empty."""

    kind, _, product = split_output(name)
    of = BY_KIND[kind]

    def value(result: Result) -> float:
        there = not of.along or result.flowsheet.place(product) in result.streams
        return _number(name, result) if there else np.nan

    return Quantity(name, of.unit, f"{output_title(name)}: {of.long_name}", (), value)


def _unit(quantity: Quantity) -> str:
    return "" if quantity.unit == "1" else quantity.unit


def _allowed(kind: str, species: Sequence[str]) -> tuple[str, ...]:
    """Return which species a kind of quantity is of."""
    rare = kind.startswith("purity")
    return tuple(filter(is_rare_earth, species)) if rare else tuple(species)


def _number(name: str, result: Result) -> float:
    """Return the single number of a name, which fits the result."""
    kind, joined, product = split_output(name)
    quantity = BY_KIND[kind]
    if not quantity.along:
        return float(quantity.value(result))
    values = quantity.value(result, result.flowsheet.place(product))
    if len(quantity.along) == 1:
        return float(values)
    chosen = np.isin(result.elements, element_sum(joined, _allowed(kind, result.elements), name))
    if kind == "recovery":
        fed = result.fed[chosen]
        whole = float(fed.sum())
        return float((fed * values[chosen])[fed > 0.0].sum() / whole) if whole else np.nan
    return float(values[chosen].sum())


def _slopes(
    kind: str, result: Result, stream: Stream, mine: Array, whole: Array, value: float
) -> tuple[Array, Array]:
    """Return the slopes of an output against the numbers of its stream, and what is fed.

    ``mine`` and ``whole`` mark the elements chosen, among the species of the stream and of
    the result.
    """
    numbers, fed = np.zeros(len(mine) + 3), np.zeros(len(whole))
    if kind == "pH":
        numbers[LN_ACID] = -1.0 / LN10
    elif kind == "flow":
        numbers[FLOW] = 1.0
    elif kind == "reo":
        numbers[:FLOW] = stream.system.oxide_mass
    elif kind == "concentration":
        numbers[:FLOW] = mine
    elif kind == "ppm":
        numbers[:FLOW] = PPM * mine * _masses(stream) - value * stream.system.oxide_mass
        numbers[:FLOW] /= stream.reo
    elif kind == "recovery":
        total = float(result.fed @ whole)
        fed[:] = -whole * value / total
        numbers[:FLOW] = mine * stream.flow / total
        numbers[FLOW] = float(stream.concentration @ mine) / total
    else:
        rare = stream.system.rare_earth.astype(float)
        mass = rare if kind == "purity_mol" else stream.system.oxide_mass
        amount = float(mass @ stream.concentration)
        # of those that are not chosen, so that a share near one keeps its digits
        other = float(mass * (1.0 - mine) @ stream.concentration) / amount
        numbers[:FLOW] = mass * (mine * other - (1.0 - mine) * value) / amount
    return numbers, fed


def check_outputs(flowsheet: Flowsheet, names: Sequence[str]) -> None:
    """Raise CaseError for an output that a flowsheet cannot have."""
    for name in names:
        kind, joined, product = split_output(name)
        if not BY_KIND[kind].along:
            continue
        place = flowsheet.place(product)
        if place not in flowsheet.products:
            there = ", ".join(flowsheet.products)
            raise CaseError(f"output '{name}': no product '{product}'; there are {there}")
        element_sum(joined, _allowed(kind, flowsheet.species), name)


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


def split_output(name: str) -> tuple[str, str, str]:
    """Return kind, elements and product of an output's name, empty where it has none."""
    kind, _, rest = name.partition(".")
    quantity = BY_KIND.get(kind)
    if quantity is None or not quantity.form or bool(rest) != bool(quantity.along):
        raise CaseError(f"output '{name}': must be one of {', '.join(FORMS)}")
    if len(quantity.along) < 2:
        return kind, "", rest
    joined, _, product = rest.partition(".")
    return kind, joined, product


def output_title(name: str) -> str:
    """Return an output's name in words.

    Examples
    --------
    >>> output_title("purity.La-Dy.raffinate"), output_title("pH.raffinate")
    ('purity: La-Dy in raffinate', 'pH of raffinate')
    """
    kind, _, _ = name.partition(".")
    quantity = BY_KIND.get(kind) or QUANTITIES.get(kind)
    words = (quantity and quantity.words) or kind.replace("_", " ")
    if "." not in name:
        return words
    _, symbols, product = split_output(name)
    return f"{words}: {symbols} in {product}" if symbols else f"{words} of {product}"


def element_sum(joined: str, there: Sequence[str], name: str) -> list[str]:
    """Return the elements that a sum such as ``La-Nd+Y`` names.

    Parameters
    ----------
    joined : str
    there : sequence of str
        Elements it may name, the rare earths among them in the order of their series.
    name : str
        Of the output, for messages.

    Raises
    ------
    CaseError
        If an element is not there, or a range does not go along the series.
    """
    chosen: list[str] = []
    for part in joined.split("+") if joined else []:
        ends = part.split("-")
        for symbol in ends:
            if symbol not in there:
                raise CaseError(f"output '{name}': no '{symbol}'; there are {', '.join(there)}")
        rare = [symbol for symbol in there if is_rare_earth(symbol)]
        if len(ends) == 1:
            chosen += ends
            continue
        if len(ends) > 2 or not set(ends) <= set(rare) or rare.index(ends[1]) < rare.index(ends[0]):
            raise CaseError(
                f"output '{name}': '{part}' must go from lighter to heavier along the rare earths "
                f"{', '.join(rare)}"
            )
        chosen += rare[rare.index(ends[0]) : rare.index(ends[1]) + 1]
    return list(dict.fromkeys(chosen))
