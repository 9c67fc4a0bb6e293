"""A product that is split: part of it feeds another circuit, the rest leaves or feeds others."""

import numpy as np
import pytest

import sx_sim
from support.trains import TRAIN
from sx_sim.studies.ledgers import activities_of, ledger_of

PATH = "circuits.gd_dy.feeds.liquor.share"
TAKEN = 'source = "dy_ho.raffinate"\n'
TWIN = """
[circuits.twin]
solvent.flow = "60 L/h"
[circuits.twin.feeds.liquor]
source = "dy_ho.raffinate"
share = 0.5
acid = "0.1 mol/L"
by = "neutralising"
[circuits.twin.sections]
extraction = { stages = 4 }
scrub = { stages = 4, acid = "1.5 mol/L", flow = "12 L/h" }
strip = { stages = 4, acid = "4 mol/L", flow = "20 L/h", outlet = "strip liquor" }
"""


def split(share, more="", text=TRAIN):
    assert TAKEN in text
    return sx_sim.parse_case(text.replace(TAKEN, f"{TAKEN}share = {share}\n") + more)


@pytest.fixture(scope="module")
def parted():
    case = split(0.6)
    return case, sx_sim.solve(case)


def test_the_rest_of_a_split_product_leaves(parted):
    case, found = parted
    gross = found.units["dy_ho"].stream("raffinate")
    rest = found.stream("dy_ho.raffinate")
    assert rest.flow == pytest.approx(0.4 * gross.flow, rel=1e-12)
    fed = found.units["gd_dy"].column.feed("liquor")
    rare = gross.system.rare_earth
    np.testing.assert_allclose(fed.moles[rare], 0.6 * gross.moles[rare], rtol=1e-12)
    assert max(found.balance().values()) < 1e-8
    assert max(ledger_of(case, found).closures.values()) < 1e-9


def test_a_whole_share_is_a_link_without_one():
    alone, whole = sx_sim.solve(sx_sim.parse_case(TRAIN)), sx_sim.solve(split(1.0))
    assert list(alone.streams) == list(whole.streams)
    for name, stream in alone.streams.items():
        np.testing.assert_array_equal(stream.moles, whole.stream(name).moles)


def test_halves_of_a_product_fed_to_twins_give_the_same():
    text = TRAIN.replace('[circuits.dy_ho.feeds.back]\nsource = "gd_dy.strip liquor"\n', "")
    text = text.replace('acid = "0.05 mol/L"\nstrength = "0.4 mol/L"\n', "")
    case = split(0.5, TWIN, text)
    found = sx_sim.solve(case)
    for product in ("raffinate", "strip liquor"):
        one, other = (found.stream(f"{name}.{product}") for name in ("gd_dy", "twin"))
        np.testing.assert_allclose(one.moles, other.moles, rtol=1e-9, atol=1e-14)
    assert "dy_ho.raffinate" not in found.streams
    assert max(found.balance().values()) < 1e-9
    assert max(ledger_of(case, found).closures.values()) < 1e-9


def test_redissolved_shares_leave_mother_liquors_of_their_own():
    clay = "composition = { Gd = 20, Dy = 20, Ho = 10, Y = 50 }\n"
    given = (
        clay + 'concentrations = { Ca = "0.02 mol/L" }\nradionuclides = { Ra-228 = "15 Bq/L" }\n'
    )
    assert clay in TRAIN
    text = TRAIN.replace(clay, given).replace('by = "neutralising"\n', "")
    text = text.replace(
        "[defaults.solvent]", "[defaults.constants.Ca]\ninert = true\n[defaults.solvent]"
    )
    case = split(0.5, TWIN.replace('by = "neutralising"\n', ""), text)
    found = sx_sim.solve(case)
    ledger = ledger_of(case, found)
    names = [outlet.name for outlet in ledger.outlets]
    for circuit in ("gd_dy", "twin"):
        assert f"mother liquor of dy_ho.raffinate to {circuit}" in names
    assert len(set(names)) == len(names)
    assert max(ledger.closures.values()) < 1e-9
    left = sum(amounts.get("Ra-228", 0.0) for amounts in activities_of(case, found).left.values())
    assert left == pytest.approx(15.0 * 100.0, rel=1e-9)


def numbers(result):
    purity = result.purity("Gd", "gd_dy.raffinate")
    rest = result.stream("dy_ho.raffinate")
    return np.array([purity, result.recovery("Gd", "dy_ho.raffinate"), rest.flow])


def test_a_share_is_an_input(parted, tmp_path):
    case, found = parted
    outputs = ["purity.Gd.gd_dy.raffinate", "recovery.Gd.dy_ho.raffinate", "flow.dy_ho.raffinate"]
    inputs = [PATH, "circuits.dy_ho.solvent.flow"]
    slopes = sx_sim.sensitivity(case, outputs, inputs, result=found, mode="forward").table
    turned = sx_sim.sensitivity(case, outputs, inputs, result=found, mode="adjoint").table
    np.testing.assert_allclose(turned, slopes, rtol=1e-6, atol=1e-12)
    for slope, path, value, step in zip(slopes.T, inputs, (0.6, 545.0), (2e-3, 1.0), strict=True):
        low, high = (
            numbers(sx_sim.solve(case.at({path: value + way * step}), start=found))
            for way in (-1, 1)
        )
        np.testing.assert_allclose(slope, (high - low) / (2 * step), rtol=1e-3, atol=1e-9)
    sx_sim.save_result(found, tmp_path / "t.h5", case)
    back = sx_sim.load_result(tmp_path / "t.h5")
    assert back.stream("dy_ho.raffinate").flow == found.stream("dy_ho.raffinate").flow


def test_shares_of_a_product_come_to_one_at_most():
    with pytest.raises(
        sx_sim.CaseError, match=r"circuits\.twin\.feeds\.liquor\.source: .* not 1\.1"
    ):
        split(0.6, TWIN)
    with pytest.raises(sx_sim.CaseError, match=r"gd_dy\.liquor already; give shares"):
        split(1.0, TWIN)
    case = split(0.5, TWIN)
    with pytest.raises(sx_sim.CaseError, match=r"not 1\.2"):
        case.with_values({PATH: 0.7})
    with pytest.raises(sx_sim.CaseError, match=r"not 1\.2"):
        case.at({PATH: 0.7})
    with pytest.raises(sx_sim.CaseError, match="share is of a source"):
        sx_sim.parse_case(TRAIN.replace('flow = "100 L/h"', 'flow = "100 L/h"\nshare = 0.5'))
