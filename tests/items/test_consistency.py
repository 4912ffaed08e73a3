"""The checks find what the facts sheet says is wrong with the published figures, and leave right ones alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from balancelab.items.consistency import check_facts, check_school_table
from balancelab.standards import load_standard
from tests.items.helpers import school
from tests.items.test_classes_staffing_survey import binned

QUALITY = load_standard("quality_2017")
FACTS = pd.read_csv(Path(__file__).resolve().parents[2] / "data" / "published" / "facts.csv", dtype=str)

# code, entity, words that the finding must hold: facts sheet, section 8
EXPECTED = [
    ("CHECK_SUM_ROUNDED", "广灵县", ["31200", "31213", "相差 13"]),
    ("CHECK_SUM", "铁东区“编制数”", ["3115", "2921", "相差 194"]),
    ("CHECK_SUM", "铁东区“实有人数”", ["3021", "2827", "相差 194"]),
    ("CHECK_PRINT", "XX镇中心小学“骨干教师占专任教师的百分比”", ["26.6", "26.667", "截尾"]),
    ("CHECK_CLASS_SIZE", "新城学校初中部", ["1440", "24 个班", "60 人", "50 人"]),
    ("CHECK_SCHOOL_SIZE", "新城学校学位数", ["2790", "2500"]),
    ("CHECK_SCHOOL_SIZE", "新城学校班数", ["54", "36"]),
    ("CHECK_RESTATED", "XX镇中心小学“市级骨干教师”", ["11", "另一处为 1", "同为 16"]),
    ("CHECK_PRESCHOOL", "久长小学", ["213", "41", "172"]),
]


def test_the_published_figures():
    findings = check_facts(FACTS, QUALITY)
    assert len(findings) == len(EXPECTED)  # and nothing else: sums, prints and sizes that are right raise nothing
    for code, entity, words in EXPECTED:
        (found,) = [each for each in findings if each.code == code and entity in each.zh]
        assert all(word in found.zh for word in words), found.zh
        assert found.severity == "warning"
        assert "{" not in found.zh + found.en + found.remedy_zh + found.remedy_en


def facts(**values: str) -> pd.DataFrame:
    rows = [
        {
            "entity": "x",
            "entity_zh": "某县",
            "level": "county",
            "fact": name,
            "fact_zh": name,
            "unit": "",
            "printed": "",
        }
        | {"value": value}
        for name, value in values.items()
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("total", "code"),
    [("100", None), ("99", "CHECK_SUM"), ("110", "CHECK_SUM")],
)
def test_a_small_total_is_counted_and_not_rounded(total: str, code: str | None):
    table = facts(students=total, students_senior="20", students_junior="30", students_primary="50")
    assert [each.code for each in check_facts(table, QUALITY)] == ([code] if code else [])


def test_a_printed_figure_is_right_to_its_last_digit():
    table = facts(site_area="52700", students="941")
    for printed, found in (("56.00", 0), ("56.0", 0), ("56", 0), ("56.01", 1), ("55.99", 1)):  # 56.0042
        table.loc[0, "printed"] = printed
        assert len(check_facts(table, QUALITY)) == found, printed


def test_lost_decimal_points():
    # Facts sheet, 8.2: "275" (ten thousand students of a county), "405" and "1291" per cent are 27.5, 40.5 and 12.91
    table = facts(students_10k="275", share_of_standard="405", growth_of_revenue="1291", passes_share="1291")
    table["unit"] = ["10000 students", "%", "%", "%"]
    found = {each.raw: each for each in check_facts(table, QUALITY)}
    assert set(found) == {"275", "405", "1291"}  # a growth may exceed 100 %
    assert "也许是 27.5" in found["275"].zh
    assert "perhaps 40.5" in found["405"].en
    assert "perhaps 12.91" in found["1291"].en


def test_the_school_table_against_itself():
    right = school("1", classes=10, largest_class=44, staff=20, teachers=18, **binned(0, 0, 0, 4, 6, 0, 0, 0, 0, 0))
    short = school("2", classes=11, largest_class=44, staff=20, teachers=18, **binned(0, 0, 0, 4, 6, 0, 0, 0, 0, 0))
    higher = school("3", classes=10, largest_class=52, staff=20, teachers=18, **binned(0, 0, 0, 4, 6, 0, 0, 0, 0, 0))
    staff = school("4", classes=10, largest_class=44, staff=17, teachers=18, **binned(0, 0, 0, 4, 6, 0, 0, 0, 0, 0))
    findings = check_school_table(pd.DataFrame([right, short, higher, staff]))
    assert [(each.code, each.zh[:3]) for each in findings] == [
        ("CHECK_CLASS_BINS", "学校2"), ("CHECK_CLASS_BINS", "学校3"), ("CHECK_STAFF", "学校4"),
    ]  # fmt: skip


def test_retention_above_one_hundred_percent_is_asked_about():
    moves = {"transfers_in": 5, "transfers_out": 3, "student_deaths": 0}  # 100 + 5 − 3 = 102
    rows = [school(str(n), stage="junior", graduates=n, grade7_intake=100, **moves) for n in (102, 103)]
    (finding,) = check_school_table(pd.DataFrame(rows))
    assert (finding.code, finding.raw, finding.severity) == ("CHECK_MOVERS", "103", "warning")
    assert "102" in finding.zh
