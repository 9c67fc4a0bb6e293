"""Controllers: against a plant and a loop built by hand, and at their limits."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import root

import sx_sim
from sx_sim.dynamics.simulation import FIRST
from sx_sim.simulations import Simulation, simulate

CASE = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride-conditional"
concentration = "1.0 mol/L"
flow = "100 L/h"
[feeds.liquor]
concentrations = { Nd = "0.2 mol/L" }
acid = "0.1 mol/L"
flow = "80 L/h"
[sections.extraction]
stages = 2
[sections.scrub]
stages = 1
acid = "0.2 mol/L"
flow = "40 L/h"
[simulation]
duration = "8 h"
mixer = "20 L"
aqueous_share = 0.5
settler = "30 L"
tolerance = 1e-9
interval = "30 min"
[[simulation.events]]
at = "1 h"
set = { "feeds.liquor.flow" = "90 L/h" }
[[simulation.controllers]]
name = "acidity"
measure = "stage_pH.extraction.1"
adjust = "sections.scrub.acid"
set_point = 0.62
gain = -0.4
integral_time = "1 h"
low = 0.05
high = HIGH
sample_time = "30 min"
DELAY
"""


def case_of(high="1.0", delay=""):
    return sx_sim.parse_case(CASE.replace("HIGH", high).replace("DELAY", delay))


class ByHand:
    """Three stages of one metal, equilibrium solved by SciPy, and a sampled PI loop.

    What is held are moles of metal and of anions in mixers of 10 and 10 L and settlers of 30 L; the
    extractant is the same everywhere.
    """

    def __init__(self, system):
        law = system.law(np.array([298.15]))
        self.ln_k, self.n = float(law.ln_k[0, 0]), float(law.order_dimer[0])
        self.p, self.taken = float(law.order_acid[0]), float(law.dimers[0])
        self.dimer, self.kw, self.guess = 0.5, 10**-13.995, [np.zeros(3)] * 3
        self.acid, self.flow, self.integral = 0.2, 80.0, 0.0

    def equilibrium(self, metal, anions, j):
        """Return x, y, h of a mixer that holds so much."""

        def off(ln):
            x, h, e = np.exp(ln)
            y = np.exp(self.ln_k) * e**self.n / h**self.p * x
            return [
                10.0 * (x + y) / metal - 1.0,
                (h + 3.0 * x) / (anions / 10.0 + self.kw / h) - 1.0,
                (e + self.taken * y) / self.dimer - 1.0,
            ]

        start = self.guess[j] if self.guess[j].any() else np.log([metal / 30, 0.1, 0.3])
        found = root(off, start, method="lm", tol=1e-14).x
        self.guess[j] = found
        x, h, e = np.exp(found)
        return x, np.exp(self.ln_k) * e**self.n / h**self.p * x, h

    def rates(self, time, state):
        metal, anions, water, salt, organic = state.reshape(5, 3)
        mixed = [self.equilibrium(metal[j], anions[j], j) for j in range(3)]
        x, y, _ = np.transpose(mixed)
        c = anions / 10.0
        passes = np.array([self.flow + 40.0, self.flow + 40.0, 40.0])
        fed = np.array([0.0, self.flow * 0.2, 0.0])
        fed_c = np.array([0.0, self.flow * 0.7, 40.0 * self.acid])
        fallen = np.append((passes * water / 30.0)[1:], 0.0)
        fallen_c = np.append((passes * salt / 30.0)[1:], 0.0)
        risen = np.insert((100.0 * organic / 30.0)[:-1], 0, 0.0)
        return np.concatenate(
            [
                fed + fallen + risen - passes * x - 100.0 * y,
                fed_c + fallen_c - passes * c,
                passes * (x - water / 30.0),
                passes * (c - salt / 30.0),
                100.0 * (y - organic / 30.0),
            ]
        )

    def control(self, pH):
        error = 0.62 - pH
        self.integral += -0.4 * error * 0.5 / 1.0
        self.acid = 0.2 - 0.4 * error + self.integral


def test_a_closed_loop_is_that_of_a_plant_built_by_hand():
    found = simulate(case_of())
    plant = Simulation(case_of())
    hand = ByHand(plant.result.system)
    stages = plant.result.stages
    x, y, c = stages.aqueous[:, 0], stages.organic[:, 0], stages.anion
    state = np.concatenate([10.0 * (x + y), 10.0 * c, 30.0 * x, 30.0 * c, 30.0 * y])
    acids, acidity = [], []
    for k in range(16):
        h = [hand.equilibrium(*state.reshape(5, 3)[:2, j], j)[2] for j in range(3)]
        acidity.append(-np.log10(h))
        hand.control(acidity[-1][0])
        acids.append(hand.acid)
        if k == 2:
            hand.flow = 90.0
        end = 0.5 * (k + 1)
        state = solve_ivp(
            hand.rates, (0.5 * k, end), state, method="Radau", rtol=1e-10, atol=1e-12
        ).y[:, -1]
    output = found.controllers["acidity"][:, 2]
    np.testing.assert_allclose(output[1:], acids, rtol=1e-6)
    np.testing.assert_allclose(found.stages["pH"][:16], acidity, rtol=0.0, atol=1e-6)
    assert FIRST * plant.shortest < 1e-6


def test_a_feed_step_is_rejected():
    text = CASE.replace('duration = "8 h"', 'duration = "80 h"').replace("1e-9", "1e-4")
    found = simulate(sx_sim.parse_case(text.replace("HIGH", "1.0").replace("DELAY", "")))
    measured = found.controllers["acidity"][:, 0]
    assert abs(measured[-1] - 0.62) < 1e-4
    assert found.balance < 1e-12


def test_the_integral_stands_still_at_a_limit():
    """The set point is out of reach for a while; then the loop leaves its limit at once."""
    text = CASE.replace('duration = "8 h"', 'duration = "60 h"').replace("1e-9", "1e-4")
    text = text.replace("set_point = 0.62", "set_point = 0.2").replace("DELAY", "")
    plant = Simulation(sx_sim.parse_case(text.replace("HIGH", "0.3")))
    plant.step(40.0)
    loop = plant.loops["acidity"]
    assert loop.output == 0.3
    held = loop.integral
    assert abs(held) < 0.3
    loop.set_point = 0.9
    plant.step(1.0)
    assert loop.output < 0.3


def test_an_assay_comes_late():
    found = simulate(case_of(delay='delay = "2 h"'))
    output = found.controllers["acidity"][:, 2]
    assert (output[:5] == 0.2).all()
    assert output[6] != 0.2


def test_a_cascade_and_a_ratio():
    more = """
[[simulation.controllers]]
name = "purity"
measure = "stage_aqueous.Nd.extraction.1"
adjust = "controllers.acidity.set_point"
set_point = 0.05
gain = 0.5
low = 0.4
high = 0.8
sample_time = "1 h"
[[simulation.controllers]]
name = "solvent to feed"
kind = "ratio"
measure = "flow.raffinate"
adjust = "solvent.flow"
ratio = 0.8
low = 50
high = 150
sample_time = "1 h"
"""
    text = CASE.replace("1e-9", "1e-4").replace("HIGH", "1.0").replace("DELAY", "") + more
    found = simulate(sx_sim.parse_case(text))
    inner, outer = found.controllers["acidity"], found.controllers["purity"]
    assert inner[-1, 1] == outer[-1, 2] != 0.62
    assert found.inputs["solvent.flow"][-1] == pytest.approx(0.8 * 130.0)
