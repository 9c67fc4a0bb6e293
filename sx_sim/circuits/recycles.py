"""What comes back to a column: stripped solvent, and strip liquor as reflux."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.chemistry.speciation import electroneutral, free_acid
from sx_sim.errors import CaseError
from sx_sim.flowsheet.column import Column
from sx_sim.flowsheet.streams import Stream

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SolventLoop:
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

    product: str
    feed: str
    bleed: float = 0.0

    def returned(self, leaving: float, fed: float) -> float:
        """Return the flow that comes back [L/h] where so much leaves and is fed."""
        return min((1.0 - self.bleed) * leaving, fed)

    def carried(self, column: Column) -> NDArray[np.bool_]:
        """Which species come back (S,): all but those the fresh solvent holds, the base."""
        return self._fresh(column).concentration == 0.0

    def slope(self, column: Column) -> tuple[float, float]:
        """Return d concentration fed / d concentration that left, and the same of anions."""
        leaving = next(flow for name, _, _, flow in column.outlets() if name == self.product)
        fed = self._fresh(column).flow
        return self.returned(leaving, fed) / fed, 0.0

    def stream(self, column: Column, concentration: Array, carrier: float) -> Stream:
        """Return the solvent fed where what comes back holds so much, per litre fed."""
        fresh = self._fresh(column)
        back = np.where(self.carried(column), concentration, fresh.concentration)
        return replace(fresh, concentration=back)

    def _fresh(self, column: Column) -> Stream:
        return feed_of(column, self.feed)


@dataclass(frozen=True)
class Reflux:
    """Part of a liquor that leaves, fed as scrub, at its own acidity or one that is adjusted.

    Acid is taken out or brought in as such: the metals and their anions stay.
    """

    product: str
    feed: str
    acid: float | None = None  # [mol/L], as a titration finds it
    h: float | None = None  # [H+] instead [mol/L]

    def carried(self, column: Column) -> NDArray[np.bool_]:
        """Which species come back (S,): all."""
        return np.ones(len(column.system.species), dtype=bool)

    def slope(self, column: Column) -> tuple[float, float]:
        """Return d concentration fed / d concentration that left, and the same of anions."""
        return 1.0, 1.0 if self.acid is None and self.h is None else 0.0

    def stream(self, column: Column, concentration: Array, carrier: float) -> Stream:
        """Return the liquor fed where what left holds so much, with so many anions."""
        template = feed_of(column, self.feed)
        if self.acid is None and self.h is None:
            acid = free_acid(column.system, concentration, carrier)
        else:
            given = self.acid or 0.0
            carrier, acid = electroneutral(column.system, concentration, h=self.h, acid=given)
        return replace(template, concentration=concentration, carrier=carrier, acid=acid)


Recycle = SolventLoop | Reflux


@dataclass(frozen=True)
class Circuit:
    """A column and what comes back to it.

    Parameters
    ----------
    column : Column
        With fresh solvent, and refluxes without metals.
    recycles : tuple of SolventLoop or Reflux
    """

    column: Column
    recycles: tuple[Recycle, ...] = ()


def feed_of(column: Column, name: str) -> Stream:
    """Return the stream of a column's feed."""
    return next(feed.stream for feed in column.feeds if feed.stream.name == name)


def with_streams(column: Column, streams: dict[str, Stream]) -> Column:
    """Return the column with other streams in the place of feeds of the same names."""
    feeds = tuple(replace(f, stream=streams.get(f.stream.name, f.stream)) for f in column.feeds)
    return replace(column, feeds=feeds)


def net_products(circuit: Circuit, streams: Mapping[str, Stream]) -> dict[str, Stream]:
    """Return what leaves a circuit: its column's products, less what comes back.

    Raises
    ------
    CaseError
        If more of a product is to come back than there is.
    """
    left = dict(streams)
    for recycle in circuit.recycles:
        stream = left[recycle.product]
        fed = feed_of(circuit.column, recycle.feed).flow
        if isinstance(recycle, SolventLoop):
            flow = stream.flow - recycle.returned(stream.flow, fed)
        else:
            flow = stream.flow - fed
        if flow < -1e-9 * stream.flow:
            raise CaseError(
                f"{recycle.feed}: {fed:.4g} L/h of the {recycle.product} are to come back, and "
                f"there are {stream.flow:.4g} L/h of it"
            )
        left[recycle.product] = replace(stream, flow=max(flow, 0.0))
    return {name: stream for name, stream in left.items() if stream.flow > 1e-12}
