"""What the data of a fit can hardly tell, said by the names of the constants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from sx_sim.fitting.model import Model, Prediction

Array = NDArray[np.float64]

CONDITION = 100.0  # condition index from which a direction counts as ill-determined
SHARE = 0.3  # of a constant's variance that lies in such a direction
RANGES = {"order_dimer": 1.5, "order_acid": 2.0, "log10_beta": 2.0}  # largest over smallest
KELVIN = 10.0


def cautions(model: Model, predicted: Prediction, covariance: Array) -> tuple[str, ...]:
    """Return the parameters that the data hardly determine, one line each.

    Parameters
    ----------
    model : Model
    predicted : Prediction
        At the fitted constants.
    covariance : (P, P) array
        Of the points.
    """
    return (*_narrow(model, predicted), *_together(model, predicted, covariance))


def _narrow(model: Model, predicted: Prediction) -> list[str]:
    """Return the constants whose variable was hardly varied."""
    data = model.data
    used = np.unique(data.contact)
    unknowns = np.exp(predicted.found.unknowns[used])
    spans = {
        "order_dimer": ("extractant concentrations", data.extractant[used]),
        "order_acid": ("acidities", unknowns[:, 0]),
        "log10_beta": ("chloride concentrations", data.anion[used]),
    }
    found = []
    for name, (what, values) in spans.items():
        if name in model.free and values.max() < RANGES[name] * values.min():
            found.append(
                f"{name}: only {what} of {values.min():.3g} to {values.max():.3g} mol/L were "
                "measured; it leans on small differences, better hold it fixed"
            )
    if "enthalpy" in model.free and np.ptp(data.temperature[used]) < KELVIN:
        found.append(f"enthalpy: the temperatures span {np.ptp(data.temperature[used]):.3g} K only")
    labs = dict.fromkeys(data.laboratory.tolist())
    if len(labs) == 1:
        found.append(
            f"all points are of {next(iter(labs))}: the intervals leave out how far laboratories "
            "differ, about 0.3 in log10 K"
        )
    return found


def _together(model: Model, predicted: Prediction, covariance: Array) -> list[str]:
    """Return the constants that can move together unseen (Belsley's variance shares)."""
    root = cholesky(covariance, lower=True)
    seen = solve_triangular(root, predicted.jacobian, lower=True)
    seen = seen / np.linalg.norm(seen, axis=0)
    _, sizes, directions = np.linalg.svd(seen, full_matrices=False)
    parts = (directions / sizes[:, None]) ** 2
    shares = parts / parts.sum(axis=0)
    found = []
    for size, share in zip(sizes, shares, strict=True):
        index = sizes[0] / size
        names = [n for n, s in zip(model.free, share, strict=True) if s > SHARE]
        if index > CONDITION and len(names) > 1:
            found.append(
                f"{', '.join(names)} move together almost unseen (condition index {index:.0f}); "
                "hold one of them fixed"
            )
    return found
