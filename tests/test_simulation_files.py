"""Files of simulations: written, read back, refused where damaged, started from."""

import shutil
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray
from typer.testing import CliRunner

import sx_sim
from benchmarks.damaged_files import EDITS, RAW
from support.paths import ROOT
from sx_sim.cli import app
from sx_sim.simulations import Simulation, simulate
from sx_sim.store import load_any
from sx_sim.store.layout import SEAL_SIZE, SIMULATION
from sx_sim.store.simulations import load_state

TRIES = 6
PLANT = """
title = "Nd from Sm"
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1.0 mol/L"
saponification = 0.3
flow = "400 L/h"
[feeds.liquor]
composition = { Nd = 70, Sm = 30 }
strength = "0.5 mol/L"
pH = 1.5
flow = "100 L/h"
[sections.extraction]
stages = 4
[sections.scrub]
stages = 3
acid = "1.7 mol/L"
flow = "50 L/h"
"""
COURSE = """
[[specifications]]
output = "purity.Nd.raffinate"
least = 0.93
[simulation]
duration = "2 h"
[[simulation.events]]
at = "0.5 h"
set = { "feeds.liquor.pH" = 1.2, "solvent.flow" = "420 L/h" }
[[simulation.controllers]]
name = "acid of scrub"
measure = "stage_pH.scrub.3"
adjust = "sections.scrub.acid"
set_point = 1.0
gain = -0.1
integral_time = "1 h"
low = 0.5
high = 3.0
sample_time = "30 min"
"""
TRAIN = """
[defaults]
temperature = "25 degC"
[defaults.solvent]
extractant = "hehehp-chloride-conditional"
concentration = "1.0 mol/L"
saponification = 0.2
[circuits.dy_ho]
solvent.flow = "400 L/h"
[circuits.dy_ho.feeds.clay]
composition = { Dy = 40, Y = 60 }
strength = "0.3 mol/L"
acid = "0.05 mol/L"
flow = "100 L/h"
[circuits.dy_ho.sections]
extraction = { stages = 3 }
scrub = { stages = 2, acid = "1.7 mol/L", flow = "60 L/h" }
[circuits.gd_dy]
solvent.flow = "40 L/h"
solvent.extractant = "hehehp-chloride"
[circuits.gd_dy.feeds.liquor]
source = "dy_ho.raffinate"
acid = "0.1 mol/L"
by = "neutralising"
[circuits.gd_dy.feeds.second]
composition = { Gd = 100 }
strength = "0.3 mol/L"
acid = "0.05 mol/L"
flow = "10 L/h"
stage = 2
[circuits.gd_dy.sections]
extraction = { stages = 4 }
[products]
"Gd oxide" = "gd_dy.raffinate"
[simulation]
duration = "1 h"
[[simulation.events]]
at = "0.2 h"
set = { "circuits.dy_ho.feeds.clay.flow" = "110 L/h" }
"""


def invoke(*words: object):
    return CliRunner().invoke(app, [str(w) for w in words])


@pytest.fixture(scope="module")
def course():
    return simulate(sx_sim.parse_case(PLANT + COURSE))


@pytest.fixture(scope="module")
def whole(course, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "course.h5"
    sx_sim.save_simulation(course, path, course.case)
    return path


def arrays_of(found):
    """All numbers of a simulation, by name."""
    kept = {
        name: getattr(found, name) for name in ("time", "inventory", "left", "section", "species")
    }
    kept |= {"state": found.final["state"], "end": found.final["time"], "products": found.products}
    for kind in ("tables", "numbers", "stages", "inputs", "controllers"):
        kept |= {f"{kind} {name}": values for name, values in getattr(found, kind).items()}
    return kept


def assert_same(one, other):
    first, second = arrays_of(one), arrays_of(other)
    assert list(first) == list(second)
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])


def test_a_simulation_comes_back_whole(course, whole):
    back = sx_sim.load_simulation(whole)
    assert_same(back, course)
    assert (back.balance, back.steps, back.solves) == (course.balance, course.steps, course.solves)
    assert back.cautions == course.cautions
    assert back.case.text == course.case.text
    assert back.time_to_specification == course.time_to_specification
    sx_sim.save_simulation(back, whole, back.case)
    assert_same(sx_sim.load_simulation(whole), course)


