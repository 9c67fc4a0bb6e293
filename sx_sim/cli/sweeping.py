"""Sweeps: sweep, plot."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sx_sim.cli.common import (
    INTERRUPTED,
    NOT_SOLVED,
    CasePath,
    FilePath,
    OutPath,
    PlotPath,
    Strict,
    compile_first,
    err,
    out,
    plain_errors,
    save_figure,
    save_figures,
)
from sx_sim.cli.outputs import check_outputs
from sx_sim.cli.signals import Stopped, stoppable
from sx_sim.errors import CaseError
from sx_sim.output_files import check_output, unused

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sx_sim.cases import Case


def sweep(
    case: CasePath,
    out_file: OutPath = None,
    plots: PlotPath = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an unfinished sweep.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Discard an unfinished sweep.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes that solve.")] = 1,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Scheduler of a Dask cluster, or local to start one."),
    ] = None,
    strict: Strict = False,
) -> None:
    """Solve a case over the grid in its sweep table.

    With --out, every block of points is kept as it is solved: a sweep that was stopped goes
    on with --resume. With --strict it ends, with exit code 4, at a point that leaves a range.
    """
    with plain_errors():
        from sx_sim.cases import load_case
        from sx_sim.report.progress import progress_bar
        from sx_sim.report.sweeps import print_sweep
        from sx_sim.store import save_sweep
        from sx_sim.studies.executors import cluster, processes
        from sx_sim.studies.journal import SweepJournal
        from sx_sim.studies.run import run_sweep

        loaded = load_case(case)
        check_outputs(results=out_file, kind="sweep", pictures=plots)
        with SweepJournal(out_file, loaded) if out_file else nullcontext() as journal:
            if journal and fresh:
                journal.discard()
            if journal:
                (journal.resume if resume else journal.begin)()
            compile_first()
            try:
                with (
                    stoppable(),
                    cluster(dask) if dask else processes(workers) as executor,
                    progress_bar(err) as progress,
                ):
                    found = run_sweep(
                        loaded, executor=executor, journal=journal, progress=progress, strict=strict
                    )
            except KeyboardInterrupt as stop:
                kept = (
                    f"; {len(journal.kept)} blocks are kept, go on with --resume" if journal else ""
                )
                err.print(f"stopped{kept}")
                code = 128 + stop.args[0] if isinstance(stop, Stopped) else INTERRUPTED
                raise typer.Exit(code) from None
            if journal:
                save_sweep(found, journal.path, loaded)
                journal.discard()
                out.print(f"wrote {out_file}", soft_wrap=True)
        print_sweep(out, loaded, found)
        if plots:
            save_figures(plots, f"{case.stem}_sweep", _sweep_figures(loaded, found))
        if not any(s.name == "CONVERGED" for s in found.counts):
            raise typer.Exit(NOT_SOLVED)


def _sweep_figures(case: Case, found: object) -> dict[str, Callable[[], Figure]]:
    from sx_sim import plots as draw
    from sx_sim.studies.sweep import SweepResult

    assert isinstance(found, SweepResult)
    light, heavy = case.cuts.get("") or (None, None)
    figures: dict[str, Callable[[], Figure]] = {}
    if found.specifications or draw.cut_outputs(found, light, heavy):
        figures["maps"] = lambda: draw.heat_maps(found, light, heavy)
    if found.specifications:
        figures["window"] = lambda: draw.operating_window(found)
    if found.band is not None and draw.has_cut(found, light, heavy):
        figures["temperature"] = lambda: draw.temperature_band(found, light, heavy)
    return figures


def plot(
    file: FilePath,
    x: Annotated[
        str | None, typer.Option("--x", metavar="PATH", help="Input of a sweep; stage of a run.")
    ] = None,
    y: Annotated[
        str | None, typer.Option("--y", metavar="PATH", help="Second input: draws a map.")
    ] = None,
    z: Annotated[
        str | None, typer.Option("--z", metavar="OUTPUT", help="Such as purity.La-Dy.raffinate.")
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option("--at", metavar="PATH=VALUE", help="Where to hold another input."),
    ] = None,
    spec: Annotated[
        float | None, typer.Option("--spec", help="What the output has to reach, such as 0.999.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE.png",
            help="Beside the file otherwise, under a name not used yet.",
        ),
    ] = None,
) -> None:
    """Draw what a file holds: an output over inputs of a sweep, or stages of a run."""
    with plain_errors():
        import matplotlib

        from sx_sim import plots as draw
        from sx_sim.dynamics.record import SimulationResult
        from sx_sim.flowsheet.result import Result
        from sx_sim.store import load_any

        matplotlib.use("Agg")
        if picture is not None:
            check_output(picture)
        case, found = load_any(file)
        if isinstance(found, Result):
            wrong = [name for name, value in (("y", y), ("at", at), ("spec", spec)) if value]
            if wrong:
                raise CaseError(f"--{wrong[0]} is for sweeps, and this is a run", str(file))
            figure = draw.stage_plot(found, x or "stage", z)
        elif isinstance(found, SimulationResult):
            raise CaseError("is a simulation; plot draws runs and sweeps", str(file))
        else:
            figure = draw.sweep_plot(
                found, x, y, z, at=_held(at or []), least=spec, cut=case.cuts.get("")
            )
        save_figure(figure, picture or unused(file.with_suffix(".png")))


def _held(given: list[str]) -> dict[str, str]:
    """Return the values of inputs, by path, from PATH=VALUE."""
    held = {}
    for text in given:
        path, equals, value = text.partition("=")
        if not (path and equals and value):
            raise CaseError(f"--at {text}: must be PATH=VALUE, such as temperature=30")
        held[path.strip()] = value.strip()
    return held
