"""Results and sweeps in HDF5: the layout, writing it, reading it back.

Every dimension is an HDF5 dimension scale, every number has its unit as an attribute, and
the file holds the text of its case, so that it can be read back whole. Files appear under
their name only once they are complete.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sx_sim.analysis.band import Band
from sx_sim.analysis.points import Points, SweepAxis
from sx_sim.analysis.sweep import SweepResult
from sx_sim.analysis.tables import CHOICES, FLAGS, Recorded
from sx_sim.cases.load import Case, parse_case
from sx_sim.cases.run import specifications
from sx_sim.cases.trains import Train
from sx_sim.chemistry.extractants import is_path
from sx_sim.circuits.circuit import net_feed
from sx_sim.circuits.recycles import feed_of, net_products, with_streams
from sx_sim.circuits.train import TrainResult
from sx_sim.errors import CaseError
from sx_sim.flowsheet.column import Column
from sx_sim.flowsheet.results import Result, assemble
from sx_sim.flowsheet.status import Status
from sx_sim.kernels.types import Solution

FORMAT = 2
RESULT, SWEEP, TRAIN = "sx_sim result", "sx_sim sweep", "sx_sim train"  # kinds of file
TEXT = h5py.string_dtype("utf-8")

# name: (unit, long name) of the stage profiles
STAGE = {
    "temperature": ("K", "stage temperature"),
    "aqueous_flow": ("L/h", "aqueous flow leaving the settler"),
    "organic_flow": ("L/h", "organic flow leaving the settler"),
    "acid": ("mol/L", "hydrogen ion"),
    "pH": ("1", "concentration pH"),
    "free_dimer": ("mol/L", "free extractant, as dimer"),
    "anion": ("mol/L", "net strong anions"),
    "free_anion": ("mol/L", "anions not held in complexes"),
    "ionic_strength": ("mol/L", "ionic strength"),
    "dimer": ("mol/L", "total extractant, as dimer"),
    "loading": ("1", "share of the extractant held by rare earths"),
}
STAGE_SPECIES = {
    "aqueous": ("mol/L", "aqueous concentration"),
    "organic": ("mol/L", "organic concentration"),
}
LABELS = {
    "product": "stream that leaves",
    "element": "rare earth",
    "species": "species",
    "stage": "stage, along the organic flow",
}


def save_result(result: Result, path: str | Path, case: Case) -> None:
    """Write a result to an HDF5 file.

    Parameters
    ----------
    result : Result
    path : str or Path
    case : Case
        The case it came from, whose text goes into the file.

    Raises
    ------
    CaseError
        If the file cannot be written; one already there is left as it was.
    """
    with _writing(path) as file:
        _describe(file, RESULT, case)
        _write_result(file, result)


def save_train(found: TrainResult, path: str | Path, train: Train) -> None:
    """Write a train to an HDF5 file, a group for each circuit and a table of the products.

    Parameters
    ----------
    found : TrainResult
    path : str or Path
    train : Train

    Raises
    ------
    CaseError
        If the file cannot be written; one already there is left as it was.
    """
    products = found.products
    series = sorted({s for stream in products.values() for s in stream.held})
    with _writing(path) as file:
        _sign(file, TRAIN, train.title)
        file.create_dataset("case", data=train.text, dtype=TEXT)
        file.attrs["circuits"] = list(found.circuits)
        file.attrs["stages"] = found.stages
        file.attrs["passes"] = found.passes
        file.attrs["converged"] = found.converged
        _scale(file, "product", list(products), "circuit and stream that leaves it")
        _scale(file, "species", series, "species")
        flows = [stream.flow for stream in products.values()]
        _write(file, "product_flow", flows, ["product"], "L/h", "flow")
        names = [train.names.get(place, "") for place in products]
        _write(file, "product_name", names, ["product"], "", "name of the product")
        held = [[stream.held.get(s, 0.0) for s in series] for stream in products.values()]
        along = ["product", "species"]
        _write(file, "product_concentration", held, along, "mol/L", "concentration")
        for name, solved in found.circuits.items():
            group = file.create_group(f"circuits/{name}")
            _write_result(group, solved.result.result)
            group.attrs["rounds"] = solved.result.rounds
            group.attrs["mismatch"] = solved.result.mismatch


def _write_result(file: Any, result: Result) -> None:
    """Write a result into a file, or into a group of one."""
    file.attrs["status"] = int(result.status)
    file.attrs["status_text"] = result.status.text
    file.attrs["iterations"] = result.iterations
    file.attrs["residual"] = result.residual
    file.attrs["largest_closure"] = result.checks.closure
    file.attrs["largest_stage_balance"] = result.checks.stage_balance
    _scale(file, "stage", result.stages.number, "stage, in the direction of the organic flow")
    _scale(file, "species", result.elements, "species")
    _scale(file, "product", list(result.streams), "stream that leaves")
    _scale(file, "caution", [c.text for c in result.cautions], "reasons for care")
    _write(file, "section", list(result.stages.section), ["stage"], "", "section of the stage")
    for name, (unit, long_name) in STAGE.items():
        _write(file, name, getattr(result.stages, name), ["stage"], unit, long_name)
    for name, (unit, long_name) in STAGE_SPECIES.items():
        values = getattr(result.stages, name)
        _write(file, name, values, ["stage", "species"], unit, long_name)
    unknowns = ["first", "ln free dimer", "third"][: result.stages.scalars.shape[1]]
    _scale(file, "unknown", unknowns, "the solver's unknowns")
    about = (
        "where a solve can start: ln of [H+], or of the anions where the pH is set; of the free "
        "dimer; of the free ligand or the ionic strength"
    )
    _write(file, "scalars", result.stages.scalars, ["stage", "unknown"], "1", about)
    _write(file, "balance", result.checks.balance, ["species"], "1", "in less out, over fed")
    _write_feeds(file, result)
    _write_products(file, result)


def _write_feeds(file: Any, result: Result) -> None:
    streams = [feed.stream for feed in result.column.feeds]
    _scale(file, "feed", [s.name for s in streams], "stream that enters, what comes back included")
    stages = [feed.stage for feed in result.column.feeds]
    _write(file, "feed_stage", stages, ["feed"], "1", "stage it enters")
    _write(file, "feed_flow", [s.flow for s in streams], ["feed"], "L/h", "flow")
    carriers = [s.carrier for s in streams]
    about = "strong anions of water, extractant as dimer of solvent"
    _write(file, "feed_carrier", carriers, ["feed"], "mol/L", about)
    _write(file, "feed_acid", [s.acid for s in streams], ["feed"], "mol/L", "hydrogen ion")
    held = [s.concentration for s in streams]
    _write(file, "feed_concentration", held, ["feed", "species"], "mol/L", "concentration")


def _read_column(file: Any, column: Column) -> Column:
    """Return a case's column with the feeds that a file has, what came back included."""
    streams = {}
    for k, name in enumerate(file["feed"].asstr()[:]):
        streams[name] = replace(
            feed_of(column, name),
            flow=float(file["feed_flow"][k]),
            carrier=float(file["feed_carrier"][k]),
            acid=float(file["feed_acid"][k]),
            concentration=file["feed_concentration"][k],
        )
    return with_streams(column, streams)


