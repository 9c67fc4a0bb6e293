"""Reading case files, and saying what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from pydantic import ValidationError

from sx_sim.cascade.column import Column
from sx_sim.cascade.streams import Stream
from sx_sim.cases.build import build_circuit
from sx_sim.cases.inputs import flowsheet_at
from sx_sim.cases.known_sets import KnownSets
from sx_sim.cases.schema import ALTERNATIVES, CaseFile, TrainFile
from sx_sim.cases.trains import (
    check_links,
    files_of,
    in_order,
    links_of,
    merged,
    same_feeds,
    sources_of,
)
from sx_sim.chemistry import database
from sx_sim.chemistry.extractants import ExtractantSet, is_set
from sx_sim.errors import CaseError, check_kind
from sx_sim.flowsheet.flowsheet import ALONE, Flowsheet
from sx_sim.flowsheet.recycles import Circuit
from sx_sim.problems import problems_of
from sx_sim.text_files import read_text, tables_of

CASE_NEEDED = "a case is needed: load_case(path) reads a file, parse_case(text) its text"


@dataclass(frozen=True)
class Case:
    """A validated case: of a column, a closed circuit or a train of them.

    Parameters
    ----------
    content : CaseFile or TrainFile
        Its content, units gone.
    name : str
        Where from, for messages; sets of one's own are found beside it.
    raw : mapping
        The tables as given, units and all: what everything else here is made from.
    flowsheet : Flowsheet
        What it describes.
    sets : mapping of str to ExtractantSet
        The extractant sets it names, by the name they have in the case.
    given : str
        The TOML the tables were read from, empty where they were changed since.
    parts : mapping of str to Case
        The circuits of a train as cases of their own, what links feed them left open.
    sources : mapping of str to Stream
        Of such a circuit, what its links may bring.
    """

    content: CaseFile | TrainFile
    name: str
    raw: Mapping[str, Any]
    flowsheet: Flowsheet
    sets: Mapping[str, ExtractantSet]
    given: str = ""
    parts: Mapping[str, Case] = field(default_factory=dict)
    sources: Mapping[str, Stream] = field(default_factory=dict)

    def __repr__(self) -> str:
        about = ", ".join(self.parts) if self.parts else self.column.summary
        return f"Case '{self.title}': {about}"

    @property
    def title(self) -> str:
        """What it is called, else where it is from."""
        return self.content.title or self.name

    @property
    def file(self) -> CaseFile:
        """The tables of a single circuit; AttributeError for a train."""
        if isinstance(self.content, TrainFile):
            raise AttributeError("a train has tables in each of its .parts")
        return self.content

    @property
    def circuits(self) -> Mapping[str, Case]:
        """Every circuit as a case, by name."""
        return self.parts or {ALONE: self}

    @property
    def circuit(self) -> Circuit:
        """The only circuit; AttributeError for a train."""
        return self.flowsheet.circuit

    @property
    def column(self) -> Column:
        """The column of the only circuit; AttributeError for a train."""
        return self.circuit.column

    @property
    def cuts(self) -> dict[str, tuple[str, str] | None]:
        """Between which neighbours every circuit separates, by circuit."""
        return {name: part.file.cut for name, part in self.circuits.items()}

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
    def species(self) -> tuple[str, ...]:
        """Species, in the order of every array."""
        return self.flowsheet.species

    def part(self, path: str) -> tuple[str, Case, str]:
        """Return circuit, its case and the path in that, of the path of an input.

        Raises
        ------
        CaseError
            If a train has no such circuit.
        """
        if not self.parts:
            return ALONE, self, path
        root, _, rest = path.partition(".")
        name, _, own = rest.partition(".")
        if root != "circuits" or name not in self.parts or not own:
            raise CaseError(
                f"{path}: must be circuits.NAME. and the path of an input of that circuit; there "
                f"are {', '.join(self.parts)}",
                self.name,
            )
        return name, self.parts[name], own

    def with_values(self, values: Mapping[str, float | str]) -> Case:
        """Return the case with some inputs changed.

        Parameters
        ----------
        values : mapping
            New values by path, such as ``{"feeds.clay.pH": 1.5}``, of a train as
            ``circuits.dy_ho.feeds.clay.pH``; quantities as text.

        Raises
        ------
        CaseError
            If a path does not exist or a value does not fit.
        """
        raw = dict(self.raw)
        for path, value in values.items():
            if self.parts and not path.startswith("defaults."):
                self._set_part(raw, path, value)
            else:
                self._set(raw, path, path, value, dict(raw))
        if self.parts:
            return train_of(raw, self.name, sets=self.sets, before=self)
        return validate(raw, self.name, sets=self.sets)

    def _set_part(self, raw: dict[str, Any], path: str, value: float | str) -> None:
        """Set a value of a circuit of a train, which its defaults may give."""
        name, part, own = self.part(path)
        raw["circuits"] = dict(raw["circuits"])
        table = raw["circuits"][name] = dict(raw["circuits"][name])
        part._set(table, path, own, value, merged(raw.get("defaults", {}), table))

    def _set(
        self,
        table: Any,
        path: str,
        own: str,
        value: float | str,
        whole: Mapping[str, Any],
    ) -> None:
        """Set a value in tables, copying what it changes.

        ``whole`` are the tables with their defaults, which decide what there is.
        """
        *parents, key = own.split(".")
        known: Any = whole
        if parents[:1] == ["constants"] and parents[1:] in [[s] for s in self.species]:
            known = {"constants": {parents[1]: {}} | known.get("constants", {})}
        for done, part in enumerate(parents):
            if not isinstance(known, dict) or part not in known:
                there = ", ".join(known) if isinstance(known, dict) else "no more keys"
                where = ".".join(parents[:done]) or "the case"
                raise CaseError(f"{path}: no '{part}' in {where}; there is {there}", self.name)
            known = known[part]
            if isinstance(known, dict):
                table[part] = dict(table.get(part, {}))
                table = table[part]
        other = ALTERNATIVES.get(key, "")
        if isinstance(known, dict) and other in known and other not in table:
            raise CaseError(f"{path}: the defaults give '{other}'; change that", self.name)
        if not isinstance(known, dict):
            where = ".".join(parents)
            raise CaseError(f"{path}: {where} has no more keys", self.name)
        table.pop(other, None)
        table[key] = value.item() if isinstance(value, np.generic) else value

    def file_with(self, path: str, value: float | str) -> CaseFile:
        """Return the tables of a single circuit with an input changed, read but not built.

        Errors as for ``with_values``.
        """
        raw = dict(self.raw)
        self._set(raw, path, path, value, dict(raw))
        try:
            return CaseFile.model_validate(raw, context=KnownSets(self.name, self.sets))
        except ValidationError as error:
            raise CaseError(problems_of(error, CaseFile), self.name) from None

    def at(self, numbers: Mapping[str, float]) -> Flowsheet:
        """Return the flowsheet at other numbers of inputs, by path, as tables hold them once read.

        Species stay in the order of this case, so that results of neighbouring points share
        their arrays; circuits that do not change are the same objects.

        Raises
        ------
        CaseError
            If an input does not exist, or the numbers make no flowsheet.
        """
        return flowsheet_at(self, numbers)


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
    if is_set(raw):
        raise CaseError("is an extractant set, which a case names as solvent.extractant", name)
    make = train_of if "circuits" in raw else validate
    return make(raw, name, sets=sets, given=text)


def validate(
    raw: Mapping[str, Any],
    name: str,
    *,
    sources: Mapping[str, Stream] | None = None,
    sets: Mapping[str, ExtractantSet] | None = None,
    given: str = "",
    file: CaseFile | None = None,
) -> Case:
    """Validate the tables of a single circuit, fed from sources if it has any.

    Parameters and errors as for ``parse_case``; ``file`` is their content where it is known.
    """
    known = KnownSets(name, sets or {})
    try:
        file = file or CaseFile.model_validate(raw, context=known)
        extractant = known(file.solvent.extractant)
        circuit = build_circuit(file, extractant, sources)
    except ValidationError as error:
        raise CaseError(problems_of(error, CaseFile), name) from None
    except CaseError as error:
        raise type(error)(error.problems, name) from None
    found = {file.solvent.extractant: extractant}
    return Case(file, name, raw, Flowsheet({ALONE: circuit}), found, given, {}, sources or {})


def train_of(
    raw: Mapping[str, Any],
    name: str,
    *,
    sets: Mapping[str, ExtractantSet] | None = None,
    given: str = "",
    before: Case | None = None,
) -> Case:
    """Validate the tables of a train; parameters and errors as for ``parse_case``.

    Circuits whose tables and sources are those of a train ``before`` are taken from that.
    """
    known = KnownSets(name, sets or {})
    try:
        train = TrainFile.model_validate(raw, context=known)
    except ValidationError as error:
        raise CaseError(problems_of(error, TrainFile), name) from None
    tables = {circuit: merged(train.defaults, table) for circuit, table in train.circuits.items()}
    old = before.parts if before else {}
    same = {c: c in old and old[c].raw == table for c, table in tables.items()}
    files = files_of(tables, name, known, {c: old[c].file for c in tables if same[c]})
    check_links(train, files, name, known)
    links = links_of(files, known)
    order = in_order(files)
    try:
        sources = sources_of(files, order, links, known)
    except CaseError as error:
        raise CaseError(error.problems, name) from None
    parts: dict[str, Case] = {}
    problems: list[str] = []
    for circuit in order:
        table, there = tables[circuit], sources[circuit]
        if same[circuit] and same_feeds(old[circuit].sources, there):
            parts[circuit] = old[circuit]
            continue
        try:
            parts[circuit] = validate(
                table, name, sources=there, sets=known.found, file=files[circuit]
            )
        except CaseError as error:
            problems += [f"circuits.{circuit}.{p}" for p in error.problems]
    if problems:
        raise CaseError(problems, name)
    names = {place: product for product, place in train.products.items()}
    circuits = {circuit: part.circuit for circuit, part in parts.items()}
    return Case(train, name, raw, Flowsheet(circuits, links, names), known.found, given, parts)
