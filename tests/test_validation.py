"""The validation report says what the code gives, and what it gives is good enough."""

import numpy as np
import pytest

from support.paths import ROOT
from sx_sim.validation import document, isotherms, verification


@pytest.fixture(scope="module")
def text():
    return document()


def test_the_report_is_what_the_code_gives(text):
    assert (ROOT / "docs" / "validation.md").read_text() == text, (
        "run python -m sx_sim.validation and read what changed"
    )


def test_its_pictures_are_there(text):
    names = [part.split(")")[0] for part in text.split("](")[1:] if part.startswith("images/")]
    assert len(names) == 2
    assert all((ROOT / "docs" / name).stat().st_size > 10_000 for name in names)


def test_isotherms_are_followed():
    data = isotherms.with_levels(isotherms.measurements())
    error = isotherms.predicted(data, "hehehp-chloride") - data.log10_d
    assert len(error) == 191
    assert np.sqrt(np.mean(error**2)) <= 0.15


def test_neighbours_in_mixtures_are_met():
    data = isotherms.measurements()
    found = isotherms.factors(data, isotherms.predicted(data, "hehehp-chloride"))
    errors = np.concatenate([f.errors for f in found if f.neighbours])
    assert len(errors) == 28
    assert np.median(errors) <= 0.10


def test_other_codes_agree():
    found = verification.nd_sm_cascades()
    assert found.rows == 20
    assert max(found.purity, found.recovery, found.pH) < 1e-6
    for *_, purity_b, purity_a in verification.cascade_theory():
        assert max(abs(purity_b), abs(purity_a)) < 1e-5
