"""The equity room: tables of measures by county, group, school and year."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from balancelab import (
    compute_indicators,
    judge_schools,
    load_standard,
    mark_scope,
    measure_counties,
    read_schools,
    split_shares,
)
from balancelab.equity import (
    adequacy_shortfall,
    compare_counties,
    compare_groups,
    concentrate_on,
    converge_over_years,
    decompose_groups,
    describe_schools,
    equity_profile,
    group_means,
    grouping_column,
    nested_shares,
    rank_counties,
    school_influence,
    select_area,
    select_year,
    spread_over_years,
)
from balancelab.equity.profile import ADEQUACY
from balancelab.indicators import Formula
from balancelab.measures import MEASURES, amount_missing, fgt, influence_table, share_of_schools_meeting, weighted_cv

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data" / "sample" / "schools.csv"
SHARED = ROOT.parent / "shared" / "data"
KEY = ["year", "county_code", "stage", "indicator"]
RTOL = 1e-12


def indicator_table(values, weights, **columns) -> pd.DataFrame:
    """One county, one stage, one indicator: schools s0, s1, …"""
    base = {
        "year": 2024,
        "county_code": "840101",
        "school_code": [f"s{place}" for place in range(len(values))],
        "stage": "primary",
        "indicator": "sports_area_per_student",
        "value": np.array(values, dtype=float),
        "weight": np.array(weights, dtype=float),
    }
    table = pd.DataFrame(base | columns)
    table["numerator"], table["denominator"] = np.rint(table["value"] * 1000), 1000.0  # exact for three decimals
    return table.assign(member_code=table["county_code"])


@pytest.fixture(scope="module")
def rules():
    return load_standard("quality_2017")


@pytest.fixture(scope="module")
def schools(rules):
    intake = read_schools(SAMPLE, all_years=True, columns_needed=rules.columns_needed())
    marked = split_shares(mark_scope(intake.schools, rules), rules)
    return marked[marked["in_scope"]]


@pytest.fixture(scope="module")
def everyone(schools, rules):
    return describe_schools(compute_indicators(schools, rules.indicators, splits=rules.splits()), schools)


@pytest.fixture(scope="module")
def county12():
    """The invented county of tests/reference/measures_values.json and R's answers for it."""
    reference = json.loads((ROOT / "tests/reference/measures_values.json").read_text(encoding="utf-8"))
    columns = reference["inputs"]["county12"]["columns"]
    places = {"location": columns["zone"], "township": columns["township"]}
    table = indicator_table(columns["area"], columns["students"], **places)
    return table, {case["id"].removeprefix("county12."): case["value"] for case in reference["cases"]}, columns


def value_of(profile: pd.DataFrame, measure: str, by: str = "") -> float:
    (value,) = profile.loc[(profile["measure"] == measure) & (profile["by"] == by), "value"]
    return value


