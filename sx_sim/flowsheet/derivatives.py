"""Exact derivatives of a closed circuit: what comes back follows the inputs.

With what comes back, u, held, an input p changes what leaves by dg/dp. Then u itself moves by
(1 - dg/du)^-1 dg/dp, and the column answers to both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.changes import Change, of_columns
from sx_sim.cascade.linearise import Linearised
from sx_sim.cascade.outputs import Output
from sx_sim.cascade.results import Result, products
from sx_sim.cascade.streams import Stream
from sx_sim.flowsheet.loop import Loop
from sx_sim.flowsheet.recycles import EFFLUENT, Circuit, Exchange, SolventLoop, feed_of, net_feed

Array = NDArray[np.float64]
Answer = tuple[Array, Array, Array]  # of water, organic that leaves, scalars
STEP = 1e-4  # of what comes back, over what can; feeds are all but linear in it


@dataclass(frozen=True)
class Nearby:
    """Circuits with other values of an input, and weights whose sum gives its derivative."""

    circuits: Sequence[Circuit]
    weights: Sequence[float]


@dataclass(frozen=True)
class _Moved:
    """What an input changes before what comes back follows it.

    Parameters
    ----------
    change : Change
        Of the column.
    left : (U,) array
        Of what leaves, as what comes back is counted, the stages as they are.
    fed : (S,) array
        From outside [mol/h].
    flows : (P,) array
        Of what leaves the circuit, the stages as they are [L/h].
    """

    change: Change
    left: Array
    fed: Array
    flows: Array


def circuit_derivatives(
    circuit: Circuit,
    result: Result,
    outputs: Sequence[Output],
    inputs: Sequence[Callable[[], Change] | Nearby],
) -> Array:
    """Return what outputs gain from inputs (outputs, inputs).

    Parameters
    ----------
    circuit : Circuit
        As it was set up.
    result : Result
        As it was solved, closed: ``CircuitResult.result``.
    outputs : sequence of Output
        Of that result.
    inputs : sequence
        The change of the column, for what is no part of the circuit, such as constants; or
        circuits nearby.
    """
    closed = _Closed(circuit, result)
    columns = [closed.gains(one, outputs) for one in inputs]
    return np.array(columns).reshape(len(inputs), len(outputs)).T


class _Closed:
    """A closed circuit, linearised."""

    def __init__(self, circuit: Circuit, result: Result) -> None:
        self.circuit, self.result, self.loop = circuit, result, Loop(circuit)
        streams = products(result.column, result.stages)
        self.gross = replace(result, streams=streams, net_fed=None)
        self.linearised = Linearised(self.gross)
        self.returned = self.loop.left(self.gross)
        self.units = [self._unit(k) for k in range(self.loop.unknowns)]
        self.answers = [self.linearised.leaves(unit) for unit in self.units]
        pairs = zip(self.units, self.answers, strict=True)
        slopes = [self.loop.gained(self.gross, self.linearised, *pair) for pair in pairs]
        self.open = np.eye(self.loop.unknowns) - np.array(slopes).T

    def _unit(self, k: int) -> Change:
        """Return what one part of what comes back changes, per its unit.

        By steps, where the loop's own changes are made for speed: what sulfate and
        activities make of a reflux counts here.
        """
        recycle, place = next(pair for pair in self.loop.pairs if k < pair[1].stop)
        most = max(float(self.returned[place].max()), self.loop.fresh(recycle).carrier)
        step = np.zeros_like(self.returned)
        step[k] = STEP * most
        columns = [self.loop.column(self.returned + way * step) for way in (-1.0, 1.0)]
        return of_columns(self.gross, columns, [-0.5 / step[k], 0.5 / step[k]])

    def gains(self, moved: Callable[[], Change] | Nearby, outputs: Sequence[Output]) -> Array:
        """Return what every output gains from an input (O,)."""
        one = self._nearby(moved) if isinstance(moved, Nearby) else self._alone(moved())
        answer = self.linearised.leaves(one.change)
        gained = self.loop.gained(self.gross, self.linearised, one.change, answer) + one.left
        follows, *_ = np.linalg.lstsq(self.open, gained, rcond=None)
        whole = [part.copy() for part in answer]
        for share, unit in zip(follows, self.answers, strict=True):
            for total, part in zip(whole, unit, strict=True):
                total += share * part
        both = (whole[0], whole[1], whole[2])
        return np.array([self._gain(one, both, output) for output in outputs])

    def _gain(self, one: _Moved, answer: Answer, output: Output) -> float:
        held = self.linearised.local(one.change, answer, output)
        flow = one.flows[output.product] + self._exchanged(one.change, answer, output)
        fed = one.fed - self._kept(one.change, answer)
        return held + output.flow * flow + float(output.fed @ fed)

    def _kept(self, change: Change, answer: Answer) -> Array:
        """Return how what comes back of what solvent is given again answers (S,) [mol/h]."""
        outlets = {name: stage for name, _, stage, _ in self.gross.column.outlets()}
        gained: Array = np.zeros_like(self.result.fed)
        for recycle in self.circuit.recycles:
            if isinstance(recycle, SolventLoop):
                flows = recycle.kept(self.loop.fresh(recycle), self.gross.streams[recycle.product])
                stage = outlets[recycle.product]
                gained += flows * self.linearised.held(change, answer, "organic", stage)
        return gained

    def _exchanged(self, change: Change, answer: Answer, output: Output) -> float:
        """Return how the flow of a product follows what an exchange takes of it [L/h]."""
        name, gained = list(self.result.streams)[output.product], 0.0
        for recycle in self.circuit.recycles:
            if isinstance(recycle, Exchange) and recycle.product == name:
                held = self.linearised.held(change, answer, "aqueous", output.stage)
                fresh, leaving = self.loop.fresh(recycle), self.gross.streams[name]
                gained -= float(recycle.takes_slope(fresh, leaving) @ held)
        return gained

    def _alone(self, change: Change) -> _Moved:
        """Return what a constant changes: the column, nothing else."""
        nothing = np.zeros(len(self.result.streams))
        return _Moved(change, np.zeros(self.loop.unknowns), np.zeros_like(self.result.fed), nothing)

    def _nearby(self, nearby: Nearby) -> _Moved:
        """Return what an input of the circuit changes."""
        columns, left, fed, flows = [], 0.0, 0.0, 0.0
        for circuit, weight in zip(nearby.circuits, nearby.weights, strict=True):
            loop = Loop(circuit)
            column = loop.column(self.returned)
            gross = products(column, self.result.stages)
            columns.append(column)
            left = left + weight * loop.left(replace(self.gross, column=column, streams=gross))
            fed = fed + weight * net_feed(circuit, gross)
            flows = flows + weight * self._flows(circuit, gross)
        change = of_columns(self.gross, columns, nearby.weights)
        return _Moved(change, np.asarray(left), np.asarray(fed), np.asarray(flows))

    def _flows(self, circuit: Circuit, gross: dict[str, Stream]) -> Array:
        """Return the flows of what leaves a circuit (P,) [L/h]; below zero next to none."""
        flows = {name: stream.flow for name, stream in gross.items()}
        for recycle in circuit.recycles:
            gone = recycle.takes(feed_of(circuit.column, recycle.feed), gross[recycle.product])
            flows[recycle.product] -= gone
            if isinstance(recycle, Exchange):
                flows[EFFLUENT] = gone
        return np.array([flows[name] for name in self.result.streams])
