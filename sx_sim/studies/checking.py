"""What commands would refuse of a case, told before anything is solved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sx_sim.cases.load import Case
from sx_sim.errors import CaseError
from sx_sim.flowsheet.outputs import check_outputs
from sx_sim.studies.axes import points_of
from sx_sim.studies.run import recorded_of


def check_case(case: Case) -> None:
    """Raise CaseError for all that a sweep or a specification of a case gets wrong."""
    asked = [spec.output for spec in case.content.specifications]
    check = partial(check_outputs, case.flowsheet)
    problems = [p for name in asked for p in _problems(partial(check, [name]))]
    if not problems and case.content.sweep is not None:
        sweep = case.content.sweep
        problems = _problems(lambda: recorded_of(case, points_of(case, sweep), None))
    if problems:
        raise CaseError(problems, case.name)


def _problems(check: Callable[[], object]) -> list[str]:
    try:
        check()
    except CaseError as error:
        return error.problems
    return []
