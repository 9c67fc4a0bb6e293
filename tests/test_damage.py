"""Result files that are damaged, changed, or of others: refused with a line, never read wrongly."""

import h5py
import numpy as np
import pytest

import sx_sim
from benchmarks.damaged_files import EDITS, RAW, damage, originals
from sx_sim.store import load_any
from sx_sim.store.layout import SEAL, SEAL_SIZE

TRIES = 6


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Bytes of the files, and what they hold, by name."""
    folder = tmp_path_factory.mktemp("whole")
    return {p.name: (p.read_bytes(), numbers_of(load_any(p)[1])) for p in originals(folder)}


def numbers_of(found):
    if isinstance(found, sx_sim.Result):
        return {"aqueous": found.stages.aqueous, "organic": found.stages.organic}
    return dict(found.tables) | {a.path: a.values for a in found.axes}


def assert_refused_or_same(path, numbers):
    try:
        found = numbers_of(load_any(path)[1])
    except sx_sim.CaseError as error:
        refusal = str(error)
    else:
        refusal = ""
    if refusal:
        assert refusal.startswith(f"{path}: ")
        assert len(refusal.splitlines()) == 1
        return False
    assert list(found) == list(numbers)
    for name, values in numbers.items():
        np.testing.assert_array_equal(found[name], values)
    return True


@pytest.mark.parametrize("how", RAW, ids=lambda how: how.__name__)
@pytest.mark.parametrize("name", ["run.h5", "sweep.h5"])
def test_damaged_bytes_are_refused(whole, tmp_path, how, name):
    for k in range(TRIES):
        content = bytearray(whole[name][0])
        how(content, np.random.default_rng(k))
        (tmp_path / name).write_bytes(content)
        read = assert_refused_or_same(tmp_path / name, whole[name][1])
        assert not read or content == whole[name][0] or not content.startswith(SEAL)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
@pytest.mark.parametrize("name", ["run.h5", "sweep.h5"])
@pytest.mark.parametrize("sealed", [True, False])
def test_rearranged_files_are_refused_or_read_right(whole, tmp_path, edit, name, sealed):
    path = tmp_path / name
    for k in range(TRIES):
        path.write_bytes(whole[name][0])
        with h5py.File(path, "r+") as file:
            edit(file, np.random.default_rng(k))
        if not sealed:
            unseal(path)
        read = assert_refused_or_same(path, whole[name][1])
        assert not (sealed and read)


def unseal(path):
    with path.open("r+b") as file:
        file.write(bytes(SEAL_SIZE))


def test_a_file_without_its_seal_is_read_where_all_is_there(whole, tmp_path):
    for name, (content, numbers) in whole.items():
        (tmp_path / name).write_bytes(content)
        unseal(tmp_path / name)
        assert assert_refused_or_same(tmp_path / name, numbers)


@pytest.mark.parametrize(
    ("name", "table", "value", "message"),
    [
        ("run.h5", "aqueous", np.nan, "aqueous: holds what is no finite number"),
        ("run.h5", "organic", -1.0, "aqueous, organic: must not be negative"),
        ("run.h5", "feed_flow", -1.0, "feed_flow, feed_concentration: must not be negative"),
        ("sweep.h5", "status", 77, "77 is not a valid Status"),
        ("sweep.h5", "temperature", np.inf, "temperature: holds what is no finite number"),
    ],
)
def test_numbers_that_cannot_be_are_refused(whole, tmp_path, name, table, value, message):
    path = tmp_path / name
    path.write_bytes(whole[name][0])
    with h5py.File(path, "r+") as file:
        file[table][0] = value
    unseal(path)
    with pytest.raises(sx_sim.CaseError, match=message):
        load_any(path)


def test_tables_that_lie_elsewhere_are_refused(whole, tmp_path):
    path = tmp_path / "run.h5"
    path.write_bytes(whole["run.h5"][0])
    (tmp_path / "other.h5").write_bytes(whole["run.h5"][0])
    with h5py.File(path, "r+") as file:
        del file["aqueous"]
        file["aqueous"] = h5py.ExternalLink("other.h5", "aqueous")
    unseal(path)
    with pytest.raises(sx_sim.CaseError, match="aqueous: is missing"):
        load_any(path)


def test_a_changed_number_breaks_the_seal(whole, tmp_path):
    path = tmp_path / "sweep.h5"
    path.write_bytes(whole["sweep.h5"][0])
    with h5py.File(path, "r+") as file:
        file["reo"][...] *= 1.01
    with pytest.raises(sx_sim.CaseError, match="is damaged, or was changed after sx_sim wrote it"):
        load_any(path)


def test_the_survey_counts_every_file(tmp_path):
    (tmp_path / "run.h5").write_bytes(b"x" * 2000)
    assert damage(tmp_path / "run.h5", np.random.default_rng(2)) in [how.__name__ for how in RAW]
