"""Write the law of D2EHPA with TBP in sulfate, as published in code.

log10 D = (m0 + m1 v) pH + B0 + B1 log10 v, with v the volume per cent of free D2EHPA,
whose mass concentration at 100 % is taken as 975.8 g/L there. With the molar mass 322.431
g/mol, v = 2 e 32.2431 / 0.9758 = 66.09 e in terms of the free dimer e, so that

    log10 K = B0 + B1 log10 66.09,  orders B1 and m0, and m1 66.09 per mol/L of dimer.

The code states no ranges: those given are where its steady case of three stages lies.
Every mole of metal of charge z takes up z moles of D2EHPA, z / 2 dimers.

Usage: python docs/derivations/d2ehpa_tbp_sulfate.py [--check]
"""

import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from _sets import DATA, main, set_text

MOLAR_MASS = 322.431  # g/mol
DENSITY = 975.8  # g/L
PER_DIMER = 2 * MOLAR_MASS / DENSITY * 100.0  # vol% per mol/L
CHARGES = {"Ca": 2}


def derive():
    with open(DATA / "isotherms" / "d2ehpa_tbp_sulfate.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    table = {}
    for row in rows:
        symbol, fixed = row["element"], row["constant_D"]
        m0, m1, b0, b1 = (float(row[name] or 0) for name in ("m0", "m1", "B0", "B1"))
        log10_k = np.log10(float(fixed)) if fixed else b0 + b1 * np.log10(PER_DIMER)
        table[symbol] = {
            "log10_K": round(float(log10_k), 8),
            "log10_K_sd": 0.1,
            "quality": "derived",
            "source": ["prommis"],
            "order_dimer": b1,
            "order_acid": m0,
            "acid_by_dimer": round(m1 * PER_DIMER, 8),
            "dimers": CHARGES.get(symbol, 3) / 2,
            "enthalpy": 0.0,
            "enthalpy_sd": 15.0,
            "enthalpy_quality": "estimated",
            "enthalpy_source": ["marcus1976", "xu1995"],
        }
        if fixed:
            table[symbol]["note"] = "one D whatever the acidity and the extractant"
    comment = [
        "Written by docs/derivations/d2ehpa_tbp_sulfate.py; change that, not this.",
        "An empirical law, read in public code: log10 D = (m0 + m1 v) pH + B0 + B1 log10 v.",
        "No enthalpies are published: zero, with the error of other acids of this family.",
    ]
    header = {
        "key": "d2ehpa-tbp-sulfate",
        "title": "D2EHPA with TBP in sulfate: log D against pH and dosage",
        "extractant": "D2EHPA",
        "synonyms": ["P204", "HDEHP"],
        "medium": "sulfate",
        "diluent": "kerosene with TBP",
        "law": "log D(pH, dosage)",
        "reaction": "log10 D = (m0 + m1 v) pH + B0 + B1 log10 v, z D2EHPA bound per charge z",
        "basis": "dimer",
        "complexes": "bisulfate",
        "reference_temperature": 298.15,
        "derived_by": "docs/derivations/d2ehpa_tbp_sulfate.py",
        "conditions": "leach liquor of coal refuse; pH of the free hydrogen ion, with HSO4-; "
        "temperature not stated, taken as 25 degC; ranges are those of the published case",
    }
    level = {"log10_K_sd": 0.1, "enthalpy_sd": 15.0, "sd_quality": "estimated"}
    ranges = {
        "acid": [0.01, 0.05],
        "ionic_strength": [0.05, 0.4],
        "loading": [0.0, 0.1],
        "extractant": [0.12, 0.18],
        "temperature": [288.15, 308.15],
    }
    return set_text(comment, header, {"level": level, "ranges": ranges}, table)


if __name__ == "__main__":
    sys.exit(main(DATA / "extractants" / "d2ehpa-tbp-sulfate.toml", derive()))
