"""Quantities of circuits and trains: values and slopes; they are swept and specified."""

import numpy as np
import pytest

import sx_sim
from support.differences import check_against_differences
from support.trains import TRAIN
from sx_sim.flowsheet.ledger import ledger_of
from sx_sim.flowsheet.outputs import output
from sx_sim.flowsheet.quantities import QUANTITIES
from sx_sim.studies.executors import processes
from sx_sim.studies.journal import SweepJournal

CIRCUIT = """
temperature = "30 degC"
[solvent]
extractant = "hehehp-chloride-conditional"
concentration = "1.0 mol/L"
saponification = 0.2
flow = "545 L/h"
recycle = true
bleed = 0.02
[feeds.clay]
composition = { Gd = 10, Dy = 20, Ho = 10, Y = 50, Er = 10 }
strength = "0.5 mol/L"
pH = 1.5
flow = "100 L/h"
[sections.extraction]
stages = 12
entrained_organic = 0.005
[sections.scrub]
stages = 10
flow = "60 L/h"
reflux = "strip liquor"
acid = "1.7 mol/L"
[sections.strip]
stages = 6
acid = "5 mol/L"
flow = "200 L/h"
outlet = "strip liquor"
"""
WHOLE = [name for name, quantity in QUANTITIES.items() if not quantity.along]


@pytest.mark.usefixtures("closed_tightly")
def test_all_that_a_circuit_tells_in_one_number_has_slopes():
    named = ["concentration.Na.raffinate", "ppm.Na.strip liquor", "purity_mol.Y.raffinate"]
    steps = {
        "solvent.saponification": 1e-4,
        "solvent.flow": 0.2,
        "feeds.clay.pH": 1e-3,
        "sections.strip.acid": 2e-3,
        "sections.extraction.entrained_organic": 1e-5,
        "temperature": 0.05,
        "constants.Dy.log10_K": 1e-3,
    }
    check_against_differences(sx_sim.parse_case(CIRCUIT), [*WHOLE, *named], steps)


@pytest.mark.usefixtures("closed_tightly")
def test_a_train_with_a_link_back_has_slopes_of_ten_inputs_of_five_kinds():
    outputs = [
        "purity.Gd.Gd oxide",
        "recovery.Ho.dy_ho.strip liquor",
        "recovery.Dy.Gd oxide",
        "pH.gd_dy.raffinate",
        "flow.gd_dy.raffinate",
        *WHOLE,
    ]
    steps = {
        "circuits.dy_ho.feeds.clay.flow": 0.02,
        "circuits.dy_ho.solvent.flow": 0.1,
        "circuits.gd_dy.solvent.flow": 0.02,
        "circuits.dy_ho.feeds.clay.acid": 1e-4,
        "circuits.gd_dy.feeds.liquor.acid": 1e-4,
        "circuits.dy_ho.feeds.back.strength": 1e-3,
        "circuits.dy_ho.sections.scrub.acid": 1e-3,
        "defaults.solvent.saponification": 2e-5,
        "defaults.temperature": 0.02,
        "circuits.gd_dy.constants.Dy.log10_K": 1e-3,
        "circuits.dy_ho.constants.Ho.enthalpy": 0.05,
    }
    check_against_differences(sx_sim.parse_case(TRAIN), outputs, steps)


def test_ledger_amounts_are_those_of_the_ledger():
    case = sx_sim.parse_case(CIRCUIT)
    result = sx_sim.solve(case)
    ledger = ledger_of(result)
    value = {name: output(result, name).value for name in WHOLE}
    assert value["production"] == pytest.approx(ledger.oxides)
    assert value["acid_per_reo"] == pytest.approx(sum(ledger.acid.values()) / ledger.oxides)
    assert value["extractant_per_reo"] == pytest.approx(ledger.solvent_lost / ledger.oxides)
    stream = result.stream("raffinate")
    sodium = stream.concentration[result.system.index("Na")]
    assert output(result, "concentration.Na.raffinate").value == sodium
    ppm = 1e6 * sodium * 22.98977 / stream.reo
    assert output(result, "ppm.Na.raffinate").value == pytest.approx(ppm, rel=1e-6)


