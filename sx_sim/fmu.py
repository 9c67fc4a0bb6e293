"""Plants over time as FMUs, for programs that couple models: FMI 2.0 co-simulation."""

from __future__ import annotations

import atexit
import ctypes
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.etree.ElementTree import SubElement

import tomli_w

from sx_sim.cases import Case, parse_case
from sx_sim.cases.inputs import number_of
from sx_sim.chemistry.extractants import ExtractantSet
from sx_sim.dynamics.checking import recorded
from sx_sim.dynamics.measured import check_measure, measure
from sx_sim.errors import CaseError, ConvergenceError, check_kind
from sx_sim.flowsheet.quantities import BY_KIND
from sx_sim.output_files import check_output, write_output
from sx_sim.simulations import Simulation
from sx_sim.studies.inputs import input_of

MODULE, CASE, ASKED = "sx_sim_plant", "case.toml", "asked.json"  # among the resources
SCRIPT = """import ctypes

from sx_sim.fmu import plant_class

# the library of pythonfmu, which runs this each time, lets go of it once too often
ctypes.pythonapi.Py_IncRef(ctypes.py_object(globals()))
Plant = plant_class()
"""
HOUR = 3600.0  # [s]
DIGITS = 12  # of hours, so that sums of steps meet events
NEVER = 10**12  # samples taken by a controller that measures no more
LAST = "finalizePythonInterpreter"  # of the library of pythonfmu


def plant_class() -> type:
    """Return the class of the plant in an FMU; ImportError without pythonfmu.

    It finds the case, and what is asked of it, among its resources.
    """
    from pythonfmu import DefaultExperiment, Fmi2Causality, Fmi2Slave, Real
    from pythonfmu.enums import Fmi2Status

    class Plant(Fmi2Slave):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            folder = Path(str(self.resources))
            asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
            self.modelName, self.description = asked["name"], asked["title"]
            sets = {key: ExtractantSet.from_tables(t) for key, t in asked["sets"].items()}
            text = (folder / CASE).read_text(encoding="utf-8")
            self.plant = Simulation(parse_case(text, str(folder / CASE), sets=sets))
            self.begin, self.result = 0.0, self.plant.result
            self.units: dict[str, str] = asked["inputs"]
            self.inputs = {path: self.plant.signals.know(path) for path in self.units}
            self.used = dict(self.inputs)
            for path, unit in self.units.items():
                access = [partial(f, path) for f in (self.inputs.get, self.inputs.__setitem__)]
                self._add(path, Fmi2Causality.input, f"input of the case [{unit or 1}]", *access)
            for name in asked["outputs"]:
                quantity = BY_KIND[name.partition(".")[0]]
                about = f"{quantity.long_name} [{quantity.unit}]"
                self._add(name, Fmi2Causality.output, about, partial(self._value, name))
            table = self.plant.table
            if end := HOUR * table.duration:
                every = HOUR * table.interval if table.interval else 0.01 * end
                self.default_experiment = DefaultExperiment(0.0, end, every)
            for library in folder.parent.glob(f"binaries/linux64/{self.modelName}.so"):
                # at its own end the library uses what it has freed, if it has not let go before
                atexit.register(getattr(ctypes.CDLL(str(library)), LAST, int))

        def _add(self, name: str, kind: Any, about: str, getter: Any, setter: Any = None) -> None:
            one = Real(name, description=about, causality=kind, getter=getter, setter=setter)
            self.register_variable(one, nested=False)

        def _value(self, name: str) -> float:
            try:
                return measure(self.result, name)
            except CaseError:  # such as a purity in water without metals
                return float("nan")

        def to_xml(self, model_options: Any = MappingProxyType({})) -> Any:
            root = super().to_xml(model_options)
            root.set("variableNamingConvention", "flat")
            found: Any = root.find("ModelStructure")
            for outputs in found.findall("Outputs"):
                SubElement(found, "InitialUnknowns").extend(outputs)
            return root

        def setup_experiment(self, start_time: float, stop_time: Any, tolerance: Any) -> None:
            self.begin = start_time

        def do_step(self, current_time: float, step_size: float) -> bool:
            before = self._get_fmu_state()
            try:
                for path, number in self.inputs.items():
                    if number != self.used[path]:
                        self._hold(path, number)
                hours = round((current_time + step_size - self.begin) / HOUR, DIGITS)
                self.plant.go(hours, lambda: False)
            except (CaseError, ConvergenceError) as error:
                self._set_fmu_state(before)
                self.log(str(error), Fmi2Status.error)
                return False
            self.result = self.plant.result
            return True

        def _hold(self, path: str, number: float) -> None:
            """Hold an input, which events, disturbances and controllers then move no more."""
            setting = f"{number!r} {self.units[path]}" if self.units[path] else number
            held = number_of(self.plant.case, path, setting)
            self.plant.signals.held[path], self.used[path] = held, number
            for loop in self.plant.loops.values():
                if loop.table.adjust == path:
                    loop.samples = NEVER
            self.plant.rate = None  # that of before

        def _get_fmu_state(self) -> dict[str, Any]:
            return {**self.plant.state, "inputs": dict(self.inputs), "used": dict(self.used)}

        def _set_fmu_state(self, state: dict[str, Any]) -> None:
            self.result = self.plant.restore(state).result
            self.inputs.update(state["inputs"])
            self.used.update(state["used"])

        @staticmethod
        def _fmu_state_to_bytes(state: dict[str, Any]) -> bytes:
            told = {key: v for key, v in state.items() if key not in ("kept", "rate")}
            return json.dumps(told, default=lambda array: array.tolist()).encode()

    return Plant


