import dataclasses
import tomllib
from pathlib import Path

import pytest

from balancelab.reports.errors import ParametersRefused, PlanRefused
from balancelab.reports.given import find_standard, read_tables
from balancelab.reports.kinds import find_notebook, reads_all_years
from balancelab.reports.plan import check_settings, plan_reports

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "schools.csv"
CODE = "371599"


@pytest.fixture(scope="module")
def standard():
    return find_standard("quality_2017")[0]


@pytest.fixture(scope="module")
def intake(standard):
    return read_tables([SAMPLE], standard, year=2024)


def plan(intake, standard, **changes):
    asked = {"kind": "balance", "languages": ["zh", "en"], "data_file": SAMPLE} | changes
    return plan_reports(intake, standard, **asked)


def test_every_county_in_every_language(intake, standard):
    units = plan(intake, standard).units
    assert len(units) == 12 * 2  # the sample has 12 counties
    assert len({unit.stem for unit in units}) == 24
    first = units[0]
    assert first.stem == f"2024/{CODE}/balance.zh"
    assert first.parameters["county_code"] == CODE
    assert first.synthetic is True
    assert first.origin == {"standard": "quality_2017", "data": "schools.csv", "indicators": "", "added": ""}
    assert not [value for value in first.parameters.values() if str(SAMPLE.parent) in str(value)]


def test_the_overview_is_one_report(intake, standard):
    (unit,) = plan(intake, standard, kind="overview", languages=["en"]).units
    assert unit.stem == "2024/overview/overview.en"
    assert "county_code" not in unit.parameters


def test_counties_by_code_or_name(intake, standard):
    """Catalogue O04, O11."""
    units = plan(intake, standard, counties=["示例县", "840101"], languages=["zh"]).units
    assert [unit.county_code for unit in units] == [CODE, "840101"]
    with pytest.raises(PlanRefused, match="twice"):
        plan(intake, standard, counties=["示例县", CODE])
    with pytest.raises(PlanRefused, match="no county '示列县'; the nearest are 371599"):
        plan(intake, standard, counties=["示列县"])


def test_a_county_where_no_school_counts_is_named(intake, standard):
    schools = intake.schools.copy()
    schools.loc[schools["county_code"] == CODE, "school_type"] = "special"
    emptied = dataclasses.replace(intake, schools=schools)
    made = plan(emptied, standard)
    assert len(made.units) == 11 * 2
    assert [CODE in reason["en"] for reason in made.left_out] == [True]
    with pytest.raises(PlanRefused, match="no school is in the standard's scope"):
        plan(emptied, standard, counties=[CODE])


@pytest.mark.parametrize("code", ["../../x", "a/b", ".hidden", "a:b", "a\x1b", "Overview", ""])
def test_a_code_that_names_no_folder_is_refused(intake, standard, code):
    schools = intake.schools.assign(county_code=intake.schools["county_code"].replace({CODE: code}))
    with pytest.raises(PlanRefused, match="cannot name a folder"):
        plan(dataclasses.replace(intake, schools=schools), standard)


def test_a_sidecar_that_is_no_toml_is_refused_and_one_of_notepad_is_read(intake, standard, tmp_path):
    note = tmp_path / "schools.meta.toml"
    for wrong in (b"synthetic = yes\n", "synthetic = true # 合成".encode("gb18030")):
        note.write_bytes(wrong)
        with pytest.raises(PlanRefused, match=r"schools\.meta\.toml"):
            plan(intake, standard, data_file=tmp_path / "schools.csv")
    note.write_text("synthetic = true\n", encoding="utf-8-sig")
    assert plan(intake, standard, data_file=tmp_path / "schools.csv").units[0].synthetic is True


def test_years_are_not_pooled(standard):
    several = read_tables([SAMPLE], standard, all_years=True)
    with pytest.raises(PlanRefused, match=r"2020, 2021, 2022, 2023, 2024.*--year"):
        plan(several, standard)
    with pytest.raises(PlanRefused, match="no year 2019"):
        plan(several, standard, year=2019)
    units = plan(several, standard, year=2023, counties=[CODE]).units
    assert {(unit.year, unit.parameters["year"]) for unit in units} == {(2023, 2023)}


def test_a_notebook_that_compares_years_is_given_all_of_them():
    assert not reads_all_years("balance")
    assert not reads_all_years("overview")
    if (find_notebook("balance").parent / "equity.ipynb").is_file():
        assert reads_all_years("equity")


def test_what_notebooks_read_is_staged_without_a_path_of_this_machine(intake, tmp_path):
    own = tmp_path / "standards of ours"
    (own / "base").mkdir(parents=True)
    shipped = find_standard("quality_2017")[0].path.read_text(encoding="utf-8")
    (own / "base" / "national.toml").write_text(shipped, encoding="utf-8")
    (own / "city.toml").write_text('extends = "base/national.toml"\nauthority = "illustrative"\n', encoding="utf-8")
    indicators = tmp_path / "own.toml"
    indicators.write_text("", encoding="utf-8")
    rules, rules_file = find_standard(str(own / "city.toml"))
    made = plan(intake, rules, standard_file=rules_file, indicator_file=indicators)
    work = tmp_path / "work"
    work.mkdir()
    made.stage(work)
    parameters = made.units[0].parameters
    assert parameters["standard"] == "standard/city.toml"
    assert parameters["indicator_file"] == "indicators/own.toml"
    again, _ = find_standard(str(work / "standard" / "city.toml"))
    assert again.requirements.keys() == rules.requirements.keys()
    assert tomllib.loads((work / "schools.meta.toml").read_text(encoding="utf-8"))["synthetic"] is True
    read = read_tables([work / "schools.parquet"], rules, year=2024)
    assert read.schools.equals(intake.schools)
    assert read.source == intake.source


def test_settings_with_an_option_of_their_own():
    with pytest.raises(ParametersRefused, match="--standard"):
        check_settings("balance", ["standard=basic_2012"])
    assert check_settings("balance", []) == {}


def test_an_unknown_kind():
    """Catalogue L14."""
    with pytest.raises(PlanRefused, match="known: balance"):
        find_notebook("../notebooks/balance")
