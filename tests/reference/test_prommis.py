"""A leach liquor in sulfate, three stages, against the outlets that PrOMMiS publishes."""

import csv

import pytest

import sx_sim
from support.paths import ROOT

FOLDER = ROOT / "tests" / "reference"
WITHIN = 1e-4  # what the published case claims for itself


@pytest.fixture(scope="module")
def solved():
    return sx_sim.solve(sx_sim.load_case(FOLDER / "prommis_3_stages.toml"))


def published(phase):
    with open(FOLDER / "prommis_3_stages.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["phase"] == phase]
    return {row["name"]: float(row["g_per_L"]) / float(row["molar_mass"]) for row in rows}


def test_aqueous_outlet(solved):
    expected = published("aqueous")
    raffinate, water = solved.streams["raffinate"], solved.speciation()
    found = {s: raffinate.concentration[solved.system.index(s)] for s in solved.elements}
    found |= {"H": water.hydrogen[0], "HSO4": water.protonated[0], "SO4": water.ligand[0]}
    assert set(expected) <= set(found)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=WITHIN), name


def test_organic_outlet(solved):
    expected = published("organic")
    loaded = solved.streams["loaded solvent"]
    assert 2 * solved.stages.free_dimer[-1] == pytest.approx(expected.pop("DEHPA"), rel=WITHIN)
    for symbol, value in expected.items():
        found = loaded.concentration[solved.system.index(symbol)]
        assert found == pytest.approx(value, rel=WITHIN), symbol


def test_it_stays_within_the_ranges_of_its_set(solved):
    assert not [c for c in solved.cautions if c.outside]
