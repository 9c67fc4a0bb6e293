"""What ``check`` refuses is what later commands would, and what is too much is refused at once."""

import time

import numpy as np
import pytest
from typer.testing import CliRunner

import sx_sim
from sx_sim.cli import app
from sx_sim.studies.points import Points, SweepAxis

CASE = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride-conditional"
concentration = "1 mol/L"
flow = "200 L/h"
[feeds.liquor]
concentrations = { Nd = "0.1 mol/L", Dy = "0.02 mol/L" }
acid = "0.3 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 4
"""
AXIS = '[[sweep.axes]]\npath = "{}"\nvalues = {}\n'
GRID = '[[sweep.axes]]\npath = "{}"\nfrom = "{}"\nto = "{}"\npoints = {}\n'


def check(text, tmp_path, *command):
    path = tmp_path / "case.toml"
    path.write_text(text)
    ran = CliRunner().invoke(app, [*(command or ("check",)), str(path)])
    assert "Traceback" not in ran.output
    return ran


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('[[specifications]]\noutput = "loading.extraction"\nmost = 0.2', "'loading.extraction'"),
        ('[[specifications]]\noutput = "purity.Dy.none"\nleast = 0.9', "no product 'none'"),
        ('[[specifications]]\noutput = "purity.Nd.raffinate"\nleast = 99.9', "99.9 % is 0.999"),
        (
            '[[specifications]]\noutput = "recovery.Nd.raffinate"\nleast = 0.9\nmost = 0.8',
            "more than most",
        ),
        (AXIS.format("solvent.flaw", "[1]"), "solvent.flaw"),
        (AXIS.format("solvent.flow", "[100]"), "text with a unit"),
        (AXIS.format("solvent.flow", '["1e999 L/h"]'), "number"),
        (
            AXIS.format("feeds.liquor.pH", "[1.0]") + AXIS.format("feeds.liquor.acid", '["1 M"]'),
            "both give one input",
        ),
        (
            AXIS.format("solvent.oa", "[1.0]") + AXIS.format("solvent.flow", '["90 L/h"]'),
            "both give one input",
        ),
        (AXIS.format("feeds.liquor.pH", "[1.0]") + 'zip = "pH"', "zip = 'pH'"),
        (AXIS.format("feeds.liquor.pH", "[1.0]") + 'zip = "element"', "zip = 'element'"),
        (AXIS.format("feeds.liquor.pH", "[1.0]") + 'zip = "status"', "zip = 'status'"),
        ('[sweep]\noutputs = ["purity"]\n' + AXIS.format("feeds.liquor.pH", "[1.0]"), "'purity'"),
        ('[sections."strip 3.5M"]\nstages = 2', "full stop"),
        ('[sections."a/"]\nstages = 2', "'/'"),
        ('[sections." a"]\nstages = 2', "blanks around"),
        ('[sections.""]\nstages = 2', "one line of text"),
        ("[solver]\ntolerance = true", "must not be true or false"),
        ("[solver]\ntolerance = inf", "finite"),
        ("".join(f"[sections.s{k}]\nstages = 5000\n" for k in range(5)), "25004 stages in all"),
        (
            GRID.format("feeds.liquor.acid", "0.2 mol/L", "0.4 mol/L", 10_000)
            + GRID.format("solvent.flow", "1 L/h", "2 L/h", 10_000),
            "100000000 points",
        ),
        (
            '[sweep.design]\nkind = "latin"\npoints = 10000000\n'
            + "".join(
                f'[[sweep.axes]]\npath = "constants.{s}.{c}"\nfrom = 1.0\nto = 2.0\n'
                for s in ("Nd", "Dy")
                for c in ("log10_K", "order_dimer", "order_acid", "dimers", "enthalpy")
            )
            + "".join(f'[[sweep.axes]]\npath = "x{k}"\nfrom = 1.0\nto = 2.0\n' for k in range(20)),
            "10000000 points",
        ),
    ],
)
def test_check_refuses_what_a_sweep_would_and_at_once(more, told, tmp_path):
    if "sweep" not in more:
        more += "\n" + AXIS.format("feeds.liquor.pH", "[1.0]")
    begun = time.perf_counter()
    for command in (("check",), ("sweep",)):
        ran = check(CASE + more, tmp_path, *command)
        assert ran.exit_code == 2, ran.output
        assert told in ran.output
    assert time.perf_counter() - begun < 10.0


def test_every_specification_that_is_wrong_is_told(tmp_path):
    more = "".join(
        f'[[specifications]]\noutput = "purity.{s}.raffinate"\nleast = 0.9\n' for s in ("U", "Xx")
    )
    assert len(check(CASE + more, tmp_path).output.splitlines()) == 2


def test_outlets_may_have_full_stops_and_strokes(tmp_path):
    more = """
