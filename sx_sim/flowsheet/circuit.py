"""The closed circuit: its recycle streams equal its outlets, to the tolerance of a column.

The recycle streams, u, are fed; the column gives the outlets, g(u). Newton's method on g(u) = u
takes its derivatives from the column's own linearisation, one solve for each species that
comes back, and keeps them while they serve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.checks import Checks
from sx_sim.cascade.column import BARREN, Column
from sx_sim.cascade.products import Products
from sx_sim.cascade.profile import Profile
from sx_sim.cascade.results import CascadeResult, solve_column
from sx_sim.cascade.status import Status
from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.errors import ConvergenceError, check_kind
from sx_sim.flowsheet.loop import Loop, exchanged
from sx_sim.flowsheet.recycles import Circuit, SolventLoop, net_feed, net_products

Array = NDArray[np.float64]
LOOP_LIMIT = 1e-10  # mismatch of the recycle streams, over what is fed in all
MOST_ROUNDS = 40
MOST_ALKALINE = 3  # rounds with more base than acid
MOST_HALVED = 4  # times a step is halved that leads to a column that is not solved
MOST_UNSOLVED = 3  # columns that are not solved, in all
STRIPPED = 0.05  # loading at which solvent counts as not stripped
SHORT_ROUNDS = 8  # in a row that leave an exchange short, after which it counts as that
SLOW = 0.1  # contraction above which derivatives are taken afresh


@dataclass(frozen=True)
class CircuitResult(Products):
    """A circuit as it was solved, or as far as it got.

    Parameters
    ----------
    circuit : Circuit
        As it was set up.
    cascade : CascadeResult
        Its column, with the recycles in its feeds; its streams are those of the column.
    rounds : int
        Columns solved to close it.
    mismatch : float
        Largest difference of what comes back and what was fed as that, over what is fed to
        the circuit, of any species; recomputed from the result.
    returned : (U,) array
        Recycle streams, from which another solve can start.
    jacobian : (U, U) array
        Its derivatives, as last taken.
    """

    circuit: Circuit
    cascade: CascadeResult
    rounds: int = 1
    mismatch: float = 0.0
    returned: Array = field(default_factory=lambda: np.zeros(0), repr=False)
    jacobian: Array = field(default_factory=lambda: np.zeros((0, 0)), repr=False)

    def __repr__(self) -> str:
        closed = f"CircuitResult: {self.rounds} rounds, off by {self.mismatch:.1e}"
        head = f"{closed}; {self.status.text}; {self.column.summary}"
        return "\n  ".join([head, *map(repr, self.streams.values())])

    @cached_property
    def streams(self) -> Mapping[str, Stream]:
        """Products of the circuit by name; those of its column where it is not closed.

        Raises
        ------
        CaseError
            If more of a product is to be recycled than there is.
        """
        if not self.converged:
            return self.cascade.streams
        return net_products(self.circuit, self.cascade.streams)

    @cached_property
    def fed(self) -> Array:
        """Every species fed to it (S,) [mol/h], without recycles."""
        if not self.converged:
            return self.cascade.fed
        return net_feed(self.circuit, self.cascade.streams)

    @property
    def column(self) -> Column:
        """Its column, with the recycles in its feeds."""
        return self.cascade.column

    @property
    def checks(self) -> Checks:
        """Balances and closures of its column, recomputed."""
        return self.cascade.checks

    @property
    def stages(self) -> Profile:
        """What is in every stage."""
        return self.cascade.stages

    @property
    def system(self) -> ChemicalSystem:
        """Species and constants."""
        return self.cascade.system

    @property
    def elements(self) -> tuple[str, ...]:
        """Species, in the order of every array."""
        return self.cascade.elements

    @property
    def doses(self) -> Mapping[str, float]:
        """Acid dosed at every set point, base below zero [eq/h]."""
        return self.cascade.doses

    @property
    def status(self) -> Status:
        """How it ended."""
        return self.cascade.status

    @property
    def converged(self) -> bool:
        """Whether the column is solved and the circuit closed."""
        return self.cascade.converged

    @property
    def explanation(self) -> str:
        """How it ended, and what may help."""
        told = self.cascade.explanation
        if self.status == Status.SHORT_EXCHANGE:
            found = exchanged(self.circuit, self.cascade)
            name, base, held = max(found, key=lambda one: one[1] - one[2])
            return f"{told} The base is {base:.3g} eq/h, the rare earths of {name} {held:.3g} eq/h."
        if self.status != Status.NOT_CLOSED:
            return told
        return f"{told} It is off by {self.mismatch:.1e} of what is fed after {self.rounds} rounds."


def solve_circuit(
    circuit: Circuit, *, start: CircuitResult | None = None, throw: bool = True
) -> CircuitResult:
    """Solve a column together with its recycles.

    Parameters
    ----------
    circuit : Circuit
    start : CircuitResult, optional
        Of a circuit with as many stages and the same recycles, to start from.
    throw : bool
        Whether to raise on failure instead of returning what was reached.

    Raises
    ------
    ConvergenceError
        If the column is not solved, or the circuit does not close.
    CaseError
        If more of a product is to be recycled than there is.
    """
    check_kind(circuit, Circuit, "a circuit is needed, such as that of a case, case.circuit")
    if circuit.recycles:
        found = _closed(Loop(circuit), start)
    else:
        before = start.cascade if start else None
        column, options = circuit.column, circuit.options
        found = CircuitResult(
            circuit, solve_column(column, options=options, start=before, throw=False)
        )
    if throw and not found.converged:
        raise ConvergenceError(found.explanation, found)
    _ = found.streams  # says where more is to be recycled than there is
    return found


def _closed(loop: Loop, start: CircuitResult | None) -> CircuitResult:
    """Solve a circuit with recycles, as far as it goes."""
    known = start is not None and len(start.returned) == loop.count
    returned = start.returned if start is not None and known else loop.initial()
    jacobian = start.jacobian if start is not None and known and start.jacobian.size else None
    result = start.cascade if start is not None else None
    # an exchange is anything but linear: what it takes is first guessed
    guessed = not known and loop.exchanges
    origin = step = np.zeros(0)  # of the step from the last column that was solved
    last, rounds, halved, iterations = np.inf, 0, 0, 0
    short = 0  # rounds in a row
    unsolved = 0
    alkaline: list[CascadeResult] = []
    while True:
        rounds += 1
        result = solve_column(
            loop.column(returned), options=loop.circuit.options, start=result, throw=False
        )
        iterations += result.iterations
        mismatch, off = np.inf, np.zeros(0)
        if result.status in (Status.CONVERGED, Status.EXCESS_BASE):
            off = loop.outgoing(result) - returned
            mismatch = loop.mismatch(off, returned)
        if result.converged:
            short = short + 1 if loop.short(result) else 0
        unsolved += not off.size
        if mismatch <= LOOP_LIMIT or short == SHORT_ROUNDS:
            break
        if rounds == MOST_ROUNDS or unsolved == MOST_UNSOLVED:
            break
        if result.converged and guessed:
            guessed, returned = False, returned + off
        elif result.converged:
            if jacobian is None or mismatch > SLOW * last:
                jacobian = loop.jacobian(result)
            last, halved, origin = mismatch, 0, returned
            step = loop.step(origin, off, jacobian)
            returned = origin + step
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
    if jacobian is None:
        jacobian = np.zeros((loop.count, loop.count))
    ended = _ended(loop, result, mismatch)
    result = replace(result, status=ended, iterations=iterations)
    return CircuitResult(loop.circuit, result, rounds, mismatch, returned, jacobian)


def _ended(loop: Loop, result: CascadeResult, mismatch: float) -> Status:
    """Return how a circuit ended, its column having ended as it did."""
    circuit = loop.circuit
    short = result.converged and loop.short(result)
    if result.converged and mismatch <= LOOP_LIMIT:
        return Status.SHORT_EXCHANGE if short else Status.CONVERGED
    loops = any(isinstance(recycle, SolventLoop) for recycle in circuit.recycles)
    stripped = loops and circuit.column.solvent_outlet == BARREN
    explained = result.status in (Status.CONVERGED, Status.EXCESS_BASE)
    if stripped and explained and result.stages.loading[-1] > STRIPPED:
        return Status.WEAK_STRIP
    if short:
        return Status.SHORT_EXCHANGE
    return Status.NOT_CLOSED if result.converged else result.status
