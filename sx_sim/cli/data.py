"""The data that come with the simulator: data list, show and cite, elements."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sx_sim.cli.common import out, plain_errors

Key = Annotated[str, typer.Argument(metavar="KEY", help="As sx-sim data list gives it.")]
data = typer.Typer(help="The data that come with the simulator.", no_args_is_help=True)


@data.command("list")
def data_list() -> None:
    """List extractant sets, feeds and isotherms, with the quality of their numbers."""
    with plain_errors():
        from sx_sim.report.data import print_list

        print_list(out)


@data.command("show")
def data_show(key: Key) -> None:
    """Print a data set: every constant with its error, quality, source and range."""
    with plain_errors():
        from sx_sim.report.data import print_sheet

        print_sheet(out, key)


@data.command("cite")
def data_cite(key: Key) -> None:
    """Print the BibTeX entries that a data set rests on."""
    with plain_errors():
        from sx_sim.chemistry.catalogue import cite, entry

        sys.stdout.write("\n\n".join(cite(entry(key).sources).values()) + "\n")


def elements() -> None:
    """List the elements and the extractant sets that have constants for them."""
    from sx_sim.report.data import print_elements

    print_elements(out)
