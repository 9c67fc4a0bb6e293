"""A cascade with constant distribution ratios over time, against the matrix exponential."""

import numpy as np
import pytest
from scipy.linalg import expm

import sx_sim
from sx_sim.dynamics.simulation import FIRST
from sx_sim.simulations import Simulation

RATIOS = {"La": 0.4, "Nd": 1.0, "Y": 2.5}
SET = """
key = "constant"
title = "Constant distribution ratios"
extractant = "none"
medium = "chloride"
law = "constant D"
reaction = "none"
basis = "none"
complexes = "none"
reference_temperature = 298.15
conditions = "a test"
[level]
log10_K_sd = 0.1
enthalpy_sd = 1.0
[ranges]
"""
SPECIES = """
[species.{symbol}]
log10_K = {log10_d}
log10_K_sd = 0.1
quality = "estimated"
source = ["assumed"]
order_dimer = 0.0
order_acid = 0.0
dimers = 0.0
enthalpy = 0.0
enthalpy_sd = 1.0
enthalpy_quality = "estimated"
enthalpy_source = ["assumed"]
"""
CASE = """
temperature = "25 degC"
[solvent]
extractant = "{path}"
flow = "1.2 L/h"
[feeds.liquor]
concentrations = {{ La = "0.1 mol/L", Nd = "0.1 mol/L", Y = "0.05 mol/L" }}
acid = "3 mol/L"
flow = "1 L/h"
[sections.extraction]
stages = 10
[sections.scrub]
stages = 8
acid = "3 mol/L"
flow = "0.4 L/h"
[sections.strip]
stages = 7
acid = "3 mol/L"
flow = "2 L/h"
outlet = "strip liquor"
[simulation]
duration = "10 h"
start = "empty"
mixer = "200 mL"
settler = "200 mL"
tanks = {tanks}
tolerance = {tolerance}
"""


def simulated(tmp_path, tolerance, tanks=1):
    path = tmp_path / "constant.toml"
    rows = [SPECIES.format(symbol=s, log10_d=repr(float(np.log10(d)))) for s, d in RATIOS.items()]
    path.write_text(SET + "".join(rows))
    text = CASE.format(path=path, tolerance=tolerance, tanks=tanks)
    return Simulation(sx_sim.parse_case(text))


def exact(plant, symbol, hours, tanks):
    """Return what mixers and settlers hold in water (tanks + 1, N) after a start from nothing."""
    bank = plant.plant.units[""].bank
    n, d = bank.stages, RATIOS[symbol]
    water, organic = bank.water_at(bank.flows), 0.2 - bank.water_at(bank.flows)
    feed = bank.column.fed[:, bank.column.system.index(symbol)]
    f = bank.flows
    size = n * (1 + 2 * tanks)  # mixers, then tanks of water, then of organic; as concentrations

    def at(kind, k, j):
        return j if kind == "mixer" else n * (1 + k + (tanks if kind == "organic" else 0)) + j

    a, b = np.zeros((size, size)), np.zeros(size)
    tank = 0.2 / tanks if tanks else 1.0
    for j in range(n):
        held = water[j] + organic[j] * d
        a[j, j] -= (f.aqueous[j] + f.organic[j] * d) / held
        b[j] += feed[j] / held
        for kind, source, flow, share in (
            ("water", j + 1, f.aqueous, f.aqueous_on),
            ("organic", j - 1, f.organic, f.organic_on),
        ):
            if 0 <= source < n:
                last = at(kind, tanks - 1, source) if tanks else source
                ratio = d if kind == "organic" and not tanks else 1.0
                a[j, last] += flow[source] * share[source] * ratio / held
            for k in range(tanks):
                own = at(kind, k, j)
                before = at(kind, k - 1, j) if k else j
                ratio = d if kind == "organic" and not k else 1.0
                rate = (f.aqueous if kind == "water" else f.organic)[j] / tank
                a[own, before] += rate * ratio
                a[own, own] -= rate
    whole = np.zeros((size + 1, size + 1))
    whole[:size, :size], whole[:size, size] = a, b
    return (expm(hours * whole) @ np.append(np.zeros(size), 1.0))[:n]


def begun(plant):
    """Return how long before time zero the plant held what it was filled with [h]."""
    return FIRST * plant.shortest


@pytest.mark.parametrize("tanks", [0, 1, 3])
def test_start_up_is_the_matrix_exponential(tmp_path, tanks):
    plant = simulated(tmp_path, 1e-10, tanks)
    plant.step(6.0)
    x = plant.result.stages.aqueous
    for symbol in RATIOS:
        expected = exact(plant, symbol, plant.time + begun(plant), tanks)
        found = x[:, plant.result.system.index(symbol)]
        np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-8 * expected.max())


def test_the_method_is_of_order_three(tmp_path):
    """Halving fixed steps divides the error by eight."""
    errors = []
    for steps in (40, 80, 160):
        plant = simulated(tmp_path, 0.1)
        plant._size = lambda trial: 1e-3
        plant.length = 2.0 / steps
        for _ in range(steps):
            plant.length = 2.0 / steps
            plant.step((2.0 - plant.time) / (steps - _))
        found = plant.result.stages.aqueous[:, plant.result.system.index("Nd")]
        errors.append(np.abs(found - exact(plant, "Nd", 2.0 + begun(plant), 1)).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx([3.0, 3.0], abs=0.15)
