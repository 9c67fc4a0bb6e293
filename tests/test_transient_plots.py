"""Pictures of a plant over time show what they say."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import LogNorm, same_color
from matplotlib.text import Text
from PIL import Image

import sx_sim
from support.columns import HEAVY
from support.trains import TRAIN
from sx_sim import plots
from sx_sim.plots import nines, transients
from sx_sim.plots.colours import COLOURS
from sx_sim.plots.panels import SPEC
from sx_sim.plots.transients import FEW_EVENTS
from sx_sim.plots.windows import WINDOW
from sx_sim.simulations import simulate

BASE = HEAVY.format(solvent=400, strength=0.3, acid=0.05, extraction=8, scrub=6)
SPECS = """
[[specifications]]
output = "purity.Dy.raffinate"
least = 0.9
[[specifications]]
output = "loading"
most = 0.7
"""
UPSET = """
[simulation]
duration = "24 h"
interval = "30 min"
[[simulation.events]]
at = "2.1 h"
set = { "feeds.clay.flow" = "110 L/h", temperature = "30 degC" }
[[simulation.events]]
at = "2.4 h"
set = { "feeds.clay.flow" = "115 L/h" }
[[simulation.events]]
at = "6 h"
over = "2 h"
set = { "solvent.flow" = "440 L/h" }
[[simulation.events]]
at = "12 h"
set = { "feeds.clay.flow" = "100 L/h" }
[[simulation.controllers]]
name = "scrub pH"
measure = "stage_pH.scrub.3"
adjust = "sections.scrub.acid"
set_point = 0.4
gain = -0.5
integral_time = "2 h"
low = 1.0
high = 2.5
sample_time = "30 min"
[[simulation.controllers]]
name = "Dy"
measure = "purity.Dy.raffinate"
adjust = "solvent.saponification"
set_point = 0.95
gain = -0.1
low = 0.15
high = 0.25
sample_time = "2 h"
delay = "1 h"
"""
START = '[simulation]\nduration = "300 h"\ninterval = "2 h"\nstart = "empty"\n'
COBALT = """
temperature = "25 degC"
[solvent]
extractant = "cyanex272-sulfate"
concentration = "0.6 mol/L"
saponification = 0.4
flow = "100 L/h"
[feeds.leach]
concentrations = { Co = "0.03 mol/L", Ni = "0.3 mol/L" }
pH = 4.0
flow = "50 L/h"
[sections.extraction]
stages = 3
[simulation]
duration = "10 h"
interval = "1 h"
start = "empty"
"""


@pytest.fixture(scope="module")
def upset():
    return simulate(sx_sim.parse_case(BASE + SPECS + UPSET))


@pytest.fixture(scope="module")
def start():
    return simulate(sx_sim.parse_case(BASE + START))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def titled(figure, title):
    return next(axes for axes in figure.axes if axes.get_title() == title)


def line_of(axes, label):
    return next(line for line in axes.lines if line.get_label() == label)


def keys_of(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def shares_of(result, product, symbol):
    table = result.tables["purity_reo"][:, result.products.index(product)]
    return table[:, result.species.index(symbol)]


def levels_drawn(axes, colour):
    """Return where lines of one colour go across."""
    flat = [line for line in axes.lines if len(set(line.get_ydata())) == 1]
    return [line.get_ydata()[0] for line in flat if same_color(line.get_color(), colour)]


def assert_legible(figure):
    """No text lies over another or is cut off."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    hidden = {label for axes in figure.axes for label in labels_out_of_view(axes)}
    boxes = [
        (text.get_text(), text.get_window_extent(renderer))
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in hidden
    ]
    assert boxes
    for k, (text, box) in enumerate(boxes):
        assert -1 <= box.x0 < box.x1 <= figure.bbox.x1 + 1, text
        assert -1 <= box.y0 < box.y1 <= figure.bbox.y1 + 1, text
        for other, beside in boxes[:k]:
            wide = min(box.x1, beside.x1) - max(box.x0, beside.x0)
            high = min(box.y1, beside.y1) - max(box.y0, beside.y0)
            assert min(wide, high) < 1.0, f"{text!r} lies over {other!r}"


def labels_out_of_view(axes):
    """Return labels of ticks that are not drawn, as they are outside the axis or it is hidden."""
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not (axis.get_visible() and low <= tick.get_loc() <= high):
                yield from (tick.label1, tick.label2)


