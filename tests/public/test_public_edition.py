"""
The public edition names no school and shows no school's value, in no byte of any format; the internal one does.

The table is the sample's with a name, a code and amounts for every school that nothing else has. What the internal
edition prints of single schools is what the public one is searched for.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from balancelab.page.disclosure.guard import NamesSchool
from balancelab.page.disclosure.people import People, county_counts, withhold_people
from balancelab.page.disclosure.rules import load_rules
from balancelab.page.disclosure.suppression import is_safe
from balancelab.reports.errors import PlanRefused
from balancelab.reports.formats import FORMATS
from balancelab.reports.kinds import check_audience, known_kinds
from balancelab.reports.rendering import render_formats
from tests.public.canaries import COUNTIES, ROOT, names_in, run_notebook, values_in, write_items, write_table
from tests.public.searching import canaries_in, found_in, texts_in

Blocks = list[dict[str, Any]]
Run = Callable[..., Blocks]
OF_COUNTY = ("balance", "equity", "quality", "self_evaluation")
WITH_ITEMS = ("self_evaluation", "city")
PUBLIC_KINDS = (*OF_COUNTY, "overview", "city")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the school table and the county table."""
    made = tmp_path_factory.mktemp("canaries")
    write_table(made)
    write_items(made)
    return made


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    """Run a kind's notebook on the tables; each edition once."""

    @cache
    def blocks(kind: str, language: str, audience: str, county: str = COUNTIES[0]) -> Blocks:
        given: dict[str, object] = {"data_file": str(folder / "schools.csv"), "year": 2024, "language": language}
        given |= {"county_code": county} if kind in OF_COUNTY else {}
        given |= {"items_file": str(folder / "county_items.csv")} if kind in WITH_ITEMS else {}
        return run_notebook(kind, **given, audience=audience)

    return blocks


def rendered(blocks: Blocks, folder: Path, language: str) -> Path:
    """Write the blocks in every format."""
    files, failed = render_formats(blocks, stem="report", title="T", language=language, formats=list(FORMATS), word={})
    assert not failed
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_every_format_of_a_balance_report(run: Run, folder: Path, tmp_path: Path):
    words, internal = names_in(folder / "schools.csv"), run("balance", "zh", "internal")
    numbers = values_in(internal)
    assert len(words) > 40
    assert len(numbers) > 200
    for name, blocks in (("internal", internal), ("public", run("balance", "zh", "public"))):
        (tmp_path / name).mkdir()
        rendered(blocks, tmp_path / name, "zh")
    assert canaries_in(tmp_path / "public", words, numbers) == {}
    # the search can fail: it finds names and values in every format of the internal edition
    hits = canaries_in(tmp_path / "internal", words, numbers)
    for suffix in (".html", ".docx!word/document.xml", ".xlsx!xl/sharedStrings.xml", ".json", ".zip!results.json"):
        found = set().union(*(what for where, what in hits.items() if where.startswith(f"report{suffix}")))
        assert found & words, suffix
    assert any(what & numbers for where, what in hits.items() if ".xlsx!xl/worksheets" in where)
    assert any(what & numbers for where, what in hits.items() if where.startswith("report.zip!tables"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", PUBLIC_KINDS)
def test_every_kind_in_both_languages(run: Run, folder: Path, tmp_path: Path, kind: str):
    words, numbers = names_in(folder / "schools.csv"), values_in(run("balance", "zh", "internal"))
    if kind in ("equity", "self_evaluation"):  # shows schools in tables of its own
        internal = run(kind, "zh", "internal")
        assert found_in("", json.dumps(internal, ensure_ascii=False), words, set())
        numbers |= values_in(internal)
    for language in ("zh",) if kind == "quality" else ("zh", "en"):  # the regressions take their time
        blocks = run(kind, language, "public")
        said = json.dumps(blocks, ensure_ascii=False)
        assert found_in("blocks", re.sub(r'"svg": "(?:[^"\\]|\\.)*"', "", said), words, numbers) == set()
    assert canaries_in(rendered(run(kind, "zh", "public"), tmp_path, "zh"), words, numbers) == {}


@pytest.mark.slow
def test_the_real_run_leaves_nothing_in_its_folder(folder: Path, tmp_path: Path):
    words = names_in(folder / "schools.csv")
    command = [sys.executable, "-m", "balancelab", "report", str(folder / "schools.csv"), "--year", "2024"]
    command += ["--county", COUNTIES[0], "--language", "zh"]
    for audience in ("public", "internal"):
        more = ["--audience", audience, "--format", "all", "--output", str(tmp_path / audience)]
        done = subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    numbers = set()
    for output in (tmp_path / "internal").rglob("balance.zh.json"):
        numbers = values_in(json.loads(output.read_text(encoding="utf-8"))["blocks"])
    assert numbers
    made = {path.name for path in (tmp_path / "public").rglob("*") if path.is_file()}
    assert {"balance.public.zh.ipynb", "index.html", "journal.jsonl"} <= made
    assert canaries_in(tmp_path / "public", words, numbers) == {}  # notebook, journal and index too
    assert "公开版" in (tmp_path / "public" / "index.html").read_text(encoding="utf-8")
    assert any("balance.zh.ipynb" in where for where in canaries_in(tmp_path / "internal", words, numbers))


@pytest.mark.slow
def test_a_failed_report_keeps_its_message_to_itself(folder: Path, tmp_path: Path):
    # the notebook stops with an error that names a school; neither journal nor kept notebook may say it
    import nbformat

    from balancelab.reports.errors import Failure, withheld
    from balancelab.reports.judge import blocks_only

    output = nbformat.v4.new_output("error", ename="ValueError", evalue="秘鹮001号学校", traceback=["秘鹮001号学校"])
    cell = nbformat.v4.new_code_cell("x", outputs=[output, nbformat.v4.new_output("stream", text="秘鹮001号学校")])
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"papermill": {"exception": True}})
    assert "秘鹮" not in nbformat.writes(blocks_only(notebook))
    assert "秘鹮" not in withheld(Failure("cell_error", "ValueError: 秘鹮001号学校", cell=2)).message


