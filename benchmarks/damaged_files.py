"""Damage result files and read them: python -m benchmarks.damaged_files --files 1000

Prints how many were refused with one line, and how many read as the whole file does. Anything
else is a fault: a traceback, a crash, other numbers, more than a minute.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from rich.console import Console
from rich.progress import track
from typer.testing import CliRunner

import sx_sim
from sx_sim.cli import app
from sx_sim.store.layout import SEAL_SIZE

CASE = """
temperature = "25 degC"
cut = ["Nd", "Dy"]
[solvent]
extractant = "hehehp-chloride"
concentration = "1 mol/L"
flow = "200 L/h"
[feeds.liquor]
concentrations = { Nd = "0.1 mol/L", Dy = "0.02 mol/L" }
acid = "0.3 mol/L"
flow = "100 L/h"
[sections.extraction]
stages = 4
[[sweep.axes]]
path = "temperature"
values = ["20 degC", "30 degC"]
[[sweep.axes]]
path = "solvent.flow"
values = ["180 L/h", "200 L/h", "220 L/h"]
[sweep]
band_members = 2
"""
Random = np.random.Generator
LIMIT = 60.0  # seconds


def flipped(content: bytearray, draw: Random) -> None:
    """Flip some bits."""
    for _ in range(int(draw.integers(1, 9))):
        content[int(draw.integers(len(content)))] ^= 1 << int(draw.integers(8))


def cut_short(content: bytearray, draw: Random) -> None:
    """Drop the end."""
    del content[int(draw.integers(len(content))) :]


def blanked(content: bytearray, draw: Random) -> None:
    """Replace a stretch by zeros."""
    start, size = int(draw.integers(len(content))), int(draw.integers(1, 4096))
    content[start : start + size] = bytes(len(content[start : start + size]))


def scrambled(content: bytearray, draw: Random) -> None:
    """Replace a stretch by noise."""
    start, size = int(draw.integers(len(content))), int(draw.integers(1, 512))
    content[start : start + size] = draw.bytes(len(content[start : start + size]))


def some_table(file: h5py.File, draw: Random) -> str:
    """Return the name of one of the data sets."""
    names: list[str] = []
    file.visititems(
        lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
    )
    return names[int(draw.integers(len(names)))]


def removed(file: h5py.File, draw: Random) -> None:
    """Remove a data set."""
    del file[some_table(file, draw)]


def renamed(file: h5py.File, draw: Random) -> None:
    """Rename a data set."""
    file.move(some_table(file, draw), "another")


def reshaped(file: h5py.File, draw: Random) -> None:
    """Give a data set another shape."""
    name = some_table(file, draw)
    values = file[name][()]
    del file[name]
    file[name] = [np.ravel(values), np.ravel(values)[:1], np.stack([values, values])][
        int(draw.integers(3))
    ]


def retyped(file: h5py.File, draw: Random) -> None:
    """Give a data set contents of another type."""
    name = some_table(file, draw)
    shape = file[name].shape
    del file[name]
    if draw.random() < 0.5:
        file.create_dataset(name, data=np.full(shape, "x", object), dtype=h5py.string_dtype())
    else:
        file.create_dataset(name, shape, dtype=[np.complex128, "S3", "u1"][draw.integers(3)])


def grouped(file: h5py.File, draw: Random) -> None:
    """Put a group where a data set belongs."""
    name = some_table(file, draw)
    del file[name]
    file.create_group(name)


def unattributed(file: h5py.File, draw: Random) -> None:
    """Remove or change an attribute of the file or of a data set."""
    item = file if draw.random() < 0.6 else file[some_table(file, draw)]
    names = sorted(item.attrs)
    if names:
        name = names[int(draw.integers(len(names)))]
        del item.attrs[name]
        if draw.random() < 0.5:
            item.attrs[name] = [-7.5, "?", [1, 2, 3], np.nan][int(draw.integers(4))]


def swollen(file: h5py.File, draw: Random) -> None:
    """Make a data set hold far more than its file."""
    name = some_table(file, draw)
    shape = [100_000] * max(len(file[name].shape), 2)
    del file[name]
    file.create_dataset(name, shape, "f8", chunks=(1000,) * len(shape), compression="gzip")


RAW: tuple[Callable[[bytearray, Random], None], ...] = (flipped, cut_short, blanked, scrambled)
EDITS: tuple[Callable[[h5py.File, Random], None], ...] = (
    removed, renamed, reshaped, retyped, grouped, unattributed, swollen,
)  # fmt: skip


def damage(path: Path, draw: Random) -> str:
    """Damage a file, its seal kept or removed, and return how."""
    unsealed = draw.random() < 0.5
    if draw.random() < 0.5:
        how = RAW[int(draw.integers(len(RAW)))]
        content = bytearray(path.read_bytes())
        how(content, draw)
        path.write_bytes(content)
        return how.__name__
    edit = EDITS[int(draw.integers(len(EDITS)))]
    with h5py.File(path, "r+") as file:
        edit(file, draw)
    if unsealed:
        with path.open("r+b") as file:
            file.write(bytes(SEAL_SIZE))
    return f"{edit.__name__}{', no seal' if unsealed else ''}"


def shown(path: Path, picture: bool = False) -> tuple[int, str]:
    """Return exit code and output of every command that reads files.

    Raises
    ------
    Exception
        What a command should have caught.
    """
    table = path.with_suffix(".csv")
    commands = [["info", path], ["export", path, "--csv", table]]
    if picture:
        where = ["--x", "solvent.flow"] if "sweep" in path.name else []
        commands.append(["plot", path, *where, "--out", path.with_suffix(".png")])
    code, printed = 0, ""
    for words in commands:
        result = CliRunner().invoke(app, [str(word) for word in words])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        lines = result.output.strip().splitlines()
        if result.exit_code and not (result.exit_code == 2 and len(lines) == 1):
            raise AssertionError(f"exit {result.exit_code}: {result.output}")
        code = max(code, result.exit_code)
        printed += result.output
    return code, printed + (table.read_text() if table.exists() else "")


def outcome(path: Path, whole: tuple[int, str], picture: bool) -> str:
    """Return how reading a damaged file ended, in a process of its own."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=_tell, args=(send, path, whole, picture))
    child.start()
    child.join(LIMIT)
    if child.is_alive():
        child.kill()
        child.join()
        return "FAULT: took more than a minute"
    return receive.recv() if receive.poll() else f"FAULT: ended with {child.exitcode}"


