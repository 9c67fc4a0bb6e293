"""A problem: a flowsheet as a function of some inputs, giving some outputs, with derivatives.

Sensitivities and designs enter here; nothing is formatted or parsed once it is set up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.tangents import of_constant, of_temperature
from sx_sim.cases.load import CASE_NEEDED, Case
from sx_sim.errors import CaseError, check_kind
from sx_sim.flowsheet.derivatives import FORWARD, STAGE, Constant, Nearby, Perturbation, derivatives
from sx_sim.flowsheet.flowsheet import Flowsheet
from sx_sim.flowsheet.outputs import check_outputs, output, single
from sx_sim.flowsheet.result import Result
from sx_sim.flowsheet.steady import solve_flowsheet, solve_flowsheets
from sx_sim.studies.inputs import Input, input_of

Array = NDArray[np.float64]
# Derivatives from values a small step to either side, or a few to one side at a bound of
# the input, of arrays that are nearly linear in it.
CENTRAL = {-1: -1 / 2, 1: 1 / 2}
BACKWARD = {-k: -w for k, w in FORWARD.items()}


@dataclass(frozen=True)
class Problem:
    """Outputs of a case as functions of some of its inputs.

    Parameters
    ----------
    case : Case
    inputs : tuple of Input
    outputs : tuple of str
        Single numbers, as ``flowsheet.quantities`` names them.

    Examples
    --------
    >>> import sx_sim
    >>> from sx_sim.studies.problem import Problem
    >>> case = sx_sim.load_case("examples/pr_nd.toml")  # doctest: +SKIP
    >>> problem = Problem.of(case, ["solvent.flow"], ["purity.Pr.raffinate"])  # doctest: +SKIP
    >>> problem.values(problem.x), problem.slopes(problem.x)  # doctest: +SKIP
    """

    case: Case
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]

    @classmethod
    def of(cls, case: Case, inputs: Sequence[str], outputs: Sequence[str]) -> Problem:
        """Return the problem of inputs by path and outputs by name.

        Raises
        ------
        CaseError
            If there is no such input or output.
        """
        check_kind(case, Case, CASE_NEEDED)
        check_outputs(case.flowsheet, outputs)
        return cls(case, tuple(input_of(case, path) for path in inputs), tuple(outputs))

    @property
    def x(self) -> Array:
        """The inputs as the case gives them (I,), each in its unit."""
        return np.array([one.value for one in self.inputs])

    def set(self, x: Array) -> Flowsheet:
        """Return the flowsheet at values of the inputs (I,).

        Raises
        ------
        CaseError
            If one is out of its bounds, or they make none.
        """
        values = np.asarray(x, dtype=np.float64).tolist()
        pairs = [(i, v) for i, v in zip(self.inputs, values, strict=True) if v != i.value]
        for one, value in pairs:
            if not one.low <= value <= one.high:
                bounds = f"must be {one.low:g} to {one.high:g} {one.unit}".strip()
                raise CaseError(f"{one.path} = {value:g}: {bounds}", self.case.name)
        numbers = {
            one.path: one.reading.numbers([value])[0]
            for one, value in pairs
            if one.kind != "stage temperature"
        }
        sheet = self.case.at(numbers)
        for one, value in pairs:
            if one.kind == "stage temperature":
                sheet = _warmed(sheet, one, value)
        return sheet

    def solve(self, x: Array, start: Result | None = None) -> Result:
        """Return the result at values of the inputs; errors as ``sx_sim.solve``."""
        return solve_flowsheet(self.set(x), start=start)

    def values(self, x: Array, start: Result | None = None) -> Array:
        """Return the outputs (O,) at values of the inputs (I,); NaN of an empty product."""
        result = self.solve(x, start)
        return np.array([single(name).value(result) for name in self.outputs])

    def batch(self, points: Array) -> Array:
        """Return the outputs (points, O) at many values of the inputs (points, I).

        Neighbouring points start from one another. NaN where a point is not solved.
        """
        sheets: list[Flowsheet | None] = []
        for x in points:
            try:
                sheets.append(self.set(x))
            except CaseError:
                sheets.append(None)
        names = [single(name) for name in self.outputs]
        return np.array(
            [
                [one.value(result) if result and result.converged else np.nan for one in names]
                for result in solve_flowsheets(sheets)
            ]
        ).reshape(len(points), len(names))

    def slopes(self, x: Array, *, result: Result | None = None, mode: str = "auto") -> Array:
        """Return d output / d input (O, I) at values of the inputs (I,), in their units.

        Parameters
        ----------
        x : (I,) array
        result : Result, optional
            The one there, if it is known.
        mode : {'auto', 'forward', 'adjoint'}

        Raises
        ------
        CaseError
            If an output does not exist there, or an input has no derivative.
        """
        found = result or self.solve(x)
        asked = [output(found, name) for name in self.outputs]
        moves = [self._perturbation(found, x, k) for k in range(len(self.inputs))]
        return derivatives(found, asked, moves, mode)

    def _perturbation(self, result: Result, x: Array, k: int) -> Perturbation:
        """Return the perturbation by input ``k`` at values of the inputs."""
        one = self.inputs[k]
        if one.kind == "whole":
            raise CaseError(
                f"parameter '{one.path}': is a whole number and has no derivative", self.case.name
            )
        if one.kind in ("constant", "stage temperature"):
            return constant_perturbation(result, one.circuit, one.own)
        step = replace(one, value=float(x[k])).step
        if step == 0.0:
            raise CaseError(
                f"parameter '{one.path}': is zero, where the column is of another kind; "
                "give it a value above zero",
                self.case.name,
            )
        here, away = self.set(x), np.zeros(len(self.inputs))
        away[k] = step
        refused: CaseError | None = None
        for weights in (CENTRAL, BACKWARD, FORWARD):
            try:
                sheets = [self.set(x + way * away) for way in weights]
            except CaseError as error:
                refused = refused or error
                continue
            for name, circuit in here.circuits.items():
                ideal = circuit.column.settling is None
                if any((s.circuits[name].column.settling is None) != ideal for s in sheets):
                    raise CaseError(
                        f"parameter '{one.path}': stages are ideal as it is, and of another kind "
                        "next to it; make one of them a little less than ideal",
                        self.case.name,
                    )
            steps = [way * step for way in weights]
            return Nearby(sheets, [w / step for w in weights.values()], steps)
        assert refused is not None
        raise refused


def constant_perturbation(result: Result, circuit: str, own: str) -> Constant:
    """Return the perturbation by a constant of a circuit, or the temperature of a stage.

    Parameters
    ----------
    result : Result
    circuit : str
    own : str
        Its path in that circuit.
    """
    found = result.units[circuit].cascade
    if own.startswith("temperature["):
        place = int(own[len("temperature[") : -1]) - 1
        warmed = np.arange(found.column.stages) == place
        return Constant(circuit, STAGE, place, partial(of_temperature, found, warmed))
    _, symbol, name = own.split(".")
    place = found.system.index(symbol)
    return Constant(circuit, name, place, partial(of_constant, found, symbol, name))


def _warmed(sheet: Flowsheet, one: Input, kelvin: float) -> Flowsheet:
    circuit = sheet.circuits[one.circuit]
    temperature = circuit.column.temperature.copy()
    temperature[int(one.own[len("temperature[") : -1]) - 1] = kelvin
    column = replace(circuit.column, temperature=temperature)
    changed = replace(circuit, column=column)
    return replace(sheet, circuits={**sheet.circuits, one.circuit: changed})
