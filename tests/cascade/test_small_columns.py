"""Small columns against an independent solve, and against their stages one by one."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import root

import sx_sim
from support.columns import heavy_case
from sx_sim.cascade.column import Column, Feed, Section
from sx_sim.cascade.results import solve_column

SIZES = [(1, 1), (2, 1), (2, 2), (3, 2), (3, 3)]


def proton_residuals(column: Column, unknowns: np.ndarray) -> np.ndarray:
    """Balances of every metal, of protons and of extractant, at every stage.

    Unknowns are ln of aqueous metals, of [H+] and of free dimer. Charge does not appear:
    protons are balanced instead, [H+] in water and HA in the solvent.
    """
    system, n = column.system, column.stages
    s = len(system.species)
    table = unknowns.reshape(n, s + 2)
    x, h, e = np.exp(table[:, :s]), np.exp(table[:, s]), np.exp(table[:, s + 1])
    constants = system.constants
    log_d = np.array(
        [
            [
                c.log10_K + c.order_dimer * np.log10(e[j]) - c.order_acid * np.log10(h[j])
                for c in constants
            ]
            for j in range(n)
        ]
    )
    y = x * 10**log_d
    water = 1e-14 / h
    formal = 2 * column.feeds[0].stream.carrier
    protons_water = h - water
    protons_solvent = formal - y @ system.charge
    down = [
        sum(f.stream.flow for f in column.feeds if f.stream.phase == "aqueous" and f.stage >= j)
        for j in range(1, n + 2)
    ]
    up = column.feeds[0].stream.flow
    residuals = np.empty((n, s + 2))
    for j in range(n):
        fed_x = sum((f.stream.moles for f in column.feeds if f.stage == j + 1), np.zeros(s))
        fed_h = 0.0
        for f in column.feeds:
            if f.stage == j + 1:
                one = f.stream
                if one.phase == "aqueous":
                    fed_h += one.flow * (one.acid - 1e-14 / one.acid)
                else:
                    fed_h += one.flow * (2 * one.carrier - one.concentration @ system.charge)
        into = fed_x + (down[j + 1] * x[j + 1] if j + 1 < n else 0) + (up * y[j - 1] if j else 0)
        out = down[j] * x[j] + up * y[j]
        residuals[j, :s] = np.log(into / out)
        into_h = fed_h + (down[j + 1] * protons_water[j + 1] if j + 1 < n else 0)
        into_h += up * protons_solvent[j - 1] if j else 0
        out_h = down[j] * protons_water[j] + up * protons_solvent[j]
        residuals[j, s] = (into_h - out_h) / up
        residuals[j, s + 1] = (e[j] + y[j] @ system.dimers) / (formal / 2) - 1
    return residuals.ravel()


@pytest.mark.parametrize(("extraction", "scrub"), SIZES)
def test_agrees_with_a_dense_solve_in_other_unknowns(extraction, scrub):
    case = heavy_case(extraction=extraction, scrub=scrub)
    result = sx_sim.solve(case)
    stages = result.stages
    found = np.column_stack([stages.aqueous, stages.acid, stages.free_dimer])
    rng = np.random.default_rng(extraction)
    start = np.log(np.maximum(found, 1e-30)) + rng.normal(0, 0.05, found.shape)
    dense = root(
        lambda u: proton_residuals(case.column, u), start.ravel(), method="hybr", tol=1e-14
    )
    assert np.abs(proton_residuals(case.column, dense.x)).max() < 1e-11
    expected = np.exp(dense.x.reshape(found.shape))
    large = expected > 1e-8
    np.testing.assert_allclose(found[large], expected[large], rtol=1e-9)
    np.testing.assert_allclose(found, expected, rtol=1e-6)  # traces too
    assert (~large).any() or extraction + scrub < 5


@pytest.mark.parametrize(("extraction", "scrub"), [(2, 1), (3, 2)])
def test_agrees_with_its_stages_solved_one_by_one(extraction, scrub):
    """Single stages in a loop, passing streams to each other until nothing changes."""
    column = heavy_case(extraction=extraction, scrub=scrub).column
    whole = solve_column(column)
    n = column.stages
    one = (Section("stage", 1, 1),)
    passing: dict[tuple[int, str], sx_sim.Stream] = {}
    for _ in range(4000):
        change = 0.0
        for j in range(1, n + 1):
            into = [f.stream for f in column.feeds if f.stage == j]
            into += [passing[j, p] for p in ("up", "down") if (j, p) in passing]
            if {s.phase for s in into} != {"aqueous", "organic"}:
                into += [s.stream for s in column.feeds if s.stream.phase == "aqueous"][:1]
            feeds = tuple(Feed(1, s) for s in into)
            stage = replace(
                column,
                sections=one,
                feeds=feeds,
                draws=(),
                temperature=column.temperature[:1],
            )
            done = solve_column(stage)
            for name, key in (("raffinate", (j - 1, "down")), ("loaded solvent", (j + 1, "up"))):
                stream = done.stream(name)
                last = passing.get(key)
                if last is not None:
                    moved = np.abs(stream.moles - last.moles) / column.fed.sum(axis=0)
                    change = max(change, float(moved.max()))
                else:
                    change = 1.0
                passing[key] = stream
        if change < 1e-13:
            break
    assert change < 1e-13
    for name, key in (("raffinate", (0, "down")), ("loaded solvent", (n + 1, "up"))):
        np.testing.assert_allclose(
            passing[key].moles, whole.stream(name).moles, rtol=1e-9, atol=1e-12
        )
