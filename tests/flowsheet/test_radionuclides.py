"""Radionuclides through circuits and trains: conserved, and where their analogues are."""

import pytest

import sx_sim
from sx_sim.cases import parse_case
from sx_sim.chemistry.nuclides import decayed, natural_activities
from sx_sim.studies.ledgers import activities_of, ledger_of
from sx_sim.studies.run import solve

CASE = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
saponification = 0.3
flow = "300 L/h"
{solvent}
[feeds.liquor]
concentrations = {{ La = "0.1 mol/L", Nd = "0.1 mol/L", Sm = "0.1 mol/L", Th = "1e-4 mol/L"{more} }}
acid = "0.01 mol/L"
flow = "100 L/h"
[feeds.liquor.radionuclides]
Ra-228 = "15 Bq/L"
Ac-227 = "2 Bq/L"
Th-228 = "30 Bq/L"
Pb-210 = "4 Bq/L"
[constants.Th]
log10_K = 6
{constants}
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
[radionuclides]
{table}
"""
OWN = 'acid = "1 mol/L"\nflow = "40 L/h"'
REFLUX = 'reflux = "strip liquor"\nflow = "20 L/h"\nacid = "0.8 mol/L"'
REAL = "entrained_organic = 0.002\nentrained_aqueous = 0.003"
CALCIUM = {"more": ', Ca = "0.05 mol/L"', "constants": "[constants.Ca]\ninert = true"}
LOOP = "recycle = true\nbleed = 0.05"
KINDS = {
    "open": {},
    "calcium": CALCIUM,
    "closed": {"solvent": LOOP, "scrub": REFLUX},
    "closed, drops": {"solvent": LOOP, "scrub": REFLUX, "real": REAL},
    "exchange": {"solvent": 'exchange = "raffinate"', "real": REAL},
}


def case(**parts):
    blank = {"solvent": "", "more": "", "constants": "", "real": "", "scrub": OWN, "table": ""}
    return sx_sim.parse_case(CASE.format(**(blank | parts)))


def solved(**parts):
    one = case(**parts)
    result = sx_sim.solve(one)
    found = activities_of(one, result)
    assert found is not None
    return result, found


@pytest.mark.parametrize("parts", KINDS.values(), ids=KINDS.keys())
def test_activity_is_conserved(parts):
    _, found = solved(**parts)
    assert set(found.nuclides) == {"Ra-228", "Ac-227", "Th-228", "Pb-210", "Th-232"}
    assert max(found.balance.values()) < 1e-9
    assert set(found.balance) == set(found.nuclides)


def test_each_goes_with_its_carrier():
    result, found = solved()
    assert found.analogues == {
        "Th-232": "Th",
        "Th-228": "Th",
        "Ra-228": "water",
        "Ac-227": "La",
        "Pb-210": "water",
    }
    for stream in result.streams:
        for name, analogue in (("Th-232", "Th"), ("Th-228", "Th"), ("Ac-227", "La")):
            shared = result.recovery(analogue, stream)
            assert found.share(stream, name) == pytest.approx(shared, abs=1e-9)
    fed = 1e-4 * natural_activities("Th")["Th-232"] * 100
    assert found.fed["liquor"]["Th-232"] == pytest.approx(fed, rel=1e-12)
    # the strip's water leaves before it comes to the feed
    assert found.share("raffinate", "Ra-228") == 1.0
    assert found.per_litre("raffinate", "Ra-228") == pytest.approx(15 * 100 / 140)
    assert found.end("Ra-228") == "raffinate"
    assert found.end("Th-232") != "raffinate"


def test_radium_follows_calcium_where_there_is_some():
    _, found = solved(**CALCIUM)
    assert found.analogues["Ra-228"] == "Ca"
    assert found.end("Ra-228") == "raffinate"


def test_solids_are_chlorides_and_the_limit_is_per_gram_of_them():
    result, found = solved(table='limit = "0.05 Bq/g"')
    raffinate = result.streams["raffinate"]
    symbols = dict(zip(result.elements, raffinate.moles, strict=True))
    mass = {"La": 138.90547, "Nd": 144.242, "Sm": 150.36, "Th": 232.0377, "Na": 22.98976928}
    charge = {"La": 3, "Nd": 3, "Sm": 3, "Th": 4, "Na": 1}
    solids = sum(n * (mass[s] + charge[s] * 35.45) for s, n in symbols.items())
    assert found.solids["raffinate"] == pytest.approx(solids, rel=1e-6)
    expected = 1500.0 / solids
    assert found.per_solids("raffinate", "Ra-228") == pytest.approx(expected, rel=1e-6)
    assert ("Ra-228" in found.above("raffinate")) == (expected > 0.05)
    assert found.above("raffinate")
    oxides = raffinate.flow * raffinate.reo
    assert found.per_oxides("raffinate", "Ra-228") == pytest.approx(1500 / oxides, rel=1e-9)


def test_storage_is_batemans_stream_by_stream():
    _, fresh = solved()
    _, stored = solved(table='decay = "90 d"')
    assert stored.stored == 90 * 86400
    for stream, amounts in fresh.left.items():
        assert stored.left[stream] == pytest.approx(decayed(amounts, 90 * 86400), rel=1e-12)
    assert stored.per_litre("raffinate", "Ac-228") > 0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('Ra-229 = "1 Bq/L"', "unknown radionuclide 'Ra-229'"),
        ('Ra-228 = "1 g/L"', "wrong kind of unit"),
        ("Ra-228 = 1.0", "must be text with a unit"),
    ],
)
def test_bad_radionuclides(given, told):
    bad = CASE.replace('Ra-228 = "15 Bq/L"', given)
    blank = {"solvent": "", "more": "", "constants": "", "real": "", "scrub": OWN, "table": ""}
    with pytest.raises(sx_sim.CaseError, match=told) as error:
        sx_sim.parse_case(bad.format(**blank))
    assert "radionuclides" in str(error.value)


TRAIN = """
[defaults]
temperature = "25 degC"
[defaults.solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
saponification = 0.3
[defaults.constants.Th]
log10_K = 6
[defaults.constants.Ca]
inert = true
[circuits.first.solvent]
flow = "300 L/h"
recycle = true
bleed = 0.05
[circuits.first.feeds.liquor]
composition = { La = 33, Nd = 33, Sm = 34 }
strength = "0.3 mol/L"
concentrations = { Ca = "0.05 mol/L", Th = "1e-4 mol/L" }
acid = "0.01 mol/L"
flow = "100 L/h"
radionuclides = { Ra-228 = "15 Bq/L", Ac-227 = "2 Bq/L", Pb-210 = "4 Bq/L" }
[circuits.first.sections.extraction]
stages = 8
[circuits.first.sections.scrub]
stages = 6
acid = "1 mol/L"
flow = "40 L/h"
[circuits.first.sections.strip]
stages = 6
acid = "3 mol/L"
flow = "60 L/h"
outlet = "strip liquor"
[circuits.light.solvent]
flow = "60 L/h"
[circuits.light.feeds.nd]
source = "first.raffinate"
by = "neutralising"
pH = 2.5
[circuits.light.sections.extraction]
stages = 8
[circuits.lanthanum.solvent]
flow = "5 L/h"
[circuits.lanthanum.feeds.la]
source = "light.raffinate"
by = "redissolving"
pH = 2.0
[circuits.lanthanum.sections.extraction]
stages = 4
"""


def test_a_train_conserves_activity_and_leaves_radium_in_the_mother_liquor():
    file = parse_case(TRAIN)
    train = solve(file)
    found = activities_of(file, train)
    assert found is not None
    assert max(found.balance.values()) < 1e-9
    assert found.end("Ra-228") == "mother liquor of light.raffinate"
    assert found.end("Pb-210") == "mother liquor of light.raffinate"
    assert found.end("Ac-227").startswith("lanthanum.")
    assert found.share("mother liquor of light.raffinate", "Ra-228") == pytest.approx(1.0)
    assert found.analogues["Ra-228"] == "Ca"


def test_solids_are_those_of_the_base_that_the_plant_doses():
    points = '[set_points.mild]\nstage = "extraction.4"\npH = 2.5'
    for base in ("Na", "NH4"):
        one = case(solvent=f'base = "{base}"', constants=points)
        result = sx_sim.solve(one)
        found = activities_of(one, result)
        assert found is not None
        ledger = ledger_of(one, result)
        assert result.doses["mild"] < -1.0
        for out in ledger.outlets:
            if out.name in found.solids:
                assert found.solids[out.name] == pytest.approx(1000 * ledger.solids(out), rel=1e-12)
        raffinate = next(out for out in ledger.outlets if out.name == "raffinate")
        assert list(raffinate.alkalis) == [base]
