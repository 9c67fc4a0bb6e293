"""Memory that solves of one shape share, so that they allocate nothing but their result."""

from collections import OrderedDict
from threading import local
from typing import Any

import numpy as np

from sx_sim.kernels.types import (
    Cascade,
    ClosureFactors,
    Factors,
    Law,
    Linear,
    MetalFactors,
    State,
    Work,
)

KEPT = 4  # shapes remembered per thread
_mine = local()


def shape_of(cascade: Cascade, law: Law) -> tuple[int, int, int, int, bool, bool, bool]:
    """Return the arguments of ``new_workspace`` for a column."""
    n, s, k = law.ln_beta.shape
    m = 3 if k or law.debye.size else 2
    return (
        n,
        s,
        k,
        m,
        cascade.set_ln_h.size > 0,
        law.protonation.size > 0,
        cascade.efficiency.size > 0,
    )


def workspace(*shape: Any) -> Work:
    """Return this thread's work arrays for a column of that shape, see ``new_workspace``."""
    known = _mine.__dict__.setdefault("known", OrderedDict())
    if shape in known:
        known.move_to_end(shape)
    else:
        known[shape] = new_workspace(*shape)
        while len(known) > KEPT:
            known.popitem(last=False)
    return known[shape]


def new_workspace(
    n: int,
    s: int,
    k: int,
    m: int,
    dosed: bool = False,
    protonated: bool = False,
    real: bool = False,
) -> Work:
    """Return uninitialised work arrays.

    Parameters
    ----------
    n, s, k, m : int
        Stages, species, complexes of each and unknowns.
    dosed : bool
        Whether the acidity of some stage is set.
    protonated : bool
        Whether the ligand takes up acid.
    real : bool
        Whether stages are not ideal.
    """
    empty = np.empty
    ionic = m == 3 and k == 0
    sx = s + dosed  # the anions that doses bring count as a species
    return Work(
        state=State(
            unknowns=empty((n, m)),
            ln_h=empty(n),
            anion=empty(n),
            d=empty((n, s)),
            bound=np.zeros((n, s)),
            x=empty((n, s)),
            y=empty((n, s)),
            f=empty((n, m)),
            row=empty(s),
            orders=empty((2, s)),
            leaving=empty((n, s) if real else (0, 0)),
            risen=empty((3, n, s) if real else (0, 0, 0)),
            nothing=empty((0, 0)),
        ),
        factors=Factors(
            linear=Linear(
                f_scalar=empty((n, m, m)),
                f_x=empty((n, m, sx)),
                rises=empty((n, sx)),
                falls=empty((n, sx)),
                local=empty((n, m, sx)),
                pushed=empty((n, m, sx)),
                row=empty(sx),
                df=empty((n, m)),
            ),
            closures=ClosureFactors(
                answered=empty((n, m, sx)),
                felt=empty((n, m, sx)),
                inverse=empty((n, m, m)),
                answer=empty((sx, sx)),
                transpose=empty((sx, sx)),
                seen=empty((m, sx)),
                heard=empty((m, sx)),
            ),
            metals=MetalFactors(
                flows=empty((6, n)),
                pivot=empty((n, sx, sx)),
                losses=empty((n, sx, sx) if real else (0, 0, 0)),
                backs=empty((n, sx, sx) if real else (0, 0, 0)),
                d=empty((n, sx)),
                doses=empty(n if dosed else 0),
                inverse=empty((n, m, m)),
                response=empty((n, m, sx)),
                y_scalar=empty((n, m, sx)),
                forward=empty((n, sx)),
                risen=empty((n, sx)),
                lost=empty((sx, sx)),
                made=empty((sx, sx)),
                gone=empty((sx, sx)),
                unknowns=empty(m),
                rows=empty((4, sx)),
                swaps=empty(sx, np.int64),
            ),
            by_metals=np.zeros(1, np.bool_),
        ),
        start=empty((n, m)),
        step=empty((n, m)),
        following=empty((n, m)),
        origin=empty((n, m)),
        saved=empty((n, m)),
        held=empty((2, n, s)),
        drawn=empty((3, n)),
        fed=empty((2, n, s)),
        short=Cascade(
            aqueous=empty(n),
            aqueous_draw=empty(n),
            organic=empty(n),
            organic_draw=empty(n),
            feed=empty((n, s)),
            anion=empty(n),
            dimer=empty(n),
            water_ion_product=empty(n),
            carry=empty(n if dosed else 0),
            efficiency=empty(n if real else 0),
            aqueous_up=empty(n if real else 0),
            organic_down=empty(n if real else 0),
            organic_feed=empty((n, s) if real else (0, 0)),
            set_ln_h=empty(n if dosed else 0),
        ),
        short_ln_k=empty((n, s)),
        short_ln_beta=empty((n, s, k)),
        short_debye=empty((n, s) if ionic else (0, 0)),
        short_protonation=empty(n if protonated else 0),
        coarse=empty((n, m)),
        coarse_ln_h=empty(n),
        kept=empty((2, n), np.int64),
    )
