"""Tables of trains for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from sx_sim.brief import plain
from sx_sim.cascade.column import Column
from sx_sim.cascade.inputs import input_cautions
from sx_sim.cases.ledgers import activities_of_train, ledger_of_train
from sx_sim.cases.trains import Train
from sx_sim.flowsheet.train import TrainResult
from sx_sim.report.console import print_line
from sx_sim.report.ledgers import ledger_table, print_closures, print_radionuclides
from sx_sim.report.numbers import percent, range_text
from sx_sim.store.trains import StoredProduct

NEGLIGIBLE = 1e-7  # share of the oxides fed, below which a product is none


def print_train(console: Console, train: Train, found: TrainResult) -> None:
    """Print circuits, products and how well the train is balanced."""
    colour = "green" if found.converged else "red"
    status = "converged" if found.converged else "not solved"
    balance = max(found.balance().values(), default=0.0)
    print_line(
        console,
        (train.title or train.name, "bold"),
        f"\n{len(found.circuits)} circuits, {found.stages} stages: ",
        (status, colour),
        f" in {found.passes} pass{'es' * (found.passes > 1)}; "
        f"balance of every rare earth to {balance:.1e}",
    )
    console.print(circuit_table(train, found))
    console.print(product_table(train, found))
    for name, solved in found.circuits.items():
        for caution in solved.result.result.cautions:
            print_line(console, ("caution", "yellow"), f" {name}: {caution.text}")


def print_ledgers(console: Console, train: Train, found: TrainResult) -> None:
    """Print what the train uses and leaves, and where its radionuclides go, if it has any."""
    ledger = ledger_of_train(train, found)
    console.print(ledger_table(ledger, together=True))
    print_closures(console, ledger)
    activities = activities_of_train(train, found)
    if activities is not None:
        print_radionuclides(console, activities)


def print_train_file(console: Console, train: Train, columns: Mapping[str, Column]) -> None:
    """Print what a train file describes, and what is odd about columns whose feeds are known."""
    print_line(console, (train.title or train.name, "bold"), ": the train is sound")
    for name, file in train.files.items():
        stages = "+".join(str(s.stages) for s in file.sections.values())
        sources = ", ".join(f.source or feed for feed, f in file.feeds.items())
        cut = f" cuts {'/'.join(file.cut)}," if file.cut else ""
        console.print(f"  {name}:{cut} {stages} stages, fed with {sources}", soft_wrap=True)
    for name, column in columns.items():
        for caution in input_cautions(column):
            print_line(console, ("caution", "yellow"), f" {name}: {caution.text}")


def print_stored(console: Console, train: Train, products: Sequence[StoredProduct]) -> None:
    """Print the products of a train as a file has them."""
    print_line(console, (train.title or train.name, "bold"), f": {len(train.files)} circuits")
    table = Table(title="Products", title_justify="left")
    for name in ("product", "from", "REO kg/h", "leading", "purity %"):
        table.add_column(name, no_wrap=True)
    whole = sum(product.oxides for product in products)
    for one in products:
        if one.oxides > NEGLIGIBLE * whole:
            numbers = plain(one.oxides), one.leading, percent(one.purity)
            table.add_row(one.name, one.place, *numbers)
    console.print(table)


def circuit_table(train: Train, found: TrainResult) -> Table:
    """Return cut, stages, loading, pH and how every circuit was closed."""
    table = Table(title="Circuits", title_justify="left")
    for name in ("circuit", "cut", "stages", "solvent L/h", "loading %", "pH", "rounds"):
        side = "left" if name in ("circuit", "cut") else "right"
        table.add_column(name, justify=side, no_wrap=True)
    for name, solved in found.circuits.items():
        result = solved.result.result
        cut = train.files[name].cut
        stages = "+".join(str(s.stages) for s in result.column.sections)
        table.add_row(
            name,
            "/".join(cut) if cut else "",
            stages,
            plain(result.stages.organic_flow[0]),
            range_text(100 * result.stages.loading, 0),
            range_text(result.stages.pH, 2),
            str(solved.result.rounds),
        )
    return table


def product_table(train: Train, found: TrainResult) -> Table:
    """Return flow, leading element, its purity and its recovery of everything that leaves."""
    table = Table(title="Products", title_justify="left")
    left = ("product", "from", "leading")
    for name in ("product", "from", "REO kg/h", "leading", "purity %", "recovery %"):
        table.add_column(name, justify="left" if name in left else "right", no_wrap=True)
    fed = found.fed
    whole = sum(s.flow * s.reo for s in found.products.values())
    for place, stream in found.products.items():
        if not stream.flow * stream.reo > NEGLIGIBLE * whole:
            continue
        first = stream.leading
        amount = stream.moles[stream.system.index(first)]
        table.add_row(
            train.names.get(place, ""),
            place,
            plain(stream.flow * stream.reo / 1000),
            first,
            percent(stream.purity(first)),
            percent(float(amount / fed[first])) if fed.get(first) else "-",
        )
    return table
