"""What runs the blocks of a sweep: processes here, or a cluster elsewhere."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from threading import Lock
from typing import Any

from sx_sim.errors import CaseError


class _HereAndThere(Executor):
    """Runs one call at a time in this process and the others in processes of their own.

    This one need not be started, and solves while the others are.
    """

    def __init__(self, workers: int) -> None:
        # spawned, not forked: compiled kernels and threads do not survive a fork
        context = multiprocessing.get_context("spawn")
        self._others = ProcessPoolExecutor(workers - 1, context)
        self._callers = ThreadPoolExecutor(workers)
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

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._callers.shutdown(wait, cancel_futures=cancel_futures)
        self._others.shutdown(wait, cancel_futures=cancel_futures)


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
            yield executor
    except BrokenProcessPool:
        raise CaseError(
            "a worker process died, out of memory perhaps; what was solved is kept if --out was "
            "given, go on with --resume and fewer --workers"
        ) from None


@contextmanager
def cluster(address: str) -> Iterator[Any]:
    """Yield the executor of a Dask cluster, such as ``tcp://host:8786``; ``local`` starts one here.

    Workers need sx_sim installed. A block whose worker dies is solved by another.

    Raises
    ------
    CaseError
        If Dask is not installed or the scheduler does not answer.
    """
    try:
        from distributed import Client
    except ImportError:
        raise CaseError(
            "--dask needs Dask, which is not installed: pip install 'sx_sim[dask]'"
        ) from None
    try:
        if address == "local":
            client = Client(threads_per_worker=1, dashboard_address=None)
        else:
            client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise CaseError(f'--dask "{address}": no scheduler answers there ({error})') from None
    with client:
        yield client.get_executor(pure=False, retries=3)
