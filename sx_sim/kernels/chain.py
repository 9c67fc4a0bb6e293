"""Columns of one shape, each started from those before it."""

from sx_sim.kernels import layout as row
from sx_sim.kernels.column import solve_into
from sx_sim.kernels.jit import entry
from sx_sim.kernels.layout import Problem, Work
from sx_sim.kernels.newton import copy
from sx_sim.kernels.status import CONVERGED
from sx_sim.kernels.types import Array, Options, Solutions


@entry(nogil=True)
def solve_chain(
    problems: Problem,
    first: Array,
    alike: bool,
    options: Options,
    work: Work,
    solutions: Solutions,
):
    """Solve columns one after another.

    Parameters
    ----------
    problems : Problem
        Of B columns.
    first : (N, m) array, or (0, m) for none
        Unknowns to start the first column from; all of them, if they are not alike.
    alike : bool
        Whether to start each column from the two before, extrapolated.
    options : Options
    work : Work
    solutions : Solutions, out
    """
    b, _, n = problems.flows.shape
    m = solutions.unknowns.shape[2]
    unknowns = solutions.unknowns
    none = first[:0]
    solved = 0  # columns converged in a row, up to here
    for q in range(b):
        problem = Problem(
            problems.flows[q], problems.metals[q], problems.law, problems.numbers, problems.has
        )
        start = first if q == 0 or not alike else none
        if alike and solved > 0:
            start = work.unknowns[row.START]
            copy(n, unknowns[q - 1], start)
        if alike and solved > 1:
            for j in range(n):
                for a in range(m):
                    start[j, a] += unknowns[q - 1, j, a] - unknowns[q - 2, j, a]
        status, iterations, residual = solve_into(
            problem,
            start,
            options,
            work,
            solutions.aqueous[q],
            solutions.organic[q],
            unknowns[q],
        )
        solved = solved + 1 if status == CONVERGED else 0
        solutions.status[q] = status
        solutions.iterations[q] = iterations
        solutions.residual[q] = residual
