"""Tables of isotherms: what is read, and what is said of a table that is wrong."""

import numpy as np
import pytest
from typer.testing import CliRunner

import sx_sim
from support.paths import ROOT
from sx_sim.cases.isotherms import TEMPLATE, read_isotherms
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.cli import app

HEADER = "contact,laboratory,element,extractant_formal,feed_acid,feed,aqueous,organic\n"
GOOD = "1,ours,Nd,1.0,0.1,0.05,0.04,0.01\n2,ours,Nd,1.0,0.2,0.05,0.045,0.005\n"
SHIPPED = ROOT / "sx_sim" / "data" / "isotherms" / "pc88a_hcl.csv"
LEVELS = ("Kim (2012)", "Li (1987)", "Lyon (2016)", "Lee (2005)")

run = CliRunner().invoke


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "data.csv"
        path.write_text(text)
        return path

    return write


def test_template_can_be_read(written):
    data = read_isotherms(written(TEMPLATE))
    assert data.elements == ("Pr", "Nd")
    assert data.points == 4
    assert data.temperature[0] == 298.15


def test_shipped_isotherms():
    data = read_isotherms(SHIPPED, laboratories=LEVELS)
    assert data.points == 191
    assert data.elements == ("La", "Ce", "Pr", "Nd", "Sm", "Dy", "Y")


def test_the_third_phase_follows_from_the_others(written):
    text = "contact,laboratory,element,extractant_formal,feed_acid,feed,aqueous,oa\n"
    data = read_isotherms(written(text + "1,ours,Nd,1,0.1,0.05,0.04,2\n"))
    assert 10 ** data.log10_d[0] == pytest.approx(0.005 / 0.04)


def test_feed_acid_from_the_pH_at_equilibrium(written):
    text = HEADER.replace("feed_acid", "equilibrium_pH")
    data = read_isotherms(written(text + "1,ours,Nd,1,1.0,0.05,0.04,0.01\n"))
    assert data.acid[0] == pytest.approx(0.1 - 3 * 0.01)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER.replace("element", "elemnt") + GOOD, "column element is missing; is it"),
        (HEADER.replace("feed_acid", "acid") + GOOD, "column feed_acid is missing"),
        (HEADER + GOOD + "3,ours,Nd,1,0.1,0.05,abc,0.01\n", "row 4: aqueous = abc: must be a num"),
        (HEADER + GOOD + "3,ours,Nd,1,-0.1,0.05,0.04,0.01\n", "row 4: feed_acid = -0.1: must be 0"),
        (HEADER + "1,ours,Nd,1,0.1,0.05,0.04,0.02\n", "row 2: feed = 0.05, but.*out of balance"),
        (HEADER + "1,ours,Xx,1,0.1,0.05,0.04,0.01\n", "row 2: element = Xx"),
        (HEADER + "1,ours,Nd,1,0.1,0.05,0.05,0\n", "row 2: aqueous = 0.05, organic = 0"),
        (HEADER + "1,ours,Nd,1,0.1,0.05,,\n", "row 2: two of feed"),
        (HEADER + "1,ours,Nd,,0.1,0.05,0.04,0.01\n", "row 2: extractant_formal is empty"),
        (HEADER + GOOD.replace("2,ours", "1,ours"), "row 3: contact 1 has Nd in row 2 already"),
        (HEADER + "1,a,Nd,1,.1,.05,.04,.01\n1,b,Pr,1,.1,.05,.04,.01\n", "row 3: laboratory = b"),
        (HEADER, "has no rows"),
        (HEADER + "1,ours,Nd,1,0.1,0.05,0.04,0.01,7\n", "row 2: has more values"),
        ("", "column contact is missing"),
    ],
)
def test_what_is_wrong_is_said_with_its_row(written, text, message):
    path = written(text)
    with pytest.raises(sx_sim.CaseError, match=message) as caught:
        read_isotherms(path)
    assert str(path) in str(caught.value)
    shown = run(app, ["fit", str(path)])
    assert shown.exit_code == 2
    assert "Traceback" not in shown.output


def test_every_wrong_row_is_named(written):
    text = HEADER + "1,ours,Nd,1,0.1,x,0.04,0.01\n2,ours,Nd,1,0.1,0.05,y,0.01\n"
    with pytest.raises(sx_sim.CaseError) as caught:
        read_isotherms(written(text))
    assert len(caught.value.problems) == 2


def test_a_fitted_set_serves_a_case(tmp_path):
    labs = [word for name in LEVELS for word in ("--laboratory", name)]
    shown = run(
        app,
        [
            "fit",
            str(SHIPPED),
            *labs,
            *("--fix", "order_dimer=2.4", "--free", "log10_K", "--free", "order_acid"),
            *("--out", str(tmp_path / "my-set.toml"), "--plots", str(tmp_path / "pictures")),
            *("--out-table", str(tmp_path / "points.csv")),
        ],
    )
    assert shown.exit_code == 0, shown.output
    assert "log10_K.Nd" in shown.output
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 2
    assert len((tmp_path / "points.csv").read_text().splitlines()) == 192
    mine = extractant_set(tmp_path / "my-set.toml")
    assert mine.species["Nd"].order_dimer == mine.species["Lu"].order_dimer == 2.4
    assert mine.species["Nd"].quality == "measured"
    assert mine.species["Lu"].quality == "estimated"
    case = (ROOT / "examples" / "monazite_nd_sm.toml").read_text()
    path = tmp_path / "case.toml"
    path.write_text(case.replace('"hehehp-chloride"', '"my-set.toml"'))
    loaded = sx_sim.load_case(path)
    assert loaded.column.system.extractant.key == "my-set"
    result = sx_sim.solve(loaded)
    stored = tmp_path / "elsewhere" / "run.h5"
    sx_sim.save_result(result, stored, loaded)
    again = sx_sim.load_result(stored)
    np.testing.assert_allclose(again.stages.aqueous, result.stages.aqueous)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file"),
        ("key = ", "is not valid TOML"),
        ('key = "a"', r"is no extractant set: it has no \[species.SYMBOL\] tables"),
    ],
)
def test_bad_set_files(tmp_path, content, message):
    if content is not None:
        (tmp_path / "mine.toml").write_text(content)
    case = (ROOT / "examples" / "pr_nd.toml").read_text()
    path = tmp_path / "case.toml"
    path.write_text(case.replace('"hehehp-chloride"', '"mine.toml"'))
    with pytest.raises(sx_sim.CaseError, match=message):
        sx_sim.load_case(path)


def test_bad_options(written):
    path = str(written(HEADER + GOOD))
    assert run(app, ["fit"]).exit_code == 2
    assert run(app, ["fit", path, "--fix", "order_dimer"]).exit_code == 2
    assert run(app, ["fit", path, "--set", "nothing"]).exit_code == 2
    assert run(app, ["fit", path, "--out", "set.txt"]).exit_code == 2
    assert run(app, ["fit", "--template"]).output == TEMPLATE
