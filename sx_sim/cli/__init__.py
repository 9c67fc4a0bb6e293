"""The command line: parse, call, print."""

from __future__ import annotations

from typing import Annotated

import typer

from sx_sim.cli.common import out, replace_unknown_characters
from sx_sim.cli.data import data, elements
from sx_sim.cli.files import export, info, schema
from sx_sim.cli.simulating import fmu, simulate
from sx_sim.cli.solving import check, run
from sx_sim.cli.studying import fit, sensitivity, uncertainty
from sx_sim.cli.sweeping import plot, sweep

app = typer.Typer(
    help="Counter-current solvent extraction of rare earths, stage by stage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMMANDS = (
    *(run, check, sweep, simulate, fmu, plot),
    *(sensitivity, uncertainty, fit, info, export, schema, elements),
)


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        from importlib.metadata import version

        out.print(f"sx_sim {version('sx_sim')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Counter-current solvent extraction of rare earths, stage by stage."""
    replace_unknown_characters()


for command in COMMANDS:
    app.command()(command)
app.add_typer(data, name="data")
