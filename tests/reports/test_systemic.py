"""Early stop when reports fail alike, and what a run tells programs of its end (X28 of the reliability sheet)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from balancelab.reports.batch import run_reports
from balancelab.reports.errors import Failure
from balancelab.reports.outcome import Summary
from balancelab.reports.output import Output
from balancelab.reports.systemic import Systemic
from tests.reports.fast import FastCrew, Poison, plan, tree, unit

CODES = [f"{371500 + number}" for number in range(30)]


def run(folder: Path, poison: Poison, *, keep_going: bool = False, languages: tuple[str, ...] = ("zh",)) -> Summary:
    units = [unit(code, language=language) for code in CODES for language in languages]
    with Output(folder) as output:
        crew = FastCrew(output, poison)
        return run_reports(plan(*units), output=output, jobs=1, crew=crew, keep_going=keep_going)


def missing_font(code: str) -> Failure:
    return Failure("cell_error", f"RuntimeError: county {code}: no font, tried {int(code) % 7} files", cell=3)


def test_x28_ten_alike_stop_the_run(tmp_path):
    summary = run(tmp_path, missing_font)
    # the catalogue: stop early after 10 consecutive identical failures with the one cause, exit 5
    assert (len(summary.failed), len(summary.not_made), summary.exit_code) == (10, 20, 5)
    assert summary.stopped is not None
    assert "--keep-going" in summary.stopped["en"]
    assert "no font" in summary.stopped["en"]
    assert "其余 20 份未生成" in summary.stopped["zh"]
    # the rest is left for the next run, which finds the cause removed
    resumed = run(tmp_path, lambda code: None)
    assert (len(resumed.done), resumed.exit_code) == (30, 0)
    assert not list(tmp_path.rglob("*.failed.ipynb"))


def test_x28_half_of_them_alike_stop_it_too(tmp_path):
    failing = iter(range(10**6))
    summary = run(tmp_path, lambda code: missing_font(code) if next(failing) % 2 else None, languages=("zh", "en"))
    assert (len(summary.failed), len(summary.done), summary.exit_code) == (10, 10, 5)


def test_keep_going_tries_them_all(tmp_path):
    summary = run(tmp_path, missing_font, keep_going=True)
    assert (len(summary.failed), summary.not_made, summary.stopped, summary.exit_code) == (30, (), None, 4)


@pytest.mark.parametrize(
    "poison",
    [
        lambda code: Failure("cell_error", "ValueError: " + "abcdefghijklmnopqrstuvwxyzABCDEFGH"[int(code) % 100]),
        lambda code: missing_font(code) if int(code) % 3 == 0 else None,  # 7 of any 20
        lambda code: Failure("cell_error", "ValueError: no schools", cell=int(code) % 100),
    ],
    ids=["other words", "a third", "other cells"],
)
def test_failures_of_the_counties_own_do_not_stop_it(tmp_path, poison):
    summary = run(tmp_path, poison)
    assert (summary.stopped, summary.exit_code) == (None, 4)
    assert len(summary.failed) + len(summary.done) == 30


def test_the_last_report_stops_nothing(tmp_path):
    watch = Systemic()
    assert [watch.see(unit(code), missing_font(code)) for code in CODES[:9]] == [None] * 9
    assert watch.see(unit(CODES[9]), missing_font(CODES[9])) is not None
    folder = tmp_path / "ten"
    with Output(folder) as output:
        crew = FastCrew(output, missing_font)
        summary = run_reports(plan(*map(unit, CODES[:10])), output=output, jobs=1, crew=crew)
    assert (summary.stopped, summary.exit_code) == (None, 4)  # all ten were tried: nothing was stopped


def test_summary_for_programs(tmp_path):
    summary = run(tmp_path, lambda code: missing_font(code) if code in CODES[:2] else None)
    told = json.loads(json.dumps(summary.as_json()))
    assert (told["exit_code"], len(told["done"]), told["interrupted"], told["stopped"]) == (4, 28, False, None)
    (cause,) = told["failed"]
    assert (cause["cause"], cause["text"]["zh"]) == ("cell_error", "单元格运行出错")
    assert [(one["county_code"], one["county"], one["cell"]) for one in cause["reports"]] == [
        ("371500", "临江县", 3),
        ("371501", "临江县", 3),
    ]
    assert cause["reports"][0]["message"].startswith("RuntimeError: county 371500: no font")
    assert told["why"] == {"new": 30}
    again = run(tmp_path, lambda code: None).as_json()
    assert (len(again["unchanged"]), len(again["done"]), again["why"]) == (28, 2, {"failed": 2})


def test_an_index_that_a_killed_run_did_not_write(tmp_path):
    run(tmp_path, lambda code: None)
    whole = tree(tmp_path)
    for spoil in (Path.unlink, lambda page: page.write_text("of an earlier run", encoding="utf-8")):
        spoil(tmp_path / "index.html")
        journal = tmp_path / "journal.jsonl"
        journal.write_bytes(journal.read_bytes())  # written after the page, as before a kill
        assert run(tmp_path, lambda code: None).done == ()
        assert tree(tmp_path) == whole
