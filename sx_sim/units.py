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
    "eq/L": "0.1 eq/L",
    "g/L": "40 g/L",
    "K": "25 degC",
    "kJ/mol": "5 kJ/mol",
    "g/mol": "58.93 g/mol",
    "L": "40 L",
    "Bq/L": "15 Bq/L",
    "Bq/g": "1 Bq/g",
    "s": "90 d",
    "kJ/(L*K)": "4.1 kJ/(L*K)",
    "kJ/(h*K)": "20 W/K",
    "volpct": "30 vol%",
}
LONGEST = 80  # characters of a quantity

# Words that plants write and pint has no unit for, or another one.
WORDS = {
    "gpm": "(gallon/minute)",  # of the United States
    "lpm": "(L/minute)",
    "lph": "(L/h)",
    "gpl": "(g/L)",
    "ppm": "(mg/L)",
    "ppb": "(ug/L)",
    "N": "(eq/L)",
    "C": "degC",
    "F": "degF",
}
WORDS |= {word.upper(): meaning for word, meaning in WORDS.items() if word[1:]}
PERCENT = re.compile(r"%\s?\(?(v/v|vol\.?)\)?|(v/v|vol\.?)[ -]?%")

NUMBER = re.compile(r"\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)(?![0-9,])(.*)")
COMMA = re.compile(r"\s*[-+]?[0-9.]+,[0-9]")
WORD = r"[A-Za-zµμ°%]+(?:(?:\^|\*\*)?-?[1-9])?"
PRODUCT = rf"{WORD}(?:(?: ?[*·] ?| ){WORD})*"
UNIT = re.compile(rf"{PRODUCT}(?: ?/ ?(?:{WORD}|\({PRODUCT}\)))*")
FACTOR = re.compile(r"([A-Za-zµμ°%]+)(?:\^|\*\*)?(-?[1-9])?")


@cache
def _registry() -> Any:
    import pint

    registry = pint.UnitRegistry(cache_folder=None)
    registry.define("equivalent = [equivalent] = eq")  # of acid or base
    registry.define("volume_percent = [volume_share] = volpct")
    return registry


def split(text: str) -> tuple[float, str]:
    """Return number and unit of a quantity, the unit empty where there is none.

    Raises
    ------
    ValueError
        If it does not begin with a number, or is too long to be a quantity.

    Examples
    --------
    >>> split("2.4 m3/d")
    (2.4, 'm3/d')
    """
    if len(text) > LONGEST:
        raise ValueError(f"is {len(text)} characters long; a quantity has at most {LONGEST}")
    found = NUMBER.fullmatch(text)
    if COMMA.match(text):
        raise ValueError("has a comma in its number: write a decimal point, 1.5 and not 1,5")
    if not found:
        raise ValueError("must be a number and a unit")
    return float(found[1]), found[2].strip()


@lru_cache(maxsize=1024)
def _unit(text: str) -> Any:
    """Return a unit, of the grammar above; LookupError if there is none of these words."""
    import pint

    text = PERCENT.sub("volpct", text)
    if not UNIT.fullmatch(text):
        raise LookupError(text)
    written = FACTOR.sub(lambda found: _factor(*found.groups()), text.replace("·", "*"))
    try:
        return _registry().Unit(written)
    except (pint.PintError, AttributeError, ValueError, TypeError) as error:
        raise LookupError(text) from error


def _factor(word: str, power: str | None) -> str:
    meaning = WORDS.get(word, word)
    return f"{meaning}**{power}" if power else meaning


def parse(text: str, *units: str) -> tuple[float, str]:
    """Read a quantity and convert it to the first of ``units`` it has the dimension of.

    Parameters
    ----------
    text : str
        A number and a unit, such as ``"25 degC"``: words with small whole powers, written
        ``m3``, ``m^3`` or ``m**3``, multiplied with ``*`` or a blank, divided with ``/``.
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
    >>> parse("30 L/min", "L/h")
    (1800.0, 'L/h')
    """
    example = " or ".join(f"'{EXAMPLES.get(unit, f'1 {unit}')}'" for unit in units)
    try:
        number, unit_text = split(text)
    except ValueError as error:
        raise ValueError(f"{error}, such as {example}") from None
    if not unit_text:
        raise ValueError(f"needs a unit, such as {example}")
    try:
        given = _unit(unit_text)
    except LookupError:
        raise ValueError(f"has an unknown unit '{unit_text}'; write such as {example}") from None
    for unit in units:
        if given.dimensionality == _unit(unit).dimensionality:
            return float(_registry().Quantity(number, given).to(_unit(unit)).magnitude), unit
    of = " (a share of volume is vol%)" if unit_text == "%" else ""
    raise ValueError(f"has the wrong kind of unit '{unit_text}'{of}; write such as {example}")


def to_internal(value: float | str, unit: str) -> float:
    """Return a number as it is, and text converted to ``unit``.

    Examples
    --------
    >>> to_internal("25 degC", "K")
    298.15
    """
    return parse(value, unit)[0] if isinstance(value, str) else float(value)


def same_kind(unit: str, other: str) -> bool:
    """Return whether one unit can be converted to another.

    Examples
    --------
    >>> same_kind("gpm", "L/h"), same_kind("N", "mol/L")
    (True, False)
    """
    return _unit(unit).dimensionality == _unit(other).dimensionality


def convert(value: float, unit: str, to: str) -> float:
    """Return a number in another unit of the same kind.

    Examples
    --------
    >>> convert(25.0, "degC", "K")
    298.15
    """
    return float(_registry().Quantity(value, _unit(unit)).to(_unit(to)).magnitude)
