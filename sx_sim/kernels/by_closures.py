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

from sx_sim.kernels.jit import kernel
from sx_sim.kernels.small import invert_small


@kernel(inline="always")
def add_rows(shares, matrix, total):
    """Add ``shares @ matrix`` to ``total`` (m, S), m = 2 or 3.

    The first two rows go through one loop, here and in ``take_past``: such short loops
    cost more to start than to run.
    """
    m, s = shares.shape
    for i in range(s):
        first, second = shares[0, i], shares[1, i]
        for c in range(s):
            total[0, c] += first * matrix[i, c]
            total[1, c] += second * matrix[i, c]
        if m == 3:
            third = shares[2, i]
            for c in range(s):
                total[2, c] += third * matrix[i, c]


@kernel(inline="always")
def take_past(matrix, by_row, by_column, left, right):
    """Take an answer past a stage: scale it both ways and subtract ``left.T @ right``."""
    m, s = left.shape
    for i in range(s):
        scale, first, second = by_row[i], left[0, i], left[1, i]
        for c in range(s):
            gone = first * right[0, c] + second * right[1, c]
            matrix[i, c] = scale * by_column[c] * matrix[i, c] - gone
        if m == 3:
            third = left[2, i]
            for c in range(s):
                matrix[i, c] -= third * right[2, c]


@kernel(inline="always")
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


@kernel()
def eliminate_closures(n, linear, factors):
    """Fill ``factors``, ClosureFactors, with ``linear`` of N stages.

    ``answer`` is kept with its transpose, so that both products with it run along rows.
    """
    m, s = linear.f_x.shape[1:]
    answer, transpose, heard = factors.answer, factors.transpose, factors.heard
    seen = factors.seen
    for i in range(s):
        for c in range(s):
            answer[i, c] = 0.0
            transpose[i, c] = 0.0
    for j in range(n):
        local, rises, falls = linear.local[j], linear.rises[j], linear.falls[j]
        answered, felt = factors.answered[j], factors.felt[j]
        for a in range(m):
            for b in range(m):
                factors.inverse[j, a, b] = linear.f_scalar[j, a, b]
            for i in range(s):
                seen[a, i] = linear.f_x[j, a, i]
                heard[a, i] = 0.0
        add_rows(linear.f_x[j], answer, seen)
        add_rows(local, transpose, heard)
        close(seen, local, falls, factors.inverse[j], felt)
        for a in range(m):
            for i in range(s):
                answered[a, i] = linear.pushed[j, a, i] + rises[i] * heard[a, i]
        take_past(answer, rises, falls, answered, felt)
        take_past(transpose, falls, rises, felt, answered)


@kernel()
def step_by_closures(n, linear, factors, f, step):
    """Fill ``step`` (N, m): the unknowns' step that cancels ``f``, the metals following."""
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
