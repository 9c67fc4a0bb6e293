"""Numbers as text."""

from __future__ import annotations

import numpy as np


def range_text(values: np.ndarray, digits: int) -> str:
    """Return lowest and highest of numbers, or that they are not known."""
    if np.isnan(values).any():
        return "not known"
    low, high = f"{values.min():.{digits}f}", f"{values.max():.{digits}f}"
    return low if low == high else f"{low} to {high}"