def _write_products(file: Any, result: Result) -> None:
    streams = list(result.streams.values())
    rare = result.system.rare_earth

    def by_species(value: Any) -> Any:
        return [[value(s, e) for e in result.elements] for s in streams]

    def purity(basis: str) -> Any:
        return by_species(
            lambda s, e: s.purity(e, basis) if rare[result.system.index(e)] else np.nan
        )

    one = {
        "product_phase": ([s.phase for s in streams], "", "phase"),
        "product_flow": ([s.flow for s in streams], "L/h", "flow"),
        "product_pH": ([s.pH for s in streams], "1", "concentration pH"),
        "product_reo": ([s.reo for s in streams], "g/L", "rare earths, as oxides"),
    }
    many = {
        "product_concentration": ([s.concentration for s in streams], "mol/L", "concentration"),
        "purity_reo": (purity("REO"), *CHOICES["purity_reo"][1:]),
        "purity_mol": (purity("mol"), *CHOICES["purity_mol"][1:]),
        "recovery": (by_species(lambda s, e: result.recovery(e, s.name)), *CHOICES["recovery"][1:]),
    }
    for name, (values, unit, long_name) in one.items():
        _write(file, name, values, ["product"], unit, long_name)
    for name, (values, unit, long_name) in many.items():
        _write(file, name, values, ["product", "species"], unit, long_name)


