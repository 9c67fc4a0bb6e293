"""Work arrays are shared from solve to solve: what they held must not matter."""

import numpy as np
import pytest

from support.columns import KINDS, random_problem, solve_kernel, varied
from sx_sim.kernels import solve
from sx_sim.kernels.layout import new_work
from sx_sim.kernels.types import Options


def filled(value, work):
    """Return the work arrays with every number set."""
    for part in work:
        if part.dtype == float:
            part[...] = value
    return work


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_left_in_the_work_arrays_does_not_matter(kind, monkeypatch):
    """Short copies of a column use the first rows; the rest are left from something else."""
    cascade, law = varied(*random_problem(39, longest=80), kind)
    assert len(cascade.anion) == 58  # long enough to be shortened

    def solved(value):
        monkeypatch.setattr(solve, "workspace", lambda *s: filled(value, new_work(*s)))
        return solve_kernel(cascade, law, Options(iteration_limit=100))

    zeros = solved(0.0)
    for value in (1e5, -3.0, np.nan):
        again = solved(value)
        assert again.iterations == zeros.iterations
        assert again.unknowns.tobytes() == zeros.unknowns.tobytes()
        assert again.organic.tobytes() == zeros.organic.tobytes()
