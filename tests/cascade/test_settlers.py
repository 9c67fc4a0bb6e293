"""Stages that are not ideal: volumes, efficiency against a bypass built by hand, drops."""

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import sx_sim
from support.columns import HEAVY, heavy_case
from sx_sim.cascade.checks import check
from sx_sim.cascade.column import Column, Draw, Feed, Section, StageNonideality
from sx_sim.cascade.results import solve_column
from sx_sim.cascade.settlers import settle
from sx_sim.cli import app
from sx_sim.kernels.types import Options

TIGHT = Options(tolerance=1e-13)


def real_case(first="", second="", **changes):
    values = {"solvent": 400, "strength": 0.3, "acid": 0.05, "extraction": 8, "scrub": 6}
    text = HEAVY.format(**(values | changes))
    text = text.replace("[sections.extraction]", f"[sections.extraction]\n{first}")
    return sx_sim.parse_case(text.replace("[sections.scrub]", f"[sections.scrub]\n{second}"))


def test_efficiency_one_and_no_drops_are_the_ideal_column_bit_for_bit():
    ideal = sx_sim.solve(heavy_case())
    same = sx_sim.solve(real_case("efficiency = 1.0\nentrained_organic = 0.0", "efficiency = 1"))
    assert same.stages.organic.tobytes() == ideal.stages.organic.tobytes()
    assert same.stages.unknowns.tobytes() == ideal.stages.unknowns.tobytes()


def test_the_equations_of_real_stages_give_the_ideal_column_too():
    """By way of the other elimination, so to rounding."""
    column = heavy_case().column
    ones, none = np.ones(column.stages), np.zeros(column.stages)
    real = solve_column(replace(column, settling=StageNonideality(ones, none, none)), options=TIGHT)
    ideal = solve_column(column, options=TIGHT)
    np.testing.assert_allclose(real.stages.organic, ideal.stages.organic, rtol=1e-11)
    np.testing.assert_allclose(real.stages.acid, ideal.stages.acid, rtol=1e-11)


def flask(column, water, solvent):
    """Return water and solvent in equilibrium, as streams, from what a stage gets."""
    kelvin = column.temperature[:1]
    feeds = tuple(Feed(1, stream) for stream in (*water, *solvent))
    one = Column(column.system, (Section("flask", 1, 1),), feeds, (), kelvin)
    result = solve_column(one, options=TIGHT)
    return result.stream("raffinate"), result.stream("loaded solvent")


@pytest.mark.parametrize("efficiency", [0.9, 0.6])
def test_efficiency_is_a_bypass_of_the_mixer(efficiency):
    """Stage by stage, one part of the organic equilibrated and one led past, to and fro."""
    column = real_case(
        f"efficiency = {efficiency}", f"efficiency = {efficiency}", extraction=3, scrub=2
    ).column
    fed = {feed.stream.name: feed.stream for feed in column.feeds}
    solvent, clay, scrub = fed["solvent"], fed["clay"], fed["scrub"]
    n = column.stages
    nothing = replace(scrub, flow=1e-9)
    water = [nothing] * (n + 1)
    organic = [solvent] * (n + 1)
    for _ in range(400):
        for j in range(n):
            arrives = solvent if j == 0 else organic[j - 1]
            falls = [scrub] if j == n - 1 else [water[j + 1]]
            falls += [clay] if j == 2 else []
            mixed = replace(arrives, flow=efficiency * arrives.flow)
            water[j], settled = flask(column, falls, [mixed])
            held = efficiency * settled.concentration + (1 - efficiency) * arrives.concentration
            organic[j] = replace(settled, flow=arrives.flow, concentration=held)
    result = solve_column(column, options=TIGHT)
    assert result.checks.passed
    for j in range(n):
        np.testing.assert_allclose(result.stages.organic[j], organic[j].concentration, rtol=1e-7)
        np.testing.assert_allclose(result.stages.aqueous[j], water[j].concentration, rtol=1e-7)