class TestProfile:
    def test_county12_as_r_has_it(self, county12, rules):
        # other program: R 4.2.2, dineq, IC2, base; sports area of primary schools must reach 7.5 (quality_2017)
        table, answers, _ = county12
        profile = equity_profile(table, groups="location", standard=rules)
        for measure, case in {
            "weighted_cv": "cv",
            "gini": "gini",
            "theil_t": "theil_t",
            "theil_l": "theil_l",
            "atkinson": "atkinson0.5",
            "hoover_index": "hoover",
            "mcloone_index": "mcloone_half",
            "verstegen_index": "verstegen_half",
            "fgt_1": "area_7.5.fgt1",
            "fgt_2": "area_7.5.fgt2",
            "adequacy_index": "area_7.5.opai",
            "share_of_schools_at_floor": "area_7.5.share_schools_85pct",
        }.items():
            if case in answers:
                assert value_of(profile, measure) == pytest.approx(answers[case], rel=1e-9), measure
        for part in ("within", "between"):
            assert value_of(profile, f"theil_t_{part}", "location") == pytest.approx(
                answers[f"zone.ge1.{part}"], rel=1e-9
            )
            assert value_of(profile, f"gini_{part}", "location") == pytest.approx(
                answers[f"zone.gini.{part}"], rel=1e-9
            )

    def test_a_ratio_has_no_amount(self, rules):
        sports = next(each for each in rules.indicators if each.id == "sports_area_per_student")
        ratio = replace(sports, formulas=(Formula(add={}, rate="sports_area_per_student"),))
        own = replace(rules, indicators=(ratio,))
        measures = set(equity_profile(indicator_table([5, 8], [100, 300]), measures=[], standard=own)["measure"])
        assert set(ADEQUACY) - measures == {"amount_missing"}

    def test_every_measure_equals_its_single_county_function(self, everyone):
        # the functions are tested against R elsewhere; here: that the table holds what they give for the same schools
        now = select_year(everyone, 2024)
        profile = equity_profile(now).set_index([*KEY, "measure"])["value"]
        picked = [
            ("371599", "primary", "teaching_area_per_student"),
            ("840127", "junior", "equipment_value_per_student"),
        ]
        picked += [
            ("371599", "junior", "sports_area_per_student"),
            ("840125", "primary", "equipment_value_per_student"),
        ]
        checked = 0
        for county, stage, indicator in picked:
            rows = now[(now["county_code"] == county) & (now["stage"] == stage) & (now["indicator"] == indicator)]
            rows = rows[rows["value"].notna()]
            for name, measure in MEASURES.items():
                expected = measure.function(rows["value"], rows["weight"])
                assert profile[2024, county, stage, indicator, name] == pytest.approx(expected, rel=1e-12), name
                checked += 1
        assert checked == 4 * len(MEASURES)

    def test_adequacy_equals_the_single_county_functions(self, everyone, rules):
        now = select_year(everyone, 2024)
        profile = equity_profile(now, measures=[], standard=rules)
        assert set(profile["measure"]) == set(ADEQUACY)
        per = {indicator.id: indicator.per for indicator in rules.indicators}
        by_key = profile.set_index([*KEY, "measure"])["value"]
        for (year, county, stage, name), rows in now[now["county_code"] == "840127"].groupby(KEY):
            limit = float(rules.requirements[name].at_least[stage])
            rows = rows[rows["value"].notna()]
            arguments = (rows["value"], rows["weight"])
            key = (year, county, stage, name)
            expected = {
                "fgt_0": fgt(*arguments, requirement=limit, alpha=0),
                "fgt_2": fgt(*arguments, requirement=limit, alpha=2),
                "share_of_schools_meeting": share_of_schools_meeting(*arguments, requirement=limit),
                "share_of_schools_at_floor": share_of_schools_meeting(*arguments, requirement=limit, floor_share=0.85),
                "amount_missing": amount_missing(*arguments, requirement=limit, per=per[name]),
            }
            for measure, value in expected.items():
                assert by_key[(*key, measure)] == pytest.approx(value, rel=1e-12, abs=1e-12), (key, measure)

    def test_rows_left_out_are_counted_with_their_reason(self):
        # hand: 2 of 5 schools have a value; 50 students have none; one school has no students, one no count of them
        table = indicator_table([4, 6, np.nan, 5, 5], [300, 100, 50, 0, np.nan])
        row = equity_profile(table, measures=["weighted_mean"]).iloc[0]
        assert row["value"] == 4.5
        assert (row["n_schools"], row["students"], row["n_dropped"], row["students_dropped"]) == (2, 400, 3, 50)
        assert row["dropped_because"] == "no_students+not_reported+students_missing"
        assert row["undefined_because"] == ""

    @pytest.mark.parametrize(
        ("values", "measure", "why"),
        [
            ([np.nan, np.nan], "weighted_cv", "no_school"),
            ([0, 0], "weighted_cv", "mean_not_positive"),
            ([-1, 5], "gini", "not_admitted"),
            ([0, 5], "theil_l", "zero_value"),
            ([0, 5], "range_ratio", "zero_value"),
            ([4, 5], "theil_l", ""),
        ],
    )
    def test_says_why_a_measure_is_not_defined(self, values, measure, why):
        row = equity_profile(indicator_table(values, [1, 1]), measures=[measure]).iloc[0]
        assert row["undefined_because"] == why
        assert math.isfinite(row["value"]) == (why == "")

    def test_one_school_is_equal_to_itself(self):
        # closed form: a spread of one school is 0, a ratio 1
        profile = equity_profile(indicator_table([4], [300]))
        for name, measure in MEASURES.items():
            if measure.equal is not None:
                assert value_of(profile, name) == pytest.approx(measure.equal, abs=1e-15), name

    def test_same_columns_always(self, rules):
        empty = indicator_table([], [])
        full = indicator_table([4, 6], [1, 1], location=["urban", "rural"])
        tables = [equity_profile(full), equity_profile(full, measures=[], groups="location", standard=rules)]
        tables.append(equity_profile(empty, standard=rules))
        assert len({tuple(table.columns) for table in tables}) == 1
        assert tables[2].empty

    def test_an_unknown_measure_is_refused(self):
        with pytest.raises(KeyError, match="ginny"):
            equity_profile(indicator_table([4, 6], [1, 1]), measures=["ginny"])


