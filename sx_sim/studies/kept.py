"""What a sweep keeps as it solves, and which of what was kept before is its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from sx_sim.cascade.status import Status
from sx_sim.cases.load import Case
from sx_sim.studies.points import Block, Points, blocks
from sx_sim.studies.tables import Recorded, Tables

SWEEP, OUTSIDE = "sweep", "outside"  # beside the tables: whose they are, points beyond a range


class Journal(Protocol):
    """Where a sweep keeps what it has solved."""

    @property
    def blocks(self) -> Mapping[int, Tables]:
        """Tables kept before, by number of the block."""
        ...

    def keep(self, number: int, tables: Tables) -> None:
        """Keep the tables of a block."""
        ...


def stamp_of(case: Case, points: Points, record: Recorded) -> str:
    """Return the digest of all that decides the numbers of a sweep's blocks."""
    axes = [(a.path, a.unit, a.dimension, a.values.tolist()) for a in points.axes]
    recorded = (record.tables, record.numbers, record.products, record.elements, record.stages)
    all_of_it = json.dumps([case.identity, axes, points.alike, recorded], sort_keys=True)
    return hashlib.sha256(all_of_it.encode()).hexdigest()


def known_blocks(
    journal: Journal, stamp: str, points: Points, record: Recorded, strict: bool
) -> dict[int, Tables]:
    """Return the blocks kept before that need not be solved again.

    Those of another sweep, or not as they were written, are left out; where it is strict also
    those that left a range, which solving them again will say.
    """
    there = journal.blocks
    return {
        block.number: there[block.number]
        for block in blocks(points.shape)
        if block.number in there and _holds(there[block.number], block, stamp, record, strict)
    }


def _holds(tables: Tables, block: Block, stamp: str, record: Recorded, strict: bool) -> bool:
    wanted = record.empty((block.size,)) | {OUTSIDE: np.zeros(block.size, dtype=bool)}
    if str(tables.get(SWEEP)) != stamp or set(tables) != {SWEEP, *wanted}:
        return False
    for name, table in wanted.items():
        if tables[name].shape != table.shape or tables[name].dtype != table.dtype:
            return False
    known = {int(status) for status in Status}
    return known.issuperset(tables["status"].tolist()) and not (strict and tables[OUTSIDE].any())
