"""Case files: TOML in, validated; solved and swept as columns."""

from sx_sim.cases.load import Case, load_case, parse_case
from sx_sim.cases.run import run_sweep, solve

__all__ = ["Case", "load_case", "parse_case", "run_sweep", "solve"]
