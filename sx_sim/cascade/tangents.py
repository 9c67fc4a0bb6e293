"""Tangents of a column: derivatives of its packed arrays with respect to an input.

The same tuple holds an output's gradient: what it gains per unit of each of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.column import Column
from sx_sim.cascade.results import CascadeResult
from sx_sim.chemistry import activity, aqueous
from sx_sim.chemistry.organic import Organic, organic_complexes
from sx_sim.kernels.types import CLOSEST, Cascade

Array = NDArray[np.float64]
# what follows from the case, everywhere; where acidity is set; where stages are not ideal
FOLLOWS = Cascade._fields[: Cascade._fields.index("water_ion_product")]
FOLLOWS_SET = ("carry",)
FOLLOWS_REAL = ("efficiency", "aqueous_up", "organic_down", "organic_feed")
FOLLOWS_MIXED = ("synergist",)  # and where there is a second extractant
OF_ALL = ("log10_K", "enthalpy")  # which all complexes of a species follow
CONSTANTS = ("log10_K", "enthalpy", "order_dimer", "order_acid", "acid_by_dimer", "dimers")


class Tangent(NamedTuple):
    """Derivatives of all that a column is made of, acidity and free extractant held."""

    cascade: Cascade
    ln_d: Array  # (N, S) ln of the distribution ratios
    bound: Array  # (N, S) mean number of ligands bound per aqueous metal
    takes: Array  # (2, N, S) extractant and synergist bound per metal
    ln_h: Array  # (N,) ln [H+] where it is set
    protonation: Array  # (N,) ln of the protonation constant; of the acid over its free ion
    drops: Array  # (2, N) carried in organic and in water, per volume

    def plus(self, factor: float, other: Tangent) -> Tangent:
        """Return the sum of this tangent and a multiple of another."""
        pairs = zip(self.cascade, other.cascade, strict=True)
        cascade = Cascade(*(a + factor * b if a.size else a for a, b in pairs))
        rest = (a + factor * b for a, b in zip(self[1:], other[1:], strict=True))
        return Tangent(cascade, *rest)

    def dot(self, gradient: Tangent) -> float:
        """Return the derivative of an output with that gradient."""
        pairs = [*zip(self.cascade, gradient.cascade, strict=True)]
        pairs += [*zip(self[1:], gradient[1:], strict=True)]
        return float(sum(np.vdot(a, b) for a, b in pairs))


def zero_tangent(result: CascadeResult) -> Tangent:
    """Return a zero tangent, its arrays to be filled."""
    shape = result.stages.aqueous.shape
    n = shape[0]
    cascade = Cascade(
        *(np.zeros(n) for _ in range(4)),
        feed=np.zeros(shape),
        anion=np.zeros(n),
        dimer=np.zeros(n),
        water_ion_product=np.zeros(n),
        carry=np.zeros(n),
    )
    if result.column.settling is not None:
        real = {name: np.zeros(n) for name in ("efficiency", "aqueous_up", "organic_down")}
        cascade = cascade._replace(**real, organic_feed=np.zeros(shape))
    if result.column.synergist:
        cascade = cascade._replace(synergist=np.zeros(n))
    return Tangent(
        cascade=cascade,
        ln_d=np.zeros(shape),
        bound=np.zeros(shape),
        takes=np.zeros((2, *shape)),
        ln_h=np.zeros(n),
        protonation=np.zeros(n),
        drops=np.zeros((2, n)),
    )


def of_constant(result: CascadeResult, symbol: str, constant: str) -> Tangent:
    """Return the tangent of one of ``CONSTANTS`` of a species, per its unit."""
    tangent = zero_tangent(result)
    i = result.system.index(symbol)
    if result.system.constants[i].inert:
        return tangent
    organic = organic_of(result)
    first = organic.shares[:, i, 0]
    if constant == "dimers":
        tangent.takes[0, :, i] = first
        return tangent
    slopes = np.zeros_like(organic.shares)
    slopes[:, i, :] = _by_constant(result, constant)[:, None]
    if constant not in OF_ALL:
        slopes[:, i, 1:] = 0.0
    formed, takes = organic.shifts(slopes)
    tangent.ln_d[:], tangent.takes[:] = formed, takes
    return tangent


def organic_of(result: CascadeResult) -> Organic:
    """Return the organic complexes at every stage of a solved column."""
    stages = result.stages
    law = result.system.law(stages.temperature, stages.anion)
    return organic_complexes(law, stages.acid, stages.unknowns)


def _by_constant(result: CascadeResult, constant: str) -> Array:
    """Return the derivative of ln D with respect to a constant at every stage (N,)."""
    stages = result.stages
    if constant == "log10_K":
        return np.full(len(stages.acid), aqueous.LN10)
    if constant == "enthalpy":
        inverse = 1.0 / stages.temperature - 1.0 / result.system.extractant.reference_temperature
        return -inverse / aqueous.GAS_CONSTANT
    if constant == "order_dimer":
        return np.log(stages.free_dimer)
    if constant == "order_acid":
        return -np.log(stages.acid) + _activity_of_proton(result)
    return -stages.free_dimer * np.log(stages.acid)


def along_species(result: CascadeResult, gradient: Tangent, constant: str) -> Array:
    """Return the gradient with respect to a constant of every species (S,), per its unit."""
    inert, organic = result.system.inert, organic_of(result)
    first = organic.shares[:, :, 0]
    if constant == "dimers":
        return np.where(inert, 0.0, (first * gradient.takes[0]).sum(axis=0))
    slope = _by_constant(result, constant)
    if constant in OF_ALL:
        return np.where(inert, 0.0, slope @ gradient.ln_d)
    more = np.moveaxis(organic.bound[0], 1, 0)[:, None, :] - organic.takes
    gains = first * (gradient.ln_d + (more * gradient.takes).sum(axis=0))
    return np.where(inert, 0.0, slope @ gains)


def along_stages(result: CascadeResult, gradient: Tangent) -> Array:
    """Return the gradient with respect to the temperature of every stage (N,), per kelvin."""
    warmer = of_temperature(result, np.ones(result.column.stages))
    gains = (warmer.ln_d * gradient.ln_d).sum(axis=1) + (warmer.bound * gradient.bound).sum(axis=1)
    gains += warmer.protonation * gradient.protonation
    return gains + warmer.cascade.water_ion_product * gradient.cascade.water_ion_product


def of_temperature(result: CascadeResult, warmed: Array) -> Tangent:
    """Return the tangent of stage temperatures, stage j by ``warmed[j]`` kelvin.

    All constants follow van 't Hoff.
    """
    tangent = zero_tangent(result)
    system, stages = result.system, result.stages
    temperature = stages.temperature
    per_kelvin = warmed / (aqueous.GAS_CONSTANT * temperature**2)
    enthalpy = np.array([0.0 if c.inert else c.enthalpy for c in system.constants])
    tangent.ln_d[:] = np.multiply.outer(per_kelvin, enthalpy)
    kw = aqueous.water_ion_product(temperature)
    tangent.cascade.water_ion_product[:] = kw * aqueous.water_enthalpy() * per_kelvin
    if system.active:
        warmer = activity.debye_hueckel(temperature)[1] * warmed
        tangent.ln_d[:] -= system.debye(warmer) * _screening(result)[:, None]
    known = system.ligand
    if known is not None:
        count = np.arange(1, known.complexes + 1)
        ln_ligand = np.log(stages.free_anion)[:, None, None]
        terms = np.exp(system.ln_beta(known, temperature) + count * ln_ligand)
        warmer = np.multiply.outer(per_kelvin, system.beta_enthalpies(known))
        alpha = 1.0 + terms.sum(axis=2)
        d_alpha = (terms * warmer).sum(axis=2) / alpha
        d_bound = (count * terms * warmer).sum(axis=2) / alpha
        d_bound -= (count * terms).sum(axis=2) / alpha * d_alpha
        tangent.ln_d[:] -= d_alpha
        tangent.bound[:] = d_bound
        if system.acid >= 0:
            tangent.protonation[:] = d_alpha[:, system.acid]
        elif known.protonation is not None:
            tangent.protonation[:] = known.protonation[1] * per_kelvin
    return tangent


def _screening(result: CascadeResult) -> Array:
    """Return the Debye-Hueckel term sqrt(I) / (1 + 1.5 sqrt(I)) of every stage (N,)."""
    root = np.sqrt(result.stages.ionic_strength)
    return root / (1.0 + CLOSEST * root)


def _activity_of_proton(result: CascadeResult) -> Array:
    """Return ln of what divides [H+] to give its activity (N,), zero without activities."""
    if not result.system.active:
        return np.zeros(result.column.stages)
    stages = result.stages
    slope = activity.debye_hueckel(stages.temperature)[0]
    proton = float(activity.interaction([activity.PROTON])[0])
    return aqueous.LN10 * (slope * _screening(result) - proton * stages.anion)


def of_columns(
    result: CascadeResult, columns: Sequence[Column], weights: Sequence[float]
) -> Tangent:
    """Return the tangent whose arrays are weighted sums of those of neighbouring columns.

    Parameters
    ----------
    result : CascadeResult
    columns : sequence of Column
        With other flows, feeds or temperatures, the constants the same.
    weights : sequence of float
        Of a formula for the derivative; their sum is zero.
    """
    pairs = list(zip(weights, columns, strict=True))
    warmed = sum((w * c.temperature for w, c in pairs), np.zeros(result.column.stages))
    tangent = of_temperature(result, warmed)
    follows = [*FOLLOWS]
    follows += FOLLOWS_SET if result.column.set_points else ()
    follows += FOLLOWS_REAL if result.column.settling is not None else ()
    follows += FOLLOWS_MIXED if result.column.synergist else ()
    for w, column in pairs:
        cascade, _ = column.pack()
        for name in follows:
            getattr(tangent.cascade, name)[:] += w * getattr(cascade, name)
        if column.settling is not None:
            tangent.drops[:] += w * np.array(
                [column.settling.aqueous_entrainment, column.settling.organic_entrainment]
            )
        tangent.ln_h[:] += w * np.nan_to_num(column.set_ln_h)
    if tangent.ln_h.any():
        organic = organic_of(result)
        slopes = np.multiply.outer(tangent.ln_h, organic.orders[:, :, 1].T)
        law = result.system.law(result.column.temperature)
        if law.acid_by_dimer.size:
            more = np.multiply.outer(tangent.ln_h * result.stages.free_dimer, law.acid_by_dimer)
            slopes -= more[:, :, None]
        formed, takes = organic.shifts(slopes)
        tangent.ln_d[:] += formed
        tangent.takes[:] += takes
    tangent.ln_d[:] += np.multiply.outer(tangent.cascade.anion, result.system.anion_slope)
    return tangent
