"""HDF5 files: the layout, writing it, reading it back.

Every dimension is an HDF5 dimension scale, every number has its unit as an attribute, and
the file holds the text of its case, so that it can be read back whole. Files appear under
their name only once they are complete.
"""

from __future__ import annotations

from pathlib import Path

from sx_sim.cases.load import Case
from sx_sim.dynamics.record import SimulationResult
from sx_sim.flowsheet.result import Result
from sx_sim.store.layout import RESULT, SIMULATION, SWEEP, check_target
from sx_sim.store.reading import read_case, reading, word
from sx_sim.store.results import load_result, read_result, save_result
from sx_sim.store.simulations import load_simulation, read_simulation, save_simulation
from sx_sim.store.sweeps import open_sweep, read_sweep, save_sweep
from sx_sim.studies.sweep import SweepResult

__all__ = [
    "check_target",
    "load_any",
    "load_result",
    "load_simulation",
    "open_sweep",
    "save_result",
    "save_simulation",
    "save_sweep",
]


def load_any(path: str | Path) -> tuple[Case, Result | SweepResult | SimulationResult]:
    """Read whatever a file of this program holds, and the case it came from.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    CaseError
        If there is no such file, or it holds no result, sweep or simulation.
    """
    readers = {RESULT: read_result, SWEEP: read_sweep, SIMULATION: read_simulation}
    with reading(path, *readers) as file:
        case = read_case(file)
        return case, readers[word(file, "format")](file, case)
