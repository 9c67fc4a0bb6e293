"""Solvent that enters loaded, strips alone, pH held over sections, refluxes by share or O/A, and
elements that a case declares."""

import pytest

import sx_sim
from sx_sim.cases import parse_case
from sx_sim.studies.ledgers import ledger_of
from sx_sim.studies.run import solve

CONSTANT = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride-conditional"
concentration = "1 mol/L"
{solvent}
[constants.Nd]
log10_K = {log10_d}
order_dimer = 0
order_acid = 0
dimers = 0
"""
FEED = """
[feeds.liquor]
concentrations = { Nd = "10 g/L" }
basis = "element"
acid = "0.1 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 4
"""
STRIP = """
[sections.strip]
stages = 3
acid = "4 mol/L"
flow = "40 L/h"
"""
LOADED = 'flow = "100 L/h"\nconcentrations = { Nd = "20 g/L" }\nbasis = "element"'


def constant(solvent: str, log10_d: float, rest: str) -> sx_sim.Case:
    return sx_sim.parse_case(CONSTANT.format(solvent=solvent, log10_d=log10_d) + rest)


def test_solvent_that_enters_loaded_takes_less():
    """Kremser with D = 2, O/A 1 and four stages: x = y0/D + (x_feed - y0/D)(E - 1)/(E^5 - 1)."""
    half = LOADED.replace("20 g/L", "3 g/L")
    case = constant(half, 0.3010299957, FEED)
    left = sx_sim.solve(case).streams["raffinate"].concentration[0] * 144.242
    assert left == pytest.approx(1.5 + (10 - 1.5) / (2**5 - 1), rel=1e-6)
    assert max(ledger_of(case, sx_sim.solve(case)).closures.values()) < 1e-9


def test_saponified_solvent_that_enters_loaded_closes():
    case = sx_sim.parse_case("""
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
saponification = 0.2
flow = "200 L/h"
concentrations = { Nd = "0.01 mol/L" }
[feeds.liquor]
concentrations = { Nd = "0.1 mol/L", Dy = "0.02 mol/L" }
acid = "0.01 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 5
""")
    ledger = ledger_of(case, sx_sim.solve(case))
    assert max(ledger.closures.values()) < 1e-9
    assert ledger.base == {"saponification of solvent": pytest.approx(40.0)}


KREMSER = (1.6 - 1) / (1.6**4 - 1)  # S = A/(D O) = 1.6, three stages


def test_a_strip_alone_needs_no_feed():
    result = sx_sim.solve(constant(LOADED, -0.6020599913, STRIP))
    assert result.recovery("Nd", "loaded solvent") == pytest.approx(KREMSER, rel=1e-6)


def test_an_organic_feed_may_be_all_the_solvent():
    feed = '[feeds.loaded]\nphase = "organic"\nstage = 1\n' + LOADED + "\n"
    case = constant("", -0.6020599913, feed + STRIP)
    result = sx_sim.solve(case)
    assert [feed.stream.name for feed in result.column.feeds] == ["loaded", "strip"]
    assert result.recovery("Nd", "loaded solvent") == pytest.approx(KREMSER, rel=1e-6)
    by_ratio = constant("", -0.6020599913, feed + STRIP.replace('flow = "40 L/h"', "oa = 2.5"))
    assert sx_sim.solve(by_ratio).recovery("Nd") == pytest.approx(result.recovery("Nd"))


@pytest.mark.parametrize(
    ("solvent", "told"),
    [
        ("", "give flow, such as '500 L/h', or oa: neither is given"),
        (LOADED + "\nrecycle = true", "with recycle or exchange what it"),
        (LOADED.replace('\nbasis = "element"', ""), "basis is missing"),
        (LOADED.replace("Nd", "Na"), "concentrations of Na: give saponification"),
        (LOADED.replace("Nd", "Xy"), "solvent.concentrations: unknown element 'Xy'"),
    ],
)
def test_what_solvent_cannot_be_is_said(solvent, told):
    with pytest.raises(sx_sim.CaseError) as error:
        constant(solvent, 0.3, FEED)
    assert told in str(error.value)


HELD = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
oa = 2
[feeds.liquor]
concentrations = { Nd = "0.15 mol/L", Sm = "0.03 mol/L" }
pH = 2
flow = "100 L/h"
[sections.extraction]
stages = 4
[sections.scrub]
stages = 3
acid = "1 mol/L"
flow = "20 L/h"
[set_points.held]
pH = 1.5
"""


@pytest.mark.parametrize(
    ("stages", "numbers"),
    [
        ('stages = "extraction"', [1, 2, 3, 4]),
        ('stages = "extraction.2-4"', [2, 3, 4]),
        ('stages = "2-3"', [2, 3]),
        ('stages = [1, "extraction.3", "scrub"]', [1, 3, 5, 6, 7]),
        ("stages = 4", [4]),
        ('stage = "extraction.4"', [4]),
    ],
)
def test_the_pH_is_held_at_all_stages_that_are_named(stages, numbers):
    case = sx_sim.parse_case(HELD + stages)
    assert [point.stage for point in case.column.set_points] == numbers
    result = sx_sim.solve(case)
    assert result.stages.pH[[n - 1 for n in numbers]] == pytest.approx(1.5)
    assert len(result.doses) == len(numbers)
    assert max(ledger_of(case, result).closures.values()) < 1e-9
    moved = case.with_values({"set_points.held.pH": 1.4})
    assert {point.pH for point in moved.column.set_points} == {1.4}


