"""What a study may take of memory, held against what is asked before anything is allocated."""

from __future__ import annotations

from sx_sim.errors import CaseError

MOST_BYTES = 2 * 2**30
BYTES = 8  # of a number


def check_size(points: int, numbers: int, advice: str) -> None:
    """Raise CaseError where so many numbers of so many points are more than memory is for.

    Parameters
    ----------
    points, numbers : int
        Points, and numbers kept of each.
    advice : str
        What to ask less of.
    """
    size = points * numbers * BYTES
    if size > MOST_BYTES:
        raise CaseError(
            f"{points} points with {numbers} numbers each take {_gigabytes(size)}, and at most "
            f"{_gigabytes(MOST_BYTES)} are taken; {advice}"
        )


def _gigabytes(size: int) -> str:
    return f"{size // 2**30} GB" if size >= 10 * 2**30 else f"{size / 2**30:.2g} GB"
