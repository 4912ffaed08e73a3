"""A disk that fails at any write (X09, X10, X11, X15, X30 of the reliability sheet), for reports without kernels."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from balancelab.reports import resume
from balancelab.reports.batch import run_reports
from balancelab.reports.errors import EnvironmentRefused
from balancelab.reports.outcome import Progress, Summary
from balancelab.reports.output import Output
from tests.reports.disk import Act, Disk, fail, needs_proc, partial_files
from tests.reports.fast import FastCrew, plan, tree, unit

ROOT = Path(__file__).resolve().parents[2]
UNITS = [unit(code, formats=("html", "json")) for code in ("371501", "371502")]
pytestmark = needs_proc


@pytest.fixture(autouse=True)
def one_program(monkeypatch):
    """Hash the package's source once instead of in every run."""
    program = resume.program_parts()
    monkeypatch.setattr(resume, "program_parts", lambda: program)


def run(folder: Path) -> Summary:
    with Output(folder) as output:
        return run_reports(plan(*UNITS), output=output, jobs=1, crew=FastCrew(output))


def run_on(folder: Path, act: Act) -> tuple[int, Disk, str]:
    """Exit code, the disk, and what was said."""
    with Disk(folder, act) as disk:
        try:
            summary = run(folder)
        except EnvironmentRefused as refused:
            return refused.exit_code, disk, refused.say("en")
    said = summary.trouble.say("en") if summary.trouble else ""
    return summary.exit_code, disk, said


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    """The tree of an undisturbed run, and the calls it makes."""
    program = resume.program_parts()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(resume, "program_parts", lambda: program)
        folder = tmp_path_factory.mktemp("whole")
        code, disk, _ = run_on(folder, lambda *_: None)
    assert code == 0
    return tree(folder), disk.calls


USUAL = {"fsync": errno.EIO, "replace": errno.EIO}  # what such a call says on a bad disk; the others: disk full


def survives(folder: Path, number: int, name: str, finished: dict[str, bytes], *, read_only: bool) -> None:
    """One call fails, or all from it on; then the disk is well again."""
    error = errno.EROFS if read_only else USUAL.get(name, errno.ENOSPC)
    folder.mkdir()
    code, _, said = run_on(folder, fail(number, error, ever_after=read_only))
    where = f"call {number}, {name}"
    # what only tidies up may fail unheard, and making a folder that is there already does
    assert code == 5 or (name in ("unlink", "mkdir") and code == 0), where
    assert code == 0 or str(folder) in said, where
    assert code == 0 or error != errno.ENOSPC or "the disk is full" in said, where
    assert partial_files(folder) == [], where
    assert read_only or name == "unlink" or not list(folder.rglob("*.tmp")), where
    assert run(folder).exit_code == 0, where
    assert tree(folder) == finished, where
    shutil.rmtree(folder)


def test_x09_x10_every_write_fails_once(tmp_path, whole):
    finished, calls = whole
    for number, (name, _) in enumerate(calls, 1):
        survives(tmp_path / f"{number}", number, name, finished, read_only=False)


def test_x11_read_only_from_any_write_on(tmp_path, whole):
    finished, calls = whole
    for number in range(1, len(calls) + 1, 4):
        survives(tmp_path / f"{number}", number, calls[number - 1][0], finished, read_only=True)


def test_x09_says_how_much_room_it_takes(tmp_path, whole):
    _, calls = whole
    first_report = [number for number, (name, _) in enumerate(calls, 1) if name == "write"][2]
    code, _, said = run_on(tmp_path, fail(first_report, errno.ENOSPC))
    assert code == 5
    assert "bytes needed; make room" in said


@pytest.mark.parametrize("move", [True, False], ids=["moved", "deleted"])
def test_x15_folder_gone_while_running(tmp_path, whole, move):
    finished, _ = whole
    folder = tmp_path / "reports"

    def lose(event: Progress) -> None:
        if event.state == "done" and event.finished == 1:
            shutil.move(folder, tmp_path / "elsewhere") if move else shutil.rmtree(folder)

    with Output(folder) as output:
        summary = run_reports(plan(*UNITS), output=output, jobs=1, crew=FastCrew(output), on_progress=lose)
    assert summary.exit_code == 5
    assert not folder.exists()  # made again only by the next run
    assert run(folder).exit_code == 0
    assert tree(folder) == finished


def test_x10_a_report_is_not_done_before_it_is_on_the_disk(tmp_path, whole):
    _, calls = whole
    first_line = next(number for number, (_, path) in enumerate(calls, 1) if path.endswith("journal.jsonl"))
    syncs = [number for number, (name, _) in enumerate(calls[:first_line], 1) if name == "fsync"]
    assert len(syncs) > 2 * len(UNITS[0].files)  # of each file and of its folder, among others
    for number in syncs:
        folder = tmp_path / f"{number}"
        folder.mkdir()
        code, _, _ = run_on(folder, fail(number, errno.EIO))
        assert (code, (folder / "journal.jsonl").exists()) == (5, False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_x30_power_cut_before_any_call(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.power", str(tmp_path), "--every", "9"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 wrong" in done.stdout
