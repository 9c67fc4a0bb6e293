"""A simulation: how long, what left, when specifications were met."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table

from sx_sim.brief import percent, plain
from sx_sim.cases.schema import SHARES
from sx_sim.dynamics.record import SimulationResult
from sx_sim.errors import CaseError
from sx_sim.flowsheet.outputs import output_title
from sx_sim.report.console import print_line


def print_transient(console: Console, result: SimulationResult) -> None:
    """Print a simulation: its products at the end, specifications, controllers, cautions."""
    hours = float(result.time[-1])
    print_line(
        console,
        (result.case.title, "bold"),
        f": {plain(hours)} h in {result.steps} steps; mass closes to {result.balance:.1e}",
    )
    console.print(_products(result))
    specs = result.case.content.specifications
    for spec in specs:
        value = float(result.series(spec.output)[-1])
        share = spec.output.startswith(SHARES)
        bounds = [
            f"{word} {percent(bound) + ' %' if share else f'{bound:g}'}"
            for word, bound in (("at least", spec.least), ("at most", spec.most))
            if bound is not None
        ]
        told = f"{percent(value)} %" if share else f"{value:.6g}"
        print_line(console, f"{_title(spec.output)}: {told}, {', '.join(bounds)}")
    if specs:
        _print_met(console, result)
    worth = float(result.worth()[-1])
    if worth > 0.0:
        text = f"the plant holds rare earths of about {worth:,.0f} USD, by the prices of the data"
        print_line(console, text)
    for name, values in result.controllers.items():
        measured, point, output = values[-1]
        print_line(
            console,
            f"controller {name}: measured {measured:.5g}, set point {point:.5g}, "
            f"output {output:.5g}",
        )
    for caution in result.cautions:
        print_line(console, ("caution", "yellow"), f" {caution}")


def _title(name: str) -> str:
    """Return an output in words; that of a stage as it is named."""
    try:
        return output_title(name)
    except CaseError:
        return name


def _products(result: SimulationResult) -> Table:
    """Return the products at the end as a table."""
    table = Table(title=f"Products at {plain(float(result.time[-1]))} h", title_justify="left")
    for name in ("stream", "L/h", "pH", "REO g/L", "leading", "purity, REO %"):
        table.add_column(name, justify="left" if name in ("stream", "leading") else "right")
    tables = result.tables
    for k, product in enumerate(result.products):
        flow, acidity, oxides = (
            float(tables[name][-1, k]) if name in tables else np.nan
            for name in ("flow", "pH", "reo")
        )
        shares = tables["purity_reo"][-1, k] if "purity_reo" in tables else np.zeros(0)
        if flow == 0.0:
            continue
        best = int(np.nanargmax(shares)) if np.isfinite(shares).any() else -1
        table.add_row(
            result.case.flowsheet.names.get(product, product),
            plain(flow) if np.isfinite(flow) else "",
            f"{acidity:.2f}" if np.isfinite(acidity) else "",
            f"{oxides:.4g}" if oxides > 0.0 else "",
            result.species[best] if best >= 0 else "",
            percent(float(shares[best])) if best >= 0 else "",
        )
    return table


def _print_met(console: Console, result: SimulationResult) -> None:
    """Print since when specifications are met, and what left before."""
    since = result.time_to_specification
    if not np.isfinite(since):
        print_line(console, ("specifications are not met at the end", "red"))
        return
    print_line(console, (f"specifications are met from {plain(since)} h on", "green"))
    off = result.off_specification
    for product, amounts in zip(result.products, off, strict=True):
        held = [
            f"{symbol} {amount:.3g}"
            for symbol, amount in zip(result.species, amounts.tolist(), strict=True)
            if amount > 1e-3 * max(off.max(), 1e-300)
        ]
        if held and since > result.time[0]:
            print_line(console, f"  {product} before that, mol: {', '.join(held)}")
