"""Sets that extract anions, or have two extractants or several complexes."""

import copy
import csv
import tomllib

import numpy as np
import pytest

import sx_sim
from support.paths import ROOT
from sx_sim.chemistry.extractants import ExtractantSet, extractant_set, set_of_tables
from sx_sim.errors import CaseError

SETS = ROOT / "sx_sim" / "data" / "extractants"
CASE = """
temperature = "25 degC"
[solvent]
extractant = "EXTRACTANT"
concentration = "0.5 mol/L"
SOLVENT
flow = "100 L/h"
[feeds.liquor]
concentrations = { METAL = "0.01 mol/L" MORE }
acid = "0.1 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 3
"""


def tables_of(key):
    return tomllib.loads((SETS / f"{key}.toml").read_text())


def changed(key, path, value):
    """Return the tables of a set with one of them changed, taken out if ``value`` is None."""
    tables = copy.deepcopy(tables_of(key))
    *parents, last = path.split(".")
    table = tables
    for part in parents:
        table = table[int(part)] if part.isdigit() else table[part]
    if value is None:
        del table[last]
    else:
        table[last] = value
    return tables


@pytest.mark.parametrize(
    ("key", "path", "value", "problem"),
    [
        ("tbp-nitrate", "reaction", "M3+ + 3 Cl- + 3 TBP = MCl3(TBP)3",
         "takes up Cl-, where medium = 'nitrate' has NO3-"),
        ("tbp-nitrate", "medium", "acetate",
         "takes up NO3-, where medium = 'acetate' has no ion that is known"),
        ("tbp-nitrate", "reaction", "M3+ + 2 NO3- + 2 HA = M(NO3)2A(HA) + H+",
         "takes up NO3- and releases H+"),
        ("tbp-nitrate", "reaction", "M3+ + 4 NO3- + H+ + TBP = HM(NO3)4TBP",
         "takes up NO3- and takes up H+"),
        ("tbp-nitrate", "species.La.reaction", "La3+ + 3 HA = LaA3 + 3 H+",
         "species.La.reaction = \"La3+ + 3 HA = LaA3 + 3 H+\": takes up no anions, where others"),
        ("tbp-nitrate", "species.H.reaction", "La3+ + 3 NO3- + 3 TBP = La(NO3)3(TBP)3",
         "takes up La, where H has charge"),
        ("tbp-nitrate", "species.H.reaction", "H+ + NO3- + 12 TBP = HNO3(TBP)12",
         "has a coefficient above 10"),
        ("tbp-nitrate", "species.La.reaction", "La3+ + 3 NO3- + 0 TBP = La(NO3)3",
         "'0 TBP': a coefficient must be positive"),
        ("tbp-nitrate", "species.La.log10_K", None, "species.La.log10_K is missing"),
        ("tbp-nitrate", "activity", "sit", "goes with cation exchange by one extractant"),
        ("pmcp-damp-perchlorate", "synergist", "",
         "takes up HA and DAMP; of two extractants in a solvent one is named, such as "
         "synergist = \"DAMP\""),
        ("pmcp-damp-perchlorate", "species.U.complexes.0.reaction", None,
         "species.U.complexes.0.reaction is missing"),
        ("pmcp-damp-perchlorate", "species.U.complexes.0.reaction",
         "UO2 2+ + 2 HA + DAMP = UO2A2DAMP + H+", "does not balance: H 2 on the left, 1 on the"),
        ("pmcp-damp-perchlorate", "species.U.complexes.0.reaction",
         "M3+ + 3 HA + DAMP = MA3DAMP + 3 H+", "takes up an ion of charge +3, where U has charge"),
        ("pmcp-damp-perchlorate", "species.U.complexes.0.log10_K", "two",
         "species.U.complexes.0.log10_K"),
        ("alamine336-sulfate", "basis", "monomer",
         "takes up (R3NH)2SO4, a dimer, where basis = 'monomer'"),
    ],
)  # fmt: skip
def test_a_set_that_cannot_be_solved_is_told_in_one_line(key, path, value, problem):
    with pytest.raises(CaseError) as raised:
        set_of_tables(changed(key, path, value), "set.toml")
    told = [p for p in raised.value.problems if problem in p]
    assert len(told) == 1, raised.value.problems
    assert "\n" not in told[0]


