"""Exact sensitivities against central differences of full solves."""

import csv
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

import sx_sim
from support.columns import called, heavy_case
from support.paths import ACTIVITY, ROOT, SULFATE
from support.solving import tight
from sx_sim.cascade.linearise import Linearised, Seed
from sx_sim.cascade.tangents import of_constant
from sx_sim.chemistry.speciation import titratable_acid
from sx_sim.cli import app
from sx_sim.flowsheet.derivatives import Constant, derivatives
from sx_sim.flowsheet.outputs import output
from sx_sim.kernels import layout as row
from sx_sim.kernels.by_metals import eliminate_metals
from sx_sim.report.studies import print_tornado
from sx_sim.studies import tornado as shifts
from sx_sim.studies.tornado import tornado

WEIGHTS = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}

PLANT = """
temperature = "30 degC"
cut = ["Dy", "Ho"]

[solvent]
extractant = "{extractant}"
concentration = "1.0 mol/L"
saponification = {soap}
oa = 1.2

[feeds.clay]
composition = {{ Dy = 30, Ho = 10, Y = 55, Er = 5 }}
strength = "30 g/L"
basis = "REO"
pH = 1.2
flow = "100 L/h"

[feeds.recycle]
phase = "organic"
stage = "scrub.2"
concentrations = {{ Ho = "0.02 mol/L" }}
flow = "20 L/h"

[sections.extraction]
stages = 16

[sections.scrub]
stages = 14
temperature = "310 K"
acid = "1.7 mol/L"
oa = 3.5

[sections.strip]
stages = 10
acid = "5 mol/L"
flow = "90 L/h"
outlet = "strip liquor"

[draws.middling]
phase = "aqueous"
stage = "extraction.8"
fraction = 0.1

[draws.bleed]
phase = "organic"
stage = "scrub.9"
flow = "4 L/h"
"""
SMALL_PATHS = {
    "feeds.clay.acid": ("0.05", " mol/L", 1e-4),
    "feeds.clay.pH": (1.3010299956639813, "", 1e-3),
    "feeds.clay.flow": ("100", " L/h", 0.05),
    "feeds.clay.strength": ("0.3", " mol/L", 3e-4),
    "sections.scrub.acid": ("1.7", " mol/L", 1e-3),
    "sections.scrub.flow": ("60", " L/h", 0.03),
    "sections.extraction.temperature": ("25", " degC", 0.05),
    "solvent.flow": ("150", " L/h", 0.05),
    "solvent.concentration": ("1", " mol/L", 1e-3),
    "solvent.saponification": (0.2, "", 2e-4),
    "temperature": ("25", " degC", 0.05),
}
PLANT_OUTPUTS = [
    "purity.Dy.raffinate",
    "purity.Ho+Y+Er.strip liquor",
    "recovery.Ho.middling",
    "recovery.Dy.bleed",
    "recovery.Y.barren solvent",
    "pH.middling",
    "reo.strip liquor",
]
PLANT_PATHS = {
    "temperature": ("30", " degC", 0.05),
    "sections.scrub.temperature": ("310", " K", 0.05),
    "sections.scrub.oa": (3.5, "", 1e-3),
    "sections.strip.acid": ("5", " mol/L", 2e-3),
    "solvent.oa": (1.2, "", 5e-4),
    "feeds.clay.pH": (1.2, "", 5e-4),
    "feeds.clay.flow": ("100", " L/h", 0.05),
    "feeds.clay.strength": ("30", " g/L", 0.02),
    "feeds.recycle.flow": ("20", " L/h", 0.02),
    "feeds.recycle.concentrations.Ho": ("0.02", " mol/L", 2e-5),
    "draws.middling.fraction": (0.1, "", 1e-4),
    "draws.bleed.flow": ("4", " L/h", 4e-3),
}
CONSTANTS = [
    "constants.Dy.log10_K",
    "constants.Ho.enthalpy",
    "constants.Y.order_acid",
    "constants.Y.order_dimer",
    "constants.Dy.dimers",
]


