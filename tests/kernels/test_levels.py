"""Shortened columns."""

import numpy as np

from support.columns import called, problem_of, random_problem
from sx_sim.kernels import layout as row
from sx_sim.kernels import levels
from sx_sim.kernels.layout import loaded, new_work, packed

kept_stages, shorten, fill_in = (
    called(k) for k in (levels.kept_stages, levels.shorten, levels.fill_in)
)


def kept_of(cascade, level):
    kept = np.empty(cascade.anion.size, np.int64)
    return kept[: kept_stages(problem_of(cascade), level, kept)]


def test_stages_where_something_enters_or_leaves_are_always_kept():
    for seed in range(20):
        cascade, law = random_problem(seed)
        kept = kept_of(cascade, 3)
        busy = (cascade.feed != 0).any(axis=1)
        busy |= (cascade.aqueous_draw > 0) | (cascade.organic_draw > 0)
        busy[0] = busy[-1] = True
        assert set(np.flatnonzero(busy)) <= set(kept)
        assert (np.diff(kept) > 0).all()
        problem = packed(cascade, law)
        work, count = loaded(problem), len(kept)
        shorten(problem, kept, count, work)
        np.testing.assert_array_equal(work.metals[row.FEED, :count], cascade.feed[kept])
        np.testing.assert_array_equal(work.metals[row.K, :count], np.exp(law.ln_k[kept]))
        aqueous, drawn = work.flows[row.AQUEOUS, :count], work.flows[row.AQUEOUS_DRAW, :count]
        inflow = aqueous[1:] - aqueous[:-1] - drawn[:-1]
        assert (inflow <= 1e-9 * aqueous.max()).all()  # only feeds add flow downwards


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
        has = np.zeros(row.HAS, np.int64)
        has[row.M] = 2
        work = new_work(6, 1, 2, *has)
        work.unknowns[row.U, :4], work.flows[row.LN_H, :4] = coarse, ln_h
        work.state[row.X, :4, 0] = [1.0, 2.0, 8.0, 9.0]
        work.state[row.Y, :4, 0] = [0.0, 3.0, 0.0, 1.0]
        fill_in(work, kept, 4, np.arange(6), 6)
        return work.unknowns[row.U], work.state[[row.HELD_X, row.HELD_Y], :, 0]

    fine, held = filled(coarse[:, 0])
    np.testing.assert_allclose(fine[kept], coarse)
    np.testing.assert_allclose(fine[[2, 3]], [[2.0, 0.0], [3.0, -1.0]])
    np.testing.assert_allclose(
        held, [[1.0, 2.0, 4.0, 6.0, 8.0, 9.0], [0.0, 3.0, 2.0, 1.0, 0.0, 1.0]]
    )
    fine, held = filled([0.0, -5.0, 4.0, 9.0])  # the acidity of the second stage is set
    np.testing.assert_allclose(fine[kept], coarse)
    np.testing.assert_allclose(fine[[2, 3], 0], [-2.0, 1.0])
