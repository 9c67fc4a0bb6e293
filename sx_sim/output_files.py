"""Files that are written: refused before anything is solved, and there whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import secrets
import stat
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

from sx_sim.errors import CaseError


def check_output(path: str | Path, *endings: str) -> None:
    """Raise CaseError if a file cannot be written there.

    Parameters
    ----------
    path : str or Path
    endings : str
        What its name may end in, such as ``.csv``; anything if none is given.
    """
    path = Path(path)
    if not path.name:
        raise CaseError("names no file to write", str(path))
    if endings and path.suffix.lower() not in endings:
        raise CaseError(f"must end in {' or '.join(endings)}", str(path))
    mode = _mode(path)
    if mode is not None and not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        raise CaseError(f"cannot be written: is {kind}, not a file", str(path))
    _check_parent(path.parent, path)


def check_folder(path: str | Path) -> None:
    """Raise CaseError if files cannot be written into a folder, which need not be there."""
    path = Path(path)
    mode = _mode(path)
    if mode is not None and not stat.S_ISDIR(mode):
        raise CaseError("cannot be written: is a file, not a folder", str(path))
    _check_parent(path, path)


def _mode(path: Path) -> int | None:
    """Return the mode of what is at a path, None where nothing is."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise CaseError(f"cannot be written: {error}", str(path)) from None


def _check_parent(folder: Path, path: Path) -> None:
    """Try whether the nearest folder that is there takes files."""
    there = next(p for p in (folder, *folder.parents) if p.is_dir() or p in (p.parent, Path(".")))
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
        if there != folder and os.path.lexists(there / folder.relative_to(there).parts[0]):
            raise NotADirectoryError(f"{there / folder.relative_to(there).parts[0]} is no folder")
    except OSError as error:
        raise CaseError(f"cannot be written: {error}", str(path)) from None


def unused(path: Path) -> Path:
    """Return a path under which nothing is, numbered where the one given is in use."""
    numbered = (path.with_stem(f"{path.stem}-{k}") for k in count(2))
    return next(one for one in chain([path], numbered) if not os.path.lexists(one))


def write_output(path: str | Path, content: bytes | memoryview) -> None:
    """Write a file as ``put`` does; CaseError if it cannot be."""
    try:
        put(Path(path), content)
    except (OSError, ValueError) as error:
        raise CaseError(f"cannot be written: {error}", str(path)) from None


def write_rows(path: str | Path, rows: Iterable[Sequence[str]]) -> None:
    """Write a table of comma-separated values; errors as ``write_output``."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    write_output(path, text.getvalue().encode())


def put(path: Path, content: bytes | memoryview) -> None:
    """Write a file that appears under its name once it is whole and on the disk.

    A link at that name is replaced, not followed.

    Raises
    ------
    OSError, ValueError
        If it cannot be written; one already there is left as it was.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")  # no name that others can guess
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync(path.parent)
    finally:
        with suppress(OSError, ValueError):
            part.unlink()


def _sync(folder: Path) -> None:
    """Put a folder's names on the disk, where its system knows how."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