def test_products_are_drawn_by_the_nines_of_what_is_specified(upset):
    figure = plots.transient_products(upset)
    axes = titled(figure, "purity: Dy in raffinate (≥ 90 %)")
    drawn = line_of(axes, "Dy")
    assert same_color(drawn.get_color(), COLOURS["Dy"])
    np.testing.assert_array_equal(drawn.get_xdata(), upset.time)
    np.testing.assert_allclose(drawn.get_ydata(), nines(shares_of(upset, "raffinate", "Dy")))
    holmium = nines(1.0 - shares_of(upset, "raffinate", "Ho"))
    np.testing.assert_allclose(line_of(axes, "Ho").get_ydata(), holmium)
    assert levels_drawn(axes, SPEC) == [1.0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert {"90 %", "99 %", "99.9 %"} <= set(labels)
    assert_legible(figure)


def test_impurities_are_read_at_the_right_of_the_same_place(upset):
    figure = plots.transient_products(upset)
    axes = titled(figure, "purity: Dy in raffinate (≥ 90 %)")
    right = next(other for other in figure.axes if other is not axes and _beside(axes, other))
    assert right.get_ylim() == axes.get_ylim()
    pairs = zip(axes.get_yticklabels(), right.get_yticklabels(), strict=True)
    for purity, impurity in pairs:
        both = [float(label.get_text().removesuffix(" %")) for label in (purity, impurity)]
        assert sum(both) == pytest.approx(100.0)
        assert purity.get_position()[1] == pytest.approx(impurity.get_position()[1])
    assert keys_of(figure)[-4:-2] == ["purity, left", "each impurity, right"]


def _beside(one, other):
    return np.allclose(one.get_position().bounds, other.get_position().bounds)


def test_what_else_is_specified_has_its_own_panel(upset):
    figure = plots.transient_products(upset)
    axes = titled(figure, "highest loading (≤ 70 %)")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 100 * upset.series("loading"))
    assert levels_drawn(axes, SPEC) == [70.0]


def test_green_is_where_all_specifications_are_met(upset):
    figure = plots.transient_products(upset)
    met = upset.specified
    assert 0 < met.sum() < met.size
    for axes in (titled(figure, "highest loading (≤ 70 %)"), figure.axes[0]):
        (green,) = [c for c in axes.collections if same_color(c.get_facecolor(), WINDOW)]
        inside = [any(p.contains_point((x, 0.5)) for p in green.get_paths()) for x in upset.time]
        # but for ends of what is filled, which count as outside
        assert not np.any(np.array(inside) & ~met)
        assert np.sum(met) - np.sum(inside) <= 2
    assert "all specifications met" in keys_of(figure)
    never = replace(upset, numbers=upset.numbers | {"loading": 0.0 * upset.time + 1.0})
    assert "all specifications met: never" in keys_of(plots.transient_products(never))


def test_products_that_nowhere_reach_ninety_per_cent_are_drawn_by_their_shares(upset):
    axes = titled(plots.transient_products(upset), "loaded solvent: shares of REO")
    for symbol in ("Dy", "Y"):
        share = 100 * shares_of(upset, "loaded solvent", symbol)
        np.testing.assert_allclose(line_of(axes, symbol).get_ydata(), share)


def test_long_simulations_are_in_days_and_products_begin_where_they_hold_something(start):
    figure = plots.transient_products(start)
    axes = titled(figure, "purity: Dy in raffinate")
    assert "time [d]" in [one.get_xlabel() for one in figure.axes]
    drawn = line_of(axes, "Dy")
    np.testing.assert_allclose(drawn.get_xdata(), start.time / 24)
    oxides = start.tables["reo"][:, start.products.index("raffinate")]
    np.testing.assert_array_equal(np.isfinite(drawn.get_ydata()), oxides > 1e-6 * oxides.max())
    assert np.isnan(drawn.get_ydata()[0])
    assert "specification" not in keys_of(figure)
    assert_legible(figure)


def test_purities_follow_from_concentrations_where_they_are_not_recorded(start):
    bare = replace(start, tables={"concentration": start.tables["concentration"]})
    one, other = (
        line_of(titled(plots.transient_products(r), "purity: Dy in raffinate"), "Dy").get_ydata()
        for r in (start, bare)
    )
    np.testing.assert_allclose(one, other, rtol=1e-9)
    with pytest.raises(sx_sim.CaseError, match=r"neither purity_reo nor concentration .*record"):
        plots.transient_products(replace(start, tables={}))


