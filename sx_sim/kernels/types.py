"""The NamedTuples that cross between the compiled kernels and the rest."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Law(NamedTuple):
    """Distribution law of S species at N stages: what distributes, and how strongly.

    ``ln D = ln_k + order_dimer ln e - order_acid ln h - ln alpha``, where ``e`` is the
    free dimer, ``h`` the hydrogen ion and ``alpha`` the side-reaction coefficient of the
    aqueous complexes with 1..K ligands (K = 0: none).
    """

    ln_k: Array  # (N, S)
    order_dimer: Array  # (S,) exponent of the free dimer in D
    order_acid: Array  # (S,) exponent of 1/[H+] in D
    dimers: Array  # (S,) dimers bound per metal in the organic phase
    charge: Array  # (S,) charge in the aqueous phase
    ln_beta: Array  # (N, S, K) cumulative formation constants of the aqueous complexes
    least_acid: float  # [H+] below which metals hydrolyse and the law ends [mol/L]


class Cascade(NamedTuple):
    """Flows of N stages, what enters each of them, and what only mixes.

    A stage's settler splits each phase into what passes on (aqueous to stage j-1,
    organic to stage j+1) and what is drawn off; what passes beyond either end leaves.
    """

    aqueous: Array  # (N,) passes on [L/h]
    aqueous_draw: Array  # (N,) drawn off [L/h]
    organic: Array  # (N,) passes on [L/h]
    organic_draw: Array  # (N,) drawn off [L/h]
    feed: Array  # (N, S) species fed in either phase [mol/h]
    anion: Array  # (N,) net strong anions in the aqueous phase [mol/L]
    dimer: Array  # (N,) total extractant in the organic phase, as dimer [mol/L]
    water_ion_product: Array  # (N,) Kw [mol2/L2]


class Options(NamedTuple):
    """When to stop."""

    tolerance: float = 1e-10  # largest closure residual, |ln(have / need)|
    newton_limit: int = 40  # factorisations before continuation is tried
    iteration_limit: int = 1000  # factorisations in all


class State(NamedTuple):
    """The iterate and what follows from it."""

    scalars: Array  # (N, m) ln h, ln e and, with complexes, ln of the free ligand
    d: Array  # (N, S) distribution ratios
    bound: Array  # (N, S) mean number of ligands bound per aqueous metal
    x: Array  # (N, S) aqueous concentrations [mol/L]
    y: Array  # (N, S) organic concentrations [mol/L]
    f: Array  # (N, m) closure residuals


class Factors(NamedTuple):
    """The linearised cascade, stage by stage, ready to be solved for any residual."""

    pivot: Array  # (N, S, S) inverse pivots, transposed
    d: Array  # (N, S) distribution ratios they were made with
    f_inverse: Array  # (N, m, m) of d closure / d scalar at fixed x
    response: Array  # (N, m, S) d scalar / dx at closed closures
    y_scalar: Array  # (N, m, S) d y / d scalar at fixed x


class Solution(NamedTuple):
    """What a solve returns, converged or not."""

    aqueous: Array  # (N, S) x [mol/L]
    organic: Array  # (N, S) y [mol/L]
    scalars: Array  # (N, m) ln h, ln e and, with complexes, ln of the free ligand
    status: int
    iterations: int  # factorisations, counted in columns of full length
    residual: float  # largest closure residual, |ln(have / need)|
