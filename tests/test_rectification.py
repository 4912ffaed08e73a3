"""The rectification ledger: opened from verdicts, closed and reopened by themselves, written, filled in, read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from balancelab import (
    compute_indicators,
    judge_school_items,
    load_standard,
    mark_scope,
    read_schools,
    split_shares,
)
from balancelab.definitions import InvalidDefinition
from balancelab.intake.findings import DataRefused
from balancelab.rectification import (
    assess_year,
    assess_years,
    begin_ledger,
    count_changes,
    find_problems,
    load_units,
    open_ledger,
    rank_problems,
    read_ledger,
    take_files,
    update_ledger,
    write_ledger,
)
from balancelab.rectification.checks import CHECK_COLUMNS, list_checks
from balancelab.rectification.forms import COLUMNS, STATUS_WORDS
from balancelab.standards import Condition, Standard

ROOT = Path(__file__).resolve().parents[1]
UNITS = load_units()
HEADER_ROW = 3  # of the workbook, 1-based: title, how to fill in, header


@pytest.fixture(scope="module")
def rules() -> Standard:
    return load_standard("quality_2017")


def check(key: str, *, met: bool | None, gap: float = 0.0, kind: str = "indicator", year: int = 2024) -> dict:
    """One row of a checks table; the key is county/subject/stage/school."""
    county, subject, stage, school = key.split("/")
    return {
        "year": year, "county_code": county, "key": key, "kind": kind, "subject": subject, "stage": stage,
        "school_code": school, "school": f"学校{school}" if school else "", "block": "resources",
        "value": 4.5 - gap / 100, "limit": 4.5, "comparison": "at_least", "met": met, "gap": gap,
        "priority": "required", "severity": gap / 450,
    }  # fmt: skip


def checks(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(CHECK_COLUMNS)).astype({"met": "boolean"})


A = "371599/teaching_area_per_student/primary/1"
B = "371599/teaching_area_per_student/primary/2"
C = "371599/backbone_teachers_per_100/junior/3"


class TestLedger:
    def test_opened_from_what_is_not_met_only(self):
        ledger = open_ledger(checks(check(A, met=False, gap=10), check(B, met=True), check(C, met=None)), UNITS)
        assert ledger["key"].tolist() == [A]  # hand: one of three is not met, one was not reported
        assert ledger[["number", "status", "change", "opened_year", "closed_year"]].values.tolist() == [
            [1, "open", "new", 2024, 0]
        ]

    def test_a_gap_that_is_gone_closes_by_itself(self):
        before = open_ledger(
            checks(check(A, met=False, gap=10, year=2023), check(B, met=False, gap=5, year=2023)), UNITS
        )
        after = update_ledger(before, checks(check(A, met=True), check(B, met=False, gap=5)), UNITS).set_index("key")
        assert after.loc[A, ["status", "change", "closed_year", "opened_year"]].tolist() == [
            "closed",
            "closed",
            2024,
            2023,
        ]
        assert after.loc[B, ["status", "change", "closed_year"]].tolist() == ["open", "same", 0]
        assert after["number"].to_dict() == before.set_index("key")["number"].to_dict()

    def test_one_that_came_back_is_reopened(self):
        opened = open_ledger(checks(check(A, met=False, gap=10, year=2022)), UNITS)
        closed = update_ledger(opened, checks(check(A, met=True, year=2023)), UNITS)
        back = update_ledger(closed, checks(check(A, met=False, gap=3)), UNITS).iloc[0]
        assert (back["status"], back["change"], back["closed_year"], back["number"]) == ("reopened", "reopened", 0, 1)

    @pytest.mark.parametrize("now", [checks(check(A, met=None)), checks(check(B, met=True))], ids=["silent", "gone"])
    def test_nothing_closes_for_want_of_data(self, now: pd.DataFrame):
        opened = open_ledger(checks(check(A, met=False, gap=10, year=2023)), UNITS)
        row = update_ledger(opened, now, UNITS).set_index("key").loc[A]
        assert (row["status"], row["change"], row["gap"]) == ("open", "not_judged", 10)

    @pytest.mark.parametrize(("gap", "change"), [(9.0, "smaller"), (11.0, "larger"), (10.0, "same")])
    def test_says_whether_the_gap_moved(self, gap: float, change: str):
        opened = open_ledger(checks(check(A, met=False, gap=10, year=2023)), UNITS)
        assert update_ledger(opened, checks(check(A, met=False, gap=gap)), UNITS)["change"].tolist() == [change]

    def test_new_problems_come_at_the_end(self):
        opened = open_ledger(checks(check(B, met=False, gap=5, year=2023)), UNITS)
        later = update_ledger(opened, checks(check(A, met=False, gap=90), check(B, met=False, gap=5)), UNITS)
        assert later[["number", "key"]].values.tolist() == [[1, B], [2, A]]

    def test_updating_twice_changes_nothing_more(self):
        now = checks(check(A, met=False, gap=10), check(B, met=True))
        once = update_ledger(open_ledger(checks(check(B, met=False, gap=1, year=2023)), UNITS), now, UNITS)
        twice = update_ledger(once, now, UNITS)
        pd.testing.assert_frame_equal(once.drop(columns="change"), twice.drop(columns="change"))
        assert count_changes(twice)["closed_before"] == 1

    def test_checks_of_several_years_are_refused(self):
        with pytest.raises(ValueError, match="2023, 2024"):
            open_ledger(checks(check(A, met=False), check(B, met=False, year=2023)), UNITS)


class TestProblems:
    def test_the_gravest_first(self):
        rows = [
            check(A, met=False, gap=10),
            check(B, met=False, gap=90),
            check("371599/veto_fraud/all/", met=False, kind="veto"),
            check("371599/cv:teaching_area_per_student/primary/", met=False, gap=1, kind="difference"),
        ]
        assert [key.split("/")[1] for key in find_problems(checks(*rows))["key"]] == [
            "veto_fraud", "cv:teaching_area_per_student", "teaching_area_per_student", "teaching_area_per_student",
        ]  # fmt: skip
        assert find_problems(checks(*rows))["gap"].tolist()[2:] == [90, 10]

    def test_a_county_item_gives_way_to_its_schools(self):
        item = check("371599/class_size_primary/all/", met=False, kind="item")
        school = check("371599/class_size_primary/primary/1", met=False, gap=4, kind="school_item")
        assert find_problems(checks(item, school))["kind"].tolist() == ["school_item"]
        assert find_problems(checks(item))["kind"].tolist() == ["item"]

    def test_gathered_by_subject(self):
        ranked = rank_problems(find_problems(checks(check(A, met=False, gap=10), check(B, met=False, gap=5))))
        assert ranked[["n", "n_schools", "gap"]].values.tolist() == [[2, 2, 15.0]]  # hand: 10 + 5 m² in two schools


def test_classes_have_a_row_for_each_stage_whatever_the_item_is_called(rules: Standard):
    """Keys name a row across years: two stages of one school must not share one."""
    item = replace(rules.items["class_size_primary"], id="largest_classes", schools=Condition())
    standard = replace(rules, items={"largest_classes": item})
    row = {"year": 2024, "county_code": "371599", "school_code": "1", "school": "甲校", "school_type": "nine_year"}
    schools = pd.DataFrame(
        [row | {"stage": stage, "students": 400.0, "classes": 8.0, "largest_class": 60.0} for stage in standard.stages]
    )
    none = pd.DataFrame({"limit": []})
    found = list_checks(none, none, none, none, judge_school_items(schools, standard, year=2024), schools, standard)
    assert found["key"].tolist() == ["371599/largest_classes/primary/1", "371599/largest_classes/junior/1"]


class TestUnits:
    def test_task_by_subject_then_block_then_default(self):
        assert UNITS.task_for("teacher_pay", "government").lead == "human_resources"
        assert UNITS.task_for("veto_fraud", "veto").supporting[0] == "supervision"
        assert UNITS.task_for("anything", "anything").lead == "education"

    @pytest.mark.parametrize("name", ["quality_2017", "basic_2012"])
    def test_every_subject_it_names_is_one_of_the_standards(self, name: str):
        known = {one for each in ("quality_2017", "basic_2012") for one in load_standard(each).items}
        known |= {one.id for each in ("quality_2017", "basic_2012") for one in load_standard(each).indicators}
        assert {subject for task in UNITS.tasks.values() for subject in task.subjects} <= known
        assert all(UNITS.task_for(one.id).measure["zh"] for one in load_standard(name).indicators)

    def test_faults_of_a_file_are_named_at_once(self, tmp_path: Path):
        own = tmp_path / "units.toml"
        own.write_text(
            '[deadline]\nmonth_day = "9-30"\nyears_after = 1\n[units]\na = { zh = "甲" , en = "A" }\n'
            '[tasks.x]\nlead = "b"\nsupporting = []\nmeasure = { zh = "办", en = "do" }\n',
            encoding="utf-8",
        )
        with pytest.raises(InvalidDefinition) as refused:
            load_units(own)
        said = str(refused.value)
        assert "'b'" in said
        assert "default" in said
        assert "09-30" in said

    def test_a_value_where_a_table_should_be_is_named(self, tmp_path: Path):
        own = tmp_path / "units.toml"
        own.write_text("deadline = 5\nunits = 'x'\ntasks = { default = 1 }\n", encoding="utf-8")
        with pytest.raises(InvalidDefinition) as refused:
            load_units(own)
        assert str(refused.value).count("must be a table") == 3


@pytest.fixture(scope="module")
def sample(rules: Standard):
    """The example county, all years, with its county table."""
    intake = read_schools(
        ROOT / "data/sample/schools.csv", all_years=True, columns_needed=rules.columns_needed()
    ).for_county("371599")
    schools = split_shares(mark_scope(intake.schools, rules), rules)
    indicators = compute_indicators(schools[schools["in_scope"]], rules.indicators, splits=rules.splits())
    given = take_files(rules, items_file=ROOT / "data/sample/county_items.csv")
    assert all(finding.severity == "warning" for finding in given.findings)
    return schools, indicators, given.county_items


@pytest.fixture(scope="module")
def written(sample, rules: Standard, tmp_path_factory: pytest.TempPathFactory):
    """Checks of 2024, the ledger opened in 2023 and updated, and its workbook."""
    schools, indicators, county_items = sample
    years = {at: assess_year(schools, indicators, county_items, rules, year=at) for at in (2023, 2024)}
    ledger, _ = begin_ledger("", years, rules, UNITS, year=2024)
    path = tmp_path_factory.mktemp("ledger") / "ledger.xlsx"
    write_ledger(ledger, path, rules, UNITS)
    return years[2024].checks, ledger, path


def edited(path: Path, folder: Path, changes: dict[tuple[int, str], object]) -> Path:
    """A copy of a workbook with cells changed, by row of the ledger (from 1) and column."""
    book = openpyxl.load_workbook(path)
    for (row, name), value in changes.items():
        book["ledger"].cell(HEADER_ROW + row, list(COLUMNS).index(name) + 1).value = value
    target = folder / "edited.xlsx"
    book.save(target)
    return target


class TestWorkbook:
    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_round_trip(self, written, rules: Standard, tmp_path: Path, language: str):
        checks_now, ledger, _ = written
        path = tmp_path / "ledger.xlsx"
        write_ledger(ledger, path, rules, UNITS, language=language)
        again, findings = read_ledger(path, rules, UNITS, checks=checks_now)
        assert not findings  # its own hidden columns are not worth a remark
        kept = [name for name in ledger.columns if name not in ("change", "measure")]
        pd.testing.assert_frame_equal(again[kept], ledger[kept], atol=1e-6, rtol=1e-9)
        assert set(update_ledger(again, checks_now, UNITS)["change"]) == {"same", "closed_before"}

    def test_computed_cells_are_locked_and_statuses_listed(self, written):
        sheet = openpyxl.load_workbook(written[2])["ledger"]
        assert sheet.protection.sheet
        locked = {name: sheet.cell(HEADER_ROW + 1, at).protection.locked for at, name in enumerate(COLUMNS, start=1)}
        assert {name for name, is_locked in locked.items() if not is_locked} == {
            "measure", "lead_unit", "supporting_units", "deadline", "status", "evidence",
        }  # fmt: skip
        lists = [rule.formula1 for rule in sheet.data_validations.dataValidation]
        assert any(all(words["zh"] in found for words in STATUS_WORDS.values()) for found in lists)

    def test_what_people_fill_in_is_kept(self, written, rules: Standard, tmp_path: Path):
        checks_now, _, path = written
        filled = {
            (1, "measure"): "新建操场", (1, "lead_unit"): "发展改革局", (1, "supporting_units"): "财政局、县投资公司",
            (1, "deadline"): "2025-08-31", (1, "status"): "整改中", (1, "evidence"): "发改〔2025〕3号",
        }  # fmt: skip
        ledger, findings = read_ledger(edited(path, tmp_path, filled), rules, UNITS, checks=checks_now)
        assert not [finding for finding in findings if finding.severity == "error"]
        row = update_ledger(ledger, checks_now, UNITS).iloc[0]
        assert row[["measure", "lead_unit", "supporting_units", "deadline", "status", "evidence"]].tolist() == [
            "新建操场", "development_reform", "finance;县投资公司", "2025-08-31", "in_progress", "发改〔2025〕3号",
        ]  # fmt: skip

    def test_everything_wrong_is_said_at_once(self, written, rules: Standard, tmp_path: Path):
        checks_now, ledger, path = written
        wrong = {
            (1, "value"): 0.1, (2, "subject"): "teaching_aera_per_student", (3, "status"): "已整改好",
            (4, "deadline"): "年底前", (5, "key"): "abc", (6, "number"): 7, (8, "key"): ledger["key"].iloc[8],
            (10, "status"): "已整改待核验",
        }  # fmt: skip
        again, findings = read_ledger(edited(path, tmp_path, wrong), rules, UNITS, checks=checks_now)
        codes = {finding.code for finding in findings}
        assert codes >= {
            "LEDGER_EDITED", "LEDGER_SUBJECT", "LEDGER_STATUS", "LEDGER_DEADLINE", "LEDGER_KEY", "LEDGER_NUMBER",
            "LEDGER_TWICE", "LEDGER_EVIDENCE",
        }  # fmt: skip
        subject = next(finding for finding in findings if finding.code == "LEDGER_SUBJECT")
        assert "teaching_area_per_student" in subject.en  # the nearest is named
        assert subject.address == "C5"  # hand: third column; second row below the header in row 3
        assert all(finding.zh and finding.en and finding.remedy_zh and finding.remedy_en for finding in findings)
        assert len(again) <= len(ledger) - 7

    @pytest.mark.parametrize(
        ("typed", "faults"), [("2025-02-29", 1), ("2024-02-29", 0), ("2025年12月1日", 0), ("2025/6/31 00:00:00", 1)]
    )
    def test_a_deadline_is_a_day_of_the_calendar(self, written, rules: Standard, tmp_path: Path, typed, faults):
        _, _, path = written
        _, findings = read_ledger(edited(path, tmp_path, {(1, "deadline"): typed}), rules, UNITS)
        assert [finding.code for finding in findings].count("LEDGER_DEADLINE") == faults

    def test_years_that_are_none_stop_nothing(self, written, rules: Standard, tmp_path: Path):
        _, _, path = written
        typed = {(1, "opened_year"): "1e999", (2, "closed_year"): "9" * 30, (3, "opened_year"): "去年"}
        ledger, findings = read_ledger(edited(path, tmp_path, typed), rules, UNITS)
        assert not [finding for finding in findings if finding.severity == "error"]
        assert ledger["opened_year"].iloc[[0, 2]].tolist() == [0, 0]
        assert ledger["closed_year"].iloc[1] == 0

    def test_another_countys_ledger_and_a_school_that_is_gone(self, written, rules: Standard):
        checks_now, ledger, path = written
        foreign = checks_now.assign(county_code="840101")
        assert {f.code for f in read_ledger(path, rules, UNITS, checks=foreign)[1]} >= {"LEDGER_COUNTY"}
        school = ledger.loc[ledger["school_code"] != "", "school_code"].iloc[0]
        gone = checks_now[checks_now["school_code"] != school]
        found = read_ledger(path, rules, UNITS, checks=gone)[1]
        assert [f.severity for f in found if f.code == "LEDGER_SCHOOL"][:1] == ["warning"]

    def test_a_faulty_ledger_is_refused(self, sample, written, rules: Standard, tmp_path: Path):
        years = assess_years(*(part[part["year"] == 2024] for part in sample), rules, year=2024)
        path = edited(written[2], tmp_path, {(1, "value"): 0.1})
        with pytest.raises(DataRefused):
            begin_ledger(str(path), years, rules, UNITS, year=2024)

    def test_a_table_that_is_no_ledger(self, rules: Standard):
        ledger, findings = read_ledger(ROOT / "data/sample/county_items.csv", rules, UNITS)
        assert ledger.empty
        assert [finding.code for finding in findings] == ["LEDGER_HEADER"]

    def test_the_same_ledger_gives_the_same_bytes(self, written, rules: Standard, tmp_path: Path):
        write_ledger(written[1], tmp_path / "again.xlsx", rules, UNITS)
        assert (tmp_path / "again.xlsx").read_bytes() == written[2].read_bytes()

    def test_only_xlsx(self, written, rules: Standard, tmp_path: Path):
        with pytest.raises(ValueError, match="xlsx"):
            write_ledger(written[1], tmp_path / "ledger.csv", rules, UNITS)


def test_example_county_has_the_problems_it_was_made_for(written):
    problems = find_problems(written[0])
    # from balancelab/sample/county_items.toml: what the role sets below or above its limit
    made = {"art_rooms", "exchange_rate", "training_360h", "quota_to_juniors", "monitoring_rate_mathematics"}
    assert set(problems.loc[problems["kind"] == "item", "subject"]) == made
    assert written[1]["number"].tolist() == list(range(1, len(written[1]) + 1))
    assert written[1]["key"].is_unique
