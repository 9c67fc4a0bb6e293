"""What a sweep has solved so far, kept beside its file until that is written.

Each block of neighbouring points becomes a file of its own that appears whole or not at
all, so a sweep killed at any moment goes on from the last block that was solved. One sweep at
a time writes there: it holds a lock that ends with its process, however that ends.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

from sx_sim.cases.load import Case
from sx_sim.errors import CaseError
from sx_sim.locks import locked_folder
from sx_sim.output_files import put
from sx_sim.studies.points import BLOCK
from sx_sim.studies.tables import Tables

IDENTITY = "sweep.json"
# what numpy and zipfile raise on damage
DAMAGE = (
    OSError, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


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
    >>> with SweepJournal(pathlib.Path("sweep.h5"), case) as journal:  # doctest: +SKIP
    ...     journal.begin()
    ...     sweep = sx_sim.run_sweep(case, journal=journal)
    """

    def __init__(self, path: Path, case: Case, settings: str = "") -> None:
        self.path = path
        self.folder = path.with_name(f".{path.name}.blocks")
        self.identity = {
            "size of blocks": str(BLOCK),
            "choice of points": settings,
            **case.identity,
        }
        self._lock: BinaryIO | None = None

    def __enter__(self) -> SweepJournal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._lock is not None and not self.kept:
            self.discard()
        self.close()

    @property
    def kept(self) -> list[Path]:
        """The files of the blocks kept, in order."""
        return sorted(f for f in self.folder.glob("block-*.npz") if _number(f) is not None)

    def begin(self) -> None:
        """Start afresh.

        Raises
        ------
        CaseError
            If blocks of an unfinished sweep are there, or another sweep is writing there.
        """
        self._hold()
        if self.kept:
            raise CaseError(
                f"an unfinished sweep is there, {len(self.kept)} blocks of it solved; go on with "
                "--resume, or give --fresh to start anew",
                str(self.path),
            )
        self._sign()

    def resume(self) -> None:
        """Go on with the blocks there; without any, start afresh.

        Raises
        ------
        CaseError
            If they are of another case, or of another version of this program, or another
            sweep is writing there.
        """
        self._hold()
        try:
            found = dict(json.loads((self.folder / IDENTITY).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            found = self.identity  # whose each block is stands in the block itself
        changed = [key for key, value in self.identity.items() if found.get(key) != value]
        if changed and self.kept:
            raise CaseError(
                f"the unfinished sweep there has another {' and another '.join(changed)}; solve "
                "it as it was, or give --fresh to start anew",
                str(self.path),
            )
        self._sign()

    def discard(self) -> None:
        """Remove all that is kept; CaseError if another sweep is writing there."""
        if self.folder.exists():
            self._hold()
            shutil.rmtree(self.folder, ignore_errors=True)
        self.close()

    def close(self) -> None:
        """Let other sweeps write there."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _hold(self) -> None:
        """Lock the folder, made if it is not there, until it is closed or the process ends."""
        if self._lock is None:
            try:
                self._lock = locked_folder(self.folder)
            except CaseError as error:
                raise CaseError(error.problems, str(self.path)) from None
            except (OSError, ValueError) as error:
                raise CaseError(f"cannot be written: {error}", str(self.path)) from None

    def _sign(self) -> None:
        try:
            put(self.folder / IDENTITY, json.dumps(self.identity).encode())
        except OSError as error:
            raise CaseError(f"cannot be written: {error}", str(self.path)) from None

    @property
    def blocks(self) -> Mapping[int, Tables]:
        """Tables kept, by number of the block; none of those that cannot be read."""
        read = {_number(file): _tables(file) for file in self.kept}
        return {k: tables for k, tables in read.items() if k is not None and tables}

    def keep(self, number: int, tables: Tables) -> None:
        """Keep the tables of a block.

        Raises
        ------
        CaseError
            If there is no room; what was kept before stays.
        """
        content = io.BytesIO()
        try:
            np.savez(content, **tables)
            put(self.folder / f"block-{number:07d}.npz", content.getbuffer())
        except OSError as error:
            raise CaseError(
                f"cannot be kept: {error}; {len(self.kept)} blocks are, go on with --resume",
                str(self.path),
            ) from None


def _number(file: Path) -> int | None:
    digits = file.stem.removeprefix("block-")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def _tables(file: Path) -> Tables:
    """Return the tables of a block, none where it is damaged."""
    try:
        with zipfile.ZipFile(file) as archive:
            if any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist()):
                return {}  # of others, and it might unpack to anything
        with np.load(file, allow_pickle=False) as tables:
            return dict(tables)
    except DAMAGE:
        return {}
