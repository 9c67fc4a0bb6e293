"""What is behind a result: sensitivity, uncertainty, fit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sx_sim.cli.common import (
    NOT_SOLVED,
    CasePath,
    OutPath,
    PlotPath,
    TablePath,
    compile_first,
    complain,
    err,
    out,
    plain_errors,
    save_figures,
)
from sx_sim.cli.outputs import check_outputs
from sx_sim.errors import CaseError


def sensitivity(case: CasePath, out_table: TablePath = None, plots: PlotPath = None) -> None:
    """Solve a case; print what the usual shifts of its inputs and constants do to purities."""
    with plain_errors():
        from sx_sim.cases import load_case
        from sx_sim.report.studies import print_tornado
        from sx_sim.studies.run import solve
        from sx_sim.studies.tornado import tornado

        loaded = load_case(case)
        check_outputs(table=out_table, pictures=plots)
        compile_first()
        result = solve(loaded, throw=False)
        if not result.converged:
            complain("not solved:", result.explanation)
            raise typer.Exit(NOT_SOLVED)
        found = tornado(loaded, result)
        if out_table:
            found.write_csv(out_table)
            out.print(f"wrote {out_table}", soft_wrap=True)
        print_tornado(out, loaded, found)
        if plots:
            from sx_sim import plots as draw

            save_figures(plots, case.stem, {"tornado": lambda: draw.tornado(found)})


def uncertainty(
    case: CasePath,
    out_file: OutPath = None,
    plots: PlotPath = None,
    samples: Annotated[int, typer.Option(help="Points of the sample, a power of two.")] = 256,
    scale: Annotated[float, typer.Option(min=0.0, help="Times the standard deviations.")] = 1.0,
    shares: Annotated[bool, typer.Option(help="Find the share of every constant.")] = True,
    seed: Annotated[int, typer.Option(min=0, help="Of the sample.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that solve.")] = 1,
) -> None:
    """Say how sure purities and recoveries are, with the constants as well known as they are."""
    with plain_errors():
        from sx_sim.cases import load_case
        from sx_sim.report.progress import progress_bar
        from sx_sim.report.studies import print_uncertainty
        from sx_sim.studies.executors import processes
        from sx_sim.studies.run import solve
        from sx_sim.studies.uncertainty import uncertainty

        loaded = load_case(case)
        check_outputs(results=out_file, kind="sweep", pictures=plots)
        compile_first()
        result = solve(loaded, throw=False)
        if not result.converged:
            complain("not solved:", result.explanation)
            raise typer.Exit(NOT_SOLVED)
        with processes(workers) as executor, progress_bar(err) as progress:
            found = uncertainty(
                loaded,
                samples=samples,
                scale=scale,
                share=shares,
                seed=seed,
                executor=executor,
                progress=progress,
            )
        if out_file:
            from sx_sim.store import save_sweep

            save_sweep(found.sample, out_file, loaded)
            out.print(f"wrote {out_file}", soft_wrap=True)
        print_uncertainty(out, loaded, found)
        if plots:
            from sx_sim import plots as draw

            figures = {
                "uncertainty": lambda: draw.uncertainty(found),
                "bands": lambda: draw.profile_bands(found),
            }
            save_figures(plots, case.stem, figures)


def fit(
    data: Annotated[
        Path | None, typer.Argument(metavar="DATA.csv", help="Isotherms; see --template.")
    ] = None,
    extractant: Annotated[
        str, typer.Option("--set", metavar="KEY", help="Set to start from, or SET.toml.")
    ] = "hehehp-chloride",
    free: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Free constant, repeatable: log10_K (default; of all elements), log10_K.Nd, "
            "order_dimer, order_acid, enthalpy, log10_beta.",
        ),
    ] = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Hold a constant there, repeatable."),
    ] = None,
    laboratory: Annotated[
        list[str] | None, typer.Option(help="Fit these laboratories alone, repeatable.")
    ] = None,
    robust: Annotated[
        bool, typer.Option(help="Count points far off less (Huber's weights).")
    ] = True,
    out_set: Annotated[
        Path | None, typer.Option("--out", metavar="SET.toml", help="Write a set for cases.")
    ] = None,
    out_table: TablePath = None,
    plots: PlotPath = None,
    template: Annotated[
        bool, typer.Option("--template", help="Print a table to fill in, and stop.")
    ] = False,
) -> None:
    """Fit constants of a set to laboratory isotherms."""
    with plain_errors():
        from sx_sim.cases.isotherms import TEMPLATE, read_isotherms, write_residuals
        from sx_sim.cases.set_files import check_set_target, write_set
        from sx_sim.chemistry.extractants import extractant_set
        from sx_sim.fitting import fit as fit_constants
        from sx_sim.report.studies import print_fit

        if template:
            sys.stdout.write(TEMPLATE)
            raise typer.Exit
        if data is None:
            raise CaseError("DATA.csv is missing; sx-sim fit --template prints one to fill in")
        if out_set:
            check_set_target(out_set)
        check_outputs(table=out_table, pictures=plots)
        isotherms = read_isotherms(data, laboratories=laboratory or ())
        start = extractant_set(extractant)
        found = fit_constants(
            isotherms, start, free=free or ["log10_K"], fixed=_values(fix or []), robust=robust
        )
        if out_set:
            write_set(found, out_set, data.name)
            out.print(f"wrote {out_set}", soft_wrap=True)
        if out_table:
            write_residuals(found, out_table)
            out.print(f"wrote {out_table}", soft_wrap=True)
        print_fit(out, found)
        if plots:
            from sx_sim.plots import fits as draw

            figures = {"parity": lambda: draw.parity(found)}
            figures["residuals"] = lambda: draw.residuals(found)
            save_figures(plots, data.stem, figures)


def _values(texts: list[str]) -> dict[str, float]:
    """Return NAME=VALUE options as numbers by name."""
    found = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise CaseError(f"--fix {text}: must be NAME=VALUE, such as order_dimer=2.5") from None
    return found
