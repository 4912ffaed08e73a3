"""Reports at every level: words, ranks and tables; the four notebooks cell by cell, and by the command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from balancelab import Page, load_standard
from balancelab.intake.county_table import read_county_items
from balancelab.page import assessment
from balancelab.page.blocks import is_complete
from balancelab.page.levels import problems, school
from balancelab.page.levels.wording import gap_text, limit_text, problem_text, subject_words, value_text
from balancelab.reports.errors import PlanRefused
from balancelab.reports.guard import declared_parameters
from balancelab.reports.targets import added_files, choose_schools
from balancelab.sample.county_items import make_county_items
from balancelab.standards import Standard

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"
KINDS = ("self_evaluation", "school", "city", "rectification")
CJK = re.compile("[一-鿿]")


@pytest.fixture(scope="module")
def rules() -> Standard:
    return load_standard("quality_2017")


class TestWords:
    def test_values_carry_their_units(self, rules: Standard):
        assert value_text("zh", rules, "exchange_rate", 0.087) == "8.7%"
        assert value_text("en", rules, "special_education_funds", 7200) == "7,200 yuan"
        assert value_text("zh", rules, "layout_plan", 1) == "是"
        assert value_text("zh", rules, "cv:sports_area_per_student", 1.00235) == "1.002"
        assert value_text("en", rules, "class_size_primary", 49, kind="school_item") == "49 students"

    def test_requirements(self, rules: Standard):
        assert limit_text("zh", rules, "exchange_rate", "at_least", 0.1) == "不低于 10%"
        assert limit_text("en", rules, "monitoring_rate_arts", "below", 0.15) == "below 0.15"
        assert limit_text("zh", rules, "art_rooms", "at_most", 0) == "0 所"
        assert limit_text("en", rules, "veto_fraud", "no", None) == "no"

    def test_a_subject_of_another_standard_keeps_its_id(self, rules: Standard):
        assert subject_words(rules, "gov_99")["zh"] == "gov_99"

    def test_gaps(self, rules: Standard):
        # hand: 10 % − 8.7 % = 1.3 percentage points
        row = {"kind": "item", "subject": "exchange_rate", "gap": 0.1 - 0.087}
        assert gap_text("zh", rules, row) == "1.3 百分点"
        assert gap_text("en", rules, row | {"gap": float("nan")}) == "—"
        assert (
            gap_text("en", rules, {"kind": "school_item", "subject": "class_size_primary", "gap": 4.0}) == "4 students"
        )
        of_school = {"kind": "indicator", "subject": "backbone_teachers_per_100", "gap": 3.0}
        assert gap_text("zh", rules, of_school) == "3 人"
        assert gap_text("en", rules, of_school | {"subject": "teaching_area_per_student", "gap": 553.3}) == "553.3 m²"
        # a shortfall of the teacher-student ratio is teachers, not teachers per student
        assert gap_text("zh", load_standard("basic_2012"), of_school | {"subject": "teacher_student_ratio"}) == "3 人"

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_every_item_can_be_said(self, rules: Standard, language: str):
        for item in rules.items.values():
            row = {
                "kind": "item", "subject": item.id, "stage": "all", "value": 0.0, "comparison": item.comparison,
                "limit": None if item.limit is None else float(item.limit),
            }  # fmt: skip
            said = problem_text(language, rules, row)
            assert said
            assert bool(CJK.search(said)) == (language == "zh")


class TestTables:
    def test_a_veto_is_said_and_silence_is_not_absence(self, rules: Standard):
        table = pd.DataFrame({"item": ["veto_fraud", "veto_accident"], "block": "veto"})
        states = {}
        for name, met in {"veto": [False, True], "silent": [None, True], "clean": [True, True]}.items():
            page = Page("zh")
            assessment.veto_statement(page, table.assign(met=pd.array(met, dtype="boolean")), rules)
            states[name] = page.blocks[0].to_json()["state"]
        assert states == {"veto": "failed", "silent": "undetermined", "clean": "met"}

    def test_no_problem_is_said(self, rules: Standard):
        page = Page("en")
        problems.problem_table(page, pd.DataFrame(columns=["kind"]), rules)
        assert page.blocks[0].to_json()["text"] == "Nothing was judged as not met."

    def test_whole_verdict_names_blocks(self, rules: Standard):
        rows = [
            ("resources", False, "failed", ""),
            ("quality", None, "", ""),
            ("county", False, "resources", "quality"),
        ]
        table = pd.DataFrame(rows, columns=["block", "met", "failed", "missing"]).assign(reason="failed")
        page = Page("en")
        assessment.assessment_verdict(page, table, "A", rules)
        why = "not met: Resource allocation; not reported or incomplete: Education quality"
        assert [block.to_json()["text"] for block in page.blocks] == [f"A does not meet “Quality balance”: {why}"]

    def test_place_among_schools(self):
        # hand: values 5, 4, 4 and one missing: places 1, 2, 2 of 3
        keys = {"year": 2024, "county_code": "1", "stage": "primary", "indicator": "books_per_student"}
        values = {"a": 5.0, "b": 4.0, "c": 4.0, "d": float("nan")}
        table = pd.DataFrame([keys | {"school_code": code, "value": value} for code, value in values.items()])
        verdicts = pd.DataFrame(columns=["school_code", "stage", "indicator", "value", "limit", "comparison", "met"])
        means = pd.DataFrame([keys | {"measure": "weighted_mean", "value": 4.3}])
        places = {
            code: school.rank_values(table, verdicts, table[table["school_code"] == code], means).iloc[0]
            for code in "abd"
        }
        assert (places["a"]["rank"], places["b"]["rank"], places["a"]["n"]) == (1, 2, 3)
        assert pd.isna(places["d"]["rank"])

    def test_unknown_school_is_refused_with_the_nearest(self):
        table = pd.DataFrame({"school_code": ["2137000001"], "year": [2024]})
        with pytest.raises(ValueError, match="did you mean '2137000001'"):
            school.choose_school(table, "2137000010", 2024)


class TestTargets:
    def test_schools_chosen_or_all_in_scope(self):
        table = pd.DataFrame(
            {"county_code": ["1", "1", "2"], "school_code": ["a", "b", "c"], "in_scope": [True, False, True]}
        )
        assert choose_schools(table, "", ["1", "2"]) == [("1", "a"), ("2", "c")]
        assert choose_schools(table, "b, c", ["1", "2"]) == [("1", "b"), ("2", "c")]  # asked for: in scope or not
        with pytest.raises(PlanRefused, match="'c'"):
            choose_schools(table, "c", ["1"])

    def test_files_are_found_and_missing_ones_named(self, tmp_path: Path):
        there = tmp_path / "items.csv"
        there.write_text("", encoding="utf-8")
        found = added_files({"items_file": str(there), "ledger_file": "", "data_file": "x", "order": 1}, ["data_file"])
        assert found == {"items": there}
        with pytest.raises(PlanRefused, match=r"nowhere\.xlsx"):
            added_files({"ledger_file": "nowhere.xlsx"}, [])


@pytest.mark.parametrize(("name", "standard"), [("county_items", "quality_2017"), ("county_items_basic", "basic_2012")])
def test_sample_county_tables_are_what_the_program_makes(name: str, standard: str):
    rules = load_standard(standard)
    schools = pd.read_csv(SAMPLE / "schools.csv", dtype={"county_code": str, "school_code": str})
    made = make_county_items(schools, rules, year=2024).astype(str)
    kept = pd.read_csv(SAMPLE / f"{name}.csv", dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(made, kept)
    assert not [
        finding for finding in read_county_items(SAMPLE / f"{name}.csv", rules)[1] if finding.severity == "error"
    ]


def run_cells(kind: str, monkeypatch: pytest.MonkeyPatch, **parameters: object) -> list[dict]:
    """Run a notebook's cells as a kernel would; return the page's blocks."""
    monkeypatch.chdir(ROOT / "notebooks")
    cells = json.loads((ROOT / "notebooks" / f"{kind}.ipynb").read_text(encoding="utf-8"))["cells"]
    first, *others = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    made: dict = {}
    exec(first, made)  # noqa: S102 (our own notebook)
    assert set(parameters) <= set(declared_parameters(ROOT / "notebooks" / f"{kind}.ipynb"))
    made.update(parameters)
    for source in others:
        exec(source, made)  # noqa: S102
    blocks = [block.to_json() for block in made["page"].blocks]
    assert is_complete(blocks)
    return blocks


ITEMS = {"quality_2017": "../data/sample/county_items.csv", "basic_2012": "../data/sample/county_items_basic.csv"}


@pytest.mark.slow
@pytest.mark.parametrize("standard", list(ITEMS))
@pytest.mark.parametrize("kind", ["self_evaluation", "school", "rectification"])
def test_both_regimes_and_languages_say_the_same(kind: str, standard: str, monkeypatch: pytest.MonkeyPatch):
    zh, en = (
        run_cells(kind, monkeypatch, standard=standard, items_file=ITEMS[standard], language=language)
        for language in ("zh", "en")
    )
    assert [block["kind"] for block in zh] == [block["kind"] for block in en]
    for one, other in zip(zh, en, strict=True):
        if one["kind"] == "table":
            numeric = [
                at for at, column in enumerate(one["columns"]) if column["kind"] in ("number", "percent", "verdict")
            ]
            assert [[row[at] for at in numeric] for row in one["rows"]] == [
                [row[at] for at in numeric] for row in other["rows"]
            ]


@pytest.mark.slow
def test_without_a_county_table_nothing_is_passed(monkeypatch: pytest.MonkeyPatch):
    blocks = run_cells("self_evaluation", monkeypatch, county_code="840101")
    verdicts = [block["state"] for block in blocks if block["kind"] == "verdict"]
    assert verdicts == ["undetermined", "undetermined"]  # the county; the vetoes: nothing was stated


@pytest.mark.slow
def test_the_city_report_counts_the_sample(monkeypatch: pytest.MonkeyPatch):
    blocks = run_cells("city", monkeypatch, items_file=ITEMS["quality_2017"], language="en")
    # by the roles of the sample: three pass all, one has a single junior school, one has a veto among those that fail
    assert any(
        "3 pass all blocks, 8 fail (of these 1 by a veto), 1 cannot be decided" in b.get("text", "") for b in blocks
    )
    published = next(b for b in blocks if b.get("caption", "").startswith("Table 2"))
    assert len(published["rows"]) == 12 * 2 * 2  # counties × stages × a row of means and one of coefficients


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "more", "made"),
    [
        ("self_evaluation", ["--county", "840127"], ["840127/self_evaluation"]),
        ("rectification", ["--county", "371599"], ["371599/rectification"]),
        (
            "school",
            ["--set", "school_code=3137000019,2137000024,2137000003"],
            ["371599/school-3137000019", "371599/school-2137000024", "371599/school-2137000003"],
        ),
        ("city", [], ["overview/city"]),
    ],
)
def test_run_by_the_command_line(tmp_path: Path, kind: str, more: list[str], made: list[str]):
    asked = ["report", "data/sample/schools.csv", "--year", "2024", "--language", "zh", "--kind", kind, *more]
    asked += ["--output", str(tmp_path), "--set", "items_file=data/sample/county_items.csv"]
    done = subprocess.run(
        [sys.executable, "-m", "balancelab", *asked], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.relative_to(tmp_path / "2024").as_posix() for path in tmp_path.rglob("2024/*/*.html")) == sorted(
        f"{name}.zh.html" for name in made
    )
    for name in made:
        page = (tmp_path / "2024" / f"{name}.zh.html").read_text(encoding="utf-8")
        assert "由程序生成" in page
        assert str(ROOT) not in page
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    for name in made:  # the index holds counties, kinds and schools apart; the page puts the links together
        county, _, report = name.partition("/")
        assert all(part in index for part in (*report.split("-"), *([county] if county.isdigit() else [])))
