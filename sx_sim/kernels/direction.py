"""The exact Newton direction, by the cheaper of two eliminations that is accurate."""

import numpy as np

from sx_sim.kernels import layout as row
from sx_sim.kernels.by_closures import eliminate_closures, step_by_closures
from sx_sim.kernels.by_metals import eliminate_metals, step_by_metals
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.linear import change, linearise

ACCURATE = 1e-6  # how well a step has to cancel the residuals, relative to the largest


@kernel(inline="always")
def newton_direction(n, work):
    """Linearise N stages and fill the step that cancels their residuals."""
    f, step = work.unknowns[row.F], work.unknowns[row.STEP]
    linearise(n, work)
    eliminate_closures(n, work)
    work.places[row.BY_METALS, 0] = 0
    next_direction(n, work, f, step)
    if not cancels(n, work, f, step):
        eliminate_metals(n, work)
        work.places[row.BY_METALS, 0] = 1
        next_direction(n, work, f, step)


@kernel()
def next_direction(n, work, f, step):
    """Fill ``step`` (N, m), which would cancel ``f`` where the elimination was made."""
    if work.places[row.BY_METALS, 0]:
        step_by_metals(n, work, f, step)
    else:
        step_by_closures(n, work, f, step)


@kernel()
def cancels(n, work, f, step):
    """Whether a step cancels ``f`` of N stages to within ``ACCURATE`` of its largest."""
    df = work.unknowns[row.DF]
    change(n, work, step, df)
    left = 0.0
    largest = 0.0
    for j in range(n):
        for a in range(f.shape[1]):
            miss = abs(f[j, a] + df[j, a])
            if not miss < np.inf:
                return False
            left = max(left, miss)
            largest = max(largest, abs(f[j, a]))
    return left <= ACCURATE * largest
