"""Cases and trains: run, check."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import typer

from sx_sim.cli.common import (
    NOT_SOLVED,
    CasePath,
    OutPath,
    PlotPath,
    Strict,
    compile_first,
    complain,
    err,
    out,
    plain_errors,
    save_figures,
)
from sx_sim.cli.outputs import check_outputs
from sx_sim.errors import OutsideRangeError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sx_sim.cases import Case
    from sx_sim.flowsheet.ledger import Ledger
    from sx_sim.flowsheet.result import Result


def run(
    case: CasePath, out_file: OutPath = None, plots: PlotPath = None, strict: Strict = False
) -> None:
    """Solve a case or a train; print its streams, sections and cautions.

    With --strict nothing is written, and the exit code is 4, where it leaves a range.
    """
    with plain_errors():
        from sx_sim.cases import load_case
        from sx_sim.report.progress import progress_bar
        from sx_sim.report.results import print_result
        from sx_sim.studies.ledgers import ledger_of
        from sx_sim.studies.run import solve

        loaded = load_case(case)
        check_outputs(results=out_file, kind="result", pictures=plots)
        compile_first()
        done: list[str] = []
        try:
            with progress_bar(err) if loaded.parts else nullcontext(_silent) as progress:

                def step(name: str) -> None:
                    done.append(name)
                    progress(len(done), max(len(loaded.circuits), len(done)))

                result = solve(loaded, step=step, throw=False, strict=strict)
        except OutsideRangeError as error:
            print_result(out, loaded, error.result)
            raise
        if out_file and (result.converged or not loaded.parts):
            from sx_sim.store import save_result

            save_result(result, out_file, loaded)
            out.print(f"wrote {out_file}", soft_wrap=True)
        print_result(out, loaded, result)
        if not result.converged:
            complain("not solved:", result.explanation)
        if plots and (result.converged or not loaded.parts):
            save_figures(plots, case.stem, _figures(loaded, result))
        if not result.converged:
            raise typer.Exit(NOT_SOLVED)
        fail_unless_closed(ledger_of(loaded, result))


def _silent(done: int, total: int) -> None:
    """Show no progress."""


def _figures(case: Case, result: Result) -> dict[str, Callable[[], Figure]]:
    """Return the pictures of a result, by name."""
    from sx_sim import plots as draw

    if case.parts:
        return {
            "train": lambda: draw.train_diagram(result, cuts=case.cuts),
            "oxides": lambda: draw.train_sankey(result),
            "profiles": lambda: draw.train_profiles(result),
        }
    return {
        "profiles": lambda: draw.profiles(result),
        "acidity": lambda: draw.acidity(result),
        "products": lambda: draw.products(result),
        "circuit": lambda: draw.circuit_diagram(result),
    }


def fail_unless_closed(ledger: Ledger) -> None:
    """Say so, with the exit code of a failed solve, where a ledger contradicts the result."""
    if ledger.contradiction:
        complain("does not balance:", ledger.contradiction)
        raise typer.Exit(NOT_SOLVED)


def check(case: CasePath) -> None:
    """Read a case, a train or an extractant set and say what it describes, without solving it."""
    with plain_errors():
        from sx_sim.cases import load_case
        from sx_sim.chemistry.extractants import is_set
        from sx_sim.dynamics.checking import check_simulation
        from sx_sim.report.results import print_case
        from sx_sim.studies.checking import check_case
        from sx_sim.text_files import read_tables

        if is_set(read_tables(case)):
            from sx_sim.report.data import print_sheet

            print_sheet(out, str(case))
            return
        loaded = load_case(case)
        check_case(loaded)
        check_simulation(loaded)
        print_case(out, loaded)
