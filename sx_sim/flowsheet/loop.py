"""The recycle streams of a circuit as a vector of unknowns, and the map from it to the outlets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.column import Column
from sx_sim.cascade.linearise import Answer, Linearised, Seed
from sx_sim.cascade.results import CascadeResult, solve_column
from sx_sim.cascade.status import Status
from sx_sim.cascade.streams import Stream
from sx_sim.cascade.tangents import Tangent, zero_tangent
from sx_sim.flowsheet.recycles import Circuit, Recycle

Array = NDArray[np.float64]
LOOP_LIMIT = 1e-10  # mismatch of the recycle streams, over what is fed in all
INTERNAL_RECYCLE_SHARE = 1e-4  # share of an internal recycle below which a mismatch is none
LEAST = 1e-15  # share of what is fed below which a species counts as that much


class Loop:
    """The unknowns of a circuit: concentrations, and anions of refluxes, per recycle.

    ``close`` takes it as what tear streams close.
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.template = circuit.column
        self.size = len(self.template.system.species)
        width = self.size + 1
        self.places = [slice(k * width, (k + 1) * width) for k in range(len(circuit.recycles))]
        self.pairs = list(zip(circuit.recycles, self.places, strict=True))
        self.count = self.places[-1].stop
        self.iterations = 0

    @property
    def limit(self) -> float:
        """Largest mismatch of a closed circuit."""
        return LOOP_LIMIT

    @property
    def substitutes(self) -> bool:
        """Whether what a recycle takes has first to be guessed."""
        return any(recycle.guessed for recycle in self.circuit.recycles)

    def fresh(self, recycle: Recycle) -> Stream:
        """Return the feed of a recycle without recycled metals."""
        return self.template.feed(recycle.feed)

    def initial(self) -> Array:
        """Return the initial recycle streams.

        In solvent no metals; in exchange for base rare earths as they are fed; in refluxes
        half of what the strongest acid fed can hold of them.
        """
        returned = np.zeros(self.count)
        water = [f.stream for f in self.template.feeds if f.stream.phase == "aqueous"]
        strongest = max(stream.carrier for stream in water)
        fed = self.template.fed.sum(axis=0) * self.template.system.rare_earth
        fed = 0.5 * strongest * fed / max(float(fed @ self.template.system.charge), 1e-300)
        for recycle, place in self.pairs:
            alike = replace(water[0], concentration=fed, carrier=strongest)
            metals, anions = recycle.initial(self.fresh(recycle), alike)
            returned[place] = np.append(metals, anions)
        return returned

    def project(self, returned: Array, change: Array) -> Array:
        """Return the recycle streams changed, as far as that is possible: nothing below zero.

        What an exchange takes is scaled to the base that it takes the place of.
        """
        returned = np.maximum(returned + change, 0.0)
        for recycle, place in self.pairs:
            metals = returned[place][:-1]
            metals[:] = recycle.possible(self.fresh(recycle), metals)
        return returned

    def column(self, returned: Array) -> Column:
        """Return the column fed with the recycle streams."""
        streams: dict[str, Stream] = {}
        for recycle, place in self.pairs:
            fresh = self.fresh(recycle)
            *metals, anions = returned[place]
            before = streams.get(recycle.feed, fresh)
            streams[recycle.feed] = recycle.feed_with(fresh, before, np.array(metals), anions)
        return self.template.with_streams(streams)

    def solve(self, returned: Array, before: CascadeResult | None) -> CascadeResult:
        """Return the column solved with the recycle streams."""
        column, options = self.column(returned), self.circuit.options
        found = solve_column(column, options=options, start=before, throw=False)
        self.iterations += found.iterations
        return found

    def solved(self, result: CascadeResult) -> bool:
        """Whether the column is solved."""
        return result.converged

    def stalled(self, result: CascadeResult) -> bool:
        """Whether an exchange asks for more rare earths than its product holds."""
        return any(base > held * (1.0 + 1e-9) for _, base, held in exchanged(self.circuit, result))

    def outgoing(self, result: CascadeResult) -> Array:
        """Return the outlets in terms of the unknowns: the residual is this less the unknowns.

        Empty where the column is not solved, nor has an answer with more base than acid.
        """
        if result.status not in (Status.CONVERGED, Status.EXCESS_BASE):
            return np.zeros(0)
        parts = []
        for recycle in self.circuit.recycles:
            metals, anions = recycle.returned(self.fresh(recycle), result.streams[recycle.product])
            parts.append(np.append(metals, anions))
        return np.concatenate(parts)

    def mismatch(self, result: CascadeResult, off: Array, returned: Array) -> float:
        """Return the largest mismatch of the recycle streams, over what is fed in all.

        Where a species goes round so often that this is beyond rounding, over a small share of
        what goes round.
        """
        fed = self.template.fed.sum(axis=0)
        water = [f.stream for f in self.template.feeds if f.stream.phase == "aqueous"]
        anions = sum(stream.flow * stream.carrier for stream in water)
        whole = np.append(np.maximum(fed, LEAST * fed.max()), anions)
        worst = 0.0
        for recycle, place in self.pairs:
            flow = self.fresh(recycle).flow
            scale = np.maximum(whole, INTERNAL_RECYCLE_SHARE * flow * returned[place])
            worst = max(worst, float((flow * np.abs(off[place]) / scale).max()))
        return worst

    def jacobian(self, result: CascadeResult) -> Array:
        """Return the Jacobian of the outlets by the recycle streams (U, U)."""
        linearised = Linearised(result)
        table = np.zeros((self.count, self.count))
        for recycle, place in self.pairs:
            for i, tangent in self._tangents(result, recycle):
                answer = linearised.leaves(tangent)
                table[:, place.start + i] = self.outgoing_jvp(result, answer)
        return table

    def _tangents(self, result: CascadeResult, recycle: Recycle) -> Iterator[tuple[int, Tangent]]:
        """Yield the tangent of each unknown of a recycle, per its unit."""
        column = result.column
        feed = next(f for f in column.feeds if f.stream.name == recycle.feed)
        stage, flow = feed.stage - 1, feed.stream.flow
        metals, anions = recycle.jacobian(self.fresh(recycle), result.streams[recycle.product])
        water = feed.stream.phase == "aqueous"
        mixing = flow * column.mixing(feed.stage) if water else np.zeros(column.stages)
        for i in np.flatnonzero(metals.any(axis=1)):
            tangent = zero_tangent(result)
            tangent.cascade.feed[stage, i] = flow
            if not water and column.settling is not None:
                tangent.cascade.organic_feed[stage, i] = flow
            if not anions:  # they balance the metals
                tangent.cascade.anion[:] = mixing * column.system.charge[i]
            yield int(i), tangent
        if anions:
            tangent = zero_tangent(result)
            tangent.cascade.anion[:] = mixing
            yield self.size, tangent

    def outgoing_jvp(self, result: CascadeResult, answer: Answer) -> Array:
        """Return the tangent of the outlets, in terms of the unknowns, from the column's."""
        column = result.column
        outlets = {name: (phase, j) for name, phase, j, _ in column.outlets()}
        parts = []
        for recycle in self.circuit.recycles:
            phase, j = outlets[recycle.product]
            leaving = result.streams[recycle.product]
            metals, anions = recycle.jacobian(self.fresh(recycle), leaving)
            held = column.with_drops(phase, j, answer.x[j], answer.organic[j])
            system = column.system
            gained = answer.anion[j] if system.acid < 0 else held @ system.charge
            parts.append(np.append(metals @ held, anions * gained))
        return np.concatenate(parts)

    def outgoing_vjp(self, result: CascadeResult, gain: Array, seed: Seed) -> None:
        """Add to a seed what a number gains per unit of what leaves (U,): ``gained`` turned."""
        outlets = {name: (phase, j) for name, phase, j, _ in result.column.outlets()}
        for recycle, place in self.pairs:
            phase, j = outlets[recycle.product]
            leaving = result.streams[recycle.product]
            metals, anions = recycle.jacobian(self.fresh(recycle), leaving)
            (seed.x if phase == "aqueous" else seed.organic)[j] += gain[place][:-1] @ metals
            seed.anion[j] += anions * gain[place][-1]


def exchanged(circuit: Circuit, result: CascadeResult) -> list[tuple[str, float, float]]:
    """Return the product of every recycle, and what is asked of it and held by it [eq/h]."""
    return [
        (r.product, *r.balance(circuit.column.feed(r.feed), result.streams[r.product]))
        for r in circuit.recycles
    ]
