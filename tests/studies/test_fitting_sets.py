"""Sets whose law a fit would not know whole are refused."""

from dataclasses import replace

import pytest

import sx_sim
from sx_sim.cases.isotherms import TEMPLATE, parse_isotherms
from sx_sim.cases.set_files import write_set
from sx_sim.chemistry.elements import declared
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.fitting import fit


def test_a_law_that_a_fit_does_not_know_is_refused():
    data = parse_isotherms(TEMPLATE, "template")
    with pytest.raises(sx_sim.CaseError, match="'d2ehpa-tbp-sulfate' cannot be fitted: its "):
        fit(data, extractant_set("d2ehpa-tbp-sulfate"), free=["log10_K"])


def test_a_fitted_set_keeps_the_elements_that_its_start_declares(tmp_path):
    known = extractant_set("hehehp-chloride-conditional")
    species = known.species | {"Fe2": replace(known.species["Na"], order_acid=2.0)}
    start = replace(known, own={"Fe2": declared("Fe2", 55.845, 2, "FeO")}, species=species)
    data = parse_isotherms(TEMPLATE, "template")
    found = fit(data, start, free=["log10_K.Nd"])
    write_set(found, tmp_path / "fitted.toml", "template")
    assert extractant_set(tmp_path / "fitted.toml").own == start.own
    with pytest.raises(sx_sim.CaseError, match=r"element = Nd: set .* declares it"):
        fit(data, replace(start, own={"Nd": declared("Fe2", 144.2, 2)}), free=["log10_K.Nd"])
