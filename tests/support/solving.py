"""Flowsheets to be solved to the last digits."""

from dataclasses import replace

from sx_sim.cascade.column import Column
from sx_sim.flowsheet.flowsheet import ALONE, Flowsheet
from sx_sim.flowsheet.recycles import Circuit
from sx_sim.kernels.types import Options

TIGHT = Options(tolerance=1e-13)


def tight(one: Flowsheet | Circuit | Column) -> Flowsheet:
    """Return a flowsheet with a tolerance of 1e-13."""
    if isinstance(one, Column):
        one = Circuit(one)
    if isinstance(one, Circuit):
        one = Flowsheet({ALONE: one})
    circuits = {name: replace(c, options=TIGHT) for name, c in one.circuits.items()}
    return replace(one, circuits=circuits)
