"""Constants from isotherms: weighted, robust least squares through the full equilibrium."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import least_squares
from scipy.stats import t as student

from sx_sim.chemistry.extractants import ExtractantSet
from sx_sim.chemistry.series import Conditions, log10_distribution
from sx_sim.errors import CaseError
from sx_sim.fitting import errors as shared_errors
from sx_sim.fitting.capacity import check_capacity
from sx_sim.fitting.errors import Errors
from sx_sim.fitting.identifiability import cautions
from sx_sim.fitting.isotherms import Isotherms
from sx_sim.fitting.model import (
    LOG10_K,
    Model,
    Prediction,
    check_law,
    free_constants,
    with_fixed,
)
from sx_sim.fitting.newcomers import with_newcomers

Array = NDArray[np.float64]

HUBER = 2.5  # standard deviations beyond which a point counts less
ROUNDS = 12
SETTLED = 5e-3  # relative change of the errors' parts
CONFIDENCE = 0.95
LARGEST_SD = {LOG10_K: 3.0, "order_dimer": 3.0, "order_acid": 3.0, "log10_beta": 3.0}
LARGEST_SD |= {"enthalpy": 300.0}  # [kJ/mol]; beyond, an interval says nothing
LIMITS = {"log10_beta": (-3.0, 3.0), "order_dimer": (0.0, 8.0), "order_acid": (0.0, 8.0)}
LIMITS |= {"enthalpy": (-500.0, 500.0), "dimers": (0.0, 10.0)}


@dataclass(frozen=True)
class Fit:
    """Fitted constants, how well they are known, and what is left of the points.

    Parameters
    ----------
    model : Model
        What was fitted to what.
    values : (F,) array
        Of ``names``.
    covariance : (F, F) array
    freedom : (F,) array
        Degrees of freedom of the intervals.
    errors : Errors
        Parts of the points' errors.
    log10_d : (P,) array
        Predicted from the feeds.
    weights : (P,) array
        1, or less for points far off.
    jacobian : (P, F) array
    cautions : tuple of str
        What the data hardly say.
    start : ExtractantSet
        The set started from, as it was given.
    newcomers : mapping of str to str
        What was taken of the set's law for elements that it lacked.
    """

    model: Model
    values: Array
    covariance: Array
    freedom: Array
    errors: Errors
    log10_d: Array
    weights: Array
    jacobian: Array
    cautions: tuple[str, ...]
    start: ExtractantSet
    newcomers: Mapping[str, str]

    @property
    def data(self) -> Isotherms:
        """The isotherms fitted to."""
        return self.model.data

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free constants."""
        return self.model.free

    @property
    def sd(self) -> Array:
        """Standard errors (F,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def intervals(self) -> Array:
        """95 % confidence intervals (F, 2)."""
        half = student.ppf(0.5 + CONFIDENCE / 2, self.freedom) * self.sd
        return np.column_stack([self.values - half, self.values + half])

    @property
    def residuals(self) -> Array:
        """Predicted less measured log10 D (P,)."""
        return self.log10_d - self.data.log10_d

    @property
    def rmse(self) -> float:
        """Root mean square of the residuals, laboratories' offsets included."""
        return float(np.sqrt(np.mean(self.residuals**2)))

    @property
    def laboratory_offsets(self) -> dict[str, float]:
        """Mean of predicted less measured log10 D, by laboratory."""
        names = dict.fromkeys(self.data.laboratory.tolist())
        return {n: float(self.residuals[self.data.laboratory == n].mean()) for n in names}

    @property
    def extractant(self) -> ExtractantSet:
        """The starting set with the fitted constants in it."""
        return self.model.fitted(self.values)

    @cached_property
    def unknowns(self) -> Array:
        """ln of [H+], of free dimer and of ligand in every contact (B, 3), as predicted."""
        return self.model.predict(self.values).found.unknowns

    def conditions(self, *elements: str) -> Conditions:
        """Return the medians over the contacts with points of all elements, else of any."""
        data = self.data
        of = [
            set(data.contact[data.element == data.elements.index(s)].tolist())
            for s in elements or data.elements
        ]
        contacts = sorted(set.intersection(*of) or set.union(*of))
        acid, dimer, _ = np.median(np.exp(self.unknowns[contacts]), axis=0).tolist()
        return Conditions(acid, dimer, float(np.median(data.temperature[contacts])))

    def separation_factor(
        self, heavier: str, lighter: str, at: Conditions | None = None
    ) -> tuple[float, float, float]:
        """Return the ratio of the distribution ratios of two elements and its 95 % interval.

        Laboratories' offsets hardly touch it, so that it is known far better than either.

        Parameters
        ----------
        heavier, lighter : str
        at : Conditions, optional
            Acid, free dimer and temperature it is for; those of ``conditions`` by default.
            Elements whose orders differ have another factor at every acidity.
        """
        at = at or self.conditions(heavier, lighter)
        known = self.extractant
        levels = [log10_distribution(known, known.species[s], at) for s in (heavier, lighter)]
        names = [f"{LOG10_K}.{heavier}", f"{LOG10_K}.{lighter}"]
        direction = np.array([[float(n == names[0]) - float(n == names[1]) for n in self.names]])
        middle = levels[0] - levels[1]
        sd = np.sqrt((direction @ self.covariance @ direction.T).item())
        spread = _covariance(self.errors, self.weights)
        found = shared_errors.degrees_of_freedom(self.errors, spread, self.jacobian, direction)
        half = student.ppf(0.5 + CONFIDENCE / 2, found[0]) * sd
        low, high = middle - half, middle + half
        return 10**middle, float(10**low), float(10**high)


