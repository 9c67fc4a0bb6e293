"""The metals' balances where stages are not ideal."""

import numpy as np
import pytest

from support.columns import called, problem_of, random_problem, varied
from sx_sim.cascade.checks import expected
from sx_sim.kernels import layout as row
from sx_sim.kernels.continuation import with_holdup
from sx_sim.kernels.layout import loaded
from sx_sim.kernels.levels import shorten
from sx_sim.kernels.real import balance_real


def solved(cascade, d):
    """Return what is in the water, and in the organic that leaves."""
    x, _, leaving = balanced(problem_of(cascade), d, False, d)
    return x, leaving


def balanced(work, d, more, made):
    x, y, leaving = np.empty_like(d), np.empty_like(d), np.empty_like(d)
    feeds = work.metals[row.FEED], work.metals[row.ORGANIC_FEED]
    risen = np.empty((3, *d.shape))
    balance_real(len(d), work.flows, *feeds, d, x, y, leaving, risen, more, made)
    return x, y, leaving


def real_problem(seed):
    cascade, _ = varied(*random_problem(seed, longest=60), "real", seed)
    rng = np.random.default_rng(seed)
    return cascade, 10.0 ** rng.uniform(-14, 6, cascade.feed.shape[1]) * np.ones_like(cascade.feed)


@pytest.mark.parametrize("seed", range(6))
def test_agrees_with_dense_algebra(seed):
    """Water and organic that leave as 2 N unknowns: all that comes leaves, and Murphree's law."""
    cascade, _ = varied(*random_problem(seed, longest=60), "real", seed)
    n, s = cascade.feed.shape
    rng = np.random.default_rng(seed)
    d = np.exp(rng.normal(0, 2, (n, s)))
    made = rng.uniform(0, 1, (n, s)) * cascade.feed.max()
    x, y, leaving = balanced(problem_of(cascade), d, True, made)
    water = cascade.aqueous + cascade.aqueous_draw + cascade.aqueous_up
    organic = cascade.organic + cascade.organic_draw + cascade.organic_down
    bypass = 1.0 - cascade.efficiency
    rises_x, rises_z = np.diag(cascade.aqueous_up[:-1], -1), np.diag(cascade.organic[:-1], -1)
    falls_x, falls_z = np.diag(cascade.aqueous[1:], 1), np.diag(cascade.organic_down[1:], 1)
    for i in range(s):
        met = np.diag(cascade.efficiency * organic * d[:, i])
        matrix = np.block(
            [
                [np.diag(water) - rises_x - falls_x, np.diag(organic) - rises_z - falls_z],
                [-met - bypass[:, None] * rises_x, np.diag(organic) - bypass[:, None] * rises_z],
            ]
        )
        given = [
            cascade.feed[:, i] + made[:, i],
            bypass * cascade.organic_feed[:, i] + made[:, i],
        ]
        expected = np.linalg.solve(matrix, np.concatenate(given))
        small = 1e-13 * expected.max()
        np.testing.assert_allclose(x[:, i], expected[:n], rtol=1e-8, atol=small)
        np.testing.assert_allclose(leaving[:, i], expected[n:], rtol=1e-8, atol=small)
    np.testing.assert_allclose(y, d * x, rtol=1e-15)


@pytest.mark.parametrize("seed", range(6))
def test_organic_keeps_its_digits_however_little_of_a_species_is_taken(seed):
    """What leaves obeys Murphree's efficiency, for ratios from 1e-14 to 1e6."""
    cascade, d = real_problem(seed)
    x, leaving = solved(cascade, d)
    risen = cascade.organic[:, None] * leaving + cascade.aqueous_up[:, None] * x
    np.testing.assert_allclose(leaving, expected(cascade, risen, d * x), rtol=1e-12)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ratio", [1e3, 1.0, 1e-6])
def test_a_time_step_from_the_steady_state_stays_there(seed, ratio):
    cascade, d = real_problem(seed)
    held = np.array(solved(cascade, d))
    problem, kept = problem_of(cascade), np.arange(len(d))
    work = loaded(problem)
    called(shorten)(problem, kept, len(d), work)
    work.state[row.HELD_X], work.state[row.HELD_Y] = held
    called(with_holdup)(len(d), work, ratio)
    x, _, leaving = balanced(work, d, False, d)
    np.testing.assert_allclose(x, held[0], rtol=1e-9)
    np.testing.assert_allclose(leaving, held[1], rtol=1e-9)
