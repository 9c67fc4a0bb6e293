"""The command line, run as a user would."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

import sx_sim
from support.columns import HEAVY
from support.paths import ROOT
from sx_sim.cli import app

PNG = b"\x89PNG"


def write_case(folder: Path) -> Path:
    path = folder / "small.toml"
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    text = text.replace("[solvent]", 'cut = ["Dy", "Ho"]\n[solvent]')
    text += '\n[[sweep.axes]]\npath = "feeds.clay.pH"\nvalues = [1.0, 1.5]\n'
    text += '[[sweep.axes]]\npath = "temperature"\nvalues = ["20 degC", "30 degC"]\n'
    path.write_text(f"{text}[sweep]\nband_members = 4\n")
    return path


@pytest.fixture
def case_path(tmp_path: Path) -> Path:
    return write_case(tmp_path)


def invoke(*words: object):
    return CliRunner().invoke(app, [str(w) for w in words])


def test_run_prints_tables_and_writes_files(case_path, tmp_path):
    out = tmp_path / "new" / "r.h5"
    result = invoke("run", case_path, "--out", out, "--plots", tmp_path / "pictures")
    assert result.exit_code == 0, result.output
    for words in ("converged", "raffinate", "loaded solvent", "REO g/L", "O/A", "loading %"):
        assert words in result.output
    assert "Cut Dy/Ho" in result.output
    assert sx_sim.load_result(out).converged
    pictures = sorted((tmp_path / "pictures").iterdir())
    assert [p.name for p in pictures] == [
        "small_acidity.png",
        "small_circuit.png",
        "small_circuit.svg",
        "small_products.png",
        "small_profiles.png",
    ]
    assert all(p.read_bytes().startswith(PNG) for p in pictures if p.suffix == ".png")
    assert "</svg>" in pictures[2].read_text()


def test_sweep_writes_files_and_counts(case_path, tmp_path):
    out = tmp_path / "s.h5"
    result = invoke("sweep", case_path, "--out", out, "--plots", tmp_path / "pictures")
    assert result.exit_code == 0, result.output
    assert "4 points" in result.output
    assert "4 converged" in result.output
    with h5py.File(out) as file:
        assert file["status"].shape == (2, 2)
    names = sorted(p.name for p in (tmp_path / "pictures").iterdir())
    assert names == ["small_sweep_maps.png", "small_sweep_temperature.png"]


def test_a_sweep_with_specifications_says_and_draws_where_they_are_met(case_path, tmp_path):
    spec = '[[specifications]]\noutput = "{}"\n{} = {}\n'
    swept = sx_sim.run_sweep(sx_sim.load_case(case_path))
    middle = float(np.median(swept.recovered("Dy", "raffinate")))
    text = case_path.read_text() + spec.format("recovery.Dy.raffinate", "least", middle)
    case_path.write_text(text + spec.format("loading", "most", 0.99))
    out = tmp_path / "s.h5"
    result = invoke("sweep", case_path, "--out", out, "--plots", tmp_path)
    assert result.exit_code == 0, result.output
    swept = sx_sim.open_sweep(out)
    count = int(swept.met().sum())
    assert 0 < count < 4
    own = sx_sim.solve(sx_sim.load_case(case_path))
    here = own.recovery("Dy", "raffinate") >= middle
    verdict = "and at the operating point" if here else "not at the operating point"
    assert "highest loading ≤ 99 %: met at 4 of 4 points, and at the operating" in result.output
    assert f"all specifications: met at {count} of 4 points, {verdict}" in result.output
    assert (tmp_path / "small_sweep_window.png").read_bytes().startswith(PNG)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A folder with a case, the file of its run and that of its sweep."""
    folder = tmp_path_factory.mktemp("files")
    path = write_case(folder)
    for command in ("run", "sweep"):
        assert invoke(command, path, "--out", folder / f"{command}.h5").exit_code == 0
    return folder


def test_a_sweep_that_records_little_prints_and_draws_the_rest(case_path, tmp_path):
    text = case_path.read_text()
    for less in ('elements = ["Y"]', 'products = ["raffinate"]', 'outputs = ["loading"]'):
        case_path.write_text(f"{text}\n{less}\n")
        result = invoke("sweep", case_path, "--out", tmp_path / "s.h5", "--plots", tmp_path)
        assert result.exit_code == 0, result.output
        assert "4 converged" in result.output
        shown = invoke("info", tmp_path / "s.h5")
        assert shown.exit_code == 0
        picture = ("--x", "temperature", "--z", "loading", "--out", tmp_path / "p.png")
        assert invoke("plot", tmp_path / "s.h5", *picture).exit_code == 0


