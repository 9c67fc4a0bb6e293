"""What a sweep records of every point, by name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.caution import flags
from sx_sim.cascade.status import Status
from sx_sim.chemistry.elements import is_rare_earth
from sx_sim.errors import CaseError
from sx_sim.flowsheet.flowsheet import Flowsheet
from sx_sim.flowsheet.outputs import FORMS, KINDS, element_sum, output, split_output
from sx_sim.flowsheet.reagents import acid_use, base_use
from sx_sim.flowsheet.result import Result

Array = NDArray[np.float64]
Tables = dict[str, Any]


class Kind(NamedTuple):
    """Of a table: what its last dimensions are, beside those of the sweep, and what it holds."""

    along: tuple[str, ...]
    unit: str
    long_name: str


ALWAYS = {
    "status": Kind((), "1", "how the solve ended"),
    "iterations": Kind((), "1", "factorisations, in columns of full length"),
    "residual": Kind((), "1", "largest closure residual, |ln(have / need)|"),
    "cautions": Kind((), "1", "reasons for care, as flags"),
}
CHOICES = {
    "purity_reo": Kind(
        ("product", "element"), "1", "share of the oxides of all rare earths, by mass"
    ),
    "purity_mol": Kind(("product", "element"), "1", "share of all rare earths, by moles"),
    "recovery": Kind(
        ("product", "element"), "1", "share of what is fed that leaves in the product"
    ),
    "flow": Kind(("product",), "L/h", "flow of the product"),
    "reo": Kind(("product",), "g/L", "rare earths in the product, as oxides"),
    "pH": Kind(("product",), "1", "concentration pH of the product"),
    "loading": Kind((), "1", "highest loading of all stages, NaN where not known"),
    "acid_use": Kind((), "eq/kg", "strong acid used per kilogram of oxides fed"),
    "base_use": Kind((), "eq/kg", "base used per kilogram of oxides fed"),
    "stage_pH": Kind(("stage",), "1", "concentration pH"),
    "stage_loading": Kind(("stage",), "1", "share of the extractant held by metals"),
    "stage_aqueous": Kind(("stage", "species"), "mol/L", "aqueous concentration"),
    "stage_organic": Kind(("stage", "species"), "mol/L", "organic concentration"),
}
USUAL = ("purity_reo", "purity_mol", "recovery", "flow", "reo", "pH", "loading")


@dataclass(frozen=True)
class Recorded:
    """What is recorded of every point.

    Parameters
    ----------
    tables : tuple of str
        Of ``CHOICES``.
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
    def kinds(self) -> dict[str, Kind]:
        """Everything recorded, by name."""
        chosen = {name: CHOICES[name] for name in self.tables}
        single = {name: Kind((), "1", f"{name}, as asked for") for name in self.numbers}
        return ALWAYS | chosen | single

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
        tables["status"][k] = int(result.status)
        tables["iterations"][k] = result.iterations
        tables["residual"][k] = result.residual
        if not result.converged:
            return
        tables["cautions"][k] = flags_of(result)
        whole = {
            "loading": lambda: result.profile("loading").max(),
            "acid_use": lambda: acid_use(result),
            "base_use": lambda: base_use(result),
            "stage_pH": lambda: result.profile("pH"),
            "stage_loading": lambda: result.profile("loading"),
            "stage_aqueous": lambda: result.profile("aqueous"),
            "stage_organic": lambda: result.profile("organic"),
        }
        for name in self.tables:
            if name in whole:
                tables[name][k] = whole[name]()
        for p, name in enumerate(self.products):
            if name in result.streams:
                self._write_product(tables, (k, p), result, name)
        for name in self.numbers:
            tables[name][k] = number(result, name)

    def _write_product(
        self, tables: Tables, place: tuple[int, int], result: Result, name: str
    ) -> None:
        stream, species = result.streams[name], list(result.elements)
        there = [e for e, symbol in enumerate(self.elements) if symbol in species]
        chosen = [species.index(self.elements[e]) for e in there]
        rare = [is_rare_earth(self.elements[e]) for e in there]

        def purities(basis: str) -> Array:
            shares = dict(zip(stream.system.species, stream.purities(basis), strict=True))
            missing = 0.0 if stream.reo > 0.0 else np.nan
            found = [shares.get(self.elements[e], missing) for e in there]
            return np.where(rare, found, np.nan)

        each = {
            "purity_reo": lambda: purities("REO"),
            "purity_mol": lambda: purities("mol"),
            "recovery": lambda: result.recoveries(name)[chosen],
        }
        one = {
            "flow": lambda: stream.flow,
            "reo": lambda: stream.reo,
            "pH": lambda: stream.pH,
        }
        for table in self.tables:
            if table in each:
                tables[table][(*place, there)] = each[table]()
            elif table in one:
                tables[table][place] = one[table]()


def number(result: Result, name: str) -> float:
    """Return an output of a result, NaN where the product is empty."""
    try:
        return output(result, name).value
    except CaseError:
        return np.nan


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
    """Return what to record of flowsheets like the one given.

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
        if name not in CHOICES:
            raise CaseError(f"sweep.outputs: no '{name}'; {_known(name)}")
    profiled = any("stage" in CHOICES[name].along for name in tables)
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


def check_numbers(flowsheet: Flowsheet, names: Sequence[str]) -> None:
    """Raise CaseError for a single number that a flowsheet cannot have."""
    for name in names:
        kind, joined, product = split_output(name)
        place = flowsheet.place(product)
        if place not in flowsheet.products:
            there = ", ".join(flowsheet.products)
            raise CaseError(f"output '{name}': no product '{product}'; there are {there}")
        rare = tuple(filter(is_rare_earth, flowsheet.species))
        element_sum(joined, rare if kind == "purity" else flowsheet.species, name)


def _known(name: str) -> str:
    near = difflib.get_close_matches(name, CHOICES, n=1)
    guess = f"did you mean '{near[0]}'? " if near else ""
    return f"{guess}there are {', '.join(CHOICES)}, and single numbers {', '.join(FORMS)}"


def _chosen(key: str, wanted: Sequence[str] | None, there: tuple[str, ...]) -> tuple[str, ...]:
    for name in wanted or ():
        if name not in there:
            raise CaseError(f"sweep.{key}: no '{name}'; there are {', '.join(there)}")
    return there if wanted is None else tuple(name for name in there if name in wanted)
