"""Train files: circuits in one TOML file, fed from one another."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import ValidationError

from sx_sim.cascade.column import BARREN, LOADED, RAFFINATE
from sx_sim.cascade.streams import Stream
from sx_sim.cases.build import system_of
from sx_sim.cases.known_sets import KnownSets
from sx_sim.cases.schema import CaseFile, TrainFile
from sx_sim.chemistry.extractants import ExtractantSet
from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import Link, overdrawn
from sx_sim.flowsheet.treatment import REDISSOLVING, Conditioner, foreign_anion
from sx_sim.problems import problems_of

Known = Callable[[str], ExtractantSet]  # a set by the name a case gives it
STAND_IN = 1e-3  # [mol/L] of every species that a source may bring


def merged(defaults: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with what it leaves out from the defaults, table by table."""
    whole = copy.deepcopy(dict(defaults))
    for key, value in table.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            whole[key] = merged(whole[key], value)
        else:
            whole[key] = copy.deepcopy(value)
    return whole


def files_of(
    tables: Mapping[str, Mapping[str, Any]],
    name: str,
    known: KnownSets,
    before: Mapping[str, CaseFile],
) -> dict[str, CaseFile]:
    """Return the content of every circuit's table, but of those that are known.

    Raises
    ------
    CaseError
        Naming circuits, keys and values.
    """
    files: dict[str, CaseFile] = {}
    problems: list[str] = []
    for circuit, table in tables.items():
        try:
            files[circuit] = before.get(circuit) or CaseFile.model_validate(table, context=known)
        except ValidationError as error:
            problems += [f"circuits.{circuit}.{p}" for p in problems_of(error, CaseFile)]
            continue
        for key in ("sweep", "specifications", "simulation"):
            if getattr(files[circuit], key):
                problems.append(
                    f"circuits.{circuit}.{key}: is of the whole train; give it outside circuits"
                )
    if problems:
        raise CaseError(problems, name)
    return files


def check_links(
    train: TrainFile, files: Mapping[str, CaseFile], name: str, known: KnownSets
) -> None:
    """Raise CaseError for sources and names of products that are not there."""
    problems = [*_wrong_links(files, known), *_wrong_products(train.products, files)]
    if problems:
        raise CaseError(problems, name)


def links_of(files: Mapping[str, CaseFile], known: Known) -> tuple[Link, ...]:
    """Return the links between circuits with their conditioners."""
    return tuple(link for name, file in files.items() for link in _links(name, file, known))


def _links(name: str, file: CaseFile, known: Known) -> list[Link]:
    found = []
    for feed, table in file.feeds.items():
        if table.source:
            source, _, product = table.source.partition(".")
            molar = table.strength is None or table.strength.unit == "mol/L"
            conditioner = Conditioner(
                known(file.solvent.extractant),
                table.acid,
                None if table.pH is None else 10.0**-table.pH,
                None if table.strength is None else table.strength.value,
                "mol" if molar else table.basis or "",
                table.by,
            )
            found.append(Link(name, feed, source, product, conditioner, table.share))
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
    found: list[Link] = []
    for circuit, file in files.items():
        for link in _links(circuit, file, known):
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
            found.append(link)
    yield from overdrawn(found)


def _foreign(source: CaseFile, file: CaseFile, link: Link, known: KnownSets) -> str:
    """Return the errors of liquors that would keep an anion absent from their new circuit."""
    if _products(source)[link.product] == "organic":
        return ""
    was, own = (known(f.solvent.extractant).medium for f in (source, file))
    table = file.feeds[link.feed]
    given = any(value is not None for value in (table.acid, table.pH, table.strength))
    if was == own or (given and table.by == REDISSOLVING):
        return ""
    return foreign_anion(was, own)


def _products(file: CaseFile) -> dict[str, str]:
    """Return the phases of what leaves a circuit, by name."""
    outlets = {s.outlet: "aqueous" for s in file.sections.values() if s.outlet}
    draws = {name: draw.phase for name, draw in file.draws.items()}
    return {RAFFINATE: "aqueous", **outlets, **draws, BARREN if outlets else LOADED: "organic"}


def in_order(files: Mapping[str, CaseFile]) -> list[str]:
    """Return the circuits with sources first; where they go in circles, from what is fed."""
    sources = {
        name: {f.source.partition(".")[0] for f in file.feeds.values() if f.source}
        for name, file in files.items()
    }
    fed = {name for name, file in files.items() if not all(f.source for f in file.feeds.values())}
    order: list[str] = []
    while len(order) < len(files):
        left = [name for name in files if name not in order]
        ready = [name for name in left if sources[name] <= set(order)]
        begun = [name for name in left if name in fed or sources[name] & set(order)]
        order.append((ready or begun or left)[0])
    return order


def sources_of(
    files: Mapping[str, CaseFile],
    order: Sequence[str],
    links: Sequence[Link],
    known: KnownSets,
) -> dict[str, dict[str, Stream]]:
    """Return, for the feeds that links bring, streams of every species that may come, of no flow.

    Species go with the links, in circles if the circuits do, until none is new.
    """
    found: dict[str, dict[str, Stream]] = {name: {} for name in order}
    systems: dict[str, Any] = {}
    changed = True
    while changed:
        changed = False
        for name in order:
            file = files[name]
            try:
                system = system_of(file, known(file.solvent.extractant), found[name])
            except CaseError as error:
                raise CaseError([f"circuits.{name}.{p}" for p in error.problems]) from None
            changed |= name not in systems or systems[name].species != system.species
            systems[name] = system
            for link in (link for link in links if link.source == name):
                phase = _products(file)[link.product]
                passes = link.conditioner.passes(system, phase)
                if file.solvent.exchange:  # all of the base is exchanged
                    brought = {s for f in found[name].values() for s in f.held}
                    fed = brought | {s for f in file.feeds.values() for s in f.concentrations or {}}
                    passes = passes & np.array(
                        [s != file.solvent.base or s in fed for s in system.species]
                    )
                held = np.where(passes, STAND_IN, 0.0)
                acid = STAND_IN if phase == "aqueous" else np.nan
                found[link.circuit][link.feed] = Stream(
                    system, link.feed, phase, 0.0, held, 1.0, acid
                )
    return found


def same_feeds(one: Mapping[str, Stream], other: Mapping[str, Stream]) -> bool:
    """Whether streams of the same names bring the same species."""
    return one.keys() == other.keys() and all(
        one[name].held.keys() == other[name].held.keys() and one[name].phase == other[name].phase
        for name in one
    )
