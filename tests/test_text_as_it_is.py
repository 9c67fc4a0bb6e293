"""Names, titles and paths are text: what they hold is printed and drawn as it is."""

import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest
from matplotlib.text import Text
from typer.testing import CliRunner

import sx_sim
from sx_sim.cli import app
from sx_sim.report.console import PlainConsole

TITLE = "plant [draft] :smile: [bold]x[-] \\ $x^$ 5 %"
FEED = "[-] $x^$ \\"
CASE = f"""
title = '{TITLE}'
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
flow = "200 L/h"
[feeds.'{FEED}']
concentrations = {{ Nd = "0.1 mol/L", Dy = "0.02 mol/L" }}
acid = "0.3 mol/L"
flow = "100 L/h"
[sections."[/red] $_"]
stages = 4
[draws.'$y^$']
phase = "aqueous"
stage = 2
fraction = 0.1
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a[draft] $x^$.toml"
    path.write_text(CASE.replace("[/red]", "[red]"), encoding="utf-8")
    return path


def test_names_titles_and_paths_print_as_they_are(path):
    out = path.parent / "x[bold].h5"
    ran = CliRunner().invoke(app, ["run", str(path), "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    for text in (TITLE, f"{FEED} in", "[red] $_", "$y^$", f"wrote {out}"):
        assert text in ran.output
    shown = CliRunner().invoke(app, ["info", str(out)])
    assert TITLE in shown.output


def test_a_problem_is_one_line_whatever_the_value_holds(path):
    path.write_text(path.read_text().replace('"1 mol/L"', '"[/]\\n:smile:"'))
    ran = CliRunner().invoke(app, ["check", str(path)])
    assert ran.exit_code == 2
    assert len(ran.output.splitlines()) == 1
    assert "[/]\\n:smile:" in ran.output


def test_pictures_hold_names_as_they_are(path):
    matplotlib.use("Agg")
    from sx_sim import plots

    case = sx_sim.load_case(path)
    result = sx_sim.solve(case)
    figures = [
        plots.circuit_diagram(result),
        plots.products(result),
        plots.profiles(result),
    ]
    written = ""
    for k, figure in enumerate(figures):
        figure.savefig(path.parent / f"{k}.svg")
        figure.savefig(path.parent / f"{k}.png", dpi=30)
        written += "\n".join(text.get_text() for text in figure.findobj(Text))
    assert FEED in written
    assert "$y^$" in written


def test_a_terminal_that_lacks_a_character_has_it_replaced(path):
    path.write_text(path.read_text().replace("plant", "Usine à"), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "sx_sim.cli", "check", str(path)],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Usine ? [draft]" in ran.stdout


def test_control_characters_are_printed_escaped(capsys):
    PlainConsole(width=80).print("a\x1b[1mb\x07")
    assert capsys.readouterr().out == "a\\x1b[1mb\\x07\n"


def test_nothing_is_printed_with_markup():
    root = Path(sx_sim.__file__).parent
    for module in [*root.glob("report/*.py"), *root.glob("cli/*.py")]:
        assert "[/]" not in module.read_text(), f"{module}: style lines with report.console.line"
