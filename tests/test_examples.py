"""Every example runs."""

import runpy

import matplotlib.pyplot as plt
import pytest

import sx_sim
from support.paths import ROOT
from sx_sim.flowsheet.outputs import split_output

FILES = sorted((ROOT / "examples").glob("*.toml"))
TRAINS = [path for path in FILES if sx_sim.load_case(path).parts]
CASES = [path for path in FILES if path not in TRAINS]
SCRIPTS = sorted((ROOT / "examples").glob("plot_*.py"))


def test_there_are_enough():
    assert len(CASES) >= 3
    assert len(TRAINS) >= 1
    assert len(SCRIPTS) >= 2


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_cases_solve_and_separate_where_they_say(path):
    case = sx_sim.load_case(path)
    result = sx_sim.solve(case)
    assert result.checks.balance.max() <= 1e-10
    assert result.checks.closure <= 1e-9
    if case.file.cut:
        light, heavy = case.file.cut
        extract = next(name for name in result.streams if name != "raffinate")
        assert result.recovery(light) > 0.995
        assert result.recovery(heavy, extract) > 0.995
    for spec in case.file.specifications:
        _, symbols, product = split_output(spec.output)
        first, _, last = symbols.partition("-")
        series = list(result.elements)
        span = series[series.index(first) : series.index(last or first) + 1]
        assert result.purity(span, product) >= spec.least


def test_the_heavy_example_is_a_real_column():
    column = sx_sim.load_case(ROOT / "examples" / "heavy_clay_dy_ho.toml").column
    assert column.stages >= 200
    assert column.system.rare_earth.sum() == 15


def test_didymium_reaches_high_purity():
    result = sx_sim.solve(sx_sim.load_case(ROOT / "examples" / "pr_nd.toml"))
    assert result.purity("Pr") > 0.999
    assert result.purity("Nd", "loaded solvent") > 0.999


@pytest.mark.parametrize("path", TRAINS, ids=lambda p: p.stem)
def test_trains_solve_and_balance(path):
    found = sx_sim.solve(sx_sim.load_case(path))
    assert found.converged
    assert max(found.balance().values()) < 1e-9


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_scripts_run(path):
    runpy.run_path(str(path))
    assert plt.get_fignums()
    plt.close("all")
