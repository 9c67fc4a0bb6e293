"""Ledgers of cases and trains: with the volumes and radionuclides their files give."""

from __future__ import annotations

from collections.abc import Mapping

from sx_sim.cascade.results import Result
from sx_sim.cases.load import Case
from sx_sim.cases.schema import CaseFile
from sx_sim.cases.trains import Train
from sx_sim.flowsheet.ledger import Holdup, Ledger, circuit_ledger
from sx_sim.flowsheet.radionuclides import Activities, circuit_activities, train_activities
from sx_sim.flowsheet.train import TrainResult
from sx_sim.flowsheet.train_ledger import train_ledger


def ledger_of(case: Case, result: Result) -> Ledger:
    """Return the ledger of a case as it was solved."""
    return circuit_ledger(case.circuit, result, holdup=_holdup(case.file))


def ledger_of_train(train: Train, result: TrainResult) -> Ledger:
    """Return the ledger of a train as it was solved."""
    holdups = {name: held for name, file in train.files.items() if (held := _holdup(file))}
    return train_ledger(result, holdups=holdups)


def activities_of(case: Case, result: Result) -> Activities | None:
    """Return where the radionuclides of a case go, None where it has none.

    Activities are those of products as they leave, or stored as long as the case says.
    """
    table = case.file.radionuclides
    found = circuit_activities(case.circuit, result, _given(case.file), limit=table.limit)
    return _stored(found, table.decay)


def activities_of_train(train: Train, result: TrainResult) -> Activities | None:
    """Return where the radionuclides of a train go, None where it has none.

    The limit and the time of storage are those of its first circuit.
    """
    table = next(iter(train.files.values())).radionuclides
    given = {name: _given(file) for name, file in train.files.items()}
    return _stored(train_activities(result, given, limit=table.limit), table.decay)


def _stored(found: Activities, seconds: float) -> Activities | None:
    if not found.nuclides:
        return None
    return found.after(seconds) if seconds else found


def _given(file: CaseFile) -> Mapping[str, Mapping[str, float]]:
    return {name: table.radionuclides for name, table in file.feeds.items()}


def _holdup(file: CaseFile) -> Holdup | None:
    plant = file.plant
    return Holdup(plant.aqueous_holdup, plant.organic_holdup) if plant else None
