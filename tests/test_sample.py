"""The synthetic province: the committed files, the schema, the roles of the counties, the model of the outcomes."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import balancelab.sample
from balancelab.intake.split import split_shares
from balancelab.sample import make_sample, write_sample
from balancelab.sample.places import MAX_COUNTIES, place
from balancelab.sample.settings import law, settings
from balancelab.standards import load_standard

DATA = Path(__file__).parents[1] / "data"
FIELDS = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))["resources"][0]["schema"]["fields"]
QUALITY, BASIC = load_standard("quality_2017"), load_standard("basic_2012")
NAMES = [entry["name"] for entry in settings()["county"]]


@pytest.fixture(scope="module")
def schools() -> pd.DataFrame:
    return make_sample()


@pytest.fixture(scope="module")
def last(schools: pd.DataFrame) -> pd.DataFrame:
    return schools[schools["year"] == 2024].reset_index(drop=True)


def of(county: str, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["county_code"] == place(NAMES.index(county) + 1).code]


# ---- the committed files --------------------


def test_committed_sample_is_what_the_command_makes(tmp_path):
    write_sample(tmp_path / "schools.csv")
    for name in ("schools.csv", "schools.meta.toml"):
        assert (tmp_path / name).read_bytes() == (DATA / "sample" / name).read_bytes(), name
    assert len((DATA / "sample" / "schools.csv").read_bytes()) < 3_000_000


def test_sidecar_says_synthetic_and_how_it_was_made():
    note = tomllib.loads((DATA / "sample" / "schools.meta.toml").read_text(encoding="utf-8"))
    assert note["synthetic"] is True
    assert "合成" in note["title"]["zh"]
    assert "ynthetic" in note["title"]["en"]
    readme = (DATA / "sample" / "README.md").read_text(encoding="utf-8")
    assert note["command"].removesuffix("schools.csv") in readme
    assert note["rows"] == len(pd.read_csv(DATA / "sample" / "schools.csv"))


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_every_format_holds_the_same_table(tmp_path, ending):
    path = tmp_path / f"province.{ending}"
    rows = write_sample(path, counties=2, schools_per_county=12, years=2, seed=3)
    expected = make_sample(counties=2, schools_per_county=12, years=2, seed=3)
    text = {"county_code": str, "school_code": str}
    if ending == "parquet":
        read = pd.read_parquet(path)
    else:
        read = pd.read_csv(path, dtype=text) if ending == "csv" else pd.read_excel(path, dtype=text, engine="openpyxl")
    assert rows == len(read) == len(expected)
    pd.testing.assert_frame_equal(read, expected, check_dtype=False)
    assert tomllib.loads((tmp_path / "province.meta.toml").read_text(encoding="utf-8"))["synthetic"] is True
    assert {file.name for file in tmp_path.iterdir()} == {path.name, "province.meta.toml"}


def test_csv_is_plain_utf8_and_parquet_has_groups_of_whole_counties(tmp_path):
    import pyarrow.parquet as pq

    write_sample(tmp_path / "a.csv", counties=1, schools_per_county=6, years=1)
    head = (tmp_path / "a.csv").read_bytes()
    assert head.startswith(b"year,county_code")
    assert b"\r" not in head
    write_sample(tmp_path / "a.parquet", counties=25, schools_per_county=100, years=10)
    with pq.ParquetFile(tmp_path / "a.parquet") as file:
        groups = [file.read_row_group(i, columns=["county_code"]).column(0).to_pylist() for i in range(2)]
        assert file.num_row_groups == 2
    assert 16_000 <= len(groups[0]) < 18_000
    assert groups[0] == sorted(groups[0])
    assert max(groups[0]) < min(groups[1])


def test_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("balancelab.sample.writing.SHEET_ROWS", 100)
    with pytest.raises(ValueError, match="do not fit on a sheet"):
        write_sample(tmp_path / "a.xlsx", counties=3)
    with pytest.raises(ValueError, match=r"must end in \.csv"):
        write_sample(tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("argument", "number"),
    [("counties", 0), ("counties", MAX_COUNTIES + 1), ("schools_per_county", 5), ("years", 11), ("seed", -1)],
)
def test_numbers_outside_their_range_are_refused(argument, number):
    with pytest.raises(ValueError, match=f"`{argument}` must be between"):
        make_sample(**{argument: number})
    with pytest.raises(TypeError, match="whole number"):
        make_sample(**{argument: 2.5})


# ---- reproducible, and the same whatever is asked for beside it --------------------


def test_county_does_not_depend_on_the_number_of_counties_and_years(schools):
    few = make_sample(counties=3, years=2)
    same = schools[schools["county_code"].isin(few["county_code"]) & (schools["year"] >= 2023)]
    pd.testing.assert_frame_equal(few, same.reset_index(drop=True))


def test_another_seed_is_another_province(schools):
    other = make_sample(counties=1, seed=1)
    assert other["students"].sum() != of("示例", schools)["students"].sum()


def test_places_are_unique_and_their_codes_are_nobodys():
    places = [place(number) for number in range(1, MAX_COUNTIES + 1)]
    codes = [one.code for one in places]
    assert codes == sorted(set(codes))
    assert len({one.name for one in places}) == MAX_COUNTIES
    assert all(re.fullmatch("371599|8[4-9][0-9]{4}", code) and not code.endswith("00") for code in codes)
    assert len({(one.code[:2], one.serial) for one in places}) == MAX_COUNTIES  # school codes never collide
    with pytest.raises(ValueError, match="between 1 and"):
        place(0)


# ---- the schema --------------------


def test_table_fits_the_schema(schools):
    by_name = {field["name"]: field for field in FIELDS}
    assert set(schools.columns) <= set(by_name)
    assert not schools.duplicated(["year", "school_code", "stage"]).any()
    for name, values in schools.items():
        limits = by_name[name].get("constraints", {})
        given = values.dropna()
        if limits.get("required"):
            assert len(given) == len(values), name
        if "enum" in limits:
            assert set(given) <= set(limits["enum"]), name
        if "pattern" in limits:
            assert given.str.fullmatch(limits["pattern"].strip("^$")).all(), name
        if by_name[name]["type"] in ("integer", "number"):
            assert given.min() >= limits.get("minimum", -np.inf), name
            assert given.max() <= limits.get("maximum", np.inf), name
        if by_name[name]["type"] == "integer":
            assert (given.astype(float) % 1 == 0).all(), name
        if "subsetOf" in by_name[name]:
            assert (values.dropna() <= schools[by_name[name]["subsetOf"]][given.index]).all(), name


def test_amounts_are_consistent(schools):
    assert (schools["migrant_students"] + schools["left_behind_students"] <= schools["students"]).all()
    assert (schools["students"] >= 1).all()
    assert (schools["classes"] >= 1).all()
    mean_class = schools["students"] / schools["classes"]
    assert (schools["largest_class"] >= np.floor(mean_class)).all()
    assert mean_class.max() < 70
    has_senior = schools["school_type"].isin(["complete_secondary", "twelve_year"])
    assert schools["senior_students"].notna().equals(has_senior)
    whole = schools["shared_resources"] == "school"
    assert schools[whole]["school_type"].isin(["nine_year", "complete_secondary", "twelve_year"]).all()
    shared = ["teaching_area_m2", "sports_ground_area_m2", "equipment_value_yuan", "books", "multimedia_rooms"]
    repeated = schools[whole].groupby(["year", "school_code"])[shared].nunique()
    assert (repeated == 1).all(axis=None)


def test_schools_keep_their_names_and_codes(schools):
    assert schools.groupby("school_code")["school"].nunique().max() == 1
    assert schools.groupby(["county_code", "school"])["school_code"].nunique().max() == 1
    assert schools["school_code"].str.fullmatch("(21|31|34|51)[0-9]{8}").all()
    assert (schools["school_code"].str[2:4] == schools["county_code"].str[:2]).all()


def test_province_is_varied(last, schools):
    per_county = last.groupby("county")["school_code"].nunique()
    assert len(per_county) == 12
    assert per_county.between(24, 34).all()
    assert set(last["location"]) == {"urban", "town", "rural"}
    special = last[last["school_type"] == "special"].drop_duplicates("school_code")
    assert sorted(special["county"]) == sorted(per_county.index)
    assert last[last["ownership"] == "private"]["county"].nunique() >= 4
    sites = last[last["school_type"] == "teaching_site"]["students"]
    assert (sites < 50).sum() > 20
    assert (sites >= 50).sum() >= 3
    crowded = last["largest_class"] > last["stage"].map({"primary": 45, "junior": 50})
    assert crowded.sum() > 20
    assert (last["largest_class"] >= 56).sum() >= 3
    of_year = schools.groupby("year")["school_code"].agg(set)
    assert of_year[2020] - of_year[2024], "some schools closed"
    assert of_year[2024] - of_year[2020], "some schools opened"
    combined = last[last["school_type"].isin(["nine_year", "complete_secondary", "twelve_year"])]
    assert set(combined["shared_resources"]) == {"stage", "school"}


def test_resources_improve_slowly(schools):
    # province.toml: stock never shrinks; the students of the countryside leave
    stock = schools.pivot_table(index=["school_code", "stage"], columns="year", values="multimedia_rooms").dropna()
    assert (stock.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    rural = schools[schools["location"] == "rural"].groupby("year")["students"].sum()
    assert rural.is_monotonic_decreasing


# ---- the words --------------------


def test_roles_and_dictionary_stand_in_the_readme():
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for table in (dictionary_table(), values_table(), roles_table()):
        assert table in readme, f"data/README.md should hold:\n{table}"


def dictionary_table() -> str:
    lines = [
        "| 列 / column | 名称 | name | 类型 / type | 单位 / unit | 必填 / required | 不大于 / at most |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for field in FIELDS:
        required = "是 / yes" if field.get("constraints", {}).get("required") else ""
        whole = f"`{field['subsetOf']}`" if "subsetOf" in field else ""
        label = field["label"]
        cells = (f"`{field['name']}`", label["zh"], label["en"], field["type"], field.get("unit", ""), required, whole)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def values_table() -> str:
    lines = ["| 列 / column | 取值 / value | 含义 | meaning |", "| --- | --- | --- | --- |"]
    for field in FIELDS:
        for value, words in field.get("values", {}).items():
            lines.append(f"| `{field['name']}` | `{value}` | {words['zh']} | {words['en']} |")
    return "\n".join(lines)


def roles_table() -> str:
    lines = ["| 序 / no. | 代码 / code | 县（区） / county | 情形 | role |", "| --- | --- | --- | --- | --- |"]
    for number, role in enumerate(settings()["county"], 1):
        where = place(number)
        lines.append(f"| {number} | {where.code} | {where.name} | {role['zh']} | {role['en']} |")
    return "\n".join(lines)


@pytest.mark.parametrize("schools_per_county", [6, 7, 9, 60])
def test_any_size_can_be_made(schools_per_county):
    table = make_sample(counties=14, schools_per_county=schools_per_county, years=1, seed=5)
    assert table["county_code"].nunique() == 14
    assert (table.groupby("county_code")["stage"].nunique() == 2).all()


# ---- outcomes --------------------


def test_regression_with_county_effects_finds_the_stated_coefficients():
    """Expected values: province.toml, within four standard errors (the seed is fixed)."""
    model = settings()["model"]
    table = make_sample(counties=60, years=1)
    table = table[table["mean_score"].notna() & table["equipment_value_yuan"].notna()].reset_index(drop=True)
    shares = split_shares(table, QUALITY)
    equipment = table["equipment_value_yuan"] * shares["share_numerator"] / shares["share_denominator"]
    columns = {
        "qualified_teachers": 100 * table["teachers_above_qualification"] / table["students"],
        "equipment": equipment / table["students"] / 1000,
        "migrant_share": table["migrant_students"] / table["students"],
        "town": (table["location"] == "town").astype(float),
        "rural": (table["location"] == "rural").astype(float),
        "primary": (table["stage"] == "primary").astype(float),
    }
    expected = [model[name] for name in ("qualified_teachers", "equipment", "migrant_share")]
    expected += [model["location"]["town"], model["location"]["rural"]]
    expected.append(model["intercept"]["primary"] - model["intercept"]["junior"])
    regressors = pd.DataFrame(columns)
    within = regressors - regressors.groupby(table["county_code"]).transform("mean")
    score = table["mean_score"] - table.groupby("county_code")["mean_score"].transform("mean")
    slopes, _, _, _ = np.linalg.lstsq(within.to_numpy(), score.to_numpy(), rcond=None)
    residuals = score.to_numpy() - within.to_numpy() @ slopes
    bread = np.linalg.inv(within.T @ within)
    meat = (within.to_numpy() * residuals[:, None]) @ bread
    errors = np.sqrt((meat**2).sum(axis=0)) * np.sqrt(len(table) / (len(table) - 66))
    assert np.all(np.abs(slopes - expected) < 4 * errors)
    assert np.all(errors[:3] < [0.1, 0.1, 1.2]), "the test must be able to fail"


def test_outcomes_are_blank_only_where_nobody_sat(last):
    blank = (last["students"] < 50) | (last["school_type"] == "special")
    assert last["mean_score"].isna().equals(blank)
    assert last["proficiency_rate"].isna().equals(blank)
    assert last["mean_score"].dropna().between(40, 99.99).all(), "no score was held at the end of the scale"
    sat = last[~blank]
    logit = np.log(sat["proficiency_rate"] / (1 - sat["proficiency_rate"]))
    usable = sat["proficiency_rate"].between(0.05, 0.95) & (sat["students"] > 300)
    slope = np.polyfit(sat["mean_score"][usable], logit[usable], 1)[0]
    assert slope == pytest.approx(1 / 8, abs=0.015)  # province.toml: pass_scale = 8


def test_stated_model_is_the_one_in_the_file():
    model, words = settings()["model"], balancelab.sample.__doc__ or ""
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    formula = (
        f"{model['qualified_teachers']} q + {model['equipment']} e − {-model['migrant_share']:.0f} m"
        f" + location + {model['year']} (year − {settings()['last_year']})"
    )
    for text in (words, readme):
        assert formula in text
        assert f"− {model['pass_mark']:.0f}) / {model['pass_scale']:.0f} + N(0, {model['pass_noise']}²)" in text
        assert f"{model['noise_sd']}² + {model['noise_sd_by_root_students']:.0f}²/" in text
        assert f"{-model['location']['town']:.0f} " in text
        for number in (*model["intercept"].values(), model["county_sd"], model["county_wealth_correlation"]):
            assert f"{number:g}" in text
    assert model["school_sd"] == 2.0  # N(0, 2²) in both texts
    assert law().smallest_site == model["exam_min_students"]
