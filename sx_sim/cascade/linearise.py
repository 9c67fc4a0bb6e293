"""Exact derivatives of a solved column, by differentiating its closures.

At the solution the closures f(s, p) are zero, s the unknowns of all stages, p an input, the
metals following both. So H ds = -(df/dp) dp with H what Newton's method has factored. One
solve per input gives what every output gains; one transposed solve per output gives what
it gains from every input.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.results import CascadeResult
from sx_sim.cascade.tangents import Tangent, zero_tangent
from sx_sim.errors import ConvergenceError
from sx_sim.kernels import layout as row
from sx_sim.kernels.types import Cascade

Array = NDArray[np.float64]


class Answer(NamedTuple):
    """Derivatives of a solved column along a tangent."""

    x: Array  # (N, S) in the water
    organic: Array  # (N, S) in the organic that leaves
    step: Array  # (N, m) unknowns
    anion: Array  # (N,)


class Seed(NamedTuple):
    """What a number gains per unit of each of these: the cotangent of ``Answer``."""

    x: Array  # (N, S)
    organic: Array  # (N, S)
    ln_h: Array  # (N,)
    anion: Array  # (N,)
    dimer: Array  # (N,)

    @classmethod
    def of(cls, shape: tuple[int, int]) -> Seed:
        """Return a seed of nothing, its arrays to be filled."""
        n = shape[0]
        return cls(np.zeros(shape), np.zeros(shape), np.zeros(n), np.zeros(n), np.zeros(n))


class Linearised:
    """A solved column with its factorised Jacobian, for derivatives along any tangent.

    Parameters
    ----------
    result : CascadeResult
        Converged.
    """

    def __init__(self, result: CascadeResult) -> None:
        # imported here: reading a case should not wait for the compiler to load
        from sx_sim.kernels.derivatives import factorise
        from sx_sim.kernels.layout import loaded, packed

        if not result.converged:
            raise ConvergenceError(result.explanation, result)
        self.result = result
        self.cascade, self.law = result.column.pack()
        self.work = work = loaded(packed(self.cascade, self.law))
        self.n = len(result.stages.unknowns)
        work.unknowns[row.U] = result.stages.unknowns
        factorise(self.n, work)
        law = self.law
        self.x, self.y, self.d = work.state[row.X], work.state[row.Y], work.state[row.D]
        self.bound, self.anions = work.state[row.BOUND], work.flows[row.ANIONS]
        unknowns, ln_h = result.stages.unknowns, work.flows[row.LN_H]
        self.free = ~np.isfinite(result.column.set_ln_h)  # where acidity is not set
        self.h = np.exp(ln_h)
        self.hydroxide = self.cascade.water_ion_product / self.h
        self.charged = self.anions + self.hydroxide
        self.takes = (
            work.state[row.TAKES : row.TAKES_SYNERGIST + 1]
            if law.synergist
            else (work.state[row.TAKES : row.TAKES + 1])
        )
        self.at = (1, law.synergist)[: len(self.takes)]  # closures of the extractants
        self.taken = [
            np.exp(unknowns[:, at]) + (self.y * takes).sum(axis=1)
            for at, takes in zip(self.at, self.takes, strict=True)
        ]
        self.leaving = self.cascade.organic + self.cascade.organic_draw
        self.orders = work.slopes[row.ORDERS][:, :, : self.x.shape[1]]  # (N, m, S) of ln D
        self.ligated, self.ionic, self.acid = law.ligand > 0, law.debye.size > 0, law.acid
        ligand = np.exp(unknowns[:, law.ligand]) if self.ligated else np.zeros_like(self.h)
        self.protonated = law.protonation * self.h * ligand if law.protonation.size else 0 * ligand
        self.cations = self.h + self.protonated + self.x @ law.charge
        self.ligand = ligand + self.protonated + (self.bound * self.x).sum(axis=1)
        self.strength = self.charged + self.h + self.x @ law.charge**2  # twice

    def steps(self, f: Array) -> Array:
        """Return the unknowns' step that cancels ``f`` (N, m)."""
        from sx_sim.kernels.derivatives import solve_step

        step = np.empty_like(f)
        solve_step(self.n, self.work, f, step)
        return step

    def weights(self, g: Array) -> Array:
        """Return the gradient with respect to the closures, given that of the unknowns (N, m)."""
        from sx_sim.kernels.derivatives import solve_weight

        weight = np.empty_like(g)
        solve_weight(self.n, self.work, g, weight)
        return weight

    def metals(self, tangent: Cascade, ln_d: Array) -> tuple[Array, Array]:
        """Return how the metals answer to other flows, feeds and ln D: dx and dy (N, S)."""
        from sx_sim.kernels.metals import balance_metals

        if self.cascade.efficiency.size:
            dx, dy, _ = self.real_metals(tangent, ln_d)
            return dx, dy
        x, y, work = self.x, self.y, self.work
        source = tangent.feed - (tangent.aqueous + tangent.aqueous_draw)[:, None] * x
        source -= (tangent.organic + tangent.organic_draw)[:, None] * y
        source -= self.leaving[:, None] * y * ln_d
        source[:-1] += tangent.aqueous[1:, None] * x[1:]
        passed = tangent.organic[:, None] + self.cascade.organic[:, None] * ln_d
        source[1:] += (passed * y)[:-1]
        dx, dy = np.empty_like(x), np.empty_like(x)
        balance_metals(self.n, work.flows, source, self.d, dx, dy, np.empty(x.shape[1]))
        return dx, dy + y * ln_d

    def real_metals(self, tangent: Cascade, ln_d: Array) -> tuple[Array, Array, Array]:
        """Return the same where stages are not ideal, and how what leaves answers.

        Returns
        -------
        dx, dy, leaving : (N, S) arrays
            In the water, in the organic it meets and in the organic that leaves.
        """
        from sx_sim.kernels.real import balance_real

        cascade, work = self.cascade, self.work
        x, y, z = self.x, self.y, work.state[row.LEAVING]

        def flow(*arrays: Array) -> Array:
            return np.sum(arrays, axis=0)[:, None]

        organic = flow(cascade.organic, cascade.organic_draw, cascade.organic_down)
        more_organic = flow(tangent.organic, tangent.organic_draw, tangent.organic_down)
        more_aqueous = flow(tangent.aqueous, tangent.aqueous_draw, tangent.aqueous_up)
        risen, more_risen = cascade.organic_feed.copy(), tangent.organic_feed.copy()
        risen[1:] += (flow(cascade.organic) * z + flow(cascade.aqueous_up) * x)[:-1]
        more_risen[1:] += (flow(tangent.organic) * z + flow(tangent.aqueous_up) * x)[:-1]
        # what else the mixer gives to the organic that leaves it, than with the water as it was
        made = flow(cascade.efficiency) * (organic * ln_d + more_organic) * y - more_organic * z
        made += flow(tangent.efficiency) * (organic * y - risen)
        source = tangent.feed - more_aqueous * x - more_organic * z - made
        source += more_risen - tangent.organic_feed
        source[:-1] += (flow(tangent.aqueous) * x + flow(tangent.organic_down) * z)[1:]
        dx, dy, leaving = np.empty_like(x), np.empty_like(x), np.empty_like(x)
        risen = work.state[row.RISEN : row.RISEN + 3]
        feeds = source, more_risen
        balance_real(self.n, work.flows, *feeds, self.d, dx, dy, leaving, risen, True, made)
        return dx, dy + y * ln_d, leaving

    def closures(self, tangent: Tangent, dx: Array, dy: Array) -> Array:
        """Return the derivatives of the closures (N, m) along a tangent at fixed unknowns."""
        x, y, law = self.x, self.y, self.law
        anion = dx @ law.charge if self.acid >= 0 else self.anion(tangent.cascade)
        charged = anion + tangent.cascade.water_ion_product / self.h - self.hydroxide * tangent.ln_h
        protonated = self.protonated * (tangent.ln_h + tangent.protonation)
        df = np.empty_like(self.result.stages.unknowns)
        df[:, 0] = charged / self.charged
        df[:, 0] -= (self.h * tangent.ln_h + protonated + dx @ law.charge) / self.cations
        if self.acid >= 0:
            protonated = np.zeros_like(self.h)
            free = self._free_acid(dx) - self._free_acid(x) * tangent.protonation
            df[:, 0] = (free + tangent.cascade.water_ion_product / self.h) / self.h
        fed = self._extractants(self.cascade), self._extractants(tangent.cascade)
        for q, (have, more) in enumerate(zip(*fed, strict=True)):
            gained = (dy * self.takes[q] + y * tangent.takes[q]).sum(axis=1)
            df[:, self.at[q]] = more / have - gained / self.taken[q]
        if self.ligated:
            held = (self.bound * dx + tangent.bound * x).sum(axis=1)
            df[:, 2] = anion / self.anions - (held + protonated) / self.ligand
        elif self.ionic:
            df[:, 2] = -(charged + self.h * tangent.ln_h + dx @ law.charge**2) / self.strength
        return df

    def _free_acid(self, x: Array) -> Array:
        """Return what of the acid the ligand does not hold (N,), that being a species."""
        return x[:, self.acid] * (1.0 - self.bound[:, self.acid])

    def _extractants(self, cascade: Cascade) -> tuple[Array, ...]:
        """Return what a cascade, or a tangent of one, has of the extractant and the synergist."""
        return (cascade.dimer, cascade.synergist)[: len(self.at)]

    def anion(self, tangent: Cascade, step: Array | None = None) -> Array:
        """Return the derivatives of the anions (N,), doses passed on downstream.

        With a step of the unknowns; without one, at fixed unknowns.
        """
        if self.free.all():
            return tangent.anion
        cascade, anion = self.cascade, tangent.anion.copy()
        for j in range(len(anion) - 1, -1, -1):
            if not self.free[j]:
                anion[j] = 0.0 if step is None else self.anions[j] * step[j, 0]
            elif j + 1 < len(anion):
                dosed = self.anions[j + 1] - cascade.anion[j + 1]
                anion[j] += cascade.carry[j] * (anion[j + 1] - tangent.anion[j + 1])
                anion[j] += tangent.carry[j] * dosed
        return anion

    def answer(self, tangent: Tangent) -> tuple[Array, Array, Array]:
        """Return the derivatives of x, y (N, S) and of the unknowns (N, m) along a tangent."""
        f = self.closures(tangent, *self.metals(tangent.cascade, tangent.ln_d))
        step = self.steps(f)
        dx, dy = self.metals(tangent.cascade, self._ln_d(tangent, step))
        return dx, dy, step

    def leaves(self, tangent: Tangent) -> Answer:
        """Return the derivatives of the products along a tangent."""
        dx, dy, step = self.answer(tangent)
        if self.cascade.efficiency.size:
            _, _, dy = self.real_metals(tangent.cascade, self._ln_d(tangent, step))
        acid = self.acid >= 0
        anion = dx @ self.law.charge if acid else self.anion(tangent.cascade, step)
        return Answer(dx, dy, step, anion)

    def _ln_d(self, tangent: Tangent, step: Array) -> Array:
        """Return the derivatives of ln D (N, S), the step of the unknowns included."""
        return tangent.ln_d + np.einsum("ja,jai->ji", step, self.orders)

    @property
    def ideal(self) -> bool:
        """Whether stages are, so that there is an adjoint."""
        return not self.cascade.efficiency.size

    def ln_h(self, tangent: Tangent, answer: Answer) -> Array:
        """Return how ln [H+] answers (N,)."""
        return np.where(self.free, answer.step[:, 0], tangent.ln_h)

    def held(self, tangent: Tangent, answer: Answer, phase: str, j: int) -> Array:
        """Return how what a litre of a phase holds that leaves stage ``j`` answers (S,)."""
        held = self.result.column.with_drops(phase, j, answer.x[j], answer.organic[j])
        if not self.cascade.efficiency.size:
            return held
        aqueous_entrainment, organic_entrainment = tangent.drops
        if phase == "aqueous":
            return held + organic_entrainment[j] * self.work.state[row.LEAVING, j]
        return held + aqueous_entrainment[j] * self.x[j]

    def gradient(self, seed: Seed) -> Tangent:
        """Return the gradient of a number with respect to every part of a tangent: adjoint mode."""
        gradient = zero_tangent(self.result)
        by_x, by_y = seed.x + self.d * seed.organic, seed.organic.copy()
        if self.acid >= 0:
            by_x += np.multiply.outer(seed.anion, self.law.charge)
        _, by_ln_d = self._balances(by_x, by_y)
        g = np.einsum("ji,jai->ja", by_ln_d, self.orders)
        g[:, 0] += seed.ln_h
        g[~self.free, 0] = 0.0
        if self.acid < 0:
            g[:, 0] += self._by_anion(gradient.cascade, seed.anion)
        weight = self.weights(g)
        by_x += np.einsum("ja,jai->ji", weight, self.work.slopes[row.F_X][:, :, : by_x.shape[1]])
        for q, at in enumerate(self.at):
            by_y -= (weight[:, at] / self.taken[q])[:, None] * self.takes[q]
        mu, by_ln_d = self._balances(by_x, by_y)
        gradient.ln_d[:] = by_ln_d
        self._by_flows(gradient.cascade, mu)
        gradient.cascade.feed[:] = mu
        self._by_closures(gradient, weight)
        gradient.cascade.dimer[:] += seed.dimer
        gradient.ln_h[:] += np.where(self.free, 0.0, seed.ln_h)
        return gradient

    def _balances(self, by_x: Array, by_y: Array) -> tuple[Array, Array]:
        """Return the gradient with respect to the moles fed and to ln D (N, S).

        ``by_x`` is what it gains per x, y following at constant D, ``by_y`` per y.
        """
        from sx_sim.kernels.transposed import balance_transposed

        mu, inverse = np.empty_like(by_x), np.empty_like(by_x)
        lost = np.empty(by_x.shape[1])
        balance_transposed(self.n, self.work.flows, self.d, by_x, mu, inverse, lost)
        by_ln_d = by_y - self.leaving[:, None] * mu
        by_ln_d[:-1] += self.cascade.organic[:-1, None] * mu[1:]
        return mu, by_ln_d * self.y

    def _by_flows(self, gradient: Cascade, mu: Array) -> None:
        """Fill what an output gains per flow, from what it gains per mole fed."""
        x, y = self.x, self.y
        gradient.aqueous_draw[:] = -(x * mu).sum(axis=1)
        gradient.organic_draw[:] = -(y * mu).sum(axis=1)
        gradient.aqueous[:] = gradient.aqueous_draw
        gradient.organic[:] = gradient.organic_draw
        gradient.aqueous[1:] += (x[1:] * mu[:-1]).sum(axis=1)
        gradient.organic[:-1] += (y[:-1] * mu[1:]).sum(axis=1)

    def _by_closures(self, gradient: Tangent, weight: Array) -> None:
        """Fill what an output gains from what stands in the closures themselves."""
        by_charge, by_cations = weight[:, 0] / self.charged, -weight[:, 0] / self.cations
        have, gained = self._extractants(self.cascade), self._extractants(gradient.cascade)
        for q, at in enumerate(self.at):
            gained[q][:] = weight[:, at] / have[q]
            gradient.takes[q] = -(weight[:, at] / self.taken[q])[:, None] * self.y
        if self.acid >= 0:
            by_acid = weight[:, 0] / self.h
            gradient.protonation[:] = -by_acid * self._free_acid(self.x)
            gradient.cascade.water_ion_product[:] = by_acid / self.h
            gradient.bound[:] = -(weight[:, 2] / self.ligand)[:, None] * self.x
            return
        by_h, by_protonated, by_anion = by_cations, by_cations, by_charge
        if self.ligated:
            by_ligand = -weight[:, 2] / self.ligand
            gradient.bound[:] = by_ligand[:, None] * self.x
            by_protonated = by_protonated + by_ligand
            by_anion = by_charge + weight[:, 2] / self.anions
        elif self.ionic:
            by_strength = -weight[:, 2] / self.strength
            by_charge = by_anion = by_charge + by_strength
            by_h = by_h + by_strength
        gradient.protonation[:] = by_protonated * self.protonated
        gradient.ln_h[:] = gradient.protonation + by_h * self.h - by_charge * self.hydroxide
        gradient.cascade.water_ion_product[:] = by_charge / self.h
        self._by_anion(gradient.cascade, by_anion)

    def _by_anion(self, gradient: Cascade, gain: Array) -> Array:
        """Add what an output gains from anions that only mix, and from how doses fall.

        Returns
        -------
        (N,) array
            What it gains from the first unknowns, which are anions where the acidity is set.
        """
        if self.free.all():
            gradient.anion[:] += gain
            return np.zeros_like(gain)
        gain, cascade = gain.copy(), self.cascade
        for j in np.flatnonzero(self.free):
            gradient.anion[j] += gain[j]
            if j + 1 < len(gain):
                passed = cascade.carry[j] * gain[j]
                gradient.anion[j + 1] -= passed
                gradient.carry[j] += gain[j] * (self.anions[j + 1] - cascade.anion[j + 1])
                gain[j + 1] += passed
        return np.where(self.free, 0.0, self.anions * gain)
