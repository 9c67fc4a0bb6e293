"""Reactions as text."""

import csv
import re
import tomllib

import numpy as np
import pytest

from support.paths import ROOT
from sx_sim import parse_case
from sx_sim.chemistry.extractants import ExtractantSet, extractant_set, set_of_tables
from sx_sim.chemistry.reactions import parse_reaction
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.errors import CaseError


@pytest.mark.parametrize(
    ("text", "metal", "charge", "acid", "anions", "extractants"),
    [
        ("M3+ + 3 (HA)2 = M(HA2)3 + 3 H+", "M", 3, 3, {}, {"(HA)2": 3}),
        ("M3+ + 5/2 (HA)2 = MA3(HA)2 + 3 H+, order 2.4", "M", 3, 3, {}, {"(HA)2": 2.5}),
        ("Na+ + 0.5 (HA)2 = NaA + H+", "Na", 1, 1, {}, {"(HA)2": 0.5}),
        ("Cu2+ + 2 HR = CuR2 + 2 H+", "Cu", 2, 2, {}, {"HR": 2}),
        ("M3+ + 3 NO3- + 3 TBP = M(NO3)3(TBP)3", "M", 3, 0, {"NO3-": 3}, {"TBP": 3}),
        ("M3+ + 3 NO3- + 3 TBP = M(NO3)3.3TBP", "M", 3, 0, {"NO3-": 3}, {"TBP": 3}),
        (
            "UO2 2+ + SO4 2- + 2 (R3NH)2SO4 = (R3NH)4UO2(SO4)3",
            "UO2", 2, 0, {"SO4 2-": 1}, {"(R3NH)2SO4": 2},
        ),
        (
            "UO2 2+ + 3 SO4 2- + 4 R3N + 4 H+ = (R3NH)4UO2(SO4)3",
            "UO2", 2, -4, {"SO4 2-": 3}, {"R3N": 4},
        ),
        ("Fe3+ + H2O + (HA)2 = FeOHA2 + 3 H+", "Fe", 3, 3, {}, {"(HA)2": 1}),
    ],
)  # fmt: skip
def test_a_reaction_gives_its_stoichiometry(text, metal, charge, acid, anions, extractants):
    one = parse_reaction(text)
    assert (one.metal, one.charge, one.acid) == (metal, charge, acid)
    assert one.anions == anions
    assert one.extractants == extractants


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("M3+ + 3 (HA)2", "must be a reaction, such as"),
        ("M3+ + 3 (HA)2 = M(HA2)3 + 2 H+", "does not balance: H 6 on the left, 5 on the right"),
        ("M3+ + 3 HA = MA3 + 3 H", "does not balance: charge +3 on the left, +0 on the right"),
        ("M3+ + 0 HA = M3+", "'0 HA': a coefficient must be positive"),
        ("M3+ + 3 (HA = MA3 + 3 H+", "'(HA' is no formula"),
        ("M3+ + 3 HA) = MA3 + 3 H+", "'HA)' is no formula"),
        ("(HA)2 = 2 HA", "must take up one metal ion"),
        ("2 M3+ + 6 HA = M2A6 + 6 H+", "must take up one metal ion"),
        ("M3+ + 3 NaA = MA3 + 3 Na+", "releases Na+"),
        ("M3+ + 3 Cl- = MCl3", "must take up an extractant"),
        ("M3+ + three HA = MA3 + 3 H+", "'three HA' is no species"),
        ("M3+ + 3HA = MA3 + 3 H+", "'3HA' is no species with a coefficient, such as 3 (HA)2"),
        ("M2+ + 1/0 HA = MA2 + 2 H+", "'1/0 HA' is no species"),
        (f"M2+ + {'9' * 5000} HA = MA2 + 2 H+", "is no species"),
        (f"M2+ + 2 HA{'9' * 5000} = MA2 + 2 H+", "is no formula"),
        ("Co2+ + 2 (HA)2 = CoA2 + 2 HA + 2 H+", "must make one complex of the metal"),
    ],
)
def test_what_is_no_reaction_is_told(text, problem):
    with pytest.raises(ValueError, match=re.escape(problem)):
        parse_reaction(text)


