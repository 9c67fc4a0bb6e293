"""Propagation of the constants' standard deviations to outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.brief import outline
from sx_sim.cascade.status import Status
from sx_sim.cases.load import CASE_NEEDED, Case
from sx_sim.errors import CaseError, check_kind
from sx_sim.flowsheet.outputs import output
from sx_sim.flowsheet.result import Result
from sx_sim.studies.inputs import nominal
from sx_sim.studies.run import run_sweep, solve
from sx_sim.studies.samples import (
    QUANTILES,
    erring_points,
    exchanged,
    indices,
    normal_sample,
)
from sx_sim.studies.sensitivity import sensitivity
from sx_sim.studies.size import check_size
from sx_sim.studies.sweep import Progress, SweepResult
from sx_sim.studies.tornado import Shift, constant_shifts, measures_of

Array = NDArray[np.float64]
MOST_SAMPLES = 2**20
MOST_SCALE = 10.0  # an error of a log10 of many units means nothing
PROFILES = ("stage_pH", "stage_loading", "stage_aqueous", "stage_organic")


@dataclass(frozen=True)
class Uncertainty:
    """What the errors of constants do to outputs.

    Parameters
    ----------
    outputs : tuple of str
    values : (O,) array
        With the constants as they are.
    factors : tuple of Shift
        Errors that do not depend on one another.
    effects : (O, F) array
        What one standard deviation of each adds, to first order.
    sample : SweepResult
        Of equally likely constants; with profiles of the stages.
    first_order, total : (O, F) arrays
        Sobol's indices; NaN if they were not asked for.
    used : int
        Points of a half of the sample that the indices rest on.
    """

    outputs: tuple[str, ...]
    values: Array
    factors: tuple[Shift, ...]
    effects: Array
    sample: SweepResult
    first_order: Array
    total: Array
    used: int

    __repr__ = outline

    @property
    def linear_sd(self) -> Array:
        """Standard deviation of every output to first order (O,)."""
        return np.sqrt((self.effects**2).sum(axis=1))

    @property
    def sampled(self) -> Array:
        """Every output over the points that were solved (O, points)."""
        table = np.array([self.sample.output(name) for name in self.outputs])
        return table[:, np.isfinite(table).all(axis=0)]

    @property
    def sampled_sd(self) -> Array:
        """Standard deviation of every output over the sample (O,)."""
        return self.sampled.std(axis=1, ddof=1)

    @property
    def quantiles(self) -> Array:
        """Quantiles of every output over the sample (O, 5), at ``QUANTILES``."""
        return np.quantile(self.sampled, QUANTILES, axis=1).T

    @property
    def failed(self) -> int:
        """Points of the sample that were not solved."""
        return self.sample.points.count - self.sampled.shape[1]

    def profile(self, name: str, element: str | None = None) -> Array:
        """Return quantiles of a profile of the stages (5, N), at ``QUANTILES``; NaN if not known.

        Parameters
        ----------
        name : {'stage_pH', 'stage_loading', 'stage_aqueous', 'stage_organic'}
        element : str, optional
            Of the concentrations.
        """
        table = self.sample.table(name)
        if element is not None:
            table = table[..., self.sample.recorded.species.index(element)]
        solved = self.sample.table("status") == Status.CONVERGED
        return np.quantile(table[solved], QUANTILES, axis=0)


def uncertainty(
    case: Case,
    outputs: Sequence[str] | None = None,
    *,
    samples: int = 256,
    scale: float = 1.0,
    share: bool = True,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Uncertainty:
    """Propagate the standard deviations of a case's constants to its results.

    Every species has an error of its own in log10 K and enthalpy; what all rare earths of a
    set share, such as the disagreement of laboratories, is one error more.

    Parameters
    ----------
    case : Case
    outputs : sequence of str, optional
        Named as in ``sensitivity``; if not given, purity and recovery in every product.
    samples : int
        Points of the sample, a power of two; half of them for the indices.
    scale : float
        What to multiply all standard deviations by.
    share : bool
        Whether to find the share of every error in the variance, which takes half of
        ``samples`` more solves for each of them.
    seed : int
    executor, progress
        As for ``run_sweep``.

    Raises
    ------
    CaseError
        If an output does not exist, or the number of samples is no power of two.
    ConvergenceError
        If the case itself is not solved.

    Examples
    --------
    >>> import sx_sim
    >>> case = sx_sim.load_case("examples/pr_nd.toml")  # doctest: +SKIP
    >>> found = sx_sim.uncertainty(case, ["recovery.Nd.raffinate"])  # doctest: +SKIP
    >>> found.linear_sd, found.sampled_sd  # doctest: +SKIP
    """
    check_kind(case, Case, CASE_NEEDED)
    if samples < 4 or samples & (samples - 1):
        raise CaseError(f"samples = {samples}: must be a power of two, 4 or more, such as 256")
    if samples > MOST_SAMPLES:
        raise CaseError(f"samples = {samples}: must be at most {MOST_SAMPLES}")
    if not 0.0 <= scale <= MOST_SCALE:
        raise CaseError(f"scale = {scale:g}: must be 0 to {MOST_SCALE:g} standard deviations")
    if seed < 0:
        raise CaseError(f"seed = {seed}: must be 0 or more")
    result = solve(case)
    names = usual_outputs(case, result) if outputs is None else tuple(outputs)
    factors = tuple(
        replace(shift, size=scale * shift.size)
        for shift in constant_shifts(case.flowsheet)
        if "enthalpy" not in shift.inputs[0] or _warmed(result)
    )
    if not factors:
        raise CaseError(
            "no constant of this case has a standard deviation: nothing is extracted, or its "
            "constants are given without; give constants.SYMBOL.log10_K_sd",
            case.name,
        )
    paths = list(dict.fromkeys(path for factor in factors for path in factor.inputs))
    slopes = sensitivity(case, names, paths, result=result)
    chosen = [[paths.index(path) for path in factor.inputs] for factor in factors]
    effects = np.array(
        [f.size * slopes.table[:, k].sum(axis=1) for f, k in zip(factors, chosen, strict=True)]
    ).T
    check_size(samples + len(factors) * samples // 2, len(paths), "ask for fewer samples")
    halves = normal_sample(len(factors), samples // 2, seed)
    more = len(factors) * samples // 2 if share else 0
    known = {path: nominal(case, path) for path in paths}

    def run(errors: Array, extra: Sequence[str], done: int) -> SweepResult:
        return run_sweep(
            case,
            points=erring_points(factors, known, errors),
            outputs=[*names, *extra],
            executor=executor,
            progress=_shifted(progress, done, samples + more),
        )

    sample = run(halves.reshape(samples, -1), PROFILES, 0)
    first, total = np.full((2, *effects.shape), np.nan)
    used = 0
    if share:
        pages = run(exchanged(halves).reshape(more, -1), (), samples)
        table = np.array([pages.output(name) for name in names])
        table = np.moveaxis(table.reshape(len(names), len(factors), samples // 2), 1, 0)
        both = np.array([sample.output(name) for name in names]).reshape(len(names), 2, -1)
        first, total, used = indices(both[:, 0], both[:, 1], table)
    values = np.array([output(result, name).value for name in names])
    return Uncertainty(names, values, factors, effects, sample, first, total, used)


def usual_outputs(case: Case, result: Result) -> tuple[str, ...]:
    """Return the purity that matters in every product, and the recovery that goes with it.

    With a cut, that of the neighbour of the cut; without one, of the leading element.
    Without rare earths what ``measures_of`` gives.
    """
    found = list(measures_of(case, result).values())
    if not result.rare_earths:
        return tuple(found)
    cut = None if case.parts else case.file.cut
    recoveries = []
    for name in found:
        _, joined, product = name.split(".", 2)
        first, _, last = joined.partition("-")
        lighter = cut is not None and cut[0] == (last or first)
        recoveries.append(f"recovery.{(last or first) if lighter else first}.{product}")
    return (*found, *recoveries)


def _warmed(result: Result) -> bool:
    """Whether any stage is off the temperature of the constants, so that enthalpies matter."""
    cascades = [unit.cascade for unit in result.units.values()]
    off = [c.column.temperature - c.system.extractant.reference_temperature for c in cascades]
    return bool(max(np.abs(one).max() for one in off) > 1e-6)


def _shifted(progress: Progress | None, done: int, total: int) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda more, _: progress(done + more, total)
