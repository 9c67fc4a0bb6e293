"""The closed circuit: what comes back is what leaves, to the tolerance of a column.

What comes back, u, is fed; the column says what leaves, g(u). Newton's method on g(u) = u
takes its derivatives from the column's own linearisation, one solve for each species that
comes back, and keeps them while they serve.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.analysis.changes import Change, no_change
from sx_sim.analysis.sensitivity import Linearised
from sx_sim.circuits.recycles import (
    Circuit,
    Exchange,
    Recycle,
    SolventLoop,
    feed_of,
    net_products,
    with_streams,
)
from sx_sim.errors import ConvergenceError
from sx_sim.flowsheet.column import Column
from sx_sim.flowsheet.results import Result, solve_column
from sx_sim.flowsheet.status import Status
from sx_sim.flowsheet.streams import Stream
from sx_sim.kernels.types import Options

Array = NDArray[np.float64]
LOOP_LIMIT = 1e-10  # mismatch of what comes back, over what is fed in all
ROUND_AND_ROUND = 1e-4  # share of what goes round below which a mismatch is none
LEAST = 1e-15  # share of what is fed below which a species counts as that much
MOST_ROUNDS = 40
MOST_ALKALINE = 3  # rounds with more base than acid
MOST_HALVED = 4  # times a step is halved that leads to a column that is not solved
PATIENCE = 4  # times as many iterations for the first column, which nothing else replaces
STRIPPED = 0.05  # loading at which solvent counts as not stripped
SLOW = 0.1  # contraction above which derivatives are taken afresh


@dataclass(frozen=True)
class CircuitResult:
    """A circuit as it was solved.

    Parameters
    ----------
    circuit : Circuit
    result : Result
        Of the column, with what comes back in its feeds; its streams are those that leave the
        circuit, and recoveries are of what is fed from outside.
    rounds : int
        Columns solved to close it.
    mismatch : float
        Largest difference of what comes back and what was fed as that, over what is fed to
        the circuit, of any species; recomputed from the result.
    returned : (U,) array
        What comes back, from which another solve can start.
    slopes : (U, U) array
        Its derivatives, as last taken.
    """

    circuit: Circuit
    result: Result
    rounds: int
    mismatch: float
    returned: Array
    slopes: Array

    @property
    def converged(self) -> bool:
        """Whether the column is solved and the circuit closed."""
        return self.result.converged

    @property
    def explanation(self) -> str:
        """How it ended, and what may help."""
        told = self.result.explanation
        if self.result.status != Status.NOT_CLOSED:
            return told
        return f"{told} It is off by {self.mismatch:.1e} of what is fed after {self.rounds} rounds."


def net_feed(circuit: Circuit) -> Array:
    """Return what is fed to a circuit from outside (S,) [mol/h]: without what comes back.

    The fresh solvent counts by the base it holds.
    """
    return circuit.column.fed.sum(axis=0)


class _Loop:
    """The unknowns of a circuit: concentrations, and anions of refluxes, per recycle."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.template = circuit.column
        self.size = len(self.template.system.species)
        width = self.size + 1
        self.places = [slice(k * width, (k + 1) * width) for k in range(len(circuit.recycles))]
        self.pairs = list(zip(circuit.recycles, self.places, strict=True))
        self.unknowns = self.places[-1].stop

    def fresh(self, recycle: Recycle) -> Stream:
        """Return the feed of a recycle as it is before anything comes back."""
        return feed_of(self.template, recycle.feed)

    def first(self) -> Array:
        """Return what comes back at first.

        In solvent no metals; in exchange for base rare earths as they are fed; in refluxes
        half of what the strongest acid fed can hold of them.
        """
        returned = np.zeros(self.unknowns)
        water = [f.stream for f in self.template.feeds if f.stream.phase == "aqueous"]
        strongest = max(stream.carrier for stream in water)
        fed = net_feed(self.circuit) * self.template.system.rare_earth
        fed = 0.5 * strongest * fed / max(float(fed @ self.template.system.charge), 1e-300)
        for recycle, place in self.pairs:
            if isinstance(recycle, SolventLoop):
                continue
            alike = replace(water[0], concentration=fed, carrier=strongest)
            metals, anions = recycle.counted(self.fresh(recycle), alike)
            returned[place] = np.append(metals, anions)
        return returned

    def possible(self, returned: Array) -> Array:
        """Return what can come back of what a step asks for: nothing below zero.

        What an exchange takes is scaled to the base that it takes the place of.
        """
        returned = np.maximum(returned, 0.0)
        for recycle, place in self.pairs:
            if isinstance(recycle, Exchange):
                metals = returned[place][:-1]
                returned[place] = np.append(recycle.taken(self.fresh(recycle), metals), 0.0)
        return returned

    def column(self, returned: Array) -> Column:
        """Return the column fed with what comes back."""
        streams: dict[str, Stream] = {}
        for recycle, place in self.pairs:
            fresh = self.fresh(recycle)
            *metals, anions = returned[place]
            before = streams.get(recycle.feed, fresh)
            streams[recycle.feed] = recycle.fed(fresh, before, np.array(metals), anions)
        return with_streams(self.template, streams)

    def left(self, result: Result) -> Array:
        """Return what leaves, as what comes back is counted."""
        parts = []
        for recycle in self.circuit.recycles:
            metals, anions = recycle.counted(self.fresh(recycle), result.streams[recycle.product])
            parts.append(np.append(metals, anions))
        return np.concatenate(parts)

    def mismatch(self, off: Array, returned: Array) -> float:
        """Return the largest difference of what comes back, over what is fed in all.

        Where a species goes round so often that this is beyond rounding, over a small share of
        what goes round.
        """
        fed = net_feed(self.circuit)
        water = [f.stream for f in self.template.feeds if f.stream.phase == "aqueous"]
        anions = sum(stream.flow * stream.carrier for stream in water)
        whole = np.append(np.maximum(fed, LEAST * fed.max()), anions)
        worst = 0.0
        for recycle, place in self.pairs:
            flow = self.fresh(recycle).flow
            scale = np.maximum(whole, ROUND_AND_ROUND * flow * returned[place])
            worst = max(worst, float((flow * np.abs(off[place]) / scale).max()))
        return worst

    def slopes(self, result: Result) -> Array:
        """Return d what leaves / d what comes back (U, U)."""
        linearised = Linearised(result)
        table = np.zeros((self.unknowns, self.unknowns))
        for recycle, place in self.pairs:
            for i, change in self._changes(result, recycle):
                table[:, place.start + i] = self._gained(result, linearised, change)
        return table

    def _changes(self, result: Result, recycle: Recycle) -> Iterator[tuple[int, Change]]:
        """Yield what each unknown of a recycle changes, per its unit."""
        column = result.column
        feed = next(f for f in column.feeds if f.stream.name == recycle.feed)
        stage, flow = feed.stage - 1, feed.stream.flow
        metals, anions = recycle.slopes(self.fresh(recycle), result.streams[recycle.product])
        water = feed.stream.phase == "aqueous"
        mixing = flow * column.mixing(feed.stage) if water else np.zeros(column.stages)
        for i in np.flatnonzero(metals.any(axis=1)):
            change = no_change(result)
            change.cascade.feed[stage, i] = flow
            if not water and column.settling is not None:
                change.cascade.organic_feed[stage, i] = flow
            if not anions:  # they balance the metals
                change.cascade.anion[:] = mixing * column.system.charge[i]
            yield int(i), change
        if anions:
            change = no_change(result)
            change.cascade.anion[:] = mixing
            yield self.size, change

    def _gained(self, result: Result, linearised: Linearised, change: Change) -> Array:
        """Return what a change does to what leaves."""
        column = result.column
        dx, dz, _ = linearised.leaves(change)
        outlets = {name: (phase, j) for name, phase, j, _ in column.outlets()}
        parts = []
        for recycle in self.circuit.recycles:
            phase, j = outlets[recycle.product]
            leaving = result.streams[recycle.product]
            metals, anions = recycle.slopes(self.fresh(recycle), leaving)
            gained = metals @ column.with_drops(phase, j, dx[j], dz[j])
            parts.append(np.append(gained, anions * change.cascade.anion[j]))
        return np.concatenate(parts)


