"""One column and many: cold and warm starts over stages and species, and whole processes."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.problems import ACID, REFERENCE, line, of_species, reference
from sx_sim.kernels.solve import solve_batch, solve_column
from sx_sim.kernels.types import Options

OPTIONS = Options(tolerance=1e-9)


class Stages:
    """The kernel alone, from arrays to arrays, 16 species."""

    params = (1, 50, 100, 200, 500, 1000, 2000)
    param_names = ("stages",)

    def setup(self, stages):
        self.problem = self.problem_of(stages)
        self.warm = solve_column(*self.problem, None, OPTIONS).unknowns + 1e-3

    def problem_of(self, stages):
        if stages > 1:
            return reference(stages).column.pack()
        cascade, law = reference(50).column.pack()
        middle = slice(24, 25)
        one = type(cascade)._make(np.ascontiguousarray(a[middle]) for a in cascade)
        return one, law._replace(ln_k=law.ln_k[middle].copy(), ln_beta=law.ln_beta[middle].copy())

    def time_cold(self, _):
        solve_column(*self.problem, None, OPTIONS)

    def time_warm(self, _):
        solve_column(*self.problem, self.warm, OPTIONS)

    def track_iterations(self, _):
        return solve_column(*self.problem, None, OPTIONS).iterations


class Species(Stages):
    """The same over the number of species, 500 stages."""

    params = (4, 8, 16, 24, 32)
    param_names = ("species",)

    def problem_of(self, species):
        return of_species(500, species)


class Batch:
    """Columns of 500 stages along a line of scrub acids, one chain per thread and more."""

    params = (1, 2)
    param_names = ("threads",)

    def setup(self, threads):
        self.problems = line(500, 64)
        self.pool = ThreadPoolExecutor(threads)
        solve_batch(self.problems, OPTIONS, self.pool)

    def time_batch(self, _):
        solve_batch(self.problems, OPTIONS, self.pool)

    def teardown(self, _):
        self.pool.shutdown()


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


SOLVE = f"""
import time
import sx_sim
text = {REFERENCE.format(extraction=10, scrub=10, acid=ACID)!r}
problem = sx_sim.parse_case(text).column.pack()
from sx_sim.kernels.solve import solve_column
from sx_sim.kernels.types import Options
began = time.perf_counter()
solve_column(*problem, None, Options())
print(time.perf_counter() - began)
"""


def first_call(cache: str) -> float:
    """Return the time of the first solve of a process [s], its kernels cached in a folder."""
    run = subprocess.run(
        [sys.executable, "-c", SOLVE],
        env={**os.environ, "NUMBA_CACHE_DIR": cache},
        check=True,
        capture_output=True,
        text=True,
    )
    return float(run.stdout)


class Process:
    """Whole processes."""

    def setup_cache(self):
        cache = tempfile.mkdtemp()
        return first_call(cache), first_call(cache)

    def track_compile(self, times):
        return times[0]

    track_compile.unit = "s"

    def track_load_compiled(self, times):
        return times[1]

    track_load_compiled.unit = "s"

    def time_import(self, _):
        subprocess.run([sys.executable, "-c", "import sx_sim"], check=True)

    def time_help(self, _):
        subprocess.run(
            [sys.executable, "-m", "sx_sim.cli", "--help"], check=True, capture_output=True
        )
