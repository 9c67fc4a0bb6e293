"""Cases and trains: run, check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sx_sim.cli.common import (
    NOT_SOLVED,
    CasePath,
    OutPath,
    PlotPath,
    Strict,
    announce_compilation,
    complain,
    err,
    out,
    plain_errors,
    save_figures,
)
from sx_sim.cli.outputs import check_outputs
from sx_sim.errors import OutsideRangeError

if TYPE_CHECKING:
    from sx_sim.flowsheet.ledger import Ledger


def run(
    case: CasePath, out_file: OutPath = None, plots: PlotPath = None, strict: Strict = False
) -> None:
    """Solve a case or a train; print its streams, sections and cautions.

    With --strict nothing is written, and the exit code is 4, where it leaves a range.
    """
    with plain_errors():
        from sx_sim.cases import load_case, solve
        from sx_sim.cases.ledgers import ledger_of
        from sx_sim.cases.trains import is_train
        from sx_sim.report.results import print_result

        if is_train(case):
            run_train_file(case, out_file, plots, strict)
            return
        loaded = load_case(case)
        check_outputs(results=out_file, kind="result", pictures=plots)
        announce_compilation()
        try:
            result = solve(loaded, throw=False, strict=strict)
        except OutsideRangeError as error:
            print_result(out, loaded, error.result)
            raise
        if out_file:
            from sx_sim.store import save_result

            save_result(result, out_file, loaded)
            out.print(f"wrote {out_file}", soft_wrap=True)
        print_result(out, loaded, result)
        if plots:
            from sx_sim import plots as draw

            save_figures(
                plots,
                case.stem,
                {
                    "profiles": lambda: draw.profiles(result),
                    "acidity": lambda: draw.acidity(result),
                    "products": lambda: draw.products(result),
                    "circuit": lambda: draw.circuit_diagram(loaded.circuit, result),
                },
            )
        if not result.converged:
            complain("not solved:", result.explanation)
            raise typer.Exit(NOT_SOLVED)
        fail_unless_closed(ledger_of(loaded, result))


def fail_unless_closed(ledger: Ledger) -> None:
    """Say so, with the exit code of a failed solve, where a ledger contradicts the result."""
    if ledger.contradiction:
        complain("does not balance:", ledger.contradiction)
        raise typer.Exit(NOT_SOLVED)


def run_train_file(
    path: Path, out_file: Path | None, plots: Path | None, strict: bool = False
) -> None:
    """Solve a train; print its circuits and products."""
    from sx_sim.cases.ledgers import ledger_of_train
    from sx_sim.cases.trains import load_train, run_train
    from sx_sim.errors import ConvergenceError
    from sx_sim.report import trains
    from sx_sim.report.progress import progress_bar

    train = load_train(path)
    check_outputs(results=out_file, kind="train", pictures=plots)
    announce_compilation()
    try:
        with progress_bar(err) as progress:
            done: list[str] = []

            def step(name: str) -> None:
                done.append(name)
                progress(len(done), max(len(train.files), len(done)))

            found = run_train(train, step=step)
    except ConvergenceError as error:
        complain("not solved:", str(error))
        raise typer.Exit(NOT_SOLVED) from None

    def show() -> None:
        trains.print_train(out, train, found)
        trains.print_ledgers(out, train, found)

    try:
        if strict:
            found.within_ranges()
    except OutsideRangeError:
        show()
        raise
    if out_file:
        from sx_sim.store import save_train

        save_train(found, out_file, train)
        out.print(f"wrote {out_file}", soft_wrap=True)
    show()
    if plots:
        from sx_sim import plots as draw

        cuts = {name: file.cut for name, file in train.files.items()}
        save_figures(
            plots,
            path.stem,
            {
                "train": lambda: draw.train_diagram(found, names=train.names, cuts=cuts),
                "oxides": lambda: draw.train_sankey(found, names=train.names),
                "profiles": lambda: draw.train_profiles(found),
            },
        )
    fail_unless_closed(ledger_of_train(train, found))


def check(case: CasePath) -> None:
    """Read a case, a train or an extractant set and say what it describes, without solving it."""
    with plain_errors():
        from sx_sim.cases.checking import check_case, check_train
        from sx_sim.cases.trains import is_train, load_train
        from sx_sim.chemistry.extractants import is_set
        from sx_sim.text_files import read_tables

        if is_set(read_tables(case)):
            from sx_sim.report.data import print_sheet

            print_sheet(out, str(case))
            return
        if is_train(case):
            from sx_sim.report.trains import print_train_file

            train = load_train(case)
            print_train_file(out, train, check_train(train))
            return
        from sx_sim.cases import load_case
        from sx_sim.report.results import print_case

        loaded = load_case(case)
        check_case(loaded)
        print_case(out, loaded)
