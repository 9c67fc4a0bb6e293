"""Errors are what they were after a way through a pickle."""

import copy
import pickle

import pytest

import sx_sim

ERRORS = [
    sx_sim.CaseError("flow = 0: must be above 0", "case.toml"),
    sx_sim.CaseError(["a", "b"]),
    sx_sim.OutsideRangeError(["pH of 9"], {"held": 1.0}),
    sx_sim.ConvergenceError("not solved", {"held": 1.0}),
]


@pytest.mark.parametrize("way", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_errors_pickle_and_copy_whole(error, way):
    again = way(error)
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.args == error.args
    assert vars(again) == vars(error)
