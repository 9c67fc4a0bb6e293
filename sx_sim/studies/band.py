"""What the errors of the extraction enthalpies do to a column off 25 degC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.brief import outline
from sx_sim.cascade.column import Column
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.flowsheet.result import Result
from sx_sim.studies.tables import Recorded, Tables

Array = NDArray[np.float64]
TABLES = ("purity_reo", "recovery")
QUANTILES = (0.159, 0.841)  # one standard deviation either way


@dataclass(frozen=True)
class Band:
    """Purity and recovery against temperature, enthalpies nominal and in error.

    Arrays run over temperatures, members, products, rare earths. Member 0 has the nominal
    enthalpies, the others are equally likely draws from their errors; a member that did
    not converge is NaN. Inputs other than the temperature are the case's own.
    """

    path: str
    values: Array
    products: tuple[str, ...]
    elements: tuple[str, ...]
    purity_reo: Array
    recovery: Array

    __repr__ = outline

    def purity(self, elements: Sequence[str], product: str) -> Array:
        """Return lower bound, nominal value and upper bound (3, T) of a purity."""
        chosen = [self.elements.index(symbol) for symbol in elements]
        return self._bounds(self.purity_reo[:, :, self.products.index(product), chosen].sum(-1))

    def recovered(self, element: str, product: str) -> Array:
        """Return lower bound, nominal value and upper bound (3, T) of a recovery."""
        p, e = self.products.index(product), self.elements.index(element)
        return self._bounds(self.recovery[:, :, p, e])

    @staticmethod
    def _bounds(table: Array) -> Array:
        bounds = np.full((3, len(table)), np.nan)
        bounds[1] = table[:, 0]
        for t, members in enumerate(table[:, 1:]):
            solved = members[np.isfinite(members)]
            if solved.size:
                bounds[::2, t] = np.quantile(solved, QUANTILES)
        return bounds


def enthalpy_shifts(system: ChemicalSystem, members: int) -> Array:
    """Return equally likely errors of the enthalpies (members, S) [kJ/mol].

    Rare earths share the error of the set's level; each species adds its own. The points
    are quasi-random and always the same.
    """
    from scipy.stats import qmc

    own = np.array([c.enthalpy_sd for c in system.constants])
    level = system.extractant.level_enthalpy_sd * system.rare_earth
    draws = qmc.MultivariateNormalQMC(np.zeros(len(own) + 1), rng=1).random(members)
    return np.asarray(draws[:, :1] * level + draws[:, 1:] * own, dtype=np.float64)


def erring_columns(column: Column, members: int) -> list[Column]:
    """Return a column with nominal enthalpies, and as many with shifted ones."""
    shifts = enthalpy_shifts(column.system, members)
    moved = [column.with_system(column.system.with_enthalpy_shift(shift)) for shift in shifts]
    return [column, *moved]


def tables_of(members: Sequence[Result | None], recorded: Recorded) -> Tables:
    """Return what a band keeps of one temperature.

    Parameters
    ----------
    members : sequence of Result or None
        Of ``erring_columns``, as they were solved.
    recorded : Recorded
        Whose products and elements to record.
    """
    record = replace(recorded, tables=TABLES, numbers=())
    tables = record.empty((len(members),))
    for m, result in enumerate(members):
        if result is not None:
            record.write(tables, m, result)
    return {name: tables[name] for name in TABLES}


def band_of(path: str, values: Array, recorded: Recorded, found: Mapping[int, Tables]) -> Band:
    """Return the band of what was solved at every place of a temperature axis."""
    stacked = [np.stack([found[t][name] for t in range(len(values))]) for name in TABLES]
    return Band(path, values, recorded.products, recorded.elements, *stacked)
