"""What is known of the data sets, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from sx_sim.chemistry import database
from sx_sim.chemistry.catalogue import Entry, about, entries, entry, tables
from sx_sim.chemistry.elements import elements
from sx_sim.chemistry.extractants import ExtractantSet, extractant_set
from sx_sim.report.console import line, print_line

RANGE_UNITS = {
    "acid": "mol/L [H+]",
    "anion": "mol/L of the medium",
    "ionic_strength": "mol/L ionic strength",
    "loading": "of the extractant held by metals",
    "extractant": "mol/L formal",
    "temperature": "K",
}
FEW_ELEMENTS = 6


def print_list(console: Console) -> None:
    """Print one line for every data set."""
    table = Table()
    for name in ("key", "elements", "quality"):
        table.add_column(name, no_wrap=name != "quality")
    kind = ""
    for one in entries():
        if one.kind != kind:
            kind = one.kind
            table.add_section()
            table.add_row(line((f"{kind}s", "bold")), "", "")
        table.add_row(one.key, _elements(one), _summary(one.quality))
    console.print(table)


def print_sheet(console: Console, key: str) -> None:
    """Print everything that is known of one data set; CaseError if there is none."""
    one = entry(key)
    print_line(console, (one.title, "bold"), f" ({one.kind} '{one.key}')")
    console.print(f"  {one.conditions}", soft_wrap=True)
    {"set": _print_set, "feed": _print_feed, "isotherm": _print_points}[one.kind](console, one)
    console.print(f"sources: {', '.join(one.sources)}", soft_wrap=True)


def _print_set(console: Console, one: Entry) -> None:
    known = extractant_set(one.key)
    console.print(f"  {known.law}: {known.reaction}", soft_wrap=True)
    console.print(f"  complexes: {known.complexes}, activity: {known.activity}")
    for name, (low, high) in known.ranges.items():
        console.print(f"  {name} {low:.4g} to {high:.4g} {RANGE_UNITS[name]}")
    console.print(
        f"  all rare earths share errors of {known.level_log10_K_sd:g} in log10 K and "
        f"{known.level_enthalpy_sd:g} kJ/mol"
    )
    console.print(_constants(known))
    for symbol, constants in known.species.items():
        if constants.note:
            console.print(f"  {symbol}: {constants.note}", soft_wrap=True)
    strange = [s for s in known.species if s not in elements() and s not in known.own]
    if strange:
        console.print(
            f"  {', '.join(strange)}: not among the elements that sx_sim knows by itself; a case "
            "that holds them needs their charge and mass",
            soft_wrap=True,
        )


def _constants(known: ExtractantSet) -> Table:
    table = Table()
    unit = known.unit
    names = ("", "log10 K", "sd", "quality", "source", f"orders {unit}, acid", f"{unit}s")
    for name in (*names, "enthalpy kJ/mol", "sd", "quality", "source"):
        table.add_column(name, overflow="fold")
    for symbol, c in known.species.items():
        acid = f"{c.order_acid:g}"
        if c.acid_by_dimer:
            acid += f" {c.acid_by_dimer:+.4g} e"
        table.add_row(
            symbol,
            f"{c.log10_K:.4g}",
            f"{c.log10_K_sd:g}",
            c.quality,
            ", ".join(c.source),
            f"{c.order_dimer:g}, {acid}",
            f"{c.dimers:g}",
            f"{c.enthalpy:g}",
            f"{c.enthalpy_sd:g}",
            c.enthalpy_quality,
            ", ".join(c.enthalpy_source),
        )
    return table


def _print_feed(console: Console, one: Entry) -> None:
    data = database.lookup("feeds", one.key)
    console.print(f"  {data['quality']}: {data['note']}", soft_wrap=True)
    table = Table()
    table.add_column("")
    table.add_column(f"% of {data['basis']}", justify="right")
    for symbol, share in data["composition"].items():
        table.add_row(symbol, f"{share:g}")
    console.print(table)


def _print_points(console: Console, one: Entry) -> None:
    rows = tables()[one.key]
    console.print(f"  {about(one.key).get('quality', 'measured')}; mol/L where not said otherwise")
    table = Table()
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row.values())
    console.print(table)


def _elements(one: Entry) -> str:
    """Return the elements as text, a long list abbreviated."""
    if len(one.elements) <= FEW_ELEMENTS:
        return " ".join(one.elements)
    return f"{one.elements[0]}..{one.elements[-1]}, {len(one.elements)}"


def _summary(quality: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in quality.items())


def print_elements(console: Console) -> None:
    """Print the elements, their oxides, and the quality of their constants by set."""
    sets = [extractant_set(key) for key in database.keys("extractants")]
    table = Table()
    for name in ("", "name", "g/mol", "charge", "oxide", "constants (quality)"):
        table.add_column(name, justify="right" if name in ("g/mol", "charge") else "left")
    for symbol, one in elements().items():
        known = [f"{s.key} ({s.species[symbol].quality})" for s in sets if symbol in s.species]
        table.add_row(
            symbol, one.name, f"{one.mass:.5g}", f"{one.charge:+d}", one.oxide, ", ".join(known)
        )
    console.print(table)
