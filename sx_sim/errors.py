"""Exceptions raised for user errors and failed solves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class SxSimError(Exception):
    """Base of every error the simulator raises on purpose; pickled and copied whole."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args), self.__dict__


def _restored(kind: type[SxSimError], args: tuple[Any, ...]) -> SxSimError:
    """Return an error without its own initialisation, which its state stands for."""
    error = kind.__new__(kind)
    error.args = args
    return error


class CaseError(SxSimError):
    """An input that cannot be run.

    Parameters
    ----------
    problems : sequence of str, or str
        One line each: key, value, and what would be right.
    file : str, optional
        The file they are in.
    """

    def __init__(self, problems: Sequence[str] | str, file: str = "") -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        self.file = file
        super().__init__("\n".join(f"{file}: {p}" if file else p for p in self.problems))


class DrainedError(CaseError):
    """Drops that carry off more of a phase than reaches a stage."""


class OutsideRangeError(CaseError):
    """A result beyond the ranges of its constants, where that is not allowed.

    ``result`` holds it, converged.
    """

    def __init__(self, problems: Sequence[str], result: Any) -> None:
        self.result = result
        super().__init__(problems)


class ConvergenceError(SxSimError):
    """A column that could not be solved; ``result`` holds the last iterate."""

    def __init__(self, message: str, result: Any) -> None:
        self.result = result
        super().__init__(message)


def check_kind(value: object, kind: type | tuple[type, ...], how: str) -> None:
    """Raise CaseError that says how to come by what is needed, where something else is given.

    Examples
    --------
    >>> check_kind("case.toml", dict, "solve needs a case: load_case(path) reads one")
    Traceback (most recent call last):
    sx_sim.errors.CaseError: solve needs a case: load_case(path) reads one; 'case.toml' is a str
    """
    if not isinstance(value, kind):
        what = repr(value) if isinstance(value, str | int | float) else "what is given"
        raise CaseError(f"{how}; {what[:60]} is a {type(value).__name__}")
