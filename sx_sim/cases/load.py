"""Reading case files, and saying what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from pydantic import ValidationError

from sx_sim.cascade.column import Column
from sx_sim.cascade.streams import Stream
from sx_sim.cases.build import build_column, recycles_of
from sx_sim.cases.schema import ALTERNATIVES, CaseFile
from sx_sim.chemistry import database
from sx_sim.chemistry.extractants import ExtractantSet, extractant_set, is_path, is_set
from sx_sim.errors import CaseError, check_kind
from sx_sim.flowsheet.recycles import Circuit
from sx_sim.kernels.types import Options
from sx_sim.problems import problems_of
from sx_sim.text_files import read_text, tables_of

CASE_NEEDED = "a case is needed: load_case(path) reads a file, parse_case(text) its text"


@dataclass(frozen=True)
class Case:
    """A validated case.

    Parameters
    ----------
    file : CaseFile
        Its content, units gone.
    column : Column
        The column it describes.
    name : str
        Where from, for messages; sets of one's own are found beside it.
    raw : mapping
        The tables as given, units and all: what everything else here is made from.
    circuit : Circuit
        The column with what comes back to it, if anything does.
    sources : mapping of str to Stream
        What is fed where feeds have a source.
    sets : mapping of str to ExtractantSet
        The extractant set it names, by the name it has in the case.
    given : str
        The TOML the tables were read from, empty where they were changed since.
    """

    file: CaseFile
    column: Column
    name: str
    raw: Mapping[str, Any]
    circuit: Circuit
    sources: Mapping[str, Stream]
    sets: Mapping[str, ExtractantSet]
    given: str = ""

    def __repr__(self) -> str:
        return f"Case '{self.file.title or self.name}': {self.column.summary}"

    @cached_property
    def text(self) -> str:
        """The case as TOML: as it was read, or written from changed tables."""
        return self.given or tomli_w.dumps(self.raw)

    @property
    def identity(self) -> dict[str, str]:
        """All that decides the numbers of the case, by what to call it."""
        sets = {key: known.as_tables() for key, known in self.sets.items()}
        return {
            "case file": tomli_w.dumps(self.raw),
            "set of constants": json.dumps(sets, sort_keys=True),
            "version of sx_sim or of its data": database.fingerprint(),
        }

    @property
    def options(self) -> Options:
        """Solver options."""
        solver = self.file.solver
        return Options(tolerance=solver.tolerance, iteration_limit=solver.iteration_limit or 0)

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
            table[key] = value.item() if isinstance(value, np.generic) else value
        return validate(raw, self.name, sources=self.sources, sets=self.sets)

    def circuit_with(self, values: Mapping[str, float | str]) -> Circuit:
        """Return the circuit with some inputs changed, its species in the order of this case.

        So results of neighbouring points share their arrays; parameters and errors as for
        ``with_values``.
        """
        moved = self.with_values(values).circuit
        return replace(moved, column=moved.column.along(self.column.system.series))


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
    check_kind(path, (str, PathLike), "load_case needs the path of a file")
    return parse_case(read_text(path), str(path))


def parse_case(
    text: str, name: str = "case", *, sets: Mapping[str, ExtractantSet] | None = None
) -> Case:
    """Validate the text of a case file.

    Parameters
    ----------
    text : str
    name : str
        Where from, for messages; sets of one's own are found beside it.
    sets : mapping of str to ExtractantSet, optional
        Sets by the name the case gives them, instead of those shipped or in files.

    Raises
    ------
    CaseError
        As ``load_case``.
    """
    check_kind(text, str, "parse_case needs text; load_case(path) reads a file")
    if text.endswith(".toml") and "\n" not in text:
        raise CaseError(f"{text} is the path of a file: load_case(path) reads it", name)
    raw = tables_of(text, name)
    if "circuits" in raw:
        raise CaseError("is a train of circuits, which run, check and info take alone", name)
    if is_set(raw):
        raise CaseError("is an extractant set, which a case names as solvent.extractant", name)
    return validate(raw, name, sets=sets, given=text)


def validate(
    raw: Mapping[str, Any],
    name: str,
    *,
    sources: Mapping[str, Stream] | None = None,
    sets: Mapping[str, ExtractantSet] | None = None,
    given: str = "",
) -> Case:
    """Validate the tables of a case, fed from sources if it has any; else as ``parse_case``."""
    known = KnownSets(name, sets or {})
    try:
        file = CaseFile.model_validate(raw, context=known)
        key = file.solvent.extractant
        extractant = known(key)
        column = build_column(file, extractant, sources)
        circuit = Circuit(column, recycles_of(file, column), file.solvent.base)
    except ValidationError as error:
        raise CaseError(problems_of(error, CaseFile), name) from None
    except CaseError as error:
        raise type(error)(error.problems, name) from None
    return Case(file, column, name, raw, circuit, sources or {}, {key: extractant}, given)


class KnownSets:
    """Extractant sets by the name a case gives them; files are found beside the case.

    Parameters
    ----------
    name : str
        The case file.
    known : mapping of str to ExtractantSet
        Sets that need not be looked up.
    """

    def __init__(self, name: str, known: Mapping[str, ExtractantSet]) -> None:
        self.folder = Path(name).parent
        self.found = dict(known)

    def __call__(self, key: str) -> ExtractantSet:
        """Return a set; CaseError if there is none of that name."""
        if key not in self.found:
            self.found[key] = extractant_set(self.folder / key if is_path(key) else key)
        return self.found[key]
