"""What pictures call things, and the scales they draw them on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sx_sim.cascade.column import RAFFINATE
from sx_sim.errors import CaseError
from sx_sim.flowsheet.quantities import BY_KIND, QUANTITIES
from sx_sim.studies.points import SweepAxis
from sx_sim.studies.sweep import Specification, SweepResult

COLUMN_WIDTH = 9.5  # [inch]
DECADES = 12  # concentrations this many decades below the highest are left out
MOST_NINES = 6  # purities of 99.9999 % and better look alike
SHARES = ("purity", "recovery")
LOW_SHARES = (0.3, 0.6)  # with a tick, below 90 %
ONE_NINE = 0.9
BELOW_ONE_NINE = 3.0  # room of 0 to 90 %, where each further nine has 1


@dataclass(frozen=True)
class Scale:
    """How the numbers of an output are drawn.

    Parameters
    ----------
    unit : str
    nines : int
        Shares are drawn by their nines, up to this many; 0 for a linear scale.
    factor : float
        What linear numbers are multiplied with.
    """

    unit: str
    nines: int = 0
    factor: float = 1.0

    def __call__(self, values: Any) -> Any:
        """Return numbers as they are drawn."""
        return nines(values, self.nines) if self.nines else self.factor * np.asarray(values)

    def ticks(self) -> dict[str, Any]:
        """Return places and labels of ticks, as axes and colour bars take them."""
        low = [float(nines(np.array(share))) for share in LOW_SHARES]
        places = [0.0, *low, *range(1, self.nines + 1)]
        return {"ticks": places, "labels": [self.text(1.0 - 10.0**-place) for place in places]}

    def text(self, value: float) -> str:
        """Return a number of the output, with its unit.

        Examples
        --------
        >>> Scale("%", 6).text(0.999), Scale("g/L").text(1.5)
        ('99.9 %', '1.5 g/L')
        """
        shown = 100.0 * value if self.nines else self.factor * value
        return f"{shown:.10g} {self.unit}".strip()


def scale_of(sweep: SweepResult, name: str, spec: Specification | None = None) -> Scale:
    """Return the scale for an output.

    Purities and recoveries are drawn by their nines where they, or what is asked of them,
    get to 90 % anywhere; all else is linear.
    """
    kind, _, _ = name.partition(".")
    bounds = [b for s in (*sweep.specifications, spec) if s for b in _bounds(s, SHARES)]
    own = [*np.ravel(sweep.output(name)), *(_bounds(spec, SHARES) if spec else ())]
    if name == "loading" or (kind in SHARES and np.nanmax(own, initial=0.0) < ONE_NINE):
        return Scale("%", factor=100.0)
    if kind in SHARES:
        closest = max((float(nines(np.array(b), 15)) for b in bounds), default=0.0)
        return Scale("%", max(MOST_NINES, min(int(closest) + 1, 15)))
    quantity = BY_KIND.get(kind) or sweep.recorded.kinds[name]
    return Scale("" if quantity.unit == "1" else quantity.unit)


def _bounds(spec: Specification, kinds: Sequence[str]) -> list[float]:
    """Return the finite bounds of a specification if its output is one of some kinds."""
    of_kind = spec.output.partition(".")[0] in kinds
    return [b for b in (spec.least, spec.most) if of_kind and np.isfinite(b)]


def nines(share: np.ndarray, most: float = MOST_NINES) -> np.ndarray:
    """Return how many nines a share has: 1 for 90 %, 2 for 99 %, at most so many."""
    return -np.log10(np.clip(1.0 - share, 10.0**-most, 1.0))


def room(drawn: Any) -> Any:
    """Return how far along an axis or a colour bar so many nines stand.

    Below one nine, 90 %, it is even in the share, and wide enough to be read.

    Examples
    --------
    >>> room(nines(np.array([0.0, 0.45, 0.9, 0.99]))).round(6).tolist()
    [0.0, 1.5, 3.0, 4.0]
    """
    drawn = np.asarray(drawn, dtype=float)
    low = BELOW_ONE_NINE * (1.0 - 10.0 ** -np.minimum(drawn, 1.0)) / ONE_NINE
    return np.where(drawn > 1.0, drawn - 1.0 + BELOW_ONE_NINE, low)


def nines_at(place: Any) -> Any:
    """Return how many nines stand at a place; the inverse of ``room``."""
    place = np.asarray(place, dtype=float)
    low = -np.log10(1.0 - ONE_NINE * np.minimum(place, BELOW_ONE_NINE) / BELOW_ONE_NINE)
    return np.where(place > BELOW_ONE_NINE, place + 1.0 - BELOW_ONE_NINE, low)


def spec_text(spec: Specification, scale: Scale) -> str:
    """Return the text of a specification, such as ``≥ 99.9 %``."""
    parts = [(sign, b) for sign, b in (("≥", spec.least), ("≤", spec.most)) if np.isfinite(b)]
    return ", ".join(f"{sign} {scale.text(bound)}" for sign, bound in parts)


def path_label(path: str, unit: str) -> str:
    """Return the path of an input in words, with its unit."""
    circuit, own = "", path
    if path.startswith("circuits."):
        _, circuit, own = path.split(".", 2)
    words = own.replace("sections.", "").replace("feeds.", "").replace(".", " ").replace("_", " ")
    words = f"{circuit}: {words}" if circuit else words
    return f"{words} [{unit.replace('degC', '°C')}]" if unit else words


def axis_label(axis: SweepAxis, others: Iterable[SweepAxis] = ()) -> str:
    """Return the label of an axis, with those that move together with it below."""
    lines = [path_label(axis.path, axis.unit)]
    for other in others:
        first, last = other.values[0], other.values[-1]
        lines.append(f"{path_label(other.path, '')} {first:g} to {last:g} {other.unit}".rstrip())
    return "\nwith ".join(lines).replace("degC", "°C")


def split_at(
    elements: tuple[str, ...], light: str | None = None, heavy: str | None = None
) -> tuple[list[str], list[str]]:
    """Return the elements up to ``light`` and those from ``heavy`` on.

    Elements come along the series of rare earths; without the two, the series is halved.
    """
    names = list(elements)
    last = names.index(light) if light else (len(names) - 1) // 2
    first = names.index(heavy) if heavy else min(last + 1, len(names) - 1)
    return names[: last + 1], names[first:]


def has_cut(sweep: SweepResult, light: str | None = None, heavy: str | None = None) -> bool:
    """Return whether a sweep recorded both sides of a cut: its neighbours and two products."""
    there = sweep.rare_earths
    neighbours = bool(there) and {light, heavy} - {None} <= set(there)
    return neighbours and RAFFINATE in sweep.products and len(sweep.products) > 1


def cut_outputs(
    sweep: SweepResult, light: str | None = None, heavy: str | None = None
) -> list[str]:
    """Return the outputs that say how well a column separates, as far as they are known.

    Parameters
    ----------
    sweep : SweepResult
    light, heavy : str, optional
        The neighbours between which the column separates, as ``split_at`` takes them.

    Returns
    -------
    list of str
        Purity on either side of the cut, recovery of the elements next to it; without rare
        earths the recovery of every element in the product that leaves beside the raffinate.
    """
    if not sweep.rare_earths:
        other = next((p for p in sweep.products if p != RAFFINATE), RAFFINATE)
        names = [f"recovery.{symbol}.{other}" for symbol in sweep.elements]
        return [name for name in names if _has(sweep, name)] or _acidities(sweep)
    if not has_cut(sweep, light, heavy):
        return []
    lighter, heavier = split_at(sweep.rare_earths, light, heavy)
    extract = next(p for p in sweep.products if p != RAFFINATE)
    names = [
        f"purity.{_series(lighter)}.{RAFFINATE}",
        f"purity.{_series(heavier)}.{extract}",
        f"recovery.{lighter[-1]}.{RAFFINATE}",
        f"recovery.{heavier[0]}.{extract}",
    ]
    return [name for name in names if _has(sweep, name)]


def _acidities(sweep: SweepResult) -> list[str]:
    """Return the pH of the raffinate, where nothing is dissolved but acid."""
    return [name for name in (f"pH.{RAFFINATE}",) if not sweep.elements and _has(sweep, name)]


def _series(symbols: Sequence[str]) -> str:
    return "-".join(dict.fromkeys((symbols[0], symbols[-1])))


def _has(sweep: SweepResult, name: str) -> bool:
    try:
        sweep.output(name)
    except CaseError:
        return False
    return True


def known_outputs(sweep: SweepResult) -> str:
    """Return a sentence listing the quantities of a sweep."""
    kinds = sweep.recorded.kinds
    words = [name for name, kind in kinds.items() if kind.along == ()]
    words += [QUANTITIES[name].form for name in sweep.recorded.tables if QUANTITIES[name].along]
    words = [word for word in words if word]
    return (
        f"{', '.join(words)}; elements are {', '.join(sweep.elements)}, "
        f"products {', '.join(sweep.products)}"
    )
