"""Equilibrium of many single contacts at once, and how it answers to the constants.

The law and the closures are those of the kernels, for one stage and one passage of each
phase. Every contact may have its own temperature, acid, solvent and metals, which is what a
table of isotherms has; the derivatives come from the closures by the implicit function
theorem, exact to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CLOSED = 1e-12  # |ln(have / need)|
ROUNDED = 1e-9  # the same, where rounding lets it shrink no further
ITERATIONS = 200
LONGEST_STEP = 2.0  # of ln h, ln e, ln L
SHORTEST = 1e-3  # damping below which a contact is given its step anyway


@dataclass(frozen=True)
class Shakes:
    """What is put into B contacts of S species, per litre of aqueous phase.

    Parameters
    ----------
    total : (B, S) array
        Metals of both phases [mol/L of aqueous phase].
    anion : (B,) array
        Net strong anions [mol/L].
    dimer : (B,) array
        Total extractant in the organic phase, as dimer [mol/L].
    oa : (B,) array
        Volume of organic over aqueous phase.
    water : (B,) array
        Ion product of water [mol2/L2].
    """

    total: Array
    anion: Array
    dimer: Array
    oa: Array
    water: Array


@dataclass(frozen=True)
class ShakeLaw:
    """Constants of the law: by contact where they follow temperature, the rest by species."""

    ln_k: Array  # (B, S)
    order_dimer: Array  # (S,)
    order_acid: Array  # (S,)
    dimers: Array  # (S,)
    charge: Array  # (S,)
    ln_beta: Array  # (B, S, K) cumulative formation constants of the aqueous complexes


@dataclass(frozen=True)
class Equilibrium:
    """The equilibrium of B contacts.

    Attributes
    ----------
    unknowns : (B, 3) array
        ln h, ln e, ln L; the ligand is the net anion where nothing binds it.
    ln_d : (B, S) array
        ln of the distribution ratios, of species that are absent too.
    aqueous, organic : (B, S) array
        [mol/L]
    closed : (B,) array of bool
        Whether the closures of a contact hold.
    """

    unknowns: Array
    ln_d: Array
    aqueous: Array
    organic: Array
    closed: NDArray[np.bool_]


@dataclass(frozen=True)
class _Iterate:
    """Scalars and what follows from them."""

    u: Array  # (B, 3)
    ln_d: Array  # (B, S)
    x: Array
    y: Array
    bound: Array
    spread: Array  # d bound / d ln L
    f: Array  # (B, 3)

    @property
    def size(self) -> Array:
        return np.abs(self.f).max(axis=1)


def equilibrium(shakes: Shakes, law: ShakeLaw, start: Array | None = None) -> Equilibrium:
    """Bring B contacts to equilibrium by damped Newton iterations on ln h, ln e and ln L.

    Parameters
    ----------
    shakes : Shakes
    law : ShakeLaw
    start : (B, 3) array, optional
        Scalars to start from, such as those of nearby constants.

    Returns
    -------
    Equilibrium
        Contacts that could not be closed say so in ``closed``.

    Examples
    --------
    >>> one = np.ones(1)
    >>> shakes = Shakes(0.1 * np.ones((1, 1)), 0.4 * one, 0.5 * one, one, 1e-14 * one)
    >>> three = np.array([3.0])
    >>> law = ShakeLaw(np.log([[1e-2]]), three, three, three, three, np.zeros((1, 1, 0)))
    >>> found = equilibrium(shakes, law)
    >>> bool(found.closed.all()), float(found.organic[0, 0].round(4))
    (True, 0.0187)
    """
    now = _iterate(shakes, law, _flat_start(shakes) if start is None else start)
    for _ in range(ITERATIONS):
        if np.all(now.size <= CLOSED):
            break
        step = -np.linalg.solve(_jacobian(shakes, law, now), now.f[..., None])[..., 0]
        longest = np.abs(step).max(axis=1, keepdims=True)
        step *= np.minimum(1.0, LONGEST_STEP / np.maximum(longest, 1e-300))
        before = now.size
        now = _damped(shakes, law, now, step)
        if np.all(now.size <= np.maximum(CLOSED, np.where(now.size >= 0.5 * before, ROUNDED, 0))):
            break
    return Equilibrium(now.u, now.ln_d, now.x, now.y, now.size <= ROUNDED)


def responses(
    shakes: Shakes, law: ShakeLaw, found: Equilibrium, direct: Array, bound: Array
) -> Array:
    """Return how ln D answers to P parameters, the closures staying closed.

    Parameters
    ----------
    shakes, law, found : Shakes, ShakeLaw, Equilibrium
    direct : (B, S, P) array
        What a parameter adds to ln D at fixed unknowns.
    bound : (B, S, P) array
        What it adds to the ligands bound per metal at fixed unknowns.

    Returns
    -------
    (B, S, P) array
    """
    now = _iterate(shakes, law, found.unknowns)
    closures = _by_metal(shakes, law, now) @ direct
    ligands = np.exp(now.u[:, 2]) + (now.bound * now.x).sum(axis=1)
    closures[:, 2] -= np.einsum("bsp,bs->bp", bound, now.x) / ligands[:, None]
    du = -np.linalg.solve(_jacobian(shakes, law, now), closures)
    return direct + _slopes(law, now) @ du


def complexes(law: ShakeLaw, ln_ligand: Array) -> tuple[Array, Array, Array]:
    """Return ligands bound per metal, its slope in ln L, and ln alpha, each (B, S)."""
    number = np.arange(1, law.ln_beta.shape[2] + 1)
    terms = np.exp(law.ln_beta + ln_ligand[:, None, None] * number)
    alpha = 1.0 + terms.sum(axis=2)
    bound = (terms * number).sum(axis=2) / alpha
    return bound, (terms * number**2).sum(axis=2) / alpha - bound**2, np.log(alpha)


def _flat_start(shakes: Shakes) -> Array:
    acid = np.maximum(shakes.anion - 2.0 * shakes.total.sum(axis=1), 0.3 * shakes.anion)
    return np.log(np.stack([acid, 0.7 * shakes.dimer, 0.9 * shakes.anion], axis=1))


def _iterate(shakes: Shakes, law: ShakeLaw, u: Array) -> _Iterate:
    ln_d = law.ln_k + np.outer(u[:, 1], law.order_dimer) - np.outer(u[:, 0], law.order_acid)
    bound, spread, ln_alpha = complexes(law, u[:, 2])
    ln_d = np.clip(ln_d - ln_alpha, -300.0, 300.0)
    d = np.exp(ln_d)
    x = shakes.total / (1.0 + shakes.oa[:, None] * d)
    y = d * x
    h, e, ligand = np.exp(u).T
    have = np.stack([shakes.anion + shakes.water / h, shakes.dimer, shakes.anion], axis=1)
    need = np.stack([h + x @ law.charge, e + y @ law.dimers, ligand + (bound * x).sum(axis=1)], 1)
    return _Iterate(u, ln_d, x, y, bound, spread, np.log(have) - np.log(need))


def _slopes(law: ShakeLaw, now: _Iterate) -> Array:
    """Return d ln D / d scalar (B, S, 3)."""
    shape = now.ln_d.shape
    acid = np.broadcast_to(-law.order_acid, shape)
    return np.stack([acid, np.broadcast_to(law.order_dimer, shape), -now.bound], axis=2)


def _by_metal(shakes: Shakes, law: ShakeLaw, now: _Iterate) -> Array:
    """Return d closure / d ln D_j at fixed unknowns (B, 3, S)."""
    h, e, ligand = np.exp(now.u).T
    share = shakes.oa[:, None] * now.y / np.where(shakes.total > 0, shakes.total, 1.0)
    dx, dy = -now.x * share, now.y * (1.0 - share)
    cations = (h + now.x @ law.charge)[:, None]
    taken = (e + now.y @ law.dimers)[:, None]
    ligands = (ligand + (now.bound * now.x).sum(axis=1))[:, None]
    charge, dimer = -law.charge * dx / cations, -law.dimers * dy / taken
    return np.stack([charge, dimer, -now.bound * dx / ligands], axis=1)


def _jacobian(shakes: Shakes, law: ShakeLaw, now: _Iterate) -> Array:
    """Return d closure / d scalar with the metals following (B, 3, 3)."""
    h, e, ligand = np.exp(now.u).T
    jacobian = _by_metal(shakes, law, now) @ _slopes(law, now)
    hydroxide = shakes.water / h
    jacobian[:, 0, 0] -= hydroxide / (shakes.anion + hydroxide) + h / (h + now.x @ law.charge)
    jacobian[:, 1, 1] -= e / (e + now.y @ law.dimers)
    ligands = ligand + (now.bound * now.x).sum(axis=1)
    jacobian[:, 2, 2] -= (ligand + (now.spread * now.x).sum(axis=1)) / ligands
    return jacobian


def _damped(shakes: Shakes, law: ShakeLaw, now: _Iterate, step: Array) -> _Iterate:
    """Take the longest of step, step / 2, ... that shrinks each contact's closures."""
    damping = np.ones(len(step))
    before = np.linalg.norm(now.f, axis=1)
    while True:
        trial = _iterate(shakes, law, now.u + damping[:, None] * step)
        after = np.linalg.norm(trial.f, axis=1)
        worse = ~(after < before) & (now.size > CLOSED) & (damping > SHORTEST)
        if not worse.any():
            return trial
        damping[worse] *= 0.5
