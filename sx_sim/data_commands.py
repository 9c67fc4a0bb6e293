"""The commands that show the data."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated

import typer
from rich.console import Console

Key = Annotated[str, typer.Argument(metavar="KEY", help="As sx-sim data list gives it.")]


def data_commands(guard: Callable[[], AbstractContextManager[None]], out: Console) -> typer.Typer:
    """Return the commands ``list``, ``show`` and ``cite``.

    Parameters
    ----------
    guard : callable
        Turns input errors into messages.
    out : Console
    """
    data = typer.Typer(help="The data that come with the simulator.", no_args_is_help=True)

    @data.command("list")
    def data_list() -> None:
        """List extractant sets, feeds and isotherms, with the quality of their numbers."""
        with guard():
            from sx_sim import datasheets

            datasheets.print_list(out)

    @data.command("show")
    def data_show(key: Key) -> None:
        """Print a data set: every constant with its error, quality, source and range."""
        with guard():
            from sx_sim import datasheets

            datasheets.print_sheet(out, key)

    @data.command("cite")
    def data_cite(key: Key) -> None:
        """Print the BibTeX entries that a data set rests on."""
        with guard():
            from sx_sim.chemistry.catalogue import cite, entry

            sys.stdout.write("\n\n".join(cite(entry(key).sources).values()) + "\n")

    return data
