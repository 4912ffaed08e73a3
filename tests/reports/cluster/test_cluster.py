"""Reports made on a Dask cluster: the bytes of a local run, whatever happens to the workers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from balancelab.reports import journal
from balancelab.reports.batch import Summary, run_reports
from balancelab.reports.cluster import connect, crew
from balancelab.reports.cluster.crew import ClusterCrew
from balancelab.reports.cluster.program import describe
from balancelab.reports.crew import Crew
from balancelab.reports.engine import Limits
from balancelab.reports.errors import EnvironmentRefused, PlanRefused
from balancelab.reports.outcome import Progress
from balancelab.reports.output import Output
from balancelab.reports.units import Plan, Unit
from tests.reports import fast
from tests.reports.fast import tree

pytest.importorskip("distributed", reason="the extra balancelab[cluster] is not installed")
ROOT = Path(__file__).resolve().parents[3]
CODES = [f"3715{number:02}" for number in range(1, 7)]


def unit(code: str, name: str = "fails_for_one") -> Unit:
    return fast.unit(code, name=name, inputs={"rows": "r1", "standard": "s1"})


def stage(work: Path) -> None:
    (work / "schools.parquet").write_bytes(b"a table")
    (work / "standard").mkdir()
    (work / "standard" / "own.toml").write_bytes(b"")


PLAN = Plan(tuple(unit(code) for code in CODES), stage)  # 371502 fails


def without_times(folder: Path) -> dict[str, dict[str, object]]:
    """What the journal says last of each report, but for when it was written and what stood before."""
    its_own = ("seconds", "stamps", "after", "sha256")
    latest = journal.latest(journal.read(folder))
    return {stem: {key: said for key, said in one.items() if key not in its_own} for stem, one in latest.items()}


def at_work_in(folder: Path) -> list[str]:
    """Processes of ours below a folder."""
    lines = [" ".join(one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(folder) in line and "balancelab" in line]


def soon(condition, seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.1)
    return bool(condition())


@pytest.fixture(scope="module")
def room(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("dask")


@pytest.fixture(scope="module")
def cluster(room) -> Iterator[object]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        host="127.0.0.1",
        local_directory=str(room),
        silence_logs=50,
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Path:
    """The same plan, made here."""
    folder = tmp_path_factory.mktemp("local")
    with Output(folder) as output:
        assert run_reports(PLAN, output=output, jobs=1).exit_code == 4
    return folder


def run(folder: Path, cluster, plan: Plan = PLAN, on_progress=None) -> Summary:
    with Output(folder) as output, ClusterCrew(output, cluster.scheduler_address) as hired:
        return run_reports(plan, output=output, on_progress=on_progress, crew=hired)


@pytest.mark.slow
def test_a_killed_worker_costs_nothing_but_time(tmp_path, cluster, local, room):
    killed: list[int] = []

    def kill_one(event: Progress) -> None:
        if event.state == "started" and event.finished == 2 and not killed:
            process = psutil.Process(next(iter(cluster.workers.values())).pid)
            killed.append(process.pid)
            process.send_signal(signal.SIGKILL)

    summary = run(tmp_path, cluster, on_progress=kill_one)
    assert killed
    assert (len(summary.done), [one.county_code for one, _ in summary.failed]) == (5, ["371502"])
    assert tree(tmp_path) == tree(local)
    assert without_times(tmp_path) == without_times(local)
    assert soon(lambda: not at_work_in(room))
    assert not [path for path in room.rglob("balancelab-*") if str(killed[0]) not in str(path) and path.exists()]


@pytest.mark.slow
def test_only_what_is_left_is_made_and_an_interrupt_leaves_nothing_running(tmp_path, cluster, local, room):
    def interrupt(event: Progress) -> None:
        if event.state == "started" and event.finished == 2:
            raise KeyboardInterrupt

    first = run(tmp_path, cluster, on_progress=interrupt)
    assert (first.exit_code, first.interrupted) == (130, True)  # design.md section 8
    assert not at_work_in(room)  # at once: the room was taken away before the run ended
    second = run(tmp_path, cluster)
    made = {one.stem for one in (*second.done, *(one for one, _ in second.failed))}
    assert len(second.unchanged) == len(first.done) > 0
    assert made == {one.stem for one in PLAN.units} - {one.stem for one in first.done}
    assert tree(tmp_path) == tree(local)


KILLED_RUN = """
import sys
from pathlib import Path
from types import SimpleNamespace
from tests.reports.cluster import test_cluster as t
plan = t.Plan((t.unit("371501", "hangs"),), t.stage)
cluster = SimpleNamespace(scheduler_address=sys.argv[2])
t.run(Path(sys.argv[1]), cluster, plan, lambda event: print(event.state, flush=True))
"""


@pytest.mark.slow
def test_a_killed_submitter_leaves_nothing_at_the_workers(tmp_path, cluster, room):
    command = [sys.executable, "-c", KILLED_RUN, str(tmp_path), cluster.scheduler_address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout.readline() == "started\n"
        assert soon(lambda: at_work_in(room))
        process.kill()
    assert soon(lambda: not at_work_in(room))
    assert soon(lambda: not list(room.rglob("balancelab-*")))


@pytest.mark.slow
def test_a_cluster_with_another_program_is_refused(tmp_path, cluster, monkeypatch):
    ours = describe()
    monkeypatch.setattr(crew, "describe", lambda: {**ours, "versions": {**ours["versions"], "numpy": "1.0"}})
    with Output(tmp_path) as output, pytest.raises(EnvironmentRefused, match=r"numpy 1\.0 / ") as caught:
        ClusterCrew(output, cluster.scheduler_address)
    assert caught.value.exit_code == 5  # design.md section 8
    assert "requirements.lock" in caught.value.say("zh")


@pytest.mark.slow
def test_a_worker_that_comes_later_with_another_program_stops_the_run(tmp_path, cluster):
    with Output(tmp_path) as output, ClusterCrew(output, cluster.scheduler_address, engine="kernel") as hired:
        hired._ours = {**hired._ours, "parts": {**hired._ours["parts"], "package": "another"}}
        summary = run_reports(replace(PLAN, units=PLAN.units[:1]), output=output, crew=hired)
    assert summary.exit_code == 5
    assert "balancelab (source)" in summary.trouble.say("en")


@pytest.mark.slow
def test_without_workers_a_run_gives_up(tmp_path, cluster, monkeypatch):
    monkeypatch.setattr(crew, "_ALONE", 0.0)
    monkeypatch.setattr(crew, "_COUNTED", 0.0)
    plan = replace(PLAN, units=(unit("371501", "hangs"),))
    with Output(tmp_path) as output, ClusterCrew(output, cluster.scheduler_address, engine="kernel") as hired:
        monkeypatch.setattr(hired._client, "nthreads", dict)
        summary = run_reports(plan, output=output, crew=hired)
    assert (summary.exit_code, len(summary.not_made)) == (5, 1)
    assert "has had no worker" in summary.trouble.say("en")


@pytest.mark.slow
def test_real_kernels_and_a_limit_of_time(tmp_path, cluster):
    plan = replace(PLAN, units=(unit("371501", "works"), unit("371502", "hangs")))
    for folder in (tmp_path / "there", tmp_path / "here"):
        with Output(folder) as output:
            hired = ClusterCrew(output, cluster.scheduler_address, engine="kernel") if "there" in str(folder) else None
            limits = Limits(cell=3)
            summary = run_reports(plan, output=output, crew=hired or Crew(output, engine="kernel"), limits=limits)
        assert [(one.kind, failure.cause) for one, failure in summary.failed] == [("hangs", "timeout")]
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_no_scheduler(tmp_path):
    with Output(tmp_path) as output, pytest.raises(EnvironmentRefused, match="dask scheduler") as caught:
        ClusterCrew(output, "tcp://127.0.0.1:9", seconds=1)
    assert caught.value.exit_code == 5


def test_encryption_without_certificates(tmp_path):
    with Output(tmp_path) as output, pytest.raises(EnvironmentRefused, match="needs certificates") as caught:
        ClusterCrew(output, "tls://127.0.0.1:9", seconds=1)
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("address", ["127.0.0.1:8786", "http://a:1", "tcp://a", "tcp://a:b", "inproc://1", ""])
def test_what_is_no_address(address):
    with pytest.raises(PlanRefused, match="tcp://host:8786"):
        connect.check_address(address)


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "tls://master.local:8786", "tcp://[::1]:8786"])
def test_what_is_an_address(address):
    connect.check_address(address)


def test_without_dask(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EnvironmentRefused, match=r"balancelab\[cluster\]") as caught:
        connect.check_address("tcp://127.0.0.1:8786")
    assert caught.value.exit_code == 5
