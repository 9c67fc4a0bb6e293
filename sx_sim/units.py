"""Units at the boundary: text in, plain numbers in internal units out.

Inside, concentrations are mol/L or g/L, flows L/h, temperatures K, enthalpies kJ/mol,
volumes L, activities Bq, and times of storage s.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

EXAMPLES = {
    "L/h": "120 L/h",
    "mol/L": "1.5 mol/L",
    "g/L": "40 g/L",
    "K": "25 degC",
    "kJ/mol": "5 kJ/mol",
    "L": "40 L",
    "Bq/L": "15 Bq/L",
    "Bq/g": "1 Bq/g",
    "s": "90 d",
    "kJ/(L*K)": "4.1 kJ/(L*K)",
    "kJ/(h*K)": "20 W/K",
}
NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*$")


@cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry(cache_folder=None)


@lru_cache(maxsize=4096)
def parse(text: str, *units: str) -> tuple[float, str]:
    """Read a quantity and convert it to the first of ``units`` it has the dimension of.

    Parameters
    ----------
    text : str
        A number and a unit, such as ``"25 degC"``.
    *units : str
        Internal units to try in turn.

    Returns
    -------
    value : float
    unit : str
        The one it was converted to.

    Raises
    ------
    ValueError
        If there is no number, no unit, or none of the units fits.

    Examples
    --------
    >>> parse("40 g/L", "mol/L", "g/L")
    (40.0, 'g/L')
    """
    import pint

    example = " or ".join(f"'{EXAMPLES.get(unit, f'1 {unit}')}'" for unit in units)
    found = NUMBER.match(text)
    if not found:
        raise ValueError(f"must be a number and a unit, such as {example}")
    number, unit_text = found.groups()
    if not unit_text:
        raise ValueError(f"needs a unit, such as {example}")
    try:
        given = _registry().Quantity(float(number), unit_text)
    except (pint.UndefinedUnitError, pint.errors.DefinitionSyntaxError, ValueError, TypeError):
        raise ValueError(f"has an unknown unit '{unit_text}'; write such as {example}") from None
    for unit in units:
        if given.check(_registry().Quantity(1, unit).dimensionality):
            return float(given.to(unit).magnitude), unit
    raise ValueError(f"has the wrong kind of unit '{unit_text}'; write such as {example}")


def to_internal(value: float | str, unit: str) -> float:
    """Return a number as it is, and text converted to ``unit``.

    Examples
    --------
    >>> to_internal("25 degC", "K")
    298.15
    """
    return parse(value, unit)[0] if isinstance(value, str) else float(value)


def convert(value: float, unit: str, to: str) -> float:
    """Return a number in another unit of the same kind.

    Examples
    --------
    >>> convert(25.0, "degC", "K")
    298.15
    """
    return float(_registry().Quantity(value, unit).to(to).magnitude)
