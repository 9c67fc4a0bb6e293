"""A column's equations in whole-array NumPy: distribution, balances, closures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import get_lapack_funcs

from sx_sim.kernels.types import Cascade, Law

Array = NDArray[np.float64]
(gtsv,) = get_lapack_funcs(("gtsv",), dtype=np.float64)
TOLERANCE = 1e-9  # largest residual, |ln(have / need)|


class Answer(NamedTuple):
    """What every peer returns, converged or not."""

    x: Array  # (N, S) aqueous concentrations [mol/L]
    y: Array  # (N, S) organic concentrations [mol/L]
    scalars: Array  # (N, 2) ln h, ln e
    converged: bool
    iterations: int | None  # factorisations, or evaluations where nothing is factorised
    why: str = ""  # it did not converge


def fresh_start(cascade: Cascade) -> Array:
    """Return the scalars (N, 2) of a cascade through which nothing has been fed yet."""
    h = cascade.anion + np.sqrt(cascade.water_ion_product)
    return np.log(np.stack([h, cascade.dimer], axis=1))


def ln_distribution(law: Law, scalars: Array) -> Array:
    """Return ln D (N, S) of a law without aqueous complexes."""
    ln_h, ln_e = scalars[:, :1], scalars[:, 1:]
    return law.ln_k + ln_e * law.order_dimer - ln_h * law.order_acid


def leaving(cascade: Cascade, d: Array) -> tuple[Array, Array]:
    """Return what leaves a stage per x there [L/h]: in all, and as organic, (N, S) each."""
    organic = (cascade.organic + cascade.organic_draw)[:, None] * d
    return organic + (cascade.aqueous + cascade.aqueous_draw)[:, None], organic


def balance_metals(cascade: Cascade, d: Array) -> Array:
    """Return x (N, S): every species' tridiagonal balance, in one call of LAPACK.

    The systems are laid end to end with nothing between them. Traces far from where they
    are fed lose digits, as in any elimination that subtracts; the closures do not feel it.
    """
    n, s = d.shape
    out, _ = leaving(cascade, d)
    rises = np.zeros((s, n))
    rises[:, :-1] = -(cascade.organic[:-1, None] * d[:-1]).T
    falls = np.zeros((s, n))
    falls[:, :-1] = -cascade.aqueous[1:]
    *_, x, _ = gtsv(rises.ravel()[:-1], out.T.ravel(), falls.ravel()[:-1], cascade.feed.T.ravel())
    return x.reshape(s, n).T


def ln_balance_metals(cascade: Cascade, d: Array) -> Array:
    """Return ln x (N, S), stage by stage in logarithms, where x itself may underflow."""
    n, s = d.shape
    drawn = cascade.aqueous_draw[:, None] + cascade.organic_draw[:, None] * d
    rises = cascade.organic[:, None] * d
    ln_feed, ln_rises = safe_log(cascade.feed), safe_log(rises)
    pivot, ln_x = np.empty((n, s)), np.empty((n, s))
    lost = np.ones(s)  # share of a stage's pivot that does not pass up
    for j in range(n):
        stays = cascade.aqueous[j] * lost + drawn[j]
        pivot[j] = stays + rises[j]
        lost = stays / pivot[j]
    ln_pivot = np.log(pivot)
    arriving = np.full(s, -np.inf)
    for j in range(n):
        ln_x[j] = np.logaddexp(ln_feed[j], arriving) - ln_pivot[j]
        arriving = ln_rises[j] + ln_x[j]
    ln_returned = safe_log(cascade.aqueous[1:, None]) - ln_pivot[:-1]
    for j in range(n - 2, -1, -1):
        ln_x[j] = np.logaddexp(ln_x[j], ln_returned[j] + ln_x[j + 1])
    return ln_x


def safe_log(a: Array) -> Array:
    """Return ln a, minus infinity for nothing."""
    with np.errstate(divide="ignore"):
        return np.log(a)


def accounted(law: Law, scalars: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Return all cations [equivalents/L] and the dimer, free and bound [mol/L], (N,) each."""
    h, e = np.exp(scalars).T
    return h + x @ law.charge, e + y @ law.dimers


def closures(cascade: Cascade, law: Law, scalars: Array, x: Array, y: Array) -> Array:
    """Return the closure residuals (N, 2), logarithms of have over need."""
    cations, taken = accounted(law, scalars, x, y)
    anions = cascade.anion + cascade.water_ion_product * np.exp(-scalars[:, 0])
    return np.log(np.stack([anions / cations, cascade.dimer / taken], axis=1))
