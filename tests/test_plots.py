"""Pictures show what they say."""

import sys
from itertools import combinations
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from scipy import ndimage

import sx_sim
from support.columns import HEAVY, heavy_case
from sx_sim.chemistry.elements import elements
from sx_sim.flowsheet.outputs import output_title
from sx_sim.plots import cut_outputs, nines, split_at
from sx_sim.plots.colours import COLOURS, colour_of
from sx_sim.plots.labels import Scale, nines_at, room
from sx_sim.plots.panels import SPEC
from sx_sim.studies.band import bounds


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


BASE = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
SPECS = """
[[specifications]]
output = "purity.Dy.raffinate"
least = 0.9
[[specifications]]
output = "loading"
most = 0.8
"""
TABLES = '[sweep]\nband_members = 0\noutputs = ["purity_reo", "recovery", "loading", "pH"]\n'


def axis(path, start, stop, points=None, zipped=None):
    text = f'[[sweep.axes]]\npath = "{path}"\nfrom = {start!r}\nto = {stop!r}\n'
    text += f"points = {points}\n" if points else ""
    return text + (f'zip = "{zipped}"\n' if zipped else "")


def swept(axes, *, specs=SPECS, tables=TABLES):
    return sx_sim.run_sweep(sx_sim.parse_case(BASE + specs + tables + axes))


FLOW = ("solvent.flow", "300 L/h", "500 L/h")
SAPONIFICATION = ("solvent.saponification", 0.1, 0.7)


@pytest.fixture(scope="module")
def sweep():
    text = BASE + '\n[[sweep.axes]]\npath = "feeds.clay.acid"\n'
    text += 'values = ["0.05 mol/L", "0.1 mol/L"]\n'
    text += '[[sweep.axes]]\npath = "temperature"\nvalues = ["20 degC", "30 degC", "40 degC"]\n'
    return sx_sim.run_sweep(sx_sim.parse_case(f"{text}[sweep]\nband_members = 4\n"))


@pytest.fixture(scope="module")
def plane():
    """Of a grid where some points meet all, some not, and some fail."""
    return swept(axis(*FLOW, 9) + axis(*SAPONIFICATION, 7))


@pytest.fixture(scope="module")
def line():
    return swept(axis(*FLOW, 9))


@pytest.fixture(scope="module")
def design():
    return swept(
        '[sweep.design]\nkind = "sobol"\npoints = 32\n' + axis(*FLOW) + axis(*SAPONIFICATION)
    )


def lines_of(axes, colour):
    """Return the contours of one colour, as points."""
    from matplotlib.colors import same_color
    from matplotlib.contour import ContourSet

    sets = [c for c in axes.collections if isinstance(c, ContourSet)]
    chosen = [c for c in sets if same_color(c.get_edgecolor()[0], colour)]
    return [path.vertices for one in chosen for path in one.get_paths()]


def titled(figure, start):
    return next(a for a in figure.axes if a.get_title().startswith(start))


def keys_of(figure):
    """Return what the legend of a figure names."""
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def at_nodes(axes, paths_of, x, y):
    """Return which inner points of a grid lie in an area."""
    inner = [(a, b) for a in x[1:-1] for b in y[1:-1]]
    inside = [any(p.contains_point(point) for p in paths_of.get_paths()) for point in inner]
    return np.reshape(inside, (len(x) - 2, len(y) - 2))


def test_heat_maps(sweep):
    figure = sx_sim.plots.heat_maps(sweep, "Dy", "Ho")
    panel = titled(figure, "recovery: Dy in raffinate")
    shown = np.asarray(panel.collections[0].get_array()).reshape(3, 2)
    np.testing.assert_allclose(shown, nines(sweep.recovered("Dy", "raffinate")).T)
    assert figure.axes[2].get_xlabel() == "clay acid [mol/L]"
    assert figure.axes[0].get_ylabel() == "temperature [°C]"
    np.testing.assert_allclose(panel.lines[1].get_xydata(), [[0.05, 25.0]])
    assert "operating point" in keys_of(figure)
    assert not any(lines_of(panel, SPEC))  # nothing is specified


