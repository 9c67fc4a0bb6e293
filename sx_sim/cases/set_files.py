"""Writing extractant sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def toml_value(value: Any) -> str:
    """Return a TOML literal: text, list or number.

    Examples
    --------
    >>> toml_value(["a", 1.25]), toml_value(3)
    ('["a", 1.25]', '3.0')
    """
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return f"{float(value):.10g}" if not float(value).is_integer() else f"{float(value):.1f}"


def set_text(
    comment: Sequence[str],
    header: Mapping[str, Any],
    tables: Mapping[str, Mapping[str, Any]],
    species: Mapping[str, Mapping[str, Any]],
) -> str:
    """Return the text of a set file: comment, keys, tables such as ``level``, and species."""
    lines = [f"# {line}" for line in comment] + [""]
    lines += [f"{key} = {toml_value(value)}" for key, value in header.items()]
    named = {**tables, **{f"species.{name}": table for name, table in species.items()}}
    for title, table in named.items():
        lines += ["", f"[{title}]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"
