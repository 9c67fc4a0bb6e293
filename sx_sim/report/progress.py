"""How far a long computation has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@contextmanager
def progress_bar(
    console: Console, what: str = "solving", rates: bool = True
) -> Iterator[Callable[[int, int], None]]:
    """Show a bar; yields the function to call with how much is done and in all.

    With rates it tells how fast and how much time is left, else how much time went by.
    """
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn() if rates else TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=None, rate="")

        def advance(done: int, total: int) -> None:
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            rate = f"{speed:.0f}/s" if speed and rates else ""
            bar.update(task, completed=done, total=total, rate=rate)

        yield advance