def test_specification_lines_lie_where_the_values_cross(plane):
    figure = sx_sim.plots.heat_maps(plane, "Dy", "Ho")
    flow, base = (a.values for a in plane.axes)
    for title, name, bound, scale in (
        ("purity: Dy in raffinate (≥ 90 %)", "purity.Dy.raffinate", 1.0, nines),
        ("highest loading (≤ 80 %)", "loading", 80.0, lambda v: 100 * v),
    ):
        drawn = scale(plane.output(name))
        found = [line for line in lines_of(titled(figure, title), SPEC) if len(line)]
        assert found
        on_rows = 0
        for x, y in np.concatenate(found):
            row = np.flatnonzero(np.isclose(base, y))
            if row.size:  # on a grid line, where the value is linear between points
                on_rows += 1
                np.testing.assert_allclose(np.interp(x, flow, drawn[:, row[0]]), bound, rtol=1e-9)
        assert on_rows > 2
    assert not any(lines_of(titled(figure, "recovery: Dy"), SPEC))


def test_failed_points_are_crossed_out(plane):
    failed = ~np.isfinite(plane.output("loading"))
    assert 0 < failed.sum() < failed.size
    panel = titled(sx_sim.plots.heat_maps(plane, "Dy", "Ho"), "highest loading")
    marks = next(line for line in panel.lines if line.get_marker() == "x")
    i, j = np.nonzero(failed)
    expected = np.column_stack([plane.axes[0].values[i], plane.axes[1].values[j]])
    np.testing.assert_array_equal(marks.get_xydata(), expected)
    assert np.ma.getmaskarray(panel.collections[0].get_array()).sum() == failed.sum()


def test_the_window_is_where_all_specifications_are_met(plane):
    met = plane.met()
    assert 0 < met.sum() < met.size
    axes = sx_sim.plots.operating_window(plane).axes[0]
    flow, base = (a.values for a in plane.axes)
    full = next(c for c in axes.collections if c.get_label() == "met")
    i, j = np.nonzero(met)
    np.testing.assert_array_equal(full.get_offsets(), np.column_stack([flow[i], base[j]]))
    from matplotlib.contour import QuadContourSet

    areas = [c for c in axes.collections if isinstance(c, QuadContourSet) and c.filled]
    excluded = [at_nodes(axes, area, flow, base) for area in areas[1:]]
    solved = np.isfinite(plane.output("loading"))
    whole = ndimage.minimum_filter(solved, 3)[1:-1, 1:-1]  # solved all around
    window = at_nodes(axes, areas[0], flow, base) & ~np.logical_or.reduce(excluded)
    np.testing.assert_array_equal(window[whole], met[1:-1, 1:-1][whole])
    assert met[1:-1, 1:-1][whole].any()
    assert not met[1:-1, 1:-1][whole].all()


def test_the_window_of_a_line(line):
    figure = sx_sim.plots.operating_window(line)
    flow, met = line.axes[0].values, line.met()
    assert 0 < met.sum() < met.size
    for axes, bound in zip(figure.axes, (1.0, 80.0), strict=True):
        span = axes.collections[0]
        inside = [any(p.contains_point((x, 0.5)) for p in span.get_paths()) for x in flow]
        np.testing.assert_array_equal(inside, met)
        assert any(list(one.get_ydata()) == [bound, bound] for one in axes.lines)


def test_there_is_no_window_without_specifications(sweep):
    with pytest.raises(sx_sim.CaseError, match=r"no \[\[specifications\]\]"):
        sx_sim.plots.operating_window(sweep)


def test_a_design_tells_what_meets_the_specifications(design):
    axes = sx_sim.plots.operating_window(design).axes[0]
    met, solved = design.met(), np.isfinite(design.output("loading"))
    shown = {c.get_label(): np.asarray(c.get_offsets()) for c in axes.collections}
    places = np.column_stack([a.values for a in design.axes])
    for label, chosen in (
        ("all specifications met", met),
        ("not all met", solved & ~met),
        ("not solved", ~solved),
    ):
        assert chosen.any()
        np.testing.assert_array_equal(shown[f"{label} ({chosen.sum()})"], places[chosen])
    panel = titled(sx_sim.plots.heat_maps(design, "Dy", "Ho"), "highest loading")
    failing, meeting = panel.collections[1:3]
    loading = design.output("loading")
    np.testing.assert_allclose(meeting.get_array(), 100 * loading[loading <= 0.8])
    np.testing.assert_allclose(failing.get_array(), 100 * loading[loading > 0.8])


