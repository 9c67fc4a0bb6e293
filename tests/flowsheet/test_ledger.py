"""Ledgers: every equivalent that comes in leaves, and the amounts are those of a hand count."""

from dataclasses import replace

import numpy as np
import pytest

import sx_sim
from sx_sim.cases import parse_case
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.flowsheet.ledger import Holdup, ledger_of
from sx_sim.flowsheet.result import Result
from sx_sim.studies.run import solve

CLOSED = 1e-9

SOLVENT = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
saponification = 0.3
{solvent}
"""
FEED = """
[feeds.liquor]
concentrations = { Nd = "0.2 mol/L", Sm = "0.1 mol/L", Ca = "0.05 mol/L" }
acid = "0.01 mol/L"
flow = "100 L/h"
"""
SECTIONS = """
[sections.extraction]
stages = 8
{real}
[sections.scrub]
stages = 6
{scrub}
{real}
[sections.strip]
stages = 6
acid = "3 mol/L"
flow = "60 L/h"
outlet = "strip liquor"
{real}
[constants.Ca]
inert = true
"""
REAL = "efficiency = 0.95\nentrained_organic = 0.002\nentrained_aqueous = 0.003"
OWN = 'acid = "1 mol/L"\nflow = "40 L/h"'
REFLUX = 'reflux = "strip liquor"\nflow = "20 L/h"\nacid = "0.8 mol/L"'
AS_IS = 'reflux = "strip liquor"\nflow = "8 L/h"'
LOOP = 'flow = "300 L/h"\nrecycle = true\nbleed = 0.02'
ONCE = 'flow = "300 L/h"'
POINTS = """
[set_points.mild]
stage = "extraction.4"
pH = 2.5
[set_points.sour]
stage = "scrub.3"
pH = 0.5
"""


# round numbers, to see that a base of two charges is counted right
MAGNESIUM = """
[constants.Mg]
log10_K = -6.0
order_dimer = 2.0
order_acid = 2.0
dimers = 1.0
source = "no measurement"
"""


def text(solvent: str = ONCE, scrub: str = OWN, real: str = "", more: str = "") -> str:
    sections = SECTIONS.format(scrub=scrub, real=real)
    return SOLVENT.format(solvent=solvent) + FEED + sections + more


def solved(toml: str) -> Result:
    return sx_sim.solve(sx_sim.parse_case(toml))


CASES = {
    "open": text(),
    "open, real stages": text(real=REAL),
    "loop": text(LOOP),
    "loop and reflux": text(LOOP, REFLUX),
    "loop and reflux as it is": text(LOOP, AS_IS),
    "loop and reflux, real stages": text(LOOP, REFLUX, REAL),
    "exchange": text(ONCE + '\nexchange = "raffinate"'),
    "exchange, loop and reflux, real stages": text(LOOP + '\nexchange = "raffinate"', REFLUX, REAL),
    "magnesia, exchanged": text(LOOP + '\nbase = "Mg"\nexchange = "raffinate"', REFLUX, REAL),
    "magnesia": text(LOOP + '\nbase = "Mg"', more=MAGNESIUM),
    "set points": text(more=POINTS),
    "set points, loop and reflux": text(LOOP, AS_IS, more=POINTS),
}


@pytest.mark.parametrize("toml", CASES.values(), ids=CASES.keys())
def test_equivalents_close(toml):
    result = solved(toml)
    ledger = ledger_of(result)
    assert max(ledger.closures.values()) < CLOSED, ledger.closures
    assert {"anions", "base", "metals", "protons"} <= set(ledger.closures)


def test_reagents_of_an_open_column_are_a_hand_count():
    result = solved(CASES["open"])
    ledger = ledger_of(result, holdups={"": Holdup(40.0, 60.0)})
    assert ledger.acid == pytest.approx({"scrub": 40.0, "strip": 180.0}, abs=1e-9)
    assert ledger.base == {"saponification of solvent": pytest.approx(90.0)}
    assert ledger.water == pytest.approx(200.0)
    assert ledger.solvent_lost == 0.0
    assert ledger.amounts["HCl"] == pytest.approx(220 * 36.458e-3, rel=1e-9)
    assert ledger.amounts["NaOH"] == pytest.approx(90 * 39.997e-3, rel=1e-9)
    # all sodium ends in water as NaCl
    assert ledger.effluent_salt == pytest.approx(90 * 58.43976928e-3, rel=1e-6)
    made = 100 * (0.2 * 336.481 / 2 + 0.1 * 348.717 / 2) / 1000
    assert ledger.oxides == pytest.approx(made, rel=1e-3)
    assert ledger.per_oxides["HCl"] == pytest.approx(220 * 36.458e-3 / ledger.oxides)
    assert ledger.inventory is not None
    assert ledger.inventory.solvent == 20 * 60.0
    stages = result.stages
    held = (40.0 * stages.aqueous + 60.0 * stages.organic).sum(axis=0)
    assert ledger.inventory.oxides == pytest.approx(held @ result.system.oxide_mass / 1000)


def test_ammonia_counts_as_nitrogen():
    toml = CASES["open"].replace("saponification = 0.3", 'saponification = 0.3\nbase = "NH4"')
    result = solved(toml)
    ledger = ledger_of(result)
    assert ledger.ammonia_nitrogen == pytest.approx(90 * 14.007e-3, rel=1e-6)
    assert set(ledger.amounts) >= {"NH3", "NH4Cl in effluents", "NH3-N in effluents"}


def test_magnesia_is_counted_by_equivalents():
    toml = text(ONCE + '\nbase = "Mg"\nexchange = "raffinate"')
    result = solved(toml)
    ledger = ledger_of(result)
    assert ledger.base == {"saponification of solvent": pytest.approx(90.0)}
    assert ledger.base_uses[0].moles == pytest.approx(45.0)
    assert ledger.amounts["MgO"] == pytest.approx(45 * 40.304e-3, rel=1e-9)
    assert ledger.amounts["MgCl2 in effluents"] == pytest.approx(45 * 95.205e-3, rel=1e-6)
    soda = sx_sim.solve(sx_sim.parse_case(toml.replace('"Mg"', '"Na"')))
    # exchanged to the full, it never meets the cascade: which base it was does not matter
    assert result.recovery("Nd") == pytest.approx(soda.recovery("Nd"), rel=1e-9)
    assert result.recovery("Nd", "exchange effluent") == 0.0


def test_magnesia_that_is_not_exchanged_needs_constants():
    with pytest.raises(sx_sim.CaseError, match=r'solvent.base = "Mg": the set has no constants'):
        sx_sim.parse_case(text(ONCE + '\nbase = "Mg"'))


def test_salts_of_several_bases_weigh_what_they_are():
    """Ammonium from leaching, sodium from saponification."""
    result = solved(text().replace('Ca = "0.05', 'NH4 = "0.1'))
    ledger = ledger_of(result)
    assert ledger.amounts["salts of bases in effluents"] == pytest.approx(
        90 * 58.43976928e-3 + 10 * 53.489e-3, rel=1e-6
    )
    assert ledger.ammonia_nitrogen == pytest.approx(10 * 14.007e-3, rel=1e-6)


def test_solvent_lost_is_drops_and_bleed():
    result = solved(CASES["loop and reflux, real stages"])
    ledger = ledger_of(result)
    column = result.column
    drops = sum(flow for _, phase, _, flow in column.outlets() if phase == "aqueous") * 0.002
    bled = next(flow for _, phase, _, flow in column.outlets() if phase == "organic") * 0.02
    assert ledger.extractant_lost == pytest.approx((drops + bled) * 1.0, rel=1e-9)
    assert ledger.solvent_lost == pytest.approx((drops + bled) * 0.3064, rel=1e-9)
    # what is lost is made up
    made_up = next(p for p in ledger.inlets if p.name == "solvent")
    assert made_up.extractant == pytest.approx(ledger.extractant_lost, rel=1e-9)


def test_doses_of_set_points_are_told_apart():
    result = solved(CASES["set points"])
    ledger = ledger_of(result)
    assert ledger.base["set point mild"] == pytest.approx(-result.doses["mild"])
    assert ledger.acid["set point sour"] == pytest.approx(result.doses["sour"])
    salt = sum(p.base for p in ledger.outlets)
    assert salt == pytest.approx(90.0 - result.doses["mild"], rel=1e-9)


SULFATE = """
temperature = "25 degC"
[solvent]
extractant = "d2ehpa-tbp-sulfate"
concentration = "0.15 mol/L"
flow = "50 L/h"
[feeds.leach]
concentrations = { La = "1 mmol/L", Dy = "1 mmol/L", Y = "1 mmol/L" }
pH = 1.5
flow = "100 L/h"
[sections.extraction]
stages = 3
"""


def test_acid_that_sulfate_holds_counts():
    result = solved(SULFATE)
    ledger = ledger_of(result)
    assert max(ledger.closures.values()) < CLOSED, ledger.closures
    raffinate = next(p for p in ledger.outlets if p.name == "raffinate")
    held = raffinate.protons / result.streams["raffinate"].flow
    assert held > 1.1 * result.streams["raffinate"].acid


SCRUBBED = (
    SULFATE
    + """
