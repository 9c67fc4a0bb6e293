"""Derive HEH[EHP] (PC-88A, P507) in chloride from isotherms and separation factors.

Every isotherm point gives log10 K = log10 D + 3 log10 h - 3 log10 e of one element, with
h and e from the balances of its contact. Points share errors: their laboratory's, their
laboratory's with that element, and their contact's. Contacts with several elements give
the ratios of their D far better than the levels. Published separation factors join as
differences of log10 K. All are solved together by generalised least squares.

The pH at equilibrium was not measured; h is the feed acid plus three per metal extracted.
Where the solvent was saponified that is unknown, so those laboratories' levels are left
free and only their ratios count.

Usage: python docs/derivations/hehehp_chloride.py [--check]
"""

import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from _sets import DATA, SERIES, level_and_own, main, set_text, sodium

LABORATORY = 0.30  # log10 K, laboratories against each other
LABORATORY_ELEMENT = 0.20  # the same, element by element, single-element contacts
LABORATORY_ELEMENT_MIXED = 0.07  # in contacts of several elements
CONTACT = 0.20
POINT = 0.06
SAPONIFIED = ("Banda (2014)", "Liu (2014)")
UNKNOWN = 5.0
PKA_BIPHASIC = 7.1  # half-neutralised at 1 mol/L sodium, doppa1995

MEASURED = ("La", "Ce", "Pr", "Nd", "Sm", "Dy", "Y")
DERIVED = {"Tb": ["shinetsu-ep2388344", "ufrj-tcc"], "Er": ["lideqian2019"]}


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def contacts():
    """Return the usable isotherm points, with the acid and free dimer of their contact."""
    points = [p for p in read(DATA / "isotherms" / "pc88a_hcl.csv") if not p["excluded"]]
    together = {}
    for point in points:
        together.setdefault(point["contact"], []).append(point)
    for group in together.values():
        extracted = sum(float(p["organic"]) for p in group)
        for p in group:
            p["h"] = float(p["feed_acid"]) + 3 * extracted
            p["dimer"] = float(p["extractant_formal"]) / 2
            p["e"] = p["dimer"] - 3 * extracted
            p["mixed"] = len(group) > 1
            p["anion"] = float(p["feed_acid"]) + 3 * sum(float(q["feed"]) for q in group)
    return points


def free_chloride(total, metal, beta):
    """Return free chloride where ``metal`` binds one each: C = L + beta L M / (1 + beta L)."""
    b = 1 + beta * (metal - total)
    return (-b + np.sqrt(b * b + 4 * beta * total)) / (2 * beta)


def observations(points, factors, beta):
    """Return design matrix, log10 values and covariance of points and factors."""
    n, size = len(points), len(points) + len(factors)
    design = np.zeros((size, len(SERIES)))
    value = np.zeros(size)
    for row, p in enumerate(points):
        design[row, SERIES.index(p["element"])] = 1
        ratio = float(p["organic"]) / float(p["aqueous"])
        value[row] = np.log10(ratio) + 3 * np.log10(p["h"]) - 3 * np.log10(p["e"])
        if beta:
            metal = sum(float(q["aqueous"]) for q in points if q["contact"] == p["contact"])
            value[row] += np.log10(1 + beta * free_chloride(p["anion"], metal, beta))
    for row, f in enumerate(factors, start=n):
        design[row, SERIES.index(f["heavier"])] = 1
        design[row, SERIES.index(f["lighter"])] = -1
        value[row] = np.log10(float(f["factor"]))

    def shared(*keys):
        labels = ["/".join(p[key] for key in keys) for p in points]
        return np.equal.outer(labels, labels)

    free = np.array([p["laboratory"] in SAPONIFIED for p in points])
    element = np.array(
        [LABORATORY_ELEMENT_MIXED if p["mixed"] else LABORATORY_ELEMENT for p in points]
    )
    covariance = np.zeros((size, size))
    covariance[:n, :n] = (
        shared("laboratory") * np.where(free, UNKNOWN, LABORATORY) ** 2
        + shared("laboratory", "element") * np.outer(element, element)
        + shared("contact") * CONTACT**2
        + np.eye(n) * POINT**2
    )
    covariance[n:, n:] = np.diag([float(f["log10_sd"]) ** 2 for f in factors])
    return design, value, covariance