def differences(case, result, path, setting, outputs):
    """Return d output / d parameter by solving on either side."""
    column = case.column
    middle, unit, step = setting
    total = np.zeros(len(outputs))
    for k, weight in WEIGHTS.items():
        if path.startswith("constants."):
            _, symbol, name = path.split(".")
            species = column.system.extractant.species[symbol]
            moved = {symbol: {name: getattr(species, name) + k * step}}
            extractant = column.system.extractant.with_constants(moved)
            shifted = column.with_system(replace(column.system, extractant=extractant))
        elif path.startswith("temperature["):
            temperature = column.temperature.copy()
            temperature[int(path[12:-1]) - 1] += k * step
            shifted = replace(column, temperature=temperature)
        else:
            number = float(middle) + k * step
            value = f"{number!r}{unit}" if unit else number
            shifted = case.with_values({path: value}).column
        solved = sx_sim.solve(tight(shifted), start=result)
        total += weight * np.array([output(solved, name).value for name in outputs])
    return total / step


def check_against_differences(case, outputs, paths):
    settings = paths | dict.fromkeys(CONSTANTS, ("", "", 1e-3))
    settings["temperature[5]"] = ("", "", 0.2)
    result = sx_sim.solve(tight(case.flowsheet))
    asked = list(settings)
    forward = sx_sim.sensitivity(case, outputs, asked, result=result, mode="forward")
    adjoint = sx_sim.sensitivity(case, outputs, asked, result=result, mode="adjoint")
    noise = 1e-14 * np.abs(forward.table).max()
    np.testing.assert_allclose(adjoint.table, forward.table, rtol=1e-10, atol=noise)
    for k, path in enumerate(asked):
        expected = differences(case, result, path, settings[path], outputs)
        found = forward.table[:, k]
        # where an output hardly moves, the digits of the solves are what is left
        noise = 1e-13 / settings[path][2]
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=noise, err_msg=path)
    return forward


def test_small_column_agrees_with_central_differences():
    outputs = [
        "purity.Dy.raffinate",
        "purity.Ho+Er.loaded solvent",
        "recovery.Dy.loaded solvent",
        "recovery.Na.raffinate",
        "pH.raffinate",
        "reo.loaded solvent",
    ]
    found = check_against_differences(heavy_case(solvent=150), outputs, SMALL_PATHS)
    assert found.output_units == ("", "", "", "", "", "g/L")
    assert found.parameter_units[:3] == ("mol/L", "", "L/h")
    np.testing.assert_allclose(found.parameter_values[:2], [0.05, 1.30103], rtol=1e-6)
    table = found.to_dataframe()
    assert table.shape == found.table.shape
    assert table.loc["pH.raffinate", "temperature"] == found.of("pH.raffinate", "temperature")


HELD_PATHS = {
    "set_points.first.pH": (1.2, "", 1e-3),
    "set_points.middle.pH": (0.9, "", 1e-3),
    "set_points.washed.pH": (0.2, "", 1e-3),
}
HELD = """
[set_points.first]
stage = 1
pH = 1.2
[set_points.middle]
stage = "extraction.5"
pH = 0.9
[set_points.washed]
stage = "scrub.2"
pH = 0.2
"""


@pytest.mark.parametrize("extractant", ["hehehp-chloride", "hehehp-chloride-complexed"])
def test_set_points_agree_with_central_differences(extractant):
    """Doses made at the first stages fall through those before them, and a draw takes some."""
    text = PLANT.format(extractant=extractant, soap=0.15) + HELD
    outputs = ["purity.Dy.raffinate", "recovery.Ho.middling", "pH.raffinate", "pH.middling"]
    paths = PLANT_PATHS | HELD_PATHS
    check_against_differences(sx_sim.parse_case(text), outputs, paths)


