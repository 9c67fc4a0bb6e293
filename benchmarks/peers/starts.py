"""Ways to come near enough for Newton's method: in time, or by shorter columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.column import TOLERANCE
from benchmarks.peers.newton import Outcome, newton, next_step
from benchmarks.peers.systems import System
from sx_sim.kernels.types import Cascade, Law

ROUGH = 1e-2  # tolerance on the way
FIRST, LAST = 1.0, 1e-6  # holdup exchanged per pass of the flows, over one time step
INNER_LIMIT = 25
SHORT_COLUMN = 12  # stages below which a column is not worth shortening

MakeSystem = Callable[[Cascade, Law], System]


def start_up(make: MakeSystem, cascade: Cascade, law: Law, limit: int = 1000) -> Outcome:
    """Follow a plant's start-up in implicit steps that grow while they are easy.

    Every stage holds a volume of each phase, empty of metals at first; a step's holdup is
    drawn off and its last content fed (pseudo-transient continuation).
    """
    flow = cascade.aqueous + cascade.aqueous_draw + cascade.organic + cascade.organic_draw
    held = np.zeros_like(cascade.feed)
    steady = make(cascade, law)
    unknowns, ratio, used = steady.start(), FIRST, 0
    while True:
        rate = ratio * flow
        step = cascade._replace(
            aqueous_draw=cascade.aqueous_draw + rate,
            organic_draw=cascade.organic_draw + rate,
            feed=cascade.feed + rate[:, None] * held,
        )
        system, tolerance = (make(step, law), ROUGH) if ratio > 0 else (steady, TOLERANCE)
        outcome = newton(system, unknowns, next_step, tolerance, INNER_LIMIT)
        spent = outcome.iterations
        used += spent
        failed = not outcome.converged and (used >= limit or ratio > 1e6)
        if failed or (outcome.converged and ratio == 0.0):
            return outcome._replace(iterations=used)
        if outcome.converged:
            unknowns = outcome.state.unknowns
            held = outcome.state.x * (1 + outcome.state.d)
            ratio /= 100.0 if spent <= 4 else 3.0 if spent <= 8 else 1.5
            ratio = ratio if ratio >= LAST else 0.0
        else:
            ratio = 4 * ratio if ratio > 0 else 10 * LAST


def kept_stages(cascade: Cascade, level: int) -> NDArray[np.intp]:
    """Return the stages kept when plain runs are cut to 2**-level of their length.

    A plain run has nothing entering or leaving; what is kept of it is its two ends.
    """
    plain = (cascade.aqueous_draw == 0) & (cascade.organic_draw == 0)
    plain &= (cascade.feed == 0).all(axis=1)
    plain[:-1] &= cascade.aqueous[:-1] == cascade.aqueous[1:]
    plain[1:] &= cascade.organic[1:] == cascade.organic[:-1]
    plain[[0, -1]] = False
    edges = np.flatnonzero(np.diff(plain.astype(np.int8)))
    keep = ~plain
    for before, last in edges.reshape(-1, 2):
        run = last - before
        short = max(min(run, 2), run >> level)
        keep[before + 1 : before + 1 + (short + 1) // 2] = True
        keep[last + 1 - short // 2 : last + 1] = True
    return np.flatnonzero(keep)


def lengthen(make: MakeSystem, cascade: Cascade, law: Law) -> Outcome:
    """Solve shortened copies of the column, each from the one before, then the column."""
    n = cascade.anion.size
    level = max(int(np.log2(n / SHORT_COLUMN)), 0)
    kept, unknowns, used = np.arange(n), None, 0.0
    while True:
        longer = kept_stages(cascade, level)
        short = Cascade(*(a[longer] if a.size else a for a in cascade))
        short_law = law._replace(ln_k=law.ln_k[longer], ln_beta=law.ln_beta[longer])
        system = make(short, short_law)
        tolerance = ROUGH if level else TOLERANCE
        if unknowns is None:
            unknowns = system.start()
        else:
            unknowns = np.stack([np.interp(longer, kept, u) for u in unknowns.T], axis=1)
        outcome = newton(system, unknowns, next_step, tolerance)
        used += outcome.iterations * longer.size / n
        if level == 0 or not outcome.converged:
            return outcome._replace(iterations=int(np.ceil(used)))
        kept, unknowns, level = longer, outcome.state.unknowns, level - 1
