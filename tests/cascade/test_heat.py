"""Temperatures from a balance of heat."""

from dataclasses import replace

import numpy as np
import pytest

import sx_sim
from support.columns import HEAVY
from sx_sim.cascade.heat import Heat, temperatures

TABLE = """
[heat]
aqueous = "4.1 kJ/(L*K)"
organic = "1.7 kJ/(L*K)"
loss = "{loss} W/K"
ambient = "15 degC"
[heat.entering]
clay = "50 degC"
scrub = "30 degC"
"""


def case_of(table, extra=""):
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    return sx_sim.parse_case(text.replace("[sections.scrub]", f"[sections.scrub]\n{extra}") + table)


def test_heat_that_enters_leaves_or_is_lost():
    column = case_of(TABLE.format(loss=20)).column
    kelvin, v = column.temperature, column.volumes
    entering = 4.1 * (100 * 323.15 + 60 * 303.15) + 1.7 * 400 * 298.15
    leaving = 4.1 * v.aqueous[0] * kelvin[0] + 1.7 * v.organic[-1] * kelvin[-1]
    lost = 20 * 3.6 * (kelvin - 288.15).sum()
    assert leaving + lost == pytest.approx(entering, rel=1e-12)
    assert kelvin.argmax() == 7  # where the warm clay enters


def test_drops_carry_heat_too():
    drops = "entrained_organic = 0.02\nentrained_aqueous = 0.05"
    column = case_of(TABLE.format(loss=0), drops).column
    kelvin, v = column.temperature, column.volumes
    entering = 4.1 * (100 * 323.15 + 60 * 303.15) + 1.7 * 400 * 298.15
    leaving = (4.1 * v.aqueous[0] + 1.7 * v.organic_down[0]) * kelvin[0]
    leaving += (1.7 * v.organic[-1] + 4.1 * v.aqueous_up[-1]) * kelvin[-1]
    assert leaving == pytest.approx(entering, rel=1e-12)


def test_limits():
    column = case_of("").column
    same = {feed.stream.name: 305.0 for feed in column.feeds}
    np.testing.assert_allclose(temperatures(column, Heat(4.1, 1.7, 0.0, 280.0, same)), 305.0)
    cold = temperatures(column, Heat(4.1, 1.7, 1e9, 280.0, same))
    np.testing.assert_allclose(cold, 280.0, atol=1e-4)


def test_the_column_is_that_of_those_temperatures():
    case = case_of(TABLE.format(loss=20))
    given = replace(case_of("").column, temperature=case.column.temperature)
    assert sx_sim.solve(case).recovery("Dy") == sx_sim.solve(given).recovery("Dy")
    warmer = case.with_values({"heat.entering.clay": "55 degC"})
    assert (warmer.column.temperature > case.column.temperature).all()


@pytest.mark.parametrize(
    ("table", "extra", "message"),
    [
        (TABLE.format(loss=20), 'temperature = "30 degC"', "leave one of them out"),
        (TABLE.format(loss=20).replace("clay", "caly"), "", "heat.entering.caly: nothing enters"),
        (TABLE.format(loss=-1), "", "heat.loss"),
        (TABLE.format(loss=20).replace("4.1 kJ/(L*K)", "4.1 kJ"), "", "heat.aqueous"),
    ],
)
def test_what_does_not_fit_is_told(table, extra, message):
    with pytest.raises(sx_sim.CaseError) as caught:
        case_of(table, extra)
    assert message in str(caught.value)