class TestGroups:
    def test_means_and_shares_by_hand(self):
        # hand: urban 200 students × 9 = 1,800; rural 100 × 4 + 100 × 8 = 1,200; 3,000 in all over 400 students
        table = indicator_table([9, 4, 8], [200, 100, 100], location=["urban", "rural", "rural"])
        means = group_means(table, by="location").set_index("group")
        assert means["mean"].to_dict() == {"rural": 6.0, "urban": 9.0}
        assert means["student_share"].to_dict() == {"rural": 0.5, "urban": 0.5}
        assert means["resource_share"].to_dict() == pytest.approx({"rural": 0.4, "urban": 0.6})
        # hand: rural deviations ±2 around 6: sd 2, CV 1/3
        assert means["weighted_cv"].to_dict() == pytest.approx({"rural": 1 / 3, "urban": 0.0})

    def test_ratio_gap_and_adjusted_parity_by_hand(self):
        table = indicator_table([9, 6, 12], [10, 10, 10], location=["urban", "town", "rural"])
        pairs = compare_groups(table).set_index(["group", "reference"])
        assert set(pairs.index) == {("town", "urban"), ("rural", "urban"), ("rural", "town")}
        # hand: 6/9; 12/9 and 2 − 9/12; 12/6 and 2 − 6/12
        assert pairs["ratio"].to_dict() == pytest.approx(
            {("town", "urban"): 2 / 3, ("rural", "urban"): 4 / 3, ("rural", "town"): 2.0}
        )
        assert pairs["adjusted"].to_dict() == pytest.approx(
            {("town", "urban"): 2 / 3, ("rural", "urban"): 1.25, ("rural", "town"): 1.5}
        )
        assert pairs["gap"].to_dict() == {("town", "urban"): 3.0, ("rural", "urban"): -3.0, ("rural", "town"): -6.0}

    def test_other_groups_are_compared_with_the_largest(self):
        # hand: public has most students; the third gives no ownership and is compared with nobody
        table = indicator_table([4, 8, 6], [100, 50, 20], ownership=["public", "private", ""])
        pairs = compare_groups(table, by="ownership")
        assert list(zip(pairs["group"], pairs["reference"], strict=True)) == [("private", "public")]

    def test_nobody_to_compare(self):
        alone = indicator_table([4, 8], [1, 1], location=["rural", "rural"])
        without = indicator_table([4, 8], [1, 1])
        for table in (alone, without):
            assert compare_groups(table).empty
            assert group_means(table, by="location").empty
            assert decompose_groups(table, by="location").empty
            assert nested_shares(table).empty
            assert grouping_column(table) == ""

    def test_a_reference_with_nothing_is_infinite(self):
        # hand: 5 / 0
        table = indicator_table([0, 5], [10, 10], location=["urban", "rural"])
        assert compare_groups(table)["ratio"].tolist() == [math.inf]
        nothing = indicator_table([0, 0], [10, 10], location=["urban", "rural"])
        assert compare_groups(nothing).empty

    @pytest.mark.parametrize("index", ["theil_t", "theil_l", "gini"])
    def test_parts_add_up_to_the_whole(self, everyone, index):
        now = select_year(everyone, 2024)
        split = decompose_groups(now, by="location", index=index)
        whole = measure_counties(now, measures=[index]).set_index(KEY)["value"]
        sums = split.groupby(KEY)["value"].sum()
        assert len(sums) > 100
        assert np.allclose(sums, whole.reindex(sums.index), rtol=1e-10)
        assert np.allclose(split.groupby(KEY)["share"].sum(), 1, rtol=1e-10)

    def test_townships_of_county12_as_r_has_it(self, county12):
        # other program: R, IC2 decompGEI and decompSGini
        table, answers, _ = county12
        theil = decompose_groups(table, by="township").groupby("part")["value"].sum()
        assert theil["between"] == pytest.approx(answers["township.ge1.between"], rel=1e-9)
        gini = decompose_groups(table, by="township", index="gini").groupby("part")["value"].sum()
        assert gini["within"] == pytest.approx(answers["township.gini.within"], rel=1e-9)
        assert gini["between"] == pytest.approx(answers["township.gini.between"], rel=1e-9)

    def test_groups_of_one_school_are_not_decomposed(self):
        table = indicator_table([4, 6, 8], [1, 1, 1], township=["a", "b", "c"])
        assert decompose_groups(table, by="township").empty
        assert len(compare_groups(table, by="township")) == 2

    def test_all_equal_has_no_parts(self):
        # closed form: nothing to divide, every share 0
        table = indicator_table([4, 4, 4, 4], [1, 2, 3, 4], location=["urban", "urban", "rural", "rural"])
        split = decompose_groups(table, by="location")
        assert (split["value"].abs() < 1e-15).all()
        assert (split["share"] == 0).all()

    def test_an_unknown_index_is_refused(self):
        with pytest.raises(ValueError, match="theil_t, theil_l, gini"):
            decompose_groups(indicator_table([4, 6], [1, 1]), by="location", index="hoover")

    def test_nested_county12_as_r_has_it(self, county12):
        # other program: R, Akita 2003
        table, answers, _ = county12
        nested = nested_shares(table, levels=["location", "township"]).set_index("level")["value"]
        assert nested["location"] == pytest.approx(answers["nested_theil_t.between_zones"], rel=1e-9)
        assert nested["township"] == pytest.approx(answers["nested_theil_t.between_townships_within_zones"], rel=1e-9)
        assert nested["school"] == pytest.approx(answers["nested_theil_t.within_townships"], rel=1e-9)

    def test_a_level_of_single_schools_is_left_out(self):
        members = ["1"] * 4 + ["2"] * 4
        table = indicator_table(
            [4, 5, 6, 7, 1, 2, 3, 4],
            [1] * 8,
            location=["urban", "urban", "rural", "rural"] * 2,
            township=[f"t{place}" for place in range(8)],
        ).assign(member_code=members)
        nested = nested_shares(table)
        assert nested["level"].tolist() == ["member_code", "location", "school"]
        assert nested["share"].sum() == pytest.approx(1)


