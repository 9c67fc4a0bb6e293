"""The solvers that sx_sim is compared with solve the same equations, and the table prints."""

import sys

import numpy as np
import pytest

from support.paths import ROOT

sys.path.append(str(ROOT))  # last, so that an installed sx_sim stays the one that is tested

from benchmarks.compare import difference, main
from benchmarks.peers.biosteam_settlers import eliminate
from benchmarks.peers.column import (
    TOLERANCE,
    balance_metals,
    fresh_start,
    ln_balance_metals,
    ln_distribution,
)
from benchmarks.peers.contest import assess_answer, products, solve_ours
from benchmarks.peers.difflow_section import section
from benchmarks.peers.linearisation import banded, superlu
from benchmarks.peers.scipy_variants import VARIANTS
from benchmarks.peers.systems import Full, Reduced
from benchmarks.problems import reference
from sx_sim.kernels.layout import packed

STAGES = 16


@pytest.fixture(scope="module")
def problem():
    return reference(STAGES).column.pack()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_agrees_on_a_short_column(problem, name):
    cascade, law = problem
    ours = assess_answer(*problem, solve_ours(cascade, law, None, TOLERANCE))
    found = assess_answer(*problem, VARIANTS[name](cascade, law))
    assert found.converged
    assert found.residual <= TOLERANCE
    assert difference(ours, found, cascade.feed.sum(axis=0)) <= 1e-7


@pytest.mark.parametrize("system", [Full, Reduced])
@pytest.mark.parametrize("factorise", [banded, superlu])
def test_the_linearisation_is_the_derivative(problem, system, factorise):
    solved = system(*problem, factorise)
    random = np.random.default_rng(0)
    here = solved.start()
    here[:, -2:] -= random.uniform(0, 0.1, (STAGES, 2))
    step = random.normal(size=here.shape)
    ahead, behind = (solved.evaluate(here + sign * 1e-6 * step).residual for sign in (1, -1))
    solve = solved.linearise(solved.evaluate(here))
    np.testing.assert_allclose(solve(-(ahead - behind) / 2e-6), step, rtol=1e-5, atol=1e-5)


def test_a_column_that_does_not_converge_says_so():
    cascade, law = reference(300).column.pack()
    answer = VARIANTS["SciPy reduced Newton, banded"](cascade, law)
    assert not answer.converged
    assert answer.why


def test_metals_balance_alike_in_every_way(problem):
    cascade, law = problem
    d = np.exp(ln_distribution(law, fresh_start(cascade)))
    x = np.exp(ln_balance_metals(cascade, d))
    largest = x.max(axis=0)
    np.testing.assert_allclose(balance_metals(cascade, d) / largest, x / largest, atol=1e-12)
    found = eliminate(cascade, packed(cascade, law).flows, d)
    np.testing.assert_allclose(found, products(cascade, x, d * x), rtol=1e-10)


def test_the_section_for_difflow_is_solved():
    cascade, law = section(6)
    assert assess_answer(cascade, law, solve_ours(cascade, law, None, TOLERANCE)).converged


def test_the_table_prints(capsys):
    main(["--quick"])
    shown = capsys.readouterr().out
    for name in ("sx_sim", "BioSTEAM", "difflow", *VARIANTS):
        assert name in shown
