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

from sx_sim.kernels import layout as row
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.metals import TRACE
from sx_sim.kernels.small import invert


@kernel()
def eliminate_closures(n, work):
    """Fill what is left of N stages' closures when those of the stages before are met.

    ``answer`` is kept with its transpose, so that both products with it run along rows. There
    are two closures or more: two at a time keep what is loaded of a row in registers.
    """
    rises, falls, f_x = work.spread[row.RISES], work.spread[row.FALLS], work.slopes[row.F_X]
    local, pushed = work.slopes[row.LOCAL], work.slopes[row.PUSHED]
    answered, felt, inverse = (
        work.slopes[row.ANSWERED],
        work.slopes[row.FELT],
        work.small[row.INVERSE],
    )
    answer, transpose, swaps = (
        work.square[row.ANSWER],
        work.square[row.TRANSPOSE],
        work.places[row.SWAPS],
    )
    m, s = f_x.shape[1:]
    seen, heard = work.rows[row.SEEN : row.SEEN + m], work.rows[row.SEEN + m : row.SEEN + 2 * m]
    for i in range(s):
        for c in range(s):
            answer[i, c] = 0.0
            transpose[i, c] = 0.0
    for j in range(n):
        for a in range(m):
            for i in range(s):
                seen[a, i] = f_x[j, a, i]
                heard[a, i] = 0.0
        for a in range(0, m - 1, 2):
            b = a + 1
            for i in range(s):
                see_a, see_b, hear_a, hear_b = (
                    f_x[j, a, i],
                    f_x[j, b, i],
                    local[j, a, i],
                    local[j, b, i],
                )
                for c in range(s):
                    seen[a, c] += see_a * answer[i, c]
                    seen[b, c] += see_b * answer[i, c]
                    heard[a, c] += hear_a * transpose[i, c]
                    heard[b, c] += hear_b * transpose[i, c]
        if m % 2:
            for i in range(s):
                see_a, hear_a = f_x[j, m - 1, i], local[j, m - 1, i]
                for c in range(s):
                    seen[m - 1, c] += see_a * answer[i, c]
                    heard[m - 1, c] += hear_a * transpose[i, c]
        for a in range(m):
            for b in range(m):
                total = work.small[row.F_U, j, a, b]
                for i in range(s):
                    total += seen[a, i] * local[j, b, i]
                inverse[j, a, b] = total
        invert(inverse[j], swaps)
        for a in range(m):
            for i in range(s):
                felt[j, a, i] = 0.0
            for b in range(m):
                share = inverse[j, a, b]
                for i in range(s):
                    felt[j, a, i] += share * seen[b, i]
            for i in range(s):
                felt[j, a, i] *= falls[j, i]
                answered[j, a, i] = pushed[j, a, i] + rises[j, i] * heard[a, i]
        for i in range(s):
            up, down = rises[j, i], falls[j, i]
            left_0, left_1 = answered[j, 0, i], answered[j, 1, i]
            right_0, right_1 = felt[j, 0, i], felt[j, 1, i]
            for c in range(s):
                one = up * falls[j, c] * answer[i, c]
                one -= left_0 * felt[j, 0, c] + left_1 * felt[j, 1, c]
                other = down * rises[j, c] * transpose[i, c]
                other -= right_0 * answered[j, 0, c] + right_1 * answered[j, 1, c]
                answer[i, c] = one if abs(one) > TRACE else 0.0
                transpose[i, c] = other if abs(other) > TRACE else 0.0
            for a in range(2, m):
                left, right = answered[j, a, i], felt[j, a, i]
                for c in range(s):
                    answer[i, c] -= left * felt[j, a, c]
                    transpose[i, c] -= right * answered[j, a, c]


@kernel(inline="always")
def step_by_closures(n, work, f, step):
    """Fill ``step`` (N, m): the unknowns' step that cancels ``f``, the metals following."""
    rises, falls, f_x, local = (
        work.spread[row.RISES],
        work.spread[row.FALLS],
        work.slopes[row.F_X],
        work.slopes[row.LOCAL],
    )
    answered, felt, inverse = (
        work.slopes[row.ANSWERED],
        work.slopes[row.FELT],
        work.small[row.INVERSE],
    )
    m, s = f_x.shape[1:]
    rising = falling = work.rows[row.ROW]
    rhs = work.unknowns[row.DF, 0]
    for i in range(s):
        rising[i] = 0.0
    for j in range(n):
        for a in range(m):
            total = f[j, a]
            for i in range(s):
                total += f_x[j, a, i] * rising[i]
            rhs[a] = total
        for i in range(s):
            rising[i] *= rises[j, i]
        for a in range(m):
            total = 0.0
            for b in range(m):
                total -= inverse[j, a, b] * rhs[b]
            step[j, a] = total
            for i in range(s):
                rising[i] += answered[j, a, i] * total
    for i in range(s):
        falling[i] = 0.0
    for j in range(n - 1, -1, -1):
        for a in range(m):
            total = step[j, a]
            for i in range(s):
                total -= felt[j, a, i] * falling[i]
            step[j, a] = total
        for i in range(s):
            falling[i] *= falls[j, i]
        for a in range(m):
            total = step[j, a]
            for i in range(s):
                falling[i] += local[j, a, i] * total
