"""Tables that keep their words whole: what does not fit goes into a table below."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.measure import Measurement, measure_renderables
from rich.table import Column, Table

FRAME = 3  # of a column: two blanks and a line


def fitting(console: Console, table: Table) -> list[Table]:
    """Return a table in parts that fit a console, each with the first column.

    Parameters
    ----------
    console : Console
    table : Table

    Returns
    -------
    list of Table
        A single one where that fits with no word broken.
    """
    ranges = [_range(console, column) for column in table.columns]
    parts: list[list[int]] = []
    for k in range(1, len(ranges)):
        if parts and _spare(console, [ranges[c].minimum for c in (0, *parts[-1], k)]) >= 0:
            parts[-1].append(k)
        else:
            parts.append([k])
    tables = [_of_columns(console, table, [0, *part], ranges) for part in parts]
    for other in tables[1:]:
        other.title = None
    return tables or [table]


def _range(console: Console, column: Column) -> Measurement:
    """Return the width of a column's longest word, and that without any break."""
    wide = console.options.update(max_width=100 * console.width)
    head = measure_renderables(console, wide, [column.header])
    cells = measure_renderables(console, wide, list(column.cells) or [""])
    least = cells.maximum if column.no_wrap else cells.minimum
    return Measurement(max(head.minimum, least), max(head.maximum, cells.maximum))


def _spare(console: Console, widths: Sequence[int]) -> int:
    """Return the width of a console that columns of these widths leave."""
    return console.width - 1 - sum(width + FRAME for width in widths)


def _of_columns(
    console: Console, table: Table, places: Sequence[int], ranges: Sequence[Measurement]
) -> Table:
    """Return some columns of a table as one, of widths at which words stay whole."""
    part = Table(title=table.title, title_justify=table.title_justify)
    widths = [ranges[k].minimum for k in places]
    for _ in range(max(_spare(console, widths), 0)):
        lacking = [ranges[k].maximum - width for k, width in zip(places, widths, strict=True)]
        if max(lacking) > 0:
            widths[lacking.index(max(lacking))] += 1
    columns = [table.columns[k] for k in places]
    for column, width in zip(columns, widths, strict=True):
        part.add_column(column.header, justify=column.justify, width=width)
    for row, cells in zip(table.rows, zip(*(c.cells for c in columns), strict=True), strict=True):
        part.add_row(*cells, style=row.style, end_section=row.end_section)
    return part
