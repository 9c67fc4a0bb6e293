"""The data commands."""

import pytest
from typer.testing import CliRunner

import sx_sim
from support.columns import heavy_case
from support.paths import ACTIVITY, SULFATE
from sx_sim.chemistry import database
from sx_sim.chemistry.catalogue import KINDS, entries, entry
from sx_sim.cli import app


def printed(*words):
    done = CliRunner().invoke(app, ["data", *words], env={"COLUMNS": "200"})
    return done.exit_code, " ".join(done.output.split())


def test_list_has_every_set_feed_and_table():
    code, text = printed("list")
    assert code == 0
    found = entries()
    assert {one.kind for one in found} == set(KINDS)
    for key in (*database.keys("extractants"), *database.keys("feeds"), "pc88a_hcl"):
        assert key in text
    assert "7 measured, 3 derived, 7 estimated" in text


@pytest.mark.parametrize("key", [one.key for one in entries()])
def test_every_data_set_can_be_shown_and_cited(key):
    code, text = printed("show", key)
    assert code == 0, text
    one = entry(key)
    assert one.title in text
    assert one.sources
    code, text = printed("cite", key)
    assert code == 0
    for source in one.sources:
        assert f"{{{source}," in text


def test_show_gives_constants_with_errors_quality_source_and_range():
    text = printed("show", "d2ehpa-tbp-sulfate")[1]
    for part in ("Nd", "-2.317", "derived", "prommis", "+2.487 e", "0.01 to 0.05 mol/L [H+]"):
        assert part in text
    assert "0.038824182" in printed("show", "pc88a_hcl")[1]
    assert "Gd2O3" in printed("show", "longnan")[1]


def test_a_wrong_key_says_what_there_is():
    code, text = printed("show", "hehehp")
    assert code == 2
    assert "no data set 'hehehp'; there are:" in text


def test_own_sets_are_shown_by_their_path():
    assert "a set with activities" in printed("show", ACTIVITY)[1]
    assert "spana" in entry(ACTIVITY).sources
    assert "phreeqc" in entry(SULFATE).sources


def test_a_result_says_what_it_rests_on(tmp_path):
    case = heavy_case()
    result = sx_sim.solve(case)
    assert {"quah2021", "lideqian2019"} <= set(result.sources)
    assert set(sx_sim.cite(result.sources)) == set(result.sources)
    path = tmp_path / "case.toml"
    path.write_text(case.text)
    done = CliRunner().invoke(app, ["run", str(path)])
    text = " ".join(done.output.split())
    assert f"rests on {', '.join(result.sources)}; sx-sim data cite hehehp-chloride" in text