class TestAdequacy:
    def test_by_hand(self, rules):
        # hand: primary schools need 7.5 m²; 85 % of it is 6.375. 100 students at 8, 200 at 7, 50 at 5, 25 not reported.
        table = indicator_table([8, 7, 5, np.nan], [100, 200, 50, 25])
        row = adequacy_shortfall(table, rules).iloc[0]
        assert (row["n_schools"], row["n_short"], row["n_not_reported"]) == (4, 2, 1)
        assert row[["students_meeting", "students_at_floor", "students_below_floor"]].tolist() == [100, 200, 50]
        assert row["students_not_reported"] == 25
        # hand: 200 × 0.5 + 50 × 2.5 = 225 m²; 225 / (7.5 × 350)
        assert row["amount_missing"] == pytest.approx(225)
        assert row["average_shortfall"] == pytest.approx(225 / 2625)

    def test_exactly_at_the_limit_meets_it(self, rules):
        # hand: 7.5 and 6.375 are the limits themselves
        row = adequacy_shortfall(indicator_table([7.5, 6.375], [10, 10]), rules).iloc[0]
        assert (row["students_meeting"], row["students_at_floor"], row["students_below_floor"]) == (10, 10, 0)

    def test_agrees_with_the_verdicts_and_with_fgt(self, everyone, rules):
        now = select_year(everyone, 2024)
        table = adequacy_shortfall(now, rules).set_index(KEY)
        verdicts = judge_schools(now, rules)
        assert table["n_short"].sum() == verdicts["met"].eq(False).sum()
        assert (
            table["n_not_reported"].sum() == verdicts["met"].isna().sum() == 3
        )  # the sample's county 9: three schools
        assert np.allclose(table["amount_missing"].sum(), verdicts["shortfall"].sum())
        profile = equity_profile(now, measures=[], standard=rules)
        expected = profile[profile["measure"] == "fgt_1"].set_index(KEY)["value"]
        assert np.allclose(table["average_shortfall"], expected.reindex(table.index), rtol=1e-9, atol=1e-12)
        parts = ["students_meeting", "students_at_floor", "students_below_floor", "students_not_reported"]
        assert np.allclose(table[parts].sum(axis=1), table["students"])

    def test_at_most_and_a_ratio_without_amount(self, tmp_path):
        indicators = tmp_path / "indicators.toml"
        indicators.write_text(
            '[emergency]\nlabel={zh="临时证",en="Emergency"}\nunit={zh="%",en="%"}\nper=1\n'
            '[[emergency.formula]]\nrate="emergency_pct"\n',
            encoding="utf-8",
        )
        standard = tmp_path / "standard.toml"
        standard.write_text(
            'label={zh="甲",en="A"}\ndocument={zh="甲",en="A"}\nauthority="illustrative"\nindicators=["emergency"]\n'
            '[stages]\nprimary={zh="小学",en="Primary"}\n'
            '[requirements.emergency]\nat_most={primary=10}\nclause={zh="甲",en="A"}\n'
            '[scope]\nclause={zh="甲",en="A"}\n',
            encoding="utf-8",
        )
        rules = load_standard(standard, indicator_file=indicators)
        table = indicator_table([5, 20], [100, 300]).assign(indicator="emergency")
        row = adequacy_shortfall(table, rules).iloc[0]
        assert (row["comparison"], row["students_meeting"], row["students_below_floor"]) == ("at_most", 100, 300)
        assert math.isnan(row["amount_missing"])
        # hand: 10 above the limit of 10 for 300 of 400 students
        assert row["average_shortfall"] == pytest.approx(0.75)
        assert equity_profile(table, measures=[], standard=rules).empty

    def test_a_standard_without_requirements(self, everyone):
        assert adequacy_shortfall(everyone, load_standard("basic_2012")).empty


