"""Fits of constants to isotherms: exact derivatives, known constants found again, honest errors."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

import sx_sim
from support.isotherms import Noise, design, measured, truth
from sx_sim.chemistry.extractants import extractant_set
from sx_sim.fitting import errors as parts_of_errors
from sx_sim.fitting import fit
from sx_sim.fitting.model import Model, free_constants

FREE = ("log10_K", "order_dimer", "order_acid")


@pytest.fixture(scope="module")
def contacts():
    return design(np.random.default_rng(1))


def test_equilibrium_is_that_of_the_column(contacts):
    model = Model(truth(), contacts, ("log10_K.Nd",))
    found = model.predict(model.initial)
    for b in range(0, len(contacts.contacts), 7):
        metals = {s: t for s, t in zip(contacts.elements, contacts.total[b], strict=True) if t > 0}
        flask = sx_sim.contact(
            truth(), metals, acid=contacts.acid[b], concentration=contacts.extractant[b]
        )
        for s in metals:
            d = 10 ** (found.found.ln_d[b, contacts.elements.index(s)] / np.log(10))
            assert d == pytest.approx(flask.distribution[flask.elements.index(s)], rel=1e-8)


def test_saponified_contacts_too(contacts):
    soaped = replace(contacts, soap=0.2 * contacts.extractant, oa=np.full_like(contacts.oa, 0.5))
    model = Model(extractant_set("hehehp-chloride"), soaped, ("log10_K.Nd",))
    found = model.predict(model.initial).found
    assert found.closed.all()
    b = 1
    metals = {s: t for s, t in zip(soaped.elements, soaped.total[b], strict=True) if t > 0}
    flask = sx_sim.contact(
        "hehehp-chloride",
        metals,
        acid=soaped.acid[b],
        concentration=soaped.extractant[b],
        oa=0.5,
        saponification=0.2,
    )
    assert np.exp(found.unknowns[b, 0]) == pytest.approx(float(flask.acid), rel=1e-8)


def test_derivatives_are_exact(contacts):
    warm = replace(contacts, temperature=np.linspace(290.0, 320.0, len(contacts.contacts)))
    free = free_constants(truth(), warm, [*FREE, "enthalpy", "log10_beta"])
    model = Model(truth(), warm, free)
    exact = model.predict(model.initial).jacobian
    for k in range(len(free)):
        step = np.zeros(len(free))
        step[k] = 1e-5
        up, down = model.predict(model.initial + step), model.predict(model.initial - step)
        np.testing.assert_allclose(exact[:, k], (up.log10_d - down.log10_d) / 2e-5, atol=1e-7)


def test_exact_data_give_the_constants_back(contacts):
    rng = np.random.default_rng(0)
    data = measured(contacts, truth(), Noise(0.0, 0.0, 0.0, 1e-6), rng)
    away = truth().with_constants(
        {s: {"log10_K": truth().species[s].log10_K + 0.7} for s in data.elements}
    )
    found = fit(data, away, free=[*FREE, "log10_beta"])
    wanted = [truth().species[s].log10_K for s in data.elements]
    np.testing.assert_allclose(found.values[:4], wanted, atol=1e-3)
    np.testing.assert_allclose(found.values[4:], [2.4, 2.8, truth().log10_beta[0]], atol=1e-3)


def test_parts_of_the_errors_are_found_again():
    """Over 20 sets of 8 laboratories; the mean of an estimate is known to sd / sqrt(20)."""
    found = []
    for seed in range(20):
        rng = np.random.default_rng(100 + seed)
        data = measured(design(rng, 8, 12), truth(), Noise(), rng)
        found.append(list(fit(data, truth()).errors.by_name.values()))
    mean = np.mean(found, axis=0)
    np.testing.assert_allclose(mean, [0.3, 0.1, 0.05, 0.08], rtol=0.25)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """40 sets with laboratories' offsets; the intervals of one set are not independent, so
    the bound is that of the set's worst case: 40 draws of 95 %, 1 in 1000 to fall below."""
    known = truth()
    real = {f"log10_K.{s}": known.species[s].log10_K for s in ("La", "Pr", "Nd", "Sm")}
    real |= {"order_dimer": 2.4, "order_acid": 2.8}
    hits = []
    for seed in range(40):
        rng = np.random.default_rng(1000 + seed)
        data = measured(design(rng), known, Noise(), rng)
        found = fit(data, known, free=FREE)
        pairs = zip(found.names, found.intervals, strict=True)
        hits.append([low <= real[name] <= high for name, (low, high) in pairs])
    least = binom.ppf(1e-3, 40, 0.95) / 40
    coverage = np.mean(hits, axis=0)
    assert (coverage >= least).all(), dict(zip(found.names, coverage, strict=True))
    assert 0.90 <= np.mean(hits) <= 0.99


