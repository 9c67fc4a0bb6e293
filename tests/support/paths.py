"""Where the project lies."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETS = ROOT / "tests" / "support" / "sets"
ACTIVITY, SULFATE = str(SETS / "activity.toml"), str(SETS / "sulfate.toml")
