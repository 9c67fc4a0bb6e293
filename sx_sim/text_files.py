"""Reading the text files that people hand over, whatever wrote them."""

from __future__ import annotations

import codecs
import re
import tomllib
from pathlib import Path
from typing import Any

from sx_sim.errors import CaseError

LARGEST = 64 * 2**20  # bytes
SAVE = "save it as UTF-8 (an editor's Save as; CSV UTF-8 in a spreadsheet)"
LARGEST_TABLES = 4 * 2**20  # characters of TOML
MARKS = (  # what a file begins with, the longer before what it begins with itself
    (codecs.BOM_UTF32_LE, f"is UTF-32 text; {SAVE}"),
    (codecs.BOM_UTF32_BE, f"is UTF-32 text; {SAVE}"),
    (codecs.BOM_UTF16_LE, f"is UTF-16 text; {SAVE}"),
    (codecs.BOM_UTF16_BE, f"is UTF-16 text; {SAVE}"),
    (b"\x89HDF\r\n", "is an HDF5 file, no text"),
    (b"PK\x03\x04", "is a spreadsheet or an archive, no text; save the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "is an old spreadsheet, no text; save the sheet as CSV UTF-8"),
)
CURLY = tuple("\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb")
DECIMAL_COMMA = re.compile(r"=\s*[-+]?[0-9]+,[0-9]")
PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # but tabs and ends of lines
DEEPEST = 12  # tables within tables
PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+"""
CHAIN = re.compile(rf"(?<![A-Za-z0-9_-])(?:{PART}\.[ \t]*+){{100}}")  # the parts of one key


def read_text(path: str | Path) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark, lines ended by LF.

    Raises
    ------
    CaseError
        If there is no such file, it cannot be read, or is not UTF-8: named for what it is.
    """
    name = str(path)
    try:
        with Path(path).open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise CaseError("there is no such file", name) from None
    except IsADirectoryError:
        raise CaseError("is a folder; a file is needed", name) from None
    except OSError as error:
        raise CaseError(f"cannot be read: {error.strerror or error}", name) from None
    except ValueError as error:  # a name that no file can have
        raise CaseError(f"cannot be read: {error}", name) from None
    if len(raw) > LARGEST:
        raise CaseError(f"is larger than {LARGEST >> 20} MB, which no text for this is", name)
    try:
        return _decoded(raw).replace("\r\n", "\n").replace("\r", "\n")
    except CaseError as error:
        raise CaseError(error.problems, name) from None


def read_tables(path: str | Path) -> dict[str, Any]:
    """Return the tables of a TOML file; errors as ``read_text`` and ``tables_of``."""
    return tables_of(read_text(path), str(path))


def tables_of(text: str, name: str) -> dict[str, Any]:
    """Return the tables of TOML text.

    Raises
    ------
    CaseError
        If it is not valid TOML, goes beyond what can be read (depth, digits of an integer), or
        a key or a text holds control characters.
    """
    try:
        if len(text) > LARGEST_TABLES:
            raise CaseError(f"is larger than {LARGEST_TABLES >> 20} MB, as no such table is", name)
        if CHAIN.search(text):
            raise RecursionError
        tables = tomllib.loads(text)
        problems = _hidden(tables)
    except tomllib.TOMLDecodeError as error:
        raise CaseError(_why_no_toml(text, str(error)), name) from None
    except RecursionError:
        raise CaseError("is nested deeper than any table that is read here", name) from None
    except ValueError:
        raise CaseError("holds an integer of more digits than can be read", name) from None
    if problems:
        raise CaseError(problems, name)
    return tables


def _hidden(tables: dict[str, Any]) -> list[str]:
    """Return where keys or texts hold characters that are not shown; RecursionError too deep."""
    problems = []
    level: list[Any] = [tables]
    for _ in range(DEEPEST):
        texts = [one for one in level if isinstance(one, str)]
        texts += [key for one in level if isinstance(one, dict) for key in one]
        problems += [f"{shown(t)}: holds a control character" for t in texts if CONTROL.search(t)]
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return problems
    raise RecursionError


def shown(text: str) -> str:
    """Return a text in quotes, its control characters escaped, shortened where it is long."""
    return repr(text if len(text) <= 60 else f"{text[:60]}...")


def _why_no_toml(text: str, said: str) -> str:
    """Return the error in text that is no TOML, in terms of what was typed where possible."""
    place = PLACE.search(said)
    if place:
        line = text.split("\n")[int(place[1]) - 1]
        rest = line[max(int(place[2]) - 1, 0) :]
        if rest[:1] in CURLY:
            return f'line {place[1]}: has a curly quote {rest[0]}; write straight ones, "'
        if DECIMAL_COMMA.search(line):
            return f"line {place[1]}: has a decimal comma; write a point, 1.5 and not 1,5"
    return f"is not valid TOML: {said}"


def _decoded(raw: bytes) -> str:
    for mark, what in MARKS:
        if raw.startswith(mark):
            raise CaseError(what)
    if b"\0" in raw:
        wide = raw[: len(raw) // 2 * 2]
        zeros = max(wide[::2].count(0), wide[1::2].count(0))
        if zeros < 0.2 * len(wide):
            raise CaseError("is no text: it holds zero bytes")
        raise CaseError(f"is UTF-16 text without a byte order mark; {SAVE}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = raw[error.start : error.start + 1].decode("cp1252", errors="replace")
        raise CaseError(
            f"line {line}: is Latin-1 or Windows-1252 text, by its '{found}'; {SAVE}"
        ) from None
