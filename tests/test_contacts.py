"""Single contacts."""

import numpy as np
import pytest

import sx_sim


def test_over_oa_and_acid_together():
    found = sx_sim.contact(
        "hehehp-chloride",
        {"Nd": 0.1, "Dy": 0.05},
        acid=np.array([[0.01], [0.1], [1.0]]),
        oa=[0.5, 1.0],
    )
    assert found.pH.shape == (3, 2)
    assert found.aqueous.shape == (3, 2, 2)
    assert (np.diff(found.extracted("Nd"), axis=0) < 0).all()  # less from more acid
    assert (np.diff(found.extracted("Nd"), axis=1) > 0).all()  # more with more solvent


def test_it_is_an_equilibrium():
    found = sx_sim.contact("hehehp-chloride", {"Nd": "0.1 mol/L"}, acid="0.1 mol/L", oa=2.0)
    x, y = found.aqueous[0], found.organic[0]
    assert x + 2 * y == pytest.approx(0.1, rel=1e-12)
    assert found.acid == pytest.approx(0.1 + 3 * (0.1 - x), rel=1e-9)
    free = 0.5 - 3 * y
    total = 0.1 + 3 * 0.1  # chloride; what is free solves L = total - x 100 L / (1 + 100 L)
    b = 1 + 100 * (x - total)
    ligand = (np.sqrt(b**2 + 400 * total) - b) / 200
    d = 10**-0.074 * free**2.58 / found.acid**2.26 / (1 + 100 * ligand)
    assert y / x == pytest.approx(d, rel=1e-9)


def test_constants_fix_the_separation_factor():
    found = sx_sim.contact("hehehp-chloride", {"Nd": 0.1, "Pr": 0.1}, acid=[0.01, 0.1, 1.0])
    np.testing.assert_allclose(found.separation_factor("Nd", "Pr"), 10 ** (0.224 - 0.074))


def test_empirical_law():
    """log10 D = 1.0539 pH - 1.7022 for Nd in 10 vol% D2EHPA."""
    found = sx_sim.contact("d2ehpa-10vol-logd", {"Nd": 0.01}, acid=0.03)
    expected = 1.0539 * found.pH - 1.7022
    assert np.log10(found.distribution[0]) == pytest.approx(expected, abs=1e-9)


def test_more_base_than_acid_says_so():
    with pytest.raises(sx_sim.ConvergenceError, match="more base than acid"):
        sx_sim.contact("hehehp-chloride", {"Nd": 0.001}, acid=0.001, saponification=0.8, oa=5.0)