class TestRules:
    """What is said instead, and what is not said."""

    def test_a_stage_of_one_school_is_only_counted(self, run: Run):
        blocks = run("balance", "en", "public", COUNTIES[1])
        said = " ".join(block.get("text") or "" for block in blocks)
        assert "only the number is given: Junior secondary 1" in said
        cells = [cell for block in blocks if block["kind"] == "table" for row in block["rows"] for cell in row]
        assert "Junior secondary" not in cells
        account = next(block for block in blocks if (block.get("caption") or "").startswith("Accounting"))
        students = {row[0]: row[3] for row in account["rows"]}
        # hand: primary students stand in the table of stages; with the total, the one junior school's would be known
        assert students["Analysed"] is None
        assert students["Rows in the table"] is None

    @pytest.mark.parametrize("kind", ["balance", "equity", "self_evaluation"])
    def test_a_county_of_three_schools_has_one_that_says_so(self, folder: Path, tmp_path: Path, kind: str):
        from balancelab.page import is_complete

        table = pd.read_csv(folder / "schools.csv", dtype=str, keep_default_na=False)
        county = table[table["county_code"] == COUNTIES[0]]
        few = [code for stage, n in (("primary", 2), ("junior", 1))
               for code in county.loc[county["school_type"] == stage, "school_code"].unique()[:n]]  # fmt: skip
        county[county["school_code"].isin(few)].to_csv(tmp_path / "schools.csv", index=False)
        blocks = run_notebook(kind, data_file=str(tmp_path / "schools.csv"), year=2024, language="zh",
                              county_code=COUNTIES[0], audience="public")  # fmt: skip
        assert is_complete(blocks)
        assert any("只公布学校数：初中 1 所、小学 2 所" in (block.get("text") or "") for block in blocks)
        said = json.dumps(blocks, ensure_ascii=False)
        assert found_in("blocks", said, names_in(tmp_path / "schools.csv"), set()) == set()
        assert "本报告计入 0 所" not in said

    def test_sums_over_few_schools_are_withheld(self, run: Run):
        blocks = run("balance", "en", "public")
        totals = next(block for block in blocks if block.get("caption") == "What is missing, by indicator")
        names = [column["id"] for column in totals["columns"]]
        for row in totals["rows"]:
            entry = dict(zip(names, row, strict=True))
            assert (entry["sum"] is None) == (entry["size"] < load_rules().least_schools)

    def test_groups_hold_enough_schools(self, run: Run):
        tables = [block for block in run("balance", "zh", "public") if "各校分布" in (block.get("caption") or "")]
        assert tables
        for block in tables:
            groups = sum(column["id"].startswith("group_") for column in block["columns"])
            counted = [row[2] for row in block["rows"]]
            assert min(counted) // groups >= load_rules().least_schools

    def test_no_figure_draws_a_point_for_each_school(self, run: Run):
        internal, public = (run("balance", "zh", audience) for audience in ("internal", "public"))
        points = [
            sum(
                block["svg"].count('href="#m')
                for block in blocks
                if "各校指标值" in block.get("alt", "") + block.get("caption", "") and "svg" in block
            )
            for blocks in (internal, public)
        ]
        # hand: 28 school stages × 7 indicators against (3 + 1) groups × 7 indicators; 7 ticks besides
        assert points[0] >= 28 * 7
        assert points[1] <= 4 * 7 + 7

    @pytest.mark.slow
    def test_near_and_far_are_not_told_apart(self, run: Run):
        # 7 schools short may be 3 near the requirement and 4 far from it: shares of students of 3 schools
        for audience, said in (("public", False), ("internal", True)):
            tables = [block for block in run("equity", "zh", audience) if "达到的学生与缺口" in str(block)]
            assert tables
            figure = next(block for block in run("equity", "zh", audience) if "多少学生就读" in str(block))
            fills = set(re.findall(r"fill: (#[0-9a-f]{6})", figure["svg"]))
            assert ("#ebc3a8" in fills) is said  # the fill of what is near

    def test_the_page_refuses_a_school_whoever_names_it(self, folder: Path):
        from balancelab.page import Column, Page

        schools = pd.read_csv(folder / "schools.csv", dtype=str)
        page = Page("zh", audience="public")
        with pytest.raises(ValueError, match="keep_back"):
            page.say(zh="一", en="one")
        page.keep_back(schools)
        page.say(zh="各校情况", en="Schools")
        name, code = schools["school"].iloc[0], schools["school_code"].iloc[0]
        with pytest.raises(NamesSchool, match="秘鹮"):
            page.say(zh="最薄弱的是{name}", en="The weakest is {name}", name=name)
        with pytest.raises(NamesSchool):
            page.note(zh="{code}", en="{code}", code=f"代码 {code}。")
        table = pd.DataFrame({"place": [f"在{name}旁"], "school": ["x"]})
        with pytest.raises(NamesSchool):
            page.table(table, columns=[Column("place", zh="地", en="P")], caption_zh="表", caption_en="T")
        with pytest.raises(NamesSchool, match="lists no schools"):
            page.table(table, columns=[Column("school", zh="校", en="S")], caption_zh="表", caption_en="T")
        from balancelab.page.theme import new_figure, style

        with style():
            figure = new_figure(3, 2)
            figure.text(0.1, 0.5, name)
        words = {"caption_zh": "图", "caption_en": "F", "alt_zh": "一条线", "alt_en": "a line"}
        with pytest.raises(NamesSchool):
            page.figure(figure, **words)
        assert len(page.blocks) == 1

    def test_the_page_finds_one_name_among_many(self):
        from balancelab.page.disclosure.guard import Guard

        names = [f"河坪镇第{number}小学" for number in range(1000)]
        schools = pd.DataFrame({"school": names, "school_code": "x", "county": "甲县", "county_code": "371599"})
        for guard in (Guard(schools), Guard(schools.iloc[990:])):  # many are looked for in another way than few
            guard.check({"text": "河坪镇有 1000 所小学，第 997 所在河坪镇第", "rows": [["第997小学"]]}, "table")
            for text in ("河坪镇第997小学", f"{'河坪镇' * 50}第997小学最薄弱"):
                with pytest.raises(NamesSchool, match="河坪镇第997小学"):
                    guard.check({"rows": [["一", text]]}, "table")

    @pytest.mark.parametrize("kind", ["school", "rectification", "published"])
    def test_kinds_about_single_schools_have_no_public_edition(self, kind: str):
        assert kind in known_kinds()
        with pytest.raises(PlanRefused, match="no public edition") as refused:
            check_audience(kind, "public")
        assert "没有公开版" in refused.value.problems[0]["zh"]
        check_audience(kind, "internal")

    @pytest.mark.parametrize("kind", PUBLIC_KINDS)
    def test_the_others_have_one(self, kind: str):
        check_audience(kind, "public")