def test_inputs_that_move_together_share_an_axis():
    both = axis("temperature", "20 degC", "30 degC", 5, "day") + axis(
        "solvent.flow", "500 L/h", "300 L/h", 5, "day"
    )
    moved = swept(both, specs="")
    axes = titled(sx_sim.plots.heat_maps(moved, "Dy", "Ho"), "recovery: Dy")
    assert axes.get_xlabel() == "solvent flow [L/h]\nwith temperature 30 to 20 °C"
    figure = sx_sim.plots.sweep_plot(moved, "temperature", z="loading")
    assert figure.axes[0].get_xlabel() == "temperature [°C]\nwith solvent flow 500 to 300 L/h"
    turned = sx_sim.plots.sweep_plot(moved, "solvent.flow", z="loading").axes[0]
    assert turned.get_xlabel() == "solvent flow [L/h]\nwith temperature 30 to 20 °C"
    np.testing.assert_array_equal(turned.lines[0].get_xdata(), [300, 350, 400, 450, 500])
    np.testing.assert_allclose(turned.lines[0].get_ydata(), 100 * moved.output("loading")[::-1])
    assert len(turned.lines) == 3  # and the operating point: at 400 L/h it is 25 degC
    with pytest.raises(sx_sim.CaseError, match="moves together with 'temperature'"):
        sx_sim.plots.sweep_plot(moved, "temperature", "solvent.flow")


def test_other_inputs_are_held_where_asked_or_at_the_operating_point(plane):
    loading, base = 100 * plane.output("loading"), plane.axes[1].values

    def drawn(**options):
        figure = sx_sim.plots.sweep_plot(plane, "solvent.flow", z="loading", **options)
        return figure.axes[0].lines[0].get_ydata(), keys_of(figure)

    own, marks = drawn()
    np.testing.assert_allclose(own, loading[:, np.flatnonzero(np.isclose(base, 0.2))[0]])
    assert "operating point" in marks
    moved, marks = drawn(at={"solvent.saponification": "0.41"})
    np.testing.assert_allclose(moved, loading[:, np.flatnonzero(np.isclose(base, 0.4))[0]])
    assert "operating point" not in marks
    turned = sx_sim.plots.sweep_plot(plane, *(a.path for a in plane.axes[::-1]), "loading")
    shown = np.ma.filled(turned.axes[0].collections[0].get_array(), np.nan)
    np.testing.assert_allclose(shown.reshape(9, 7), loading)


def test_names_and_scales():
    assert output_title("purity.La-Dy.strip liquor") == "purity: La-Dy in strip liquor"
    narrow = swept(axis(*FLOW, 3), specs="", tables='[sweep]\noutputs = ["pH.raffinate"]\n')
    assert cut_outputs(narrow, "Dy", "Ho") == []
    with pytest.raises(
        sx_sim.CaseError, match=r"nothing to draw; of this sweep there are .*pH\.raff"
    ):
        sx_sim.plots.heat_maps(narrow, "Dy", "Ho")
    figure = sx_sim.plots.heat_maps(narrow, outputs=["pH.raffinate"])
    np.testing.assert_array_equal(
        figure.axes[0].lines[0].get_ydata(), narrow.output("pH.raffinate")
    )


def test_a_stage_plot_draws_what_is_asked(result):
    drawn = sx_sim.plots.stage_plot(result, z="organic.Ho").axes[0]
    expected = result.stages.organic[:, result.system.index("Ho")]
    np.testing.assert_array_equal(drawn.lines[0].get_ydata(), expected)
    celsius = sx_sim.plots.stage_plot(result, z="temperature").axes[0].lines[0].get_ydata()
    np.testing.assert_allclose(celsius, 25.0)


def test_temperature_band(sweep):
    figure = sx_sim.plots.temperature_band(sweep, "Dy", "Ho")
    recovery = figure.axes[1]
    middle = bounds(sweep.band, "recovery.Dy.raffinate")[1]
    np.testing.assert_allclose(recovery.lines[0].get_ydata(), 100 * middle)
    assert len(recovery.collections) == 2


