"""A plant followed over time, step by step or as a case asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.cases import Case
from sx_sim.cases.simulation import HoldupTable, SimulationTable
from sx_sim.dynamics.checking import check_sections
from sx_sim.dynamics.control import SET_POINT, loops_of
from sx_sim.dynamics.holdups import Holdups
from sx_sim.dynamics.measured import measure
from sx_sim.dynamics.method import euler_step, next_step, try_step
from sx_sim.dynamics.plant import Plant, PlantSolved, Tank, key_of
from sx_sim.dynamics.signals import Signals
from sx_sim.dynamics.snapshot import snapshot
from sx_sim.dynamics.start import empty_state, steady_state
from sx_sim.errors import CaseError, ConvergenceError, check_kind
from sx_sim.flowsheet.flowsheet import Flowsheet
from sx_sim.flowsheet.recycles import Circuit
from sx_sim.flowsheet.result import Result

if TYPE_CHECKING:
    from sx_sim.dynamics.method import Trial

Array = NDArray[np.float64]
MIXER, SETTLER = (5.0 / 60.0, "h"), (20.0 / 60.0, "h")  # residence times where none is given
FLOOR = 1e-3  # of the largest concentration fed, below which errors count as of that
FIRST = 1e-6  # of the shortest residence time, the step that finds the rates after a jump
SHORTEST = 1e-9  # the same, below which a step is given up
STEADY = 1e-6  # change per hour, over what counts as much, below which nothing changes


class Simulation:
    """A plant over time: set inputs, take steps, look at it, save and restore it.

    Parameters
    ----------
    case : Case
        With a ``[simulation]`` table, or that is taken as it is where there is none.

    Raises
    ------
    CaseError
        If the table does not fit the case.
    ConvergenceError
        If it is to start from a steady state that is not found.

    Examples
    --------
    >>> import sx_sim
    >>> plant = sx_sim.Simulation(sx_sim.load_case("examples/pr_nd.toml"))  # doctest: +SKIP
    >>> plant.set("solvent.flow", "2200 L/h")  # doctest: +SKIP
    >>> plant.step(24.0).result.purity("Nd", "loaded solvent")  # doctest: +SKIP
    """

    def __init__(self, case: Case, *, start: str | None = None) -> None:
        check_kind(case, Case, "a case is needed, such as load_case(path) reads")
        table = case.content.simulation or SimulationTable(duration="0 h")  # type: ignore[arg-type]
        self.case, self.table = case, table
        check_sections(case, table)
        self.signals = Signals(case, table)
        self.time = 0.0
        self.tolerance = table.tolerance
        self.flowsheet = self._flowsheet(0.0)
        begin = table.start if start is None else start
        stronger = [x.key for x in case.flowsheet.links if x.conditioner.strength is not None]
        if begin == "empty" and stronger:
            told = f"{stronger[0]}: a liquor without metals cannot be brought to a strength; take"
            raise CaseError(f'simulation.start = "empty": {told} start = "steady"', case.name)
        # flows of liquors that are brought to a strength follow from what is in them
        steady = _steady(case.flowsheet) if begin == "steady" or stronger else None
        self.plant = _plant(case, case.flowsheet, table, steady)
        self.shortest = min(
            float((unit.holdups.mixer / (unit.bank.flows.aqueous + unit.bank.flows.organic)).min())
            for unit in self.plant.units.values()
        )
        self.kept: PlantSolved | None = None
        self.rate: Array | None = None
        self.length, self.error = self.shortest, 1.0
        self.steps = self.solves = self.rejected = 0
        self.alkaline = ""  # where and when it first was
        scale = self.plant.scales()
        self.weights = np.where(np.isfinite(scale), FLOOR * scale, np.inf)
        self.loops = loops_of(case, table, self.signals)
        if begin == "steady" and steady is not None:
            self.state_array = steady_state(self.plant, steady)
        elif begin == "empty":
            self.state_array = empty_state(self.plant, self.flowsheet)
        else:
            try:
                self.state_array = self.plant.with_contents(self.saved(begin), begin)
            except CaseError as error:
                raise CaseError(error.problems, case.name) from None
        self.first = self.plant.inventory(self.state_array)
        self._rates()

    # looking at it

    @property
    def result(self) -> Result:
        """The plant as it is now, like that of ``solve``; its balances are those of a step."""
        assert self.kept is not None
        return snapshot(self.plant, self.kept)

    @property
    def inputs(self) -> dict[str, float]:
        """Inputs that may differ from the case's, as that has them once it is read."""
        return self.signals.at(self.time)

    @property
    def balance(self) -> float:
        """How far what is held, entered and left since the start is from closed.

        Largest of any species, anions and extractant, over all that entered or was there.
        """
        plant, state = self.plant, self.state_array
        entered = state[plant.entered]
        left = plant.product_amounts(state).sum(axis=0)
        now = plant.inventory(state)
        whole = np.abs(entered) + np.abs(self.first) + np.abs(left)
        off = np.abs(now - self.first - entered + left)
        return float((off / np.where(whole > 0.0, whole, 1.0)).max())

    def saved(self, name: str) -> Array:
        """Return the state array that a file holds, to start from; what reads files knows how."""
        raise CaseError(
            f'simulation.start = "{name}": must be steady, empty or a file that simulate wrote',
            self.case.name,
        )

    # moving it

    def set(self, path: str, value: float | str, over: float = 0.0) -> Simulation:
        """Change an input from now on, evenly over so many hours; return the simulation."""
        self.signals.change(self.time, path, value, over)
        self._jumped()
        return self

    def step(self, hours: float) -> Simulation:
        """Take the plant so many hours on; return the simulation.

        Raises
        ------
        ConvergenceError
            If a step cannot be solved however short.
        """
        if not hours >= 0.0:
            raise CaseError(f"step({hours:g}): must be a number of hours, 0 or more")
        self.go(self.time + hours, lambda: False)
        return self

    def go(self, until: float, seen: Callable[[], bool]) -> None:
        """Take steps to a time, calling ``seen`` after each; it says whether to stop."""
        while self.time < until * (1.0 - 1e-14):
            self._control()
            stop = min(until, self._following())
            jumps = self._step(stop)
            if jumps:
                self._jumped()
            if seen():
                return

    def _following(self) -> float:
        """Return when inputs next jump or bend, or a controller measures."""
        times = [loop.following for loop in self.loops.values()]
        soon = min([t for t in times if t > self.time * (1.0 + 1e-13)], default=np.inf)
        return self.signals.breaks(self.time * (1.0 + 1e-13), soon)

    def _control(self) -> None:
        """Let controllers measure whose time has come."""
        due = [x for x in self.loops.values() if x.following <= self.time * (1.0 + 1e-12) + 1e-12]
        if not due:
            return
        result = self.result
        for loop in due:
            try:
                value = measure(result, loop.table.measure)
            except CaseError:  # nothing there yet that it could measure
                loop.samples += 1
                continue
            output = loop.sample(self.time, value)
            if loop.table.adjust.startswith(SET_POINT):
                other = loop.table.adjust.removeprefix(SET_POINT).removesuffix(".set_point")
                self.loops[other].set_point = output
            elif self.signals.held.get(loop.table.adjust) != output:
                self.signals.held[loop.table.adjust] = output
                self._jumped()

    def _flowsheet(self, time: float) -> Flowsheet:
        """Return the flowsheet with the inputs of a time."""
        numbers = self.signals.at(time)
        key = tuple(numbers.items())
        if getattr(self, "_known", (None, None))[0] != key:
            changed = {p: v for p, v in numbers.items() if v != self.signals.nominal[p]}
            self._known = key, self.case.at(changed) if changed else self.case.flowsheet
        return self._known[1]

    def _solve(self, time: float, base: Array, g: float, kept: Any) -> Any:
        self.solves += 1
        try:
            return self.plant.solve(time, self._flowsheet(time), base, g, kept)
        except CaseError as error:  # of inputs as they are then
            told = [f"at {time:.6g} h: {problem}" for problem in error.problems]
            raise CaseError(told, self.case.name) from None

    def _jumped(self) -> None:
        """Forget rates, which inputs have changed."""
        self.rate = None

    def _rates(self) -> None:
        """Find the rates by a step that ends now, so short that nothing else changes."""
        step = FIRST * self.shortest
        self.time -= step
        trial = self._euler(step)
        self.time += step
        self._take(trial, 0.0)

    def _euler(self, step: float) -> Trial:
        trial = euler_step(self._solve, self.time, self.state_array, step, self.kept)
        if trial is None and self.kept is not None:
            trial = euler_step(self._solve, self.time, self.state_array, step, None)
        if trial is None:
            raise ConvergenceError(self._stuck(step), None)
        return trial

    def _take(self, trial: Trial, size: float) -> None:
        last = trial.last
        self.state_array, self.rate, self.kept = last.state, last.rate, last.kept  # type: ignore[assignment]
        self.error = size
        self.steps += 1
        assert self.kept is not None
        past = [name for name, unit in self.kept.units.items() if unit.bank.alkaline]
        if past and not self.alkaline:
            where = f" of circuit {past[0]}" if past[0] else ""
            self.alkaline = (
                f"from {self.time:.4g} h on some stage{where} is past the hydrolysis of a metal at "
                "times: hydroxides would precipitate, which is left out"
            )

    def _step(self, stop: float) -> bool:
        """Take one step, at most to a time; return whether that is where inputs may jump."""
        if self.rate is None:
            step = min(FIRST * self.shortest, 0.5 * (stop - self.time))
            self._take(self._euler(step), 1.0)
            self.time += step
        assert self.rate is not None
        while True:
            left = stop - self.time
            step = min(self.length, left, self.signals.longest(self.time))
            ends = step > 0.999999 * left
            step = left if ends else min(step, 0.5 * left) if 2.0 * step > left else step
            trial = try_step(self._solve, self.time, self.state_array, self.rate, step, self.kept)
            if trial is None:
                self.rejected += 1
                self.length = 0.25 * step
                if self.length < SHORTEST * self.shortest:
                    raise ConvergenceError(self._stuck(step), None)
                continue
            size = self._size(trial)
            if size > 1.0:
                self.rejected += 1
                self.length = next_step(step, size, size)
                if self.length < SHORTEST * self.shortest:
                    raise ConvergenceError(self._stuck(step), None)
                continue
            grown = next_step(step, size, self.error)
            self.length = max(grown, self.length) if ends and step < 0.5 * self.length else grown
            self.time = stop if ends else self.time + step
            self._take(trial, size)
            return ends and self._breaks_at(stop)

    def _breaks_at(self, time: float) -> bool:
        """Return whether inputs jump or bend at a time."""
        near = 1e-9 * max(time, 1.0)
        return self.signals.breaks(time - near, time + near) < time + near

    def _size(self, trial: Trial) -> float:
        """Return the error of a step, over what is tolerated."""
        counted = np.isfinite(self.weights)
        held = np.maximum(np.abs(trial.last.state), np.abs(self.state_array))[counted]
        relative = trial.error[counted] / (self.tolerance * (held + self.weights[counted]))
        return float(np.sqrt(np.mean(relative**2)))

    def _stuck(self, step: float) -> str:
        return (
            f"the plant cannot be followed beyond {self.time:.6g} h: a step of {step:.1e} h is not "
            "solved; look at the inputs there, whether a stage runs out of acid or of a phase"
        )

    @property
    def changing(self) -> float:
        """Largest change per hour, over what counts as much; zero once it is steady."""
        if self.rate is None:
            return np.inf
        counted = np.isfinite(self.weights)
        scale = np.abs(self.state_array[counted]) + self.weights[counted]
        return float((np.abs(self.rate[counted]) / scale).max())

    # keeping it

    @property
    def state(self) -> dict[str, Any]:
        """All that decides how it goes on, to be given to ``restore``."""
        return {
            "time": self.time,
            "state": self.state_array.copy(),
            "first": self.first.copy(),
            "length": self.length,
            "error": self.error,
            "rate": None if self.rate is None else self.rate.copy(),
            "kept": self.kept,
            "changes": [(c.at, c.path, c.number, c.over) for c in self.signals.changes],
            "held": dict(self.signals.held),
            "loops": {
                name: (x.set_point, x.integral, x.output, x.measured, list(x.known), x.samples)
                for name, x in self.loops.items()
            },
        }

    def restore(self, state: Mapping[str, Any]) -> Simulation:
        """Go back to what ``state`` was; return the simulation."""
        from sx_sim.dynamics.signals import Change

        missing = [key for key in ("time", "state", "first", "loops") if key not in state]
        if missing or np.shape(state["state"]) != (self.plant.size,):
            raise CaseError(
                "restore takes what .state of the same plant gave; a simulation that begins with "
                "the contents of a file names it in simulation.start"
            )
        self.time = float(state["time"])
        self.state_array = np.array(state["state"], dtype=float)
        self.first = np.array(state["first"], dtype=float)
        self.length, self.error = float(state["length"]), float(state["error"])
        self.signals.changes = [Change(*one) for one in state["changes"]]
        for change in self.signals.changes:
            self.signals.know(change.path)
        self.signals.held = dict(state["held"])
        for name, kept in state["loops"].items():
            loop = self.loops[name]
            loop.set_point, loop.integral, loop.output, loop.measured, known, loop.samples = kept
            loop.known = [tuple(one) for one in known]
        self.kept, self.rate = state.get("kept"), state.get("rate")
        if self.kept is None:
            self._rates()
        return self