def _tell(send: object, path: Path, whole: tuple[int, str], picture: bool) -> None:
    try:
        code, printed = shown(path, picture)
        same = printed.replace(str(path.parent), "") == whole[1].replace(str(path.parent), "")
        told = "read as the whole file" if same else "refused" if code else "FAULT: other numbers"
    except BaseException as error:
        told = f"FAULT: {type(error).__name__}: {str(error)[:300]}"
    send.send(told)  # type: ignore[attr-defined]


def originals(folder: Path) -> list[Path]:
    """Write the files to be damaged: a run, a sweep."""
    case = sx_sim.parse_case(CASE)
    paths = [folder / "run.h5", folder / "sweep.h5"]
    sx_sim.save_result(sx_sim.solve(case), paths[0], case)
    sx_sim.save_sweep(sx_sim.run_sweep(case), paths[1], case)
    return paths


def survey(files: int, seed: int = 0) -> Counter[tuple[str, str]]:
    """Return how many files that were damaged in a way ended in another."""
    found: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as name:
        paths = originals(Path(name))
        contents = {path: path.read_bytes() for path in paths}
        for number in track(range(files), "damaging files", disable=files < 100):
            draw = np.random.default_rng((seed, number))
            path = paths[number % len(paths)]
            picture = number % 20 < 2
            path.write_bytes(contents[path])
            for made in path.parent.glob("*.csv"):
                made.unlink()
            whole = shown(path, picture)
            for made in path.parent.glob("*.csv"):
                made.unlink()
            way = damage(path, draw)
            found[way, outcome(path, whole, picture)] += 1
    return found


def main() -> int:
    """Print the counts; return 1 if there was a fault."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    console = Console()
    found = survey(given.files, given.seed)
    for (way, told), count in sorted(found.items()):
        console.print(f"{count:6}  {way}: {told}", markup=False, highlight=False)
    return int(any(told.startswith("FAULT") for _, told in found))


if __name__ == "__main__":
    raise SystemExit(main())
