"""The command line: parse, call, print."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from sx_sim.data_commands import data_commands
from sx_sim.errors import CaseError, OutsideRangeError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sx_sim.cases import Case

app = typer.Typer(
    help="Counter-current solvent extraction of rare earths, stage by stage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

BAD_INPUT = 2
NOT_SOLVED = 3
OUTSIDE = 4
INTERRUPTED = 130

CasePath = Annotated[Path, typer.Argument(metavar="CASE.toml", help="The case file.")]
FilePath = Annotated[Path, typer.Argument(metavar="FILE.h5", help="Written by run or sweep.")]
OutPath = Annotated[Path | None, typer.Option("--out", metavar="FILE.h5", help="Write HDF5.")]
TablePath = Annotated[
    Path | None, typer.Option("--out-table", metavar="FILE.csv", help="Write the table.")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Make leaving a range of the constants an error.")
]
PlotPath = Annotated[Path | None, typer.Option("--plots", metavar="DIR", help="Write pictures.")]


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn an input error into its message and exit code."""
    try:
        yield
    except OutsideRangeError as error:
        for line in error.problems:
            err.print(f"[bold red]outside its range:[/] {_escape(line)}", soft_wrap=True)
        raise typer.Exit(OUTSIDE) from None
    except CaseError as error:
        for line in str(error).splitlines():
            err.print(f"[bold red]error[/] {_escape(line)}", soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from None


def _escape(text: str) -> str:
    return text.replace("[", "\\[")


app.add_typer(data_commands(plain_errors, out), name="data")


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        from importlib.metadata import version

        out.print(f"sx_sim {version('sx_sim')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Counter-current solvent extraction of rare earths, stage by stage."""


@app.command()
def run(
    case: CasePath, out_file: OutPath = None, plots: PlotPath = None, strict: Strict = False
) -> None:
    """Solve a case or a train; print its streams, sections and cautions.

    With --strict nothing is written, and the exit code is 4, where it leaves a range.
    """
    with plain_errors():
        from sx_sim import report
        from sx_sim.cases import load_case, solve
        from sx_sim.cases.trains import is_train

        if is_train(case):
            run_train_file(case, out_file, plots, strict)
            return
        loaded = load_case(case)
        announce_compilation()
        try:
            result = solve(loaded, throw=False, strict=strict)
        except OutsideRangeError as error:
            report.print_result(out, loaded, error.result)
            raise
        report.print_result(out, loaded, result)
        if out_file:
            from sx_sim.store import save_result

            save_result(result, out_file, loaded)
            out.print(f"wrote {out_file}", soft_wrap=True)
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
            err.print(f"[bold red]not solved:[/] {result.explanation}", soft_wrap=True)
            raise typer.Exit(NOT_SOLVED)


def run_train_file(
    path: Path, out_file: Path | None, plots: Path | None, strict: bool = False
) -> None:
    """Solve a train; print its circuits and products."""
    from sx_sim import report, report_train
    from sx_sim.cases.trains import load_train, run_train
    from sx_sim.errors import ConvergenceError

    train = load_train(path)
    announce_compilation()
    try:
        with report.progress_bar(err) as progress:
            done: list[str] = []

            def step(name: str) -> None:
                done.append(name)
                progress(len(done), max(len(train.files), len(done)))

            found = run_train(train, step=step)
    except ConvergenceError as error:
        err.print(f"[bold red]not solved:[/] {_escape(str(error))}", soft_wrap=True)
        raise typer.Exit(NOT_SOLVED) from None
    report_train.print_train(out, train, found)
    if strict:
        found.within_ranges()
    if out_file:
        from sx_sim.store import save_train

        save_train(found, out_file, train)
        out.print(f"wrote {out_file}", soft_wrap=True)


@app.command()
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
        str | None, typer.Option(metavar="ADDRESS", help="Scheduler of a Dask cluster that solves.")
    ] = None,
    strict: Strict = False,
) -> None:
    """Solve a case over the grid in its sweep table.

    With --out, every block of points is kept as it is solved: a sweep that was stopped goes
    on with --resume. With --strict it ends, with exit code 4, at a point that leaves a range.
    """
    with plain_errors():
        from sx_sim import report
        from sx_sim.cases import load_case, run_sweep
        from sx_sim.executors import cluster, processes
        from sx_sim.journal import SweepJournal
        from sx_sim.store import save_sweep

        loaded = load_case(case)
        journal = SweepJournal(out_file, loaded) if out_file else None
        if journal and fresh:
            journal.discard()
        if journal:
            (journal.resume if resume else journal.begin)()
        announce_compilation()
        try:
            with (
                cluster(dask) if dask else processes(workers) as executor,
                report.progress_bar(err) as progress,
            ):
                found = run_sweep(
                    loaded, executor=executor, journal=journal, progress=progress, strict=strict
                )
        except KeyboardInterrupt:
            kept = f"; {len(journal.kept)} blocks are kept, go on with --resume" if journal else ""
            err.print(f"stopped{kept}")
            raise typer.Exit(INTERRUPTED) from None
        report.print_sweep(out, loaded, found)
        if journal:
            save_sweep(found, journal.path, loaded)
            journal.discard()
            out.print(f"wrote {out_file}", soft_wrap=True)
        if plots:
            save_figures(plots, f"{case.stem}_sweep", _sweep_figures(loaded, found))
        if not any(s.name == "CONVERGED" for s in found.counts):
            raise typer.Exit(NOT_SOLVED)


