"""The closed circuit: its recycle streams equal its outlets, to the tolerance of a column."""

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
from sx_sim.flowsheet.tears import close

Array = NDArray[np.float64]
STRIPPED = 0.05  # loading at which solvent counts as not stripped


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
    known = start if start is not None and len(start.returned) == loop.count else None
    closed = close(
        loop,
        known.returned if known else None,
        known.jacobian if known and known.jacobian.size else None,
        start.cascade if start else None,
    )
    result = replace(
        closed.found,
        status=_ended(loop, closed.found, closed.mismatch),
        iterations=loop.iterations,
    )
    return CircuitResult(
        loop.circuit, result, closed.rounds, closed.mismatch, closed.streams, closed.jacobian
    )


def _ended(loop: Loop, result: CascadeResult, mismatch: float) -> Status:
    """Return how a circuit ended, its column having ended as it did."""
    circuit = loop.circuit
    short = result.converged and loop.stalled(result)
    if result.converged and mismatch <= loop.limit:
        return Status.SHORT_EXCHANGE if short else Status.CONVERGED
    loops = any(isinstance(recycle, SolventLoop) for recycle in circuit.recycles)
    stripped = loops and circuit.column.solvent_outlet == BARREN
    explained = result.status in (Status.CONVERGED, Status.EXCESS_BASE)
    if stripped and explained and result.stages.loading[-1] > STRIPPED:
        return Status.WEAK_STRIP
    if short:
        return Status.SHORT_EXCHANGE
    return Status.NOT_CLOSED if result.converged else result.status
