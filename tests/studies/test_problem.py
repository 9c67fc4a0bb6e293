"""A case as a function of numbers: set without text, as with_values sets it with text."""

import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sx_sim
from support.paths import ROOT
from sx_sim.studies.problem import Problem

PATHS = {
    "pr_nd": ["solvent.flow", "feeds.didymium.flow", "sections.scrub.acid", "temperature"],
    "nd_sm_closed": ["solvent.saponification", "solvent.bleed", "sections.strip.acid"],
    "gd_eu_sm": [
        "draws.europium liquor.fraction",
        "solvent.saponification",
        "constants.Eu.log10_K",
    ],
    "heavy_clay_train": [
        "circuits.tb_dy.solvent.flow",
        "circuits.tb_dy.feeds.liquor.strength",
        "circuits.dy_ho.feeds.liquor.acid",
        "defaults.temperature",
        "circuits.y_er.constants.Y.enthalpy",
    ],
}
OUTPUTS = {
    "pr_nd": ["recovery.Pr.raffinate", "pH.raffinate", "acid_per_reo"],
    "nd_sm_closed": ["recovery.Nd.raffinate", "reo.strip liquor", "base_per_reo"],
    "gd_eu_sm": ["recovery.Eu.raffinate", "flow.europium liquor"],
    "heavy_clay_train": ["recovery.Dy.Dy2O3", "flow.tb_dy.raffinate", "production"],
}
QUICK = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True}


@pytest.fixture(scope="module")
def problems():
    cases = {name: sx_sim.load_case(ROOT / "examples" / f"{name}.toml") for name in PATHS}
    return {name: Problem.of(case, PATHS[name], OUTPUTS[name]) for name, case in cases.items()}


@settings(max_examples=12, **QUICK)
@given(st.sampled_from(sorted(PATHS)), st.lists(st.floats(-1.0, 1.0), min_size=5, max_size=5))
def test_numbers_and_texts_make_the_same_plant(problems, name, shares):
    problem = problems[name]
    x = problem.x * (1.0 + 2e-3 * np.array(shares)[: len(problem.x)])
    given_as_text = {
        one.path: f"{value!r} {one.unit}" if one.unit else float(value)
        for one, value in zip(problem.inputs, x.tolist(), strict=True)
        if one.kind != "constant"
    }
    moved = problem.case.with_values(given_as_text)
    again = sx_sim.parse_case(moved.text, moved.name)
    assert again.content == moved.content
    for one, other in zip(
        problem.set(x).circuits.values(), again.flowsheet.circuits.values(), strict=True
    ):
        for feed, same in zip(one.column.feeds, other.column.feeds, strict=True):
            assert feed.stream.flow == pytest.approx(same.stream.flow, rel=1e-13)
            ours, theirs = feed.stream.held, same.stream.held
            assert ours == pytest.approx(theirs, rel=1e-13)
        np.testing.assert_array_equal(one.column.temperature, other.column.temperature)
    if any(one.kind == "constant" for one in problem.inputs):
        return
    result = sx_sim.solve(again, throw=False)
    if result.converged:
        values = problem.values(x)
        solved = Problem.of(again, PATHS[name], OUTPUTS[name])
        np.testing.assert_allclose(values, solved.values(solved.x), rtol=1e-7)


@pytest.mark.parametrize("name", ["nd_sm_closed", "heavy_clay_train"])
def test_a_batch_is_its_points_and_slopes_are_those_of_the_sensitivity(problems, name):
    problem = pickle.loads(pickle.dumps(problems[name]))
    points = problem.x * (1.0 + 1e-4 * np.array([[0.0], [1.0], [2.0]]))
    one_by_one = [problem.values(x) for x in points]
    np.testing.assert_allclose(problem.batch(points), one_by_one, rtol=1e-6)
    slopes = problem.slopes(problem.x)
    case = problem.case
    same = sx_sim.sensitivity(case, list(problem.outputs), [one.path for one in problem.inputs])
    np.testing.assert_allclose(slopes, same.table, rtol=1e-6, atol=1e-12)


def test_inputs_know_their_bounds_units_kinds_and_errors(problems):
    known = {one.path: one for problem in problems.values() for one in problem.inputs}
    flow, share = known["solvent.flow"], known["draws.europium liquor.fraction"]
    assert (flow.unit, flow.low, flow.high) == ("L/h", 0.0, 1e9)
    assert (share.unit, share.low, share.high, share.kind) == ("", 0.0, 1.0, "continuous")
    warm = known["temperature"]
    assert warm.unit == "degC"
    assert (warm.low, warm.high) == pytest.approx((0.0, 100.0))
    constant = known["constants.Eu.log10_K"]
    assert constant.kind == "constant"
    assert constant.sd > 0.0


def test_what_is_no_input_or_output_is_told(problems):
    case = problems["pr_nd"].case
    for paths, outputs, told in (
        (["solvent.folw"], [], "does not give 'folw'"),
        (["solvent.flow"], ["acid_per_kg"], "must be one of"),
        (["sections.scrub.stages"], ["acid_per_reo"], "is a whole number"),
    ):
        with pytest.raises(sx_sim.CaseError, match=told):
            _slopes(case, paths, outputs)


def _slopes(case, paths, outputs):
    problem = Problem.of(case, paths, outputs)
    return problem.slopes(problem.x)
