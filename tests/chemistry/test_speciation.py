"""Liquors in sulfate and nitrate against roots of the plain equations."""

import numpy as np
import pytest
from scipy.optimize import root

import sx_sim
from support.paths import SULFATE
from sx_sim.cascade.streams import Stream
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.chemistry.ligands import ligand
from sx_sim.chemistry.speciation import electroneutral, free_acid, speciate, titratable_acid
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.flowsheet.treatment import treat

KW = 1e-14
METALS = {"La": 0.01, "Nd": 0.02, "Y": 0.005}
BETA = {
    "La": (3.643, 5.1),
    "Nd": (3.643, 5.0),
    "Y": (3.4, 4.9),
}  # Nd's second lies between Pr and Sm
PROTON = 10**1.988


@pytest.fixture
def sulfate():
    extractant = extractant_set(SULFATE)
    constants = {s: {"log10_K": 0.0, "acid_by_dimer": 0.0} for s in METALS}
    return ChemicalSystem.of(extractant.with_constants(constants), METALS)


def by_hand(total_sulfate, acid):
    """Return [H], [SO4], [HSO4] and every metal species from balances of atoms and charge.

    Unknowns are ln of all concentrations; each equation is one mass action or one balance.
    """
    names = list(METALS)

    def equations(ln_c):
        h, oh, so4, hso4, *rest = np.exp(ln_c)
        free, one, two = np.reshape(rest, (3, len(names)))
        found = [h * oh / KW - 1.0, hso4 / (PROTON * h * so4) - 1.0]
        for i, name in enumerate(names):
            first, second = 10 ** np.array(BETA[name])
            found.append(one[i] / (first * free[i] * so4) - 1.0)
            found.append(two[i] / (second * free[i] * so4**2) - 1.0)
            found.append((free[i] + one[i] + two[i]) / METALS[name] - 1.0)
        found.append((so4 + hso4 + (one + 2 * two).sum()) / total_sulfate - 1.0)
        found.append((h + hso4) / acid - 1.0)
        return found

    start = np.log(np.concatenate([[acid / 2, 2e-13, 1e-3, acid / 2], np.full(9, 3e-3)]))
    solved = root(equations, start, method="lm", options={"xtol": 1e-15, "ftol": 1e-15})
    assert np.abs(solved.fun).max() < 1e-11
    c = np.exp(solved.x)
    charges = c[0] - c[1] - 2 * c[2] - c[3] + c[4:] @ np.repeat([3, 1, -1], 3)
    return c, charges


def test_sulfate_speciation_agrees_with_the_plain_equations(sulfate):
    amounts = sulfate.array(METALS)
    anions, h = electroneutral(sulfate, amounts, acid=0.05)
    expected, charges = by_hand(anions / 2, 0.05)
    assert abs(charges) < 1e-12  # the liquor is electroneutral, species by species
    law = sulfate.law(np.array([298.15]))
    again = expected[2]
    found = speciate(law, amounts[None], np.array([h]), np.array([KW / h]), np.array([again]))
    order = [list(METALS).index(s) for s in sulfate.species]
    metals = expected[4:].reshape(3, 3)[:, order]
    assert h == pytest.approx(expected[0], rel=1e-6)
    assert found.protonated[0] == pytest.approx(expected[3], rel=1e-6)
    np.testing.assert_allclose(found.free[0], metals[0], rtol=1e-6)
    np.testing.assert_allclose(found.complexes[0].T, metals[1:], rtol=1e-6)
    squares = np.repeat([9, 1, 1], 3)
    strength = 0.5 * (expected[[0, 1, 3]].sum() + 4 * expected[2] + expected[4:] @ squares)
    assert found.ionic_strength[0] == pytest.approx(strength, rel=1e-6)


@pytest.mark.parametrize("acid", [1e-6, 0.003, 0.05, 2.0])
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_pH_and_the_acid_it_stands_for_give_the_same_liquor(sulfate, acid, share):
    amounts = share * sulfate.array(METALS)
    anions, h = electroneutral(sulfate, amounts, acid=acid)
    back, same = electroneutral(sulfate, amounts, h=h)
    assert same == h
    assert back == pytest.approx(anions, rel=1e-9)
    assert titratable_acid(sulfate, amounts, anions, h) == pytest.approx(acid, rel=1e-9)
    if acid > 1e-6:  # below, anions hardly tell
        assert free_acid(sulfate, amounts, anions) == pytest.approx(h, rel=1e-6)