def _sweep_figures(case: Case, found: object) -> dict[str, Callable[[], Figure]]:
    from sx_sim import plots as draw
    from sx_sim.analysis.sweep import SweepResult

    assert isinstance(found, SweepResult)
    light, heavy = case.file.cut or (None, None)
    figures: dict[str, Callable[[], Figure]] = {}
    if found.specifications or draw.cut_outputs(found, light, heavy):
        figures["maps"] = lambda: draw.heat_maps(found, light, heavy)
    if found.specifications:
        figures["window"] = lambda: draw.operating_window(found)
    if found.band is not None and draw.has_cut(found, light, heavy):
        figures["temperature"] = lambda: draw.temperature_band(found, light, heavy)
    return figures


@app.command()
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
        Path | None, typer.Option("--out", metavar="FILE.png", help="Beside the file otherwise.")
    ] = None,
) -> None:
    """Draw what a file holds: an output over inputs of a sweep, or stages of a run."""
    with plain_errors():
        import matplotlib

        from sx_sim import plots as draw
        from sx_sim.flowsheet.results import Result
        from sx_sim.store import load_any

        matplotlib.use("Agg")
        case, found = load_any(file)
        if isinstance(found, Result):
            wrong = [name for name, value in (("y", y), ("at", at), ("spec", spec)) if value]
            if wrong:
                raise CaseError(f"--{wrong[0]} is for sweeps, and this is a run", str(file))
            figure = draw.stage_plot(found, x or "stage", z)
        else:
            figure = draw.sweep_plot(
                found, x, y, z, at=_held(at or []), least=spec, cut=case.file.cut
            )
        save_figure(picture or file.with_suffix(".png"), figure)


def _held(given: list[str]) -> dict[str, str]:
    """Return the values of inputs, by path, from PATH=VALUE."""
    held = {}
    for text in given:
        path, equals, value = text.partition("=")
        if not (path and equals and value):
            raise CaseError(f"--at {text}: must be PATH=VALUE, such as temperature=30")
        held[path.strip()] = value.strip()
    return held


@app.command()
def sensitivity(case: CasePath, out_table: TablePath = None, plots: PlotPath = None) -> None:
    """Solve a case; print what the usual shifts of its inputs and constants do to purities."""
    with plain_errors():
        from sx_sim import report
        from sx_sim.cases import load_case, solve
        from sx_sim.cases.shifts import tornado

        loaded = load_case(case)
        announce_compilation()
        result = solve(loaded, throw=False)
        if not result.converged:
            err.print(f"[bold red]not solved:[/] {result.explanation}", soft_wrap=True)
            raise typer.Exit(NOT_SOLVED)
        found = tornado(loaded, result)
        report.print_tornado(out, loaded, found)
        if out_table:
            found.write_csv(out_table)
            out.print(f"wrote {out_table}", soft_wrap=True)
        if plots:
            from sx_sim import plots as draw

            save_figures(plots, case.stem, {"tornado": lambda: draw.tornado(found)})


