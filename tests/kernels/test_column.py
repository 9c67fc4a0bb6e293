"""The column solver as a whole, in the kernels' terms."""

import numpy as np
import pytest

from support.columns import random_problem, solve_kernel
from sx_sim.cascade.checks import check
from sx_sim.kernels import status
from sx_sim.kernels.solve import solve_column
from sx_sim.kernels.types import Options


@pytest.mark.parametrize("seed", range(60))
def test_random_physical_problems_converge_and_close(seed):
    cascade, law = random_problem(seed)
    solution = solve_kernel(cascade, law)
    assert solution.status == status.CONVERGED
    found = check(cascade, law, solution.aqueous, solution.organic, solution.unknowns)
    assert found.passed
    assert found.balance.max() <= 1e-11


@pytest.mark.parametrize("seed", [97, 182, 537, 891, 195, 900, 616])
def test_columns_known_to_be_hard_converge(seed):
    """Trapped traces, almost all the base that fits, half-closed columns that run away."""
    cascade, law = random_problem(seed)
    solution = solve_kernel(cascade, law)
    assert solution.status == status.CONVERGED
    assert check(cascade, law, *solution[:3]).passed


@pytest.mark.parametrize("seed", range(40))
def test_alkali_in_excess_ends_with_an_answer_or_a_reason(seed):
    cascade, law = random_problem(seed, longest=100, alkaline=True)
    law = law._replace(least_acid=10**-7.7)
    solution = solve_kernel(cascade, law)
    assert solution.status in (status.CONVERGED, status.EXCESS_BASE)
    if solution.status == status.CONVERGED:
        found = check(cascade, law, solution.aqueous, solution.organic, solution.unknowns)
        assert found.passed
        assert solution.unknowns[:, 0].min() >= np.log(10**-7.7)


@pytest.mark.parametrize("seed", [296, 432, 767, 921, 951])
def test_a_start_up_that_goes_alkaline_goes_on(seed):
    """What it passes tells nothing: the answer of one is at pH 6.9, that of others past 7."""
    cascade, law = random_problem(seed, alkaline=True)
    solution = solve_kernel(cascade, law)
    acid = seed == 432
    assert solution.status == (status.CONVERGED if acid else status.EXCESS_BASE)
    assert (solution.unknowns[:, 0].min() > np.log(1e-7)) == acid


@pytest.mark.parametrize("seed", [0, 4, 9])
def test_the_answer_does_not_depend_on_the_start(seed):
    cascade, law = random_problem(seed, longest=80)
    cold = solve_kernel(cascade, law)
    nudged = cold.unknowns + np.random.default_rng(seed).normal(0, 0.3, cold.unknowns.shape)
    warm = solve_column(cascade, law, nudged, Options())
    assert warm.status == status.CONVERGED
    np.testing.assert_allclose(warm.unknowns, cold.unknowns, atol=1e-9)
    big = cold.aqueous > 1e-12 * cascade.feed.sum() / cascade.aqueous.min()
    np.testing.assert_allclose(warm.aqueous[big], cold.aqueous[big], rtol=1e-7)


def test_a_useless_start_falls_back_on_the_default_one():
    cascade, law = random_problem(4, longest=80)
    cold = solve_kernel(cascade, law)
    warm = solve_column(cascade, law, np.full_like(cold.unknowns, -40.0), Options())
    assert warm.status == status.CONVERGED
    np.testing.assert_allclose(warm.unknowns, cold.unknowns, atol=1e-9)


def test_an_answer_is_its_own_start():
    cascade, law = random_problem(9)
    cold = solve_kernel(cascade, law)
    again = solve_column(cascade, law, cold.unknowns, Options())
    assert again.status == status.CONVERGED
    assert again.iterations == 1


def test_iterations_are_bounded_and_the_last_iterate_is_returned():
    cascade, law = random_problem(57)  # needs about a hundred
    solution = solve_kernel(cascade, law, Options(newton_limit=4, iteration_limit=12))
    assert solution.iterations <= 12
    assert solution.status == status.ITERATION_LIMIT
    assert np.isfinite(solution.unknowns).all()
    fed, out = cascade.feed.sum(axis=0), cascade.aqueous[0] * solution.aqueous[0]
    out = out + cascade.organic[-1] * solution.organic[-1]
    out += cascade.aqueous_draw @ solution.aqueous + cascade.organic_draw @ solution.organic
    np.testing.assert_allclose(out, fed, rtol=1e-10)


def test_numbers_that_make_no_sense_end_with_a_status():
    cascade, law = random_problem(0)
    broken = law._replace(ln_k=np.full_like(law.ln_k, np.nan))
    assert solve_kernel(cascade, broken).status == status.NOT_FINITE


def test_solving_twice_gives_the_same_bits():
    cascade, law = random_problem(9)
    one, two = solve_kernel(cascade, law), solve_kernel(cascade, law)
    assert one.unknowns.tobytes() == two.unknowns.tobytes()
    assert one.aqueous.tobytes() == two.aqueous.tobytes()