@pytest.fixture(scope="module")
def withheld(folder: Path) -> tuple[People, dict[str, float]]:
    """What is withheld of the first county's counts, and the counts."""
    from balancelab import load_standard, read_schools, rectification
    from balancelab.items import compute_items, judge_items

    rules = load_standard("quality_2017")
    schools = read_schools(folder / "schools.csv", year=2024).for_county(COUNTIES[0]).schools
    county_items = rectification.take_files(rules, items_file=str(folder / "county_items.csv")).county_items
    reported = county_items[(county_items["county_code"] == COUNTIES[0]) & (county_items["year"] == 2024)]
    items = judge_items(compute_items(schools, reported, rules, year=2024), rules)
    return withhold_people(reported, schools, items, rules, audience="public"), county_counts(reported, schools)


class TestPeople:
    """Small groups of children and teachers."""

    def test_small_counts_go_and_what_gives_them_away(self, withheld: Any):
        people, counts = withheld
        assert counts["student_deaths"] == 7
        assert {"student_deaths", "disabled_children_enrolled"} <= people.figures
        assert "disabled_enrolment" in people.items  # hand: 57 − 54 = 3 children out of school
        assert "school_age_children" not in people.figures
        # hand: deaths could be had from the printed retention rate and the other four: one of these goes too
        assert people.figures & {"graduates", "grade7_intake", "transfers_in", "transfers_out"}

    def test_no_withheld_count_can_be_worked_out(self, withheld: Any):
        people, counts = withheld
        rate = counts["graduates"] / (
            counts["grade7_intake"] + counts["transfers_in"] - counts["transfers_out"] - counts["student_deaths"]
        )
        values = {**counts, "out": 3.0, "ordinary": counts["disabled_children_enrolled"] - 23}
        relations = [
            {"disabled_children": 1, "disabled_children_enrolled": -1, "out": -1},
            {"disabled_children_enrolled": 1, "disabled_children_special_schools": -1, "ordinary": -1},
            {"graduates": 1, "grade7_intake": -rate, "transfers_in": -rate, "transfers_out": rate,
             "student_deaths": rate},
        ]  # fmt: skip
        unknown = {*people.figures, "out", "ordinary"}
        for name in ("student_deaths", "out"):
            assert is_safe(name, values, relations, unknown)
            assert not is_safe(name, values, relations, {name})  # alone it would be known to the last child

    def test_the_report_shows_them_as_withheld(self, run: Run):
        blocks = run("self_evaluation", "zh", "public")
        counts = next(block for block in blocks if "入学与巩固" in (block.get("caption") or ""))
        shown = {row[0]: row[1] for row in counts["rows"]}
        assert shown["三年间死亡学生数"] is None
        assert shown["适龄残疾儿童少年数"] == 57
        values = [
            row[2]
            for block in blocks
            if block["kind"] == "table" and ("教育质量" in block["caption"])
            for row in block["rows"]
            if isinstance(row[1], str) and "残疾儿童少年入学率" in row[1]
        ]
        assert values == ["不公布"]
        internal = run("self_evaluation", "zh", "internal")
        assert any("秘鹮001号" in str(block) for block in internal)


def test_the_search_sees_through_what_files_are_packed_in():
    import base64
    import io
    import zipfile

    svg = base64.b64encode(b"<svg><text>" + "秘鹮".encode() + b"</text></svg>" + b" " * 60).decode()
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x.html", f'<img src="data:image/svg+xml;base64,{svg}">')
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("inner.docx", inner.getvalue())
    places = [where for where, text in texts_in("a.zip", outer.getvalue()) if "秘鹮" in text]
    assert places == ["a.zip!inner.docx!x.html#base64"]
    assert found_in("", "3,597.12 and 1749.1010179081782", set(), {"3597.12", "1749.101"}) == {"3597.12", "1749.101"}
