"""Pseudo-transient continuation: the start-up of a plant, in large implicit steps.

Every stage holds one volume of each phase, filled at first with what a shorter column holds
there, or empty of metals. A backward-Euler step is the steady cascade with the holdup drawn
off and its last content fed, so the same Newton solver takes it. Steps grow while they are
easy and end in the steady state.

Where a stage falls short of equilibrium its efficiency over a step is smaller, eff O /
(O + (1 - eff) holdup over step length): with that the organic that is held, y, changes by
O ((1 - eff) r / O + eff D x - y), which the steady state makes zero.
"""

import numpy as np

from sx_sim.kernels.closure import evaluate
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.newton import copy, newton
from sx_sim.kernels.status import CONVERGED, ITERATION_LIMIT, NOT_FINITE, STALLED
from sx_sim.kernels.types import Cascade

FIRST = 1.0  # holdup exchanged per pass of the flows, over one time step
LAST = 1e-16  # below which the step is taken as infinite
SHORTEST = 1e6  # the same, beyond which nothing is gained by shorter steps
ROUGH_TOLERANCE = 1e-3  # closures of a time step
ROUGH_SETTLED = 1e-2
INNER_LIMIT = 100
ALKALINE_SETBACKS = 3  # failed steps after which a start-up gone alkaline is given up
AS_GIVEN, FILLED, EMPTY = range(3)  # where an attempt starts: the last two start up


@kernel()
def with_holdup(cascade, ratio, held, drawn, fed):
    """Return the cascade of one time step, ``ratio`` of all flow being holdup per step length."""
    n, s = cascade.feed.shape
    real = cascade.efficiency.size > 0
    for j in range(n):
        rate = cascade.aqueous[j] + cascade.aqueous_draw[j]
        rate = ratio * (rate + cascade.organic[j] + cascade.organic_draw[j])
        drawn[0, j] = cascade.aqueous_draw[j] + rate
        drawn[1, j] = cascade.organic_draw[j] + rate
        for i in range(s):
            fed[0, j, i] = cascade.feed[j, i] + rate * (held[0, j, i] + held[1, j, i])
        if real:
            organic = cascade.organic[j] + cascade.organic_draw[j] + cascade.organic_down[j]
            eff = cascade.efficiency[j]
            drawn[2, j] = eff * organic / (organic + (1.0 - eff) * rate)
            for i in range(s):
                fed[1, j, i] = cascade.organic_feed[j, i] + rate * held[1, j, i]
    return Cascade(
        cascade.aqueous,
        drawn[0],
        cascade.organic,
        drawn[1],
        fed[0],
        cascade.anion,
        cascade.dimer,
        cascade.water_ion_product,
        cascade.carry,
        drawn[2] if real else cascade.efficiency,
        cascade.aqueous_up,
        cascade.organic_down,
        fed[1] if real else cascade.organic_feed,
        cascade.set_ln_h,
    )


@kernel(inline="always")
def solve_level(cascade, law, work, filled, tolerance, settled, newton_limit, iteration_limit):
    """Solve a column from the unknowns in ``work.state``, by start-up should that fail.

    Arguments and returns as ``newton``; ``newton_limit`` holds for the attempt without
    start-up, and ``filled`` says whether ``work.held`` is what the stages may hold, to start
    up from first. Newton's method is called from one place, which halves the time to compile.
    """
    n = cascade.anion.size
    state, saved, held = work.state, work.saved, work.held
    leaving = state.leaving if cascade.efficiency.size > 0 else state.y
    if not filled:
        empty(n, held)
    copy(n, state.unknowns, saved)
    start = AS_GIVEN
    ratio = 0.0
    used = 0
    setbacks = 0
    status = STALLED
    residual = np.nan
    while used < iteration_limit:
        steady = ratio == 0.0
        status, spent, residual = newton(
            with_holdup(cascade, ratio, held, work.drawn[:, :n], work.fed[:, :n]),
            law,
            work,
            tolerance if steady else ROUGH_TOLERANCE,
            settled if steady else ROUGH_SETTLED,
            min(newton_limit if start == AS_GIVEN else INNER_LIMIT, iteration_limit - used),
        )
        used += spent
        if status == CONVERGED and steady:
            return status, used, residual
        if status == CONVERGED:
            copy(n, state.unknowns, saved)
            copy(n, state.x, held[0])
            copy(n, leaving, held[1])
            ratio /= 10.0 if spent <= 4 else 3.0 if spent <= 8 else 1.5
            if ratio < LAST:
                ratio = 0.0
            continue
        if start != AS_GIVEN:
            ratio = 4.0 * ratio if not steady else 10.0 * LAST
            setbacks += least(n, saved[:, 0]) < np.log(law.least_acid)
        if start == AS_GIVEN or ratio > SHORTEST or setbacks > ALKALINE_SETBACKS:
            if start == EMPTY:
                break
            start = FILLED if start == AS_GIVEN and filled else EMPTY
            ratio = FIRST
            setbacks = 0
            if start == EMPTY:
                empty(n, held)
                fresh_start(cascade, law, saved)
        copy(n, saved, state.unknowns)
    if start != AS_GIVEN:
        copy(n, saved, state.unknowns)
        residual = evaluate(cascade, law, state)
        status = STALLED
    if used >= iteration_limit:
        status = ITERATION_LIMIT
    elif not np.isfinite(residual):
        status = NOT_FINITE
    return status, used, residual


@kernel()
def empty(n, held):
    """Set what N stages hold to nothing."""
    for j in range(n):
        for i in range(held.shape[2]):
            held[0, j, i] = 0.0
            held[1, j, i] = 0.0


@kernel()
def least(n, ln_h):
    """Return the smallest ln h of N stages."""
    smallest = np.inf
    for j in range(n):
        smallest = min(smallest, ln_h[j])
    return smallest


@kernel()
def fresh_start(cascade, law, unknowns):
    """Set the unknowns of a cascade through which nothing has been fed yet."""
    for j in range(cascade.anion.size):
        acid = np.log(cascade.anion[j] + np.sqrt(cascade.water_ion_product[j]))
        unknowns[j, 0] = acid
        unknowns[j, 1] = np.log(cascade.dimer[j])
        if unknowns.shape[1] == 3:
            unknowns[j, 2] = acid - np.log(law.ligand_charge)
