"""What a sweep has solved so far, kept beside its file until that is written.

Each block of neighbouring points becomes a file of its own that appears whole or not at
all, so a sweep killed at any moment goes on from the last block that was solved.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sx_sim.analysis.points import BLOCK
from sx_sim.analysis.tables import Tables
from sx_sim.cases.load import Case
from sx_sim.errors import CaseError

IDENTITY = "sweep.json"


class SweepJournal:
    """Blocks of one sweep, kept in a folder beside the file it will be written to.

    Parameters
    ----------
    path : Path
        The sweep's HDF5 file.
    case : Case
        What is swept. Blocks of another case, or of another version, are not taken up.
    settings : str
        What else decides what is solved, where points are not the case's own.

    Examples
    --------
    >>> import sx_sim, pathlib, tempfile
    >>> case = sx_sim.load_case("examples/pr_nd.toml")  # doctest: +SKIP
    >>> journal = SweepJournal(pathlib.Path("sweep.h5"), case)  # doctest: +SKIP
    >>> journal.begin()  # doctest: +SKIP
    >>> sweep = sx_sim.run_sweep(case, journal=journal)  # doctest: +SKIP
    """

    def __init__(self, path: Path, case: Case, settings: str = "") -> None:
        self.path = path
        self.folder = path.with_name(f".{path.name}.blocks")
        self.identity = {
            "size of blocks": str(BLOCK),
            "choice of points": settings,
            **case.identity,
        }

    @property
    def kept(self) -> list[Path]:
        """The files of the blocks kept, in order."""
        return sorted(self.folder.glob("block-*.npz"))

    def begin(self) -> None:
        """Start afresh.

        Raises
        ------
        CaseError
            If blocks of an unfinished sweep are there.
        """
        if self.kept:
            raise CaseError(
                f"an unfinished sweep is there, {len(self.kept)} blocks of it solved; go on with "
                "--resume, or give --fresh to start anew",
                str(self.path),
            )
        self.discard()
        try:
            self.folder.mkdir(parents=True)
            self._write(self.folder / IDENTITY, json.dumps(self.identity).encode())
        except OSError as error:
            raise CaseError(f"cannot be written: {error}", str(self.path)) from None

    def resume(self) -> None:
        """Go on with the blocks there; without any, start afresh.

        Raises
        ------
        CaseError
            If they are of another case, or of another version of this program.
        """
        try:
            found = json.loads((self.folder / IDENTITY).read_text())
        except (OSError, ValueError):
            self.discard()
            self.begin()
            return
        changed = [key for key, value in self.identity.items() if found.get(key) != value]
        if changed:
            raise CaseError(
                f"the unfinished sweep there has another {' and another '.join(changed)}; solve "
                "it as it was, or give --fresh to start anew",
                str(self.path),
            )

    def discard(self) -> None:
        """Remove all that is kept."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def blocks(self) -> Mapping[int, Tables]:
        """Tables kept, by number of the block."""
        found = {}
        for file in self.kept:
            with np.load(file) as tables:
                found[int(file.stem.removeprefix("block-"))] = dict(tables)
        return found

    def keep(self, number: int, tables: Tables) -> None:
        """Keep the tables of a block.

        Raises
        ------
        CaseError
            If there is no room; what was kept before stays.
        """
        part = self.folder / "part.npz"
        try:
            with part.open("wb") as file:
                np.savez(file, **tables)
            part.replace(self.folder / f"block-{number:07d}.npz")
        except OSError as error:
            raise CaseError(
                f"cannot be kept: {error}; {len(self.kept)} blocks are, go on with --resume",
                str(self.path),
            ) from None

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_bytes(content)
        part.replace(path)
