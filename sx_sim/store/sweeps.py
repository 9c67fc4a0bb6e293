"""Sweeps in HDF5: written, and read back whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sx_sim.cascade.caution import CautionKind, flags
from sx_sim.cascade.status import Status
from sx_sim.cases.load import CASE_NEEDED, Case
from sx_sim.errors import CaseError, check_kind
from sx_sim.store.layout import SWEEP, describe, write_scale, write_table, writing
from sx_sim.store.reading import number, numbers, read_case, reading, texts, word, words
from sx_sim.studies.points import Points, SweepAxis
from sx_sim.studies.sweep import SweepResult, specifications
from sx_sim.studies.tables import Recorded

LABELS = {
    "product": "stream that leaves",
    "element": "rare earth",
    "species": "species",
    "stage": "stage, along the organic flow",
}


def save_sweep(sweep: SweepResult, path: str | Path, case: Case) -> None:
    """Write a sweep to an HDF5 file; parameters and errors as ``save_result``."""
    check_kind(sweep, SweepResult, "save_sweep needs a sweep first, as run_sweep returns it")
    check_kind(case, Case, CASE_NEEDED)
    with writing(path, SWEEP) as file:
        describe(file, SWEEP, case)
        _write(file, sweep)
        file.attrs["own"] = list(sweep.own)
        if sweep.band is not None:
            about = "temperatures, and nominal enthalpies (first) beside draws from their errors"
            group = file.create_group("band")
            group.attrs["long_name"] = about
            _write(group, sweep.band)


def _write(file: Any, sweep: SweepResult) -> None:
    """Write a sweep into a file, or into a group of one."""
    record = sweep.recorded
    dimensions = list(sweep.points.dimensions)
    file.attrs["axes"] = [axis.path for axis in sweep.axes]
    file.attrs["dimensions"] = dimensions
    file.attrs["alike"] = sweep.points.alike
    for name, size in sweep.points.dimensions.items():
        if all(axis.path != name for axis in sweep.axes):
            write_scale(file, name, np.arange(size), "place along axes that move together")
    for axis, nominal in zip(sweep.axes, sweep.nominal, strict=True):
        unit = axis.unit or "1"
        if axis.path == axis.dimension:
            write_scale(file, axis.path, axis.values, axis.path, unit)
        else:
            write_table(file, axis.path, axis.values, [axis.dimension], unit, axis.path)
        file[axis.path].attrs["nominal"] = nominal
        file[axis.path].attrs["dimension"] = axis.dimension
    for along, labels in record.names.items():
        write_scale(file, along, labels, LABELS[along])
    for name, kind in record.kinds.items():
        values = sweep.tables[name]
        write_table(file, name, values, [*dimensions, *kind.along], kind.unit, kind.long_name)
    file.attrs["tables"] = list(record.tables)
    file.attrs["numbers"] = list(record.numbers)
    file["status"].attrs["meanings"] = [f"{s.value}: {s.text}" for s in Status]
    file["cautions"].attrs["flag_masks"] = [flags({kind}) for kind in CautionKind]
    file["cautions"].attrs["flag_meanings"] = " ".join(
        kind.replace(" ", "_") for kind in CautionKind
    )


def open_sweep(path: str | Path) -> SweepResult:
    """Read a sweep back from an HDF5 file; errors as ``load_result``.

    Examples
    --------
    >>> sweep = sx_sim.open_sweep("sweep.h5")  # doctest: +SKIP
    >>> sweep.output("purity.La-Dy.raffinate").max()  # doctest: +SKIP
    >>> sweep.to_xarray()  # doctest: +SKIP
    """
    with reading(path, SWEEP) as file:
        return read_sweep(file, read_case(file))


def read_sweep(file: Any, case: Case) -> SweepResult:
    """Return the sweep of a case that an open file holds; errors as ``load_result``."""
    banded = "band" in file and number(file, "format_version") >= 4
    return replace(
        _read(file),
        band=_read(file["band"]) if banded else None,
        specifications=specifications(case),
        own=_read_own(file, case),
    )


def _read(file: Any) -> SweepResult:
    """Return a sweep as a file, or a group of one, has it."""
    axes = tuple(_read_axis(file, name) for name in words(file, "axes"))
    points = Points(axes, bool(number(file, "alike")))
    record = Recorded(
        words(file, "tables"),
        words(file, "numbers"),
        texts(file, "product"),
        texts(file, "element"),
        texts(file, "species"),
        len(numbers(file, "stage", None, kind=int)) if "stage" in file else 0,
    )
    empty = record.empty((0,) * len(points.shape))
    tables = {
        name: numbers(
            file,
            name,
            *points.shape,
            *table.shape[len(points.shape) :],
            kind=int if table.dtype.kind == "i" else float,
        )
        for name, table in empty.items()
    }
    for status in np.unique(tables["status"]):
        Status(int(status))
    nominal = tuple(float(file[axis.path].attrs["nominal"]) for axis in axes)
    return SweepResult(points, nominal, record, tables)


def _read_own(file: Any, case: Case) -> tuple[float, ...]:
    """Return the specified quantities of the case itself."""
    names = [spec.output for spec in case.content.specifications]
    found = np.asarray(file.attrs.get("own", [np.nan] * len(names)), dtype=np.float64)
    if found.shape != (len(names),):
        raise CaseError(f"own: must be {len(names)} numbers")
    return tuple(found.tolist())


def _read_axis(file: Any, name: str) -> SweepAxis:
    values = numbers(file, name, None, finite=True)
    unit, dimension = word(file[name], "units"), word(file[name], "dimension")
    return SweepAxis(name, values, "" if unit == "1" else unit, dimension)
