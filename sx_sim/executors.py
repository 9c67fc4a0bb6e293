"""What runs the blocks of a sweep: processes here, or a cluster elsewhere."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from sx_sim.errors import CaseError


@contextmanager
def processes(workers: int) -> Iterator[Executor | None]:
    """Yield an executor of that many processes, none for one.

    Raises
    ------
    CaseError
        If a process dies.
    """
    if workers == 1:
        yield None
        return
    # spawned, not forked: compiled kernels and threads do not survive a fork
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(workers, context) as executor:
            yield executor
    except BrokenProcessPool:
        raise CaseError(
            "a worker process died, out of memory perhaps; what was solved is kept if --out was "
            "given, go on with --resume and fewer --workers"
        ) from None


@contextmanager
def cluster(address: str) -> Iterator[Any]:
    """Yield the executor of a Dask cluster, such as ``tcp://host:8786``.

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
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise CaseError(f'--dask "{address}": no scheduler answers there ({error})') from None
    with client:
        yield client.get_executor(pure=False, retries=3)
