"""Equivalents of acid and base that a flowsheet uses, for every kilogram of oxides fed to it."""

from __future__ import annotations

import numpy as np

from sx_sim.cascade.results import CascadeResult
from sx_sim.chemistry.elements import BASES
from sx_sim.chemistry.speciation import titratable_acid
from sx_sim.flowsheet.result import Result


def acid_use(result: Result) -> float:
    """Return the strong acid used [eq/kg REO fed], as a titration finds it.

    That of aqueous feeds without rare earths, which scrub and strip, what set points dose,
    and what brings liquors to the acid of the next circuit.
    """
    used = sum(_acid(unit.cascade) for unit in result.units.values())
    return _per(used + sum(done.acid for done in result.treatments.values()), result)


def base_use(result: Result) -> float:
    """Return the base used [eq/kg REO fed]: the solvent's, what set points and treatments take."""
    used = sum(_base(unit.cascade) for unit in result.units.values())
    return _per(used + sum(done.base for done in result.treatments.values()), result)


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


def _per(amount: float, result: Result) -> float:
    fed = result.oxides_fed / 1000.0
    return amount / fed if fed > 0.0 else np.nan
