"""Derive HEH[EHP] (PC-88A, P507) in chloride from isotherms and separation factors.

Every contact is predicted from its feed: the constants are those with which log10 D of all
points whose feed says all comes out best, each point counting alike. Published separation
factors join as differences of log10 K, the medians of those measured in mixtures of Nd, Pr
and Ce are held, and published slopes against pH join with their scatter. Saponified solvent
enters through its separation factors only, as how far it was saponified is not known.

Three laws are written:

hehehp-chloride
    Exponents of the free dimer and of the acid are fitted, and chloride lowers D by
    1 + 10^2 L. That factor is empirical: activities of the ions and complexes of the metals
    together. Any larger number fits as well (D then goes with 1/L); at 10^2 the effect ends
    below 0.01 mol/L, where there are no data.
hehehp-chloride-complexed
    Stoichiometric exponents, and the published constant of MCl2+.
hehehp-chloride-conditional
    Stoichiometric exponents, and nothing for the medium.

hehehp_candidates.py compares these with others:

    law                                   constants   rmse   lolo     BIC
    stoichiometric exponents                      7  0.180  0.241    -618
    free exponents                                9  0.179  0.250    -609
    MCl2+, published beta                         7  0.176  0.225    -627
    MCl2+, fitted beta                            8  0.172  0.213    -631
    chloride effect 10^2, free exponents          9  0.150  0.199    -679
    Pitzer LnCl3 and HCl, stoichiometric          7  0.177  0.200    -624
    Debye-Hueckel and sit, stoichiometric         8  0.161  0.214    -657
    Debye-Hueckel and sit, free exponents        10  0.150  0.223    -673

rmse is of log10 D over 191 points; lolo that of each laboratory predicted from the others.

The errors do not come from the scatter of points, which share what their laboratory and
contact got wrong, but from a covariance of the points that says so.

Usage: python docs/derivations/hehehp_chloride.py [--check]
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from _hehehp import Problem, isotherms, published, start
from _sets import DATA, SERIES, level_and_own, main, set_text, sodium

# Restricted maximum likelihood (sx-sim fit) finds 0.24, 0.20 to 0.26, 0.03 and 0.10 for the
# first law, the two of laboratories in log10 K, the others in log10 D.
LABORATORY = 0.24
LABORATORY_ELEMENT = 0.20  # single-element contacts
LABORATORY_ELEMENT_MIXED = 0.07  # contacts of several elements, whose ratios agree
CONTACT = 0.03
POINT = 0.10
PKA_BIPHASIC = 7.1  # half-neutralised at 1 mol/L sodium, doppa1995
EFFECTIVE = 2.0  # log10 of the factor of chloride
EXPONENTS = ("order_dimer", "order_acid")
CONDITIONS = "25 degC assumed, O/A 1, hydrochloric acid"


@dataclass(frozen=True)
class Kind:
    """One of the laws: what it is called, what it has for chloride, what is fitted."""

    key: str
    title: str
    medium: str
    beta: tuple[float, ...] = ()
    free: tuple[str, ...] = ()
    own_beta: bool = False


KINDS = (
    Kind(
        "hehehp-chloride",
        "HEH[EHP] (PC-88A, P507) in chloride",
        "chloride lowers D by an effective factor, activities included",
        (EFFECTIVE,),
        EXPONENTS,
        own_beta=True,
    ),
    Kind(
        "hehehp-chloride-complexed",
        "HEH[EHP] (PC-88A, P507) in chloride, stoichiometric with chloride complexes",
        "aqueous rare earths bind one chloride, beta of aqueous.toml",
        (-0.474,),
    ),
    Kind(
        "hehehp-chloride-conditional",
        "HEH[EHP] (PC-88A, P507) in chloride, stoichiometric and conditional",
        "conditional constants: aqueous complexes and activities are inside log10 K",
    ),
)

MEASURED = ("La", "Ce", "Pr", "Nd", "Sm", "Dy", "Y")
DERIVED = {"Tb": ["shinetsu-ep2388344", "ufrj-tcc"], "Er": ["lideqian2019"]}


def points_covariance(data, predicted):
    """Return the covariance of the points: what laboratory, element and contact share."""
    mixed = np.bincount(data.contact)[data.contact] > 1
    element = np.where(mixed, LABORATORY_ELEMENT_MIXED, LABORATORY_ELEMENT) * predicted.own
    laboratory = np.equal.outer(data.laboratory, data.laboratory)
    same_element = np.equal.outer(data.element, data.element)
    return (
        laboratory * np.outer(predicted.level, predicted.level) * LABORATORY**2
        + (laboratory & same_element) * np.outer(element, element)
        + np.equal.outer(data.contact, data.contact) * CONTACT**2
        + np.eye(data.points) * POINT**2
    )


def species(log10_k, own, shared, factors):
    """Return the constants of every species, ready to write."""
    table = {}
    for name, value, sd in zip(SERIES, log10_k, own, strict=True):
        if name in MEASURED:
            quality, source = "measured", ["quah2021"]
        elif name in DERIVED:
            quality, source = "derived", DERIVED[name]
        else:
            quality = "estimated"
            source = sorted({f["source"] for f in factors if name in (f["heavier"], f["lighter"])})
        table[name] = {
            "log10_K": round(value, 3),
            "log10_K_sd": round(sd, 3),
            "quality": quality,
            "source": source,
            "order_dimer": round(float(shared.get("order_dimer", 3.0)), 2),
            "order_acid": round(float(shared.get("order_acid", 3.0)), 2),
            "dimers": 3.0,
            "enthalpy": 5.0,
            "enthalpy_sd": 4.0,
            "enthalpy_quality": "estimated",
            "enthalpy_source": ["arellano2020", "agarwal2020", "xu1995"],
        }
    k_sodium = round(float(np.log10(2.0) - PKA_BIPHASIC), 3)
    return table | sodium(k_sodium, "doppa1995", f"biphasic pKa {PKA_BIPHASIC}")


def solved(problem):
    """Return log10 K of the series, the shared constants, and the covariance of log10 K.

    The exponents are rounded first, so that the constants are the best for those written; the
    covariance is at those exponents, so that it says how well D is known where it was
    measured, not at 1 mol/L of everything.
    """
    best = problem.solve()[len(SERIES) :]
    shared = {n: round(float(v), 2) for n, v in zip(problem.shared, best, strict=True)}
    base = problem.model.start.with_constants(dict.fromkeys(MEASURED, shared))
    held = Problem.of(isotherms(), base, (), problem.factors)
    log10_k = held.solve()
    predicted = held.model.predict(held.own(log10_k))
    spread = points_covariance(held.model.data, predicted)
    return log10_k, shared, held.covariance(log10_k, spread)


def derive(kind):
    """Return the text of the set of one law."""
    factors = published()
    problem = Problem.of(isotherms(), start(kind.beta), kind.free, factors)
    log10_k, shared, covariance = solved(problem)
    common, own = level_and_own(covariance)
    comment = [
        "Written by docs/derivations/hehehp_chloride.py; change that, not this.",
        "log10 K on the dimer basis, mol/L; enthalpies in kJ/mol.",
        "log10_K_sd and enthalpy_sd are each element's own error; [level] holds the error",
        "that all rare earths share, which leaves separation factors alone.",
    ]
    tables = {
        "level": {"log10_K_sd": round(common, 3), "enthalpy_sd": 10.0, "sd_quality": "derived"},
        "ranges": measured_over(problem.model.data),
    }
    if kind.own_beta:
        comment += [
            "[formation] is an effective constant: what chloride does to D in all, activities",
            "included. It is not the stability of MCl2+.",
        ]
        tables["formation"] = {
            "log10_beta": list(kind.beta),
            "enthalpy": [0.0],
            "quality": "derived",
            "source": ["quah2021"],
        }
    return set_text(comment, header(kind), tables, species(log10_k, own, shared, factors))


def header(kind):
    """Return the keys that a set begins with."""
    return {
        "key": kind.key,
        "title": kind.title,
        "extractant": "HEH[EHP]",
        "synonyms": ["PC-88A", "P507", "EHEHPA"],
        "medium": "chloride",
        "diluent": "aliphatic",
        "law": "mass action",
        "reaction": "M3+ + 3 (HA)2 = M(HA2)3 + 3 H+",
        "basis": "dimer",
        "complexes": "chloride" if kind.beta else "none",
        "reference_temperature": 298.15,
        "derived_by": "docs/derivations/hehehp_chloride.py",
        "conditions": f"{CONDITIONS}; {kind.medium}",
    }


def measured_over(data):
    """Return the ranges of the points, as predicted."""
    contacts = np.unique(data.contact)
    up = np.zeros(len(data.contacts))
    np.add.at(up, data.contact, data.total[data.contact, data.element] * share(data))
    acid = data.acid + 3 * up
    loading = 3 * up / (data.extractant / 2)
    return {
        "acid": [round(acid[contacts].min(), 4), round(acid[contacts].max(), 3)],
        "anion": [round(data.anion[contacts].min(), 4), round(data.anion[contacts].max(), 3)],
        "loading": [0.0, round(loading[contacts].max(), 2)],
        "extractant": [0.1, 3.0],
        "temperature": [293.15, 303.15],
    }


def share(data):
    """Return the share of each point's metal found in the organic phase, at O/A 1."""
    return 1 / (1 + 10**-data.log10_d)


if __name__ == "__main__":
    folder = DATA / "extractants"
    sys.exit(sum(main(folder / f"{kind.key}.toml", derive(kind)) for kind in KINDS))
