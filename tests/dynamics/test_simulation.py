"""Plants over time: what they keep, where they end, what is wrong with a case."""

import pickle

import numpy as np
import pytest

import sx_sim
from sx_sim.dynamics.journal import SimulationJournal
from sx_sim.errors import CaseError, OutsideRangeError
from sx_sim.simulations import Course, Simulation, simulate

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
stages = 6
DROPS
[sections.scrub]
stages = 5
flow = "60 L/h"
reflux = "strip liquor"
acid = "1.7 mol/L"
[sections.strip]
stages = 4
acid = "5 mol/L"
flow = "200 L/h"
outlet = "strip liquor"
"""
MOVING = """
[simulation]
duration = "100 h"
[[simulation.events]]
at = "10 h"
set = { "feeds.clay.flow" = "110 L/h", "temperature" = "32 degC" }
over = "2 h"
[[simulation.events]]
at = "30 h"
set = { "feeds.clay.flow" = "100 L/h" }
[[simulation.disturbances]]
path = "feeds.clay.pH"
kind = "noise"
offset = 0.05
period = "5 h"
seed = 3
to = "50 h"
[[simulation.controllers]]
name = "scrub"
measure = "stage_pH.scrub.3"
adjust = "sections.scrub.acid"
set_point = 0.4
gain = -0.2
integral_time = "2 h"
low = 1.0
high = 2.5
sample_time = "5 h"
"""
PLAIN = CIRCUIT.replace("DROPS", "")


def test_a_steady_plant_stays_as_it_is():
    plant = Simulation(sx_sim.parse_case(PLAIN)).step(1000.0)
    steady = sx_sim.solve(plant.case)
    for name, stream in steady.streams.items():
        found = plant.result.streams[name].concentration
        np.testing.assert_allclose(found, stream.concentration, rtol=1e-7, atol=1e-12)


HOT = """
[simulation]
duration = "6 h"
[[simulation.events]]
at = "2 h"
set = { "sections.strip.acid" = "9 mol/L" }
[[simulation.events]]
at = "3 h"
set = { "sections.strip.acid" = "2 mol/L" }
"""


def test_ranges_that_are_left_for_a_while_are_told_with_their_time():
    case = sx_sim.parse_case(PLAIN.replace('acid = "5', 'acid = "2') + HOT)
    found = simulate(case)
    told = [text for text in found.cautions if "[H+]" in text]
    assert len(told) == 1
    span = told[0].split(" h, ")[0].removeprefix("between ").split(" and ")
    begin, end = map(float, span)
    assert 2.0 < begin < end < 6.0
    with pytest.raises(OutsideRangeError, match="outside"):
        simulate(case, strict=True)


def test_inputs_that_cannot_be_then_are_told_with_their_time():
    swings = """
[simulation]
duration = "20 h"
[[simulation.disturbances]]
path = "solvent.flow"
kind = "sine"
size = 1.5
period = "10 h"
"""
    with pytest.raises(CaseError, match=r"at [5-9][.0-9]* h: .*flow of -"):
        simulate(sx_sim.parse_case(PLAIN.replace("recycle = true\nbleed = 0.02\n", "") + swings))


def test_sines_are_seen_however_long_steps_could_be():
    swings = """
[simulation]
duration = "200 h"
[[simulation.disturbances]]
path = "feeds.clay.flow"
kind = "sine"
size = 0.1
period = "4 h"
from = "100 h"
"""
    found = simulate(sx_sim.parse_case(PLAIN + swings))
    flow = found.inputs["feeds.clay.flow"]
    late = found.time > 100.0
    assert np.diff(found.time[late]).max() < 0.6
    assert flow[late].min() < 91.0 < 109.0 < flow[late].max()


@pytest.mark.parametrize("drops", ["", "entrained_organic = 0.01"])
def test_mass_closes_over_a_hundred_thousand_hours(drops):
    case = sx_sim.parse_case(CIRCUIT.replace("DROPS", drops) + MOVING)
    plant = Simulation(case).step(100.0)
    assert plant.balance < 1e-12
    plant.loops.clear()
    plant.step(1e5)
    assert plant.balance < 1e-10


def test_a_train_closes_too():
    train = """
