"""Inputs of a case by path, and what a small step of each one changes."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from sx_sim.cascade.changes import CONSTANTS, Change, of_constant, of_temperature
from sx_sim.cascade.streams import Stream
from sx_sim.cases.constants import CONSTANT_UNITS, constant_named
from sx_sim.cases.contents import amounts, aqueous_stream
from sx_sim.cases.inputs import reading_of
from sx_sim.cases.load import Case
from sx_sim.cases.schema import Liquor
from sx_sim.chemistry.speciation import titratable_acid
from sx_sim.errors import CaseError
from sx_sim.flowsheet.derivatives import STAGE as STAGE_TEMPERATURE
from sx_sim.flowsheet.derivatives import Constant, Input, Nearby
from sx_sim.flowsheet.flowsheet import ALONE, Flowsheet
from sx_sim.flowsheet.result import Result
from sx_sim.units import split

ROOTS = ("temperature", "solvent", "feeds", "sections", "draws", "set_points")
FORMS = (
    "a path of the case such as sections.scrub.acid, feeds.clay.pH, solvent.flow or temperature",
    "a constant such as constants.Dy.log10_K or constants.Dy.enthalpy",
    "the temperature of a stage, such as temperature[17]",
    "of a train each of these after circuits.NAME., or a path of its defaults",
)
STAGE = re.compile(r"temperature\[(\d+)\]")

# Derivatives from values a small step to either side, or a few to one side at a bound of
# the input, of arrays that are nearly linear in it.
CENTRAL = {-1: -1 / 2, 1: 1 / 2}
FORWARD = {0: -3 / 2, 1: 2.0, 2: -1 / 2}
BACKWARD = {-k: -w for k, w in FORWARD.items()}
RELATIVE_STEP = 3e-5
OFFSET_STEP = {"pH": 3e-5, "temperature": 0.01, "bleed": 1e-5}  # of inputs whose zero means nothing


@dataclass(frozen=True)
class Parameter:
    """One input: its value in the case, its unit there, and what changes per unit of it."""

    path: str
    value: float
    unit: str
    input: Input


def parameter(case: Case | None, result: Result, path: str) -> Parameter:
    """Return an input by its path.

    Parameters
    ----------
    case : Case or None
        Without it only constants and the temperatures of stages are known.
    result : Result
        Of that case.
    path : str
        One of ``FORMS``.

    Raises
    ------
    CaseError
        If there is no such input, or it has no derivative.
    """
    circuit, own = ALONE, path
    if case is not None and case.parts and not path.startswith("defaults."):
        circuit, _, own = case.part(path)
    parts = own.split(".")
    staged = STAGE.fullmatch(own)
    if staged:
        return _stage_temperature(result, path, circuit, int(staged[1]))
    if parts[0] == "constants":
        return _constant(result, path, circuit, parts[1:])
    if case is None:
        raise CaseError(
            f"parameter '{path}': a result alone knows {FORMS[1]}, and {FORMS[2]}; "
            "give the case for its other inputs"
        )
    if parts[0] not in (*ROOTS, *["defaults"] * bool(case.parts)):
        raise CaseError(f"parameter '{path}': must be {'; '.join(FORMS)}", case.name)
    if parts[-1] in ("stages", "stage"):
        raise CaseError(f"parameter '{path}': is a whole number and has no derivative", case.name)
    value, unit = nominal(case, path)
    return Parameter(path, value, unit, _nearby(case, path, value, unit))


def _stage_temperature(result: Result, path: str, circuit: str, stage: int) -> Parameter:
    found = result.units[circuit].cascade
    count = found.column.stages
    if not 1 <= stage <= count:
        raise CaseError(f"parameter '{path}': there are stages 1 to {count}")

    def change() -> Change:
        return of_temperature(found, np.arange(1, count + 1) == stage)

    value = float(found.column.temperature[stage - 1])
    return Parameter(path, value, "K", Constant(circuit, STAGE_TEMPERATURE, stage - 1, change))


def _constant(result: Result, path: str, circuit: str, parts: list[str]) -> Parameter:
    if circuit not in result.units:
        there = ", ".join(result.units)
        raise CaseError(f"parameter '{path}': give the case of a train; its circuits are {there}")
    found = result.units[circuit].cascade
    symbol, name = parts if len(parts) == 2 else ("", "")
    if symbol not in found.elements:
        there = ", ".join(found.elements)
        raise CaseError(f"parameter '{path}': must be constants.SPECIES.NAME, of {there}")
    if name not in CONSTANTS:
        raise CaseError(f"parameter '{path}': no '{name}'; there are {', '.join(CONSTANTS)}")
    i = found.system.index(symbol)
    value = float(getattr(found.system.constants[i], name))
    one = Constant(circuit, name, i, lambda: of_constant(found, symbol, name))
    return Parameter(path, value, CONSTANT_UNITS.get(name, ""), one)


def nominal(case: Case, path: str) -> tuple[float, str]:
    """Return value and unit of an input as a case gives it.

    A pH is found where the case gives the acid, and the other way round.

    Raises
    ------
    CaseError
        If the case does not give it as a number.
    """
    if case.parts:
        if path.startswith("defaults."):
            return _of_defaults(case, path)
        circuit, part, own = case.part(path)
        try:
            return nominal(part, own)
        except CaseError as error:
            raise CaseError(
                [f"circuits.{circuit}: {p}" for p in error.problems], case.name
            ) from None
    *parents, key = path.split(".")
    if parents[:1] == ["constants"]:
        symbol, name, unit = constant_named(case, path)
        system = case.column.system
        return float(getattr(system.constants[system.index(symbol)], name)), unit
    raw: Any = case.raw
    model: Any = case.file
    for done, part in enumerate(parents):
        if not isinstance(raw, dict) or part not in raw:
            there = ", ".join(raw) if isinstance(raw, dict) else "no more keys"
            where = ".".join(parents[:done]) or "the case"
            raise CaseError(
                f"parameter '{path}': no '{part}' in {where}; there is {there}", case.name
            )
        raw = raw[part]
        model = model.get(part) if isinstance(model, dict) else getattr(model, part, None)
    if not isinstance(raw, dict):
        raise CaseError(f"parameter '{path}': {'.'.join(parents)} has no more keys", case.name)
    if key in raw:
        return _number(raw[key], path, case.name)
    if key in ("pH", "acid") and getattr(model, "reflux", None) and case.column.system.holds_acid:
        other = "acid" if key == "pH" else "pH"
        raise CaseError(
            f"parameter '{path}': follows from what comes back, whose anions hold acid; ask for "
            f"{other}, if the case gives it",
            case.name,
        )
    if key == "pH" and getattr(model, "acid", None):
        return _stream(case, path, model).pH, ""
    if key == "acid" and getattr(model, "pH", None) is not None:
        stream = _stream(case, path, model)
        return titratable_acid(stream.system, stream.concentration, stream.carrier, stream.acid), (
            "mol/L"
        )
    if key == "temperature" and parents[:1] == ["sections"]:
        return nominal(case, "temperature")
    numbers = [name for name, given in raw.items() if not isinstance(given, dict)]
    if key == "saponification":
        return 0.0, ""
    there = ", ".join([*raw] if isinstance(model, dict) else numbers) or "nothing"
    where = ".".join(parents) or "the case"
    raise CaseError(
        f"parameter '{path}': {where} does not give '{key}'; it gives {there}", case.name
    )


def _of_defaults(case: Case, path: str) -> tuple[float, str]:
    """Return value and unit of what the defaults of a train give."""
    given: Any = case.raw
    for part in path.split("."):
        if not isinstance(given, dict) or part not in given:
            raise CaseError(f"parameter '{path}': the defaults do not give '{part}'", case.name)
        given = given[part]
    return _number(given, path, case.name)


def _stream(case: Case, path: str, liquor: Liquor) -> Stream:
    """Return a liter per hour of a liquor of the case."""
    return aqueous_stream(
        case.column.system, path, liquor, amounts(liquor, case.column.system.own), 1.0
    )


def _number(given: Any, path: str, name: str) -> tuple[float, str]:
    if isinstance(given, str):
        with suppress(ValueError):
            return split(given)
    elif isinstance(given, int | float) and not isinstance(given, bool):
        return float(given), ""
    raise CaseError(f"parameter '{path}': is not a number in the case", name)


def _nearby(case: Case, path: str, value: float, unit: str) -> Nearby:
    """Return flowsheets next to that of a case, an input being a little more or less."""
    step = OFFSET_STEP.get(path.rpartition(".")[2], abs(value) * RELATIVE_STEP)
    if step == 0.0:
        raise CaseError(
            f"parameter '{path}': is zero, where the column is of another kind; "
            "give it a value above zero",
            case.name,
        )

    def flowsheet(k: int) -> Flowsheet:
        number = float(value + k * step)
        return case.at({path: reading_of(case, path, unit, number).numbers([number])[0]})

    refused: CaseError | None = None
    for weights in (CENTRAL, BACKWARD, FORWARD):
        try:
            sheets = [flowsheet(k) for k in weights]
        except CaseError as error:
            refused = refused or error
            continue
        for circuit, part in case.circuits.items():
            ideal = part.column.settling is None
            if any((one.circuits[circuit].column.settling is None) != ideal for one in sheets):
                raise CaseError(
                    f"parameter '{path}': stages are ideal as it is, and of another kind next to "
                    "it; make one of them a little less than ideal",
                    case.name,
                )
        steps = [k * step for k in weights]
        return Nearby(sheets, [w / step for w in weights.values()], steps)
    assert refused is not None
    raise refused
