"""A run in parts comes to what a run in one piece comes to, to the byte, however the parts are run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from balancelab.reports import journal
from balancelab.reports.batch import Summary, run_reports
from balancelab.reports.console import Console
from balancelab.reports.errors import Failure, OutputLocked, PlanRefused
from balancelab.reports.outcome import Progress
from balancelab.reports.output import Output
from balancelab.reports.shards import Shard, parse_shard
from balancelab.reports.status import standings
from balancelab.reports.units import Plan, Unit
from tests.reports import fast

ROOT = Path(__file__).resolve().parents[2]
INPUTS = {"rows": "r1", "standard": "s1"}
CODES = [f"3715{number:02}" for number in range(1, 9)]
RECORD = {
    "stem": "2024/371599/balance.zh", "state": "done", "kind": "balance", "language": "zh", "county_code": "371599",
    "county": "临江县", "standard": "quality_2017", "verdict": "met", "files": {},
}  # fmt: skip


def unit(code: str) -> Unit:
    return fast.unit(code, inputs=INPUTS)


PLAN = fast.plan(*(unit(code) for code in CODES))


def one_fails(code: str) -> Failure | None:
    return Failure("cell_error", "ZeroDivisionError: division by zero", cell=3) if code == "371502" else None


def run(folder: Path, shard: Shard | None = None) -> Summary:
    with Output(folder, shard=shard) as output:
        return run_reports(PLAN, output=output, jobs=1, crew=fast.FastCrew(output, one_fails))


def run_with_workers(folder: Path, shard: Shard | None = None) -> Summary:
    with Output(folder, shard=shard) as output:
        return run_reports(fast.plan(*PLAN.units[:4]), output=output, jobs=1)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file but the journal and the lock that parts share."""
    return {name: content for name, content in fast.tree(folder).items() if name != ".lock"}


@pytest.mark.parametrize("written", ["0/3", "4/3", "3", "3/", "a/b", "1/70000", "-1/3", "1/3/5", "", "1/0"])
def test_what_is_no_part(written):
    with pytest.raises(PlanRefused, match="3/40") as caught:
        parse_shard(written)
    assert caught.value.exit_code == 2  # design.md section 8


