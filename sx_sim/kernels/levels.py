"""Shorter copies of a cascade, to start the full one from.

Stages at which nothing enters or leaves come in plain runs. A long run has a front at
either end and a plateau between, and the fronts hardly know how long the plateau is. So
a cascade with every plain run cut to its ends is solved first, then longer and longer
ones, each started from the one before with its plateaus filled in.
"""

import numpy as np

from sx_sim.kernels.jit import kernel
from sx_sim.kernels.newton import copy
from sx_sim.kernels.types import Cascade, Law

SHORTEST_RUN = 2


@kernel(inline="always")
def plain(aqueous, aqueous_draw, organic, organic_draw, feed, held, j):
    """Whether stage ``j`` is inside the cascade and nothing enters or leaves there."""
    n, s = feed.shape
    if j == 0 or j == n - 1 or (held.size > 0 and not np.isnan(held[j])):
        return False
    if aqueous_draw[j] > 0.0 or organic_draw[j] > 0.0:
        return False
    if aqueous[j] != aqueous[j + 1] or organic[j] != organic[j - 1]:
        return False
    for i in range(s):
        if feed[j, i] != 0.0:
            return False
    return True


@kernel()
def kept_stages(cascade, level, kept):
    """Fill ``kept`` with the stages left when plain runs are cut to 2**-level of their length.

    What is kept of a run is its two ends. Returns how many stages are kept.
    """
    n = cascade.anion.size
    aqueous, aqueous_draw = cascade.aqueous, cascade.aqueous_draw
    organic, organic_draw = cascade.organic, cascade.organic_draw
    feed, held = cascade.feed, cascade.set_ln_h
    count = 0
    j = 0
    while j < n:
        end = j
        while end < n and plain(aqueous, aqueous_draw, organic, organic_draw, feed, held, end):
            end += 1
        run = end - j
        short = max(min(run, SHORTEST_RUN), run >> level)
        for q in range(short):
            first_half = q < (short + 1) // 2
            kept[count] = j + q if first_half else end - short + q
            count += 1
        j = end
        if j < n:
            kept[count] = j
            count += 1
            j += 1
    return count


@kernel()
def shorten(cascade, law, kept, count, work):
    """Return the cascade and law of the ``count`` kept stages alone, written to ``work``."""
    s = cascade.feed.shape[1]
    buffers, ln_k, ln_beta = work.short, work.short_ln_k, work.short_ln_beta
    short = Cascade(
        buffers.aqueous[:count],
        buffers.aqueous_draw[:count],
        buffers.organic[:count],
        buffers.organic_draw[:count],
        buffers.feed[:count],
        buffers.anion[:count],
        buffers.dimer[:count],
        buffers.water_ion_product[:count],
        buffers.carry[:count],
        buffers.efficiency[:count],
        buffers.aqueous_up[:count],
        buffers.organic_down[:count],
        buffers.organic_feed[:count],
        buffers.set_ln_h[:count],
    )
    short_law = Law(
        ln_k[:count],
        law.order_dimer,
        law.order_acid,
        law.dimers,
        law.charge,
        ln_beta[:count],
        law.least_acid,
        work.short_protonation[:count],
        law.ligand_charge,
        work.short_debye[:count],
        law.acid_by_dimer,
    )
    for q in range(count):
        j = kept[q]
        short.aqueous[q] = cascade.aqueous[j]
        short.aqueous_draw[q] = cascade.aqueous_draw[j]
        short.organic[q] = cascade.organic[j]
        short.organic_draw[q] = cascade.organic_draw[j]
        short.anion[q] = cascade.anion[j]
        short.dimer[q] = cascade.dimer[j]
        short.water_ion_product[q] = cascade.water_ion_product[j]
        if cascade.set_ln_h.size > 0:
            short.carry[q] = cascade.carry[j]
            short.set_ln_h[q] = cascade.set_ln_h[j]
        if cascade.efficiency.size > 0:
            short.efficiency[q] = cascade.efficiency[j]
            short.aqueous_up[q] = cascade.aqueous_up[j]
            short.organic_down[q] = cascade.organic_down[j]
            for i in range(s):
                short.organic_feed[q, i] = cascade.organic_feed[j, i]
        if law.protonation.size > 0:
            short_law.protonation[q] = law.protonation[j]
        for i in range(s):
            short.feed[q, i] = cascade.feed[j, i]
            short_law.ln_k[q, i] = law.ln_k[j, i]
            if law.debye.shape[0] > 0:
                short_law.debye[q, i] = law.debye[j, i]
            for k in range(law.ln_beta.shape[2]):
                short_law.ln_beta[q, i, k] = law.ln_beta[j, i, k]
    return short, short_law


@kernel(inline="always")
def fill_in(work, real, kept_coarse, count_coarse, kept, count):
    """Interpolate the stages ``kept_coarse`` onto the stages ``kept``: unknowns and contents.

    Scalars in place; contents to ``work.held``. Between stages the first scalar is ln h,
    whatever it is at stages where that is set.
    """
    state, held = work.state, work.held
    coarse, coarse_ln_h, fine = work.coarse, work.coarse_ln_h, state.unknowns
    leaving = state.leaving if real else state.y
    copy(count_coarse, fine, coarse)
    for q in range(count_coarse):
        coarse_ln_h[q] = state.ln_h[q]
    q = 0
    for j in range(count):
        while q + 1 < count_coarse and kept_coarse[q + 1] <= kept[j]:
            q += 1
        share = 0.0
        following = q
        if q + 1 < count_coarse and kept[j] > kept_coarse[q]:
            following = q + 1
            share = (kept[j] - kept_coarse[q]) / (kept_coarse[following] - kept_coarse[q])
        for a in range(fine.shape[1]):
            fine[j, a] = coarse[q, a]
            if share > 0.0 and a > 0:
                fine[j, a] += share * (coarse[following, a] - coarse[q, a])
        if share > 0.0:
            fine[j, 0] = (1.0 - share) * coarse_ln_h[q] + share * coarse_ln_h[following]
        for i in range(held.shape[2]):
            held[0, j, i] = (1.0 - share) * state.x[q, i] + share * state.x[following, i]
            held[1, j, i] = (1.0 - share) * leaving[q, i] + share * leaving[following, i]