def fit(
    data: Isotherms,
    start: ExtractantSet,
    *,
    free: Sequence[str] = (LOG10_K,),
    fixed: Mapping[str, float] | None = None,
    robust: bool = True,
) -> Fit:
    """Fit constants of a set to isotherms.

    Every contact is brought to equilibrium from its feed; what is compared is log10 D.
    The errors that points share are estimated with the constants, and count as such: a
    laboratory's offset widens the intervals of the levels, hardly those of their ratios.

    Parameters
    ----------
    data : Isotherms
    start : ExtractantSet
        Constants to start from; those that are not free stay.
    free : sequence of str
        ``log10_K`` of every element, or ``log10_K.Nd`` of one; ``enthalpy``, ``order_dimer``,
        ``order_acid``, ``log10_beta``, shared by the rare earths.
    fixed : mapping of str to float, optional
        Values to hold constants at, by the same names, and ``dimers`` bound by elements
        that the set lacks.
    robust : bool
        Whether points beyond 2.5 standard deviations count less (Huber's weights).

    Returns
    -------
    Fit

    Raises
    ------
    CaseError
        If there is no such constant, nothing is free, the set's law says nothing of an
        element, a contact holds more than its extractant binds, or a constant is not
        determined by the points: a huge standard error, at a limit, or a contact that the
        law cannot bring to equilibrium.
    """
    fixed = fixed or {}
    check_law(start)
    for name, value in fixed.items():
        low, high = LIMITS.get(name, (-60.0, 60.0))
        if not low <= value <= high:
            raise CaseError(f"{name} = {value:g} is held: must be {low:g} to {high:g}")
    names = free_constants(start, data, free, [n for n in fixed if n != "dimers"])
    known, newcomers = with_newcomers(start, data, free, fixed)
    base = with_fixed(known, data, fixed)
    if data.points <= len(names):
        raise CaseError(
            f"has {data.points} points; to fit {', '.join(names)} takes {len(names) + 1} at least",
            data.file,
        )
    if own := sorted(set(data.elements) & set(start.own)):
        raise CaseError(
            f"element = {own[0]}: set '{start.key}' declares it; a fit takes what the simulator "
            "lists alone, so leave its rows out",
            data.file,
        )
    check_capacity(data, base)
    model = Model(base, data, names)
    try:
        _settled_by(model)
        return replace(_rounds(model, robust), start=start, newcomers=newcomers)
    except np.linalg.LinAlgError:
        raise CaseError(
            f"the points do not determine {', '.join(names)}: hold some of them fixed", data.file
        ) from None
    except CaseError as error:
        raise CaseError(error.problems, data.file) from None


def _settled_by(model: Model) -> None:
    """Refuse constants that no point answers to."""
    seen = np.abs(model.predict(model.initial).jacobian).max(axis=0)
    silent = [n for n, largest in zip(model.free, seen, strict=True) if largest < 1e-8]
    if silent:
        hint = "; every contact is at the reference temperature" if "enthalpy" in silent else ""
        raise CaseError(f"{', '.join(silent)}: no point answers to it, hold it fixed{hint}")


def _rounds(model: Model, robust: bool) -> Fit:
    """Fit constants and errors in turn until neither moves."""
    data = model.data
    errors = shared_errors.start(data, model.predict(model.initial))
    weights = np.ones(data.points)
    values = model.initial
    for _ in range(ROUNDS):
        covariance = _covariance(errors, weights)
        values, predicted = _least_squares(model, values, covariance)
        errors = replace(errors, shared=shared_errors.parts(data, predicted))
        residual = data.log10_d - predicted.log10_d
        scaled = replace(errors, shared=_weighted(errors, weights))
        again = shared_errors.estimate(scaled, residual, predicted.jacobian)
        moved = np.abs(np.log(again.sd / errors.sd)).max()
        errors = Errors(errors.shared, again.sd)
        if robust:
            covariance = _covariance(errors, weights)
            far = shared_errors.projected(errors, covariance, residual, predicted.jacobian)
            weights = np.minimum(1.0, HUBER / np.maximum(np.abs(far), 1e-300))
        if moved < SETTLED:
            break
    covariance = _covariance(errors, weights)
    values, predicted = _least_squares(model, values, covariance)
    errors = replace(errors, shared=shared_errors.parts(data, predicted))
    return _finished(model, values, predicted, errors, weights)


