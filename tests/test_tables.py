"""Tables keep their words whole at the width of a terminal."""

import re

import pytest
from rich.table import Table
from typer.testing import CliRunner

from support.paths import ROOT
from sx_sim.cli import app
from sx_sim.report.console import PlainConsole
from sx_sim.report.tables import fitting

WIDTH = 80
EXAMPLES = ROOT / "examples"
COMMANDS = {
    "data show hehehp-chloride": ["shinetsu-ep2388344,", "estimated", "orders", "enthalpy"],
    "data show pc88a_hcl": ["extractant_formal", "Formiga"],
    "data list": ["hehehp-chloride-conditional", "d2ehpa_chloride_series"],
    "elements": ["hehehp-chloride-conditional", "praseodymium"],
    f"run {EXAMPLES / 'gd_eu_sm.toml'}": ["europium", "extraction", "saponification"],
    f"run {EXAMPLES / 'monazite_front_end.toml'}": ["extraction", "saponification"],
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda text: text.replace(str(EXAMPLES), ""))
def test_no_word_is_broken_at_eighty_columns(command, monkeypatch):
    monkeypatch.setattr("sx_sim.cli.common.out._width", WIDTH)
    done = CliRunner().invoke(app, command.split())
    assert done.exit_code == 0, done.output
    rows = [text for text in done.output.splitlines() if text and text[0] in "│┃┏┡└├"]
    assert rows
    assert max(map(len, rows)) <= WIDTH
    assert not any("…" in row for row in rows)
    words = set(re.split(r"[│┃\s]+", " ".join(rows)))
    for word in COMMANDS[command]:
        assert word in words


def test_a_table_that_does_not_fit_goes_on_below_with_its_first_column():
    console = PlainConsole(width=30)
    table = Table(title="Sources")
    for name in ("key", "first reference", "second reference"):
        table.add_column(name)
    table.add_row("La", "shinetsu-ep2388344", "p507-textbook-1998")
    one, two = fitting(console, table)
    assert [column.header for column in one.columns] == ["key", "first reference"]
    assert [column.header for column in two.columns] == ["key", "second reference"]
    assert list(two.columns[0].cells) == ["La"]
    wide = PlainConsole(width=80)
    assert len(fitting(wide, table)) == 1
