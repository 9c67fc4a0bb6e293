"""Cases without rare earths: every command, and the numbers a user of them wants."""

import numpy as np
import pytest
from typer.testing import CliRunner

import sx_sim
from sx_sim.cli import app
from sx_sim.store import load_any
from sx_sim.studies.tornado import tornado

SOLVENT = """
temperature = "25 degC"
[solvent]
extractant = "d2ehpa-chloride"
concentration = "0.4 mol/L"
oa = 1.0
[sections.extraction]
stages = 3
"""
SWEEP = """
[sweep]
[[sweep.axes]]
path = "feeds.pls.pH"
values = [1.5, 2.0]
"""
URANIUM = """
[feeds.pls]
concentrations = { U = "12 g/L" }
basis = "element"
pH = 1.5
flow = "100 L/h"
"""
BASE_METALS = """
[feeds.pls]
concentrations = { Ni = "10 g/L", Zn = "2 g/L" }
basis = "element"
pH = 1.5
flow = "100 L/h"
[constants.Ni]
inert = true
[constants.Zn]
log10_K = -1.0
log10_K_sd = 0.1
order_dimer = 1.5
order_acid = 2
dimers = 1.5
"""
BALLAST = BASE_METALS.partition("[constants.Zn]")[0] + "[constants.Zn]\ninert = true\n"
ACID = """
[feeds.pls]
pH = 1.5
flow = "100 L/h"
"""
CASES = {"uranium": URANIUM, "base metals": BASE_METALS, "ballast": BALLAST, "acid": ACID}


@pytest.mark.parametrize("feed", CASES.values(), ids=CASES.keys())
def test_every_command_serves(feed, tmp_path):
    case = tmp_path / "case.toml"
    case.write_text(SOLVENT + feed + SWEEP)
    run, swept, table = (tmp_path / name for name in ("run.h5", "sweep.h5", "table.csv"))
    picture = str(tmp_path / "picture.png")
    commands = [
        ["check", str(case)],
        ["run", str(case), "--out", str(run), "--plots", str(tmp_path)],
        ["sweep", str(case), "--out", str(swept), "--plots", str(tmp_path)],
        ["sensitivity", str(case), "--out-table", str(table), "--plots", str(tmp_path)],
        ["info", str(run)],
        ["info", str(swept)],
        ["plot", str(run), "--out", picture],
        ["plot", str(swept), "--x", "feeds.pls.pH", "--out", picture],
        ["export", str(run), "--csv", str(table)],
        ["export", str(swept), "--csv", str(table)],
    ]
    for command in commands:
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, (command, done.output, done.exception)
    done = CliRunner().invoke(
        app, ["uncertainty", str(case), "--samples", "8", "--plots", str(tmp_path)]
    )
    sure = feed in (BALLAST, ACID)
    assert done.exit_code == (2 if sure else 0), (done.output, done.exception)
    assert ("no constant of this case has a standard deviation" in done.output) == sure


def test_sweeps_record_the_recovery_of_all_that_is_extracted():
    case = sx_sim.parse_case(SOLVENT + BASE_METALS + SWEEP)
    sweep = sx_sim.run_sweep(case)
    assert sweep.elements == ("Zn",)
    assert sweep.rare_earths == ()
    own = sx_sim.solve(case).recovery("Zn", "loaded solvent")
    assert sweep.recovered("Zn", "loaded solvent")[0] == pytest.approx(own, rel=1e-9)
    assert sx_sim.run_sweep(sx_sim.parse_case(SOLVENT + BALLAST + SWEEP)).elements == ("Ni", "Zn")


def test_uranium_beside_rare_earths_is_recorded_without_a_purity():
    both = URANIUM.replace("U =", 'Nd = "1 g/L", Sm = "1 g/L", U =')
    sweep = sx_sim.run_sweep(sx_sim.parse_case(SOLVENT + both + SWEEP))
    assert sweep.elements == ("Nd", "Sm", "U")
    assert sweep.rare_earths == ("Nd", "Sm")
    assert np.isnan(sweep.table("purity_reo")[..., 2]).all()
    assert (sweep.recovered("U", "loaded solvent") > 0.5).all()
    assert sweep.purity(["Nd", "Sm"], "raffinate") == pytest.approx(1.0)


def test_a_tornado_of_uranium_is_of_its_recovery():
    case = sx_sim.parse_case(SOLVENT + URANIUM)
    result = sx_sim.solve(case)
    found = tornado(case, result)
    assert found.kind == "recovery"
    place = found.measures.index("U in loaded solvent")
    assert found.values[place] == pytest.approx(result.recovery("U", "loaded solvent"))
    one = next(k for k, shift in enumerate(found.shifts) if shift.inputs == ("feeds.pls.pH",))
    moved = sx_sim.solve(case.with_values({"feeds.pls.pH": 1.55}))
    rise = moved.recovery("U", "loaded solvent") - found.values[place]
    assert found.up[place, one] == pytest.approx(rise, rel=1e-6)


def test_files_are_written_before_anything_is_printed(tmp_path, monkeypatch):
    """What cannot be printed costs the table, not the solves."""
    case = tmp_path / "case.toml"
    case.write_text(SOLVENT + URANIUM + SWEEP)

    def fails(*_):
        raise RuntimeError("no terminal")

    monkeypatch.setattr("sx_sim.report.results.print_result", fails)
    monkeypatch.setattr("sx_sim.report.sweeps.print_sweep", fails)
    for command in ("run", "sweep"):
        path = tmp_path / f"{command}.h5"
        done = CliRunner().invoke(app, [command, str(case), "--out", str(path)])
        assert isinstance(done.exception, RuntimeError)
        assert load_any(path)[0].species == ("U",)
