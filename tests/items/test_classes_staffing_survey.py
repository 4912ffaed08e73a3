"""Class sizes, staffing and the survey: published figures, hand arithmetic, another program."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balancelab.items.class_sizes import class_bins, class_targets, classes_over, summarise_class_sizes
from balancelab.items.formulas import least_growth, net_enrolment_rate, retention_rate_nine_years
from balancelab.items.staffing import misplaced_posts, posts_by_area, posts_by_norm, staffing_norms
from balancelab.items.survey import (
    check_sample,
    count_responses,
    required_sample,
    summarise_survey,
    survey_figures,
    wilson_interval,
)
from balancelab.standards import load_standard
from tests.items.helpers import county, school

QUALITY = load_standard("quality_2017")
BINS = [entry.column for entry in class_bins()]


def binned(*counts: int) -> dict[str, int]:
    return dict(zip(BINS, counts, strict=True))


def test_bins_of_the_statistics():
    edges = [(entry.least, entry.most) for entry in class_bins()]
    assert edges[0] == (1, 25)
    assert edges[-1] == (66, None)
    assert all(right[0] == left[1] + 1 for left, right in pairwise(edges))
    # national targets: super-large 2 % by 2018 and none by 2020, large 5 % by 2020
    targets = {(target.id, target.by_year): (target.least, float(target.at_most)) for target in class_targets()}
    assert targets == {("large", 2020): (56, 0.05), ("super_large", 2018): (66, 0.02), ("super_large", 2020): (66, 0.0)}


def test_classes_over_the_limit_by_bins():
    # bins: ≤25, 26–30, …, 41–45, 46–50, 51–55, 56–60, 61–65, ≥66
    table = pd.DataFrame([school(classes=20, **binned(0, 0, 0, 4, 9, 3, 2, 1, 0, 1))])
    for limit, (low, high) in {45: (7, 7), 50: (4, 4), 55: (2, 2), 65: (1, 1), 47: (4, 7)}.items():
        assert [counts.tolist() for counts in classes_over(table, np.array([limit]))] == [[low], [high]]


def test_the_national_share_of_large_classes():
    # Published: 2018, 265,000 large classes of 3,754,900 are 7.06 %, super-large 18,700 are 0.5 %. In hundreds here.
    rows = [school(students=1.5e6, classes=37_549, **binned(0, 0, 0, 0, 34_899, 0, 0, 2_463, 0, 187)) | {"year": 2018}]
    table = summarise_class_sizes(pd.DataFrame(rows)).set_index(["target", "by_year", "stage"])
    assert round(100 * table.loc[("large", 2020, ""), "share_low"], 2) == 7.06
    assert round(100 * table.loc[("super_large", 2018, ""), "share_low"], 2) == 0.5
    assert bool(table.loc[("super_large", 2018, ""), "met"]) is True  # 0.5 % ≤ 2 %
    assert pd.isna(table.loc[("large", 2020, ""), "met"])  # the target's year has not come


@pytest.mark.parametrize(("large", "expected"), [(5, True), (6, False)])
def test_large_classes_exactly_at_five_percent(large: int, expected: bool):
    rows = [school(students=4000, classes=100, **binned(0, 0, 0, 0, 100 - large, 0, 0, large, 0, 0))]
    table = summarise_class_sizes(pd.DataFrame(rows)).set_index(["target", "by_year", "stage"])
    assert bool(table.loc[("large", 2020, ""), "met"]) is expected


def test_the_largest_class_alone_bounds_the_share():
    # 60 in the largest class: at least 1 of 10 large, at most 400 // 56 = 7
    table = summarise_class_sizes(pd.DataFrame([school(students=400, classes=10, largest_class=60)]))
    row = table.set_index(["target", "by_year", "stage"]).loc[("large", 2020, "primary")]
    assert (row["n_low"], row["n_high"], row["share_low"], row["share_high"]) == (1, 7, 0.1, 0.7)
    assert bool(row["met"]) is False  # 10 % is above 5 % already


# ---- staffing ----------------------------------------

TIEDONG = {
    "staff_quota_urban": 1697, "staff_actual_urban": 1901, "staff_quota_rural": 1224, "staff_actual_rural": 926,
    "staff_quota": 3115, "staff_actual": 3021,
}  # fmt: skip


def test_over_in_town_and_short_in_the_villages():
    # Published (source text 003): 1,901 − 1,697 = +204 in town, 926 − 1,224 = −298 in the villages; 194 posts elsewhere
    posts = posts_by_area(county(TIEDONG), year=2024).set_index("area")
    assert posts.loc[["urban", "rural"], "difference"].to_list() == [204, -298]
    assert posts.loc["other", ["quota", "actual"]].to_list() == [194, 194]
    misplaced = misplaced_posts(posts_by_area(county(TIEDONG), year=2024)).iloc[0]
    assert (misplaced["over_urban"], misplaced["short_rural"], bool(misplaced["misplaced"])) == (204, 298, True)
    fair = county(TIEDONG | {"staff_actual_urban": 1697})
    assert not misplaced_posts(posts_by_area(fair, year=2024))["misplaced"].iloc[0]
    town = county({"staff_quota_urban": 1, "staff_actual_urban": 2})
    assert pd.isna(misplaced_posts(posts_by_area(town, year=2024))["misplaced"].iloc[0])
    assert posts_by_area(county({"teachers": 5}), year=2024).empty


def test_staff_against_the_norm():
    rows = [
        school("1", students=950, staff=60, location="urban"),  # 950 / 19 = 50 posts
        school("2", students=190, staff=8, location="rural"),  # 190 / 19 = 10 posts
        school("3", students=100, staff=np.nan, location="rural"),
        school("4", stage="junior", students=270, staff=20, location="town"),  # 270 / 13.5 = 20 posts
        school("5", stage="junior", students=271, staff=21, location="rural"),  # 271 / 13.5 = 20.07: 21 posts
    ]
    posts = posts_by_norm(pd.DataFrame(rows), staffing_norms()["2014"]).set_index(["stage", "location"])
    assert posts["posts_needed"].to_dict() == {
        ("junior", "rural"): 21,
        ("junior", "town"): 20,
        ("primary", "rural"): 10,
        ("primary", "urban"): 50,
    }
    assert posts["difference"].to_list() == [0.0, 0.0, -2.0, 10.0]
    assert posts.loc[("primary", "rural"), "n_missing"] == 1
    city = posts_by_norm(pd.DataFrame(rows), staffing_norms()["2001_city"])
    assert city["location"].to_list() == ["urban"]


# ---- survey ----------------------------------------


def test_wilson_against_statsmodels():
    # other program: statsmodels 0.15, proportion_confint(method="wilson")
    from statsmodels.stats.proportion import proportion_confint

    for satisfied, valid in ((918, 1020), (0, 10), (10, 10), (1, 1), (850, 1000), (17, 20)):
        assert wilson_interval(satisfied, valid) == pytest.approx(
            proportion_confint(satisfied, valid, method="wilson"), abs=1e-12
        )


@given(st.integers(1, 5000), st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_wilson_holds_the_share_and_mirrors(valid: int, data: st.DataObject):
    satisfied = data.draw(st.integers(0, valid))
    low, high = wilson_interval(satisfied, valid)
    assert 0 <= low <= satisfied / valid <= high <= 1
    mirrored = wilson_interval(valid - satisfied, valid)
    assert mirrored == pytest.approx((1 - high, 1 - low))
    wider = wilson_interval(satisfied, valid, confidence=0.99)
    assert wider[0] <= low
    assert high <= wider[1]


def test_wilson_of_nobody_and_of_nonsense():
    assert all(map(math.isnan, wilson_interval(0, 0)))
    for bad in ((-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="satisfied"):
            wilson_interval(*bad)
    with pytest.raises(ValueError, match="confidence"):
        wilson_interval(1, 2, confidence=1.0)


def test_the_sample_required():
    # 1.5 per 1,000, at least 600: 600 up to 400,000 residents, rounded up above
    assert [required_sample(n, QUALITY) for n in (0, 100_000, 400_000, 400_001, 666_000, 700_000)] == [
        600, 600, 600, 601, 999, 1050,
    ]  # fmt: skip


def test_sample_and_parents_are_checked():
    counts = pd.DataFrame(
        [("parents", "overall", 299, 280), ("teachers", "overall", 301, 290)],
        columns=["group", "topic", "valid", "satisfied"],
    )
    codes = [each.code for each in check_sample(counts, 300_000, QUALITY)]
    assert codes == ["SURVEY_PARENTS"]  # 299 / 600 is below one half
    assert not check_sample(counts.assign(valid=[300, 300]), 300_000, QUALITY)
    assert [each.code for each in check_sample(counts.assign(valid=[300, 299]), 300_000, QUALITY)] == ["SURVEY_SAMPLE"]


def test_responses_are_counted():
    rows = [
        ("家长", "总体满意度", "非常满意"), ("家长", "overall", "基本满意"), ("家长", "overall", "不满意"),
        ("Parents", "Overall", "不了解"), ("教师", "overall", "满意"), ("老师", "overall", "满意"),
        ("教师", "总体满意读", "满意"), ("教师", "overall", "还行"),
    ]  # fmt: skip
    counts, findings = count_responses(pd.DataFrame(rows, columns=["group", "topic", "answer"]))
    table = counts.set_index(["group", "topic"])
    assert table.loc[("parents", "overall"), ["valid", "satisfied"]].to_list() == [3, 2]  # 不了解 is not valid
    assert table.loc[("teachers", "overall"), ["valid", "satisfied"]].to_list() == [1, 1]
    assert {each.raw for each in findings} == {"老师", "总体满意读", "还行"}
    assert all(each.code == "SURVEY_WORD" for each in findings)
    plain, _ = count_responses(pd.DataFrame([("家长", "满意")], columns=["group", "answer"]))
    assert plain["topic"].to_list() == ["overall"]


def test_topics_are_put_together_without_an_overall_question():
    counts = pd.DataFrame(
        [("parents", "near_enrolment", 100, 90), ("parents", "sharing", 100, 70)],
        columns=["group", "topic", "valid", "satisfied"],
    )
    whole = summarise_survey(counts).set_index(["group", "topic"]).loc[("all", "all")]
    assert (whole["valid"], whole["satisfied"], whole["share"]) == (200, 160, 0.8)  # 90 + 70 of 100 + 100
    figures = survey_figures(counts, year=2024, county_code="371599").set_index("item")["value"]
    assert figures["questionnaires_satisfied_parents"] == 160
    with pytest.raises(ValueError, match="no more can be satisfied"):
        summarise_survey(counts.assign(satisfied=101))


# ---- enrolment, retention, growth ----------------------------------------


def test_enrolment_and_nine_year_retention():
    assert float(net_enrolment_rate(9_985, 10_000)) == 0.9985
    assert float(retention_rate_nine_years(1009, 1000)) == 1.009  # printed by yearbooks: above 100 % is no error here
    for wrong in ((-1, 5), (1, 0)):
        with pytest.raises(ValueError, match=r"`(part|whole)`"):
            net_enrolment_rate(*wrong)


def test_the_least_growth():
    assert least_growth([100, 110, 121]) == pytest.approx(0.1)
    assert least_growth([100, 90, 99]) == pytest.approx(-0.1)
    with pytest.raises(ValueError, match="two amounts"):
        least_growth([100])