def test_every_report_is_in_exactly_one_part_whatever_else_is_in_the_table():
    stems = [unit(f"{number:06}").stem for number in range(1000)]
    parts = [{stem for stem in stems if Shard(number, 7).takes(stem)} for number in range(1, 8)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 1000
    # 1000 balls into 7 boxes: mean 143, standard deviation 11; none is 5 deviations off
    assert all(88 < len(part) < 198 for part in parts)
    # one county fewer: nobody else's part changes, which a division by position would not give
    assert [stem for stem in stems[1:] if Shard(3, 7).takes(stem)] == sorted(parts[2] - {stems[0]})


def test_who_may_work_beside_whom(tmp_path):
    with Output(tmp_path, shard=Shard(1, 3)), Output(tmp_path, shard=Shard(2, 3)):
        with pytest.raises(OutputLocked, match="--shard 2/3") as caught, Output(tmp_path, shard=Shard(2, 3)):
            pass
        assert caught.value.exit_code == 6  # design.md section 8
        with pytest.raises(OutputLocked, match="--shard"), Output(tmp_path):
            pass
        with pytest.raises(OutputLocked, match="another division"), Output(tmp_path, shard=Shard(2, 4)):
            pass
        with Output(tmp_path, shard=Shard(3, 3)):  # the refused ones took nothing with them
            pass
    with Output(tmp_path), pytest.raises(OutputLocked), Output(tmp_path, shard=Shard(1, 3)):
        pass
    with Output(tmp_path, shard=Shard(2, 4)):  # nobody of the other division is at work any more
        pass
    assert list(tree(tmp_path)) == []


def test_a_part_leaves_other_parts_files_alone(tmp_path):
    with Output(tmp_path, shard=Shard(1, 2)) as one:
        (one.make_work() / "schools.parquet").write_bytes(b"data")
        (tmp_path / "2024").mkdir()
        in_the_making = tmp_path / "2024" / ".a.html.balancelab-0123456789ab.tmp"
        in_the_making.write_bytes(b"half")
        with Output(tmp_path, shard=Shard(2, 2)) as two:
            assert in_the_making.exists()
            assert (one.work / "schools.parquet").exists()
            assert two.work != one.work
    in_the_making.write_bytes(b"of a killed part")
    with Output(tmp_path):
        assert not in_the_making.exists()


def test_journals_of_parts_are_read_as_one_and_taken_over(tmp_path):
    one, two = (Output(tmp_path, shard=Shard(number, 2)) for number in (1, 2))
    for part, verdict in ((one, "met"), (two, "failed")):
        with part:
            journal.append(part.own, {**RECORD, "stem": f"2024/{part.own.name}/balance.zh", "verdict": verdict})
    assert not (tmp_path / journal.JOURNAL).exists()
    assert journal.has_journal(tmp_path)
    assert [record["verdict"] for record in journal.read(tmp_path)] == ["met", "failed"]
    assert len(standings(tmp_path)) == 2
    with Output(tmp_path) as output:
        run_reports(Plan((), lambda work: None), output=output)
    assert not (tmp_path / journal.SHARDS).exists()
    assert [record["verdict"] for record in journal.read(tmp_path)] == ["met", "failed"]
    assert set(tree(tmp_path)) == {"index.html"}


def test_what_a_part_wrote_never_stands_behind_what_the_closing_run_wrote(tmp_path):
    with Output(tmp_path, shard=Shard(1, 2)) as part:
        journal.append(part.own, {**RECORD, "stem": fast.unit().stem, "state": "failed"})

    def killed(event: Progress) -> None:
        if event.state == "done":
            raise RuntimeError("as if killed")

    made = []
    for on_progress in (killed, None):
        with Output(tmp_path) as output, suppress(RuntimeError):
            crew = fast.FastCrew(output)
            made.append(crew.made)
            run_reports(fast.plan(fast.unit()), output=output, jobs=1, crew=crew, on_progress=on_progress)
    assert made == [[fast.unit().stem], []]  # the second finds it done


def test_the_last_line_says_what_is_to_do_next(tmp_path, capsys):
    summary = Summary(tmp_path, (unit("371501"),), (), (), 1.0, shard=Shard(3, 40))
    Console("zh").summary(summary)
    Console("en").summary(summary)
    zh, en = capsys.readouterr().err.splitlines()
    assert "第 3/40 份" in zh
    assert "part 3/40; when all are done, a run without --shard makes what is left and the index" in en
    assert "index.html" not in zh + en  # it is not there yet


def test_three_parts_two_of_them_at_once_are_the_whole(tmp_path):
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    assert run(whole).exit_code == 4  # one county fails
    apart = tmp_path / "apart"  # as on a machine that shares no folder
    sums: dict[int, Summary] = {1: run(apart, Shard(1, 3))}
    assert not (apart / "index.html").exists()
    both = [
        threading.Thread(target=lambda number=number: sums.update({number: run(parted, Shard(number, 3))}))
        for number in (2, 3)
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    stems = [one.stem for summary in sums.values() for one in (*summary.done, *(one for one, _ in summary.failed))]
    assert sorted(stems) == sorted(one.stem for one in PLAN.units)  # each once
    assert {summary.exit_code for summary in sums.values()} == {0, 4}
    assert not (parted / "index.html").exists()
    shutil.copytree(apart, parted, dirs_exist_ok=True)
    # the same part again: nothing to do but what failed
    again = run(parted, Shard(1, 3))
    assert again.done == ()
    last = run(parted)
    assert (last.done, len(last.failed), len(last.unchanged)) == ((), 1, 7)
    assert tree(parted) == tree(whole)
    assert not (parted / ".lock").exists()
    latest = [journal.latest(journal.read(folder)) for folder in (whole, parted)]
    for records in latest:
        for record in records.values():
            for its_own in ("seconds", "stamps", "after", "sha256"):
                del record[its_own]
    assert latest[0] == latest[1]


@pytest.mark.slow
def test_a_killed_part_is_finished_by_the_closing_run(tmp_path):
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    run_with_workers(whole)
    mine = [one for one in PLAN.units[:4] if Shard(1, 2).takes(one.stem)]
    assert 0 < len(mine) < 4
    code = (
        "import sys; from pathlib import Path; from tests.reports.test_shards import Shard, run_with_workers;"
        "run_with_workers(Path(sys.argv[1]), Shard(1, 2))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(parted)], cwd=ROOT)
    while not list(parted.rglob("works.zh.html")) and process.poll() is None:
        threading.Event().wait(0.01)
    process.kill()
    process.wait()
    closing = run_with_workers(parted)
    assert closing.exit_code == 0
    assert tree(parted) == tree(whole)
