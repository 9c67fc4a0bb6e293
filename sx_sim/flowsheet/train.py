"""Trains: circuits joined by the liquors and solvents that pass between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.streams import Stream
from sx_sim.errors import CaseError, ConvergenceError
from sx_sim.flowsheet.circuit import CircuitResult, solve_circuit
from sx_sim.flowsheet.recycles import Circuit
from sx_sim.flowsheet.treatment import Treatment
from sx_sim.kernels.types import Options

Array = NDArray[np.float64]
TEAR_LIMIT = 1e-11  # change of what passes back between circuits, over what is fed in all
MOST_PASSES = 60
REMEMBERED = 5  # passes that an accelerated one learns from


@dataclass(frozen=True)
class Link:
    """One feed of a circuit that is a product of another.

    Parameters
    ----------
    circuit, feed : str
    source, product : str
        The circuit it comes from, and which of its products it is.
    """

    circuit: str
    feed: str
    source: str
    product: str


@dataclass(frozen=True)
class Unit:
    """A circuit of a train: how it is made of what is fed to it."""

    name: str
    links: tuple[Link, ...]
    treat: Callable[[Link, Stream], Treatment]
    build: Callable[[Mapping[str, Stream]], Circuit]
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Solved:
    """A circuit of a train as it was solved, with what was done to its feeds."""

    result: CircuitResult
    treatments: Mapping[str, Treatment]


@dataclass(frozen=True)
class TrainResult:
    """A train as it was solved.

    Parameters
    ----------
    circuits : mapping of str to Solved
        In the order they were solved in.
    links : tuple of Link
    passes : int
        Through all circuits.
    mismatch : float
        Largest change of what passes back from a later circuit to an earlier one in the last
        pass, over what is fed in all.
    """

    circuits: Mapping[str, Solved]
    links: tuple[Link, ...]
    passes: int
    mismatch: float

    def __repr__(self) -> str:
        ended = "converged" if self.converged else "not converged"
        unsolved = [name for name, one in self.circuits.items() if not one.result.converged]
        missed = f"; not solved: {', '.join(unsolved)}" if unsolved else ""
        return (
            f"TrainResult: {ended} in {self.passes} passes; {len(self.circuits)} circuits, "
            f"{self.stages} stages, {len(self.products)} products{missed}"
        )

    @property
    def converged(self) -> bool:
        """Whether every circuit is solved and nothing that passes back still changes."""
        solved = all(one.result.converged for one in self.circuits.values())
        return solved and self.mismatch <= TEAR_LIMIT

    @property
    def stages(self) -> int:
        """Mixer-settlers in all."""
        return sum(one.result.circuit.column.stages for one in self.circuits.values())

    @property
    def products(self) -> dict[str, Stream]:
        """What leaves the train, as ``circuit.product``, mother liquors included."""
        taken = {(link.source, link.product) for link in self.links}
        found = {}
        for name, solved in self.circuits.items():
            for product, stream in solved.result.result.streams.items():
                if (name, product) not in taken:
                    found[f"{name}.{product}"] = stream
            for feed, treatment in solved.treatments.items():
                if treatment.effluent is not None and treatment.effluent.held:
                    found[f"{name}.mother liquor of {feed}"] = treatment.effluent
        return found

    @property
    def fed(self) -> dict[str, float]:
        """Every species fed to the train from outside [mol/h]; base comes with the solvent."""
        inside = {(link.circuit, link.feed) for link in self.links}
        total: dict[str, float] = {}
        for name, solved in self.circuits.items():
            for feed in solved.result.circuit.column.feeds:
                if (name, feed.stream.name) not in inside:
                    for symbol, amount in feed.stream.held.items():
                        total[symbol] = total.get(symbol, 0.0) + amount * feed.stream.flow
        return total

    def within_ranges(self) -> TrainResult:
        """Return the train itself, if every circuit stays within its ranges.

        Raises
        ------
        OutsideRangeError
            Of the first circuit that leaves a range of its constants.
        """
        for solved in self.circuits.values():
            solved.result.result.within_ranges()
        return self

    def balance(self) -> dict[str, float]:
        """Return in less out of every rare earth, over what is fed of it."""
        fed = self.fed
        left = dict.fromkeys(fed, 0.0)
        for stream in self.products.values():
            for symbol, amount in stream.held.items():
                left[symbol] = left.get(symbol, 0.0) + amount * stream.flow
        rare = {
            symbol
            for solved in self.circuits.values()
            for symbol, is_rare in zip(
                solved.result.result.elements, solved.result.result.system.rare_earth, strict=True
            )
            if is_rare
        }
        return {s: abs(fed[s] - left[s]) / fed[s] for s in fed if s in rare}


def solve_train(
    units: Sequence[Unit],
    *,
    start: TrainResult | None = None,
    step: Callable[[str], None] = lambda _: None,
    throw: bool = True,
) -> TrainResult:
    """Solve circuits one after another, again and again if anything passes back.

    Parameters
    ----------
    units : sequence of Unit
        In an order in which sources come first, as far as there is one.
    start : TrainResult, optional
        Of a similar train.
    step : callable
        Called with the name of each circuit once it is solved.
    throw : bool
        Whether to raise on failure instead of returning what was reached.

    Raises
    ------
    ConvergenceError
        If a circuit is not solved, or what passes back does not settle.
    """
    order = {unit.name: k for k, unit in enumerate(units)}
    links = tuple(link for unit in units for link in unit.links)
    torn = [link for link in links if order[link.source] >= order[link.circuit]]
    solved: dict[str, Solved] = dict(start.circuits) if start else {}
    passed = {link: _product(solved, link) for link in torn} if start else {}
    mixer = _Accelerated()
    passes, mismatch = 0, 0.0
    while True:
        passes += 1
        for unit in units:
            solved[unit.name] = _solve(unit, solved, passed, torn, throw)
            step(unit.name)
        solved = {unit.name: solved[unit.name] for unit in units}
        found = {link: _product(solved, link) for link in torn}
        if not torn:
            break
        whole = sum(TrainResult(solved, links, passes, 0.0).fed.values())
        mismatch = _change(found, passed, whole)
        known = passed.keys() == found.keys()
        if (known and mismatch <= TEAR_LIMIT) or passes == MOST_PASSES:
            break
        passed = mixer.next(passed, found)
    train = TrainResult(solved, links, passes, mismatch)
    if throw and not train.converged:
        raise ConvergenceError(
            f"what passes back between circuits still changes by {mismatch:.1e} of all or its flow "
            f"after {passes} passes; pass back less, or give the circuits more stages",
            train,
        )
    return train


def _solve(
    unit: Unit,
    solved: Mapping[str, Solved],
    passed: Mapping[Link, Stream],
    torn: Sequence[Link],
    throw: bool,
) -> Solved:
    """Solve one circuit; what passes back and is not known yet is left out."""
    treatments = {}
    for link in unit.links:
        if link in passed or link not in torn:
            stream = passed[link] if link in torn else _product(solved, link)
            treatments[link.feed] = unit.treat(link, stream)
    circuit = unit.build({feed: treatment.stream for feed, treatment in treatments.items()})
    before = solved.get(unit.name)
    try:
        result = solve_circuit(
            circuit, options=unit.options, start=before.result if before else None, throw=throw
        )
    except ConvergenceError as error:
        raise ConvergenceError(f"circuit '{unit.name}': {error}", error.result) from None
    except CaseError as error:
        problems = [f"circuits.{unit.name}.{problem}" for problem in error.problems]
        raise CaseError(problems) from None
    return Solved(result, treatments)


def _product(solved: Mapping[str, Solved], link: Link) -> Stream:
    streams = solved[link.source].result.result.streams
    if link.product not in streams:
        raise CaseError(
            f"circuits.{link.circuit}.feeds.{link.feed}.source: nothing leaves as "
            f"{link.source}.{link.product}; draw or reflux less of it"
        )
    return streams[link.product]


def _change(found: Mapping[Link, Stream], passed: Mapping[Link, Stream], whole: float) -> float:
    """Return the largest change of what passes back: species over all that is fed, flows."""
    sizes = [0.0]
    for link, stream in found.items():
        before = passed[link].moles if link in passed else 0.0
        sizes.append(float(np.abs(stream.moles - before).max(initial=0.0)) / whole)
        flow = passed[link].flow if link in passed else 0.0
        sizes.append(abs(stream.flow - flow) / stream.flow)
    return max(sizes)


class _Accelerated:
    """Anderson's acceleration of what passes back."""

    def __init__(self) -> None:
        self.inputs: list[Array] = []
        self.outputs: list[Array] = []

    def next(
        self, passed: Mapping[Link, Stream], found: Mapping[Link, Stream]
    ) -> dict[Link, Stream]:
        """Return what to pass back in the next pass."""
        output = np.concatenate([_numbers(stream) for stream in found.values()])
        if set(passed) == set(found):
            self.inputs.append(np.concatenate([_numbers(passed[link]) for link in found]))
            self.outputs.append(output)
            del self.inputs[:-REMEMBERED], self.outputs[:-REMEMBERED]
            mixed = self._mixed()
            output = np.where(mixed > 0.0, mixed, output)
        streams, k = {}, 0
        for link, stream in found.items():
            size = len(stream.concentration) + 2
            streams[link] = _with_numbers(stream, output[k : k + size])
            k += size
        return streams

    def _mixed(self) -> Array:
        outputs = np.array(self.outputs)
        residuals = outputs - np.array(self.inputs)
        if len(residuals) < 2:
            return outputs[-1]
        steps = np.diff(residuals, axis=0).T
        share, *_ = np.linalg.lstsq(steps, residuals[-1], rcond=1e-10)
        return outputs[-1] - np.diff(outputs, axis=0).T @ share


def _numbers(stream: Stream) -> Array:
    carried = 0.0 if np.isnan(stream.carrier) else stream.carrier * stream.flow
    return np.concatenate([stream.moles, [stream.flow, carried]])


def _with_numbers(stream: Stream, numbers: Array) -> Stream:
    moles, (flow, carried) = numbers[:-2], map(float, numbers[-2:])
    carrier = stream.carrier if np.isnan(stream.carrier) else carried / flow
    return replace(stream, flow=flow, concentration=moles / flow, carrier=carrier)
