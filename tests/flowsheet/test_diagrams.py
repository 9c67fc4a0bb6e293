"""Flow diagrams: labels keep clear of each other, and bands carry all that is fed."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest

import sx_sim
from support.paths import ROOT, SULFATE
from sx_sim import plots
from sx_sim.cases import load_case, parse_case
from sx_sim.plots.diagrams import spread, stream_text
from sx_sim.plots.sankey import _Flow
from sx_sim.plots.trees import tree_of
from sx_sim.studies.run import solve

EXAMPLES = ROOT / "examples"
FOUR = """
[defaults]
temperature = "25 degC"
[defaults.solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
saponification = 0.3
recycle = true
[circuits.nd_sm.solvent]
flow = "340 L/h"
[circuits.nd_sm.feeds.liquor]
composition = { La = 20, Ce = 30, Pr = 10, Nd = 20, Sm = 10, Gd = 5, Dy = 5 }
strength = "0.5 mol/L"
acid = "0.01 mol/L"
flow = "100 L/h"
[circuits.nd_sm.feeds.back]
source = "gd_dy.raffinate2"
[circuits.nd_sm.sections.extraction]
stages = 8
[circuits.nd_sm.sections.scrub]
stages = 6
acid = "2 mol/L"
flow = "40 L/h"
[circuits.nd_sm.sections.strip]
stages = 6
acid = "4 mol/L"
flow = "60 L/h"
outlet = "strip liquor"
[circuits.ce_pr.solvent]
flow = "340 L/h"
[circuits.ce_pr.feeds.light]
source = "nd_sm.raffinate"
strength = "0.5 mol/L"
[circuits.ce_pr.sections.extraction]
stages = 12
[circuits.ce_pr.sections.scrub]
stages = 12
acid = "2 mol/L"
flow = "42 L/h"
[circuits.ce_pr.sections.strip]
stages = 6
acid = "3 mol/L"
flow = "60 L/h"
outlet = "strip liquor"
[circuits.pr_nd.solvent]
flow = "150 L/h"
[circuits.pr_nd.feeds.didymium]
source = "ce_pr.strip liquor"
strength = "0.5 mol/L"
[circuits.pr_nd.sections.extraction]
stages = 12
[circuits.pr_nd.sections.scrub]
stages = 12
acid = "2 mol/L"
flow = "10 L/h"
[circuits.pr_nd.sections.strip]
stages = 6
acid = "3 mol/L"
flow = "30 L/h"
outlet = "strip liquor"
[circuits.gd_dy.solvent]
flow = "80 L/h"
[circuits.gd_dy.feeds.heavy]
source = "nd_sm.strip liquor"
strength = "0.4 mol/L"
[circuits.gd_dy.sections.extraction]
stages = 10
[circuits.gd_dy.sections.scrub]
stages = 10
acid = "2 mol/L"
flow = "8 L/h"
[circuits.gd_dy.sections.strip]
stages = 6
acid = "5 mol/L"
flow = "10 L/h"
outlet = "strip liquor"
[circuits.gd_dy.draws.raffinate2]
phase = "aqueous"
stage = "extraction.4"
fraction = 0.05
"""


@pytest.fixture(scope="module", params=["four", "heavy_clay_train"])
def train(request):
    if request.param == "four":
        return solve(parse_case(FOUR))
    return solve(load_case(EXAMPLES / f"{request.param}.toml"))


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def assert_legible(figure):
    """No two labels of a figure overlap, and none is cut off."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    texts = [t for axes in figure.axes for t in axes.texts if t.get_text()]
    assert texts
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts]
    whole = figure.bbox
    for text, box in boxes:
        assert whole.x0 - 1 <= box.x0, text
        assert box.x1 <= whole.x1 + 1, text
        assert whole.y0 - 1 <= box.y0, text
        assert box.y1 <= whole.y1 + 1, text
    for (one, a), (two, b) in combinations(boxes, 2):
        assert not a.overlaps(b), f"{one!r} overlaps {two!r}"


