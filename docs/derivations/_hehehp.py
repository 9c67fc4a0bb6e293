"""Least squares on the isotherms and separation factors of HEH[EHP] in chloride.

Shared by the derivation of the sets and by the comparison of candidate laws.
"""

import csv
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from _sets import DATA, SERIES
from scipy.optimize import least_squares

from sx_sim.cases.isotherms import read_isotherms
from sx_sim.chemistry.extractants import Constants, ExtractantSet
from sx_sim.fitting.model import Model

POINT = 0.15  # log10 D, every point alike: what a law with few constants leaves
MIXTURE = 0.005  # log10; medians of factors measured in mixtures are held
ORDER_ACID = (2.44, 0.20)  # slopes 2.6, 2.5, 2.22 of Dy, Tb, Nd in HCl: mean and scatter
SAPONIFIED = ("Banda (2014)", "Liu (2014)")
ANCHORS = ("La", "Ce", "Pr", "Nd", "Sm", "Dy", "Y")
HELD = (("Nd", "Pr"), ("Pr", "Ce"))  # Ce/La: mixtures say 2.2, others 7 to 14


def start(beta=()):
    """Return a set with stoichiometric exponents to start from."""
    levels = dict(zip(ANCHORS, (-3.1, -2.5, -2.2, -2.1, -1.1, 0.6, 1.0), strict=True))
    common = {
        "log10_K_sd": 0.1,
        "quality": "estimated",
        "source": ("none",),
        "order_dimer": 3.0,
        "order_acid": 3.0,
        "dimers": 3.0,
        "enthalpy": 0.0,
        "enthalpy_sd": 1.0,
        "enthalpy_quality": "estimated",
        "enthalpy_source": ("none",),
    }
    species = {s: Constants(log10_K=k, **common) for s, k in levels.items()}
    return ExtractantSet(
        key="start",
        title="",
        extractant="HEH[EHP]",
        medium="chloride",
        law="mass action",
        reaction="",
        conditions="",
        complexes="chloride" if beta else "none",
        reference_temperature=298.15,
        level_log10_K_sd=0.2,
        level_enthalpy_sd=10.0,
        ranges={},
        species=species,
        log10_beta=tuple(beta),
        beta_enthalpy=(0.0,) * len(beta),
    )


def isotherms():
    """Return all usable points, those of saponified solvent too."""
    return read_isotherms(DATA / "isotherms" / "pc88a_hcl.csv")


def levels(data):
    """Return the points whose feed says all: no saponified solvent."""
    return data.where(~np.isin(data.laboratory, SAPONIFIED))


def published():
    """Return separation factors from the literature."""
    with open(DATA / "separation_factors" / "hehehp_chloride.csv", newline="") as file:
        return list(csv.DictReader(file))


def mixture_factors(data):
    """Return log10 of the factors of neighbours measured in one contact, by pair."""
    found = {}
    order = [data.elements.index(s) for s in SERIES if s in data.elements]
    for contact in np.unique(data.contact):
        d = {int(data.element[p]): data.log10_d[p] for p in np.flatnonzero(data.contact == contact)}
        for light, heavy in pairwise(order):
            if light in d and heavy in d:
                pair = (data.elements[heavy], data.elements[light])
                found.setdefault(pair, []).append(float(d[heavy] - d[light]))
    return found


@dataclass(frozen=True)
class Problem:
    """Points and factors that constants are fitted to.

    ``prediction`` takes values of the free constants of ``model`` and returns log10 D and its
    derivatives; the comparison of laws replaces it.
    """

    model: Model
    factors: list
    medians: dict

    @classmethod
    def of(cls, data, base, shared, factors):
        free = tuple(f"log10_K.{s}" for s in data.elements) + shared
        medians = {
            pair: float(np.median(values))
            for pair, values in mixture_factors(data).items()
            if pair in HELD
        }
        return cls(Model(base, levels(data), free), factors, medians)

    def position(self, symbol):
        return SERIES.index(symbol)

    @property
    def size(self):
        return len(SERIES) + len(self.shared)

    @property
    def shared(self):
        return [name for name in self.model.free if not name.startswith("log10_K.")]

    def own(self, values):
        """Return the model's constants from those of the whole series."""
        mine = [self.position(s) for s in self.model.data.elements]
        return np.concatenate([values[mine], values[len(SERIES) :]])

    def rows(self):
        """Return linear observations beside the points: row, value, standard deviation."""
        rows = []

        def difference(heavy, light, value, sd):
            row = np.zeros(self.size)
            row[self.position(heavy)], row[self.position(light)] = 1.0, -1.0
            rows.append((row, value, sd))

        for f in self.factors:
            value = np.log10(float(f["factor"]))
            difference(f["heavier"], f["lighter"], value, float(f["log10_sd"]))
        for (heavy, light), value in self.medians.items():
            difference(heavy, light, value, MIXTURE)
        if "order_acid" in self.shared:
            row = np.zeros(self.size)
            row[len(SERIES) + self.shared.index("order_acid")] = 1.0
            rows.append((row, *ORDER_ACID))
        return rows

    def jacobian(self, values):
        """Return the derivatives of the points by the constants of the series."""
        seen = self.model.predict(self.own(values)).jacobian
        wide = np.zeros((len(seen), self.size))
        mine = [self.position(s) for s in self.model.data.elements]
        wide[:, mine + list(range(len(SERIES), self.size))] = seen
        return wide

    def solve(self):
        """Return the constants of the series and the shared ones that fit best."""
        rows = self.rows()
        extra = np.array([row / sd for row, _, sd in rows])
        wanted = np.array([value / sd for _, value, sd in rows])
        data = self.model.data

        def residual(values):
            points = (self.model.predict(self.own(values)).log10_d - data.log10_d) / POINT
            return np.concatenate([points, extra @ values - wanted])

        def slopes(values):
            return np.vstack([self.jacobian(values) / POINT, extra])

        begin = np.interp(
            np.arange(len(SERIES)),
            sorted(self.position(s) for s in ANCHORS),
            [self.model.start.species[s].log10_K for s in sorted(ANCHORS, key=self.position)],
        )
        shared = [self.model._value(name) for name in self.shared]
        begin = np.concatenate([begin, shared])
        return least_squares(residual, begin, jac=slopes, xtol=1e-12, ftol=1e-12).x

    def covariance(self, values, points):
        """Return the covariance of the constants where points have covariance ``points``."""
        rows = self.rows()
        design = np.vstack([self.jacobian(values), [row for row, _, _ in rows]])
        sd = np.concatenate([np.full(len(points), POINT), [s for _, _, s in rows]])
        spread = np.diag(sd**2)
        spread[: len(points), : len(points)] = points
        weighted = design / sd[:, None] ** 2
        inverse = np.linalg.inv(design.T @ weighted)
        return inverse @ weighted.T @ spread @ weighted @ inverse


def without(data, laboratory):
    """Return the isotherms without one laboratory."""
    return data.where(data.laboratory != laboratory)