def solve(design, value, covariance):
    """Return log10 K of the series and its covariance."""
    weighted = np.linalg.solve(covariance, design)
    result = np.linalg.inv(design.T @ weighted)
    return result @ (weighted.T @ value), result


def species(log10_k, own, factors):
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
            "order_dimer": 3.0,
            "order_acid": 3.0,
            "dimers": 3.0,
            "enthalpy": 5.0,
            "enthalpy_sd": 4.0,
            "enthalpy_quality": "estimated",
            "enthalpy_source": ["arellano2020", "agarwal2020", "xu1995"],
        }
    k_sodium = round(float(np.log10(2.0) - PKA_BIPHASIC), 3)
    return table | sodium(k_sodium, "doppa1995", f"biphasic pKa {PKA_BIPHASIC}")


def derive(complexes):
    """Return the text of the set, with or without chloride complexes."""
    beta = 10**-0.474 if complexes == "chloride" else 0.0
    points = contacts()
    factors = read(DATA / "separation_factors" / "hehehp_chloride.csv")
    log10_k, covariance = solve(*observations(points, factors, beta))
    common, own = level_and_own(covariance)
    levels = [p for p in points if p["laboratory"] not in SAPONIFIED]
    loading = max(3 * float(p["organic"]) / p["dimer"] for p in levels)
    comment = [
        "Written by docs/derivations/hehehp_chloride.py; change that, not this.",
        "log10 K on the dimer basis, mol/L; enthalpies in kJ/mol.",
        "log10_K_sd and enthalpy_sd are each element's own error; [level] holds the error",
        "that all rare earths share, which leaves separation factors alone.",
    ]
    suffix = "-complexed" if beta else ""
    named = ", with chloride complexes" if beta else ""
    conditional = (
        "aqueous rare earths bind one chloride, beta of aqueous.toml"
        if beta
        else "conditional constants: aqueous complexes and activities are inside log10 K"
    )
    header = {
        "key": f"hehehp-chloride{suffix}",
        "title": f"HEH[EHP] (PC-88A, P507) in chloride{named}",
        "extractant": "HEH[EHP]",
        "synonyms": ["PC-88A", "P507", "EHEHPA"],
        "medium": "chloride",
        "diluent": "aliphatic",
        "law": "mass action",
        "reaction": "M3+ + 3 (HA)2 = M(HA2)3 + 3 H+",
        "basis": "dimer",
        "complexes": complexes,
        "reference_temperature": 298.15,
        "derived_by": "docs/derivations/hehehp_chloride.py",
        "conditions": f"25 degC assumed, O/A 1, hydrochloric acid; {conditional}",
    }
    level = {
        "log10_K_sd": round(common, 3),
        "enthalpy_sd": 10.0,
        "sd_quality": "derived",
    }
    ranges = {
        "acid": [round(min(p["h"] for p in levels), 4), round(max(p["h"] for p in levels), 3)],
        "anion": [
            round(min(p["anion"] for p in levels), 4),
            round(max(p["anion"] for p in levels), 3),
        ],
        "loading": [0.0, round(loading, 2)],
        "extractant": [0.1, 3.0],
        "temperature": [293.15, 303.15],
    }
    return set_text(comment, header, level, ranges, species(log10_k, own, factors))


if __name__ == "__main__":
    folder = DATA / "extractants"
    failed = main(folder / "hehehp-chloride.toml", derive("none"))
    failed += main(folder / "hehehp-chloride-complexed.toml", derive("chloride"))
    sys.exit(failed)
