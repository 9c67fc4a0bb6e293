"""A column: a chain of stages with feeds and draws of either phase at any of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sx_sim.chemistry import aqueous
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.errors import CaseError
from sx_sim.flowsheet.streams import Stream
from sx_sim.kernels.types import Cascade, Law

Array = NDArray[np.float64]
RAFFINATE = "raffinate"
LOADED = "loaded solvent"
BARREN = "barren solvent"


@dataclass(frozen=True)
class Section:
    """A span of stages, ``first`` to ``last`` inclusive, counted from 1."""

    name: str
    first: int
    last: int

    @property
    def stages(self) -> int:
        """Number of stages."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Feed:
    """A stream that enters at a stage, counted from 1."""

    stage: int
    stream: Stream


@dataclass(frozen=True)
class Draw:
    """Part of one phase taken off as it leaves a stage, counted from 1.

    It takes ``fraction`` of the phase there, or ``flow`` [L/h] if that is given.
    """

    name: str
    stage: int
    phase: str
    fraction: float = 0.0
    flow: float | None = None

    def takes(self, total: float) -> float:
        """Return the flow drawn [L/h] where ``total`` leaves the stage."""
        return self.fraction * total if self.flow is None else self.flow


@dataclass(frozen=True)
class SetPoint:
    """A stage, counted from 1, at which the pH is held by dosing strong acid or base.

    The reagent brings no water, and the cation of a base stays in the aqueous phase.
    """

    name: str
    stage: int
    pH: float


@dataclass(frozen=True)
class Column:
    """A chain of stages, numbered 1..N in the direction of the organic flow.

    The raffinate leaves stage 1; the loaded solvent, or the barren solvent of a column
    that strips, leaves stage N.

    Parameters
    ----------
    system : ChemicalSystem
    sections : tuple of Section
        Covering stages 1..N in order.
    feeds, draws : tuples
    temperature : (N,) array
        [K]
    solvent_outlet : str
    set_points : tuple of SetPoint
        At most one at a stage.
    strict : bool
        Whether a result that leaves the ranges of its constants is an error.
    """

    system: ChemicalSystem
    sections: tuple[Section, ...]
    feeds: tuple[Feed, ...]
    draws: tuple[Draw, ...]
    temperature: Array
    solvent_outlet: str = LOADED
    set_points: tuple[SetPoint, ...] = ()
    strict: bool = False

    def __post_init__(self) -> None:
        if self.set_points and self.system.active:
            raise CaseError(
                f"set_points.{self.set_points[0].name}: set '{self.system.extractant.key}' goes "
                "with activities, which follow from anions that doses would change; give the "
                "feeds' acid instead, or a set with activity = 'none'"
            )

    @property
    def stages(self) -> int:
        """Number of stages N."""
        return self.sections[-1].last

    def with_system(self, system: ChemicalSystem) -> Column:
        """Return the column with other constants of the same species."""
        feeds = tuple(replace(f, stream=replace(f.stream, system=system)) for f in self.feeds)
        return replace(self, system=system, feeds=feeds)

    def flows(self, phase: str) -> tuple[Array, Array]:
        """Return the flow that passes on and that is drawn off at every stage.

        Parameters
        ----------
        phase : {'aqueous', 'organic'}

        Returns
        -------
        passes, drawn : (N,) arrays
            [L/h]

        Raises
        ------
        CaseError
            If a stage has none of the phase, or more is drawn than there is.
        """
        return self._aqueous_flows if phase == "aqueous" else self._organic_flows

    @cached_property
    def _aqueous_flows(self) -> tuple[Array, Array]:
        return self._flows("aqueous", range(self.stages - 1, -1, -1))

    @cached_property
    def _organic_flows(self) -> tuple[Array, Array]:
        return self._flows("organic", range(self.stages))

    def _flows(self, phase: str, order: range) -> tuple[Array, Array]:
        fed = np.zeros(self.stages)
        for feed in self.feeds:
            if feed.stream.phase == phase:
                fed[feed.stage - 1] += feed.stream.flow
        draws: dict[int, list[Draw]] = {}
        for draw in self.draws:
            if draw.phase == phase:
                draws.setdefault(draw.stage - 1, []).append(draw)
        passes, drawn = np.zeros(self.stages), np.zeros(self.stages)
        arriving = 0.0
        for j in order:
            total = arriving + float(fed[j])
            if total <= 0.0:
                raise CaseError(
                    f"stage {j + 1} has no {phase} flow: nothing is fed there or before it"
                )
            arriving = total
            if j in draws:
                drawn[j] = sum(draw.takes(total) for draw in draws[j])
                if drawn[j] > total * (1 + 1e-12):
                    names = ", ".join(draw.name for draw in draws[j])
                    raise CaseError(
                        f"{names}: {drawn[j]:.4g} L/h drawn at stage {j + 1}, where only "
                        f"{total:.4g} L/h leave in the {phase} phase"
                    )
                arriving = max(total - float(drawn[j]), 0.0)
            passes[j] = arriving
        return passes, drawn

    def mixed(self, phase: str) -> Array:
        """Return what only mixes (N,) [mol/L]: anions, or the extractant as dimer."""
        fed = np.zeros(self.stages)
        for feed in self.feeds:
            if feed.stream.phase == phase:
                fed[feed.stage - 1] += feed.stream.flow * feed.stream.carrier
        passes, drawn = self.flows(phase)
        # imported here: reading a case should not wait for the compiler to load
        from sx_sim.kernels.metals import mix

        along = slice(None, None, 1 if phase == "organic" else -1)
        amounts = [np.ascontiguousarray(a[along]) for a in (passes, drawn, fed)]
        return np.ascontiguousarray(mix(*amounts)[along])

    @cached_property
    def fed(self) -> Array:
        """Every species fed at every stage (N, S) [mol/h]."""
        amounts = np.zeros((self.stages, len(self.system.species)))
        for feed in self.feeds:
            amounts[feed.stage - 1] += feed.stream.moles
        return amounts

    @cached_property
    def set_ln_h(self) -> Array:
        """ln [H+] where the acidity is set, else NaN (N,)."""
        ln_h = np.full(self.stages, np.nan)
        for point in self.set_points:
            ln_h[point.stage - 1] = -point.pH * aqueous.LN10
        return ln_h

    def pack(self) -> tuple[Cascade, Law]:
        """Return the arrays that the kernels take."""
        passes, drawn = self.flows("aqueous")
        organic, organic_draw = self.flows("organic")
        cascade = Cascade(
            aqueous=passes,
            aqueous_draw=drawn,
            organic=organic,
            organic_draw=organic_draw,
            feed=self.fed,
            anion=self.mixed("aqueous"),
            dimer=self.mixed("organic"),
            water_ion_product=aqueous.water_ion_product(self.temperature),
        )
        if self.set_points:
            carry = np.append(passes[1:], 0.0) / (passes + drawn)
            cascade = cascade._replace(carry=carry, set_ln_h=self.set_ln_h)
        return cascade, self.system.law(self.temperature, cascade.anion)