class TestSchoolsAndCounties:
    def test_counties_are_compared_as_they_are_judged(self):
        # hand: 1 teacher for 80 students in both, one of them walking-teacher in a rural small school: no difference;
        # without the relaxation 0 and 1.25 per 100, of mean 0.625 and deviation 0.625
        row = {
            "year": 2024, "county_code": "371599", "county": "示例县", "stage": "primary", "school_type": "primary",
            "ownership": "county", "students": 80.0, "rural_small": "yes",
        }  # fmt: skip
        table = pd.DataFrame(
            [
                row | {"school_code": "1", "teachers_arts_pe": 0.0, "teachers_arts_pe_visiting": 1.0},
                row | {"school_code": "2", "teachers_arts_pe": 1.0, "teachers_arts_pe_visiting": 0.0},
            ]
        )
        for name, expected in (("quality_2017_transitional", 0.0), ("quality_2017", 1.0)):
            ranks = compare_counties(table, load_standard(name), year=2024)
            assert ranks["value"].tolist() == [expected], name

    def test_influence_by_hand(self):
        """Catalogue K12."""
        # hand: without the 8 both others are equal, CV 0; the whole figure is the measure's own
        table = indicator_table([4, 4, 8], [100, 100, 50], school=["甲", "乙", "丙"])
        influence = school_influence(table)
        assert influence["school"].tolist() == ["丙", "甲", "乙"]
        whole = weighted_cv([4, 4, 8], [100, 100, 50])
        assert influence["figure"].tolist() == [whole] * 3
        assert influence["without"].iloc[0] == 0
        assert influence["influence"].iloc[0] == pytest.approx(-whole)
        assert influence["low"].isna().all()  # fewer than ten schools: no interval

    def test_influence_names_the_right_school(self, everyone):
        county = select_area(select_year(everyone, 2024), county_code="371599")
        table = school_influence(county)
        part = county[(county["stage"] == "primary") & (county["indicator"] == "sports_area_per_student")]
        expected = influence_table(weighted_cv, part["value"], part["weight"], schools=part["school_code"])
        here = table[(table["stage"] == "primary") & (table["indicator"] == "sports_area_per_student")]
        assert here["school_code"].tolist() == expected["school"].tolist()
        assert np.allclose(here["without"], expected["without"])
        assert (here["low"] < here["figure"]).all()
        assert (here["figure"] < here["high"]).all()
        names = county.drop_duplicates("school_code").set_index("school_code")["school"]
        assert here["school"].tolist() == names.loc[here["school_code"]].tolist()

    def test_no_influence_in_the_whole_table_or_of_one_school(self, everyone):
        whole = select_area(select_year(everyone, 2024), county_code="")
        assert school_influence(whole).empty
        assert school_influence(indicator_table([4], [10])).empty

    def test_a_measure_that_jumps_has_no_interval(self):
        """Catalogue K12."""
        table = indicator_table([4, 5, 6, 7, 8, 9, 4, 5, 6, 7], [10] * 10)
        assert school_influence(table, measure="mcloone_index")["low"].isna().all()
        assert school_influence(table, measure="gini")["low"].notna().all()

    def test_ranks_share_ties_and_leave_out_single_schools(self):
        # hand: spreads 0.2, 0, 0 and a county of one school
        tables = [
            indicator_table(values, [10] * len(values)).assign(county_code=code)
            for code, values in {"a": [4, 6], "b": [5, 5], "c": [7, 7], "d": [9]}.items()
        ]
        ranks = rank_counties(measure_counties(pd.concat(tables, ignore_index=True))).set_index("county_code")
        assert ranks["rank"].to_dict() == {"a": 3, "b": 1, "c": 1}
        assert ranks["n_ranked"].tolist() == [3, 3, 3]


