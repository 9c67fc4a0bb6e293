"""Ranges that a result leaves, and what strict makes of it."""

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import sx_sim
from support.columns import heavy_case
from support.paths import ACTIVITY, SULFATE
from sx_sim.cascade.caution import CautionKind, flags
from sx_sim.chemistry.aqueous import hydrolysis_constants
from sx_sim.cli import app
from sx_sim.report.numbers import range_text
from sx_sim.studies.tables import flags_of

DILUTE = """
temperature = "{temperature} degC"
[solvent]
extractant = "{extractant}"
concentration = "1 mol/L"
flow = "{flow} L/h"
[feeds.liquor]
concentrations = {{ Dy = "{dy} mol/L" }}
acid = "{acid} mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 4
"""


def solve(extractant=ACTIVITY, **changes):
    values = {"temperature": 25, "flow": 100, "dy": 0.05, "acid": 0.1} | changes
    return sx_sim.solve(sx_sim.parse_case(DILUTE.format(extractant=extractant, **values)))


def caution(result, variable):
    return next((c for c in result.cautions if c.kind == variable), None)


def test_ionic_strength_of_activities_and_of_dilute_constants():
    assert caution(solve(), "ionic strength") is None
    strong = caution(solve(dy=2.0), "ionic strength")
    assert strong.outside
    assert "is outside the 0.1 to 6 mol/L of set 'activity'" in strong.text
    weak = caution(solve(dy=0.001, acid=0.01), "ionic strength")
    assert weak.margin == pytest.approx(0.1 - 0.013, abs=5e-3)  # 0.1 is where the range begins
    diluted = caution(solve(SULFATE), "ionic strength")
    assert "is outside the 0 to 0.1 mol/L" in diluted.text


def test_temperature_names_value_and_range():
    hot = caution(solve(temperature=80), "temperature")
    assert hot.text.startswith(
        "temperature of 353 to 353 K at stages 1-4 is outside the 288 to 323"
    )
    assert hot.stages == (1, 2, 3, 4)
    assert hot.margin == pytest.approx(30.0)


def test_loading_names_the_species_and_what_is_left():
    result = sx_sim.solve(heavy_case(solvent=70, strength=0.5))
    full = caution(result, "loading")
    assert result.stages.loading.max() > 0.6
    assert full.species == "Y"
    left = 100 * (1 - result.stages.loading.max())
    assert f"Y holds most of it and {left:.0f} % are left to saturation" in full.text
    assert max(full.stages) <= result.column.stages
    assert full.margin == pytest.approx(result.stages.loading.max() - 0.47, abs=1e-9)


def test_hydrolysis_names_stage_species_and_margin_and_knows_the_temperature():
    """Ten per cent of Dy is hydrolysed at pH 7.83 - 0.95 at 25 degC, sooner when it is warm."""
    cold, warm = hydrolysis_constants(["Dy"], np.array([298.15, 333.15]))["Dy"]
    assert cold == pytest.approx(-7.8342)
    step = 76.6383e3 / 8.314462618 * (1 / 298.15 - 1 / 333.15) / np.log(10)
    assert warm - cold == pytest.approx(step, rel=1e-9)
    assert hydrolysis_constants(["Na"], np.array([298.15])) == {}
    basic_case = heavy_case(solvent=3000, strength=0.05, acid=0.01).with_values(
        {"solvent.saponification": 0.8}
    )
    result = sx_sim.solve(basic_case, throw=False)
    basic = caution(result, "pH")
    limit = 7.6951 + np.log10(0.1 / 0.9)
    assert basic.species == "Y"
    assert basic.margin == pytest.approx(result.stages.pH.max() - limit, abs=1e-6)
    assert 1 in basic.stages


def test_strict_makes_leaving_a_range_an_error():
    case = heavy_case(solvent=70, strength=0.5)
    with pytest.raises(
        sx_sim.OutsideRangeError, match=r"loading of .* is outside the 0 to 0.47"
    ) as caught:
        sx_sim.solve(case, strict=True)
    assert isinstance(caught.value, sx_sim.CaseError)
    assert caught.value.result.converged
    outside = [c.text for c in caught.value.result.cautions if c.outside]
    assert caught.value.problems == outside
    with pytest.raises(sx_sim.OutsideRangeError):
        sx_sim.solve(case).within_ranges()
    plain = heavy_case(solvent=400, strength=0.05, acid=0.3).with_values(
        {"solvent.saponification": 0.0}
    )
    assert sx_sim.solve(plain, strict=True).cautions  # estimates are no reason to refuse


def test_strict_sweeps_end_at_a_point_outside():
    text = heavy_case(solvent=70, strength=0.5).text
    text += '\n[[sweep.axes]]\npath = "feeds.clay.acid"\nvalues = ["0.05 mol/L", "0.1 mol/L"]\n'
    case = sx_sim.parse_case(text)
    assert sx_sim.run_sweep(case).status.shape == (2,)
    with pytest.raises(sx_sim.OutsideRangeError, match="loading"):
        sx_sim.run_sweep(case, strict=True)


def test_the_commands_have_an_exit_code_of_their_own(tmp_path):
    path = tmp_path / "case.toml"
    text = heavy_case(solvent=70, strength=0.5).text
    axis = '\n[[sweep.axes]]\npath = "feeds.clay.acid"\nvalues = ["0.05 mol/L"]\n'
    path.write_text(text + axis)
    for command in ("run", "sweep"):
        assert CliRunner().invoke(app, [command, str(path)]).exit_code == 0
        done = CliRunner().invoke(app, [command, str(path), "--strict"])
        assert done.exit_code == 4
        assert "outside its range: loading of" in " ".join(done.output.split())
    out = tmp_path / "result.h5"
    done = CliRunner().invoke(app, ["run", str(path), "--strict", "--out", str(out)])
    assert "Streams" in done.output
    assert not out.exists()


