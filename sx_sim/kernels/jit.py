"""The compiler of the kernels, and what it has compiled before.

Numba keeps what it compiled by the text of the file a function is in, and not of those it
calls. So what was compiled from other kernels, such as those of an earlier version in the same
place, is removed before any of it is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.event import Event, Listener

from sx_sim.kernels.cache import any_kernel

STAMP = "sx_sim-kernels.sha256"


def forget_other_kernels(folder: Path, sources: Path) -> None:
    """Remove compiled kernels from a folder if they are not of these sources.

    Parameters
    ----------
    folder : Path
        Where numba keeps them; it need not exist.
    sources : Path
        Folder of the kernels' files.
    """
    text = b"".join(path.read_bytes() for path in sorted(sources.glob("*.py")))
    own, stamp = sha256(text).hexdigest(), folder / STAMP
    if stamp.is_file() and stamp.read_text() == own:
        return
    for index in folder.glob("*.nbi"):
        index.unlink(missing_ok=True)  # without which its code is not found
    folder.mkdir(parents=True, exist_ok=True)
    stamp.write_text(own)


PLACE = Path(str(njit(cache=True)(any_kernel).stats.cache_path))  # where numba keeps kernels
forget_other_kernels(PLACE, Path(__file__).parent)
OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy", "no_cfunc_wrapper": True}
entry = partial(njit, **OPTIONS)  # called from Python
kernel = partial(njit, no_cpython_wrapper=True, **OPTIONS)  # called by kernels alone


class Compilations(Listener):
    """Calls a function with the module and the name of each kernel that was compiled."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self.tell = tell

    def on_start(self, event: Event) -> None:
        """Do nothing."""

    def on_end(self, event: Event) -> None:
        """Tell of a kernel."""
        data: Any = event.data
        function = data["dispatcher"].py_func
        self.tell(function.__module__, function.__name__)
