"""Exact sensitivities of a case: what its outputs gain from its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sx_sim.brief import outline
from sx_sim.cases.load import CASE_NEEDED, Case
from sx_sim.errors import ConvergenceError, check_kind
from sx_sim.flowsheet.derivatives import derivatives
from sx_sim.flowsheet.outputs import output
from sx_sim.flowsheet.result import Result
from sx_sim.studies.inputs import input_alone, input_of
from sx_sim.studies.problem import Problem, constant_perturbation
from sx_sim.studies.run import solve

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
MODES = ("auto", "forward", "adjoint")


@dataclass(frozen=True)
class Sensitivity:
    """Derivatives of outputs with respect to parameters, at the solution.

    Parameters
    ----------
    outputs, output_units : tuple of str
        Names, and units where there are any; purities and recoveries are fractions.
    output_values : (O,) array
    parameters, parameter_units : tuple of str
        Paths, and the units they are given in.
    parameter_values : (P,) array
    table : (O, P) array
        d output / d parameter, in those units.
    """

    outputs: tuple[str, ...]
    output_units: tuple[str, ...]
    output_values: Array
    parameters: tuple[str, ...]
    parameter_units: tuple[str, ...]
    parameter_values: Array
    table: Array

    __repr__ = outline

    def of(self, output: str, parameter: str) -> float:
        """Return one derivative; KeyError where it was not asked for."""
        for name, known in ((output, self.outputs), (parameter, self.parameters)):
            if name not in known:
                raise KeyError(f"no '{name}' here; there are {', '.join(known)}")
        return float(self.table[self.outputs.index(output), self.parameters.index(parameter)])

    def to_dataframe(self) -> pd.DataFrame:
        """Return the table with a row per output and a column per parameter; needs pandas."""
        import pandas as pd

        return pd.DataFrame(
            self.table,
            index=pd.Index(self.outputs, name="output"),
            columns=pd.Index(self.parameters, name="parameter"),
        )


def sensitivity(
    case: Case | Result,
    outputs: str | Sequence[str],
    parameters: str | Sequence[str],
    *,
    result: Result | None = None,
    mode: str = "auto",
) -> Sensitivity:
    """Return the derivatives of outputs with respect to parameters, exactly, from one solve.

    Parameters
    ----------
    case : Case or Result
        A result knows its constants and the temperatures of its stages only.
    outputs : str or sequence of str
        ``purity.Dy.raffinate``, ``recovery.Dy.loaded solvent``, ``pH.raffinate`` or
        ``reo.raffinate``; elements may be joined, as in ``purity.Ho+Er.strip liquor``.
    parameters : str or sequence of str
        Paths as a sweep has them, ``constants.Dy.log10_K`` or ``constants.Dy.enthalpy``,
        and ``temperature[17]`` for one stage.
    result : Result, optional
        The case's, if it is already solved.
    mode : {'auto', 'forward', 'adjoint'}
        Forward takes one linear solve per parameter, adjoint one transposed solve per
        output; 'auto' takes the fewer. They agree to rounding.

    Returns
    -------
    Sensitivity

    Raises
    ------
    CaseError
        If an output or a parameter does not exist or has no derivative.
    ConvergenceError
        If the column is not solved.

    Examples
    --------
    >>> import sx_sim
    >>> case = sx_sim.parse_case('''
    ... temperature = "25 degC"
    ... [solvent]
    ... extractant = "hehehp-chloride"
    ... concentration = "1 mol/L"
    ... flow = "200 L/h"
    ... [feeds.liquor]
    ... concentrations = { Nd = "0.1 mol/L", Dy = "0.02 mol/L" }
    ... acid = "0.3 mol/L"
    ... flow = "100 L/h"
    ... [sections.extraction]
    ... stages = 10
    ... ''')
    >>> found = sx_sim.sensitivity(
    ...     case, ["recovery.Nd.loaded solvent"], ["feeds.liquor.acid", "constants.Nd.log10_K"]
    ... )
    >>> found.of("recovery.Nd.loaded solvent", "feeds.liquor.acid") < 0
    True
    >>> found.parameter_units
    ('mol/L', '')
    """
    check_kind(case, (Case, Result), CASE_NEEDED)
    if mode not in MODES:
        raise ValueError(f"mode must be one of {MODES}, not {mode!r}")
    outputs = [outputs] if isinstance(outputs, str) else list(outputs)
    parameters = [parameters] if isinstance(parameters, str) else list(parameters)
    solved = case if isinstance(case, Result) else result or solve(case)
    if not solved.converged:
        raise ConvergenceError(solved.explanation, solved)
    asked = [output(solved, name) for name in outputs]
    if isinstance(case, Result):
        inputs = [input_alone(case, path) for path in parameters]
        moves = [constant_perturbation(case, one.circuit, one.own) for one in inputs]
        table = derivatives(case, asked, moves, mode)
    else:
        inputs = [input_of(case, path) for path in parameters]
        problem = Problem(case, tuple(inputs), tuple(outputs))
        table = problem.slopes(problem.x, result=solved, mode=mode)
    return Sensitivity(
        outputs=tuple(outputs),
        output_units=tuple(one.unit for one in asked),
        output_values=np.array([one.value for one in asked]),
        parameters=tuple(parameters),
        parameter_units=tuple(one.unit for one in inputs),
        parameter_values=np.array([one.value for one in inputs]),
        table=table,
    )