def test_events_are_marked_and_told(upset):
    told = (
        "1: clay flow to 110 L/h, temperature to 30 °C at 2.1 h\n2: clay flow to 115 L/h at 2.4 h\n"
        "3: solvent flow to 440 L/h from 6 to 8 h\n4: clay flow to 100 L/h at 12 h"
    )
    for figure in (
        plots.transient_products(upset),
        plots.transient_maps(upset),
        plots.transient_inputs(upset),
        plots.transient_inventory(upset),
    ):
        assert figure.get_suptitle() == told
        axes = figure.axes[0]
        numbers = {t.get_text(): t.xy[0] for t in axes.texts if t.get_text()[:1].isdigit()}
        assert numbers == {"1-2": pytest.approx(2.25), "3": 6.0, "4": 12.0}
        dashed = {float(v.get_xdata()[0]) for v in axes.lines if v.get_linestyle() == "--"}
        assert dashed == {2.1, 2.4, 6.0, 12.0}
        assert_legible(figure)


def test_of_many_events_the_first_are_told(upset):
    event = '[[simulation.events]]\nat = "{} h"\nset = {{ "feeds.clay.flow" = "100 L/h" }}\n'
    many = UPSET + "".join(event.format(hour) for hour in range(14, 20))
    crowded = replace(upset, case=sx_sim.parse_case(BASE + SPECS + many))
    lines = plots.transient_inventory(crowded).get_suptitle().splitlines()
    assert len(lines) == FEW_EVENTS + 1
    assert lines[-1] == "and 4 more"


def test_maps_show_all_stages_over_time(upset):
    figure = plots.transient_maps(upset)
    names = ["pH", "Dy [mol/L]", "Ho [mol/L]", "Y [mol/L]", "Er [mol/L]"]
    assert [a.get_ylabel() for a in figure.axes if a.get_label() == "<colorbar>"] == names
    tables = [upset.stages["pH"], *np.moveaxis(upset.stages["aqueous"][:, :, :4], 2, 0)]
    for axes, table, name in zip(figure.axes, tables, names, strict=False):
        mesh = axes.collections[0]
        drawn = np.asarray(mesh.get_array()).reshape(len(upset.section), -1)
        np.testing.assert_allclose(drawn[:, [0, -1]].T, table[[0, -1]], rtol=1e-6)
        middle = table[np.searchsorted(upset.time, 12.0)]
        column = np.argmin(np.abs(np.linspace(0, 24, drawn.shape[1]) - 12.0))
        np.testing.assert_allclose(drawn[:, column], middle, rtol=0.01, atol=1e-3)
        assert isinstance(mesh.norm, LogNorm) == (name != "pH")
        assert {t.get_text() for t in axes.texts} >= {"extraction", "scrub"}
        border = [v for v in axes.lines if list(v.get_ydata()) == [8.5, 8.5]]
        assert border
    with pytest.raises(sx_sim.CaseError, match="no 'La' in this simulation; there are Dy, Ho"):
        plots.transient_maps(upset, ["La"])
    assert len(plots.transient_maps(upset, ["Y"]).axes) == 4  # two maps and their bars


def test_stages_without_an_element_have_the_lowest_colour(start):
    figure = plots.transient_maps(start, ["Er"])
    mesh = figure.axes[1].collections[0]
    top = start.stages["aqueous"][:, :, start.species.index("Er")].max()
    assert mesh.norm.vmax == pytest.approx(top)
    assert mesh.norm.vmin >= 1e-6 * top
    assert np.asarray(mesh.get_array()).min() == pytest.approx(mesh.norm.vmin)
    assert not np.ma.getmaskarray(mesh.get_array()).any()
    assert_legible(figure)


def test_inputs_are_drawn_in_the_units_of_the_case(upset):
    figure = plots.transient_inputs(upset)
    temperature = titled(figure, "temperature")
    assert temperature.get_ylabel() == "°C"
    np.testing.assert_allclose(temperature.lines[0].get_ydata()[[0, -1]], [25.0, 30.0], atol=1e-9)
    flow = titled(figure, "solvent flow")
    assert flow.get_ylabel() == "L/h"
    drawn = flow.lines[0]
    along = np.interp([5.9, 6.0, 7.0, 8.0, 9.0], drawn.get_xdata(), drawn.get_ydata())
    np.testing.assert_allclose(along, [400, 400, 420, 440, 440])


