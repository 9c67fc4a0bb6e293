"""Radionuclides: half-lives, specific activities, and growth against Bateman by hand."""

import tomllib

import numpy as np
import pytest

from support.paths import ROOT
from sx_sim.chemistry import database
from sx_sim.chemistry.nuclides import decayed, natural_activities, nuclides
from sx_sim.chemistry.set_schema import QUALITIES
from sx_sim.errors import CaseError

YEAR = 31556926.0
DAY = 86400.0
PAIRS = [
    ("Ra-228", "Ac-228", 1.0),
    ("Th-228", "Ra-224", 1.0),
    ("Ra-226", "Rn-222", 1.0),
    ("Ac-227", "Th-227", 0.9862),
    ("Pb-210", "Bi-210", 1.0),
    ("U-238", "Th-234", 1.0),
]


@pytest.mark.parametrize(("parent", "daughter", "branch"), PAIRS)
@pytest.mark.parametrize("days", [0.1, 3.0, 90.0, 4000.0])
def test_two_members_are_batemans(parent, daughter, branch, days):
    one, two = (nuclides()[name].constant for name in (parent, daughter))
    t = days * DAY
    found = decayed({parent: 10.0, daughter: 3.0}, t)
    grown = branch * 10.0 * two / (two - one) * np.exp(-one * t) * -np.expm1(-(two - one) * t)
    assert found[parent] == pytest.approx(10.0 * np.exp(-one * t), rel=1e-9)
    assert found[daughter] == pytest.approx(grown + 3.0 * np.exp(-two * t), rel=1e-9)


def test_series_come_to_equilibrium():
    """After ten half-lives of Ra-228 thorium's progeny are as active as it is."""
    found = decayed({"Th-232": 1.0}, 60 * YEAR)
    for name in ("Ra-228", "Ac-228", "Th-228", "Ra-224", "Pb-212", "Bi-212"):
        assert found[name] == pytest.approx(1.0, abs=2e-3)
    assert found["Po-212"] + found["Tl-208"] == pytest.approx(found["Bi-212"], rel=1e-6)


def test_decay_goes_on_from_where_it_was():
    start = {"Th-232": 4.0, "Ra-228": 1.0, "U-238": 2.0, "Ac-227": 0.1, "Po-210": 5.0}
    twice = decayed(decayed(start, 20 * DAY), 70 * DAY)
    once = decayed(start, 90 * DAY)
    assert once == pytest.approx(twice, rel=1e-9)


def test_atoms_are_conserved():
    """What has left the series is the time integral of its last members' activity."""
    start = {"Pb-210": 1e3}
    names = ("Pb-210", "Bi-210", "Po-210")

    def atoms(found):
        return sum(found.get(name, 0.0) / nuclides()[name].constant for name in names)

    def stable(t):
        return decayed(start, t).get("Po-210", 0.0)

    nodes, weights = np.polynomial.legendre.leggauss(40)
    t = 400 * DAY
    gone = 0.5 * t * sum(w * stable(0.5 * t * (1 + x)) for x, w in zip(nodes, weights, strict=True))
    assert atoms(start) - atoms(decayed(start, t)) == pytest.approx(gone, rel=1e-9)


def test_known_specific_activities():
    """Bq per gram of the element: Th-232 4.07e3, U-238 1.23e4, U-235 0.57e3 of natural U."""
    assert natural_activities("Th")["Th-232"] / 232.0377 == pytest.approx(4.07e3, rel=0.01)
    uranium = {n: a / 238.02891 for n, a in natural_activities("U").items()}
    assert uranium["U-238"] == pytest.approx(1.235e4, rel=0.005)
    assert uranium["U-235"] == pytest.approx(568.0, rel=0.01)
    assert uranium["U-234"] / uranium["U-238"] == pytest.approx(1.0, abs=0.1)


def test_unknown_nuclides_are_named():
    with pytest.raises(CaseError, match="did you mean Ra-228"):
        decayed({"Ra228": 1.0}, 1.0)


def test_the_file_has_sources_and_parents_first():
    data = tomllib.loads((ROOT / "sx_sim" / "data" / "radionuclides.toml").read_text())
    for table in (data, data["carriers"]):
        assert table["source"] in database.sources()
        assert table["quality"] in QUALITIES
    seen = set()
    for name, row in data["nuclides"].items():
        assert not set(row["progeny"]) & seen
        assert set(row["progeny"]) <= set(data["nuclides"])
        assert sum(row["progeny"].values()) in (0, pytest.approx(1.0))
        assert 0 < row["sd"] < 0.1 * row["half_life"]
        assert name.partition("-")[0] in data["carriers"]["elements"]
        seen.add(name)
