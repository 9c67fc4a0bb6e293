"""Elements of the data that a set has no constants for, started from the set's own law."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from sx_sim.chemistry import aqueous
from sx_sim.chemistry.elements import element, elements
from sx_sim.chemistry.extractants import Constants, ExtractantSet
from sx_sim.errors import CaseError
from sx_sim.fitting.isotherms import Isotherms

ORDERS = ("order_dimer", "order_acid")
HEAT = ("enthalpy", "enthalpy_sd", "enthalpy_quality", "enthalpy_source")
UNKNOWN = (0.0, 15.0, "estimated", ("none",))


def with_newcomers(
    start: ExtractantSet, data: Isotherms, free: Sequence[str], fixed: Mapping[str, float]
) -> tuple[ExtractantSet, dict[str, str]]:
    """Return a set that knows every element of the data, and what those it lacked started with.

    Exponents, dimers and enthalpy are those that all species of the same charge share; log10 K
    starts where the element's own points put it. Exponents that the set's law cannot tell have
    to be free or fixed.

    Parameters
    ----------
    start : ExtractantSet
    data : Isotherms
    free, fixed : sequence of str, mapping of str to float
        As ``fit`` has them.

    Raises
    ------
    CaseError
        If the set's law says nothing of an element.
    """
    fresh = [s for s in data.elements if s not in start.species or start.species[s].inert]
    found, said, problems = {}, {}, []
    for symbol in fresh:
        try:
            found[symbol], said[symbol] = _law(symbol, start, data, free, fixed)
        except CaseError as error:
            problems += error.problems
    lacking = [s for s in data.species if s not in start.species and s not in fresh]
    problems += [
        f"set '{start.key}' has no constants for {s}, the base of the saponified contacts"
        for s in lacking
    ]
    if problems:
        raise CaseError(problems, data.file)
    return start.with_constants(found), said


def _law(
    symbol: str,
    start: ExtractantSet,
    data: Isotherms,
    free: Sequence[str],
    fixed: Mapping[str, float],
) -> tuple[dict[str, Any], str]:
    charge = element(symbol).charge
    like = {
        s: c
        for s, c in start.species.items()
        if s in elements() and element(s).charge == charge and not c.inert
    }
    if data.elements.index(symbol) not in data.element:
        raise CaseError(
            f"{symbol}: set '{start.key}' has no constants for it and every row of it is excluded; "
            "leave its contacts out"
        )
    dimer, acid, dimers = (
        _shared(symbol, name, start, like, free, fixed) for name in (*ORDERS, "dimers")
    )
    heat = {tuple(getattr(c, name) for name in HEAT) for c in like.values()}
    law: dict[str, Any] = dict(zip(HEAT, heat.pop() if len(heat) == 1 else UNKNOWN, strict=True))
    law |= {"order_dimer": dimer, "order_acid": acid, "dimers": dimers, "acid_by_dimer": 0.0}
    law |= {"log10_K": 0.0, "log10_K_sd": 0.0, "quality": "measured", "source": ("fit",)}
    law |= {"inert": False, "note": ""}
    level = _level(symbol, Constants(**law), start, data)
    origin = f"as {', '.join(like)} have" if like else "as given"
    return law | {"log10_K": level}, (
        f"{symbol} is not in set '{start.key}': orders {dimer:g} of the {start.unit} and {acid:g} "
        f"of the acid, {dimers:g} {start.unit}s and {law['enthalpy']:g} kJ/mol "
        f"({law['enthalpy_quality']}) {origin}; log10 K starts at {level:.3f}, from its points"
    )


def _shared(
    symbol: str,
    name: str,
    start: ExtractantSet,
    like: Mapping[str, Constants],
    free: Collection[str],
    fixed: Mapping[str, float],
) -> float:
    """Return a constant that all species of a charge share, or that is free or fixed anyway."""
    if name in fixed:
        return fixed[name]
    values = [getattr(c, name) for c in like.values()]
    if values and (min(values) == max(values) or (name in free and name in ORDERS)):
        return float(np.mean(values))
    charge = element(symbol).charge
    if name in free and name in ORDERS:
        return float(charge)
    why = (
        f"its {', '.join(like)} differ in it ({min(values):g} to {max(values):g})"
        if values
        else f"it has no element of charge {charge} to take it from"
    )
    ways = f"--free {name} or --fix {name}=VALUE" if name in ORDERS else f"--fix {name}=VALUE"
    raise CaseError(
        f"{symbol}: set '{start.key}' has no constants for it and cannot tell its {name}: {why}; "
        f"give {ways}"
    )


def _level(symbol: str, law: Constants, start: ExtractantSet, data: Isotherms) -> float:
    """Return the log10 K that the points of an element have, at their measured phases."""
    points = np.flatnonzero(data.element == data.elements.index(symbol))
    b = data.contact[points]
    d = 10.0 ** data.log10_d[points]
    put_in = data.total[b, data.element[points]]
    aqueous_metal = put_in / (1.0 + data.oa[b] * d)
    acid = np.maximum(data.anion[b] - data.charge[data.element[points]] * aqueous_metal, 1e-7)
    dimer = data.extractant[b] / start.molecules - law.dimers * d * aqueous_metal
    dimer = np.maximum(dimer, 1e-3 * data.extractant[b])
    level = data.log10_d[points] - law.order_dimer * np.log10(dimer)
    level += law.order_acid * np.log10(acid)
    if start.log10_beta and element(symbol).rare_earth:
        number = np.arange(1, len(start.log10_beta) + 1)
        terms = 10.0 ** (np.array(start.log10_beta) + np.log10(data.anion[b])[:, None] * number)
        level += np.log10(1.0 + terms.sum(axis=1))
    heat = law.enthalpy * (1.0 / data.temperature[b] - 1.0 / start.reference_temperature)
    return float(np.median(level + heat / (aqueous.GAS_CONSTANT * aqueous.LN10)))
