"""Solved columns: from arrays to names, everything recomputed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.checks import CLOSURE_LIMIT, Checks, acidity, check
from sx_sim.cascade.column import Column, named_stages
from sx_sim.cascade.products import Products
from sx_sim.cascade.profile import Profile
from sx_sim.cascade.status import Status
from sx_sim.cascade.streams import Stream
from sx_sim.cascade.validity import outside_ranges, ranges_of
from sx_sim.chemistry.aqueous import water_ion_product
from sx_sim.chemistry.organic import organic_complexes
from sx_sim.chemistry.speciation import Speciation, speciate
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.errors import ConvergenceError
from sx_sim.kernels.types import Cascade, Law, Options, Solution

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
PILED_UP = 5.0  # [mol/L] beyond which no chloride or sulfate of a metal dissolves
RUN_AWAY = 1e3  # [mol/L] beyond which an iterate tells nothing
TIMES_FED = 10.0  # times the most concentrated feed, and more


@dataclass(frozen=True)
class CascadeResult(Products):
    """A column as it was solved, or as far as it got.

    Parameters
    ----------
    column : Column
    status : Status
    iterations : int
    residual : float
        Largest closure residual the solver ended with, a logarithm of have over need.
    checks : Checks
        Balances and closures recomputed from what is returned here.
    stages : Profile
    streams : mapping of str to Stream
        Products by name: the raffinate, the solvent that leaves, and every draw.
    doses : mapping of str to float
        Strong acid dosed at every set point, base below zero [eq/h].
    """

    column: Column
    status: Status
    iterations: int
    residual: float
    checks: Checks
    stages: Profile
    streams: Mapping[str, Stream]
    doses: Mapping[str, float]

    def __repr__(self) -> str:
        head = f"CascadeResult: {self.status.text}; {self.column.summary}"
        cautions = [f"{len(self.cautions)} cautions"] if self.cautions else []
        return "\n  ".join([head, *map(repr, self.streams.values()), *cautions])

    @property
    def system(self) -> ChemicalSystem:
        """Species and constants."""
        return self.column.system

    @property
    def elements(self) -> tuple[str, ...]:
        """Species, in the order of every array."""
        return self.system.species

    @property
    def fed(self) -> Array:
        """Every species fed (S,) [mol/h]."""
        return self.column.fed.sum(axis=0)

    @property
    def converged(self) -> bool:
        """Whether the column is solved and its model holds."""
        return self.status == Status.CONVERGED

    @property
    def explanation(self) -> str:
        """How the solve ended, what may help, and where the last iterate is furthest off."""
        told = f"{self.status.text}. {self.status.advice}"
        if self.status == Status.WEAK_STRIP:
            taken = self.stages.loading[-1]
            return f"{told} Metals take {100 * taken:.0f} % of the recycled solvent's capacity."
        if self.status == Status.OUTSIDE_LAW:
            ranges = ranges_of(self.system).items()
            known = ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in ranges)
            return f"{told} The ranges of '{self.system.extractant.key}' are {known}."
        if self.checks.closure <= CLOSURE_LIMIT:
            return told
        told += self._piled_up
        worst = self.checks.worst
        held = "" if worst.species is None else f", most of it {self.elements[worst.species]}"
        off = f"ln(have / need) is off by {self.checks.closure:.1e}"
        return f"{told} Furthest from closed: {worst.closure} at stage {worst.stage}{held}; {off}."

    @property
    def _piled_up(self) -> str:
        """What a start-up that did not end has piled up far beyond what is fed, if anything."""
        x = np.nan_to_num(self.stages.aqueous)
        most = max(float(feed.stream.concentration.max()) for feed in self.column.feeds)
        stage, species = np.unravel_index(int(x.argmax()), x.shape)
        if not max(PILED_UP, TIMES_FED * most) < x[stage, species] < RUN_AWAY:
            return ""
        name, reached = self.elements[species], f"{x[stage, species]:.3g} mol/L"
        return (
            f" {name} piles up at stage {stage + 1}, to {reached} where at most {most:.3g} is fed: "
            "it is extracted below and stripped above, and finds no way out; look at the acids and "
            "set points on either side."
        )

    def speciation(self) -> Speciation:
        """Return free ions, complexes and protonated anions at every stage."""
        s = self.stages
        law = self.system.law(s.temperature, s.anion)
        hydroxide = water_ion_product(s.temperature) / s.acid
        return speciate(law, s.aqueous, s.acid, hydroxide, s.free_anion)

    def to_dataframe(self) -> pd.DataFrame:
        """Return the stage profiles, one row per stage; needs pandas.

        Columns are ``section``, ``pH``, ``loading``, ``temperature`` [K], the flows [L/h]
        and, per species, ``x_Dy`` and ``y_Dy`` [mol/L].
        """
        import pandas as pd

        s = self.stages
        columns: dict[str, Any] = {
            "section": list(s.section),
            "temperature": s.temperature,
            "pH": s.pH,
            "loading": s.loading,
            "free_dimer": s.free_dimer,
            "aqueous_flow": s.aqueous_flow,
            "organic_flow": s.organic_flow,
        }
        for i, symbol in enumerate(self.elements):
            columns[f"x_{symbol}"] = s.aqueous[:, i]
            columns[f"y_{symbol}"] = s.organic[:, i]
        return pd.DataFrame(columns, index=pd.Index(s.number, name="stage"))


def solve_column(
    column: Column,
    *,
    options: Options = Options(),
    start: CascadeResult | Array | None = None,
    throw: bool = True,
) -> CascadeResult:
    """Solve a column for its steady state.

    Parameters
    ----------
    column : Column
    options : Options
    start : CascadeResult or (N, m) array, optional
        A solved column of as many stages to start from, or its unknowns. One with other
        unknowns is not used.
    throw : bool
        Whether to raise on failure instead of returning the last iterate.

    Raises
    ------
    ConvergenceError
        If it is not solved; the error holds the last iterate.
    """
    # imported here: reading a case should not wait for the compiler to load
    from sx_sim.kernels.solve import solve_column as solve_kernel

    cascade, law = column.pack()
    guess = start.stages.unknowns if isinstance(start, CascadeResult) else start
    solution = solve_kernel(cascade, law, guess, options)
    result = assemble(column, cascade, law, solution)
    if throw and not result.converged:
        raise ConvergenceError(result.explanation, result)
    return result


def solve_columns(
    columns: Sequence[Column], *, options: Options = Options(), start: Column | None = None
) -> list[CascadeResult]:
    """Solve columns, whatever becomes of each.

    Parameters
    ----------
    columns : sequence of Column
        In an order in which neighbours are alike: each starts from those before it, if they
        are of one kind.
    options : Options
    start : Column, optional
        Where they are not alike: what to solve first, and start all of them from.
    """
    # imported here: reading a case should not wait for the compiler to load
    from sx_sim.kernels.layout import packed, stacked
    from sx_sim.kernels.solve import solve_together

    arrays = [column.pack() for column in columns]
    guess = None
    if start is not None:
        guess = solve_column(start, options=options, throw=False).stages.unknowns
    solutions: list[Solution] = []
    problems = [packed(*one) for one in arrays]
    for _, run in groupby(problems, key=lambda one: one.kind):
        found = solve_together(stacked(list(run)), guess, start is None, options)
        solutions += [Solution(*one) for one in zip(*found, strict=True)]
    return [
        assemble(column, *one, solution)
        for column, one, solution in zip(columns, arrays, solutions, strict=True)
    ]


def assemble(column: Column, cascade: Cascade, law: Law, solution: Solution) -> CascadeResult:
    """Return the result that the kernels' arrays stand for, everything recomputed."""
    checks = check(cascade, law, solution.aqueous, solution.organic, solution.unknowns)
    profile = profile_of(column, cascade, law, solution)
    return CascadeResult(
        column=column,
        status=_ended(column, law, profile, Status(solution.status), checks),
        iterations=solution.iterations,
        residual=solution.residual,
        checks=checks,
        stages=profile,
        streams=products(column, profile),
        doses=doses(column, cascade, profile),
    )


