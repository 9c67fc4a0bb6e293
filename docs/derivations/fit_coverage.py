"""How often the 95 % intervals of a fit hold the truth, over 200 synthetic data sets.

Every set has its own contacts, laboratories and errors: offsets of log10 K between
laboratories (0.3) and between laboratories element by element (0.1), of log10 D between
contacts (0.05), and each point's own (0.08). Constants, slopes and separation factors are
counted apart.

Usage: python docs/derivations/fit_coverage.py [SETS] [LABORATORIES]
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from support.isotherms import Noise, design, measured, truth
from sx_sim.fitting import fit

FREE = ("log10_K", "order_dimer", "order_acid")


def covered(sets, laboratories, noise=None, free=FREE):
    """Return, by name, whether each interval held the truth (SETS,)."""
    known = truth()
    real = {f"log10_K.{s}": known.species[s].log10_K for s in ("La", "Pr", "Nd", "Sm")}
    real |= {"order_dimer": 2.4, "order_acid": 2.8}
    held = {}
    for seed in range(sets):
        rng = np.random.default_rng(seed)
        data = measured(design(rng, laboratories), known, noise or Noise(), rng)
        found = fit(data, known, free=free)
        for name, (low, high) in zip(found.names, found.intervals, strict=True):
            held.setdefault(name, []).append(low <= real[name] <= high)
        for heavier, lighter in (("Pr", "La"), ("Nd", "Pr"), ("Sm", "Nd")):
            ratio = 10 ** (real[f"log10_K.{heavier}"] - real[f"log10_K.{lighter}"])
            _, low, high = found.separation_factor(heavier, lighter)
            held.setdefault(f"{heavier}/{lighter}", []).append(low <= ratio <= high)
    return held


def main(sets=200, laboratories=4):
    held = covered(sets, laboratories)
    for name, hits in held.items():
        print(f"{name:12s} {100 * np.mean(hits):5.1f} % of {len(hits)}")
    groups = {"log10_K": "log10_K.", "slopes": "order_", "separation factors": "/"}
    for label, mark in groups.items():
        hits = [h for name, each in held.items() if mark in name for h in each]
        print(f"{label}: {100 * np.mean(hits):.1f} %")
    every = [h for name, each in held.items() if "/" not in name for h in each]
    print(f"all fitted constants: {100 * np.mean(every):.1f} % of {len(every)} intervals")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