TRAIN = """
[defaults]
temperature = "{temperature} degC"
[defaults.solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
flow = "150 L/h"
[circuits.one.feeds.liquor]
concentrations = { Nd = "0.1 mol/L", Dy = "0.02 mol/L" }
acid = "0.3 mol/L"
flow = "100 L/h"
[circuits.one.sections.extraction]
stages = 4
[circuits.two.feeds.liquor]
source = "one.raffinate"
acid = "0.3 mol/L"
strength = "0.08 mol/L"
[circuits.two.sections.extraction]
stages = 3
"""


def test_trains_are_strict_too(tmp_path):
    path = tmp_path / "train.toml"
    for temperature, code in (("25", 0), ("60", 4)):
        path.write_text(TRAIN.replace("{temperature}", temperature))
        assert CliRunner().invoke(app, ["run", str(path)]).exit_code == 0
        done = CliRunner().invoke(app, ["run", str(path), "--strict"])
        assert done.exit_code == code, done.output
    assert "outside its range: two: temperature of 333" in " ".join(done.output.split())


OVERLOADED = """
temperature = "25 degC"
[solvent]
extractant = "p507-10vol-logd"
oa = 1.0
[feeds.liquor]
concentrations = { Pr = "0.1 mol/L", Nd = "0.3 mol/L", Sm = "0.1 mol/L" }
pH = 1.6
flow = "100 L/h"
[sections.extraction]
stages = 2
[set_points.first]
stage = 1
pH = 1.6
[set_points.second]
stage = 2
pH = 1.6
"""


def test_a_law_without_a_balance_of_extractant_is_held_to_the_dosage_it_was_read_at():
    """10 vol% at 0.95 kg/L and 306.4 g/mol is 0.310 mol/L, a sixth of which is 0.0517 of M3+."""
    case = sx_sim.parse_case(OVERLOADED)
    result = sx_sim.solve(case)
    full = caution(result, "capacity")
    held = result.stages.organic.sum(axis=1).max()
    assert full.outside
    assert full.stages == (1, 2)
    assert full.margin == pytest.approx(held - 0.1 * 950.0 / 306.4 / 6.0)
    assert "0.31 mol/L of extractant have room for 0.0517" in full.text
    with pytest.raises(sx_sim.OutsideRangeError, match="have room for"):
        sx_sim.solve(case, strict=True)
    thin = case.with_values({"feeds.liquor.concentrations.Nd": "0.01 mol/L"})
    for symbol in ("Pr", "Sm"):
        thin = thin.with_values({f"feeds.liquor.concentrations.{symbol}": "0.01 mol/L"})
    assert caution(sx_sim.solve(thin), "capacity") is None


def test_capacity_goes_by_the_concentration_that_a_case_gives():
    case = sx_sim.parse_case(OVERLOADED).with_values({"solvent.concentration": "1.2 mol/L"})
    result = sx_sim.solve(case)
    assert caution(result, "capacity") is None
    assert "is outside the 0.279 to 0.341" in caution(result, "extractant").text


def test_loading_is_not_known_where_the_law_does_not_say_what_metals_bind():
    result = sx_sim.solve(sx_sim.parse_case(OVERLOADED))
    assert np.isnan(result.stages.loading).all()
    assert range_text(100 * result.stages.loading, 1) == "not known"


def test_a_set_that_tells_no_dosage_leaves_the_capacity_open_and_says_so():
    case = sx_sim.parse_case(OVERLOADED)
    unsized = replace(case.sets["p507-10vol-logd"], volume_percent=0.0)
    result = sx_sim.solve(sx_sim.parse_case(OVERLOADED, sets={"p507-10vol-logd": unsized}))
    unknown = caution(result, "capacity")
    assert not unknown.outside
    assert "is not known; give solvent.concentration" in unknown.text


def test_every_metal_but_the_cation_of_the_base_counts_as_loading():
    """Uranium binds two dimers; the sodium of saponification is no loading."""
    text = DILUTE.format(extractant="d2ehpa-chloride", temperature=25, flow=100, dy=0.02, acid=0.1)
    text = text.replace("[feeds.liquor]", "saponification = 0.2\n[feeds.liquor]")
    text = text.replace("{ Dy", '{ U = "0.02 mol/L", Dy')
    result = sx_sim.solve(sx_sim.parse_case(text))
    held = {s: result.stages.organic[:, result.system.index(s)] for s in ("U", "Dy", "Na")}
    assert held["Na"].max() > 1e-4
    expected = (2.0 * held["U"] + 3.0 * held["Dy"]) / result.stages.dimer
    np.testing.assert_allclose(result.stages.loading, expected, rtol=1e-12)
    assert 2.0 * held["U"].max() / result.stages.dimer[0] > 0.01


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"dy": 2.0}, {CautionKind.IONIC_STRENGTH}),
        ({"temperature": 80, "flow": 100.0}, {CautionKind.TEMPERATURE, CautionKind.ENTHALPY}),
    ],
)
def test_a_sweep_flags_the_cautions_of_a_single_solve(changes, kinds):
    result = solve(**changes)
    found = {c.kind for c in result.cautions}
    assert kinds <= found
    assert flags_of(result) == flags(found)
    assert len({flags({kind}) for kind in CautionKind}) == len(CautionKind)
