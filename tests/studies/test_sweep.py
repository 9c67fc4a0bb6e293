"""Sweeps: the grid, its failures, the enthalpy band."""

import numpy as np
import pytest

import sx_sim
from support.columns import HEAVY, heavy_case
from sx_sim.studies.band import band_points, bounds
from sx_sim.studies.points import SweepAxis


def swept(axes: str, **changes: float) -> sx_sim.SweepResult:
    values = {"solvent": 400, "strength": 0.3, "acid": 0.05, "extraction": 8, "scrub": 6}
    return sx_sim.run_sweep(sx_sim.parse_case(HEAVY.format(**(values | changes)) + axes))


def axis(path: str, values: list) -> str:
    return f'\n[[sweep.axes]]\npath = "{path}"\nvalues = {values!r}\n'.replace("'", '"')


def test_each_point_is_the_case_with_its_values():
    sweep = swept(
        axis("feeds.clay.pH", [0.5, 1.5]) + axis("solvent.saponification", [0.1, 0.2, 0.3])
    )
    assert sweep.shape == (2, 3)
    case = heavy_case().with_values({"feeds.clay.pH": 0.5, "solvent.saponification": 0.3})
    alone = sx_sim.solve(case)
    assert sweep.recovered("Dy", "raffinate")[0, 2] == pytest.approx(alone.recovery("Dy"), 1e-9)
    assert sweep.purity(["Dy", "Ho"], "raffinate")[0, 2] == pytest.approx(
        alone.purity(["Dy", "Ho"])
    )
    cold = heavy_case().with_values({"feeds.clay.pH": 0.5, "solvent.saponification": 0.1})
    first = sx_sim.solve(cold)  # where a block begins, the same bits
    assert sweep.recovered("Dy", "raffinate")[0, 0] == first.recovery("Dy")
    assert sweep.purity("Dy", "raffinate", "mol")[0, 0] == first.purity("Dy", basis="mol")
    by_moles = sweep.purity("Dy", "raffinate", "mol")[0, 2]
    assert by_moles == pytest.approx(alone.purity("Dy", basis="mol"), 1e-9)
    assert sweep.counts == {sx_sim.Status.CONVERGED: 6}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("sections.scrub.acid", ["1 mol/L", "2 mol/L"]),
        ("solvent.oa", [2.0, 3.0]),
        ("sections.scrub.oa", [5.0, 8.0]),
        ("solvent.flow", ["0.4 m**3/h", "0.5 m**3/h"]),
        ("sections.extraction.stages", [5, 10]),
        ("feeds.clay.strength", ["0.2 mol/L", "0.4 mol/L"]),
    ],
)
def test_any_input_can_be_an_axis(path, values):
    sweep = swept(axis(path, values))
    assert sweep.counts == {sx_sim.Status.CONVERGED: 2}
    dy = sweep.recovered("Dy", "raffinate")
    assert dy[0] != dy[1]


def test_spacing():
    even = swept('\n[[sweep.axes]]\npath = "feeds.clay.pH"\nfrom = 1\nto = 2\npoints = 3\n')
    np.testing.assert_allclose(even.axes[0].values, [1, 1.5, 2])
    decades = swept(
        '\n[[sweep.axes]]\npath = "feeds.clay.acid"\nfrom = "0.01 mol/L"\nto = "1 mol/L"\n'
        'points = 3\nscale = "log"\n'
    )
    np.testing.assert_allclose(decades.axes[0].values, [0.01, 0.1, 1])


def test_failed_points_are_recorded_and_do_not_stop_the_rest():
    sweep = swept(axis("solvent.saponification", [0.2, 0.9]), solvent=3000, acid=0.01)
    assert sweep.status[0] == sx_sim.Status.CONVERGED
    assert sweep.status[1] == sx_sim.Status.EXCESS_BASE
    assert np.isfinite(sweep.recovered("Dy", "raffinate")[0])
    assert np.isnan(sweep.recovered("Dy", "raffinate")[1])


def test_points_that_make_no_column_are_recorded():
    """O/A of 4 in the first section and in the scrub cannot both hold."""
    sweep = swept(axis("solvent.oa", [2.0, 4.0]) + axis("sections.scrub.oa", [6.0, 3.9]))
    assert sweep.status[1, 1] == sx_sim.Status.INVALID
    assert sweep.status[0, 0] == sx_sim.Status.CONVERGED


def test_the_band_holds_the_nominal_line_and_vanishes_at_25_degrees():
    sweep = swept(axis("temperature", ["25 degC", "45 degC"]) + "[sweep]\nband_members = 16\n")
    low, middle, high = bounds(sweep.band, "recovery.Dy.raffinate")
    np.testing.assert_allclose(middle, sweep.recovered("Dy", "raffinate"), rtol=1e-9)
    assert low[0] == pytest.approx(high[0], rel=1e-9)
    assert low[1] < middle[1] < high[1]
    assert high[1] - low[1] > 0.01


def test_enthalpy_errors_have_the_stated_spread():
    case = heavy_case()
    heated = SweepAxis("temperature", np.array([25.0, 35.0]), "degC", "temperature")
    drawn, again = (
        {axis.path: axis.values for axis in band_points(case, heated, 4096).axes} for _ in range(2)
    )
    dy, ho = drawn["constants.Dy.enthalpy"], drawn["constants.Ho.enthalpy"]
    species = case.column.system.extractant.species
    assert dy[0] == species["Dy"].enthalpy
    assert dy[1:].std() == pytest.approx(np.hypot(10, 4), rel=0.03)
    assert (dy - ho)[1:].std() == pytest.approx(4 * np.sqrt(2), rel=0.05)
    np.testing.assert_array_equal(dy, again["constants.Dy.enthalpy"])


def test_progress_is_reported():
    calls = []
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    text += axis("temperature", ["25 degC", "35 degC"]) + "[sweep]\nband_members = 4\n"
    sx_sim.run_sweep(sx_sim.parse_case(text), progress=lambda *call: calls.append(call))
    assert calls[-1] == (12, 12)
    assert [done for done, _ in calls] == [2, 7, 12]  # a block, then the band
