"""Sets whose law a fit would not know whole are refused."""

import pytest

import sx_sim
from sx_sim.cases.isotherms import TEMPLATE, parse_isotherms
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.fitting import fit


def test_a_law_that_a_fit_does_not_know_is_refused():
    data = parse_isotherms(TEMPLATE, "template")
    with pytest.raises(sx_sim.CaseError, match="'d2ehpa-tbp-sulfate' cannot be fitted: its "):
        fit(data, extractant_set("d2ehpa-tbp-sulfate"), free=["log10_K"])
