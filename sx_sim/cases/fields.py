"""The kinds of value a case file holds, and what each one accepts."""

from __future__ import annotations

from math import inf
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic.fields import FieldInfo

from sx_sim import units
from sx_sim.chemistry import database
from sx_sim.chemistry.elements import element
from sx_sim.chemistry.nuclides import nuclide
from sx_sim.chemistry.reagents import base_named
from sx_sim.errors import CaseError

PERCENT_TOLERANCE = 1.0


class Amount(NamedTuple):
    """A concentration in mol/L or g/L."""

    value: float
    unit: str


def _text(value: Any, example: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text with a unit, such as '{example}'")
    return value


def _reader(
    unit: str, low: float, high: float, open_low: bool = False, equal: tuple[str, ...] = ()
) -> BeforeValidator:
    """Return a validator that reads a quantity in ``unit`` and checks its bounds.

    Of units in ``equal`` one is worth one of ``unit``, though of another kind.
    """
    example = units.EXAMPLES[unit]

    def read(value: Any) -> float:
        number, _ = units.parse(_text(value, example), unit, *equal)
        if not low <= number <= high or (open_low and number == low):
            above = f"above {low:g}" if open_low else f"{low:g}"
            raise ValueError(f"must be {above} to {high:g} {unit}, such as '{example}'")
        return number

    read.bounds = low, high  # type: ignore[attr-defined]
    return BeforeValidator(read)


def bounds_of_field(field: FieldInfo) -> tuple[float, float]:
    """Return the bounds of a number of a table, in the unit it is read in."""
    low, high = -inf, inf
    for one in (*field.metadata, *_annotations(field.annotation)):
        bounds = getattr(getattr(one, "func", None), "bounds", (-inf, inf))
        least = [v for v in (getattr(one, "ge", None), getattr(one, "gt", None)) if v is not None]
        most = [v for v in (getattr(one, "le", None), getattr(one, "lt", None)) if v is not None]
        low, high = max(low, bounds[0], *least), min(high, bounds[1], *most)
    return low, high


def _annotations(kind: Any) -> list[Any]:
    """Return the annotations of a type and of the types it is made of."""
    found = [*getattr(kind, "__metadata__", ())]
    for one in get_args(kind):
        found += _annotations(one)
    return found


def _schema(*of: str) -> WithJsonSchema:
    examples = [units.EXAMPLES[unit] for unit in of]
    about = f"quantity in {' or '.join(of)}"
    return WithJsonSchema({"type": "string", "description": about, "examples": examples})


def _amount(value: Any) -> Amount:
    number, unit = units.parse(_text(value, "0.5 mol/L"), "mol/L", "g/L")
    if not 0.0 <= number <= 2000.0:
        raise ValueError("must not be negative, nor above 2000, such as '0.5 mol/L' or '40 g/L'")
    return Amount(number, unit)


def _check_elements(symbols: Any) -> None:
    for symbol in symbols:
        try:
            element(symbol)
        except CaseError as error:
            raise ValueError(str(error)) from None


def _check_composition(value: str | dict[str, float]) -> str | dict[str, float]:
    if isinstance(value, str):
        try:
            database.lookup("feeds", value)
        except CaseError as error:
            raise ValueError(str(error)) from None
        return value
    _check_elements(value)
    for symbol, share in value.items():
        if not 0.0 <= share <= 100.0:
            raise ValueError(f"has {symbol} = {share:g}; each must be 0 to 100 %")
    total = sum(value.values())
    if abs(total - 100.0) > PERCENT_TOLERANCE:
        raise ValueError(f"sums to {total:.4g} %; it must sum to 100 % (within 1)")
    return value


def _check_nuclides(value: dict[str, float]) -> dict[str, float]:
    for name in value:
        try:
            nuclide(name)
        except CaseError as error:
            raise ValueError(str(error)) from None
    return value


def _check_label(value: str) -> str:
    if not value.strip() or value != value.strip() or len(value.split("\n")) > 1 or "\t" in value:
        raise ValueError("a name is one line of text without blanks around it")
    if any(part.strip(" .") == "" for part in value.split("/")):
        raise ValueError("a name must have text on both sides of a '/'")
    return value


def _check_name(value: str) -> str:
    if "." in value:
        near = value.replace(".", "_")
        raise ValueError(
            "paths such as feeds.NAME.pH could not tell this name, for its full stop; "
            f"name it otherwise, such as '{near}'"
        )
    return _check_label(value)


def _base(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base_named(value)
    except CaseError as error:
        raise ValueError(str(error).partition(": ")[2]) from None


def _check_stage(value: int | str) -> int | str:
    if isinstance(value, int) and value < 1:
        raise ValueError("must be 1 or more: stages are counted from 1")
    return value


Label = Annotated[str, AfterValidator(_check_label)]
Name = Annotated[str, AfterValidator(_check_name)]
Base = Annotated[Literal["Na", "NH4", "Mg"], BeforeValidator(_base)]
Flow = Annotated[
    float,
    _reader("L/h", 0.0, 1e9, open_low=True),
    _schema("L/h"),
    Field(examples=["120 L/h"]),
]
Acid = Annotated[
    float,
    _reader("mol/L", 0.0, 20.0, equal=("eq/L",)),
    _schema("mol/L", "eq/L"),
    Field(examples=["1.5 mol/L"]),
]
Extractant = Annotated[
    float,
    _reader("mol/L", 0.0, 5.0, open_low=True),
    _schema("mol/L"),
    Field(examples=["1.5 mol/L"]),
]
MolarMass = Annotated[
    float, _reader("g/mol", 1.0, 1000.0), _schema("g/mol"), Field(examples=["58.93 g/mol"])
]
Temperature = Annotated[
    float, _reader("K", 273.15, 373.15), _schema("K"), Field(examples=["25 degC"])
]
Enthalpy = Annotated[
    float, _reader("kJ/mol", -500.0, 500.0), _schema("kJ/mol"), Field(examples=["5 kJ/mol"])
]
Volume = Annotated[
    float, _reader("L", 0.0, 1e9, open_low=True), _schema("L"), Field(examples=["40 L"])
]
Activity = Annotated[float, _reader("Bq/L", 0.0, 1e15), _schema("Bq/L")]
Activities = Annotated[dict[str, Activity], AfterValidator(_check_nuclides)]
ActivityLimit = Annotated[
    float, _reader("Bq/g", 0.0, 1e12, open_low=True), _schema("Bq/g"), Field(examples=["1 Bq/g"])
]
Time = Annotated[float, _reader("s", 0.0, 1e13), _schema("s"), Field(examples=["90 d"])]
HeatCapacity = Annotated[
    float,
    _reader("kJ/(L*K)", 0.1, 20.0),
    _schema("kJ/(L*K)"),
    Field(examples=["4.1 kJ/(L*K)"]),
]
HeatLoss = Annotated[
    float, _reader("kJ/(h*K)", 0.0, 1e9), _schema("kJ/(h*K)"), Field(examples=["20 W/K"])
]
Strength = Annotated[
    Amount, BeforeValidator(_amount), _schema("mol/L", "g/L"), Field(examples=["0.5 mol/L"])
]
Composition = Annotated[str | dict[str, float], AfterValidator(_check_composition)]
Amounts = dict[str, Strength]
StageReference = Annotated[int | str, AfterValidator(_check_stage)]
