"""Tables of trains for the terminal."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table

from sx_sim.brief import percent, plain
from sx_sim.cascade.inputs import input_cautions
from sx_sim.cases import Case
from sx_sim.flowsheet.result import Result
from sx_sim.report.console import print_line
from sx_sim.report.numbers import range_text


def print_train(console: Console, case: Case, found: Result) -> None:
    """Print circuits, products, how well the train is balanced, and its ledger."""
    colour = "green" if found.converged else "red"
    balance = max(found.balance().values(), default=0.0)
    print_line(
        console,
        (case.title, "bold"),
        f"\n{len(found.flowsheet.circuits)} circuits, {found.flowsheet.stages} stages: ",
        (found.status.text, colour),
        f" in {found.passes} pass{'es' * (found.passes > 1)}; "
        f"balance of every rare earth to {balance:.1e}",
    )
    console.print(circuit_table(case, found))
    console.print(product_table(found))


def print_train_file(console: Console, case: Case) -> None:
    """Print what a train file describes, and what is odd about columns whose feeds are known."""
    print_line(console, (case.title, "bold"), ": the train is sound")
    for name, part in case.parts.items():
        stages = "+".join(str(s.stages) for s in part.file.sections.values())
        sources = ", ".join(f.source or feed for feed, f in part.file.feeds.items())
        cut = f" cuts {'/'.join(part.file.cut)}," if part.file.cut else ""
        console.print(f"  {name}:{cut} {stages} stages, fed with {sources}", soft_wrap=True)
    if case.content.sweep:
        console.print(f"  sweep over {', '.join(axis.path for axis in case.content.sweep.axes)}")
    for name, part in case.parts.items():
        for caution in () if part.sources else input_cautions(part.column):
            print_line(console, ("caution", "yellow"), f" {name}: {caution.text}")


def circuit_table(case: Case, found: Result) -> Table:
    """Return cut, stages, loading, pH and how every circuit was closed."""
    table = Table(title="Circuits", title_justify="left")
    for name in ("circuit", "cut", "stages", "solvent L/h", "loading %", "pH", "rounds"):
        side = "left" if name in ("circuit", "cut") else "right"
        table.add_column(name, justify=side, no_wrap=True)
    for name, result in found.units.items():
        cut = case.cuts[name]
        stages = "+".join(str(s.stages) for s in result.column.sections)
        table.add_row(
            name,
            "/".join(cut) if cut else "",
            stages,
            plain(result.stages.organic_flow[0]),
            range_text(100 * result.stages.loading, 0),
            range_text(result.stages.pH, 2),
            str(result.rounds),
        )
    return table


def product_table(found: Result) -> Table:
    """Return flow, leading element, its purity and its recovery of everything that leaves."""
    table = Table(title="Products", title_justify="left")
    left = ("product", "from", "leading")
    for name in ("product", "from", "REO kg/h", "leading", "purity %", "recovery %"):
        table.add_column(name, justify="left" if name in left else "right", no_wrap=True)
    for place, stream in found.streams.items():
        if not found.carries(stream):
            continue
        first = stream.leading
        recovery = found.recovery(first, place)
        table.add_row(
            found.flowsheet.names.get(place, ""),
            place,
            plain(stream.flow * stream.reo / 1000),
            first,
            percent(stream.purity(first)),
            "-" if np.isnan(recovery) else percent(recovery),
        )
    return table
