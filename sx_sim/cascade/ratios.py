"""Flows and temperatures of a column that follow from its other flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.column import SOLVENT, Column
from sx_sim.cascade.heat import Heat, temperatures
from sx_sim.errors import CaseError

Array = NDArray[np.float64]
SINGULAR = 1e-12  # determinant of flows that follow from one another


@dataclass(frozen=True)
class Ratios:
    """What sets flows by other flows, and temperatures by flows.

    Parameters
    ----------
    solvent : float, optional
        O/A at the last stage of the first section, which sets the flow of the fresh solvent.
    liquors : mapping of str to float
        O/A of the solvent to liquors, which sets theirs, by the name of the feed.
    shares : mapping of str to (str, float)
        Product and the share of it that flows as a feed, by the name of the feed.
    heat : Heat, optional
        What sets the temperatures.
    """

    solvent: float | None = None
    liquors: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    heat: Heat | None = None

    def apply(self, column: Column) -> Column:
        """Return the column with the flows and temperatures that follow set.

        All flows are linear in those of the solvent and of the shares: liquors given by O/A
        of their own bring water in proportion.

        Raises
        ------
        CaseError
            If no flow gives a ratio.
        """
        names = [SOLVENT] * (self.solvent is not None) + list(self.shares)
        if names:
            column = self._solved(column, names)
        elif self.liquors:
            column = self._with(column, {})
        if self.heat is not None:
            column = replace(column, temperature=temperatures(column, self.heat))
        return column

    def _with(self, column: Column, flows: Mapping[str, float]) -> Column:
        """Return the column at some flows [L/h], and at those of liquors that follow."""
        column = column.with_flows(flows)
        organic = {
            f.stream.name: f.stream.flow for f in column.feeds if f.stream.phase == "organic"
        }
        solvent = organic.get(SOLVENT) or sum(organic.values())
        return column.with_flows({name: solvent / oa for name, oa in self.liquors.items()})

    def _solved(self, column: Column, names: list[str]) -> Column:
        given = [
            f.stream.flow for f in column.feeds if f.stream.name not in (*names, *self.liquors)
        ]
        # of the size of what is fed, so that drops leave some of each phase on trial too
        size = max((flow for flow in given if flow), default=1.0)
        start = np.full(len(names), size)

        def missing(flows: Array) -> Array:
            found = self._with(column, dict(zip(names, flows.tolist(), strict=True)))
            products = {name: flow for name, _, _, flow in found.outlets()} if self.shares else {}
            wanted = {
                name: share * products.get(product, 0.0)
                for name, (product, share) in self.shares.items()
            }
            if self.solvent is not None:
                last = column.sections[0].last - 1
                wanted[SOLVENT] = self.solvent * float(found.flows("aqueous")[0][last])
            return flows - np.array([wanted[name] for name in names])

        off = missing(start)
        slopes = np.array([missing(start + step) - off for step in size * np.eye(len(names))]).T
        slopes /= size
        with np.errstate(all="ignore"):
            singular = abs(np.linalg.det(slopes)) < SINGULAR
            found = start * np.nan if singular else start - np.linalg.solve(slopes, off)
        flows = dict(zip(names, found.tolist(), strict=True))
        for name, flow in flows.items():
            if not 0.0 < flow < np.inf:
                raise CaseError(self._impossible(name))
        return self._with(column, flows)

    def _impossible(self, name: str) -> str:
        if name == SOLVENT:
            return (
                f"solvent.oa = {self.solvent:g}: no solvent flow gives it with the O/A of the "
                "other sections; give solvent.flow, or a lower oa"
            )
        product, share = self.shares[name]
        return (
            f"sections.{name}.share = {share:g}: no flow gives it; is {product} an aqueous "
            "product? Give flow, or a lower share"
        )
