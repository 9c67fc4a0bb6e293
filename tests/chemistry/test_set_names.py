"""Trade names find sets and bases; where several sets fit, they are listed."""

import pytest

import sx_sim
from support.paths import ROOT
from sx_sim.cases.schema import Solvent
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.chemistry.reagents import base_named, extractant_mass
from sx_sim.chemistry.set_names import set_key

CASE = (ROOT / "examples" / "gd_eu_sm.toml").read_text()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("hehehp-chloride", "hehehp-chloride"),
        ("HEHEHP chloride", "hehehp-chloride"),
        ("Cyanex 272", "cyanex272-chloride"),
        ("CYANEX-272", "cyanex272-chloride"),
        ("Ionquest 290 in HCl", "cyanex272-chloride"),
        ("D2EHPA sulfate", "d2ehpa-tbp-sulfate"),
        ("P204 in sulphate", "d2ehpa-tbp-sulfate"),
        ("DEHPA-H2SO4", "d2ehpa-tbp-sulfate"),
        ("TBP", "tbp-nitrate"),
        ("tributyl phosphate", "tbp-nitrate"),
    ],
)
def test_a_name_that_one_set_answers_to_finds_it(name, key):
    assert set_key(name) == key
    assert extractant_set(name).key == key


@pytest.mark.parametrize("name", ["P507", "PC88A", "PC-88A", "pc 88a", "Ionquest 801", "HEH[EHP]"])
def test_where_several_sets_fit_all_are_listed(name):
    with pytest.raises(sx_sim.CaseError) as caught:
        extractant_set(name)
    for key in ("hehehp-chloride", "hehehp-chloride-conditional", "p507-10vol-logd"):
        assert f"'{key}'" in str(caught.value)
    assert "d2ehpa" not in str(caught.value)
    with pytest.raises(sx_sim.CaseError, match="in extractants, but 5 sets of it: "):
        sx_sim.parse_case(CASE.replace('"hehehp-chloride"', f'"{name}"'))


@pytest.mark.parametrize("name", ["TOPO", "P507 nitrate", "", "hehehp-cloride"])
def test_a_name_that_no_set_answers_to_is_refused(name):
    with pytest.raises(sx_sim.CaseError, match="in extractants"):
        extractant_set(name)


def test_extractants_weigh_the_same_by_any_name():
    assert extractant_mass("PC88A") == extractant_mass("Ionquest 801") == extractant_mass("P507")


@pytest.mark.parametrize(
    ("name", "cation"),
    [
        *[(name, "Na") for name in ("Na", "NaOH", "soda", "caustic soda")],
        *[(name, "NH4") for name in ("NH4", "NH3", "ammonia", "NH4OH")],
        *[(name, "Mg") for name in ("Mg", "MgO", "magnesia")],
    ],
)
def test_bases_go_by_their_names(name, cation):
    assert base_named(name) == cation
    solvent = Solvent.model_validate({"extractant": "any", "oa": 1.0, "base": name})
    assert solvent.base == cation


def test_an_unknown_base_is_refused():
    with pytest.raises(sx_sim.CaseError, match='"lime": must be one of Na, NH4'):
        sx_sim.parse_case(CASE.replace("[solvent]\n", '[solvent]\nbase = "lime"\n'))
