"""The layout that all files share: dimension scales, units, provenance, whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sx_sim.cases.load import Case
from sx_sim.chemistry.extractants import ExtractantSet
from sx_sim.errors import CaseError

FORMAT = 3
RESULT, SWEEP, TRAIN = "sx_sim result", "sx_sim sweep", "sx_sim train"  # kinds of file
TEXT = h5py.string_dtype("utf-8")


def sign(file: Any, kind: str, title: str) -> None:
    file.attrs["format"] = kind
    file.attrs["format_version"] = FORMAT
    file.attrs["software"] = "sx_sim"
    file.attrs["version"] = version("sx_sim")
    file.attrs["title"] = title


def describe(file: Any, kind: str, case: Case) -> None:
    sign(file, kind, case.file.title)
    write_case(file, case.text, case.sets)
    file.attrs["extractant_set"] = case.column.system.extractant.key
    constants = case.column.system.constants
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


def read_case(file: Any) -> tuple[str, dict[str, ExtractantSet]]:
    """Return the text of the case or train of a file, and its sets as they were then."""
    text = file["case"].asstr()[()]
    tables = json.loads(file["extractant_sets"].asstr()[()]) if "extractant_sets" in file else {}
    return text, {key: ExtractantSet.from_tables(one) for key, one in tables.items()}


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
def writing(path: str | Path) -> Iterator[Any]:
    """Open a new file beside its final place and move it there when all is written."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(part, "w", track_order=True) as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise CaseError(f"cannot be written: {error}", str(path)) from None
    finally:
        with suppress(OSError):
            part.unlink()


@contextmanager
def reading(path: str | Path, *kinds: str) -> Iterator[Any]:
    """Open a file of this program, of one of these kinds; refuse any other with a message."""
    if not Path(path).is_file():
        raise CaseError("there is no such file", str(path))
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise CaseError(f"is not an HDF5 file that can be read: {error}", str(path)) from None
    with file:
        found = file.attrs.get("format", "an HDF5 file of another program")
        wanted = kinds or (RESULT, SWEEP)
        if found not in wanted:
            raise CaseError(f"is {found}, not {' or '.join(wanted)}", str(path))
        yield file