def solve_circuit(
    circuit: Circuit,
    *,
    options: Options = Options(),
    start: CircuitResult | None = None,
    throw: bool = True,
) -> CircuitResult:
    """Solve a column together with what comes back to it.

    Parameters
    ----------
    circuit : Circuit
    options : Options
    start : CircuitResult, optional
        Of a circuit with as many stages and the same recycles, to start from.
    throw : bool
        Whether to raise on failure instead of returning what was reached.

    Raises
    ------
    ConvergenceError
        If the column is not solved, or the circuit does not close.
    CaseError
        If more of a product is to come back than there is.
    """
    if not circuit.recycles:
        result = solve_column(
            circuit.column, options=options, start=start.result if start else None, throw=throw
        )
        nothing = np.zeros(0)
        return CircuitResult(circuit, result, 1, 0.0, nothing, np.zeros((0, 0)))
    loop = _Loop(circuit)
    known = start is not None and len(start.returned) == loop.unknowns
    returned = start.returned if start is not None and known else loop.first()
    slopes = start.slopes if start is not None and known else None
    result = start.result if start is not None else None
    # an exchange is anything but linear: what it takes is first guessed
    guessed = not known and any(isinstance(r, Exchange) for r in circuit.recycles)
    patient = options._replace(iteration_limit=PATIENCE * options.iteration_limit)
    origin = step = np.zeros(0)  # of the step from the last column that was solved
    last, rounds, halved = np.inf, 0, 0
    alkaline: list[Result] = []
    while True:
        rounds += 1
        limits = patient if rounds == 1 else options
        result = solve_column(loop.column(returned), options=limits, start=result, throw=False)
        mismatch, off = np.inf, np.zeros(0)
        if result.status in (Status.CONVERGED, Status.EXCESS_BASE):
            off = loop.left(result) - returned
            mismatch = loop.mismatch(off, returned)
        if mismatch <= LOOP_LIMIT or rounds == MOST_ROUNDS:
            break
        if result.converged and guessed:
            guessed, returned = False, returned + off
        elif result.converged:
            if slopes is None or mismatch > SLOW * last:
                slopes = loop.slopes(result)
            last, halved, origin = mismatch, 0, returned
            step, *_ = np.linalg.lstsq(np.eye(len(off)) - slopes, off, rcond=None)
            returned = loop.possible(origin + step)
            step = returned - origin
        elif off.size and len(alkaline) < MOST_ALKALINE:
            alkaline.append(result)
            returned = returned + off  # which may yet take up the base
        elif step.size and halved < MOST_HALVED:
            halved += 1
            returned = origin + 0.5**halved * step
        else:
            break
    if alkaline and not (result.converged or off.size):
        result = alkaline[-1]  # says why, where a column that is not solved does not
    if slopes is None:
        slopes = np.zeros((loop.unknowns, loop.unknowns))
    if result.converged:
        streams = net_products(circuit, result.streams)
        result = replace(result, streams=streams, net_fed=net_feed(circuit))
    result = replace(result, status=_ended(circuit, result, mismatch))
    found = CircuitResult(circuit, result, rounds, mismatch, returned, slopes)
    if throw and not found.converged:
        raise ConvergenceError(found.explanation, found)
    return found


def _ended(circuit: Circuit, result: Result, mismatch: float) -> Status:
    """Return how a circuit ended, its column having ended as it did."""
    if result.converged and mismatch <= LOOP_LIMIT:
        return Status.CONVERGED
    loops = any(isinstance(recycle, SolventLoop) for recycle in circuit.recycles)
    explained = result.status in (Status.CONVERGED, Status.EXCESS_BASE)
    if loops and explained and result.stages.loading[-1] > STRIPPED:
        return Status.WEAK_STRIP
    return Status.NOT_CLOSED if result.converged else result.status
