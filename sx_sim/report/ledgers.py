"""Tables of ledgers and of radionuclides for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from sx_sim.chemistry.reagents import Reagent
from sx_sim.flowsheet.ledger import Ledger, Use
from sx_sim.flowsheet.radionuclides import WATER, Activities, is_estimate
from sx_sim.flowsheet.treatment import NEUTRALISING, REDISSOLVING
from sx_sim.report.console import print_line

YEAR_DAYS = 365.2422
DAY = 86400.0
NEGLIGIBLE = 1e-9  # [Bq/L], [g/L]


def print_ledger(console: Console, ledger: Ledger, *, together: bool = False) -> None:
    """Print what is used and left, the effluents, and what is in process if that is known.

    ``together`` sums what circuits use for one purpose, and leaves out their effluents.
    """
    console.print(ledger_table(ledger, together=together))
    if not together:
        console.print(effluent_table(ledger))
    closes = np.nanmax(list(ledger.closures.values()))
    console.print(f"Equivalents over the boundary close to {closes:.1e}.", soft_wrap=True)
    held = ledger.inventory
    if held is not None:
        console.print(
            f"In process: {held.solvent:.4g} L of solvent, {held.oxides:.4g} kg REO "
            f"({held.oxides_organic:.4g} in the solvent, {held.oxides_aqueous:.4g} in the water)",
            soft_wrap=True,
        )


def ledger_table(ledger: Ledger, *, together: bool = False) -> Table:
    """Return acid and base by purpose, water, extractant lost and salt, by kilogram of REO.

    What the circuits of a train use for the same purpose may be told together.
    """
    table = Table(title="Ledger", title_justify="left")
    for name in ("", "eq/h", "mol/h", "kg/h", "kg per kg REO"):
        table.add_column(name, justify="right" if name else "left")
    made = ledger.oxides
    for uses in (ledger.acid_uses, ledger.base_uses):
        shown = _summed(uses) if together else uses
        for use in shown:
            table.add_row(f"{use.reagent.formula}: {use.purpose}", *_use_row(use, made))
        for whole in _wholes(shown):
            table.add_row(whole.purpose, *_use_row(whole, made), style="bold")
    for whole in _wholes(ledger.recovered, least=1):
        table.add_row(f"{whole.reagent.formula} taken out of refluxes", *_use_row(whole, made))
    table.add_row("water (L)", "", "", f"{ledger.water:.4g}", _number(ledger.water, made))
    lost, kilograms = ledger.extractant_lost, ledger.solvent_lost
    table.add_row("extractant lost", "", _known(lost), _known(kilograms), _number(kilograms, made))
    salt = ledger.effluent_salt
    table.add_row(
        f"{ledger.salt_name} in water that leaves", "", "", _known(salt), _number(salt, made)
    )
    nitrogen = ledger.ammonia_nitrogen
    if nitrogen:
        table.add_row("NH3-N of that", "", "", f"{nitrogen:.4g}", _number(nitrogen, made))
    return table


def effluent_table(ledger: Ledger) -> Table:
    """Return acid, salt and solvent in everything that leaves."""
    table = Table(title="What leaves", title_justify="left")
    salt = ledger.salt_name
    for name in ("stream", "L/h", "free acid eq/h", f"{salt} g/L", "extractant g/h", "REO kg/h"):
        table.add_column(name, justify="left" if name == "stream" else "right")
    for out in ledger.outlets:
        wet = out.phase == "aqueous"
        grams = 1000.0 * ledger.salt(out) / out.water if wet and out.water else np.nan
        extractant = out.extractant * out.extractant_mass if out.extractant else 0.0
        table.add_row(
            out.name,
            f"{out.water if wet else out.solvent or out.water:.4g}",
            _small(out.protons) if wet else "",
            _small(grams) if np.isfinite(grams) else "",
            _known(extractant) if extractant else "",
            f"{out.oxides:.4g}" if out.oxides > 1e-9 else "",
        )
    return table


def radionuclide_table(found: Activities) -> Table:
    """Return the activity of every nuclide in every stream, where most ends, and the limit."""
    stored = f" after {_time(found.stored)}" if found.stored else ""
    title = f"Radionuclides{stored}, Bq/L (Bq/g of dissolved solids), * above {found.limit:g} Bq/g"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("parted like")
    streams = list(found.left)
    for name in streams:
        table.add_column(name, justify="right")
    table.add_column("most in")
    for name in found.nuclides:
        cells = [_activity(found, stream, name) for stream in streams]
        analogue = found.analogues.get(name, "")
        shown = analogue
        if analogue and any(is_estimate(name, one) for one in analogue.split(", ")):
            shown = "(stays in the water)" if analogue == WATER else f"({analogue})"
        end = found.end(name)
        table.add_row(name, shown, *cells, f"{end}, {100 * found.share(end, name):.4g} %")
    return table


def print_radionuclides(console: Console, found: Activities) -> None:
    """Print the table of radionuclides, and what is to be known of it."""
    console.print(radionuclide_table(found))
    flagged = [stream for stream in found.left if found.above(stream)]
    for stream in flagged:
        names = ", ".join(found.above(stream))
        print_line(console, (f"above {found.limit:g} Bq/g", "yellow"), f" {stream}: {names}")
    console.print(
        "In brackets: parted like another element by analogy, not by measurement. Decay within "
        "the circuit is left out; progeny not fed is not counted unless storage is given.",
        soft_wrap=True,
    )


def _use_row(use: Use, made: float) -> tuple[str, str, str, str]:
    shown = _known(use.equivalents), _known(use.moles), _known(use.mass)
    return *shown, _number(use.mass, made)


def _known(amount: float) -> str:
    return f"{amount:.4g}" if np.isfinite(amount) else "not known"


def _number(amount: float, made: float) -> str:
    return f"{amount / made:.3g}" if made > 0.0 and np.isfinite(amount) else "-"


def _activity(found: Activities, stream: str, name: str) -> str:
    litre, gram = found.per_litre(stream, name), found.per_solids(stream, name)
    if not litre > NEGLIGIBLE:
        return "0"
    mark = "*" if gram > found.limit else ""
    return f"{litre:.2g} ({gram:.2g}){mark}" if np.isfinite(gram) else f"{litre:.2g}"


def _wholes(uses: Sequence[Use], least: int = 2) -> list[Use]:
    """Return the total use of every reagent with several purposes."""
    found = []
    for reagent in dict.fromkeys(use.reagent for use in uses):
        own = [use.equivalents for use in uses if use.reagent == reagent]
        if len(own) >= least:
            found.append(Use(f"{reagent.formula} in all", reagent, sum(own)))
    return found


def _summed(uses: Sequence[Use]) -> list[Use]:
    """Return amounts by purpose alone, those of all circuits together."""
    found: dict[tuple[str, Reagent], float] = {}
    for use in uses:
        first, _, rest = use.purpose.partition(" ")
        if first in (REDISSOLVING, NEUTRALISING):
            name = first
        elif first.endswith(":"):
            name = rest
        else:
            name = use.purpose.rpartition(".")[2]
        key = (name, use.reagent)
        found[key] = found.get(key, 0.0) + use.equivalents
    return [Use(name, reagent, amount) for (name, reagent), amount in found.items()]


def _small(value: float) -> str:
    return f"{value:.3g}" if value > NEGLIGIBLE else "0"


def _time(seconds: float) -> str:
    days = seconds / DAY
    return f"{days:.4g} d" if days < YEAR_DAYS else f"{days / YEAR_DAYS:.4g} years"
