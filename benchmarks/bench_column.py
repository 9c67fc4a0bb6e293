"""One column: cold and warm starts over the number of stages, and the parts of a solve."""

import subprocess
import sys

import numpy as np

from benchmarks.problems import reference
from sx_sim.kernels.column import solve_column
from sx_sim.kernels.types import Options

STAGES = [50, 100, 200, 500, 1000]


class Solve:
    """The kernel alone, from arrays to arrays."""

    params = STAGES
    param_names = ("stages",)

    def setup(self, stages):
        self.problem = reference(stages).column.pack()
        self.cold = np.empty((0, 2))
        self.warm = solve_column(*self.problem, self.cold, Options()).scalars * (1 + 1e-4)

    def time_cold(self, stages):
        solve_column(*self.problem, self.cold, Options())

    def time_warm(self, stages):
        solve_column(*self.problem, self.warm, Options())

    def track_iterations(self, stages):
        return solve_column(*self.problem, self.cold, Options()).iterations


class Case:
    """What a user waits for: text to result."""

    def setup(self):
        import sx_sim

        self.sx_sim = sx_sim
        self.case = reference(200)
        sx_sim.solve(self.case)

    def time_read(self):
        reference(200)

    def time_solve(self):
        self.sx_sim.solve(self.case)

    def time_contact(self):
        self.sx_sim.contact("hehehp-chloride", {"Nd": 0.1}, acid=0.1)


class Import:
    """Whole processes."""

    def time_import(self):
        subprocess.run([sys.executable, "-c", "import sx_sim"], check=True)

    def time_help(self):
        subprocess.run(
            [sys.executable, "-m", "sx_sim.cli", "--help"], check=True, capture_output=True
        )