def test_a_train_comes_back_whole(tmp_path):
    case = sx_sim.parse_case(TRAIN)
    found = simulate(case)
    assert np.isnan(found.stages["aqueous"]).any()  # species that one circuit alone has
    sx_sim.save_simulation(found, tmp_path / "t.h5", case)
    back = sx_sim.load_simulation(tmp_path / "t.h5")
    assert_same(back, found)
    with h5py.File(tmp_path / "t.h5") as file:
        assert file["input_unit"].asstr()[:].tolist() == ["L/h"]
    shown = invoke("info", tmp_path / "t.h5")
    assert shown.exit_code == 0, shown.output
    np.testing.assert_array_equal(load_state(case, str(tmp_path / "t.h5")), found.final["state"])


@pytest.mark.parametrize(
    "record", ['["pH"]', '["purity.Nd.raffinate", "stage_aqueous.Nd.scrub.1"]', '["recovery"]']
)
def test_one_that_records_little_comes_back(tmp_path, record):
    text = f'{PLANT}[simulation]\nduration = "0.2 h"\nrecord = {record}\n'
    found = simulate(sx_sim.parse_case(text))
    assert not found.inputs
    assert not found.controllers
    sx_sim.save_simulation(found, tmp_path / "a.h5", found.case)
    assert_same(sx_sim.load_simulation(tmp_path / "a.h5"), found)
    assert invoke("info", tmp_path / "a.h5").exit_code == 0
    assert invoke("export", tmp_path / "a.h5", "--csv", tmp_path / "a.csv").exit_code == 0


def test_dimensions_units_and_provenance(course, whole):
    with h5py.File(whole) as file:
        assert file.attrs["format"] == SIMULATION
        assert file.attrs["version"] == sx_sim.__version__
        assert file["case"].asstr()[()] == course.case.text
        scales = [name for name, table in file.items() if table.is_scale]
        assert scales == sorted(
            "time product species stage caution number input controller signal place".split(),
            key=list(file).index,
        )
        for name, table in file.items():
            assert table.attrs["long_name"]
            if name not in (*scales, "case", "extractant_sets"):
                assert all(len(dimension) == 1 for dimension in table.dims), name
        assert file["time"].attrs["units"] == "h"
        assert file["inventory"].attrs["units"] == "mol"
        assert [d.keys()[0] for d in file["concentration"].dims] == ["time", "product", "species"]
        assert file["input"].asstr()[:].tolist() == list(course.inputs)
        units = dict(zip(course.inputs, file["input_unit"].asstr()[:], strict=True))
        assert units == {
            "feeds.liquor.pH": "1",
            "solvent.flow": "L/h",
            "sections.scrub.acid": "mol/L",
        }
        assert file["controller_unit"].asstr()[:].tolist() == [["1", "1", "mol/L"]]
        assert file["state"].attrs["time"] == course.time[-1]


def test_xarray_opens_it_as_it_is(course, whole):
    with xarray.open_dataset(whole, engine="h5netcdf") as data:
        assert data["purity_reo"].dims == ("time", "product", "species")
        picked = data["purity_reo"].sel(product="raffinate", species="Nd")
        np.testing.assert_array_equal(picked, course.series("purity.Nd.raffinate"))
        output = data["controllers"].sel(controller="acid of scrub", signal="output")
        np.testing.assert_array_equal(output, course.inputs["sections.scrub.acid"])
        assert data["stage_aqueous"].dims == ("time", "stage", "species")


def test_files_of_another_kind_are_refused_and_left(course, whole, tmp_path):
    case = course.case
    sx_sim.save_result(sx_sim.solve(case), tmp_path / "run.h5", case)
    before = (tmp_path / "run.h5").read_bytes()
    with pytest.raises(sx_sim.CaseError, match="is sx_sim result, not sx_sim simulation"):
        sx_sim.load_simulation(tmp_path / "run.h5")
    with pytest.raises(sx_sim.CaseError, match="is sx_sim simulation, not sx_sim result"):
        sx_sim.load_result(whole)
    with pytest.raises(sx_sim.CaseError, match="is there, and is sx_sim result; remove it"):
        sx_sim.save_simulation(course, tmp_path / "run.h5", case)
    assert (tmp_path / "run.h5").read_bytes() == before
    with pytest.raises(sx_sim.CaseError, match="is there, and is sx_sim simulation; remove it"):
        sx_sim.save_result(sx_sim.solve(case), whole, case)
    with pytest.raises(sx_sim.CaseError, match="of another case than the one to write with it"):
        sx_sim.save_simulation(course, tmp_path / "b.h5", case.with_values({"feeds.liquor.pH": 1}))
    with pytest.raises(sx_sim.CaseError, match="needs a simulation first"):
        sx_sim.save_simulation(sx_sim.solve(case), tmp_path / "b.h5", case)
    assert not (tmp_path / "b.h5").exists()


