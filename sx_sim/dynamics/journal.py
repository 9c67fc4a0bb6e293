"""A simulation under way, kept beside the file it will be written to."""

from __future__ import annotations

import hashlib
import json
import pickle
import time
from pathlib import Path
from typing import Any

from sx_sim.cases import Case
from sx_sim.errors import CaseError
from sx_sim.output_files import put

EVERY = 20.0  # seconds between what is kept
DAMAGE = (OSError, ValueError, EOFError, pickle.UnpicklingError, AttributeError, ImportError)


class SimulationJournal:
    """What a simulation has reached, so that it can go on after a stop.

    Parameters
    ----------
    path : Path
        Of the file that it will be written to.
    case : Case
    """

    def __init__(self, path: Path, case: Case) -> None:
        self.path = path
        self.file = path.with_name(f".{path.name}.simulation")
        told = json.dumps(case.identity, sort_keys=True).encode()
        self.identity = hashlib.sha256(told).hexdigest().encode()
        self.kept_at = time.monotonic()

    def begin(self) -> None:
        """Start afresh; CaseError if an unfinished simulation is there."""
        if self.file.exists():
            raise CaseError(
                "an unfinished simulation is there; go on with --resume, or give --fresh to start "
                "anew",
                str(self.path),
            )

    def resume(self) -> Any:
        """Return what was kept, None where there is nothing.

        Raises
        ------
        CaseError
            If it is of another case or of another version of this program, or damaged.
        """
        if not self.file.exists():
            return None
        try:
            content = self.file.read_bytes()
            identity, digest, body = content[:64], content[64:128], content[128:]
            if identity != self.identity:
                raise CaseError(
                    "the unfinished simulation there is of another case or version of sx_sim; "
                    "give --fresh to start anew",
                    str(self.path),
                )
            if hashlib.sha256(body).hexdigest().encode() != digest:
                raise ValueError
            return pickle.loads(body)
        except DAMAGE:
            raise CaseError(
                "the unfinished simulation there is damaged; give --fresh to start anew",
                str(self.path),
            ) from None

    def keep(self, course: Any, *, now: bool = False) -> None:
        """Keep where a simulation is, if the last time was long enough ago."""
        if not now and time.monotonic() < self.kept_at + EVERY:
            return
        body = pickle.dumps(course)
        digest = hashlib.sha256(body).hexdigest().encode()
        try:
            put(self.file, self.identity + digest + body)
        except OSError as error:
            raise CaseError(f"cannot be kept: {error}", str(self.path)) from None
        self.kept_at = time.monotonic()

    def discard(self) -> None:
        """Remove what was kept."""
        self.file.unlink(missing_ok=True)
