"""What runs the blocks of a sweep: processes here, or a cluster elsewhere."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import (
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from threading import Lock, Thread
from typing import Any

from sx_sim.chemistry.database import fingerprint
from sx_sim.errors import CaseError

KEPT = "what was solved is kept if --out was given, go on with --resume"

PATIENCE = 20.0  # for a scheduler to answer [s]


class _HereAndThere(Executor):
    """Runs one call at a time in this process and the others in processes of their own.

    This one need not be started, and solves while the others are. The others end with it,
    however it ends: they watch a pipe whose other end it alone has.
    """

    def __init__(self, workers: int) -> None:
        # spawned, not forked: compiled kernels and threads do not survive a fork
        context = multiprocessing.get_context("spawn")
        watched, self._life = context.Pipe(duplex=False)
        self._others = ProcessPoolExecutor(workers - 1, context, _end_with, (watched,))
        # some calls wait at the others, so that none is idle while this process is busy
        self._callers = ThreadPoolExecutor(2 * workers + 1)
        self._here = Lock()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return self._callers.submit(self._call, fn, *args, **kwargs)

    def _call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if self._here.acquire(blocking=False):
            try:
                return fn(*args, **kwargs)
            finally:
                self._here.release()
        return self._others.submit(fn, *args, **kwargs).result()

    def end(self) -> None:
        """End the other processes at once."""
        self._life.close()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._callers.shutdown(wait, cancel_futures=cancel_futures)
        self._others.shutdown(wait, cancel_futures=cancel_futures)


def _end_with(watched: Connection) -> None:
    """End this process when the other end of a pipe is closed, by whatever."""

    def watch() -> None:
        try:
            watched.recv_bytes()
        except (EOFError, OSError):
            os._exit(1)

    Thread(target=watch, daemon=True).start()


@contextmanager
def processes(workers: int) -> Iterator[Executor | None]:
    """Yield an executor of that many processes, this one among them; none for one.

    Raises
    ------
    CaseError
        If a process dies.
    """
    if workers == 1:
        yield None
        return
    try:
        with _HereAndThere(workers) as executor:
            try:
                yield executor
            except BaseException:
                executor.end()
                raise
    except BrokenProcessPool:
        raise CaseError(
            f"a worker process died, out of memory perhaps; {KEPT} and fewer --workers"
        ) from None


@contextmanager
def cluster(address: str) -> Iterator[Any]:
    """Yield the executor of a Dask cluster, such as ``tcp://host:8786``; ``local`` starts one here.

    Workers need the same sx_sim installed. A block whose worker dies is solved by another.

    Raises
    ------
    CaseError
        If Dask is not installed, the scheduler does not answer or goes away, or workers have
        another sx_sim or none.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise CaseError(
            "--dask needs Dask, which is not installed: pip install 'sx_sim[dask]'"
        ) from None
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said here
    try:
        if address == "local":
            client = Client(threads_per_worker=1, dashboard_address=None)
        else:
            client = _within(PATIENCE, lambda: Client(address, timeout=10))
    except (OSError, ValueError, ImportError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CaseError(f'--dask "{address}": no scheduler answers there ({reason})') from None
    try:
        with client:
            _check_workers(client, address)
            yield client.get_executor(pure=False, retries=3)
    except KilledWorker:
        raise CaseError(f'--dask "{address}": workers died again and again; {KEPT}') from None
    except (CancelledError, OSError, ValueError) as error:
        # a future cancelled as its scheduler goes may be a ValueError of the client's own
        if isinstance(error, ValueError) and client.status == "running":
            raise
        reason = f"{type(error).__name__} {error}".strip()
        raise CaseError(f'--dask "{address}": the scheduler is gone ({reason}); {KEPT}') from None


def _within(seconds: float, make: Callable[[], Any]) -> Any:
    """Return a result within a time, else raise TimeoutError; Dask waits without limit for some."""
    made: Future[Any] = Future()

    def run() -> None:
        try:
            made.set_result(make())
        except BaseException as error:
            made.set_exception(error)

    Thread(target=run, daemon=True).start()
    return made.result(seconds)


def _check_workers(client: Any, address: str) -> None:
    """Raise CaseError for workers whose sx_sim is not the one here."""
    own = fingerprint()
    for worker, found in client.run(fingerprint, on_error="return").items():
        if found != own:
            what = (
                f"cannot load sx_sim ({found})" if isinstance(found, Exception) else f"has {found}"
            )
            raise CaseError(
                f'--dask "{address}": worker {worker} {what}, and here is {own}; install the same '
                "sx_sim on every worker"
            )
