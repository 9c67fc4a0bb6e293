"""What the errors of the extraction enthalpies do to a column off 25 degC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.flowsheet.column import Column
from sx_sim.flowsheet.results import Result, solve_column
from sx_sim.kernels.types import Options

Array = NDArray[np.float64]
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


def enthalpy_band(
    path: str,
    values: Array,
    column_at: Callable[[float], Column],
    products: tuple[str, ...],
    elements: tuple[str, ...],
    members: int,
    options: Options,
    step: Callable[[], None],
) -> Band:
    """Solve the column at every temperature with nominal and with shifted enthalpies.

    Parameters
    ----------
    path : str
        The temperature's path.
    values : (T,) array
    column_at : callable
        From a temperature to the column.
    products, elements : tuples of str
        What to record.
    members : int
        Solves per temperature beside the nominal one.
    options : Options
    step : callable
        Called after every solve.
    """
    size = (len(values), members + 1, len(products), len(elements))
    purity, recovery = np.full(size, np.nan), np.full(size, np.nan)
    for t, value in enumerate(values):
        column = column_at(float(value))
        shifts = enthalpy_shifts(column.system, members)
        nominal: Result | None = None
        for m, shift in enumerate([np.zeros(shifts.shape[1]), *shifts]):
            shifted = column.with_system(column.system.with_enthalpy_shift(shift))
            result = solve_column(shifted, options=options, start=nominal, throw=False)
            if result.converged:
                nominal = nominal or result
                chosen = [result.system.index(symbol) for symbol in elements]
                for p, name in enumerate(products):
                    if name in result.streams:
                        purity[t, m, p] = result.stream(name).purities()[chosen]
                        recovery[t, m, p] = result.recoveries(name)[chosen]
            step()
    return Band(path, values, products, elements, purity, recovery)
