"""Inputs of a case by path: what may be swept, shifted, sampled, differentiated or designed."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from sx_sim.cascade.column import Column
from sx_sim.cascade.streams import Stream
from sx_sim.cascade.tangents import CONSTANTS
from sx_sim.cases.constants import CONSTANT_UNITS, constant_named
from sx_sim.cases.contents import amounts, aqueous_stream
from sx_sim.cases.inputs import Reading, bounds_of, reading_of
from sx_sim.cases.load import Case
from sx_sim.cases.schema import Liquor
from sx_sim.chemistry.speciation import titratable_acid
from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import ALONE
from sx_sim.flowsheet.result import Result
from sx_sim.units import convert, split

ROOTS = ("temperature", "solvent", "feeds", "sections", "draws", "set_points")
FORMS = (
    "a path of the case such as sections.scrub.acid, feeds.clay.pH, solvent.flow or temperature",
    "a constant such as constants.Dy.log10_K or constants.Dy.enthalpy",
    "the temperature of a stage, such as temperature[17]",
    "of a train each of these after circuits.NAME., or a path of its defaults",
)
STAGE = re.compile(r"temperature\[(\d+)\]")
WHOLE = ("stages", "stage", "iteration_limit")
RELATIVE_STEP = 3e-5
OFFSET_STEP = {"pH": 3e-5, "temperature": 0.01, "bleed": 1e-5}  # of inputs whose zero means nothing
Kind = Literal["continuous", "whole", "constant", "stage temperature"]


@dataclass(frozen=True)
class Input:
    """One number that goes into a case.

    Parameters
    ----------
    path : str
    value : float
        In the case.
    unit : str
        In which the case gives it, empty for none.
    kind : {'continuous', 'whole', 'constant', 'stage temperature'}
    circuit, own : str
        Of a train, the circuit and the path in it; the defaults have none.
    low, high : float
        What a case may give, in that unit.
    sd : float
        Standard deviation of a constant; zero where none is known.
    reading : Reading
        How numbers in that unit are read.
    """

    path: str
    value: float
    unit: str
    kind: Kind
    circuit: str
    own: str
    low: float = -np.inf
    high: float = np.inf
    sd: float = 0.0
    reading: Reading = field(default_factory=lambda: Reading(""), repr=False)

    @property
    def step(self) -> float:
        """A small step of it, by which what a case is made of is nearly linear."""
        return OFFSET_STEP.get(self.path.rpartition(".")[2], abs(self.value) * RELATIVE_STEP)


def input_of(case: Case, path: str) -> Input:
    """Return an input of a case.

    Parameters
    ----------
    case : Case
    path : str
        One of ``FORMS``.

    Raises
    ------
    CaseError
        If there is no such input, or the case does not give it as a number.
    """
    circuit, part, own = "", case, path
    if case.parts and not path.startswith("defaults."):
        circuit, part, own = case.part(path)
    root, key = own.split(".")[0], own.rpartition(".")[2]
    if staged := STAGE.fullmatch(own):
        column = case.flowsheet.circuits[circuit].column
        return _of_stage(column, path, circuit, own, int(staged[1]))
    if root == "constants":
        symbol, name, unit = constant_named(part, own)
        constants = part.column.system.constants[part.column.system.index(symbol)]
        sd = float(getattr(constants, f"{name}_sd", 0.0))
        value = float(getattr(constants, name))
        reading = Reading(path, unit, unit)
        return Input(path, value, unit, "constant", circuit, own, sd=sd, reading=reading)
    if root not in (*ROOTS, *["defaults"] * bool(case.parts)):
        raise CaseError(f"parameter '{path}': must be {'; '.join(FORMS)}", case.name)
    value, unit = nominal(case, path)
    reading = reading_of(case, path, unit, value)
    low, high = bounds_of(case, path)
    if reading.unit != reading.internal:
        low, high = (convert(b, reading.internal, unit) for b in (low, high))
    kind: Kind = "whole" if key in WHOLE else "continuous"
    return Input(path, value, unit, kind, circuit, own, low, high, reading=reading)


def input_alone(result: Result, path: str) -> Input:
    """Return an input that a result alone knows: a constant, or the temperature of a stage.

    Raises
    ------
    CaseError
        If it is another one, or not there.
    """
    if ALONE not in result.units:
        there = ", ".join(result.units)
        raise CaseError(f"parameter '{path}': give the case of a train; its circuits are {there}")
    if staged := STAGE.fullmatch(path):
        return _of_stage(result.column, path, ALONE, path, int(staged[1]))
    root, *parts = path.split(".")
    if root != "constants":
        raise CaseError(
            f"parameter '{path}': a result alone knows {FORMS[1]}, and {FORMS[2]}; "
            "give the case for its other inputs"
        )
    symbol, name = parts if len(parts) == 2 else ("", "")
    if symbol not in result.elements or name not in CONSTANTS:
        raise CaseError(f"parameter '{path}': must be constants.SPECIES.NAME, of {FORMS[1]}")
    constants = result.system.constants[result.system.index(symbol)]
    unit = CONSTANT_UNITS.get(name, "")
    return Input(path, float(getattr(constants, name)), unit, "constant", ALONE, path)


def _of_stage(column: Column, path: str, circuit: str, own: str, stage: int) -> Input:
    if not 1 <= stage <= column.stages:
        raise CaseError(f"parameter '{path}': there are stages 1 to {column.stages}")
    value = float(column.temperature[stage - 1])
    return Input(path, value, "K", "stage temperature", circuit, own)


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
        known = input_of(case, path)
        return known.value, known.unit
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
            f"parameter '{path}': follows from the reflux, whose anions hold acid; ask for "
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
