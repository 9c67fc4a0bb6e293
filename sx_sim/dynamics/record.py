"""What a simulation keeps of its course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.brief import outline
from sx_sim.cases import Case
from sx_sim.cases.simulation import SimulationTable
from sx_sim.chemistry import database
from sx_sim.chemistry.elements import Element, element
from sx_sim.dynamics.cautions import Cautions
from sx_sim.dynamics.checking import recorded
from sx_sim.dynamics.measured import measure
from sx_sim.errors import CaseError
from sx_sim.flowsheet.quantities import QUANTITIES

if TYPE_CHECKING:
    import pandas as pd
    import xarray

    from sx_sim.dynamics.simulation import Simulation
    from sx_sim.flowsheet.result import Result

Array = NDArray[np.float64]
PROFILES = ("pH", "loading", "aqueous", "organic")
MADE = 1e-4  # of the oxides fed, below which a product is not one yet
SIGNALS = ("measured", "set point", "output")  # of a controller


@dataclass(frozen=True)
class SimulationResult:
    """A plant over time.

    Parameters
    ----------
    case : Case
    time : (T,) array
        [h]
    products, species : tuples of str
    tables : mapping of str to array
        Quantities over products, by name of the table: (T, products) or (T, products, species).
    numbers : mapping of str to (T,) array
        Single quantities by name.
    stages : mapping of str to array
        Profiles of all stages, (T, N) or (T, N, species), such as ``pH``.
    section : tuple of str
        Of every stage.
    inputs : mapping of str to (T,) array
        What moved, as the case has numbers once they are read.
    controllers : mapping of str to (T, 3) array
        Measured, set point and output.
    inventory : (T, species) array
        What the plant holds [mol].
    left : (T, products, species) array
        What left so far [mol].
    balance : float
        How far mass is from closed over all the time.
    steps, solves : int
    final : mapping
        The state at the end, from which another simulation can start.
    cautions : tuple of str
        Why to take it with care, and when.
    """

    case: Case
    time: Array
    products: tuple[str, ...]
    species: tuple[str, ...]
    tables: dict[str, Array]
    numbers: dict[str, Array]
    stages: dict[str, Array]
    section: tuple[str, ...]
    inputs: dict[str, Array]
    controllers: dict[str, Array]
    inventory: Array
    left: Array
    balance: float
    steps: int
    solves: int
    final: dict[str, Any] = field(repr=False)
    cautions: tuple[str, ...] = ()

    __repr__ = outline

    def to_xarray(self) -> xarray.Dataset:
        """Return everything with its dimensions and units; needs xarray."""
        import xarray

        def table(name: str, values: Array) -> tuple[Any, ...]:
            quantity = QUANTITIES[name]
            along = ("time", "product", "species")[: values.ndim]
            return along, values, {"units": quantity.unit, "long_name": quantity.long_name}

        found: dict[str, Any] = {name: table(name, v) for name, v in self.tables.items()}
        found |= {
            f"stage_{name}": (("time", "stage", "species")[: v.ndim], v)
            for name, v in self.stages.items()
        }
        found |= {name: ("time", v) for name, v in self.numbers.items()}
        found |= {f"input:{path}": ("time", v) for path, v in self.inputs.items()}
        for name, values in self.controllers.items():
            for k, what in enumerate(SIGNALS):
                found[f"controller:{name}:{what}"] = ("time", values[:, k])
        found["inventory"] = (("time", "species"), self.inventory, {"units": "mol"})
        found["left"] = (("time", "product", "species"), self.left, {"units": "mol"})
        axes = {
            "time": ("time", self.time, {"units": "h"}),
            "product": list(self.products),
            "species": list(self.species),
            "stage": np.arange(1, len(self.section) + 1),
        }
        return xarray.Dataset(found, axes, {"title": self.case.title})

    def to_dataframe(self) -> pd.DataFrame:
        """Return a row per time; needs pandas.

        Columns are the time, then quantities of products, such as ``flow raffinate`` and
        ``purity_reo raffinate Nd``, single quantities, inputs and controllers. Left out are
        profiles, and what is never known, such as the purity of what is no rare earth.
        """
        import pandas as pd

        columns: dict[str, Any] = {"time [h]": self.time}
        for name, values in self.tables.items():
            labels = [self.products, self.species][: values.ndim - 1]
            for place in np.ndindex(*map(len, labels)):
                own = values[:, *place]
                if np.isfinite(own).any():
                    words = (one[i] for one, i in zip(labels, place, strict=True))
                    columns[" ".join([name, *words])] = own
        columns |= self.numbers
        columns |= {f"input {path}": values for path, values in self.inputs.items()}
        for name, values in self.controllers.items():
            for k, signal in enumerate(SIGNALS):
                columns[f"controller {name} {signal}"] = values[:, k]
        return pd.DataFrame(columns)

    def at(self, hours: float) -> xarray.Dataset:
        """Return everything at a time, between records in proportion; needs xarray."""
        if not self.time[0] <= hours <= self.time[-1]:
            raise CaseError(
                f"at({hours:g}): the simulation goes from {self.time[0]:g} to {self.time[-1]:g} h"
            )
        return self.to_xarray().interp(time=hours)

    def series(self, name: str) -> Array:
        """Return a single quantity over time (T,), such as ``purity.Nd.raffinate``.

        Raises
        ------
        CaseError
            If it is not recorded.
        """
        if name in self.numbers:
            return self.numbers[name]
        kind, _, rest = name.partition(".")
        table = {"purity": "purity_reo"}.get(kind, kind)
        if table in self.tables:
            values = self.tables[table]
            symbol, _, product = rest.partition(".") if values.ndim == 3 else ("", "", rest)
            if product in self.products and (not symbol or symbol in self.species):
                own = values[:, self.products.index(product)]
                return own[:, self.species.index(symbol)] if symbol else own
        raise CaseError(f"{name}: is not recorded; give it in simulation.record")

    @cached_property
    def specified(self) -> NDArray[np.bool_]:
        """Whether every specification is met (T,)."""
        met = np.ones(len(self.time), dtype=bool)
        for spec in self.case.content.specifications:
            values = self.series(spec.output)
            met &= values >= (-np.inf if spec.least is None else spec.least)
            met &= values <= (np.inf if spec.most is None else spec.most)
        return met

    @property
    def time_to_specification(self) -> float:
        """When specifications are met for good [h]; infinite if they are not at the end."""
        if not self.case.content.specifications or not self.specified[-1]:
            return np.inf
        missed = np.flatnonzero(~self.specified)
        return float(self.time[missed[-1] + 1]) if missed.size else float(self.time[0])

    @property
    def off_specification(self) -> Array:
        """What left of every species in every product before that (products, species) [mol]."""
        until = self.time_to_specification
        last = len(self.time) - 1 if np.isinf(until) else int(np.searchsorted(self.time, until))
        return np.asarray(self.left[last] - self.left[0])

    def worth(self, prices: Mapping[str, float] | None = None) -> Array:
        """Return what the rare earths are worth that the plant holds (T,) [USD].

        Parameters
        ----------
        prices : mapping of str to float, optional
            Of oxides by element [USD/kg]; those of the data, which know eight elements, if not
            given. What has no price counts for nothing.
        """
        rows = database.read("prices.toml")["oxides"]
        known = {s: row["price"] for s, row in rows.items()} if prices is None else prices
        each = [known.get(s, 0.0) * element(s, self.own).oxide_mass / 1000.0 for s in self.species]
        return np.asarray(self.inventory @ np.array(each))

    @property
    def own(self) -> dict[str, Element]:
        """Elements that the circuits of the case declare."""
        circuits = self.case.flowsheet.circuits.values()
        return {s: one for c in circuits for s, one in c.column.system.own.items()}

    def back(self, name: str, within: float) -> float:
        """Return when a quantity is back for good, within so much of what it was at first [h]."""
        values = self.series(name)
        away = np.flatnonzero(~(np.abs(values - values[0]) <= within))
        if not away.size:
            return float(self.time[0])
        return float(self.time[away[-1] + 1]) if away[-1] + 1 < len(self.time) else np.inf

    def first_seen(self, element: str, within: float = 0.01) -> list[tuple[int, float]]:
        """Return stages by when they first show a change, and when [h]: where a probe tells first.

        Parameters
        ----------
        element : str
            Of the water, or ``pH``.
        within : float
            Share of what was there, or of a unit of pH, beyond which it shows.
        """
        values = self.stages["pH"]
        if element != "pH":
            values = np.log(
                np.maximum(self.stages["aqueous"][:, :, self.species.index(element)], 1e-300)
            )
        moved = np.abs(values - values[0]) > within
        found = [
            (j + 1, float(self.time[int(moved[:, j].argmax())]))
            for j in range(moved.shape[1])
            if moved[:, j].any()
        ]
        return sorted(found, key=lambda one: one[1])


class Record:
    """Collects what is asked for.

    Parameters
    ----------
    plant : Simulation
    table : SimulationTable
    """

    def __init__(self, plant: Simulation, table: SimulationTable) -> None:
        self.plant, self.table = plant, table
        case = plant.case
        self.tables, self.names = recorded(case, table)
        self.products = tuple(plant.plant.products)
        self.rows: list[dict[str, Any]] = []
        self.count = 0
        self.cautions = Cautions()

    @property
    def following(self) -> float:
        """When the next record is due, where they come at intervals [h]."""
        if not self.table.interval:
            return np.inf
        return (self.count + 1) * self.table.interval

    def take_if_due(self) -> None:
        """Keep what there is, unless it is not yet time."""
        if self.table.interval and self.plant.time < self.following * (1.0 - 1e-12):
            return
        self.take()
        if self.table.interval:
            self.count += 1

    def take(self) -> None:
        """Keep what there is."""
        plant = self.plant
        if self.rows and self.rows[-1]["time"] == plant.time:
            return
        result = plant.result
        row: dict[str, Any] = {"time": plant.time}
        for name in self.tables:
            quantity = QUANTITIES[name]
            wide = len(quantity.along) == 2
            none = np.full(len(result.elements), np.nan) if wide else np.nan
            row[name] = np.array(
                [
                    quantity.value(result, place) if place in result.streams else none
                    for place in self.products
                ],
                dtype=float,
            )
        row["numbers"] = {name: _value(result, name) for name in self.names}
        row["stages"] = {name: result.profile(name) for name in PROFILES}
        row["inputs"] = plant.inputs
        row["controllers"] = {
            name: (x.measured, x.set_point, x.output) for name, x in plant.loops.items()
        }
        row["inventory"] = plant.plant.inventory(plant.state_array)[:-2]
        row["left"] = plant.plant.product_amounts(plant.state_array)[:, :-2].copy()
        row["elements"] = result.elements
        self.cautions.take(plant.time, result.cautions)
        self.rows.append(row)

    def met(self) -> bool:
        """Whether the last record meets every specification."""
        numbers = self.rows[-1]["numbers"]
        for spec in self.plant.case.content.specifications:
            value = numbers[spec.output]
            if spec.least is not None and not value >= spec.least:
                return False
            if spec.most is not None and not value <= spec.most:
                return False
        return True

    def result(self) -> SimulationResult:
        """Return what was kept."""
        plant, rows = self.plant, self.rows

        def joined(of: str) -> dict[str, Array]:
            names = list(dict.fromkeys(name for row in rows for name in row[of]))
            nominal = plant.signals.nominal
            return {
                n: np.array([row[of].get(n, nominal.get(n, np.nan)) for row in rows], dtype=float)
                for n in names
            }

        sections = [
            name
            for unit in plant.plant.units.values()
            for s in unit.bank.column.sections
            for name in [s.name] * s.stages
        ]
        return SimulationResult(
            case=plant.case,
            time=np.array([row["time"] for row in rows]),
            products=self.products,
            species=rows[0]["elements"],
            tables={name: np.array([row[name] for row in rows]) for name in self.tables},
            numbers=joined("numbers"),
            stages={name: np.array([row["stages"][name] for row in rows]) for name in PROFILES},
            section=tuple(sections),
            inputs=joined("inputs"),
            controllers=joined("controllers"),
            inventory=np.array([row["inventory"] for row in rows]),
            left=np.array([row["left"] for row in rows]),
            balance=plant.balance,
            steps=plant.steps,
            solves=plant.solves,
            final=plant.state,
            cautions=(*self.cautions.texts, *((plant.alkaline,) if plant.alkaline else ())),
        )


def _value(result: Result, name: str) -> float:
    """Return a number, NaN where there is none yet, such as a purity of next to nothing."""
    kind, _, rest = name.partition(".")
    place = result.flowsheet.place(rest.partition(".")[2])
    stream = result.streams.get(place) if kind.startswith("purity") else None
    if stream is not None and stream.flow * stream.reo < MADE * result.oxides_fed:
        return float("nan")
    try:
        return measure(result, name)
    except CaseError:
        return float("nan")
