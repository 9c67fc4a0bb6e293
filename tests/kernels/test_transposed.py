"""Transposed solves against dense algebra."""

import numpy as np
import pytest

from support.columns import KINDS, called, solve_kernel, somewhere
from sx_sim.kernels import by_metals, direction, linear, transposed
from sx_sim.kernels import layout as row
from sx_sim.kernels.derivatives import factorise, solve_step, solve_weight
from sx_sim.kernels.metals import balance_metals
from sx_sim.kernels.transposed import balance_transposed

eliminate_metals, next_direction, change = (
    called(k) for k in (by_metals.eliminate_metals, direction.next_direction, linear.change)
)
change_transposed, direction_transposed = (
    called(k) for k in (transposed.change_transposed, transposed.direction_transposed)
)


def linearised(*arguments):
    """Return a random column, and work that holds its factors at a state near the flat one."""
    cascade, law, work = somewhere(*arguments)
    factorise(len(cascade.anion), work)
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
    _, _, work = linearised(seed, kind)
    shape = work.unknowns.shape[1:]
    n = shape[0]
    ahead = dense(lambda step, df: change(n, work, step, df), shape)
    back = dense(lambda w, g: change_transposed(n, work, w, g), shape)
    np.testing.assert_allclose(back, ahead.T, rtol=1e-12, atol=1e-13 * np.abs(ahead).max())
    assert not work.places[row.BY_METALS, 0]
    expected = -np.linalg.inv(ahead)
    for costly in (False, True)[: 1 if kind.startswith("real") else 2]:
        if costly:
            eliminate_metals(n, work)
            work.places[row.BY_METALS, 0] = 1
        solved = dense(lambda f, step: next_direction(n, work, f, step), shape)
        weights = dense(lambda g, w: direction_transposed(n, work, g, w), shape)
        close = {"atol": 1e-8 * np.abs(expected).max()}
        np.testing.assert_allclose(weights, expected.T, **close)
        np.testing.assert_allclose(weights, solved.T, **close)


@pytest.mark.parametrize("seed", [3, 195])
def test_refined_solves_cancel_what_they_are_given(seed):
    """Of a short column, and of a cascade in which the cheap elimination loses all digits."""
    cascade, law, work = somewhere(seed, "plain", 400)
    n = len(cascade.anion)
    work.unknowns[row.U] = solve_kernel(cascade, law).unknowns
    factorise(n, work)
    assert work.places[row.BY_METALS, 0] == (seed == 195)
    g = np.random.default_rng(0).normal(size=work.unknowns.shape[1:])
    found, back = np.empty_like(g), np.empty_like(g)
    solve_weight(n, work, g, found)
    change_transposed(n, work, found, back)
    np.testing.assert_allclose(back, -g, atol=1e-6)
    solve_step(n, work, g, found)
    change(n, work, found, back)
    np.testing.assert_allclose(back, -g, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_transposed_balance(seed):
    cascade, _, work = linearised(seed)
    n, s = cascade.feed.shape
    rng = np.random.default_rng(seed)
    fed, g = rng.normal(size=(2, n, s))
    x, y, mu, inverse = np.empty((4, n, s))
    d = work.state[row.D]
    balance_metals(n, work.flows, fed, d, x, y, np.empty(s))
    balance_transposed(n, work.flows, d, g, mu, inverse, np.empty(s))
    np.testing.assert_allclose((g * x).sum(axis=0), (mu * fed).sum(axis=0), rtol=1e-9)