def _finished(
    model: Model, values: Array, predicted: Prediction, errors: Errors, weights: Array
) -> Fit:
    covariance, jacobian = _covariance(errors, weights), predicted.jacobian
    information = jacobian.T @ np.linalg.solve(covariance, jacobian)
    of_constants = np.asarray(np.linalg.inv(information), dtype=float)
    doubts = cautions(model, predicted, covariance)
    _check_determined(model, values, predicted, doubts)
    every = np.eye(len(values))
    return Fit(
        model=model,
        values=values,
        covariance=of_constants,
        freedom=shared_errors.degrees_of_freedom(errors, covariance, jacobian, every),
        errors=errors,
        log10_d=predicted.log10_d,
        weights=weights,
        jacobian=jacobian,
        cautions=(*doubts, *_unbounded(errors)),
        start=model.start,
        newcomers={},
    )


def _unbounded(errors: Errors) -> list[str]:
    """Say which parts of the errors ended at their limit, as those of two laboratories do."""
    largest = shared_errors.LARGEST
    return [
        f"error by {name}: too few of them to tell it, so that it ended at its limit of "
        f"{largest:g}; the intervals are as wide as that"
        for name, sd in errors.by_name.items()
        if sd > 0.99 * largest
    ]


def _check_determined(
    model: Model, values: Array, predicted: Prediction, doubts: tuple[str, ...]
) -> None:
    """Refuse constants that the points leave open, and contacts that the law cannot close.

    Standard errors are those of points with errors of usual size, whatever these points have.
    """
    problems = []
    usual = shared_errors.start(model.data, predicted).covariance
    information = predicted.jacobian.T @ np.linalg.solve(usual, predicted.jacobian)
    variances = np.diag(np.linalg.inv(information))
    for name, value, variance in zip(model.free, values, variances, strict=True):
        largest = LARGEST_SD.get(name.partition(".")[0], LARGEST_SD[LOG10_K])
        if not 0.0 <= variance <= largest**2:
            sd = f"{np.sqrt(variance):.3g}" if variance > 0.0 else "unbounded"
            problems.append(
                f"{name} = {value:.4g} is not determined by the points: standard error {sd}, "
                f"above {largest:g}; hold it fixed, or give contacts that answer to it"
            )
        elif name in LIMITS and np.abs(np.array(LIMITS[name]) - value).min() < 1e-3:
            low, high = LIMITS[name]
            problems.append(
                f"{name} = {value:.3g} ended at a limit of {low:g} to {high:g}; hold it fixed"
            )
    used = np.unique(model.data.contact)
    open_ones = [model.data.contacts[b] for b in used if not predicted.found.closed[b]]
    if open_ones:
        problems.append(f"no equilibrium was found of contacts {', '.join(open_ones)}")
    if problems:
        raise CaseError([*problems, *doubts])


def _weighted(errors: Errors, weights: Array) -> dict[str, Array]:
    own = errors.shared[shared_errors.POINT] / np.maximum(weights, 1e-6)
    return {**errors.shared, shared_errors.POINT: own}


def _covariance(errors: Errors, weights: Array) -> Array:
    return replace(errors, shared=_weighted(errors, weights)).covariance


def _least_squares(model: Model, start: Array, covariance: Array) -> tuple[Array, Prediction]:
    """Return the constants that fit best at a given covariance of the points."""
    root = cholesky(covariance, lower=True)
    last: dict[bytes, Prediction] = {}
    near: list[Array] = []

    def predicted(values: Array) -> Prediction:
        key = values.tobytes()
        if key not in last:
            found = model.predict(values, near[-1] if near else None)
            last.clear()
            last[key] = found
            near[:] = [found.found.unknowns] if np.all(found.found.closed) else []
        return last[key]

    def whitened(values: Array) -> Array:
        residual = predicted(values).log10_d - model.data.log10_d
        return solve_triangular(root, residual, lower=True)

    def slopes(values: Array) -> Array:
        return solve_triangular(root, predicted(values).jacobian, lower=True)

    limits = np.array([LIMITS.get(name, (-np.inf, np.inf)) for name in model.free]).T
    inside = np.clip(start, limits[0] + 1e-6, limits[1] - 1e-6)
    found = least_squares(
        whitened,
        inside,
        jac=slopes,  # pyright: ignore[reportArgumentType]
        bounds=limits,
        x_scale="jac",
        xtol=1e-10,
        ftol=1e-10,
    )
    if not np.all(np.isfinite(found.x)):
        raise CaseError("the fit does not settle; hold more constants fixed")
    return found.x, predicted(found.x)