def test_inputs_jump_where_events_are_though_records_lie_apart(upset):
    drawn = titled(plots.transient_inputs(upset), "temperature").lines[0]
    x, y = drawn.get_xdata(), drawn.get_ydata()
    assert (np.diff(x) >= 0.0).all()
    np.testing.assert_allclose(y[x < 2.1], 25.0)
    np.testing.assert_allclose(y[x > 2.1], 30.0)
    flow = titled(plots.transient_inputs(upset), "clay flow").lines[0]
    np.testing.assert_array_equal(flow.get_xdata(), [0, 2.1, 2.1, 2.4, 2.4, 12, 12, 24])
    np.testing.assert_array_equal(flow.get_ydata(), [100, 100, 110, 110, 115, 115, 100, 100])


def test_controllers_are_drawn_with_set_point_and_limits(upset):
    figure = plots.transient_inputs(upset)
    measured = titled(figure, "scrub pH: pH in stage scrub.3")
    found = upset.controllers["scrub pH"]
    np.testing.assert_array_equal(line_of(measured, "measured").get_ydata(), found[:, 0])
    np.testing.assert_array_equal(line_of(measured, "set point").get_ydata(), 0.4)
    output = titled(figure, "scrub pH: scrub acid")
    np.testing.assert_array_equal(line_of(output, "adjusted").get_ydata(), found[:, 2])
    assert output.get_ylabel() == "mol/L"
    limits = [v for v in output.lines if v.get_linestyle() == ":"]
    assert [v.get_ydata()[0] for v in limits] == [1.0, 2.5]
    low, high = output.get_ylim()
    assert low < 1.0 < 2.5 < high
    purity = titled(figure, "Dy: purity: Dy in raffinate")
    shares = upset.controllers["Dy"][:, 0]
    np.testing.assert_allclose(line_of(purity, "measured").get_ydata(), nines(shares))
    assert keys_of(figure) == ["measured", "set point", "adjusted", "its limits"]
    # what controllers adjust has no other panel
    assert not {"scrub acid", "solvent saponification"} & {a.get_title() for a in figure.axes}


def test_there_is_nothing_to_draw_where_no_input_moved(start):
    with pytest.raises(sx_sim.CaseError, match="no input moved, and there are no controllers"):
        plots.transient_inputs(start)


def test_the_inventory_is_in_kilograms_of_oxides(start):
    figure = plots.transient_inventory(start)
    whole, each = figure.axes
    assert each.get_ylabel() == "each [kg REO]"
    held = {}
    for symbol in ("Dy", "Ho", "Y", "Er"):
        oxide = sx_sim.solve(sx_sim.parse_case(BASE)).system.element(symbol).oxide_mass
        held[symbol] = start.inventory[:, start.species.index(symbol)] * oxide / 1000
        drawn = line_of(each, symbol)
        there = np.isfinite(drawn.get_ydata())
        np.testing.assert_allclose(drawn.get_ydata()[there], held[symbol][there])
        assert drawn.get_color() == COLOURS[symbol]
    upper = whole.collections[-1].get_datalim(whole.transData).y1
    assert upper == pytest.approx(sum(held.values()).max(), rel=1e-6)
    assert keys_of(figure) == ["Dy", "Ho", "Y", "Er"]
    assert_legible(figure)


def test_without_rare_earths_concentrations_and_moles_are_drawn():
    result = simulate(sx_sim.parse_case(COBALT))
    figure = plots.transient_products(result)
    assert figure.axes[0].get_title() == "concentrations in raffinate"
    assert figure.axes[0].get_yscale() == "log"
    nickel = line_of(figure.axes[0], "Ni")
    own = result.tables["concentration"][:, 0, result.species.index("Ni")]
    assert nickel.get_ydata()[-1] == own[-1] > 0.0
    assert nickel.get_linestyle() == "-"
    assert line_of(figure.axes[0], "Na").get_linestyle() == ":"
    assert plots.transient_inventory(result).axes[1].get_ylabel() == "each [mol]"
    bars = [a.get_ylabel() for a in plots.transient_maps(result).axes][-2:]
    assert bars == ["Co [mol/L]", "Ni [mol/L]"]
    bare = replace(result, tables={})
    with pytest.raises(sx_sim.CaseError, match="concentration is not recorded"):
        plots.transient_products(bare)


