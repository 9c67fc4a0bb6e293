"""Derive ion interaction coefficients with chloride from Pitzer's parameters at 25 degC.

Mean activity coefficients of each salt by Pitzer's equations are fitted by specific ion
interaction with one coefficient per cation,

    log10 gamma(MClz) = -z A sqrt(I) / (1 + 1.5 sqrt(I)) + 2 z / (z + 1) epsilon m,

over the molalities in RANGES. The coefficient's error is the root mean square of what the fit
leaves, divided by what multiplies it at the middle of the range. Lanthanides without
parameters follow from a straight line in atomic number through those that have them. Other
cations: sodium's is published, the rest follow the published rule by charge,
0.1 z - 0.05.

Usage: python docs/derivations/sit_chloride.py [--check]
"""

import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from _sets import DATA, NUMBERS, SERIES, main, toml_value

RANGES = {1: (0.1, 4.0), 3: (0.02, 1.0)}  # molality of the salt, by charge of the cation
A_PHI = 0.3915  # Debye-Hueckel slope of osmotic coefficients at 25 degC
SLOPE = {273.15: 0.491, 298.15: 0.509, 323.15: 0.534, 373.15: 0.600}
SODIUM = 0.03
OTHERS = {"NH4": 1, "K": 1, "Mg": 2, "Ca": 2, "U": 2, "Al": 3, "Fe": 3, "Sc": 3, "Th": 4}
RULE_SD = 0.05


def pitzer(m, z, beta0, beta1, c_phi):
    """Return ln of the mean activity coefficient of a chloride at molalities ``m``."""
    nu = z + 1
    strength = 0.5 * (z**2 + z) * m
    root = np.sqrt(strength)
    screening = -A_PHI * (root / (1 + 1.2 * root) + 2 / 1.2 * np.log(1 + 1.2 * root))
    decay = 1 - (1 + 2 * root - 2 * strength) * np.exp(-2 * root)
    second = 2 * beta0 + beta1 / (2 * strength) * decay
    third = 1.5 * c_phi
    return z * screening + m * 2 * z / nu * second + m**2 * 2 * z**1.5 / nu * third


def fit(row):
    """Return coefficient, its error and the largest error of log10 gamma."""
    z = int(row["charge"])
    m = np.linspace(*RANGES[z], 50)
    root = np.sqrt(0.5 * (z**2 + z) * m)
    parameters = [float(row[name]) for name in ("beta0", "beta1", "c_phi")]
    rest = pitzer(m, z, *parameters) / np.log(10) + z * SLOPE[298.15] * root / (1 + 1.5 * root)
    factor = 2 * z / (z + 1) * m
    epsilon = float(factor @ rest / (factor @ factor))
    left = rest - epsilon * factor
    return epsilon, float(np.sqrt(np.mean(left**2)) / factor.mean()), float(np.abs(left).max())


def derive():
    with open(DATA / "complexes" / "pitzer_chloride.csv", newline="") as file:
        rows = {row["salt"].partition("Cl")[0]: row for row in csv.DictReader(file)}
    table, worst = {}, 0.0
    for symbol, row in rows.items():
        epsilon, sd, most = fit(row)
        worst = max(worst, most)
        table[symbol] = {
            "epsilon": round(epsilon, 4),
            "sd": round(sd, 4),
            "quality": "derived",
            "source": [row["source"]],
        }
    known = [s for s in table if s in NUMBERS]
    numbers, values = [NUMBERS[s] for s in known], [table[s]["epsilon"] for s in known]
    line = np.polyfit(numbers, values, 1)
    scatter = float(np.std(values - np.polyval(line, numbers), ddof=2))
    for symbol in SERIES:
        if symbol not in table:
            table[symbol] = {
                "epsilon": round(float(np.polyval(line, NUMBERS[symbol])), 4),
                "sd": round(float(np.hypot(scatter, np.mean([table[s]["sd"] for s in known]))), 4),
                "quality": "estimated",
                "source": ["llepe-pitzer"],
            }
    table["Na"] = {"epsilon": SODIUM, "sd": 0.01, "quality": "derived", "source": ["phreeqc-sit"]}
    for symbol, z in OTHERS.items():
        epsilon = round(0.1 * z - 0.05, 4)
        table[symbol] = {
            "epsilon": epsilon,
            "sd": RULE_SD,
            "quality": "estimated",
            "source": ["spana"],
        }
    order = ["H", *SERIES, "Na", *OTHERS]
    lines = [
        "# Written by docs/derivations/sit_chloride.py; change that, not this.",
        "# Specific ion interaction of cations with chloride [kg/mol] at 25 degC; no temperature",
        "# dependence is known. Concentrations in mol/L are taken for molalities.",
        "",
        'quality = "derived"',
        'source = ["llepe-pitzer", "holmes1987"]',
        'conditions = "25 degC; LnCl3 to 1 mol/kg, HCl to 4 mol/kg"',
        f"temperature_range = {toml_value([273.15, 373.15])}",
        f"ionic_strength_range = {toml_value([0.1, 6.0])}",
        f"log10_gamma_error = {round(worst, 3)}  # largest of the fits",
        "",
        "[debye_hueckel]",
        f"temperature = {toml_value(list(SLOPE))}",
        f"slope = {toml_value(list(SLOPE.values()))}",
        'quality = "derived"',
        'source = "spana"',
        'conditions = "water, log10, kg^0.5/mol^0.5; a polynomial through the four"',
        f"temperature_range = {toml_value([273.15, 373.15])}",
    ]
    for symbol in order:
        lines += ["", f"[interaction.{symbol}]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in table[symbol].items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(DATA / "sit.toml", derive()))
