"""What a simulation would refuse of a case, told before anything is solved."""

from __future__ import annotations

from sx_sim.cases import Case
from sx_sim.cases.simulation import SimulationTable
from sx_sim.dynamics.control import loops_of
from sx_sim.dynamics.measured import check_measure
from sx_sim.dynamics.signals import Signals
from sx_sim.errors import CaseError
from sx_sim.flowsheet.quantities import QUANTITIES

USUAL = ("purity_reo", "concentration", "reo", "pH", "flow")  # tables recorded if none are named


def check_sections(case: Case, table: SimulationTable) -> None:
    """Raise CaseError for a section that there is not."""
    there = [s.name for c in case.flowsheet.circuits.values() for s in c.column.sections]
    for name in table.sections:
        if name not in there:
            told = f"simulation.sections.{name}: there is no such section; there are "
            raise CaseError(told + ", ".join(dict.fromkeys(there)), case.name)


def recorded(case: Case, table: SimulationTable) -> tuple[tuple[str, ...], list[str]]:
    """Return the tables and the single quantities that are to be recorded, or CaseError."""
    tables, names = USUAL, []
    if table.record is not None:
        wide = [name for name in table.record if name in QUANTITIES and QUANTITIES[name].along]
        tables, names = tuple(wide), [name for name in table.record if name not in wide]
    for name in tables:
        if "stage" in QUANTITIES[name].along:
            raise CaseError(
                f"simulation.record: '{name}' is no table over products; stages are kept",
                case.name,
            )
    names += [spec.output for spec in case.content.specifications]
    names = list(dict.fromkeys(names))
    for name in names:
        try:
            check_measure(case.flowsheet, name)
        except CaseError as error:
            problems = [f"simulation.record: {p}" for p in error.problems]
            raise CaseError(problems, case.name) from None
    return tables, names


def check_simulation(case: Case) -> None:
    """Raise CaseError for what its simulation table gets wrong, if it has one."""
    table = case.content.simulation
    if table is None:
        return
    check_sections(case, table)
    loops_of(case, table, Signals(case, table))
    recorded(case, table)
