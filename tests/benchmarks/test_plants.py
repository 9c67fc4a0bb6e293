"""Random plants: solved or explained, right by equations written anew, and that check itself."""

from dataclasses import replace

import numpy as np
import pytest

import sx_sim
from benchmarks.plant_check import errors
from benchmarks.plants import RIGHT, random_plant, run
from sx_sim.flowsheet.circuit import solve_circuit


@pytest.mark.parametrize("seed", range(20))
def test_random_plants_are_right_or_say_why_they_are_not_solved(seed):
    outcome = run(seed)
    assert outcome.explained, outcome


def solved(features, seeds=range(400)):
    """Return text and answer of the first random plant that has some features and is solved."""
    for seed in seeds:
        text = random_plant(seed)
        if all(feature in text for feature in features):
            found = solve_circuit(sx_sim.parse_case(text).circuit, throw=False)
            if found.converged and found.circuit.column.stages < 60:
                return text, found
    raise AssertionError(features)


@pytest.mark.parametrize(
    ("change", "worst"),
    [
        ("aqueous", {"balance"}),
        ("organic", {"balance", "Murphree", "in all"}),
        ("acid", {"charge"}),
        ("free_dimer", {"extractant"}),
        ("anion", {"anions", "charge"}),
        ("dimer", {"dimer", "extractant"}),
    ],
)
def test_the_check_finds_what_is_wrong(change, worst):
    text, found = solved(["entrained_aqueous", "efficiency", "recycle"])
    assert max(errors(text, found).values()) <= RIGHT
    stages = found.stages
    wrong = replace(stages, **{change: getattr(stages, change) * (1.0 + 1e-6)})
    off = errors(text, replace(found, cascade=replace(found.cascade, stages=wrong)))
    assert worst & {name for name, error in off.items() if error > RIGHT}


@pytest.mark.parametrize("kind", ["recycle", "exchange", "reflux"])
def test_the_check_finds_that_what_comes_back_is_not_what_leaves(kind):
    text, found = solved([kind])
    assert max(errors(text, found).values()) <= RIGHT
    assert not np.isnan(list(errors(text, found).values())).any()
    gross = found.column
    name = "scrub" if kind == "reflux" else "solvent"
    feeds = tuple(
        replace(f, stream=replace(f.stream, concentration=1.001 * f.stream.concentration))
        if f.stream.name == name
        else f
        for f in gross.feeds
    )
    off = errors(
        text, replace(found, cascade=replace(found.cascade, column=replace(gross, feeds=feeds)))
    )
    where = "reflux to scrub" if kind == "reflux" else "solvent comes back"
    assert off[where] > RIGHT


def test_the_check_finds_a_flow_below_zero():
    text, found = solved(["entrained_aqueous", "[sections.strip]"])
    drained = text.replace("[sections.scrub]", "[sections.scrub]\nentrained_aqueous = 0.9", 1)
    lines = drained.splitlines()
    first = lines.index("entrained_aqueous = 0.9")
    kept = [q for i, q in enumerate(lines) if i <= first or not q.startswith("entrained_aq")]
    assert errors("\n".join(kept), found)["negative"] > 0.0
