"""A plant followed over the time that its case says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sx_sim.cases import Case
from sx_sim.cases.simulation import SimulationTable
from sx_sim.dynamics.journal import SimulationJournal
from sx_sim.dynamics.record import Record, SimulationResult
from sx_sim.dynamics.simulation import STEADY
from sx_sim.dynamics.simulation import Simulation as Stepper
from sx_sim.errors import CaseError, OutsideRangeError, check_kind

Array = NDArray[np.float64]
NEAR = 1e-12  # of a time, within which two are the same


class Simulation(Stepper):
    __doc__ = Stepper.__doc__

    def saved(self, name: str) -> Array:
        """Return the state array that a file holds, to start from."""
        from sx_sim.store.simulations import load_state

        return load_state(self.case, name)


class Course:
    """A simulation under way: the plant, and what is recorded of it so far.

    Parameters
    ----------
    case : Case
        With a ``[simulation]`` table.
    """

    def __init__(self, case: Case) -> None:
        table = case.content.simulation
        if table is None:
            raise CaseError(
                'has no [simulation] table; give one with duration, such as duration = "100 h"',
                case.name,
            )
        specs = case.content.specifications
        if table.stop in ("met", "lost") and not specs:
            told = f'simulation.stop = "{table.stop}": there are no specifications'
            raise CaseError(told, case.name)
        self.table: SimulationTable = table
        self.plant = Simulation(case)
        self.record = Record(self.plant, table)
        self.record.take()
        self.met = self.record.met()
        self.over = False

    def run(self, seen: Callable[[], None], strict: bool = False) -> SimulationResult:
        """Go on to the end, calling ``seen`` after each step; return what was recorded.

        OutsideRangeError, if ``strict``, as soon as a record leaves a range.
        """

        def within() -> None:
            if strict and (outside := self.record.cautions.outside):
                raise OutsideRangeError(outside, None)
            seen()

        within()
        while not self.over and self.plant.time < self.table.duration * (1.0 - NEAR):
            self.plant.go(min(self.table.duration, self.record.following), self._after(within))
        self.record.take()
        within()
        return self.record.result()

    def _after(self, seen: Callable[[], None]) -> Callable[[], bool]:
        def stops() -> bool:
            self.record.take_if_due()
            self.over = self._over()
            seen()
            return self.over

        return stops

    def _over(self) -> bool:
        """Whether there is a reason to stop."""
        if self.table.stop == "steady":
            waits = any(loop.samples == 0 for loop in self.plant.loops.values())
            over = not waits and self.plant.time > self.plant.signals.last
            return over and self.plant.changing < STEADY
        if self.table.stop is None:
            return False
        before, self.met = self.met, self.record.met()
        return self.met if self.table.stop == "met" else before and not self.met


def simulate(
    case: Case,
    *,
    journal: SimulationJournal | None = None,
    resume: bool = False,
    strict: bool = False,
    progress: Callable[[float, float], None] | None = None,
) -> SimulationResult:
    """Follow a plant over the time that its case says.

    Parameters
    ----------
    case : Case
        With a ``[simulation]`` table.
    journal : SimulationJournal, optional
        Keeps where it is, so that it can go on after a stop.
    resume : bool
        Whether to go on from there.
    strict : bool
        Whether leaving a range of the constants is an error.
    progress : callable, optional
        Called with hours done and in all.

    Returns
    -------
    SimulationResult

    Raises
    ------
    CaseError
        If there is no such table, or it does not fit the case.
    ConvergenceError
        If the plant cannot be followed further.
    OutsideRangeError
        If ``strict``, as soon as it leaves a range.

    Examples
    --------
    >>> import sx_sim
    >>> found = sx_sim.simulate(sx_sim.load_case("case.toml"))  # doctest: +SKIP
    >>> found.to_xarray()["pH"].sel(product="raffinate").plot()  # doctest: +SKIP
    """
    check_kind(case, Case, "a case is needed, such as load_case(path) reads")
    course = journal.resume() if journal is not None and resume else None
    if course is None:
        course = Course(case)

    def seen() -> None:
        if progress is not None:
            progress(min(course.plant.time, course.table.duration), course.table.duration)
        if journal is not None:
            journal.keep(course)

    try:
        return course.run(seen, strict)
    except KeyboardInterrupt:
        if journal is not None:
            journal.keep(course, now=True)
        raise
