"""What cases turn into: concentrations, stages, flows."""

import numpy as np
import pytest

import sx_sim
from support.columns import HEAVY, heavy_case

LIQUOR = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
flow = "100 L/h"
[feeds.liquor]
flow = "100 L/h"
acid = "0.1 mol/L"
{}
[sections.extraction]
stages = 3
"""


def feed(text: str) -> sx_sim.Stream:
    return sx_sim.parse_case(LIQUOR.format(text)).column.feeds[1].stream


def held(stream: sx_sim.Stream) -> dict[str, float]:
    return dict(zip(stream.system.species, stream.concentration, strict=True))


def test_grams_of_oxide():
    """12.808 g/L of Nd2O3 is 0.0761 mol/L of Nd."""
    stream = feed('concentrations = { Nd = "12.808 g/L" }\nbasis = "REO"')
    assert held(stream)["Nd"] == pytest.approx(12.808 / 336.481 * 2, rel=1e-5)
    assert stream.reo == pytest.approx(12.808, rel=1e-12)


def test_grams_of_element():
    stream = feed('concentrations = { Nd = "14.4242 g/L" }\nbasis = "element"')
    assert held(stream)["Nd"] == pytest.approx(0.1, rel=1e-9)


@pytest.mark.parametrize(
    ("strength", "basis"), [("50 g/L", '"REO"'), ("50 g/L", '"element"'), ("0.3 mol/L", '"REO"')]
)
def test_composition_and_strength(strength, basis):
    text = f'composition = {{ La = 40, Dy = 60 }}\nstrength = "{strength}"\nbasis = {basis}'
    stream = feed(text)
    assert stream.purity("Dy") == pytest.approx(0.6)
    value = float(strength.split()[0])
    if "mol" in strength:
        assert stream.concentration.sum() == pytest.approx(value)
    elif basis == '"REO"':
        assert stream.reo == pytest.approx(value)
    else:
        mass = held(stream)["La"] * 138.90547 + held(stream)["Dy"] * 162.5
        assert mass == pytest.approx(value)


def test_composition_in_moles():
    stream = feed(
        'composition = { La = 40, Dy = 60 }\ncomposition_basis = "mol"\nstrength="1 mol/L"'
    )
    assert stream.purity("Dy", "mol") == pytest.approx(0.6)


def test_a_named_feed_holds_the_whole_series():
    stream = feed('composition = "longnan"\nstrength = "0.5 mol/L"')
    assert len(held(stream)) == 15
    assert stream.leading == "Y"


def test_anions_balance_the_charge():
    stream = feed('concentrations = { Nd = "0.2 mol/L", Na = "0.05 mol/L" }')
    assert stream.carrier == pytest.approx(0.1 + 3 * 0.2 + 0.05)


def test_pH_is_acid():
    text = LIQUOR.replace('acid = "0.1 mol/L"', "pH = 1").format(
        'concentrations = { Nd = "0.2 mol/L" }'
    )
    assert sx_sim.parse_case(text).column.feeds[1].stream.acid == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("reference", "stage"),
    [("1", 1), ("14", 14), ('"extraction"', 8), ('"scrub"', 14), ('"scrub.2"', 10)],
)
def test_stages_may_be_named(reference, stage):
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    text = text.replace('flow = "100 L/h"', f'flow = "100 L/h"\nstage = {reference}')
    assert sx_sim.parse_case(text).column.feeds[1].stage == stage


def test_oa_sets_the_solvent_flow():
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    case = sx_sim.parse_case(text.replace('flow = "400 L/h"', "oa = 2.5"))
    assert case.column.feeds[0].stream.flow == pytest.approx(2.5 * (100 + 60))
    both = text.replace('flow = "400 L/h"', "oa = 2.5").replace('flow = "60 L/h"', "oa = 6")
    column = sx_sim.parse_case(both).column
    organic, scrub = column.feeds[0].stream.flow, column.feeds[2].stream.flow
    assert organic / scrub == pytest.approx(6)
    assert organic / (100 + scrub) == pytest.approx(2.5)


def test_draws_by_fraction_and_by_flow_are_the_same():
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    draw = '\n[draws.middle]\nphase = "aqueous"\nstage = "extraction.4"\n'
    one = sx_sim.solve(sx_sim.parse_case(f"{text}{draw}fraction = 0.25"))
    two = sx_sim.solve(sx_sim.parse_case(f'{text}{draw}flow = "40 L/h"'))
    assert one.stream("middle").flow == pytest.approx(40)
    np.testing.assert_allclose(one.stages.aqueous, two.stages.aqueous, rtol=1e-9)
    assert one.stream("raffinate").flow == pytest.approx(120)


def test_overdrawing_is_refused():
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    text += '\n[draws.middle]\nphase = "aqueous"\nstage = 4\nflow = "400 L/h"\n'
    with pytest.raises(sx_sim.CaseError, match="only 160 L/h leave"):
        sx_sim.parse_case(text)


def test_sections_may_have_their_own_temperature():
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    text = text.replace("stages = 6", 'stages = 6\ntemperature = "40 degC"')
    column = sx_sim.parse_case(text).column
    np.testing.assert_allclose(column.temperature[:8], 298.15)
    np.testing.assert_allclose(column.temperature[8:], 313.15)


def test_a_strip_outlet_takes_all_aqueous():
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    text += '\n[sections.strip]\nstages = 4\nacid = "5 mol/L"\nflow = "90 L/h"\noutlet = "liquor"\n'
    result = sx_sim.solve(sx_sim.parse_case(text))
    assert result.stream("liquor").flow == pytest.approx(90)
    assert result.stream("raffinate").flow == pytest.approx(160)
    assert "barren solvent" in result.streams
    total = sum(result.recovery("Y", name) for name in result.streams)
    assert total == pytest.approx(1, abs=1e-12)


def test_organic_feeds():
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    text += '\n[feeds.loaded]\nphase = "organic"\nstage = 3\nflow = "50 L/h"\n'
    text += 'concentrations = { Dy = "0.05 mol/L" }\n'
    result = sx_sim.solve(sx_sim.parse_case(text))
    assert result.stages.organic_flow[1] == pytest.approx(400)
    assert result.stages.organic_flow[2] == pytest.approx(450)
    assert result.checks.passed
    with pytest.raises(sx_sim.CaseError, match="mol/L of extractant"):
        sx_sim.parse_case(text.replace('0.05 mol/L" }\n', '0.5 mol/L" }\n'))


def test_constants_may_be_overridden():
    base = sx_sim.solve(heavy_case())
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    text += "\n[constants.Dy]\nlog10_K = 0.2\n[constants.Ca]\ninert = true\n"
    text = text.replace(
        'acid = "0.05 mol/L"', 'acid = "0.05 mol/L"\nconcentrations = {Ca="0.1 mol/L"}'
    )
    changed = sx_sim.solve(sx_sim.parse_case(text))
    assert changed.recovery("Dy") > base.recovery("Dy")
    assert changed.recovery("Ca") == pytest.approx(1, abs=1e-12)
    assert any("Dy" in c.text for c in changed.cautions if c.kind == "log10 K")


def test_with_values_leaves_the_case_alone():
    case = heavy_case()
    moved = case.with_values({"feeds.clay.pH": 1.0, "solvent.oa": 3.0, "temperature": "300 K"})
    assert moved.column.feeds[1].stream.acid == pytest.approx(0.1)
    assert moved.column.feeds[0].stream.flow == pytest.approx(480)
    assert case.column.feeds[0].stream.flow == pytest.approx(400)
    assert case.column.temperature[0] == pytest.approx(298.15)
