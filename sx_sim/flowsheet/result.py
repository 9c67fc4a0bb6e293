"""A flowsheet as it was solved: one column, a closed circuit or a train."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.caution import Caution
from sx_sim.cascade.checks import Checks
from sx_sim.cascade.column import Column
from sx_sim.cascade.products import Products
from sx_sim.cascade.profile import Profile
from sx_sim.cascade.status import Status
from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.speciation import Speciation
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.errors import OutsideRangeError
from sx_sim.flowsheet.circuit import CircuitResult
from sx_sim.flowsheet.flowsheet import ALONE, Flowsheet, Link, place_of
from sx_sim.flowsheet.treatment import Treatment

if TYPE_CHECKING:
    import pandas as pd
    import xarray

    from sx_sim.flowsheet.ledger import Ledger

Array = NDArray[np.float64]
NEGLIGIBLE = 1e-9  # share of the oxides fed, below which a product is none
TEAR_LIMIT = 1e-11  # change of what passes back between circuits, over what is fed in all


@dataclass(frozen=True)
class Result(Products):
    """A flowsheet as it was solved, or as far as it got.

    What a single column has, such as ``stages`` and ``checks``, a train has in each of its
    ``units``.

    Parameters
    ----------
    flowsheet : Flowsheet
    units : mapping of str to CircuitResult
        The circuits, in the order they were solved in; those that were reached.
    treatments : mapping of Link to Treatment
        What was done to the liquors between them.
    passes : int
        Through all circuits.
    mismatch : float
        Largest change of what passes back from a later circuit to an earlier one in the last
        pass, over what is fed in all.
    jacobian : (U, U) array
        Of what passes back, as last taken, from which another solve can start.
    """

    flowsheet: Flowsheet
    units: Mapping[str, CircuitResult]
    treatments: Mapping[Link, Treatment]
    passes: int = 1
    mismatch: float = 0.0
    jacobian: Array = field(default_factory=lambda: np.zeros((0, 0)), repr=False)

    def __repr__(self) -> str:
        sheet = self.flowsheet
        if ALONE in sheet.circuits:
            head = f"Result: {self.status.text}; {self.column.summary}"
        else:
            head = (
                f"Result: {self.status.text} in {self.passes} passes; {len(sheet.circuits)} "
                f"circuits, {sheet.stages} stages, {len(self.streams)} products"
            )
        cautions = [f"{len(self.cautions)} cautions"] if self.cautions else []
        shown = map(repr, self.streams.values()) if ALONE in sheet.circuits else ()
        return "\n  ".join([head, *shown, *cautions])

    @cached_property
    def status(self) -> Status:
        """How it ended: as the first circuit that is not solved did, if any."""
        for found in self.units.values():
            if not found.converged:
                return found.status
        whole = len(self.units) == len(self.flowsheet.circuits) and self.mismatch <= TEAR_LIMIT
        return Status.CONVERGED if whole else Status.NOT_CLOSED

    @property
    def converged(self) -> bool:
        """Whether every circuit is solved and nothing that passes back still changes."""
        return self.status == Status.CONVERGED

    @property
    def explanation(self) -> str:
        """How it ended, and what may help."""
        for name, found in self.units.items():
            if not found.converged:
                where = f"circuit '{name}': " if name else ""
                return f"{where}{found.explanation}"
        if self.converged:
            return f"{self.status.text}. {self.status.advice}"
        return (
            f"what passes back between circuits still changes by {self.mismatch:.1e} of all or "
            f"its flow after {self.passes} passes; pass back less, or give the circuits more stages"
        )

    @property
    def iterations(self) -> int:
        """Factorisations, in columns of full length."""
        return sum(found.cascade.iterations for found in self.units.values())

    @property
    def residual(self) -> float:
        """Largest closure residual that the solver ended with."""
        return max(found.cascade.residual for found in self.units.values())

    @cached_property
    def streams(self) -> Mapping[str, Stream]:
        """What leaves, as ``circuit.product``; a mother liquor too.

        The products of a single circuit have their own names.
        """
        found = {}
        for name, unit in self.units.items():
            for product, stream in unit.streams.items():
                if share := self.flowsheet.share_left(name, product):
                    found[place_of(name, product)] = replace(stream, flow=share * stream.flow)
            for link, treatment in self.treatments.items():
                effluent = treatment.effluent
                if link.circuit == name and effluent is not None and effluent.held:
                    found[f"{name}.mother liquor of {link.feed}"] = effluent
        return found

    def stream(self, name: str) -> Stream:
        """Return a product by its place or name; KeyError names those there are."""
        return super().stream(self.flowsheet.place(name))

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """Species, in the order of every array."""
        return self.flowsheet.species

    @cached_property
    def systems(self) -> Mapping[str, ChemicalSystem]:
        """Of every species a system that has it."""
        columns = [circuit.column for circuit in self.flowsheet.circuits.values()]
        return {s: column.system for column in reversed(columns) for s in column.system.species}

    def each(self, name: str) -> Array:
        """Return a property of every species (S,), such as ``oxide_mass`` or ``rare_earth``."""
        return np.array(
            [getattr(self.systems[s], name)[self.systems[s].index(s)] for s in self.elements]
        )

    @cached_property
    def rare_earth(self) -> NDArray[np.bool_]:
        """Which species are rare earths (S,)."""
        return self.each("rare_earth").astype(bool)

    @cached_property
    def rare_earths(self) -> tuple[str, ...]:
        """Rare earths that are there, along their series."""
        pairs = zip(self.elements, self.rare_earth, strict=True)
        return tuple(symbol for symbol, rare in pairs if rare)

    @cached_property
    def fed(self) -> Array:
        """Every species fed from outside (S,) [mol/h], without recycles."""
        total = dict.fromkeys(self.elements, 0.0)
        for name, unit in self.units.items():
            amounts = unit.fed.copy()
            for link in self.flowsheet.links_to(name):
                amounts -= unit.cascade.column.feed(link.feed).moles
            for symbol, amount in zip(unit.elements, amounts.tolist(), strict=True):
                total[symbol] += amount
        return np.array(list(total.values()))

    @property
    def oxides_fed(self) -> float:
        """Rare earths fed, as oxides [g/h]."""
        return float(self.fed @ self.each("oxide_mass"))

    def carries(self, stream: Stream) -> bool:
        """Whether a stream carries more rare earths than a negligible share of those fed."""
        return stream.flow * stream.reo > NEGLIGIBLE * self.oxides_fed

    def balance(self) -> dict[str, float]:
        """Return in less out of every rare earth that is fed, over what is fed of it."""
        left = sum((self.recoveries(name) for name in self.streams), np.zeros(len(self.elements)))
        return {
            symbol: abs(1.0 - share)
            for symbol, share in zip(self.elements, left.tolist(), strict=True)
            if symbol in self.rare_earths and not np.isnan(share)
        }

    @cached_property
    def cautions(self) -> tuple[Caution, ...]:
        """Estimates it rests on, ranges it leaves, and what is odd about its inputs."""
        return tuple(
            caution if not name else caution.of_circuit(name)
            for name, unit in self.units.items()
            for caution in unit.cautions
        )

    def within_ranges(self) -> Result:
        """Return the result itself, if it is not solved or stays within its ranges.

        Raises
        ------
        OutsideRangeError
            If it leaves a range of its constants or a limit of the model.
        """
        left = [caution.text for caution in self.cautions if caution.outside]
        if left and self.converged:
            raise OutsideRangeError(left, self)
        return self

    @property
    def circuit(self) -> CircuitResult:
        """The only circuit; AttributeError names those of a train."""
        if ALONE not in self.units:
            raise AttributeError(
                f"a train has several circuits: take .units of {', '.join(self.units)}"
            )
        return self.units[ALONE]

    @property
    def column(self) -> Column:
        """The only column, with the recycles in its feeds."""
        return self.circuit.cascade.column

    @property
    def stages(self) -> Profile:
        """What is in every stage of the only column."""
        return self.circuit.cascade.stages

    @property
    def checks(self) -> Checks:
        """Balances and closures of the only column, recomputed."""
        return self.circuit.cascade.checks

    @property
    def doses(self) -> Mapping[str, float]:
        """Acid dosed at every set point of the only column, base below zero [eq/h]."""
        return self.circuit.cascade.doses

    @property
    def system(self) -> ChemicalSystem:
        """Species and constants of the only column."""
        return self.column.system

    @property
    def sources(self) -> tuple[str, ...]:
        """Source keys of the constants it rests on; ``sx_sim.cite`` gives their entries."""
        found = (c.column.system.sources for c in self.flowsheet.circuits.values())
        return tuple(dict.fromkeys(key for keys in found for key in keys))

    def profile(self, name: str) -> Array:
        """Return a profile over the stages of all columns: (N,), or (N, S) of concentrations."""
        parts = []
        for unit in self.units.values():
            part = getattr(unit.cascade.stages, name)
            if part.ndim == 2 and unit.elements != self.elements:
                whole = np.full((len(part), len(self.elements)), np.nan)
                whole[:, [self.elements.index(s) for s in unit.elements]] = part
                part = whole
            parts.append(part)
        return np.concatenate(parts)

    def speciation(self) -> Speciation:
        """Return free ions, complexes and protonated anions at every stage of the only column."""
        return self.circuit.cascade.speciation()

    @cached_property
    def ledger(self) -> Ledger:
        """Acid, base, water and solvent used, and what leaves, by equivalents and mass."""
        from sx_sim.flowsheet.ledger import ledger_of

        return ledger_of(self)

    def to_xarray(self) -> xarray.Dataset:
        """Return all its quantities by name, with their dimensions and units; needs xarray."""
        from sx_sim.flowsheet.quantities import dataset_of

        return dataset_of(self)

    def to_dataframe(self) -> pd.DataFrame:
        """Return the stage profiles, one row per stage; needs pandas.

        Columns are ``circuit`` where there are several, ``section``, ``pH``, ``loading``,
        ``temperature`` [K], the flows [L/h] and, per species, ``x_Dy`` and ``y_Dy`` [mol/L].
        """
        import pandas as pd

        if ALONE in self.units:
            return self.circuit.cascade.to_dataframe()
        tables = {name: unit.cascade.to_dataframe() for name, unit in self.units.items()}
        return pd.concat(tables, names=["circuit"]).reset_index(level="circuit")
