"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from sx_sim.analysis.band import Band
from sx_sim.analysis.sweep import SweepResult
from sx_sim.cases import Case, solve
from sx_sim.cases.ledgers import activities_of, ledger_of
from sx_sim.cases.shifts import Tornado
from sx_sim.cases.uncertainties import Uncertainty
from sx_sim.chemistry import database
from sx_sim.chemistry.elements import elements
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.flowsheet.results import Result
from sx_sim.flowsheet.status import Status
from sx_sim.plots import cut_outputs, has_cut, output_title, split_at
from sx_sim.plots.errors import LEAST_SHARE, MOST_FACTORS
from sx_sim.plots.labels import scale_of, spec_text
from sx_sim.plots.panels import meeting
from sx_sim.report_ledger import print_ledger, print_radionuclides

if TYPE_CHECKING:
    from sx_sim.analysis.fitting import Fit

NEGLIGIBLE = 1e-8  # [%]
NOTICEABLE = 1e-6  # [percentage points]
MOST_SHIFTS = 20  # rows of a tornado


def percent(fraction: float) -> str:
    """Return a fraction as per cent, with the digits that matter near 0 and 100.

    Examples
    --------
    >>> percent(0.5), percent(0.99995), percent(1 - 1e-9), percent(2e-7), percent(1e-30)
    ('50.00', '99.9950', '>99.99999', '2.0e-05', '0')
    """
    if not np.isfinite(fraction):
        return "-"
    value, missing = 100 * fraction, 100 * (1 - fraction)
    if abs(missing) < NEGLIGIBLE:
        return "100"
    if abs(value) < NEGLIGIBLE:
        return "0"
    if value < 0.01:
        return f"{value:.1e}"
    if missing < 1e-5:
        return ">99.99999"
    digits = 2 if missing >= 0.1 else 1 - int(np.floor(np.log10(missing)))
    return f"{value:.{min(digits, 5)}f}"


def print_result(console: Console, case: Case, result: Result) -> None:
    """Print status, streams, recoveries, sections and cautions."""
    colour = "green" if result.converged else "red"
    shown = result.checks
    console.print(
        f"[bold]{case.file.title or case.name}[/]\n"
        f"{result.column.stages} stages, {len(result.elements)} species, "
        f"{result.system.extractant.title}: [{colour}]{result.status.text}[/] "
        f"in {result.iterations} iterations; "
        f"closures to {shown.closure:.1e}, balances to {shown.balance.max(initial=0.0):.1e}",
        soft_wrap=True,
    )
    console.print(stream_table(result))
    console.print(element_table(result))
    if case.file.cut:
        print_cut(console, result, *case.file.cut)
    console.print(section_table(result))
    if result.converged:
        print_ledger(console, ledger_of(case, result))
        activities = activities_of(case, result)
        if activities is not None:
            print_radionuclides(console, activities)
    for caution in result.cautions:
        console.print(
            f"[yellow]caution[/] {caution.text}".replace("[H+]", r"\[H+]"), soft_wrap=True
        )
    if result.sources:
        key = result.system.extractant.key
        rests = f"rests on {', '.join(result.sources)}; sx-sim data cite {key}"
        console.print(rests, style="dim", soft_wrap=True)


def stream_table(result: Result) -> Table:
    """Return flow, pH, oxides and leading element of everything that enters and leaves."""
    table = Table(title="Streams", title_justify="left")
    for name in ("stream", "L/h", "pH", "REO g/L", "leading", "purity, REO %", "recovery %"):
        table.add_column(name, justify="left" if name in ("stream", "leading") else "right")
    for feed in result.column.feeds:
        s = feed.stream
        pH = f"{s.pH:.2f}" if s.phase == "aqueous" else ""
        table.add_row(f"{s.name} in", f"{s.flow:.4g}", pH, f"{s.reo:.4g}", style="dim")
    for name, s in result.streams.items():
        pH = f"{s.pH:.2f}" if s.phase == "aqueous" else ""
        first = s.leading
        purity = percent(s.purity(first)) if first else ""
        recovery = percent(result.recovery(first, name)) if first else ""
        table.add_row(name, f"{s.flow:.4g}", pH, f"{s.reo:.4g}", first, purity, recovery)
    return table