def load_result(path: str | Path) -> Result:
    """Read a result back from an HDF5 file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Result
        Balances and products are recomputed from the stage profiles.

    Raises
    ------
    CaseError
        If there is no such file, or it is not a result.
    """
    with _reading(path, RESULT) as file:
        case = parse_case(file["case"].asstr()[()], str(path))
        column = _read_column(file, case.column)
        cascade, law = column.pack()
        solution = Solution(
            aqueous=file["aqueous"][:],
            organic=file["organic"][:],
            scalars=file["scalars"][:],
            status=int(file.attrs["status"]),
            iterations=int(file.attrs["iterations"]),
            residual=float(file.attrs["residual"]),
        )
    result = assemble(column, cascade, law, solution)
    if not case.circuit.recycles:
        return result
    streams = net_products(case.circuit, result.streams)
    return replace(result, streams=streams, net_fed=net_feed(case.circuit))


def save_sweep(sweep: SweepResult, path: str | Path, case: Case) -> None:
    """Write a sweep to an HDF5 file; parameters and errors as ``save_result``."""
    record = sweep.recorded
    with _writing(path) as file:
        _describe(file, SWEEP, case)
        dimensions = list(sweep.points.dimensions)
        file.attrs["axes"] = [axis.path for axis in sweep.axes]
        file.attrs["dimensions"] = dimensions
        file.attrs["alike"] = sweep.points.alike
        for name, size in sweep.points.dimensions.items():
            if all(axis.path != name for axis in sweep.axes):
                _scale(file, name, np.arange(size), "place along axes that move together")
        for axis, nominal in zip(sweep.axes, sweep.nominal, strict=True):
            unit = axis.unit or "1"
            if axis.path == axis.dimension:
                _scale(file, axis.path, axis.values, axis.path, unit)
            else:
                _write(file, axis.path, axis.values, [axis.dimension], unit, axis.path)
            file[axis.path].attrs["nominal"] = nominal
            file[axis.path].attrs["dimension"] = axis.dimension
        for along, labels in record.names.items():
            _scale(file, along, labels, LABELS[along])
        for name, kind in record.kinds.items():
            values = sweep.tables[name]
            _write(file, name, values, [*dimensions, *kind.along], kind.unit, kind.long_name)
        file.attrs["tables"] = list(record.tables)
        file.attrs["numbers"] = list(record.numbers)
        file["status"].attrs["meanings"] = [f"{s.value}: {s.text}" for s in Status]
        file["cautions"].attrs["flag_masks"] = [1 << k for k in range(len(FLAGS))]
        file["cautions"].attrs["flag_meanings"] = " ".join(f.replace(" ", "_") for f in FLAGS)
        if sweep.band is not None:
            _write_band(file, sweep.band)


