"""Derivatives of a circuit: tangents and cotangents of its outlets, recycles included.

With the recycle streams, u, held, an input p changes what leaves by dg/dp. Then u itself moves by
(1 - dg/du)^-1 dg/dp, and the column answers to both. Transposed, the same gives what a number
gains from every input.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.linearise import Answer, Linearised, Seed
from sx_sim.cascade.results import CascadeResult, doses, products
from sx_sim.cascade.streams import Stream
from sx_sim.cascade.tangents import Tangent, of_columns
from sx_sim.chemistry.organic import organic_complexes
from sx_sim.flowsheet.circuit import CircuitResult
from sx_sim.flowsheet.loop import Loop
from sx_sim.flowsheet.recycles import (
    Circuit,
    net_feed,
)

Array = NDArray[np.float64]
STEP = 1e-4  # of a recycle stream, over its largest; feeds are all but linear in it
FED = ""  # among products: what is fed from outside
FLOW, CARRIER, LN_ACID = -3, -2, -1  # places in the numbers of a stream, after its species


@dataclass(frozen=True)
class Moved:
    """Tangent of an input at fixed stages and recycles; or the gradient of a number by one.

    Parameters
    ----------
    tangent : Tangent
        Of the column.
    outgoing : (U,) array
        Of the outlets, in terms of the unknowns of the recycles.
    fed : (S,) array
        From outside [mol/h].
    flows : mapping of str to float
        Of what leaves the circuit [L/h].
    """

    tangent: Tangent
    outgoing: Array
    fed: Array
    flows: Mapping[str, float]

    def plus(self, factor: float, other: Moved) -> Moved:
        """Return the sum of what two inputs move, so much of the other."""
        names = {*self.flows, *other.flows}
        return Moved(
            self.tangent.plus(factor, other.tangent),
            self.outgoing + factor * other.outgoing,
            self.fed + factor * other.fed,
            {n: self.flows.get(n, 0.0) + factor * other.flows.get(n, 0.0) for n in names},
        )

    def of(self, moved: Moved) -> float:
        """Return the directional derivative of a number with this gradient along an input."""
        flows = sum(gain * moved.flows.get(name, 0.0) for name, gain in self.flows.items())
        beside = self.outgoing @ moved.outgoing + self.fed @ moved.fed
        return self.tangent.dot(moved.tangent) + float(beside) + flows


class LinearCircuit:
    """A circuit as it was solved, linearised.

    Parameters
    ----------
    found : CircuitResult
        Converged.
    brought : collection of str
        Names of feeds that other circuits bring, which do not count as fed from outside.
    """

    def __init__(self, found: CircuitResult, brought: Collection[str] = ()) -> None:
        self.found, self.brought = found, brought
        self.gross: CascadeResult = found.cascade
        self.linearised = Linearised(self.gross)
        self.outlets = {
            name: (phase, j)
            for name, phase, j, _ in self.gross.column.outlets()
            if name in found.streams
        }
        self.loop = Loop(found.circuit) if found.circuit.recycles else None
        self.returned, self.units, self.answers = np.zeros(0), [], []
        if self.loop is not None:
            self.returned = self.loop.outgoing(self.gross)
            self.units = [self._unit(self.loop, k) for k in range(self.loop.count)]
            self.answers = [self.linearised.leaves(unit) for unit in self.units]
            slopes = [self.loop.outgoing_jvp(self.gross, answer) for answer in self.answers]
            self.open = np.eye(self.loop.count) - np.array(slopes).T

    def _unit(self, loop: Loop, k: int) -> Tangent:
        """Return the tangent of one unknown of the recycles, per its unit.

        By steps, where the loop's own changes are made for speed: what sulfate and
        activities make of a reflux counts here.
        """
        recycle, place = next(pair for pair in loop.pairs if k < pair[1].stop)
        most = max(float(self.returned[place].max()), loop.fresh(recycle).carrier)
        step = np.zeros_like(self.returned)
        step[k] = STEP * most
        columns = [loop.column(self.returned + way * step) for way in (-1.0, 1.0)]
        return of_columns(self.gross, columns, [-0.5 / step[k], 0.5 / step[k]])

    def alone(self, tangent: Tangent) -> Moved:
        """Return the tangent of a constant, which acts on the column alone."""
        return Moved(tangent, np.zeros_like(self.returned), np.zeros_like(self.found.fed), {})

    def nearby(self, circuits: Sequence[Circuit], weights: Sequence[float]) -> Moved:
        """Return the tangent of an input of the circuit, from circuits with other values of it.

        Parameters
        ----------
        circuits : sequence of Circuit
        weights : sequence of float
            Of a formula for the derivative.
        """
        columns, left, fed = [], np.zeros_like(self.returned), np.zeros_like(self.found.fed)
        flows = dict.fromkeys(self.found.streams, 0.0)
        for circuit, weight in zip(circuits, weights, strict=True):
            loop = Loop(circuit) if circuit.recycles else None
            column = loop.column(self.returned) if loop else circuit.column
            gross = products(column, self.gross.stages)
            columns.append(column)
            if loop is not None:
                left += weight * loop.outgoing(replace(self.gross, column=column, streams=gross))
            inside = sum((circuit.column.feed(name).moles for name in self.brought), 0.0 * fed)
            fed += weight * (net_feed(circuit, gross) - inside)
            for name, flow in _flows(circuit, gross).items():
                if name in flows:
                    flows[name] += weight * flow
        return Moved(of_columns(self.gross, columns, weights), left, fed, flows)

    def jvp(self, moved: Moved) -> dict[str, Array]:
        """Return how what leaves answers: the numbers of every product, and what is fed.

        The numbers of a stream are the concentrations of its species, its flow, its carrier
        and ln [H+] (S + 3,); under ``FED`` is what is fed from outside (S,).
        """
        tangent, (answer, _) = moved.tangent, self._whole(moved)
        ln_h, system = self.linearised.ln_h(tangent, answer), self.gross.system
        found: dict[str, Array] = {}
        for name, (phase, j) in self.outlets.items():
            held = self.linearised.held(tangent, answer, phase, j)
            flow = moved.flows.get(name, 0.0) - float(self._taken(name) @ held)
            wet = phase == "aqueous"
            anions = answer.anion[j] if system.acid < 0 else held @ system.charge
            carrier = anions if wet else tangent.cascade.dimer[j]
            found[name] = np.array([*held, flow, carrier, ln_h[j] if wet else 0.0])
        found[FED] = moved.fed.copy()
        for name, kept in self._kept().items():
            phase, j = self._outlet(name)
            found[FED] -= kept * self.linearised.held(tangent, answer, phase, j)
        return found

    def vjp(self, gains: Mapping[str, Array]) -> Moved | Turned:
        """Return the gradient with respect to every input, given that with respect to the products.

        Parameters
        ----------
        gains : mapping of str to (S + 3,) array
            What it gains per number of every product, as ``jvp`` gives them.

        Returns
        -------
        Its ``of`` takes what an input moves.
        """
        if not self.linearised.ideal:
            return Turned(self, gains)
        seed = Seed.of(self.gross.stages.aqueous.shape)
        for name, gain in gains.items():
            if name == FED:
                for product, kept in self._kept().items():
                    self._seed(seed, product, -kept * gain)
                continue
            phase, j = self.outlets[name]
            self._seed(seed, name, gain[:FLOW] - gain[FLOW] * self._taken(name))
            (seed.anion if phase == "aqueous" else seed.dimer)[j] += gain[CARRIER]
            seed.ln_h[j] += gain[LN_ACID] * (phase == "aqueous")
        left: Array = np.zeros_like(self.returned)
        if self.loop is not None:
            units = zip(self.units, self.answers, strict=True)
            direct = [self._gained(seed, tangent, answer) for tangent, answer in units]
            left[:] = np.linalg.lstsq(self.open.T, np.array(direct), rcond=None)[0]
            self.loop.outgoing_vjp(self.gross, left, seed)
        fed = gains.get(FED, np.zeros_like(self.found.fed))
        flows = {name: float(gain[FLOW]) for name, gain in gains.items() if name != FED}
        return Moved(self.linearised.gradient(seed), left, fed, flows)

    def extrapolated(self, circuit: Circuit, moved: Moved, step: float) -> CircuitResult:
        """Return the circuit a step of an input further, to first order.

        Parameters
        ----------
        circuit : Circuit
            As it is set up there.
        moved : Moved
            What the input moves, per its unit.
        step : float
            In that unit.
        """
        answer, follows = self._whole(moved)
        stages, column = self.gross.stages, circuit.column
        if circuit.recycles:
            column = Loop(circuit).column(self.returned + step * follows)
        law = self.linearised.law
        further = answer.step[:, law.ligand] if law.ligand else 0.0 * stages.acid
        anion = stages.anion + step * answer.anion
        aqueous = stages.aqueous + step * answer.x
        organic = stages.organic + step * answer.organic
        dimer = stages.dimer + step * moved.tangent.cascade.dimer
        acid = stages.acid * np.exp(step * self.linearised.ln_h(moved.tangent, answer))
        takes = organic_complexes(law, acid, stages.unknowns + step * answer.step).takes[0]
        takes = takes + step * moved.tangent.takes[0]
        at = replace(
            stages,
            temperature=column.temperature,
            aqueous_flow=column.volumes.settled_aqueous,
            organic_flow=column.volumes.settled_organic,
            aqueous=aqueous,
            organic=organic,
            acid=acid,
            anion=anion,
            free_anion=stages.free_anion * np.exp(step * further) if law.ligand else anion,
            dimer=dimer,
            loading=column.system.loading(organic, dimer, takes),
        )
        cascade = replace(
            self.gross,
            column=column,
            stages=at,
            streams=products(column, at),
            doses=doses(column, column.pack()[0], at),
        )
        return replace(self.found, circuit=circuit, cascade=cascade)

    def _whole(self, moved: Moved) -> tuple[Answer, Array]:
        """Return how the column answers, and how its recycle streams do (U,)."""
        answer = self.linearised.leaves(moved.tangent)
        if self.loop is None:
            return answer, self.returned
        gained = self.loop.outgoing_jvp(self.gross, answer) + moved.outgoing
        follows = np.asarray(np.linalg.lstsq(self.open, gained, rcond=None)[0], dtype=np.float64)
        parts = zip(*self.answers, strict=True)
        whole = Answer(
            *(
                alone + np.tensordot(follows, np.array(part), axes=1)
                for alone, part in zip(answer, parts, strict=True)
            )
        )
        return whole, follows

    def _gained(self, seed: Seed, tangent: Tangent, answer: Answer) -> float:
        """Return the derivative of a number along an answer, given its gradient as a seed."""
        held = np.vdot(seed.x, answer.x) + np.vdot(seed.organic, answer.organic)
        beside = seed.ln_h @ self.linearised.ln_h(tangent, answer) + seed.anion @ answer.anion
        return float(held + beside + seed.dimer @ tangent.cascade.dimer)

    def _seed(self, seed: Seed, name: str, gain: Array) -> None:
        phase, j = self._outlet(name)
        (seed.x if phase == "aqueous" else seed.organic)[j] += gain

    def _outlet(self, name: str) -> tuple[str, int]:
        return next((phase, j) for n, phase, j, _ in self.gross.column.outlets() if n == name)

    def _kept(self) -> dict[str, Array]:
        """Return the flows (S,) [L/h] of solvents that come back with what they need not be given.

        What solvent still holds of its base, as it comes back, is not fed afresh.
        """
        circuit, streams = self.found.circuit, self.gross.streams
        return {
            recycle.product: recycle.kept(
                circuit.column.feed(recycle.feed), streams[recycle.product]
            )
            for recycle in circuit.recycles
        }

    def _taken(self, name: str) -> Array:
        """Return how the flow that an exchange takes of a product follows what that holds (S,)."""
        circuit, streams = self.found.circuit, self.gross.streams
        slopes = [
            recycle.flow_drawn_slope(circuit.column.feed(recycle.feed), streams[name])
            for recycle in circuit.recycles
            if recycle.product == name
        ]
        return sum(slopes, np.zeros(len(self.found.elements)))


@dataclass(frozen=True)
class Turned:
    """What a number gains from every input of stages that are not ideal: by ``jvp``."""

    circuit: LinearCircuit
    gains: Mapping[str, Array]

    def of(self, moved: Moved) -> float:
        """Return the derivative along an input."""
        answers = self.circuit.jvp(moved)
        return float(sum(gain @ answers[name] for name, gain in self.gains.items()))


def _flows(circuit: Circuit, gross: Mapping[str, Stream]) -> dict[str, float]:
    """Return the flows of what leaves a circuit [L/h]; below zero next to none."""
    flows = {name: stream.flow for name, stream in gross.items()}
    for recycle in circuit.recycles:
        leaving = replace(gross[recycle.product], flow=flows[recycle.product])
        left = recycle.outlets(circuit.column.feed(recycle.feed), leaving)
        flows |= {name: stream.flow for name, stream in left.items()}
    return flows
