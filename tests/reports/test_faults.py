"""
Faults of a run, by their numbers in the catalogue: what is injected, and the outcome that is asked for.

What is tried elsewhere: X01, X02, X14, X19, X21, R30 in `test_soak`; X03 (first interrupt), X04 in `test_batch`; X09,
X10, X11, X15, X30 in `test_disk_faults`; X17, X29 in `test_resume`; X20 (a tag that swallows errors) in `test_engine`;
X28 in `test_systemic`. `TABLE` in `test_fault_table` says which test is whose.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest

from balancelab.reports import journal, resume
from balancelab.reports.batch import run_reports
from balancelab.reports.crew import Crew
from balancelab.reports.engine import Limits, execute
from balancelab.reports.errors import EnvironmentRefused
from balancelab.reports.output import Output, remove_scratch
from balancelab.reports.rendering import render_formats
from balancelab.reports.warm.guarding import available
from tests.reports.fast import FastCrew, plan, tree, unit
from tests.soak.kills import make_fast, tiny
from tests.soak.runs import left_behind, make, start

ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(not available(), reason="forks and /proc, as on Linux")


def poisoned(kind: str, code: str):
    one = unit(code, name="poison")
    return replace(one, parameters={**one.parameters, "poison": kind})


@LINUX
@pytest.mark.slow
def test_x05_x06_x07_x08_x20_a_report_that_is_killed_is_told_and_kept(tmp_path):
    asked = {
        "killed": ("kernel_died", "signal 9 (Killed)"),  # X05
        "memory": ("cell_error", "MemoryError:"),  # X06
        "hangs": ("timeout", "> 6 s"),  # X07, X08: it swallows every interrupt
        "child": ("kernel_died", "signal 9 (Killed)"),  # X08: a child in a session of its own is left behind
        "exit": ("cell_error", "SystemExit: 0"),  # X20
        "kernel exit": ("kernel_died", "exit status 0"),  # X20
    }
    units = [poisoned(kind, f"{371501 + number}") for number, kind in enumerate(asked)]
    summary = make(tmp_path, plan(*units, unit("371599")), limits=Limits(cell=6, memory=1_500_000_000))
    assert [one.county_code for one in summary.done] == ["371599"]  # the others go on
    assert summary.exit_code == 4
    told = {str(one.parameters["poison"]): failure for one, failure in summary.failed}
    assert set(told) == set(asked)
    for kind, (cause, message) in asked.items():
        assert (told[kind].cause, told[kind].cell) == (cause, 3), kind
        assert told[kind].message.startswith(message), kind
    lines = [line["stem"] for line in journal.read(tmp_path)]
    assert len(lines) == len(set(lines)) == 7  # none was tried twice
    kept = nbformat.read(tmp_path / ".failed/2024/371503/poison.zh.failed.ipynb", as_version=4)
    nbformat.validate(kept)
    code = [cell for cell in kept.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3, None, None]  # parameters, injected, the second, …
    assert code[1].source.startswith("# Parameters")
    (error,) = code[3].outputs
    assert (error.ename, error.evalue) == ("timeout", "time limit exceeded, code cell 3: > 6 s")
    assert any("in <module>" in line for line in error.traceback)  # where it hung
    assert left_behind(tmp_path, tmp_path) == []
    assert not [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "3217"]]


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize(("number", "twice"), [(signal.SIGTERM, False), (signal.SIGINT, True)])
def test_x03_interrupts(tmp_path, number, twice):
    planned = plan(unit("371501"), poisoned("hangs", "371502"))

    def work() -> int:
        return make(tmp_path, planned, jobs=1).exit_code

    run = start(work)
    until = time.monotonic() + 60
    while not (tmp_path / "2024/371501/works.zh.html").exists() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.3)
    asked = time.monotonic()
    os.kill(run.pid, number)
    if twice:
        time.sleep(0.05)
        os.kill(run.pid, number)
    assert run.wait() == 130
    assert time.monotonic() - asked < 10
    assert left_behind(tmp_path, tmp_path) == []
    whole = {name for name in tree(tmp_path) if not name.startswith(".")}
    assert {f"2024/371501/works.zh.{ending}" for ending in ("html", "json", "ipynb")} <= whole
    assert not any("poison" in name for name in whole)
    assert start(lambda: make(tmp_path, plan(unit("371501"))).exit_code).wait() == 0
    assert not [name for name in tree(tmp_path) if name.startswith((".lock", ".work", ".scratch"))]


def test_x02_files_in_place_but_no_line_in_the_journal(tmp_path):
    make_fast(tmp_path, tiny(3))
    whole, lines = tree(tmp_path), (tmp_path / "journal.jsonl").read_bytes().splitlines(keepends=True)
    for written in (lines[:2], [*lines[:2], lines[2][:-1]]):  # not at all, or all but its line end
        (tmp_path / "journal.jsonl").write_bytes(b"".join(written))
        again = make_fast(tmp_path, tiny(3))
        assert ([one.county_code for one in again.done], again.exit_code) == (["371002"], 0)
        assert tree(tmp_path) == whole
        assert len(journal.latest(journal.read(tmp_path))) == 3


def test_x13_a_damaged_journal_never_crashes_and_never_skips(tmp_path, monkeypatch):
    program = resume.program_parts()
    monkeypatch.setattr(resume, "program_parts", lambda: program)
    make_fast(tmp_path, tiny(3))
    whole, written = tree(tmp_path), (tmp_path / "journal.jsonl").read_bytes()
    page = tmp_path / "2024/371001/works.zh.html"
    damaged = [written[:cut] for cut in range(0, len(written), 700)]  # cut anywhere, empty
    damaged += [written[:at] + bytes([written[at] ^ 4]) + written[at + 1 :] for at in range(3, len(written), 700)]
    damaged += [b"\x00\xff garbage\n" + written, written.replace(b"\n", b"\r\n"), b"[" * 100_000 + b"\n" + written]
    damaged += [b'{"version": 99}\n', written.replace(b'"stem"', b'"name"')]  # of another version
    for content in damaged:
        (tmp_path / "journal.jsonl").write_bytes(content)
        page.write_bytes(page.read_bytes()[:-1])  # never a skip: this one must be made again whatever the journal says
        assert make_fast(tmp_path, tiny(3)).exit_code == 0
        assert tree(tmp_path) == whole


def test_x14_x31_the_second_run_leaves_with_one_line(tmp_path):
    with Output(tmp_path):
        done = subprocess.run(
            [sys.executable, "-m", "balancelab", "report", "data/sample/schools.csv", "--year", "2024",
             "--output", str(tmp_path)],
            cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "BALANCELAB_LANGUAGE": "en"},
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (6, "")
    (line,) = done.stderr.splitlines()  # cron mails one line
    assert f"process {os.getpid()} " in line
    assert time.strftime("%Y-%m-%d") in line or "20" in line  # since when; a day may have ended meanwhile


def test_x16_a_notebook_edited_while_running(tmp_path):
    notebook = tmp_path / "works.ipynb"
    shutil.copy(unit().notebook, notebook)
    original, seen = notebook.read_bytes(), []
    units = [replace(unit(code), notebook=notebook) for code in ("371501", "371502")]

    class Looking(FastCrew):
        def make(self, order):
            seen.append(Path(order["notebook"]).read_bytes())
            notebook.write_text("{}", encoding="utf-8")
            return super().make(order)

    folder = tmp_path / "reports"
    with Output(folder) as output:
        assert run_reports(plan(*units), output=output, jobs=1, crew=Looking(output)).exit_code == 0
    assert seen == [original, original]  # all from the notebook as it was at the start
    assert not (folder / ".work").exists()
    shutil.copy(unit().notebook, notebook)
    assert len(make_fast(folder, plan(*units)).unchanged) == 2  # and are labelled so


@pytest.mark.parametrize("what", ["package", "libraries"])
def test_x18_another_version_of_the_program(tmp_path, monkeypatch, what):
    make_fast(tmp_path, tiny(3))
    program = {**resume.program_parts(), what: "another"}
    monkeypatch.setattr(resume, "program_parts", lambda: program)
    with Output(tmp_path) as output:
        mixed = run_reports(tiny(4), output=output, jobs=1, crew=FastCrew(output), allow_mixed=True)
    assert (len(mixed.unchanged), mixed.why) == (3, {"new": 1})
    assert make_fast(tmp_path, tiny(4)).why == {what: 3}  # made again, and the reason said


@pytest.mark.parametrize("jump", [365 * 86400, -365 * 86400])
def test_x24_clock_jumps_a_year(tmp_path, monkeypatch, jump):
    make_fast(tmp_path / "whole", tiny(4))
    now, calls = time.time(), iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: now + (jump if next(calls) % 3 else 0))
    monkeypatch.setattr(time, "time_ns", lambda: int((now + (jump if next(calls) % 3 else 0)) * 1e9))
    summary = make_fast(tmp_path / "jumped", tiny(4))
    assert summary.seconds >= 0
    assert all(record["seconds"] >= 0 for record in journal.read(tmp_path / "jumped"))
    assert tree(tmp_path / "jumped") == tree(tmp_path / "whole")
    for path in (tmp_path / "jumped").rglob("*"):
        os.utime(path, (now + jump, now + jump))  # as if written by the other clock
    assert len(make_fast(tmp_path / "jumped", tiny(4)).unchanged) == 4


@LINUX
@pytest.mark.slow
def test_x25_few_descriptors(tmp_path):
    import resource

    def work() -> int:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        return make(tmp_path, tiny(3), jobs=2).exit_code

    assert start(work).wait() == 0


def test_x25_no_descriptor_or_process_left_is_said(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    summary = make(tmp_path, tiny(2))
    assert summary.exit_code == 5
    assert summary.trouble is not None
    assert "Too many open files" in summary.trouble.say("en")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "0 bytes"), (b"%PDF-1.7\n1 0 obj", "not whole"), (b"%PDF-1.7\n%%EOF", "table of its pages"), (None, "boom")],
    ids=["X26 nothing written", "X27 partial", "X27 no pages", "X26 crashes"],
)
def test_x26_x27_a_converter_that_fails_costs_its_format_only(monkeypatch, content, said):
    from balancelab.reports import formats

    def render(name: str, *given: object, **options: object) -> bytes:
        if name == "html":
            return b"<!DOCTYPE html><html></html>"
        if content is None:
            raise RuntimeError("boom")
        return content

    monkeypatch.setattr(formats, "render", render)
    files, failed = render_formats([], stem="a", title="t", language="zh", formats=("html", "pdf"), word={})
    assert list(files) == ["a.html"]
    assert len(failed) == 1
    assert said in failed[0]


def test_x32_a_missing_library_is_found_before_the_first_report(tmp_path, monkeypatch):
    from importlib import metadata

    def version(name: str) -> str:
        if name == "typst":
            raise metadata.PackageNotFoundError(name)
        return "1"

    resume._libraries.cache_clear()
    monkeypatch.setattr(metadata, "version", version)
    with pytest.raises(EnvironmentRefused, match="typst") as caught:
        make_fast(tmp_path, tiny(1))
    resume._libraries.cache_clear()
    assert caught.value.exit_code == 5
    assert "pip install typst" in caught.value.say("en")


OFFLINE = """
import sys
from pathlib import Path
from balancelab.reports.batch import run_reports
from balancelab.reports.crew import Crew
from balancelab.reports.output import Output
from tests.reports.fast import plan, unit
with Output(Path(sys.argv[1])) as output, Crew(output, engine=sys.argv[2], early=False) as crew:
    listening = []
    def look(event):
        listening.extend(line for line in open("/proc/net/tcp") if " 0A " in line)
    summary = run_reports(plan(unit("371501")), output=output, jobs=1, crew=crew, on_progress=look)
