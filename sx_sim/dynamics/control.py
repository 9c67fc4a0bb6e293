"""Controllers that measure at times and set an input until the next one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sx_sim.cases.simulation import Controller, SimulationTable
from sx_sim.dynamics.measured import check_measure
from sx_sim.dynamics.signals import Signals
from sx_sim.errors import CaseError

if TYPE_CHECKING:
    from sx_sim.cases import Case

SET_POINT = "controllers."  # before the name of another controller, whose set point is adjusted


@dataclass
class Loop:
    """A controller and what it remembers.

    A PID in the form ``u = u0 + gain (e + integral of e / Ti - Td dy/dt)``, e the set point less
    the measured y. At a limit the integral stands still unless the error leads away from it.

    Parameters
    ----------
    table : Controller
    bias : float
        The input where there is no error, u0.
    """

    table: Controller
    bias: float
    set_point: float = np.nan
    integral: float = 0.0
    output: float = np.nan
    measured: float = np.nan
    known: list[tuple[float, float]] = field(default_factory=list)  # assays not yet back
    samples: int = 0

    def __post_init__(self) -> None:
        if np.isnan(self.set_point) and self.table.set_point is not None:
            self.set_point = self.table.set_point
        if np.isnan(self.output):
            self.output = self.bias

    @property
    def following(self) -> float:
        """When it measures next [h]."""
        return self.table.start + self.samples * self.table.sample_time

    def sample(self, time: float, value: float) -> float:
        """Take a measurement and return what the input is set to."""
        self.samples += 1
        self.known.append((time, value))
        back = [v for t, v in self.known if t <= time - self.table.delay + 1e-9]
        if not back:
            return self.output
        before, self.measured = self.measured, back[-1]
        self.known = self.known[len(back) - 1 :]
        table = self.table
        if table.kind == "ratio":
            assert table.ratio is not None
            self.output = float(np.clip(table.ratio * self.measured, table.low, table.high))
            return self.output
        assert table.gain is not None
        error = self.set_point - self.measured
        slope = 0.0 if np.isnan(before) else (self.measured - before) / table.sample_time
        more = 0.0
        if table.integral_time:
            more = table.gain * error * table.sample_time / table.integral_time
        rest = self.bias + table.gain * (error - table.derivative_time * slope)
        wanted = rest + self.integral + more
        self.output = float(np.clip(wanted, table.low, table.high))
        if wanted == self.output or (wanted - self.output) * more < 0.0:
            self.integral += more
        return self.output


def loops_of(case: Case, table: SimulationTable, signals: Signals) -> dict[str, Loop]:
    """Return the controllers of a case by name; CaseError for what they cannot measure or set."""
    found = {}
    for k, one in enumerate(table.controllers):
        where = f"simulation.controllers.{k}"
        try:
            bias = _bias(one, table, signals)
        except CaseError as error:
            raise CaseError([f"{where}.adjust: {p}" for p in error.problems], case.name) from None
        try:
            check_measure(case.flowsheet, one.measure)
        except CaseError as error:
            raise CaseError([f"{where}.measure: {p}" for p in error.problems], case.name) from None
        if not one.low <= bias <= one.high:
            raise CaseError(
                f"{where}: {one.adjust} is {bias:g} in the case: must lie from low = "
                f"{one.low:g} to high = {one.high:g}, in mol/L, L/h or K as the case has it",
                case.name,
            )
        moved = [change.path for change in signals.changes]
        moved += [one.path for one in signals.disturbances]
        moved += [other.table.adjust for other in found.values()]
        if one.adjust in moved:
            told = f"{where}.adjust: {one.adjust} is moved by something else too; leave one out"
            raise CaseError(told, case.name)
        found[one.name] = Loop(one, bias)
    return found


def _bias(one: Controller, table: SimulationTable, signals: Signals) -> float:
    """Return what a controller adjusts, as it is without it."""
    if not one.adjust.startswith(SET_POINT):
        return signals.know(one.adjust)
    points = {f"{SET_POINT}{t.name}.set_point": t.set_point or 0.0 for t in table.controllers}
    if one.adjust not in points:
        raise CaseError(
            f'"{one.adjust}": there is no such set point; there are {", ".join(points)}'
        )
    return points[one.adjust]