def element_table(result: Result) -> Table:
    """Return where every species ends, and its purity there."""
    table = Table(title="Recovery % (and purity, REO %) by product", title_justify="left")
    table.add_column("")
    for name in result.streams:
        table.add_column(name, justify="right")
    for symbol, rare in zip(result.elements, result.system.rare_earth, strict=True):
        cells = []
        for name in result.streams:
            cell = percent(result.recovery(symbol, name))
            if rare:
                cell += f" ({percent(result.purity(symbol, name))})"
            cells.append(cell)
        table.add_row(symbol, *cells)
    return table


def rare_earths(system: ChemicalSystem) -> tuple[str, ...]:
    """Return the rare earths of a system in the order of extraction."""
    return tuple(s for s, rare in zip(system.species, system.rare_earth, strict=True) if rare)


def print_cut(console: Console, result: Result, light: str, heavy: str) -> None:
    """Print how well the column separates between two neighbours."""
    lighter, heavier = split_at(rare_earths(result.system), light, heavy)
    extract = next(name for name in result.streams if name != "raffinate")
    console.print(
        f"Cut {light}/{heavy}: {light} and lighter are "
        f"{percent(result.purity(lighter))} % of the raffinate's REO, "
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


def range_text(values: np.ndarray, digits: int) -> str:
    low, high = f"{values.min():.{digits}f}", f"{values.max():.{digits}f}"
    return low if low == high else f"{low} to {high}"


def print_sweep(console: Console, case: Case, sweep: SweepResult) -> None:
    """Print the axes, counts by status, and the range of what matters."""
    points = int(np.prod(sweep.shape))
    console.print(f"[bold]{case.file.title or case.name}[/]: {points} points", soft_wrap=True)
    for axis in sweep.axes:
        console.print(
            f"  {axis.path}: {axis.values[0]:g} to {axis.values[-1]:g} {axis.unit}, "
            f"{len(axis.values)} values"
        )
    for status, count in sweep.counts.items():
        colour = "green" if status == Status.CONVERGED else "red"
        console.print(f"  [{colour}]{count} {status.text}[/]")
    light, heavy = case.file.cut or (None, None)
    table = Table(title="Over all points", title_justify="left")
    for name in ("", "lowest", "median", "highest"):
        table.add_column(name, justify="right" if name else "left")
    for name in cut_outputs(sweep, light, heavy):
        values = sweep.output(name)
        solved = values[np.isfinite(values)]
        if solved.size:
            cells = (percent(float(f(solved))) for f in (np.min, np.median, np.max))
            table.add_row(f"{output_title(name)}, %", *cells)
    if table.row_count:
        console.print(table)
    if sweep.specifications:
        print_specifications(console, case, sweep)
    if sweep.band is not None and has_cut(sweep, light, heavy):
        lighter, heavier = split_at(sweep.elements, light, heavy)
        extract = next(p for p in sweep.products if p != "raffinate")
        print_band(console, sweep.band, lighter[-1], heavier[0], extract)


def print_specifications(console: Console, case: Case, sweep: SweepResult) -> None:
    """Print at how many points each specification is met, and whether by the case itself."""
    tables = sweep.recorded.empty((1,))
    sweep.recorded.write(tables, 0, solve(case, throw=False))
    own = replace(sweep, tables=tables)
    points, verdicts = sweep.met().size, []
    for spec in sweep.specifications:
        verdicts.append(bool(meeting(own.output(spec.output), spec)[0]))
        count = int(meeting(sweep.output(spec.output), spec).sum())
        text = f"{output_title(spec.output)} {spec_text(spec, scale_of(sweep, spec.output, spec))}"
        console.print(f"  {text}: {_met(count, points, verdicts[-1])}", soft_wrap=True)
    text = _met(int(sweep.met().sum()), points, all(verdicts))
    console.print(f"  all specifications: {text}", soft_wrap=True)


def _met(count: int, points: int, own: bool) -> str:
    verdict = "and at the operating point" if own else "[red]not at the operating point[/]"
    return f"met at {count} of {points} points, {verdict}"


def print_band(console: Console, band: Band, light: str, heavy: str, extract: str) -> None:
    """Print recoveries at the ends of a temperature axis, with the enthalpies' error."""
    table = Table(title="What the enthalpies' errors (1 sd) do", title_justify="left")
    table.add_column("recovery %")
    ends = sorted({0, len(band.values) - 1})
    for t in ends:
        table.add_column(f"{band.path} {band.values[t]:g}", justify="right")
    for symbol, product in ((light, "raffinate"), (heavy, extract)):
        low, middle, high = band.recovered(symbol, product)
        cells = [f"{percent(middle[t])} ({percent(low[t])} to {percent(high[t])})" for t in ends]
        table.add_row(f"{symbol} in {product}", *cells)
    console.print(table)


def print_tornado(console: Console, case: Case, tornado: Tornado) -> None:
    """Print what the usual shifts add to every product's purity, the largest first."""
    console.print(f"[bold]{case.file.title or case.name}[/]", soft_wrap=True)
    for name, value in zip(tornado.measures, tornado.values, strict=True):
        console.print(f"  {name}: {percent(value)} % of its REO")
    title = "What a shift adds to the purity, percentage points: as written / the other way"
    table = Table(title=title, title_justify="left")
    table.add_column("shift")
    for name in tornado.measures:
        table.add_column(name, justify="right")
    matters = np.fmax(np.abs(tornado.up), np.abs(tornado.down)).max(axis=0, initial=0.0)
    shown = [k for k, size in enumerate(matters) if not 100 * size < NOTICEABLE][:MOST_SHIFTS]
    for k in shown:
        cells = (
            f"{_points(up)} / {_points(down)}"
            for up, down in zip(tornado.up[:, k], tornado.down[:, k], strict=True)
        )
        table.add_row(tornado.shifts[k].label, *cells)
    if shown:
        console.print(table)
    else:
        console.print("No shift changes a purity noticeably.")
    rest = len(tornado.shifts) - len(shown)
    more = f" {rest} more do less, or nothing." if rest and shown else ""
    console.print(
        f"Constants are shifted by one standard deviation; every shift is solved.{more}",
        soft_wrap=True,
    )


def _points(effect: float) -> str:
    """Return an effect on a fraction in percentage points."""
    if np.isnan(effect):
        return "not solved"
    return f"{100 * effect:+.2g}" if effect else "0"


def print_uncertainty(console: Console, case: Case, found: Uncertainty) -> None:
    """Print how every output scatters, and the constants with the largest share in it."""
    console.print(f"[bold]{case.file.title or case.name}[/]", soft_wrap=True)
    table = Table(title="With the errors of the constants, %", title_justify="left")
    for name in ("", "as they are", "sd, linear", "sd, sample", "68 % of the sample", "95 %"):
        table.add_column(name, justify="right" if name else "left")
    rows = zip(
        found.outputs, found.values, found.linear_sd, found.sampled_sd, found.quantiles, strict=True
    )
    for name, value, linear, sampled, quantiles in rows:
        least, low, _, high, most = (percent(q) for q in quantiles)
        spread = (f"{low} to {high}", f"{least} to {most}")
        sds = (f"{100 * sd:.2g}" for sd in (linear, sampled))
        table.add_row(output_title(name), percent(value), *sds, *spread)
    console.print(table)
    if np.isfinite(found.total).all():
        console.print(share_table(found))
    failed = f"; {found.failed} of them were not solved and are left out" if found.failed else ""
    console.print(
        f"Sample of {found.sample.points.count} points{failed}. Linear and sample differ where "
        "a purity can only fall, or the column stands near the foot of a cliff.",
        soft_wrap=True,
    )


def share_table(found: Uncertainty) -> Table:
    """Return the share of the largest errors in the variance of every output."""
    title = "Share of the variance: alone / together with others"
    table = Table(title=title, title_justify="left")
    table.add_column("error of")
    for name in found.outputs:
        table.add_column(output_title(name), justify="right")
    matters = found.total.max(axis=0)
    for f in np.argsort(-matters, kind="stable")[:MOST_FACTORS]:
        if matters[f] > LEAST_SHARE:
            shares = zip(found.first_order[:, f], found.total[:, f], strict=True)
            cells = (f"{max(alone, 0.0):.2f} / {total:.2f}" for alone, total in shares)
            table.add_row(found.factors[f].label, *cells)
    return table


def print_case(console: Console, case: Case) -> None:
    """Print what a case describes."""
    column = case.column
    console.print(f"[bold]{case.file.title or case.name}[/]: the case is sound", soft_wrap=True)
    console.print(f"  {column.system.extractant.title} ('{column.system.extractant.key}')")
    for s in column.sections:
        console.print(f"  {s.name}: stages {s.first}-{s.last}")
    for feed in column.feeds:
        s = feed.stream
        console.print(f"  {s.name} enters stage {feed.stage}: {s.flow:.4g} L/h, {s.phase}")
    console.print(f"  {len(column.system.species)} species: {', '.join(column.system.species)}")
    if case.file.sweep:
        axes = ", ".join(axis.path for axis in case.file.sweep.axes)
        console.print(f"  sweep over {axes}")


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


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[int, int], None]]:
    """Show a bar; yields the function to call with solves done and in all."""
    bar = Progress(
        TextColumn("solving"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("solving", total=None, rate="")

        def advance(done: int, total: int) -> None:
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            rate = f"{speed:.0f}/s" if speed else ""
            bar.update(task, completed=done, total=total, rate=rate)

        yield advance


def print_fit(console: Console, found: Fit) -> None:
    """Print fitted constants with their intervals, the errors' parts and what is ill-known."""
    data = found.data
    contacts, down = len(set(data.contact.tolist())), int((found.weights < 1).sum())
    console.print(
        f"{data.points} points, {contacts} contacts, started from set "
        f"{found.model.start.key}: root mean square of log10 D {found.rmse:.3f}; "
        f"{down} points far off count less",
        soft_wrap=True,
    )
    table = Table(title="Constants, 95 % confidence", title_justify="left")
    for name in ("constant", "value", "sd", "from", "to", "freedom"):
        table.add_column(name, justify="left" if name == "constant" else "right")
    rows = zip(found.names, found.values, found.sd, found.intervals, found.freedom, strict=True)
    for name, value, sd, (low, high), freedom in rows:
        cells = (f"{value:.3f}", f"{sd:.3f}", f"{low:.3f}", f"{high:.3f}", f"{freedom:.0f}")
        table.add_row(name, *cells)
    console.print(table)
    _print_factors(console, found)
    parts = ", ".join(f"{name} {sd:.3f}" for name, sd in found.errors.by_name.items())
    console.print(
        f"Standard deviations (of log10 K for laboratories, else of log10 D): {parts}",
        soft_wrap=True,
    )
    offsets = found.laboratory_offsets
    if len(offsets) > 1:
        shown = ", ".join(f"{name} {value:+.2f}" for name, value in offsets.items())
        console.print(f"Mean of measured less predicted log10 D: {shown}", soft_wrap=True)
    for caution in found.cautions:
        console.print(f"[yellow]caution[/] {caution}", soft_wrap=True)


def _print_factors(console: Console, found: Fit) -> None:
    """Print separation factors of neighbours whose constants are both free."""
    level = found.extractant.species
    fitted = [s for s in found.data.elements if f"log10_K.{s}" in found.names]
    order = sorted(fitted, key=lambda s: level[s].log10_K)
    if len(order) < 2:
        return
    table = Table(title="Separation factors", title_justify="left")
    for name in ("pair", "value", "from", "to"):
        table.add_column(name, justify="left" if name == "pair" else "right")
    for lighter, heavier in pairwise(order):
        cells = [f"{number:.3g}" for number in found.separation_factor(heavier, lighter)]
        table.add_row(f"{heavier}/{lighter}", *cells)
    console.print(table)
