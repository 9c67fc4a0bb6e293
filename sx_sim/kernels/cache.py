"""Where compiled kernels are kept, if neither the installation nor the user's home takes files."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def any_kernel() -> None:
    """Stand for the kernels: numba looks for a place to keep it when it is decorated."""


def temporary_place() -> str:
    """Have numba keep kernels in a temporary folder if it has no other place.

    Returns
    -------
    str
        The folder; empty where numba has a place of its own.
    """
    beside = Path(__file__).parent
    compiled = beside / "__pycache__"
    if os.access(compiled if compiled.is_dir() else beside, os.W_OK):
        return ""
    from numba import njit  # takes a while, and is not needed for this as a rule
    from numba.core import config

    try:
        njit(cache=True)(any_kernel)
    except RuntimeError:
        folder = _own_folder()
        config.CACHE_DIR = folder  # type: ignore[attr-defined]
        os.environ["NUMBA_CACHE_DIR"] = folder  # of processes started from here
        return folder
    return ""


def _own_folder() -> str:
    """Return a folder that nobody else can write to: what is kept there is executed."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"sx_sim_numba_{user}"
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        there = folder.lstat()
        safe = stat.S_ISDIR(there.st_mode) and not stat.S_IMODE(there.st_mode) & 0o077
        if not safe or there.st_uid != user:
            return tempfile.mkdtemp(prefix="sx_sim_numba_")
    return str(folder)