def _steady(flowsheet: Flowsheet) -> Result:
    # imported here: a simulation that does not start there need not wait for it
    from sx_sim.flowsheet.steady import solve_flowsheet

    return solve_flowsheet(flowsheet)


def _plant(
    case: Case, flowsheet: Flowsheet, table: SimulationTable, steady: Result | None
) -> Plant:
    """Return the plant with its holdups; flows that follow from contents are those of the start."""
    circuits: dict[str, Circuit] = {}
    tanks: dict[tuple[str, ...], Tank] = {}
    streams: dict[tuple[str, str], float] = {}
    for name, circuit in flowsheet.circuits.items():
        fed = {}
        for link in flowsheet.links_to(name):
            if steady is not None:
                fed[link.feed] = steady.treatments[link].stream
            else:
                flow = streams[link.source, link.product] * link.share
                fed[link.feed] = replace(circuit.column.feed(link.feed), flow=flow)
        circuit = circuit.fed(fed) if fed else circuit
        circuits[name] = circuit
        for product, _, _, flow in circuit.column.outlets():
            streams[name, product] = flow
        for recycle in circuit.recycles:
            volume, unit = table.tank
            flow = circuit.column.feed(recycle.feed).flow
            tanks[name, recycle.product] = Tank(volume if unit == "L" else volume * flow)
    for link in flowsheet.links:
        volume, unit = table.tank
        flow = streams[link.source, link.product] * link.share
        tanks[key_of(link)] = Tank(volume if unit == "L" else volume * flow)
    sheet = replace(flowsheet, circuits=circuits)
    holdups = {name: holdups_of(circuit, table) for name, circuit in circuits.items()}
    return Plant(sheet, holdups, tanks, table.tolerance)


