"""Finding and reading the data files that come with the simulator."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from sx_sim.errors import CaseError


@cache
def read(*path: str) -> dict[str, Any]:
    """Return the content of a TOML file below ``sx_sim/data``."""
    return tomllib.loads(files("sx_sim").joinpath("data", *path).read_text(encoding="utf-8"))


@cache
def keys(folder: str) -> tuple[str, ...]:
    """Return the keys of the data sets in a folder, sorted."""
    entries = files("sx_sim").joinpath("data", folder).iterdir()
    return tuple(sorted(e.name.removesuffix(".toml") for e in entries if e.name.endswith(".toml")))


def lookup(folder: str, key: str) -> dict[str, Any]:
    """Return one data set.

    Raises
    ------
    CaseError
        If there is none of that key; the message names what there is.
    """
    known = keys(folder)
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        guess = f"did you mean '{near[0]}'? " if near else ""
        raise CaseError(f"no '{key}' in {folder}; {guess}there are: {', '.join(known)}")
    return read(folder, f"{key}.toml")


@cache
def fingerprint() -> str:
    """Return the version and digest of the data of this installation.

    Examples
    --------
    >>> fingerprint().startswith("sx_sim ")
    True
    """
    digest = hashlib.sha256()
    folders = [files("sx_sim").joinpath("data")]
    while folders:
        for entry in sorted(folders.pop().iterdir(), key=lambda one: one.name):
            if entry.is_dir():
                folders.append(entry)
            elif entry.name.endswith((".toml", ".csv")):
                digest.update(entry.name.encode() + b"\0" + entry.read_bytes())
    return f"sx_sim {version('sx_sim')}, data {digest.hexdigest()[:16]}"


@cache
def sources() -> dict[str, str]:
    """Return the BibTeX entry of every source key."""
    text = files("sx_sim").joinpath("data", "sources.bib").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=@)", text)
    return {entry[entry.index("{") + 1 : entry.index(",")]: entry.strip() for entry in entries}
