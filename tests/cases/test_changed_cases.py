"""A changed case is the case that is solved, swept, written and read."""

import copy
import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sx_sim
from sx_sim.cases import parse_case
from sx_sim.cases.load import validate
from sx_sim.chemistry.extractants import ExtractantSet, extractant_set
from sx_sim.studies.points import Points, SweepAxis

EXAMPLES = sorted(Path(__file__).parents[2].joinpath("examples").glob("*.toml"))
CASES = [path for path in EXAMPLES if "[circuits." not in path.read_text()]

SMALL = """
title = "small # not a comment"
temperature = "25 degC"
[solvent]
extractant = "{extractant}"
concentration = "1 mol/L"
flow = "200 L/h"
[feeds.liquor]
concentrations = {{ Nd = "0.1 mol/L", Dy = "0.02 mol/L" }}
acid = "0.3 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 4
"""


def small(extractant="hehehp-chloride", name="case"):
    return parse_case(SMALL.format(extractant=extractant), name)


def recovered(result):
    return result.recovery("Nd", "loaded solvent")


def one_point(case, **more):
    """Return a sweep of a single point, the case's own temperature."""
    axis = SweepAxis("temperature", np.array([25.0]), "degC", "temperature")
    return sx_sim.run_sweep(case, points=Points((axis,)), **more)


def changes_of(case):
    """Return inputs of a case that can be changed by a factor, with their units."""
    found = {"solvent.flow": "L/h"} if case.file.solvent.flow else {"solvent.oa": ""}
    for key, tables in (("feeds", case.file.feeds), ("sections", case.file.sections)):
        for name, table in tables.items():
            found |= {f"{key}.{name}.flow": "L/h"} if table.flow else {}
            found |= {f"{key}.{name}.acid": "mol/L"} if table.acid else {}
    return {path: unit for path, unit in found.items() if path.count(".") <= 2}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@given(data=st.data())
def test_the_text_of_a_changed_case_is_the_changed_case(path, data):
    case = sx_sim.load_case(path)
    inputs = changes_of(case)
    chosen = data.draw(st.sets(st.sampled_from(sorted(inputs)), min_size=1))
    values = {}
    for one in chosen:
        number = data.draw(st.floats(0.9, 1.1))
        table, _, key = one.rpartition(".")
        here = case.file.solvent
        for part in table.split(".") if table != "solvent" else ():
            here = getattr(case.file, part, None) if here is case.file.solvent else here[part]
        number *= getattr(here, key)
        values[one] = f"{number!r} {inputs[one]}" if inputs[one] else number
    stages = next(iter(case.file.sections))
    values[f"sections.{stages}.stages"] = data.draw(st.integers(8, 40))
    moved = case.with_values(values)
    again = parse_case(moved.text, moved.name)
    assert again.raw == moved.raw
    assert again.file == moved.file
    assert again.identity == moved.identity != case.identity


def test_all_ways_to_solve_a_changed_case_agree(tmp_path):
    moved = small().with_values({"solvent.flow": "100 L/h", "sections.extraction.stages": 3})
    result = sx_sim.solve(moved)
    right = recovered(result)
    assert abs(right - recovered(sx_sim.solve(small()))) > 1e-3
    assert one_point(moved).recovered("Nd", "loaded solvent")[0] == pytest.approx(right, rel=1e-9)
    found = sx_sim.uncertainty(moved, ["recovery.Nd.loaded solvent"], samples=16, share=False)
    assert found.values[0] == pytest.approx(right, rel=1e-9)
    low, high = found.quantiles[0][[0, -1]]
    assert low < right < high
    sx_sim.save_result(result, tmp_path / "run.h5", moved)
    loaded = sx_sim.load_result(tmp_path / "run.h5")
    assert loaded.converged
    assert recovered(loaded) == pytest.approx(right, rel=1e-12)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_examples_with_a_stage_less_are_solved_swept_and_read_alike(path, tmp_path):
    case = sx_sim.load_case(path)
    first, table = next(iter(case.file.sections.items()))
    moved = case.with_values({f"sections.{first}.stages": table.stages - 1})
    result = sx_sim.solve(moved)
    kelvin = SweepAxis("temperature", np.array([moved.file.temperature]), "K", "temperature")
    sweep = sx_sim.run_sweep(moved, points=Points((kelvin,)), outputs=["recovery"])
    sx_sim.save_result(result, tmp_path / "run.h5", moved)
    loaded = sx_sim.load_result(tmp_path / "run.h5")
    assert loaded.converged
    for product in {"raffinate", result.column.solvent_outlet} & result.streams.keys():
        for symbol in sweep.elements:
            right = result.recovery(symbol, product)
            assert loaded.recovery(symbol, product) == pytest.approx(right, rel=1e-9, abs=1e-15)
            swept = sweep.recovered(symbol, product)[0]
            assert swept == pytest.approx(right, rel=1e-6, abs=1e-12)


