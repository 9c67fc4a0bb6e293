"""What comes back within a step: found by Broyden's method, which keeps what it has learnt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ROUNDS = 40
CLOSED = 1e-10  # change of what comes back, over the scale of its kind


class Tear:
    """Streams that come back, as unknowns; at first they are substituted.

    Parameters
    ----------
    size : int
        Numbers of them.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.inverse = -np.eye(size)

    def close(
        self, round_of: Callable[[Array], Array | None], first: Array, scale: Array
    ) -> Array | None:
        """Return what comes back once it is what was assumed; None where it is not found.

        Parameters
        ----------
        round_of : callable
            Gives what comes back, of what is assumed, both (R, W); None where that fails.
        first : (R, W) array
        scale : (W,) array
        """
        unit = np.broadcast_to(scale, first.shape).ravel()
        point = first.ravel() / unit
        off, step = None, np.zeros_like(point)
        for _ in range(ROUNDS):
            found = round_of((point * unit).reshape(first.shape))
            if found is None:
                self.inverse = -np.eye(self.size)
                return None
            residual = found.ravel() / unit - point
            if np.abs(residual).max() <= CLOSED:
                return (point * unit).reshape(first.shape)
            if off is not None:
                self._learn(step, residual - off)
            step = -self.inverse @ residual
            off, point = residual, point + step
        self.inverse = -np.eye(self.size)
        return None

    def _learn(self, step: Array, change: Array) -> None:
        """Make the inverse Jacobian of the residual agree with a step and its change."""
        answer = self.inverse @ change
        size = float(step @ answer)
        if abs(size) > 1e-12 * float(step @ step):
            self.inverse += np.outer(step - answer, step @ self.inverse) / size
