"""Constants of species that a set does not have: given, taken from its law, or asked for."""

from dataclasses import replace

import numpy as np
import pytest

import sx_sim
from sx_sim.cascade.caution import CautionKind
from sx_sim.chemistry.extractants import extractant_set

CASE = """
temperature = "25 degC"
[solvent]
extractant = "{key}"
concentration = "0.15 mol/L"
oa = 1.0
[feeds.liquor]
concentrations = {{ Sm = "0.002 mol/L", {symbol} = "0.002 mol/L" }}
pH = 1.5
flow = "100 L/h"
[sections.extraction]
stages = 2
[constants.{symbol}]
{given}
"""


def case(key="d2ehpa-tbp-sulfate", symbol="Eu", given="log10_K = -1.5"):
    return sx_sim.parse_case(CASE.format(key=key, symbol=symbol, given=given))


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("log10_K = -1.5", "order_dimer, order_acid, as the rare earths of the set do not share"),
        ("log10_K = -1.5\norder_acid = 1", "order_dimer, as the rare earths"),
        ('enthalpy = "5 kJ/mol"', "log10_K, order_dimer, order_acid, as"),
    ],
)
def test_exponents_that_differ_in_the_set_are_asked_for(given, asked):
    with pytest.raises(sx_sim.CaseError, match=f"constants.Eu: .* has no Eu; give its {asked}"):
        case(given=given)


def test_exponents_of_rare_earths_are_lent_to_other_metals_with_a_word_on_the_charge():
    with pytest.raises(
        sx_sim.CaseError, match=r"constants.Th: .* give its order_dimer, order_acid"
    ):
        case(symbol="Th")
    lent = sx_sim.solve(case("hehehp-chloride", "Th"))
    (said,) = (c for c in lent.cautions if c.kind == CautionKind.EXPONENTS)
    assert said.text.endswith("share, though Th is none and its charge is 4")


def test_exponents_that_all_rare_earths_share_are_taken_and_said():
    start = extractant_set("hehehp-chloride")
    without = {s: c for s, c in start.species.items() if s != "Eu"}
    sets = {"hehehp-chloride": replace(start, species=without)}
    text = CASE.format(key="hehehp-chloride", symbol="Eu", given="log10_K = 0.9")
    found = sx_sim.parse_case(text, sets=sets)
    own, known = found.column.system.extractant.species["Eu"], start.species["Eu"]
    for name in ("order_dimer", "order_acid", "acid_by_dimer", "dimers"):
        assert getattr(own, name) == getattr(known, name)
    (said,) = (c for c in sx_sim.solve(found).cautions if c.kind == CautionKind.EXPONENTS)
    assert said.text.startswith("order_dimer = 2.58, order_acid = 2.26, dimers = 3 of Eu are not")
    assert not said.outside


def test_what_is_given_in_full_is_taken_as_it_is():
    """log10 D = -1.5 - 0.5 log10 h, whatever the extractant."""
    found = case(given="log10_K = -1.5\norder_dimer = 0\norder_acid = 0.5\ndimers = 1.5")
    stages = sx_sim.solve(found).stages
    i = found.species.index("Eu")
    ratio = np.log10(stages.organic[:, i] / stages.aqueous[:, i])
    np.testing.assert_allclose(ratio, -1.5 - 0.5 * np.log10(stages.acid), atol=1e-9)


def test_a_negative_order_lowers_d_as_the_ph_rises():
    given = "log10_K = 3.0\norder_dimer = 2\norder_acid = -1.0\ndimers = 2"
    shares = []
    for pH in (1.0, 1.5, 2.0):
        moved = case(symbol="U", given=given).with_values({"feeds.liquor.pH": pH})
        stages = sx_sim.solve(moved).stages
        i = moved.species.index("U")
        expected = 1e3 * stages.free_dimer**2 * stages.acid
        np.testing.assert_allclose(stages.organic[:, i] / stages.aqueous[:, i], expected, rtol=1e-9)
        shares.append(stages.organic[-1, i])
    assert shares == sorted(shares, reverse=True)