def test_a_result_is_written_with_its_own_case_only(tmp_path):
    case = small()
    for values in ({"sections.extraction.stages": 6}, {"temperature": "30 degC"}):
        with pytest.raises(sx_sim.CaseError, match="another case"):
            sx_sim.save_result(sx_sim.solve(case.with_values(values)), tmp_path / "run.h5", case)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def own(tmp_path):
    """A case with a set of its own beside it, and that set's file."""
    shipped = Path(sx_sim.__file__).parent / "data" / "extractants" / "hehehp-chloride.toml"
    path = tmp_path / "own.toml"
    path.write_text(shipped.read_text())
    return small("own.toml", str(tmp_path / "case.toml")), path


def test_files_hold_the_constants_that_they_rest_on(own, tmp_path):
    case, path = own
    result = sx_sim.solve(case)
    sx_sim.save_result(result, tmp_path / "run.h5", case)
    sx_sim.save_sweep(one_point(case), tmp_path / "sweep.h5", case)
    path.unlink()
    loaded = sx_sim.load_result(tmp_path / "run.h5")
    assert loaded.converged
    assert recovered(loaded) == pytest.approx(recovered(result), rel=1e-12)
    assert loaded.system.constants == result.system.constants
    assert sx_sim.open_sweep(tmp_path / "sweep.h5").shape == (1,)


def test_a_loaded_case_keeps_its_set_when_the_file_changes(own):
    case, path = own
    before = recovered(sx_sim.solve(case))
    path.write_text(path.read_text().replace("log10_K = ", "log10_K = 1"))
    moved = case.with_values({"temperature": "25 degC"})
    assert recovered(sx_sim.solve(moved)) == before
    assert one_point(case).recovered("Nd", "loaded solvent")[0] == pytest.approx(before, rel=1e-9)


def test_the_identity_of_a_case_holds_its_constants(own):
    case, path = own
    path.write_text(path.read_text().replace("log10_K_sd = 0.22", "log10_K_sd = 0.23"))
    changed = small("own.toml", case.name)
    differ = {key for key in case.identity if case.identity[key] != changed.identity[key]}
    assert differ == {"set of constants"}


def test_a_set_comes_back_from_its_tables():
    known = extractant_set("hehehp-chloride-complexed")
    assert ExtractantSet.from_tables(json.loads(json.dumps(known.as_tables()))) == known


def test_a_worker_of_another_installation_is_refused():
    from sx_sim.studies.run import _solve_block

    with pytest.raises(sx_sim.CaseError, match="install the same sx_sim on every worker"):
        _solve_block(small(), "sx_sim 0.0.1, data 0", None, None, False, None)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_cases_and_results_are_pickled_and_copied(copied):
    case = small().with_values({"temperature": "30 degC"})
    result = sx_sim.solve(copied(case))
    assert recovered(result) == recovered(sx_sim.solve(case))
    assert recovered(copied(result)) == recovered(result)
    assert copied(result.column).system.species == case.species


def test_numbers_of_numpy_are_values_too():
    moved = small().with_values(
        {"sections.extraction.stages": np.int64(6), "solvent.saponification": np.float64(0.1)}
    )
    assert parse_case(moved.text).file == moved.file
    assert moved.column.stages == 6


def test_a_case_without_changes_keeps_its_text():
    assert small().text == SMALL.format(extractant="hehehp-chloride")
    assert replace(small(), given="").text == validate(small().raw, "case").text


YTTRIUM = """
temperature = "25 degC"
[solvent]
extractant = "d2ehpa-tbp-sulfate"
concentration = "{concentration!r} mol/L"
flow = "100 L/h"
[feeds.liquor]
concentrations = {{ Sm = "1e-3 mol/L", Gd = "2e-3 mol/L", Dy = "3e-3 mol/L", Y = "4e-3 mol/L" }}
pH = 0
flow = "100 L/h"
[sections.extraction]
stages = 3
"""


def test_rare_earths_keep_their_order_along_a_sweep():
    case = parse_case(YTTRIUM.format(concentration=0.15))
    axis = SweepAxis("feeds.liquor.pH", np.array([0.0, 2.0]), "", "feeds.liquor.pH")
    sweep = sx_sim.run_sweep(case, points=Points((axis,)), outputs=["stage_organic"])
    for k, pH in enumerate(axis.values):
        result = sx_sim.solve(case.with_values({"feeds.liquor.pH": float(pH)}))
        order = [result.system.index(symbol) for symbol in sweep.recorded.species]
        assert sweep.table("stage_organic")[k] == pytest.approx(
            result.stages.organic[:, order], rel=1e-6
        )
    assert result.elements != case.species


def test_slopes_are_right_where_yttrium_changes_its_place():
    low, high = 0.15, 0.5
    while high - low > 1e-9:
        middle = 0.5 * (low + high)
        first = parse_case(YTTRIUM.format(concentration=middle)).species[0]
        low, high = (middle, high) if first == "Y" else (low, middle)
    case = parse_case(YTTRIUM.format(concentration=low))
    path, name = "solvent.concentration", "recovery.Y.raffinate"
    ends = [case.with_values({path: f"{low + d!r} mol/L"}) for d in (-1e-4, 1e-4)]
    below, above = (sx_sim.solve(end).recovery("Y") for end in ends)
    assert ends[0].species != ends[1].species
    slope = sx_sim.sensitivity(case, name, path).of(name, path)
    assert slope == pytest.approx((above - below) / 2e-4, rel=1e-5)
