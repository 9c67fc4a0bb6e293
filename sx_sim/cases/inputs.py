"""Inputs of a case as numbers: set on what was read, without formatting or reading text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Any

from sx_sim import units
from sx_sim.cases.build import build_circuit
from sx_sim.cases.constants import constant_named, constant_number
from sx_sim.cases.fields import Amount, bounds_of_field
from sx_sim.cases.schema import ALTERNATIVES, CaseFile
from sx_sim.cases.trains import links_of
from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import Flowsheet
from sx_sim.flowsheet.recycles import Circuit

if TYPE_CHECKING:
    from sx_sim.cases.load import Case

SIGNED = ("pH", "temperature")  # may fall to zero and below without a species leaving


@dataclass(frozen=True)
class Reading:
    """How the numbers of an input are read: from its unit to that of the case once it is read.

    Parameters
    ----------
    path : str
    unit, internal : str
        Empty where they are not converted.
    factor : float
        What they are multiplied with where one unit is not of the kind of the other, as moles
        of acid are to grams.
    """

    path: str
    unit: str = ""
    internal: str = ""
    factor: float = 1.0

    def numbers(self, values: Sequence[float]) -> list[float]:
        """Return numbers as the case has them once it is read."""
        if self.unit == self.internal:
            return [self.factor * float(value) for value in values]
        return [units.convert(float(value), self.unit, self.internal) for value in values]


def reading_of(case: Case, path: str, unit: str, value: float) -> Reading:
    """Return how the numbers of an input are read.

    Parameters
    ----------
    case : Case
    path, unit : str
    value : float
        One that the input can have, in that unit.

    Raises
    ------
    CaseError
        If there is no such input, or the value or its unit does not fit.
    """
    setting = f"{value!r} {unit}" if unit else value
    if "constants." in path:
        _, part, own = case.part(path)
        constant_number(part, own, setting)
        return Reading(path, unit, constant_named(part, own)[2])
    name = _circuits(case, path)[0]
    own = _own(path, name)
    try:
        file = case.circuits[name].file_with(own, setting)
    except CaseError as error:
        where = f"circuits.{name}." if name else ""
        raise CaseError([f"{where}{p}" for p in error.problems], case.name) from None
    if not unit:
        return Reading(path)
    read = _number(_leaf(file, own.split(".")))
    for internal in units.EXAMPLES:
        if units.same_kind(unit, internal) and units.convert(value, unit, internal) == read:
            return Reading(path, unit, internal)
    return Reading(path, factor=read / value if value else 1.0)


def bounds_of(case: Case, path: str) -> tuple[float, float]:
    """Return the bounds of an input in the units of the loaded case."""
    name = _circuits(case, path)[0]
    *parents, key = _own(path, name).split(".")
    table = _leaf(case.circuits[name].file, parents)
    field = None if isinstance(table, dict) else type(table).model_fields.get(key)
    return (0.0, inf) if field is None else bounds_of_field(field)


def number_of(case: Case, path: str, setting: float | str) -> float:
    """Return the number of an input that a setting gives, as the case has it once it is read.

    Raises
    ------
    CaseError
        If there is no such input, or the setting does not fit.
    """
    name = _circuits(case, path)[0]
    own = _own(path, name)
    try:
        leaf = _leaf(case.circuits[name].file_with(own, setting), own.split("."))
        before = _leaf(case.circuits[name].file, own.split("."))
        if isinstance(leaf, Amount) and isinstance(before, Amount) and leaf.unit != before.unit:
            told = f"{own} = {setting!r}: the case gives it in {before.unit}; give that here too"
            raise CaseError(told, case.name)
        return _number(leaf)
    except CaseError as error:
        where = f"circuits.{name}." if name else ""
        raise CaseError([f"{where}{p}" for p in error.problems], case.name) from None
    except (TypeError, ValueError):
        raise CaseError(f"{path}: is no number that could change", case.name) from None


def number_now(case: Case, path: str) -> float:
    """Return the number of an input as the case has it."""
    name = _circuits(case, path)[0]
    *parents, key = _own(path, name).split(".")
    table: Any = {}
    try:
        table = _leaf(case.circuits[name].file, parents)
        return _number(_leaf(table, [key]))
    except (AttributeError, KeyError, TypeError, ValueError):
        other = ALTERNATIVES.get(key, "")
        if other and getattr(table, other, None) is not None:
            raise CaseError(f"{path}: the case gives {other}; change that", case.name) from None
        if isinstance(table, dict) or key not in type(table).model_fields:
            number_of(case, path, 1.0)  # says what is wrong with a path that there is not
        told = f"{path}: the case gives no number there that could change; give it in the case"
        raise CaseError(told, case.name) from None


def flowsheet_at(case: Case, numbers: Mapping[str, float]) -> Flowsheet:
    """Return the flowsheet of a case with other numbers, by path, as it has them once read.

    Species stay in the order of the case; circuits that do not change are the same objects.

    Raises
    ------
    CaseError
        If an input does not exist, or the numbers do not make a flowsheet.
    """
    changes: dict[str, dict[str, float]] = {}
    for path, number in numbers.items():
        for name in _circuits(case, path):
            changes.setdefault(name, {})[_own(path, name)] = number
    sheet = case.flowsheet
    circuits, links = dict(sheet.circuits), sheet.links
    for name, own in changes.items():
        part = case.circuits[name]
        inputs = {p: v for p, v in own.items() if not p.startswith("constants.")}
        try:
            if inputs:
                file = part.file
                for path, number in inputs.items():
                    file = _with(file, path.split("."), number)
                circuits[name] = _rebuilt(part, file, inputs)
                if part.sources:
                    links = _relinked(case, name, file, links)
            circuits[name] = _with_constants(circuits[name], part, own)
        except CaseError as error:
            where = f"circuits.{name}." if name else ""
            raise type(error)([f"{where}{p}" for p in error.problems], case.name) from None
    return replace(sheet, circuits=circuits, links=links)


def _circuits(case: Case, path: str) -> list[str]:
    """Return the circuits that an input touches: of the defaults all that have it from there."""
    if not path.startswith("defaults.") or not case.parts:
        return [case.part(path)[0]]
    own = path.removeprefix("defaults.").split(".")
    found = [name for name, table in case.raw["circuits"].items() if not _given(table, own)]
    if not found:
        raise CaseError(f"{path}: every circuit gives its own", case.name)
    return found


def _given(table: Any, path: Sequence[str]) -> bool:
    """Whether a circuit of a train gives an input, or its alternative, itself."""
    *parents, key = path
    for part in parents:
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return key in table or ALTERNATIVES.get(key) in table


def _own(path: str, name: str) -> str:
    """Return the path of an input in its circuit."""
    return path.removeprefix("defaults.").removeprefix(f"circuits.{name}." if name else "")


def _leaf(model: Any, path: Sequence[str]) -> Any:
    for part in path:
        model = model[part] if isinstance(model, dict) else getattr(model, part)
    return model


def _number(leaf: Any) -> float:
    return float(leaf.value if isinstance(leaf, Amount) else leaf)


def _with(model: Any, path: Sequence[str], number: float) -> Any:
    """Return tables with a number in the place of another one."""
    key, *rest = path
    before = model.get(key) if isinstance(model, dict) else getattr(model, key)
    if rest:
        after: Any = _with(before, rest, number)
    elif isinstance(before, Amount):
        after = before._replace(value=number)
    else:
        after = int(number) if isinstance(before, int) and not isinstance(before, bool) else number
    if isinstance(model, dict):
        return {**model, key: after}
    other = {} if rest else {ALTERNATIVES[key]: None} if key in ALTERNATIVES else {}
    fields = type(model).model_fields
    return model.model_copy(update={key: after, **{k: v for k, v in other.items() if k in fields}})


def _rebuilt(part: Case, file: CaseFile, inputs: Mapping[str, float]) -> Circuit:
    """Return the circuit of other tables, in the species and the order of the one there is."""
    extractant = part.sets[file.solvent.extractant]
    same = all(_keeps_species(part.file, path.split("."), v) for path, v in inputs.items())
    known = (part.file, part.circuit) if same else None
    circuit = build_circuit(file, extractant, part.sources, known=known)
    return replace(circuit, column=circuit.column.along(part.column.system.series))


def _keeps_species(file: CaseFile, path: Sequence[str], number: float) -> bool:
    """Whether no species comes or goes with a number: none becomes zero or is it no longer."""
    if path[-1] in SIGNED:
        return True
    before = _leaf(file, path)
    return before is not None and (_number(before) > 0.0) == (number > 0.0)


def _with_constants(circuit: Circuit, part: Case, own: Mapping[str, float]) -> Circuit:
    """Return the circuit with other constants."""
    changes: dict[str, dict[str, float]] = {}
    for path, number in own.items():
        if path.startswith("constants."):
            symbol, name, _ = constant_named(part, path)
            changes.setdefault(symbol, {})[name] = number
    if not changes:
        return circuit
    return replace(circuit, column=circuit.column.with_constants(changes))


def _relinked(case: Case, name: str, file: CaseFile, links: Any) -> Any:
    """Return the links of a train, those to one circuit as its tables say now."""
    found = {link.feed: link for link in links_of({name: file}, case.sets.__getitem__)}
    return tuple(found[link.feed] if link.circuit == name else link for link in links)
