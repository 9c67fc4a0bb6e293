"""Files of cases, isotherms and sets: read, validated, and what they describe."""

from sx_sim.cases.load import Case, load_case, parse_case

__all__ = ["Case", "load_case", "parse_case"]
