"""What is printed of ledgers and radionuclides."""

from dataclasses import replace

import pytest
from rich.console import Console
from typer.testing import CliRunner

import sx_sim
from support.paths import ROOT
from sx_sim.cases import load_case
from sx_sim.cli import app
from sx_sim.report.ledgers import print_ledger, print_radionuclides
from sx_sim.studies.ledgers import activities_of, ledger_of
from sx_sim.studies.run import solve

MAGNESIA = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
saponification = 0.3
base = "Mg"
exchange = "raffinate"
flow = "200 L/h"
[feeds.liquor]
concentrations = { Nd = "0.2 mol/L", Sm = "0.1 mol/L" }
acid = "0.01 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 4
"""


def printed(of, found) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        of(console, found)
    return capture.get()


def test_a_closed_circuit():
    case = sx_sim.load_case(ROOT / "examples" / "nd_sm_closed.toml")
    ledger = ledger_of(case, sx_sim.solve(case))
    text = printed(print_ledger, ledger)
    assert "NaOH: saponification of solvent" in text
    assert "HCl taken out of refluxes" in text
    assert f"{ledger.solvent_lost:.4g}" in text
    assert "In process: 900 L of solvent" in text
    assert "NH3-N" not in text


def test_radionuclides_are_flagged_and_analogies_bracketed():
    case = sx_sim.load_case(ROOT / "examples" / "monazite_front_end.toml")
    result = sx_sim.solve(case)
    found = activities_of(case, result)
    text = printed(print_radionuclides, found)
    assert "(Ca)" in text
    assert "(La)" in text
    assert "(stays in the water)" in text
    assert "above 1 Bq/g barren solvent: Th-232" in text
    later = case.with_values({"radionuclides.decay": "90 d"})
    stored = printed(print_radionuclides, activities_of(later, result))
    assert "Radionuclides after 90 d" in stored
    assert "Ra-224" in stored


def test_a_case_without_any_has_no_table():
    case = sx_sim.load_case(ROOT / "examples" / "pr_nd.toml")
    assert activities_of(case, sx_sim.solve(case)) is None


@pytest.mark.parametrize(
    ("line", "told"), [('"40 kg"', "wrong kind of unit"), ('"0 L"', "above 0")]
)
def test_bad_holdups(line, told):
    text = (ROOT / "examples" / "nd_sm_closed.toml").read_text()
    bad = text.replace('aqueous_holdup = "15 L"', f"aqueous_holdup = {line}")
    with pytest.raises(sx_sim.CaseError, match=told) as error:
        sx_sim.parse_case(bad)
    assert "plant.aqueous_holdup" in str(error.value)


def test_a_train_names_its_circuits():
    train = load_case(ROOT / "examples" / "heavy_clay_train.toml")
    found = solve(train)
    ledger = ledger_of(train, found)
    assert max(ledger.closures.values()) < 1e-9
    text = printed(print_ledger, ledger)
    assert "NaOH: dy_ho: saponification of solvent" in text
    assert "mother liquor of dy_ho.raffinate" in text
    made = sum(s.flow * s.reo for s in found.streams.values()) / 1000
    assert ledger.oxides == pytest.approx(made, rel=1e-3)


def test_a_result_that_its_ledger_contradicts_is_not_passed_on_silently(monkeypatch):
    path = str(ROOT / "examples" / "gd_eu_sm.toml")
    assert CliRunner().invoke(app, ["run", path]).exit_code == 0
    monkeypatch.setattr("sx_sim.flowsheet.ledger.CLOSED", -1.0)
    told = CliRunner().invoke(app, ["run", path])
    assert told.exit_code == 3
    assert "does not balance: the ledger closes anions to" in told.output


def test_a_ledger_tells_what_does_not_close():
    case = sx_sim.load_case(ROOT / "examples" / "gd_eu_sm.toml")
    result = sx_sim.solve(case)
    assert ledger_of(case, result).contradiction == ""
    unit = result.circuit
    wrong = replace(result.stages, anion=1.01 * result.stages.anion)
    unit = replace(unit, cascade=replace(unit.cascade, stages=wrong))
    told = ledger_of(case, replace(result, units={"": unit})).contradiction
    assert told.startswith("the ledger closes anions to")


def test_moles_and_equivalents_have_columns_of_their_own():
    case = sx_sim.parse_case(MAGNESIA)
    text = printed(print_ledger, ledger_of(case, sx_sim.solve(case)))
    row = next(line for line in text.splitlines() if "MgO" in line)
    assert [cell.strip() for cell in row.split("│")[2:4]] == ["60", "30"]
