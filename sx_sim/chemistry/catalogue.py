"""What data there are: extractant sets, feeds, isotherms, and whom to cite for them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from sx_sim.chemistry import activity, database
from sx_sim.chemistry.extractants import extractant_set, is_path
from sx_sim.chemistry.ligands import ligand
from sx_sim.chemistry.set_schema import QUALITIES
from sx_sim.errors import CaseError

KINDS = ("set", "feed", "isotherm")


@dataclass(frozen=True)
class Entry:
    """One data set.

    Parameters
    ----------
    kind : {'set', 'feed', 'isotherm'}
    key, title, medium : str
    elements : tuple of str
    quality : mapping of str to int
        How many of its elements are measured, derived, estimated; for a table of points one
        count of them all.
    sources : tuple of str
    conditions : str
    """

    kind: str
    key: str
    title: str
    medium: str
    elements: tuple[str, ...]
    quality: Mapping[str, int]
    sources: tuple[str, ...]
    conditions: str


def entries() -> list[Entry]:
    """Return every data set, by kind and key.

    Examples
    --------
    >>> [e.key for e in entries() if e.kind == "feed"][:2]
    ['bastnaesite', 'longnan']
    """
    found = [_set(key) for key in database.keys("extractants")]
    found += [_feed(key) for key in database.keys("feeds")]
    return found + [_isotherm(key) for key in tables()]


def entry(key: str) -> Entry:
    """Return one data set, or a set by the path of its file.

    Raises
    ------
    CaseError
        If there is none of that key; the message names what there is.
    """
    if is_path(key):
        return _set(key)
    known = {one.key: one for one in entries()}
    if key not in known:
        raise CaseError(f"no data set '{key}'; there are: {', '.join(known)}")
    return known[key]


def cite(keys: Iterable[str]) -> dict[str, str]:
    """Return the BibTeX entry of every source key that has one.

    Parameters
    ----------
    keys : iterable of str
        As ``Result.sources`` gives them.
    """
    known = database.sources()
    return {key: known[key] for key in dict.fromkeys(keys) if key in known}


def tables() -> dict[str, list[dict[str, str]]]:
    """Return the rows of every table of isotherms, by key."""
    folder = files("sx_sim").joinpath("data", "isotherms")
    found = {}
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.name.endswith(".csv"):
            text = path.read_text(encoding="utf-8")
            found[path.name.removesuffix(".csv")] = list(csv.DictReader(text.splitlines()))
    return found


def about(key: str) -> Mapping[str, Any]:
    """Return the remarks on a table of isotherms as a whole, if any."""
    return database.read("isotherms", "index.toml").get(key, {})


def _set(key: str) -> Entry:
    one = extractant_set(key)
    sources: list[str] = []
    for c in one.species.values():
        sources += [*c.source, *c.enthalpy_source]
    bound = ligand(one.complexes)
    sources += bound.sources if bound else []
    if one.activity == "sit":
        sources += activity.sources(list(one.species))
    return Entry(
        "set",
        key,
        one.title,
        one.medium,
        tuple(one.species),
        _counted(c.quality for c in one.species.values()),
        tuple(dict.fromkeys(sources)),
        one.conditions,
    )


def _feed(key: str) -> Entry:
    data = database.lookup("feeds", key)
    source = data["source"]
    return Entry(
        "feed",
        key,
        data["title"],
        "",
        tuple(data["composition"]),
        {data["quality"]: len(data["composition"])},
        tuple([source] if isinstance(source, str) else source),
        data.get("conditions", data["note"]),
    )


def _isotherm(key: str) -> Entry:
    rows, data = tables()[key], about(key)
    source = data.get("source") or sorted({r["source"] for r in rows if r.get("source")})
    return Entry(
        "isotherm",
        key,
        data.get("title", key),
        data.get("medium", ""),
        tuple(dict.fromkeys(r["element"] for r in rows if r.get("element"))),
        {data.get("quality", "measured"): len(rows)},
        tuple([source] if isinstance(source, str) else source),
        data.get("conditions", ""),
    )


def _counted(qualities: Iterable[str]) -> dict[str, int]:
    counts = Counter(qualities)
    return {quality: counts[quality] for quality in QUALITIES if counts[quality]}