class TestYears:
    def panel(self, first, last, years=(2022, 2024)):
        start = indicator_table(first, [10] * len(first)).assign(year=years[0])
        return pd.concat([start, indicator_table(last, [10] * len(last)).assign(year=years[1])], ignore_index=True)

    def test_gaps_that_halve(self):
        # closed form: log gaps halve in two years, so the half-life is 2 and the slope (0.5 − 1) / 2
        table = self.panel([1, 2, 4], [2, 2 * 2**0.5, 4])
        row = converge_over_years(table).iloc[0]
        assert row["half_life"] == pytest.approx(2.0, rel=1e-9)
        assert row["beta"] == pytest.approx(-0.25, rel=1e-9)
        assert (row["n_matched"], row["n_unmatched"], row["n_years"]) == (3, 0, 2)
        assert row["sigma_slope"] == pytest.approx((row["last_cv"] - row["first_cv"]) / 2)
        assert row["sigma_slope"] < 0

    def test_schools_that_come_and_go_are_counted(self):
        table = self.panel([1, 2, 4, 0], [2, 3, 4, 5, 6])  # s3 has nothing at first, s4 is new
        row = converge_over_years(table).iloc[0]
        assert (row["n_matched"], row["n_unmatched"]) == (3, 2)

    def test_two_schools_have_sigma_but_no_beta(self):
        row = converge_over_years(self.panel([1, 2], [2, 3])).iloc[0]
        assert math.isnan(row["beta"])
        assert row["last_cv"] == pytest.approx(0.2)  # hand: mean 2.5, deviation 0.5

    def test_one_year_has_no_trend(self):
        """Catalogue K14."""
        table = indicator_table([4, 6], [10, 10])
        assert spread_over_years(table).empty
        assert converge_over_years(table).empty
        assert "weighted_cv" in spread_over_years(table).columns

    def test_series_equals_the_yearly_measures(self, everyone):
        county = select_area(everyone, county_code="840126")
        spread = spread_over_years(county).set_index(KEY)["weighted_cv"]
        yearly = measure_counties(county, measures=["weighted_cv"]).set_index(KEY)["value"]
        assert len(spread) == len(yearly) == 70  # 5 years × 2 stages × 7 indicators
        assert np.allclose(spread.reindex(yearly.index), yearly, rtol=1e-12)


class TestRedistribution:
    def test_sign_says_to_whom_it_leans(self):
        # hand: more per student where the share of left-behind students is larger; equal: 0
        table = indicator_table([4, 5, 6], [100, 100, 100])
        schools = table[["year", "county_code", "school_code", "stage"]].assign(
            students=[100.0, 100, 100], left_behind_students=[0.0, 10, 50]
        )
        row = concentrate_on(table, schools).iloc[0]
        assert row["ranked_by"] == "left_behind_students"
        # hand: C = 2/(n² μ) Σ i x_i − (n + 1)/n = 2 × (4 + 10 + 18) / (9 × 5) − 4/3
        assert row["concentration"] == pytest.approx(64 / 45 - 4 / 3)
        assert concentrate_on(table.assign(value=5.0), schools)["concentration"].tolist() == [0.0]

    def test_nothing_to_rank_by(self):
        table = indicator_table([4, 5], [100, 100])
        schools = table[["year", "county_code", "school_code", "stage"]].assign(students=[100.0, 100])
        assert concentrate_on(table, schools).empty
        assert concentrate_on(table, schools.assign(migrant_students=[10.0, 10])).empty

    def test_county12_as_r_has_it(self, county12):
        # other program: R, weighted mid-ranks with ties averaged (ranked by income there, by the same numbers here)
        table, answers, columns = county12
        income = np.array(columns["income"])
        schools = table[["year", "county_code", "school_code", "stage"]].assign(students=100.0, by_income=income)
        found = concentrate_on(table, schools, counts=["by_income"])["concentration"].iloc[0]
        assert found == pytest.approx(answers["area_by_income.concentration"], rel=1e-9)


