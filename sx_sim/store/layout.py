"""The layout that all files share: dimension scales, units, provenance, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from sx_sim.cases.load import Case
from sx_sim.chemistry.extractants import ExtractantSet
from sx_sim.errors import CaseError
from sx_sim.output_files import check_output, write_output

FORMAT = 4
RESULT, SWEEP, SIMULATION = "sx_sim result", "sx_sim sweep", "sx_sim simulation"
KINDS = RESULT, SWEEP, SIMULATION  # of file
ENDINGS = (".h5", ".hdf5")
SEAL, SEAL_SIZE = b"sx_sim, sha256 of what follows ", 512  # in the user block of HDF5
TEXT = h5py.string_dtype("utf-8")


def describe(file: Any, kind: str, case: Case) -> None:
    file.attrs["format"] = kind
    file.attrs["format_version"] = FORMAT
    file.attrs["software"] = "sx_sim"
    file.attrs["version"] = version("sx_sim")
    file.attrs["title"] = case.content.title
    write_case(file, case.text, case.sets)
    systems = [circuit.column.system for circuit in case.flowsheet.circuits.values()]
    file.attrs["extractant_set"] = ", ".join(dict.fromkeys(s.extractant.key for s in systems))
    constants = [c for system in systems for c in system.constants]
    file.attrs["sources"] = sorted(
        {key for c in constants for key in (*c.source, *c.enthalpy_source)}
    )


def write_case(file: Any, text: str, sets: Mapping[str, ExtractantSet]) -> None:
    """Write the text of a case or a train, and all constants of the sets that it names."""
    tables = {key: known.as_tables() for key, known in sets.items()}
    for name, content, about in (
        ("case", text, "case file, in TOML"),
        ("extractant_sets", json.dumps(tables), "constants of the sets that it names, in JSON"),
    ):
        file.create_dataset(name, data=content, dtype=TEXT).attrs["long_name"] = about


def write_scale(file: Any, name: str, values: Any, long_name: str, unit: str | None = None) -> None:
    data = _data(values)
    dataset = file.create_dataset(name, data=data, dtype=TEXT if data.dtype == object else None)
    dataset.attrs["long_name"] = long_name
    if unit is not None:
        dataset.attrs["units"] = unit
    dataset.make_scale(name)


def _data(values: Any) -> np.ndarray:
    listed = list(values)
    text = not listed or isinstance(listed[0], str)
    return np.array(listed, dtype=object if text else None)


def write_table(
    file: Any, name: str, values: Any, along: Sequence[str], unit: str, long_name: str
) -> None:
    """Write numbers or texts under a name, with unit, long name and the scales they run along."""
    data = _data(values)
    text = data.dtype == object
    options = {} if text else {"compression": "gzip", "shuffle": True}
    dataset = file.create_dataset(name, data=data, dtype=TEXT if text else None, **options)
    dataset.attrs["long_name"] = long_name
    if unit:
        dataset.attrs["units"] = unit
    for k, scale in enumerate(along):
        dataset.dims[k].attach_scale(file[scale])


@contextmanager
def writing(path: str | Path, kind: str) -> Iterator[Any]:
    """Yield a file in memory, and write it under its name when all is in it, sealed.

    HDF5 itself writes nothing to the disk: it does not survive one that is full.

    Raises
    ------
    CaseError
        If it cannot be written, or another kind of file is there.
    """
    check_target(path, kind)
    image = io.BytesIO()
    with h5py.File(image, "w", userblock_size=SEAL_SIZE, track_order=True) as file:
        yield file
    image.seek(SEAL_SIZE)
    seal = SEAL + digest_of(image) + b"\n"
    image.seek(0)
    image.write(seal)
    write_output(path, image.getbuffer())


def digest_of(file: BinaryIO) -> bytes:
    """Return the digest of a file from where it stands."""
    digest = hashlib.sha256()
    while chunk := file.read(2**20):
        digest.update(chunk)
    return digest.hexdigest().encode()


def check_target(path: str | Path, kind: str) -> None:
    """Raise CaseError unless a file of that kind can be written there.

    One of the same kind is replaced, and so is an empty one; nothing else is.
    """
    path = Path(path)
    check_output(path, *ENDINGS)
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        with h5py.File(path, "r") as file:
            found = file.attrs.get("format")
    except (OSError, RuntimeError):
        found = None
    if found != kind:
        what = found if found in KINDS else "not a file that sx_sim wrote"
        raise CaseError(
            f"is there, and is {what}; remove it or give another name to write {kind}", str(path)
        )