def profile_of(column: Column, cascade: Cascade, law: Law, solution: Solution) -> Profile:
    """Return what is in every stage."""
    acid, anion = acidity(cascade, law, solution.aqueous, solution.unknowns)
    free_anion = np.exp(solution.unknowns[:, law.ligand]) if law.ligand else anion
    hydroxide = cascade.water_ion_product / acid
    dissolved = speciate(law, solution.aqueous, acid, hydroxide, free_anion)
    known = 1.0 if column.knows_extractant else np.nan
    return Profile(
        section=named_stages(column.sections),
        temperature=column.temperature,
        aqueous_flow=column.volumes.settled_aqueous,
        organic_flow=column.volumes.settled_organic,
        aqueous=solution.aqueous,
        organic=solution.organic,
        acid=acid,
        free_dimer=np.exp(solution.unknowns[:, 1]) * known,
        anion=anion,
        free_anion=free_anion,
        ionic_strength=dissolved.ionic_strength,
        dimer=cascade.dimer * known,
        loading=column.system.loading(
            solution.organic,
            cascade.dimer * known,
            organic_complexes(law, acid, solution.unknowns).takes[0],
        ),
        unknowns=solution.unknowns,
    )


def _ended(column: Column, law: Law, stages: Profile, status: Status, checks: Checks) -> Status:
    """Return how a solve ended, as its recomputed answer says."""
    if status == Status.EXCESS_BASE or (status == Status.CONVERGED and checks.passed):
        return status
    if status == Status.CONVERGED:
        return Status.UNBALANCED
    slope = np.broadcast_to(law.order_dimer, stages.organic.shape)  # of ln D by ln e
    if law.acid_by_dimer.size:
        slope = slope - np.outer(stages.free_dimer * np.log(stages.acid), law.acid_by_dimer)
    extracted = (law.dimers > 0.0) & (column.fed.sum(axis=0) > 0.0)
    if (slope[:, extracted] <= 0.0).any() and outside_ranges(column.system, stages):
        return Status.OUTSIDE_LAW
    return status


def doses(column: Column, cascade: Cascade, stages: Profile) -> dict[str, float]:
    """Return the strong acid dosed at every set point, base below zero [eq/h]."""
    more = stages.anion - cascade.anion
    arriving = np.append(more[1:], 0.0) * cascade.carry if column.set_points else more
    amounts = stages.aqueous_flow * (more - arriving)
    return {point.name: float(amounts[point.stage - 1]) for point in column.set_points}


def products(column: Column, stages: Profile) -> dict[str, Stream]:
    """Return the streams that leave a column, by name, with the drops they carry along."""

    system = column.system

    def leaving(name: str, phase: str, j: int, flow: float) -> Stream:
        held = column.with_drops(phase, j, stages.aqueous[j], stages.organic[j])
        anions = stages.anion[j] if system.acid < 0 else held @ system.charge  # salts of drops too
        return Stream(
            system=system,
            name=name,
            phase=phase,
            flow=flow,
            concentration=held,
            carrier=float(anions if phase == "aqueous" else stages.dimer[j]),
            acid=float(stages.acid[j]) if phase == "aqueous" else np.nan,
        )

    streams = [leaving(*outlet) for outlet in column.outlets()]
    return {s.name: s for s in streams if s.flow > 0.0}
