"""Train files: circuits in one TOML file, fed from one another."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sx_sim.cascade.column import BARREN, LOADED, RAFFINATE
from sx_sim.cascade.streams import Stream
from sx_sim.cases.contents import counted_moles
from sx_sim.cases.load import Case, KnownSets, validate
from sx_sim.cases.schema import CaseFile, Feed, TrainFile
from sx_sim.chemistry.extractants import ExtractantSet
from sx_sim.errors import CaseError, check_kind
from sx_sim.flowsheet.recycles import Circuit
from sx_sim.flowsheet.train import Link, TrainResult, Unit, solve_train
from sx_sim.flowsheet.treatment import REDISSOLVING, Treatment, foreign_anion, treat
from sx_sim.problems import problems_of
from sx_sim.text_files import read_tables, read_text, tables_of

SOLVENTS = (BARREN, LOADED)


@dataclass(frozen=True)
class Train:
    """A validated train.

    Parameters
    ----------
    title : str
    text : str
        The TOML it was read from.
    name : str
        Where from, for messages.
    tables : mapping of str to dict
        The table of each circuit, defaults included, in the order of the solid's way.
    files : mapping of str to CaseFile
    names : mapping of str to str
        Of products, by ``circuit.product``.
    sets : mapping of str to ExtractantSet
        The extractant sets that circuits name, by the name they have there.
    """

    title: str
    text: str
    name: str
    tables: Mapping[str, Mapping[str, Any]]
    files: Mapping[str, CaseFile]
    names: Mapping[str, str]
    sets: Mapping[str, ExtractantSet]

    def __repr__(self) -> str:
        return f"Train '{self.title or self.name}': {', '.join(self.files)}"

    def units(self) -> list[Unit]:
        """Return the circuits, ready to be solved."""
        return [self._unit(name, file) for name, file in self.files.items()]

    def _unit(self, name: str, file: CaseFile) -> Unit:
        links = tuple(_links(name, file))
        case = partial(self.case, name)
        treated = partial(_treated, file, self.sets[file.solvent.extractant])
        return Unit(name, links, treated, lambda s: case(s).circuit, _options(file))

    def case(self, name: str, sources: Mapping[str, Stream]) -> Case:
        """Return a circuit as a case, fed from sources by the name of its feeds."""
        table = copy.deepcopy(dict(self.tables[name]))
        for feed, given in list(table.get("feeds", {}).items()):
            if "source" in given and feed not in sources:
                del table["feeds"][feed]
        try:
            return validate(table, self.name, sources=sources, sets=self.sets)
        except CaseError as error:
            problems = [f"circuits.{name}.{p}" for p in error.problems]
            raise CaseError(problems, self.name) from None


def _options(file: CaseFile) -> Any:
    from sx_sim.kernels.types import Options

    solver = file.solver
    return Options(tolerance=solver.tolerance, iteration_limit=solver.iteration_limit or 0)


def is_train(path: str | Path) -> bool:
    """Return whether a file is of a train: whether it has circuits."""
    return "circuits" in read_tables(path)


def load_train(path: str | Path) -> Train:
    """Read and validate a train file.

    Raises
    ------
    CaseError
        Naming the file, the circuit, the key, the value and what would be right.
    """
    check_kind(path, (str, PathLike), "load_train needs the path of a file")
    return parse_train(read_text(path), str(path))


def parse_train(
    text: str, name: str = "train", *, sets: Mapping[str, ExtractantSet] | None = None
) -> Train:
    """Validate the text of a train file; parameters and errors as ``parse_case``."""
    check_kind(text, str, "parse_train needs text; load_train(path) reads a file")
    known = KnownSets(name, sets or {})
    raw = tables_of(text, name)
    try:
        train = TrainFile.model_validate(raw)
    except ValidationError as error:
        raise CaseError(problems_of(error, TrainFile), name) from None
    tables = {circuit: _merged(train.defaults, table) for circuit, table in train.circuits.items()}
    files = _files(tables, name, known)
    problems = [*_wrong_links(files, known), *_wrong_products(train.products, files)]
    if problems:
        raise CaseError(problems, name)
    order = _order(files)
    names = {place: product for product, place in train.products.items()}
    return Train(
        train.title,
        text,
        name,
        {circuit: tables[circuit] for circuit in order},
        {circuit: files[circuit] for circuit in order},
        names,
        known.found,
    )


def run_train(
    train: Train,
    *,
    start: TrainResult | None = None,
    step: Callable[[str], None] = lambda _: None,
    throw: bool = True,
) -> TrainResult:
    """Solve a train; see ``circuits.train.solve_train``."""
    check_kind(train, Train, "a train is needed: load_train(path) reads a file")
    try:
        return solve_train(train.units(), start=start, step=step, throw=throw)
    except CaseError as error:
        raise CaseError(error.problems, train.name) from None


def _merged(defaults: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with what it leaves out from the defaults, table by table."""
    merged = copy.deepcopy(dict(defaults))
    for key, value in table.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def _files(
    tables: Mapping[str, Mapping[str, Any]], name: str, known: KnownSets
) -> dict[str, CaseFile]:
    files, problems = {}, []
    for circuit, table in tables.items():
        try:
            files[circuit] = CaseFile.model_validate(table, context=known)
        except ValidationError as error:
            problems += [f"circuits.{circuit}.{p}" for p in problems_of(error, CaseFile)]
            continue
        for key in ("sweep", "specifications"):
            if getattr(files[circuit], key):
                problems.append(f"circuits.{circuit}.{key}: is for a case; a train has none")
    if problems:
        raise CaseError(problems, name)
    return files


