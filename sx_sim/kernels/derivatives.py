"""What derivatives of a solved column ask of the kernels: its factors, and refined solves."""

from sx_sim.kernels import layout as row
from sx_sim.kernels.closure import evaluate
from sx_sim.kernels.direction import newton_direction, next_direction
from sx_sim.kernels.jit import entry
from sx_sim.kernels.linear import change
from sx_sim.kernels.transposed import change_transposed, direction_transposed

REFINEMENTS = 3  # of a solve by what it leaves: the factors alone promise six digits


@entry()
def factorise(n, work):
    """Fill everything that follows from the unknowns of N stages, with an accurate elimination."""
    evaluate(n, work)
    f = work.unknowns[row.F]
    for j in range(n):
        for a in range(f.shape[1]):
            f[j, a] = 1.0  # any residuals do, to find out which elimination is accurate here
    newton_direction(n, work)


@entry()
def solve_step(n, work, f, step):
    """Fill ``step`` (N, m): the unknowns' step that cancels ``f`` (N, m)."""
    left, more, df = work.unknowns[row.SAVED], work.unknowns[row.STEP], work.unknowns[row.ORIGIN]
    m = f.shape[1]
    for k in range(REFINEMENTS):
        for j in range(n):
            for a in range(m):
                left[j, a] = f[j, a] + (df[j, a] if k else 0.0)
        next_direction(n, work, left, more)
        for j in range(n):
            for a in range(m):
                step[j, a] = more[j, a] + (step[j, a] if k else 0.0)
        change(n, work, step, df)


@entry()
def solve_weight(n, work, g, weight):
    """Fill ``weight`` (N, m): what an output gains per closure, if ``g`` (N, m) per unknown."""
    left, more, back = work.unknowns[row.SAVED], work.unknowns[row.STEP], work.unknowns[row.ORIGIN]
    m = g.shape[1]
    for k in range(REFINEMENTS):
        for j in range(n):
            for a in range(m):
                left[j, a] = g[j, a] + (back[j, a] if k else 0.0)
        direction_transposed(n, work, left, more)
        for j in range(n):
            for a in range(m):
                weight[j, a] = more[j, a] + (weight[j, a] if k else 0.0)
        change_transposed(n, work, weight, back)
