"""Equivalents of acid and base that a column uses, for every kilogram of oxides fed to it."""

from __future__ import annotations

import numpy as np

from sx_sim.cascade.results import Result
from sx_sim.chemistry.elements import BASES
from sx_sim.chemistry.speciation import titratable_acid


def oxides_fed(result: Result) -> float:
    """Return the rare earths fed, as oxides [kg/h]."""
    return float(result.fed @ result.system.oxide_mass) / 1000.0


def acid_use(result: Result) -> float:
    """Return the strong acid used [eq/kg REO fed], as a titration finds it.

    That of aqueous feeds without rare earths, which scrub and strip, and what set points dose.
    """
    rare = result.system.rare_earth
    fed = sum(
        stream.flow
        * titratable_acid(result.system, stream.concentration, stream.carrier, stream.acid)
        for stream in (feed.stream for feed in result.column.feeds)
        if stream.phase == "aqueous" and not stream.concentration[rare].any()
    )
    dosed = sum(max(dose, 0.0) for dose in result.doses.values())
    return _per(fed + dosed, result)


def base_use(result: Result) -> float:
    """Return the base used [eq/kg REO fed]: the solvent's, and what set points dose."""
    base = np.array([symbol in BASES for symbol in result.elements], dtype=bool)
    held = sum(
        float(stream.moles[base] @ result.system.charge[base])
        for stream in (feed.stream for feed in result.column.feeds)
        if stream.phase == "organic"
    )
    dosed = sum(max(-dose, 0.0) for dose in result.doses.values())
    return _per(held + dosed, result)


def _per(amount: float, result: Result) -> float:
    fed = oxides_fed(result)
    return amount / fed if fed > 0.0 else np.nan
