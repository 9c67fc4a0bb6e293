"""The linearised column as a band matrix, and two ways to factorise it.

Unknowns are the relative steps of x and the steps of ln h and ln e; at every stage the
species come first and the scalars last. So ordered, nothing that couples is further apart
than one stage's unknowns, and the band is S + 2 wide on either side.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import get_lapack_funcs
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from benchmarks.peers.column import Array, accounted, leaving
from sx_sim.kernels.types import Cascade, Law

gbtrf, gbtrs = get_lapack_funcs(("gbtrf", "gbtrs"), dtype=np.float64)

Solve = Callable[[Array], Array]  # steps (N, S + 2) from residuals (N, S + 2)
Factorise = Callable[[Array], Solve]


class Shares(NamedTuple):
    """Relative effects on balances and closures."""

    falls: Array  # (N, S) what comes from the next stage, of all that comes
    rises: Array  # (N, S) what comes from the stage before, of all that comes
    organic: Array  # (N, S) what leaves as organic, of all that leaves
    cations: Array  # (N, S) a species' charge, of all cations
    taken: Array  # (N, S) dimer a species binds, of all dimer
    acid: Array  # (N,) h of all cations plus hydroxide of all anions
    free: Array  # (N,) free dimer of all dimer


def find_shares(
    cascade: Cascade, law: Law, scalars: Array, d: Array, x: Array, falls: Array, rises: Array
) -> Shares:
    """Return the shares, those of what comes to a stage being given."""
    y = d * x
    out, organic = leaving(cascade, d)
    cations, taken = accounted(law, scalars, x, y)
    h, e = np.exp(scalars).T
    hydroxide = cascade.water_ion_product / h
    return Shares(
        falls,
        rises,
        organic / out,
        x * (law.charge / cations[:, None]),
        y * (law.dimers / taken[:, None]),
        h / cations + hydroxide / (cascade.anion + hydroxide),
        e / taken,
    )


def empty_band(n: int, s: int) -> Array:
    """Return an uninitialised matrix (N, S + 2, 3 S + 7): stage, column, LAPACK's band row."""
    return np.empty((n, s + 2, 3 * (s + 2) + 1))


def fill_band(band: Array, order_acid: Array, order_dimer: Array, shares: Shares) -> None:
    """Fill the matrix.

    Its rows are the logarithms of what leaves over what comes, by species, and the
    closures, their sign reversed, so that the diagonal is positive.
    """
    n, s = shares.falls.shape
    k, centre = s + 2, 2 * (s + 2)
    band.fill(0.0)
    band[:, :s, centre] = 1.0
    band[1:, :s, centre - k] = -shares.falls[:-1]
    np.negative(shares.rises[1:], out=band[:-1, :s, centre + k])
    for q, part in enumerate((shares.cations, shares.taken)):
        row = band.reshape(n, -1)[:, centre + s + q :: 3 * k]  # a column on, a band row up
        row[:, :s] = part
    for q, order in enumerate((-order_acid, order_dimer)):
        first = centre - s - q
        band[:, s + q, first : first + s] = shares.organic * order
        band[:-1, s + q, first + k : first + k + s] = -shares.rises[1:] * order
        band[:, s + q, centre + 1 - q] = shares.taken @ order
    band[:, s, centre] = shares.acid
    band[:, s + 1, centre] += shares.free


def banded(band: Array) -> Solve:
    """Factorise by LAPACK's band elimination, in place."""
    n, k, rows = band.shape
    lu, pivots, _ = gbtrf(band.reshape(n * k, rows).T, k, k, overwrite_ab=1)

    def solve(residual: Array) -> Array:
        step, _ = gbtrs(lu, k, k, residual.ravel(), pivots)
        return step.reshape(n, k)

    return solve


def superlu(band: Array) -> Solve:
    """Factorise by SuperLU, in the band's own order, which fills in least."""
    n, k, _ = band.shape
    where, rows, starts = pattern(n, k)
    matrix = csc_array((band.ravel()[where], rows, starts), shape=(n * k, n * k))
    lu = splu(matrix, permc_spec="NATURAL")

    def solve(residual: Array) -> Array:
        return lu.solve(residual.ravel()).reshape(n, k)

    return solve


@lru_cache(maxsize=32)
def pattern(n: int, k: int) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.int32]]:
    """Return where the entries are in the raveled band, their rows, and each column's first."""
    one, ones, per_stage = np.ones(k - 2), np.ones((n, k - 2)), np.ones(n)
    band = empty_band(n, k - 2)
    fill_band(band, -one, one, Shares(ones, ones, ones, ones, ones, per_stage, per_stage))
    where = np.flatnonzero(band)
    columns, offsets = np.divmod(where, 3 * k + 1)
    starts = np.searchsorted(columns, np.arange(n * k + 1))
    return where, (columns + offsets - 2 * k).astype(np.int32), starts.astype(np.int32)
