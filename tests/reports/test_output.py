import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from balancelab.reports import journal
from balancelab.reports.errors import EnvironmentRefused, OutputLocked, PlanRefused
from balancelab.reports.output import Output, write_files

HOLD = (
    "from pathlib import Path; import sys; from balancelab.reports.output import Output; "
    "out = Output(Path(sys.argv[1])).__enter__(); print('held', flush=True); input()"
)


def all_files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def hold(folder: Path) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_files_appear_whole_or_not_at_all(tmp_path, monkeypatch):
    """Catalogue N05."""
    write_files(tmp_path, {"2024/1/a.html": b"old"})
    calls = iter([None, OSError(errno.ENOSPC, "No space left on device")])
    real = os.fsync

    def fsync(handle):
        fault = next(calls, None)
        if fault:
            raise fault
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space"):
        write_files(tmp_path, {"2024/1/a.html": b"new", "2024/1/b.html": b"new"})
    assert all_files(tmp_path) == {"2024/1/a.html"}
    assert (tmp_path / "2024/1/a.html").read_bytes() == b"old"


def test_hash_is_of_the_bytes(tmp_path):
    # published: the sha256 of "abc", FIPS 180-2 appendix B.1
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert write_files(tmp_path, {"x": b"abc"}) == {"x": abc}


@pytest.mark.parametrize("name", ["../out.html", "/elsewhere/out.html", "a/../../out.html"])
def test_nothing_is_written_outside(tmp_path, name):
    """Catalogue L03."""
    with pytest.raises(ValueError, match="no path inside"):
        write_files(tmp_path / "in", {name: b""})


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_planted_link_is_replaced_and_its_target_untouched(tmp_path):
    """Catalogue N02."""
    target = tmp_path / "target"
    target.write_bytes(b"mine")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a.html").symlink_to(target)
    write_files(folder, {"a.html": b"report"})
    assert target.read_bytes() == b"mine"
    assert (folder / "a.html").read_bytes() == b"report"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / "2024").symlink_to(elsewhere)
    with pytest.raises(OSError, match="a link where a folder"):
        write_files(folder, {"2024/a.html": b"report"})
    assert not all_files(elsewhere)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_lock_that_is_a_link_is_not_followed(tmp_path):
    """Catalogue N02."""
    target = tmp_path / "target"
    target.write_bytes(b"mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".lock").symlink_to(target)
    with pytest.raises(EnvironmentRefused), Output(tmp_path / "out"):
        pass
    assert target.read_bytes() == b"mine"


def test_a_second_run_is_told_who_holds_the_folder(tmp_path):
    process = hold(tmp_path)
    try:
        with pytest.raises(OutputLocked, match=str(process.pid)) as caught, Output(tmp_path):
            pass
        assert caught.value.exit_code == 6  # design.md section 8
    finally:
        process.communicate("\n", timeout=10)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_a_killed_run_leaves_no_lock_and_its_leavings_are_removed(tmp_path):
    process = hold(tmp_path)
    (tmp_path / ".work").mkdir()
    (tmp_path / ".work" / "schools.parquet").write_bytes(b"data")
    (tmp_path / "2024" / "1").mkdir(parents=True)
    (tmp_path / "2024" / "1" / ".a.html.balancelab-0123456789ab.tmp").write_bytes(b"half")
    (tmp_path / "2024" / "1" / "a.html").write_bytes(b"whole")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".a.balancelab-0123456789ab.tmp").write_bytes(b"not in a folder of ours")
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    with Output(tmp_path):
        assert all_files(tmp_path) == {".lock", "2024/1/a.html", "other/.a.balancelab-0123456789ab.tmp"}
    assert not (tmp_path / ".lock").exists()


def test_a_run_that_made_nothing_leaves_nothing(tmp_path):
    with Output(tmp_path / "new") as output:
        output.make_work()
    assert not (tmp_path / "new").exists()


