"""Stages whose pH is held: the column with the doses fed, and what they are."""

from dataclasses import replace

import numpy as np
import pytest

import sx_sim
from support.columns import HEAVY, random_problem, solve_kernel, varied
from sx_sim.cascade.checks import check
from sx_sim.cascade.column import Feed
from sx_sim.cascade.results import solve_column
from sx_sim.cascade.streams import Stream
from sx_sim.flowsheet.circuit import solve_circuit
from sx_sim.kernels.types import Options

SET = """
[set_points.first]
stage = 1
pH = 1.4

[set_points.middle]
stage = "extraction.5"
pH = 0.9

[set_points.washed]
stage = "scrub.2"
pH = 0.2
"""


REAL = "efficiency = 0.85\nentrained_organic = 0.01"


def held_case(sections=SET, real="", **changes):
    values = {"solvent": 400, "strength": 0.3, "acid": 0.05, "extraction": 8, "scrub": 6}
    text = HEAVY.format(**(values | changes)).replace(
        "[sections.scrub]", f"{real}\n[sections.scrub]"
    )
    return sx_sim.parse_case(text + sections)


def test_the_pH_is_held_and_everything_balances():
    result = sx_sim.solve(held_case())
    np.testing.assert_allclose(result.stages.pH[[0, 4, 9]], [1.4, 0.9, 0.2], rtol=1e-14)
    assert result.checks.passed
    assert result.doses["first"] < 0 < result.doses["washed"]


@pytest.mark.parametrize("real", ["", REAL], ids=["ideal", "real"])
def test_it_is_the_column_into_which_the_doses_are_fed(real):
    """Acid and base as net strong anions in drops of water at the stages that are held."""
    case = held_case(real=real)
    result = solve_column(case.column, options=Options(tolerance=1e-13))
    nothing = np.zeros(len(result.elements))

    def drop(point):
        strength = result.doses[point.name] / 1e-9
        dose = Stream(result.system, point.name, "aqueous", 1e-9, nothing, strength)
        return Feed(point.stage, dose)

    drops = tuple(drop(point) for point in case.column.set_points)
    column = replace(case.column, set_points=(), feeds=(*case.column.feeds, *drops))
    dosed = solve_column(column, options=Options(tolerance=1e-13))
    np.testing.assert_allclose(dosed.stages.acid, result.stages.acid, rtol=1e-7)
    np.testing.assert_allclose(dosed.stages.aqueous, result.stages.aqueous, rtol=1e-6)
    np.testing.assert_allclose(dosed.stages.anion, result.stages.anion, rtol=1e-7)


def test_set_to_what_it_is_nothing_is_dosed():
    free = sx_sim.solve(held_case(sections=""))
    pH = float(free.stages.pH[4])
    held = sx_sim.solve(held_case(f"[set_points.middle]\nstage = 5\npH = {pH!r}\n"))
    assert held.doses["middle"] == pytest.approx(0.0, abs=1e-7)
    np.testing.assert_allclose(held.stages.organic, free.stages.organic, rtol=1e-7)


def test_where_each_dose_falls():
    """Acid in less acid out is what is dosed, above and below every set point."""
    result = sx_sim.solve(held_case())
    water = result.stages.aqueous_flow
    falls = water * result.stages.anion
    fed = falls - np.append(falls[1:], 0.0)
    expected = {1: result.doses["first"], 5: result.doses["middle"], 10: result.doses["washed"]}
    for stage in set(range(1, 14)) - {8}:
        assert fed[stage - 1] == pytest.approx(expected.get(stage, 0.0), abs=1e-9 * falls.max())


@pytest.mark.parametrize("kind", ["dosed", "activities", "protonated ligand"])
def test_random_columns_are_solved_and_pass_their_checks(kind):
    for seed in range(40):
        cascade, law = varied(*random_problem(seed, longest=120), kind, seed)
        law = law._replace(ln_beta=law.ln_beta - 3.0)
        found = solve_kernel(cascade, law)
        assert found.status == 0, seed
        checks = check(cascade, law, found.aqueous, found.organic, found.unknowns)
        assert checks.passed, (seed, checks)


def test_two_at_one_stage_are_refused():
    with pytest.raises(sx_sim.CaseError, match="stage 5 is held by middle"):
        held_case(f"{SET}[set_points.other]\nstage = 5\npH = 1\n")


def test_a_held_column_comes_back_from_its_file(tmp_path):
    case = held_case()
    result = sx_sim.solve(case)
    sx_sim.save_result(result, tmp_path / "held.h5", case)
    back = sx_sim.load_result(tmp_path / "held.h5")
    assert back.doses == result.doses
    assert back.checks.passed
    assert sx_sim.solve(case, start=back).iterations <= 2


