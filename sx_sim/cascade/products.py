"""Purities and recoveries of whatever has products and feeds: a column, a circuit, a train."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.caution import Caution
from sx_sim.cascade.column import RAFFINATE
from sx_sim.cascade.inputs import input_cautions
from sx_sim.cascade.streams import Stream
from sx_sim.cascade.validity import cautions

Array = NDArray[np.float64]


class Products:
    """Shares of what is fed in what leaves.

    Of what has ``streams`` by name, ``elements``, the species in the order of every array, and
    ``fed``, every species fed from outside (S,) [mol/h].
    """

    def stream(self: Any, name: str) -> Stream:
        """Return a product; KeyError names those there are."""
        if name not in self.streams:
            raise KeyError(f"no stream '{name}'; there are {', '.join(self.streams)}")
        return self.streams[name]

    def purity(
        self: Any, element: str | Iterable[str], stream: str = RAFFINATE, basis: str = "REO"
    ) -> float:
        """Return the share of one or several rare earths in a product.

        Parameters
        ----------
        element : str or iterable of str
        stream : str
        basis : {'REO', 'mol'}
            Mass of oxides, or moles of rare earths.
        """
        return self.stream(stream).purity(element, basis)

    def recovery(self: Any, element: str, stream: str = RAFFINATE) -> float:
        """Return the share of what is fed of a species that leaves in a product.

        NaN for a species that is not fed.
        """
        if element not in self.elements:
            raise KeyError(f"no '{element}'; there are {', '.join(self.elements)}")
        return float(self.recoveries(stream)[self.elements.index(element)])

    def recoveries(self: Any, stream: str) -> Array:
        """Return the share of every species fed that leaves in a product (S,)."""
        fed, left = self.fed, self.stream(stream)
        moles = left.moles
        if left.system.species != self.elements:
            held = dict(zip(left.system.species, moles.tolist(), strict=True))
            moles = np.array([held.get(symbol, 0.0) for symbol in self.elements])
        return np.divide(moles, fed, out=np.full(fed.shape, np.nan), where=fed > 0)

    def kept(self: Any, rare_earth: NDArray[np.bool_]) -> float | None:
        """Return the largest share of a rare earth that is not in the raffinate, if known."""
        fed = rare_earth & (self.fed > 0.0)
        if RAFFINATE not in self.streams or not fed.any():
            return None
        return float(1.0 - self.recoveries(RAFFINATE)[fed].min())

    @cached_property
    def cautions(self: Any) -> tuple[Caution, ...]:
        """Estimates it rests on, ranges it leaves, and what is odd about its inputs."""
        kept = self.kept(self.system.rare_earth) if self.converged else None
        return (*input_cautions(self.column, kept), *cautions(self.system, self.stages))
