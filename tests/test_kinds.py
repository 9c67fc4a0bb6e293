"""Public functions say what they need, where they are given something else."""

from pathlib import Path

import pytest

import sx_sim
from sx_sim.flowsheet.circuit import solve_circuit

CASE = "load_case\\(path\\) reads a file"
PATH = "x.toml"


@pytest.mark.parametrize("given", [PATH, Path(PATH), 5, None, {"a": 1}])
@pytest.mark.parametrize(
    "call",
    [
        sx_sim.solve,
        sx_sim.run_sweep,
        sx_sim.uncertainty,
        lambda given: sx_sim.sensitivity(given, "pH.raffinate", "temperature"),
    ],
)
def test_what_needs_a_case_says_how_to_come_by_one(call, given):
    with pytest.raises(sx_sim.CaseError, match=CASE):
        call(given)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: sx_sim.parse_case(PATH), "load_case"),
        (lambda: sx_sim.parse_case(b"a = 1"), "parse_case needs text"),
        (lambda: sx_sim.load_case(5), "path of a file"),
        (lambda: sx_sim.load_case(None), "path of a file"),
        (lambda: sx_sim.solve(PATH), "load_case"),
        (lambda: solve_circuit(PATH), "case.circuit"),
        (lambda: sx_sim.save_result(PATH, PATH, PATH), "as solve returns it"),
        (lambda: sx_sim.save_sweep(PATH, PATH, PATH), "as run_sweep returns it"),
    ],
)
def test_what_is_given_something_else_says_what_it_needs(call, told):
    with pytest.raises(sx_sim.CaseError, match=told):
        call()
