"""Constant distribution ratios: the closed form of Kremser."""

import numpy as np
import pytest

import sx_sim

CASE = """
temperature = "25 degC"
[solvent]
extractant = "p507-10vol-logd"
flow = "{factor} L/h"
[feeds.liquor]
concentrations = {{ Nd = "0.1 mol/L" }}
acid = "0.1 mol/L"
flow = "1 L/h"
[sections.extraction]
stages = {stages}
[constants.Nd]
log10_K = 0.0
order_acid = 0.0
"""


def kremser(factor: float, stages: int) -> float:
    """Return the share of a solute left by ``stages`` of extraction factor ``factor``."""
    return 1.0 / np.sum(np.power(factor, np.arange(stages + 1), dtype=np.longdouble))


@pytest.mark.parametrize("stages", [1, 5, 50, 500])
@pytest.mark.parametrize("factor", [0.2, 0.7, 1.0, 1.3, 5.0])
def test_raffinate_and_extract(stages, factor):
    result = sx_sim.solve(sx_sim.parse_case(CASE.format(factor=factor, stages=stages)))
    left = float(kremser(factor, stages))
    if left > 1e-200:
        assert result.recovery("Nd") == pytest.approx(left, rel=1e-10)
    assert result.recovery("Nd", "loaded solvent") == pytest.approx(1 - left, abs=1e-10)


def test_the_whole_profile():
    """x_j = x_1 (E^j - 1) / (E - 1) from barren solvent."""
    factor, stages = 1.3, 50
    result = sx_sim.solve(sx_sim.parse_case(CASE.format(factor=factor, stages=stages)))
    x = result.stages.aqueous[:, 0]
    j = np.arange(1, stages + 1)
    np.testing.assert_allclose(x / x[0], (factor**j - 1) / (factor - 1), rtol=1e-10)
