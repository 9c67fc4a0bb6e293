"""Tornados, uncertainties and fits."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

from sx_sim.brief import percent
from sx_sim.cases import Case
from sx_sim.flowsheet.outputs import output_title
from sx_sim.flowsheet.result import NEGLIGIBLE
from sx_sim.plots.errors import LEAST_SHARE, MOST_FACTORS
from sx_sim.report.console import print_line
from sx_sim.studies.tornado import Tornado, no_number
from sx_sim.studies.uncertainty import Uncertainty

if TYPE_CHECKING:
    from sx_sim.fitting import Fit

NOTICEABLE = 1e-6  # [percentage points]
MEASURED = {
    "purity": lambda share: f"{percent(share)} % of its REO",
    "recovery": lambda share: f"{percent(share)} % of what is fed",
    "pH": lambda value: f"{value:.4g}",
}
MOST_SHIFTS = 20  # rows of a tornado


def print_tornado(console: Console, case: Case, tornado: Tornado) -> None:
    """Print what the usual shifts add to what matters of every product, the largest first."""
    print_line(console, (case.title, "bold"))
    for name, value in zip(tornado.measures, tornado.values, strict=True):
        console.print(f"  {name}: {MEASURED[tornado.kind](value)}")
    title = f"What a shift adds to the {tornado.kind}, {tornado.unit}: as written / the other way"
    table = Table(title=title, title_justify="left")
    table.add_column("shift")
    for name in tornado.measures:
        table.add_column(name, justify="right")
    matters = tornado.largest.max(axis=0, initial=0.0)
    shown = [k for k, size in enumerate(matters) if not tornado.factor * size < NOTICEABLE][
        :MOST_SHIFTS
    ]
    for k in shown:
        cells = (
            " / ".join(
                _points(tornado.factor * effects[m, k], bool(solved[k]))
                for effects, solved in tornado.ways
            )
            for m in range(len(tornado.measures))
        )
        table.add_row(tornado.shifts[k].label, *cells)
    if shown:
        console.print(table)
    else:
        console.print(f"No shift changes a {tornado.kind} noticeably.")
    rest = len(tornado.shifts) - len(shown)
    more = f" {rest} more do less, or nothing." if rest and shown else ""
    failed = sum(int((~solved).sum()) for _, solved in tornado.ways)
    every = f"every shift is solved, but {failed} that fail" if failed else "every shift is solved"
    console.print(
        f"Constants are shifted by one standard deviation; {every}.{more}", soft_wrap=True
    )
    if any((np.isnan(effects) & solved).any() for effects, solved in tornado.ways):
        console.print(
            f"Nothing left: the product carries less than {NEGLIGIBLE:.0e} of what is fed.",
            soft_wrap=True,
        )


def _points(effect: float, solved: bool) -> str:
    """Return an effect as shown, or why there is none."""
    return no_number(effect, solved) or (f"{effect:+.2g}" if effect else "0")


def print_uncertainty(console: Console, case: Case, found: Uncertainty) -> None:
    """Print how every output scatters, and the constants with the largest share in it."""
    print_line(console, (case.title, "bold"))
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
        "a purity can only fall, or the response is strongly nonlinear near the operating point.",
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
            table.add_row(found.factors[f].name, *cells)
    return table


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
    for note in found.newcomers.values():
        console.print(note, soft_wrap=True, markup=False)
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
        console.print(
            f"Mean of predicted less measured log10 D: {shown}", soft_wrap=True, markup=False
        )
    for caution in found.cautions:
        print_line(console, ("caution", "yellow"), f" {caution}")


def _print_factors(console: Console, found: Fit) -> None:
    """Print separation factors of neighbours whose constants are both free."""
    order = [s for s in found.data.elements if f"log10_K.{s}" in found.names]
    if len(order) < 2:
        return
    table = Table(title="Separation factors, ratios of D", title_justify="left")
    for name in ("pair", "value", "from", "to", "[H+] mol/L", "free dimer mol/L"):
        table.add_column(name, justify="left" if name == "pair" else "right")
    for lighter, heavier in pairwise(order):
        at = found.conditions(heavier, lighter)
        numbers = (*found.separation_factor(heavier, lighter, at), at.acid, at.dimer)
        table.add_row(f"{heavier}/{lighter}", *(f"{number:.3g}" for number in numbers))
    console.print(table)
