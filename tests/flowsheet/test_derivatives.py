"""Exact sensitivities of closed circuits against central differences of full solves."""

import numpy as np
import pytest

import sx_sim
from support.paths import ACTIVITY, SULFATE
from support.solving import tight
from sx_sim.cases.inputs import reading_of
from sx_sim.flowsheet.outputs import output
from sx_sim.studies.tornado import tornado

WEIGHTS = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}
PLANT = """
temperature = "30 degC"
[solvent]
extractant = "{extractant}"
concentration = "1.0 mol/L"
saponification = 0.2
flow = "545 L/h"
{solvent}
[feeds.clay]
composition = {{ Gd = 10, Dy = 20, Ho = 10, Y = 50, Er = 10 }}
strength = "0.5 mol/L"
pH = 1.5
flow = "100 L/h"
[sections.extraction]
stages = 12
{real}
[sections.scrub]
stages = 10
flow = "{flow} L/h"
{scrub}
[sections.strip]
stages = 6
acid = "5 mol/L"
flow = "200 L/h"
outlet = "strip liquor"
[draws.side]
phase = "aqueous"
stage = "scrub.3"
fraction = 0.05
{more}
"""
LOOP = "recycle = true\nbleed = 0.02"
SOAP = 'exchange = "raffinate"'
OWN = 'acid = "1.7 mol/L"'
REFLUX = 'reflux = "strip liquor"'
REAL = "efficiency = 0.9\nentrained_organic = 0.005"
WET = REAL + "\nentrained_aqueous = 0.01"
POINT = '[set_points.mild]\nstage = "extraction.4"\npH = 0.9\n'
KINDS = {
    "solvent loop": {"solvent": LOOP},
    "reflux": {"scrub": REFLUX, "flow": 25},
    "adjusted reflux": {"scrub": REFLUX + '\nacid = "1.7 mol/L"'},
    "reflux at a pH": {"scrub": REFLUX + "\npH = -0.1"},
    "exchange": {"solvent": SOAP},
    "all of them": {"solvent": f"{LOOP}\n{SOAP}", "scrub": REFLUX + '\nacid = "1.7 mol/L"'},
    "drops": {"solvent": LOOP, "scrub": REFLUX + '\nacid = "1.7 mol/L"', "real": WET},
    "set point": {"solvent": LOOP, "scrub": REFLUX, "flow": 25, "more": POINT},
    "set point, drops": {"solvent": LOOP, "scrub": REFLUX, "flow": 25, "more": POINT, "real": REAL},
}
PATHS = {
    "temperature": ("30", " degC", 0.05),
    "solvent.flow": ("545", " L/h", 0.1),
    "solvent.concentration": ("1", " mol/L", 1e-4),
    "solvent.saponification": (0.2, "", 2e-5),
    "feeds.clay.pH": (1.5, "", 1e-3),
    "feeds.clay.flow": ("100", " L/h", 0.02),
    "feeds.clay.strength": ("0.5", " mol/L", 1e-4),
    "sections.scrub.flow": (None, " L/h", 0.01),
    "sections.strip.acid": ("5", " mol/L", 1e-3),
    "draws.side.fraction": (0.05, "", 1e-4),
    "constants.Ho.log10_K": (None, "", 1e-3),
    "constants.Y.enthalpy": (None, " kJ/mol", 0.01),
}
OUTPUTS = [
    "purity.Dy.raffinate",
    "purity.Y.strip liquor",
    "recovery.Dy.raffinate",
    "recovery.Ho.side",
    "recovery.Y.strip liquor",
    "recovery.Na.raffinate",
    "pH.side",
    "reo.raffinate",
    "flow.strip liquor",
    "flow.raffinate",
]


def plant(
    solvent="", scrub=OWN, flow=60, real="", more="", extractant="hehehp-chloride-conditional"
):
    values = {"solvent": solvent, "scrub": scrub, "flow": flow, "real": real, "more": more}
    return sx_sim.parse_case(PLANT.format(extractant=extractant, **values))


def moved(case, path, number, unit):
    reading = reading_of(case, path, unit.strip(), number)
    return case.at({path: reading.numbers([number])[0]})


