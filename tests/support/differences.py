"""Slopes of a case, forward and adjoint, against differences."""

import numpy as np

import sx_sim
from support.solving import tight
from sx_sim.cases.inputs import reading_of
from sx_sim.flowsheet.outputs import output
from sx_sim.studies.inputs import nominal

WEIGHTS = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}


def check_against_differences(case, outputs, steps):
    result = sx_sim.solve(tight(case.flowsheet))
    forward, adjoint = (
        sx_sim.sensitivity(case, outputs, list(steps), result=result, mode=mode)
        for mode in ("forward", "adjoint")
    )
    np.testing.assert_allclose(adjoint.table, forward.table, rtol=1e-7, atol=1e-12)
    for k, (path, step) in enumerate(steps.items()):
        value, unit = nominal(case, path)
        expected = np.zeros(len(outputs))
        for way, weight in WEIGHTS.items():
            moved = value + way * step
            number = reading_of(case, path, unit, moved).numbers([moved])[0]
            solved = sx_sim.solve(tight(case.at({path: number})), start=result)
            expected += weight * np.array([output(solved, name).value for name in outputs]) / step
        noise = (1e-14 + 3e-11 * np.abs(forward.output_values)) / step
        miss = np.abs(forward.table[:, k] - expected) - 1e-6 * np.abs(expected) - noise
        assert (miss < 0).all(), (path, outputs, forward.table[:, k], expected)
