"""Numbers to ask of a result by name, with their slopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sx_sim.chemistry.aqueous import LN10
from sx_sim.chemistry.elements import is_rare_earth
from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import ALONE, place_of
from sx_sim.flowsheet.linear import FED, FLOW, LN_ACID
from sx_sim.flowsheet.result import Result

Array = NDArray[np.float64]
FORMS = (
    "purity.ELEMENT.PRODUCT",
    "recovery.ELEMENT.PRODUCT",
    "pH.PRODUCT",
    "reo.PRODUCT",
    "flow.PRODUCT",
)
KINDS = tuple(form.partition(".")[0] for form in FORMS)


@dataclass(frozen=True)
class Output:
    """One number that a result gives, and what it gains per unit of what it is made of.

    Parameters
    ----------
    name, unit : str
    value : float
    circuit, product : str
        Whose product it is of.
    numbers : (S + 3,) array
        Slope against the product's concentrations, flow, carrier and ln [H+].
    fed : (S,) array
        Slope against every species fed in all [per mol/h].
    """

    name: str
    unit: str
    value: float
    circuit: str
    product: str
    numbers: Array = field(repr=False)
    fed: Array = field(repr=False)

    def gains(self, result: Result) -> dict[str, dict[str, Array]]:
        """Return what it gains from what leaves every circuit, by circuit and product."""
        found: dict[str, dict[str, Array]] = {self.circuit: {self.product: self.numbers}}
        if self.fed.any():
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
    place = result.flowsheet.place(product)
    if place not in result.streams:
        there = ", ".join(result.streams)
        raise CaseError(f"output '{name}': no product '{product}'; there are {there}")
    circuit = next(
        (c for c in result.units if place.startswith(place_of(c, "")) or c == ALONE), ALONE
    )
    stream = result.streams[place]
    product = place.removeprefix(place_of(circuit, "")) if circuit else place
    outlets = {n for n, *_ in result.units[circuit].cascade.column.outlets()}
    if product not in outlets:
        raise CaseError(
            f"output '{name}': the {product} leaves no stage; there are {', '.join(outlets)}"
        )
    system = stream.system
    there = system.rare_earths if kind == "purity" else system.species
    if kind == "recovery":
        there = result.elements
    chosen = element_sum(joined, there, name)
    numbers, fed = np.zeros(len(system.species) + 3), np.zeros(len(result.elements))
    of = partial(Output, name, circuit=circuit, product=product, numbers=numbers, fed=fed)
    if kind == "pH":
        if stream.phase == "organic":
            raise CaseError(f"output '{name}': the {product} is organic and has no pH")
        numbers[LN_ACID] = -1.0 / LN10
        return of(unit="", value=stream.pH)
    if kind == "reo":
        numbers[:FLOW] = system.oxide_mass
        return of(unit="g/L", value=stream.reo)
    if kind == "flow":
        numbers[FLOW] = 1.0
        return of(unit="L/h", value=stream.flow)
    mine = np.isin(system.species, chosen).astype(float)
    if kind == "purity":
        if not stream.reo > 0.0:
            raise CaseError(f"output '{name}': there are no rare earths in the {product}")
        mass = system.oxide_mass
        share = float(mass * mine @ stream.concentration) / stream.reo
        # of those that are not chosen, so that a share near one keeps its digits
        other = float(mass * (1.0 - mine) @ stream.concentration) / stream.reo
        numbers[:FLOW] = mass * (mine * other - (1.0 - mine) * share) / stream.reo
        return of(unit="", value=share)
    whole = np.isin(result.elements, chosen).astype(float)
    total = float(result.fed @ whole)
    if not total > 0.0:
        raise CaseError(f"output '{name}': none of it is fed")
    share = float(stream.moles @ mine) / total
    fed[:] = -whole * share / total
    numbers[:FLOW] = mine * stream.flow / total
    numbers[FLOW] = float(stream.concentration @ mine) / total
    return of(unit="", value=share)


def split_output(name: str) -> tuple[str, str, str]:
    """Return kind, elements (empty where it has none) and product of an output's name."""
    kind, _, rest = name.partition(".")
    if kind not in KINDS or not rest:
        raise CaseError(f"output '{name}': must be one of {', '.join(FORMS)}")
    if kind not in ("purity", "recovery"):
        return kind, "", rest
    joined, _, product = rest.partition(".")
    return kind, joined, product


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
