"""What commands would refuse of a case or a train, told before anything is solved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from sx_sim.analysis.tables import check_numbers
from sx_sim.cascade.column import Column
from sx_sim.cascade.streams import Stream
from sx_sim.cases.axes import points_of
from sx_sim.cases.load import Case
from sx_sim.cases.run import recorded_of
from sx_sim.cases.trains import Train
from sx_sim.errors import CaseError, DrainedError
from sx_sim.flowsheet.train import Link
from sx_sim.flowsheet.treatment import REDISSOLVING

STAND_IN = 1e-3  # [mol/L] of every species in a source that is not solved yet
PLENTY = 1e6  # [L/h] of it, so that no draw takes all


def check_case(case: Case) -> None:
    """Raise CaseError for all that a sweep or a specification of a case gets wrong."""
    asked = [spec.output for spec in case.file.specifications]
    problems = [p for name in asked for p in _problems(partial(check_numbers, case.column, [name]))]
    if not problems and case.file.sweep is not None:
        sweep = case.file.sweep
        problems = _problems(lambda: recorded_of(case, points_of(case, sweep), None))
    if problems:
        raise CaseError(problems, case.name)


def check_train(train: Train) -> dict[str, Column]:
    """Return the columns of a train that are fed from outside alone, by circuit.

    Circuits fed by others are built with stand-ins of what these will pass on.

    Raises
    ------
    CaseError
        For every circuit that cannot be built.
    """
    columns: dict[str, Column] = {}
    problems: list[str] = []
    for unit in train.units():
        sources = {
            link.feed: _stand_in(train, link, columns[link.source])
            for link in unit.links
            if link.source in columns
        }

        def build(name: str = unit.name, sources: dict[str, Stream] = sources) -> None:
            try:
                case = train.case(name, sources)
            except DrainedError:
                if not sources:
                    raise
                return  # hangs on what the sources turn out to pass on
            columns[name] = case.column
            check_case(case)

        problems += [
            p if p.startswith("circuits.") else f"circuits.{unit.name}.{p}"
            for p in _problems(build)
        ]
    if problems:
        raise CaseError(problems, train.name)
    linked = {unit.name for unit in train.units() if unit.links}
    return {name: column for name, column in columns.items() if name not in linked}


def _stand_in(train: Train, link: Link, column: Column) -> Stream:
    """Return a stream of the species that a source passes on."""
    phase = next(phase for name, phase, *_ in column.outlets() if name == link.product)
    system, table = column.system, train.files[link.circuit].feeds[link.feed]
    given = any(value is not None for value in (table.acid, table.pH, table.strength))
    there = np.full(len(system.species), True)
    if phase == "organic":
        there = np.array([not c.inert for c in system.constants], dtype=bool)
    elif given and table.by == REDISSOLVING:
        there = system.rare_earth
    acid = STAND_IN if phase == "aqueous" else np.nan
    held = np.where(there, STAND_IN, 0.0)
    return Stream(system, link.feed, phase, PLENTY, held, 1.0, acid)


def _problems(check: Callable[[], object]) -> list[str]:
    try:
        check()
    except CaseError as error:
        return error.problems
    return []
