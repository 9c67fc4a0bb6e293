"""Sweeps: counts, ranges, specifications, bands."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table

from sx_sim.brief import percent
from sx_sim.cascade.status import Status
from sx_sim.cases import Case
from sx_sim.flowsheet.flowsheet import ALONE
from sx_sim.flowsheet.outputs import output_title
from sx_sim.plots import cut_outputs, has_cut, split_at
from sx_sim.plots.labels import SHARES, scale_of, spec_text
from sx_sim.plots.panels import meeting
from sx_sim.report.console import print_line
from sx_sim.studies.band import bounds
from sx_sim.studies.sweep import SweepResult


def print_sweep(console: Console, case: Case, sweep: SweepResult) -> None:
    """Print the axes, counts by status, and the range of what matters."""
    points = int(np.prod(sweep.shape))
    print_line(console, (case.title, "bold"), f": {points} points")
    for axis in sweep.axes:
        console.print(
            f"  {axis.path}: {axis.values[0]:g} to {axis.values[-1]:g} {axis.unit}, "
            f"{len(axis.values)} values"
        )
    for status, count in sweep.counts.items():
        colour = "green" if status == Status.CONVERGED else "red"
        print_line(console, (f"  {count} {status.text}", colour))
    light, heavy = case.cuts.get(ALONE) or (None, None)
    table = Table(title="Over all points", title_justify="left")
    for name in ("", "lowest", "median", "highest"):
        table.add_column(name, justify="right" if name else "left")
    for name in cut_outputs(sweep, light, heavy):
        values = sweep.output(name)
        solved = values[np.isfinite(values)]
        if solved.size:
            share = name.partition(".")[0] in SHARES
            found = (float(f(solved)) for f in (np.min, np.median, np.max))
            cells = (percent(value) if share else f"{value:.4g}" for value in found)
            table.add_row(output_title(name) + ", %" * share, *cells)
    if table.row_count:
        console.print(table)
    if sweep.specifications:
        print_specifications(console, sweep)
    if sweep.band is not None and has_cut(sweep, light, heavy):
        lighter, heavier = split_at(sweep.rare_earths, light, heavy)
        extract = next(p for p in sweep.products if p != "raffinate")
        print_band(console, sweep.band, lighter[-1], heavier[0], extract)


def print_specifications(console: Console, sweep: SweepResult) -> None:
    """Print at how many points each specification is met, and whether by the case itself."""
    points, verdicts = sweep.met().size, []
    for spec, own in zip(sweep.specifications, sweep.own, strict=True):
        verdicts.append(bool(meeting(np.array([own]), spec)[0]))
        count = int(meeting(sweep.output(spec.output), spec).sum())
        text = f"{output_title(spec.output)} {spec_text(spec, scale_of(sweep, spec.output, spec))}"
        _print_met(console, text, count, points, verdicts[-1])
    _print_met(console, "all specifications", int(sweep.met().sum()), points, all(verdicts))


def _print_met(console: Console, what: str, count: int, points: int, own: bool) -> None:
    verdict = ("and" if own else "not") + " at the operating point"
    style = "" if own else "red"
    print_line(console, f"  {what}: met at {count} of {points} points, ", (verdict, style))


def print_band(console: Console, band: SweepResult, light: str, heavy: str, extract: str) -> None:
    """Print recoveries at the ends of a temperature axis, with the enthalpies' error."""
    table = Table(title="What the enthalpies' errors (1 sd) do", title_justify="left")
    table.add_column("recovery %")
    heated = band.axes[0]
    ends = sorted({0, len(heated.values) - 1})
    for t in ends:
        table.add_column(f"{heated.path} {heated.values[t]:g}", justify="right")
    for symbol, product in ((light, "raffinate"), (heavy, extract)):
        low, middle, high = bounds(band, f"recovery.{symbol}.{product}")
        cells = [f"{percent(middle[t])} ({percent(low[t])} to {percent(high[t])})" for t in ends]
        table.add_row(f"{symbol} in {product}", *cells)
    console.print(table)
