"""Inputs over time: events and ramps, disturbances, and what controllers set."""

from __future__ import annotations

import csv
from bisect import insort
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sx_sim.cases.inputs import number_now, number_of
from sx_sim.cases.simulation import Disturbance, SimulationTable
from sx_sim.errors import CaseError

if TYPE_CHECKING:
    from sx_sim.cases import Case


NEAR = 1e-13  # of a time, by which what is just before it lies
SEEN = 0.125  # of the period of a sine, that a step takes at most


@dataclass(frozen=True, order=True)
class Change:
    """An input that goes to a number from a time on, evenly over a while."""

    at: float
    path: str
    number: float = field(compare=False)
    over: float = field(compare=False, default=0.0)


class Signals:
    """What inputs are at any time, as the case has numbers once they are read.

    Parameters
    ----------
    case : Case
    table : SimulationTable
    """

    def __init__(self, case: Case, table: SimulationTable) -> None:
        self.case = case
        self.nominal: dict[str, float] = {}
        self.changes: list[Change] = []
        self.held: dict[str, float] = {}  # by controllers
        for k, event in enumerate(table.events):
            for path, setting in event.set.items():
                try:
                    self.change(event.at, path, setting, event.over)
                except CaseError as error:
                    where = f"simulation.events.{k}.set"
                    raise CaseError([f"{where}: {p}" for p in error.problems], case.name) from None
        self.disturbances = [_Moving(case, k, one) for k, one in enumerate(table.disturbances)]
        for one in self.disturbances:
            self.know(one.path)

    def know(self, path: str) -> float:
        """Return the number that an input has in the case; CaseError if there is none."""
        if path not in self.nominal:
            if "constants." in path:
                raise CaseError(f"{path}: constants do not change over time", self.case.name)
            if path.endswith((".synergist", "solvent.concentration")) and self._mixed:
                raise CaseError(
                    f"{path}: what stages hold of the two extractants keeps its proportion; it "
                    "does not change over time",
                    self.case.name,
                )
            self.nominal[path] = number_now(self.case, path)
        return self.nominal[path]

    @property
    def _mixed(self) -> bool:
        """Whether a solvent has two extractants."""
        return any(c.column.synergist for c in self.case.flowsheet.circuits.values())

    def change(self, at: float, path: str, setting: float | str, over: float = 0.0) -> None:
        """Have an input go to what a case may give for it, from a time on."""
        if not over >= 0.0:
            raise CaseError(f"{path}: over = {over!r}: must be a number of hours, 0 or more")
        self.know(path)
        insort(self.changes, Change(at, path, number_of(self.case, path, setting), over))

    def number(self, path: str, time: float) -> float:
        """Return an input at a time, without disturbances and controllers."""
        value = self.know(path)
        for change in self.changes:
            if change.path != path or (change.at > 0.0 and change.at >= time):
                continue
            share = min(1.0, (time - change.at) / change.over) if change.over > 0.0 else 1.0
            value += share * (change.number - value)
        return value

    def at(self, time: float) -> dict[str, float]:
        """Return every input that may differ from the case's, by path, just before a time."""
        time -= NEAR * (1.0 + time)
        found = {path: self.number(path, time) for path in self.nominal}
        for one in self.disturbances:
            found[one.path] = one.moved(found[one.path], time)
        return found | self.held

    def breaks(self, after: float, before: float) -> float:
        """Return the first time in between at which an input jumps or bends, else ``before``."""
        times = [t for c in self.changes for t in (c.at, c.at + c.over)]
        times += [one.following(after) for one in self.disturbances]
        return min([t for t in times if after < t < before], default=before)

    @property
    def last(self) -> float:
        """When the last event and disturbance is over; never where disturbances go on."""
        ends = [c.at + c.over for c in self.changes] + [one.over for one in self.disturbances]
        return max(ends, default=0.0)

    def longest(self, time: float) -> float:
        """Return the longest step from a time that sees every sine."""
        tables = [one.table for one in self.disturbances]
        periods = [
            t.period
            for t in tables
            if t.kind == "sine" and t.period and t.start <= time < (t.end or np.inf)
        ]
        return SEEN * min(periods, default=np.inf)


class _Moving:
    """One disturbance."""

    def __init__(self, case: Case, k: int, table: Disturbance) -> None:
        self.path, self.table = table.path, table
        self.where = f"simulation.disturbances.{k}"
        self.times = self.values = np.zeros(0)
        if table.file is not None:
            path = Path(case.name).parent / table.file
            self.times, self.values = _read(path, case.name, self.where)

    @property
    def over(self) -> float:
        """When it ends [h]."""
        if self.table.end is not None:
            return self.table.end
        return float(self.times[-1]) if self.times.size else np.inf

    def moved(self, value: float, time: float) -> float:
        """Return an input moved by it."""
        table = self.table
        if time < table.start or (table.end is not None and time >= table.end):
            return value
        if table.kind == "table":
            inside = self.times[0] <= time <= self.times[-1]
            return float(np.interp(time, self.times, self.values)) if inside else value
        assert table.period is not None
        since = time - table.start
        if table.kind == "sine":
            share = float(np.sin(2.0 * np.pi * since / table.period))
        else:
            k = int(np.floor(since / table.period))
            share = float(np.random.default_rng([table.seed, k]).standard_normal())
        if table.offset is not None:
            return value + share * table.offset
        assert table.size is not None
        return value * (1.0 + share * table.size)

    def following(self, time: float) -> float:
        """Return when it next jumps or bends."""
        table = self.table
        ends = [t for t in (table.start, table.end) if t is not None and t > time]
        if table.kind == "noise" and table.period:
            k = np.floor((time - table.start) / table.period * (1.0 + 1e-12)) + 1.0
            ends.append(table.start + max(k, 0.0) * table.period)
        if table.kind == "table":
            ends += self.times[self.times > time].tolist()[:1]
        return min(ends, default=np.inf)


def _read(path: Path, case: str, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Return times and values of a table; CaseError says what is wrong with it."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        times = np.array([float(row["hours"]) for row in rows])
        values = np.array([float(row["value"]) for row in rows])
    except OSError:
        raise CaseError(f'{where}.file = "{path}": there is no such file', case) from None
    except (KeyError, TypeError, ValueError):
        raise CaseError(
            f'{where}.file = "{path}": must have columns hours and value, of numbers', case
        ) from None
    if len(times) < 2 or (np.diff(times) <= 0.0).any() or not np.isfinite([times, values]).all():
        raise CaseError(f'{where}.file = "{path}": hours must rise, two of them or more', case)
    return times, values