def test_an_element_has_one_colour_in_every_picture(result):
    """Whatever else is there, and in whatever order."""
    for shown in (result, sx_sim.solve(heavy_case(scrub=5))):
        for axes in sx_sim.plots.profiles(shown).axes:
            for line in axes.lines:
                assert line.get_color() == COLOURS[line.get_label()]
    bars = sx_sim.plots.products(result).axes[0].containers
    for bar in bars:
        assert to_hex(bar.patches[0].get_facecolor()) == COLOURS[bar.get_label()]
    holmium = sx_sim.plots.stage_plot(result, z="organic.Ho").axes[0].lines[0]
    assert holmium.get_color() == COLOURS["Ho"]
    reordered = sx_sim.plots.element_colours(["Y", "Ho"])
    assert reordered == {"Y": COLOURS["Y"], "Ho": COLOURS["Ho"]}


def test_all_elements_have_colours_that_can_be_told_apart():
    assert set(COLOURS) >= set(elements())
    places = {symbol: lightness_and_hue(to_rgb(colour)) for symbol, colour in COLOURS.items()}
    for one, other in combinations(places, 2):
        apart = np.linalg.norm(places[one] - places[other])
        assert apart > 12.0, f"{one} and {other}"
    assert colour_of("Xx") == colour_of("Xx") != colour_of("Xy")


def lightness_and_hue(rgb):
    """Return CIELAB of a colour, in which distances are about as they are seen."""
    linear = np.array([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb])
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(matrix @ linear / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_shares_below_ninety_per_cent_have_room():
    """They have more than a third of a scale up to 99.9999 %, and their own where none is above."""
    np.testing.assert_allclose(nines_at(room([0.0, 0.3, 1.0, 4.0])), [0.0, 0.3, 1.0, 4.0])
    assert room(1.0) / room(6.0) > 1 / 3
    even = room(nines(np.array([0.0, 0.3, 0.6, 0.9])))
    np.testing.assert_allclose(np.diff(even), even[-1] / 3)
    assert Scale("%", 6).ticks()["labels"][:5] == ["0 %", "30 %", "60 %", "90 %", "99 %"]


def test_shares_that_nowhere_reach_ninety_per_cent_are_drawn_as_they_are():
    weak = swept(axis("solvent.flow", "20 L/h", "40 L/h", 3), specs="")
    share = weak.recovered("Y", "loaded solvent")
    assert share.max() < 0.9
    figure = sx_sim.plots.heat_maps(weak, outputs=["recovery.Y.loaded solvent"])
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), 100 * share)


def test_no_label_lies_over_a_point(plane, line):
    for figure in (
        sx_sim.plots.heat_maps(plane, "Dy", "Ho"),
        sx_sim.plots.heat_maps(line, "Dy", "Ho"),
        sx_sim.plots.operating_window(plane),
        sx_sim.plots.operating_window(line),
        sx_sim.plots.sweep_plot(plane, "solvent.flow", "solvent.saponification", "loading"),
    ):
        assert "operating point" in keys_of(figure)
        assert not [text for axes in figure.axes for text in axes.texts if text.get_text()]


def test_a_notebook_shows_a_figure_once_and_pyplot_still_knows_it(result, monkeypatch):
    seen = []
    figure = sx_sim.plots.profiles(result)
    stand_in = SimpleNamespace(display=seen.append, Image=bytes)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(display=stand_in))
    monkeypatch.setitem(sys.modules, "IPython.display", stand_in)
    monkeypatch.setattr(plt, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    assert figure.number in plt.get_fignums()
    figure._ipython_display_()
    assert [content[:4] for content in seen] == [b"\x89PNG"]
    assert figure.number not in plt.get_fignums()  # which the end of the cell would show again


def test_nines():
    np.testing.assert_allclose(nines(np.array([0.0, 0.9, 0.999, 1.0])), [0, 1, 3, 6])


def test_split():
    assert split_at(("La", "Nd", "Sm", "Gd"), "Nd", "Sm") == (["La", "Nd"], ["Sm", "Gd"])
    assert split_at(("La", "Nd", "Sm", "Gd")) == (["La", "Nd"], ["Sm", "Gd"])
