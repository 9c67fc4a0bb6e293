"""What stays in the water: cations of dosed base, and species that no extractant takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.column import Column
from sx_sim.flowsheet.circuit import CircuitResult
from sx_sim.flowsheet.recycles import EFFLUENT, RareEarthSaponification, Reflux

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Outlet:
    """One product of a column, before any of it is recycled.

    Parameters
    ----------
    name, phase : str
    stage : int
        From 0.
    flow : float
        What settles of its own phase [L/h].
    net : float
        What of that leaves the circuit [L/h].
    drops : float
        Volume of the other phase carried along, per volume of its own.
    """

    name: str
    phase: str
    stage: int
    flow: float
    net: float
    drops: float

    @property
    def water(self) -> float:
        """Water that leaves the circuit with it [L/h].

        Drops in a recycled solvent are taken out of it first, so all of them leave.
        """
        return self.net if self.phase == "aqueous" else self.flow * self.drops


def outlets_of(found: CircuitResult) -> list[Outlet]:
    """Return the products of a circuit, gross and net; also what an exchange leaves."""
    column, outlets = found.column, []
    for name, phase, j, flow in column.outlets():
        net = found.streams[name].flow if name in found.streams else 0.0
        real = column.settling
        drops = float(real.entrained(phase)[j]) if real is not None else 0.0
        outlets.append(Outlet(name, phase, j, flow, net, drops))
    exchanged = [
        r.product for r in found.circuit.recycles if isinstance(r, RareEarthSaponification)
    ]
    if EFFLUENT in found.streams:  # its drops are counted with the product
        out = next(out for out in outlets if out.name in exchanged)
        outlets.append(replace(out, name=EFFLUENT, flow=0.0, net=found.streams[EFFLUENT].flow))
    return outlets


def carried_by_water(found: CircuitResult, fed: Mapping[int, float]) -> Array:
    """Return the concentration of a trapped species in the water of every stage (N,) [1/L].

    Refluxes bring it back with the liquor.

    Parameters
    ----------
    found : CircuitResult
    fed : mapping of int to float
        What is fed of it, per hour, by stage counted from 1.
    """
    column = found.column
    held = sum((amount * column.mixing(stage) for stage, amount in fed.items()), _none(column))
    refluxes = [r for r in found.circuit.recycles if isinstance(r, Reflux)]
    if not refluxes:
        return held
    stages = {name: j for name, _, j, _ in column.outlets()}
    leaves = [stages[r.product] for r in refluxes]
    enters = [next(f for f in column.feeds if f.stream.name == r.feed) for r in refluxes]
    spread = np.array([f.stream.flow * column.mixing(f.stage) for f in enters])  # (R, N)
    back = np.linalg.solve(np.eye(len(refluxes)) - spread[:, leaves].T, held[leaves])
    return held + back @ spread


def _none(column: Column) -> Array:
    return np.zeros(column.stages)
