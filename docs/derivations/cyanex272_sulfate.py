"""Derive base metals with Cyanex 272 in sulfate from the pH of half extraction.

At that pH, with equal volumes and traces of metal, D is 1, so log10 K = -n pH - p log10 of the free
dimer, by the reaction M(n+) + n (HA)2 = M(HA2)n + n H+; its stoichiometry is assumed. The pH values
were read off figures by others, to 0.3 or so: constants are good for the order of the metals and
for first estimates. Sodium and ammonium are those of the chloride set, by two-phase titration.

Usage: python docs/derivations/cyanex272_sulfate.py [--check]
"""

import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from _sets import DATA, main, set_text, sodium
from cyanex272_chloride import PKA_BIPHASIC

from sx_sim.chemistry.elements import elements


def reaction(symbol, charge):
    """Return the exchange of one metal."""
    number = "" if charge == 1 else f"{charge}"
    whole = f"{symbol}HA2" if charge == 1 else f"{symbol}(HA2){charge}"
    return f"{symbol}{number}+ + {number} (HA)2 = {whole} + {number} H+".replace("  ", " ")


def derive():
    with open(DATA / "isotherms" / "base_metals_cyanex272.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    table = {}
    for row in rows:
        symbol, charge = row["element"], elements()[row["element"]].charge
        free = float(row["extractant_formal"]) / 2.0
        log10_k = -charge * float(row["pH50"]) - charge * np.log10(free)
        table[symbol] = {
            "log10_K": round(float(log10_k), 3),
            "log10_K_sd": round(charge * float(row["pH50_sd"]), 3),
            "quality": row["quality"],
            "source": [row["source"]],
            "reaction": reaction(symbol, charge),
            "enthalpy": 0.0,
            "enthalpy_sd": 15.0,
            "enthalpy_quality": "estimated",
            "enthalpy_source": [row["source"]],
            "note": "no enthalpy published: zero by default, with a wide error",
        }
    k_sodium = round(float(np.log10(2.0) - PKA_BIPHASIC), 3)
    table |= sodium(k_sodium, "doppa1995", f"biphasic pKa {PKA_BIPHASIC}")
    comment = [
        "Written by docs/derivations/cyanex272_sulfate.py; change that, not this.",
        "log10 K on the dimer basis, mol/L; enthalpies in kJ/mol.",
        "Exponents follow from the reactions.",
    ]
    header = {
        "key": "cyanex272-sulfate",
        "title": "Base metals with Cyanex 272 in sulfate",
        "extractant": "Cyanex 272",
        "medium": "sulfate",
        "law": "mass action",
        "reaction": "M2+ + 2 (HA)2 = M(HA2)2 + 2 H+, the stoichiometry assumed",
        "basis": "dimer",
        "complexes": "none",
        "reference_temperature": 298.15,
        "derived_by": "docs/derivations/cyanex272_sulfate.py",
        "conditions": "pH of half extraction with 0.5 mol/L, read off figures by others to 0.3 or "
        "so; conditional constants",
    }
    tables = {
        "level": {"log10_K_sd": 0.5, "enthalpy_sd": 15.0, "sd_quality": "estimated"},
        "ranges": {
            "acid": [1e-8, 0.03],
            "anion": [0.0, 3.0],
            "loading": [0.0, 0.5],
            "extractant": [0.3, 1.0],
            "temperature": [293.15, 323.15],
        },
    }
    return set_text(comment, header, tables, table)


if __name__ == "__main__":
    sys.exit(main(DATA / "extractants" / "cyanex272-sulfate.toml", derive()))
