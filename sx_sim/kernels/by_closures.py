"""Elimination of the closures, stage by stage: cheap, and nearly always accurate.

The m closures of a stage feel those of other stages through S numbers that rise and S
that fall. Eliminating them from stage 1 onwards only has to keep how what rises answers
to what falls, an S x S matrix ``answer``, which takes one update of rank m per stage: N
S^2 m multiplications, where an elimination of the metals takes N S^3. Nothing of size S^2
is kept.

While the stages before a given one are closed, those after it still stand open, at fixed
distribution ratios. Where such a half-closed cascade would run away, ``answer`` grows and
accuracy is lost, so whoever uses this compares the step with ``linear.change``.
"""

import numpy as np
from numba import njit

from sx_sim.kernels.small import invert_small
from sx_sim.kernels.types import REORDERED, ClosureFactors


@njit(cache=True, error_model="numpy")
def empty_closure_factors(n, s, m):
    """Return uninitialised factors for N stages, S species and m scalars."""
    return ClosureFactors(np.empty((n, m, s)), np.empty((n, m, s)), np.empty((n, m, m)))


@njit(cache=True, error_model="numpy", fastmath=REORDERED)
def meet(answer, f_x, seen):
    """Fill ``seen`` (m, S): d closure / d what falls here, the stages before answering."""
    m, s = f_x.shape
    for a in range(m):
        for c in range(s):
            seen[a, c] = f_x[a, c]
        for i in range(s):
            size = f_x[a, i]
            for c in range(s):
                seen[a, c] += size * answer[i, c]


@njit(cache=True, error_model="numpy", fastmath=REORDERED)
def advance(answer, rises, falls, local, answered, felt):
    """Take ``answer`` (S, S) past a stage; ``answered`` gains what the stages before answer."""
    m, s = local.shape
    for i in range(s):
        for a in range(m):
            total = 0.0
            for c in range(s):
                total += answer[i, c] * local[a, c]
            answered[a, i] += rises[i] * total
        size = answered[0, i]
        passing = rises[i]
        for c in range(s):
            answer[i, c] = passing * (answer[i, c] * falls[c]) - size * felt[0, c]
        for a in range(1, m):
            size = answered[a, i]
            for c in range(s):
                answer[i, c] -= size * felt[a, c]


@njit(cache=True, error_model="numpy", fastmath=REORDERED)
def close(seen, local, falls, inverse, felt):
    """Invert the closures' derivatives (m, m), with the answer of the metals; fill ``felt``."""
    m, s = local.shape
    for a in range(m):
        for b in range(m):
            total = 0.0
            for i in range(s):
                total += seen[a, i] * local[b, i]
            inverse[a, b] += total
    invert_small(inverse)
    for a in range(m):
        for i in range(s):
            felt[a, i] = inverse[a, 0] * seen[0, i]
        for b in range(1, m):
            for i in range(s):
                felt[a, i] += inverse[a, b] * seen[b, i]
        for i in range(s):
            felt[a, i] *= falls[i]


@njit(cache=True, error_model="numpy", fastmath=REORDERED)
def eliminate_closures(linear, factors):
    """Fill ``factors``, ClosureFactors, from ``linear``."""
    n, m, s = linear.f_x.shape
    factors.inverse[:] = linear.f_scalar
    factors.answered[:] = linear.pushed
    answer = np.zeros((s, s))
    seen = np.empty((m, s))
    for j in range(n):
        local, falls, felt = linear.local[j], linear.falls[j], factors.felt[j]
        meet(answer, linear.f_x[j], seen)
        close(seen, local, falls, factors.inverse[j], felt)
        advance(answer, linear.rises[j], falls, local, factors.answered[j], felt)


@njit(cache=True, error_model="numpy", fastmath=REORDERED)
def step_by_closures(linear, factors, f, step):
    """Fill ``step`` (N, m): the scalars' step that cancels ``f``, the metals following."""
    n, s = linear.rises.shape
    m = f.shape[1]
    rising = np.zeros(s)
    rhs = np.empty(m)
    for j in range(n):
        for a in range(m):
            total = f[j, a]
            for i in range(s):
                total += linear.f_x[j, a, i] * rising[i]
            rhs[a] = total
        for i in range(s):
            rising[i] *= linear.rises[j, i]
        for a in range(m):
            total = 0.0
            for b in range(m):
                total -= factors.inverse[j, a, b] * rhs[b]
            step[j, a] = total
            for i in range(s):
                rising[i] += factors.answered[j, a, i] * total
    falling = np.zeros(s)
    for j in range(n - 1, -1, -1):
        for a in range(m):
            total = step[j, a]
            for i in range(s):
                total -= factors.felt[j, a, i] * falling[i]
            step[j, a] = total
        for i in range(s):
            falling[i] *= linear.falls[j, i]
        for a in range(m):
            total = step[j, a]
            for i in range(s):
                falling[i] += linear.local[j, a, i] * total
