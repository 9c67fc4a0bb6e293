"""Simulations in HDF5: written, read back whole, and started from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.cases.load import CASE_NEEDED, Case
from sx_sim.cases.simulation import HoldupTable, SimulationTable
from sx_sim.chemistry.extractants import ExtractantSet
from sx_sim.dynamics.control import SET_POINT
from sx_sim.dynamics.record import PROFILES, SIGNALS, SimulationResult
from sx_sim.dynamics.simulation import holdups_of
from sx_sim.errors import CaseError, check_kind
from sx_sim.flowsheet.quantities import BY_KIND, QUANTITIES
from sx_sim.store.layout import SIMULATION, describe, write_scale, write_table, writing
from sx_sim.store.reading import number, numbers, read_case, reading, texts, words
from sx_sim.studies.inputs import input_of

Array = NDArray[np.float64]
NEEDED = "save_simulation needs a simulation first, as simulate returns it"
NAMED = ("product", "species", "number", "input", "controller")  # scales
SAME = 1e-9  # volumes, by share
HOLDUPS = (*HoldupTable.model_fields, "sections")
NO_TABLE = SimulationTable.model_validate({"duration": "0 h"})  # where a case has none


def save_simulation(result: SimulationResult, path: str | Path, case: Case) -> None:
    """Write a simulation to an HDF5 file; parameters and errors as ``save_result``."""
    check_kind(result, SimulationResult, NEEDED)
    check_kind(case, Case, CASE_NEEDED)
    if result.case.identity != case.identity:
        raise CaseError(
            "the simulation is of another case than the one to write with it", case.name
        )
    with writing(path, SIMULATION) as file:
        describe(file, SIMULATION, case)
        file.attrs["balance"] = result.balance
        file.attrs["steps"] = result.steps
        file.attrs["solves"] = result.solves
        write_scale(file, "time", result.time, "time since the start", "h")
        write_scale(file, "product", result.products, "circuit and stream that leaves it")
        write_scale(file, "species", result.species, "species")
        stages = 1 + np.arange(len(result.section))
        write_scale(file, "stage", stages, "stage, in the direction of the organic flow")
        write_scale(file, "caution", result.cautions, "reasons for care")
        write_table(file, "section", result.section, ["stage"], "", "section of the stage")
        _write_tables(file, result)
        units = [_unit(name) for name in result.numbers]
        about = "single quantity, as outputs are named"
        _write_series(file, "number", result.numbers, units, about)
        units = [_unit_of_input(case, path) for path in result.inputs]
        about = "input that moved, by path, as the case has it once it is read"
        _write_series(file, "input", result.inputs, units, about)
        _write_controllers(file, result)
        inside = "what the plant holds, tanks included"
        write_table(file, "inventory", result.inventory, ["time", "species"], "mol", inside)
        along, about = ["time", "product", "species"], "what left in the product since the start"
        write_table(file, "left", result.left, along, "mol", about)
        state = np.asarray(result.final["state"])
        write_scale(file, "place", np.arange(len(state)), "place in the state")
        about = "state at the end: contents of stages and tanks, what entered and left; mol, L"
        write_table(file, "state", state, ["place"], "", about)
        file["state"].attrs["time"] = result.final["time"]


def _write_tables(file: Any, result: SimulationResult) -> None:
    """Write quantities of products, and profiles of stages."""
    file.attrs["tables"] = list(result.tables)
    for name, values in result.tables.items():
        quantity = QUANTITIES[name]
        write_table(file, name, values, _along(name), quantity.unit, quantity.long_name)
    for name, values in result.stages.items():
        quantity = QUANTITIES[f"stage_{name}"]
        along = ["time", *quantity.along]
        write_table(file, f"stage_{name}", values, along, quantity.unit, quantity.long_name)


def _along(name: str) -> list[str]:
    """Return the scales that a table of products runs along; all species count as elements."""
    return ["time", "product", "species"][: 1 + len(QUANTITIES[name].along)]


def _write_series(
    file: Any, scale: str, series: Mapping[str, Array], units: Sequence[str], about: str
) -> None:
    """Write series over time that each have a name and a unit."""
    write_scale(file, scale, series, about)
    write_table(file, f"{scale}_unit", units, [scale], "", "unit")
    values = np.reshape([*series.values()], (len(series), len(file["time"]))).T
    write_table(file, f"{scale}s", values, ["time", scale], "", f"{about}; in {scale}_unit")


def _write_controllers(file: Any, result: SimulationResult) -> None:
    names = list(result.controllers)
    write_scale(file, "controller", names, "controller")
    write_scale(file, "signal", SIGNALS, "what of a controller")
    if names:
        units = np.array([_units_of_controller(result, name) for name in names], dtype=object)
        write_table(file, "controller_unit", units, ["controller", "signal"], "", "unit")
    shape = len(names), len(result.time), len(SIGNALS)
    values = np.reshape([*result.controllers.values()], shape).swapaxes(0, 1)
    along, about = ["time", "controller", "signal"], "measured, asked for and set"
    write_table(file, "controllers", values, along, "", f"{about}; in controller_unit")


def _unit(name: str) -> str:
    """Return the unit of a single quantity, such as ``stage_pH.scrub.3``; CaseError if none is."""
    kind = name.partition(".")[0]
    if kind not in BY_KIND:
        raise CaseError(f"number: there is no quantity '{name}'")
    return BY_KIND[kind].unit


def _unit_of_input(case: Case, path: str) -> str:
    """Return the unit of an input in the case once it is read, ``1`` for none."""
    try:
        known = input_of(case, path)
    except CaseError:
        return ""
    if known.unit and not known.reading.internal:
        return "mol/L"  # given by mass or by equivalents
    return known.reading.internal or "1"


def _units_of_controller(result: SimulationResult, name: str) -> tuple[str, str, str]:
    table = result.case.content.simulation
    loops = {loop.name: loop for loop in table.controllers} if table else {}
    if name not in loops:
        return "", "", ""
    loop = loops[name]
    measured = _unit(loop.measure)
    if not loop.adjust.startswith(SET_POINT):
        return measured, measured, _unit_of_input(result.case, loop.adjust)
    other = loop.adjust.removeprefix(SET_POINT).removesuffix(".set_point")
    return measured, measured, _unit(loops[other].measure)


def load_simulation(path: str | Path) -> SimulationResult:
    """Read a simulation back from an HDF5 file; errors as ``load_result``.

    Of the state at the end it holds ``time`` and ``state``.

    Examples
    --------
    >>> found = sx_sim.load_simulation("course.h5")  # doctest: +SKIP
    >>> found.series("purity.Nd.raffinate")  # doctest: +SKIP
    """
    with reading(path, SIMULATION) as file:
        return read_simulation(file, read_case(file))


def read_simulation(file: Any, case: Case) -> SimulationResult:
    """Return the simulation of a case that an open file holds; errors as ``load_result``."""
    time = numbers(file, "time", None, finite=True)
    if not len(time) or (np.diff(time) <= 0.0).any():
        raise CaseError("time: must rise")
    section = texts(file, "section", case.flowsheet.stages)
    scales = {name: _names(file, name) for name in NAMED}
    for name in scales["number"]:
        _unit(name)
    sizes = {name: len(labels) for name, labels in scales.items()}
    sizes |= {"time": len(time), "stage": len(section)}

    def table(name: str, along: list[str], finite: bool = False) -> Array:
        return numbers(file, name, *(sizes[scale] for scale in along), finite=finite)

    single, moved = table("numbers", ["time", "number"]), table("inputs", ["time", "input"])
    loops = numbers(file, "controllers", len(time), sizes["controller"], len(SIGNALS))
    return SimulationResult(
        case=case,
        time=time,
        products=scales["product"],
        species=scales["species"],
        tables={name: table(name, _along(name)) for name in words(file, "tables")},
        numbers={name: single[:, k] for k, name in enumerate(scales["number"])},
        stages={
            name: table(f"stage_{name}", ["time", *QUANTITIES[f"stage_{name}"].along])
            for name in PROFILES
        },
        section=section,
        inputs={path: moved[:, k] for k, path in enumerate(scales["input"])},
        controllers={name: loops[:, k] for k, name in enumerate(scales["controller"])},
        inventory=table("inventory", ["time", "species"], finite=True),
        left=table("left", ["time", "product", "species"], finite=True),
        balance=_amount(file, "balance"),
        steps=int(_amount(file, "steps")),
        solves=int(_amount(file, "solves")),
        final=_final(file),
        cautions=texts(file, "caution"),
    )


def _names(file: Any, name: str) -> tuple[str, ...]:
    """Return the names along a scale, no two of them alike."""
    found = texts(file, name)
    if len(set(found)) < len(found):
        raise CaseError(f"{name}: two names are alike")
    return found


def _final(file: Any) -> dict[str, Any]:
    """Return the state at the end, and when that is [h]."""
    size = len(numbers(file, "place", None, kind=int))
    state = numbers(file, "state", size, finite=True)
    return {"time": _amount(file["state"], "time"), "state": state}


def _amount(file: Any, name: str) -> float:
    """Return an attribute that is a number, none below zero."""
    value = number(file, name)
    if not 0.0 <= value < np.inf:
        raise CaseError(f"attribute {name}: is {value:g}, and must not be negative")
    return value


def load_state(case: Case, name: str) -> Array:
    """Return the state at the end of a simulation, for another one of the same plant.

    Parameters
    ----------
    case : Case
        Of the plant to be started.
    name : str
        The file that holds it, as ``simulation.start`` of the case gives it: beside the case.

    Raises
    ------
    CaseError
        If there is no such file, it holds no simulation, or one of another plant.
    """
    path = Path(case.name).parent / name
    try:
        with reading(path, SIMULATION) as file:
            state, problem = _final(file)["state"], _difference(case, read_case(file))
    except CaseError as error:
        problem = "; ".join(error.problems)
        if not path.is_file():
            problem += "; must be steady, empty or a file that simulate wrote"
        raise CaseError(f'simulation.start = "{name}": {problem}', case.name) from None
    if problem:
        raise CaseError(f'simulation.start = "{name}": is of another plant: {problem}', case.name)
    return state


def _difference(now: Case, then: Case) -> str:
    """Return by what the plants of two cases differ, empty where a state of one is of both."""
    ours, theirs = _plan(now), _plan(then)
    for what, here in ours.items():
        there = theirs.get(what, "")
        if here != there:
            return f"{what} there {there or 'none'}, in this case {here or 'none'}"
    for name, part in now.circuits.items():
        known, before = _set_of(part), _set_of(then.circuits[name])
        if known.as_tables() != before.as_tables():
            return f"the set {known.key} has other constants there than in this case"
    if not _same_volumes(now, then):
        return (
            "mixers, settlers or tanks hold other volumes there than in this case; give the same, "
            "in L where flows differ"
        )
    return ""


def _set_of(circuit: Case) -> ExtractantSet:
    return circuit.sets[circuit.file.solvent.extractant]


def _plan(case: Case) -> dict[str, str]:
    """Return what a plant is made of, by what to call it."""
    found = {"circuits": ", ".join(case.flowsheet.circuits)}
    for name, circuit in case.flowsheet.circuits.items():
        of, column = f" of {name}" * bool(name), circuit.column
        links = case.flowsheet.links_to(name)
        found |= {
            f"set{of}": _set_of(case.circuits[name]).key,
            f"species{of}": ", ".join(column.system.species),
            f"stages{of}": "+".join(str(section.stages) for section in column.sections),
            f"products{of}": ", ".join(column.products),
            f"recycled{of}": ", ".join(recycle.product for recycle in circuit.recycles),
            f"linked{of}": ", ".join(f"{link.source}.{link.product}" for link in links),
        }
    return found


def _same_volumes(now: Case, then: Case) -> bool:
    """Whether two plants of the same stages hold the same, at the flows that their cases give.

    Of circuits that others feed, whose flows are known once they are solved, the tables count.
    """
    ours, theirs = (c.content.simulation or NO_TABLE for c in (now, then))
    for name, circuit in now.flowsheet.circuits.items():
        linked = bool(now.flowsheet.links_to(name))
        keys = (*HOLDUPS, "tank") if linked else ("tank",) if circuit.recycles else ()
        if any(getattr(ours, key) != getattr(theirs, key) for key in keys):
            return False
        if linked:
            continue
        here, there = holdups_of(circuit, ours), holdups_of(then.flowsheet.circuits[name], theirs)
        for part in ("mixer", "aqueous_settler", "organic_settler"):
            if not np.allclose(getattr(here, part), getattr(there, part), rtol=SAME, atol=0.0):
                return False
    return True
