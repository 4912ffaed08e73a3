"""What changed between two bundles: crossings at the limit itself, the schools' parts, refusals, both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from balancelab.changes import NotComparable, compare, read_bundle
from balancelab.changes.bundle import parse_bundle
from balancelab.cli import cli
from balancelab.page import Page
from balancelab.page.blocks import COEFFICIENTS, SCHOOL_VALUES
from balancelab.page.changes import figures, narrative, origin, tables
from balancelab.page.columns import Column
from balancelab.page.origin import Origin
from balancelab.reports.diff import find_pairs, plan_changes
from balancelab.reports.errors import PlanRefused
from balancelab.reports.formats.bundle import render_bundle, render_json

ROOT = Path(__file__).resolve().parents[1]
BOOKS = "computers_per_100"
Schools = dict[str, tuple[float, float | None]]


def blocks(schools: Schools, cv: float | None, state: str, **facts: Any) -> list[dict[str, Any]]:
    """A balance report in miniature: one stage, one indicator with the limits 2.0 for schools and 0.50 for counties."""
    language = facts.pop("language", "en")
    page = Page(language, title_zh="甲", title_en="A")
    page.verdict(zh="结论", en="Verdict", state=facts.pop("verdict", "failed"))
    row = {"stage": "primary", "indicator": BOOKS, "stage_name": "Primary", "name": "Computers", "unit": ""}
    page.table(
        pd.DataFrame([{**row, "mean": 2.0, "value": cv, "limit": 0.5, "state": state, "n_schools": len(schools)}]),
        columns=[
            Column("stage_name", zh="学段", en="Stage"),
            Column("name", zh="指标", en="Indicator"),
            Column("unit", zh="单位", en="Unit"),
            *(Column(name, zh=name, en=name, kind="number") for name in ("mean", "value", "limit")),
            Column("state", zh="判定", en="Verdict", kind="verdict"),
            Column("n_schools", zh="学校", en="Schools", kind="number"),
        ],
        caption_zh="差异",
        caption_en="Coefficients",
        about=COEFFICIENTS,
        keys=("stage", "indicator"),
    )
    rows = [
        {
            "stage": "primary", "school_code": code, "school": f"School {code}", "students": students, BOOKS: value,
            "state": "undetermined" if value is None else "met" if value >= 2 else "failed",
        }
        for code, (students, value) in schools.items()
    ]  # fmt: skip
    if schools:
        table = pd.DataFrame(rows)
        table["mark"] = table["state"].where(table["state"] != "met", None)
        page.table(
            table,
            columns=[
                Column("school", zh="学校", en="School"),
                Column("students", zh="在校生", en="Students", kind="number"),
                Column(BOOKS, zh="计算机", en="Computers", kind="number", marks="mark"),
                Column("state", zh="结论", en="Verdict", kind="verdict"),
            ],
            caption_zh="各校",
            caption_en="Schools",
            about=SCHOOL_VALUES,
            keys=("stage", "school_code"),
        )
    entries = Origin([({"zh": "数据", "en": "Data"}, "x")])
    entries.facts = {
        "county_code": "371599", "county": "临江县", "year": 2023, "standard": "mine", "standard_sha256": "s",
        "data_sha256": "d", **facts,
    }  # fmt: skip
    page.provenance(entries)
    return [block.to_json() for block in page.blocks]


def bundle(schools: Schools, cv: float | None, state: str, **facts: Any):
    language = facts.get("language", "en")
    return parse_bundle(render_json(blocks(schools, cv, state, **facts), language=language), "results.json")


# hand: 100 students at 1 and 100 at 3: mean 2, every distance 1, so the coefficient is 1/2: exactly the limit
AT_LIMIT = bundle({"a": (100, 1.0), "b": (100, 3.0)}, 0.5, "met")
# hand: 0.8 and 3.2: mean 2, every distance 1.2, coefficient 0.6
ABOVE = bundle({"a": (100, 0.8), "b": (100, 3.2)}, 0.6, "failed", year=2024)


def test_a_coefficient_leaves_its_limit_and_the_schools_parts_sum_to_the_change():
    changed = compare(AT_LIMIT, ABOVE)
    (row,) = changed.coefficients.to_dict("records")
    assert (row["state_before"], row["state_after"], row["crossing"]) == ("met", "failed", "to_failed")
    assert row["change"] == pytest.approx(0.1, abs=1e-12)
    # both schools moved away from the mean alike: half of the change each
    assert changed.effects["effect"].tolist() == pytest.approx([0.05, 0.05], abs=1e-12)
    assert compare(ABOVE, AT_LIMIT).coefficients["crossing"].tolist() == ["to_met"]


def test_schools_that_come_and_go_have_their_part():
    # hand: 100 at 1, 100 at 3, then the second is gone and 200 at 1 came: no difference is left, from 0.5 to 0;
    # before, each school's part of the square was 0.5 · 0.25 = 0.125, over 0.5 + 0 gives 0.25 for each that lost it
    after = bundle({"a": (100, 1.0), "c": (200, 1.0)}, 0.0, "met", year=2024)
    changed = compare(AT_LIMIT, after)
    effects = changed.effects.set_index("school_code")
    assert effects["effect"].to_dict() == pytest.approx({"a": -0.25, "b": -0.25, "c": 0.0}, abs=1e-12)
    assert effects["there"].to_dict() == {"a": "both", "b": "removed", "c": "added"}
    assert changed.schools.set_index("school_code")["there"].to_dict() == {"a": "both", "b": "removed", "c": "added"}
    assert set(changed.values["school_code"]) == {"a"}


def test_requirements_and_verdicts_of_schools():
    before = bundle({"a": (100, 2.0), "b": (100, 1.9), "c": (100, 2.5), "d": (50, None)}, 0.1, "met")
    after = bundle({"a": (100, 1.99), "b": (100, 2.0), "c": (100, None), "d": (50, 1.0)}, 0.1, "met", year=2024)
    changed = compare(before, after)
    crossed = {"a": "to_failed", "b": "to_met", "c": "undecided", "d": "decided"}  # 2.0 itself meets "at least 2"
    assert changed.schools.set_index("school_code")["crossing"].to_dict() == crossed
    assert changed.values.set_index("school_code")["crossing"].to_dict() == crossed
    # the coefficients given are not those of these schools: no part is invented
    assert changed.effects.empty


def test_nothing_moved():
    again = bundle({"a": (100, 1.0), "b": (100, 3.0)}, 0.5, "met")
    changed = compare(AT_LIMIT, again)
    assert changed.effects["effect"].tolist() == [0.0, 0.0]
    assert "No coefficient of variation moved." in said("en", changed)
    assert compare(again, again).schools["crossing"].tolist() == ["", ""]


@pytest.mark.parametrize("cv", [None, 0.0])
def test_no_coefficient_and_none_left_make_no_warning(cv):
    values: Schools = {"a": (100, 0.0), "b": (100, 0.0)} if cv is None else {"a": (100, 1.0), "b": (100, 1.0)}
    state = "failed" if cv is None else "met"
    changed = compare(AT_LIMIT, bundle(values, cv, state, year=2024))
    assert changed.effects.empty is (cv is None)


def test_what_cannot_be_compared():
    other = bundle({}, 0.5, "met", county_code="371598", county="沂北县")
    with pytest.raises(NotComparable, match="different counties: 371599 临江县, 371598 沂北县"):
        compare(AT_LIMIT, other, anyway=True)
    for facts, words in (
        ({"standard": "basic_2012"}, "different standards: mine, basic_2012; .*--anyway"),
        ({"standard_sha256": "t"}, "the file of the standard 'mine' changed"),
    ):
        with pytest.raises(NotComparable, match=words):
            compare(AT_LIMIT, bundle({}, 0.5, "met", **facts))
        assert len(compare(AT_LIMIT, bundle({}, 0.5, "met", **facts), anyway=True).coefficients) == 1
    fewer = bundle({}, 0.5, "met")
    fewer = type(fewer)(**{**vars(fewer), "coefficients": fewer.coefficients.assign(indicator="books_per_student")})
    with pytest.raises(NotComparable, match="different indicators: books_per_student, computers_per_100"):
        compare(AT_LIMIT, fewer)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no bundle"),
        (b"PK\x03\x04", "no bundle"),
        (b"[]", "no bundle"),
        (b'{"format": "other", "blocks": []}', "no bundle"),
        (json.dumps({"format": "balancelab-results", "blocks": [], "verdict": None}).encode(), "no balance report"),
    ],
)
def test_files_that_are_no_bundles(content, words):
    with pytest.raises(NotComparable, match=words):
        parse_bundle(content, "x.json")


@pytest.mark.parametrize("part", ["county", "standard", "data_sha256", "year"])
def test_a_bundle_without_one_of_its_facts_is_refused_by_name(part):
    given = json.loads(render_json(blocks({"a": (100, 1.0)}, 0.5, "met"), language="en"))
    del given["facts"][part]
    with pytest.raises(NotComparable, match=r"x\.json is no balance report"):
        parse_bundle(json.dumps(given).encode(), "x.json")


def test_a_bundle_whose_rows_are_cut_is_refused_by_name():
    given = json.loads(render_json(blocks({"a": (100, 1.0)}, 0.5, "met"), language="en"))
    next(block for block in given["blocks"] if block.get("about") == COEFFICIENTS)["rows"] = []
    with pytest.raises(NotComparable, match=r"x\.json is no balance report"):
        parse_bundle(json.dumps(given).encode(), "x.json")


def said(language: str, changed) -> str:
    page = Page(language)
    narrative.title(page, changed)
    narrative.conclusion(page, changed)
    narrative.summary(page, changed)
    return "\n".join(str(block.payload.get("title") or block.payload["text"]) for block in page.blocks)


def test_sentences_say_what_and_who():
    told = said("en", compare(AT_LIMIT, ABOVE))
    assert "Computers (primary), met before, not met now; 0.500 → 0.600 (limit 0.50)." in told
    assert "Schools that moved it most: School a +0.050; School b +0.050." in told
    assert "临江县: the verdict of 2023 and of 2024 is the same, “Not met”" in told
    told = said("zh", compare(AT_LIMIT, ABOVE))
    assert "由达标变为未达标，0.500 → 0.600（限值 0.50）。影响最大的学校：School a +0.050、School b +0.050。" in told
    met = bundle({"a": (100, 2.0), "b": (100, 2.0)}, 0.0, "met", verdict="met", year=2024)
    assert "the verdict was “Not met” (2023) and is “Met” (2024)" in said("en", compare(AT_LIMIT, met))
    # two versions of one year, and reports without schools
    none = bundle({}, 0.6, "failed")
    assert "which schools caused the changes cannot be said" in said("en", compare(bundle({}, 0.5, "met"), none))
    assert "what changed from the earlier data to the later data" in said("en", compare(AT_LIMIT, none))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_holds_for_every_case(language):
    empty = bundle({}, None, "undetermined", year=2024)
    for one, two in ((AT_LIMIT, ABOVE), (AT_LIMIT, AT_LIMIT), (AT_LIMIT, empty), (empty, empty)):
        changed = compare(one, two)
        page = Page(language)
        narrative.title(page, changed)
        narrative.conclusion(page, changed)
        narrative.summary(page, changed)
        page.heading(zh="差异系数", en="Coefficients", level=2)
        figures.coefficient_moves(page, changed)
        tables.coefficient_table(page, changed)
        tables.effect_table(page, changed)
        tables.school_table(page, changed)
        tables.crossing_table(page, changed)
        page.provenance(origin.provenance(changed))
        assert render_json([block.to_json() for block in page.blocks], language=language)


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_files_and_folders_are_paired_by_county(tmp_path):
    for year in (2023, 2024):
        for code in ("371501", "371502", "371503")[: 3 if year == 2023 else 2]:
            for language in ("zh", "en"):
                facts = {"year": year, "county_code": code, "language": language}
                made = blocks({"a": (100, 1.0), "b": (100, 3.0)}, 0.5, "met", **facts)
                write(tmp_path / f"{year}/{code}/balance.{language}.json", render_json(made, language=language))
    packed = write(tmp_path / "one/balance.en.zip", render_bundle(made, language="en"))  # 371502 in 2024
    write(tmp_path / "2024/371501/balance.public.en.json", b"{}")
    pairs = find_pairs(tmp_path / "2023", tmp_path / "2024")
    assert list(pairs.comparisons) == ["371501", "371502"]
    assert [reason["en"] for reason in pairs.left_out] == ["371503: only one of the two has it, not compared"]
    plan = plan_changes(pairs, ["zh", "en"])
    assert [unit.stem for unit in plan.units][:2] == ["2024/371501/changes.zh", "2024/371501/changes.en"]
    work = tmp_path / "work"
    plan.stage(work)
    for unit in plan.units:  # each language gets the bundle in its words
        assert read_bundle(work / str(unit.parameters["after_file"])).language == unit.language
    assert list(find_pairs(tmp_path / "2023", tmp_path / "2024", counties=["371502"]).comparisons) == ["371502"]

    stem = tmp_path / "2023/371502/balance.zh"
    for path in (stem, stem.with_name("balance.zh.json"), stem.with_name("balance.zh.html")):
        assert list(find_pairs(path, packed).comparisons) == ["371502"]
    for one, two, words in (
        (tmp_path, tmp_path / "2024", "several years of 371501: name the folder of one year"),
        (tmp_path / "work", tmp_path / "2024", "holds no results of a balance report"),
        (tmp_path / "2023/371501/balance.fr", tmp_path / "2024", "there is no "),
        (tmp_path / "2023/371501", tmp_path / "2024/371502", "different counties"),
    ):
        with pytest.raises(PlanRefused, match=words):
            find_pairs(one, two)
    with pytest.raises(PlanRefused, match="county '9' is not in both"):
        find_pairs(tmp_path / "2023", tmp_path / "2024", counties=["9"])


@pytest.mark.slow
def test_two_years_of_the_example_county(tmp_path, capsys):
    def command(*arguments: object) -> int:
        return cli.main(args=[str(one) for one in arguments], prog_name="balancelab", standalone_mode=False)

    for year in (2023, 2024):
        given = (
            "--year",
            year,
            "--county",
            "371599",
            "--language",
            "en",
            "--output",
            tmp_path,
            "--quiet",
            "--format",
            "json",
        )
        assert command("report", ROOT / "data/sample/schools.csv", *given) == 0
    years = (tmp_path / "2023", tmp_path / "2024")
    capsys.readouterr()
    given = ("--language", "zh", "--format", "json", "--output", tmp_path / "changes")
    assert command("diff", *years, *given) == 0
    told = capsys.readouterr().out.splitlines()
    report = json.loads((tmp_path / "changes/2024/371599/changes.zh.json").read_text(encoding="utf-8"))
    assert told[0] == report["title"] == "示例县“优质均衡”：2023学年与2024学年相比的变化（2024学年）"
    paragraphs = [block["text"] for block in report["blocks"] if block["kind"] == "paragraph"]
    assert paragraphs[: len(told) - 3] == told[3:]  # after title, remark on synthetic data and verdict
    was, now = (json.loads((year / "371599/balance.en.json").read_text(encoding="utf-8")) for year in years)
    (shown,) = [block for block in report["blocks"] if block.get("caption") == "差异系数的变化"]
    for side, one in ((2, was), (3, now)):
        (coefficients,) = [block for block in one["blocks"] if block.get("about") == COEFFICIENTS]
        assert [row[side] for row in shown["rows"]] == [row[4] for row in coefficients["rows"]]
    effects = compare(*(read_bundle(year / "371599/balance.en.json") for year in years))
    summed = effects.effects.groupby(["stage", "indicator"])["effect"].sum()
    moved = effects.coefficients.set_index(["stage", "indicator"])["change"]
    assert len(summed) == 16  # seven indicators and the composite in two stages
    assert (summed - moved.reindex(summed.index)).abs().max() < 1e-12
