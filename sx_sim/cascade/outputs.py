"""Numbers to ask of a result by name, with their slopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.results import Result
from sx_sim.chemistry.aqueous import LN10
from sx_sim.chemistry.elements import is_rare_earth
from sx_sim.errors import CaseError

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
    organic : bool
        Whether it is of the organic phase.
    stage : int
        Where its product leaves, from 0.
    product : int
        Which of the result's streams that is.
    concentration : (S,) array
        Slope against the product's concentrations [per mol/L].
    fed : (S,) array
        Slope against what is fed in all [per mol/h].
    ln_h, flow : float
        Slopes against ln [H+] there, and against the product's flow [per L/h].
    """

    name: str
    unit: str
    value: float
    organic: bool
    stage: int
    product: int
    concentration: Array
    fed: Array = field(repr=False)
    ln_h: float = 0.0
    flow: float = 0.0


def output(result: Result, name: str) -> Output:
    """Return an output of a result.

    Parameters
    ----------
    result : Result
    name : str
        One of ``FORMS``. Several elements are joined by ``+``, or as in ``La-Nd`` given by
        the first and the last of the series of rare earths; purities are of REO.

    Raises
    ------
    CaseError
        Saying what there is, where the name fits nothing.
    """
    kind, joined, rest = split_output(name)
    if rest not in result.streams:
        there = ", ".join(result.streams)
        raise CaseError(f"output '{name}': no product '{rest}'; there are {there}")
    chosen = np.zeros(len(result.elements))
    allowed = result.system.rare_earths if kind == "purity" else result.elements
    for symbol in element_sum(joined, allowed, name):
        chosen[result.system.index(symbol)] = 1.0
    return _output(result, name, kind, rest, chosen)


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


def _output(result: Result, name: str, kind: str, product: str, chosen: Array) -> Output:
    stream = result.streams[product]
    places = {n: (p, j) for n, p, j, _ in result.column.outlets()}
    if product not in places:
        raise CaseError(
            f"output '{name}': the {product} leaves no stage; there are {', '.join(places)}"
        )
    phase, stage = places[product]
    mass = result.system.oxide_mass
    none = np.zeros(len(chosen))
    base = {
        "name": name,
        "organic": phase == "organic",
        "stage": stage,
        "product": list(result.streams).index(product),
        "fed": none,
    }
    if kind == "pH":
        if phase == "organic":
            raise CaseError(f"output '{name}': the {product} is organic and has no pH")
        return Output(**base, unit="", value=stream.pH, concentration=none, ln_h=-1.0 / LN10)
    if kind == "reo":
        return Output(**base, unit="g/L", value=stream.reo, concentration=mass)
    if kind == "flow":
        return Output(**base, unit="L/h", value=stream.flow, concentration=none, flow=1.0)
    if kind == "purity":
        if not stream.reo > 0.0:
            raise CaseError(f"output '{name}': there are no rare earths in the {product}")
        share = float(mass * chosen @ stream.concentration) / stream.reo
        # of those that are not chosen, so that a share near one keeps its digits
        other = float(mass * (1.0 - chosen) @ stream.concentration) / stream.reo
        slope = mass * (chosen * other - (1.0 - chosen) * share) / stream.reo
        return Output(**base, unit="", value=share, concentration=slope)
    fed = float(result.fed @ chosen)
    if not fed > 0.0:
        raise CaseError(f"output '{name}': none of it is fed")
    share = float(stream.moles @ chosen) / fed
    base["fed"] = -chosen * share / fed
    per_flow = float(stream.concentration @ chosen) / fed
    slope = chosen * stream.flow / fed
    return Output(**base, unit="", value=share, concentration=slope, flow=per_flow)
