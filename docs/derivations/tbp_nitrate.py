"""Derive TBP in nitrate: rare earths taken up as their nitrates, with nitric acid beside them.

Nine rare earths were measured together at one equilibrium, with the solvent nearly saturated: three
molecules of TBP to a metal leave next to none of it free. Factors between elements are measured;
the level is not, as it goes with the cube of the free TBP. That is taken between a tenth of the TBP
and all of it, and the error of the level is that of any number between them being as likely, in its
logarithm. The enthalpy of samarium is taken for all. Uptake of nitric acid is that which was
extrapolated to pure kerosene, by activity, and taken by concentration here.

Usage: python docs/derivations/tbp_nitrate.py [--check]
"""

import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from _sets import DATA, SERIES, main, set_text

ORDER = 3.0  # of nitrate and of TBP, by the stoichiometry; 2.81 of free TBP was found of samarium
FREE = (0.1, 1.0)  # share of the TBP that may have been free
ACID = 0.23  # L2/mol2, HNO3 + TBP in kerosene
ENTHALPY, ENTHALPY_SD = -43.3, 20.0  # kJ/mol; the source may mean -61.2


def derive():
    with open(DATA / "isotherms" / "tbp_nitrate_kraikaew2005.csv", newline="") as file:
        rows = {row["element"]: row for row in csv.DictReader(file)}
    one = rows["La"]
    low, high = ORDER * np.log10(np.multiply(FREE, float(one["extractant_formal"])))
    level = 0.5 * (low + high) + ORDER * np.log10(float(one["nitrate"]))
    enthalpy = {
        "enthalpy": ENTHALPY,
        "enthalpy_sd": ENTHALPY_SD,
        "enthalpy_quality": "estimated",
        "enthalpy_source": ["ganesh2019"],
        "note": "enthalpy by analogy with Sm",
    }
    table = {
        symbol: {
            "log10_K": round(float(np.log10(float(rows[symbol]["distribution"])) - level), 3),
            "log10_K_sd": 0.05,
            "quality": "derived",
            "source": ["kraikaew2005"],
            **enthalpy,
        }
        for symbol in SERIES
        if symbol in rows
    }
    table["Sm"] |= {"enthalpy_quality": "measured", "note": "enthalpy of two numbers in the source"}
    table["H"] = {
        "log10_K": round(float(np.log10(ACID)), 3),
        "log10_K_sd": 0.2,
        "quality": "estimated",
        "source": ["davis1962"],
        "reaction": "H+ + NO3- + TBP = HNO3.TBP",
        "enthalpy": 0.0,
        "enthalpy_sd": 30.0,
        "enthalpy_quality": "estimated",
        "enthalpy_source": ["davis1962"],
        "note": "by the acid's activity there; no enthalpy found: zero, with a wide error",
    }
    comment = [
        "Written by docs/derivations/tbp_nitrate.py; change that, not this.",
        "log10 K on concentrations, mol/L; enthalpies in kJ/mol. Factors between elements are",
        "measured, their level is an estimate: the solvent was nearly saturated.",
    ]
    header = {
        "key": "tbp-nitrate",
        "title": "TBP in nitrate",
        "extractant": "TBP",
        "synonyms": ["tri-n-butyl phosphate", "tributyl phosphate"],
        "medium": "nitrate",
        "diluent": "kerosene",
        "law": "mass action",
        "reaction": "M3+ + 3 NO3- + 3 TBP = M(NO3)3(TBP)3",
        "basis": "monomer",
        "complexes": "none",
        "reference_temperature": 308.15,
        "derived_by": "docs/derivations/tbp_nitrate.py",
        "conditions": "one equilibrium: 1.0 mol/L TBP nearly saturated, 6.06 mol/L nitrate, "
        "0.2 mol/L free acid, 35 degC; conditional constants",
    }
    tables = {
        "level": {
            "log10_K_sd": round(float((high - low) / np.sqrt(12.0)), 2),
            "enthalpy_sd": ENTHALPY_SD,
            "sd_quality": "estimated",
        },
        "ranges": {
            "acid": [0.05, 1.0],
            "anion": [5.0, 7.0],
            "loading": [0.0, 1.0],
            "extractant": [0.8, 1.2],
            "temperature": [298.15, 318.15],
        },
    }
    return set_text(comment, header, tables, table)


if __name__ == "__main__":
    sys.exit(main(DATA / "extractants" / "tbp-nitrate.toml", derive()))