[sections.scrub]
stages = 2
acid = "1 mol/L"
flow = "10 L/h"
"""
)


def test_ten_equivalents_of_sulfuric_acid_are_five_moles():
    result = solved(SCRUBBED)
    ledger = ledger_of(result)
    (use,) = ledger.acid_uses
    assert (use.reagent.formula, use.purpose) == ("H2SO4", "scrub")
    assert use.equivalents == pytest.approx(10.0, rel=1e-9)
    assert use.moles == pytest.approx(5.0, rel=1e-9)
    assert use.mass == ledger.amounts["H2SO4"] == pytest.approx(5 * 98.072e-3, rel=1e-9)


TRAIN = """
[defaults]
temperature = "25 degC"
[defaults.solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
saponification = 0.3
[circuits.first.solvent]
flow = "300 L/h"
recycle = true
[circuits.first.feeds.liquor]
concentrations = {{ La = "0.1 mol/L", Nd = "0.1 mol/L", Sm = "0.1 mol/L", Ca = "0.05 mol/L" }}
acid = "0.01 mol/L"
flow = "100 L/h"
[circuits.first.sections.extraction]
stages = 8
{real}
[circuits.first.sections.scrub]
stages = 6
acid = "1 mol/L"
flow = "40 L/h"
[circuits.first.sections.strip]
stages = 6
acid = "3 mol/L"
flow = "60 L/h"
outlet = "strip liquor"
[circuits.first.constants.Ca]
inert = true
[circuits.heavy.solvent]
flow = "100 L/h"
[circuits.heavy.feeds.sm]
source = "first.strip liquor"
by = "redissolving"
pH = 2.0
strength = "0.2 mol/L"
[circuits.heavy.sections.extraction]
stages = 5
[circuits.light.solvent]
flow = "200 L/h"
[circuits.light.feeds.nd]
source = "first.raffinate"
by = "neutralising"
pH = 2.5
[circuits.light.sections.extraction]
stages = 8
[circuits.light.sections.scrub]
stages = 5
acid = "1 mol/L"
flow = "20 L/h"
[circuits.light.constants.Ca]
inert = true
[circuits.last.solvent]
flow = "100 L/h"
[circuits.last.feeds.la]
source = "light.raffinate"
by = "neutralising"
pH = 2.0
[circuits.last.sections.extraction]
stages = 4
[circuits.last.constants.Ca]
inert = true
"""


@pytest.mark.parametrize("real", ["", REAL], ids=["ideal", "real"])
def test_a_train_closes_with_both_treatments(real):
    train = solve(parse_case(TRAIN.format(real=real)))
    ledger = ledger_of(train)
    assert max(ledger.closures.values()) < CLOSED, ledger.closures
    treated = {(k.circuit, k.feed): done for k, done in train.treatments.items()}
    redissolved = treated["heavy", "sm"]
    neutralised = treated["light", "nd"]
    assert ledger.base["redissolving first.strip liquor"] == redissolved.base
    assert ledger.acid["redissolving first.strip liquor"] == redissolved.acid
    assert ledger.base["neutralising first.raffinate"] == neutralised.base > 0
    mother = next(p for p in ledger.outlets if p.name.startswith("mother liquor"))
    assert mother.base == pytest.approx(redissolved.base)
    if not real:  # neutral: the salt of its anions
        assert mother.base == pytest.approx(mother.anions, rel=1e-9)
    assert max(train.balance().values()) < CLOSED
    # base that stays in the water goes on with it, to the last raffinate
    out = {p.name: p.base for p in ledger.outlets}
    on_the_way = out["last.raffinate"] + out["last.loaded solvent"] + out["light.loaded solvent"]
    dosed = neutralised.base + treated["last", "la"].base
    strayed = mother.base - redissolved.base  # traces of sodium in the first strip liquor
    assert dosed > 1.0
    expected = 0.3 * (300 + 200 + 100) + dosed - strayed
    if not real:
        assert on_the_way == pytest.approx(expected, rel=1e-9)


def test_inventory_of_a_train_needs_every_circuit():
    train = solve(parse_case(TRAIN.format(real="")))
    assert ledger_of(train, holdups={"first": Holdup(10, 10)}).inventory is None
    holdups = dict.fromkeys(train.units, Holdup(10.0, 20.0))
    held = ledger_of(train, holdups=holdups).inventory
    assert held is not None
    assert held.solvent == 20.0 * train.flowsheet.stages


TWO_MEDIA = """
[defaults]
temperature = "25 degC"
[circuits.sulfate.solvent]
extractant = "d2ehpa-tbp-sulfate"
concentration = "0.15 mol/L"
flow = "50 L/h"
[circuits.sulfate.feeds.leach]
concentrations = { La = "1 mmol/L", Dy = "1 mmol/L", Y = "1 mmol/L" }
pH = 1.5
flow = "100 L/h"
[circuits.sulfate.sections.extraction]
stages = 3
[circuits.sulfate.sections.scrub]
stages = 2
acid = "1 mol/L"
flow = "1 L/h"
[circuits.chloride.solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
base = "Mg"
flow = "50 L/h"
[circuits.chloride.feeds.liquor]
source = "sulfate.raffinate"
by = "redissolving"
strength = "0.1 mol/L"
pH = 2
[circuits.chloride.sections.extraction]
stages = 3
[circuits.chloride.sections.scrub]
stages = 2
acid = "1 mol/L"
flow = "1 L/h"
"""


def test_each_circuit_of_a_train_takes_its_own_acid_and_base():
    train = solve(parse_case(TWO_MEDIA))
    ledger = ledger_of(train)
    assert max(ledger.closures.values()) < CLOSED, ledger.closures
    named = {use.purpose: use.reagent.formula for use in ledger.acid_uses + ledger.base_uses}
    assert named["sulfate.scrub"] == "H2SO4"
    assert named["chloride.scrub"] == "HCl"
    (done,) = train.treatments.values()
    acids = {u.reagent.formula: u for u in ledger.acid_uses if "redissolving" in u.purpose}
    assert acids["HCl"].equivalents == pytest.approx(done.acid)
    bases = {u.reagent.formula: u for u in ledger.base_uses}
    assert bases["MgO"].moles == pytest.approx(done.base / 2)
    mother = next(p for p in ledger.outlets if p.name.startswith("mother"))
    # magnesium sulfate, of the liquor's sulfate and the precipitant's magnesium
    assert ledger.salt(mother) == pytest.approx(done.base * (24.305 + 96.056) / 2 / 1000, rel=1e-6)
    # in hydrochloric acid nothing but chloride balances what was dissolved again
    made = done.stream
    assert made.carrier == pytest.approx(3 * made.concentration.sum() + 0.01, rel=1e-6)


def test_a_liquor_is_not_neutralised_into_another_medium():
    for kept in ('by = "neutralising"\npH = 2', ""):
        given = TWO_MEDIA.replace('by = "redissolving"\nstrength = "0.1 mol/L"\npH = 2', kept)
        with pytest.raises(
            sx_sim.CaseError, match=r"liquor.source: is a sulfate liquor, and .* chloride"
        ):
            parse_case(given)


def test_a_train_doses_the_base_of_the_circuit_that_doses():
    toml = TRAIN.format(real="").replace(
        "[circuits.light.solvent]", '[circuits.light.solvent]\nbase = "NH4"'
    )
    ledger = ledger_of(solve(parse_case(toml)))
    assert max(ledger.closures.values()) < CLOSED, ledger.closures
    named = {use.purpose: use.reagent.formula for use in ledger.base_uses}
    assert named["neutralising first.raffinate"] == "NH3"
    assert named["last: saponification of solvent"] == "NaOH"
    ammonia = sum(u.equivalents for u in ledger.base_uses if u.reagent.formula == "NH3")
    left = sum(out.alkalis.get("NH4", 0.0) for out in ledger.outlets)
    assert left == pytest.approx(ammonia, rel=1e-9)


UNKNOWN_DOSAGE = """
temperature = "25 degC"
[solvent]
extractant = "p507-10vol-logd"
flow = "300 L/h"
[feeds.liquor]
concentrations = { Nd = "0.01 mol/L", Sm = "0.01 mol/L" }
acid = "0.3 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 4
entrained_organic = 0.002
"""


def test_no_extractant_is_lost_whose_concentration_nobody_gave():
    unsized = replace(extractant_set("p507-10vol-logd"), volume_percent=0.0)
    case = sx_sim.parse_case(UNKNOWN_DOSAGE, sets={unsized.key: unsized})
    result = sx_sim.solve(case)
    assert np.isnan(result.stages.dimer).all()
    ledger = ledger_of(result)
    assert np.isnan(ledger.solvent_lost)
    closures = {name: off for name, off in ledger.closures.items() if name != "extractant"}
    assert max(closures.values()) < CLOSED
    assert not ledger.contradiction
    given = UNKNOWN_DOSAGE.replace("[feeds.liquor]", 'concentration = "0.3 mol/L"\n[feeds.liquor]')
    for toml, formal in ((given, 0.3), (UNKNOWN_DOSAGE, 0.1 * 950.0 / 306.4)):  # 10 vol% of P507
        known = solved(toml)
        lost = ledger_of(known).extractant_lost
        flow = next(flow for name, _, _, flow in known.column.outlets() if name == "raffinate")
        assert lost == pytest.approx(formal * 0.002 * flow, rel=1e-9)
        assert known.streams["raffinate"].moles == pytest.approx(result.streams["raffinate"].moles)


def test_saponification_needs_the_concentration_that_it_is_a_share_of():
    soaped = UNKNOWN_DOSAGE.replace("[feeds.liquor]", "saponification = 0.3\n[feeds.liquor]")
    with pytest.raises(sx_sim.CaseError, match=r"solvent.concentration is missing"):
        sx_sim.parse_case(soaped)


def test_a_law_of_the_dosage_needs_it():
    with pytest.raises(sx_sim.CaseError, match=r"solvent.concentration is missing"):
        sx_sim.parse_case(SULFATE.replace('concentration = "0.15 mol/L"', ""))
