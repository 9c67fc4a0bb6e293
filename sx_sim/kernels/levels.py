"""Shorter copies of a cascade, to start the full one from.

Stages at which nothing enters or leaves come in plain runs. A long run has a front at
either end and a plateau between, and the fronts hardly know how long the plateau is. So
a cascade with every plain run cut to its ends is solved first, then longer and longer
ones, each started from the one before with its plateaus filled in.
"""

import numpy as np
from numba import njit

from sx_sim.kernels.types import Cascade, Law

SHORTEST_RUN = 2


@njit(cache=True, error_model="numpy")
def plain(cascade, j):
    """Whether stage ``j`` is inside the cascade and nothing enters or leaves there."""
    n, s = cascade.feed.shape
    if j == 0 or j == n - 1:
        return False
    if cascade.aqueous_draw[j] > 0.0 or cascade.organic_draw[j] > 0.0:
        return False
    if cascade.aqueous[j] != cascade.aqueous[j + 1]:
        return False
    if cascade.organic[j] != cascade.organic[j - 1]:
        return False
    for i in range(s):
        if cascade.feed[j, i] != 0.0:
            return False
    return True


@njit(cache=True, error_model="numpy")
def kept_stages(cascade, level):
    """Return the stages kept when every plain run is cut to 2**-level of its length.

    What is kept of a run is its two ends.
    """
    n = cascade.anion.size
    kept = np.empty(n, np.int64)
    count = 0
    j = 0
    while j < n:
        if not plain(cascade, j):
            kept[count] = j
            count += 1
            j += 1
            continue
        end = j
        while plain(cascade, end):
            end += 1
        run = end - j
        short = max(min(run, SHORTEST_RUN), run >> level)
        for q in range(short):
            first_half = q < (short + 1) // 2
            kept[count] = j + q if first_half else end - short + q
            count += 1
        j = end
    return kept[:count]


@njit(cache=True, error_model="numpy")
def shorten(cascade, law, kept):
    """Return the cascade and law of the kept stages alone."""
    short = Cascade(
        cascade.aqueous[kept],
        cascade.aqueous_draw[kept],
        cascade.organic[kept],
        cascade.organic_draw[kept],
        cascade.feed[kept],
        cascade.anion[kept],
        cascade.dimer[kept],
        cascade.water_ion_product[kept],
    )
    short_law = Law(
        law.ln_k[kept],
        law.order_dimer,
        law.order_acid,
        law.dimers,
        law.charge,
        law.ln_beta[kept],
        law.least_acid,
    )
    return short, short_law


@njit(cache=True, error_model="numpy")
def fill_in(coarse, kept_coarse, kept):
    """Interpolate scalars (n, m) of the stages ``kept_coarse`` onto the stages ``kept``."""
    fine = np.empty((kept.size, coarse.shape[1]))
    q = 0
    for j in range(kept.size):
        while q + 1 < kept_coarse.size and kept_coarse[q + 1] <= kept[j]:
            q += 1
        share = 0.0
        if q + 1 < kept_coarse.size and kept[j] > kept_coarse[q]:
            share = (kept[j] - kept_coarse[q]) / (kept_coarse[q + 1] - kept_coarse[q])
        for a in range(coarse.shape[1]):
            fine[j, a] = coarse[q, a]
            if share > 0.0:
                fine[j, a] += share * (coarse[q + 1, a] - coarse[q, a])
    return fine
