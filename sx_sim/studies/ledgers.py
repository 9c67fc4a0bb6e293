"""Ledgers of cases: with the volumes and radionuclides that their files give."""

from __future__ import annotations

from sx_sim.cases.load import Case
from sx_sim.flowsheet import ledger, radionuclides
from sx_sim.flowsheet.ledger import Holdup, Ledger
from sx_sim.flowsheet.radionuclides import Activities
from sx_sim.flowsheet.result import Result


def ledger_of(case: Case, result: Result) -> Ledger:
    """Return the ledger of a case as it was solved."""
    plants = {name: part.file.plant for name, part in case.circuits.items()}
    holdups = {
        name: Holdup(plant.aqueous_holdup, plant.organic_holdup)
        for name, plant in plants.items()
        if plant
    }
    return ledger.ledger_of(result, holdups=holdups)


def activities_of(case: Case, result: Result) -> Activities | None:
    """Return where the radionuclides of a case go, None where it has none.

    Activities are those of products as they leave, or stored as long as the case says; the
    limit and the time of storage of a train are those of its first circuit.
    """
    table = next(iter(case.circuits.values())).file.radionuclides
    given = {
        name: {feed: one.radionuclides for feed, one in part.file.feeds.items()}
        for name, part in case.circuits.items()
    }
    found = radionuclides.activities_of(result, given, limit=table.limit)
    if not found.nuclides:
        return None
    return found.after(table.decay) if table.decay else found
