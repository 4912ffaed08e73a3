"""A second run makes what changed and nothing else."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from balancelab.intake import Intake, read_schools
from balancelab.reports import journal, resume
from balancelab.reports.batch import Summary, run_reports
from balancelab.reports.crew import Crew
from balancelab.reports.errors import Failure, PlanRefused
from balancelab.reports.output import Output
from balancelab.reports.status import standings
from balancelab.reports.units import Unit
from tests.reports import fast
from tests.reports.fast import FastCrew, Poison, plan, tree

ROOT = Path(__file__).resolve().parents[2]
INPUTS = {"rows": "r1", "standard": "s1"}


@pytest.fixture(scope="module")
def intake() -> Intake:
    return read_schools(ROOT / "data/sample/schools.csv", year=2024)


def test_rows_of_a_county_are_its_own(intake):
    before = resume.rows_by_county(intake)
    assert resume.rows_by_county(intake) == before
    schools = intake.schools.copy()
    first = schools["county_code"].iloc[0]
    schools.loc[0, "students"] += 1
    after = resume.rows_by_county(replace(intake, schools=schools))
    assert {code for code in before if before[code] != after[code]} == {first, ""}
    assert len(before) == intake.schools["county_code"].nunique() + 1
    # a column more, though every value is as it was
    wider = resume.rows_by_county(replace(intake, schools=intake.schools.assign(extra=1.0)))
    assert all(before[code] != wider[code] for code in before)
    # rows kept out are shown in the report, so they count
    fewer = resume.rows_by_county(replace(intake, findings=intake.findings[1:]))
    assert fewer != before or not intake.findings


@pytest.mark.parametrize(
    ("kind", "alone"), [("balance", True), ("school", True), ("overview", False), ("quality", False)]
)  # what each notebook says
def test_which_notebooks_look_at_one_county(kind, alone):
    assert resume.reads_one_county(ROOT / f"notebooks/{kind}.ipynb") is alone


def unit(code: str = "371501") -> Unit:
    return fast.unit(code, inputs=INPUTS)


def run(
    folder: Path,
    *units: Unit,
    force: bool = False,
    known: frozenset[str] = frozenset(),
    poison: Poison = lambda code: None,
) -> Summary:
    with Output(folder) as output:
        crew = FastCrew(output, poison)
        planned = replace(plan(*units), known=known)
        summary = run_reports(planned, output=output, jobs=1, force=force, crew=crew)
        assert bool(crew.men) == bool(summary.done or summary.failed)  # nothing to do: nobody is hired
        return summary


def test_only_what_changed_is_made_again(tmp_path, monkeypatch):
    """Catalogue P10."""
    one, two = unit("371501"), unit("371502")
    assert run(tmp_path, one, two).why == {"new": 2}
    before = tree(tmp_path, journal=True)
    second = run(tmp_path, one, two)
    assert (second.done, len(second.unchanged), second.why, second.exit_code) == ((), 2, {}, 0)
    assert tree(tmp_path, journal=True) == before

    third = run(tmp_path, one, replace(two, inputs={**INPUTS, "rows": "r2"}))
    assert ([made.county_code for made in third.done], third.why) == (["371502"], {"rows": 1})
    assert len(run(tmp_path, one, two).done) == 1  # and back again
    del before["journal.jsonl"]
    assert tree(tmp_path) == before
    changes = {
        "standard": replace(one, inputs={**INPUTS, "standard": "s2"}),
        "parameters": replace(one, parameters={**one.parameters, "data_file": "other.parquet"}),
        "formats": replace(one, formats=("html",)),
    }
    program = resume.program_parts()
    record = journal.latest(journal.read(tmp_path))[one.stem]
    assert resume.why_made(one, resume.parts_of(one, program), record, tmp_path) == ""
    for why, changed in changes.items():
        assert resume.why_made(changed, resume.parts_of(changed, program), record, tmp_path) == why
    for why in ("package", "libraries"):
        parts = resume.parts_of(one, {**program, why: "other"})
        assert resume.why_made(one, parts, record, tmp_path) == why
    assert len(run(tmp_path, one, two, force=True).done) == 2


def test_files_that_are_gone_or_changed_are_made_again(tmp_path):
    """Catalogue N10."""
    one = unit()
    run(tmp_path, one)
    page = tmp_path / f"{one.stem}.html"
    content = page.read_bytes()
    page.unlink()
    assert run(tmp_path, one).why == {"files": 1}
    page.write_bytes(content[:-1] + b"x")
    assert run(tmp_path, one).why == {"files": 1}
    assert page.read_bytes() == content
    os.utime(page)  # another time, the same content
    assert run(tmp_path, one).why == {}
    copy = tmp_path.with_name("copy")
    shutil.copytree(tmp_path, copy)
    assert run(copy, one).why == {}
    # a journal that lost its last line in a crash, or has garbage in it: made again, never skipped, never a crash
    lines = (tmp_path / "journal.jsonl").read_bytes()
    (tmp_path / "journal.jsonl").write_bytes(b"\x00garbage\n{}\n[]\n" + lines[: len(lines) // 9])
    again = run(tmp_path, one)
    assert again.why == {"new": 1}
    assert page.read_bytes() == content


def test_a_county_that_left_the_table_is_named_and_left(tmp_path):
    one, two = unit("371501"), unit("371502")
    run(tmp_path, one, two, known=frozenset({"371501", "371502"}))
    later = run(tmp_path, one, known=frozenset({"371501"}))
    assert later.gone == ("371502 临江县 zh",)
    assert (tmp_path / f"{two.stem}.html").exists()


def test_nothing_to_do_is_quick(tmp_path):
    units = [unit(f"{number:06}") for number in range(1000)]
    program = resume.program_parts()
    lines = []
    for one in units:
        (tmp_path / one.stem).parent.mkdir(parents=True)
        for name in one.files:
            (tmp_path / name).write_bytes(b"")
        files = dict.fromkeys(
            one.files, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )  # of nothing
        texts = {"kind": one.kind, "language": "zh", "county_code": one.county_code, "county": "", "verdict": ""}
        record = {"stem": one.stem, "state": "done", **texts, **one.origin, "files": files}
        stamps = resume.stamps(tmp_path, one.files)
        made_from = {"parts": resume.parts_of(one, program), "stamps": stamps}
        lines.append(journal.sealed({**record, **made_from}, lines[-1] if lines else b""))
    (tmp_path / "journal.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    started = time.process_time()
    with Output(tmp_path) as output, Crew(output, early=False) as crew:
        summary = run_reports(plan(*units), output=output, jobs=1, crew=crew)
        assert crew.men == []  # no process
    assert len(summary.unchanged) == 1000
    assert time.process_time() - started < 2  # R15 of the reliability sheet: 3,000 in 3 s, twice that on a busy machine


def test_status_tells_each_state(tmp_path):
    failure = Failure("cell_error", "ValueError: no schools in 371503")
    units = [unit(code) for code in ("371501", "371502", "371503")]
    run(tmp_path, *units, poison=lambda code: failure if code == "371503" else None)
    (tmp_path / "2024/371502/works.zh.html").write_text("edited", encoding="utf-8")
    states = {one.stem: (one.state, one.why["en"]) for one in standings(tmp_path)}
    assert states["2024/371503/works.zh"] == ("failed", "a cell failed: ValueError: no schools in 371503")
    assert states["2024/371502/works.zh"] == ("changed", "files are missing or were changed")
    # "works" is a notebook of the tests, not one that is shipped: what it was made by is no longer there
    assert states["2024/371501/works.zh"] == ("stale", "the notebook changed")
    with pytest.raises(PlanRefused, match="no journal"):
        standings(tmp_path / "nowhere")
