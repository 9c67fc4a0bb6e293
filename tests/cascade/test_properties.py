"""Changes that must not change the answer."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import sx_sim
from support.columns import heavy_case
from sx_sim.cascade.column import Column, Feed
from sx_sim.cascade.results import CascadeResult, solve_column
from sx_sim.chemistry.system import ChemicalSystem

cases = st.builds(
    heavy_case,
    solvent=st.floats(150, 700),
    strength=st.floats(0.01, 0.6),
    acid=st.floats(0.001, 1.0),
    extraction=st.integers(1, 30),
    scrub=st.integers(1, 30),
)


def assert_same(one: CascadeResult, two: CascadeResult) -> None:
    np.testing.assert_allclose(one.stages.acid, two.stages.acid, rtol=1e-9)
    for table in ("aqueous", "organic"):
        a, b = getattr(one.stages, table), getattr(two.stages, table)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * a.max(axis=0).min())


@given(cases)
def test_the_order_of_feeds_does_not_matter(case):
    column = case.column
    turned = replace(column, feeds=column.feeds[::-1])
    assert_same(solve_column(column), solve_column(turned))


@given(cases, st.floats(1e-3, 1e3))
def test_only_ratios_of_flows_matter(case, factor):
    column = case.column
    scaled = tuple(
        Feed(f.stage, replace(f.stream, flow=factor * f.stream.flow)) for f in column.feeds
    )
    assert_same(solve_column(column), solve_column(replace(column, feeds=scaled)))


@given(cases, st.floats(0.01, 0.99), st.integers(0, 2))
def test_a_feed_may_come_in_two_parts(case, share, which):
    column = case.column
    whole = column.feeds[which]
    parts = tuple(
        Feed(whole.stage, replace(whole.stream, flow=part * whole.stream.flow))
        for part in (share, 1 - share)
    )
    feeds = column.feeds[:which] + column.feeds[which + 1 :] + parts
    assert_same(solve_column(column), solve_column(replace(column, feeds=feeds)))


def split_dysprosium(column: Column, share: float) -> Column:
    """Return the column with part of its Dy under another name, Tb with Dy's constants."""
    same = column.system.extractant.species["Dy"]
    constants = column.system.extractant.with_constants({"Tb": vars(same)})
    system = ChemicalSystem.of(constants, [*column.system.species, "Tb"])

    def renamed(stream: sx_sim.Stream) -> sx_sim.Stream:
        held = dict(zip(column.system.species, stream.concentration, strict=True))
        held["Tb"] = share * held["Dy"]
        held["Dy"] -= held["Tb"]
        return replace(stream, system=system, concentration=system.array(held))

    feeds = tuple(Feed(f.stage, renamed(f.stream)) for f in column.feeds)
    return replace(column, system=system, feeds=feeds)


@given(cases, st.floats(1e-6, 0.999))
def test_two_identical_species_behave_as_one(case, share):
    one = solve_column(case.column)
    two = solve_column(split_dysprosium(case.column, share))
    for table in ("aqueous", "organic"):
        single = getattr(one.stages, table)[:, one.system.index("Dy")]
        pair = getattr(two.stages, table)
        both = pair[:, two.system.index("Dy")] + pair[:, two.system.index("Tb")]
        np.testing.assert_allclose(both, single, rtol=1e-9, atol=1e-9 * single.max())


@given(cases)
def test_solving_twice_gives_the_same_bits(case):
    one, two = solve_column(case.column), solve_column(case.column)
    assert one.stages.aqueous.tobytes() == two.stages.aqueous.tobytes()
    assert one.stages.acid.tobytes() == two.stages.acid.tobytes()


@given(cases)
def test_every_result_closes(case):
    checks = solve_column(case.column).checks
    assert checks.passed
    assert checks.balance.max() <= 1e-10
    assert checks.closure <= 1e-9
    assert not checks.negative
