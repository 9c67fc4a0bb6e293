"""Temperatures of stages, from what enters warm or cold and what is lost to the surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.column import Column

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Heat:
    """What decides the temperatures of a column; heats of reaction and of mixing are left out.

    Parameters
    ----------
    aqueous, organic : float
        Heat capacity of a litre of either phase [kJ/L/K].
    loss : float
        Heat that a stage loses per kelvin above its surroundings [kJ/h/K].
    ambient : float
        Temperature of the surroundings [K].
    entering : mapping of str to float
        Temperatures of feeds by name [K].
    """

    aqueous: float
    organic: float
    loss: float
    ambient: float
    entering: Mapping[str, float]


def temperatures(
    column: Column, heat: Heat, held: Array | float = 0.0, before: Array | float = 0.0
) -> Array:
    """Return the temperature of every stage (N,) [K]: both phases leave it alike.

    Parameters
    ----------
    column : Column
        Its own temperatures do not count.
    heat : Heat
        With a temperature for every feed.
    held : (N,) array, optional
        Heat capacity of what a stage holds, over the length of an implicit step in time [kJ/K/h].
    before : (N,) array, optional
        Temperature that it comes from [K].
    """
    from scipy.linalg import solve_banded

    v = column.volumes
    down = heat.aqueous * v.aqueous + heat.organic * v.organic_down
    up = heat.organic * v.organic + heat.aqueous * v.aqueous_up
    drawn = heat.aqueous * v.aqueous_draw + heat.organic * v.organic_draw
    fed = np.full(column.stages, heat.loss * heat.ambient) + held * before
    for feed in column.feeds:
        capacity = heat.aqueous if feed.stream.phase == "aqueous" else heat.organic
        fed[feed.stage - 1] += capacity * feed.stream.flow * heat.entering[feed.stream.name]
    above, below = np.insert(-down[1:], 0, 0.0), np.append(-up[:-1], 0.0)
    band = np.stack([above, down + up + drawn + heat.loss + held, below])
    return np.asarray(solve_banded((1, 1), band, fed), dtype=np.float64)