def test_a_set_declares_elements_of_its_own():
    path = ROOT / "sx_sim" / "data" / "extractants" / "cyanex272-sulfate.toml"
    tables = tomllib.loads(path.read_text())
    tables["elements"] = {"Fe2": {"charge": 2, "molar_mass": 55.845, "oxide": "FeO"}}
    row = {**tables["species"]["Co"], "reaction": "Fe2+ + 2 (HA)2 = Fe(HA2)2 + 2 H+"}
    tables["species"]["Fe2"] = row
    with pytest.raises(CaseError, match="takes up Fe, where Fe2 has charge"):
        set_of_tables(tables, "set")
    row["reaction"] = "M2+ + 2 (HA)2 = M(HA2)2 + 2 H+"
    known = set_of_tables(tables, "set")
    assert known == ExtractantSet.from_tables(known.as_tables())
    system = ChemicalSystem.of(known, ["Fe2", "Co"])
    assert system.charge.tolist() == [2, 2]
    tables["elements"]["Fe2"]["charge"] = 3
    with pytest.raises(CaseError, match=r"an ion of charge \+2, where Fe2 has charge \+3; give"):
        set_of_tables(tables, "set")
    tables["elements"] = {"Fe2": {"charge": 2, "molar_mass": 55.845, "oxide": "Fe"}}
    with pytest.raises(CaseError, match="must be an oxide"):
        set_of_tables(tables, "set")


def test_a_case_that_changes_the_charge_gives_the_exponents_too():
    text = """
temperature = "30 degC"

[solvent]
extractant = "hobo-nitrate"
concentration = "0.4 mol/L"
flow = "150 L/h"

[elements.Cu]
charge = 1
molar_mass = "63.5 g/mol"

[feeds.liquor]
concentrations = { Cu = "0.05 mol/L" }
pH = 2.0
flow = "100 L/h"

[sections.extraction]
stages = 3
"""
    with pytest.raises(CaseError, match="takes up an ion of charge \\+2; give"):
        parse_case(text)
    case = parse_case(text + "\n[constants.Cu]\norder_acid = 1.0\n")
    assert case.column.system.order_acid.tolist() == [1.0]


@pytest.mark.parametrize(
    ("symbol", "element", "reaction"),
    [
        ("NH4", None, "NH4+ + (HA)2 = NH4A(HA) + H+"),
        ("VO", {"charge": 2, "molar_mass": 66.94}, "VO 2+ + 2 (HA)2 = VO(HA2)2 + 2 H+"),
    ],
)
def test_an_ion_of_several_atoms_has_a_reaction(symbol, element, reaction):
    path = ROOT / "sx_sim" / "data" / "extractants" / "cyanex272-sulfate.toml"
    tables = tomllib.loads(path.read_text())
    tables["elements"] = {symbol: element} if element else {}
    tables["species"][symbol] = {**tables["species"]["Co"], "reaction": reaction}
    taken = 1.0 if symbol == "NH4" else 2.0
    assert set_of_tables(tables, "set").species[symbol].dimers == taken


def test_naphthenic_acid_gives_the_distribution_ratios_it_was_derived_from():
    """Equal parts of all rare earths shaken to the measured acidity and concentration."""
    path = ROOT / "sx_sim" / "data" / "isotherms" / "naphthenic_zhang2016.csv"
    rows = list(csv.DictReader(path.open()))
    measured = {row["element"]: float(row["distribution"]) for row in rows}
    water, oa = float(rows[0]["rare_earths_aqueous"]) / len(rows), float(rows[0]["oa"])
    fed = {s: water * (1.0 + oa * d) for s, d in measured.items()}  # what both phases hold
    free = 0.45 - 3.0 * sum(water * d for d in measured.values())
    law = ChemicalSystem.of(extractant_set("naphthenic-chloride"), fed).law(np.array([298.15]))
    assert law.order_acid.tolist() == law.order_dimer.tolist() == law.dimers.tolist() == [3.0] * 15
    ln_d = law.ln_k[0] + 3.0 * np.log(free) + 3.0 * np.log(10) * float(rows[0]["pH"])
    series = ChemicalSystem.of(extractant_set("naphthenic-chloride"), fed).species
    for symbol, d in zip(series, np.exp(ln_d), strict=True):
        assert d == pytest.approx(measured[symbol], rel=0.01)


def test_exponents_follow_from_the_reaction_where_none_are_given():
    path = ROOT / "tests" / "support" / "sets" / "sulfate.toml"
    tables = tomllib.loads(path.read_text())
    symbol = next(iter(tables["species"]))
    for name in ("order_dimer", "order_acid"):
        del tables["species"][symbol][name]
    tables["species"][symbol]["dimers"] = 2.5
    found = set_of_tables(tables, "set").species[symbol]
    assert (found.order_dimer, found.order_acid, found.dimers) == (3.0, 3.0, 2.5)
    tables["species"][symbol]["reaction"] = "M3+ + 5/2 (HA)2 = MA3(HA)2 + 3 H+"
    assert set_of_tables(tables, "set").species[symbol].order_dimer == 2.5
