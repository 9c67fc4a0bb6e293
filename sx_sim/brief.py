"""Numbers and objects in few words: what pictures, tables and a prompt show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

MOST = 60  # characters of a value


def plain(value: float, digits: int = 4) -> str:
    """Return a number in so many digits, large ones written out.

    Examples
    --------
    >>> plain(10000.0), plain(123456.0), plain(0.1999), plain(2e-7)
    ('10000', '123500', '0.1999', '2e-07')
    """
    return f"{float(f'{value:.{digits}g}'):.12g}"


def percent_text(share: float) -> str:
    """Return a share in per cent, with as many nines as it has.

    Examples
    --------
    >>> percent_text(0.5), percent_text(0.99912), percent_text(0.9999995)
    ('50 %', '99.91 %', '>99.9999 %')
    """
    missing = 1.0 - share
    if missing < 1e-6:
        return ">99.9999 %"
    for digits, limit in ((4, 1e-5), (3, 1e-4), (2, 1e-3), (2, 1e-2)):
        if missing < limit:
            return f"{100 * share:.{digits}f} %"
    return f"{100 * share:.3g} %"


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
