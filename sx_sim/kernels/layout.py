"""The few arrays that kernels pass on, and the names of their rows.

A tuple of many arrays costs more to compile at every call than the mathematics, so what has the
same axes lies in one array, a row for each quantity. A row is contiguous: stages, or stages and
species. What a column may lack, such as complexes, is told by ``has``; its rows are not read
then. Work arrays may hold more stages than are in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sx_sim.kernels.types import Array, Cascade, Law

# flows (rows, N) of a problem: see ``Cascade``, and the protonation of its ``Law``
(
    AQUEOUS, AQUEOUS_DRAW, ORGANIC, ORGANIC_DRAW, ANION, DIMER, WATER, CARRY, SET_LN_H, EFFICIENCY,
    AQUEOUS_UP, ORGANIC_DOWN, PROTONATION, SYNERGIST, PROBLEM_FLOWS,
) = range(15)  # fmt: skip
# and of work: ln h; anions, doses included; what a time step changes, as given; work of
# ``levels``; for the elimination of metals 1 - eff, eff O, and O', drawn and down over O, up, and
# the anions where the acidity is set
(
    LN_H, ANIONS, GIVEN_AQUEOUS_DRAW, GIVEN_ORGANIC_DRAW, GIVEN_EFFICIENCY, COARSE_LN_H, BYPASS,
    MIXED, RISING, TAKEN, FALLING, UP, DOSES, WORK_FLOWS,
) = range(PROBLEM_FLOWS, PROBLEM_FLOWS + 14)  # fmt: skip
# metals (rows, N, S): as many rows as a problem needs, the complexes of 1, 2 ... ligands last but
# for K of each organic complex, where there are several; K is D where ln e and ln h are zero
FEED, K, ORGANIC_FEED, DEBYE, LN_BETA = range(5)
# law (rows, S); the last is the first species that has the same orders. Where organic complexes
# are given one by one, for each of them the exponents of free dimer, h, ligand and synergist, and
# the dimers and synergist bound
ORDER_DIMER, ORDER_ACID, DIMERS, CHARGE, ACID_BY_DIMER, LIKE, LAW_ROWS = range(7)
BY_DIMER, BY_H, BY_LIGAND, BY_SYNERGIST, BOUND_DIMERS, BOUND_SYNERGIST, COMPLEX_ROWS = range(7)
# numbers
LEAST_ACID, LIGAND_CHARGE, NUMBERS = range(3)
# has: unknowns of a stage, complexes of a metal in the water, and whether there is what is named;
# EXTRACTED complexes of a metal in the organic, none if the first rows of law tell it; the places
# of the free LIGAND and of the free synergist, FREE_SYNERGIST, among the unknowns, zero for none;
# and that of the ACID among the species, counted from 1, zero if it is none
(
    M, COMPLEXES, DOSED, REAL, VARYING, PROTONATED, IONIC, EXTRACTED, LIGAND, FREE_SYNERGIST, ACID,
    HAS,
) = range(12)  # fmt: skip
# state (rows, N, S): distribution ratios; by which the third unknown lowers ln D; dimers and
# synergist in a mole of what is extracted; concentrations in the water, in the organic it meets
# and in the organic that leaves; what stages hold in a time step; the feeds as given; work of
# ``real``, three rows
(
    D, BOUND, TAKES, TAKES_SYNERGIST, X, Y, HELD_X, HELD_Y, GIVEN_FEED, GIVEN_ORGANIC_FEED, LEAVING,
    RISEN, STATE_ROWS,
) = (*range(12), 14)  # fmt: skip
# unknowns (rows, N, m): themselves, see ``Work``; closure residuals; and vectors of their kind
U, F, STEP, FOLLOWING, START, ORIGIN, SAVED, COARSE, DF, UNKNOWN_ROWS = range(10)
# spread (rows, N, S): what rises at the next stage per what rises here, and what falls here per
# what falls there; of the elimination of metals D, dx, and what rises
RISES, FALLS, RATIO, FORWARD, RISE, SPREAD_ROWS = range(6)
# slopes (rows, N, m, S): d closure / dx at fixed unknowns; dx here and what rises on, per step of
# the unknowns; the same with the stages before answering; step here per what falls, sign reversed;
# of the elimination of metals d unknown / dx at closed closures, and d y / d unknown at fixed x;
# d ln D / d unknown
F_X, LOCAL, PUSHED, ANSWERED, FELT, RESPONSE, Y_SLOPE, ORDERS, SLOPE_ROWS = range(9)
# small (rows, N, m, m): d closure / d unknown at fixed x, and its inverses in either elimination
F_U, INVERSE, METALS_INVERSE, SMALL_ROWS = range(4)
# square (rows, S, S)
ANSWER, TRANSPOSE, LOST, MADE, GONE, SQUARE_ROWS = range(6)
# blocks (rows, N, S, S), transposed: inverse pivots; where stages are not ideal L, and the
# inverse in F, of ``by_metals``
PIVOT, LOSSES, BACKS = range(3)
# rows (rows, S): work, and m rows each of two more
ROW, RHS, FALL, LEFT, BACK, SEEN = range(6)
# places (rows, N or S): stages kept of a column and of its shorter copy; row exchanges; whether
# the elimination of the metals holds, 1 or 0 in the first place
KEPT, SWAPS, BY_METALS, PLACE_ROWS = 0, 2, 3, 4


class Problem(NamedTuple):
    """A column as the kernels take it; or B of them, flows and metals with that axis first."""

    flows: Array  # (PROBLEM_FLOWS, N)
    metals: Array  # (2 or more, N, S)
    law: Array  # (LAW_ROWS or more, S)
    numbers: Array  # (NUMBERS,)
    has: NDArray[np.int64]  # (HAS,)

    @property
    def shape(self) -> tuple[int, ...]:
        """Stages, species, rows of metals, and what there is."""
        rows, n, s = self.metals.shape[-3:]
        return n, s, rows, *self.has.tolist()

    @property
    def kind(self) -> tuple[Any, ...]:
        """What columns have to share to be solved together: the shape and the law."""
        return *self.shape, self.law.tobytes(), self.numbers.tobytes()


class Work(NamedTuple):
    """All that a solve writes to before it returns, the problem of its stages included.

    The unknowns of a stage are ln h, or ln of the anions where the acidity is set; ln e; with
    complexes, activities or anions that are extracted, ln of the free ligand or of the ionic
    strength; and with a synergist ln of what is free of it. Where the
    acidity is set somewhere, the anions that doses bring count as one more species in
    ``spread``, ``slopes``, ``square``, ``blocks`` and ``rows``.
    """

    flows: Array  # (WORK_FLOWS, N)
    metals: Array
    law: Array
    numbers: Array
    has: NDArray[np.int64]
    state: Array  # (STATE_ROWS, N, S)
    unknowns: Array  # (UNKNOWN_ROWS, N, m)
    spread: Array  # (SPREAD_ROWS, N, S or S + 1)
    slopes: Array  # (SLOPE_ROWS, N, m, S or S + 1)
    small: Array  # (SMALL_ROWS, N, m, m)
    square: Array
    blocks: Array  # (1 or 3, ...)
    rows: Array
    places: NDArray[np.int64]


def packed(cascade: Cascade, law: Law) -> Problem:
    """Return a column as the kernels take it."""
    n, s, k = law.ln_beta.shape
    has = np.zeros(HAS, np.int64)
    has[COMPLEXES], has[IONIC], has[ACID] = k, law.debye.size > 0, law.acid + 1
    has[LIGAND], has[FREE_SYNERGIST] = law.ligand, law.synergist
    has[M] = law.unknowns
    has[EXTRACTED] = law.complexes.ln_k.shape[2]
    has[DOSED], has[REAL] = cascade.set_ln_h.size > 0, cascade.efficiency.size > 0
    has[VARYING], has[PROTONATED] = law.acid_by_dimer.size > 0, law.protonation.size > 0
    flows = np.zeros((PROBLEM_FLOWS, n))
    flows[AQUEOUS], flows[AQUEOUS_DRAW] = cascade.aqueous, cascade.aqueous_draw
    flows[ORGANIC], flows[ORGANIC_DRAW] = cascade.organic, cascade.organic_draw
    flows[ANION], flows[DIMER] = cascade.anion, cascade.dimer
    flows[WATER] = cascade.water_ion_product
    if law.synergist:
        flows[SYNERGIST] = cascade.synergist
    rows = LN_BETA + k if k else DEBYE + 1 if has[IONIC] else ORGANIC_FEED + int(has[REAL])
    metals = np.zeros((rows + has[EXTRACTED], n, s))
    metals[FEED], metals[K] = cascade.feed, np.exp(law.ln_k)
    if has[DOSED]:
        flows[CARRY], flows[SET_LN_H] = cascade.carry, cascade.set_ln_h
    if has[REAL]:
        flows[EFFICIENCY], flows[AQUEOUS_UP] = cascade.efficiency, cascade.aqueous_up
        flows[ORGANIC_DOWN], metals[ORGANIC_FEED] = cascade.organic_down, cascade.organic_feed
    if has[PROTONATED]:
        flows[PROTONATION] = law.protonation
    if has[IONIC]:
        metals[DEBYE] = law.debye
    if k:
        metals[LN_BETA:rows] = np.moveaxis(law.ln_beta, 2, 0)
    orders = np.zeros((LAW_ROWS + COMPLEX_ROWS * has[EXTRACTED], s))
    if has[EXTRACTED]:
        metals[rows:] = np.exp(np.moveaxis(law.complexes.ln_k, 2, 0))
        orders[LAW_ROWS:] = law.complexes.stacked
    orders[ORDER_DIMER], orders[ORDER_ACID] = law.order_dimer, law.order_acid
    orders[DIMERS], orders[CHARGE] = law.dimers, law.charge
    if has[VARYING]:
        orders[ACID_BY_DIMER] = law.acid_by_dimer
    first: dict[tuple[float, ...], int] = {}
    alike = orders[[ORDER_DIMER, ORDER_ACID, ACID_BY_DIMER]].T.tolist()
    orders[LIKE] = [first.setdefault(tuple(one), i) for i, one in enumerate(alike)]
    return Problem(flows, metals, orders, np.array([law.least_acid, law.ligand_charge]), has)


def stacked(problems: Sequence[Problem]) -> Problem:
    """Return columns of one shape and with the same law as one problem."""
    first = problems[0]
    flows, metals = (np.stack(arrays) for arrays in zip(*(p[:2] for p in problems), strict=True))
    return first._replace(flows=flows, metals=metals)


def loaded(problem: Problem) -> Work:
    """Return work arrays that hold a column as a solve of its full length does."""
    work = new_work(*problem.shape)
    work.flows[:PROBLEM_FLOWS], work.metals[:] = problem.flows, problem.metals
    work.law[:], work.numbers[:] = problem.law, problem.numbers
    return work


def new_work(n: int, s: int, rows: int, *has: int) -> Work:
    """Return uninitialised work arrays for columns of a shape, see ``Problem.shape``."""
    empty, m = np.empty, has[M]
    sx = s + has[DOSED]
    state = empty((STATE_ROWS if has[REAL] else LEAVING, n, s))
    state[BOUND] = 0.0
    return Work(
        flows=empty((WORK_FLOWS, n)),
        metals=empty((rows, n, s)),
        law=empty((LAW_ROWS + COMPLEX_ROWS * has[EXTRACTED], s)),
        numbers=empty(NUMBERS),
        has=np.array(has, np.int64),
        state=state,
        unknowns=empty((UNKNOWN_ROWS, n, m)),
        spread=empty((SPREAD_ROWS, n, sx)),
        slopes=empty((SLOPE_ROWS, n, m, sx)),
        small=empty((SMALL_ROWS, n, m, m)),
        square=empty((SQUARE_ROWS, sx, sx)),
        blocks=empty((3 if has[REAL] else 1, n, sx, sx)),
        rows=empty((SEEN + 2 * m, sx)),
        places=empty((PLACE_ROWS, max(n, sx, m)), np.int64),
    )
