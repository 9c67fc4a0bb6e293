"""Finding a shipped set by what its extractant is called in the trade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sx_sim.chemistry import database
from sx_sim.chemistry.elements import is_rare_earth
from sx_sim.chemistry.reagents import acid_of, extractant_names, plain
from sx_sim.errors import CaseError

SPELLINGS = {"sulfate": ("sulphate",)}


def set_key(name: str) -> str:
    """Return the key of the shipped set that a name stands for: a key, or an extractant.

    An extractant goes by any of its names, alone or with the medium: ``Cyanex 272``,
    ``P204 sulfate``, ``D2EHPA in H2SO4``.

    Raises
    ------
    CaseError
        If no set fits, or several, which are listed.

    Examples
    --------
    >>> set_key("Cyanex 272"), set_key("P204 in sulphate")
    ('cyanex272-chloride', 'd2ehpa-tbp-sulfate')
    """
    keys = database.keys("extractants")
    if name in keys:
        return name
    wanted = plain(name)
    same = [key for key in keys if plain(key) == wanted]
    if same:
        return same[0]
    rows = {key: database.read("extractants", f"{key}.toml") for key in keys}
    fitting = [key for key, row in rows.items() if wanted in _names(row)]
    if len(fitting) > 1:  # an extractant alone stands for its only set of rare earths
        rare = [key for key in fitting if any(map(is_rare_earth, rows[key]["species"]))]
        fitting = rare if len(rare) == 1 else fitting
    if len(fitting) > 1:
        which = "; ".join(f"'{key}' ({rows[key]['title']})" for key in fitting)
        raise CaseError(f"no '{name}' in extractants, but {len(fitting)} sets of it: {which}")
    if not fitting:
        database.lookup("extractants", name)  # which says what there is
    return fitting[0]


def _names(row: Mapping[str, Any]) -> set[str]:
    """Return the names under which a set can be asked for, in normal form."""
    medium = row["medium"]
    media = (medium, acid_of(medium).formula, *SPELLINGS.get(medium, ()))
    found = set()
    for name in (*extractant_names(row["extractant"]), *row.get("synonyms", ())):
        found |= {plain(name)}
        found |= {plain(f"{name} {between} {word}") for between in ("", "in") for word in media}
    return found
