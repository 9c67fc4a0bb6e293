"""The points of a sweep: a grid, inputs that move together, or a sample; and their blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BLOCK = 32  # points that are solved together
SAMPLE = "sample"  # the dimension along which the points of a design lie
DESIGNS = ("sobol", "latin")


@dataclass(frozen=True)
class SweepAxis:
    """One input and the values it takes along a dimension of the sweep.

    Parameters
    ----------
    path : str
    values : array
        Numbers in ``unit``, one for each place along the dimension.
    unit : str
        Empty for none.
    dimension : str
        The path itself, or the name that inputs which move together share.
    numbers : array
        The same as the case has them once they are read; empty until that is known.
    """

    path: str
    values: Array
    unit: str
    dimension: str
    numbers: Array = field(default_factory=lambda: np.zeros(0), repr=False)


@dataclass(frozen=True)
class Points:
    """Where a sweep solves.

    Parameters
    ----------
    axes : tuple of SweepAxis
    alike : bool
        Whether neighbours along the last dimension are alike, so that each point can start
        from those before it; else all start from the case itself.
    """

    axes: tuple[SweepAxis, ...]
    alike: bool = True

    @property
    def dimensions(self) -> dict[str, int]:
        """Points along each dimension, in order."""
        return {axis.dimension: len(axis.values) for axis in self.axes}

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each dimension."""
        return tuple(self.dimensions.values())

    @property
    def count(self) -> int:
        """Points in all."""
        return prod(self.shape)

    def numbers(self, point: tuple[int, ...]) -> dict[str, float]:
        """Return the inputs of a point, by path, as the case has them once they are read."""
        place = dict(zip(self.dimensions, point, strict=True))
        return {a.path: float(a.numbers[place[a.dimension]]) for a in self.axes}


@dataclass(frozen=True)
class Block:
    """Neighbouring points, along the last dimension, that are solved together.

    Blocks know nothing of one another: whatever runs them and in whatever order, each
    gives the same bits.
    """

    number: int
    lead: tuple[int, ...]  # indices along all dimensions but the last
    first: int
    last: int  # one past

    @property
    def size(self) -> int:
        """Points in it."""
        return self.last - self.first

    @property
    def place(self) -> tuple[int | slice, ...]:
        """Where its points lie in a table."""
        return (*self.lead, slice(self.first, self.last))


def blocks(shape: tuple[int, ...]) -> list[Block]:
    """Return the blocks of a sweep, in order."""
    starts = range(0, shape[-1], BLOCK)
    return [
        Block(number, lead, first, min(first + BLOCK, shape[-1]))
        for number, (lead, first) in enumerate(product(np.ndindex(*shape[:-1]), starts))
    ]


def unit_sample(design: str, points: int, inputs: int, seed: int) -> Array:
    """Return points spread evenly over the unit cube (points, inputs).

    Parameters
    ----------
    design : {'sobol', 'latin'}
        A scrambled Sobol sequence, or a Latin hypercube.
    points, inputs, seed : int
        The same seed gives the same points.
    """
    from scipy.stats import qmc

    engine = qmc.Sobol if design == "sobol" else qmc.LatinHypercube
    return np.asarray(engine(inputs, rng=seed).random(points), dtype=np.float64)