def check_against_differences(case, outputs, paths):
    found = sx_sim.solve(tight(case.flowsheet))
    asked = [name for name in outputs if name.split(".")[-1] in found.streams]
    table = sx_sim.sensitivity(case, asked, list(paths), result=found, mode="forward")
    adjoint = sx_sim.sensitivity(case, asked, list(paths), result=found, mode="adjoint")
    noise = 1e-14 + 1e-12 * np.abs(table.table).max(axis=1, keepdims=True)
    assert (np.abs(adjoint.table - table.table) <= 1e-8 * np.abs(table.table) + noise).all()
    for k, (path, (middle, unit, step)) in enumerate(paths.items()):
        if middle is None:
            middle = table.parameter_values[k]
        expected = np.zeros(len(asked))
        for way, weight in WEIGHTS.items():
            sheet = moved(case, path, float(middle) + way * step, unit)
            solved = sx_sim.solve(tight(sheet), start=found)
            values = [output(solved, name).value for name in asked]
            expected += weight * np.array(values) / step
        scale = np.abs(table.output_values)
        # where an output hardly moves, the digits of the solves are what is left
        noise = (1e-11 * scale + 1e-14) / step
        miss = np.abs(table.table[:, k] - expected) - 1e-6 * np.abs(expected) - noise
        assert (miss < 0).all(), (path, asked, table.table[:, k], expected)
    return table


