"""Writing extractant sets, shared by the derivation scripts."""

from pathlib import Path

from sx_sim.cases.set_files import level_and_own, set_text, toml_value

__all__ = [
    "DATA",
    "NUMBERS",
    "SERIES",
    "level_and_own",
    "main",
    "set_text",
    "sodium",
    "toml_value",
]

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "sx_sim" / "data"
SERIES = ["La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Y", "Er", "Tm", "Yb", "Lu"]

NUMBERS = dict(
    zip(
        ["La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu"],
        [57, 58, 59, 60, *range(62, 72)],
        strict=True,
    )
)  # atomic numbers


def sodium(log10_k, source, conditions_note):
    """Return the constants of Na and NH4, displaced from saponified solvent.

    Written per monomer: half a dimer holds one equivalent, and D follows the free
    extractant in its first power, so that half-neutralisation against 1 mol/L of sodium
    falls at the measured biphasic pKa.
    """
    common = {
        "order_dimer": 1.0,
        "order_acid": 1.0,
        "dimers": 0.5,
        "enthalpy": 0.0,
        "enthalpy_sd": 15.0,
        "enthalpy_quality": "estimated",
        "enthalpy_source": ["doppa1995"],
    }
    note = "no enthalpy published: zero by default, with a wide error"
    na = {"log10_K": log10_k, "log10_K_sd": 0.1, "quality": "derived", "source": [source]}
    nh4 = {"log10_K": log10_k, "log10_K_sd": 0.5, "quality": "estimated", "source": [source]}
    return {
        "Na": {**na, **common, "note": f"{conditions_note}; {note}"},
        "NH4": {**nh4, **common, "note": f"by analogy with Na; {note}"},
    }


def main(path, text):
    """Write the set, or with --check say whether the file differs."""
    import sys

    if "--check" in sys.argv:
        same = path.read_text() == text
        print(f"{path.name}: {'as derived' if same else 'DIFFERS from its derivation'}")
        return 0 if same else 1
    path.write_text(text)
    print(f"wrote {path.relative_to(ROOT)}")
    return 0