@pytest.mark.parametrize(
    ("stages", "told"),
    [
        ('stage = "extraction"', 'stages = "extraction" to hold all of them, or "extraction.4"'),
        ("", "give stage"),
        ('stages = "extraction.3-9"', "extraction has stages 1 to 4"),
        ('stages = "nowhere"', "must be a stage, a section"),
    ],
)
def test_a_whole_section_is_not_taken_for_its_last_stage(stages, told):
    with pytest.raises(sx_sim.CaseError) as error:
        sx_sim.parse_case(HELD + stages)
    assert told in str(error.value)


REFLUX = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
saponification = 0.3
{solvent}
[feeds.liquor]
concentrations = {{ Nd = "0.2 mol/L", Sm = "0.1 mol/L" }}
acid = "0.01 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 6
[sections.scrub]
stages = 4
reflux = "strip liquor"
acid = "0.8 mol/L"
{reflux}
[sections.strip]
stages = 4
acid = "3 mol/L"
flow = "60 L/h"
outlet = "strip liquor"
"""


@pytest.mark.parametrize("solvent", ['flow = "300 L/h"', "oa = 2.5"])
@pytest.mark.parametrize("reflux", ["share = 0.3333333333333333", "oa = 15", 'flow = "20 L/h"'])
def test_a_reflux_is_given_by_flow_share_or_ratio(solvent, reflux):
    case = sx_sim.parse_case(REFLUX.format(solvent=solvent, reflux=reflux))
    flows = {feed.stream.name: feed.stream.flow for feed in case.column.feeds}
    assert flows["scrub"] == pytest.approx(20.0)
    assert flows["solvent"] == pytest.approx(300.0)
    assert sx_sim.solve(case).streams["strip liquor"].flow == pytest.approx(40.0)


def test_a_share_is_of_a_reflux():
    given = REFLUX.format(solvent="oa = 2", reflux="share = 0.3")
    with pytest.raises(sx_sim.CaseError, match="share is that of a reflux"):
        sx_sim.parse_case(given.replace('reflux = "strip liquor"\n', ""))
    with pytest.raises(sx_sim.CaseError, match="flow and share are both given"):
        sx_sim.parse_case(given.replace("share = 0.3", 'share = 0.3\nflow = "20 L/h"'))


BALLAST = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
flow = "200 L/h"
[elements.Fe2]
charge = 2
molar_mass = "55.845 g/mol"
oxide = "FeO"
[feeds.liquor]
concentrations = { Nd = "5 g/L", Fe2 = "5.5845 g/L", Co = "5.8933194 g/L" }
basis = "element"
pH = 1.5
flow = "100 L/h"
[constants.Fe2]
inert = true
[constants.Co]
inert = true
[sections.extraction]
stages = 3
"""


def test_an_element_that_a_case_declares_is_ballast():
    case = sx_sim.parse_case(BALLAST)
    assert case.species == ("Nd", "Co", "Fe2")
    feed = case.column.feeds[1].stream
    assert feed.held["Fe2"] == pytest.approx(0.1)
    nd = feed.held["Nd"]
    assert feed.carrier == pytest.approx(3 * nd + 2 * 0.1 + 2 * 0.1 + 10**-1.5, rel=1e-6)
    result = sx_sim.solve(case)
    assert result.recovery("Fe2") == pytest.approx(1.0, rel=1e-12)
    assert max(ledger_of(case, result).closures.values()) < 1e-9
    assert sx_sim.parse_case(case.with_values({"temperature": "30 degC"}).text).species
    as_oxide = BALLAST.replace('basis = "element"', 'basis = "REO"')
    held = sx_sim.parse_case(as_oxide).column.feeds[1].stream.held
    assert held["Fe2"] == pytest.approx(5.5845 / 71.844)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("elements.Fe2", "elements.Nd"), "elements.Nd: is known already"),
        (('oxide = "FeO"', 'oxide = "iron"'), "must be an oxide"),
        (('molar_mass = "55.845 g/mol"\n', ""), "elements.Fe2.molar_mass is missing"),
        (("charge = 2", "charge = 0"), "elements.Fe2.charge = 0"),
        (("Fe2 =", "Ni3 ="), "feeds.liquor.concentrations: unknown element 'Ni3'"),
        (("[constants.Fe2]\ninert = true", ""), "no constants for Fe2"),
    ],
)
def test_what_no_element_can_be_is_said(wrong, told):
    with pytest.raises(sx_sim.CaseError) as error:
        sx_sim.parse_case(BALLAST.replace(*wrong))
    assert told in str(error.value)


TRAIN = """
[defaults]
temperature = "25 degC"
[defaults.solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
flow = "200 L/h"
[defaults.constants.Fe2]
inert = true
[defaults.sections.extraction]
stages = 3
[circuits.one.elements.Fe2]
charge = 2
molar_mass = "55.845 g/mol"
[circuits.one.feeds.liquor]
concentrations = { Nd = "5 g/L", Fe2 = "5.5845 g/L" }
basis = "element"
pH = 1.5
flow = "100 L/h"
[circuits.two.feeds.rest]
source = "one.raffinate"
"""


def test_a_declared_element_goes_on_through_a_train():
    train = solve(parse_case(TRAIN))
    left = train.units["two"].streams["raffinate"]
    assert left.held["Fe2"] == pytest.approx(0.1)
