"""Reading files back: nothing of one is used before it is known to be what was written.

A file that is cut short, damaged or changed does not match its seal. What has none, or is
made to match, is still checked: every number and text is asked for by name, kind and shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sx_sim.cases.load import Case, parse_case
from sx_sim.chemistry.extractants import ExtractantSet
from sx_sim.errors import CaseError
from sx_sim.store.layout import FORMAT, KINDS, SEAL, SEAL_SIZE, digest_of

# what h5py raises on damage, and what is made of numbers that cannot be
DAMAGE = (
    OSError, KeyError, ValueError, TypeError, IndexError, AttributeError, RuntimeError,
    ArithmeticError, MemoryError,
)  # fmt: skip


@contextmanager
def reading(path: str | Path, *kinds: str) -> Iterator[Any]:
    """Open a file of this program, of one of these kinds.

    Raises
    ------
    CaseError
        If there is none, it is of another program or kind, or damaged; so also while what
        it holds is used.
    """
    name = str(path)
    try:
        if not Path(path).is_file():
            raise CaseError("there is no such file", name)
        _check_seal(Path(path))
        with _opened(path) as file:
            _check_kind(file, kinds or KINDS)
            _check_size(file, Path(path).stat().st_size)
            yield file
    except CaseError as error:
        raise CaseError(error.problems, error.file or name) from None
    except DAMAGE as error:
        reason = " ".join(str(error).split())
        raise CaseError(f"is damaged, or not as sx_sim wrote it: {reason}", name) from None


def _opened(path: str | Path) -> Any:
    try:
        return h5py.File(path, "r")
    except OSError as error:
        reason = " ".join(str(error).split())
        raise CaseError(f"is not an HDF5 file that can be read: {reason}", str(path)) from None


def _check_seal(path: Path) -> None:
    """Raise CaseError if a file is not as it was sealed; one of another program has no seal."""
    with path.open("rb") as file:
        seal = file.read(SEAL_SIZE)
        if not seal.startswith(SEAL):
            return
        if seal.removeprefix(SEAL).strip(b"\0\n") != digest_of(file):
            raise CaseError("is damaged, or was changed after sx_sim wrote it", str(path))


def _check_kind(file: Any, kinds: tuple[str, ...]) -> None:
    found = file.attrs.get("format")
    if not isinstance(found, str):
        raise CaseError(f"is an HDF5 file of another program, not {' or '.join(kinds)}")
    if found not in kinds:
        raise CaseError(f"is {found}, not {' or '.join(kinds)}")
    if not 1 <= number(file, "format_version") <= FORMAT:
        raise CaseError(f"is of a format that this version of sx_sim does not know, not {FORMAT}")


def _check_size(file: Any, size: int) -> None:
    """Raise CaseError if a file would unpack to far more than results do."""
    sizes = []
    file.visititems(lambda _, item: sizes.append(getattr(item, "nbytes", 0)))
    if sum(sizes) > 2**30 + 100 * size:
        raise CaseError(f"holds tables of {sum(sizes)} bytes, which no file of {size} does")


def read_case(file: Any) -> Case:
    """Return the case of a file, with the extractant sets as they were when it was written."""
    held = number(file, "format_version") >= 3
    tables = json.loads(text(file, "extractant_sets")) if held else {}
    sets = {k: ExtractantSet.from_tables(t) for k, t in tables.items()}
    return parse_case(text(file, "case"), file.filename, sets=sets)


def numbers(
    file: Any, name: str, *shape: int | None, kind: type = float, finite: bool = False
) -> np.ndarray:
    """Return a table of numbers.

    Parameters
    ----------
    file : h5py file or group
    name : str
    shape : int or None
        Its size along every dimension; None for any.
    kind : {float, int}
    finite : bool
        Whether each must be a number.

    Raises
    ------
    CaseError
        If it is not there or is not that.
    """
    table = _dataset(file, name, shape)
    if table.dtype.kind != np.dtype(kind).kind or table.dtype.itemsize > 8:
        raise CaseError(f"{name}: holds {table.dtype}, not numbers of kind {kind.__name__}")
    values = table[...].astype(kind, copy=False)
    if finite and not np.isfinite(values).all():
        raise CaseError(f"{name}: holds what is no finite number")
    return values


def texts(file: Any, name: str, size: int | None = None) -> tuple[str, ...]:
    """Return a list of texts; errors as ``numbers``."""
    table = _dataset(file, name, (size,))
    if h5py.check_string_dtype(table.dtype) is None:
        raise CaseError(f"{name}: holds {table.dtype}, not texts")
    return tuple(table.asstr()[:])


def text(file: Any, name: str) -> str:
    """Return a single text; errors as ``numbers``."""
    table = _dataset(file, name, ())
    if h5py.check_string_dtype(table.dtype) is None:
        raise CaseError(f"{name}: holds {table.dtype}, not a text")
    return str(table.asstr()[()])


def _dataset(file: Any, name: str, shape: tuple[int | None, ...]) -> Any:
    """Return the table under a name, if it is one of a shape that lies in this file."""
    link = file.get(name, getlink=True)
    table = file[name] if isinstance(link, h5py.HardLink) else None
    if not isinstance(table, h5py.Dataset):
        raise CaseError(f"{name}: is missing")
    if table.external or table.is_virtual:
        raise CaseError(f"{name}: lies in another file")
    there = table.shape
    if there is None or len(there) != len(shape):
        raise CaseError(f"{name}: has the shape {there}, not {shape}")
    if any(wanted not in (None, size) for size, wanted in zip(there, shape, strict=True)):
        raise CaseError(f"{name}: has the shape {there}, not {shape}")
    return table


def number(file: Any, name: str) -> float:
    """Return an attribute that is a number; CaseError if it is not there or none."""
    value = file.attrs.get(name)
    if not isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating)):
        raise CaseError(f"attribute {name}: is missing or no number")
    return float(value)


def words(file: Any, name: str) -> tuple[str, ...]:
    """Return an attribute that is a list of texts; CaseError if it is not there or none."""
    value = file.attrs.get(name)
    found = () if value is None else tuple(np.atleast_1d(value).tolist())
    if value is None or not all(isinstance(one, str) for one in found):
        raise CaseError(f"attribute {name}: is missing or no list of texts")
    return found


def word(file: Any, name: str) -> str:
    """Return an attribute that is a text; CaseError if it is not there or none."""
    value = file.attrs.get(name)
    if not isinstance(value, str):
        raise CaseError(f"attribute {name}: is missing or no text")
    return value
