"""Folders that one process at a time writes to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from sx_sim.errors import CaseError

try:
    import fcntl
except ImportError:  # not on POSIX: two processes are not kept apart
    fcntl = None

LOCK = "lock"
TRIES = 100  # while others make and remove the folder


def locked_folder(folder: Path) -> BinaryIO:
    """Return the lock of a folder, made if it is not there.

    It is held until it is closed or the process ends, however that ends.

    Raises
    ------
    CaseError
        If another process, or another part of this one, holds it.
    OSError, ValueError
        If the folder cannot be made.
    """
    for _ in range(TRIES):
        if folder.is_symlink():
            raise NotADirectoryError(f"{folder} is a link")
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock = (folder / LOCK).open("ab")
        except FileNotFoundError:  # another has just finished and removed the folder
            continue
        if not _taken(lock):
            lock.close()
            raise CaseError("another sweep is writing there; let it end, or give another --out")
        if _is_at(lock, folder / LOCK):
            return lock
        lock.close()
    raise OSError(f"{folder} is made and removed by others")


def _taken(lock: BinaryIO) -> bool:
    """Lock an open file, and return whether nobody else had."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # of file systems that know no locks
        return True
    return True


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Return whether an open file is still the one at a path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
