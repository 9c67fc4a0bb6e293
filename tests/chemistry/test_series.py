"""The order of rare earths: by atomic number, yttrium where distribution ratios put it."""

from itertools import pairwise

import pytest

import sx_sim
from sx_sim.chemistry import database
from sx_sim.chemistry.elements import element
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.chemistry.series import Conditions, is_lanthanide, series_at
from sx_sim.chemistry.system import ChemicalSystem

SULFATE = """
temperature = "25 degC"
cut = ["Sm", "Gd"]
[solvent]
extractant = "d2ehpa-tbp-sulfate"
concentration = "0.15 mol/L"
oa = 1.0
[feeds.liquor]
concentrations = { La = "20 mg/L", Pr = "9 mg/L", Sm = "4 mg/L", Gd = "4 mg/L", Y = "15 mg/L" }
basis = "element"
pH = 1.5
flow = "100 L/h"
[sections.extraction]
stages = 2
[[specifications]]
output = "purity.La-Sm.raffinate"
least = 0.9
[[specifications]]
output = "purity.Gd-Y.loaded solvent"
least = 0.5
[sweep]
outputs = ["purity_reo", "purity.La-Sm.raffinate", "stage_aqueous"]
[[sweep.axes]]
path = "feeds.liquor.pH"
values = [0.5, 1.5]
"""
CROSSING = """
[constants.Y]
log10_K = -5.5
order_dimer = 0
order_acid = 5.0
acid_by_dimer = 0
"""


@pytest.mark.parametrize("key", database.keys("extractants"))
def test_lanthanides_of_every_set_stand_by_atomic_number(key):
    for acid in (1.0, 0.03, 0.001):
        order = series_at(extractant_set(key), Conditions(acid, 0.2))
        numbers = [element(s).number for s in order if is_lanthanide(s)]
        assert all(a < b for a, b in pairwise(numbers))


@pytest.mark.parametrize(
    ("key", "below", "above"),
    [
        ("hehehp-chloride", "Ho", "Er"),
        ("cyanex272-chloride", "Ho", "Er"),
        ("d2ehpa-chloride", "Ho", "Er"),
    ],
)
def test_yttrium_stands_where_its_distribution_ratio_is(key, below, above):
    order = series_at(extractant_set(key), Conditions(0.1, 0.5))
    at = order.index("Y")
    assert (order[at - 1], order[at + 1]) == (below, above)


def test_yttrium_moves_with_the_acidity_where_its_law_has_another_slope():
    """log10 D of Y is 5 pH - 5.5; that of lanthanides -1.7 to -1.3 at pH 0.5, -0.9 to 1.6 at 2."""
    moved = extractant_set("d2ehpa-tbp-sulfate").with_constants(
        {"Y": {"log10_K": -5.5, "order_dimer": 0.0, "order_acid": 5.0, "acid_by_dimer": 0.0}}
    )
    places = [series_at(moved, Conditions(10.0**-pH, 0.075)).index("Y") for pH in (0.5, 2.0)]
    assert places == [0, 8]


def test_species_that_are_no_rare_earths_come_last_by_symbol():
    system = ChemicalSystem.of(extractant_set("d2ehpa-tbp-sulfate"), ["Fe", "Y", "La", "Al"])
    assert system.species == ("La", "Y", "Al", "Fe")
    assert system.rare_earths == ("La", "Y")


def test_groups_on_either_side_of_a_cut_are_those_of_the_periodic_table():
    case = sx_sim.parse_case(SULFATE)
    assert case.species == ("La", "Pr", "Sm", "Gd", "Y")
    result = sx_sim.solve(case)
    own = sum(result.purity(s) for s in ("La", "Pr", "Sm"))
    found = sx_sim.sensitivity(case, ["purity.La-Sm.raffinate"], ["feeds.liquor.pH"])
    assert found.output_values[0] == pytest.approx(own, rel=1e-12)
    swept = sx_sim.run_sweep(case)
    shares = swept.table("purity_reo")[:, swept.products.index("raffinate")]
    groups = shares[:, [swept.elements.index(s) for s in ("La", "Pr", "Sm")]].sum(axis=1)
    assert swept.output("purity.La-Sm.raffinate") == pytest.approx(groups, rel=1e-12)
    assert swept.output("purity.La-Sm.raffinate")[1] == pytest.approx(own, rel=1e-9)


def test_a_group_is_the_same_at_every_point_of_a_sweep():
    """At pH 0.5 the Y of this case is extracted less than La; the case has it after Gd."""
    case = sx_sim.parse_case(SULFATE + CROSSING)
    swept = sx_sim.run_sweep(case)
    alone = sx_sim.solve(case.with_values({"feeds.liquor.pH": 0.5}))
    assert alone.elements[0] == "Y"
    assert swept.elements == ("La", "Pr", "Sm", "Gd", "Y")
    own = sum(alone.purity(s) for s in ("La", "Pr", "Sm"))
    assert swept.output("purity.La-Sm.raffinate")[0] == pytest.approx(own, rel=1e-8)
    for symbol in case.species:
        at = swept.recorded.species.index(symbol)
        there = alone.stages.aqueous[:, alone.system.index(symbol)]
        assert swept.table("stage_aqueous")[0][:, at] == pytest.approx(there, rel=1e-8)


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("purity.Sm-La.raffinate", "along the rare earths La, Pr, Sm, Gd, Y"),
        ("purity.Gd-Sm.raffinate", "from lighter to heavier"),
    ],
)
def test_a_range_that_runs_down_the_series_is_refused(output, told):
    with pytest.raises(sx_sim.CaseError, match=told):
        sx_sim.run_sweep(sx_sim.parse_case(SULFATE), outputs=[output])


def test_a_range_over_metals_that_are_no_rare_earths_is_refused():
    text = SULFATE.replace("{ La", '{ Fe = "1 g/L", La')
    with pytest.raises(sx_sim.CaseError, match="'Y-Fe' must go from lighter to heavier"):
        sx_sim.run_sweep(sx_sim.parse_case(text), outputs=["recovery.Y-Fe.raffinate"])


def test_pairs_in_log_d_sets_are_ordered_as_elements_are():
    """Pr lies above Nd in log10 K of this set, and below it at any pH it was measured at."""
    text = SULFATE.partition("[[specifications]]")[0]
    text = text.replace('extractant = "d2ehpa-tbp-sulfate"', 'extractant = "p507-10vol-logd"')
    text = text.replace('cut = ["Sm", "Gd"]', 'cut = ["Pr", "Nd"]')
    text = text.replace('La = "20 mg/L"', 'Nd = "20 mg/L"').replace(
        'Gd = "4 mg/L", Y = "15 mg/L"', ""
    )
    case = sx_sim.parse_case(text.replace('Sm = "4 mg/L", ', 'Sm = "4 mg/L"'))
    assert case.species == ("Pr", "Nd", "Sm")
    assert 0.5 < sx_sim.solve(case).purity(["Pr", "Nd"]) < 1.0


@pytest.mark.parametrize("cut", ['["Gd", "Sm"]', '["Sm", "Sm"]'])
def test_a_cut_given_heavier_first_is_refused(cut):
    with pytest.raises(sx_sim.CaseError, match="lighter first; in this case they come as La, Pr"):
        sx_sim.parse_case(SULFATE.replace('["Sm", "Gd"]', cut))
