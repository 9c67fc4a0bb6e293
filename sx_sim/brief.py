"""Numbers and objects in few words: what pictures, tables and a prompt show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

MOST = 60  # characters of a value
EXACT = 1e-8  # [%] from 0 or 100


def plain(value: float, digits: int = 4) -> str:
    """Return a number in so many digits, large ones written out.

    Examples
    --------
    >>> plain(10000.0), plain(123456.0), plain(0.1999), plain(2e-7)
    ('10000', '123500', '0.1999', '2e-07')
    """
    return f"{float(f'{value:.{digits}g}'):.12g}"


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
    if abs(missing) < EXACT:
        return "100"
    if abs(value) < EXACT:
        return "0"
    if value < 0.01:
        return f"{value:.1e}"
    if missing < 1e-5:
        return ">99.99999"
    digits = 2 if missing >= 0.1 else 1 - int(np.floor(np.log10(missing)))
    return f"{value:.{min(digits, 5)}f}"


def outline(self: Any) -> str:
    """Return the fields of a dataclass in one line, of arrays their shapes, as a ``repr``.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(repr=False)
    ... class Table:
    ...     unit: str
    ...     values: Any
    ...     __repr__ = outline
    >>> Table("mol/L", np.zeros((204, 16)))
    Table(unit='mol/L', values=array of 204 x 16)
    """
    parts = (f"{field.name}={_value(getattr(self, field.name))}" for field in fields(self))
    return f"{type(self).__name__}({', '.join(parts)})"


def _value(value: Any) -> str:
    text = " ".join(repr(value).split())
    if len(text) <= MOST:
        return text
    if isinstance(value, np.ndarray):
        return f"array of {' x '.join(map(str, value.shape))}"
    if isinstance(value, Mapping):
        return f"mapping of {len(value)}"
    return f"{type(value).__name__} of {len(value)}" if hasattr(value, "__len__") else "..."
