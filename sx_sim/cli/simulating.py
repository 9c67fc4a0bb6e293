"""Time: simulate, fmu."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sx_sim.cli.common import (
    INTERRUPTED,
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
from sx_sim.cli.signals import Stopped, stoppable
from sx_sim.errors import CaseError, ConvergenceError
from sx_sim.output_files import check_output

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sx_sim.dynamics.record import SimulationResult


def simulate(
    case: CasePath,
    out_file: OutPath = None,
    plots: PlotPath = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an unfinished simulation.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Discard an unfinished simulation.")
    ] = False,
    animate: Annotated[
        bool, typer.Option("--animate", help="With --plots, the profile as a moving picture too.")
    ] = False,
    strict: Strict = False,
) -> None:
    """Follow a plant over the time that its simulation table says.

    With --out, where it has come to is kept: a simulation that was stopped goes on with --resume.
    With --strict it ends with exit code 4, and nothing is written, where it leaves a range.
    """
    with plain_errors():
        from sx_sim.cases import load_case
        from sx_sim.dynamics.journal import SimulationJournal
        from sx_sim.report.progress import progress_bar
        from sx_sim.report.transients import print_transient
        from sx_sim.simulations import simulate as follow
        from sx_sim.store import save_simulation

        loaded = load_case(case)
        if (resume or fresh) and out_file is None:
            raise CaseError("--resume and --fresh go with --out, the file to be written")
        if animate and plots is None:
            raise CaseError("--animate goes with --plots, the directory of the pictures")
        check_outputs(results=out_file, kind="simulation", pictures=plots)
        journal = SimulationJournal(out_file, loaded) if out_file else None
        if journal is not None:
            if fresh:
                journal.discard()
            if not resume:
                journal.begin()
        compile_first()
        try:
            with stoppable(), progress_bar(err, "hours", rates=False) as bar:

                def progress(hours: float, whole: float) -> None:
                    bar(round(hours), round(whole))

                found = follow(
                    loaded, journal=journal, resume=resume, strict=strict, progress=progress
                )
        except KeyboardInterrupt as stop:
            err.print("stopped" + ("; go on with --resume" if journal else ""))
            code = 128 + stop.args[0] if isinstance(stop, Stopped) else INTERRUPTED
            raise typer.Exit(code) from None
        except ConvergenceError as error:
            complain("not solved:", str(error))
            raise typer.Exit(NOT_SOLVED) from None
        if journal is not None:
            save_simulation(found, journal.path, loaded)
            journal.discard()
            out.print(f"wrote {out_file}", soft_wrap=True)
        print_transient(out, found)
        if plots:
            save_figures(plots, f"{case.stem}_simulation", _figures(found))
            if animate:
                from sx_sim import plots as draw

                path = plots / f"{case.stem}_simulation.gif"
                draw.animate_profile(found, path)
                out.print(f"wrote {path}", soft_wrap=True)


def fmu(
    case: CasePath,
    out_file: Annotated[Path, typer.Option("--out", metavar="FILE.fmu", help="Where to.")],
    inputs: Annotated[
        list[str] | None, typer.Option("--input", metavar="PATH", help="An input of the case.")
    ] = None,
    outputs: Annotated[
        list[str] | None, typer.Option("--output", metavar="NAME", help="A quantity.")
    ] = None,
) -> None:
    """Write a plant over time as an FMU for programs that couple models; needs pythonfmu.

    --input and --output may be given several times; without them it has those that matter.
    """
    with plain_errors():
        from sx_sim.cases import load_case
        from sx_sim.fmu import export_fmu

        loaded = load_case(case)
        check_output(out_file, ".fmu")
        if out_file.exists():
            err.print(f"{out_file} is there and will be replaced", soft_wrap=True)
        compile_first()
        try:
            export_fmu(loaded, out_file, inputs, outputs)
        except ConvergenceError as error:
            complain("not solved:", str(error))
            raise typer.Exit(NOT_SOLVED) from None
        out.print(f"wrote {out_file}", soft_wrap=True)


def _figures(found: SimulationResult) -> dict[str, Callable[[], Figure]]:
    """Return the pictures of a simulation, by name."""
    from sx_sim import plots as draw

    figures: dict[str, Callable[[], Figure]] = {}
    if {"purity_reo", "concentration"} <= set(found.tables):
        figures["products"] = lambda: draw.transient_products(found)
    figures |= {
        "maps": lambda: draw.transient_maps(found),
        "inventory": lambda: draw.transient_inventory(found),
    }
    if found.inputs or found.controllers:
        figures["inputs"] = lambda: draw.transient_inputs(found)
    return figures
