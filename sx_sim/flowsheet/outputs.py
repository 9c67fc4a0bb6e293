"""Single numbers of a result by name, with their slopes against what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.aqueous import LN10
from sx_sim.chemistry.elements import is_rare_earth
from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import ALONE, Flowsheet, place_of
from sx_sim.flowsheet.linear import FED, FLOW, LN_ACID
from sx_sim.flowsheet.quantities import BY_KIND, FORMS, PPM, QUANTITIES, Quantity, masses
from sx_sim.flowsheet.result import Result

Array = NDArray[np.float64]


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
        """Return the gradient by the numbers of every product, by circuit and product."""
        assert self.numbers is not None
        found: dict[str, dict[str, Array]] = {self.circuit: {self.product: self.numbers}}
        if self.fed is not None and self.fed.any():
            slopes = dict(zip(result.elements, self.fed.tolist(), strict=True))
            for name, unit in result.units.items():
                found.setdefault(name, {})[FED] = np.array([slopes[s] for s in unit.elements])
        return found

    def gain(self, result: Result, answers: Mapping[str, Mapping[str, Array]]) -> float:
        """Return the derivative along a change of the products of every circuit."""
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
    if result.flowsheet.share_left(circuit, product) < 1.0:  # the shares count too
        return Output(name, _unit(quantity), value, of)
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
    chosen = _chosen(name, kind, joined, result.elements)
    if kind == "recovery":
        fed = result.fed[chosen]
        whole = float(fed.sum())
        return float((fed * values[chosen])[fed > 0.0].sum() / whole) if whole else np.nan
    return float(values[chosen].sum())


@lru_cache(maxsize=256)
def _chosen(name: str, kind: str, joined: str, species: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which species an output is of (S,); errors as ``element_sum``."""
    return np.isin(species, element_sum(joined, _allowed(kind, species), name))


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
        numbers[:FLOW] = PPM * mine * masses(stream) - value * stream.system.oxide_mass
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
