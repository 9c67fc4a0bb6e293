"""Sweeps that are stopped and taken up again, and what runs their blocks."""

import errno
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import sx_sim
from support.columns import HEAVY
from sx_sim.studies import executors
from sx_sim.studies.executors import cluster, processes
from sx_sim.studies.journal import SweepJournal

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


def test_two_sweeps_do_not_write_to_one_file(case, whole, tmp_path):
    path = tmp_path / "sweep.h5"
    other = sx_sim.parse_case(text(acid=0.06))
    with SweepJournal(path, case) as journal:
        journal.begin()
        for way in ("begin", "resume", "discard"):
            second = SweepJournal(path, other)
            with pytest.raises(sx_sim.CaseError, match="another sweep is writing there"):
                getattr(second, way)()
        assert_same(sx_sim.run_sweep(case, journal=journal), whole[1])
    with SweepJournal(path, case) as again:
        again.resume()
        assert len(again.blocks) == 6
        again.discard()
        with SweepJournal(path, other) as second:
            second.begin()
            assert second.kept == []
        assert not second.folder.exists()


def keep_all(path, case, **options):
    """Keep all blocks of a sweep beside a path, as if it had been stopped before its file."""
    with SweepJournal(path, case) as journal:
        journal.begin()
        sx_sim.run_sweep(case, journal=journal, **options)
    return journal.folder


def go_on(path, case, **options):
    with SweepJournal(path, case) as journal:
        journal.resume()
        solved = []
        keep = journal.keep
        journal.keep = lambda number, tables: (solved.append(number), keep(number, tables))
        return sx_sim.run_sweep(case, journal=journal, **options), sorted(solved)


def test_blocks_of_another_sweep_are_not_taken_whatever_brought_them(case, whole, tmp_path):
    own = keep_all(tmp_path / "own.h5", case)
    other = keep_all(tmp_path / "other.h5", sx_sim.parse_case(text(acid=0.06)))
    for number in (1, 4):
        name = f"block-{number:07d}.npz"
        (own / name).write_bytes((other / name).read_bytes())
    sweep, solved = go_on(tmp_path / "own.h5", case)
    assert solved == [1, 4]
    assert_same(sweep, whole[1])


def test_blocks_of_other_points_or_outputs_are_not_taken(case, tmp_path):
    path = tmp_path / "sweep.h5"
    keep_all(path, case)
    sweep, solved = go_on(path, case, outputs=["loading"])
    assert solved == [0, 1, 2, 3, 4, 5]
    assert "recovery" not in sweep.tables
    assert go_on(path, case, outputs=["loading"])[1] == []


def with_tables(change):
    def damage(file):
        with np.load(file) as tables:
            changed = dict(tables)
        change(changed)
        np.savez(file, **changed)

    return damage


def compressed(file):
    with np.load(file) as tables:
        np.savez_compressed(file, **tables)


DAMAGES = {
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:1000]),
    "empty": lambda file: file.write_bytes(b""),
    "noise": lambda file: file.write_bytes(b"PK\x03\x04" + os.urandom(500)),
    "a bit flipped": lambda file: file.write_bytes(
        (raw := file.read_bytes())[:700] + bytes([raw[700] ^ 4]) + raw[701:]
    ),
    "compressed": compressed,
    "pickled": with_tables(lambda t: t.update(reo=np.array([{"a": 1}], dtype=object))),
    "a table missing": with_tables(lambda t: t.pop("reo")),
    "a table too many": with_tables(lambda t: t.update(more=np.zeros(3))),
    "another shape": with_tables(lambda t: t.update(reo=t["reo"][:-1])),
    "another type": with_tables(lambda t: t.update(reo=t["reo"].astype("S8"))),
    "no such status": with_tables(lambda t: t.update(status=t["status"] + 99)),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_block_is_solved_again(case, whole, tmp_path, how):
    path = tmp_path / "sweep.h5"
    folder = keep_all(path, case)
    DAMAGES[how](folder / "block-0000002.npz")
    (folder / "block-what.npz").write_text("of nobody")
    sweep, solved = go_on(path, case)
    assert solved == [2]
    assert_same(sweep, whole[1])


