"""Files that are written: refused beforehand, whole or not at all, nothing else harmed."""

import errno
import os
import stat

import pytest
from typer.testing import CliRunner

import sx_sim
from benchmarks.damaged_files import CASE
from support.columns import heavy_case
from sx_sim.cli import app
from sx_sim.output_files import check_folder, check_output, write_output
from sx_sim.store import check_target


@pytest.fixture(scope="module")
def solved():
    case = heavy_case()
    return sx_sim.solve(case), case


def test_names_that_no_file_can_have_are_refused(tmp_path):
    (tmp_path / "folder.h5").mkdir()
    (tmp_path / "file").write_text("a file")
    os.mkfifo(tmp_path / "pipe.h5")
    for path, message in {
        "": "names no file",
        tmp_path / "folder.h5": "is a folder",
        tmp_path / "pipe.h5": "a device or a pipe",
        "/dev/null": "must end in .h5 or .hdf5",
        tmp_path / "file" / "a.h5": "cannot be written",
        tmp_path / f"{'n' * 300}.h5": "cannot be written",
        tmp_path / "a\0.h5": "cannot be written",
        tmp_path / "a.csv": "must end in .h5",
        tmp_path / "a.xlsx": "must end in .h5",
    }.items():
        with pytest.raises(sx_sim.CaseError, match=message):
            check_output(path, ".h5", ".hdf5")
    with pytest.raises(sx_sim.CaseError, match="a device or a pipe"):
        check_output("/dev/full")
    with pytest.raises(sx_sim.CaseError, match="is a file, not a folder"):
        check_folder(tmp_path / "file")
    check_folder(tmp_path / "new" / "folder")
    check_output(tmp_path / "new" / "a.h5", ".h5")
    assert not (tmp_path / "new").exists()


def test_nothing_but_a_file_of_the_same_kind_is_replaced(solved, tmp_path):
    result, case = solved
    path = tmp_path / "a.h5"
    path.write_text("the notes of a year")
    with pytest.raises(sx_sim.CaseError, match="is there, and is not a file that sx_sim wrote"):
        sx_sim.save_result(result, path, case)
    assert path.read_text() == "the notes of a year"
    path.write_bytes(b"")
    sx_sim.save_result(result, path, case)
    sx_sim.save_result(result, path, case)
    with pytest.raises(sx_sim.CaseError, match="is sx_sim result; remove it or give another name"):
        check_target(path, "sx_sim sweep")
    assert sx_sim.load_result(path).converged


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_disk_leaves_what_was_there(solved, tmp_path, monkeypatch, code):
    result, case = solved
    path = tmp_path / "a.h5"
    sx_sim.save_result(result, path, case)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(sx_sim.CaseError, match=os.strerror(code)):
        sx_sim.save_result(result, path, case)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]


def test_a_link_is_replaced_and_what_it_led_to_is_kept(tmp_path):
    victim, link = tmp_path / "victim", tmp_path / "out"
    victim.write_text("precious")
    link.symlink_to(victim)
    write_output(link, b"new")
    assert victim.read_text() == "precious"
    assert link.read_bytes() == b"new"
    assert not link.is_symlink()


def test_part_files_cannot_be_foreseen(tmp_path, monkeypatch):
    seen = []
    replace = os.replace

    def watching(part, path):
        seen.append(os.path.basename(part))
        replace(part, path)

    monkeypatch.setattr(os, "replace", watching)
    monkeypatch.setattr("pathlib.Path.replace", lambda part, path: watching(part, path))
    for _ in range(3):
        write_output(tmp_path / "out", b"new")
    assert len(set(seen)) == 3
    assert str(os.getpid()) not in {name.split(".")[1] for name in seen}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o666 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize(
    "words",
    [
        "run case.toml --out a.csv",
        "run case.toml --out notes.h5",
        "run case.toml --plots case.toml",
        "sweep case.toml --out a.xlsx",
        "sweep case.toml --out /dev/null",
        "sensitivity case.toml --out-table a.h5",
        "uncertainty case.toml --out case.toml/a.h5",
        "fit case.csv --out case.toml",
        "fit case.csv --out-table /dev/full",
    ],
)
def test_outputs_are_refused_before_anything_is_solved(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.toml").write_text(CASE)
    (tmp_path / "case.csv").write_text("not read")
    (tmp_path / "notes.h5").write_text("precious")
    monkeypatch.setattr("sx_sim.kernels.solve.compiled", lambda: pytest.fail("solves"))
    before = sorted(tmp_path.iterdir())
    result = invoke(*words.split())
    assert result.exit_code == 2, result.output
    assert len(result.output.strip().splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "notes.h5").read_text() == "precious"


def test_plot_takes_a_name_that_is_not_used_and_says_what_it_replaces(solved, tmp_path):
    result, case = solved
    sx_sim.save_result(result, tmp_path / "a.h5", case)
    (tmp_path / "a.png").write_text("a picture of mine")
    for name in ("a-2.png", "a-3.png"):
        told = invoke("plot", tmp_path / "a.h5", "--z", "pH").output.replace("\n", "")
        assert told == f"wrote {tmp_path / name}"
    assert (tmp_path / "a.png").read_text() == "a picture of mine"
    told = invoke("plot", tmp_path / "a.h5", "--z", "pH", "--out", tmp_path / "a-2.png").output
    assert "in place of the one there" in told
