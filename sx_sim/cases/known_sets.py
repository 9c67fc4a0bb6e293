"""Extractant sets by the names that cases give them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sx_sim.chemistry.extractants import ExtractantSet, extractant_set, is_path


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
