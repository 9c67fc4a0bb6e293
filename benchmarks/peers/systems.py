"""Two choices of unknowns for the same equations.

Both state every equation as the logarithm of a ratio. ``Reduced`` has ln h and ln e for
unknowns and balances the metals exactly at every evaluation; ``Full`` has ln x, too.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from benchmarks.peers.column import (
    Array,
    balance_metals,
    closures,
    fresh_start,
    leaving,
    ln_balance_metals,
    ln_distribution,
    safe_log,
)
from benchmarks.peers.linearisation import (
    Factorise,
    Shares,
    Solve,
    empty_band,
    fill_band,
    find_shares,
)
from sx_sim.kernels.types import Cascade, Law

LEAST = 1e-300  # keeps ratios of what has underflowed finite


class State(NamedTuple):
    """Unknowns and what follows from them."""

    unknowns: Array  # (N, u), ln h and ln e last
    residual: Array  # (N, u)
    d: Array  # (N, S)
    x: Array  # (N, S) [mol/L]


class System(Protocol):
    """Equations that Newton's method can solve."""

    def start(self) -> Array:
        """Return unknowns to start from."""
        ...

    def evaluate(self, unknowns: Array) -> State:
        """Return the residuals there."""
        ...

    def linearise(self, state: State) -> Solve:
        """Return the function from residuals to Newton's step."""
        ...


class Linearised:
    """A column, and memory for its linearisation that every iteration uses again."""

    def __init__(self, cascade: Cascade, law: Law, factorise: Factorise):
        self.cascade, self.law = cascade, law
        self._factorise = factorise
        self._band = empty_band(*cascade.feed.shape)

    def factorise(self, shares: Shares) -> Solve:
        """Factorise metals and closures together; the factors before are overwritten."""
        fill_band(self._band, self.law.order_acid, self.law.order_dimer, shares)
        return self._factorise(self._band)


class Reduced(Linearised):
    """Closures as functions of ln h and ln e (N, 2)."""

    def start(self) -> Array:
        """Return the scalars of a cascade not yet fed."""
        return fresh_start(self.cascade)

    def evaluate(self, unknowns: Array) -> State:
        """Balance the metals and return the closures."""
        d = np.exp(ln_distribution(self.law, unknowns))
        x = balance_metals(self.cascade, d)
        residual = closures(self.cascade, self.law, unknowns, x, d * x)
        return State(unknowns, residual, d, x)

    def linearise(self, state: State) -> Solve:
        """Return the closures' solver; the metals' residuals are nought."""
        cascade, law, d, x = self.cascade, self.law, state.d, state.x
        n, s = x.shape
        comes = leaving(cascade, d)[0] * x + LEAST
        falls, rises = np.zeros((n, s)), np.zeros((n, s))
        falls[:-1] = cascade.aqueous[1:, None] * x[1:] / comes[:-1]
        rises[1:] = cascade.organic[:-1, None] * (d * x)[:-1] / comes[1:]
        shares = find_shares(cascade, law, state.unknowns, d, x, falls, rises)
        solve = self.factorise(shares)
        padded = np.zeros((n, s + 2))

        def steps(residual: Array) -> Array:
            padded[:, s:] = residual
            return solve(padded)[:, s:]

        return steps


class Full(Linearised):
    """Balances and closures as functions of ln x, ln h and ln e (N, S + 2)."""

    def __init__(self, cascade: Cascade, law: Law, factorise: Factorise):
        super().__init__(cascade, law, factorise)
        self.ln_feed = safe_log(cascade.feed)
        self.ln_aqueous = safe_log(cascade.aqueous)[:, None]
        self.ln_organic = safe_log(cascade.organic)[:, None]

    def start(self) -> Array:
        """Return the scalars of a cascade not yet fed, and the metals balanced for them."""
        scalars = fresh_start(self.cascade)
        ln_x = ln_balance_metals(self.cascade, np.exp(ln_distribution(self.law, scalars)))
        return np.concatenate([ln_x, scalars], axis=1)

    def arriving(self, ln_x: Array, ln_d: Array) -> tuple[Array, Array]:
        """Return ln of what comes from the next stage and from the stage before [mol/h]."""
        falls, rises = np.full_like(ln_x, -np.inf), np.full_like(ln_x, -np.inf)
        falls[:-1] = self.ln_aqueous[1:] + ln_x[1:]
        rises[1:] = self.ln_organic[:-1] + ln_d[:-1] + ln_x[:-1]
        return falls, rises

    def evaluate(self, unknowns: Array) -> State:
        """Return ln(comes / leaves) of every species and the closures."""
        ln_x, scalars = unknowns[:, :-2], unknowns[:, -2:]
        ln_d = ln_distribution(self.law, scalars)
        d, x = np.exp(ln_d), np.exp(ln_x)
        falls, rises = self.arriving(ln_x, ln_d)
        most = np.maximum(np.maximum(falls, rises), self.ln_feed)
        comes = np.exp(falls - most) + np.exp(rises - most) + np.exp(self.ln_feed - most)
        residual = np.empty_like(unknowns)
        residual[:, :-2] = np.log(comes / leaving(self.cascade, d)[0]) + most - ln_x
        residual[:, -2:] = closures(self.cascade, self.law, scalars, x, d * x)
        return State(unknowns, residual, d, x)

    def linearise(self, state: State) -> Solve:
        """Return the solver of balances and closures."""
        cascade, law, d = self.cascade, self.law, state.d
        ln_x, scalars = state.unknowns[:, :-2], state.unknowns[:, -2:]
        comes = state.residual[:, :-2] + np.log(leaving(cascade, d)[0]) + ln_x
        falls, rises = self.arriving(ln_x, ln_distribution(law, scalars))
        shares = find_shares(
            cascade, law, scalars, d, state.x, np.exp(falls - comes), np.exp(rises - comes)
        )
        return self.factorise(shares)
