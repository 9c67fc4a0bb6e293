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

from numba import njit

from sx_sim.kernels.small import invert_small
from sx_sim.kernels.types import REORDERED


@njit(cache=True, error_model="numpy", fastmath=REORDERED)
def meet(answer, f_x, seen):
    """Fill ``seen`` (m, S): d closure / d what falls here, the stages before answering.

    The first two closures share one loop, here and in ``advance``: such short loops cost
    more to start than to run.
    """
    m, s = f_x.shape
    for a in range(m):
        for c in range(s):
            seen[a, c] = f_x[a, c]
    for i in range(s):
        first, second = f_x[0, i], f_x[1, i]
        for c in range(s):
            seen[0, c] += first * answer[i, c]
            seen[1, c] += second * answer[i, c]
        if m == 3:
            third = f_x[2, i]
            for c in range(s):
                seen[2, c] += third * answer[i, c]


@njit(cache=True, error_model="numpy", fastmath=REORDERED)
def advance(answer, rises, falls, local, answered, felt):
    """Take ``answer`` (S, S) past a stage; ``answered`` gains what the stages before answer."""
    m, s = local.shape
    for i in range(s):
        first = second = third = 0.0
        for c in range(s):
            first += answer[i, c] * local[0, c]
            second += answer[i, c] * local[1, c]
        passing = rises[i]
        answered[0, i] += passing * first
        answered[1, i] += passing * second
        if m == 3:
            for c in range(s):
                third += answer[i, c] * local[2, c]
            answered[2, i] += passing * third
        first, second = answered[0, i], answered[1, i]
        for c in range(s):
            kept = passing * (answer[i, c] * falls[c])
            answer[i, c] = kept - first * felt[0, c] - second * felt[1, c]
        if m == 3:
            third = answered[2, i]
            for c in range(s):
                answer[i, c] -= third * felt[2, c]


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
def eliminate_closures(n, linear, factors):
    """Fill ``factors``, ClosureFactors, with ``linear`` of N stages."""
    m, s = linear.f_x.shape[1:]
    answer, seen = factors.answer, factors.seen
    for i in range(s):
        for c in range(s):
            answer[i, c] = 0.0
    for j in range(n):
        for a in range(m):
            for b in range(m):
                factors.inverse[j, a, b] = linear.f_scalar[j, a, b]
            for i in range(s):
                factors.answered[j, a, i] = linear.pushed[j, a, i]
        local, falls, felt = linear.local[j], linear.falls[j], factors.felt[j]
        meet(answer, linear.f_x[j], seen)
        close(seen, local, falls, factors.inverse[j], felt)
        advance(answer, linear.rises[j], falls, local, factors.answered[j], felt)


@njit(cache=True, error_model="numpy", fastmath=REORDERED)
def step_by_closures(n, linear, factors, f, step):
    """Fill ``step`` (N, m): the scalars' step that cancels ``f``, the metals following."""
    m, s = linear.f_x.shape[1:]
    rising = falling = linear.row
    rhs = factors.seen[:, 0]
    for i in range(s):
        rising[i] = 0.0
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
    for i in range(s):
        falling[i] = 0.0
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
