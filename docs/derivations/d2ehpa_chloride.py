"""Derive D2EHPA in chloride from tracer series at vanishing loading.

The table holds log10 D at pH 0 and 1 mol/L formal extractant (0.5 mol/L dimer). `direct`
are Mason's lines in n-heptane, slope 3 against pH and exponent 2.38 of D2EHPA; `marker`
and `line` are Peppard's series in toluene, read at its markers or on its straight line in
atomic number, moved to Mason's level at yttrium. So log10 K = log10 D - 2.38 log10 0.5.

Apparent heats of La, Ce, Pr, Eu and Gd come from D against temperature; the acidity is not
printed and other work finds no heat at all, so the error all share is as large as they
are. The others are interpolated in atomic number, or given the mean beyond gadolinium.
Uranium as UO2 2+ follows from a calorimetric free energy in dilute nitrate.

Usage: python docs/derivations/d2ehpa_chloride.py [--check]
"""

import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from _sets import DATA, NUMBERS, SERIES, main, set_text, sodium

ORDER_DIMER = 2.38
LEVEL_SD = 0.13  # log10 K; moving toluene's series to n-heptane's level
PKA_BIPHASIC = 5.2


def uranyl():
    """Return the constants of UO2 2+, from a free energy and a heat of extraction [kJ/mol]."""
    return {
        "log10_K": round(32.0 / (8.314462618e-3 * 298.15 * float(np.log(10.0))), 3),
        "log10_K_sd": 0.3,
        "quality": "derived",
        "source": ["marcus1976"],
        "order_dimer": 2.0,
        "order_acid": 2.0,
        "dimers": 2.0,
        "enthalpy": -30.0,
        "enthalpy_sd": 4.0,
        "enthalpy_quality": "measured",
        "enthalpy_source": ["marcus1976"],
        "note": "UO2 2+ from dilute nitrate into dodecane; chloride complexes left out",
    }


def derive():
    with open(DATA / "isotherms" / "d2ehpa_chloride_series.csv", newline="") as file:
        rows = {row["element"]: row for row in csv.DictReader(file)}
    heats = {name: float(row["enthalpy"]) for name, row in rows.items() if row["enthalpy"]}
    known = [NUMBERS[name] for name in heats]
    mean = round(float(np.mean(list(heats.values()))), 1)
    table = {}
    for name in SERIES:
        row = rows[name]
        z = NUMBERS.get(name, 99)
        if name in heats:
            heat, quality = heats[name], "measured"
        elif z < max(known):
            heat = round(float(np.interp(z, known, list(heats.values()))), 1)
            quality = "estimated"
        else:
            heat, quality = mean, "estimated"
        table[name] = {
            "log10_K": round(float(row["log10_D"]) - ORDER_DIMER * float(np.log10(0.5)), 3),
            "log10_K_sd": float(row["sd"]),
            "quality": "estimated" if row["read"] == "line" else "measured",
            "source": ["mason1976"] if row["read"] == "direct" else ["peppard1957", "mason1976"],
            "order_dimer": ORDER_DIMER,
            "order_acid": 3.0,
            "dimers": 3.0,
            "enthalpy": heat,
            "enthalpy_sd": 4.0,
            "enthalpy_quality": quality,
            "enthalpy_source": ["xu1995"],
        }
    k_sodium = round(float(np.log10(2.0) - PKA_BIPHASIC), 3)
    table |= sodium(k_sodium, "doppa1995", f"biphasic pKa {PKA_BIPHASIC}")
    table["U"] = uranyl()
    comment = [
        "Written by docs/derivations/d2ehpa_chloride.py; change that, not this.",
        "log10 K on the dimer basis, mol/L; enthalpies in kJ/mol.",
        "log10_K_sd and enthalpy_sd are each element's own error; [level] holds the error",
        "that all rare earths share, which leaves separation factors alone.",
    ]
    header = {
        "key": "d2ehpa-chloride",
        "title": "D2EHPA (P204) in chloride",
        "extractant": "D2EHPA",
        "synonyms": ["P204", "HDEHP"],
        "medium": "chloride",
        "diluent": "n-heptane, toluene",
        "law": "mass action",
        "reaction": "M3+ + 3 (HA)2 = M(HA2)3 + 3 H+, with the measured exponent 2.38 of (HA)2",
        "basis": "dimer",
        "complexes": "none",
        "reference_temperature": 298.15,
        "derived_by": "docs/derivations/d2ehpa_chloride.py",
        "conditions": "tracers, hydrochloric acid of 0.5 to 1 mol/L; conditional constants",
    }
    level = {"log10_K_sd": LEVEL_SD, "enthalpy_sd": 15.0, "sd_quality": "derived"}
    ranges = {
        "acid": [0.07, 1.0],
        "anion": [0.5, 1.0],
        "loading": [0.0, 0.05],
        "extractant": [0.009, 0.75],
        "temperature": [283.15, 323.15],
    }
    return set_text(comment, header, {"level": level, "ranges": ranges}, table)


if __name__ == "__main__":
    sys.exit(main(DATA / "extractants" / "d2ehpa-chloride.toml", derive()))
