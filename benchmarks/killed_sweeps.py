"""Kill two sweeps that write to one file, and go on: python -m benchmarks.killed_sweeps --rounds 20

Each round starts sweeps of two cases with the same --out together, kills both without warning,
and resumes both. One has to give exactly the numbers of its case, the other to be refused, and
no process may be left.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from rich.console import Console

import sx_sim

CASE = """
temperature = "25 degC"
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
flow = "200 L/h"
[feeds.liquor]
concentrations = {{ Nd = "{fed} mol/L", Dy = "0.02 mol/L" }}
acid = "0.3 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 30
[[sweep.axes]]
path = "temperature"
from = "20 degC"
to = "40 degC"
points = 60
[[sweep.axes]]
path = "solvent.flow"
from = "180 L/h"
to = "260 L/h"
points = 64
[sweep]
band_members = 0
"""
PATIENCE = 120.0  # for processes to begin, or to end [s]


def command(case: Path, out: Path, *more: str) -> list[str]:
    """Return the command of a sweep."""
    words = ["sweep", str(case), "--out", str(out), "--workers", "2", *more]
    return [sys.executable, "-m", "sx_sim.cli", *words]


def running_in(groups: list[int]) -> list[int]:
    """Return the processes of process groups that have not ended."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                after = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(after[2]) in groups and after[0] != "Z":
                found.append(int(entry.name))
    return found


def killed(cases: list[Path], out: Path, after: int) -> list[int]:
    """Start all sweeps, kill them when so many blocks are kept; return what is left of them."""
    started = [
        subprocess.Popen(
            command(case, out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for case in cases
    ]
    folder = out.with_name(f".{out.name}.blocks")
    deadline = time.monotonic() + PATIENCE
    while len(list(folder.glob("block-*"))) < after and time.monotonic() < deadline:
        if all(one.poll() is not None for one in started):
            break
        time.sleep(0.01)
    for one in started:
        one.send_signal(signal.SIGKILL)
        one.wait()
    groups = [one.pid for one in started]
    deadline = time.monotonic() + 20
    while running_in(groups) and time.monotonic() < deadline:
        time.sleep(0.1)
    return running_in(groups)


def same(found: sx_sim.SweepResult, wanted: sx_sim.SweepResult) -> bool:
    """Return whether two sweeps hold the same bits."""
    return all(
        np.array_equal(found.tables[name], table, equal_nan=table.dtype.kind == "f")
        for name, table in wanted.tables.items()
    )


def a_round(folder: Path, wanted: dict[Path, sx_sim.SweepResult], after: int) -> str:
    """Return how a round ended."""
    out = folder / "out.h5"
    left = killed(list(wanted), out, after)
    for process in left:
        os.kill(process, signal.SIGKILL)
    if left:
        return f"FAULT: {len(left)} processes left"
    if out.exists():
        return "FAULT: ended before it was killed"
    ended = []
    for case, sweep in wanted.items():
        went = subprocess.run(command(case, out, "--resume"), capture_output=True, text=True)
        if went.returncode == 0:
            ended.append("right" if same(sx_sim.open_sweep(out), sweep) else "FAULT: other numbers")
            break
        refused = went.returncode == 2 and "another case file" in went.stderr
        ended.append("refused" if refused else f"FAULT: exit {went.returncode} {went.stderr}")
    return ", ".join(ended)


def main() -> int:
    """Print the counts; return 1 if there was a fault."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=20)
    given = arguments.parse_args()
    console = Console()
    found: Counter[str] = Counter()
    draw = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        wanted = {}
        for letter, fed in (("a", 0.1), ("b", 0.09)):
            case = Path(name) / f"{letter}.toml"
            case.write_text(CASE.format(fed=fed))
            wanted[case] = sx_sim.run_sweep(sx_sim.load_case(case))
        for k in range(given.rounds):
            folder = Path(name) / f"round{k}"
            folder.mkdir()
            told = a_round(folder, wanted, after=int(draw.integers(1, 30)))
            console.print(f"{k + 1:4}  {told}", markup=False, highlight=False)
            found[told] += 1
    for told, count in found.most_common():
        console.print(f"{count:6}  {told}", markup=False, highlight=False)
    return int(any("FAULT" in told for told in found))


if __name__ == "__main__":
    raise SystemExit(main())