@pytest.mark.parametrize(
    ("extractant", "soap"), [("hehehp-chloride", 0.15), ("hehehp-chloride-complexed", 0.1)]
)
def test_plant_of_forty_stages_agrees_with_central_differences(extractant, soap):
    case = sx_sim.parse_case(PLANT.format(extractant=extractant, soap=soap))
    assert case.column.stages == 40
    check_against_differences(case, PLANT_OUTPUTS, PLANT_PATHS)


REAL_PATHS = {
    "sections.extraction.efficiency": (0.9, "", 1e-3),
    "sections.scrub.entrained_organic": (0.004, "", 1e-5),
    "sections.scrub.entrained_aqueous": (0.01, "", 1e-5),
    "sections.strip.entrained_aqueous": (0.02, "", 1e-5),
}
REAL = {
    "extraction": "efficiency = 0.9\nentrained_organic = 0.01",
    "scrub": "efficiency = 0.8\nentrained_organic = 0.004\nentrained_aqueous = 0.01",
    "strip": "entrained_aqueous = 0.02",
}


def test_stages_that_are_not_ideal_agree_with_central_differences():
    text = PLANT.format(extractant="hehehp-chloride", soap=0.15)
    for name, lines in REAL.items():
        text = text.replace(f"[sections.{name}]", f"[sections.{name}]\n{lines}")
    case = sx_sim.parse_case(text)
    check_against_differences(case, PLANT_OUTPUTS, PLANT_PATHS | REAL_PATHS)


def test_stages_that_are_not_ideal_take_forward_mode_whoever_asks():
    text = PLANT.format(extractant="hehehp-chloride", soap=0.15)
    text = text.replace("[sections.extraction]", "[sections.extraction]\n" + REAL["extraction"])
    result = sx_sim.solve(sx_sim.parse_case(text))
    asked = [output(result, "recovery.Ho.middling")]
    cascade = result.circuit.cascade
    inputs = [
        Constant("", "log10_K", k, partial(of_constant, cascade, s, "log10_K"))
        for k, s in enumerate(("Dy", "Ho", "Y"))
    ]
    forward = derivatives(result, asked, inputs, "forward")
    np.testing.assert_array_equal(derivatives(result, asked, inputs), forward)


def test_set_points_of_stages_that_are_not_ideal_agree_with_central_differences():
    text = PLANT.format(extractant="hehehp-chloride", soap=0.15) + HELD
    text = text.replace("[sections.extraction]", "[sections.extraction]\n" + REAL["extraction"])
    outputs = ["purity.Dy.raffinate", "recovery.Ho.middling", "pH.raffinate", "pH.middling"]
    check_against_differences(sx_sim.parse_case(text), outputs, PLANT_PATHS | HELD_PATHS)


CHEMISTRY = """
temperature = "30 degC"
cut = ["Dy", "Ho"]

[solvent]
extractant = "{extractant}"
concentration = "1.0 mol/L"
saponification = 0.1
flow = "150 L/h"

[feeds.clay]
composition = {{ Dy = 30, Ho = 10, Y = 55, Er = 5 }}
strength = "0.1 mol/L"
acid = "0.1 mol/L"
flow = "100 L/h"

[sections.extraction]
stages = 6

[sections.scrub]
stages = 5
temperature = "35 degC"
pH = 0.3
flow = "40 L/h"
"""
CHEMISTRY_PATHS = {
    "temperature": ("30", " degC", 0.05),
    "sections.scrub.temperature": ("35", " degC", 0.05),
    "sections.scrub.pH": (0.3, "", 1e-3),
    "feeds.clay.acid": ("0.1", " mol/L", 2e-4),
    "feeds.clay.strength": ("0.1", " mol/L", 2e-4),
    "feeds.clay.flow": ("100", " L/h", 0.05),
    "solvent.saponification": (0.1, "", 2e-4),
    "solvent.concentration": ("1", " mol/L", 1e-3),
    "constants.Dy.acid_by_dimer": ("", "", 1e-3),
}


