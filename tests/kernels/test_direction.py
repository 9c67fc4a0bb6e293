"""The Newton direction against dense algebra and finite differences."""

import numpy as np
import pytest

from support.columns import KINDS, random_problem, solve_kernel, varied
from sx_sim.kernels.by_closures import eliminate_closures, step_by_closures
from sx_sim.kernels.by_metals import eliminate_metals, invert, step_by_metals
from sx_sim.kernels.closure import evaluate
from sx_sim.kernels.direction import cancels, newton_direction, next_direction
from sx_sim.kernels.linear import change, linearise
from sx_sim.kernels.small import invert_small
from sx_sim.kernels.workspace import new_workspace, shape_of


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


def somewhere(seed, kind="plain", longest=12):
    """Return a random column, and work whose state is some way from the solution."""
    cascade, law = random_problem(seed, longest=longest)
    cascade, law = varied(cascade, law, kind, seed)
    rng = np.random.default_rng(seed)
    work = new_workspace(*shape_of(cascade, law))
    n, m = work.step.shape
    start = np.column_stack([np.log(cascade.anion), np.log(cascade.dimer), np.log(cascade.anion)])
    work.state.unknowns[:] = start[:, :m] + rng.normal(-0.5, 0.2, (n, m))
    evaluate(cascade, law, work.state)
    return cascade, law, work


def differences(cascade, law, state):
    """Return the closures' Jacobian (N m, N m) by central differences."""
    start = state.unknowns.copy()

    def residuals(unknowns):
        state.unknowns[:] = unknowns
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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_linearised_closures_agree_with_finite_differences(seed, kind):
    cascade, law, work = somewhere(seed, kind)
    state, linear = work.state, work.factors.linear
    jacobian = differences(cascade, law, state)
    linearise(cascade, law, state, linear)
    step = np.random.default_rng(seed).normal(size=state.f.shape)
    df = np.empty_like(step)
    change(len(step), linear, step, df)
    expected = jacobian @ step.ravel()
    np.testing.assert_allclose(df.ravel(), expected, atol=1e-7 * np.abs(expected).max())


def dense_closures(cascade, law, unknowns):
    """Return the closures by dense solves, in arithmetic that may be complex."""
    n, s = cascade.feed.shape
    h, e = np.exp(unknowns[:, 0]), np.exp(unknowns[:, 1])
    ln_d = law.ln_k - np.outer(unknowns[:, 0], law.order_acid)
    d = np.exp(ln_d + np.outer(unknowns[:, 1], law.order_dimer))
    x = np.empty((n, s), dtype=unknowns.dtype)
    for i in range(s):
        leaving = (cascade.organic + cascade.organic_draw) * d[:, i]
        matrix = np.diag(cascade.aqueous + cascade.aqueous_draw + leaving)
        matrix = matrix - np.diag(cascade.aqueous[1:], 1)
        matrix = matrix - np.diag((cascade.organic * d[:, i])[:-1], -1)
        x[:, i] = np.linalg.solve(matrix, cascade.feed[:, i])
    charge = (cascade.anion + cascade.water_ion_product / h) / (h + x @ law.charge)
    return np.log(np.stack([charge, cascade.dimer / (e + (d * x) @ law.dimers)], axis=1))


@pytest.mark.parametrize("seed", range(5))
def test_linearised_closures_agree_with_a_complex_step(seed):
    cascade, law, work = somewhere(seed)
    state, linear = work.state, work.factors.linear
    np.testing.assert_allclose(dense_closures(cascade, law, state.unknowns), state.f, atol=1e-9)
    linearise(cascade, law, state, linear)
    step = np.random.default_rng(seed).normal(size=state.f.shape)
    df = np.empty_like(step)
    change(len(step), linear, step, df)
    expected = dense_closures(cascade, law, state.unknowns + 1e-30j * step).imag / 1e-30
    np.testing.assert_allclose(df, expected, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_both_eliminations_agree_with_dense_algebra(seed, kind):
    cascade, law, work = somewhere(seed, kind)
    state, factors = work.state, work.factors
    n = len(state.f)
    expected = np.linalg.solve(differences(cascade, law, state), -state.f.ravel())
    close = {"atol": 1e-6 * np.abs(expected).max()}
    newton_direction(cascade, law, state, factors, work.step)
    assert not factors.by_metals[0]
    np.testing.assert_allclose(work.step.ravel(), expected, **close)
    assert not cancels(n, factors.linear, state.f, 1.001 * work.step)
    assert not cancels(n, factors.linear, state.f, work.step * np.nan)
    work.step[:] = 0.0
    eliminate_metals(cascade, law, state, factors.linear, factors.metals)
    step_by_metals(cascade, factors.metals, state.f, work.step)
    np.testing.assert_allclose(work.step.ravel(), expected, **close)
    assert cancels(n, factors.linear, state.f, work.step)


@pytest.mark.parametrize("seed", [195, 344, 900])
def test_a_half_closed_cascade_that_runs_away_is_noticed(seed):
    """Long columns on which the cheap elimination may lose all digits."""
    cascade, law, work = somewhere(seed, longest=400)
    state, factors = work.state, work.factors
    state.unknowns[:] = solve_kernel(cascade, law).unknowns + 1e-3
    evaluate(cascade, law, state)
    newton_direction(cascade, law, state, factors, work.step)
    assert cancels(len(state.f), factors.linear, state.f, work.step)
    next_direction(cascade, factors, state.f, work.following)
    np.testing.assert_array_equal(work.following, work.step)
    eliminate_closures(len(state.f), factors.linear, factors.closures)
    step_by_closures(len(state.f), factors.linear, factors.closures, state.f, work.following)
    cheap = cancels(len(state.f), factors.linear, state.f, work.following)
    assert factors.by_metals[0] == (not cheap)


def test_the_costly_elimination_is_needed_somewhere():
    """Seed 195 loses all digits in the cheap one."""
    cascade, law, work = somewhere(195, longest=400)
    work.state.unknowns[:] = solve_kernel(cascade, law).unknowns
    work.state.unknowns[:] += 1e-3
    evaluate(cascade, law, work.state)
    newton_direction(cascade, law, work.state, work.factors, work.step)
    assert work.factors.by_metals[0]