TRAPPED = """
temperature = "37.56095035357494 degC"
[solvent]
extractant = "cyanex272-chloride"
flow = "83.98898929065362 L/h"
concentration = "0.6631029670211432 mol/L"
[feeds.liquor]
concentrations = { La = "0.03348310380489965 mol/L", Na = "0.24199506050731426 mol/L" }
flow = "98.13557071091971 L/h"
pH = 0.6336188254819253
[sections.extraction]
stages = 3
[sections.scrub]
stages = 41
flow = "1.371861565076169 L/h"
acid = "1.1796074668540018 mol/L"
[sections.strip]
stages = 1
acid = "4.464687736279117 mol/L"
flow = "2.6187102494011576 L/h"
outlet = "strip liquor"
[draws.side]
phase = "aqueous"
stage = 4
fraction = 0.13939931020306992
[set_points.p0]
stage = 31
pH = 4.455604623739518
[set_points.p1]
stage = 16
pH = 2.4499076836145273
[set_points.p2]
stage = 39
pH = 1.2040905303436027
"""


def test_a_metal_trapped_between_set_points_leaves_only_where_it_has_piled_up():
    result = sx_sim.solve(sx_sim.parse_case(TRAPPED))
    assert result.checks.passed
    x = result.stages.aqueous[:, result.elements.index("La")]
    assert x.max() > 5.0


def test_a_metal_that_piles_up_unsolved_is_named_with_its_stage():
    result = sx_sim.solve(sx_sim.parse_case(TRAPPED))
    x = result.stages.aqueous[:, result.elements.index("La")]
    cascade = result.circuit.cascade
    unsolved = replace(
        cascade, status=sx_sim.Status.STALLED, checks=replace(cascade.checks, closure=1.0)
    )
    told = (
        f"La piles up at stage {x.argmax() + 1}, to {x.max():.3g} mol/L where at most 0.242 is fed"
    )
    assert told in unsolved.explanation
    assert told not in result.explanation


BESIDE_A_STRIP = """
temperature = "18 degC"
[solvent]
extractant = "hehehp-chloride-conditional"
flow = "414 L/h"
concentration = "1.39 mol/L"
saponification = 0.174
base = "NH4"
[feeds.liquor]
concentrations = { Y = "0.00806 mol/L", Tm = "0.00292 mol/L" }
flow = "3877 L/h"
pH = 3.08
[sections.extraction]
stages = 36
[sections.scrub]
stages = 15
flow = "2271 L/h"
acid = "0.257 mol/L"
[sections.strip]
stages = 4
flow = "291 L/h"
acid = "1.73 mol/L"
outlet = "strip liquor"
[set_points.p49]
stage = 49
pH = 2.86
"""


def test_a_scrub_beside_a_strip_whose_outlet_takes_all_the_water_is_solved():
    circuit = sx_sim.parse_case(BESIDE_A_STRIP).circuit
    found = solve_circuit(circuit, throw=False)
    assert found.status == sx_sim.Status.CONVERGED
    assert found.checks.passed


LONG_SCRUB = """
temperature = "25.3 degC"
[solvent]
extractant = "hehehp-chloride"
flow = "7.67 L/h"
concentration = "1.06 mol/L"
saponification = 0.369
[feeds.liquor]
flow = "30.7 L/h"
pH = 2.05
[feeds.liquor.concentrations]
La = "1.26e-05 mol/L"
Sm = "0.000286 mol/L"
Eu = "0.00142 mol/L"
Gd = "1.51e-06 mol/L"
Dy = "1.19e-05 mol/L"
Y = "3.23e-05 mol/L"
Ho = "0.000317 mol/L"
Er = "0.00047 mol/L"
Tm = "0.000155 mol/L"
Yb = "0.000565 mol/L"
[sections.extraction]
stages = 90
[sections.scrub]
stages = 190
flow = "2.13 L/h"
acid = "0.947 mol/L"
[sections.strip]
stages = 2
acid = "1.17 mol/L"
flow = "0.937 L/h"
outlet = "strip liquor"
[set_points.p159]
stage = 159
pH = 3.2
[set_points.p178]
stage = 178
pH = 1.33
[set_points.p196]
stage = 196
pH = 0.313
"""


def test_a_long_scrub_is_filled_with_what_a_shorter_one_holds():
    """From a plant without metals its extraction goes alkaline, and does not come back."""
    column = sx_sim.parse_case(LONG_SCRUB).circuit.column
    result = solve_column(column)
    assert result.checks.passed
    assert result.iterations < 450
