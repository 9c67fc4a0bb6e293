"""Exact derivatives of a flowsheet: those of its circuits, joined by what passes between them.

What passes a link answers to inputs, directly and by what passes other links: s = p + B s, with B
how the circuits pass on what they are fed. One small linear system joins them, whether links go
on or back; transposed, it gives what a number gains from every input of every circuit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.streams import Stream
from sx_sim.cascade.tangents import Tangent, along_species, along_stages
from sx_sim.flowsheet.circuit import CircuitResult
from sx_sim.flowsheet.flowsheet import Flowsheet, Link
from sx_sim.flowsheet.linear import CARRIER, FED, FLOW, LN_ACID, LinearCircuit, Moved, Turned
from sx_sim.flowsheet.outputs import Output
from sx_sim.flowsheet.recycles import Circuit
from sx_sim.flowsheet.result import Result

Array = NDArray[np.float64]
STEP = 1e-4  # of a number of a stream, over itself or the largest of its kind
FORWARD = {0: -1.5, 1: 2.0, 2: -0.5}  # weights of a derivative by values at 0, 1 and 2 steps
STAGE = "temperature"


@dataclass(frozen=True)
class Constant:
    """A constant of a species of one circuit, or the temperature of one of its stages.

    Parameters
    ----------
    circuit : str
    name : str
        Of ``tangents.CONSTANTS``, or ``temperature``.
    place : int
        Of the species or of the stage, from 0.
    tangent : callable
        Gives its tangent, per unit of the constant.
    """

    circuit: str
    name: str
    place: int
    tangent: Callable[[], Tangent]


@dataclass(frozen=True)
class Nearby:
    """Flowsheets with other values of an input, and weights whose sum gives its derivative.

    ``steps`` are how far these values are from the input's own, in its unit.
    """

    flowsheets: Sequence[Flowsheet]
    weights: Sequence[float]
    steps: Sequence[float]


Perturbation = Constant | Nearby


def numbers_of(stream: Stream) -> Array:
    """Return the numbers of a stream (S + 3,): species, flow, carrier, ln [H+]."""
    acid = np.log(stream.acid) if stream.acid > 0.0 else 0.0
    return np.array([*stream.concentration, stream.flow, np.nan_to_num(stream.carrier), acid])


def within(numbers: Array, new: Array) -> Array:
    """Return new numbers of a stream (S + 3,); what would fall below zero halves instead."""
    below = new < 0.0
    below[LN_ACID] = False
    return np.where(below, 0.5 * numbers, new)


def moved_to(stream: Stream, numbers: Array, change: Array) -> Stream:
    """Return a stream with its numbers changed, as far as ``within`` lets them."""
    new = within(numbers, numbers + change)
    return replace(
        stream,
        concentration=new[:FLOW],
        flow=float(new[FLOW]),
        carrier=stream.carrier if np.isnan(stream.carrier) else float(new[CARRIER]),
        acid=stream.acid if np.isnan(stream.acid) else float(np.exp(new[LN_ACID])),
    )


class LinearFlowsheet:
    """A flowsheet as it was solved, linearised.

    Parameters
    ----------
    result : Result
        Every circuit of it solved.
    """

    def __init__(self, result: Result) -> None:
        self.result, self.flowsheet = result, result.flowsheet
        self.circuits = {
            name: LinearCircuit(unit, [link.feed for link in self.flowsheet.links_to(name)])
            for name, unit in result.units.items()
        }
        self.places: dict[Link, slice] = {}
        end = 0
        for link in self.flowsheet.links:
            size = len(result.units[link.source].elements) + 3
            self.places[link] = slice(end, end + size)
            end += size
        self.size = end

    @cached_property
    def inlets(self) -> dict[Link, list[Moved]]:
        """What every number of a link's source moves in the circuit that it feeds."""
        return {link: self._inlet(link) for link in self.flowsheet.links}

    def _inlet(self, link: Link) -> list[Moved]:
        unit = self.result.units[link.circuit]
        source = self.result.units[link.source].streams[link.product]
        numbers = numbers_of(source)
        most = float(numbers[:FLOW].max(initial=0.0))
        found = []
        for k in range(len(numbers)):
            step = STEP * (max(numbers[k], STEP * most) if k != len(numbers) - 1 else 1.0)
            known = not (np.isnan(source.carrier) and k == len(numbers) + CARRIER)
            if not known or (source.phase == "organic" and k == len(numbers) - 1):
                step = np.inf
            circuits = [
                unit.circuit.fed({link.feed: self._treated(link, source, numbers, k, n * step)})
                for n in FORWARD
                if np.isfinite(step)
            ]
            weights = [w / step for w in FORWARD.values()] if circuits else []
            found.append(self.circuits[link.circuit].nearby(circuits, weights))
        return found

    def _treated(self, link: Link, source: Stream, numbers: Array, k: int, step: float) -> Stream:
        change = np.zeros_like(numbers)
        change[k] = step
        return link.treat(moved_to(source, numbers, change)).stream

    @cached_property
    def passed(self) -> dict[Link, dict[str, Array]]:
        """How what leaves a circuit follows what a link brings, a column per number of it."""
        found = {}
        for link, moved in self.inlets.items():
            answers = [self.circuits[link.circuit].jvp(one) for one in moved]
            found[link] = {name: np.array([a[name] for a in answers]).T for name in answers[0]}
        return found

    @cached_property
    def joined(self) -> Array:
        """B: how what passes a link follows what passes those that feed its source."""
        table = np.zeros((self.size, self.size))
        for link, rows in self.places.items():
            for other in self.flowsheet.links_to(link.source):
                table[rows, self.places[other]] = self.passed[other][link.product]
        return table

    def around(self) -> Array:
        """Return how what goes back follows what is assumed of it, in the order of ``torn``."""
        torn = np.zeros(self.size, dtype=bool)
        for link in self.flowsheet.torn:
            torn[self.places[link]] = True
        onward = np.where(torn, 0.0, self.joined)
        whole: Array = np.asarray(
            np.linalg.solve(np.eye(self.size) - onward, self.joined[:, torn]), dtype=np.float64
        )
        order = np.concatenate([np.arange(self.size)[self.places[k]] for k in self.flowsheet.torn])
        kept = np.flatnonzero(torn)
        columns = [int(np.flatnonzero(kept == k)[0]) for k in order]
        return whole[order][:, columns]

    def moves(self, one: Perturbation) -> dict[str, Moved]:
        """Return the tangents of an input in every circuit that it acts on."""
        if isinstance(one, Constant):
            return {one.circuit: self.circuits[one.circuit].alone(one.tangent())}
        found = {}
        for name, linear in self.circuits.items():
            links = self.flowsheet.links_to(name)
            circuits = [self._circuit(sheet, name) for sheet in one.flowsheets]
            same = all(
                sheet.circuits[name] is self.flowsheet.circuits[name]
                and sheet.links_to(name) == links
                for sheet in one.flowsheets
            )
            if not same:
                found[name] = linear.nearby(circuits, one.weights)
        return found

    def _circuit(self, sheet: Flowsheet, name: str) -> Circuit:
        """Return a circuit of another flowsheet, fed with what passes in this one."""
        fed = {
            link.feed: link.treat(self.result.units[link.source].streams[link.product]).stream
            for link in sheet.links_to(name)
        }
        return sheet.circuits[name].fed(fed) if fed else sheet.circuits[name]

    def pushed(self, direct: Mapping[str, Mapping[str, Array]]) -> Array:
        """Return how what passes every link answers to what circuits answer directly."""
        pushed = np.zeros(self.size)
        for link, rows in self.places.items():
            if link.source in direct:
                pushed[rows] = direct[link.source][link.product]
        if self.size:
            pushed[:] = np.linalg.solve(np.eye(self.size) - self.joined, pushed)
        return pushed

    def extrapolated(self, one: Perturbation) -> list[tuple[float, Result]]:
        """Return results next to the solution, to first order, and weights of a derivative.

        What is made of more than products follows from them: so far as it is smooth, its slope is
        the weighted sum of what it is there.
        """
        moves = self.moves(one)
        direct = {name: self.circuits[name].jvp(moved) for name, moved in moves.items()}
        pushed = self.pushed(direct)
        whole = dict(moves)
        for link, rows in self.places.items():
            for amount, inlet in zip(pushed[rows], self.inlets[link], strict=True):
                if amount:
                    before = whole.get(link.circuit)
                    nothing = self.circuits[link.circuit].nearby((), ())
                    whole[link.circuit] = (before or nothing).plus(amount, inlet)
        if isinstance(one, Nearby):
            return [
                (weight, self._further(sheet, whole, pushed, step))
                for sheet, weight, step in zip(one.flowsheets, one.weights, one.steps, strict=True)
            ]
        return [
            (0.5 / step, self._further(self.flowsheet, whole, pushed, step))
            for step in (-STEP, STEP)
        ]

    def _further(
        self, sheet: Flowsheet, moves: Mapping[str, Moved], pushed: Array, step: float
    ) -> Result:
        units, treatments = {}, {}
        for name, linear in self.circuits.items():
            fed = {}
            for link in sheet.links_to(name):
                source = self.result.units[link.source].streams[link.product]
                rows = self.places[self._link(link)]
                moved = moved_to(source, numbers_of(source), step * pushed[rows])
                treatments[link] = link.treat(moved)
                fed[link.feed] = treatments[link].stream
            circuit = sheet.circuits[name].fed(fed) if fed else sheet.circuits[name]
            moved = moves.get(name) or linear.nearby((), ())
            units[name] = linear.extrapolated(circuit, moved, step)
        return Result(sheet, units, treatments, self.result.passes, self.result.mismatch)

    def _link(self, link: Link) -> Link:
        """Return a link of another flowsheet as it is in this one, where it may treat otherwise."""
        return next(k for k in self.places if (k.circuit, k.feed) == (link.circuit, link.feed))

    def forward(self, moves: Mapping[str, Moved]) -> dict[str, dict[str, Array]]:
        """Return how what leaves every circuit answers to what is moved."""
        direct = {name: self.circuits[name].jvp(moved) for name, moved in moves.items()}
        pushed = self.pushed(direct)
        found = {}
        for name, unit in self.result.units.items():
            answers = direct.get(name) or _nothing(unit)
            for link in self.flowsheet.links_to(name):
                passed = self.passed[link]
                answers = {
                    product: answer + passed[product] @ pushed[self.places[link]]
                    for product, answer in answers.items()
                }
            found[name] = answers
        return found

    def gradient(self, output: Output) -> dict[str, Moved | Turned]:
        """Return the derivative of an output along the tangents of every circuit: adjoint mode."""
        gains = {name: dict(products) for name, products in output.gains(self.result).items()}
        if self.size:
            pulled = np.zeros(self.size)
            for link, rows in self.places.items():
                for product, gain in gains.get(link.circuit, {}).items():
                    pulled[rows] += gain @ self.passed[link][product]
            pulled[:] = np.linalg.solve((np.eye(self.size) - self.joined).T, pulled)
            for link, rows in self.places.items():
                mine = gains.setdefault(link.source, {})
                mine[link.product] = mine.get(link.product, 0.0) + pulled[rows]
        return {name: self.circuits[name].vjp(products) for name, products in gains.items()}