@pytest.mark.parametrize("content", ["", "[1, 2]", "nonsense", "[" * 100_000])
def test_blocks_are_taken_where_what_is_said_of_them_is_damaged(case, whole, tmp_path, content):
    path = tmp_path / "sweep.h5"
    (keep_all(path, case) / "sweep.json").write_text(content)
    sweep, solved = go_on(path, case)
    assert solved == []
    assert_same(sweep, whole[1])


def test_a_strict_sweep_is_strict_about_what_was_kept(tmp_path):
    path = tmp_path / "sweep.h5"
    hot = sx_sim.parse_case(text() + '[sweep]\noutputs = ["loading"]\n')
    keep_all(path, hot)
    try:
        sx_sim.run_sweep(hot, strict=True)
        pytest.fail("nothing leaves its range here")
    except sx_sim.OutsideRangeError as error:
        told = error.problems
    with pytest.raises(sx_sim.OutsideRangeError) as caught:
        go_on(path, hot, strict=True)
    assert caught.value.problems == told
    assert go_on(path, hot)[1] == []


def test_a_folder_that_is_a_link_is_not_followed(case, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".sweep.h5.blocks").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(sx_sim.CaseError, match="is a link"):
        SweepJournal(tmp_path / "sweep.h5", case).begin()


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


ORPHANS = """
import os, sys, time
from sx_sim.studies import executors
from sx_sim.studies.executors import processes

if __name__ == "__main__":
    with processes(2) as executor:
        executor.submit(time.sleep, 60)  # here, so that the other process gets the next
        time.sleep(0.5)
        print(executor.submit(os.getpid).result(), flush=True)
        executor.submit(time.sleep, 60).result()
"""


def ended(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_workers_end_with_the_process_that_started_them(tmp_path, kind):
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS)
    running = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    worker = int(running.stdout.readline())
    running.send_signal(kind)
    running.wait()
    deadline = time.monotonic() + 20
    while not ended(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ended(worker)


def test_what_went_wrong_in_a_process_is_said(case):
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        with pytest.raises(sx_sim.OutsideRangeError) as caught:
            sx_sim.run_sweep(case, executor=executor, strict=True)
        assert "outside the" in caught.value.problems[0]
        assert caught.value.result.converged


def test_a_sweep_that_is_told_to_end_keeps_its_blocks(whole, tmp_path):
    file, path = tmp_path / "case.toml", tmp_path / "sweep.h5"
    many = text().replace("points = 40", "points = 4000")
    file.write_text(many)
    command = [sys.executable, "-m", "sx_sim.cli", "sweep", str(file), "--out", str(path)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    folder = SweepJournal(path, sx_sim.load_case(file)).folder
    deadline = time.monotonic() + 120
    while not list(folder.glob("block-*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGTERM)
    told = running.communicate()[1]
    assert running.returncode == 128 + signal.SIGTERM
    kept = len(list(folder.glob("block-*")))
    assert f"stopped; {kept} blocks are kept, go on with --resume" in told


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


def test_an_address_that_never_answers(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(executors, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(sx_sim.CaseError, match="no scheduler answers"), cluster(address):
            pass


def test_workers_with_another_installation_are_refused(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(executors, "fingerprint", lambda: "sx_sim 0.0")

    class Client:
        def run(self, function, on_error):
            return {"tcp://a": "sx_sim 0.0", "tcp://b": "sx_sim 9.9"}

    with pytest.raises(sx_sim.CaseError, match=r"tcp://b has sx_sim 9.9, and here is sx_sim 0.0"):
        executors._check_workers(Client(), "tcp://s")


def test_a_scheduler_that_is_gone_is_said_in_a_line(case):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as local:

        class Closing:
            blocks: dict = {}  # noqa: RUF012
            keep = staticmethod(lambda number, tables: local.close())

        with (
            pytest.raises(sx_sim.CaseError, match=r"scheduler is gone.*go on with --resume"),
            cluster(local.scheduler_address) as executor,
        ):
            sx_sim.run_sweep(case, executor=executor, journal=Closing())


def test_the_folder_lies_beside_the_file(case):
    journal = SweepJournal(Path("some/where.h5"), case)
    assert journal.folder == Path("some/.where.h5.blocks")
