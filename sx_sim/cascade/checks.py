"""Balances and closures, recomputed from the returned numbers alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sx_sim.chemistry.organic import organic_complexes
from sx_sim.kernels.types import Cascade, Law

Array = NDArray[np.float64]
BALANCE_LIMIT = 1e-10
CLOSURE_LIMIT = 1e-9
NOTHING = 1e-200  # amounts below may have lost digits to underflow


@dataclass(frozen=True)
class Worst:
    """The closure that is furthest from closed.

    Parameters
    ----------
    closure : {'charge', 'acid', 'extractant', 'ligand', 'ionic strength', 'synergist'}
    stage : int
        Counted from 1.
    species : int or None
        Index of the species with the largest share in it; none if the free one has.
    """

    closure: str
    stage: int
    species: int | None


@dataclass(frozen=True)
class Checks:
    """How well a returned column satisfies its equations.

    Parameters
    ----------
    balance : (S,) array
        In less out of the whole column, over what is fed; zero for a species not fed.
    stage_balance : float
        Largest in less out of any species at any stage, over its throughput there.
    closure : float
        Largest logarithm of have over need, of charge, extractant and ligand at any stage.
    worst : Worst
        Where that is.
    law : float
        Largest logarithm of the organic that leaves over what the distribution law, and the
        efficiency, make of it.
    negative : bool
        Whether any concentration or flow is below zero.
    finite : bool
    """

    balance: Array
    stage_balance: float
    closure: float
    worst: Worst
    law: float
    negative: bool
    finite: bool

    @property
    def passed(self) -> bool:
        """Whether the column is solved."""
        return bool(
            self.finite
            and not self.negative
            and np.all(self.balance <= BALANCE_LIMIT)
            and self.stage_balance <= CLOSURE_LIMIT
            and self.closure <= CLOSURE_LIMIT
            and self.law <= CLOSURE_LIMIT
        )


def check(cascade: Cascade, law: Law, x: Array, y: Array, unknowns: Array) -> Checks:
    """Recompute every balance, closure and distribution ratio of a column.

    Parameters
    ----------
    cascade, law
        The problem.
    x, y : (N, S) arrays
        Aqueous and organic concentrations, of what leaves [mol/L].
    unknowns : (N, m) array
        As the kernels return them.

    Returns
    -------
    Checks
    """
    with np.errstate(all="ignore"):  # what is not finite is told by a field of its own
        return _check(cascade, law, x, y, unknowns)


def _check(cascade: Cascade, law: Law, x: Array, y: Array, unknowns: Array) -> Checks:
    real = cascade.efficiency.size > 0
    up = cascade.aqueous_up if real else np.zeros(len(x))
    down = cascade.organic_down if real else np.zeros(len(x))
    aqueous = cascade.aqueous[:, None] * x + down[:, None] * y
    organic = cascade.organic[:, None] * y + up[:, None] * x
    drawn = cascade.aqueous_draw[:, None] * x + cascade.organic_draw[:, None] * y
    arriving = cascade.feed.copy()
    arriving[:-1] += aqueous[1:]
    arriving[1:] += organic[:-1]
    leaving = aqueous + organic + drawn
    fed = cascade.feed.sum(axis=0)
    out = aqueous[0] + organic[-1] + drawn.sum(axis=0)
    h, anion = acidity(cascade, law, x, unknowns)
    e = np.exp(unknowns[:, 1])
    alpha, bound = np.ones_like(x), np.zeros_like(x)
    for k in range(law.ln_beta.shape[2]):
        term = np.exp(law.ln_beta[:, :, k] + (k + 1) * unknowns[:, 2:3])
        alpha, bound = alpha + term, bound + (k + 1) * term
    hydroxide = cascade.water_ion_product / h
    third = np.exp(unknowns[:, 2]) if law.ligand or law.debye.size else np.zeros_like(h)
    protonated = law.protonation * h * third if law.protonation.size else np.zeros_like(h)
    if law.debye.size:
        root = np.sqrt(third)
        alpha = np.exp(law.debye * (root / (1.0 + 1.5 * root))[:, None])
    organic_phase = organic_complexes(law, h, unknowns)
    met = np.exp(organic_phase.ln_formed - np.log(alpha)) * x
    leaves = expected(cascade, organic, met) if real else met
    bound_first, bound_second = organic_phase.takes * (met if real else y)
    closures = {
        "charge": (anion + hydroxide, h + protonated, x * law.charge),
        "extractant": (cascade.dimer, e, bound_first),
    }
    if law.acid >= 0:
        free = (x / alpha)[:, law.acid]
        acid = (free + hydroxide, h, np.zeros_like(x))
        closures = {"acid": acid, "extractant": closures["extractant"]}
    if law.synergist:
        free = np.exp(unknowns[:, law.synergist])
        closures["synergist"] = (cascade.synergist, free, bound_second)
    if law.ligand:
        ligand = anion / law.ligand_charge
        closures["ligand"] = (ligand, third + protonated, x * bound / alpha)
    if law.debye.size:
        most = 0.5 * (anion + hydroxide + h)
        closures["ionic strength"] = (third, most, 0.5 * x * law.charge**2)
    closure, worst = _furthest(closures)
    held = (x > NOTHING) & (y > NOTHING)
    law_error = np.abs(np.log(y / leaves))[held]
    stage = np.abs(arriving - leaving) / np.maximum(arriving, leaving)
    stage = stage[np.maximum(arriving, leaving) > NOTHING]
    return Checks(
        balance=np.abs(fed - out) / np.where(fed > NOTHING, fed, 1.0),
        stage_balance=float(stage.max(initial=0.0)),
        closure=closure,
        worst=worst,
        law=float(law_error.max(initial=0.0)),
        negative=bool((x < 0).any() or (y < 0).any() or _flows(cascade).min() < 0),
        finite=bool(np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(unknowns).all()),
    )


def _flows(cascade: Cascade) -> Array:
    """Return every flow of both phases, drops included, end to end."""
    both = (cascade.aqueous, cascade.aqueous_draw, cascade.organic, cascade.organic_draw)
    return np.concatenate([*both, cascade.aqueous_up, cascade.organic_down])


def expected(cascade: Cascade, risen: Array, met: Array) -> Array:
    """Return the organic that leaves (N, S), from what meets the water and what passes by."""
    arrives = cascade.organic_feed.copy()
    arrives[1:] += risen[:-1]
    flow = (cascade.organic + cascade.organic_draw + cascade.organic_down)[:, None]
    eff = cascade.efficiency[:, None]
    return (1.0 - eff) * arrives / flow + eff * met


def acidity(cascade: Cascade, law: Law, x: Array, unknowns: Array) -> tuple[Array, Array]:
    """Return [H+] and the net strong anions at every stage (N,) [mol/L].

    What is dosed where the acidity is set falls on with the water. Where the acid is one of the
    species there are as many anions as they all have charge.
    """
    first = np.exp(unknowns[:, 0])
    if law.acid >= 0:
        return first, x @ law.charge
    if not cascade.set_ln_h.size:
        return first, cascade.anion
    held = np.isfinite(cascade.set_ln_h)
    anion = cascade.anion.copy()
    for j in range(len(anion) - 1, -1, -1):
        if held[j]:
            anion[j] = first[j]
        elif j + 1 < len(anion):
            anion[j] += cascade.carry[j] * (anion[j + 1] - cascade.anion[j + 1])
    return np.where(held, np.exp(cascade.set_ln_h), first), anion


def _furthest(closures: dict[str, tuple[Array, Array, Array]]) -> tuple[float, Worst]:
    """Return the largest ln(have / need) and where it is; what is not finite counts as most.

    What is needed comes as what is free and what every species takes.
    """
    off = np.array(
        [np.log(have / (free + taken.sum(axis=1))) for have, free, taken in closures.values()]
    )
    sizes = np.where(np.isfinite(off), np.abs(off), np.inf)
    row, j = np.unravel_index(sizes.argmax(), sizes.shape)
    name = list(closures)[row]
    _, free, taken = closures[name]
    takes = np.nan_to_num(taken[j])
    most = int(takes.argmax()) if takes.max(initial=0.0) > free[j] else None
    return float(sizes[row, j]), Worst(name, int(j) + 1, most)
