"""Matrix-free: SciPy's large-scale root finders on the reduced closures."""

from __future__ import annotations

import numpy as np
from scipy.optimize import root

from benchmarks.peers.column import TOLERANCE, Answer, Array
from benchmarks.peers.linearisation import banded
from benchmarks.peers.systems import Reduced
from sx_sim.kernels.types import Cascade, Law

OPTIONS = {
    "krylov": {"fatol": TOLERANCE, "maxiter": 200},
    "df-sane": {"fatol": TOLERANCE, "ftol": 0.0, "maxfev": 5000},
}


def solve(cascade: Cascade, law: Law, method: str) -> Answer:
    """Solve by ``scipy.optimize.root`` from the flat start; iterations are evaluations."""
    system = Reduced(cascade, law, banded)
    start = system.start()
    calls = 0

    def residual(unknowns: Array) -> Array:
        nonlocal calls
        calls += 1
        return system.evaluate(unknowns.reshape(start.shape)).residual.ravel()

    with np.errstate(all="ignore"):
        found = root(residual, start.ravel(), method=method, options=OPTIONS[method])
        state = system.evaluate(found.x.reshape(start.shape))
    why = "" if found.success else "iteration limit"
    return Answer(state.x, state.d * state.x, state.unknowns, not why, calls, why)
