"""Outputs that commands are asked for: refused before anything is solved."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from sx_sim.cli.common import err
from sx_sim.output_files import check_folder, check_output


def check_outputs(
    *,
    results: Path | None = None,
    kind: Literal["result", "sweep", "simulation"] = "result",
    table: Path | None = None,
    pictures: Path | None = None,
) -> None:
    """Raise CaseError for what cannot be written, and say what will be replaced.

    Parameters
    ----------
    results : Path, optional
        An HDF5 file.
    kind : {'result', 'sweep'}
        What it will hold.
    table : Path, optional
        A file of comma-separated values.
    pictures : Path, optional
        A folder.
    """
    if results is not None:
        from sx_sim.store import check_target

        check_target(results, f"sx_sim {kind}")
    if table is not None:
        check_output(table, ".csv")
    if pictures is not None:
        check_folder(pictures)
    for path in (results, table):
        if path is not None and path.exists():
            err.print(f"{path} is there and will be replaced", soft_wrap=True)