[defaults]
temperature = "30 degC"
[defaults.solvent]
extractant = "hehehp-chloride-conditional"
concentration = "1.0 mol/L"
[circuits.first.solvent]
flow = "400 L/h"
[circuits.first.feeds.clay]
composition = { Gd = 30, Dy = 40, Y = 30 }
strength = "0.3 mol/L"
pH = 1.5
flow = "100 L/h"
[circuits.first.sections.extraction]
stages = 5
[circuits.first.sections.strip]
stages = 4
acid = "4 mol/L"
flow = "80 L/h"
outlet = "strip liquor"
[circuits.second.solvent]
flow = "300 L/h"
[circuits.second.feeds.liquor]
source = "first.strip liquor"
acid = "0.05 mol/L"
strength = "0.2 mol/L"
[circuits.second.sections.extraction]
stages = 5
[simulation]
duration = "50 h"
[[simulation.events]]
at = "5 h"
set = { "circuits.first.feeds.clay.flow" = "120 L/h" }
"""
    case = sx_sim.parse_case(train)
    found = simulate(case)
    assert found.balance < 1e-12
    assert found.time[-1] == 50.0
    steady = sx_sim.solve(case.with_values({"circuits.first.feeds.clay.flow": "120 L/h"}))
    plant = Simulation(case).step(3000.0)
    for name, stream in steady.streams.items():
        if stream.phase == "aqueous" and name in plant.result.streams:
            held = plant.result.streams[name].concentration
            np.testing.assert_allclose(held, stream.concentration, rtol=1e-5, atol=1e-9)


def test_the_same_bits_on_repeat():
    case = sx_sim.parse_case(PLAIN + MOVING)
    one, other = simulate(case), simulate(case)
    np.testing.assert_array_equal(one.time, other.time)
    np.testing.assert_array_equal(one.final["state"], other.final["state"])


def test_a_stopped_simulation_goes_on_to_the_same_end(tmp_path):
    case = sx_sim.parse_case(PLAIN + MOVING)
    whole = simulate(case)
    journal = SimulationJournal(tmp_path / "s.h5", case)

    def stop(hours, _):
        if hours > 40.0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(case, journal=journal, progress=stop)
    with pytest.raises(CaseError, match="--resume"):
        journal.begin()
    rest = simulate(case, journal=journal, resume=True)
    np.testing.assert_array_equal(rest.time, whole.time)
    np.testing.assert_array_equal(rest.final["state"], whole.final["state"])
    other = SimulationJournal(tmp_path / "s.h5", case.with_values({"temperature": "31 degC"}))
    with pytest.raises(CaseError, match="another case"):
        other.resume()
    content = journal.file.read_bytes()
    journal.file.write_bytes(content[:-10])
    with pytest.raises(CaseError, match="damaged"):
        journal.resume()
    journal.discard()
    assert not list(tmp_path.iterdir())


def test_a_ramp_goes_evenly_and_an_event_at_once():
    course = Course(sx_sim.parse_case(PLAIN + MOVING))
    signals = course.plant.signals
    flows = [signals.at(t)["feeds.clay.flow"] for t in (9.9, 10.0, 11.0, 12.0, 30.0, 30.1)]
    assert flows == pytest.approx([100.0, 100.0, 105.0, 110.0, 110.0, 100.0])
    held = [signals.at(t)["feeds.clay.pH"] for t in (0.1, 5.0, 5.1, 51.0)]
    assert held[0] == held[1] != held[2]
    assert held[3] == 1.5
    times = course.run(lambda: None).time
    assert {10.0, 12.0, 30.0, 50.0} <= set(times.tolist())


def test_a_state_is_gone_back_to():
    plant = Simulation(sx_sim.parse_case(PLAIN + MOVING)).step(20.0)
    kept = pickle.loads(pickle.dumps(plant.state))
    ahead = plant.step(15.0).result.purity("Y", "strip liquor")
    plant.restore(kept)
    assert plant.time == 20.0
    assert plant.step(15.0).result.purity("Y", "strip liquor") == pytest.approx(ahead, rel=1e-3)


def test_inputs_are_set_by_hand():
    plant = Simulation(sx_sim.parse_case(PLAIN))
    plant.set("feeds.clay.flow", "120 L/h").step(2000.0)
    steady = sx_sim.solve(plant.case.with_values({"feeds.clay.flow": "120 L/h"}))
    found = plant.result.streams["raffinate"].concentration
    np.testing.assert_allclose(found, steady.streams["raffinate"].concentration, rtol=1e-6)
    with pytest.raises(CaseError, match=r"feeds\.clay\.flows"):
        plant.set("feeds.clay.flows", "120 L/h")


def test_a_start_from_nothing_ends_steady_and_tells_when_it_is_good():
    more = """
