"""Controllers that measure at times and set an input until the next one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sx_sim.cases.simulation import Controller

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
