"""Which constants of a set are fitted, and the law that follows from their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sx_sim.chemistry import aqueous
from sx_sim.chemistry.elements import element
from sx_sim.chemistry.extractants import ExtractantSet
from sx_sim.errors import CaseError
from sx_sim.fitting.equilibrium import (
    Equilibrium,
    ShakeLaw,
    Shakes,
    complexes,
    equilibrium,
    responses,
)
from sx_sim.fitting.isotherms import Isotherms

Array = NDArray[np.float64]

SHARED = ("enthalpy", "order_dimer", "order_acid", "log10_beta")
LOG10_K = "log10_K"
LN10 = np.log(10.0)


@dataclass(frozen=True)
class Prediction:
    """log10 D of every point, and its derivatives."""

    log10_d: Array  # (P,)
    jacobian: Array  # (P, F) by the free constants
    own: Array  # (P,) by log10 K of the point's own element
    level: Array  # (P,) by log10 K of all elements together
    found: Equilibrium


@dataclass(frozen=True)
class Model:
    """The law of a set with some of its constants free.

    Parameters
    ----------
    start : ExtractantSet
        Where the constants start, and stay if they are not free.
    data : Isotherms
    free : tuple of str
        ``log10_K.Nd`` for one element, or a constant that all rare earths share:
        ``enthalpy`` (added to each, kJ/mol), ``order_dimer``, ``order_acid`` and ``log10_beta``
        of the first aqueous complex.
    """

    start: ExtractantSet
    data: Isotherms
    free: tuple[str, ...]

    @cached_property
    def initial(self) -> Array:
        """Values to start from (F,)."""
        return np.array([self._value(name) for name in self.free])

    def _value(self, name: str) -> float:
        kind, _, symbol = name.partition(".")
        if kind == LOG10_K:
            return self.start.species[symbol].log10_K
        if kind == "log10_beta":
            return self.start.log10_beta[0]
        shared = [getattr(self.start.species[s], kind) for s in self.data.elements]
        return 0.0 if kind == "enthalpy" else float(np.mean(shared))

    @cached_property
    def _shakes(self) -> Shakes:
        return self.data.shakes(self.start.molecules)

    @cached_property
    def _base(self) -> ShakeLaw:
        known = [self.start.species[s] for s in self.data.species]
        temperature = self.data.temperature
        ln_k = aqueous.vant_hoff(
            np.array([c.log10_K for c in known]),
            np.array([c.enthalpy for c in known]),
            temperature,
            self.start.reference_temperature,
        )
        beta = self.start.ln_formation_constants(temperature)[:, None, :]
        return ShakeLaw(
            ln_k=ln_k,
            order_dimer=np.array([c.order_dimer for c in known]),
            order_acid=np.array([c.order_acid for c in known]),
            dimers=np.array([c.dimers for c in known]),
            charge=np.array([float(element(s).charge) for s in self.data.species]),
            ln_beta=np.where(self._complexed[:, None], beta, -np.inf),
        )

    @cached_property
    def _complexed(self) -> NDArray[np.bool_]:
        """Which species the set's complexes are of: rare earths."""
        return np.array([element(s).rare_earth for s in self.data.species])

    @cached_property
    def _metal(self) -> NDArray[np.bool_]:
        return np.arange(len(self.data.species)) < len(self.data.elements)

    @cached_property
    def _per_enthalpy(self) -> Array:
        """ln K per kJ/mol (B,)."""
        inverse = 1.0 / self.data.temperature - 1.0 / self.start.reference_temperature
        return -inverse / aqueous.GAS_CONSTANT

    def law(self, values: Array) -> ShakeLaw:
        """Return the law at values (F,) of the free constants."""
        law = self._base
        ln_k, ln_beta = law.ln_k.copy(), law.ln_beta.copy()
        orders = {"order_dimer": law.order_dimer, "order_acid": law.order_acid}
        for name, value, initial in zip(self.free, values, self.initial, strict=True):
            kind, _, symbol = name.partition(".")
            if kind == LOG10_K:
                ln_k[:, self.data.elements.index(symbol)] += LN10 * (value - initial)
            elif kind == "enthalpy":
                ln_k[:, self._metal] += value * self._per_enthalpy[:, None]
            elif kind == "log10_beta":
                ln_beta[:, :, 0] += LN10 * (value - initial)
            else:
                orders[kind] = np.where(self._metal, value, orders[kind])
        return replace(law, ln_k=ln_k, ln_beta=ln_beta, **orders)

    def predict(self, values: Array, start: Array | None = None) -> Prediction:
        """Predict every point from what went into its contact."""
        shakes, law, data = self._shakes, self.law(values), self.data
        found = equilibrium(shakes, law, start)
        if not np.all(found.closed) and start is not None:
            found = equilibrium(shakes, law)
        at = (data.contact, data.element)
        answers = responses(shakes, law, found, *self._direct(law, found))[at] / LN10
        by_element = answers[:, len(self.free) :]
        return Prediction(
            log10_d=found.ln_d[at] / LN10,
            jacobian=answers[:, : len(self.free)],
            own=by_element[np.arange(data.points), data.element],
            level=by_element.sum(axis=1),
            found=found,
        )

    def _direct(self, law: ShakeLaw, found: Equilibrium) -> tuple[Array, Array]:
        """Return the derivatives of ln D and of bound ligands with respect to the constants.

        After the free constants, log10 K of every element.
        """
        elements = range(len(self.data.elements))
        shape = (*found.ln_d.shape, len(self.free) + len(elements))
        direct, bound = np.zeros(shape), np.zeros(shape)
        for p, name in enumerate(self.free):
            kind, _, symbol = name.partition(".")
            if kind == LOG10_K:
                direct[:, self.data.elements.index(symbol), p] = LN10
            elif kind == "enthalpy":
                direct[:, self._metal, p] = self._per_enthalpy[:, None]
            elif kind == "order_dimer":
                direct[:, self._metal, p] = found.unknowns[:, 1:2]
            elif kind == "order_acid":
                direct[:, self._metal, p] = -found.unknowns[:, 0:1]
            else:
                self._complexing(law, found, direct[:, :, p], bound[:, :, p])
        for e in elements:
            direct[:, e, len(self.free) + e] = LN10
        return direct, bound

    @staticmethod
    def _complexing(law: ShakeLaw, found: Equilibrium, direct: Array, bound: Array) -> None:
        """Fill in the first formation constant: its share of alpha, and what that adds."""
        ligand = found.unknowns[:, 2]
        mean, _, ln_alpha = complexes(law, ligand)
        share = np.exp(law.ln_beta[:, :, 0] + ligand[:, None] - ln_alpha)
        direct[:] = -LN10 * share
        bound[:] = LN10 * share * (1.0 - mean)

    def fitted(self, values: Array) -> ExtractantSet:
        """Return the starting set with the values (F,) in place of its constants."""
        given = dict(zip(self.free, values, strict=True))
        changes: dict[str, dict[str, float]] = {}
        for symbol in self.data.elements:
            known = self.start.species[symbol]
            change = {k: float(given[k]) for k in ("order_dimer", "order_acid") if k in given}
            if f"{LOG10_K}.{symbol}" in given:
                change["log10_K"] = float(given[f"{LOG10_K}.{symbol}"])
            if "enthalpy" in given:
                change["enthalpy"] = known.enthalpy + float(given["enthalpy"])
            changes[symbol] = change
        result = self.start.with_constants(changes)
        if "log10_beta" in given:
            beta = (float(given["log10_beta"]), *result.log10_beta[1:])
            result = replace(result, log10_beta=beta)
        return result