@app.command()
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
        from sx_sim import report
        from sx_sim.cases import load_case, solve
        from sx_sim.cases.uncertainties import uncertainty
        from sx_sim.executors import processes

        loaded = load_case(case)
        announce_compilation()
        result = solve(loaded, throw=False)
        if not result.converged:
            err.print(f"[bold red]not solved:[/] {result.explanation}", soft_wrap=True)
            raise typer.Exit(NOT_SOLVED)
        with processes(workers) as executor, report.progress_bar(err) as progress:
            found = uncertainty(
                loaded,
                samples=samples,
                scale=scale,
                share=shares,
                seed=seed,
                executor=executor,
                progress=progress,
            )
        report.print_uncertainty(out, loaded, found)
        if out_file:
            from sx_sim.store import save_sweep

            save_sweep(found.sample, out_file, loaded)
            out.print(f"wrote {out_file}", soft_wrap=True)
        if plots:
            from sx_sim import plots as draw

            figures = {
                "uncertainty": lambda: draw.uncertainty(found),
                "bands": lambda: draw.profile_bands(found),
            }
            save_figures(plots, case.stem, figures)


@app.command()
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
        from sx_sim import report
        from sx_sim.analysis.fitting import fit as fit_constants
        from sx_sim.cases.isotherms import TEMPLATE, read_isotherms, write_residuals
        from sx_sim.cases.set_files import write_set
        from sx_sim.chemistry.extractants import extractant_set

        if template:
            sys.stdout.write(TEMPLATE)
            raise typer.Exit
        if data is None:
            raise CaseError("DATA.csv is missing; sx-sim fit --template prints one to fill in")
        isotherms = read_isotherms(data, laboratories=laboratory or ())
        start = extractant_set(extractant)
        found = fit_constants(
            isotherms, start, free=free or ["log10_K"], fixed=_values(fix or []), robust=robust
        )
        report.print_fit(out, found)
        if out_set:
            write_set(found, out_set, data.name)
            out.print(f"wrote {out_set}", soft_wrap=True)
        if out_table:
            write_residuals(found, out_table)
            out.print(f"wrote {out_table}", soft_wrap=True)
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


@app.command()
def check(case: CasePath) -> None:
    """Read a case and say what it describes, without solving it."""
    with plain_errors():
        from sx_sim import report
        from sx_sim.cases import load_case

        report.print_case(out, load_case(case))


@app.command()
def info(file: FilePath) -> None:
    """Print what an HDF5 file of a run or a sweep holds."""
    with plain_errors():
        from sx_sim import report
        from sx_sim.flowsheet.results import Result
        from sx_sim.store import load_any

        case, found = load_any(file)
        if isinstance(found, Result):
            report.print_result(out, case, found)
        else:
            if found.specifications:
                announce_compilation()
            report.print_sweep(out, case, found)


@app.command()
def export(
    file: FilePath,
    csv: Annotated[Path, typer.Option("--csv", metavar="FILE.csv", help="Where to.")],
) -> None:
    """Write the stages of a run, or the points of a sweep, as a table; needs pandas."""
    with plain_errors():
        from sx_sim.store import load_any

        try:
            table = load_any(file)[1].to_dataframe()
            csv.parent.mkdir(parents=True, exist_ok=True)
            table.to_csv(csv, index=table.index.name is not None)
        except ImportError:
            raise CaseError("needs pandas, which is not installed: pip install pandas") from None
        except OSError as error:
            raise CaseError(f"cannot be written: {error}", str(csv)) from None
        out.print(f"wrote {csv}", soft_wrap=True)


@app.command()
def schema() -> None:
    """Print the JSON schema of case files."""
    from sx_sim.cases.schema import CaseFile

    sys.stdout.write(json.dumps(CaseFile.model_json_schema(by_alias=True), indent=2) + "\n")


@app.command()
def elements() -> None:
    """List the elements and the extractant sets that have constants for them."""
    from sx_sim import report

    report.print_elements(out)


def announce_compilation() -> None:
    """Say so if the kernels have to be compiled first."""
    from sx_sim.kernels.solve import compiled

    if not compiled():
        err.print("Compiling the solver for this machine; once, it takes about half a minute ...")


def save_figures(folder: Path, stem: str, figures: dict[str, Callable[[], Figure]]) -> None:
    """Draw figures and write them as PNG, saying where."""
    import matplotlib

    matplotlib.use("Agg")
    for name, draw in figures.items():
        save_figure(folder / f"{stem}_{name}.png", draw())


def save_figure(path: Path, figure: Figure) -> None:
    """Write a figure in the format that its name ends in, saying where."""
    from matplotlib import pyplot

    known = figure.canvas.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in known:
        raise CaseError(f"must end in one of .{', .'.join(sorted(known))}", str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=130)
    except OSError as error:
        raise CaseError(f"cannot be written: {error}", str(path)) from None
    finally:
        pyplot.close(figure)
    out.print(f"wrote {path}", soft_wrap=True)


if __name__ == "__main__":
    app()
