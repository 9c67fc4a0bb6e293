"""How measurement errors are shared, and how large each part is.

Points of one laboratory share an error of log10 K, points of one laboratory and element
another, and points of one contact an error of log10 D; the rest is each point's own. An error
of log10 K reaches log10 D through the equilibrium, the less the more is extracted.

The standard deviations are estimated by restricted maximum likelihood (Patterson and Thompson,
Biometrika 58, 1971, 545). Few laboratories leave the likelihood flat down to zero, so every
shared part carries the weak penalty of Chung et al. (Psychometrika 78, 2013, 685), which keeps
it off zero without moving it by more than its own uncertainty. What the estimate itself is
uncertain by enters the intervals through Satterthwaite's degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from sx_sim.fitting.isotherms import Isotherms
from sx_sim.fitting.model import Prediction

Array = NDArray[np.float64]

LABORATORY, ELEMENT, CONTACT = "laboratory", "laboratory and element", "contact"
POINT = "point"
SMALLEST, LARGEST = 1e-3, 3.0  # standard deviations in log10 D
START = {LABORATORY: 0.2, ELEMENT: 0.1, CONTACT: 0.05, POINT: 0.1}


@dataclass(frozen=True)
class Errors:
    """Variance components of the points.

    Parameters
    ----------
    shared : mapping of str to (P, P) array
        By name, what a part adds to the covariance of log10 D; the last is each point's own.
    sd : (C,) array
        Standard deviation of every part: of log10 K for laboratories, else of log10 D.
    """

    shared: Mapping[str, Array]
    sd: Array

    @property
    def by_name(self) -> dict[str, float]:
        """Standard deviations by name."""
        return dict(zip(self.shared, self.sd.tolist(), strict=True))

    @property
    def covariance(self) -> Array:
        """Covariance of the points (P, P)."""
        parts = zip(self.shared.values(), self.sd, strict=True)
        return np.sum([part * sd**2 for part, sd in parts], axis=0)


def groups(data: Isotherms) -> dict[str, NDArray[np.bool_]]:
    """Return which points (P, P) share which error, leaving out what cannot be told apart.

    A part needs two groups at least, and has to differ from those before it.
    """
    laboratory = np.equal.outer(data.laboratory, data.laboratory)
    shared = {LABORATORY: laboratory}
    if _crossed(data):
        shared[ELEMENT] = laboratory & np.equal.outer(data.element, data.element)
    shared[CONTACT] = np.equal.outer(data.contact, data.contact)
    found: dict[str, NDArray[np.bool_]] = {}
    for name, same in shared.items():
        known = [*found.values(), np.eye(data.points, dtype=bool)]
        if not same.all() and not any(np.array_equal(same, k) for k in known):
            found[name] = same
    return found


def parts(data: Isotherms, predicted: Prediction) -> dict[str, Array]:
    """Return the share of each part to the covariance of log10 D (P, P) per its variance."""
    reach = {LABORATORY: predicted.level, ELEMENT: predicted.own}
    found = {}
    for name, same in groups(data).items():
        effect = reach.get(name, np.ones(data.points))
        found[name] = same * np.outer(effect, effect)
    return found | {POINT: np.diag(data.weight**2)}


def _crossed(data: Isotherms) -> bool:
    """Whether laboratories share elements and have several.

    Otherwise a laboratory's level cannot be told from that of its element.
    """
    measured = {(lab, int(e)) for lab, e in zip(data.laboratory, data.element, strict=True)}
    elements = [e for _, e in measured]
    return any(elements.count(e) > 1 for e in set(elements)) and len(set(elements)) > 1


def start(data: Isotherms, predicted: Prediction) -> Errors:
    """Return parts of usual size, to begin with."""
    shared = parts(data, predicted)
    return Errors(shared, np.array([START[name] for name in shared]))


def estimate(errors: Errors, residual: Array, jacobian: Array) -> Errors:
    """Return the parts estimated from residuals (P,) and their derivatives (P, F)."""
    matrices = list(errors.shared.values())

    def objective(log_sd: Array) -> tuple[float, Array]:
        sd = np.exp(log_sd)
        covariance = np.sum([m * s**2 for m, s in zip(matrices, sd, strict=True)], axis=0)
        kept = _Projection.of(covariance, jacobian)
        value = 0.5 * (kept.log_determinants + float(residual @ kept.times(residual)))
        seen = kept.times(residual)
        slope = [
            s**2 * (np.sum(kept.matrix * m) - seen @ m @ seen)
            for m, s in zip(matrices, sd, strict=True)
        ]
        penalty = np.append(np.ones(len(sd) - 1), 0.0)
        return float(value - penalty @ log_sd), np.array(slope) - penalty

    bounds = [(np.log(SMALLEST), np.log(LARGEST))] * len(matrices)
    found = minimize(objective, np.log(errors.sd), jac=True, bounds=bounds, method="L-BFGS-B")
    return Errors(errors.shared, np.exp(found.x))


@dataclass(frozen=True)
class _Projection:
    """P = V^-1 - V^-1 J (J' V^-1 J)^-1 J' V^-1, which takes the fitted constants out."""

    matrix: Array
    log_determinants: float

    @classmethod
    def of(cls, covariance: Array, jacobian: Array) -> _Projection:
        factor = cho_factor(covariance, lower=True)
        inverse = cho_solve(factor, np.eye(len(covariance)))
        weighted = inverse @ jacobian
        information = jacobian.T @ weighted
        matrix = inverse - weighted @ np.linalg.solve(information, weighted.T)
        size = 2 * np.log(np.diag(factor[0])).sum() + np.linalg.slogdet(information)[1]
        return cls(matrix, float(size))

    def times(self, vector: Array) -> Array:
        return self.matrix @ vector


def projected(errors: Errors, covariance: Array, residual: Array, jacobian: Array) -> Array:
    """Return each point's own residual over its standard deviation, the shared parts taken out.

    ``covariance`` may hold points of less weight than ``errors`` has.
    """
    kept = _Projection.of(covariance, jacobian)
    own = np.diag(covariance - (errors.covariance - errors.shared[POINT] * errors.sd[-1] ** 2))
    leverage = np.clip(own * np.diag(kept.matrix), 0.2, 1.0)
    base = errors.sd[-1] * np.sqrt(np.diag(errors.shared[POINT]))
    return own * kept.times(residual) / (base * np.sqrt(leverage))


def degrees_of_freedom(
    errors: Errors, covariance: Array, jacobian: Array, directions: Array
) -> Array:
    """Return Satterthwaite's degrees of freedom of sums of constants.

    Parameters
    ----------
    errors : Errors
    covariance : (P, P) array
        Of the points, those of less weight with more.
    jacobian : (P, F) array
    directions : (D, F) array
        Which sums: the identity for the constants themselves.

    Returns
    -------
    (D,) array
        At least 1.
    """
    kept = _Projection.of(covariance, jacobian).matrix
    weighted = np.linalg.solve(covariance, jacobian)
    constants = np.linalg.inv(jacobian.T @ weighted)
    spread = directions @ constants @ weighted.T  # (D, P)
    matrices = list(errors.shared.values())
    own = covariance - errors.covariance + matrices[-1] * errors.sd[-1] ** 2
    matrices[-1] = own / errors.sd[-1] ** 2
    variance = np.sum((directions @ constants) * directions, axis=1)
    slopes = np.array([np.sum((spread @ m) * spread, axis=1) for m in matrices])  # (C, D)
    seen = [kept @ m for m in matrices]
    information = 0.5 * np.array([[np.sum(a * b.T) for b in seen] for a in seen])
    uncertain = np.sum(slopes * np.linalg.lstsq(information, slopes, rcond=1e-12)[0], axis=0)
    return np.maximum(2.0 * variance**2 / np.maximum(uncertain, 1e-300), 1.0)
