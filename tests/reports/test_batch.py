import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from balancelab.reports import journal
from balancelab.reports.batch import Progress, Summary, run_reports
from balancelab.reports.engine import Limits
from balancelab.reports.errors import EnvironmentRefused, PlanRefused
from balancelab.reports.output import Output
from balancelab.reports.units import Plan, Unit
from tests.reports import fast

ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals as on Linux and macOS")
OURS = {"balancelab.reports.worker", "balancelab.reports.warm.zygote"}


def unit(name: str, code: str = "371599", **origin: str) -> Unit:
    label = {"zh": "优质均衡", "en": "Quality balance"}
    return fast.unit(code, name=name, origin={**fast.ORIGIN, **origin}, standard_label=label)


def stage(work: Path) -> None:
    (work / "schools.parquet").write_bytes(b"a table")


def run(
    folder: Path, *units: Unit, jobs: int = 2, force: bool = False, events: list[Progress] | None = None
) -> Summary:
    with Output(folder) as output:
        return run_reports(
            Plan(units, stage),
            output=output,
            jobs=jobs,
            force=force,
            limits=Limits(cell=30),
            on_progress=None if events is None else events.append,
        )


def tree(folder: Path) -> dict[str, bytes]:
    """Everything below a folder but the kept inputs, which have tests of their own."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".inputs" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.slow
def test_one_failure_does_not_stop_the_others(tmp_path):
    events: list[Progress] = []
    codes = ("371501", "371502", "371503")
    summary = run(tmp_path, *(unit("fails_for_one", code) for code in codes), jobs=1, events=events)
    assert summary.exit_code == 4  # design.md section 8: finished, some units failed
    assert {one.county_code for one in summary.done} == {"371501", "371503"}
    ((failed, failure),) = summary.failed
    assert (failed.county_code, failure.cause, failure.cell) == ("371502", "cell_error", 3)
    assert failure.message == "ZeroDivisionError: division by zero"
    assert list(summary.by_cause()) == ["cell_error"]
    # nothing of the failed one is under a final name; what it came to is kept apart
    assert set(tree(tmp_path)) == {
        "2024/371501/fails_for_one.zh.html",
        "2024/371501/fails_for_one.zh.json",
        "2024/371501/fails_for_one.zh.ipynb",
        "2024/371503/fails_for_one.zh.html",
        "2024/371503/fails_for_one.zh.json",
        "2024/371503/fails_for_one.zh.ipynb",
        ".failed/2024/371502/fails_for_one.zh.failed.ipynb",
        "index.html",
        "journal.jsonl",
    }
    assert [event.state for event in events].count("started") == 3
    assert events[-1].finished == events[-1].total == 3
    records = journal.latest(journal.read(tmp_path))
    assert records["2024/371502/fails_for_one.zh"]["failure"]["cell"] == 3
    done = records["2024/371501/fails_for_one.zh"]
    assert (done["verdict"], done["synthetic"], done["standard"]) == ("failed", True, "quality_2017")
    assert len(done["files"]) == 3
    page = (tmp_path / "2024/371501/fails_for_one.zh.html").read_text(encoding="utf-8")
    assert "371501 2024" in page


@pytest.mark.slow
def test_same_bytes_twice_and_another_source_never_overwrites(tmp_path):
    """Catalogue N04."""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        assert run(folder, unit("works")).exit_code == 0
    first, second = ({k: v for k, v in tree(folder).items() if k != "journal.jsonl"} for folder in (one, two))
    assert first == second
    assert len(first) == 4  # page, numbers, notebook, index
    assert not any(str(tmp_path).encode() in content for content in first.values())

    before = tree(one)
    for change in ({"standard": "basic_2012"}, {"data": "other.csv"}, {"indicators": "own.toml"}):
        with pytest.raises(PlanRefused, match="--force") as caught:
            run(one, unit("works", **change))
        assert caught.value.exit_code == 2  # design.md section 8
        assert tree(one) == before
    assert run(one, unit("works", data="other.csv"), force=True).exit_code == 0
    assert len(journal.read(one)) == 2  # the journal only grows
    # without a journal the notebook itself says what it was made from
    (one / "journal.jsonl").unlink()
    with pytest.raises(PlanRefused, match=r"other\.csv"):
        run(one, unit("works"))
    (one / "2024/371599/works.zh.ipynb").write_text("edited by hand", encoding="utf-8")
    with pytest.raises(PlanRefused, match="another standard, data file or added file"):
        run(one, unit("works", data="other.csv"))


def test_two_reports_of_one_name(tmp_path):
    """Catalogue O11."""
    with pytest.raises(PlanRefused, match="twice"):
        run(tmp_path, unit("works"), unit("works"))


def test_too_little_room_is_found_before_any_kernel(tmp_path, monkeypatch):
    monkeypatch.setattr("balancelab.reports.batch._BYTES_OF_A_REPORT", 10**18)  # an exabyte
    with pytest.raises(EnvironmentRefused):
        run(tmp_path, unit("works"))
    assert tree(tmp_path) == {}


def test_an_input_that_cannot_be_staged(tmp_path):
    def full(work: Path) -> None:
        raise OSError(28, "No space left on device", str(work / "schools.parquet"))  # 28 is ENOSPC on Linux

    with pytest.raises(EnvironmentRefused, match="cannot write"), Output(tmp_path) as output:
        run_reports(Plan((unit("works"),), full), output=output)
    assert tree(tmp_path) == {}


@POSIX
@pytest.mark.slow
def test_a_killed_worker_costs_its_report_one_more_try(tmp_path):
    killed = []

    def kill_first(event: Progress) -> None:
        if event.state == "started" and not killed:
            killed.append(event.unit)
            time.sleep(0.2)
            workers = [child for child in psutil.Process().children() if OURS & set(child.cmdline())]
            workers[0].kill()

    with Output(tmp_path) as output:
        summary = run_reports(Plan((unit("works"),), stage), output=output, jobs=1, on_progress=kill_first)
    assert killed
    assert summary.exit_code == 0


SLOW_RUN = """
import sys
from tests.reports.test_batch import run, unit
from pathlib import Path
summary = run(Path(sys.argv[1]), unit("works"), unit("hangs"))
print(summary.exit_code, len(summary.done), flush=True)
"""


def processes() -> set[str]:
    lines = {" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])}
    return {line for line in lines if any(name in line for name in (*OURS, "balancelab.reports.kernel"))}


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_end_at_any_moment_leaves_whole_files_and_no_process(tmp_path, number):
    environment = dict(os.environ, TMPDIR=str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    folder = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_RUN, str(folder)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60  # a busy machine may take long over the first report
    while not (folder / "2024/371599/works.zh.html").exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)  # the other report hangs in its kernel by now
    process.send_signal(number)
    said, _ = process.communicate(timeout=15)
    if number == signal.SIGINT:
        assert said == "130 1\n"  # interrupted; one report done
    until = time.monotonic() + 5  # R17 of the reliability sheet: nothing five seconds after any end
    while any(str(tmp_path) in line for line in processes()) and time.monotonic() < until:
        time.sleep(0.1)
    assert not [line for line in processes() if str(tmp_path) in line]
    left = set(tree(folder))
    final = {*(f"2024/371599/works.zh.{ending}" for ending in ("html", "ipynb", "json")), "journal.jsonl"}
    assert final <= left
    unfinished = [name for name in left if "hangs" in name]
    if number == signal.SIGKILL:  # nobody can clear its work folder but the next run
        unfinished = [name for name in unfinished if not name.startswith(".work/")]
    assert unfinished == []
    if number == signal.SIGINT:
        assert left == final | {"index.html"}
        assert list((tmp_path / "tmp").iterdir()) == []
    json.loads((folder / "2024/371599/works.zh.ipynb").read_text(encoding="utf-8"))
    with Output(folder):  # the lock is not stale, the rest is cleared away
        assert {name for name in tree(folder) if name.startswith(".")} == {".lock"}
