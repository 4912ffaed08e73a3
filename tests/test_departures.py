"""Standards of the user's own that ask less than their document (catalogue O07, O16): said first, verdict withheld."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from balancelab.counties import measure_counties
from balancelab.indicators import compute_indicators
from balancelab.page import Page
from balancelab.page.narrative import origin
from balancelab.standards import Standard, list_standards, load_standard
from balancelab.standards.departures import relaxations_of
from balancelab.verdicts import COMPOSITE, conclude_counties, judge_counties, judge_schools, qualify_schools

HEAD = """
extends = "quality_2017"
label = { zh = "自备", en = "Own" }
authority = "own"
"""
QUALITY = load_standard("quality_2017")
SEVEN = [indicator.id for indicator in QUALITY.indicators]


def own(tmp_path: Path, text: str, base: str = "quality_2017") -> Standard:
    path = tmp_path / "own.toml"
    path.write_text(HEAD.replace("quality_2017", base) + text, encoding="utf-8")
    return load_standard(path)


def notes(standard: Standard, language: str) -> list[str]:
    page = Page(language)
    origin(page, {}, standard)
    return [str(block.payload) for block in page.blocks]


def county(standard: Standard, n: int = 3) -> pd.Series:
    """Equal schools that meet every requirement of 2017 (hand: 45 of 1,000 above qualification is 4.5 per 100, …)."""
    amounts = {
        "teachers_above_qualification": 45, "teachers_backbone": 12, "teachers_arts_pe": 10, "teaching_area_m2": 5000,
        "sports_area_m2": 8000, "equipment_value_yuan": 2_100_000, "multimedia_rooms": 25,
    }  # fmt: skip
    rows = [
        {"year": 2024, "county_code": "371599", "school_code": f"21000000{at:02}", "stage": "primary",
         "school_type": "primary", "students": 1000.0, **amounts}
        for at in range(n)
    ]  # fmt: skip
    indicators = compute_indicators(pd.DataFrame(rows), standard.indicators)
    schools = qualify_schools(judge_schools(indicators, standard), standard)
    counties = judge_counties(measure_counties(indicators), indicators, standard)
    composite = counties.loc[counties["indicator"] == COMPOSITE, "value"].iloc[0]
    return conclude_counties(schools, counties).iloc[0].copy().combine_first(pd.Series({"composite": composite}))


def test_o07_relaxed_limits_are_named_with_the_hash_of_the_file(tmp_path: Path) -> None:
    """CV limit 5.0 instead of 0.50, and three lower limits: all said on the first page, in both languages."""
    standard = own(
        tmp_path,
        """
[county_rule]
measure = "weighted_cv"
applies_to = "each indicator"
at_most = { primary = 5.0, junior = 0.45 }
clause = { zh = "自定", en = "own" }
[school_rule]
min_met = 5
floor_share = 0.5
clause = { zh = "自定", en = "own" }
[requirements.arts_pe_teachers_per_100]
at_least = { primary = 0.1, junior = 2.0 }
clause = { zh = "自定", en = "own" }
""",
    )
    assert [each["en"] for each in standard.relaxed] == [
        "Arts and physical-education teachers per 100 students (primary): 0.1 instead of 0.9",
        "items a school must meet: 5 instead of 6",
        "share that the other items must reach: 0.5 instead of 0.85",
        "limit of the coefficient of variation (primary): 5.0 instead of 0.50",
    ]
    assert not standard.left_out
    digest = hashlib.sha256((tmp_path / "own.toml").read_bytes()).hexdigest()
    (english,), (chinese,) = notes(standard, "en"), notes(standard, "zh")
    assert "Non-standard limits" in english and digest in english and "5.0 instead of 0.50" in english
    assert "非标准限值" in chinese and digest in chinese and "由 0.50 改为 5.0" in chinese


def test_o07_a_tighter_limit_and_every_shipped_standard_need_no_word(tmp_path: Path) -> None:
    tighter = own(
        tmp_path,
        """
