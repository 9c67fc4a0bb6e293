"""The NamedTuples that cross between the compiled kernels and the rest."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
CLOSEST = 1.5  # of the Debye-Hueckel term sqrt(I) / (1 + 1.5 sqrt(I)) [L^0.5/mol^0.5]


class Law(NamedTuple):
    """Distribution law of S species at N stages: what distributes, and how strongly.

    ``ln D = ln_k + order_dimer ln e - (order_acid + acid_by_dimer e) ln h - ln alpha -
    debye g(I)``, where ``e`` is the free dimer, ``h`` the hydrogen ion, ``alpha`` the
    side-reaction coefficient of the aqueous complexes with 1..K ligands (K = 0: none) and
    ``g`` the Debye-Hueckel term of the ionic strength. A law has complexes, or activities,
    or neither.
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


class Options(NamedTuple):
    """When to stop."""

    tolerance: float = 1e-10  # largest closure residual, |ln(have / need)|
    newton_limit: int = 40  # factorisations before continuation is tried
    iteration_limit: int = 0  # factorisations in all, of full length; 0 for as many as its length


class State(NamedTuple):
    """The iterate and what follows from it. Arrays may hold more stages than are in use.

    Scalars are ln h, or ln of the anions where the acidity is set; ln e; and, with complexes
    or activities, ln of the free ligand or of the ionic strength.
    """

    unknowns: Array  # (N, m)
    ln_h: Array  # (N,)
    anion: Array  # (N,) net strong anions, doses included [mol/L]
    d: Array  # (N, S) distribution ratios
    bound: Array  # (N, S) by which the third scalar lowers ln D: mean number of ligands bound
    x: Array  # (N, S) aqueous concentrations [mol/L]
    y: Array  # (N, S) organic concentrations [mol/L]
    f: Array  # (N, m) closure residuals
    row: Array  # (S,) work
    orders: Array  # (2, S) of acid and dimer, where they vary
    leaving: Array  # (N, S) in the organic that leaves, where stages are not ideal; or (0, 0)
    risen: Array  # (3, N, S) work, or (0, 0, 0)
    nothing: Array  # (0, 0)


class Linear(NamedTuple):
    """The closures linearised, the metals following: what a step of the unknowns changes.

    What rises and what falls are changes of x [mol/L] due to stages before and after. Where
    the acidity is set somewhere, the anions that doses bring count as one more species.
    """

    f_scalar: Array  # (N, m, m) d closure / d scalar at fixed x
    f_x: Array  # (N, m, S) d closure / dx at fixed unknowns
    rises: Array  # (N, S) at the next stage, per what rises here
    falls: Array  # (N, S) here, per what falls at the next stage
    local: Array  # (N, m, S) dx here, per step of this stage's unknowns
    pushed: Array  # (N, m, S) what rises to the next stage, per step of this stage's unknowns
    row: Array  # (S,) work
    df: Array  # (N, m) work


class ClosureFactors(NamedTuple):
    """What is left of an elimination of the closures."""

    answered: Array  # (N, m, S) pushed, with what the stages before answer
    felt: Array  # (N, m, S) step here, sign reversed, per what falls at the next stage
    inverse: Array  # (N, m, m) of d closure / d scalar, stages before answering
    answer: Array  # (S, S) work
    transpose: Array  # (S, S) work
    seen: Array  # (m, S) work
    heard: Array  # (m, S) work


class MetalFactors(NamedTuple):
    """What is left of an elimination of the metals; anions that doses bring count as one."""

    flows: Array  # (6, N) 1 - eff, eff O, and O', drawn and down over O, and up: see ``real``
    pivot: Array  # (N, S, S) inverse pivots, transposed
    losses: Array  # (N, S, S) L, transposed, where stages are not ideal; or (0, 0, 0)
    backs: Array  # (N, S, S) the inverse in F, transposed, alike
    d: Array  # (N, S) distribution ratios
    doses: Array  # (N,) anions where the acidity is set, else 0; (0,) if nowhere
    inverse: Array  # (N, m, m) of d closure / d scalar at fixed x
    response: Array  # (N, m, S) d scalar / dx at closed closures
    y_scalar: Array  # (N, m, S) d y / d scalar at fixed x
    forward: Array  # (N, S) work
    risen: Array  # (N, S) work
    lost: Array  # (S, S) work
    made: Array  # (S, S) work
    gone: Array  # (S, S) work
    unknowns: Array  # (m,) work
    rows: Array  # (4, S) work
    swaps: NDArray[np.int64]  # (S,) work


class Factors(NamedTuple):
    """The linearised cascade, ready to be solved for any residual."""

    linear: Linear
    closures: ClosureFactors
    metals: MetalFactors
    by_metals: NDArray[np.bool_]  # (1,) which of the two eliminations holds


class Work(NamedTuple):
    """All that a solve writes to before it returns, for N stages, S species, m unknowns."""

    state: State
    factors: Factors
    start: Array  # (N, m)
    step: Array  # (N, m)
    following: Array  # (N, m)
    origin: Array  # (N, m)
    saved: Array  # (N, m)
    held: Array  # (2, N, S)
    drawn: Array  # (3, N)
    fed: Array  # (2, N, S)
    short: Cascade
    short_ln_k: Array  # (N, S)
    short_ln_beta: Array  # (N, S, K)
    short_debye: Array  # (N, S) or (0, 0)
    short_protonation: Array  # (N,) or (0,)
    coarse: Array  # (N, m)
    coarse_ln_h: Array  # (N,)
    kept: NDArray[np.int64]  # (2, N)


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