[[specifications]]
output = "purity.Gd-Ho.raffinate"
least = 0.7
[simulation]
duration = "5000 h"
start = "empty"
stop = "steady"
"""
    found = simulate(sx_sim.parse_case(PLAIN + more))
    steady = sx_sim.solve(found.case)
    assert found.time[-1] < 5000.0
    purity = steady.purity(["Gd", "Dy", "Ho"], "raffinate")
    assert found.series("purity.Gd-Ho.raffinate")[-1] == pytest.approx(purity, rel=1e-3)
    assert 0.0 <= found.time_to_specification < found.time[-1]
    assert found.off_specification.sum() >= 0.0
    grown = found.inventory[-1] - found.inventory[0]
    assert (grown[[found.species.index(s) for s in ("Gd", "Dy", "Ho", "Y", "Er")]] > 0.0).all()


def test_what_a_plant_holds_is_worth_something():
    found = simulate(sx_sim.parse_case(PLAIN + '[simulation]\nduration = "1 h"\n'))
    mine = found.worth({"Dy": 300.0})
    held = found.inventory[:, found.species.index("Dy")]
    np.testing.assert_allclose(mine, held * 300.0 * 0.1865, rtol=1e-3)
    assert (found.worth() > mine).all()


def test_what_an_upset_does_and_where_it_shows_first():
    found = simulate(
        sx_sim.parse_case(
            PLAIN
            + """
