"""What commands share: consoles, options, errors as messages, pictures as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from sx_sim.errors import CaseError, OutsideRangeError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

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
        for line in error.problems:
            err.print(f"[bold red]outside its range:[/] {escape(line)}", soft_wrap=True)
        raise typer.Exit(OUTSIDE) from None
    except CaseError as error:
        for line in str(error).splitlines():
            err.print(f"[bold red]error[/] {escape(line)}", soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from None


def escape(text: str) -> str:
    """Return a text in which brackets are no markup."""
    return text.replace("[", "\\[")


def announce_compilation() -> None:
    """Say so if the kernels have to be compiled first."""
    from sx_sim.kernels.solve import compiled

    if not compiled():
        err.print("Compiling the solver for this machine; once, it takes less than a minute ...")


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
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                figure.savefig(path, dpi=130)
            except OSError as error:
                raise CaseError(f"cannot be written: {error}", str(path)) from None
            out.print(f"wrote {path}", soft_wrap=True)
    finally:
        pyplot.close(figure)
