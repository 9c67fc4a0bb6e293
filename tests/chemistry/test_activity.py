"""Activities by ion interaction against Pitzer's equations, and columns that use them."""

import csv

import numpy as np
import pytest

import sx_sim
from support.paths import ACTIVITY, ROOT, SETS
from sx_sim.chemistry import activity, database
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.chemistry.system import ChemicalSystem

DATA = ROOT / "sx_sim" / "data"
A_PHI, B, ALPHA = 0.3915, 1.2, 2.0
CASE = """
temperature = "25 degC"
[solvent]
extractant = "{ACTIVITY}"
concentration = "1 mol/L"
saponification = 0.2
flow = "150 L/h"
[feeds.liquor]
concentrations = { Dy = "0.2 mol/L", Y = "0.3 mol/L" }
acid = "0.1 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 6
[sections.scrub]
stages = 4
acid = "1.5 mol/L"
flow = "40 L/h"
""".replace("{ACTIVITY}", ACTIVITY)


def pitzer(m, z, beta0, beta1, c_phi):
    """Return log10 of the mean activity coefficient of MClz (Pitzer 1991, equation 3.45)."""
    nu = 1 + z
    strength = 0.5 * m * (z * z + z)
    root = np.sqrt(strength)
    f = -A_PHI * (root / (1 + B * root) + 2 / B * np.log(1 + B * root))
    g = 1 - np.exp(-ALPHA * root) * (1 + ALPHA * root - 0.5 * ALPHA**2 * strength)
    b = 2 * beta0 + 2 * beta1 / (ALPHA**2 * strength) * g
    ln_gamma = z * f + 2 * z / nu * m * b + 2 * z**1.5 / nu * m**2 * 1.5 * c_phi
    return ln_gamma / np.log(10)


def interaction(m, z, symbol):
    """Return the same by specific ion interaction."""
    root = np.sqrt(0.5 * m * (z * z + z))
    slope = activity.debye_hueckel(np.array([298.15]))[0]
    epsilon = activity.interaction([symbol])[0]
    return -z * slope * root / (1 + 1.5 * root) + 2 * z / (1 + z) * epsilon * m


def test_pitzer_reproduces_a_tabulated_coefficient():
    """HCl at 1 mol/kg: 0.809 (Robinson and Stokes)."""
    assert 10 ** pitzer(1.0, 1, 0.177000779, 0.292922504, 0.000362) == pytest.approx(
        0.809, abs=2e-3
    )


@pytest.mark.parametrize(
    ("salts", "largest", "within"), [("HCl", 4.0, 0.015), ("LnCl3", 1.0, 0.045)]
)
def test_activities_agree_with_pitzer(salts, largest, within):
    """log10 of mean coefficients; 1 mol/kg of LnCl3 is an ionic strength of 6 mol/kg."""
    worst = 0.0
    for row in csv.DictReader((DATA / "complexes" / "pitzer_chloride.csv").open()):
        z = int(row["charge"])
        if (z == 1) != (salts == "HCl"):
            continue
        m = np.linspace(0.1 if z == 1 else 0.02, largest, 60)
        parameters = (float(row[name]) for name in ("beta0", "beta1", "c_phi"))
        error = interaction(m, z, row["salt"].partition("Cl")[0]) - pitzer(m, z, *parameters)
        worst = max(worst, float(np.abs(error).max()))
    assert worst < within
    assert worst > 0.2 * within  # the bound is one that means something


def test_beyond_its_range_the_model_fails():
    """At 3 mol/kg of NdCl3 it is off by more than a factor of 1.5: why the range ends."""
    row = next(
        r
        for r in csv.DictReader((DATA / "complexes" / "pitzer_chloride.csv").open())
        if r["salt"] == "NdCl3"
    )
    parameters = (float(row[name]) for name in ("beta0", "beta1", "c_phi"))
    assert abs(interaction(3.0, 3, "Nd") - pitzer(3.0, 3, *parameters)) > np.log10(1.5)
    assert activity.ionic_strength_range()[1] == 6.0


def test_slope_follows_its_table():
    kelvin = np.array([273.15, 298.15, 323.15, 373.15])
    slope, per_kelvin = activity.debye_hueckel(kelvin)
    np.testing.assert_allclose(slope, [0.491, 0.509, 0.534, 0.600], atol=1e-12)
    ahead = activity.debye_hueckel(kelvin + 1e-3)[0] - activity.debye_hueckel(kelvin - 1e-3)[0]
    np.testing.assert_allclose(per_kelvin, ahead / 2e-3, rtol=1e-6)


def test_a_column_keeps_its_mass_action_in_activities():
    """K = a(H)^3 / (a(M) e^3) y at every stage, with coefficients written out here."""
    result = sx_sim.solve(sx_sim.parse_case(CASE))
    s, system = result.stages, result.system
    strength = 0.5 * (s.anion + s.acid + 1e-14 / s.acid + s.aqueous @ system.charge**2)
    np.testing.assert_allclose(s.ionic_strength, strength, rtol=1e-9)
    root = np.sqrt(strength)
    screening = 0.509 * root / (1 + 1.5 * root)
    table = database.read("sit.toml")["interaction"]

    def gamma(symbol, z):
        return 10 ** (-(z**2) * screening + table[symbol]["epsilon"] * s.anion)

    for symbol, log10_k in (("Dy", 1.5), ("Y", 2.0)):
        i = system.index(symbol)
        proton = (s.acid * gamma("H", 1)) ** 3
        metal = s.aqueous[:, i] * gamma(symbol, 3)
        k = s.organic[:, i] * proton / (metal * s.free_dimer**3)
        np.testing.assert_allclose(np.log10(k), log10_k, atol=1e-6)
    assert s.ionic_strength.max() > 1.5


def test_what_activities_cannot_do_is_refused():
    held = CASE + "\n[set_points.first]\nstage = 1\npH = 1.0\n"
    with pytest.raises(sx_sim.CaseError, match=r"set_points.first: set 'activity' goes with"):
        sx_sim.parse_case(held)
    base = {"log10_K": -6.8, "order_dimer": 1.0, "order_acid": 1.0, "dimers": 0.5}
    extractant = extractant_set(ACTIVITY).with_constants({"NH4": base})
    assert ChemicalSystem.of(extractant, ["Dy", "NH4"]).active


def test_bad_sets_are_named(tmp_path):
    text = (SETS / "activity.toml").read_text()
    odd = tmp_path / "odd.toml"
    odd.write_text(text.replace('"sit"', '"davies"'))
    with pytest.raises(sx_sim.CaseError, match='activity = "davies": must be one of none, sit'):
        extractant_set(odd)
    odd.write_text(text.replace('complexes = "none"', 'complexes = "sulfate"'))
    with pytest.raises(sx_sim.CaseError, match="goes with complexes = 'none'"):
        extractant_set(odd)
    odd.write_text(text.replace('complexes = "none"\nactivity = "sit"', 'complexes = "phosphate"'))
    with pytest.raises(sx_sim.CaseError, match='complexes = "phosphate": must be none'):
        extractant_set(odd)
