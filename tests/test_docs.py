"""The documentation names all there is, with the numbers of today, and needs no net."""

import re
import tomllib
from dataclasses import fields

import pytest

import sx_sim
from support.paths import ROOT
from sx_sim import plots
from sx_sim.cascade.profile import PROFILES, Profile
from sx_sim.flowsheet.quantities import QUANTITIES
from sx_sim.validation.isotherms import measurements

DOCS = ROOT / "docs"
PAGES = [*DOCS.glob("*.md"), ROOT / "README.md"]


def test_every_public_name_is_in_the_reference():
    reference = (DOCS / "reference.md").read_text(encoding="utf-8").split()
    names = {f"sx_sim.{name}" for name in sx_sim.__all__ if name != "plots"}
    assert sorted(names - set(reference)) == []
    assert sorted({f"sx_sim.plots.{name}" for name in plots.__all__} - set(reference)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pictures_and_pages_that_are_named_exist(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        made = target.startswith("gallery/")  # when the documentation is built
        assert made or (page.parent / target).exists(), target


def test_the_counts_of_published_points_are_those_of_the_table():
    table = ROOT / "sx_sim" / "data" / "isotherms" / "pc88a_hcl.csv"
    rows = len(table.read_text(encoding="utf-8").splitlines()) - 1
    excluded = rows - measurements().points
    told = f"{rows} published points, of which {excluded} are marked as excluded"
    assert told in (DOCS / "fitting.md").read_text(encoding="utf-8")


def test_stages_told_are_those_of_the_examples():
    script = (ROOT / "examples" / "plot_cascade.py").read_text(encoding="utf-8")
    case = sx_sim.parse_case(re.search(r'parse_case\("""(.*?)"""\)', script, re.DOTALL)[1])
    assert f"{case.column.stages} mixer-settlers" in script
    train = tomllib.loads((ROOT / "examples" / "heavy_clay_train.toml").read_text("utf-8"))
    sections = [c["sections"] for c in train["circuits"].values()]
    shared = train.get("defaults", {}).get("sections", {})
    stages = sum(
        section.get("stages", shared.get(name, {}).get("stages", 0))
        for one in sections
        for name, section in (shared | one).items()
    )
    assert f"{stages}\nmixer-settlers" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_formulas_are_drawn_without_the_net():
    settings = (DOCS / "conf.py").read_text(encoding="utf-8")
    assert 'html_math_renderer = "mathml"' in settings
    assert "mathjax" not in settings


def test_all_commands_are_in_the_documentation():
    from typer.main import get_command

    from sx_sim.cli import app

    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert '"## Commands"' in (DOCS / "start.md").read_text(encoding="utf-8")
    for name in get_command(app).commands:
        assert f"`sx-sim {name}" in page


def test_the_nomenclature_lists_every_quantity_and_profile():
    text = (ROOT / "docs" / "nomenclature.md").read_text(encoding="utf-8")
    rows = [[c.strip().strip("`") for c in line.split("|")[1:-1]] for line in text.splitlines()]
    listed = [row for row in rows if len(row) == 5 and row[0] in QUANTITIES]
    assert listed == [
        [q.name, q.form, ", ".join(q.along), q.unit, q.long_name] for q in QUANTITIES.values()
    ]
    profiles = [row for row in rows if len(row) == 3 and row[0] in PROFILES]
    assert profiles == [[name, *about] for name, about in PROFILES.items()]
    assert set(PROFILES) < {*dir(Profile), *(f.name for f in fields(Profile))}
