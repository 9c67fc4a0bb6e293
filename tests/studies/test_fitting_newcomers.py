"""Fits of what a set does not hold, or the data do not tell: said, refused, never written."""

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import sx_sim
from sx_sim.cases.isotherms import parse_isotherms, read_isotherms
from sx_sim.cases.set_files import write_set
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.chemistry.series import Conditions
from sx_sim.cli import app
from sx_sim.fitting import fit
from sx_sim.fitting.equilibrium import equilibrium
from sx_sim.fitting.model import Model

HEADER = "contact,laboratory,element,extractant_formal,feed_acid,feed,aqueous,organic,excluded\n"
START = extractant_set("hehehp-chloride")
SLOPES = extractant_set("p507-10vol-logd")  # an order in acid for every element

run = CliRunner().invoke


def contacts(extractant, elements, acids=(0.02, 0.05, 0.1, 0.2), metal=0.01):
    """Return contacts that obey a set to rounding, each with all the elements."""
    rows = [
        f"{k},ours,{symbol},1.0,{acid},{metal},{metal / 2},{metal / 2},\n"
        for k, acid in enumerate(acids)
        for symbol in elements
    ]
    data = parse_isotherms(HEADER + "".join(rows), "made.csv")
    model = Model(extractant, data, (f"log10_K.{data.elements[0]}",))
    found = equilibrium(data.shakes(), model.law(model.initial))
    return data.with_log10_d(found.ln_d[data.contact, data.element] / np.log(10))


def of(extractant, symbol, **constants):
    """Return a set with one more element, that of Nd but for what is given."""
    row = {"order_dimer": 2.58, "order_acid": 2.26, "dimers": 3.0, "enthalpy": 5.0}
    return extractant.with_constants({symbol: {**row, **constants}})


def test_an_element_that_the_set_lacks_is_fitted_by_the_law_of_its_series(tmp_path):
    data = contacts(of(START, "Sc", log10_K=1.4), ["Sc", "Nd"])
    found = fit(data, START)
    assert found.values[found.names.index("log10_K.Sc")] == pytest.approx(1.4, abs=1e-3)
    assert list(found.newcomers) == ["Sc"]
    assert "orders 2.58 of the dimer and 2.26 of the acid, 3 dimers" in found.newcomers["Sc"]
    path = tmp_path / "with_sc.toml"
    write_set(found, path, "our shakes")
    mine = extractant_set(path)
    assert mine.species["Sc"].quality == "measured"
    assert mine.species["Sc"].order_acid == 2.26
    assert mine.species["Dy"].log10_K == pytest.approx(START.species["Dy"].log10_K, abs=1e-3)
    shake = sx_sim.contact(mine, {"Sc": 0.01}, acid=0.1, concentration=1.0)
    known = sx_sim.contact(of(START, "Sc", log10_K=1.4), {"Sc": 0.01}, acid=0.1, concentration=1.0)
    np.testing.assert_allclose(shake.distribution, known.distribution, rtol=1e-2)


def test_an_inert_element_of_the_set_may_be_fitted_too():
    inert = START.with_constants({"Sc": {"inert": True}})
    found = fit(contacts(of(START, "Sc", log10_K=1.4), ["Sc"]), inert)
    assert found.values == pytest.approx([1.4], abs=1e-3)
    assert not found.extractant.species["Sc"].inert


def test_several_elements_and_free_orders():
    true = of(of(START, "Sc", log10_K=0.4, order_acid=3.0), "Al", log10_K=-1.0, order_acid=3.0)
    data = contacts(true, ["Sc", "Al"])
    found = fit(data, START, free=["log10_K", "order_acid"])
    assert dict(zip(found.names, found.values.round(2), strict=True)) == {
        "log10_K.Al": -1.0,
        "log10_K.Sc": 0.4,
        "order_acid": 3.0,
    }


def test_what_the_law_of_the_set_cannot_tell_is_asked_for():
    data = contacts(of(SLOPES, "Dy", log10_K=0.0, order_dimer=0.0, dimers=0.0), ["Dy"])
    with pytest.raises(sx_sim.CaseError, match=r"Dy: .*cannot tell its order_acid: its Pr, Nd, Sm"):
        fit(data, SLOPES)
    found = fit(data, SLOPES, fixed={"order_acid": 2.26})
    assert found.values == pytest.approx([0.0], abs=1e-3)
    free = fit(data, SLOPES, free=["log10_K", "order_acid"])
    assert free.values == pytest.approx([0.0, 2.26], abs=1e-3)


def test_an_element_of_another_charge_needs_orders_and_dimers():
    law = {"order_dimer": 2.0, "order_acid": 2.0, "dimers": 2.0}
    data = contacts(of(START, "U", log10_K=0.5, **law), ["U"])
    np.testing.assert_allclose(data.anion, data.acid + 2.0 * data.total[:, 0])
    with pytest.raises(sx_sim.CaseError, match="it has no element of charge 2 to take it from"):
        fit(data, START)
    found = fit(data, START, fixed=law)
    assert found.values == pytest.approx([0.5], abs=1e-3)
    assert found.extractant.species["U"].dimers == 2.0


def test_an_element_of_excluded_rows_alone_is_not_fitted():
    text = HEADER + "".join(
        f"{k},ours,{row}\n"
        for k in range(3)
        for row in ("Nd,1,0.1,0.02,0.015,0.005,", "Pr,1,0.1,0.02,0.016,0.004,not measured well")
    )
    assert fit(parse_isotherms(text), START).names == ("log10_K.Nd",)
    strange = parse_isotherms(text.replace(",Pr,", ",Fe,"), "own.csv")
    with pytest.raises(sx_sim.CaseError, match=r"Fe: .*every row of it is excluded"):
        fit(strange, START)