def assert_refused_or_same(path, course):
    try:
        found = load_any(path)[1]
    except sx_sim.CaseError as error:
        refusal = str(error)
    else:
        assert_same(found, course)
        return True
    assert refusal.startswith(f"{path}: ")
    assert len(refusal.splitlines()) == 1
    return False


@pytest.mark.parametrize("how", RAW, ids=lambda how: how.__name__)
def test_damaged_bytes_are_refused(course, whole, tmp_path, how):
    for k in range(TRIES):
        content = bytearray(whole.read_bytes())
        how(content, np.random.default_rng(k))
        (tmp_path / "a.h5").write_bytes(content)
        read = assert_refused_or_same(tmp_path / "a.h5", course)
        assert not read or content == whole.read_bytes() or content[:6] != whole.read_bytes()[:6]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
@pytest.mark.parametrize("sealed", [True, False])
def test_rearranged_files_are_refused_or_read_right(course, whole, tmp_path, edit, sealed):
    path = tmp_path / "a.h5"
    for k in range(4 * TRIES):
        shutil.copy(whole, path)
        # an empty list of texts, once removed, is not put back
        with suppress(TypeError), h5py.File(path, "r+") as file:
            edit(file, np.random.default_rng(k))
        if not sealed:
            unseal(path)
        read = assert_refused_or_same(path, course)
        assert not (sealed and read)


def unseal(path):
    with path.open("r+b") as file:
        file.write(bytes(SEAL_SIZE))


@pytest.mark.parametrize(
    ("table", "value", "message"),
    [
        ("time", 5.0, "time: must rise"),
        ("time", np.nan, "time: holds what is no finite number"),
        ("state", np.inf, "state: holds what is no finite number"),
        ("left", np.nan, "left: holds what is no finite number"),
    ],
)
def test_numbers_that_cannot_be_are_refused(whole, tmp_path, table, value, message):
    path = shutil.copy(whole, tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file[table][0] = value
    unseal(path)
    with pytest.raises(sx_sim.CaseError, match=message):
        sx_sim.load_simulation(path)


def started_from(name, plant=PLANT, more="", folder=Path()):
    text = f'{plant}[simulation]\nduration = "1 h"\nstart = "{name}"\n{more}'
    return sx_sim.parse_case(text, str(folder / "case.toml"))


def test_a_simulation_goes_on_from_a_file(tmp_path):
    """Two halves of a course are as the whole of it."""
    event = '[[simulation.events]]\nat = "0 h"\nset = { "feeds.liquor.pH" = 0.8 }\n'
    tight = "tolerance = 1e-6\n"
    text = f'{PLANT}[simulation]\nduration = "%s h"\n{tight}{event}'
    half = simulate(sx_sim.parse_case(text % 1))
    (tmp_path / "files").mkdir()
    sx_sim.save_simulation(half, tmp_path / "files" / "half.h5", half.case)
    case = started_from("files/half.h5", more=tight + event, folder=tmp_path)
    np.testing.assert_array_equal(load_state(case, "files/half.h5"), half.final["state"])
    second, both = simulate(case), simulate(sx_sim.parse_case(text % 2))
    for name in ("pH", "reo", "concentration"):
        np.testing.assert_allclose(second.tables[name][0], half.tables[name][-1], rtol=1e-5)
        np.testing.assert_allclose(second.tables[name][-1], both.tables[name][-1], rtol=1e-4)
    assert second.left[0].max() < 1e-3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("stages = 4", "stages = 5", r"stages there 4\+3, in this case 5\+3"),
        ("Nd = 70, Sm", "Pr = 70, Sm", "species there Nd, Sm, Na, in this case Pr, Sm, Na"),
        ("chloride", "chloride-complexed", "set there hehehp-chloride, in this case hehehp-chl"),
        ("stages = 3", 'outlet = "tap"\nstages = 3', "products there raffinate, loaded solvent"),
        ('"400 L/h"', '"400 L/h"\nrecycle = true', "recycled there none, in this case loaded"),
        ('"400 L/h"', '"500 L/h"', "hold other volumes there than in this case; give the same"),
    ],
)
def test_a_plant_does_not_start_from_another(whole, old, new, message):
    case = started_from(whole, PLANT.replace(old, new, 1))
    with pytest.raises(sx_sim.CaseError, match=message) as caught:
        Simulation(case)
    assert str(caught.value).startswith(f'case.toml: simulation.start = "{whole}": is of another')
    assert len(caught.value.problems) == len(str(caught.value).splitlines()) == 1


