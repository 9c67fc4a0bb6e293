"""Where compiled kernels are kept when there is no usual place."""

import os
import stat
import tempfile
from pathlib import Path

import numba
import pytest
from numba.core import config

from sx_sim.kernels import cache, jit


@pytest.fixture
def no_place(tmp_path, monkeypatch):
    """An installation that cannot be written to, of a user without a home."""

    def refuse(**options):
        def decorate(function):
            raise RuntimeError(f"cannot cache function {function}: no locator available")

        return decorate

    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setattr(numba, "njit", refuse)
    monkeypatch.setattr(config, "CACHE_DIR", "")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "before")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_an_installation_that_can_be_written_to_needs_no_other_place():
    assert cache.temporary_place() == ""


def test_without_a_place_kernels_are_kept_in_a_folder_of_ones_own(no_place):
    folder = Path(cache.temporary_place())
    assert folder.parent == no_place
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert config.CACHE_DIR == os.environ["NUMBA_CACHE_DIR"] == str(folder)
    assert cache.temporary_place() == str(folder)


@pytest.mark.parametrize("planted", ["a folder others may write to", "a link"])
def test_a_folder_that_others_could_have_made_is_not_used(no_place, planted):
    other = no_place / f"sx_sim_numba_{os.getuid()}"
    if planted == "a link":
        other.symlink_to(no_place)
    else:
        other.mkdir()
        other.chmod(0o777)
    folder = Path(cache.temporary_place())
    assert folder != other
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_was_compiled_from_other_kernels_is_removed(tmp_path):
    sources, folder = tmp_path / "kernels", tmp_path / "compiled"
    sources.mkdir()
    (sources / "a.py").write_text("1")
    jit.forget_other_kernels(folder, sources)
    kept = folder / "chain.solve_chain-11.py311.nbi"
    kept.write_bytes(b"")
    jit.forget_other_kernels(folder, sources)
    assert kept.exists()
    (sources / "b.py").write_text("another, which a.py calls")
    jit.forget_other_kernels(folder, sources)
    assert not kept.exists()
