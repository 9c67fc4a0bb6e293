"""Derive naphthenic acid in chloride: the extractant that leaves yttrium in the raffinate.

All 15 rare earths were measured at one equilibrium, so each D gives one constant of the reaction
M3+ + 3 HA = MA3 + 3 H+, whose stoichiometry is assumed. Acidity and concentrations were the same
for all, so they are taken to have been together, in equal parts in the water; the extractant that
they hold is subtracted. Factors between elements do not depend on either assumption, the level
does. No enthalpy is known. No constant is known of the base: its exchange for rare earths has to
be complete.

Usage: python docs/derivations/naphthenic_chloride.py [--check]
"""

import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from _sets import DATA, SERIES, main, set_text

ORDER = 3.0  # of the extractant, by the stoichiometry
LEVEL_SD = 0.5  # one laboratory at one condition, stoichiometry assumed


def derive():
    with open(DATA / "isotherms" / "naphthenic_zhang2016.csv", newline="") as file:
        rows = {row["element"]: row for row in csv.DictReader(file)}
    d = {symbol: float(row["distribution"]) for symbol, row in rows.items()}
    one = rows["La"]
    formal, together = float(one["extractant_formal"]), float(one["rare_earths_aqueous"])
    free = formal - ORDER * together * float(np.mean(list(d.values())))
    level = -3.0 * float(one["pH"]) - ORDER * np.log10(free)
    table = {
        symbol: {
            "log10_K": round(float(np.log10(d[symbol]) + level), 3),
            "log10_K_sd": 0.03,
            "quality": "derived",
            "source": ["zhang2016"],
            "enthalpy": 0.0,
            "enthalpy_sd": 15.0,
            "enthalpy_quality": "estimated",
            "enthalpy_source": ["zhang2016"],
            "note": "no enthalpy published: zero by default, with a wide error",
        }
        for symbol in SERIES
    }
    comment = [
        "Written by docs/derivations/naphthenic_chloride.py; change that, not this.",
        "log10 K on the monomer basis, mol/L; enthalpies in kJ/mol.",
        "Exponents follow from the reaction; the base has to be exchanged for rare earths.",
    ]
    header = {
        "key": "naphthenic-chloride",
        "title": "Naphthenic acid in chloride",
        "extractant": "naphthenic acid",
        "medium": "chloride",
        "diluent": "modified kerosene",
        "law": "mass action",
        "reaction": "M3+ + 3 HA = MA3 + 3 H+, the stoichiometry assumed",
        "basis": "monomer",
        "complexes": "none",
        "reference_temperature": 298.15,
        "derived_by": "docs/derivations/naphthenic_chloride.py",
        "conditions": "one equilibrium: 0.45 mol/L naphthenic acid, 0.142 mol/L rare earths in the "
        "water, taken as equal parts, pH 4.19, O/A 2, 25 degC; conditional constants",
    }
    tables = {
        "level": {"log10_K_sd": LEVEL_SD, "enthalpy_sd": 15.0, "sd_quality": "estimated"},
        "ranges": {
            "acid": [2e-05, 0.0002],
            "anion": [0.2, 0.8],
            "loading": [0.1, 0.7],
            "extractant": [0.3, 0.8],
            "temperature": [293.15, 303.15],
        },
    }
    return set_text(comment, header, tables, table)


if __name__ == "__main__":
    sys.exit(main(DATA / "extractants" / "naphthenic-chloride.toml", derive()))
