"""Many columns at once."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

from support.columns import random_problem, solve_kernel
from sx_sim.cascade.checks import check
from sx_sim.kernels import layout as row
from sx_sim.kernels import status
from sx_sim.kernels.layout import packed, stacked
from sx_sim.kernels.solve import CHAIN, solve_batch, solve_column
from sx_sim.kernels.types import Options


def neighbours(count, seed=9):
    """Return columns along a line on which the acid of every stage rises by a tenth."""
    cascade, law = random_problem(seed, longest=60)
    return [
        (cascade._replace(anion=cascade.anion * acid), law) for acid in np.linspace(1.0, 1.1, count)
    ]


def together(columns):
    return stacked([packed(*column) for column in columns])


def test_a_batch_finds_what_each_column_finds_alone():
    columns = neighbours(5)
    found = solve_batch(together(columns), Options())
    assert (found.status == status.CONVERGED).all()
    assert (found.iterations[1:] < found.iterations[0]).all()
    for b, (cascade, law) in enumerate(columns):
        alone = solve_kernel(cascade, law)
        np.testing.assert_allclose(found.unknowns[b], alone.unknowns, atol=1e-9)
        assert check(cascade, law, found.aqueous[b], found.organic[b], found.unknowns[b]).passed


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_batch_gives_the_same_bits_whatever_runs_it(workers):
    problems = together(neighbours(3 * CHAIN + 5))
    expected = solve_batch(problems, Options())
    with ThreadPoolExecutor(workers) as threads:
        found = solve_batch(problems, Options(), threads)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_column_that_fails_does_not_stop_those_after_it():
    problems = together(neighbours(4))
    problems.metals[1, row.K] = np.nan
    found = solve_batch(problems, Options())
    assert found.status.tolist() == [0, status.NOT_FINITE, 0, 0]


def test_a_solve_allocates_nothing_whatever_it_takes():
    cascade, law = random_problem(57)  # needs about a hundred iterations and start-up
    _nrt_python.memsys_enable_stats()

    def allocations(options):
        solve_column(cascade, law, None, options)
        before = rtsys.get_allocation_stats()
        iterations = solve_column(cascade, law, None, options).iterations
        return rtsys.get_allocation_stats().alloc - before.alloc, iterations

    few, little = allocations(Options(newton_limit=1, iteration_limit=1))
    same, much = allocations(Options())
    assert much > 10 * little
    assert same == few  # handles of the arrays passed in