def test_volumes_close_stage_by_stage():
    rng = np.random.default_rng(0)
    n = 12
    fed_a, fed_o = rng.uniform(0, 9, n), np.zeros(n)
    fed_a[-1], fed_o[0], fed_o[5] = 40, 100, 7
    drawn_a, drawn_o = np.zeros(n), np.zeros(n)
    passes_a, passes_o = np.cumsum(fed_a[::-1])[::-1].copy(), np.cumsum(fed_o)
    drawn_a[4], drawn_o[8] = 6.0, 11.0
    passes_a[:5] -= 6.0
    passes_o[8:] -= 11.0
    up, down = rng.uniform(0, 0.05, n), rng.uniform(0, 0.05, n)
    v = settle((passes_a, drawn_a), (passes_o, drawn_o), up, down)
    water = np.append(v.aqueous[1:], 0) + np.insert(v.aqueous_up[:-1], 0, 0) + fed_a
    np.testing.assert_allclose(v.aqueous + v.aqueous_draw + v.aqueous_up, water, rtol=1e-12)
    solvent = np.insert(v.organic[:-1], 0, 0) + np.append(v.organic_down[1:], 0) + fed_o
    np.testing.assert_allclose(v.organic + v.organic_draw + v.organic_down, solvent, rtol=1e-12)
    np.testing.assert_allclose(v.organic_down, down * v.aqueous, rtol=1e-12)
    assert v.organic_draw[4] == pytest.approx(
        down[4] * 6.0 * v.settled_aqueous[4] / (passes_a[4] + 6)
    )


def test_drops_carry_metals_and_everything_still_balances():
    drops = "entrained_organic = 0.01\nentrained_aqueous = 0.02"
    ideal, real = sx_sim.solve(heavy_case()), sx_sim.solve(real_case(drops, drops))
    assert real.checks.passed
    assert abs(real.purity("Dy") - ideal.purity("Dy")) > 0.01
    for element in real.elements:
        total = sum(real.recovery(element, name) for name in real.streams)
        assert total == pytest.approx(1.0, abs=1e-10)
    raffinate = real.stream("raffinate")
    own = real.stages.aqueous[0] + 0.01 * real.stages.organic[0]
    np.testing.assert_allclose(raffinate.concentration, own)


def test_what_does_not_go_together_is_told():
    held = "entrained_aqueous = 0.02"
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    text = text.replace("[sections.scrub]", f"[sections.scrub]\n{held}")
    with pytest.raises(sx_sim.CaseError, match="only where no water is carried up"):
        sx_sim.parse_case(text + "[set_points.a]\nstage = 2\npH = 1\n")


