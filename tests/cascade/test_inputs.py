"""What is odd about a column before it is solved."""

import numpy as np
import pytest
from typer.testing import CliRunner

import sx_sim
from sx_sim.cascade.caution import CautionKind
from sx_sim.cascade.inputs import input_cautions
from sx_sim.cli import app

CASE = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
flow = "{solvent} L/h"
[feeds.liquor]
concentrations = {{ Nd = "{metal} mol/L", Sm = "{metal} mol/L"{more} }}
pH = {pH}
flow = "100 L/h"
[sections.extraction]
stages = 4
[sections.strip]
stages = 4
acid = "{acid} mol/L"
flow = "{strip} L/h"
{outlet}
"""
OUTLET = 'outlet = "strip liquor"'


def case(**changes):
    values = {"solvent": 200, "metal": 0.02, "more": "", "pH": 2.0, "acid": 4, "strip": 50}
    return sx_sim.parse_case(CASE.format(**(values | {"outlet": OUTLET} | changes)))


def of_kind(cautions, kind):
    return [c for c in cautions if c.kind == kind]


@pytest.mark.parametrize(
    ("pH", "hydrolysed"),
    [(6.0, False), (7.02, False), (7.04, True), (9.0, True)],
)
def test_a_feed_past_the_hydrolysis_of_its_metals_is_told_before_it_is_fed(pH, hydrolysed):
    """A tenth of Sm is hydrolysed at pH 7.9808 - log10 9 = 7.03."""
    alkaline = case(pH=pH, more=', Na = "0.1 mol/L"')
    found = of_kind(input_cautions(alkaline.column), CautionKind.HYDROXIDE)
    assert bool(found) == hydrolysed
    for one in found:
        assert one.outside
        assert (one.stages, one.species) == ((4,), "Sm")
        assert one.margin == pytest.approx(pH - 7.9808 + np.log10(9.0))
        assert one.text.startswith(f"liquor enters at pH {pH:.1f}: Sm is ")


def test_check_and_run_say_so(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text(
        CASE.format(solvent=200, metal=0.02, more="", pH=9, acid=4, strip=50, outlet=OUTLET)
    )
    for command in ("check", "run"):
        done = CliRunner().invoke(app, [command, str(path)])
        assert done.exit_code == 0
        assert "liquor enters at pH 9.0: Sm is 91 % hydrolysed" in " ".join(done.output.split())
    strict = CliRunner().invoke(app, ["run", "--strict", str(path)])
    assert strict.exit_code == 4


@pytest.mark.parametrize(
    ("changes", "span"),
    [
        ({"strip": 1.0}, "200 at stages 5-8"),
        ({"solvent": 2.0, "strip": 0.5}, "0.02 at stages 1-4"),
        ({"strip": 10.0}, ""),  # 20:1 itself
    ],
)
def test_flows_that_differ_more_than_mixers_are_run_at_are_told(changes, span):
    found = of_kind(input_cautions(case(**changes).column), CautionKind.PHASE_RATIO)
    assert [f"O/A of {span} is outside 1:20 to 20:1" in c.text for c in found] == [True] * bool(
        span
    )


@pytest.mark.parametrize("acid", [2, 4, 6])
@pytest.mark.parametrize("outlet", ["", OUTLET])
def test_a_strip_without_an_outlet_that_washes_all_into_the_raffinate_is_told(acid, outlet):
    wanted = case(acid=acid, outlet=outlet)
    found = of_kind(input_cautions(wanted.column), CautionKind.WASHED_OUT)
    result = sx_sim.solve(wanted)
    left = [result.recovery(s) for s in ("Nd", "Sm")]
    assert bool(found) == (not outlet)
    assert (min(left) > 0.99) == (not outlet)
    for one in found:
        assert one.text.startswith("the acid of strip flows on into the raffinate")


def test_a_scrub_that_leaves_something_in_the_solvent_is_none():
    scrubbed = case(acid=0.5, strip=5, outlet="", solvent=600)
    assert not of_kind(input_cautions(scrubbed.column), CautionKind.WASHED_OUT)
    assert sx_sim.solve(scrubbed).recovery("Sm", "loaded solvent") > 0.01


def test_check_says_so_of_the_circuits_of_a_train_whose_feeds_are_known(tmp_path):
    own = CASE.format(solvent=200, metal=0.02, more="", pH=9, acid=4, strip=50, outlet=OUTLET)
    head, _, rest = own.partition("[solvent]")
    first = ("[solvent]" + rest).replace("[", "[circuits.first.").replace("circuits.first. ", " ")
    second = first.replace("circuits.first.", "circuits.second.")
    liquor = second[second.index("concentrations") : second.index("[circuits.second.sections.ext")]
    second = second.replace(liquor, 'source = "first.strip liquor"\nacid = "0.01 mol/L"\n')
    path = tmp_path / "train.toml"
    path.write_text(f"[defaults]\n{head}\n{first}\n{second}")
    done = CliRunner().invoke(app, ["check", str(path)])
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "caution first: liquor enters at pH 9.0: Sm is 91 % hydrolysed" in said
    assert "caution second" not in said


@pytest.mark.parametrize(("acid", "washed"), [(0.5, False), (1.0, True)])
def test_once_solved_the_raffinate_itself_tells_whether_all_is_washed_out(acid, washed):
    """What is fed does not show it here; the solution does."""
    scrubbed = case(acid=acid, strip=60, outlet="")
    assert not of_kind(input_cautions(scrubbed.column), CautionKind.WASHED_OUT)
    result = sx_sim.solve(scrubbed)
    assert (min(result.recovery(s) for s in ("Nd", "Sm")) > 0.99) == washed
    assert bool(of_kind(result.cautions, CautionKind.WASHED_OUT)) == washed
