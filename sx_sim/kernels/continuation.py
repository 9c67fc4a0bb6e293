"""Pseudo-transient continuation: the start-up of a plant, in large implicit steps.

Every stage holds one volume of each phase, empty of metals at first. A backward-Euler
step is the steady cascade with the holdup drawn off and its last content fed, so the
same Newton solver takes it. Steps grow while they are easy and end in the steady state.
"""

import numpy as np
from numba import njit

from sx_sim.kernels.closure import evaluate
from sx_sim.kernels.newton import newton
from sx_sim.kernels.status import CONVERGED, STALLED
from sx_sim.kernels.types import Cascade

FIRST = 1.0  # holdup exchanged per pass of the flows, over one time step
LAST = 1e-16  # below which the step is taken as infinite
INNER_LIMIT = 100
ALKALINE_SETBACKS = 3  # failed steps after which a start-up gone alkaline is given up


@njit(cache=True, error_model="numpy")
def with_holdup(cascade, rate, held):
    """Return the cascade of one time step: ``rate`` [L/h] is holdup over step length."""
    feed = np.empty_like(held)
    for j in range(held.shape[0]):
        for i in range(held.shape[1]):
            feed[j, i] = cascade.feed[j, i] + rate[j] * held[j, i]
    return Cascade(
        cascade.aqueous,
        cascade.aqueous_draw + rate,
        cascade.organic,
        cascade.organic_draw + rate,
        feed,
        cascade.anion,
        cascade.dimer,
        cascade.water_ion_product,
    )


@njit(cache=True, error_model="numpy")
def continuation(cascade, law, state, factors, tolerance, settled, limit):
    """Solve by start-up from an unloaded cascade; arguments and returns as ``newton``."""
    flow = cascade.aqueous + cascade.aqueous_draw + cascade.organic + cascade.organic_draw
    fresh_start(cascade, state.scalars)
    held = np.zeros_like(cascade.feed)
    saved = state.scalars.copy()
    ratio = FIRST
    used = 0
    setbacks = 0
    while used < limit:
        inner = min(INNER_LIMIT, limit - used)
        if ratio > 0.0:
            step = with_holdup(cascade, ratio * flow, held)
            status, spent, residual = newton(step, law, state, factors, 1e-3, 1e-2, inner)
        else:
            status, spent, residual = newton(
                cascade, law, state, factors, tolerance, settled, inner
            )
        used += spent
        if status == CONVERGED:
            if ratio == 0.0:
                return CONVERGED, used, residual
            saved[:] = state.scalars
            held[:] = state.x + state.y
            ratio /= 10.0 if spent <= 4 else 3.0 if spent <= 8 else 1.5
            if ratio < LAST:
                ratio = 0.0
        else:
            state.scalars[:] = saved
            ratio = 4.0 * ratio if ratio > 0.0 else 10.0 * LAST
            if np.exp(saved[:, 0].min()) < law.least_acid:
                setbacks += 1
            if ratio > 1e6 or setbacks > ALKALINE_SETBACKS:
                break
    state.scalars[:] = saved
    return STALLED, used, evaluate(cascade, law, state)


@njit(cache=True, error_model="numpy")
def fresh_start(cascade, scalars):
    """Set the scalars of a cascade through which nothing has been fed yet."""
    for j in range(scalars.shape[0]):
        kw = cascade.water_ion_product[j]
        scalars[j, 0] = np.log(cascade.anion[j] + np.sqrt(kw))
        scalars[j, 1] = np.log(cascade.dimer[j])
        if scalars.shape[1] == 3:
            scalars[j, 2] = np.log(cascade.anion[j] + np.sqrt(kw))
