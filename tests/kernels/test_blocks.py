"""The Newton direction against dense algebra and finite differences."""

import numpy as np
import pytest

from support.columns import random_problem
from sx_sim.kernels.blocks import empty_factors, factorise, invert, invert_small, newton_step
from sx_sim.kernels.closure import evaluate
from sx_sim.kernels.newton import empty_state


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
    inverse = np.empty_like(a)
    invert_small(a, inverse)
    np.testing.assert_allclose(inverse @ a, np.eye(size), atol=1e-12)


@pytest.mark.parametrize("complexes", [0, 1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_direction_agrees_with_finite_differences(seed, complexes):
    cascade, law = random_problem(seed, longest=12)
    n, s = cascade.feed.shape
    rng = np.random.default_rng(seed)
    law = law._replace(ln_beta=rng.normal(-1, 1, (n, s, complexes)))
    m = 3 if complexes else 2
    state = empty_state(n, s, m)
    start = np.column_stack([np.log(cascade.anion), np.log(cascade.dimer), np.log(cascade.anion)])
    start = start[:, :m] + rng.normal(-0.5, 0.2, (n, m))

    def residuals(scalars):
        state.scalars[:] = scalars
        evaluate(cascade, law, state)
        return state.f.copy().ravel()

    jacobian = np.empty((n * m, n * m))
    for k in range(n * m):
        shift = np.zeros(n * m)
        shift[k] = 1e-6
        shift = shift.reshape(n, m)
        jacobian[:, k] = (residuals(start + shift) - residuals(start - shift)) / 2e-6
    expected = np.linalg.solve(jacobian, -residuals(start)).reshape(n, m)
    factors, step = empty_factors(n, s, m), np.empty((n, m))
    factorise(cascade, law, state, factors)
    newton_step(cascade, factors, state.f, step)
    np.testing.assert_allclose(step, expected, atol=1e-6 * np.abs(expected).max())