def test_plot_draws_lines_maps_and_stages(files):
    for name, words in {
        "line": ("sweep.h5", "--x", "temperature", "--z", "pH.raffinate"),
        "held": ("sweep.h5", "--x", "temperature", "--at", "feeds.clay.pH=1.5", "--spec", "0.9"),
        "map": ("sweep.h5", "--x", "feeds.clay.pH", "--y", "temperature"),
        "stages": ("run.h5", "--x", "stage", "--z", "pH"),
        "profiles": ("run.h5",),
    }.items():
        picture = files / "new" / f"{name}.png"
        result = invoke("plot", files / words[0], *words[1:], "--out", picture)
        assert result.exit_code == 0, result.output
        assert picture.read_bytes().startswith(PNG)
    invoke("plot", files / "run.h5")
    assert (files / "run.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sweep.h5", "--x is missing; its inputs are feeds.clay.pH, temperature"),
        ("sweep.h5 --x a", "'a' is no input of this sweep; its inputs are feeds.clay.pH, temp"),
        ("sweep.h5 --x temperature --y b", "--y: 'b' is no input of this sweep"),
        ("sweep.h5 --x temperature --y temperature", "--x and --y are both 'temperature'"),
        ("sweep.h5 --x temperature --z purity", "Of this sweep there are status, iter"),
        ("sweep.h5 --x temperature --z pH.tap", "no 'tap' in this sweep; there are raffinate"),
        ("sweep.h5 --x temperature --at temperature=25", "is along an axis of the picture"),
        ("sweep.h5 --x temperature --at feeds.clay.pH=9", "this sweep has 1 to 1.5"),
        ("sweep.h5 --x temperature --at feeds.clay.pH=low", "must be a number and a unit"),
        ("sweep.h5 --x feeds.clay.pH --at temperature=2_bar", "write such as '1 degC'"),
        ("sweep.h5 --x temperature --at feeds.clay.pH", "must be PATH=VALUE"),
        ("sweep.h5 --x temperature --spec 99.9", "must be a share between 0 and 1"),
        ("sweep.h5 --x temperature --out p.xyz", "must end in one of"),
        ("sweep.h5 --x temperature --out small.toml/p.png", "cannot be written"),
        ("run.h5 --x temperature", "is no input of a run; it has --x stage"),
        ("run.h5 --z warmth", "a stage has no 'warmth'; it has pH, loading"),
        ("run.h5 --spec 0.9", "--spec is for sweeps, and this is a run"),
        ("small.toml --x temperature", "is not an HDF5 file that can be read"),
        ("none.h5 --x temperature", "there is no such file"),
    ],
)
def test_plot_says_what_is_wrong(files, monkeypatch, words, message):
    monkeypatch.chdir(files)
    result = invoke("plot", *words.split())
    assert result.exit_code == 2, result.output
    assert message in result.output