@pytest.mark.parametrize("extractant", [SULFATE, ACTIVITY])
def test_sulfate_and_activities_agree_with_central_differences(extractant):
    """Complexes and HSO4- warm up with the stages; so does the Debye-Hueckel slope."""
    case = sx_sim.parse_case(CHEMISTRY.format(extractant=extractant))
    outputs = [
        "purity.Dy.raffinate",
        "recovery.Ho.loaded solvent",
        "recovery.Na.raffinate",
        "pH.raffinate",
        "reo.loaded solvent",
    ]
    check_against_differences(case, outputs, CHEMISTRY_PATHS)


def test_a_pH_is_found_where_sulfate_holds_part_of_the_acid():
    """The free hydrogen ion is less than what is titrated; a step of one is one of the other."""
    case = sx_sim.parse_case(CHEMISTRY.format(extractant=SULFATE))
    names = ["feeds.clay.pH", "feeds.clay.acid", "sections.scrub.acid"]
    found = sx_sim.sensitivity(case, ["recovery.Dy.raffinate"], names)
    assert found.parameter_values[0] > 1.0 + 0.1
    assert found.parameter_values[2] > 10**-0.3 + 0.1
    pH, step = found.parameter_values[0], 1e-4
    moved = [
        case.with_values({"feeds.clay.pH": float(pH + k * step)}).column.feeds[1].stream
        for k in (-1, 1)
    ]
    acids = [titratable_acid(s.system, s.concentration, s.carrier, s.acid) for s in moved]
    slope = (acids[1] - acids[0]) / (2 * step)
    np.testing.assert_allclose(found.table[0, 0], found.table[0, 1] * slope, rtol=1e-5)


def test_costly_elimination_gives_the_same():
    result = sx_sim.solve(heavy_case(solvent=150))
    cascade = result.circuit.cascade
    seed = Seed.of(result.stages.aqueous.shape)
    seed.x[0, result.system.index("Dy")] = 1.0
    cheap, costly = Linearised(cascade), Linearised(cascade)
    called(eliminate_metals)(costly.n, costly.work)
    costly.work.places[row.BY_METALS, 0] = 1
    for one, other in zip(cheap.gradient(seed), costly.gradient(seed), strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-12 * np.abs(a).max(initial=0.0))


def test_at_the_end_of_its_range_an_input_steps_to_one_side():
    case = heavy_case(solvent=40, acid=1.0).with_values({"solvent.saponification": 0.99})
    found = sx_sim.sensitivity(case, ["pH.raffinate"], ["solvent.saponification"])
    assert found.table[0, 0] > 0
    step = 1e-4
    lower = [case.with_values({"solvent.saponification": 0.99 - k * step}) for k in (1, 2)]
    start = sx_sim.solve(case)
    one, two = (sx_sim.solve(c, start=start).streams["raffinate"].pH for c in lower)
    slope = (3 * start.streams["raffinate"].pH - 4 * one + two) / (2 * step)
    np.testing.assert_allclose(found.table[0, 0], slope, rtol=1e-4)


