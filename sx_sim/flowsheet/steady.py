"""The steady state of a flowsheet: circuits one after another, links that go back as tears."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.results import CascadeResult, solve_columns
from sx_sim.cascade.streams import Stream
from sx_sim.errors import CaseError, ConvergenceError
from sx_sim.flowsheet.circuit import CircuitResult, solve_circuit
from sx_sim.flowsheet.derivatives import LinearFlowsheet, numbers_of, within
from sx_sim.flowsheet.flowsheet import ALONE, Flowsheet, Link, emptied
from sx_sim.flowsheet.linear import CARRIER, FLOW, LN_ACID
from sx_sim.flowsheet.result import TEAR_LIMIT, Result
from sx_sim.flowsheet.tears import close
from sx_sim.flowsheet.treatment import Treatment

Array = NDArray[np.float64]


def solve_flowsheet(
    flowsheet: Flowsheet,
    *,
    start: Result | None = None,
    step: Callable[[str], None] = lambda _: None,
    throw: bool = True,
) -> Result:
    """Solve circuits one after another, again if anything goes back.

    Parameters
    ----------
    flowsheet : Flowsheet
    start : Result, optional
        Of a similar flowsheet.
    step : callable
        Called with the name of each circuit once it is solved.
    throw : bool
        Whether to raise on failure instead of returning what was reached.

    Raises
    ------
    ConvergenceError
        If a circuit is not solved, or what goes back does not settle.
    CaseError
        If a circuit cannot be made of what passes to it.
    """
    if not flowsheet.torn:
        result = _pass(flowsheet, start, {}, step)
    else:
        tear = BackLinks(flowsheet, step)
        streams = tear.carried(start) if start else None
        known = start is not None and len(start.jacobian) == tear.count
        closed = close(tear, streams, start.jacobian if start and known else None, start)
        result = replace(
            closed.found,
            passes=closed.rounds,
            mismatch=closed.mismatch,
            jacobian=closed.jacobian,
        )
    if throw and not result.converged:
        raise ConvergenceError(result.explanation, result)
    return result


def solve_flowsheets(
    flowsheets: Iterable[Flowsheet | None], *, start: Flowsheet | None = None
) -> list[Result | None]:
    """Solve flowsheets, whatever becomes of each; None where there is none, or none can be made.

    Parameters
    ----------
    flowsheets : iterable of Flowsheet or None
        In an order in which neighbours are alike: each starts from those before it, if they
        are of one kind.
    start : Flowsheet, optional
        Where they are not alike: what to solve first, and start all of them from.
    """
    sheets = list(flowsheets)
    there = [sheet for sheet in sheets if sheet is not None]
    if there and all(ALONE in sheet.circuits and not sheet.circuit.recycles for sheet in there):
        options = there[0].circuit.options
        first = start.circuit.column if start else None
        columns = [sheet.circuit.column for sheet in there]
        solved = iter(solve_columns(columns, options=options, start=first))
        return [sheet and of_cascade(sheet, next(solved)) for sheet in sheets]
    found: list[Result | None] = []
    before = _solved(start, None) if there else None
    for sheet in sheets:
        result = _solved(sheet, before)
        if start is None and result is not None:
            before = result if result.converged else None
        found.append(result)
    return found


def _solved(flowsheet: Flowsheet | None, start: Result | None) -> Result | None:
    """Return the result of a flowsheet, None where none can be made."""
    if flowsheet is not None:
        with suppress(CaseError):
            return solve_flowsheet(flowsheet, start=start, throw=False)
    return None


def of_cascade(flowsheet: Flowsheet, found: CascadeResult) -> Result:
    """Return the result of a flowsheet of one open column, as it was solved."""
    return Result(flowsheet, {ALONE: CircuitResult(flowsheet.circuit, found)}, {})


class BackLinks:
    """The links of a flowsheet that go back, as what tear streams close.

    The unknowns are the numbers of what each link carries.
    """

    substitutes = True  # nothing is known to come back at first

    def __init__(self, flowsheet: Flowsheet, step: Callable[[str], None]) -> None:
        self.flowsheet, self.step, self.limit = flowsheet, step, TEAR_LIMIT
        self.places: dict[Link, slice] = {}
        end = 0
        for link in flowsheet.torn:
            size = len(flowsheet.circuits[link.source].column.system.species) + 3
            self.places[link] = slice(end, end + size)
            end += size
        self.count = end

    def initial(self) -> Array:
        """Return nothing of any stream."""
        return np.zeros(self.count)

    def solve(self, streams: Array, before: Result | None) -> Result:
        """Return every circuit solved once with what comes back."""
        passed = {link: self.stream(link, streams[place]) for link, place in self.places.items()}
        return _pass(self.flowsheet, before, passed, self.step)

    def stream(self, link: Link, numbers: Array) -> Stream | None:
        """Return the stream of a link, None where nothing flows."""
        if not numbers[FLOW] > 0.0:
            return None
        column = self.flowsheet.circuits[link.source].column
        wet = column.products.get(link.product, "aqueous") == "aqueous"
        return Stream(
            system=column.system,
            name=link.product,
            phase="aqueous" if wet else "organic",
            flow=float(numbers[FLOW]),
            concentration=numbers[:FLOW].copy(),
            carrier=float(numbers[CARRIER]) if wet or column.knows_extractant else np.nan,
            acid=float(np.exp(numbers[LN_ACID])) if wet else np.nan,
        )

    def solved(self, result: Result) -> bool:
        """Whether every circuit is solved."""
        return all(unit.converged for unit in result.units.values())

    def stalled(self, result: Result) -> bool:
        """No product is asked for more than there is."""
        return False

    def outgoing(self, result: Result) -> Array:
        """Return what the links carry; empty where a circuit is not solved."""
        if not self.solved(result):
            return np.zeros(0)
        return np.concatenate([numbers_of(_product(result.units, link)) for link in self.places])

    def carried(self, result: Result) -> Array | None:
        """Return what the links carried in an earlier result, if it has them."""
        parts = []
        for link, place in self.places.items():
            unit = result.units.get(link.source)
            stream = unit.streams.get(link.product) if unit else None
            if stream is None or len(stream.concentration) + 3 != place.stop - place.start:
                return None
            parts.append(numbers_of(stream))
        return np.concatenate(parts)

    def mismatch(self, result: Result, off: Array, streams: Array) -> float:
        """Return the largest change of what comes back: species over all that is fed, flows."""
        whole, sizes = float(np.abs(result.fed).sum()), [0.0]
        for place in self.places.values():
            was, now = streams[place], streams[place] + off[place]
            moles = now[FLOW] * now[:FLOW] - was[FLOW] * was[:FLOW]
            sizes += [
                float(np.abs(moles).max(initial=0.0)) / whole,
                abs(off[place][FLOW]) / now[FLOW],
            ]
        return max(sizes)

    def jacobian(self, result: Result) -> Array:
        """Return the Jacobian of what comes back by what is assumed of it."""
        return LinearFlowsheet(result).around()

    def project(self, streams: Array, change: Array) -> Array:
        """Return what the links carry, changed; what would fall below zero halves instead."""
        new = streams + change
        for place in self.places.values():
            new[place] = within(streams[place], new[place])
        return new


def _pass(
    flowsheet: Flowsheet,
    before: Result | None,
    passed: Mapping[Link, Stream | None],
    step: Callable[[str], None],
) -> Result:
    """Solve every circuit once, as far as one that is not solved."""
    units: dict[str, CircuitResult] = {}
    treatments: dict[Link, Treatment] = {}
    for name, circuit in flowsheet.circuits.items():
        fed: dict[str, Stream] = {}
        for link in flowsheet.links_to(name):
            stream = passed[link] if link in passed else _product(units, link)
            if stream is None:
                fed[link.feed] = emptied(circuit.column.feed(link.feed))
                continue
            treatments[link] = link.treat(stream)
            fed[link.feed] = treatments[link].stream
        earlier = before.units.get(name) if before else None
        start = earlier if earlier and earlier.converged else None
        try:
            units[name] = solve_circuit(
                circuit.fed(fed) if fed else circuit, start=start, throw=False
            )
        except CaseError as error:
            if not name:
                raise
            raise type(error)([f"circuits.{name}.{p}" for p in error.problems]) from None
        step(name)
        if not units[name].converged:
            break
    return Result(flowsheet, units, treatments)


def _product(units: Mapping[str, CircuitResult], link: Link) -> Stream:
    streams = units[link.source].streams
    if link.product not in streams:
        raise CaseError(
            f"{link.key}: nothing leaves as {link.source}.{link.product}; draw or reflux less of it"
        )
    return streams[link.product]
