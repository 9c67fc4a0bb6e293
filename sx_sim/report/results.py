"""Cases and results: streams, elements, sections, cautions."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from sx_sim.brief import percent, plain
from sx_sim.cascade.inputs import input_cautions
from sx_sim.cases import Case
from sx_sim.flowsheet.result import Result
from sx_sim.plots import split_at
from sx_sim.report.console import print_line
from sx_sim.report.ledgers import print_ledger, print_radionuclides
from sx_sim.report.numbers import range_text
from sx_sim.report.trains import print_train, print_train_file
from sx_sim.studies.ledgers import activities_of, ledger_of


def print_case(console: Console, case: Case) -> None:
    """Print what a case describes."""
    if case.parts:
        print_train_file(console, case)
        return
    column = case.column
    print_line(console, (case.title, "bold"), ": the case is sound")
    console.print(f"  {column.system.extractant.title} ('{column.system.extractant.key}')")
    for s in column.sections:
        console.print(f"  {s.name}: stages {s.first}-{s.last}")
    for feed in column.feeds:
        s = feed.stream
        console.print(f"  {s.name} enters stage {feed.stage}: {plain(s.flow)} L/h, {s.phase}")
    for point in column.set_points:
        console.print(f"  {point.name}: pH {point.pH:g} is held at stage {point.stage}")
    console.print(f"  {len(column.system.species)} species: {', '.join(column.system.species)}")
    if case.file.sweep:
        axes = ", ".join(axis.path for axis in case.file.sweep.axes)
        console.print(f"  sweep over {axes}")
    for caution in input_cautions(column):
        print_line(console, ("caution", "yellow"), f" {caution.text}")


def print_result(console: Console, case: Case, result: Result) -> None:
    """Print status, streams, recoveries, sections or circuits, the ledger and cautions."""
    if case.parts:
        print_train(console, case, result)
    else:
        print_circuit(console, case, result)
    if result.converged:
        print_ledger(console, ledger_of(case, result), together=bool(case.parts))
        activities = activities_of(case, result)
        if activities is not None:
            print_radionuclides(console, activities)
    for caution in result.cautions:
        print_line(console, ("caution", "yellow"), f" {caution.text}")
    if result.sources and not case.parts:
        key = result.system.extractant.key
        rests = f"rests on {', '.join(result.sources)}; sx-sim data cite {key}"
        console.print(rests, style="dim", soft_wrap=True)


def print_circuit(console: Console, case: Case, result: Result) -> None:
    """Print status, streams, recoveries and sections of a single circuit."""
    colour = "green" if result.converged else "red"
    shown = result.checks
    print_line(
        console,
        (case.title, "bold"),
        f"\n{result.column.stages} stages, {len(result.elements)} species, "
        f"{result.system.extractant.title}: ",
        (result.status.text, colour),
        f" in {result.iterations} iterations; "
        f"closures to {shown.closure:.1e}, balances to {shown.balance.max(initial=0.0):.1e}",
    )
    console.print(stream_table(result))
    console.print(element_table(result))
    if case.file.cut:
        print_cut(console, result, *case.file.cut)
    console.print(section_table(result))


def stream_table(result: Result) -> Table:
    """Return flow, pH, oxides and leading element of everything that enters and leaves."""
    table = Table(title="Streams", title_justify="left")
    names = ["stream", "L/h", "pH", "REO g/L", "leading", "purity, REO %", "recovery %"]
    if not result.system.rare_earths:
        names = names[:3]
    for name in names:
        table.add_column(name, justify="left" if name in ("stream", "leading") else "right")
    for feed in result.column.feeds:
        s = feed.stream
        pH = f"{s.pH:.2f}" if s.phase == "aqueous" else ""
        cells = (f"{s.name} in", plain(s.flow), pH, plain(s.reo))
        table.add_row(*cells[: len(names)], style="dim")
    for name, s in result.streams.items():
        pH = f"{s.pH:.2f}" if s.phase == "aqueous" else ""
        first = s.leading
        purity = percent(s.purity(first)) if first else ""
        recovery = percent(result.recovery(first, name)) if first else ""
        cells = (name, plain(s.flow), pH, plain(s.reo), first, purity, recovery)
        table.add_row(*cells[: len(names)])
    return table


def element_table(result: Result) -> Table:
    """Return where every species ends, and its purity there; grams without rare earths."""
    several = bool(result.system.rare_earths)
    beside = "purity, REO %" if several else "g/L"
    table = Table(title=f"Recovery % (and {beside}) by product", title_justify="left")
    table.add_column("")
    for name in result.streams:
        table.add_column(name, justify="right")
    for symbol, rare in zip(result.elements, result.system.rare_earth, strict=True):
        cells = []
        for name in result.streams:
            cell = percent(result.recovery(symbol, name))
            if rare:
                cell += f" ({percent(result.purity(symbol, name))})"
            elif not several:
                held = result.streams[name].concentration[result.system.index(symbol)]
                cell += f" ({held * result.system.mass[result.system.index(symbol)]:.4g})"
            cells.append(cell)
        table.add_row(symbol, *cells)
    return table


def print_cut(console: Console, result: Result, light: str, heavy: str) -> None:
    """Print how well the column separates between two neighbours."""
    lighter, heavier = split_at(result.system.rare_earths, light, heavy)
    left, *others = result.streams  # the raffinate, unless an outlet takes all the water
    extract = next(iter(others), left)
    console.print(
        f"Cut {light}/{heavy}: {light} and lighter are "
        f"{percent(result.purity(lighter, left))} % of the {left}'s REO, "
        f"{heavy} and heavier {percent(result.purity(heavier, extract))} % of the {extract}'s",
        soft_wrap=True,
    )


def section_table(result: Result) -> Table:
    """Return O/A, loading, pH and temperature range of every section."""
    table = Table(title="Sections", title_justify="left")
    for name in ("section", "stages", "O/A", "loading %", "pH", "degC"):
        table.add_column(name, justify="left" if name == "section" else "right")
    profile = result.stages
    ratio = profile.organic_flow / profile.aqueous_flow
    for s in result.column.sections:
        span = slice(s.first - 1, s.last)
        table.add_row(
            s.name,
            f"{s.first}-{s.last}",
            range_text(ratio[span], 2),
            range_text(100 * profile.loading[span], 1),
            range_text(profile.pH[span], 2),
            range_text(profile.temperature[span] - 273.15, 0),
        )
    return table
