"""Small columns for the tests of several rooms."""

from __future__ import annotations

import numpy as np

import sx_sim
from benchmarks.generator import random_problem
from sx_sim.kernels.types import Cascade, Law, Options

__all__ = ["heavy_case", "random_problem", "solve_kernel"]

HEAVY = """
temperature = "25 degC"

[solvent]
extractant = "hehehp-chloride-conditional"
concentration = "1.0 mol/L"
saponification = 0.2
flow = "{solvent} L/h"

[feeds.clay]
composition = {{ Dy = 30, Ho = 10, Y = 55, Er = 5 }}
strength = "{strength} mol/L"
acid = "{acid} mol/L"
flow = "100 L/h"

[sections.extraction]
stages = {extraction}

[sections.scrub]
stages = {scrub}
acid = "1.7 mol/L"
flow = "60 L/h"
"""


def heavy_case(**changes: float) -> sx_sim.Case:
    """Return a small Dy/Ho case."""
    values = {"solvent": 400, "strength": 0.3, "acid": 0.05, "extraction": 8, "scrub": 6}
    return sx_sim.parse_case(HEAVY.format(**(values | changes)))


def solve_kernel(cascade: Cascade, law: Law, options: Options = Options()):
    """Solve in the kernels' terms, from the default start."""
    from sx_sim.kernels.solve import solve_column

    scalars = 3 if law.ln_beta.shape[2] else 2
    return solve_column(cascade, law, np.empty((0, scalars)), options)
