"""Published isotherms of PC-88A in hydrochloric acid, predicted from their feeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from sx_sim.cases.isotherms import parse_isotherms
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.fitting import Isotherms, fit
from sx_sim.fitting.model import Model

Array = NDArray[np.float64]

SETS = (
    "hehehp-chloride",
    "hehehp-chloride-complexed",
    "hehehp-chloride-conditional",
)
EXCLUDED = "Formiga (2016)"
SAPONIFIED = ("Banda (2014)", "Liu (2014)")


@dataclass(frozen=True)
class Group:
    """Errors of some points: predicted less measured log10 D."""

    name: str
    errors: Array

    @property
    def rmse(self) -> float:
        """Root mean square."""
        return float(np.sqrt(np.mean(self.errors**2)))

    @property
    def bias(self) -> float:
        """Mean."""
        return float(self.errors.mean())


@dataclass(frozen=True)
class Factor:
    """Separation factors of one pair in mixtures."""

    heavier: str
    lighter: str
    neighbours: bool
    measured: Array
    predicted: Array

    @property
    def errors(self) -> Array:
        """Relative errors, without sign."""
        return np.abs(self.predicted / self.measured - 1.0)


def _text() -> str:
    path = files("sx_sim").joinpath("data", "isotherms", "pc88a_hcl.csv")
    return path.read_text(encoding="utf-8")


def measurements() -> Isotherms:
    """Return every usable point, those of saponified solvent too."""
    return parse_isotherms(_text())


def excluded() -> Isotherms:
    """Return the set that the compilers of the points left out."""
    text = _text().replace(",set excluded by the compilers", ",")
    return parse_isotherms(text, laboratories=[EXCLUDED])


def with_levels(data: Isotherms) -> Isotherms:
    """Return the points whose feed says all: saponified solvent's does not."""
    return data.where(~np.isin(data.laboratory, SAPONIFIED))


def predicted(data: Isotherms, key: str) -> Array:
    """Return log10 D (P,) that a set predicts from the feeds."""
    model = Model(extractant_set(key), data, (f"log10_K.{data.elements[0]}",))
    return model.predict(model.initial).log10_d


def by_element(data: Isotherms, errors: Array) -> list[Group]:
    """Return the errors by element."""
    used = [s for e, s in enumerate(data.elements) if np.any(data.element == e)]
    return [Group(s, errors[data.element == data.elements.index(s)]) for s in used]


def by_laboratory(data: Isotherms, errors: Array) -> list[Group]:
    """Return the errors by laboratory."""
    names = sorted(set(data.laboratory.tolist()))
    return [Group(name, errors[data.laboratory == name]) for name in names]


def factors(data: Isotherms, log10_d: Array) -> list[Factor]:
    """Return the factors of every pair found in one contact, neighbours first."""
    found: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for contact in np.unique(data.contact):
        points = np.flatnonzero(data.contact == contact)
        for a, b in combinations(points[np.argsort(data.element[points])], 2):
            pair = (int(data.element[b]), int(data.element[a]))
            measured = float(data.log10_d[b] - data.log10_d[a])
            found.setdefault(pair, []).append((measured, float(log10_d[b] - log10_d[a])))
    rows = [
        Factor(
            heavier=data.elements[b],
            lighter=data.elements[a],
            neighbours=b - a == 1,
            measured=10 ** np.array([m for m, _ in values]),
            predicted=10 ** np.array([p for _, p in values]),
        )
        for (b, a), values in found.items()
    ]
    return sorted(rows, key=lambda f: (not f.neighbours, f.heavier, f.lighter))


def left_out(data: Isotherms, key: str, exponents: bool) -> Iterator[Group]:
    """Yield the errors of every laboratory predicted from constants fitted to the others.

    Elements that nobody else measured are left out with it.

    Parameters
    ----------
    data : Isotherms
    key : str
        Of the set that gives law and starting values.
    exponents : bool
        Whether the exponents are fitted anew too, or held.
    """
    start = extractant_set(key)
    free = ["log10_K", "order_dimer", "order_acid"] if exponents else ["log10_K"]
    for name in sorted(set(data.laboratory.tolist())):
        others = data.where(data.laboratory != name)
        known = np.unique(others.element)
        missing = [s for e, s in enumerate(data.elements) if e not in known]
        fixed = {f"log10_K.{s}": start.species[s].log10_K for s in missing}
        found = fit(others, start, free=free, fixed=fixed)
        theirs = data.where((data.laboratory == name) & np.isin(data.element, known))
        model = Model(found.extractant, theirs, (found.names[0],))
        yield Group(name, model.predict(model.initial).log10_d - theirs.log10_d)
