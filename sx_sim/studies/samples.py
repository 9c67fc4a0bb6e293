"""Samples of the constants' errors, and Sobol indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sx_sim.studies.points import SAMPLE, Points, SweepAxis, unit_sample
from sx_sim.studies.tornado import Shift

Array = NDArray[np.float64]
QUANTILES = (0.025, 0.159, 0.5, 0.841, 0.975)


def normal_sample(factors: int, count: int, seed: int) -> Array:
    """Return standard normal errors (2, count, factors), two independent quasi-random halves."""
    from scipy.stats import norm

    unit = unit_sample("sobol", count, 2 * factors, seed)
    halves = norm.ppf(np.clip(unit, 1e-12, 1.0 - 1e-12))
    return np.stack([halves[:, :factors], halves[:, factors:]])


def exchanged(halves: Array) -> Array:
    """Return the first half with each factor in turn from the second (factors, count, factors)."""
    first, second = halves
    pages = np.repeat(first[None], first.shape[1], axis=0)
    for f in range(len(pages)):
        pages[f, :, f] = second[:, f]
    return pages


def erring_points(
    factors: Sequence[Shift], nominal: Mapping[str, tuple[float, str]], errors: Array
) -> Points:
    """Return the points at which constants err so.

    Parameters
    ----------
    factors : sequence of Shift
        Of one standard deviation each.
    nominal : mapping
        Value and unit of every constant, by path.
    errors : (count, factors) array
        In standard deviations.
    """
    values = {path: np.full(len(errors), value) for path, (value, _) in nominal.items()}
    for factor, error in zip(factors, errors.T, strict=True):
        for path in factor.inputs:
            values[path] += factor.size * error
    axes = (SweepAxis(path, v, nominal[path][1], SAMPLE) for path, v in values.items())
    return Points(tuple(axes), alike=False)


def indices(first: Array, second: Array, pages: Array) -> tuple[Array, Array, int]:
    """Return the share of every factor in the variance of outputs, by Sobol's indices.

    Parameters
    ----------
    first, second : (outputs, count) arrays
        Outputs of the two halves of the sample; NaN where a point failed.
    pages : (factors, outputs, count) array
        Outputs of the first half with each factor in turn from the second.

    Returns
    -------
    first_order, total : (outputs, factors) arrays
        Alone, and with what it does together with others.
    used : int
        Points of a half they rest on: of those without a failure a power of two.
    """
    from scipy.stats import sobol_indices

    stacked = np.concatenate([first[None], second[None], pages])
    complete = np.flatnonzero(np.isfinite(stacked).all(axis=(0, 1)))
    used = 1 << (len(complete).bit_length() - 1) if len(complete) else 0
    shape = (len(first), len(pages))
    if used < 2:
        return np.full(shape, np.nan), np.full(shape, np.nan), 0
    chosen = complete[:used]
    rows = [*range(len(first)), 0]  # one twice: of a single output scipy makes a scalar
    halves = [half[rows][:, chosen] for half in (first, second)]
    functions = {"f_A": halves[0], "f_B": halves[1], "f_AB": pages[:, rows][:, :, chosen]}
    found = sobol_indices(func=functions, n=used)
    first_order, total_order = (
        index.reshape(-1, len(pages))[:-1] for index in (found.first_order, found.total_order)
    )
    return first_order, total_order, used