def test_an_output_that_is_a_file(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PlanRefused, match="is a file"), Output(tmp_path / "file"):
        pass


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    """Catalogue N01."""

    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system", str(tmp_path))

    monkeypatch.setattr("balancelab.reports.output.write_new", refuse)
    with pytest.raises(EnvironmentRefused, match="Read-only") as caught, Output(tmp_path):
        pass
    assert caught.value.exit_code == 5  # design.md section 8
    assert not (tmp_path / ".lock").exists()


def test_too_little_room(tmp_path):
    with Output(tmp_path) as output, pytest.raises(EnvironmentRefused, match="not enough space"):
        output.require_space(10**18)  # an exabyte


RECORD = {
    "stem": "2024/371599/balance.zh", "state": "done", "kind": "balance", "language": "zh", "county_code": "371599",
    "county": "临江县", "standard": "quality_2017", "verdict": "met",
}  # fmt: skip


def test_journal_keeps_every_line(tmp_path):
    assert journal.read(tmp_path) == []
    journal.append(tmp_path, RECORD)
    journal.append(tmp_path, {**RECORD, "verdict": "failed"})
    assert [record["verdict"] for record in journal.read(tmp_path)] == ["met", "failed"]
    assert journal.latest(journal.read(tmp_path))[RECORD["stem"]]["verdict"] == "failed"


def test_a_torn_last_line_spoils_only_itself(tmp_path):
    journal.append(tmp_path, RECORD)
    journal.append(tmp_path, {**RECORD, "verdict": "failed"})
    path = tmp_path / journal.JOURNAL
    content = path.read_bytes()
    for cut in (20, 1):  # also one that lacks its line end and nothing else: what is read now is there later too
        path.write_bytes(content[:-cut])
        assert [record["verdict"] for record in journal.read(tmp_path)] == ["met"]
        journal.append(tmp_path, {**RECORD, "verdict": "undetermined"})
        assert [record["verdict"] for record in journal.read(tmp_path)] == ["met", "undetermined"]


def test_garbage_in_the_journal_is_passed_over(tmp_path):
    journal.append(tmp_path, RECORD)
    with open(tmp_path / journal.JOURNAL, "ab") as file:
        file.write(b'\xff\xfe garbage\n[1, 2]\n{"stem": 3}\n"text"\n\n')
    journal.append(tmp_path, RECORD)
    assert len(journal.read(tmp_path)) == 2  # the two appended


def test_a_changed_line_is_passed_over_noticed_and_taken_out(tmp_path):
    for verdict in ("met", "failed", "undetermined"):
        journal.append(tmp_path, {**RECORD, "verdict": verdict})
    journal.append_pages(tmp_path, {"index.html": "ab"})
    path = tmp_path / journal.JOURNAL
    content = path.read_bytes()
    assert journal.faults(tmp_path) == []
    for place in range(0, len(content), 7):  # prime to the lengths of lines: all parts of a line are met
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        assert journal.faults(tmp_path), place
    lines = content.split(b"\n")
    path.write_bytes(b"\n".join([lines[0], *lines[2:]]))  # a whole line taken out
    assert [fault["en"] for fault in journal.faults(tmp_path)] == ["before line 2, a line was taken out or put in"]
    path.write_bytes(content.replace(b"failed", b"met   "))
    assert [record["verdict"] for record in journal.read(tmp_path)] == ["met", "undetermined"]
    assert journal.mend(tmp_path) == 1
    assert journal.faults(tmp_path) == []
    assert [record["verdict"] for record in journal.read(tmp_path)] == ["met", "undetermined"]
    assert journal.read_pages(tmp_path) == {"index.html": "ab"}
    assert journal.mend(tmp_path) == 0


def test_several_lines_at_once_are_chained(tmp_path):
    journal.append(tmp_path, RECORD, RECORD)
    journal.append(tmp_path, RECORD)
    assert (len(journal.read(tmp_path)), journal.faults(tmp_path)) == (3, [])
