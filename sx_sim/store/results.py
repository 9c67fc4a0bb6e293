"""Results in HDF5: written, and read back whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sx_sim.cascade.column import Column
from sx_sim.cascade.profile import PROFILES
from sx_sim.cascade.results import assemble
from sx_sim.cascade.status import Status
from sx_sim.cascade.streams import Stream
from sx_sim.cases.load import CASE_NEEDED, Case
from sx_sim.errors import CaseError, check_kind
from sx_sim.flowsheet.circuit import CircuitResult
from sx_sim.flowsheet.flowsheet import ALONE, Flowsheet
from sx_sim.flowsheet.loop import Loop
from sx_sim.flowsheet.quantities import QUANTITIES
from sx_sim.flowsheet.recycles import Circuit
from sx_sim.flowsheet.result import Result
from sx_sim.kernels.types import Solution
from sx_sim.store.layout import RESULT, describe, write_scale, write_table, writing
from sx_sim.store.reading import number, numbers, read_case, reading, texts

# quantities of products: what files call them
PRODUCT_TABLES = {
    "flow": "product_flow",
    "pH": "product_pH",
    "reo": "product_reo",
    "concentration": "product_concentration",
    "purity_reo": "purity_reo",
    "purity_mol": "purity_mol",
    "recovery": "recovery",
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
        If the result is of another case, or the file cannot be written; one already there is
        left as it was.
    """
    check_kind(result, Result, "save_result needs a result first, as solve returns it")
    check_kind(case, Case, CASE_NEEDED)
    _check_same(result.flowsheet, case)
    with writing(path, RESULT) as file:
        describe(file, RESULT, case)
        if ALONE in result.units:
            _write_circuit(file, result.circuit)
            return
        file.attrs["status"] = int(result.status)
        file.attrs["status_text"] = result.status.text
        file.attrs["circuits"] = list(result.units)
        file.attrs["stages"] = result.flowsheet.stages
        file.attrs["passes"] = result.passes
        file.attrs["mismatch"] = result.mismatch
        write_scale(file, "species", result.elements, "species")
        write_scale(file, "product", list(result.streams), "circuit and stream that leaves it")
        names = [result.flowsheet.names.get(place, "") for place in result.streams]
        write_table(file, "product_name", names, ["product"], "", "name of the product")
        _write_products(file, result)
        for name, unit in result.units.items():
            _write_circuit(file.create_group(f"circuits/{name}"), unit)


def _check_same(flowsheet: Flowsheet, case: Case) -> None:
    """Raise CaseError for one that is not of a case, by stages, constants or temperatures."""
    ours, theirs = flowsheet.circuits, case.flowsheet.circuits
    same = ours.keys() == theirs.keys() and all(
        ours[name].column.stages == circuit.column.stages
        and ours[name].column.system == circuit.column.system
        and np.array_equal(ours[name].column.temperature, circuit.column.temperature)
        for name, circuit in theirs.items()
    )
    if not same:
        raise CaseError("the result is of another case than the one to write with it", case.name)


def _write_circuit(file: Any, result: CircuitResult) -> None:
    """Write a circuit into a file, or into a group of one."""
    checks = result.cascade.checks
    file.attrs["status"] = int(result.status)
    file.attrs["status_text"] = result.status.text
    file.attrs["iterations"] = result.cascade.iterations
    file.attrs["residual"] = result.cascade.residual
    file.attrs["largest_closure"] = checks.closure
    file.attrs["largest_stage_balance"] = checks.stage_balance
    file.attrs["rounds"] = result.rounds
    file.attrs["mismatch"] = result.mismatch
    write_scale(file, "stage", result.stages.number, "stage, in the direction of the organic flow")
    write_scale(file, "species", result.elements, "species")
    write_scale(file, "caution", [c.text for c in result.cautions], "reasons for care")
    write_table(file, "section", list(result.stages.section), ["stage"], "", "section of the stage")
    for name, (unit, long_name) in PROFILES.items():
        values = getattr(result.stages, name)
        write_table(file, name, values, ["stage", "species"][: values.ndim], unit, long_name)
    law = result.system.law(result.stages.temperature)
    third = ["ln_ligand"] if law.ligand else ["ln_ionic_strength"] if law.debye.size else []
    unknowns = ["ln_h", "ln_extractant", *third, *["ln_synergist"][: law.synergist]]
    write_scale(file, "unknown", unknowns, "the solver's unknowns")
    about = (
        "where a solve can start: ln of [H+], or of the anions where the pH is set; of the free "
        "dimer; of the free ligand or the ionic strength; of the free synergist"
    )
    write_table(file, "unknowns", result.stages.unknowns, ["stage", "unknown"], "1", about)
    write_scale(file, "product", list(result.streams), "stream that leaves")
    write_table(file, "balance", checks.balance, ["species"], "1", "in less out, over fed")
    _write_feeds(file, result)
    sheet = Flowsheet({ALONE: result.circuit})
    _write_products(file, Result(sheet, {ALONE: result}, {}))


