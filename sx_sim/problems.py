"""Saying what is wrong with a table, key by key, from what pydantic found."""

from __future__ import annotations

import difflib
import re
import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

LONGEST = 60  # characters of a value that a message repeats
WORDS = (
    ("Value error, ", ""),
    ("Input should be", "must be"),
    ("a valid dictionary", "a table"),
    ("a valid list", "a list, such as [1, 2]"),
    ("a valid tuple", "a list"),
    ("a valid string", "text"),
    ("a valid number", "a number"),
    ("a valid integer", "a whole number"),
    ("a valid boolean", "true or false"),
)


def problems_of(error: ValidationError, root: type[BaseModel]) -> list[str]:
    """Return the errors in tables that ``root`` describes, a line each."""
    lines = [_line(details, root) for details in error.errors()]
    return list(dict.fromkeys(lines))


def shown(value: Any) -> str:
    """Return a value as TOML has it, shortened where it is long.

    Examples
    --------
    >>> shown("1 mol/L"), shown(True)
    ('"1 mol/L"', 'true')
    """
    if isinstance(value, dict | list | tuple):
        return "a table" if isinstance(value, dict) else "a list"
    try:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    except ValueError:  # whole numbers have a longest text
        return "a number of thousands of digits"
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return f'"{text}"' if isinstance(value, str) else text


def _line(details: ErrorDetails, root: type[BaseModel]) -> str:
    """Return one problem as ``key = value: what would be right``."""
    loc = details["loc"]
    parts, model = _place(loc[:-1] if loc and loc[-1] == "[key]" else loc, root)
    path, last = ".".join(parts), parts[-1] if parts else ""
    if details["type"] == "missing":
        field = model.model_fields.get(last) if model else None
        examples = field.examples if field and field.examples else []
        hint = f"; such as {last} = {shown(examples[0])}" if examples else ""
        return f"{path} is missing{hint}"
    if details["type"] == "extra_forbidden":
        known = _names(model) if model else []
        near = difflib.get_close_matches(last, known, n=1)
        guess = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}"
        return f"{path}: unknown key; {guess}"
    message = re.sub(r" or instance of \w+", "", details["msg"])
    for theirs, ours in WORDS:
        message = message.replace(theirs, ours)
    value = details["input"]
    if not parts:
        return message
    if isinstance(value, dict | list):
        return f"{path}: {message}"
    return f"{path} = {shown(value)}: {message}"


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _place(loc: tuple[int | str, ...], root: Any) -> tuple[list[str], type[BaseModel] | None]:
    """Return the keys that lead to a place, and the model of the table that the last is in.

    pydantic names the member of a union that it tried as if it were a key; that is left out.
    """
    parts: list[str] = []
    here, table = root, None
    for part in loc:
        here, found = _plain(here), str(part)
        if isinstance(here, type) and issubclass(here, BaseModel):
            table = here
            named = {field.alias or name: field for name, field in here.model_fields.items()}
            here = named[found].annotation if found in named else None
        elif get_origin(here) in (dict, list, tuple):
            table, here = None, get_args(here)[-1]
        else:
            kind = found.partition("[")[0]
            options = [a for a in get_args(here) if getattr(a, "__name__", "") == kind]
            here = options[0] if options else here
            continue
        parts.append(found)
    return parts, table


def _plain(annotation: Any) -> Any:
    """Return a type without what is said of it, or that it may be left out."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        options = [a for a in get_args(annotation) if a is not type(None)]
        return _plain(options[0]) if len(options) == 1 else annotation
    return annotation
