"""FMUs: valid, whole, and the same plant as without them."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from typer.testing import CliRunner

import sx_sim
from support.paths import ROOT
from sx_sim.cli import app
from sx_sim.dynamics.measured import measure
from sx_sim.fmu import plant_class

pytest.importorskip("pythonfmu")

SETS = ROOT / "sx_sim" / "data" / "extractants"
PLANT = """
title = "Dy/Ho, a few stages"
temperature = "25 degC"
[solvent]
extractant = "own.toml"
concentration = "1.0 mol/L"
saponification = 0.2
flow = "400 L/h"
[feeds.clay]
composition = { Dy = 40, Ho = 20, Y = 40 }
strength = "0.3 mol/L"
acid = "0.05 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 3
[sections.scrub]
stages = 2
acid = "1.7 mol/L"
flow = "60 L/h"
[simulation]
duration = "20 h"
interval = "30 min"
record = ["pH", "stage_pH.scrub.1"]
"""
MOVING = """
[[simulation.events]]
at = "10 h"
set = { "feeds.clay.flow" = "90 L/h" }
[[simulation.disturbances]]
path = "temperature"
kind = "table"
file = "weather.csv"
[[simulation.controllers]]
name = "scrub"
measure = "stage_pH.scrub.1"
adjust = "sections.scrub.acid"
set_point = 0.3
gain = -0.2
integral_time = "2 h"
low = 1.0
high = 2.5
sample_time = "1 h"
"""
NAMES = ["pH.raffinate", "flow.raffinate", "purity.Ho.loaded solvent", "stage_pH.scrub.1"]


def case_in(folder: Path, text: str = PLANT) -> sx_sim.Case:
    """Return a case with files of its own beside it."""
    folder.mkdir()
    shutil.copy(SETS / "hehehp-chloride-conditional.toml", folder / "own.toml")
    (folder / "weather.csv").write_text("hours,value\n0,298.15\n5,303.15\n20,298.15\n")
    (folder / "case.toml").write_text(text)
    return sx_sim.load_case(folder / "case.toml")


def export(folder: Path, text: str = PLANT, **more) -> Path:
    """Return an FMU of a case that is gone."""
    sx_sim.export_fmu(case_in(folder / "case", text), folder / "plant.fmu", **more)
    shutil.rmtree(folder / "case")
    return folder / "plant.fmu"


def slave_of(path: Path):
    """Return the plant of an FMU as its library makes it."""
    folder = path.with_suffix("")
    with zipfile.ZipFile(path) as file:
        file.extractall(folder)
    shutil.rmtree(folder / "binaries")
    slave = plant_class()(instance_name="plant", resources=str(folder / "resources"))
    slave.setup_experiment(0.0, None, None)
    return slave


def values(slave) -> dict[str, float]:
    return {v.name: slave.get_real([k])[0] for k, v in slave.vars.items()}


def follow(slave, begin: int, end: int) -> dict[str, float]:
    """Return the variables after steps of half an hour, from one to another."""
    for k in range(begin, end):
        assert slave.do_step(1800.0 * k, 1800.0)
    return values(slave)


def test_the_description_has_inputs_and_outputs_with_units(tmp_path):
    path = export(tmp_path, PLANT + MOVING)
    with zipfile.ZipFile(path) as file:
        root = ElementTree.fromstring(file.read("modelDescription.xml"))
        asked = json.loads(file.read("resources/asked.json"))
        assert {"resources/case.toml", "resources/disturbance_0.csv"} < set(file.namelist())
    assert "own.toml" in asked["sets"]
    assert root.get("modelName") == "plant"
    assert root.get("description") == "Dy/Ho, a few stages"
    about = {v.get("name"): v for v in root.iter("ScalarVariable")}
    starts = {n: v[0].get("start") for n, v in about.items() if v.get("causality") == "input"}
    assert starts == {
        "feeds.clay.flow": "100",
        "temperature": "298.15",
        "sections.scrub.acid": "1.7",
        "solvent.flow": "400",
        "feeds.clay.acid": "0.05",
        "sections.scrub.flow": "60",
    }
    outputs = [n for n, v in about.items() if v.get("causality") == "output"]
    assert outputs == [
        "stage_pH.scrub.1",
        "pH.raffinate",
        "flow.raffinate",
        "purity.Dy.raffinate",
        "purity.Y.loaded solvent",
    ]
    assert about["feeds.clay.flow"].get("description") == "input of the case [L/h]"
    assert about["pH.raffinate"].get("description") == "concentration pH of the product [1]"
    model, times = root.find("CoSimulation"), root.find("DefaultExperiment")
    assert model.get("canGetAndSetFMUstate") == model.get("canSerializeFMUstate") == "true"
    assert (times.get("stopTime"), times.get("stepSize")) == ("72000.0", "1800.0")


def test_it_is_the_plant_that_python_follows(tmp_path):
    slave = slave_of(export(tmp_path, outputs=NAMES))
    own = sx_sim.Simulation(case_in(tmp_path / "again"))
    for k in range(20):
        if k == 6:
            own.set("feeds.clay.flow", "120 L/h")
            slave.set_real([list(slave.inputs).index("feeds.clay.flow")], [120.0])
        assert slave.do_step(1800.0 * k, 1800.0)
        own.step(0.5)
        found = values(slave)
        assert [found[n] for n in NAMES] == pytest.approx(
            [measure(own.result, n) for n in NAMES], rel=1e-6
        )
    assert found["flow.raffinate"] == 180.0


def test_the_case_moves_inputs_until_they_are_set(tmp_path):
    slave = slave_of(export(tmp_path, PLANT + MOVING, outputs=NAMES))
    own = sx_sim.Simulation(case_in(tmp_path / "again", PLANT + MOVING))
    follow(slave, 0, 22)
    for _ in range(22):
        own.step(0.5)
    moved = {path: slave.plant.inputs[path] for path in own.inputs}
    assert moved == pytest.approx(own.inputs, rel=1e-6)
    assert moved["feeds.clay.flow"] == 90.0
    slave.inputs |= {"sections.scrub.acid": 2.0, "temperature": 300.0}
    follow(slave, 22, 26)
    assert slave.plant.inputs["sections.scrub.acid"] == 2.0
    assert slave.plant.inputs["temperature"] == 300.0


def test_a_state_is_gone_back_to_also_from_bytes(tmp_path):
    slave = slave_of(export(tmp_path, PLANT + MOVING, outputs=NAMES))
    slave.inputs["solvent.flow"] = 420.0
    follow(slave, 0, 4)
    state = slave._get_fmu_state()
    kept = slave._fmu_state_to_bytes(state)
    slave.inputs["sections.scrub.acid"] = 2.0
    other = follow(slave, 4, 8)
    slave._set_fmu_state(state)
    assert slave.inputs["sections.scrub.acid"] == 1.7
    ahead = follow(slave, 4, 8)
    assert ahead["pH.raffinate"] != pytest.approx(other["pH.raffinate"], rel=1e-6)
    slave._set_fmu_state(slave._fmu_state_from_bytes(kept))
    assert follow(slave, 4, 8) == pytest.approx(ahead, rel=1e-6)


def test_what_cannot_be_is_refused_and_all_stays_as_it_was(tmp_path):
    slave = slave_of(export(tmp_path, outputs=NAMES))
    before = values(slave)
    slave.inputs["feeds.clay.flow"] = -5.0
    assert not slave.do_step(0.0, 1800.0)
    assert 'feeds.clay.flow = "-5.0 L/h": must be above 0' in slave.log_queue[-1].msg
    slave.inputs["feeds.clay.flow"] = 100.0
    assert values(slave) == before
    follow(slave, 0, 2)
    assert slave.plant.time == 1.0


def test_an_empty_plant_has_the_purities_of_its_steady_state(tmp_path):
    slave = slave_of(export(tmp_path, PLANT + 'start = "empty"\n'))
    purities = [name for name in values(slave) if name.startswith("purity")]
    assert purities == ["purity.Dy.raffinate", "purity.Y.loaded solvent"]


def test_it_starts_from_a_file_that_it_carries(tmp_path):
    case = case_in(tmp_path / "case", PLANT + MOVING)
    found = sx_sim.simulate(case)
    sx_sim.save_simulation(found, tmp_path / "case" / "end.h5", case)
    text = PLANT + 'start = "end.h5"\n' + MOVING
    case = sx_sim.parse_case(text, str(tmp_path / "case" / "case.toml"))
    sx_sim.export_fmu(case, tmp_path / "plant.fmu")
    shutil.rmtree(tmp_path / "case")
    slave = slave_of(tmp_path / "plant.fmu")
    assert values(slave)["pH.raffinate"] == pytest.approx(found.series("pH.raffinate")[-1])


def test_programs_find_it_valid_and_run_it(tmp_path):
    fmpy = pytest.importorskip("fmpy")
    from fmpy.validation import validate_fmu

    path = export(tmp_path, outputs=NAMES)
    assert validate_fmu(str(path)) == []
    times, flow = [0.0, 10800.0, 10800.0, 36000.0], [100.0, 100.0, 120.0, 120.0]
    signals = np.array(
        list(zip(times, flow, strict=True)), dtype=[("time", float), ("feeds.clay.flow", float)]
    )
    found = fmpy.simulate_fmu(
        str(path), stop_time=36000.0, step_size=1800.0, output_interval=1800.0, input=signals
    )
    own = sx_sim.Simulation(case_in(tmp_path / "again"))
    for k, row in enumerate(found):
        assert row["time"] == 1800.0 * k
        now = [measure(own.result, name) for name in NAMES]
        assert [row[name] for name in NAMES] == pytest.approx(now, rel=1e-6)
        if k == 6:
            own.set("feeds.clay.flow", "120 L/h")
        own.step(0.5)


def test_programs_that_ran_it_end_as_they_should(tmp_path):
    pytest.importorskip("fmpy")
    path = export(tmp_path, outputs=NAMES)
    code = f"import fmpy; fmpy.simulate_fmu({str(path)!r}, stop_time=60.0); print('ran')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.endswith("ran\n")
    assert (done.returncode, "corrupted" in done.stderr) == (0, False)


def test_programs_keep_its_state(tmp_path):
    pytest.importorskip("fmpy")
    from fmpy import extract, read_model_description
    from fmpy.fmi2 import FMU2Slave

    path = export(tmp_path, PLANT + MOVING, outputs=NAMES)
    model = read_model_description(str(path))
    ends = []
    for k in range(2):  # one after the other in one process
        slave = FMU2Slave(
            guid=model.guid,
            unzipDirectory=extract(str(path), tmp_path / f"files_{k}"),
            modelIdentifier=model.coSimulation.modelIdentifier,
            instanceName="plant",
        )
        slave.instantiate()
        slave.setupExperiment(startTime=0.0)
        slave.enterInitializationMode()
        slave.exitInitializationMode()
        outputs = [v.valueReference for v in model.modelVariables if v.name in NAMES]

        def ahead(slave=slave, outputs=outputs):
            for k in range(4):
                slave.doStep(3600.0 * (2 + k), 3600.0)
            return slave.getReal(outputs)

        slave.doStep(0.0, 7200.0)
        state = slave.getFMUstate()
        kept = slave.serializeFMUstate(state)
        ends.append(ahead())
        slave.setFMUstate(state)
        ends.append(ahead())
        slave.setFMUstate(slave.deSerializeFMUstate(kept))
        ends.append(ahead())
        slave.freeFMUstate(state)
        slave.terminate()
        slave.freeInstance()
    for end in ends:
        assert end == pytest.approx(ends[0], rel=1e-6)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"inputs": ["feeds.clay.flo"]}, "feeds.clay.flo"),
        ({"inputs": ["constants.Dy.log10_K"]}, "constants do not change over time"),
        ({"outputs": ["purity.Dy.tap"]}, "no product tap; there are raffinate, loaded solvent"),
        ({"outputs": ["stage_pH.scrub.9"]}, "no such stage"),
        ({"outputs": ["warmth"]}, "must be a quantity of a product"),
    ],
)
def test_what_is_not_there_is_told_in_a_line(tmp_path, more, problem):
    with pytest.raises(sx_sim.CaseError) as raised:
        export(tmp_path, **more)
    assert len(raised.value.problems) == 1
    assert problem in raised.value.problems[0]
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "plant.fmu").exists()


def test_other_names_and_a_missing_package_are_told(tmp_path, monkeypatch):
    case = case_in(tmp_path / "case")
    with pytest.raises(sx_sim.CaseError, match=r"must end in \.fmu"):
        sx_sim.export_fmu(case, tmp_path / "plant.zip")
    with pytest.raises(sx_sim.CaseError, match="a case is needed"):
        sx_sim.export_fmu("case.toml", tmp_path / "plant.fmu")
    monkeypatch.setitem(sys.modules, "pythonfmu", None)
    told = re.escape('needs pythonfmu, which is not installed: pip install "sx_sim[fmu]"')
    with pytest.raises(sx_sim.CaseError, match=told):
        sx_sim.export_fmu(case, tmp_path / "plant.fmu")


def test_the_command_writes_it_and_says_what_it_replaces(tmp_path):
    case_in(tmp_path / "case")
    out = tmp_path / "a plant.fmu"
    before = list(sys.path), "sx_sim_plant" in sys.modules
    words = ["fmu", str(tmp_path / "case" / "case.toml"), "--out", str(out)]
    done = CliRunner().invoke(app, [*words, "--input", "solvent.flow", "--output", "pH.raffinate"])
    assert done.exit_code == 0, done.output
    assert done.output.endswith(f"wrote {out}\n")
    assert list(values(slave_of(out))) == ["solvent.flow", "pH.raffinate"]
    assert (sys.path, "sx_sim_plant" in sys.modules) == before
    again = CliRunner().invoke(app, words)
    assert f"{out} is there and will be replaced" in again.output
    wrong = CliRunner().invoke(app, [*words[:-1], str(tmp_path / "plant.h5")])
    assert wrong.exit_code == 2
    assert "must end in .fmu" in wrong.output
