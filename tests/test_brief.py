"""What a prompt or a notebook shows of an object is short, and says what matters."""

import numpy as np
import pytest

import sx_sim
from support.columns import HEAVY, heavy_case
from support.paths import ROOT
from sx_sim.brief import percent, plain
from sx_sim.cases import load_case
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.flowsheet.circuit import solve_circuit

MOST_LINES, MOST_CHARACTERS = 8, 700


@pytest.fixture(scope="module")
def result():
    return sx_sim.solve(heavy_case())


@pytest.fixture(scope="module")
def sweep():
    axis = '\n[[sweep.axes]]\npath = "temperature"\nvalues = ["20 degC", "30 degC"]\n'
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    return sx_sim.run_sweep(sx_sim.parse_case(text + axis))


def shown(thing):
    text = repr(thing)
    assert len(text) <= MOST_CHARACTERS
    assert text.count("\n") < MOST_LINES
    return text


def test_a_result_shows_how_it_ended_and_what_leaves(result):
    text = shown(result)
    assert text.startswith("Result: converged; 14 stages (extraction 8, scrub 6)")
    raffinate = result.stream("raffinate")
    assert f"Stream 'raffinate': aqueous, 160 L/h, pH {raffinate.pH:.2f}" in text
    assert f"Dy {percent(raffinate.purity('Dy'))} %" in text


def test_a_result_that_failed_says_so():
    hopeless = heavy_case().with_values({"solver": {"iteration_limit": 1}})
    unsolved = sx_sim.solve(hopeless, throw=False)
    assert unsolved.status.text in shown(unsolved)


def test_all_that_a_user_gets_is_shown_in_a_few_lines(result, sweep):
    case = heavy_case()
    assert shown(case).startswith("Case 'case': 14 stages")
    assert "2 points over temperature, 2 solved" in shown(sweep)
    closed = sx_sim.load_case(ROOT / "examples" / "nd_sm_closed.toml")
    assert "SolventLoop" in shown(closed.circuit)
    assert "rounds" in shown(solve_circuit(closed.circuit))
    train = load_case(ROOT / "examples" / "heavy_clay_train.toml")
    assert "dy_ho" in shown(train)
    for thing in (
        result.column,
        result.system,
        result.stages,
        result.speciation(),
        sweep.band,
        extractant_set("hehehp-chloride"),
        sx_sim.contact("hehehp-chloride", {"Nd": 0.1}, acid=np.geomspace(0.01, 1, 99)),
        sx_sim.sensitivity(case, "recovery.Dy.raffinate", "temperature", result=result),
    ):
        shown(thing)


def test_large_flows_are_written_out():
    assert plain(1e4) == "10000"
    assert plain(1.23456e6) == "1235000"
