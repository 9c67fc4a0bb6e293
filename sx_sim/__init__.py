"""sx_sim: counter-current solvent extraction of rare earths, stage by stage.

The public names are loaded when first used, so that importing the package is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sx_sim import plots
    from sx_sim.cascade.column import Column
    from sx_sim.cascade.status import Status
    from sx_sim.cascade.streams import Stream
    from sx_sim.cases import Case, load_case, parse_case
    from sx_sim.chemistry.catalogue import cite
    from sx_sim.contacts import Contact, contact
    from sx_sim.errors import CaseError, ConvergenceError, OutsideRangeError, SxSimError
    from sx_sim.flowsheet.circuit import CircuitResult
    from sx_sim.flowsheet.flowsheet import Flowsheet
    from sx_sim.flowsheet.result import Result
    from sx_sim.fmu import export_fmu
    from sx_sim.simulations import Simulation, simulate
    from sx_sim.store import (
        load_result,
        load_simulation,
        open_sweep,
        save_result,
        save_simulation,
        save_sweep,
    )
    from sx_sim.studies.run import run_sweep, solve
    from sx_sim.studies.sensitivity import Sensitivity, sensitivity
    from sx_sim.studies.sweep import SweepResult
    from sx_sim.studies.uncertainty import Uncertainty, uncertainty

_HOMES = {
    "Case": "sx_sim.cases",
    "CaseError": "sx_sim.errors",
    "CircuitResult": "sx_sim.flowsheet.circuit",
    "Column": "sx_sim.cascade.column",
    "Contact": "sx_sim.contacts",
    "ConvergenceError": "sx_sim.errors",
    "Flowsheet": "sx_sim.flowsheet.flowsheet",
    "OutsideRangeError": "sx_sim.errors",
    "Result": "sx_sim.flowsheet.result",
    "Sensitivity": "sx_sim.studies.sensitivity",
    "Simulation": "sx_sim.simulations",
    "Status": "sx_sim.cascade.status",
    "Stream": "sx_sim.cascade.streams",
    "SweepResult": "sx_sim.studies.sweep",
    "SxSimError": "sx_sim.errors",
    "Uncertainty": "sx_sim.studies.uncertainty",
    "cite": "sx_sim.chemistry.catalogue",
    "contact": "sx_sim.contacts",
    "export_fmu": "sx_sim.fmu",
    "load_case": "sx_sim.cases",
    "load_result": "sx_sim.store",
    "load_simulation": "sx_sim.store",
    "open_sweep": "sx_sim.store",
    "parse_case": "sx_sim.cases",
    "plots": "sx_sim.plots",
    "run_sweep": "sx_sim.studies.run",
    "save_result": "sx_sim.store",
    "save_simulation": "sx_sim.store",
    "save_sweep": "sx_sim.store",
    "sensitivity": "sx_sim.studies.sensitivity",
    "simulate": "sx_sim.simulations",
    "solve": "sx_sim.studies.run",
    "uncertainty": "sx_sim.studies.uncertainty",
}

__all__ = [
    "Case",
    "CaseError",
    "CircuitResult",
    "Column",
    "Contact",
    "ConvergenceError",
    "Flowsheet",
    "OutsideRangeError",
    "Result",
    "Sensitivity",
    "Simulation",
    "Status",
    "Stream",
    "SweepResult",
    "SxSimError",
    "Uncertainty",
    "cite",
    "contact",
    "export_fmu",
    "load_case",
    "load_result",
    "load_simulation",
    "open_sweep",
    "parse_case",
    "plots",
    "run_sweep",
    "save_result",
    "save_simulation",
    "save_sweep",
    "sensitivity",
    "simulate",
    "solve",
    "uncertainty",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("sx_sim")
    if name not in _HOMES:
        raise AttributeError(f"module 'sx_sim' has no attribute {name!r}")
    home = import_module(_HOMES[name])
    return home if name == "plots" else getattr(home, name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
