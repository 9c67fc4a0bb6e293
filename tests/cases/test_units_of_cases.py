"""Acids and extractants by equivalents, mass and volume, in case files and sweeps."""

from pathlib import Path

import pytest

import sx_sim

CASE = """
temperature = "25 degC"
[solvent]
extractant = "{set}"
concentration = "{concentration}"
flow = "100 L/h"
[feeds.liquor]
concentrations = {{ Nd = "1 gpl" }}
basis = "element"
acid = "{acid}"
flow = "0.1 m3/h"
[sections.extraction]
stages = 2
"""


def case(extractant="d2ehpa-chloride", concentration="0.15 mol/L", acid="0.1 mol/L"):
    return sx_sim.parse_case(CASE.format(set=extractant, concentration=concentration, acid=acid))


@pytest.mark.parametrize(
    ("given", "medium", "moles"),
    [
        ("0.1 N", "d2ehpa-chloride", 0.1),
        ("0.1 eq/L", "d2ehpa-tbp-sulfate", 0.1),
        ("3.6458 g/L", "d2ehpa-chloride", 0.1),  # HCl: 1.008 + 35.45
        ("9.8072 g/L", "d2ehpa-tbp-sulfate", 0.2),  # H2SO4: 2 x 1.008 + 96.056, two equivalents
    ],
)
def test_acid_is_read_in_equivalents_and_by_mass_of_the_acid_of_the_medium(given, medium, moles):
    found = case(medium, acid=given).file.feeds["liquor"].acid
    assert found == pytest.approx(moles, rel=1e-6)


@pytest.mark.parametrize("given", ["10 vol%", "10 % v/v", "97 g/L", "97 kg/m3"])
def test_extractant_is_read_by_volume_through_its_density_and_by_mass(given):
    # 970 g/L undiluted and 322.4 g/mol
    assert case(concentration=given).file.solvent.concentration == pytest.approx(97.0 / 322.4)


def test_a_number_for_every_acid_is_not_one_for_metals():
    with pytest.raises(sx_sim.CaseError, match="wrong kind of unit 'N'"):
        sx_sim.parse_case(
            CASE.replace("1 gpl", "0.1 N").format(
                set="d2ehpa-chloride", concentration="0.15 mol/L", acid="0.1 N"
            )
        )


def test_a_set_of_unknown_extractant_asks_for_moles(tmp_path):
    shipped = Path(sx_sim.__file__).parent / "data" / "extractants" / "d2ehpa-chloride.toml"
    own = shipped.read_text().replace('extractant = "D2EHPA"', 'extractant = "Reagent X"')
    (tmp_path / "own.toml").write_text(own)
    path = tmp_path / "case.toml"
    path.write_text(CASE.format(set="own.toml", concentration="10 vol%", acid="0.1 N"))
    with pytest.raises(sx_sim.CaseError, match="Reagent X are not known; give mol/L"):
        sx_sim.load_case(path)


def test_a_sweep_in_grams_is_the_one_in_moles():
    base = case(acid="3.6458 g/L")
    assert sx_sim.solve(base.with_values({"feeds.liquor.acid": "7.2916 g/L"})).streams[
        "raffinate"
    ].concentration == pytest.approx(
        sx_sim.solve(base.with_values({"feeds.liquor.acid": "0.2 mol/L"}))
        .streams["raffinate"]
        .concentration,
        rel=1e-6,
    )
    asked = "recovery.Nd.raffinate", "feeds.liquor.acid"
    slope, moles = (sx_sim.sensitivity(one, *asked).table[0, 0] for one in (base, case()))
    assert slope * 36.458 == pytest.approx(moles, rel=1e-4)