[sections.strip]
stages = 2
acid = "3.5 M"
flow = "40 L/h"
outlet = "Nd/Dy liquor 3.5M"
[[specifications]]
output = "purity.Dy.Nd/Dy liquor 3.5M"
least = 0.1
"""
    text = CASE + more + AXIS.format("sections.strip.acid", '["3 M", "3.5 M"]')
    assert check(text, tmp_path).exit_code == 0
    out = tmp_path / "out.h5"
    ran = check(text, tmp_path, "sweep", "--out", str(out))
    assert ran.exit_code == 0, ran.output
    stored = sx_sim.open_sweep(out).output("purity.Dy.Nd/Dy liquor 3.5M")
    assert stored.shape == (2,)
    assert np.isfinite(stored).all()


@pytest.mark.parametrize(
    ("paths", "values", "dimension", "told"),
    [
        (["feeds.liquor.pH", "feeds.liquor.acid"], [0.5, 0.1], None, "both give one input"),
        (["solvent.saponification"] * 2, [0.1, 0.2], None, "given twice"),
        (["solvent.saponification"], [0.1], "flow", "zip = 'flow'"),
    ],
)
def test_points_of_ones_own_are_held_to_the_same(paths, values, dimension, told):
    axes = tuple(
        SweepAxis(path, np.array([v]), "mol/L" if path.endswith("acid") else "", dimension or path)
        for path, v in zip(paths, values, strict=True)
    )
    with pytest.raises(sx_sim.CaseError, match=told):
        sx_sim.run_sweep(sx_sim.parse_case(CASE), points=Points(axes))


@pytest.mark.parametrize(
    "wrong", [{"samples": 2**40}, {"scale": 1e300}, {"scale": float("nan")}, {"seed": -1}]
)
def test_samples_and_scales_have_bounds(wrong):
    with pytest.raises(sx_sim.CaseError, match=next(iter(wrong))):
        sx_sim.uncertainty(sx_sim.parse_case(CASE), **wrong)


TRAIN = """
[defaults]
temperature = "25 degC"
[defaults.solvent]
extractant = "hehehp-chloride-conditional"
concentration = "1 mol/L"
flow = "200 L/h"
[circuits.one.feeds.liquor]
concentrations = {{ Nd = "0.1 mol/L", Dy = "0.02 mol/L", Ca = "0.1 mol/L" }}
acid = "0.3 mol/L"
flow = "100 L/h"
[circuits.one.sections.extraction]
stages = 2
[circuits.one.constants.Ca]
inert = true
[circuits.two.feeds.liquor]
source = "one.raffinate"
{treatment}
[circuits.two.sections.extraction]
stages = 2
{more}
"""
REDISSOLVED = 'acid = "0.3 mol/L"'


@pytest.mark.parametrize(
    ("treatment", "more", "told"),
    [
        (REDISSOLVED, "", ""),
        ("", "", "circuits.two"),  # calcium comes along, and the set has none
        ("", "[circuits.two.constants.Ca]\ninert = true", ""),
        (REDISSOLVED, 'cut = ["Nd", "Lu"]', 'circuits.two.cut = "Lu"'),
        (REDISSOLVED, '[circuits.two.draws.d]\nphase = "aqueous"\nstage = 9\nfraction = 0.1', "9"),
        (REDISSOLVED, "[circuits.two.sections.extraction.x]", "unknown key"),
        (
            REDISSOLVED,
            '[[circuits.two.specifications]]\noutput = "pH.raffinate"\nleast = 1.0',
            "circuits.two.specifications: is of the whole train",
        ),
    ],
)
def test_check_builds_the_circuits_of_a_train_that_others_feed(treatment, more, told, tmp_path):
    if more.startswith("cut"):
        treatment, more = f"{treatment}\n[circuits.two]\n{more}", ""
    ran = check(TRAIN.format(treatment=treatment, more=more), tmp_path)
    assert ran.exit_code == (2 if told else 0), ran.output
    assert told in ran.output
