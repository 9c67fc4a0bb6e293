"""Acid in g/L, and extractant in g/L or per cent by volume, as the moles that a case counts in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sx_sim import units
from sx_sim.chemistry.extractants import ExtractantSet
from sx_sim.chemistry.reagents import acid_of, extractant_density, extractant_mass


def in_moles(tables: Mapping[str, Any], extractant: ExtractantSet) -> dict[str, Any]:
    """Return the tables of a case with acids and extractants by mass or volume in mol/L.

    Acid is that of the set's medium, in equivalents as everywhere; the extractant counts as
    pure, at its density undiluted. Whatever is no such quantity stays as it is.

    Raises
    ------
    ValueError
        If molar mass or density are not known.
    """
    found = dict(tables)
    for part in ("solvent", "feeds", "sections"):
        whole = tables.get(part)
        if not isinstance(whole, dict):
            continue
        if part == "solvent":
            found[part] = whole | dict(_changed(part, whole, extractant))
        else:
            found[part] = {
                name: table | dict(_changed(f"{part}.{name}", table, extractant))
                if isinstance(table, dict)
                else table
                for name, table in whole.items()
            }
    return found


def _changed(
    place: str, table: Mapping[str, Any], extractant: ExtractantSet
) -> Iterator[tuple[str, str]]:
    """Yield the keys of a table whose value is by mass or volume, with it in moles."""
    for key, per_unit in _per_unit(place, extractant).items():
        given = table.get(key)
        if not isinstance(given, str):
            continue
        try:
            value, unit = units.parse(given, *per_unit)
        except ValueError:
            continue  # in moles already, or for the field to refuse
        moles = value * per_unit[unit]
        if moles != moles:
            raise ValueError(
                f'{place}.{key} = "{given}": molar mass and density of the '
                f"{extractant.medium if key == 'acid' else extractant.extractant} are not known; "
                "give mol/L"
            )
        yield key, f"{moles!r} mol/L"


def _per_unit(place: str, extractant: ExtractantSet) -> dict[str, dict[str, float]]:
    """Return a g/L or per cent by volume in mol/L, by the key it is given under."""
    if place == "solvent" or place.startswith("feeds."):
        mass = extractant_mass(extractant.extractant)
        density = extractant_density(extractant.extractant)
        key = "concentration" if place == "solvent" else "extractant"
        solvent = {key: {"g/L": 1.0 / mass, "volpct": density / mass / 100.0}}
    else:
        solvent = {}
    acid = acid_of(extractant.medium)
    return solvent | {"acid": {"g/L": acid.equivalents / acid.mass}}
