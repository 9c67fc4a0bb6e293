"""Volumes in a column whose settlers leave drops of each phase in the other."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


NOTHING = 1e-12  # of the largest flow: what is left by rounding where all is carried off


class Volumes(NamedTuple):
    """Flows at every stage (N,) [L/h], drops included.

    What is drawn off takes its drops along: they are in the draws of the other phase.
    """

    aqueous: Array  # passes on
    aqueous_draw: Array
    aqueous_up: Array  # carried along with the organic
    organic: Array  # passes on
    organic_draw: Array
    organic_down: Array  # carried along with the water
    settled_aqueous: Array  # all water that settles, drawn off or not
    settled_organic: Array


def settle(
    aqueous: tuple[Array, Array],
    organic: tuple[Array, Array],
    aqueous_entrainment: Array,
    organic_entrainment: Array,
) -> Volumes:
    """Return the volumes of a column from those it would have without drops.

    Parameters
    ----------
    aqueous, organic : tuples of two (N,) arrays
        What passes on and what is drawn off where settlers part the phases cleanly [L/h].
        Draws take the same share where drops are carried.
    aqueous_entrainment, organic_entrainment : (N,) arrays
        Water carried per volume of organic that leaves a stage, and the reverse.

    Returns
    -------
    Volumes
        With flows that are below zero, or not finite, where ``drained`` names a stage.
    """
    from scipy.linalg import LinAlgError, solve_banded

    n = len(aqueous_entrainment)
    drawn_a = aqueous[1] / (aqueous[0] + aqueous[1])
    drawn_o = organic[1] / (organic[0] + organic[1])
    fed_a = aqueous[0] + aqueous[1] - np.append(aqueous[0][1:], 0.0)
    fed_o = organic[0] + organic[1] - np.insert(organic[0][:-1], 0, 0.0)
    # settled water and settled organic of every stage in turn, each stage two rows
    band = np.zeros((7, 2 * n))

    def put(row: NDArray[Any], column: NDArray[Any], value: Array | float) -> None:
        band[3 + row - column, column] = value

    water = 2 * np.arange(n)
    solvent = water + 1
    put(water, water, 1.0)
    put(water, solvent, aqueous_entrainment)
    put(solvent, solvent, 1.0)
    put(solvent, water, organic_entrainment)
    put(water[:-1], water[1:], -(1.0 - drawn_a[1:]))
    put(water[1:], solvent[:-1], -(aqueous_entrainment * (1.0 - drawn_o))[:-1])
    put(solvent[1:], solvent[:-1], -(1.0 - drawn_o[:-1]))
    put(solvent[:-1], water[1:], -(organic_entrainment * (1.0 - drawn_a))[1:])
    fed = np.column_stack([fed_a, fed_o]).ravel()
    try:
        settled = solve_banded((3, 3), band, fed)
    except LinAlgError:  # exactly as much is carried off as there is
        settled = np.full(2 * n, np.nan)
    settled_a, settled_o = settled[0::2], settled[1::2]
    return Volumes(
        aqueous=settled_a * (1.0 - drawn_a),
        aqueous_draw=settled_a * drawn_a + aqueous_entrainment * settled_o * drawn_o,
        aqueous_up=aqueous_entrainment * settled_o * (1.0 - drawn_o),
        organic=settled_o * (1.0 - drawn_o),
        organic_draw=settled_o * drawn_o + organic_entrainment * settled_a * drawn_a,
        organic_down=organic_entrainment * settled_a * (1.0 - drawn_a),
        settled_aqueous=settled_a,
        settled_organic=settled_o,
    )


def drained(volumes: Volumes) -> tuple[str, int] | None:
    """Return a phase that drops carry off more of than there is, and where it ends.

    That is the first stage with none of it left, in its direction; counted from 1.
    """
    for phase, flow in (("aqueous", volumes.settled_aqueous), ("organic", volumes.settled_organic)):
        dry = np.flatnonzero(~(flow > NOTHING * np.abs(flow).max()))
        if dry.size:
            return phase, int(dry[-1 if phase == "aqueous" else 0]) + 1
    return None


def mixed_back(falls: Array, rises: Array, drawn: Array, fed: Array) -> Array:
    """Return the concentration (N,) [mol/L] of what never leaves its phase, drops mixing back.

    Parameters
    ----------
    falls, rises, drawn : (N,) arrays
        Volumes of that phase that leave every stage downwards, upwards and for good [L/h].
    fed : (N,) array
        [mol/h]
    """
    from scipy.linalg import solve_banded

    band = np.stack(
        [np.insert(-falls[1:], 0, 0.0), falls + rises + drawn, np.append(-rises[:-1], 0.0)]
    )
    return np.asarray(solve_banded((1, 1), band, fed), dtype=np.float64)
