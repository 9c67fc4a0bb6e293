"""A plant at one time as a result: what is in its stages, and what leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.checks import check
from sx_sim.cascade.results import CascadeResult, profile_of
from sx_sim.cascade.status import Status
from sx_sim.cascade.streams import Stream
from sx_sim.dynamics.bank import stream_of
from sx_sim.dynamics.plant import Plant, PlantSolved, UnitSolved
from sx_sim.errors import CaseError
from sx_sim.flowsheet.circuit import CircuitResult
from sx_sim.flowsheet.recycles import NOTHING
from sx_sim.flowsheet.result import Result
from sx_sim.kernels.types import Solution

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moment(CircuitResult):
    """A circuit at one time: what leaves it then, and what enters.

    Parameters
    ----------
    net : mapping of str to Stream
        Products, less what recycles take of them.
    entering : (S,) array
        [mol/h]
    """

    net: Mapping[str, Stream] = field(default_factory=dict)
    entering: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def streams(self) -> Mapping[str, Stream]:  # type: ignore[override]
        """Products by name."""
        return self.net

    @property
    def fed(self) -> Array:  # type: ignore[override]
        """Every species fed to it (S,) [mol/h], without recycles."""
        return self.entering


def snapshot(plant: Plant, solved: PlantSolved) -> Result:
    """Return the result that a plant is at the end of a step.

    Profiles are of the mixers, products of what leaves the settlers.
    """
    units = {name: _unit(one) for name, one in solved.units.items()}
    treatments = {}
    for link in plant.flowsheet.links:
        source = units[link.source].streams.get(link.product)
        if source is not None:
            with suppress(CaseError, ZeroDivisionError):  # nothing there yet to treat
                treatments[link] = link.treat(source)
    return Result(solved.flowsheet, units, treatments)


def _unit(solved: UnitSolved) -> Moment:
    bank, circuit = solved.bank, solved.circuit
    column = replace(circuit.column.with_streams(solved.streams), temperature=bank.temperature)
    solution = Solution(bank.x, bank.organic, bank.unknowns, 0, bank.iterations, bank.residual)
    checks = check(bank.cascade, bank.law, bank.x, bank.organic, bank.unknowns)
    profile = profile_of(column, bank.cascade, bank.law, solution)
    phases = column.products
    gross = {
        name: stream_of(column.system, name, phases[name], flow, content)
        for name, (flow, content) in solved.outlets.items()
        if flow > 0.0
    }
    left = {n: s.flow - solved.drawn.get(n, 0.0) for n, s in gross.items()}
    net = {n: replace(s, flow=left[n]) for n, s in gross.items() if left[n] > NOTHING * s.flow}
    doses = {p.name: float(bank.doses[p.stage - 1]) for p in column.set_points}
    cascade = CascadeResult(
        column, Status.CONVERGED, bank.iterations, bank.residual, checks, profile, gross, doses
    )
    return Moment(circuit, cascade, net=net, entering=solved.entered[:-2])
