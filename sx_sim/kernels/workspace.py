"""Memory that solves of one shape share, so that they allocate nothing but their result."""

from collections import OrderedDict
from threading import local

import numpy as np

from sx_sim.kernels.types import (
    Cascade,
    ClosureFactors,
    Factors,
    Linear,
    MetalFactors,
    State,
    Work,
)

KEPT = 4  # shapes remembered per thread
_mine = local()


def workspace(stages: int, species: int, complexes: int) -> Work:
    """Return this thread's work arrays for a column of that shape."""
    known = _mine.__dict__.setdefault("known", OrderedDict())
    shape = (stages, species, complexes)
    if shape in known:
        known.move_to_end(shape)
    else:
        known[shape] = new_workspace(*shape)
        while len(known) > KEPT:
            known.popitem(last=False)
    return known[shape]


def new_workspace(n: int, s: int, k: int) -> Work:
    """Return uninitialised work arrays for N stages, S species and K complexes of each."""
    m = 3 if k else 2
    empty = np.empty
    return Work(
        state=State(
            scalars=empty((n, m)),
            d=empty((n, s)),
            bound=np.zeros((n, s)),
            x=empty((n, s)),
            y=empty((n, s)),
            f=empty((n, m)),
            row=empty(s),
        ),
        factors=Factors(
            linear=Linear(
                f_scalar=empty((n, m, m)),
                f_x=empty((n, m, s)),
                rises=empty((n, s)),
                falls=empty((n, s)),
                local=empty((n, m, s)),
                pushed=empty((n, m, s)),
                row=empty(s),
                df=empty((n, m)),
            ),
            closures=ClosureFactors(
                answered=empty((n, m, s)),
                felt=empty((n, m, s)),
                inverse=empty((n, m, m)),
                answer=empty((s, s)),
                transpose=empty((s, s)),
                seen=empty((m, s)),
                heard=empty((m, s)),
            ),
            metals=MetalFactors(
                pivot=empty((n, s, s)),
                d=empty((n, s)),
                inverse=empty((n, m, m)),
                response=empty((n, m, s)),
                y_scalar=empty((n, m, s)),
                forward=empty((n, s)),
                kept=empty((s, s)),
                rows=empty((2, s)),
                swaps=empty(s, np.int64),
            ),
            by_metals=np.zeros(1, np.bool_),
        ),
        start=empty((n, m)),
        step=empty((n, m)),
        following=empty((n, m)),
        origin=empty((n, m)),
        saved=empty((n, m)),
        held=empty((n, s)),
        drawn=empty((2, n)),
        fed=empty((n, s)),
        short=Cascade(
            aqueous=empty(n),
            aqueous_draw=empty(n),
            organic=empty(n),
            organic_draw=empty(n),
            feed=empty((n, s)),
            anion=empty(n),
            dimer=empty(n),
            water_ion_product=empty(n),
        ),
        short_ln_k=empty((n, s)),
        short_ln_beta=empty((n, s, k)),
        coarse=empty((n, m)),
        kept=empty((2, n), np.int64),
    )
