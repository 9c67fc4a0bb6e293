"""What a sweep records of every point, by name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.caution import flags
from sx_sim.cascade.status import Status
from sx_sim.chemistry.elements import is_rare_earth
from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import Flowsheet
from sx_sim.flowsheet.outputs import single
from sx_sim.flowsheet.quantities import FORMS, KINDS, QUANTITIES, Quantity
from sx_sim.flowsheet.result import Result

Array = NDArray[np.float64]
Tables = dict[str, Any]


ALWAYS = {
    one.name: one
    for one in (
        Quantity("status", "1", "how the solve ended", (), lambda r: int(r.status)),
        Quantity(
            "iterations", "1", "factorisations, in columns of full length", (),
            lambda r: r.iterations,
        ),
        Quantity(
            "residual", "1", "largest closure residual, |ln(have / need)|", (),
            lambda r: r.residual,
        ),
        Quantity("cautions", "1", "reasons for care, as flags", (), lambda r: flags_of(r)),
    )
}  # fmt: skip
USUAL = ("purity_reo", "purity_mol", "recovery", "flow", "reo", "pH", "loading")


@dataclass(frozen=True)
class Recorded:
    """What is recorded of every point.

    Parameters
    ----------
    tables : tuple of str
        Of ``QUANTITIES``.
    numbers : tuple of str
        Single numbers, named as outputs of sensitivities are.
    products, elements, species : tuples of str
        The elements are rare earths along their series, then what else is extracted.
    stages : int
        Zero where no profile is recorded.
    """

    tables: tuple[str, ...]
    numbers: tuple[str, ...]
    products: tuple[str, ...]
    elements: tuple[str, ...]
    species: tuple[str, ...] = ()
    stages: int = 0

    @property
    def rare_earths(self) -> tuple[str, ...]:
        """Those of the elements that have purities."""
        return tuple(filter(is_rare_earth, self.elements))

    @property
    def kinds(self) -> dict[str, Quantity]:
        """Everything recorded, by name."""
        chosen = {name: QUANTITIES[name] for name in self.tables}
        return ALWAYS | chosen | {name: single(name) for name in self.numbers}

    @property
    def names(self) -> dict[str, tuple[Any, ...]]:
        """What there is to record along every dimension beside the sweep's."""
        names = {"product": self.products, "element": self.elements, "species": self.species}
        return names | ({"stage": tuple(range(1, self.stages + 1))} if self.stages else {})

    @property
    def labels(self) -> dict[str, tuple[Any, ...]]:
        """The same, of the dimensions that tables have."""
        used = {along for kind in self.kinds.values() for along in kind.along}
        return {along: labels for along, labels in self.names.items() if along in used}

    @property
    def width(self) -> int:
        """Numbers recorded of every point."""
        sizes = {along: len(names) for along, names in self.names.items()}
        return sum(prod(sizes[along] for along in kind.along) for kind in self.kinds.values())

    def empty(self, shape: tuple[int, ...]) -> Tables:
        """Return tables with nothing in them yet, for points of a shape."""
        sizes = {along: len(labels) for along, labels in self.labels.items()}
        tables: Tables = {
            name: np.full((*shape, *(sizes[along] for along in kind.along)), np.nan)
            for name, kind in self.kinds.items()
        }
        tables["status"] = np.full(shape, int(Status.INVALID))
        tables["iterations"] = np.zeros(shape, dtype=np.int64)
        tables["cautions"] = np.zeros(shape, dtype=np.int64)
        return tables

    def write(self, tables: Tables, k: int, result: Result) -> None:
        """Write a result to place ``k`` of the tables; of one that failed, how it did."""
        for name in ("status", "iterations", "residual"):
            tables[name][k] = ALWAYS[name].value(result)
        if not result.converged:
            return
        tables["cautions"][k] = flags_of(result)
        places = [result.elements.index(symbol) for symbol in self.elements]
        for name in self.tables:
            quantity = QUANTITIES[name]
            if "product" not in quantity.along:
                tables[name][k] = quantity.value(result)
                continue
            for p, product in enumerate(self.products):
                if product in result.streams:
                    values = quantity.value(result, product)
                    if "element" in quantity.along:
                        values = values[places]
                    tables[name][k, p] = values
        for name in self.numbers:
            tables[name][k] = single(name).value(result)


def flags_of(result: Result) -> int:
    """Return the reasons for care as flags, in the order of ``CautionKind``."""
    return flags({caution.kind for caution in result.cautions})


def recorded(
    flowsheet: Flowsheet,
    outputs: Sequence[str] | None = None,
    *,
    more: Sequence[str] = (),
    products: Sequence[str] | None = None,
    elements: Sequence[str] | None = None,
) -> Recorded:
    """Return the quantities to record of flowsheets like the one given.

    Parameters
    ----------
    flowsheet : Flowsheet
    outputs : sequence of str, optional
        Names of tables and of single numbers; the usual tables if not given.
    more : sequence of str
        Single numbers beside those.
    products, elements : sequences of str, optional
        Those to record in tables; all if not given.

    Raises
    ------
    CaseError
        If there is no such table, product or element; the message says what there is.
    """
    names = list(dict.fromkeys([*(USUAL if outputs is None else outputs), *more]))
    numbers = tuple(name for name in names if name.partition(".")[0] in KINDS and "." in name)
    tables = tuple(name for name in names if name not in numbers)
    for name in tables:
        if name not in QUANTITIES:
            raise CaseError(f"sweep.outputs: no '{name}'; {_known(name)}")
    profiled = any("stage" in QUANTITIES[name].along for name in tables)
    wanted = None if products is None else [flowsheet.place(name) for name in products]
    return Recorded(
        tables,
        numbers,
        _chosen("products", wanted, tuple(flowsheet.products)),
        _chosen("elements", elements, _elements(flowsheet)),
        flowsheet.species,
        flowsheet.stages if profiled else 0,
    )


def _elements(flowsheet: Flowsheet) -> tuple[str, ...]:
    """Return rare earths and what else is extracted; everything where nothing is."""
    systems = [circuit.column.system for circuit in flowsheet.circuits.values()]
    extracted = {
        symbol
        for system in systems
        for symbol, constants in zip(system.species, system.constants, strict=True)
        if is_rare_earth(symbol) or not constants.inert
    }
    return tuple(s for s in flowsheet.species if s in extracted) or flowsheet.species


def _known(name: str) -> str:
    near = difflib.get_close_matches(name, QUANTITIES, n=1)
    guess = f"did you mean '{near[0]}'? " if near else ""
    return f"{guess}there are {', '.join(QUANTITIES)}, and single numbers {', '.join(FORMS)}"


def _chosen(key: str, wanted: Sequence[str] | None, there: tuple[str, ...]) -> tuple[str, ...]:
    for name in wanted or ():
        if name not in there:
            raise CaseError(f"sweep.{key}: no '{name}'; there are {', '.join(there)}")
    return there if wanted is None else tuple(name for name in there if name in wanted)
