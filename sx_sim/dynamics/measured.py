"""What a controller can measure: quantities of products, and of single stages."""

from __future__ import annotations

from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import ALONE, Flowsheet
from sx_sim.flowsheet.outputs import element_sum, output, split_output
from sx_sim.flowsheet.quantities import BY_KIND
from sx_sim.flowsheet.result import Result

STAGES = {"stage_pH": "pH", "stage_loading": "loading"}
SPECIES = {"stage_aqueous": "aqueous", "stage_organic": "organic"}
FORMS = (
    "a quantity of a product, such as purity.Nd.raffinate, or of a stage: stage_pH.STAGE, "
    "stage_loading.STAGE, stage_aqueous.ELEMENT.STAGE, stage_organic.ELEMENT.STAGE, the stage as "
    "section.number, of a train circuit.section.number"
)


def check_measure(flowsheet: Flowsheet, name: str) -> None:
    """Raise CaseError if there is no such quantity."""
    kind = name.partition(".")[0]
    if kind in STAGES or kind in SPECIES:
        _stage(flowsheet.circuits, name)
        return
    try:
        _, joined, product = split_output(name)
        element_sum(joined, flowsheet.species, name) if joined else ()
    except CaseError as error:
        told = error.problems if kind in BY_KIND else [f'"{name}": must be {FORMS}']
        raise CaseError(told) from None
    places = flowsheet.products
    if product and flowsheet.place(product) not in places:
        raise CaseError(f'"{name}": no product {product}; there are {", ".join(places)}')


def measure(result: Result, name: str) -> float:
    """Return a quantity by name."""
    kind = name.partition(".")[0]
    if kind not in STAGES and kind not in SPECIES:
        return output(result, name).value
    circuit, symbol, j = _stage(result.flowsheet.circuits, name)
    unit = result.units[circuit]
    if kind in STAGES:
        return float(getattr(unit.stages, STAGES[kind])[j])
    return float(getattr(unit.stages, SPECIES[kind])[j, unit.elements.index(symbol)])


def _stage(circuits, name: str) -> tuple[str, str, int]:
    """Return the circuit, element and stage (from 0) of a quantity of a stage."""
    kind, *rest = name.split(".")
    symbol = rest.pop(0) if kind in SPECIES and rest else ""
    circuit = rest.pop(0) if ALONE not in circuits and rest else ALONE
    if circuit not in circuits:
        raise CaseError(f'"{name}": no circuit {circuit}; there are {", ".join(circuits)}')
    column = circuits[circuit].column
    if symbol and symbol not in column.system.species:
        there = ", ".join(column.system.species)
        raise CaseError(f'"{name}": no {symbol}; there are {there}')
    number = rest[-1] if rest else ""
    sections = {s.name: s for s in column.sections}
    if number.isdigit():
        if len(rest) == 1 and 1 <= int(number) <= column.stages:
            return circuit, symbol, int(number) - 1
        section = sections.get(rest[0]) if len(rest) == 2 else None
        if section is not None and 1 <= int(number) <= section.stages:
            return circuit, symbol, section.first + int(number) - 2
    spans = ", ".join(f"{s.name}.1 to {s.name}.{s.stages}" for s in sections.values())
    raise CaseError(f'"{name}": no such stage; there are {spans}')