SPARE = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
flow = "{solvent} L/h"
[feeds.liquor]
concentrations = {{ Nd = "0.05 mol/L", Dy = "0.05 mol/L" }}
acid = "0.1 mol/L"
flow = "{feed} L/h"
[sections.extraction]
stages = 3
{drops}
[sections.scrub]
stages = 2
{drops}
acid = "1 mol/L"
flow = "3 L/h"
"""
WATERY, OILY = "entrained_aqueous = 0.02", "entrained_organic = 0.2"


@pytest.mark.parametrize(
    ("flows", "drops", "told"),
    [
        ({"solvent": 500, "feed": 5}, WATERY, "extraction.entrained_aqueous = 0.02: at stage 1 "),
        ({"solvent": 1, "feed": 9}, OILY, "extraction.entrained_organic = 0.2: at stage 3 "),
    ],
)
def test_drops_that_carry_off_a_whole_phase_are_refused_by_section_and_stage(flows, drops, told):
    with pytest.raises(sx_sim.CaseError, match=f"sections.{told}"):
        sx_sim.parse_case(SPARE.format(**flows, drops=drops))


def test_a_column_that_drops_drain_is_refused_however_it_is_made():
    column = sx_sim.parse_case(SPARE.format(solvent=500, feed=5, drops="")).column
    wet = StageNonideality(np.ones(5), np.full(5, 0.02), np.zeros(5))
    with pytest.raises(sx_sim.CaseError, match="stage 1 the organic phase carries off more"):
        sx_sim.solve(replace(column, settling=wet))


def test_points_of_a_sweep_that_drops_drain_are_invalid_and_no_flow_is_below_zero():
    text = SPARE.format(solvent=100, feed=5, drops=WATERY)
    axes = [("feeds.liquor.flow", 1, 8), ("solvent.flow", 100, 400)]
    for path, low, high in axes:
        text += f'[[sweep.axes]]\npath = "{path}"\nvalues = ["{low} L/h", "{high} L/h"]\n'
    found = sx_sim.run_sweep(sx_sim.parse_case(text))
    invalid = found.table("status") == sx_sim.Status.INVALID
    assert invalid.tolist() == [[False, True], [False, False]]
    flows = found.table("flow")
    assert (flows[~invalid] > 0).all()
    assert np.isnan(flows[invalid]).all()


def test_balances_with_a_negative_flow_do_not_pass():
    column = heavy_case().column
    result, (cascade, law) = sx_sim.solve(column), column.pack()
    stages = result.stages
    assert check(cascade, law, stages.aqueous, stages.organic, stages.unknowns).passed
    turned = cascade._replace(aqueous_draw=cascade.aqueous_draw - 1e-9)
    assert check(turned, law, stages.aqueous, stages.organic, stages.unknowns).negative


LONG = """
temperature = "27.5 degC"
[solvent]
extractant = "hehehp-chloride"
flow = "653.5 L/h"
concentration = "0.897 mol/L"
saponification = 0.3626
base = "NH4"
[feeds.liquor]
concentrations = {{ Pr = "24.15 mmol/L", Sm = "70.76 mmol/L", Gd = "141 mmol/L" }}
flow = "644.9 L/h"
acid = "0.04473 mol/L"
[sections.extraction]
stages = 466
{real}
[sections.scrub]
stages = 82
{real}
flow = "9.798 L/h"
acid = "2.746 mol/L"
[sections.strip]
stages = 9
{real}
acid = "3.209 mol/L"
flow = "70.2 L/h"
outlet = "strip liquor"
"""


@pytest.mark.parametrize(
    "real",
    [
        "efficiency = 0.999999",
        "efficiency = 0.8",
        "entrained_organic = 1e-4",
        "entrained_aqueous = 1e-4",
        "efficiency = 0.9\nentrained_organic = 1e-3\nentrained_aqueous = 1e-3",
    ],
)
def test_long_columns_of_real_stages_take_as_many_iterations_as_ideal_ones(real):
    ideal = sx_sim.solve(sx_sim.parse_case(LONG.format(real="")))
    result = sx_sim.solve(sx_sim.parse_case(LONG.format(real=real)))
    assert result.checks.passed
    assert result.iterations <= ideal.iterations + 3
    if real == "efficiency = 0.999999":
        found, same = result.stream("strip liquor"), ideal.stream("strip liquor")
        np.testing.assert_allclose(found.concentration, same.concentration, rtol=1e-3)


def test_a_column_made_by_hand_takes_no_flow_below_zero():
    column = heavy_case().column
    feed = column.feeds[1]
    backwards = replace(feed, stream=replace(feed.stream, flow=-5.0))
    with pytest.raises(sx_sim.CaseError, match="a flow of -5 L/h is fed"):
        sx_sim.solve(replace(column, feeds=(column.feeds[0], backwards, *column.feeds[2:])))
    with pytest.raises(sx_sim.CaseError, match=r"side: -.* L/h are drawn"):
        sx_sim.solve(replace(column, draws=(Draw("side", 2, "aqueous", fraction=-0.1),)))


def test_check_refuses_a_train_whose_own_feeds_are_carried_off(tmp_path):
    own = SPARE.format(solvent=500, feed=5, drops=WATERY)
    head, _, rest = own.partition("[solvent]")
    circuit = ("[solvent]" + rest).replace("[", "[circuits.first.")
    path = tmp_path / "train.toml"
    path.write_text(f"[defaults]\n{head}\n{circuit}")
    done = CliRunner().invoke(app, ["check", str(path)])
    assert done.exit_code == 2
    assert "entrained_aqueous = 0.02: at stage 1" in " ".join((done.stderr + done.output).split())
