"""Small columns for the tests of several rooms."""

from __future__ import annotations

from functools import cache

import numpy as np

import sx_sim
from benchmarks.generator import random_problem
from sx_sim.kernels.types import Cascade, Law, Options

__all__ = [
    "KINDS",
    "called",
    "heavy_case",
    "problem_of",
    "random_problem",
    "solve_kernel",
    "somewhere",
    "varied",
]

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


KINDS = (
    "plain",
    "one complex",
    "two complexes",
    "protonated ligand",
    "activities",
    "dosed",
    "varying order",
    "real",
    "real, varying order",
)


def varied(cascade: Cascade, law: Law, kind: str, seed: int = 0) -> tuple[Cascade, Law]:
    """Return a column with more chemistry, or with the acidity of some stages set."""
    n, s = cascade.feed.shape
    rng = np.random.default_rng(seed)
    beta = rng.normal(-1, 1, (n, s, 2))
    if kind == "one complex":
        law = law._replace(ln_beta=np.ascontiguousarray(beta[:, :, :1]))
    elif kind == "two complexes":
        law = law._replace(ln_beta=beta)
    elif kind == "protonated ligand":
        law = law._replace(ln_beta=beta, protonation=rng.uniform(1, 90, n), ligand_charge=2.0)
    elif kind == "activities":
        law = law._replace(debye=np.tile(1.17 * (law.charge**2 - law.order_acid), (n, 1)))
    if kind.endswith("varying order"):
        law = law._replace(acid_by_dimer=rng.uniform(-0.5, 1.5, s))
    if kind == "dosed":
        water = cascade.aqueous + cascade.aqueous_draw
        held = np.full(n, np.nan)
        held[rng.choice(n, max(1, n // 4), replace=False)] = np.log(rng.uniform(0.02, 1))
        carry = np.append(cascade.aqueous[1:], 0.0) / water
        cascade = cascade._replace(carry=carry, set_ln_h=held)
    elif kind.startswith("real"):
        cascade = cascade._replace(
            efficiency=rng.uniform(0.5, 1.0, n),
            aqueous_up=np.append(rng.uniform(0, 0.05, n - 1) * cascade.organic[:-1], 0.0),
            organic_down=np.insert(rng.uniform(0, 0.05, n - 1) * cascade.aqueous[1:], 0, 0.0),
            organic_feed=np.where(np.arange(n)[:, None] == 0, cascade.feed, 0.0),
        )
    return cascade, law


def solve_kernel(cascade: Cascade, law: Law, options: Options = Options()):
    """Solve in the kernels' terms, from the default start."""
    from sx_sim.kernels.solve import solve_column

    return solve_column(cascade, law, None, options)


def problem_of(cascade: Cascade):
    """Return the flows and feeds of a cascade as the kernels take them, without a law."""
    from sx_sim.kernels.layout import packed

    n, s = cascade.feed.shape
    none = np.zeros(s)
    law = Law(np.zeros((n, s)), none, none, none, none, np.empty((n, s, 0)), 0.0)
    return packed(cascade, law)


@cache
def called(kernel):
    """Return a kernel that only kernels call, to be called from a test."""
    from numba import njit

    return njit(error_model="numpy")(kernel.py_func)


def somewhere(seed: int, kind: str = "plain", longest: int = 12):
    """Return a random column, and its work with unknowns some way from the solution."""
    from sx_sim.kernels import layout as row
    from sx_sim.kernels.layout import loaded, packed

    cascade, law = varied(*random_problem(seed, longest=longest), kind, seed)
    work = loaded(packed(cascade, law))
    n, m = work.unknowns.shape[1:]
    start = np.column_stack([np.log(cascade.anion), np.log(cascade.dimer), np.log(cascade.anion)])
    shift = np.random.default_rng(seed).normal(-0.5, 0.2, (n, m))
    work.unknowns[row.U] = start[:, :m] + shift
    return cascade, law, work
