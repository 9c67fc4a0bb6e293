"""Consoles on which text is text, and lines of it with a style."""

from __future__ import annotations

import re
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sx_sim.report.tables import fitting

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tabs and ends of lines


class PlainConsole(Console):
    """A console that prints names, titles and paths as they are.

    There is no markup in brackets and no emoji by name; control characters are escaped.
    Tables break no words, see ``fitting``.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print objects, tables in parts that fit."""
        for thing in objects:
            if isinstance(thing, Table):
                for part in fitting(self, thing):
                    super().print(part, **options)
        rest = [thing for thing in objects if not isinstance(thing, Table)]
        if rest or not objects:
            super().print(*rest, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text to print, whatever it holds."""
        return super().render_str(visible(text), **options)


def visible(text: str) -> str:
    """Return a text with its control characters escaped.

    Examples
    --------
    >>> visible("a" + chr(27) + "[1m")
    'a\\\\x1b[1m'
    """
    return CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def line(*parts: str | tuple[str, str]) -> Text:
    """Return a line; parts that are a text and a style have that style."""
    return Text.assemble(
        *(visible(p) if isinstance(p, str) else (visible(p[0]), p[1]) for p in parts)
    )


def print_line(console: Console, *parts: str | tuple[str, str]) -> None:
    """Print a line, however long it is, without breaking it."""
    console.print(line(*parts), soft_wrap=True)