def test_a_plant_starts_from_one_with_other_inputs(whole):
    """Not its inputs decide whether a state is of it."""
    plant = PLANT.replace("pH = 1.5", "pH = 1.3").replace("1.7 mol/L", "1.8 mol/L")
    for name in (str(whole), "course.h5"):
        assert len(load_state(started_from(name, plant, folder=whole.parent), name))


def test_constants_of_a_set_count(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text((ROOT / "sx_sim/data/extractants/hehehp-chloride.toml").read_text())
    plant = PLANT.replace("hehehp-chloride", "own.toml")
    text = f'{plant}[simulation]\nduration = "0.1 h"\n'
    found = simulate(sx_sim.parse_case(text, str(tmp_path / "case.toml")))
    sx_sim.save_simulation(found, tmp_path / "a.h5", found.case)
    assert len(load_state(started_from("a.h5", plant, folder=tmp_path), "a.h5"))
    species = own.read_text().partition("[species.Nd]")
    assert species[1]
    changed = species[2].replace("log10_K = ", "log10_K = 0.5 # ", 1)
    own.write_text("".join((*species[:2], changed)))
    with pytest.raises(sx_sim.CaseError, match=r"the set \S+ has other constants there than in"):
        load_state(started_from("a.h5", plant, folder=tmp_path), "a.h5")


def test_what_is_no_simulation_is_no_start(course, whole, tmp_path):
    sx_sim.save_result(sx_sim.solve(course.case), tmp_path / "run.h5", course.case)
    (tmp_path / "text.h5").write_text("hello")
    content = bytearray(whole.read_bytes())
    content[-9] ^= 1
    (tmp_path / "damaged.h5").write_bytes(content)
    for name, message in (
        ("none.h5", "there is no such file; must be steady, empty or a file that simulate wrote"),
        ("run.h5", "is sx_sim result, not sx_sim simulation"),
        ("text.h5", "is not an HDF5 file that can be read"),
        ("damaged.h5", "is damaged, or was changed after sx_sim wrote it"),
    ):
        case = started_from(name, folder=tmp_path)
        with pytest.raises(sx_sim.CaseError) as caught:
            Simulation(case)
        assert f'{case.name}: simulation.start = "{name}": {message}' in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1


def test_info_tells_what_a_file_holds(course, whole):
    shown = invoke("info", whole)
    assert shown.exit_code == 0, shown.output
    for words in ("Nd from Sm", "2 h", f"{course.steps} steps", "raffinate", "loaded solvent"):
        assert words in shown.output
    assert f"mass closes to {course.balance:.1e}" in shown.output
    assert "purity: Nd in raffinate" in shown.output
    assert "specifications are" in shown.output


def test_export_writes_a_row_per_time(course, whole, tmp_path):
    done = invoke("export", whole, "--csv", tmp_path / "a.csv")
    assert done.exit_code == 0, done.output
    with (tmp_path / "a.csv").open() as file:
        names = file.readline().strip().split(",")
        values = np.genfromtxt(file, delimiter=",")
    assert values.shape == (len(course.time), len(names))
    known = dict(zip(names, values.T, strict=True))
    np.testing.assert_array_equal(known["time [h]"], course.time)
    np.testing.assert_array_equal(known["flow raffinate"], course.tables["flow"][:, 0])
    np.testing.assert_array_equal(
        known["purity_reo raffinate Nd"], course.series("purity.Nd.raffinate")
    )
    np.testing.assert_array_equal(
        known["controller acid of scrub output"], course.controllers["acid of scrub"][:, 2]
    )
    assert "purity_reo raffinate Na" not in known


def test_plot_says_that_it_draws_no_simulations(whole):
    done = invoke("plot", whole)
    assert done.exit_code == 2
    assert "is a simulation; plot draws runs and sweeps" in done.output


def test_public_names_are_there():
    assert sx_sim.simulate is simulate
    assert sx_sim.Simulation is Simulation
