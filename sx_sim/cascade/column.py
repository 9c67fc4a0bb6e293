"""A column: a chain of stages with feeds and draws of either phase at any of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.settlers import Volumes, drained, mixed_back, settle
from sx_sim.cascade.streams import Stream
from sx_sim.chemistry import aqueous
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.errors import CaseError, DrainedError
from sx_sim.kernels.types import Cascade, Law

Array = NDArray[np.float64]
RAFFINATE = "raffinate"
SOLVENT = "solvent"  # the feed of fresh solvent
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


@lru_cache(maxsize=64)
def named_stages(sections: tuple[Section, ...]) -> tuple[str, ...]:
    """Return the name of the section of every stage (N,)."""
    return tuple(s.name for s in sections for _ in range(s.stages))


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
class StageNonideality:
    """How far stages fall short of ideal; arrays (N,).

    Parameters
    ----------
    efficiency : array
        Murphree's, of the organic: how much of the way to equilibrium it goes.
    aqueous_entrainment : array
        Water carried along per volume of organic that leaves a stage.
    organic_entrainment : array
        Organic carried along per volume of water that leaves a stage.
    """

    efficiency: Array
    aqueous_entrainment: Array
    organic_entrainment: Array

    def entrained(self, phase: str) -> Array:
        """Return the entrainment in a phase that leaves a stage, per volume (N,)."""
        return self.organic_entrainment if phase == "aqueous" else self.aqueous_entrainment

    @property
    def ideal(self) -> bool:
        """Whether every stage is ideal."""
        drops = self.aqueous_entrainment.any() or self.organic_entrainment.any()
        return bool((self.efficiency == 1.0).all() and not drops)


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
    settling : StageNonideality, optional
        None where stages are ideal.
    synergist : float
        Moles of the second extractant per mole of the first, as that counts, in any solvent.
    """

    system: ChemicalSystem
    sections: tuple[Section, ...]
    feeds: tuple[Feed, ...]
    draws: tuple[Draw, ...]
    temperature: Array
    solvent_outlet: str = LOADED
    set_points: tuple[SetPoint, ...] = ()
    settling: StageNonideality | None = None
    synergist: float = 0.0

    def __post_init__(self) -> None:
        if self.set_points and self.system.acid >= 0:
            raise CaseError(
                f"set_points.{self.set_points[0].name}: set '{self.system.extractant.key}' "
                "extracts acid with its anions, so that doses would not stay in the water; give "
                "the feeds' acid instead"
            )
        if self.set_points and self.system.active:
            raise CaseError(
                f"set_points.{self.set_points[0].name}: set '{self.system.extractant.key}' goes "
                "with activities, which follow from anions that doses would change; give the "
                "feeds' acid instead, or a set with activity = 'none'"
            )

    def __repr__(self) -> str:
        return f"Column: {self.summary}"

    @property
    def stages(self) -> int:
        """Number of stages N."""
        return self.sections[-1].last

    @property
    def summary(self) -> str:
        """Stages, sections and species in a line."""
        sections = ", ".join(f"{s.name} {s.stages}" for s in self.sections)
        species = ", ".join(self.system.species)
        return f"{self.stages} stages ({sections}); {species}; {self.system.extractant.key}"

    def with_system(self, system: ChemicalSystem) -> Column:
        """Return the column with other constants of the same species."""
        feeds = tuple(replace(f, stream=replace(f.stream, system=system)) for f in self.feeds)
        return replace(self, system=system, feeds=feeds)

    def along(self, series: tuple[str, ...]) -> Column:
        """Return the column with its rare earths in the order of another series."""
        if series == self.system.series:
            return self
        system = self.system.along(series)
        if system.species == self.system.species:
            return self.with_system(system)
        feeds = tuple(replace(f, stream=f.stream.of(system)) for f in self.feeds)
        return replace(self, system=system, feeds=feeds)

    def feed(self, name: str) -> Stream:
        """Return the stream of the feed of a name."""
        return next(feed.stream for feed in self.feeds if feed.stream.name == name)

    def with_streams(self, streams: Mapping[str, Stream]) -> Column:
        """Return the column with other streams in the place of feeds of the same names."""
        if not streams:
            return self
        feeds = (replace(f, stream=streams.get(f.stream.name, f.stream)) for f in self.feeds)
        return replace(self, feeds=tuple(feeds))

    def with_flows(self, flows: Mapping[str, float]) -> Column:
        """Return the column with other flows [L/h] of feeds, by name."""
        return self.with_streams(
            {name: replace(self.feed(name), flow=flow) for name, flow in flows.items()}
        )

    def with_constants(self, changes: Mapping[str, Mapping[str, Any]]) -> Column:
        """Return the column with some constants of some species changed."""
        extractant = self.system.extractant.with_constants(changes)
        return self.with_system(replace(self.system, extractant=extractant))

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
                if not 0.0 <= feed.stream.flow < np.inf:
                    raise CaseError(
                        f"{feed.stream.name}: a flow of {feed.stream.flow:g} L/h is fed"
                    )
                fed[feed.stage - 1] += feed.stream.flow
        draws: dict[int, list[Draw]] = {}
        for draw in self.draws:
            if draw.phase == phase:
                draws.setdefault(draw.stage - 1, []).append(draw)
        passes, drawn = np.zeros(self.stages), np.zeros(self.stages)
        arriving, way = 0.0, order.step
        marks = sorted({order[0], *np.flatnonzero(fed).tolist(), *draws}, reverse=way < 0)
        for j, following in zip(marks, [*marks[1:], order[-1] + way], strict=True):
            total = arriving + float(fed[j])
            if total <= 0.0:
                raise CaseError(
                    f"stage {j + 1} has no {phase} flow: nothing is fed there or before it"
                )
            arriving = total
            if j in draws:
                for draw in draws[j]:
                    if not draw.takes(total) >= 0.0:
                        raise CaseError(f"{draw.name}: {draw.takes(total):g} L/h are drawn")
                drawn[j] = sum(draw.takes(total) for draw in draws[j])
                if drawn[j] > total * (1 + 1e-12):
                    names = ", ".join(draw.name for draw in draws[j])
                    raise CaseError(
                        f"{names}: {drawn[j]:.4g} L/h drawn at stage {j + 1}, where only "
                        f"{total:.4g} L/h leave in the {phase} phase"
                    )
                arriving = max(total - float(drawn[j]), 0.0)
            passes[range(j, following, way)] = arriving
            if arriving <= 0.0 and following != j + way:
                raise CaseError(
                    f"stage {j + way + 1} has no {phase} flow: nothing is fed there or before it"
                )
        return passes, drawn

    def mixed(self, phase: str) -> Array:
        """Return the conserved concentrations (N,) [mol/L]: anions, or the extractant as dimer."""
        fed = self._carried(phase)
        passes, drawn = self.flows(phase)
        # imported here: reading a case should not wait for the compiler to load
        from sx_sim.kernels.metals import mix

        along = slice(None, None, 1 if phase == "organic" else -1)
        amounts = [np.ascontiguousarray(a[along]) for a in (passes, drawn, fed)]
        return np.ascontiguousarray(mix(*amounts)[along])

    def mixing(self, stage: int) -> Array:
        """Return the anions at every stage (N,) [mol/L] per mol/h fed at one, counted from 1."""
        fed = np.zeros(self.stages)
        fed[stage - 1] = 1.0
        v = self.volumes
        return mixed_back(v.aqueous, v.aqueous_up, v.aqueous_draw, fed)

    def _carried(self, phase: str) -> Array:
        """Return the feed of a conserved species at every stage (N,) [mol/h].

        Extractant that is not known counts as 1 mol/L: no law then depends on it.
        """
        fed = np.zeros(self.stages)
        for feed in self.feeds:
            if feed.stream.phase == phase:
                fed[feed.stage - 1] += feed.stream.flow * np.nan_to_num(
                    feed.stream.carrier, nan=1.0
                )
        return fed

    @property
    def knows_extractant(self) -> bool:
        """Whether the concentration of the extractant is known, as laws that balance it need."""
        organic = [f.stream for f in self.feeds if f.stream.phase == "organic"]
        return not any(np.isnan(stream.carrier) for stream in organic)

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
        cascade = self._pack_ideal() if self.settling is None else self._pack_real(self.settling)
        if self.set_points:  # water is not carried up then
            water = self.volumes
            carry = np.append(water.aqueous[1:], 0.0) / (water.aqueous + water.aqueous_draw)
            cascade = cascade._replace(carry=carry, set_ln_h=self.set_ln_h)
        if self.synergist:
            cascade = cascade._replace(synergist=self.synergist * cascade.dimer)
        return cascade, self.system.law(self.temperature, cascade.anion)

    def _pack_ideal(self) -> Cascade:
        passes, drawn = self.flows("aqueous")
        organic, organic_draw = self.flows("organic")
        return Cascade(
            aqueous=passes,
            aqueous_draw=drawn,
            organic=organic,
            organic_draw=organic_draw,
            feed=self.fed,
            anion=self.mixed("aqueous"),
            dimer=self.mixed("organic"),
            water_ion_product=aqueous.water_ion_product(self.temperature),
        )

    @cached_property
    def volumes(self) -> Volumes:
        """Flows at every stage, drops included.

        Raises
        ------
        CaseError
            As ``flows``; as DrainedError, if drops carry off more of a phase than there is.
        """
        passes, drawn = self.flows("aqueous")
        organic, organic_draw = self.flows("organic")
        if self.settling is None:
            none = np.zeros(self.stages)
            both = passes + drawn, organic + organic_draw
            return Volumes(passes, drawn, none, organic, organic_draw, none, *both)
        drops = self.settling.aqueous_entrainment, self.settling.organic_entrainment
        found = settle((passes, drawn), (organic, organic_draw), *drops)
        dry = drained(found)
        if dry is not None:
            raise DrainedError(self._drained(*dry, *drops))
        return found

    def _drained(
        self, phase: str, j: int, aqueous_entrainment: Array, organic_entrainment: Array
    ) -> str:
        """Return advice on a stage at which one phase carries off all of the other."""
        section = next(s.name for s in self.sections if s.first <= j <= s.last)
        other, drops = {
            "aqueous": ("organic", aqueous_entrainment),
            "organic": ("aqueous", organic_entrainment),
        }[phase]
        return (
            f"sections.{section}.entrained_{phase} = {drops[j - 1]:g}: at stage {j} the "
            f"{other} phase carries off more of the {phase} phase as drops than reaches it; "
            f"entrain less, or feed more of the {phase} phase"
        )

    @property
    def products(self) -> dict[str, str]:
        """Phases of everything that leaves, by name."""
        draws = {draw.name: draw.phase for draw in self.draws}
        return {RAFFINATE: "aqueous", **draws, self.solvent_outlet: "organic"}

    def outlets(self) -> list[tuple[str, str, int, float]]:
        """Return name, phase, stage (from 0) and flow [L/h] of everything that leaves."""
        first = (RAFFINATE, "aqueous", 0, float(self.flows("aqueous")[0][0]))
        last = (
            self.solvent_outlet,
            "organic",
            self.stages - 1,
            float(self.flows("organic")[0][-1]),
        )
        found = [first, last]
        for d in self.draws:
            passes, drawn = self.flows(d.phase)
            j = d.stage - 1
            found.insert(-1, (d.name, d.phase, j, float(d.takes(float(passes[j] + drawn[j])))))
        if self.settling is None:
            return found
        v = self.volumes
        settled = {"aqueous": v.settled_aqueous, "organic": v.settled_organic}
        share = {phase: settled[phase] / np.add(*self.flows(phase)) for phase in settled}
        return [(name, phase, j, float(flow * share[phase][j])) for name, phase, j, flow in found]

    def with_drops(self, phase: str, j: int, x: Array, z: Array) -> Array:
        """Return the concentrations in a phase that leaves stage ``j``, drops included (S,).

        Parameters
        ----------
        phase : {'aqueous', 'organic'}
        j : int
            From 0.
        x, z : (S,) arrays
            In the water and in the organic alone [mol/L].
        """
        own, other = (x, z) if phase == "aqueous" else (z, x)
        if self.settling is None:
            return own
        settling = self.settling
        return own + settling.entrained(phase)[j] * other

    def _pack_real(self, settling: StageNonideality) -> Cascade:
        v = self.volumes
        anion = mixed_back(v.aqueous, v.aqueous_up, v.aqueous_draw, self._carried("aqueous"))
        dimer = mixed_back(v.organic_down, v.organic, v.organic_draw, self._carried("organic"))
        fed = np.zeros_like(self.fed)
        for feed in self.feeds:
            if feed.stream.phase == "organic":
                fed[feed.stage - 1] += feed.stream.moles
        return Cascade(
            aqueous=v.aqueous,
            aqueous_draw=v.aqueous_draw,
            organic=v.organic,
            organic_draw=v.organic_draw,
            feed=self.fed,
            anion=anion,
            dimer=dimer,
            water_ion_product=aqueous.water_ion_product(self.temperature),
            efficiency=settling.efficiency,
            aqueous_up=v.aqueous_up,
            organic_down=v.organic_down,
            organic_feed=fed,
        )
