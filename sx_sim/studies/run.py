"""Solving a case, and sweeping it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import NoneType
from typing import Any

import numpy as np

from sx_sim.cascade.column import Column
from sx_sim.cases.load import CASE_NEEDED, Case
from sx_sim.chemistry.database import fingerprint
from sx_sim.errors import CaseError, check_kind
from sx_sim.flowsheet.flowsheet import ALONE, Flowsheet
from sx_sim.flowsheet.outputs import check_outputs
from sx_sim.flowsheet.recycles import Circuit
from sx_sim.flowsheet.result import Result
from sx_sim.flowsheet.steady import solve_flowsheet, solve_flowsheets
from sx_sim.studies.axes import nominal_of, points_of, read_axes
from sx_sim.studies.band import TABLES, band_points, heated_axis
from sx_sim.studies.kept import OUTSIDE, SWEEP, Journal, known_blocks, stamp_of
from sx_sim.studies.points import Block, Points
from sx_sim.studies.size import check_size
from sx_sim.studies.sweep import (
    Progress,
    Settings,
    SweepResult,
    run_points,
    solve_block,
    specifications,
)
from sx_sim.studies.tables import Recorded, Tables, recorded


def solve(
    case: Case | Flowsheet | Column,
    *,
    start: Result | None = None,
    step: Callable[[str], None] = lambda _: None,
    throw: bool = True,
    strict: bool = False,
) -> Result:
    """Solve a case for its steady state: a column, a closed circuit or a train.

    Parameters
    ----------
    case : Case, Flowsheet or Column
    start : Result, optional
        Of a similar flowsheet, to start from.
    step : callable
        Called with the name of each circuit of a train once it is solved.
    throw : bool
        Whether to raise on failure instead of returning the last iterate.
    strict : bool
        Whether a result beyond the ranges of its constants is an error.

    Returns
    -------
    Result

    Raises
    ------
    ConvergenceError
        If it is not solved; the error's ``result`` holds the last iterate.
    OutsideRangeError
        If it is strict and leaves a range; a CaseError whose ``result`` holds the solution.

    Examples
    --------
    >>> import sx_sim
    >>> case = sx_sim.parse_case('''
    ... temperature = "25 degC"
    ... [solvent]
    ... extractant = "hehehp-chloride"
    ... concentration = "1 mol/L"
    ... flow = "200 L/h"
    ... [feeds.liquor]
    ... concentrations = { Nd = "0.1 mol/L", Dy = "0.02 mol/L" }
    ... acid = "0.3 mol/L"
    ... flow = "100 L/h"
    ... [sections.extraction]
    ... stages = 10
    ... ''')
    >>> result = sx_sim.solve(case)
    >>> result.status.text
    'converged'
    >>> result.recovery("Dy", "loaded solvent") > 0.999
    True
    """
    check_kind(case, (Case, Flowsheet, Column), CASE_NEEDED)
    check_kind(start, (Result, NoneType), "start needs a result, as solve returns it")
    if isinstance(case, Column):
        case = Flowsheet({ALONE: Circuit(case)})
    flowsheet = case if isinstance(case, Flowsheet) else case.flowsheet
    try:
        result = solve_flowsheet(flowsheet, start=start, step=step, throw=throw)
    except CaseError as error:
        name = case.name if isinstance(case, Case) else ""
        raise CaseError(error.problems, name) from None
    return result.within_ranges() if strict else result


def run_sweep(
    case: Case,
    *,
    points: Points | None = None,
    outputs: Sequence[str] | None = None,
    executor: Executor | None = None,
    journal: Journal | None = None,
    progress: Progress | None = None,
    strict: bool = False,
) -> SweepResult:
    """Solve a case at every point of its sweep.

    Parameters
    ----------
    case : Case
        With a ``[sweep]`` table, unless points are given.
    points : Points, optional
        Where to solve, instead.
    outputs : sequence of str, optional
        What to record, instead of what the case says.
    executor : concurrent.futures.Executor, optional
        What runs the blocks of neighbouring points: processes, or a cluster behind that
        interface. None for one after another, here. The bits are the same.
    journal : Journal, optional
        Keeps every block as it is solved, and gives back those kept before.
    progress : callable, optional
        Called with the solves done and all there are.
    strict : bool
        Whether a point beyond the ranges of its constants ends the sweep.

    Raises
    ------
    CaseError
        If there is no sweep, or an axis or an output does not fit the case; as
        OutsideRangeError, if it is strict and a point leaves a range.
    """
    check_kind(case, Case, CASE_NEEDED)
    sweep = case.content.sweep
    if points is not None:
        points = replace(points, axes=read_axes(case, points.axes))
        members = 0
    elif sweep is None:
        raise CaseError(
            "sweep is missing: give [[sweep.axes]] with path, from, to, points", case.name
        )
    else:
        points = points_of(case, sweep)
        members = sweep.band_members
    record = recorded_of(case, points, outputs)
    heated = heated_axis(points) if members else None
    around = band_points(case, heated, members) if heated else None
    step = _counter(points.count + (around.count if around else 0), progress)
    stamp = stamp_of(case, points, record)
    found = _swept(
        case,
        points,
        record,
        partial(_solve_block, case, fingerprint(), points, record, strict),
        executor=executor,
        known=known_blocks(journal, stamp, points, record, strict) if journal else None,
        keep=(lambda k, block: journal.keep(k, {**block, SWEEP: stamp})) if journal else None,
        step=step,
    )
    band = None
    if around is not None:
        of_band = replace(record, tables=TABLES, numbers=(), stages=0)
        around = replace(around, axes=read_axes(case, around.axes))
        solve = partial(_solve_block, case, fingerprint(), around, of_band, False)
        band = _swept(case, around, of_band, solve, executor=executor, step=step)
    return replace(found, band=band, specifications=specifications(case), own=_own(case, record))


def _swept(
    case: Case, points: Points, record: Recorded, solve: Callable[[Block], Tables], **how: Any
) -> SweepResult:
    """Return the results of a sweep, its blocks solved as ``run_points`` takes them."""
    tables = run_points(points, record, solve, **how)
    own = tuple(nominal_of(case, axis) for axis in points.axes)
    return SweepResult(points, own, record, tables)


def _own(case: Case, record: Recorded) -> tuple[float, ...]:
    """Return the specified quantities of the case itself."""
    names = [spec.output for spec in case.content.specifications]
    if not names:
        return ()
    tables = record.empty((1,))
    for result in solve_flowsheets([case.flowsheet]):
        if result is not None:
            record.write(tables, 0, result)
    return tuple(float(tables[name][0]) for name in names)


def recorded_of(case: Case, points: Points, outputs: Sequence[str] | None) -> Recorded:
    """Return the recorded quantities of a sweep of a case; errors as ``run_sweep``."""
    sweep = case.content.sweep
    named = sweep.outputs if sweep and outputs is None else outputs
    try:
        record = recorded(
            case.flowsheet,
            named,
            more=[spec.output for spec in case.content.specifications],
            products=sweep.products if sweep else None,
            elements=sweep.elements if sweep else None,
        )
        check_outputs(case.flowsheet, record.numbers)
    except CaseError as error:
        raise CaseError(error.problems, case.name) from None
    longer = [a.path for a in points.axes if a.path.rpartition(".")[2] == "stages"]
    if record.stages and longer:
        raise CaseError(
            f"sweep.outputs: profiles need as many stages everywhere, and '{longer[0]}' is an "
            "axis; leave out one of them",
            case.name,
        )
    try:
        check_size(points.count, record.width, "give fewer points, or outputs of fewer numbers")
    except CaseError as error:
        raise CaseError([f"sweep: {p}" for p in error.problems], case.name) from None
    return record


def _solve_block(
    case: Case, installation: str, points: Points, record: Recorded, strict: bool, block: Block
) -> Tables:
    """Solve a block of a case's sweep; all it needs is passed, so it can run anywhere."""
    _check_installation(installation)
    outside = np.zeros(block.size, dtype=bool)

    def noted(settings: Sequence[Settings]) -> list[Result | None]:
        sheets = (_flowsheet(case, values) for values in settings)
        results = solve_flowsheets(sheets, start=None if points.alike else case.flowsheet)
        for k, result in enumerate(results):
            if result is not None:
                outside[k] = result.converged and any(c.outside for c in result.cautions)
        return [result and result.within_ranges() for result in results] if strict else results

    return {**solve_block(points, record, block, noted), OUTSIDE: outside}


def _flowsheet(case: Case, values: Settings) -> Flowsheet | None:
    """Return the flowsheet of a case with other inputs, None where these make none."""
    with suppress(CaseError):
        return case.at(values)
    return None


def _check_installation(installation: str) -> None:
    """Raise CaseError where another process was started from another installation."""
    if installation != fingerprint():
        raise CaseError(
            f"a worker has {fingerprint()} and the sweep was started with {installation}; "
            "install the same sx_sim on every worker"
        )


def _counter(total: int, progress: Progress | None) -> Callable[[int], None]:
    """Return a callback that accumulates finished solves and reports progress."""
    done = 0

    def step(more: int) -> None:
        nonlocal done
        done += more
        if progress:
            progress(done, total)

    return step