def export_fmu(
    case: Case,
    path: str | Path,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
) -> None:
    """Write a plant over time as an FMU, of FMI 2.0 for co-simulation; needs pythonfmu.

    Parameters
    ----------
    case : Case
    path : str or Path
        Ends in ``.fmu``; a file there is replaced.
    inputs : sequence of str, optional
        Inputs of the case by path; those that its ``[simulation]`` table moves, and the flows and
        acids that it gives of feeds, sections and solvent, if not given.
    outputs : sequence of str, optional
        Quantities by name; the single ones that are recorded, those of specifications, pH and flow
        of aqueous products and the purity of the leading rare earth of each, if not given.

    Raises
    ------
    CaseError
        If pythonfmu is not installed, there is no such input or output, or the file cannot be
        written.
    ConvergenceError
        If it is to start from a steady state that is not found.

    Examples
    --------
    >>> import sx_sim
    >>> case = sx_sim.load_case("case.toml")  # doctest: +SKIP
    >>> sx_sim.export_fmu(case, "plant.fmu", inputs=["feeds.clay.flow"])  # doctest: +SKIP
    """
    check_kind(case, Case, "a case is needed, such as load_case(path) reads")
    check_output(path, ".fmu")
    try:
        from pythonfmu import FmuBuilder
    except ImportError:
        told = 'needs pythonfmu, which is not installed: pip install "sx_sim[fmu]"'
        raise CaseError(told) from None
    plant = Simulation(case)
    asked = {
        "name": re.sub(r"\W|^(?=\d)", "_", Path(path).stem, flags=re.ASCII),
        "title": case.title,
        "inputs": {p: _unit(plant, p) for p in (_inputs(plant) if inputs is None else inputs)},
        "outputs": list(dict.fromkeys(_outputs(plant) if outputs is None else outputs)),
        "sets": {key: known.as_tables() for key, known in case.sets.items()},
    }
    for name in asked["outputs"]:
        try:
            check_measure(case.flowsheet, name)
        except CaseError as error:
            raise CaseError(error.problems, case.name) from None
    files = {**_files(case), ASKED: json.dumps(asked).encode()}
    places, there = list(sys.path), MODULE in sys.modules
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for one, content in {**files, f"{MODULE}.py": SCRIPT.encode()}.items():
            (folder / one).write_bytes(content)
        built, beside = folder / "built.fmu", [folder / one for one in files]
        build = partial(FmuBuilder.build_FMU, canGetAndSetFMUstate=True, canSerializeFMUstate=True)
        try:
            build(folder / f"{MODULE}.py", built, beside)
        finally:  # what the builder leaves changed
            sys.path[:] = places
            if not there:
                sys.modules.pop(MODULE, None)
        write_output(path, built.read_bytes())


def _inputs(plant: Simulation) -> list[str]:
    """Return what the table of the simulation moves, and flows and acids that the case gives."""
    found = list(plant.signals.nominal)
    for name, part in plant.case.circuits.items():
        tables = {"solvent": part.raw["solvent"]}
        for kind in ("feeds", "sections"):
            tables |= {f"{kind}.{key}": one for key, one in part.raw.get(kind, {}).items()}
        at = f"circuits.{name}." if name else ""
        for where, table in tables.items():
            found += [f"{at}{where}.{key}" for key in ("flow", "acid", "pH") if key in table]
    return found


def _unit(plant: Simulation, path: str) -> str:
    """Return the unit of an input as the case has it once it is read; CaseError if none is."""
    plant.signals.know(path)
    try:
        known = input_of(plant.case, path)
    except CaseError:
        return ""
    return known.reading.internal or ("mol/L" if known.unit else "")


def _outputs(plant: Simulation) -> list[str]:
    """Return what is recorded and specified, pH and flow of water, and what products are of."""
    found = list(recorded(plant.case, plant.table)[1])
    result = plant.result
    if plant.table.start == "empty":  # where products are of nothing yet
        with suppress(ConvergenceError):
            result = Simulation(plant.case, start="steady").result
    products = plant.case.flowsheet.products  # among streams are those that no plant lets out
    for product, stream in ((p, s) for p, s in result.streams.items() if p in products):
        if stream.phase == "aqueous":
            found += [f"pH.{product}", f"flow.{product}"]
        if stream.leading:
            found.append(f"purity.{stream.leading}.{product}")
    return found


def _files(case: Case) -> dict[str, bytes]:
    """Return the case, and the files beside it that its simulation needs, by name."""
    raw, named = deepcopy(dict(case.raw)), {}
    table = raw.get("simulation", {})
    if table.get("start", "steady") not in ("steady", "empty"):
        named["start.h5"] = table, "start"
    for k, one in enumerate(table.get("disturbances", [])):
        if "file" in one:
            named[f"disturbance_{k}.csv"] = one, "file"
    found = {}
    for name, (one, key) in named.items():
        found[name] = (Path(case.name).parent / one[key]).read_bytes()
        one[key] = name
    return {CASE: (tomli_w.dumps(raw) if named else case.text).encode(), **found}