def holdups_of(circuit: Circuit, table: SimulationTable) -> Holdups:
    """Return what the mixer-settlers of a circuit hold."""
    column = circuit.column
    v = column.volumes
    mixer, share = np.zeros(column.stages), np.full(column.stages, np.nan)
    settlers = {"aqueous": np.zeros(column.stages), "organic": np.zeros(column.stages)}
    flows = {"aqueous": v.settled_aqueous, "organic": v.settled_organic}
    for section in column.sections:
        own = table.sections.get(section.name, HoldupTable.model_validate({}))
        span = slice(section.first - 1, section.last)
        both = flows["aqueous"][span] + flows["organic"][span]
        mixer[span] = _volume(own.mixer or table.mixer or MIXER, both)
        for phase, settler in settlers.items():
            name = f"{phase}_settler"
            held = getattr(own, name) or own.settler or getattr(table, name) or table.settler
            settler[span] = _volume(held or SETTLER, flows[phase][span])
        given = own.aqueous_share or table.aqueous_share
        if given is not None:
            share[span] = given * mixer[span]
    tanks = table.tanks if max(s.max() for s in settlers.values()) > 0.0 else 0
    return Holdups(
        mixer, share, settlers["aqueous"], settlers["organic"], tanks, table.phases == "follow"
    )


def _volume(held: tuple[float, str], flow: Array) -> Array:
    number, unit = held
    return np.full_like(flow, number) if unit == "L" else number * flow
