"""Why a simulation is to be taken with care, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sx_sim.cascade.caution import Caution


@dataclass
class _Seen:
    caution: Caution
    first: float
    last: float


class Cautions:
    """Collects the cautions of what is recorded; of one kind in a circuit the worst."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], _Seen] = {}
        self.begin: float | None = None
        self.end = 0.0

    def take(self, time: float, cautions: Iterable[Caution]) -> None:
        """Add those of a time, which is not before the last [h]."""
        self.begin = time if self.begin is None else self.begin
        self.end = time
        for caution in cautions:
            seen = self.seen.setdefault((caution.circuit, caution.kind), _Seen(caution, time, time))
            seen.last = time
            if caution.margin > seen.caution.margin:
                seen.caution = caution

    @property
    def outside(self) -> list[str]:
        """What leaves a range or a limit of the model."""
        return [self._told(seen) for seen in self.seen.values() if seen.caution.outside]

    @property
    def texts(self) -> tuple[str, ...]:
        """All of them, with the times between which they were seen where not always."""
        return tuple(self._told(seen) for seen in self.seen.values())

    def _told(self, seen: _Seen) -> str:
        text = seen.caution.text
        if seen.first == self.begin and seen.last == self.end:
            return text
        return f"between {seen.first:.4g} and {seen.last:.4g} h, {text}"
