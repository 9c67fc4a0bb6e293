"""What was written: info, export; what can be: schema."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from sx_sim.cli.common import (
    FilePath,
    out,
    plain_errors,
)
from sx_sim.cli.outputs import check_outputs
from sx_sim.errors import CaseError
from sx_sim.output_files import write_output


def info(file: FilePath) -> None:
    """Print what an HDF5 file of a run, a sweep or a simulation holds."""
    with plain_errors():
        from sx_sim.dynamics.record import SimulationResult
        from sx_sim.flowsheet.result import Result
        from sx_sim.report.results import print_result
        from sx_sim.report.sweeps import print_sweep
        from sx_sim.report.transients import print_transient
        from sx_sim.store import load_any

        case, found = load_any(file)
        if isinstance(found, Result):
            print_result(out, case, found)
        elif isinstance(found, SimulationResult):
            print_transient(out, found)
        else:
            print_sweep(out, case, found)


def export(
    file: FilePath,
    csv: Annotated[Path, typer.Option("--csv", metavar="FILE.csv", help="Where to.")],
) -> None:
    """Write stages of a run, points of a sweep or times of a simulation; needs pandas."""
    with plain_errors():
        from sx_sim.store import load_any

        check_outputs(table=csv)
        try:
            table = load_any(file)[1].to_dataframe()
        except ImportError:
            raise CaseError("needs pandas, which is not installed: pip install pandas") from None
        write_output(csv, table.to_csv(index=table.index.name is not None).encode())
        out.print(f"wrote {csv}", soft_wrap=True)


def schema() -> None:
    """Print the JSON schema of case files: of a single circuit, or of a train."""
    from sx_sim.cases.schema import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