def test_a_result_alone_knows_its_constants_and_stages():
    case = heavy_case()
    result = sx_sim.solve(case)
    names = ["constants.Dy.log10_K", "temperature[3]"]
    alone = sx_sim.sensitivity(result, ["purity.Dy.raffinate"], names)
    np.testing.assert_array_equal(
        alone.table, sx_sim.sensitivity(case, ["purity.Dy.raffinate"], names).table
    )
    with pytest.raises(sx_sim.CaseError, match="give the case"):
        sx_sim.sensitivity(result, ["purity.Dy.raffinate"], ["solvent.flow"])
    with pytest.raises(KeyError, match="no 'pH' here; there are purity"):
        alone.of("pH", "temperature[3]")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("purity", "must be one of purity.ELEMENT.PRODUCT"),
        ("acid.raffinate", "must be one of"),
        ("purity.Dy.raffinat", "no product 'raffinat'; there are raffinate, loaded solvent"),
        ("purity.Na.raffinate", "no 'Na'; there are Dy, Ho"),
        ("recovery.Lu.raffinate", "no 'Lu'; there are"),
        ("pH.loaded solvent", "is organic and has no pH"),
    ],
)
def test_a_bad_output_says_what_there_is(name, words):
    with pytest.raises(sx_sim.CaseError, match=words):
        sx_sim.sensitivity(heavy_case(), [name], ["temperature"])


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("sections.scrap.acid", "no 'scrap' in sections; there is extraction, scrub"),
        ("sections.scrub.oa", "does not give 'oa'; it gives stages, acid, flow"),
        ("sections.scrub.stages", "is a whole number"),
        ("solvent.extractant", "is not a number"),
        ("solver.tolerance", "must be a path of the case"),
        ("temperature.x", "no 'temperature'|has no more keys"),
        ("temperature[15]", "there are stages 1 to 14"),
        ("constants.Lu.log10_K", "must be constants.SPECIES.NAME, of Dy"),
        ("constants.Dy.K", "no 'K'; there are log10_K, enthalpy"),
        ("", "must be"),
    ],
)
def test_a_bad_parameter_says_what_there_is(path, words):
    with pytest.raises(sx_sim.CaseError, match=words):
        sx_sim.sensitivity(heavy_case(), ["purity.Dy.raffinate"], [path])


def test_one_name_may_be_given_as_it_is():
    found = sx_sim.sensitivity(heavy_case(), "pH.raffinate", "temperature")
    assert found.table.shape == (1, 1)


def test_zero_has_no_derivative_where_a_species_would_appear():
    case = heavy_case().with_values({"solvent.saponification": 0.0})
    with pytest.raises(sx_sim.CaseError, match="is zero"):
        sx_sim.sensitivity(case, ["purity.Dy.raffinate"], ["solvent.saponification"])


def test_other_mistakes():
    with pytest.raises(ValueError, match="mode must be one of"):
        sx_sim.sensitivity(heavy_case(), [], [], mode="reverse")
    hopeless = heavy_case().with_values({"solver": {"iteration_limit": 1}})
    with pytest.raises(sx_sim.ConvergenceError):
        sx_sim.sensitivity(hopeless, ["pH.raffinate"], ["temperature"])
    unsolved = sx_sim.solve(hopeless, throw=False)
    with pytest.raises(sx_sim.ConvergenceError):
        sx_sim.sensitivity(unsolved, ["pH.raffinate"], ["temperature[1]"])


def test_tornado_adds_up_and_is_sorted():
    case = sx_sim.parse_case(PLANT.format(extractant="hehehp-chloride", soap=0.15))
    result = sx_sim.solve(case)
    found = tornado(case, result)
    assert "Dy and lighter in raffinate" in found.measures
    assert "Ho and heavier in strip liquor" in found.measures
    largest = np.fmax(np.abs(found.up), np.abs(found.down)).max(axis=0)
    assert (np.diff(largest) <= 0).all()
    labels = [shift.label for shift in found.shifts]
    for label in (
        "pH of clay, +0.05",
        "temperature, +1 °C",
        "temperature of scrub, +1 °C",
        "O/A of solvent, +1 %",
        "flow of bleed, +1 %",
        "saponification, +0.01",
    ):
        assert label in labels
    scrub = labels.index("pH of scrub, +0.05")
    table = sx_sim.sensitivity(case, ["purity.Dy.raffinate"], ["sections.scrub.pH"]).table
    row = found.measures.index("Dy and lighter in raffinate")
    np.testing.assert_allclose(found.linear[row, scrub], 0.05 * table[0, 0], rtol=1e-9)
    pH = 0.05 - np.log10(case.file.sections["scrub"].acid)
    moved = sx_sim.solve(case.with_values({"sections.scrub.pH": pH}))
    lighter = [e for e in ("La", "Ce", "Pr", "Nd", "Sm", "Gd", "Tb", "Dy") if e in result.elements]
    gained = moved.purity(lighter) - result.purity(lighter)
    np.testing.assert_allclose(found.up[row, scrub], gained, atol=1e-10)
    figure = sx_sim.plots.tornado(found)
    assert len(figure.axes) == len(found.measures)
    assert "percentage points" in figure.axes[0].get_xlabel()
    plt.close("all")