@pytest.fixture(autouse=True)
def _closed_tightly(monkeypatch):
    monkeypatch.setattr("sx_sim.flowsheet.loop.LOOP_LIMIT", 1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_closed_circuits_agree_with_central_differences(kind):
    check_against_differences(plant(**KINDS[kind]), OUTPUTS, PATHS)


def test_base_that_stays_in_the_solvent_is_not_fed_afresh():
    few = {f"sections.{name}.stages": 1 for name in ("extraction", "scrub", "strip")}
    leaky = {f"sections.{name}.efficiency": 0.7 for name in ("extraction", "scrub", "strip")}
    case = plant(solvent=LOOP, more="").with_values({**few, **leaky, "draws": {}})
    result = sx_sim.solve(case)
    returned = result.column.fed.sum(axis=0) - result.fed
    assert returned[result.system.index("Na")] > 1e-2 * result.fed[result.system.index("Na")]
    assert sum(result.recovery("Na", name) for name in result.streams) == pytest.approx(1.0)
    outputs = [f"recovery.Na.{name}" for name in result.streams]
    paths = ("solvent.flow", "solvent.saponification", "sections.strip.acid")
    check_against_differences(case, outputs, {path: PATHS[path] for path in paths})


@pytest.mark.parametrize("bleed", [0.0, 0.02])
def test_a_bleed_may_begin_at_none(bleed):
    text = plant(solvent=f"recycle = true\nbleed = {bleed}").text
    case = sx_sim.parse_case(text.replace('"5 mol/L"', '"1 mol/L"'))  # what is left matters
    found = sx_sim.sensitivity(case, "reo.raffinate", "solvent.bleed")
    start = sx_sim.solve(tight(case.flowsheet))
    one, two = (
        sx_sim.solve(tight(moved(case, "solvent.bleed", bleed + k * 1e-4, "")), start=start)
        .streams["raffinate"]
        .reo
        for k in (1, 2)
    )
    slope = (4 * one - two - 3 * start.streams["raffinate"].reo) / 2e-4
    assert found.table[0, 0] == pytest.approx(slope, rel=1e-3)


DILUTE = {
    "Gd = 10, Dy = 20": "Dy = 30",
    '"0.5 mol/L"': '"0.1 mol/L"',
    "545 L/h": "150 L/h",
    '"5 mol/L"': '"2 mol/L"',
    "60 L/h": "30 L/h",
    "1.7 mol/L": "0.6 mol/L",
}
DILUTE_PATHS = PATHS | {
    "solvent.flow": ("150", " L/h", 0.02),
    "feeds.clay.strength": ("0.1", " mol/L", 1e-5),
    "sections.strip.acid": ("2", " mol/L", 2e-4),
}


@pytest.mark.parametrize("kind", ["adjusted reflux", "reflux", "drops"])
@pytest.mark.parametrize("extractant", [SULFATE, ACTIVITY])
def test_sulfate_and_activities_agree_with_central_differences(extractant, kind):
    """What balances the metals of a reflux, and what anions do to activities."""
    text = plant(**KINDS[kind]).text.replace("hehehp-chloride-conditional", extractant)
    for old, new in DILUTE.items():
        text = text.replace(old, new)
    check_against_differences(sx_sim.parse_case(text), OUTPUTS, DILUTE_PATHS)


def test_what_has_no_derivative_is_told():
    case = plant(**KINDS["exchange"])
    result = sx_sim.solve(case)
    with pytest.raises(sx_sim.CaseError, match="the exchange effluent leaves no stage"):
        sx_sim.sensitivity(case, "flow.exchange effluent", "temperature", result=result)
    with pytest.raises(sx_sim.CaseError, match="give the case for its other inputs"):
        sx_sim.sensitivity(result, "pH.raffinate", "temperature")


def test_acid_that_sulfate_holds_in_a_reflux_is_not_asked_for_as_pH():
    """It follows from what comes back, and no water without metals has it."""
    text = plant(**KINDS["adjusted reflux"]).text.replace("hehehp-chloride-conditional", SULFATE)
    for old, new in DILUTE.items():
        text = text.replace(old, new)
    case = sx_sim.parse_case(text)
    with pytest.raises(sx_sim.CaseError, match="whose anions hold acid; ask for acid"):
        sx_sim.sensitivity(case, "pH.raffinate", "sections.scrub.pH")
    found = tornado(case, sx_sim.solve(case))
    k = next(k for k, s in enumerate(found.shifts) if s.label.startswith("acid of scrub"))
    np.testing.assert_allclose(found.up[0, k], found.linear[0, k], rtol=0.2)


HEAT = """
[heat]
aqueous = "4.1 kJ/(L*K)"
organic = "1.7 kJ/(L*K)"
loss = "20 W/K"
ambient = "10 degC"
entering = { clay = "50 degC" }
"""


def test_temperatures_follow_flows_where_heat_is_balanced():
    paths = {name: PATHS[name] for name in ("feeds.clay.flow", "solvent.flow", "feeds.clay.pH")}
    case = sx_sim.parse_case(plant(**KINDS["solvent loop"]).text + HEAT)
    check_against_differences(case, OUTPUTS, paths)


def test_the_ideal_end_of_an_efficiency_is_told():
    case = plant(**KINDS["solvent loop"], real="efficiency = 1.0")
    with pytest.raises(sx_sim.CaseError, match="stages are ideal as it is, and of another kind"):
        sx_sim.sensitivity(case, "pH.raffinate", "sections.extraction.efficiency")


def test_at_total_reflux_there_are_derivatives():
    """A little more would be more than there is, but a derivative does not take it."""
    case = plant(scrub=REFLUX + '\nacid = "1.7 mol/L"', flow=200)
    result = sx_sim.solve(case)
    assert "strip liquor" not in result.streams
    found = sx_sim.sensitivity(case, "recovery.Dy.raffinate", "sections.scrub.flow", result=result)
    less = sx_sim.solve(case.with_values({"sections.scrub.flow": "199.99 L/h"}))
    slope = (result.recovery("Dy") - less.recovery("Dy")) / 0.01
    assert found.table[0, 0] == pytest.approx(slope, rel=1e-2)


def test_shifts_of_a_closed_circuit_are_solved_both_ways():
    case = plant(**KINDS["all of them"])
    found = tornado(case, sx_sim.solve(case))
    k = next(k for k, s in enumerate(found.shifts) if s.label.startswith("temperature"))
    assert found.measures[0] == "Dy in raffinate"
    # for a purity that is not near one a degree is nearly linear
    assert found.up[0, k] == pytest.approx(found.linear[0, k], rel=0.02)
    assert found.down[0, k] == pytest.approx(-found.linear[0, k], rel=0.02)
