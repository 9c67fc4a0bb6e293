"""The NamedTuples that cross between the compiled kernels and the rest."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
CLOSEST = 1.5  # of the Debye-Hueckel term sqrt(I) / (1 + 1.5 sqrt(I)) [L^0.5/mol^0.5]


class Complexes(NamedTuple):
    """Organic complexes of S species, up to T of each, where one exponent law does not tell all.

    ``D = sum of exp(ln_k) e^a h^b L^c t^d over complexes, / alpha``: ``e`` free extractant, ``h``
    hydrogen ion, ``L`` free ligand, ``t`` free synergist.
    """

    ln_k: Array = np.empty((0, 0, 0))  # (N, S, T), -inf where a species has fewer
    orders: Array = np.empty((0, 0, 4))  # (T, S, 4) exponents a, b, c, d
    bound: Array = np.empty((0, 0, 2))  # (T, S, 2) extractant and synergist per metal

    @property
    def stacked(self) -> Array:
        """Exponents and what is bound (6 T, S), as the kernels take them."""
        both = np.concatenate([self.orders, self.bound], axis=2)
        return np.moveaxis(both, 2, 1).reshape(6 * both.shape[0], both.shape[1])


class Law(NamedTuple):
    """Distribution law of S species at N stages: what distributes, and how strongly.

    ``ln D = ln_k + order_dimer ln e - (order_acid + acid_by_dimer e) ln h - ln alpha -
    debye g(I)``, where ``e`` is the free dimer, ``h`` the hydrogen ion, ``alpha`` the
    side-reaction coefficient of the aqueous complexes with 1..K ligands (K = 0: none) and
    ``g`` the Debye-Hueckel term of the ionic strength. A law has complexes, or activities,
    or neither.

    Where metals are extracted with anions, as ``M(NO3)3.3TBP``, the acid is one of the species:
    all that the water holds of it, its complexes with the ligand being protonated ligand.
    """

    ln_k: Array  # (N, S)
    order_dimer: Array  # (S,) exponent of the free dimer in D
    order_acid: Array  # (S,) exponent of 1/[H+] in D
    dimers: Array  # (S,) dimers bound per metal in the organic phase
    charge: Array  # (S,) charge in the aqueous phase
    ln_beta: Array  # (N, S, K) cumulative formation constants of the aqueous complexes
    least_acid: float  # [H+] below which metals hydrolyse and the law ends [mol/L]
    protonation: Array = np.empty(0)  # (N,) of the free ligand [L/mol], (0,) for none
    ligand_charge: float = 1.0  # charge of the ligand, sign reversed
    debye: Array = np.empty((0, 0))  # (N, S) by which g(I) lowers ln D, (0, 0) for none
    acid_by_dimer: Array = np.empty(0)  # (S,) rise of order_acid per e [L/mol], (0,) for none
    complexes: Complexes = Complexes()  # what holds instead of the exponents here, if any
    acid: int = -1  # index of the acid among the species, below zero if anions only mix

    @property
    def ligand(self) -> int:
        """Index of the free ligand among the unknowns of a stage, zero for none."""
        return 2 if self.ln_beta.shape[2] or self.acid >= 0 else 0

    @property
    def synergist(self) -> int:
        """Index of the free synergist among the unknowns of a stage, zero for none."""
        taken = bool(self.complexes.orders[:, :, 3].any() or self.complexes.bound[:, :, 1].any())
        return (3 if self.ligand or self.debye.size else 2) if taken else 0

    @property
    def unknowns(self) -> int:
        """Number of unknowns of a stage."""
        return 2 + bool(self.ligand or self.debye.size) + bool(self.synergist)


class Cascade(NamedTuple):
    """Flows of N stages, what enters each of them, and what only mixes.

    A stage's settler splits each phase into what passes on (aqueous to stage j-1,
    organic to stage j+1) and what is drawn off; what passes beyond either end leaves.
    Where the acidity is set, as much strong acid or base is dosed as that takes: ``anion``
    is then what there would be without any dose, and ``carry`` says how doses fall.
    """

    aqueous: Array  # (N,) passes on [L/h]
    aqueous_draw: Array  # (N,) drawn off [L/h]
    organic: Array  # (N,) passes on [L/h]
    organic_draw: Array  # (N,) drawn off [L/h]
    feed: Array  # (N, S) species fed in either phase [mol/h]
    anion: Array  # (N,) net strong anions in the aqueous phase [mol/L]
    dimer: Array  # (N,) total extractant in the organic phase, as dimer [mol/L]
    water_ion_product: Array  # (N,) Kw [mol2/L2]
    carry: Array = np.empty(0)  # (N,) share of a stage's water that falls to it; (0,), see below
    efficiency: Array = np.empty(0)  # (N,) Murphree's, of the organic; (0,) where all is ideal
    aqueous_up: Array = np.empty(0)  # (N,) carried along with the organic [L/h], or (0,)
    organic_down: Array = np.empty(0)  # (N,) carried along with the water [L/h], or (0,)
    organic_feed: Array = np.empty((0, 0))  # (N, S) of the feed, what the organic brings; or (0, 0)
    set_ln_h: Array = np.empty(0)  # (N,) ln [H+] where it is set, else NaN; (0,) if nowhere
    synergist: Array = np.empty(0)  # (N,) total of a second extractant [mol/L], or (0,)


class Options(NamedTuple):
    """When to stop."""

    tolerance: float = 1e-10  # largest closure residual, |ln(have / need)|
    newton_limit: int = 40  # factorisations before continuation is tried
    iteration_limit: int = 0  # factorisations in all, of full length; 0 for as many as its length
    settled: float = 1e-11  # next step of a scalar at which the full column counts as exact


class Solution(NamedTuple):
    """What a solve returns, converged or not."""

    aqueous: Array  # (N, S) x [mol/L]
    organic: Array  # (N, S) y [mol/L]
    unknowns: Array  # (N, m), see ``State``
    status: int
    iterations: int  # factorisations, counted in columns of full length
    residual: float  # largest closure residual, |ln(have / need)|


class Solutions(NamedTuple):
    """What solves of B columns return, converged or not; see ``Solution``."""

    aqueous: Array  # (B, N, S)
    organic: Array  # (B, N, S)
    unknowns: Array  # (B, N, m)
    status: NDArray[np.int64]  # (B,)
    iterations: NDArray[np.int64]  # (B,)
    residual: Array  # (B,)