def check_law(start: ExtractantSet) -> None:
    """Raise CaseError for the law of which a contact here would not know all."""
    why = ""
    if start.activity != "none":
        why = "it has activities"
    elif start.complexes not in ("none", "chloride"):
        why = f"its ligand, {start.complexes}, has constants of its own for every element"
    elif any(c.acid_by_dimer for c in start.species.values()):
        why = "its order in acid varies with the extractant"
    elif start.sums_complexes:
        why = "it extracts anions, or holds metals in several complexes"
    if why:
        raise CaseError(f"set '{start.key}' cannot be fitted: {why}; start from another set")


def free_constants(
    start: ExtractantSet, data: Isotherms, free: Sequence[str], fixed: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the names of the free constants, element by element where they are not shared.

    Elements without a point have no free constant, unless it is asked for by name.

    Raises
    ------
    CaseError
        If there is no such constant, or nothing is left to fit.

    Examples
    --------
    >>> from sx_sim.chemistry.extractants import extractant_set
    >>> free_constants(extractant_set("hehehp-chloride"), DATA, ["log10_K"])  # doctest: +SKIP
    ('log10_K.Nd', 'log10_K.Pr')
    """
    check_law(start)
    every = [f"{LOG10_K}.{symbol}" for symbol in data.elements]
    each = [every[e] for e in np.unique(data.element)]
    known = [LOG10_K, *every, *SHARED]
    for name in (*free, *fixed):
        if name not in known:
            raise CaseError(f"'{name}' cannot be fitted; known are {', '.join(known)}")
    if "log10_beta" in free and not start.log10_beta:
        raise CaseError(f"'log10_beta' cannot be fitted: set '{start.key}' has no complexes")
    names = [*(each if LOG10_K in free else [n for n in every if n in free])]
    names += [name for name in SHARED if name in free]
    names = [n for n in names if n not in fixed and not (LOG10_K in fixed and n in each)]
    if not names:
        raise CaseError("no constant is left free")
    return tuple(names)


def with_fixed(start: ExtractantSet, data: Isotherms, values: Mapping[str, float]) -> ExtractantSet:
    """Return a set whose constants have the given values, to be held there."""
    values = {name: value for name, value in values.items() if name != "dimers"}
    names = free_constants(start, data, list(values)) if values else ()
    model = Model(start, data, names)
    return model.fitted(np.array([values.get(n, values.get(LOG10_K, 0.0)) for n in names]))
