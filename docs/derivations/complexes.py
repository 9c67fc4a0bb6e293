"""Derive the complexes of the rare earths with nitrate and sulfate, and protonated sulfate.

Sulfate's constants are those of a geochemical data base at zero ionic strength, nitrate's
were measured at 1 mol/L; enthalpies are of the same data base. A missing constant of a
lanthanide is interpolated in atomic number between its neighbours, at the ends taken from the
nearest. Yttrium's are its own, or those of holmium next to which it behaves. Missing
enthalpies are the mean of the others of that complex. All that is marked estimated.

Usage: python docs/derivations/complexes.py [--check]
"""

import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from _sets import DATA, NUMBERS, SERIES, main, toml_value

SD = {("sulfate", 1): 0.08, ("sulfate", 2): 0.2}  # as two data bases differ; as neighbours do
ESTIMATED_SD = 0.2
ENTHALPY_SD, ESTIMATED_ENTHALPY_SD = 1.0, 5.0  # kJ/mol
KILOCALORIE = 4.184
TABLES = {
    "nitrate": {
        "reaction": "M3+ + NO3- = MNO3 2+",
        "ligand_charge": 1.0,
        "quality": "measured",
        "source": "peppard1962",
        "conditions": "22 degC, ionic strength 1 mol/L, taken as 25 degC",
        "ionic_strength_range": [0.3, 3.0],
    },
    "sulfate": {
        "reaction": "M3+ + n SO4 2- = M(SO4)n",
        "ligand_charge": 2.0,
        "quality": "derived",
        "source": "llnl",
        "conditions": "25 degC, zero ionic strength",
        "ionic_strength_range": [0.0, 0.1],
    },
    "bisulfate": {
        "reaction": "SO4 2- + H+ = HSO4-; metals stay free",
        "ligand_charge": 2.0,
        "quality": "derived",
        "source": "prommis",
        "conditions": "25 degC, zero ionic strength; no sulfate complexes of metals",
        "ionic_strength_range": [0.0, 0.1],
    },
}
PROTONATION = {
    "sulfate": (1.988, "phreeqc"),
    "bisulfate": (1.99, "prommis"),  # as the model that uses it has it
}
TEMPERATURE_RANGE = [283.15, 323.15]


def rows():
    with open(DATA / "complexes" / "rare_earths.csv", newline="") as file:
        return list(csv.DictReader(file))


def column(table, name):
    """Return what is known in a column by element."""
    return {row["element"]: float(row[name]) for row in table if row[name]}


def interpolated(known, symbol):
    """Return a constant between its neighbours in the series."""
    if symbol == "Y":
        return known.get("Ho", interpolated(known, "Ho"))
    numbers = sorted((NUMBERS[s], value) for s, value in known.items() if s != "Y")
    return float(np.interp(NUMBERS[symbol], *zip(*numbers, strict=True)))


def complexes(ligand, count, table):
    """Return the constants of the complexes with ``count`` ligands, by element."""
    beta, heat = column(table, "log10_beta"), column(table, "enthalpy")
    own = {row["element"]: row for row in table}
    beta_sources = sorted({row["source"] for row in table if row["source"]})
    heat_sources = sorted({row["enthalpy_source"] for row in table if row["enthalpy_source"]})
    found = {}
    for symbol in SERIES:
        sure, warm = symbol in beta, symbol in heat
        row = own[symbol]
        found[symbol] = {
            "log10_beta": round(beta[symbol] if sure else interpolated(beta, symbol), 4),
            "log10_beta_sd": (float(row["sd"]) if row["sd"] else SD[ligand, count])
            if sure
            else ESTIMATED_SD,
            "quality": ("measured" if row["sd"] else "derived") if sure else "estimated",
            "source": [row["source"]] if sure else beta_sources,
            "enthalpy": round(heat[symbol] if warm else float(np.mean(list(heat.values()))), 3),
            "enthalpy_sd": ENTHALPY_SD if warm else ESTIMATED_ENTHALPY_SD,
            "enthalpy_quality": "derived" if warm else "estimated",
            "enthalpy_source": [row["enthalpy_source"]] if warm else heat_sources,
        }
    return found


def lines_of(table):
    return [f"{key} = {toml_value(value)}" for key, value in table.items()]


def derive():
    lines = [
        "# Written by docs/derivations/complexes.py; change that, not this.",
        "# Cumulative formation constants of aqueous complexes at 298.15 K, log10, mol/L;",
        "# enthalpies in kJ/mol by van 't Hoff. A block per number of ligands, 1 first.",
    ]
    known = rows()
    for ligand, header in TABLES.items():
        lines += ["", f"[{ligand}]", *lines_of(header)]
        lines += [f"temperature_range = {toml_value(TEMPERATURE_RANGE)}"]
        if ligand in PROTONATION:
            log10_k, source = PROTONATION[ligand]
            proton = {
                "reaction": "SO4 2- + H+ = HSO4-",
                "log10_K": log10_k,
                "log10_K_sd": 0.02,
                "quality": "measured",
                "source": source,
                "enthalpy": round(3.85 * KILOCALORIE, 3),
                "enthalpy_sd": 1.0,
                "enthalpy_quality": "measured",
                "enthalpy_source": "phreeqc",
            }
            lines += ["", f"[{ligand}.protonation]", *lines_of(proton)]
        for count in (1, 2):
            table = [r for r in known if (r["ligand"], r["ligands"]) == (ligand, str(count))]
            for symbol, row in (complexes(ligand, count, table) if table else {}).items():
                lines += ["", f"[[{ligand}.elements.{symbol}]]", *lines_of(row)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(DATA / "complexes.toml", derive()))
