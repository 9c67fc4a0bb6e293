"""The steady state of a flowsheet: circuits one after another, and what goes back by Newton.

Where links go back, what they carry, t, is assumed, the circuits are solved in order, and say
what passes, f(t). Newton's method on f(t) = t takes its derivatives from the circuits' own and
keeps them while they serve.
"""

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
from sx_sim.flowsheet.derivatives import LinearFlowsheet, moved_to, numbers_of
from sx_sim.flowsheet.flowsheet import ALONE, Flowsheet, Link, emptied
from sx_sim.flowsheet.result import TEAR_LIMIT, Result
from sx_sim.flowsheet.treatment import Treatment

Array = NDArray[np.float64]
MOST_PASSES = 60
WARM_UP = 2  # passes before derivatives are taken: what goes back at first is nothing
SLOW = 0.2  # contraction above which derivatives are taken afresh


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
    torn = flowsheet.torn
    passed = {link: _found(start, link) for link in torn}
    known = all(stream is not None for stream in passed.values())
    slopes, last = None, np.inf
    passes, before = 0, start
    while True:
        passes += 1
        result = _pass(flowsheet, before, passed, step, passes)
        if not torn or _stopped(result):
            break
        found = {link: _product(result.units, link) for link in torn}
        mismatch = _change(found, passed, float(np.abs(result.fed).sum()))
        result = replace(result, mismatch=mismatch)
        if (known and mismatch <= TEAR_LIMIT) or passes == MOST_PASSES:
            break
        if passes < WARM_UP and not known:
            passed = dict(found)
        else:
            if slopes is None or mismatch > SLOW * last:
                slopes = LinearFlowsheet(result).around()
            passed, last = _newton(passed, found, slopes), mismatch
        known, before = True, result
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


def _stopped(result: Result) -> bool:
    """Whether a circuit is not solved."""
    return not all(found.converged for found in result.units.values())


def _pass(
    flowsheet: Flowsheet,
    before: Result | None,
    passed: Mapping[Link, Stream | None],
    step: Callable[[str], None],
    passes: int,
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
            treatments[link] = link.conditioner.treat(stream)
            fed[link.feed] = treatments[link].stream
        start = before.units.get(name) if before else None
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
    return Result(flowsheet, units, treatments, passes)


def _product(units: Mapping[str, CircuitResult], link: Link) -> Stream:
    streams = units[link.source].streams
    if link.product not in streams:
        raise CaseError(
            f"{link.key}: nothing leaves as {link.source}.{link.product}; draw or reflux less of it"
        )
    return streams[link.product]


def _found(start: Result | None, link: Link) -> Stream | None:
    """Return the stream of a link in an earlier result, if there is one."""
    unit = start.units.get(link.source) if start else None
    return unit.streams.get(link.product) if unit else None


def _change(
    found: Mapping[Link, Stream], passed: Mapping[Link, Stream | None], whole: float
) -> float:
    """Return the largest change of what goes back: species over all that is fed, flows."""
    sizes = [0.0]
    for link, stream in found.items():
        before = passed[link]
        moles, flow = (0.0, 0.0) if before is None else (before.moles, before.flow)
        sizes.append(float(np.abs(stream.moles - moles).max(initial=0.0)) / whole)
        sizes.append(abs(stream.flow - flow) / stream.flow)
    return max(sizes)


def _newton(
    passed: Mapping[Link, Stream | None], found: Mapping[Link, Stream], slopes: Array
) -> dict[Link, Stream | None]:
    """Return the tear streams of the next pass, none below zero."""
    was = [numbers_of(passed[link] or stream) for link, stream in found.items()]
    off = np.concatenate([numbers_of(s) for s in found.values()]) - np.concatenate(was)
    change = np.asarray(np.linalg.lstsq(np.eye(len(off)) - slopes, off, rcond=None)[0], np.float64)
    streams: dict[Link, Stream | None] = {}
    place = 0
    for (link, stream), old in zip(found.items(), was, strict=True):
        part = change[place : place + len(old)]
        place += len(old)
        streams[link] = moved_to(passed[link] or stream, old, part)
    return streams
