"""Tables as spreadsheets write them: commas, semicolons or tabs, units in the header."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sx_sim.errors import CaseError

SEPARATORS = ",;\t"
UNIT = re.compile(r"(.*?)\s*(?:\[(.*)\]|\((.*)\))")
DECIMAL_COMMA = re.compile(r"[-+]?[0-9]*,[0-9]+(?:[eE][-+]?[0-9]+)?(?:\s.*)?")
DECIMAL_POINT = re.compile(r"[-+]?[0-9]*\.[0-9]+(?:[eE][-+]?[0-9]+)?(?:\s.*)?")


@dataclass(frozen=True)
class CsvTable:
    """Rows of a table by column.

    Parameters
    ----------
    columns : tuple of str
    units : mapping of str to str
        Of the columns whose header gives one, as in ``feed [g/L]``.
    rows : tuple of (int, mapping)
        Line of the file, and its cells.
    """

    columns: tuple[str, ...]
    units: dict[str, str]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_table(text: str, known: Sequence[str]) -> CsvTable:
    """Return the table in a text.

    Columns are separated by what finds most of the ``known`` ones, or a first line such as
    ``sep=;`` says. Decimal commas are read where commas do not separate, if no number has a
    point.

    Raises
    ------
    CaseError
        Naming the row: quotes that do not close, more values than columns, points beside
        commas, a column without a name or named twice.

    Examples
    --------
    >>> table = read_table("contact;feed [g/L]\\n1;0,5\\n", ("contact", "feed"))
    >>> table.units, table.rows
    ({'feed': 'g/L'}, ((2, {'contact': '1', 'feed': '0.5'}),))
    """
    text = text.removeprefix("\ufeff")
    names = {name.lower(): name for name in known}
    separator, lines = _separated(text, names)
    header = next(lines, (1, []))[1]
    columns, units = _header(header, names)
    rows, problems = [], []
    for number, cells in lines:
        if not any(cells):
            continue
        given = dict(zip(columns, cells, strict=False))
        if any(cells[len(columns) :]):
            problems.append(f"row {number}: has more values than there are columns")
        if given.pop("", "") or any(c for n, c in zip(columns, cells, strict=False) if not n):
            problems.append(f"row {number}: has a value in a column without a name")
        rows.append((number, {name: given.get(name, "") for name in columns if name}))
    if problems:
        raise CaseError(problems)
    if separator != ",":
        _check_points(rows)
        rows = [(n, {k: _pointed(cell) for k, cell in row.items()}) for n, row in rows]
    return CsvTable(tuple(name for name in columns if name), units, tuple(rows))


def _separated(text: str, names: dict[str, str]) -> tuple[str, Iterator[tuple[int, list[str]]]]:
    """Return the separator, and the lines by it with their numbers."""
    first, _, rest = text.partition("\n")
    told = re.fullmatch(r"sep=([,;\t])", first.strip(" \r"))
    if told:
        return told[1], _lines(rest, told[1], 1)

    def columns(separator: str) -> tuple[int, int]:
        cells = [_split(cell)[0].lower() for cell in first.split(separator)]
        return sum(cell.strip('"') in names for cell in cells), len(cells)

    separator = max(SEPARATORS, key=columns)
    return separator, _lines(text, separator, 0)


def _lines(text: str, separator: str, before: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield reader.line_num + before, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise CaseError(f"row {reader.line_num + before}: cannot be read: {error}") from None


def _header(cells: list[str], names: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    columns, units = [], {}
    for cell in cells:
        name, unit = _split(cell)
        name = names.get(name.lower().replace(" ", "_"), name)
        if name and name in columns:
            raise CaseError(f"column {name} is there twice")
        columns.append(name)
        if unit:
            units[name] = unit
    return columns, units


def _split(cell: str) -> tuple[str, str]:
    """Return name and unit of a column, the unit empty where there is none."""
    found = UNIT.fullmatch(cell.strip())
    if not found:
        return cell.strip(), ""
    return found[1], (found[2] or found[3] or "").strip(" -\u2013")


def _check_points(rows: list[tuple[int, dict[str, str]]]) -> None:
    """Refuse numbers with points beside numbers with commas: one of them may part thousands."""
    found: dict[str, str] = {}
    for number, row in rows:
        for name, cell in row.items():
            for kind, pattern in (("comma", DECIMAL_COMMA), ("point", DECIMAL_POINT)):
                if pattern.fullmatch(cell):
                    found.setdefault(kind, f"row {number}: {name} = {cell}")
    if len(found) == 2:
        raise CaseError(f"{found['comma']}, but {found['point']}: write all decimals one way")


def _pointed(cell: str) -> str:
    return cell.replace(",", ".") if DECIMAL_COMMA.fullmatch(cell) else cell
