"""What is in the water: free ions, complexes, protons that the ligand holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sx_sim.brief import outline
from sx_sim.chemistry.aqueous import REFERENCE, water_ion_product
from sx_sim.chemistry.ligands import ligand
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.kernels.types import Law

Array = NDArray[np.float64]
SPAN = 200.0  # ln of a ratio that is as good as nothing


@dataclass(frozen=True)
class Speciation:
    """Concentrations [mol/L] of what is dissolved at N stages.

    Parameters
    ----------
    hydrogen, hydroxide : (N,) arrays
    ligand : (N,) array
        Free anion, such as SO4 2-; all of it where there are no complexes.
    protonated : (N,) array
        Anion that holds a proton, such as HSO4-.
    free : (N, S) array
        Metals not in complexes.
    complexes : (N, S, K) array
        Metals with 1..K ligands.
    ionic_strength : (N,) array
        Of all these.
    """

    hydrogen: Array
    hydroxide: Array
    ligand: Array
    protonated: Array
    free: Array
    complexes: Array
    ionic_strength: Array

    __repr__ = outline


def speciate(law: Law, x: Array, h: Array, hydroxide: Array, free_ligand: Array) -> Speciation:
    """Return the speciation of aqueous totals ``x`` (N, S) at known acid and free ligand (N,)."""
    count = np.arange(1, law.ln_beta.shape[2] + 1)
    with np.errstate(divide="ignore"):  # no ligand, no complexes
        ln_ligand = np.log(free_ligand)
    terms = np.exp(law.ln_beta + ln_ligand[:, None, None] * count)
    alpha = 1.0 + terms.sum(axis=2)
    free = x / alpha
    protonated = law.protonation * h * free_ligand if law.protonation.size else np.zeros_like(h)
    if law.acid >= 0:  # its free ion is h, its complex the protonated ligand
        protonated = x[:, law.acid] - free[:, law.acid]
        free[:, law.acid] = 0.0
    complexes = free[:, :, None] * terms
    q = law.ligand_charge
    left = law.charge[:, None] - count * q
    twice = h + hydroxide + q**2 * free_ligand + (q - 1.0) ** 2 * protonated
    twice = twice + free @ law.charge**2 + (complexes * left**2).sum(axis=(1, 2))
    return Speciation(h, hydroxide, free_ligand, protonated, free, complexes, 0.5 * twice)


def titratable_acid(system: ChemicalSystem, concentration: Array, anions: float, h: float) -> float:
    """Return free hydrogen ion and what the ligand holds of it [mol/L].

    Parameters
    ----------
    system : ChemicalSystem
    concentration : (S,) array
    anions : float
        Equivalents of strong anions.
    h : float
        Free hydrogen ion.
    """
    kw = float(water_ion_product(np.array([REFERENCE]))[0])
    return anions + kw / h - float(concentration @ system.cations)


def with_acid(system: ChemicalSystem, concentration: Array, anions: float) -> Array:
    """Return what a liquor holds (S,) [mol/L], its acid less hydroxide where that is a species."""
    if system.acid < 0:
        return concentration
    held = concentration.copy()
    held[system.acid] = max(anions - float(concentration @ system.cations), 0.0)
    return held


def free_acid(system: ChemicalSystem, concentration: Array, anions: float) -> float:
    """Return the free hydrogen ion [mol/L] that so many anions leave a liquor at 25 degC."""
    kw = float(water_ion_product(np.array([REFERENCE]))[0])
    net = anions - float(concentration @ system.cations)
    most = 0.5 * (net + np.sqrt(net * net + 4.0 * kw))  # where the ligand holds none
    known = system.ligand
    if known is None or known.protonation is None:
        return float(most)

    def missing(ln_less: float) -> float:
        total = most / (1.0 + np.exp(ln_less))
        other, _ = electroneutral(system, concentration, h=float(total))
        return other - anions

    less = _root(missing, -SPAN, SPAN)
    return float(most / (1.0 + np.exp(less)))


def electroneutral(
    system: ChemicalSystem, concentration: Array, *, h: float | None = None, acid: float = 0.0
) -> tuple[float, float]:
    """Return equivalents of strong anions and free hydrogen ion [mol/L] of a liquor at 25 degC.

    Parameters
    ----------
    system : ChemicalSystem
    concentration : (S,) array
        Metals [mol/L].
    h : float, optional
        Free hydrogen ion, if that is known.
    acid : float
        Else the acid a titration finds, free or held by the ligand, as in HSO4-; the two are
        the same where the ligand takes up none.

    Notes
    -----
    With C equivalents of anions of charge q, P the ligand's protonation constant, L the free
    ligand and B(L) what the metals bind,

        C + Kw/h = h (1 + P L) + sum z c,    C / q = L (1 + P h) + B(L)

    Each case leaves one monotonic equation in one unknown.
    """
    kw = float(water_ion_product(np.array([REFERENCE]))[0])
    charged = float(concentration @ system.cations)
    known = ligand(system.extractant.complexes)
    if known is None or known.protonation is None:
        free = acid if h is None else h
        return free - kw / free + charged, free
    kelvin = np.array([REFERENCE])
    proton = float(np.exp(known.ln_protonation(kelvin)[0]))
    ln_beta = known.ln_beta(system.species, kelvin)[0]
    count = np.arange(1, known.complexes + 1)

    def bound(free: float) -> float:
        terms = np.exp(ln_beta + count * np.log(free))
        return float(concentration @ ((count * terms).sum(axis=1) / (1.0 + terms.sum(axis=1))))

    if h is not None:
        return _at_acidity(h, kw, charged, proton, known.charge, bound)
    return _at_total(acid, kw, charged, proton, known.charge, bound)


def _at_acidity(
    h: float, kw: float, charged: float, proton: float, q: float, bound: Callable[[float], float]
) -> tuple[float, float]:
    """Return anions and ``h``: the ligand's closure fixes what is free of it."""
    others = h - kw / h + charged  # equivalents that balance free and bound ligand

    def missing(ln_free: float) -> float:
        free = np.exp(ln_free)
        return q * (free * (1.0 + proton * h) + bound(free)) - proton * h * free - others

    if others <= 0.0:
        return others, h
    most = np.log(others / (q * (1.0 + proton * h) - proton * h)) + 1e-9
    free = float(np.exp(_root(missing, most - SPAN, most)))
    return others + proton * h * free, h


def _at_total(
    acid: float, kw: float, charged: float, proton: float, q: float, bound: Callable[[float], float]
) -> tuple[float, float]:
    """Return anions and free hydrogen ion, of which the ligand holds what is left of ``acid``."""

    def anions(h: float) -> float:
        return acid - kw / h + charged

    def missing(ln_held: float) -> float:
        held = acid / (1.0 + np.exp(-ln_held))  # of the acid, in log odds: either may be tiny
        h = acid / (1.0 + np.exp(ln_held))
        free = held / (proton * h)
        return free + held + bound(free) - anions(h) / q

    if missing(-SPAN) >= 0.0:  # no more anions than hydroxide leaves
        return anions(acid), acid
    odds = _root(missing, -SPAN, SPAN)
    h = float(acid / (1.0 + np.exp(odds)))
    return anions(h), h


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function is zero between two places."""
    # imported here: most cases know no ligand, and should not wait for it
    from scipy.optimize import root_scalar

    return float(root_scalar(function, bracket=(low, high), xtol=1e-14).root)