print(summary.exit_code, len(listening), len(open("/proc/net/dev").readlines()) - 2)
"""


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("engine", ["warm", "kernel"])
def test_x23_no_network_at_all(tmp_path, engine):
    alone = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs a network name space of one's own")
    done = subprocess.run(
        [*alone, sys.executable, "-c", OFFLINE, str(tmp_path), engine],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    exit_code, listening, _ = done.stdout.split() or (done.stderr, "", "")
    assert (exit_code, listening) == ("0", "0"), done.stderr  # and no port is ever open


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize(
    ("poison", "limits", "cause"),
    [
        ("for ever", Limits(cell=60, output=300_000), "output"),
        ("memory", Limits(cell=60, memory=1_000_000_000), "cell_error"),
    ],
    ids=["X21", "X06"],
)
def test_limits_of_a_real_kernel(tmp_path, poison, limits, cause):
    done = execute(
        unit().notebook.with_name("poison.ipynb"), {"poison": poison, "year": 2024}, folder=tmp_path, limits=limits
    )
    assert done.failure is not None
    assert (done.failure.cause, done.failure.cell) == (cause, 3)


def test_the_private_folder_of_a_killed_run_is_removed_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    own, other, note = tmp_path / "bl-abcd1234", tmp_path / "precious", tmp_path / ".scratch"
    for folder, named in ((own, own), (other, other), (other, own / ".." / "precious")):
        folder.mkdir(exist_ok=True)
        note.write_text(str(named), encoding="utf-8")
        remove_scratch(note)
        assert not note.exists()
    assert not own.exists()
    assert other.exists()
    # of a part that was killed the closing run finds the note
    own.mkdir()
    part = tmp_path / "out" / ".shards" / "1-of-2"
    part.mkdir(parents=True)
    (part / note.name).write_text(str(own), encoding="utf-8")
    with Output(tmp_path / "out"):
        assert not own.exists()


def test_a_crew_that_cannot_start_leaves_no_private_folder(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    (tmp_path / "private").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "private"))
    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(EnvironmentRefused, match="Too many open files"), Output(tmp_path / "out") as output:
        Crew(output)
    assert list((tmp_path / "private").iterdir()) == []


def test_json_summary_of_the_command_is_one_document(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "balancelab", "report", str(tmp_path / "none.csv"), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == json.loads(done.stdout)["exit_code"] == 2