def _nothing(unit: CircuitResult) -> dict[str, Array]:
    species = len(unit.elements)
    return {FED: np.zeros(species)} | {name: np.zeros(species + 3) for name in unit.streams}


def derivatives(
    result: Result, outputs: Sequence[Output], inputs: Sequence[Perturbation], mode: str = "auto"
) -> Array:
    """Return the derivatives of outputs with respect to inputs (outputs, inputs).

    Parameters
    ----------
    result : Result
        Converged.
    outputs : sequence of Output
    inputs : sequence of Constant or Nearby
    mode : {'auto', 'forward', 'adjoint'}
        A solve per input, or a transposed one per output; 'auto' takes the fewer. What is made
        of more than a product and what is fed, as a ledger is, takes a solve per input.
    """
    linear = LinearFlowsheet(result)
    table = np.empty((len(outputs), len(inputs)))
    exact = np.array([output.exact for output in outputs], dtype=bool)
    table[exact] = _exact(linear, [o for o in outputs if o.exact], inputs, mode)
    others = [output for output in outputs if not output.exact]
    for k, one in enumerate(inputs if others else ()):
        near = linear.extrapolated(one)
        table[~exact, k] = [sum(w * output.of(there) for w, there in near) for output in others]
    return table


def _exact(
    linear: LinearFlowsheet, outputs: Sequence[Output], inputs: Sequence[Perturbation], mode: str
) -> Array:
    """Return the derivatives of outputs whose own slopes are known."""
    result = linear.result
    if mode == "auto":
        ideal = all(circuit.linearised.ideal for circuit in linear.circuits.values())
        mode = "adjoint" if ideal and len(outputs) < len(inputs) else "forward"
    table = np.empty((len(outputs), len(inputs)))
    if mode == "forward":
        for k, one in enumerate(inputs):
            answers = linear.forward(linear.moves(one))
            table[:, k] = [output.gain(result, answers) for output in outputs]
        return table
    moves = [None if isinstance(one, Constant) else linear.moves(one) for one in inputs]
    for row, output in zip(table, outputs, strict=True):
        gradient = linear.gradient(output)
        known: dict[tuple[str, str], Array] = {}
        for k, (one, moved) in enumerate(zip(inputs, moves, strict=True)):
            if isinstance(one, Constant):
                row[k] = _by_constant(linear, gradient, one, known)
            else:
                row[k] = sum(
                    gradient[name].of(m) for name, m in (moved or {}).items() if name in gradient
                )
    return table


def _by_constant(
    linear: LinearFlowsheet,
    gradient: Mapping[str, Moved | Turned],
    one: Constant,
    known: dict[tuple[str, str], Array],
) -> float:
    """Return the derivative with respect to a constant; all of a kind cost no more than one."""
    if one.circuit not in gradient:
        return 0.0
    mine = gradient[one.circuit]
    if isinstance(mine, Turned):
        return mine.of(linear.circuits[one.circuit].alone(one.tangent()))
    key = one.circuit, one.name
    if key not in known:
        gross = linear.circuits[one.circuit].gross
        if one.name == STAGE:
            known[key] = along_stages(gross, mine.tangent)
        else:
            known[key] = along_species(gross, mine.tangent, one.name)
    return float(known[key][one.place])