def test_laboratories_widen_levels_not_ratios():
    rng = np.random.default_rng(5)
    data = measured(design(rng), truth(), Noise(0.5, 0.02), rng)
    found = fit(data, truth())
    k = found.names.index("log10_K.Nd")
    low, high = found.intervals[k]
    _, factor_low, factor_high = found.separation_factor("Nd", "Pr")
    assert np.log10(factor_high / factor_low) < 0.3 * (high - low)


def test_a_wild_point_hardly_counts():
    rng = np.random.default_rng(5)
    data = measured(design(rng), truth(), Noise(), rng)
    spoilt = data.log10_d.copy()
    spoilt[3] += 3.0
    clean, robust = fit(data, truth()), fit(data.with_log10_d(spoilt), truth())
    plain = fit(data.with_log10_d(spoilt), truth(), robust=False)
    assert robust.weights[3] < 0.2
    assert np.abs(robust.values - clean.values).max() < np.abs(plain.values - clean.values).max()


def test_what_the_data_cannot_tell_is_said(contacts):
    rng = np.random.default_rng(2)
    one = replace(contacts, extractant=np.ones_like(contacts.extractant))
    data = measured(one, truth(), Noise(), rng)
    found = fit(data, truth(), free=FREE)
    assert any(c.startswith("order_dimer: only extractant") for c in found.cautions)
    alone = data.where(data.laboratory == "lab 0")
    assert any("all points are of lab 0" in c for c in fit(alone, truth()).cautions)
    with pytest.raises(sx_sim.CaseError, match="enthalpy: no point answers to it"):
        fit(data, truth(), free=["log10_K", "enthalpy"])


def test_constants_that_move_together_are_named(contacts):
    rng = np.random.default_rng(4)
    narrow = replace(
        contacts,
        extractant=np.full_like(contacts.extractant, 5.0),
        total=contacts.total * 1e-3,
        acid=np.full_like(contacts.acid, 0.2),
    )
    data = measured(narrow, truth(), Noise(), rng)
    with pytest.raises(sx_sim.CaseError, match=r"order_acid = .* is not determined") as caught:
        fit(data, truth(), free=["log10_K", "order_acid"])
    assert any("order_acid" in c and "move together" in c for c in caught.value.problems)
    spread = replace(narrow, acid=0.2 * rng.uniform(0.9, 1.1, len(narrow.acid)))
    found = fit(
        measured(spread, truth(), Noise(0.0, 0.0, 0.01, 0.01), rng), truth(), free=FREE[::2]
    )
    assert any(c.startswith("order_acid: only acidities of") for c in found.cautions)


def test_fixed_constants_stay(contacts):
    rng = np.random.default_rng(6)
    data = measured(contacts, truth(), Noise(), rng)
    found = fit(data, truth(), fixed={"log10_K.La": -2.0, "order_dimer": 2.2})
    assert "log10_K.La" not in found.names
    assert found.extractant.species["La"].log10_K == -2.0
    assert found.extractant.species["Nd"].order_dimer == 2.2


@pytest.mark.parametrize(
    ("free", "message"),
    [(["log10_K.Xx"], "cannot be fitted"), ([], "no constant"), (["pKa"], "known are log10_K")],
)
def test_unknown_constants(contacts, free, message):
    with pytest.raises(sx_sim.CaseError, match=message):
        fit(contacts, truth(), free=free)


def test_parts_that_cannot_be_told_apart_are_left_out(contacts):
    lab = contacts.where(contacts.laboratory == "lab 1")  # single salts, one per contact
    assert list(parts_of_errors.groups(lab)) == []
    assert "contact" in parts_of_errors.groups(contacts)
