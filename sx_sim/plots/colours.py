"""One colour for each element, whatever else a picture holds."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable
from zlib import crc32

# Rare earths go by hue from violet (La) to red (Lu), light beside dark, so that neighbours
# differ most. No two are closer than 14 by CIEDE2000, no two rare earths than 18.
COLOURS = {
    "La": "#867fd1",
    "Ce": "#324381",
    "Pr": "#8db7ff",
    "Nd": "#1371b5",
    "Sm": "#5bd6ac",
    "Eu": "#0e7243",
    "Gd": "#1adf2d",
    "Tb": "#748e48",
    "Dy": "#434b01",
    "Ho": "#b79f0a",
    "Y": "#f68825",
    "Er": "#723814",
    "Tm": "#d6705b",
    "Yb": "#940d39",
    "Lu": "#fd3784",
    "Sc": "#0e6770",
    "Th": "#14232a",
    "U": "#956a30",
    "Na": "#545454",
    "NH4": "#e0a8ca",
    "H": "#f0b766",
    "K": "#c0c1c0",
    "Mg": "#19adc9",
    "Ca": "#7c8486",
    "Al": "#8d6976",
    "Fe": "#bfcc87",
    "Li": "#920f9c",
    "Be": "#4b2b46",
    "Cr": "#f2b8a6",
    "Mn": "#ca0d0c",
    "Co": "#f262fe",
    "Ni": "#0207fb",
    "Cu": "#299883",
    "Zn": "#af937d",
    "Ga": "#00e2e8",
    "Rb": "#ab3ff7",
    "Sr": "#2a3f2c",
    "Cd": "#8fac92",
    "In": "#ae5fa6",
    "Cs": "#6a6b8a",
    "Ba": "#b6b4d6",
    "Pb": "#07ac50",
    "Ti": "#616b4e",
    "V": "#c80278",
    "Zr": "#455af3",
    "Ra": "#88b402",
}


def colour_of(symbol: str) -> str:
    """Return the colour of an element as ``#rrggbb``; one without its own gets a pale one."""
    if symbol in COLOURS:
        return COLOURS[symbol]
    hue = crc32(symbol.encode()) / 2**32
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue, 0.65, 0.35))
    return f"#{red:02x}{green:02x}{blue:02x}"


def element_colours(elements: Iterable[str]) -> dict[str, str]:
    """Return the colour of every element.

    Examples
    --------
    >>> element_colours(["Pr", "Nd"])
    {'Pr': '#8db7ff', 'Nd': '#1371b5'}
    """
    return {symbol: colour_of(symbol) for symbol in elements}