def test_an_animation_has_a_frame_for_each_record_and_no_more_than_many(
    upset, start, tmp_path, monkeypatch
):
    assert transients.MOST_FRAMES == 120
    monkeypatch.setattr(transients, "MOST_FRAMES", 9)
    short = replace(upset, time=upset.time[:6], stages={k: v[:6] for k, v in upset.stages.items()})
    for result, count in ((short, 6), (start, 9)):
        path = tmp_path / "profile.gif"
        plots.animate_profile(result, path)
        with Image.open(path) as moving:
            assert moving.n_frames == count
            assert moving.info["loop"] == 0
            first = np.asarray(moving.convert("RGB"))
            moving.seek(count - 1)
            last = np.asarray(moving.convert("RGB"))
        assert tuple(first[0, 0]) == (255, 255, 255)
        assert (first != last).any()
        assert path.stat().st_size < 3e6
    assert not plt.get_fignums()
    assert [one.name for one in tmp_path.iterdir()] == ["profile.gif"]


def test_an_animation_is_refused_before_it_is_drawn(upset, tmp_path):
    with pytest.raises(sx_sim.CaseError, match=r"must end in \.gif"):
        plots.animate_profile(upset, tmp_path / "profile.png")
    (tmp_path / "there.gif").mkdir()
    with pytest.raises(sx_sim.CaseError, match="is a folder"):
        plots.animate_profile(upset, tmp_path / "there.gif")


def test_a_moving_profile_is_that_of_the_time_it_prints(upset):
    figure = transients._profile(upset)
    clock = transients._Clock.of(upset)
    k = int(np.searchsorted(upset.time, 12.0))
    transients._move_to(figure, upset, upset.time[k], clock)
    assert figure.get_suptitle() == "12.0 h"
    axes = figure.axes[0]
    np.testing.assert_allclose(line_of(axes, "Y").get_ydata(), upset.stages["aqueous"][k, :, 2])
    half = 0.5 * (upset.time[k] + upset.time[k + 1])
    transients._move_to(figure, upset, half, clock)
    mean = upset.stages["aqueous"][k : k + 2, :, 2].mean(axis=0)
    np.testing.assert_allclose(line_of(axes, "Y").get_ydata(), mean)
    assert {t.get_text() for t in axes.texts} == {"extraction", "scrub"}
    assert_legible(figure)


def test_a_train_has_its_circuits_marked_and_its_products_named():
    text = TRAIN.replace("[circuits.dy_ho.feeds.back]", "[unused]").partition("[unused]")
    rest = text[2].partition("[circuits.dy_ho.sections]")
    course = '[simulation]\nduration = "4 h"\ninterval = "1 h"\n'
    result = simulate(sx_sim.parse_case(text[0] + rest[1] + rest[2] + course))
    products = plots.transient_products(result)
    assert any("Gd oxide" in axes.get_title() for axes in products.axes)
    assert_legible(products)
    maps = plots.transient_maps(result)
    names = list(result.case.flowsheet.circuits)
    assert [t.get_text() for t in maps.axes[0].texts] == names
    first = result.case.flowsheet.circuits[names[0]].column.stages
    drawn = [v.get_ydata()[0] for v in maps.axes[0].lines]
    assert set(drawn) == {first + 0.5}
    assert_legible(maps)
    moving = transients._profile(result)
    for line in moving.axes[0].lines:
        assert np.flatnonzero(np.isnan(line.get_xdata())).tolist() == [first]


def test_names_that_lie_close_are_moved_apart():
    places = [1.0, 1.5, 2.0, 9.0]
    moved = transients._apart(places, 1.0)
    assert (np.diff(moved) >= 1.0 - 1e-12).all()
    np.testing.assert_allclose(moved, [0.5, 1.5, 2.5, 9.0])


def test_inputs_that_are_disturbed_are_drawn_as_recorded():
    noise = (
        '[[simulation.disturbances]]\npath = "feeds.clay.flow"\nkind = "noise"\nsize = 0.02\n'
        'period = "30 min"\n'
    )
    short = UPSET.replace("24 h", "13 h")
    result = simulate(sx_sim.parse_case(BASE + short + noise))
    drawn = titled(plots.transient_inputs(result), "clay flow").lines[0]
    np.testing.assert_array_equal(drawn.get_xdata(), result.time)
    np.testing.assert_allclose(drawn.get_ydata(), result.inputs["feeds.clay.flow"])
