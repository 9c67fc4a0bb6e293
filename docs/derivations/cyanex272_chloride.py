"""Derive Cyanex 272 in chloride.

The level is that of Pr and Nd in mixture at six concentrations of extractant. With the
exponent 2.40 of the free dimer their log10 K scatter by less than 0.1; with 3 they drift.
Factors against lanthanum, measured in another laboratory at another acidity, spread that
level over the series. Ho and Er, whose cells could not be read, are interpolated in atomic
number between Dy and Tm; Yb and Lu follow from the mean factor of neighbours there.

Usage: python docs/derivations/cyanex272_chloride.py [--check]
"""

import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from _sets import DATA, NUMBERS, SERIES, main, set_text, sodium

ORDER_DIMER = 2.40
DIMERS = 3.0
LEVEL_SD = 0.3  # as laboratories disagree for other acids of this family
PKA_BIPHASIC = 8.7


def read(folder, name):
    with open(DATA / folder / name, newline="") as file:
        return list(csv.DictReader(file))


def levels():
    """Return log10 K of Pr and Nd at every point, the extractant they hold subtracted."""
    rows = read("isotherms", "cyanex272_liu2014.csv")
    found = {"Pr": [], "Nd": []}
    for row in rows:
        formal, d = float(row["extractant_formal"]), float(row["distribution"])
        pair = [r for r in rows if r["extractant_formal"] == row["extractant_formal"]]
        shares = [float(r["distribution"]) / (1 + float(r["distribution"])) for r in pair]
        held = sum(float(r["feed"]) * share for r, share in zip(pair, shares, strict=True))
        free = formal / 2 - DIMERS * held
        log10_k = np.log10(d) - 3 * float(row["pH"]) - ORDER_DIMER * np.log10(free)
        found[row["element"]].append(log10_k)
    return found


def factors():
    """Return log10 K less that of La, its error, quality and source, by element."""
    found = {"La": (0.0, 0.05, "measured", "zhangli1993")}
    for row in read("separation_factors", "cyanex272_chloride.csv"):
        below = found[row["lighter"]]
        sd = float(row["log10_sd"])
        if row["lighter"] != "La":
            sd = float(np.hypot(sd, below[1]))
        total = below[0] + float(row["log10_factor"])
        found[row["heavier"]] = (total, sd, row["quality"], row["source"])
    ends = [NUMBERS["Dy"], NUMBERS["Tm"]], [found["Dy"][0], found["Tm"][0]]
    for symbol in ("Ho", "Er"):
        found[symbol] = (
            float(np.interp(NUMBERS[symbol], *ends)),
            0.15,
            "estimated",
            "zhangli1993",
        )
    return found


def derive():
    series, points = factors(), levels()
    level = np.mean([np.mean(points[s]) - series[s][0] for s in ("Pr", "Nd")])
    table = {}
    for symbol in SERIES:
        factor, sd, quality, source = series[symbol]
        table[symbol] = {
            "log10_K": round(float(level + factor), 3),
            "log10_K_sd": round(sd, 3),
            "quality": "derived" if quality == "measured" else quality,
            "source": ["liu2014", source],
            "order_dimer": ORDER_DIMER,
            "order_acid": 3.0,
            "dimers": DIMERS,
            "enthalpy": 5.0,
            "enthalpy_sd": 4.0,
            "enthalpy_quality": "estimated",
            "enthalpy_source": ["arellano2020"],
        }
    k_sodium = round(float(np.log10(2.0) - PKA_BIPHASIC), 3)
    table |= sodium(k_sodium, "doppa1995", f"biphasic pKa {PKA_BIPHASIC}")
    comment = [
        "Written by docs/derivations/cyanex272_chloride.py; change that, not this.",
        "log10 K on the dimer basis, mol/L; enthalpies in kJ/mol.",
        "log10_K_sd and enthalpy_sd are each element's own error; [level] holds the error",
        "that all rare earths share, which leaves separation factors alone.",
    ]
    header = {
        "key": "cyanex272-chloride",
        "title": "Cyanex 272 in chloride",
        "extractant": "Cyanex 272",
        "synonyms": ["HBTMPP", "Ionquest 290"],
        "medium": "chloride",
        "diluent": "kerosene, octane",
        "law": "mass action",
        "reaction": "M3+ + 3 (HA)2 = M(HA2)3 + 3 H+, with the fitted exponent 2.40 of (HA)2",
        "basis": "dimer",
        "complexes": "none",
        "reference_temperature": 298.15,
        "derived_by": "docs/derivations/cyanex272_chloride.py",
        "conditions": "hydrochloric acid, pH 1.8 to 2.8, room temperature; conditional constants",
    }
    shared = {"log10_K_sd": LEVEL_SD, "enthalpy_sd": 15.0, "sd_quality": "estimated"}
    ranges = {
        "acid": [0.0015, 0.0152],
        "anion": [0.02, 0.11],
        "loading": [0.0, 0.06],
        "extractant": [0.1, 1.0],
        "temperature": [293.15, 303.15],
    }
    return set_text(comment, header, {"level": shared, "ranges": ranges}, table)


if __name__ == "__main__":
    print({s: np.round(k, 3).tolist() for s, k in levels().items()})
    sys.exit(main(DATA / "extractants" / "cyanex272-chloride.toml", derive()))
