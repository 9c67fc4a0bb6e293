"""Divalent metals against the whole system of equations, solved by SciPy in other unknowns.

Every stage's concentrations of ions, hydrogen ion and free extractant are unknowns, as
logarithms; the equations are mass action by the reactions as they are written, the balances of
each metal and of the extractant, and electroneutrality. Nothing of the solver is used.
"""

import numpy as np
import pytest
from scipy.optimize import root

import sx_sim

KW = 10**-13.995  # at 25 degC


def residuals(ln, fed, flows, extractant, anions, reactions, kw):
    """Return the residuals of N stages; ``ln`` holds S ions, h and the free extractant."""
    aqueous, organic = flows
    log10_k, acid, order, taken, charge = reactions
    values = np.exp(ln.reshape(-1, len(charge) + 2))
    x, h, e = values[:, :-2], values[:, -2], values[:, -1]
    y = 10**log10_k * x * (e[:, None] ** order) / (h[:, None] ** acid)
    brought = np.vstack([fed["organic"], organic * y[:-1]])
    fallen = np.vstack([aqueous * x[1:], fed["aqueous"]])
    metals = (brought + fallen) / (aqueous * x + organic * y) - 1.0
    held = (e + y @ taken) / extractant - 1.0
    neutral = (h + x @ charge) / (anions + kw / h) - 1.0
    return np.column_stack([metals, held, neutral]).ravel()


CASE = """
temperature = "{celsius} degC"

[solvent]
extractant = "{extractant}"
concentration = "{formal} mol/L"
saponification = {soap}
flow = "{organic} L/h"

[feeds.liquor]
concentrations = {{ {metals} }}
acid = "{acid} mol/L"
flow = "100 L/h"

[sections.extraction]
stages = {stages}
"""

COBALT = {
    # log10 K as the set has it, H+ released, exponent of the dimer, dimers bound, charge
    "Co": (-7.996, 2, 2, 2, 2),
    "Mg": (-10.196, 2, 2, 2, 2),
    "Ni": (-11.796, 2, 2, 2, 2),
    "Na": (-8.399, 1, 1, 0.5, 1),  # D rises with the free extractant, half a dimer is bound
}


@pytest.mark.parametrize("stages", [2, 4, 6])
def test_cobalt_nickel_and_magnesium_with_an_acidic_extractant(stages):
    fed = {"Co": 0.1, "Mg": 0.05, "Ni": 0.4, "Na": 0.0}
    case = sx_sim.parse_case(
        CASE.format(
            celsius=25, extractant="cyanex272-sulfate", formal=0.6, soap=0.3, organic=120,
            metals=", ".join(f'{s} = "{v} mol/L"' for s, v in fed.items() if v), acid=1e-4,
            stages=stages,
        )
    )  # fmt: skip
    agree(case, COBALT, fed, 120.0, 0.3, {"Na": 0.18}, 1e-4)


@pytest.mark.parametrize("stages", [2, 5])
def test_copper_with_a_hydroxyoxime(stages):
    fed = {"Cu": 0.05}
    case = sx_sim.parse_case(
        CASE.format(
            celsius=30, extractant="hobo-nitrate", formal=0.2, soap=0, organic=120,
            metals='Cu = "0.05 mol/L"', acid=0.01, stages=stages,
        )
    )  # fmt: skip
    agree(case, {"Cu": (-0.959, 2, 2, 2, 2)}, fed, 120.0, 0.2, {}, 0.01)


def agree(case, reactions, fed, organic, extractant, soap, acid):
    """Check every concentration of every stage of a case."""
    result = sx_sim.solve(case)
    species = result.system.species
    rows = np.array([reactions[s] for s in species])
    charge = rows[:, -1]
    cations = np.array([fed[s] for s in species])
    stages = result.stages
    kw = float(result.column.pack()[0].water_ion_product[0])
    assert kw == pytest.approx(KW, rel=0.5)
    anions = cations @ charge + acid  # of the feed, as no other water comes in
    given = {
        "aqueous": 100.0 * cations,
        "organic": organic * np.array([soap.get(s, 0.0) for s in species]),
    }
    known = np.column_stack([stages.aqueous, stages.acid, np.exp(stages.unknowns[:, 1])])
    start = np.log(known) + np.random.default_rng(0).normal(0.0, 0.01, known.shape)
    arguments = given, (100.0, organic), extractant, anions, tuple(rows.T), kw
    found = root(residuals, start.ravel(), args=arguments, method="lm", tol=1e-15)
    assert np.abs(residuals(found.x, *arguments)).max() < 1e-12
    np.testing.assert_allclose(found.x, np.log(known).ravel(), atol=1e-9)
