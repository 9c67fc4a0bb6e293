"""Cascades solved elsewhere, solved again."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from sx_sim.cases import parse_case
from sx_sim.kernels.solve import solve_column
from sx_sim.kernels.types import Cascade, Law, Options
from sx_sim.studies.run import solve

CASE = """
temperature = "25 degC"

[solvent]
extractant = "{key}"
flow = "100 L/h"

[feeds.liquor]
concentrations = {{ Nd = "{nd!r} mol/L", Sm = "{sm!r} mol/L" }}
acid = "{acid!r} mol/L"
flow = "{flow!r} L/h"

[sections.extraction]
stages = {stages}
"""
ND, SM = 0.0761293, 0.0052936  # [mol/L]

BETA, LOAD, PRODUCT_A = 2.0, 1.7025, 0.5005  # of the worked example in zhang2016
THEORY = ((24, 21, 0.999893, 0.998894), (25, 21, 0.999928, 0.99893))
EXCHANGED = 1e7  # the larger, the less dimer stays free


@dataclass(frozen=True)
class Agreement:
    """Largest differences from another code's figures."""

    rows: int
    purity: float
    recovery: float
    pH: float


def nd_sm_cascades() -> Agreement:
    """Solve 20 published rows of an Nd/Sm cascade."""
    path = files("sx_sim").joinpath("data", "reference", "nd_sm_cascade.csv")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    differences = np.array([_cascade(row) for row in rows])
    return Agreement(len(rows), *map(float, np.abs(differences).max(axis=0)))


def _cascade(row: dict[str, str]) -> tuple[float, float, float]:
    scale = 2 if row["case"].startswith("concentrated") else 1
    dosage = round(100 * float(row["extractant concentration"]))
    text = CASE.format(
        key=f"{row['extractant'].lower()}-{dosage}vol-logd",
        acid=10 ** -float(row["pHi"]),
        nd=scale * ND,
        sm=scale * SM,
        flow=100 * float(row["ao ratio"]),
        stages=int(row["n cells"]),
    )
    result = solve(parse_case(text))
    return (
        result.purity("Nd", basis="mol") - float(row["purity"]),
        result.recovery("Nd") - float(row["recovery"]),
        result.stream("raffinate").pH - float(row["pH at raffinate"]),
    )


def cascade_theory() -> list[tuple[int, int, float, float]]:
    """Solve the full cascades of the theory's worked example.

    Returns
    -------
    list of (int, int, float, float)
        Stages of extraction and scrub, and the differences of both products' purities.
    """
    found = []
    for extraction, scrub, purity_b, purity_a in THEORY:
        solution = solve_column(*_theory(extraction, scrub), None, Options())
        raffinate, product = solution.aqueous[0], solution.organic[-1]
        b, a = raffinate[1] / raffinate.sum(), product[0] / product.sum()
        found.append((extraction, scrub, float(b - purity_b), float(a - purity_a)))
    return found


def _theory(extraction: int, scrub: int) -> tuple[Cascade, Law]:
    """Return the cascade of a solvent that is fully exchanged in every stage."""
    n = extraction + scrub + 1
    ln_k = np.tile(np.log([EXCHANGED * BETA, EXCHANGED]), (n, 1))
    ln_k[-1] = np.log(PRODUCT_A / (LOAD - PRODUCT_A) ** 2)  # splits into product and reflux
    one, zero = np.ones(2), np.zeros(2)
    law = Law(ln_k, one, zero, one.copy(), zero.copy(), np.zeros((n, 2, 0)), 0.0)
    feed = np.zeros((n, 2))
    feed[extraction - 1] = 0.5
    aqueous = np.where(np.arange(n) < extraction, 2.0, 1.0)
    flat, none = np.ones(n), np.zeros(n)
    return Cascade(aqueous, none, flat, none, feed, flat, np.full(n, LOAD), none), law