[requirements.arts_pe_teachers_per_100]
at_least = { primary = 1.0, junior = 1.0 }
clause = { zh = "省文件", en = "provincial" }
""",
    )
    for standard in (tighter, *list_standards().values()):
        assert not standard.relaxed and not standard.left_out
        assert notes(standard, "zh") == []


def test_o07_more_exclusions_are_relaxed_too(tmp_path: Path) -> None:
    standard = own(
        tmp_path,
        """
[scope]
clause = { zh = "自定", en = "own" }
[[scope.exclude]]
id = "small"
reason = { zh = "不足 500 人", en = "under 500 students" }
students_below = 500
""",
    )
    assert [each["en"] for each in standard.relaxed] == ["more schools do not count: under 500 students"]


def test_o07_a_lower_checklist_item_is_relaxed_too() -> None:
    base = load_standard("quality_2017")
    name, item = next((name, item) for name, item in base.items.items() if item.at_least is not None)
    lower = replace(base, items={**base.items, name: replace(item, limit=item.at_least - Decimal("0.01"))})
    (said,) = relaxations_of(lower, base)
    assert item.label["en"] in said["en"]
    assert f"instead of {item.at_least:f}" in said["en"]
    higher = replace(base, items={**base.items, name: replace(item, limit=item.at_least + Decimal("0.01"))})
    assert relaxations_of(higher, base) == ()


@pytest.mark.parametrize(
    ("item", "changed", "said"),
    [
        # 0.15 is a limit that must not be reached: 0.20 asks less, 0.10 more
        ("monitoring_rate_chinese", {"limit": Decimal("0.20")}, ["{label}: 0.20 instead of 0.15"]),
        ("monitoring_rate_chinese", {"limit": Decimal("0.10")}, []),
        ("monitoring_rate_chinese", {"comparison": "yes", "limit": None}, ["{label}: not required instead of 0.15"]),
        ("class_size_primary", {"parameters": {"most_students": Decimal(55)}}, ["{label}: 55 instead of 45"]),
        ("class_size_primary", {"parameters": {"most_students": Decimal(40)}}, []),
        ("training_funds_share", {"parameters": {"least_share": Decimal("0.03")}}, ["{label}: 0.03 instead of 0.05"]),
        ("training_funds_share", {"parameters": {"least_share": Decimal("0.06")}}, []),
        ("veto_fraud", {"informative": True}, ["{label}: for information only"]),
    ],
)
def test_o07_whatever_an_item_asks_less_is_said(item: str, changed: dict, said: list[str]) -> None:
    old = QUALITY.items[item]
    new = replace(QUALITY, items={**QUALITY.items, item: replace(old, **changed)})
    expected = [words.format(label=old.label["en"]) for words in said]
    assert [each["en"] for each in relaxations_of(new, QUALITY)] == expected


def test_o07_milder_for_some_schools_and_blocks_left_out(tmp_path: Path) -> None:
    standard = own(
        tmp_path,
        """