def _links(name: str, file: CaseFile) -> list[Link]:
    found = []
    for feed, table in file.feeds.items():
        if table.source:
            source, _, product = table.source.partition(".")
            found.append(Link(name, feed, source, product))
    return found


def _wrong_products(products: Mapping[str, str], files: Mapping[str, CaseFile]) -> Iterator[str]:
    """Yield what is wrong with the names of products."""
    there = [f"{circuit}.{p}" for circuit, file in files.items() for p in _products(file)]
    for name, place in products.items():
        if place not in there:
            yield f'products.{name} = "{place}": no such product; there are {", ".join(there)}'
        elif list(products.values()).count(place) > 1:
            yield f"products.{name}: {place} has another name already"


def _wrong_links(files: Mapping[str, CaseFile], known: KnownSets) -> Iterator[str]:
    """Yield what is wrong with the sources of feeds."""
    used: dict[tuple[str, str], str] = {}
    for circuit, file in files.items():
        for link in _links(circuit, file):
            key = f"circuits.{circuit}.feeds.{link.feed}.source"
            if link.source not in files:
                yield f"{key}: no circuit '{link.source}'; there are {', '.join(files)}"
                continue
            there = _products(files[link.source])
            if link.product not in there:
                yield (
                    f"{key}: '{link.source}' has no product '{link.product}'; it has "
                    f"{', '.join(there)}"
                )
                continue
            if problem := _foreign(files[link.source], file, link, known):
                yield f"{key}: {problem}"
            place = (link.source, link.product)
            if place in used:
                yield f"{key}: {'.'.join(place)} feeds {used[place]} already"
            used[place] = f"{circuit}.{link.feed}"


def _foreign(source: CaseFile, file: CaseFile, link: Link, known: KnownSets) -> str:
    """Return what is wrong where a liquor would keep an anion that its new circuit has not."""
    draw = source.draws.get(link.product)
    if link.product in SOLVENTS or (draw and draw.phase == "organic"):
        return ""
    was, own = (known(f.solvent.extractant).medium for f in (source, file))
    table = file.feeds[link.feed]
    given = any(value is not None for value in (table.acid, table.pH, table.strength))
    if was == own or (given and table.by == REDISSOLVING):
        return ""
    return foreign_anion(was, own)


def _products(file: CaseFile) -> list[str]:
    outlets = [s.outlet for s in file.sections.values() if s.outlet]
    solvent = BARREN if outlets else LOADED
    return [RAFFINATE, *outlets, *file.draws, solvent]


def _order(files: Mapping[str, CaseFile]) -> list[str]:
    """Return the circuits with sources first; where they go in circles, from what is fed."""
    sources = {name: {link.source for link in _links(name, file)} for name, file in files.items()}
    fed = {name for name, file in files.items() if not all(f.source for f in file.feeds.values())}
    order: list[str] = []
    while len(order) < len(files):
        left = [name for name in files if name not in order]
        ready = [name for name in left if sources[name] <= set(order)]
        begun = [name for name in left if name in fed or sources[name] & set(order)]
        order.append((ready or begun or left)[0])
    return order


def _treated(file: CaseFile, extractant: ExtractantSet, link: Link, stream: Stream) -> Treatment:
    table: Feed = file.feeds[link.feed]
    if stream.phase == "organic":
        return Treatment(stream)
    h = 10.0**-table.pH if table.pH is not None else None
    strength = None
    if table.strength is not None:
        strength = counted_moles(stream, table.strength, table.basis)
    into = replace(stream.system, extractant=extractant)
    return treat(stream, acid=table.acid, strength=strength, by=table.by, h=h, into=into)


__all__ = ["Circuit", "Train", "is_train", "load_train", "parse_train", "run_train"]
