"""Compare laws for HEH[EHP] in chloride on the same isotherms and separation factors.

All are solved as in hehehp_chloride.py: constants of the elements, medians of the factors
measured in mixtures held, published factors and the published slopes against pH with their
errors. rmse is of log10 D over the points whose feed says all, predicted from the feed; lolo
is that of every laboratory predicted from the others; BIC counts constants against it; factors
is the median error of neighbours' factors measured in mixtures.

The activity laws multiply h by gamma of H+ and K by gamma of M3+: log10 gamma_i =
-z^2 0.509 sqrt(I) / (1 + 1.5 sqrt(I)) + eps_i C. Only eps_M - order_acid eps_H can be told,
so one number is fitted (``sit``), or it is taken from Pitzer parameters of LnCl3 and HCl.

Usage: python docs/derivations/hehehp_candidates.py
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from _hehehp import Problem, isotherms, mixture_factors, published, start, without
from _sets import SERIES

from sx_sim.fitting.equilibrium import equilibrium
from sx_sim.fitting.model import Model, Prediction

LN10 = np.log(10.0)
# Mean of La, Ce, Pr, Nd, Sm, Dy chlorides, which differ by less than 3 %; and of HCl.
PITZER = {"metal": (0.5953, 5.247, -0.02167), "acid": (0.1770, 0.2929, 0.000362)}


def debye_hueckel(ionic_strength):
    """Return log10 gamma of a univalent ion without interactions."""
    root = np.sqrt(ionic_strength)
    return -0.509 * root / (1 + 1.5 * root)


def pitzer(ionic_strength, h, metal, chloride):
    """Return ln gamma of M3+ and of H+ in mixtures of MCl3 and HCl, unlike-ion terms left out."""
    root = np.sqrt(ionic_strength)
    a = 0.392
    f = -a * (root / (1 + 1.2 * root) + 2 / 1.2 * np.log(1 + 1.2 * root))
    x = 2.0 * root
    g = 2 * (1 - (1 + x) * np.exp(-x)) / x**2
    slope = -2 * (1 - (1 + x + x**2 / 2) * np.exp(-x)) / x**2
    total = h + 3 * metal + chloride
    ions = {"metal": (metal, 3.0), "acid": (h, 1.0)}
    third = {}
    for name, (_, z) in ions.items():
        b0, b1, cphi = PITZER[name]
        third[name] = (b0 + b1 * g, b1 * slope / ionic_strength, cphi / (2 * np.sqrt(z)))
    f = f + sum(chloride * amount * third[name][1] for name, (amount, _) in ions.items())
    cross = sum(chloride * amount * third[name][2] for name, (amount, _) in ions.items())
    return [
        z**2 * f + chloride * (2 * third[name][0] + total * third[name][2]) + z * cross
        for name, (_, z) in ions.items()
    ]


@dataclass(frozen=True)
class ActivityModel(Model):
    """A law whose log10 K shifts with the medium; ``sit`` is the last of the free constants."""

    kind: str = "sit"

    @property
    def initial(self):
        names = [n for n in self.free if n != "sit"]
        values = [self._value(n) for n in names]
        return np.array([*values, 0.1] if "sit" in self.free else values)

    def _value(self, name):
        return 0.1 if name == "sit" else super()._value(name)

    def _found(self, values):
        plain = Model(self.start, self.data, tuple(n for n in self.free if n != "sit"))
        law = plain.law(values[: len(plain.free)])
        shakes, found = self.data.shakes(), None
        shift = np.zeros(len(self.data.contacts))
        for _ in range(60):
            moved = np.where(self._metal, shift[:, None], 0.0)
            found = equilibrium(shakes, replace(law, ln_k=law.ln_k + LN10 * moved))
            again = self._shift(law, found, values[-1])
            if np.abs(again - shift).max() < 1e-10:
                break
            shift = again
        return found

    def _shift(self, law, found, sit):
        h, metal = np.exp(found.scalars[:, 0]), found.aqueous.sum(axis=1)
        chloride = self.data.anion
        strength = 0.5 * (h + 9 * metal + chloride)
        order = law.order_acid[0]
        if self.kind == "pitzer":
            of_metal, of_acid = pitzer(strength, h, metal, chloride)
            return (of_metal - order * of_acid) / LN10
        return (9 - order) * debye_hueckel(strength) + sit * chloride

    def predict(self, values, start=None):
        at = (self.data.contact, self.data.element)
        found = self._found(values)
        slopes = []
        for k in range(len(values)):
            step = np.zeros(len(values))
            step[k] = 1e-4
            up, down = self._found(values + step), self._found(values - step)
            slopes.append((up.ln_d - down.ln_d)[at] / 2e-4 / LN10)
        nothing = np.zeros(self.data.points)
        slopes = np.array(slopes).T
        return Prediction(found.ln_d[at] / LN10, slopes, nothing, nothing, found)


def compare(name, base, shared, kind=None):
    """Print what one law reaches."""

    def problem(data):
        plain = Problem.of(data, base, shared, published())
        if kind is None:
            return plain
        model = plain.model
        return replace(plain, model=ActivityModel(model.start, model.data, model.free, kind))

    data = isotherms()
    whole = problem(data)
    best = whole.solve()
    points = whole.model.data
    error = whole.model.predict(whole.own(best)).log10_d - points.log10_d
    left = 0.0
    for laboratory in np.unique(points.laboratory):
        there = problem(without(data, laboratory)).solve()
        one = replace(whole.model, data=points.where(points.laboratory == laboratory))
        left += np.sum((one.predict(whole.own(there)).log10_d - one.data.log10_d) ** 2)
    every = replace(whole.model, data=data).predict(whole.own(best)).log10_d
    mine, measured = mixture_factors(data.with_log10_d(every)), mixture_factors(data)
    ratios = np.concatenate([np.subtract(mine[pair], measured[pair]) for pair in measured])
    factors = np.abs(10**ratios - 1)
    n, mean = points.points, np.mean(error**2)
    constants = len(points.elements) + len(shared)
    shared_values = best[len(SERIES) :]
    extra = ", ".join(f"{k} {v:.2f}" for k, v in zip(shared, shared_values, strict=True))
    print(
        f"{name:52s} {constants:3d}  {np.sqrt(mean):.3f}  {np.sqrt(left / n):.3f}  "
        f"{n * np.log(mean) + constants * np.log(n):6.0f}  {np.median(factors):.3f}  {extra}",
        flush=True,
    )


def main():
    print(f"{'law':52s} no.   rmse   lolo     BIC  factors")
    orders = ("order_dimer", "order_acid")
    compare("stoichiometric exponents", start(), ())
    compare("free exponent of the dimer", start(), orders[:1])
    compare("free exponents", start(), orders)
    compare("MCl2+, published beta 10^-0.474", start((-0.474,)), ())
    compare("MCl2+, published beta, free exponents", start((-0.474,)), orders)
    compare("MCl2+, fitted beta", start((0.4,)), ("log10_beta",))
    compare("chloride effect 10^2, free exponents", start((2.0,)), orders)
    compare("chloride effect 10^3, free exponents", start((3.0,)), orders)
    compare("Pitzer LnCl3 and HCl, stoichiometric", start(), (), "pitzer")
    compare("Pitzer, free exponent of the dimer", start(), orders[:1], "pitzer")
    compare("Debye-Hueckel and sit, stoichiometric", start(), ("sit",), "sit")
    compare("Debye-Hueckel and sit, free exponent of the dimer", start(), (orders[0], "sit"), "sit")
    compare("Debye-Hueckel and sit, free exponents", start(), (*orders, "sit"), "sit")


if __name__ == "__main__":
    main()