def _write_feeds(file: Any, result: CircuitResult) -> None:
    streams = [feed.stream for feed in result.column.feeds]
    write_scale(file, "feed", [s.name for s in streams], "stream that enters")
    stages = [feed.stage for feed in result.column.feeds]
    write_table(file, "feed_stage", stages, ["feed"], "1", "stage it enters")
    write_table(file, "feed_flow", [s.flow for s in streams], ["feed"], "L/h", "flow")
    carriers = [s.carrier for s in streams]
    about = "strong anions of water, extractant of solvent as dimer or monomer"
    write_table(file, "feed_carrier", carriers, ["feed"], "mol/L", about)
    write_table(file, "feed_acid", [s.acid for s in streams], ["feed"], "mol/L", "hydrogen ion")
    held = [s.concentration for s in streams]
    write_table(file, "feed_concentration", held, ["feed", "species"], "mol/L", "concentration")


def _write_products(file: Any, result: Result) -> None:
    streams = result.streams
    phases = [stream.phase for stream in streams.values()]
    write_table(file, "product_phase", phases, ["product"], "", "phase")
    for name, called in PRODUCT_TABLES.items():
        quantity = QUANTITIES[name]
        values = [quantity.value(result, place) for place in streams]
        along = ["product", "species"][: len(quantity.along)]
        write_table(file, called, values, along, quantity.unit, quantity.long_name)


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
    with reading(path, RESULT) as file:
        return read_result(file, read_case(file))


def read_result(file: Any, case: Case) -> Result:
    """Return the result of a case that an open file holds; errors as ``load_result``."""
    sheet = case.flowsheet
    if ALONE in sheet.circuits:
        return Result(sheet, {ALONE: _read_circuit(file, sheet.circuit, ())}, {})
    units = {}
    for name in file.attrs["circuits"]:
        linked = [link.feed for link in sheet.links_to(name)]
        units[name] = _read_circuit(file[f"circuits/{name}"], sheet.circuits[name], linked)
    treatments = {
        link: link.treat(units[link.source].streams[link.product])
        for link in sheet.links
        if link.circuit in units and link.source in units
    }
    passes, mismatch = int(number(file, "passes")), number(file, "mismatch")
    return Result(sheet, units, treatments, passes, mismatch)


def _read_circuit(file: Any, circuit: Circuit, linked: Sequence[str]) -> CircuitResult:
    """Return a circuit as a file or a group of one has it, products and balances recomputed."""
    fed = _read_feeds(file, circuit.column)
    if linked:
        circuit = circuit.fed({name: fed[name] for name in linked})
    column = circuit.column.with_streams(fed)
    cascade, law = column.pack()
    found = assemble(column, cascade, law, _read_solution(file, column))
    closed = "rounds" in file.attrs  # from format 4 on
    rounds = int(number(file, "rounds")) if closed else 1
    mismatch = number(file, "mismatch") if closed else 0.0
    returned = Loop(circuit).outgoing(found) if circuit.recycles else np.zeros(0)
    return CircuitResult(circuit, found, rounds, mismatch, returned)


def _read_feeds(file: Any, column: Column) -> dict[str, Stream]:
    """Return the feeds that a file has, recycles included, by name."""
    names = texts(file, "feed")
    size = len(names)
    flow, carrier = (numbers(file, f"feed_{key}", size, finite=True) for key in ("flow", "carrier"))
    acid = numbers(file, "feed_acid", size)  # of water alone
    held = numbers(file, "feed_concentration", size, len(column.system.species), finite=True)
    if (flow < 0).any() or (held < 0).any():
        raise CaseError("feed_flow, feed_concentration: must not be negative")
    return {
        name: replace(
            column.feed(name),
            flow=float(flow[k]),
            carrier=float(carrier[k]),
            acid=float(acid[k]),
            concentration=held[k],
        )
        for k, name in enumerate(names)
    }


def _unknowns(file: Any) -> str:
    """Return the names of the solver's unknowns, which differ until format 3."""
    return "unknowns" if "unknowns" in file else "scalars"


def _read_solution(file: Any, column: Column) -> Solution:
    """Return the profiles of a column as a file has them."""
    status = Status(int(number(file, "status")))
    solved = status is Status.CONVERGED
    shape = column.stages, len(column.system.species)
    solution = Solution(
        aqueous=numbers(file, "aqueous", *shape, finite=solved),
        organic=numbers(file, "organic", *shape, finite=solved),
        unknowns=numbers(file, _unknowns(file), column.stages, None, finite=solved),
        status=int(status),
        iterations=int(number(file, "iterations")),
        residual=number(file, "residual"),
    )
    if solved and ((solution.aqueous < 0).any() or (solution.organic < 0).any()):
        raise CaseError("aqueous, organic: must not be negative")
    return solution
