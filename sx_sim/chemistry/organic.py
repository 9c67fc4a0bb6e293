"""What is in the organic: complexes of each species, and the extractants they bind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sx_sim.kernels.types import Law

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Organic:
    """Organic complexes of S species at N stages, up to T of each.

    Parameters
    ----------
    ln_formed : (N, S) array
        ln of all of them per free aqueous ion.
    shares : (N, S, T) array
        Of each among them.
    orders : (T, S, 4) array
        Exponents of free extractant, hydrogen ion, ligand and synergist in each.
    bound : (T, S, 2) array
        Extractant and synergist in each.
    """

    ln_formed: Array
    shares: Array
    orders: Array
    bound: Array

    @property
    def takes(self) -> Array:
        """Extractant and synergist per mole of a species (2, N, S)."""
        return np.einsum("nst,tsq->qns", self.shares, self.bound)

    def shifts(self, slopes: Array) -> tuple[Array, Array]:
        """Return how ln of the sum and what it takes answer to slopes of ln of each complex.

        Parameters
        ----------
        slopes : (N, S, T) array

        Returns
        -------
        ln_formed : (N, S) array
        takes : (2, N, S) array
        """
        weighted = self.shares * slopes
        formed = weighted.sum(axis=2)
        return formed, np.einsum("nst,tsq->qns", weighted, self.bound) - formed * self.takes


def organic_complexes(law: Law, h: Array, unknowns: Array) -> Organic:
    """Return the organic complexes.

    Parameters
    ----------
    law : Law
    h : (N,) array
        Hydrogen ion [mol/L].
    unknowns : (N, m) array
        As the kernels return them.
    """
    ln_e, ln_h = unknowns[:, 1], np.log(h)
    one = law.complexes
    if not one.ln_k.size:
        exponent = np.multiply.outer(np.ones_like(h), law.order_acid)
        if law.acid_by_dimer.size:
            exponent += np.multiply.outer(np.exp(ln_e), law.acid_by_dimer)
        ln_formed = law.ln_k + np.multiply.outer(ln_e, law.order_dimer) - exponent * ln_h[:, None]
        orders, bound = np.zeros((1, law.dimers.size, 4)), np.zeros((1, law.dimers.size, 2))
        orders[0, :, 0], orders[0, :, 1] = law.order_dimer, -law.order_acid
        bound[0, :, 0] = law.dimers
        return Organic(ln_formed, np.ones((*ln_formed.shape, 1)), orders, bound)
    free = np.zeros((len(h), 4))
    free[:, 0], free[:, 1] = ln_e, ln_h
    if law.ligand:
        free[:, 2] = unknowns[:, law.ligand]
    if law.synergist:
        free[:, 3] = unknowns[:, law.synergist]
    parts = one.ln_k + np.einsum("nc,tsc->nst", free, one.orders)
    most = parts.max(axis=2, keepdims=True)
    most = np.where(np.isfinite(most), most, 0.0)
    each = np.exp(parts - most)
    total = each.sum(axis=2, keepdims=True)
    with np.errstate(divide="ignore"):  # an inert species has none
        ln_formed = (most + np.log(total))[:, :, 0]
    return Organic(ln_formed, each / np.where(total > 0.0, total, 1.0), one.orders, one.bound)
