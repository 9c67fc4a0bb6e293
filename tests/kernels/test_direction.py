"""The Newton direction against dense algebra and finite differences."""

import numpy as np
import pytest

from support.columns import random_problem
from sx_sim.kernels.by_closures import eliminate_closures, step_by_closures
from sx_sim.kernels.by_metals import eliminate_metals, invert, step_by_metals
from sx_sim.kernels.closure import evaluate
from sx_sim.kernels.direction import cancels, empty_factors, newton_direction, next_direction
from sx_sim.kernels.linear import change, linearise
from sx_sim.kernels.newton import empty_state
from sx_sim.kernels.small import invert_small


@pytest.mark.parametrize("size", [1, 2, 7, 16, 31])
def test_inverse_agrees_with_dense_algebra(size):
    a = np.random.default_rng(size).normal(size=(size, size))
    inverse = a.copy()
    invert(inverse, np.empty(size, np.int64))
    np.testing.assert_allclose(inverse, np.linalg.inv(a), rtol=1e-9, atol=1e-12)


def test_inverse_of_a_singular_matrix_is_not_finite():
    a = np.ones((3, 3))
    invert(a, np.empty(3, np.int64))
    assert not np.isfinite(a).all()


@pytest.mark.parametrize("size", [2, 3])
def test_small_inverse(size):
    a = np.random.default_rng(size).normal(size=(size, size))
    inverse = a.copy()
    invert_small(inverse)
    np.testing.assert_allclose(inverse @ a, np.eye(size), atol=1e-12)


def somewhere(seed, complexes=0, longest=12):
    """Return a random column with its state some way from the solution."""
    cascade, law = random_problem(seed, longest=longest)
    n, s = cascade.feed.shape
    rng = np.random.default_rng(seed)
    law = law._replace(ln_beta=rng.normal(-1, 1, (n, s, complexes)))
    m = 3 if complexes else 2
    state = empty_state(n, s, m)
    start = np.column_stack([np.log(cascade.anion), np.log(cascade.dimer), np.log(cascade.anion)])
    state.scalars[:] = start[:, :m] + rng.normal(-0.5, 0.2, (n, m))
    evaluate(cascade, law, state)
    return cascade, law, state


def differences(cascade, law, state):
    """Return the closures' Jacobian (N m, N m) by central differences."""
    start = state.scalars.copy()

    def residuals(scalars):
        state.scalars[:] = scalars
        evaluate(cascade, law, state)
        return state.f.copy().ravel()

    jacobian = np.empty((start.size, start.size))
    for k in range(start.size):
        shift = np.zeros(start.size)
        shift[k] = 1e-6
        shift = shift.reshape(start.shape)
        jacobian[:, k] = (residuals(start + shift) - residuals(start - shift)) / 2e-6
    residuals(start)
    return jacobian


@pytest.mark.parametrize("complexes", [0, 1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_linearised_closures_agree_with_finite_differences(seed, complexes):
    cascade, law, state = somewhere(seed, complexes)
    jacobian = differences(cascade, law, state)
    factors = empty_factors(*cascade.feed.shape, state.f.shape[1])
    linearise(cascade, law, state, factors.linear)
    step = np.random.default_rng(seed).normal(size=state.f.shape)
    df = np.empty_like(step)
    change(factors.linear, step, df)
    expected = jacobian @ step.ravel()
    np.testing.assert_allclose(df.ravel(), expected, atol=1e-7 * np.abs(expected).max())


@pytest.mark.parametrize("complexes", [0, 1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_both_eliminations_agree_with_dense_algebra(seed, complexes):
    cascade, law, state = somewhere(seed, complexes)
    expected = np.linalg.solve(differences(cascade, law, state), -state.f.ravel())
    expected = expected.reshape(state.f.shape)
    factors, step = empty_factors(*cascade.feed.shape, state.f.shape[1]), np.empty_like(expected)
    close = {"atol": 1e-6 * np.abs(expected).max()}
    linearise(cascade, law, state, factors.linear)
    eliminate_closures(factors.linear, factors.closures)
    step_by_closures(factors.linear, factors.closures, state.f, step)
    np.testing.assert_allclose(step, expected, **close)
    assert cancels(factors.linear, state.f, step)
    step[:] = 0.0
    eliminate_metals(cascade, law, state, factors.linear, factors.metals)
    step_by_metals(cascade, factors.metals, state.f, step)
    np.testing.assert_allclose(step, expected, **close)
    assert cancels(factors.linear, state.f, step)
    assert not cancels(factors.linear, state.f, 1.001 * step)
    assert not cancels(factors.linear, state.f, step * np.nan)


@pytest.mark.parametrize("seed", [195, 344, 900])
def test_a_half_closed_cascade_that_runs_away_is_noticed(seed):
    cascade, law, state = somewhere(seed, longest=400)
    from support.columns import solve_kernel

    state.scalars[:] = solve_kernel(cascade, law).scalars + 1e-3
    evaluate(cascade, law, state)
    factors = empty_factors(*cascade.feed.shape, 2)
    step, df = np.empty_like(state.f), np.empty_like(state.f)
    newton_direction(cascade, law, state, factors, step)
    change(factors.linear, step, df)
    np.testing.assert_allclose(df, -state.f, atol=1e-6 * np.abs(state.f).max())
    again = np.empty_like(step)
    next_direction(cascade, factors, state.f, again)
    np.testing.assert_array_equal(again, step)
    eliminate_closures(factors.linear, factors.closures)
    step_by_closures(factors.linear, factors.closures, state.f, again)
    assert factors.by_metals[0] == (not cancels(factors.linear, state.f, again))
