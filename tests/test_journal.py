"""Sweeps that are stopped and taken up again, and what runs their blocks."""

import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import sx_sim
from support.columns import HEAVY
from sx_sim.executors import cluster, processes
from sx_sim.journal import SweepJournal

SWEEP = """
[[sweep.axes]]
path = "solvent.saponification"
values = [0.1, 0.15, 0.2]

[[sweep.axes]]
path = "feeds.clay.pH"
from = 0.5
to = 1.5
points = 40
"""


def text(**changes):
    values = {"solvent": 400, "strength": 0.3, "acid": 0.05, "extraction": 8, "scrub": 6}
    return HEAVY.format(**(values | changes)) + SWEEP


@pytest.fixture(scope="module")
def case():
    return sx_sim.parse_case(text())


@pytest.fixture(scope="module")
def whole(case, tmp_path_factory):
    """The bytes of an uninterrupted sweep's file, and the sweep."""
    path = tmp_path_factory.mktemp("whole") / "sweep.h5"
    sweep = sx_sim.run_sweep(case)
    sx_sim.save_sweep(sweep, path, case)
    return path.read_bytes(), sweep


def assert_same(one, other):
    assert list(one.tables) == list(other.tables)
    for name, table in one.tables.items():
        np.testing.assert_array_equal(table, other.tables[name])


class Stop(BaseException):
    """As an interrupt would come."""


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_stopped_sweep_goes_on_to_the_same_bytes(case, whole, tmp_path, after, monkeypatch):
    path = tmp_path / "sweep.h5"
    journal = SweepJournal(path, case)
    journal.begin()
    keep = SweepJournal.keep

    def stopping(self, number, tables):
        if len(self.kept) == after:
            raise Stop
        keep(self, number, tables)

    with monkeypatch.context() as patch:
        patch.setattr(SweepJournal, "keep", stopping)
        with pytest.raises(Stop):
            sx_sim.run_sweep(case, journal=journal)
    assert len(journal.kept) == after
    journal.close()
    again = SweepJournal(path, case)
    again.resume()
    calls = []
    sweep = sx_sim.run_sweep(case, journal=again, progress=lambda *call: calls.append(call))
    assert calls[-1] == (120, 120)
    sx_sim.save_sweep(sweep, path, case)
    assert path.read_bytes() == whole[0]


def test_an_unfinished_sweep_is_not_overwritten_by_mistake(case, tmp_path):
    journal = SweepJournal(tmp_path / "sweep.h5", case)
    journal.begin()
    sx_sim.run_sweep(case, journal=journal)
    with pytest.raises(sx_sim.CaseError, match="6 blocks of it solved; go on with --resume"):
        journal.begin()
    journal.discard()
    journal.begin()
    assert journal.kept == []


def test_another_case_does_not_go_on_where_this_one_stopped(case, tmp_path):
    journal = SweepJournal(tmp_path / "sweep.h5", case)
    journal.begin()
    sx_sim.run_sweep(case, journal=journal)
    journal.close()
    other = SweepJournal(tmp_path / "sweep.h5", sx_sim.parse_case(text(acid=0.06)))
    with pytest.raises(sx_sim.CaseError, match="another case file"):
        other.resume()
    other.close()
    older = SweepJournal(tmp_path / "sweep.h5", case)
    older.identity["version of sx_sim or of its data"] = "sx_sim 0.0.0"
    with pytest.raises(sx_sim.CaseError, match="another version of sx_sim"):
        older.resume()


def test_a_full_disk_keeps_what_is_kept(case, tmp_path, monkeypatch):
    journal = SweepJournal(tmp_path / "sweep.h5", case)
    journal.begin()
    save = np.savez
    room = iter([True, True, False])

    def filling(*args, **kwargs):
        if not next(room):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(*args, **kwargs)

    monkeypatch.setattr(np, "savez", filling)
    with pytest.raises(sx_sim.CaseError, match=r"No space left.*2 blocks are, go on with --resume"):
        sx_sim.run_sweep(case, journal=journal)
    assert len(journal.blocks) == 2


def test_a_killed_process_loses_nothing(whole, tmp_path):
    file, path = tmp_path / "case.toml", tmp_path / "sweep.h5"
    file.write_text(text())
    command = [sys.executable, "-m", "sx_sim.cli", "sweep", str(file), "--out", str(path)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = SweepJournal(path, sx_sim.load_case(file)).folder
    deadline = time.monotonic() + 120
    while not list(folder.glob("block-*")) and not path.exists() and time.monotonic() < deadline:
        time.sleep(0.002)
    running.send_signal(signal.SIGKILL)
    running.wait()
    if not path.exists():
        refused = subprocess.run(command, capture_output=True, text=True)
        assert refused.returncode == 2
        assert "go on with --resume" in refused.stderr
    subprocess.run([*command, "--resume"], check=True, capture_output=True)
    assert path.read_bytes() == whole[0]
    assert not folder.exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_give_the_same_bits(case, whole, workers):
    with processes(workers) as executor:
        assert_same(sx_sim.run_sweep(case, executor=executor), whole[1])


def test_threads_give_the_same_bits(case, whole):
    with ThreadPoolExecutor(3) as executor:
        assert_same(sx_sim.run_sweep(case, executor=executor), whole[1])


def test_a_dead_worker_process_is_told():
    def kill_the_other():
        with processes(2) as executor:
            executor.submit(time.sleep, 3.0)  # here, so that the other process gets the next
            time.sleep(0.5)
            executor.submit(os._exit, 1).result()

    with pytest.raises(sx_sim.CaseError, match="a worker process died"):
        kill_the_other()


def test_a_cluster_goes_on_when_a_worker_is_killed(case, whole):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as local:
        doomed = next(iter(local.workers.values())).pid

        def kill(number, _):
            if number == kill.first:
                os.kill(doomed, signal.SIGKILL)

        kill.first = 0

        class Killing:
            blocks: dict = {}  # noqa: RUF012
            keep = staticmethod(kill)

        with cluster(local.scheduler_address) as executor:
            sweep = sx_sim.run_sweep(case, executor=executor, journal=Killing())
    assert_same(sweep, whole[1])


def test_a_cluster_of_its_own_gives_the_same_bits(case, whole):
    pytest.importorskip("distributed")
    with cluster("local") as executor:
        assert_same(sx_sim.run_sweep(case, executor=executor), whole[1])


def test_a_cluster_that_does_not_answer():
    pytest.importorskip("distributed")
    with (
        pytest.raises(sx_sim.CaseError, match="no scheduler answers"),
        cluster("tcp://127.0.0.1:9"),
    ):
        pass


def test_the_folder_lies_beside_the_file(case):
    journal = SweepJournal(Path("some/where.h5"), case)
    assert journal.folder == Path("some/.where.h5.blocks")