[relaxations.old_schools]
label = { zh = "旧校", en = "Old schools" }
items = ["music_rooms"]
parameters = { least_area_m2 = 50 }
when = { built_year = { at_most = 2000 } }
clause = { zh = "自定", en = "own" }
[conclusion]
clause = { zh = "自定", en = "own" }
[conclusion.blocks]
eligibility = { zh = "申报条件", en = "Eligibility" }
government = { zh = "政府保障程度", en = "Government guarantee" }
quality = { zh = "教育质量", en = "Education quality" }
recognition = { zh = "社会认可度", en = "Social recognition" }
veto = { zh = "一票否决", en = "Vetoes" }
""",
    )
    assert [each["en"] for each in standard.relaxed] == [
        "milder for some schools: Old schools",
        "the verdict leaves out: Resource allocation",
    ]


def test_o07_a_lower_score_of_government_work_is_relaxed_too() -> None:
    """170 of 200 points are 85 of 100; 84 of 100 are fewer."""
    basic = load_standard("basic_2012")
    assert basic.rubric is not None
    for at_least, total, said in ((84, 100, ["score of government work: 84 instead of 85"]), (170, 200, [])):
        rubric = replace(basic.rubric, at_least=Decimal(at_least), total=Decimal(total))
        assert [each["en"] for each in relaxations_of(replace(basic, rubric=rubric), basic)] == said


def test_o16_the_verdict_is_withheld_where_an_indicator_is_left_out(tmp_path: Path) -> None:
    """The same county meets the whole document; with six of seven indicators it is not decided."""
    assert bool(county(load_standard("quality_2017"))["met"])
    standard = own(tmp_path, f"indicators = {SEVEN[:-1]}".replace("'", '"'))
    assert list(standard.left_out) == SEVEN[-1:]
    result = county(standard)
    assert pd.isna(result["met"]) and pd.isna(result["composite"])
    (english,), (chinese,) = notes(standard, "en"), notes(standard, "zh")
    assert "6 of the 7 indicators" in english and "withheld" in english and "own.toml" in english
    assert "7 项指标中的 6 项" in chinese and "不作达标结论" in chinese


def test_o16_a_school_that_fails_anyway_fails(tmp_path: Path) -> None:
    """Five of six met and the sixth under 85 %: the indicator that is left out could not save it."""
    standard = own(tmp_path, f"indicators = {SEVEN[:-1]}".replace("'", '"'))
    amounts = {
        "teachers_above_qualification": 45, "teachers_backbone": 12, "teachers_arts_pe": 10, "teaching_area_m2": 5000,
        "sports_area_m2": 8000, "equipment_value_yuan": 100_000,
    }  # fmt: skip
    row = {"year": 2024, "county_code": "371599", "school_code": "2100000001", "stage": "primary",
           "school_type": "primary", "students": 1000.0, **amounts}  # fmt: skip
    verdicts = judge_schools(compute_indicators(pd.DataFrame([row]), standard.indicators), standard)
    assert qualify_schools(verdicts, standard)["qualified"].tolist() == [False]


def test_o16_the_composite_of_2012_is_withheld(tmp_path: Path) -> None:
    basic = [indicator.id for indicator in load_standard("basic_2012").indicators]
    standard = own(tmp_path, f"indicators = {basic[1:]}".replace("'", '"'), base="basic_2012")
    assert list(standard.left_out) == basic[:1]
    assert "7 of the 8 indicators" in notes(standard, "en")[0]


def test_an_own_requirement_on_an_indicator_that_is_not_listed_is_still_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not among this standard's indicators"):
        own(
            tmp_path,
            f"indicators = {SEVEN[:-1]}".replace("'", '"')
            + f"""
[requirements.{SEVEN[-1]}]
at_least = {{ primary = 1, junior = 1 }}
clause = {{ zh = "自定", en = "own" }}
""",
        )


@pytest.mark.parametrize(
    ("document", "name", "change", "said"),
    [
        ("quality_2017", "below", {"limit": Decimal("0.2")}, "0.2 instead of 0.15"),
        ("quality_2017", "below", {"comparison": "at_most"}, "exactly 0.15 is enough"),
        ("quality_2017", "below", {"comparison": "above"}, "not required instead of 0.15"),
        ("quality_2017", "below", {"limit": Decimal("0.1")}, ""),
        ("basic_2012", "above", {"comparison": "at_least"}, "exactly 0 is enough"),
        ("basic_2012", "above", {"limit": Decimal(1), "comparison": "at_least"}, ""),
        ("basic_2012", "yes", {"comparison": "no"}, "another answer is asked for"),
        ("basic_2012", "yes", {"informative": True}, "for information only"),
    ],
)
def test_o07_strict_limits_and_answers(document: str, name: str, change: dict[str, object], said: str) -> None:
    """`below 0.15` and `above 0` are limits as `at_least` is; what lies exactly on a strict one does not meet it."""
    base = load_standard(document)
    key, item = next(pair for pair in base.items.items() if pair[1].comparison == name and not pair[1].informative)
    told = relaxations_of(replace(base, items={**base.items, key: replace(item, **change)}), base)
    assert [each["en"] for each in told] == ([f"{item.label['en']}: {said}"] if said else [])