def _write_band(file: Any, band: Band) -> None:
    group = file.create_group("band")
    group.attrs["axis"] = band.path
    group.attrs["long_name"] = "purity and recovery with nominal enthalpies and with their errors"
    members = np.arange(band.recovery.shape[1])
    _scale(file, "member", members, "0: nominal enthalpies; others: draws from their errors")
    along = [band.path, "member", "product", "element"]
    _write(file, "band/purity_reo", band.purity_reo, along, *CHOICES["purity_reo"][1:])
    _write(file, "band/recovery", band.recovery, along, *CHOICES["recovery"][1:])


def open_sweep(path: str | Path) -> SweepResult:
    """Read a sweep back from an HDF5 file; errors as ``load_result``.

    Examples
    --------
    >>> sweep = sx_sim.open_sweep("sweep.h5")  # doctest: +SKIP
    >>> sweep.output("purity.La-Dy.raffinate").max()  # doctest: +SKIP
    >>> sweep.to_xarray()  # doctest: +SKIP
    """
    with _reading(path, SWEEP) as file:
        case = parse_case(file["case"].asstr()[()], str(path))
        axes = tuple(_read_axis(file, name) for name in file.attrs["axes"])
        record = Recorded(
            tuple(file.attrs["tables"]),
            tuple(file.attrs["numbers"]),
            tuple(file["product"].asstr()[:]),
            tuple(file["element"].asstr()[:]),
            tuple(file["species"].asstr()[:]),
            len(file["stage"]) if "stage" in file else 0,
        )
        band = None
        if "band" in file:
            group = file["band"]
            along = group.attrs["axis"]
            tables = group["purity_reo"][:], group["recovery"][:]
            band = Band(along, file[along][:], record.products, record.elements, *tables)
        return SweepResult(
            points=Points(axes, bool(file.attrs["alike"])),
            nominal=tuple(float(file[axis.path].attrs["nominal"]) for axis in axes),
            recorded=record,
            tables={name: file[name][:] for name in record.kinds},
            band=band,
            specifications=specifications(case),
        )


def _read_axis(file: Any, name: str) -> SweepAxis:
    unit, dimension = file[name].attrs["units"], file[name].attrs["dimension"]
    return SweepAxis(name, file[name][:], "" if unit == "1" else unit, dimension)


def load_any(path: str | Path) -> tuple[Case, Result | SweepResult]:
    """Read whatever a file of this program holds, and the case it came from.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    CaseError
        If there is no such file, or it holds neither a result nor a sweep.
    """
    with _reading(path) as file:
        kind = file.attrs["format"]
        case = parse_case(file["case"].asstr()[()], str(path))
    return case, load_result(path) if kind == RESULT else open_sweep(path)


def _sign(file: Any, kind: str, title: str) -> None:
    file.attrs["format"] = kind
    file.attrs["format_version"] = FORMAT
    file.attrs["software"] = "sx_sim"
    file.attrs["version"] = version("sx_sim")
    file.attrs["title"] = title


def _describe(file: Any, kind: str, case: Case) -> None:
    _sign(file, kind, case.file.title)
    file.create_dataset("case", data=_text(case), dtype=TEXT)
    file.attrs["extractant_set"] = case.column.system.extractant.key
    constants = case.column.system.constants
    file.attrs["sources"] = sorted(
        {key for c in constants for key in (*c.source, *c.enthalpy_source)}
    )


def _text(case: Case) -> str:
    """Return the text of a case, the path of a set of one's own made absolute."""
    key = case.raw["solvent"]["extractant"]
    if not is_path(key):
        return case.text
    found = (Path(case.name).parent / key).resolve().as_posix()
    return case.text.replace(f'"{key}"', f'"{found}"').replace(f"'{key}'", f"'{found}'")


def _scale(file: Any, name: str, values: Any, long_name: str, unit: str | None = None) -> None:
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


def _write(
    file: Any, name: str, values: Any, along: Sequence[str], unit: str, long_name: str
) -> None:
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
def _writing(path: str | Path) -> Iterator[Any]:
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
def _reading(path: str | Path, *kinds: str) -> Iterator[Any]:
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