class TestArea:
    def test_whole_table_pools_counties_and_tells_townships_apart(self, everyone):
        now = select_year(everyone, 2024)
        whole = select_area(now, county_code="")
        assert set(whole["county_code"]) == {""}
        assert whole["member_code"].nunique() == 12
        assert whole["township"].str.startswith(tuple(set(now["county_code"]))).all()
        assert len(whole) == len(now)

    def test_unknown_county_and_year_are_named(self, everyone):
        with pytest.raises(ValueError, match="did you mean '371599'"):
            select_area(everyone, county_code="371598")
        with pytest.raises(ValueError, match="it has: 2020, 2021, 2022, 2023, 2024"):
            select_year(everyone, 2031)

    def test_columns_that_are_not_there_are_left_out(self, schools, rules):
        bare = schools.drop(columns=["township"]).assign(location=None)
        table = describe_schools(compute_indicators(bare, rules.indicators, splits=rules.splits()), bare)
        assert {"county", "school", "ownership"} <= set(table.columns)
        assert not {"township", "location"} & set(table.columns)

    def test_a_school_twice_is_refused(self, schools, rules):
        twice = pd.concat([schools, schools.head(1)])
        with pytest.raises(pd.errors.MergeError):
            describe_schools(compute_indicators(schools, rules.indicators, splits=rules.splits()), twice)


@pytest.mark.parametrize(
    ("name", "file", "n_counties", "students"),
    [
        # published: sum(enroll) of apipop, as R survey's own test output has it
        ("california", "ca_api_2000/apipop.csv.gz", 57, 3_811_472),
    ],
)
def test_another_country_by_files_alone(name, file, n_counties, students):
    if not (SHARED / file).exists():
        pytest.skip("the public data lie beside the repository, not in it")
    rules, indicators, schools = foreign(name, SHARED / file)
    assert schools["county_code"].nunique() == n_counties
    assert schools["students"].sum() == students
    profile = equity_profile(select_area(indicators, county_code=""), standard=rules)
    assert profile["measure"].nunique() > 20
    means = profile[(profile["measure"] == "weighted_mean") & (profile["indicator"] == "fully_qualified_teachers")]
    assert means["value"].between(0, 100).all()


def test_tanzania_by_files_alone(tmp_path):
    source = SHARED / "tanzania_primary_2022" / "tz_primary_2022.csv.gz"
    if not source.exists():
        pytest.skip("the public data lie beside the repository, not in it")
    table = pd.read_csv(source, dtype=str, keep_default_na=False)  # the repair of data/tanzania/README.md
    table["ward"] = table["ward"].str.replace("â€™", "'")
    table.to_csv(tmp_path / "tanzania.csv", index=False)
    _, indicators, schools = foreign("tanzania", tmp_path / "tanzania.csv")
    assert schools["county_code"].nunique() == 184
    assert schools["students"].sum() == 11_420_973  # published: pupils of the consolidated table
    assert len(schools) == 19_261 - 5  # five schools without pupils
    ranks = rank_counties(measure_counties(indicators))
    assert ranks["n_ranked"].eq(184).all()
    now = select_area(indicators, county_code="")
    assert nested_shares(now)["level"].unique().tolist() == ["member_code", "township", "school"]


def foreign(name: str, file: Path):
    folder = ROOT / "data" / name
    rules = load_standard(folder / "standard.toml", indicator_file=folder / "indicators.toml")
    intake = read_schools(
        file, all_years=True, column_map=folder / "columns.toml", columns_needed=rules.columns_needed()
    )
    marked = split_shares(mark_scope(intake.schools, rules), rules)
    counted = marked[marked["in_scope"]]
    return rules, describe_schools(compute_indicators(counted, rules.indicators), counted), counted