[simulation]
duration = "300 h"
[[simulation.events]]
at = "1 h"
set = { "feeds.clay.pH" = 1.3 }
[[simulation.events]]
at = "2 h"
set = { "feeds.clay.pH" = 1.5 }
"""
        )
    )
    shown = found.first_seen("pH", 0.001)
    assert shown
    assert shown[0][1] > 1.0
    back = found.back("pH.raffinate", 1e-5)
    assert 2.0 < back < 300.0


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("", "simulation.duration is missing"),
        ('duration = 10', "simulation.duration = 10: must be text with a unit"),
        ('duration = "10 h"\nmixer = "-5 L"', "simulation.mixer"),
        ('duration = "10 h"\nmixer = "0 L"', "must be above zero"),
        ('duration = "10 h"\nstart = "nowhere.h5"', "simulation.start"),
        ('duration = "10 h"\nrecord = ["purities"]', "simulation.record"),
        ('duration = "10 h"\nstop = "met"', "there are no specifications"),
        ('duration = "10 h"\n[simulation.sections.wash]\nmixer = "5 min"', "sections.wash"),
        ('duration = "10 h"\n[[simulation.events]]\nat = "1 h"\nset = { "feeds.clay.flo" = 1 }',
         "simulation.events.0.set: feeds.clay.flo"),
        ('duration = "9 h"\n[[simulation.events]]\nat = "1 h"\nset = { "feeds.clay.flow" = "3 g" }',
         "simulation.events.0.set: feeds.clay.flow"),
        ('duration = "10 h"\n[[simulation.events]]\nat = 1\nset = { "feeds.clay.pH" = 1 }',
         "simulation.events.0.at"),
        ('duration = "10 h"\n[[simulation.controllers]]\nname = "a"\nmeasure = "pH.nothing"\n'
         'adjust = "sections.scrub.acid"\nset_point = 1\ngain = 1\nlow = 0\nhigh = 1\n'
         'sample_time = "1 h"', "simulation.controllers.0.measure"),
        ('duration = "10 h"\n[[simulation.controllers]]\nname = "a"\nmeasure = "stage_pH.scrub.9"\n'
         'adjust = "sections.scrub.acid"\nset_point = 1\ngain = 1\nlow = 0\nhigh = 1\n'
         'sample_time = "1 h"', "no such stage"),
        ('duration = "10 h"\n[[simulation.controllers]]\nname = "a"\nmeasure = "pH.raffinate"\n'
         'adjust = "sections.scrub.acids"\nset_point = 1\ngain = 1\nlow = 0\nhigh = 1\n'
         'sample_time = "1 h"', "simulation.controllers.0.adjust"),
        ('duration = "10 h"\n[[simulation.controllers]]\nname = "a"\nmeasure = "pH.raffinate"\n'
         'adjust = "sections.scrub.acid"\nset_point = 1\ngain = 1\nlow = 2\nhigh = 1\n'
         'sample_time = "1 h"', "low = 2: must be below high = 1"),
        ('duration = "10 h"\n[[simulation.disturbances]]\npath = "feeds.clay.pH"\nkind = "table"\n'
         'file = "nothing.csv"', "there is no such file"),
        ('duration = "10 h"\n[[simulation.disturbances]]\npath = "feeds.clay.pH"\nkind = "sine"\n'
         'size = 0.1', "give period"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_a_line(table, problem):
    with pytest.raises(CaseError) as raised:
        simulate(sx_sim.parse_case(f"{PLAIN}\n[simulation]\n{table}\n"))
    assert any(problem in p for p in raised.value.problems), raised.value.problems
    assert all("\n" not in p for p in raised.value.problems)


@pytest.mark.parametrize("drops", ["", "entrained_organic = 0.01\nentrained_aqueous = 0.005"])
def test_stages_short_of_equilibrium_end_in_the_steady_state(drops):
    case = sx_sim.parse_case(CIRCUIT.replace("DROPS", f"efficiency = 0.8\n{drops}"))
    plant = Simulation(case, start="empty").step(3000.0)
    assert plant.balance < 1e-12
    for name, stream in sx_sim.solve(case).streams.items():
        found = plant.result.streams[name].concentration
        np.testing.assert_allclose(found, stream.concentration, rtol=1e-5, atol=1e-9)


def test_temperatures_follow_what_enters_and_is_held():
    """Where a case has a heat balance they are states: they do not jump, and end where it says."""
    heat = """
[heat]
aqueous = "4.1 kJ/(L*K)"
organic = "1.7 kJ/(L*K)"
loss = "20 W/K"
ambient = "20 degC"
[heat.entering]
clay = "40 degC"
"""
    case = sx_sim.parse_case(PLAIN + heat)
    plant = Simulation(case).step(50.0)
    before = plant.result.stages.temperature
    np.testing.assert_allclose(before, case.column.temperature, rtol=1e-9)
    plant.set("heat.entering.clay", "60 degC").step(0.02)
    shortly = plant.result.stages.temperature
    plant.step(300.0)
    steady = sx_sim.solve(case.with_values({"heat.entering.clay": "60 degC"})).stages
    warmed = steady.temperature - before
    assert warmed.max() > 2.0
    assert (np.abs(shortly - before) < 0.2 * warmed.max()).all()
    np.testing.assert_allclose(plant.result.stages.temperature, steady.temperature, rtol=1e-6)
    np.testing.assert_allclose(plant.result.stages.aqueous, steady.aqueous, rtol=1e-4, atol=1e-9)