def test_liquors_between_circuits_keep_the_speciation(sulfate):
    """Neutralised or redissolved, to a pH or to an acid, HSO4- counts as it does in feeds."""
    amounts = sulfate.array(METALS)
    anions, h = electroneutral(sulfate, amounts, acid=0.2)
    liquor = Stream(sulfate, "liquor", "aqueous", 10.0, amounts, anions, h)
    for by in ("neutralising", "redissolving"):
        to_acid = treat(liquor, acid=0.05, strength=None, by=by).stream
        assert to_acid.acid < 0.04
        found = titratable_acid(sulfate, to_acid.concentration, to_acid.carrier, to_acid.acid)
        assert found == pytest.approx(0.05, rel=1e-9)
        to_h = treat(liquor, acid=None, strength=None, by=by, h=0.02)
        assert to_h.stream.acid == pytest.approx(0.02)
        more = electroneutral(sulfate, amounts, h=0.02)[0]
        assert to_h.stream.carrier == pytest.approx(more, rel=1e-9)
    assert to_h.base == pytest.approx(10 * (3 * amounts.sum() + 0.2), rel=1e-9)


def test_what_leaves_a_column_unchanged_has_the_pH_it_came_with():
    case = sx_sim.parse_case(
        """
temperature = "25 degC"
[solvent]
extractant = "{SULFATE}"
concentration = "1 mol/L"
flow = "1 L/h"
[feeds.liquor]
concentrations = { Nd = "0.1 mol/L", Na = "0.2 mol/L" }
pH = 1.3
flow = "10 L/h"
[sections.extraction]
stages = 3
[constants.Nd]
inert = true
[constants.Na]
inert = true
""".replace("{SULFATE}", SULFATE)
    )
    result = sx_sim.solve(case)
    water = result.speciation()
    np.testing.assert_allclose(result.stages.pH, 1.3, atol=1e-9)
    total = water.ligand + water.protonated + water.complexes @ [1, 2] @ np.ones(2)
    np.testing.assert_allclose(2 * total, result.stages.anion, rtol=1e-9)
    charges = water.hydrogen - water.hydroxide - water.protonated - 2 * water.ligand
    charges += water.free @ result.system.charge
    charges += water.complexes[:, result.system.index("Nd")] @ [1, -1]
    np.testing.assert_allclose(charges, 0.0, atol=1e-9)


def test_a_flask_takes_the_acid_as_it_is_titrated():
    """0.1 mol/L of H2SO4 is 0.2 mol/L of acid, of which HSO4- holds some."""
    found = sx_sim.contact("d2ehpa-tbp-sulfate", {"Ca": 1e-9}, acid=0.2, concentration=0.15)
    h = float(found.acid)
    assert (h - 0.1) * h / (0.2 - h) == pytest.approx(10**-1.99, rel=1e-4)


def test_complexes_by_table():
    warm = np.array([298.15, 308.15])
    one = ligand("nitrate").ln_beta(["Eu", "Na"], warm)
    assert np.exp(one[0, 0, 0]) == pytest.approx(2.0, rel=1e-3)  # measured at I = 1 mol/L
    assert one[1, 0, 0] < one[0, 0, 0]  # exothermic
    assert np.isneginf(one[:, 1]).all()
    assert ligand("none") is None
    assert np.isneginf(ligand("bisulfate").ln_beta(["Nd"], warm)).all()
    with pytest.raises(sx_sim.CaseError, match="must be none, bisulfate, chloride"):
        ligand("phosphate")


def test_an_alkaline_liquor_needs_cations():
    with pytest.raises(sx_sim.CaseError, match="alkaline without the cations"):
        sx_sim.parse_case(
            """
temperature = "25 degC"
[solvent]
extractant = "{SULFATE}"
concentration = "1 mol/L"
flow = "1 L/h"
[feeds.liquor]
concentrations = { Na = "0.01 mol/L" }
pH = 13
flow = "10 L/h"
[sections.extraction]
stages = 3
""".replace("{SULFATE}", SULFATE)
        )
