"""What the usual uncertainties of a plant and of its constants do to its products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.column import RAFFINATE
from sx_sim.cases.load import Case
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import Flowsheet
from sx_sim.flowsheet.outputs import output, split_output
from sx_sim.flowsheet.result import Result
from sx_sim.flowsheet.steady import solve_flowsheet
from sx_sim.output_files import write_rows
from sx_sim.studies.inputs import nominal
from sx_sim.studies.problem import Problem
from sx_sim.units import convert

Array = NDArray[np.float64]
PH_SHIFT = 0.05
FLOW_SHIFT = 0.01  # of the flow
SAPONIFICATION_SHIFT = 0.01
ROUNDING = 1e-14  # effects on a fraction below this are what is left of its digits
PRODUCT_SHARE = 0.01  # of all oxides fed, that a product has to carry
SHARES = ("purity", "recovery")


@dataclass(frozen=True)
class Shift:
    """One uncertainty: which inputs move together, and by how much.

    Parameters
    ----------
    name : str
    inputs : tuple of str
        Paths.
    size : float
        In the unit of each.
    by : str
        The size in words.
    """

    name: str
    inputs: tuple[str, ...]
    size: float
    by: str

    @property
    def label(self) -> str:
        """Name and size."""
        return f"{self.name}, {self.by}"

    def of_circuit(self, name: str) -> Shift:
        """Return it as one of a circuit of a train."""
        if not name:
            return self
        inputs = tuple(f"circuits.{name}.{path}" for path in self.inputs)
        return replace(self, name=f"{name}: {self.name}", inputs=inputs)


@dataclass(frozen=True)
class Tornado:
    """What shifts do to what matters of every product; the largest first.

    Parameters
    ----------
    kind : {'purity', 'recovery', 'pH'}
        What that is: purities where there are rare earths.
    measures : tuple of str
        In words, one per product that carries anything, or per species and product.
    values : (M,) array
        Themselves, shares as fractions.
    shifts : tuple of Shift
    up, down : (M, L) arrays
        What each shift adds to each of them, made as written and the other way; solved, and
        NaN where that failed or leaves nothing of the product.
    solved_up, solved_down : (L,) arrays of bool
        Whether each shift was solved, so that NaN says that nothing is left of a product.
    linear : (M, L) array
        The same to first order, by exact sensitivities.
    """

    kind: str
    measures: tuple[str, ...]
    values: Array
    shifts: tuple[Shift, ...]
    up: Array
    down: Array
    solved_up: NDArray[np.bool_]
    solved_down: NDArray[np.bool_]
    linear: Array

    @property
    def ways(self) -> tuple[tuple[Array, NDArray[np.bool_]], ...]:
        """Effects (M, L) and whether they are solved (L,): as written, and the other way."""
        return (self.up, self.solved_up), (self.down, self.solved_down)

    @property
    def largest(self) -> Array:
        """Larger effect of either way (M, L); infinite where one leaves no number."""
        size = np.maximum(np.abs(self.up), np.abs(self.down))
        return np.where(np.isnan(size), np.inf, size)

    @property
    def factor(self) -> float:
        """From shares to per cent, one for what is no share."""
        return 100.0 if self.kind in SHARES else 1.0

    @property
    def unit(self) -> str:
        """Of the effects as shown."""
        return "percentage points" if self.kind in SHARES else self.kind

    def write_csv(self, path: str | Path) -> None:
        """Write one row per shift; effects in ``unit``, or why there is none.

        Raises
        ------
        CaseError
            If the file cannot be written.
        """
        always = np.ones(len(self.shifts), dtype=bool)
        ways = dict(zip(("up", "down", "linear"), (*self.ways, (self.linear, always)), strict=True))
        effects = [f"{name}, {way} [{self.unit}]" for name in self.measures for way in ways]
        rows: list[list[str]] = [["shift", "inputs", "size", *effects]]
        for k, shift in enumerate(self.shifts):
            numbers = [
                no_number(table[m, k], bool(solved[k])) or repr(float(self.factor * table[m, k]))
                for m in range(len(self.measures))
                for table, solved in ways.values()
            ]
            rows.append([shift.label, "; ".join(shift.inputs), repr(shift.size), *numbers])
        write_rows(path, rows)


def no_number(effect: float, solved: bool) -> str:
    """Return why a shift has no effect that is a number, nothing if it has.

    Examples
    --------
    >>> no_number(np.nan, True), no_number(np.nan, False), no_number(0.1, True)
    ('nothing left', 'not solved', '')
    """
    if not np.isnan(effect):
        return ""
    return "nothing left" if solved else "not solved"


def tornado(case: Case, result: Result) -> Tornado:
    """Return the effects of the usual shifts on the purity of every product.

    Without rare earths it is the recovery of every species in every product, and the pH of
    products where nothing but acid is fed.

    These are 0.05 in the pH of every acid that enters, 1 degC, 1 % of every flow, 0.01 of
    saponification and one standard deviation of every constant of a species.

    Parameters
    ----------
    case : Case
    result : Result
        Of that case, converged.
    """
    measures = measures_of(case, result)
    shifts = [*operating_shifts(case), *constant_shifts(case.flowsheet)]
    inputs = list(dict.fromkeys(path for shift in shifts for path in shift.inputs))
    problem = Problem.of(case, inputs, list(measures.values()))
    values = np.array([output(result, name).value for name in measures.values()])
    table = problem.slopes(problem.x, result=result)
    up, down, linear = np.zeros((3, len(measures), len(shifts)))
    solved_up, solved_down = np.zeros((2, len(shifts)), dtype=bool)
    for k, shift in enumerate(shifts):
        chosen = [inputs.index(path) for path in shift.inputs]
        linear[:, k] = shift.size * table[:, chosen].sum(axis=1)
        for effects, solved, share in ((up, solved_up, 1.0), (down, solved_down, -1.0)):
            moved = _solved(problem, result, shift, share)
            solved[k] = moved is not None
            effects[:, k] = [_value(moved, name) for name in measures.values()]
            effects[:, k] -= values
    for effects in (up, down, linear):
        effects[np.abs(effects) < ROUNDING] = 0.0
    as_found = Tornado(
        next(iter(measures.values()), "purity").partition(".")[0],
        tuple(measures),
        values,
        tuple(shifts),
        up,
        down,
        solved_up,
        solved_down,
        linear,
    )
    return _sorted(as_found)


def _sorted(found: Tornado) -> Tornado:
    """Return a tornado with the largest shifts first."""
    order = np.argsort(-found.largest.max(axis=0, initial=0.0), kind="stable")
    return replace(
        found,
        shifts=tuple(found.shifts[k] for k in order),
        up=found.up[:, order],
        down=found.down[:, order],
        solved_up=found.solved_up[order],
        solved_down=found.solved_down[order],
        linear=found.linear[:, order],
    )


def _solved(problem: Problem, result: Result, shift: Shift, share: float) -> Result | None:
    """Return the flowsheet solved with a share of a shift made, none if that fails."""
    moved = [share * shift.size * (one.path in shift.inputs) for one in problem.inputs]
    try:
        found = solve_flowsheet(problem.set(problem.x + moved), start=result, throw=False)
    except CaseError:
        return None
    return found if found.converged else None


def _value(result: Result | None, name: str) -> float:
    """Return an output, NaN where a column was not solved or nothing is left of a product."""
    kind, _, product = split_output(name)
    stream = result and result.streams.get(product)
    if not (result and stream):
        return np.nan
    if kind == "purity" and not result.carries(stream):
        return np.nan
    return output(result, name).value


def purities(case: Case, result: Result) -> dict[str, str]:
    """Return the purity that matters in every product, label to output.

    With a cut, that of the lighter side in the raffinate and elsewhere of the side there
    is more of; without one, and in a train, that of the element there is most of. Products
    that carry less than ``PRODUCT_SHARE`` are left out.
    """
    rare, cut = result.rare_earths, None if case.parts else case.file.cut
    found = {}
    for name, stream in result.streams.items():
        if stream.flow * stream.reo < PRODUCT_SHARE * result.oxides_fed:
            continue
        label, chosen = stream.leading, [stream.leading]
        if cut:
            light, heavy = cut
            lighter, heavier = rare[: rare.index(light) + 1], rare[rare.index(heavy) :]
            if name == RAFFINATE or stream.purity(lighter) > stream.purity(heavier):
                label, chosen = f"{light} and lighter", lighter
            else:
                label, chosen = f"{heavy} and heavier", heavier
        ends = chosen[0] if len(chosen) == 1 else f"{chosen[0]}-{chosen[-1]}"
        called = result.flowsheet.names.get(name, name)
        found[f"{label} in {called}"] = f"purity.{ends}.{name}"
    return found


def measures_of(case: Case, result: Result) -> dict[str, str]:
    """Return the main quantities of every product, label to output.

    ``purities``; without rare earths recoveries of all species extracted, in the products that
    carry more than ``PRODUCT_SHARE`` of them; of acid alone the pH of products.
    """
    if result.rare_earths:
        return purities(case, result)
    fed = [s for s, amount in zip(result.elements, result.fed, strict=True) if amount > 0.0]
    systems = [circuit.column.system for circuit in result.flowsheet.circuits.values()]
    inert = {s for system in systems for s in system.species if system.is_inert(s)}
    extracted = [symbol for symbol in fed if symbol not in inert]
    found = {
        f"{symbol} in {name}": f"recovery.{symbol}.{name}"
        for symbol in extracted or fed
        for name in result.streams
        if result.recovery(symbol, name) > PRODUCT_SHARE
    }
    wet = [name for name, stream in result.streams.items() if stream.phase == "aqueous"]
    return found or {f"pH of {name}": f"pH.{name}" for name in wet}


def operating_shifts(case: Case) -> list[Shift]:
    """Return the shifts of acids, temperatures, flows and saponification of a case."""
    return [
        shift.of_circuit(name) for name, part in case.circuits.items() for shift in _operating(part)
    ]


def _operating(case: Case) -> list[Shift]:
    file = case.file
    shifts = []
    tables = {f"feeds.{name}": table for name, table in file.feeds.items()}
    liquors = tables | {f"sections.{name}": table for name, table in file.sections.items()}
    for key, table in liquors.items():
        name = key.partition(".")[2]
        titrated = getattr(table, "reflux", None) and case.column.system.holds_acid
        if table.acid and titrated:
            size = table.acid * (10.0**-PH_SHIFT - 1.0)
            shifts.append(Shift(f"acid of {name}", (f"{key}.acid",), size, f"{size:+.2g} mol/L"))
        elif table.pH is not None or table.acid:
            shifts.append(Shift(f"pH of {name}", (f"{key}.pH",), PH_SHIFT, f"+{PH_SHIFT:g}"))
    if not all(table.temperature for table in file.sections.values()):
        shifts.append(_warmer(case, "temperature", "temperature"))
    for name, table in file.sections.items():
        if table.temperature:
            shifts.append(_warmer(case, f"sections.{name}.temperature", f"temperature of {name}"))
    sized = {"solvent": file.solvent} | liquors
    sized |= {f"draws.{name}": table for name, table in file.draws.items()}
    for key, table in sized.items():
        name = key.partition(".")[2] or key
        for form, words in (("flow", "flow"), ("oa", "O/A"), ("fraction", "fraction")):
            if getattr(table, form, None) is not None:
                path = f"{key}.{form}"
                size = FLOW_SHIFT * nominal(case, path)[0]
                shifts.append(Shift(f"{words} of {name}", (path,), size, "+1 %"))
    if file.solvent.saponification > 0:
        size = SAPONIFICATION_SHIFT
        shifts.append(Shift("saponification", ("solvent.saponification",), size, f"+{size:g}"))
    return shifts


def _warmer(case: Case, path: str, words: str) -> Shift:
    unit = nominal(case, path)[1]
    size = convert(274.15, "K", unit) - convert(273.15, "K", unit)
    return Shift(words, (path,), size, "+1 °C")


def constant_shifts(flowsheet: Flowsheet) -> list[Shift]:
    """Return one standard deviation of each species' constants, and of what they share.

    Circuits that go by one set err together.
    """
    shifts: dict[tuple[str, str], Shift] = {}
    systems = {name: c.column.system for name, c in flowsheet.circuits.items()}
    several = len({system.extractant.key for system in systems.values()}) > 1
    for circuit, system in systems.items():
        of_set = f", {system.extractant.key}" if several else ""
        for one in _constant_errors(system):
            key = f"{one.name}{of_set}", one.by
            before = shifts[key].inputs if key in shifts else ()
            inputs = before + one.of_circuit(circuit).inputs
            shifts[key] = replace(one, name=key[0], inputs=inputs)
    return list(shifts.values())


def _constant_errors(system: ChemicalSystem) -> Iterator[Shift]:
    """Yield the errors of the constants of a circuit."""
    rare = [s for s in system.rare_earths if not system.is_inert(s)]
    for name, words, unit, level in (
        ("log10_K", "log10 K", "", system.extractant.level_log10_K_sd),
        ("enthalpy", "enthalpy", " kJ/mol", system.extractant.level_enthalpy_sd),
    ):
        if level > 0 and rare:
            paths = tuple(f"constants.{symbol}.{name}" for symbol in rare)
            yield Shift(f"{words} of all rare earths", paths, level, f"+{level:g}{unit}")
        for symbol, constants in zip(system.species, system.constants, strict=True):
            sd = getattr(constants, f"{name}_sd")
            if sd > 0 and not constants.inert:
                paths = (f"constants.{symbol}.{name}",)
                yield Shift(f"{words} of {symbol}", paths, sd, f"+{sd:g}{unit}")
