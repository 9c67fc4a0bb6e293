"""Signals that ask a command to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import NoReturn

ASKING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stopped(KeyboardInterrupt):
    """A signal has asked to end; ``args[0]`` is its number."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Have SIGTERM and SIGHUP interrupt what is done, as Ctrl-C does; not where ignored (nohup)."""
    if current_thread() is not main_thread():
        yield
        return
    before = {one: signal.getsignal(one) for one in ASKING}
    changed = [one for one in ASKING if before[one] == signal.SIG_DFL]
    try:
        for one in changed:
            signal.signal(one, _stop)
        yield
    finally:
        for one in changed:
            signal.signal(one, before[one])


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped(number)