def test_a_shift_that_leaves_nothing_of_a_product_says_so(monkeypatch, tmp_path):
    """Much base takes all rare earths into the solvent; what is not solved is something else."""
    case = heavy_case(acid=0.01, solvent=550)
    whole = shifts.operating_shifts(case)
    flow = next(s for s in whole if s.inputs == ("solvent.flow",))
    soap = next(s for s in whole if s.inputs == ("solvent.saponification",))
    chosen = [
        replace(flow, name="much solvent", by="+90 %", size=0.9 * flow.size / shifts.FLOW_SHIFT),
        replace(flow, name="a little more"),
        replace(soap, name="soap out of range", by="+5", size=5.0),
    ]
    monkeypatch.setattr(shifts, "operating_shifts", lambda case: chosen)
    monkeypatch.setattr(shifts, "constant_shifts", lambda result: [])
    found = tornado(case, sx_sim.solve(case))
    row = found.measures.index("Dy in raffinate")
    told = {s.label: k for k, s in enumerate(found.shifts)}
    assert {*list(told)[:2]} == {
        "much solvent, +90 %",
        "soap out of range, +5",
    }  # largest
    emptied, failed = told["much solvent, +90 %"], told["soap out of range, +5"]
    assert np.isnan(found.up[row, [emptied, failed]]).all()
    assert found.solved_up[emptied]
    assert not found.solved_up[failed]
    console = Console(record=True, width=120)
    print_tornado(console, case, found)
    printed = console.export_text()
    assert "nothing left / " in printed
    assert "not solved / " in printed
    found.write_csv(tmp_path / "shifts.csv")
    rows = list(csv.reader((tmp_path / "shifts.csv").open(encoding="utf-8")))
    column = rows[0].index("Dy in raffinate, up [percentage points]")
    assert rows[1 + emptied][column] == "nothing left"
    assert rows[1 + failed][column] == "not solved"
    drawn = {t.get_text() for t in sx_sim.plots.tornado(found).axes[row].texts}
    assert {"nothing left", "not solved"} <= drawn
    plt.close("all")


def test_the_command_prints_and_writes(tmp_path):
    table = tmp_path / "pr_nd.csv"
    example = ROOT / "examples" / "pr_nd.toml"
    words = ["sensitivity", str(example), "--out-table", str(table), "--plots", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    for part in ("Pr and lighter in raffinate", "pH of scrub, +0.05", "every shift is solved"):
        assert part in " ".join(done.output.split())
    assert (tmp_path / "pr_nd_tornado.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.reader(table.open(encoding="utf-8")))
    assert rows[0][:3] == ["shift", "inputs", "size"]
    assert ["pH of scrub, +0.05", "sections.scrub.pH", "0.05"] in [row[:3] for row in rows]
    (folder := tmp_path / "folder.csv").mkdir()
    done = CliRunner().invoke(app, ["sensitivity", str(example), "--out-table", str(folder)])
    assert done.exit_code == 2
    assert "cannot be written" in done.output


def test_the_command_says_why_a_case_is_not_solved(tmp_path):
    case = tmp_path / "hopeless.toml"
    text = (ROOT / "examples" / "pr_nd.toml").read_text(encoding="utf-8")
    case.write_text(text + "\n[solver]\niteration_limit = 1\n")
    done = CliRunner().invoke(app, ["sensitivity", str(case)])
    assert done.exit_code == 3
    assert "not solved" in done.output