@pytest.mark.parametrize(
    "values", [{}, {"solvent.exchange": "raffinate"}, {"sections.scrub.entrained_organic": 0.001}]
)
def test_closed_circuits_are_legible(values):
    case = sx_sim.load_case(EXAMPLES / "nd_sm_closed.toml").with_values(values)
    figure = plots.circuit_diagram(sx_sim.solve(case))
    assert_legible(figure)
    texts = " ".join(t.get_text() for t in figure.axes[0].texts)
    for word in ("extraction\n14 stages", "solvent recycle", "reflux, 25 L/h", "Sm 9"):
        assert word in texts


@pytest.mark.parametrize("name", ["gd_eu_sm", "monazite_front_end", "pr_nd"])
def test_examples_are_legible(name):
    case = sx_sim.load_case(EXAMPLES / f"{name}.toml")
    assert_legible(plots.circuit_diagram(sx_sim.solve(case)))


def test_set_points_and_what_is_dosed_are_drawn():
    case = sx_sim.load_case(EXAMPLES / "nd_sm_closed.toml")
    held = '[set_points.wash]\nstage = "scrub.3"\npH = 0.9\n'
    case = sx_sim.parse_case(case.text + held)
    result = sx_sim.solve(case)
    figure = plots.circuit_diagram(result)
    assert_legible(figure)
    texts = [t.get_text() for t in figure.axes[0].texts]
    assert f"wash: pH 0.9\n{result.doses['wash']:.3g} eq/h acid" in texts


def test_labels_state_acid_as_it_is_given_and_large_flows_in_full():
    """Sulfate holds acid, so that [H+] is less; a case gives what is titrated."""
    text = f"""
temperature = "25 degC"
[solvent]
extractant = "{SULFATE}"
concentration = "1 mol/L"
flow = "10000 L/h"
[feeds.liquor]
composition = {{ Ho = 60, Dy = 40 }}
strength = "0.02 mol/L"
acid = "0.1 mol/L"
flow = "10000 L/h"
[sections.extraction]
stages = 4
[sections.strip]
stages = 4
acid = "6 mol/L"
flow = "1000 L/h"
outlet = "strip liquor"
"""
    case = sx_sim.parse_case(text)
    strip = next(f.stream for f in case.column.feeds if f.stream.name == "strip")
    assert strip.acid < 4.0
    assert stream_text(strip) == "strip\n1000 L/h\n6 mol/L acid"
    solvent = next(f.stream for f in case.column.feeds if f.stream.name == "solvent")
    assert stream_text(solvent) == "solvent\n10000 L/h"


def test_many_feeds_at_one_place_keep_clear():
    places = spread([1.0, 1.0, 1.1, 5.0], 2.0, 3.0)
    assert np.diff(places).min() >= 2.0 - 1e-12
    assert spread([0.0, 10.0], 2.0, 5.0) == [0.0, 10.0]


def test_trains_are_legible(train):
    assert_legible(plots.train_diagram(train))
    assert_legible(plots.train_sankey(train))
    assert_legible(plots.train_sankey(train, "Dy"))
    assert_legible(plots.train_profiles(train))


def test_files_of_both_kinds(train, tmp_path):
    figure = plots.train_diagram(train)
    for kind in ("svg", "png"):
        figure.savefig(tmp_path / f"train.{kind}")
        assert (tmp_path / f"train.{kind}").stat().st_size > 10_000


def test_every_link_and_product_is_drawn(train):
    tree = tree_of(train)
    assert {*tree.branches, *tree.others} == set(train.flowsheet.links)
    assert set(tree.spots) == set(train.units)
    oxides = sum(leaf.oxides for leaf in tree.leaves)
    fed = sum(one.stream.flow * one.stream.reo for one in tree.feeds) / 1000
    assert oxides == pytest.approx(fed, rel=1e-6)


@pytest.mark.parametrize("element", [None, "Dy", "Nd"])
def test_bands_end_with_all_that_is_fed(train, element):
    flow = _Flow(train, element)
    taken = {(link.source, link.product) for link in train.flowsheet.links}
    ends = [b for bands in flow.bands.values() for b in bands if not b.target]
    leaves = sum(b.share for b in ends if (b.source, b.product) not in taken)
    assert leaves == pytest.approx(1.0, abs=1e-4)


def test_an_element_that_is_not_there(train):
    with pytest.raises(sx_sim.CaseError, match="Sc is not fed"):
        plots.train_sankey(train, "Sc")
