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

from sx_sim.kernels import layout as row
from sx_sim.kernels.closure import evaluate
from sx_sim.kernels.jit import kernel
from sx_sim.kernels.newton import copy, newton
from sx_sim.kernels.status import CONVERGED, ITERATION_LIMIT, NOT_FINITE, STALLED

FIRST = 1.0  # holdup exchanged per pass of the flows, over one time step
LAST = 1e-16  # below which the step is taken as infinite
SHORTEST = 1e6  # the same, beyond which nothing is gained by shorter steps
ROUGH_TOLERANCE = 1e-3  # closures of a time step
ROUGH_SETTLED = 1e-2
INNER_LIMIT = 100
AS_GIVEN, FILLED, EMPTY = range(3)  # where an attempt starts: the last two start up


@kernel()
def with_holdup(n, work, ratio):
    """Make N stages those of one time step, ``ratio`` of all flow being holdup per step length."""
    flows, metals, state = work.flows, work.metals, work.state
    real = work.has[row.REAL]
    for j in range(n):
        rate = flows[row.AQUEOUS, j] + flows[row.GIVEN_AQUEOUS_DRAW, j]
        rate = ratio * (rate + flows[row.ORGANIC, j] + flows[row.GIVEN_ORGANIC_DRAW, j])
        flows[row.AQUEOUS_DRAW, j] = flows[row.GIVEN_AQUEOUS_DRAW, j] + rate
        flows[row.ORGANIC_DRAW, j] = flows[row.GIVEN_ORGANIC_DRAW, j] + rate
        for i in range(metals.shape[2]):
            held = state[row.HELD_X, j, i] + state[row.HELD_Y, j, i]
            metals[row.FEED, j, i] = state[row.GIVEN_FEED, j, i] + rate * held
        if real:
            organic = (
                flows[row.ORGANIC, j]
                + flows[row.GIVEN_ORGANIC_DRAW, j]
                + flows[row.ORGANIC_DOWN, j]
            )
            eff = flows[row.GIVEN_EFFICIENCY, j]
            flows[row.EFFICIENCY, j] = eff * organic / (organic + (1.0 - eff) * rate)
            for i in range(metals.shape[2]):
                fed = state[row.GIVEN_ORGANIC_FEED, j, i]
                metals[row.ORGANIC_FEED, j, i] = fed + rate * state[row.HELD_Y, j, i]


@kernel(inline="always")
def solve_level(n, work, filled, tolerance, settled, newton_limit, iteration_limit):
    """Solve N stages from the unknowns in ``work``, by start-up should that fail.

    Arguments and returns as ``newton``; ``newton_limit`` holds for the attempt without
    start-up, and ``filled`` says whether what is held is what the stages may hold, to start
    up from first.
    """
    state, unknowns, saved = work.state, work.unknowns[row.U], work.unknowns[row.SAVED]
    leaving = state[row.LEAVING] if work.has[row.REAL] else state[row.Y]
    if not filled:
        empty(n, state)
    copy(n, unknowns, saved)
    start = AS_GIVEN
    ratio = 0.0
    used = 0
    status = STALLED
    residual = np.nan
    while used < iteration_limit:
        steady = ratio == 0.0
        with_holdup(n, work, ratio)
        status, spent, residual = newton(
            n,
            work,
            tolerance if steady else ROUGH_TOLERANCE,
            settled if steady else ROUGH_SETTLED,
            min(newton_limit if start == AS_GIVEN else INNER_LIMIT, iteration_limit - used),
        )
        used += spent
        if status == CONVERGED and steady:
            return status, used, residual
        if status == CONVERGED:
            copy(n, unknowns, saved)
            copy(n, state[row.X], state[row.HELD_X])
            copy(n, leaving, state[row.HELD_Y])
            ratio /= 10.0 if spent <= 4 else 3.0 if spent <= 8 else 1.5
            if ratio < LAST:
                ratio = 0.0
            continue
        if start != AS_GIVEN:
            ratio = 4.0 * ratio if not steady else 10.0 * LAST
        if start == AS_GIVEN or ratio > SHORTEST:
            if start == EMPTY:
                break
            start = FILLED if start == AS_GIVEN and filled else EMPTY
            ratio = FIRST
            if start == EMPTY:
                empty(n, state)
                fresh_start(n, work, saved)
        copy(n, saved, unknowns)
    if start != AS_GIVEN:
        copy(n, saved, unknowns)
        with_holdup(n, work, 0.0)
        residual = evaluate(n, work)
        status = STALLED
    if used >= iteration_limit:
        status = ITERATION_LIMIT
    elif not np.isfinite(residual):
        status = NOT_FINITE
    return status, used, residual


@kernel()
def empty(n, state):
    """Set what N stages hold to nothing."""
    for j in range(n):
        for i in range(state.shape[2]):
            state[row.HELD_X, j, i] = 0.0
            state[row.HELD_Y, j, i] = 0.0


@kernel()
def fresh_start(n, work, unknowns):
    """Set the unknowns of N stages through which nothing has been fed yet."""
    flows = work.flows
    for j in range(n):
        acid = np.log(flows[row.ANION, j] + np.sqrt(flows[row.WATER, j]))
        unknowns[j, 0] = acid
        unknowns[j, 1] = np.log(flows[row.DIMER, j])
        if work.has[row.LIGAND] or work.has[row.IONIC]:
            unknowns[j, 2] = acid - np.log(work.numbers[row.LIGAND_CHARGE])
        if work.has[row.FREE_SYNERGIST]:
            unknowns[j, work.has[row.FREE_SYNERGIST]] = np.log(flows[row.SYNERGIST, j])
