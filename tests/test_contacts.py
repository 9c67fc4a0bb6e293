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


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"acid": -0.1}, "acid = -0.1: must be 0 to 20 mol/L"),
        ({"acid": [0.1, float("nan")]}, "acid = nan: must be"),
        ({"acid": float("inf")}, "acid = inf"),
        ({"acid": "0.1 g/L"}, "acid = '0.1 g/L': must be 0 to 20 mol/L"),
        ({"acid": []}, "acid is empty"),
        ({"acid": None}, "acid = nan|acid = None"),
        ({"oa": 0.0}, "oa = 0: must be above 0 to 10000"),
        ({"oa": [1.0, -2.0]}, "oa = -2"),
        ({"oa": "much"}, "oa = 'much'"),
        ({"oa": [1.0, 2.0, 3.0], "acid": [0.1, 0.2]}, r"shapes \(3,\) and \(2,\)"),
        ({"concentration": 0.0}, "concentration = 0: must be above 0 to 5 mol/L"),
        ({"concentration": [1.0, 2.0]}, "concentration has 2 values: give one"),
        ({"saponification": -0.1}, "saponification = -0.1: must be 0 to 0.99"),
        ({"saponification": 1.5}, "saponification = 1.5"),
        ({"base": "Ca"}, "base = 'Ca': must be one of Na, NH4, Mg"),
        ({"temperature": 25}, "temperature = 25: must be 273.15 to 373.15 K"),
        ({"metals": {"Nd": -1.0}}, r"metals\['Nd'\] = -1"),
        ({"metals": {"Nd": "lots"}}, r"metals\['Nd'\] = 'lots'"),
        ({"metals": {}}, "metals is empty"),
        ({"metals": {"Fe": 0.1}}, "has no constants for Fe"),
        ({"metals": {"Xx": 0.1}}, "Xx"),
        ({"extractant": "hehehp"}, "no 'hehehp' in extractants"),
        ({"extractant": None}, "extractant = None: must be the key of a set"),
        ({"metals": ["Nd"]}, r"metals = \['Nd'\]: must name what the feed holds"),
    ],
)
def test_every_bad_argument_is_refused_by_name_and_value(changes, told):
    given = {"extractant": "hehehp-chloride", "metals": {"Nd": 0.1}, "acid": 0.1} | changes
    with pytest.raises(sx_sim.CaseError, match=told):
        sx_sim.contact(given.pop("extractant"), given.pop("metals"), **given)


def test_an_element_that_is_not_there_is_named():
    found = sx_sim.contact("hehehp-chloride", {"Nd": 0.1}, acid=0.1)
    with pytest.raises(sx_sim.CaseError, match="no Dy in this contact; there are Nd"):
        found.extracted("Dy")


def test_a_contact_without_acid_is_one_with_pure_water():
    plain, least = (sx_sim.contact("hehehp-chloride", {"Nd": 0.1}, acid=a) for a in (0.0, 1e-7))
    assert plain.organic == pytest.approx(least.organic)


def test_a_contact_carries_the_cautions_of_what_it_rests_on():
    """The set holds from 0.0188 to 2.054 mol/L of acid: the last two contacts leave it."""
    found = sx_sim.contact("hehehp-chloride", {"Nd": 0.01}, acid=[0.1, 3.0, 4.0])
    (acid,) = (c for c in found.cautions if c.kind == "acid")
    assert acid.outside
    assert acid.stages == (2, 3)
    assert acid.margin == pytest.approx(found.acid[2] - 2.054)
    assert "at contacts 2-3 is outside" in acid.text
    inside = sx_sim.contact("hehehp-chloride", {"Nd": 0.01}, acid=0.1)
    assert not [c for c in inside.cautions if c.outside]


def test_the_solvent_of_a_law_of_log_d_is_the_one_it_was_read_at():
    found = sx_sim.contact("p507-10vol-logd", {"Nd": 10.0}, acid=0.001)
    (full,) = (c for c in found.cautions if c.kind == "capacity")
    assert "0.31 mol/L of extractant have room for 0.0517" in full.text
    assert np.isnan(found.loading)
