"""Bad case files: one clear message each, exit code 2, no traceback."""

import pytest
from typer.testing import CliRunner

from sx_sim.cli import app

GOOD = """
temperature = "25 degC"

[solvent]
extractant = "hehehp-chloride"
concentration = "1.0 mol/L"
saponification = 0.2
flow = "400 L/h"

[feeds.clay]
composition = { Dy = 30, Ho = 10, Y = 55, Er = 5 }
strength = "0.3 mol/L"
acid = "0.05 mol/L"
flow = "100 L/h"

[sections.extraction]
stages = 8

[sections.scrub]
stages = 6
acid = "1.7 mol/L"
flow = "60 L/h"
"""

# name: (what to replace, by what, what the message must say)
BAD = {
    "missing key": (
        'concentration = "1.0 mol/L"\n',
        "",
        ["solvent.concentration is missing", 'concentration = "1.5 mol/L"'],
    ),
    "missing stages": ("stages = 8", "", ["sections.extraction.stages is missing", "stages = 40"]),
    "wrong unit": (
        'flow = "400 L/h"',
        'flow = "400 kg"',
        ['solvent.flow = "400 kg"', "wrong kind of unit 'kg'", "'120 L/h'"],
    ),
    "unknown unit": (
        'flow = "400 L/h"',
        'flow = "400 gallops"',
        ["solvent.flow", "unknown unit", "'120 L/h'"],
    ),
    "no unit": ('flow = "400 L/h"', "flow = 400", ["solvent.flow = 400", "text with a unit"]),
    "unknown element": (
        "Er = 5",
        "Eb = 5",
        ["feeds.clay.composition", "unknown element 'Eb'", "did you mean"],
    ),
    "negative flow": (
        'flow = "100 L/h"',
        'flow = "-100 L/h"',
        ['feeds.clay.flow = "-100 L/h"', "must be above 0", "'120 L/h'"],
    ),
    "zero stages": (
        "stages = 8",
        "stages = 0",
        ["sections.extraction.stages = 0", "must be greater than or equal to 1"],
    ),
    "saponification 1.4": (
        "saponification = 0.2",
        "saponification = 1.4",
        ["solvent.saponification = 1.4", "must be less than or equal to 0.99"],
    ),
    "composition not summing": (
        "Y = 55",
        "Y = 35",
        ["feeds.clay.composition", "sums to 80 %", "must sum to 100 %"],
    ),
    "temperature 2000 degC": (
        'temperature = "25 degC"',
        'temperature = "2000 degC"',
        ['temperature = "2000 degC"', "must be 273.15 to 373.15 K", "'25 degC'"],
    ),
    "feed to a stage that is not there": (
        'flow = "100 L/h"',
        'flow = "100 L/h"\nstage = 99',
        ["feeds.clay.stage = 99", "there are stages 1 to 14", "extraction 1-8, scrub 9-14"],
    ),
    "TOML syntax error": ("stages = 8", "stages = = 8", ["not valid TOML", "line"]),
    "unknown key": (
        "saponification",
        "saponfication",
        ["solvent.saponfication: unknown key", "did you mean 'saponification'"],
    ),
    "unknown extractant": (
        '"hehehp-chloride"',
        '"hehehp-cloride"',
        ["solvent.extractant", "did you mean 'hehehp-chloride'"],
    ),
    "g/L without a basis": (
        '"0.3 mol/L"',
        '"40 g/L"',
        ["feeds.clay", "basis is missing", 'basis = "REO"'],
    ),
    "two kinds of flow": (
        'flow = "400 L/h"',
        'flow = "400 L/h"\noa = 2',
        ["solvent", "give flow", "both are given"],
    ),
    "an element without constants": (
        "Er = 5 }",
        'Er = 5 }\nconcentrations = { Fe = "0.01 mol/L" }',
        ["no constants for Fe", "inert = true"],
    ),
    "alkaline feed without cations": (
        'acid = "0.05 mol/L"',
        'acid = "1e-14 mol/L"\nconcentrations = {}',
        ["feeds.clay", "alkaline without the cations"],
    ),
    "solvent beyond its own O/A": (
        'flow = "400 L/h"',
        "oa = 5",
        ["solvent.oa", "no solvent flow gives it"],
    ),
}


def change(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize("name", BAD)
def test_one_clear_message(name, tmp_path):
    old, new, expected = BAD[name]
    text = GOOD
    if name == "solvent beyond its own O/A":
        text = change(text, 'flow = "60 L/h"', "oa = 4")
    if name == "alkaline feed without cations":
        text = change(text, 'strength = "0.3 mol/L"', 'strength = "0 mol/L"')
    path = tmp_path / "case.toml"
    path.write_text(change(text, old, new))
    for command in ("run", "check"):
        result = CliRunner().invoke(app, [command, str(path)])
        assert result.exit_code == 2
        assert "Traceback" not in result.output
        lines = [line for line in result.output.splitlines() if line]
        assert len(lines) == 1
        assert lines[0].startswith(f"error {path}: ")
        for part in expected:
            assert part in lines[0]


def test_the_good_case_is_good(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text(GOOD)
    result = CliRunner().invoke(app, ["check", str(path)])
    assert result.exit_code == 0, result.output
    assert "the case is sound" in result.output


def test_no_such_file(tmp_path):
    result = CliRunner().invoke(app, ["run", str(tmp_path / "none.toml")])
    assert result.exit_code == 2
    assert "there is no such file" in result.output


def test_several_problems_get_a_line_each(tmp_path):
    text = change(change(GOOD, "stages = 8", "stages = 0"), "= 0.2", "= 1.4")
    path = tmp_path / "case.toml"
    path.write_text(text)
    result = CliRunner().invoke(app, ["check", str(path)])
    assert result.exit_code == 2
    assert len(result.output.splitlines()) == 2


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        ('path = "sections.scrub.acids"\nvalues = ["1 mol/L"]', "unknown key"),
        ('path = "sections.wash.acid"\nvalues = ["1 mol/L"]', "no 'wash' in sections"),
        ('path = "feeds.clay.pH"\nfrom = 1', "from, to and points"),
        ('path = "temperature"\nvalues = ["20 degC", "300 K"]', "in one unit"),
        ('path = "temperature"\nvalues = ["20 degC", "900 degC"]', "must be 273.15 to 373.15"),
        ('path = "feeds.clay.flow"\nfrom="0 L/h"\nto="9 L/h"\npoints=3\nscale="log"', "log scale"),
    ],
)
def test_bad_sweeps(axis, expected, tmp_path):
    path = tmp_path / "case.toml"
    path.write_text(f"{GOOD}\n[[sweep.axes]]\n{axis}\n")
    result = CliRunner().invoke(app, ["sweep", str(path)])
    assert result.exit_code == 2
    assert expected in result.output
    assert "Traceback" not in result.output


def test_a_case_without_a_sweep_cannot_be_swept(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text(GOOD)
    result = CliRunner().invoke(app, ["sweep", str(path)])
    assert result.exit_code == 2
    assert "sweep is missing" in result.output
