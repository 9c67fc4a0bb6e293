"""The exact Newton direction, by the cheaper of two eliminations that is accurate."""

import numpy as np

from sx_sim.kernels.by_closures import eliminate_closures, step_by_closures
from sx_sim.kernels.by_metals import eliminate_metals, step_by_metals
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.linear import change, linearise

ACCURATE = 1e-6  # how well a step has to cancel the residuals, relative to the largest


@kernel(inline="always")
def newton_direction(cascade, law, state, factors, step):
    """Linearise at ``state``; fill ``step`` (N, m), which cancels the residuals there."""
    n = cascade.anion.size
    linearise(cascade, law, state, factors.linear)
    eliminate_closures(n, factors.linear, factors.closures)
    step_by_closures(n, factors.linear, factors.closures, state.f, step)
    factors.by_metals[0] = not cancels(n, factors.linear, state.f, step)
    if factors.by_metals[0]:
        eliminate_metals(cascade, law, state, factors.linear, factors.metals)
        step_by_metals(cascade, factors.metals, state.f, step)


@kernel()
def next_direction(cascade, factors, f, step):
    """Fill ``step`` (N, m), which would cancel ``f`` where ``factors`` were made."""
    if factors.by_metals[0]:
        step_by_metals(cascade, factors.metals, f, step)
    else:
        step_by_closures(cascade.anion.size, factors.linear, factors.closures, f, step)


@kernel(inline="always")
def cancels(n, linear, f, step):
    """Whether a step cancels ``f`` of N stages to within ``ACCURATE`` of its largest."""
    df = linear.df
    change(n, linear, step, df)
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
