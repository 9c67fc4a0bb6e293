"""Set files and tables of isotherms, changed at random: an answer or a CaseError, never more."""

import copy
import tomllib

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.paths import ROOT
from sx_sim.cases.isotherms import parse_isotherms
from sx_sim.cases.set_files import fitted_set_text
from sx_sim.chemistry.extractants import extractant_set, set_of_tables
from sx_sim.errors import CaseError
from sx_sim.fitting import fit

SETS = [
    tomllib.loads((ROOT / "sx_sim/data/extractants" / f"{key}.toml").read_text())
    for key in ("hehehp-chloride", "d2ehpa-tbp-sulfate", "p507-10vol-logd")
]
CELLS = ("", "0", "-1", "nan", "1e-9", "1e300", "1,5", "Nd", "Ce", "Sc", "U", "Xx", "0.05", "19")
HEADER = "contact,laboratory,element,extractant_formal,feed_acid,feed,aqueous,organic,oa"
HEADER += ",temperature,saponification,base,equilibrium_pH,log10_d_sd,excluded"
ROWS = [  # what the first set predicts, off by a few percent
    "1,ours,Nd,1.0,0.05,0.1,0.075,0.025,1,25,0,,,0.1,",
    "2,ours,Nd,1.0,0.1,0.05,0.0352,0.0148,1,25,0,,,,",
    "3,ours,Nd,0.5,0.01,0.0094,0.0019,0.0075,1,25,0,,,,",
    "3,ours,Pr,0.5,0.01,0.0034,0.00083,0.00257,1,25,0,,,,",
    "4,theirs,Pr,1.0,0.3,0.05,0.0355,,2,40,0.1,NaOH,,,",
    "5,theirs,Nd,1.0,,0.05,0.0197,,2,40,0.1,Na,1.04,0.2,",
]
FREE = ("log10_K", "order_acid", "order_dimer", "enthalpy", "log10_beta", "log10_K.Nd")

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.floats(), max_size=3),
    st.dictionaries(st.text(max_size=4), st.floats(), max_size=2),
)


def places(table, path=()):
    """Return the path of every value in a table."""
    found = []
    for key, value in table.items():
        found.append((*path, key))
        if isinstance(value, dict):
            found += places(value, (*path, key))
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SETS), st.lists(st.tuples(st.integers(0, 10**6), values), max_size=2))
def test_a_mutated_set_is_a_set_or_refused(known, changes):
    tables = copy.deepcopy(known)
    for which, value in changes:
        there = places(tables)
        *parents, key = there[which % len(there)]
        table = tables
        for parent in parents:
            table = table[parent]
        if value is None:
            del table[key]
        else:
            table[key] = value
        if not tables:
            return
    try:
        found = set_of_tables(tables, "own.toml")
    except CaseError:
        return
    assert found == set_of_tables(tomllib.loads(tomli_w.dumps(tables)), "own.toml")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.integers(0, len(ROWS)), st.integers(0, 14), st.sampled_from(CELLS)),
        max_size=3,
    ),
    st.sampled_from((",", ";", "\t")),
    st.lists(st.sampled_from(FREE), min_size=1, max_size=3, unique=True),
    st.sampled_from(("hehehp-chloride", "p507-10vol-logd", "cyanex272-chloride")),
)
@pytest.mark.filterwarnings("error")
def test_a_mutated_table_is_fitted_or_refused(changes, separator, free, key):
    lines = [line.split(",") for line in (HEADER, *ROWS)]
    for row, column, cell in changes:
        lines[row][column] = cell
    text = "\n".join(separator.join(line) for line in lines)
    try:
        found = fit(parse_isotherms(text, "own.csv"), extractant_set(key), free=free)
        written = fitted_set_text(found, "own", "own.csv")
    except CaseError:
        return
    again = set_of_tables(tomllib.loads(written), "own.toml")
    for symbol in found.extractant.species:
        assert symbol in again.species
