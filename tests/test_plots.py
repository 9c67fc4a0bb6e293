"""Pictures show what they say."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import sx_sim
from support.columns import HEAVY, heavy_case
from sx_sim.plots import nines, split_at


@pytest.fixture(scope="module")
def result():
    return sx_sim.solve(heavy_case())


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_profiles_draw_every_species_in_both_phases(result):
    figure = sx_sim.plots.profiles(result)
    for axes, table in zip(
        figure.axes, (result.stages.aqueous, result.stages.organic), strict=True
    ):
        assert axes.get_yscale() == "log"
        assert [line.get_label() for line in axes.lines] == list(result.elements)
        np.testing.assert_array_equal(axes.lines[0].get_ydata(), table[:, 0])
        assert {t.get_text() for t in axes.texts} == {"extraction", "scrub"}


def test_acidity_draws_pH_and_loading(result):
    left, right = sx_sim.plots.acidity(result).axes
    np.testing.assert_array_equal(left.lines[0].get_ydata(), result.stages.pH)
    np.testing.assert_allclose(right.lines[0].get_ydata(), 100 * result.stages.loading)


def test_products_add_up_to_a_hundred(result):
    left, right = sx_sim.plots.products(result).axes
    widths = np.array([bar.get_width() for bar in left.patches]).reshape(-1, len(result.streams))
    np.testing.assert_allclose(widths.sum(axis=0), 100)
    heights = np.array([bar.get_height() for bar in right.patches]).reshape(len(result.streams), -1)
    np.testing.assert_allclose(heights.sum(axis=0), 100)


@pytest.fixture(scope="module")
def sweep():
    text = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
    text += '\n[[sweep.axes]]\npath = "feeds.clay.acid"\nvalues = ["0.05 mol/L", "0.1 mol/L"]\n'
    text += '[[sweep.axes]]\npath = "temperature"\nvalues = ["20 degC", "30 degC", "40 degC"]\n'
    return sx_sim.run_sweep(sx_sim.parse_case(f"{text}[sweep]\nband_members = 4\n"))


def test_heat_maps(sweep):
    figure = sx_sim.plots.heat_maps(sweep, "Dy", "Ho")
    panel = next(a for a in figure.axes if a.get_title() == "recovery: Dy in raffinate")
    shown = np.asarray(panel.collections[0].get_array()).reshape(3, 2)
    np.testing.assert_allclose(shown, nines(sweep.recovered("Dy", "raffinate")).T)
    assert figure.axes[2].get_xlabel() == "clay acid [mol/L]"
    assert figure.axes[0].get_ylabel() == "temperature [°C]"
    np.testing.assert_allclose(panel.lines[0].get_xydata(), [[0.05, 25.0]])


def test_temperature_band(sweep):
    figure = sx_sim.plots.temperature_band(sweep, "Dy", "Ho")
    recovery = figure.axes[1]
    middle = sweep.band.recovered("Dy", "raffinate")[1]
    np.testing.assert_allclose(recovery.lines[0].get_ydata(), 100 * middle)
    assert len(recovery.collections) == 2


def test_nines():
    np.testing.assert_allclose(nines(np.array([0.0, 0.9, 0.999, 1.0])), [0, 1, 3, 6])


def test_split():
    assert split_at(("La", "Nd", "Sm", "Gd"), "Nd", "Sm") == (["La", "Nd"], ["Sm", "Gd"])
    assert split_at(("La", "Nd", "Sm", "Gd")) == (["La", "Nd"], ["Sm", "Gd"])