def test_a_result_is_a_dataset_of_all_quantities():
    result = sx_sim.solve(sx_sim.parse_case(TRAIN))
    found = result.to_xarray()
    assert set(found.data_vars) == set(QUANTITIES)
    assert found["purity_reo"].attrs["units"] == "1"
    for name in ("purity.Gd.gd_dy.raffinate", "recovery.Ho.dy_ho.strip liquor"):
        kind, symbol, place = name.split(".", 2)
        table = {"purity": "purity_reo"}.get(kind, kind)
        value = float(found[table].sel(product=place, species=symbol))
        assert value == pytest.approx(output(result, name).value)
    assert found["stage_pH"].sizes == {"stage": result.flowsheet.stages}


def test_they_are_swept_specified_and_read_back(tmp_path):
    text = TRAIN + (
        '[[specifications]]\noutput = "acid_per_reo"\nmost = 40\n'
        '[[specifications]]\noutput = "ppm.Ho.Gd oxide"\nmost = 100\n'
        '[sweep]\noutputs = ["salt_per_reo", "concentration", "stage_pH"]\n'
        '[[sweep.axes]]\npath = "circuits.dy_ho.solvent.flow"\n'
        'values = ["540 L/h", "545 L/h"]\n'
    )
    case = sx_sim.parse_case(text)
    sweep = sx_sim.run_sweep(case)
    result = sx_sim.solve(case)
    for name in ("acid_per_reo", "ppm.Ho.Gd oxide", "salt_per_reo"):
        assert sweep.output(name)[1] == pytest.approx(output(result, name).value, rel=1e-7)
    assert sweep.output("concentration.Dy.gd_dy.raffinate")[1] == pytest.approx(
        output(result, "concentration.Dy.gd_dy.raffinate").value, rel=1e-7
    )
    assert sweep.table("stage_pH").shape == (2, result.flowsheet.stages)
    np.testing.assert_allclose(
        sweep.own, [output(result, s.output).value for s in sweep.specifications]
    )
    path = tmp_path / "sweep.h5"
    sx_sim.save_sweep(sweep, path, case)
    again = sx_sim.open_sweep(path)
    np.testing.assert_array_equal(again.output("acid_per_reo"), sweep.output("acid_per_reo"))
    assert again.own == sweep.own


def test_a_sweep_of_a_train_has_the_same_bits_wherever_it_runs_and_wherever_it_stopped(tmp_path):
    text = TRAIN + (
        '[[sweep.axes]]\npath = "circuits.dy_ho.solvent.flow"\n'
        'from = "540 L/h"\nto = "550 L/h"\npoints = 3\n'
        '[[sweep.axes]]\npath = "circuits.dy_ho.feeds.clay.pH"\nvalues = [1.5, 1.6]\n'
    )
    case = sx_sim.parse_case(text)
    whole = sx_sim.run_sweep(case)
    with processes(2) as executor:
        elsewhere = sx_sim.run_sweep(case, executor=executor)
    with SweepJournal(tmp_path / "sweep.h5", case) as journal:
        journal.begin()
        sx_sim.run_sweep(case, journal=journal)
        (journal.folder / sorted(p.name for p in journal.folder.glob("*.npz"))[1]).unlink()
        journal.resume()
        resumed = sx_sim.run_sweep(case, journal=journal)
    for name, table in whole.tables.items():
        np.testing.assert_array_equal(elsewhere.tables[name], table)
        np.testing.assert_array_equal(resumed.tables[name], table)


def test_the_result_of_a_train_is_read_back_whole(tmp_path):
    case = sx_sim.parse_case(TRAIN)
    result = sx_sim.solve(case)
    path = tmp_path / "train.h5"
    sx_sim.save_result(result, path, case)
    again = sx_sim.load_result(path)
    assert again.converged
    assert list(again.units) == list(result.units)
    for name, unit in result.units.items():
        np.testing.assert_array_equal(again.units[name].stages.aqueous, unit.stages.aqueous)
        np.testing.assert_array_equal(again.units[name].stages.organic, unit.stages.organic)
    for name in WHOLE:
        one, two = output(result, name).value, output(again, name).value
        assert two == pytest.approx(one, rel=1e-12)
    assert sx_sim.solve(case, start=again).passes <= 2
