"""Shortened columns."""

import numpy as np

from support.columns import random_problem
from sx_sim.kernels.levels import fill_in, kept_stages, shorten
from sx_sim.kernels.workspace import new_workspace, shape_of


def kept_of(cascade, level):
    kept = np.empty(cascade.anion.size, np.int64)
    return kept[: kept_stages(cascade, level, kept)]


def test_stages_where_something_enters_or_leaves_are_always_kept():
    for seed in range(20):
        cascade, law = random_problem(seed)
        kept = kept_of(cascade, 3)
        busy = (cascade.feed != 0).any(axis=1)
        busy |= (cascade.aqueous_draw > 0) | (cascade.organic_draw > 0)
        busy[0] = busy[-1] = True
        assert set(np.flatnonzero(busy)) <= set(kept)
        assert (np.diff(kept) > 0).all()
        short, short_law = shorten(
            cascade, law, kept, len(kept), new_workspace(*shape_of(cascade, law))
        )
        np.testing.assert_array_equal(short.feed, cascade.feed[kept])
        np.testing.assert_array_equal(short_law.ln_k, law.ln_k[kept])
        inflow = short.aqueous[1:] - short.aqueous[:-1] - short.aqueous_draw[:-1]
        assert (inflow <= 1e-9 * short.aqueous.max()).all()  # only feeds add flow downwards


def test_a_plain_run_is_cut_to_its_ends():
    cascade, _ = random_problem(1)
    n = 40
    level = np.ones(n)
    none = np.zeros(n)
    cascade = cascade._replace(
        aqueous=level,
        aqueous_draw=none,
        organic=level,
        organic_draw=none,
        feed=np.zeros((n, 1)),
        anion=level,
        dimer=level,
        water_ion_product=none,
    )
    np.testing.assert_array_equal(kept_of(cascade, 3), [0, 1, 2, 37, 38, 39])


def test_filling_in_keeps_what_is_known_and_interpolates_between():
    kept = np.array([0, 1, 4, 5])
    coarse = np.array([[0.0, 1.0], [1.0, 1.0], [4.0, -2.0], [9.0, 0.0]])
    fine = np.empty((6, 2))
    fill_in(coarse, coarse[:, 0].copy(), kept, 4, np.arange(6), 6, fine)
    np.testing.assert_allclose(fine[kept], coarse)
    np.testing.assert_allclose(fine[[2, 3]], [[2.0, 0.0], [3.0, -1.0]])
    ln_h = np.array([0.0, -5.0, 4.0, 9.0])  # the acidity of the second stage is set
    fill_in(coarse, ln_h, kept, 4, np.arange(6), 6, fine)
    np.testing.assert_allclose(fine[kept], coarse)
    np.testing.assert_allclose(fine[[2, 3], 0], [-2.0, 1.0])
