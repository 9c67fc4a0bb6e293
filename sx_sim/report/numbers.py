"""Numbers as text."""

from __future__ import annotations

import numpy as np

NEGLIGIBLE = 1e-8  # [%]


def percent(fraction: float) -> str:
    """Return a fraction as per cent, with the digits that matter near 0 and 100.

    Examples
    --------
    >>> percent(0.5), percent(0.99995), percent(1 - 1e-9), percent(2e-7), percent(1e-30)
    ('50.00', '99.9950', '>99.99999', '2.0e-05', '0')
    """
    if not np.isfinite(fraction):
        return "-"
    value, missing = 100 * fraction, 100 * (1 - fraction)
    if abs(missing) < NEGLIGIBLE:
        return "100"
    if abs(value) < NEGLIGIBLE:
        return "0"
    if value < 0.01:
        return f"{value:.1e}"
    if missing < 1e-5:
        return ">99.99999"
    digits = 2 if missing >= 0.1 else 1 - int(np.floor(np.log10(missing)))
    return f"{value:.{min(digits, 5)}f}"


def range_text(values: np.ndarray, digits: int) -> str:
    """Return lowest and highest of numbers, or that they are not known."""
    if np.isnan(values).any():
        return "not known"
    low, high = f"{values.min():.{digits}f}", f"{values.max():.{digits}f}"
    return low if low == high else f"{low} to {high}"
