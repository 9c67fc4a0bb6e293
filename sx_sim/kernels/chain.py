"""Columns of one shape, each started from those before it."""

from sx_sim.kernels.column import solve_into
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.newton import copy
from sx_sim.kernels.status import CONVERGED
from sx_sim.kernels.types import Array, Cascade, Law, Options, Solutions, Work


@kernel(nogil=True)
def solve_chain(
    cascades: Cascade,
    laws: Law,
    first: Array,
    alike: bool,
    options: Options,
    work: Work,
    solutions: Solutions,
):
    """Solve columns one after another.

    Parameters
    ----------
    cascades : Cascade
        Every array with a leading axis of length B.
    laws : Law
        What has a stage axis with that axis before it, the rest shared.
    first : (N, m) array, or (0, m) for none
        Scalars to start the first column from; all of them, if they are not alike.
    alike : bool
        Whether to start each column from the two before, extrapolated.
    options : Options
    work : Work
    solutions : Solutions, out
    """
    b, n = cascades.anion.shape
    m = solutions.unknowns.shape[2]
    unknowns = solutions.unknowns
    none = first[:0]
    solved = 0  # columns converged in a row, up to here
    for q in range(b):
        cascade = Cascade(
            cascades.aqueous[q],
            cascades.aqueous_draw[q],
            cascades.organic[q],
            cascades.organic_draw[q],
            cascades.feed[q],
            cascades.anion[q],
            cascades.dimer[q],
            cascades.water_ion_product[q],
            cascades.carry[q],
            cascades.efficiency[q],
            cascades.aqueous_up[q],
            cascades.organic_down[q],
            cascades.organic_feed[q],
            cascades.set_ln_h[q],
        )
        law = Law(
            laws.ln_k[q],
            laws.order_dimer,
            laws.order_acid,
            laws.dimers,
            laws.charge,
            laws.ln_beta[q],
            laws.least_acid,
            laws.protonation[q],
            laws.ligand_charge,
            laws.debye[q],
            laws.acid_by_dimer,
        )
        start = first if q == 0 or not alike else none
        if alike and solved > 0:
            start = work.start
            copy(n, unknowns[q - 1], start)
        if alike and solved > 1:
            for j in range(n):
                for a in range(m):
                    start[j, a] += unknowns[q - 1, j, a] - unknowns[q - 2, j, a]
        status, iterations, residual = solve_into(
            cascade,
            law,
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
