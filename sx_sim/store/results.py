"""Results in HDF5: written, and read back whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sx_sim.analysis.tables import CHOICES
from sx_sim.cascade.column import Column
from sx_sim.cascade.results import Result, assemble
from sx_sim.cascade.status import Status
from sx_sim.cases.load import CASE_NEEDED, Case, parse_case
from sx_sim.errors import CaseError, check_kind
from sx_sim.flowsheet.recycles import feed_of, net_result, with_streams
from sx_sim.kernels.types import Solution
from sx_sim.store.layout import RESULT, describe, write_scale, write_table, writing
from sx_sim.store.reading import number, numbers, read_case, reading, texts

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
    "loading": ("1", "share of the extractant held by metals"),
}
STAGE_SPECIES = {
    "aqueous": ("mol/L", "aqueous concentration"),
    "organic": ("mol/L", "organic concentration"),
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
    _check_same(result.column, case)
    with writing(path, RESULT) as file:
        describe(file, RESULT, case)
        write_result(file, result)


def _check_same(column: Column, case: Case) -> None:
    """Raise CaseError for a column that is not of a case, by stages, constants or temperatures."""
    same = column.stages == case.column.stages and column.system == case.column.system
    if not (same and np.array_equal(column.temperature, case.column.temperature)):
        raise CaseError("the result is of another case than the one to write with it", case.name)


def write_result(file: Any, result: Result) -> None:
    """Write a result into a file, or into a group of one."""
    file.attrs["status"] = int(result.status)
    file.attrs["status_text"] = result.status.text
    file.attrs["iterations"] = result.iterations
    file.attrs["residual"] = result.residual
    file.attrs["largest_closure"] = result.checks.closure
    file.attrs["largest_stage_balance"] = result.checks.stage_balance
    write_scale(file, "stage", result.stages.number, "stage, in the direction of the organic flow")
    write_scale(file, "species", result.elements, "species")
    write_scale(file, "product", list(result.streams), "stream that leaves")
    write_scale(file, "caution", [c.text for c in result.cautions], "reasons for care")
    write_table(file, "section", list(result.stages.section), ["stage"], "", "section of the stage")
    for name, (unit, long_name) in STAGE.items():
        write_table(file, name, getattr(result.stages, name), ["stage"], unit, long_name)
    for name, (unit, long_name) in STAGE_SPECIES.items():
        values = getattr(result.stages, name)
        write_table(file, name, values, ["stage", "species"], unit, long_name)
    unknowns = ["first", "ln free dimer", "third"][: result.stages.scalars.shape[1]]
    write_scale(file, "unknown", unknowns, "the solver's unknowns")
    about = (
        "where a solve can start: ln of [H+], or of the anions where the pH is set; of the free "
        "dimer; of the free ligand or the ionic strength"
    )
    write_table(file, "scalars", result.stages.scalars, ["stage", "unknown"], "1", about)
    write_table(file, "balance", result.checks.balance, ["species"], "1", "in less out, over fed")
    _write_feeds(file, result)
    _write_products(file, result)


def _write_feeds(file: Any, result: Result) -> None:
    streams = [feed.stream for feed in result.column.feeds]
    write_scale(file, "feed", [s.name for s in streams], "stream that enters")
    stages = [feed.stage for feed in result.column.feeds]
    write_table(file, "feed_stage", stages, ["feed"], "1", "stage it enters")
    write_table(file, "feed_flow", [s.flow for s in streams], ["feed"], "L/h", "flow")
    carriers = [s.carrier for s in streams]
    about = "strong anions of water, extractant as dimer of solvent"
    write_table(file, "feed_carrier", carriers, ["feed"], "mol/L", about)
    write_table(file, "feed_acid", [s.acid for s in streams], ["feed"], "mol/L", "hydrogen ion")
    held = [s.concentration for s in streams]
    write_table(file, "feed_concentration", held, ["feed", "species"], "mol/L", "concentration")


def _read_column(file: Any, column: Column) -> Column:
    """Return a case's column with the feeds that a file has, what came back included."""
    names = texts(file, "feed")
    size = len(names)
    flow, carrier = (numbers(file, f"feed_{key}", size, finite=True) for key in ("flow", "carrier"))
    acid = numbers(file, "feed_acid", size)  # of water alone
    held = numbers(file, "feed_concentration", size, len(column.system.species), finite=True)
    if (flow < 0).any() or (held < 0).any():
        raise CaseError("feed_flow, feed_concentration: must not be negative")
    streams = {
        name: replace(
            feed_of(column, name),
            flow=float(flow[k]),
            carrier=float(carrier[k]),
            acid=float(acid[k]),
            concentration=held[k],
        )
        for k, name in enumerate(names)
    }
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
        write_table(file, name, values, ["product"], unit, long_name)
    for name, (values, unit, long_name) in many.items():
        write_table(file, name, values, ["product", "species"], unit, long_name)


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
        source, sets = read_case(file)
        case = parse_case(source, str(path), sets=sets)
        column = _read_column(file, case.column)
        cascade, law = column.pack()
        result = assemble(column, cascade, law, _read_solution(file, column))
        if case.circuit.recycles:
            result = net_result(case.circuit, result)
    return result


def _read_solution(file: Any, column: Column) -> Solution:
    """Return the profiles of a column as a file has them."""
    status = Status(int(number(file, "status")))
    solved = status is Status.CONVERGED
    shape = column.stages, len(column.system.species)
    solution = Solution(
        aqueous=numbers(file, "aqueous", *shape, finite=solved),
        organic=numbers(file, "organic", *shape, finite=solved),
        scalars=numbers(file, "scalars", column.stages, None, finite=solved),
        status=int(status),
        iterations=int(number(file, "iterations")),
        residual=number(file, "residual"),
    )
    if solved and ((solution.aqueous < 0).any() or (solution.organic < 0).any()):
        raise CaseError("aqueous, organic: must not be negative")
    return solution
