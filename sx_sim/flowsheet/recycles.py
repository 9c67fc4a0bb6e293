"""Recycles to a column: stripped solvent, rare-earth saponification, strip liquor as reflux."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.column import Column
from sx_sim.cascade.ratios import Ratios
from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.speciation import electroneutral, free_acid, with_acid
from sx_sim.errors import CaseError
from sx_sim.kernels.types import Options

Array = NDArray[np.float64]
EFFLUENT = "exchange effluent"
NOTHING = 1e-12  # share of a product below which all of it is recycled


@dataclass(frozen=True)
class Recycle(ABC):
    """The unit on a recycle: takes a product of the column, gives one of its feeds.

    Parameters
    ----------
    product : str
        What leaves the column for it.
    feed : str
        What it feeds.
    """

    product: str
    feed: str
    guessed: ClassVar[bool] = False  # whether what it takes has first to be guessed

    def initial(self, fresh: Stream, liquor: Stream) -> tuple[Array, float]:
        """Return the first guess of ``returned``, ``liquor`` being such as may leave."""
        return self.returned(fresh, liquor)

    @abstractmethod
    def flow_drawn(self, fresh: Stream, leaving: Stream) -> float:
        """Return the flow it takes of the product [L/h]."""

    def flow_drawn_slope(self, fresh: Stream, leaving: Stream) -> Array:
        """Return the derivatives of that by what a litre of the product holds (S,)."""
        return 0.0 * leaving.concentration

    @abstractmethod
    def returned(self, fresh: Stream, leaving: Stream) -> tuple[Array, float]:
        """Return the recycled amounts per litre fed: metals (S,), anions [mol/L]."""

    @abstractmethod
    def jacobian(self, fresh: Stream, leaving: Stream) -> tuple[Array, float]:
        """Return the derivatives of that by what leaves (S, S), and of the anions by those."""

    @abstractmethod
    def feed_with(self, fresh: Stream, stream: Stream, metals: Array, anions: float) -> Stream:
        """Return the feed with so much recycled into ``stream``."""

    def outlets(self, fresh: Stream, leaving: Stream) -> dict[str, Stream]:
        """Return what leaves the circuit by it, by name: beside it, the rest of the product.

        Its flow is below zero where more is taken than there is.
        """
        rest = leaving.flow - self.flow_drawn(fresh, leaving)
        return {self.product: replace(leaving, flow=rest)}

    def kept(self, fresh: Stream, leaving: Stream) -> Array:
        """Return the flows (S,) [L/h] of recycled solvent, for species that make-up restores."""
        return 0.0 * leaving.concentration

    def possible(self, fresh: Stream, metals: Array) -> Array:
        """Return recycled metals (S,), none below zero, as they can be."""
        return metals

    def balance(self, fresh: Stream, leaving: Stream) -> tuple[float, float]:
        """Return the equivalents it asks of the product and what that holds of them [eq/h]."""
        return 0.0, 0.0


@dataclass(frozen=True)
class SolventLoop(Recycle):
    """Barren solvent that is made up, saponified afresh and fed at the first stage.

    Parameters
    ----------
    product : str
        The solvent that leaves.
    feed : str
        The feed it becomes; what that holds when fresh, base above all, it is given again.
    bleed : float
        Share of the barren solvent that fresh solvent replaces.
    """

    bleed: float = 0.0

    def initial(self, fresh: Stream, liquor: Stream) -> tuple[Array, float]:
        """Return no metals."""
        return 0.0 * liquor.concentration, 0.0

    def flow_drawn(self, fresh: Stream, leaving: Stream) -> float:
        """Return the flow of a stream that is recycled [L/h]."""
        return min((1.0 - self.bleed) * leaving.flow, fresh.flow)

    def returned(self, fresh: Stream, leaving: Stream) -> tuple[Array, float]:
        """Return the recycled amounts of a stream per litre fed: metals (S,), anions [mol/L]."""
        return self.jacobian(fresh, leaving)[0] @ leaving.concentration, 0.0

    def jacobian(self, fresh: Stream, leaving: Stream) -> tuple[Array, float]:
        """Return the derivatives of that by what leaves (S, S), and of the anions by those."""
        share = self.flow_drawn(fresh, leaving) / fresh.flow
        return np.diag(share * (fresh.concentration == 0.0)), 0.0

    def kept(self, fresh: Stream, leaving: Stream) -> Array:
        """Return the flows (S,) [L/h] of recycled solvent, for species that make-up restores.

        What it still holds of that, such as base, is not given afresh.
        """
        return np.where(fresh.concentration > 0.0, self.flow_drawn(fresh, leaving), 0.0)

    def feed_with(self, fresh: Stream, stream: Stream, metals: Array, anions: float) -> Stream:
        """Return the feed with so much recycled into ``stream``."""
        return replace(stream, concentration=stream.concentration + metals)


@dataclass(frozen=True)
class RareEarthSaponification(Recycle):
    """Solvent whose base is exchanged for rare earths of a product before it is fed.

    The exchange is complete: every equivalent of base is replaced, by rare earths in the
    proportions they have in the product. The base leaves with their water.
    """

    guessed: ClassVar[bool] = True

    def returned(self, fresh: Stream, leaving: Stream) -> tuple[Array, float]:
        """Return the rare earths that the solvent takes, per litre (S,) [mol/L]."""
        return self.possible(fresh, leaving.concentration * leaving.system.rare_earth), 0.0

    def possible(self, fresh: Stream, metals: Array) -> Array:
        """Return rare earths (S,) [mol/L] in the proportions given, as much as there is base."""
        whole = float(metals @ fresh.system.charge)
        return metals * self._base(fresh) / whole if whole > 0.0 else metals

    def balance(self, fresh: Stream, leaving: Stream) -> tuple[float, float]:
        """Return the base of the solvent and the rare earths of the product [eq/h]."""
        rare = leaving.system.rare_earth * leaving.system.charge
        return fresh.flow * self._base(fresh), float(leaving.moles @ rare)

    def flow_drawn(self, fresh: Stream, leaving: Stream) -> float:
        """Return the flow of the product whose rare earths the solvent takes [L/h]."""
        whole = float(leaving.concentration * leaving.system.rare_earth @ leaving.system.charge)
        return fresh.flow * self._base(fresh) / whole if whole > 0.0 else 0.0

    def flow_drawn_slope(self, fresh: Stream, leaving: Stream) -> Array:
        """Return the derivatives of that by what a litre of the product holds (S,)."""
        charge = leaving.system.charge * leaving.system.rare_earth
        whole = float(leaving.concentration @ charge)
        return -self.flow_drawn(fresh, leaving) / whole * charge

    def jacobian(self, fresh: Stream, leaving: Stream) -> tuple[Array, float]:
        """Return the derivatives of that by what leaves (S, S), and none of anions."""
        rare = leaving.system.rare_earth
        amount, charge = leaving.concentration * rare, leaving.system.charge * rare
        whole = float(amount @ charge)
        if not whole > 0.0:
            return np.zeros((len(rare), len(rare))), 0.0
        table = np.diag(rare.astype(float)) - np.multiply.outer(amount, charge) / whole
        return table * self._base(fresh) / whole, 0.0

    def feed_with(self, fresh: Stream, stream: Stream, metals: Array, anions: float) -> Stream:
        """Return the feed of a circuit for a given uptake of the solvent."""
        if not metals.any():  # nothing known yet
            return stream
        base = np.where(stream.system.rare_earth, 0.0, fresh.concentration)
        return replace(stream, concentration=stream.concentration - base + metals)

    def outlets(self, fresh: Stream, leaving: Stream) -> dict[str, Stream]:
        """Return the rest of the product, and the water of what was taken with the base."""
        found = super().outlets(fresh, leaving)
        flow = self.flow_drawn(fresh, leaving)
        if flow > 0.0:
            rare = leaving.system.rare_earth
            base = np.where(rare, 0.0, fresh.moles / flow)
            rest = np.where(rare, 0.0, leaving.concentration)
            found[EFFLUENT] = replace(leaving, name=EFFLUENT, flow=flow, concentration=rest + base)
        return found

    def _base(self, fresh: Stream) -> float:
        return float(fresh.concentration @ fresh.system.charge)


@dataclass(frozen=True)
class Reflux(Recycle):
    """Part of a liquor that leaves, fed as scrub, at its own acidity or one that is adjusted.

    Acid is taken out or brought in as such: the metals and their anions stay.
    """

    acid: float | None = None  # [mol/L], as a titration finds it
    h: float | None = None  # [H+] instead [mol/L]

    @property
    def keeps_acid(self) -> bool:
        """Whether the acidity stays as it is."""
        return self.acid is None and self.h is None

    def flow_drawn(self, fresh: Stream, leaving: Stream) -> float:
        """Return the flow of a liquor that is refluxed [L/h]."""
        return fresh.flow

    def returned(self, fresh: Stream, leaving: Stream) -> tuple[Array, float]:
        """Return the refluxed amounts of a liquor: metals (S,) and anions [mol/L]."""
        held, _ = self.jacobian(fresh, leaving)
        return held @ leaving.concentration, leaving.carrier if self.keeps_acid else 0.0

    def jacobian(self, fresh: Stream, leaving: Stream) -> tuple[Array, float]:
        """Return the derivatives of that by what leaves (S, S), and of the anions by those."""
        if self.keeps_acid:
            return np.eye(len(leaving.concentration)), 1.0
        species = np.arange(len(leaving.concentration))
        return np.diag((species != leaving.system.acid).astype(float)), 0.0

    def feed_with(self, fresh: Stream, stream: Stream, metals: Array, anions: float) -> Stream:
        """Return the feed where a liquor of so much is refluxed."""
        if self.keeps_acid:
            acid = free_acid(fresh.system, metals, anions)
        else:
            given = self.acid or 0.0
            anions, acid = electroneutral(fresh.system, metals, h=self.h, acid=given)
        metals = with_acid(fresh.system, metals, anions)
        return replace(stream, concentration=metals, carrier=anions, acid=acid)


@dataclass(frozen=True)
class Circuit:
    """A column and its recycles: a unit of a flowsheet.

    Parameters
    ----------
    column : Column
        With fresh solvent, and refluxes without metals.
    recycles : tuple of Recycle
    base : {'Na', 'NH4', 'Mg'}
        The cation of the base that saponifies its solvent and is dosed in it.
    ratios : Ratios
        What sets flows by other flows.
    options : Options
        Of the solver.
    """

    column: Column
    recycles: tuple[Recycle, ...] = ()
    base: str = "Na"
    ratios: Ratios = field(default_factory=Ratios)
    options: Options = field(default_factory=Options)

    def __repr__(self) -> str:
        back = "".join(f"\n  {recycle}" for recycle in self.recycles)
        return f"Circuit: {self.column.summary}{back}"

    @property
    def medium(self) -> str:
        """That of its extractant set, such as ``chloride``, which names the acid it takes."""
        return self.column.system.extractant.medium

    def fed(self, streams: Mapping[str, Stream]) -> Circuit:
        """Return the circuit fed with other streams, by the name of its feeds.

        Flows and temperatures that follow from theirs follow.

        Raises
        ------
        CaseError
            If no flow gives a ratio; as DrainedError, if a stage runs out of a phase.
        """
        system = self.column.system
        named = {name: replace(s.of(system), name=name) for name, s in streams.items()}
        column = self.ratios.apply(self.column.with_streams(named))
        _ = column.volumes  # says which stage has none of a phase
        return replace(self, column=column)


def net_feed(circuit: Circuit, streams: Mapping[str, Stream]) -> Array:
    """Return the fresh feed of a circuit (S,) [mol/h]: without recycles.

    The fresh solvent counts by the base it is given, ``streams`` being what leaves the column.
    """
    fed = circuit.column.fed.sum(axis=0)
    for recycle in circuit.recycles:
        leaving = streams[recycle.product]
        fed = fed - recycle.kept(circuit.column.feed(recycle.feed), leaving) * leaving.concentration
    return fed


def net_products(circuit: Circuit, streams: Mapping[str, Stream]) -> dict[str, Stream]:
    """Return the net products of a circuit: its column's products, less the recycled part.

    Raises
    ------
    CaseError
        If more of a product is to be recycled than there is.
    """
    left = dict(streams)
    for recycle in circuit.recycles:
        stream, fresh = left[recycle.product], circuit.column.feed(recycle.feed)
        left |= recycle.outlets(fresh, stream)
        rest = left[recycle.product].flow
        if rest < -1e-9 * stream.flow:
            asks = recycle.balance(fresh, stream)[0] > 0.0
            asked = "its base asks for the rare earths of" if asks else "the recycle is"
            raise CaseError(
                f"{recycle.feed}: {asked} {stream.flow - rest:.4g} L/h of {recycle.product}, and "
                f"there are {stream.flow:.4g} L/h of it"
            )
        left[recycle.product] = replace(stream, flow=max(rest, 0.0))
    emptied = {recycle.product for recycle in circuit.recycles}
    return {
        name: stream
        for name, stream in left.items()
        if name not in emptied or stream.flow > NOTHING * streams[name].flow
    }
