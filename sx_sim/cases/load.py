"""Reading case files, and saying what is wrong with them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sx_sim.cases.build import build_column, recycles_of
from sx_sim.cases.schema import ALTERNATIVES, CaseFile
from sx_sim.chemistry.extractants import is_path
from sx_sim.circuits.recycles import Circuit
from sx_sim.errors import CaseError
from sx_sim.flowsheet.column import Column
from sx_sim.flowsheet.streams import Stream
from sx_sim.kernels.types import Options
from sx_sim.text_files import read_text, tables_of


@dataclass(frozen=True)
class Case:
    """A validated case.

    Parameters
    ----------
    file : CaseFile
        Its content, units gone.
    column : Column
        The column it describes.
    text : str
        The TOML it was read from.
    name : str
        Where from, for messages.
    circuit : Circuit
        The column with what comes back to it, if anything does.
    sources : mapping of str to Stream
        What is fed where feeds have a source.
    """

    file: CaseFile
    column: Column
    text: str
    name: str
    raw: Mapping[str, Any]
    circuit: Circuit
    sources: Mapping[str, Stream]

    @property
    def options(self) -> Options:
        """Solver options."""
        solver = self.file.solver
        return Options(tolerance=solver.tolerance, iteration_limit=solver.iteration_limit)

    @property
    def species(self) -> tuple[str, ...]:
        """Species, in the order of every array."""
        return self.column.system.species

    def with_values(self, values: Mapping[str, float | str]) -> Case:
        """Return the case with some inputs changed.

        Parameters
        ----------
        values : mapping
            New values by path, such as ``{"feeds.clay.pH": 1.5}``; quantities as text.

        Raises
        ------
        CaseError
            If a path does not exist or a value does not fit.
        """
        raw = dict(self.raw)
        for path, value in values.items():
            *parents, key = path.split(".")
            if parents[:1] == ["constants"] and parents[1:] in [[s] for s in self.species]:
                raw["constants"] = {parents[1]: {}} | raw.get("constants", {})
            table: Any = raw
            for done, part in enumerate(parents):
                if not isinstance(table, dict) or part not in table:
                    there = ", ".join(table) if isinstance(table, dict) else "no more keys"
                    where = ".".join(parents[:done]) or "the case"
                    raise CaseError(f"{path}: no '{part}' in {where}; there is {there}", self.name)
                table[part] = dict(table[part]) if isinstance(table[part], dict) else table[part]
                table = table[part]
            table.pop(ALTERNATIVES.get(key, ""), None)
            table[key] = value
        return validate(raw, self.text, self.name, self.sources)


def load_case(path: str | Path) -> Case:
    """Read and validate a case file.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    CaseError
        Naming the file, the key, the value and what would be right.
    """
    return parse_case(read_text(path), str(path))


def parse_case(text: str, name: str = "case") -> Case:
    """Validate the text of a case file; errors as ``load_case``."""
    raw = tables_of(text, name)
    if "circuits" in raw:
        raise CaseError("is a train of circuits, which run, check and info take alone", name)
    return validate(raw, text, name)


def validate(
    raw: Mapping[str, Any], text: str, name: str, sources: Mapping[str, Stream] | None = None
) -> Case:
    """Validate the tables of a case, fed from sources if it has any; errors as ``load_case``."""
    try:
        file = CaseFile.model_validate(_with_set_beside(raw, name))
        column = build_column(file, sources)
        circuit = Circuit(column, recycles_of(file, column))
    except ValidationError as error:
        raise CaseError(problems_of(error), name) from None
    except CaseError as error:
        raise CaseError(error.problems, name) from None
    return Case(file, column, text, name, raw, circuit, sources or {})


def _with_set_beside(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the tables with the file of a set of one's own found relative to the case file."""
    solvent = raw.get("solvent")
    if not isinstance(solvent, dict):
        return raw
    key = solvent.get("extractant")
    if not isinstance(key, str) or not is_path(key):
        return raw
    return {**raw, "solvent": {**solvent, "extractant": str(Path(name).parent / key)}}


def problems_of(error: ValidationError) -> list[str]:
    """Return what is wrong, a line each."""
    lines = [_line(details) for details in error.errors()]
    return list(dict.fromkeys(lines))


def _line(details: ErrorDetails) -> str:
    """Return one problem as ``key = value: what would be right``."""
    parts = [str(p) for p in details["loc"] if str(p) not in ("str", "int", "float")]
    parts = [p for p in parts if not p.startswith(("function-", "dict[", "tuple["))]
    path = ".".join(parts)
    model = _model_at(parts[:-1])
    if details["type"] == "missing":
        field = model.model_fields.get(parts[-1]) if model else None
        examples = field.examples if field and field.examples else []
        hint = f"; such as {parts[-1]} = {_toml(examples[0])}" if examples else ""
        return f"{path} is missing{hint}"
    if details["type"] == "extra_forbidden":
        known = _names(model) if model else []
        near = difflib.get_close_matches(parts[-1], known, n=1)
        guess = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}"
        return f"{path}: unknown key; {guess}"
    message = details["msg"].removeprefix("Value error, ")
    message = message.replace("Input should be", "must be")
    value = details["input"]
    if isinstance(value, dict | list):
        return f"{path}: {message}"
    return f"{path} = {_toml(value)}: {message}"


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def _model_at(parts: list[str]) -> type[BaseModel] | None:
    """Return the model of the table at a path, None where there is none."""
    here: Any = CaseFile
    for part in parts:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(part)
            here = field.annotation if field else None
        elif get_origin(here) in (dict, list):
            here = get_args(here)[-1]
        options = [a for a in get_args(here) if isinstance(a, type) and issubclass(a, BaseModel)]
        if options and get_origin(here) not in (dict, list):
            here = options[0]
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None
