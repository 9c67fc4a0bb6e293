"""Elements, van 't Hoff, aqueous chemistry, systems."""

import numpy as np
import pytest

import sx_sim
from sx_sim.chemistry.aqueous import vant_hoff, water_ion_product
from sx_sim.chemistry.elements import element, elements
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.chemistry.system import ChemicalSystem


def test_the_elements_a_user_expects_are_there():
    lanthanides = "La Ce Pr Nd Sm Eu Gd Tb Dy Ho Er Tm Yb Lu".split()
    ballast = "H Li Be Rb Cs Sr Ba Cr Mn Co Ni Cu Zn Cd Ga In Pb Ti V Zr Ra".split()
    others = {*"Y Sc Th U Fe Al Ca Mg K Na NH4".split(), *ballast}
    assert {*lanthanides, *others} == set(elements())
    assert all(element(s).charge == 3 for s in lanthanides)


@pytest.mark.parametrize(
    ("symbol", "oxide", "mass"),
    [
        ("La", "La2O3", 162.904),
        ("Ce", "CeO2", 172.114),
        ("Pr", "Pr6O11", 170.239),
        ("Tb", "Tb4O7", 186.924),
        ("Y", "Y2O3", 112.904),
        ("U", "U3O8", 280.693),
    ],
)
def test_oxide_masses(symbol, oxide, mass):
    """Grams of oxide per mole of the element, by hand."""
    assert element(symbol).oxide == oxide
    assert element(symbol).oxide_mass == pytest.approx(mass, abs=2e-3)


def test_ammonium_is_its_atoms():
    assert element("NH4").mass == pytest.approx(18.039, abs=1e-3)


def test_unknown_element_names_the_nearest():
    with pytest.raises(sx_sim.CaseError, match="did you mean Dy"):
        element("Dyy")


def test_vant_hoff_by_hand():
    """dH = 10 kJ/mol raises K by exp(dH/R (1/298.15 - 1/308.15)) = 1.1399 over ten degrees."""
    ln_k = vant_hoff(np.array([0.5]), np.array([10.0]), np.array([298.15, 308.15]), 298.15)
    assert ln_k[0, 0] == pytest.approx(0.5 * np.log(10))
    assert np.exp(ln_k[1, 0] - ln_k[0, 0]) == pytest.approx(1.1399, abs=1e-4)


def test_ion_product_of_water():
    """pKw 14.00 at 25 degC and 13.26 at 50 degC, to the van 't Hoff approximation."""
    kw = water_ion_product(np.array([298.15, 323.15]))
    np.testing.assert_allclose(-np.log10(kw), [14.0, 13.26], atol=0.03)


def test_species_come_in_the_order_of_extraction():
    system = ChemicalSystem.of(extractant_set("hehehp-chloride"), ["Na", "Er", "Y", "Ho", "La"])
    assert system.species == ("La", "Ho", "Y", "Er", "Na")


def test_a_species_without_constants_is_refused():
    with pytest.raises(sx_sim.CaseError, match="no constants for Fe"):
        ChemicalSystem.of(extractant_set("hehehp-chloride"), ["Fe"])


def test_complexed_and_conditional_constants_agree_where_they_were_fitted():
    """The set with chloride complexes is another way to write the same isotherms."""
    answers = [
        sx_sim.contact(key, {"Nd": 0.1}, acid=0.1, concentration=1.0).extracted("Nd")
        for key in ("hehehp-chloride", "hehehp-chloride-complexed")
    ]
    assert answers[0] == pytest.approx(answers[1], rel=0.05)
    assert answers[0] != answers[1]


def test_half_neutralised_solvent_has_the_biphasic_pKa():
    """Against 1 mol/L of sodium, half-saponified PC-88A sits at pH 7.1 (doppa1995)."""
    found = sx_sim.contact(
        "hehehp-chloride",
        {"Na": 1.0},
        acid=1e-7,
        concentration=1.0,
        saponification=0.5,
        oa=1e-3,
    )
    assert found.pH == pytest.approx(7.1, abs=0.01)
    assert found.organic[found.elements.index("Na")] == pytest.approx(0.5, abs=0.01)