@pytest.mark.parametrize(
    ("extractant", "solvent", "metal", "more", "problem"),
    [
        ("pmcp-damp-perchlorate", "", "U", "", "solvent.synergist is missing: set 'pmcp"),
        ("tbp-nitrate", 'synergist = "0.1 mol/L"', "La", "", "solvent.synergist: set 'tbp"),
        ("tbp-nitrate", "saponification = 0.2", "La", "", "solvent.saponification: set 'tbp-nitr"),
        ("tbp-nitrate", "", "La", ', H = "0.1 mol/L"', "concentrations.H: is no metal"),
        ("tbp-nitrate", "", "Fe", "", "has no constants for Fe"),
    ],
)  # fmt: skip
def test_a_case_that_does_not_fit_its_set_is_told(extractant, solvent, metal, more, problem):
    text = CASE.replace("EXTRACTANT", extractant).replace("SOLVENT", solvent)
    with pytest.raises(CaseError, match=problem):
        sx_sim.parse_case(text.replace("METAL", metal).replace("MORE", more))


def test_the_pH_is_not_held_where_acid_is_extracted():
    text = CASE.replace("EXTRACTANT", "tbp-nitrate").replace("SOLVENT", "")
    text = text.replace("METAL", "La").replace("MORE", "")
    with pytest.raises(CaseError, match=r"set_points.held: set 'tbp-nitrate' extracts acid"):
        sx_sim.parse_case(text + "[set_points.held]\nstage = 2\npH = 1.0\n")


@pytest.mark.parametrize("key", ["tbp-nitrate", "pmcp-damp-perchlorate", "alamine336-sulfate"])
def test_a_set_is_kept_whole_in_plain_tables(key):
    known = extractant_set(key)
    assert ExtractantSet.from_tables(known.as_tables()) == known


def test_tbp_gives_the_factors_it_was_derived_from():
    """Factors between elements are measured; their level rests on an assumption."""
    path = ROOT / "sx_sim" / "data" / "isotherms" / "tbp_nitrate_kraikaew2005.csv"
    measured = {row["element"]: float(row["distribution"]) for row in csv.DictReader(path.open())}
    shaken = sx_sim.contact(
        "tbp-nitrate", dict.fromkeys(measured, 0.2), acid=0.2, concentration=1.0, temperature=308.15
    )
    found = {element: shaken.separation_factor(element, "La") for element in measured}
    wanted = {element: d / measured["La"] for element, d in measured.items()}
    assert found == pytest.approx(wanted, rel=2e-3)


def test_acid_salts_a_metal_out_and_then_takes_its_place():
    """D passes a maximum, as is found: nitrate drives the metal into TBP, HNO3.TBP holds it."""
    acids = [0.2, 2.0, 8.0]
    low, most, high = (
        sx_sim.contact("tbp-nitrate", {"Nd": 0.01}, acid=acid, concentration=1.0).distribution[0]
        for acid in acids
    )
    assert low < most > high
    alone = extractant_set("tbp-nitrate").with_constants({"H": {"inert": True}})
    free = sx_sim.contact(alone, {"Nd": 0.01}, acid=acids, concentration=1.0).distribution[:, 0]
    assert free[0] < free[1] < free[2]


def test_a_change_of_a_constant_takes_the_mixed_complex_along():
    """A species' log10 K stands for all of its complexes: each is raised by as much."""
    known = extractant_set("pmcp-damp-perchlorate")
    raised = known.with_constants({"U": {"log10_K": known.species["U"].log10_K + 1.0}})
    shaken = {"acid": 1.0, "concentration": 0.05, "synergist": 0.02}
    one, other = (sx_sim.contact(s, {"U": 1e-8}, **shaken).distribution for s in (known, raised))
    np.testing.assert_allclose(other, 10.0 * one, rtol=1e-4)
