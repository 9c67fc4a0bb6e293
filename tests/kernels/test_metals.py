"""The metals' tridiagonal balances."""

from fractions import Fraction

import numpy as np
import pytest

from support.columns import problem_of, random_problem
from sx_sim.kernels.metals import balance_metals, mix
from sx_sim.kernels.types import Cascade


def solved(cascade: Cascade, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.empty_like(d), np.empty_like(d)
    flows = problem_of(cascade).flows
    balance_metals(len(d), flows, cascade.feed, d, x, y, np.empty(d.shape[1]))
    return x, y


@pytest.mark.parametrize("seed", range(6))
def test_agrees_with_dense_algebra(seed):
    cascade, _ = random_problem(seed, longest=60)
    n, s = cascade.feed.shape
    d = np.exp(np.random.default_rng(seed).normal(0, 2, (n, s)))
    x, y = solved(cascade, d)
    for i in range(s):
        matrix = np.diag(
            cascade.aqueous
            + cascade.aqueous_draw
            + (cascade.organic + cascade.organic_draw) * d[:, i]
        )
        matrix -= np.diag(cascade.aqueous[1:], 1) + np.diag((cascade.organic * d[:, i])[:-1], -1)
        expected = np.linalg.solve(matrix, cascade.feed[:, i])
        np.testing.assert_allclose(x[:, i], expected, rtol=1e-8, atol=1e-14 * expected.max())
    np.testing.assert_allclose(y, d * x, rtol=1e-15)


def test_traces_keep_their_digits():
    """Against exact rational arithmetic, D scattered over two decades from stage to stage."""
    n = 60
    rng = np.random.default_rng(3)
    d = 10.0 ** (rng.uniform(-1, 1, (n, 1)) + np.where(np.arange(n) < n // 2, 0.5, -0.5)[:, None])
    feed = np.zeros((n, 1))
    feed[n // 2] = 1.0
    ones, none = np.ones(n), np.zeros(n)
    cascade = Cascade(ones, none, ones, none, feed, ones, ones, none)
    x, _ = solved(cascade, d)
    exact = [Fraction(float(v)) for v in d[:, 0]]
    upper, rhs = [], []
    for j in range(n):  # Thomas, without rounding
        below = exact[j - 1] if j else Fraction(0)
        pivot = 1 + exact[j] + (below * upper[-1] if j else 0)
        upper.append(-1 / pivot)
        rhs.append((Fraction(float(feed[j, 0])) + (below * rhs[-1] if j else 0)) / pivot)
    answer = [rhs[-1]]
    for j in range(n - 2, -1, -1):
        answer.append(rhs[j] - upper[j] * answer[-1])
    expected = np.array([float(v) for v in reversed(answer)])
    assert expected.min() < 1e-6 * expected.max()
    np.testing.assert_allclose(x[:, 0], expected, rtol=1e-13)


@pytest.mark.parametrize("seed", range(8))
def test_every_balance_closes_to_rounding(seed):
    cascade, _ = random_problem(seed)
    n, s = cascade.feed.shape
    d = np.exp(np.random.default_rng(seed).normal(0, 5, (n, s)))
    x, y = solved(cascade, d)
    out = cascade.aqueous[0] * x[0] + cascade.organic[-1] * y[-1]
    out += cascade.aqueous_draw @ x + cascade.organic_draw @ y
    np.testing.assert_allclose(out, cascade.feed.sum(axis=0), rtol=1e-12)
    assert (x >= 0).all()


def test_mixing_is_by_volume():
    passes = np.array([1.0, 2.0, 1.5])
    drawn = np.array([0.0, 0.0, 0.5])
    fed = np.array([3.0, 1.0, 0.0])
    np.testing.assert_allclose(mix(passes, drawn, fed), [3.0, 2.0, 2.0])
