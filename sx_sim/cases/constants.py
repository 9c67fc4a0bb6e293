"""Constants of species as inputs of a case: ``constants.Dy.log10_K``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sx_sim.cascade.tangents import CONSTANTS
from sx_sim.errors import CaseError
from sx_sim.units import parse

if TYPE_CHECKING:
    from sx_sim.cases.load import Case

CONSTANT_UNITS = {"enthalpy": "kJ/mol"}


def constant_named(case: Case, path: str) -> tuple[str, str, str]:
    """Return species, name and unit of a constant of a case.

    Raises
    ------
    CaseError
        If there is no such constant.
    """
    _, *parts = path.split(".")
    symbol, name = parts if len(parts) == 2 else ("", "")
    if symbol not in case.species:
        there = ", ".join(case.species)
        raise CaseError(f"'{path}': must be constants.SPECIES.NAME, of {there}", case.name)
    if name not in CONSTANTS:
        raise CaseError(f"'{path}': no '{name}'; there are {', '.join(CONSTANTS)}", case.name)
    return symbol, name, CONSTANT_UNITS.get(name, "")


def constant_number(case: Case, path: str, value: float | str) -> float:
    """Return the number of a value for a constant of a case.

    Raises
    ------
    CaseError
        If there is no such constant, or its unit is missing or of another kind.
    """
    unit = constant_named(case, path)[2]
    if not isinstance(value, str):
        if unit:
            raise CaseError(f"{path} = {value:g}: needs a unit, such as '5 {unit}'", case.name)
        return float(value)
    try:
        return parse(value, unit)[0] if unit else float(value)
    except ValueError as error:
        raise CaseError(f'{path} = "{value}": {error}', case.name) from None
