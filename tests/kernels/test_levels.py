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

    def filled(ln_h):
        work = new_workspace(6, 1, 0, 2)
        work.state.unknowns[:4] = coarse
        work.state.ln_h[:4] = ln_h
        work.state.x[:4, 0], work.state.y[:4, 0] = [1.0, 2.0, 8.0, 9.0], [0.0, 3.0, 0.0, 1.0]
        fill_in(work, False, kept, 4, np.arange(6), 6)
        return work.state.unknowns, work.held[:, :, 0]

    fine, held = filled(coarse[:, 0])
    np.testing.assert_allclose(fine[kept], coarse)
    np.testing.assert_allclose(fine[[2, 3]], [[2.0, 0.0], [3.0, -1.0]])
    np.testing.assert_allclose(
        held, [[1.0, 2.0, 4.0, 6.0, 8.0, 9.0], [0.0, 3.0, 2.0, 1.0, 0.0, 1.0]]
    )
    fine, held = filled([0.0, -5.0, 4.0, 9.0])  # the acidity of the second stage is set
    np.testing.assert_allclose(fine[kept], coarse)
    np.testing.assert_allclose(fine[[2, 3], 0], [-2.0, 1.0])
