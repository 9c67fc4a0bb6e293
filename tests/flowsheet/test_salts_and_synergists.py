"""Circuits whose metals are extracted with anions, or by two extractants."""

import numpy as np
import pytest

import sx_sim
from support.differences import check_against_differences
from sx_sim.cascade.results import solve_column
from sx_sim.chemistry.aqueous import water_ion_product
from sx_sim.kernels.solve import solve_column as solve_kernel
from sx_sim.kernels.types import Options

SALTS = """
temperature = "30 degC"
[solvent]
extractant = "tbp-nitrate"
concentration = "1.0 mol/L"
flow = "300 L/h"
recycle = true
bleed = 0.05
[feeds.liquor]
composition = { La = 60, Nd = 40 }
strength = "1.2 mol/L"
concentrations = { NH4 = "1.5 mol/L" }
acid = "0.2 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 8
[sections.scrub]
stages = 6
flow = "40 L/h"
reflux = "strip liquor"
ACID
[sections.strip]
stages = 5
acid = "0.05 mol/L"
flow = "200 L/h"
outlet = "strip liquor"
DROPS
[constants.NH4]
inert = true
"""
MIXED = """
temperature = "25 degC"
[solvent]
extractant = "pmcp-damp-perchlorate"
concentration = "0.05 mol/L"
synergist = "0.02 mol/L"
flow = "60 L/h"
recycle = true
[feeds.liquor]
concentrations = { U = "0.005 mol/L", Na = "0.1 mol/L" }
pH = 1.5
flow = "100 L/h"
[sections.extraction]
stages = 4
[sections.strip]
stages = 4
acid = "2 mol/L"
flow = "20 L/h"
outlet = "strip liquor"
[constants.Na]
inert = true
"""
ADJUSTED, KEPT = 'acid = "0.3 mol/L"', ""
DROPS = "entrained_organic = 0.01\nentrained_aqueous = 0.01\nefficiency = 0.9"


def salts(acid=ADJUSTED, drops=""):
    return sx_sim.parse_case(SALTS.replace("ACID", acid).replace("DROPS", drops))


@pytest.mark.parametrize("acid", [ADJUSTED, KEPT])
@pytest.mark.usefixtures("closed_tightly")
def test_slopes_where_acid_is_a_species(acid):
    steps = {
        "solvent.concentration": 1e-3,
        "solvent.flow": 0.1,
        "feeds.liquor.acid": 1e-3,
        "feeds.liquor.concentrations.NH4": 1e-3,
        "sections.scrub.flow": 0.02,
        "sections.strip.acid": 1e-4,
        "constants.La.log10_K": 1e-3,
        "constants.H.log10_K": 1e-3,
        "constants.Nd.order_dimer": 1e-3,
        "temperature": 1e-2,
    }
    outputs = [
        "purity.Nd.strip liquor", "recovery.La.raffinate", "concentration.H.raffinate",
        "concentration.Nd.strip liquor",
    ]  # fmt: skip
    check_against_differences(salts(acid), outputs, steps)


@pytest.mark.usefixtures("closed_tightly")
def test_slopes_where_two_extractants_share_a_metal():
    steps = {
        "solvent.concentration": 1e-4,
        "solvent.synergist": 1e-5,
        "feeds.liquor.pH": 1e-3,
        "sections.strip.acid": 1e-2,
        "constants.U.log10_K": 1e-3,
        "constants.U.enthalpy": 1e-1,
    }
    case = sx_sim.parse_case(MIXED)
    check_against_differences(case, ["recovery.U.raffinate", "concentration.U.raffinate"], steps)


@pytest.mark.parametrize("drops", ["", DROPS])
@pytest.mark.parametrize("acid", [ADJUSTED, KEPT])
def test_what_is_extracted_as_salt_balances(acid, drops):
    """Acid and anions leave as they come in, in the ledger and as species."""
    result = sx_sim.solve(salts(acid, drops))
    assert result.converged
    assert max(result.ledger.closures.values()) < 1e-8
    unit = result.circuit
    stages, charge = unit.stages, unit.system.charge
    np.testing.assert_allclose(stages.anion, stages.aqueous @ charge, rtol=1e-12)
    hydroxide = water_ion_product(stages.temperature) / stages.acid
    acid = stages.aqueous[:, unit.system.acid]
    np.testing.assert_allclose(stages.acid, acid + hydroxide, rtol=1e-9)


def test_water_that_solvent_strips_of_its_acid_becomes_neutral_and_no_more():
    """A long extraction takes all acid out of the liquor; hydroxide keeps it at pH 7."""
    text = SALTS.replace("ACID", ADJUSTED).replace("DROPS", "")
    text = text.replace("stages = 8", "stages = 60").replace("recycle = true\nbleed = 0.05\n", "")
    text = text.replace('flow = "300 L/h"', 'flow = "900 L/h"')
    result = sx_sim.solve(sx_sim.parse_case(text))
    assert result.converged
    assert result.circuit.stages.pH.max() == pytest.approx(6.9, abs=0.2)


def test_a_result_with_more_unknowns_is_read_back(tmp_path):
    for text in (MIXED, SALTS.replace("ACID", KEPT).replace("DROPS", "")):
        case = sx_sim.parse_case(text)
        result = sx_sim.solve(case)
        sx_sim.save_result(result, tmp_path / "r.h5", case)
        again = sx_sim.load_result(tmp_path / "r.h5")
        np.testing.assert_array_equal(again.circuit.stages.unknowns, result.circuit.stages.unknowns)
        assert again.converged


@pytest.mark.parametrize(
    "key", ["hehehp-chloride-conditional", "hehehp-chloride-complexed", "cyanex272-chloride"]
)
def test_one_complex_given_as_such_is_the_law_of_two_exponents(key):
    """Complexes one by one tell what two exponents tell, with and without a ligand."""
    text = f"""
temperature = "35 degC"
[solvent]
extractant = "{key}"
concentration = "1.0 mol/L"
flow = "200 L/h"
[feeds.liquor]
concentrations = {{ Nd = "0.1 mol/L", Dy = "0.05 mol/L" }}
acid = "0.05 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 8
[sections.scrub]
stages = 8
acid = "0.3 mol/L"
flow = "20 L/h"
"""
    column = sx_sim.parse_case(text).column
    cascade, law = column.pack()
    told = law._replace(complexes=column.system._complexes(law.ln_k, column.temperature))
    one, other = (solve_kernel(cascade, each, None, Options()) for each in (law, told))
    np.testing.assert_allclose(other.aqueous, one.aqueous, rtol=1e-9)
    np.testing.assert_allclose(other.organic, one.organic, rtol=1e-9)
    assert solve_column(column).converged
