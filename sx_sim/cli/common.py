"""What commands share: consoles, options, errors as messages, pictures as files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO, TextIOWrapper
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from sx_sim.errors import CaseError, OutsideRangeError
from sx_sim.output_files import write_output
from sx_sim.report.console import PlainConsole, print_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

out = PlainConsole()
err = PlainConsole(stderr=True)

LONGEST_LINE = 2000  # characters of a message, which may repeat what a file holds
BAD_INPUT = 2
NOT_SOLVED = 3
OUTSIDE = 4
INTERRUPTED = 130
DIAGRAMS = ("circuit", "train", "oxides")  # lines and words, which want no pixels

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
        for problem in error.problems:
            complain("outside its range:", problem)
        raise typer.Exit(OUTSIDE) from None
    except CaseError as error:
        for problem in error.problems:
            complain("error", f"{error.file}: {problem}" if error.file else problem)
        raise typer.Exit(BAD_INPUT) from None


def complain(kind: str, text: str) -> None:
    """Print what is wrong on one line, of a kind such as ``error``."""
    text = text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]} ..."
    print_line(err, (kind, "bold red"), " " + text.replace("\n", "\\n"))


def replace_unknown_characters() -> None:
    """Have characters that a terminal cannot show replaced, rather than end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def compile_first() -> None:
    """Compile the kernels if they have not been, saying so and how far it has come."""
    from sx_sim.kernels import TEMPORARY
    from sx_sim.kernels.solve import compile_solver, compiled
    from sx_sim.report.progress import progress_bar

    if compiled():
        return
    err.print("Compiling the solver for this machine, once: half a minute to a minute ...")
    if TEMPORARY:
        told = f"It is kept in {TEMPORARY}; set NUMBA_CACHE_DIR to a folder that lasts."
        err.print(told, soft_wrap=True)
    began = perf_counter()
    with progress_bar(err, "compiling", rates=False) as progress:
        compile_solver(progress)
    err.print(f"compiled in {perf_counter() - began:.0f} s")


def save_figures(folder: Path, stem: str, figures: dict[str, Callable[[], Figure]]) -> None:
    """Draw figures and write them as PNG, flow diagrams as SVG too, saying where."""
    import matplotlib

    matplotlib.use("Agg")
    for name, draw in figures.items():
        kinds = ("png", "svg") if name in DIAGRAMS else ("png",)
        save_figure(draw(), *(folder / f"{stem}_{name}.{kind}" for kind in kinds))


def save_figure(figure: Figure, *paths: Path) -> None:
    """Write a figure in the formats that the names end in, saying where."""
    from matplotlib import pyplot

    known = figure.canvas.get_supported_filetypes()
    try:
        for path in paths:
            if path.suffix.lstrip(".").lower() not in known:
                raise CaseError(f"must end in one of .{', .'.join(sorted(known))}", str(path))
            drawn = BytesIO()
            figure.savefig(drawn, format=path.suffix.lstrip(".").lower(), dpi=130)
            before = ", in place of the one there" if path.exists() else ""
            write_output(path, drawn.getbuffer())
            out.print(f"wrote {path}{before}", soft_wrap=True)
    finally:
        pyplot.close(figure)