def test_contacts_that_hold_more_than_the_extractant_binds_are_refused_by_row(tmp_path):
    text = HEADER + (
        "1,ours,Nd,1.0,0.05,0.1,0.0757,0.0243,\n"
        "2,ours,Nd,1.0,0.05,0.4,0.15,0.25,\n"
        "3,ours,Nd,1.0,0.05,0.2,0.1,0.1,\n3,ours,Pr,1.0,0.05,0.2,0.1,0.1,\n"
    )
    path, out = tmp_path / "full.csv", tmp_path / "full.toml"
    path.write_text(text)
    with pytest.raises(sx_sim.CaseError) as caught:
        fit(read_isotherms(path), START)
    first, second = caught.value.problems
    assert first.startswith("row 3: contact 2: organic = Nd 0.25 mol/L binds 0.75 mol/L of dimer, ")
    assert "1 mol/L of extractant have 0.5: at most 0.1667 mol/L fits" in first
    assert second.startswith("row 4, 5: contact 3: organic = Nd 0.1, Pr 0.1 mol/L binds 0.6 ")
    shown = run(app, ["fit", str(path), "--out", str(out)])
    assert shown.exit_code == 2
    assert str(path) in shown.output
    assert not out.exists()


def test_metal_counts_against_capacity_where_a_law_binds_no_extractant():
    text = HEADER + "1,ours,Nd,0.3,0.05,0.4,0.2,0.2,\n2,ours,Nd,0.3,0.05,0.4,0.35,0.05,\n"
    with pytest.raises(sx_sim.CaseError, match=r"row 2: .* at most 0.1 mol/L fits"):
        fit(parse_isotherms(text), SLOPES)


@pytest.mark.parametrize("other", ["log10_K", "order_dimer"])
def test_constants_that_the_points_leave_open_are_an_error(other):
    free, acids = [other, "order_acid"], (0.5, 0.5, 0.5, 0.5)
    data = contacts(START, ["Nd"], acids, metal=1e-7)
    rng = np.random.default_rng(1)
    data = data.with_log10_d(data.log10_d + rng.normal(0.0, 0.05, data.points))
    with pytest.raises(sx_sim.CaseError, match=r"(do not determine|is not determined)") as caught:
        fit(data, START, free=free)
    assert str(caught.value).startswith("made.csv: ")


def test_a_constant_that_ends_at_its_limit_is_an_error():
    falling = contacts(of(START, "Nd", log10_K=-2.0, order_acid=0.0), ["Nd"])
    rising = falling.with_log10_d(falling.log10_d + 0.5 * np.log10(falling.acid))
    with pytest.raises(sx_sim.CaseError, match=r"order_acid = .* ended at a limit of 0 to 8"):
        fit(rising, START, free=["log10_K", "order_acid"])


def test_separation_factors_are_ratios_of_d_at_the_conditions_of_the_data():
    data = contacts(SLOPES, ["Nd", "Sm"], acids=(0.02, 0.03, 0.05), metal=1e-4)
    found = fit(data, SLOPES)
    level = {s: SLOPES.species[s].log10_K for s in ("Nd", "Sm")}
    ratios = np.diff(data.log10_d.reshape(3, 2), axis=1)[:, 0]
    assert np.abs(ratios - (level["Sm"] - level["Nd"])).min() > 0.5  # laws of unlike slopes
    value, low, high = found.separation_factor("Sm", "Nd")
    assert np.log10(value) == pytest.approx(np.median(ratios), abs=1e-3)
    assert low < value < high
    at = Conditions(found.conditions("Sm", "Nd").acid / 10, 0.5)
    slope = SLOPES.species["Sm"].order_acid - SLOPES.species["Nd"].order_acid
    moved = found.separation_factor("Sm", "Nd", at)[0]
    assert np.log10(moved / value) == pytest.approx(slope, abs=1e-6)


def test_residuals_have_one_sign_everywhere(tmp_path):
    data = contacts(START, ["Nd", "Pr"])
    labs = tuple("high" if k < 2 else "low" for k in range(len(data.contacts)))
    shift = np.where(data.contact < 2, 0.2, -0.1)
    text = HEADER
    for k, e, d in zip(data.contact, data.element, 10 ** (data.log10_d + shift), strict=True):
        phases = f"0.01,{0.01 / (1 + d)},{0.01 * d / (1 + d)}"
        text += f"{k},{labs[k]},{data.elements[e]},1,{data.acid[k]},{phases},\n"
    path, table = tmp_path / "two.csv", tmp_path / "points.csv"
    path.write_text(text)
    found = fit(read_isotherms(path), START)
    np.testing.assert_allclose(found.residuals, found.log10_d - found.data.log10_d)
    offsets = found.laboratory_offsets
    assert offsets["high"] < 0.0 < offsets["low"]
    shown = run(app, ["fit", str(path), "--out-table", str(table)])
    assert f"predicted less measured log10 D: high {offsets['high']:+.2f}" in shown.output
    rows = np.genfromtxt(table, delimiter=",", names=True, dtype=None, encoding="utf-8")
    np.testing.assert_allclose(rows["residual"], rows["predicted"] - rows["log10_D"], atol=2e-5)


def test_an_error_that_two_laboratories_cannot_tell_is_said():
    data = contacts(START, ["Nd", "Pr"])
    labs = tuple("one" if k < 2 else "other" for k in range(len(data.contacts)))
    shift = np.where(data.contact < 2, 0.1, -0.1) + 0.01 * (data.contact % 2)
    two = replace(data, laboratories=labs, log10_d=data.log10_d + shift)
    found = fit(two, START)
    assert found.errors.by_name["laboratory"] == pytest.approx(3.0)
    assert any(c.startswith("error by laboratory: too few of them") for c in found.cautions)
