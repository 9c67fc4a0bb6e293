"""Case and train files with anything in them changed are refused with a message, or right."""

import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.mutations import mutated, originals, outcome

SOURCES = originals()
SMALLEST = [tables for tables in SOURCES if "circuits" not in tables][:2]
RANDOM = st.randoms(use_true_random=False)
QUICK = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=150, **QUICK)
@given(RANDOM, st.sampled_from(SOURCES))
def test_a_changed_file_is_read_or_refused_in_a_line(random, tables):
    assert outcome(tomli_w.dumps(mutated(tables, random)), solve=False) in ("read", "refused")


@settings(max_examples=8, **QUICK)
@given(RANDOM, st.sampled_from(SMALLEST))
def test_what_is_read_is_solved_and_balances_or_says_why_not(random, tables):
    ends = outcome(tomli_w.dumps(mutated(tables, random)), solve=True)
    assert ends in ("solved", "not solved", "refused")


def test_what_is_changed_is_right_before():
    for tables in SOURCES:
        assert outcome(tomli_w.dumps(tables), solve=False) == "read"
