"""The exact Newton direction, by the cheaper of two eliminations that is accurate."""

import numpy as np
from numba import njit

from sx_sim.kernels.by_closures import eliminate_closures, step_by_closures
from sx_sim.kernels.by_metals import eliminate_metals, step_by_metals
from sx_sim.kernels.linear import change, linearise

ACCURATE = 1e-6  # how well a step has to cancel the residuals, relative to the largest
REFINEMENTS = 3  # of a step where there is no other elimination: doses, stages not ideal


@njit(cache=True, error_model="numpy", inline="always")
def newton_direction(cascade, law, state, factors, step):
    """Linearise at ``state``; fill ``step`` (N, m), which cancels the residuals there."""
    n = cascade.anion.size
    linearise(cascade, law, state, factors.linear)
    eliminate_closures(n, factors.linear, factors.closures)
    step_by_closures(n, factors.linear, factors.closures, state.f, step)
    plain = cascade.set_ln_h.size == 0 and cascade.efficiency.size == 0
    accurate = cancels(n, factors.linear, state.f, step)
    if not (plain or accurate):
        refine(n, factors, state.f, step)
    factors.by_metals[0] = plain and not accurate
    if factors.by_metals[0]:
        eliminate_metals(cascade, law, state, factors.linear, factors.metals)
        step_by_metals(cascade, factors.metals, state.f, step)


@njit(cache=True, error_model="numpy")
def refine(n, factors, f, step):
    """Improve a step of N stages by solving for what it leaves of ``f``."""
    m = f.shape[1]
    df = factors.linear.df
    left, more = np.empty((n, m)), np.empty((n, m))
    for _ in range(REFINEMENTS):
        change(n, factors.linear, step, df)
        for j in range(n):
            for a in range(m):
                left[j, a] = f[j, a] + df[j, a]
        step_by_closures(n, factors.linear, factors.closures, left, more)
        for j in range(n):
            for a in range(m):
                step[j, a] += more[j, a]


@njit(cache=True, error_model="numpy")
def next_direction(cascade, factors, f, step):
    """Fill ``step`` (N, m), which would cancel ``f`` where ``factors`` were made."""
    if factors.by_metals[0]:
        step_by_metals(cascade, factors.metals, f, step)
    else:
        step_by_closures(cascade.anion.size, factors.linear, factors.closures, f, step)


@njit(cache=True, error_model="numpy", inline="always")
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
