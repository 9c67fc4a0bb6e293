"""Transposed solves against dense algebra."""

import numpy as np
import pytest

from support.columns import KINDS, random_problem, solve_kernel, varied
from sx_sim.kernels.by_metals import eliminate_metals
from sx_sim.kernels.closure import evaluate
from sx_sim.kernels.direction import newton_direction, next_direction
from sx_sim.kernels.linear import change
from sx_sim.kernels.metals import balance_metals
from sx_sim.kernels.transposed import (
    balance_transposed,
    change_transposed,
    direction_transposed,
)
from sx_sim.kernels.workspace import new_workspace, shape_of


def linearised(seed, kind="plain", longest=12):
    """Return a random column, and work that holds its factors at a state near the flat one."""
    cascade, law = random_problem(seed, longest=longest)
    cascade, law = varied(cascade, law, kind, seed)
    rng = np.random.default_rng(seed)
    work = new_workspace(*shape_of(cascade, law))
    n, m = work.step.shape
    start = np.column_stack([np.log(cascade.anion), np.log(cascade.dimer), np.log(cascade.anion)])
    work.state.unknowns[:] = start[:, :m] + rng.normal(-0.5, 0.2, (n, m))
    evaluate(cascade, law, work.state)
    newton_direction(cascade, law, work.state, work.factors, work.step)
    return cascade, law, work


def dense(function, shape):
    """Return the matrix of a linear function that fills its second argument."""
    columns = []
    for k in range(int(np.prod(shape))):
        unit, out = np.zeros(shape), np.empty(shape)
        unit.flat[k] = 1.0
        function(unit, out)
        columns.append(out.ravel())
    return np.array(columns).T


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_transposes_agree_with_dense_algebra(seed, kind):
    cascade, law, work = linearised(seed, kind)
    factors = work.factors
    shape = work.step.shape
    n = len(work.step)
    ahead = dense(lambda step, df: change(n, factors.linear, step, df), shape)
    back = dense(lambda w, g: change_transposed(n, factors.linear, w, g), shape)
    np.testing.assert_allclose(back, ahead.T, rtol=1e-12, atol=1e-13 * np.abs(ahead).max())
    assert not factors.by_metals[0]
    expected = -np.linalg.inv(ahead)
    for by_metals in (False, True)[: 1 if kind.startswith("real") else 2]:
        if by_metals:
            eliminate_metals(cascade, law, work.state, factors.linear, factors.metals)
            factors.by_metals[0] = True
        solved = dense(lambda f, step: next_direction(cascade, factors, f, step), shape)
        weights = dense(lambda g, w: direction_transposed(cascade, factors, g, w), shape)
        close = {"atol": 1e-8 * np.abs(expected).max()}
        np.testing.assert_allclose(weights, expected.T, **close)
        np.testing.assert_allclose(weights, solved.T, **close)


def test_transposed_of_a_runaway_cascade():
    """Seed 195 loses all digits in the cheap elimination."""
    cascade, law, work = linearised(195, longest=400)
    work.state.unknowns[:] = solve_kernel(cascade, law).unknowns
    evaluate(cascade, law, work.state)
    work.state.f[:] = 1.0
    newton_direction(cascade, law, work.state, work.factors, work.step)
    assert work.factors.by_metals[0]
    g = np.random.default_rng(0).normal(size=work.step.shape)
    weight, back = np.empty_like(g), np.empty_like(g)
    direction_transposed(cascade, work.factors, g, weight)
    change_transposed(len(g), work.factors.linear, weight, back)
    np.testing.assert_allclose(back, -g, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_transposed_balance(seed):
    cascade, _, work = linearised(seed)
    n, s = cascade.feed.shape
    rng = np.random.default_rng(seed)
    fed, g = rng.normal(size=(2, n, s))
    x, y, mu, inverse = np.empty((4, n, s))
    balance_metals(cascade._replace(feed=fed), work.state.d, x, y, np.empty(s))
    balance_transposed(cascade, work.state.d, g, mu, inverse, np.empty(s))
    np.testing.assert_allclose((g * x).sum(axis=0), (mu * fed).sum(axis=0), rtol=1e-9)
