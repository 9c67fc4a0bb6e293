"""Derivatives of a column's outputs by its inputs, forward or adjoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.changes import Change, along_species, along_stages
from sx_sim.cascade.linearise import Linearised
from sx_sim.cascade.outputs import Output
from sx_sim.cascade.results import Result

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Input:
    """One input of a result.

    Parameters
    ----------
    change : callable
        Gives what the input changes, per its unit.
    constant : str, optional
        The constant that it is, of the species of place ``place``; ``temperature`` where it
        is that of a stage of that place. All of a kind then cost an output no more than one.
    place : int
    """

    change: Callable[[], Change]
    constant: str = ""
    place: int = 0


def derivatives(
    result: Result, outputs: list[Output], inputs: Sequence[Input], mode: str = "auto"
) -> Array:
    """Return what outputs gain from inputs (outputs, inputs).

    Parameters
    ----------
    result : Result
        Converged.
    outputs : list of Output
    inputs : sequence of Input
    mode : {'auto', 'forward', 'adjoint'}
        A solve per input, or a transposed one per output; 'auto' takes the fewer.
    """
    linearised = Linearised(result)
    if result.column.settling is not None:
        if mode == "adjoint":
            raise ValueError("there is no adjoint of stages that are not ideal")
        mode = "forward"
    if mode == "auto":
        mode = "adjoint" if len(outputs) < len(inputs) else "forward"
    if mode == "forward":
        columns = [linearised.gains(one.change(), outputs) for one in inputs]
        return np.array(columns).reshape(len(inputs), len(outputs)).T
    changes = [None if one.constant else one.change() for one in inputs]
    table = np.empty((len(outputs), len(inputs)))
    for row, output in zip(table, outputs, strict=True):
        gradient = linearised.gradient(output)
        known: dict[str, Array] = {}
        for k, (one, change) in enumerate(zip(inputs, changes, strict=True)):
            if change is not None:
                row[k] = change.dot(gradient)
                continue
            if one.constant not in known:
                known[one.constant] = _along(result, gradient, one.constant)
            row[k] = known[one.constant][one.place]
    return table


def _along(result: Result, gradient: Change, constant: str) -> Array:
    if constant == "temperature":
        return along_stages(result, gradient)
    return along_species(result, gradient, constant)