def test_plot_refuses_files_of_other_programs(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.attrs["format"] = "something else"
    result = invoke("plot", tmp_path / "other.h5", "--x", "temperature")
    assert result.exit_code == 2
    assert "is something else, not sx_sim result or sx_sim sweep" in result.output


def test_a_case_that_cannot_be_solved_says_why_and_exits_3(case_path, tmp_path):
    text = case_path.read_text().replace("saponification = 0.2", "saponification = 0.9")
    case_path.write_text(text.replace('flow = "400 L/h"', 'flow = "4000 L/h"'))
    result = invoke("run", case_path, "--out", tmp_path / "r.h5")
    assert result.exit_code == 3
    assert "more base than acid" in result.output
    assert "Lower the saponification" in result.output
    assert (tmp_path / "r.h5").exists()  # the last iterate, with its status
    assert sx_sim.load_result(tmp_path / "r.h5").status == sx_sim.Status.EXCESS_BASE


def test_check_solves_nothing(case_path):
    result = invoke("check", case_path)
    assert result.exit_code == 0
    assert "extraction: stages 1-8" in result.output
    assert "sweep over feeds.clay.pH, temperature" in result.output


def test_schema_is_json_and_knows_the_tables():
    schema = json.loads(invoke("schema").output)
    case, train = (schema["$defs"][kind] for kind in ("CaseFile", "TrainFile"))
    assert {"temperature", "solvent", "feeds", "sections"} <= set(case["properties"])
    assert set(case["required"]) == {"temperature", "solvent", "sections"}
    assert {"defaults", "circuits", "products", "sweep"} <= set(train["properties"])
    assert "from" in schema["$defs"]["Axis"]["properties"]
    assert len(schema["oneOf"]) == 2


def test_elements_are_listed():
    result = invoke("elements")
    assert result.exit_code == 0
    for words in ("Dy", "dysprosium", "Pr6O11", "NH4"):
        assert words in result.output


def test_version():
    assert invoke("--version").output == f"sx_sim {sx_sim.__version__}\n"


def test_pictures_that_cannot_be_written(case_path, tmp_path):
    (tmp_path / "taken").write_text("")
    result = invoke("run", case_path, "--plots", tmp_path / "taken")
    assert result.exit_code == 2
    assert "cannot be written" in result.output


def test_compilation_is_announced_on_a_new_machine(case_path, tmp_path):
    """A whole process with an empty cache, then one with a full one."""
    program = shutil.which("sx-sim") or str(Path(sys.executable).parent / "sx-sim")
    command = ["env", f"NUMBA_CACHE_DIR={tmp_path / 'cache'}", program, "run", str(case_path)]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2)
    )
    assert "Compiling the solver" in first.stderr
    assert second.stderr == ""
    assert first.stdout == second.stdout


def test_version_is_the_one_of_the_project():
    text = (ROOT / "pyproject.toml").read_text()
    assert re.search(r'^version = "(.*)"', text, re.M)[1] == sx_sim.__version__


def test_info_and_export_read_what_run_and_sweep_wrote(case_path, tmp_path):
    for command, line, rows in (("run", "converged in", 14), ("sweep", "4 converged", 4)):
        file, table = tmp_path / f"{command}.h5", tmp_path / "tables" / f"{command}.csv"
        invoke(command, case_path, "--out", file)
        shown = invoke("info", file)
        assert shown.exit_code == 0
        assert line in shown.output
        assert invoke("export", file, "--csv", table).exit_code == 0
        assert len(table.read_text().splitlines()) == rows + 1
    swept = sx_sim.open_sweep(tmp_path / "sweep.h5")
    frame = swept.to_dataframe()
    assert frame["recovery raffinate Dy"][3] == swept.recovered("Dy", "raffinate")[1, 1]
    assert frame["temperature [degC]"].tolist() == [20, 30, 20, 30]
    assert invoke("info", case_path).exit_code == 2
    assert "no such file" in invoke("export", tmp_path / "no.h5", "--csv", "x.csv").output


def test_an_interrupted_sweep_says_how_to_go_on(case_path, tmp_path, monkeypatch):
    from sx_sim.studies.journal import SweepJournal

    keep = SweepJournal.keep

    def interrupted(self, number, tables):
        keep(self, number, tables)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SweepJournal, "keep", interrupted)
        stopped = invoke("sweep", case_path, "--out", tmp_path / "s.h5")
    assert stopped.exit_code == 130
    assert "1 blocks are kept, go on with --resume" in stopped.output
    assert (
        "unfinished sweep is there" in invoke("sweep", case_path, "--out", tmp_path / "s.h5").output
    )
    done = invoke("sweep", case_path, "--out", tmp_path / "s.h5", "--resume")
    assert done.exit_code == 0
    assert sx_sim.open_sweep(tmp_path / "s.h5").shape == (2, 2)
    assert not list(tmp_path.glob(".s.h5*"))


def test_a_cut_is_told_where_an_outlet_takes_all_the_water(case_path):
    """There is no raffinate then."""
    text = case_path.read_text()
    case_path.write_text(
        text.replace("[sections.extraction]", '[sections.extraction]\noutlet = "lean"')
    )
    result = invoke("run", case_path)
    assert result.exit_code == 0, result.output
    assert "of the lean's REO" in " ".join(result.output.split())
