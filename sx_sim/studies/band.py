"""The band that the errors of the enthalpies make about a sweep over temperature.

It is a sweep of its own: the temperatures, and beside the nominal enthalpies equally likely
draws from their errors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sx_sim.cases.load import Case
from sx_sim.studies.inputs import nominal
from sx_sim.studies.points import Points, SweepAxis
from sx_sim.studies.samples import erring_points
from sx_sim.studies.sweep import SweepResult
from sx_sim.studies.tornado import constant_shifts

Array = NDArray[np.float64]
TABLES = ("purity_reo", "recovery")
QUANTILES = (0.159, 0.841)  # one standard deviation either way


def heated_axis(points: Points) -> SweepAxis | None:
    """Return the axis of a temperature that has a dimension of its own."""
    heated = (axis for axis in points.axes if axis.path.endswith("temperature"))
    return next((axis for axis in heated if axis.path == axis.dimension), None)


def band_points(case: Case, heated: SweepAxis, members: int) -> Points | None:
    """Return the points of a band: along the last dimension the nominal enthalpies come first.

    None where no enthalpy has an error.

    Rare earths share the error of the set's level; each species adds its own. The draws are
    quasi-random and always the same. Inputs other than the temperature are the case's own.
    """
    from scipy.stats import qmc

    shifts = [s for s in constant_shifts(case.flowsheet) if "enthalpy" in s.inputs[0]]
    if not shifts:
        return None
    known = {path: nominal(case, path) for shift in shifts for path in shift.inputs}
    draws = np.zeros((members + 1, len(shifts)))
    draws[1:] = qmc.MultivariateNormalQMC(np.zeros(len(shifts)), rng=1).random(members)
    return Points((heated, *erring_points(shifts, known, draws).axes), alike=False)


def bounds(band: SweepResult, output: str) -> Array:
    """Return lower bound, nominal value and upper bound (3, T) of an output of a band."""
    table = band.output(output)
    found = np.full((3, len(table)), np.nan)
    found[1] = table[:, 0]
    for t, members in enumerate(table[:, 1:]):
        solved = members[np.isfinite(members)]
        if solved.size:
            found[::2, t] = np.quantile(solved, QUANTILES)
    return found
