import json
from pathlib import Path

import pytest

from balancelab.reports.errors import EXIT_USAGE, ParametersRefused
from balancelab.reports.guard import Parameter, check_parameters, declared_parameters, parse_settings

NOTEBOOKS = Path(__file__).parent / "notebooks"


def write_notebook(folder: Path, *sources: str, tag: str = "parameters") -> Path:
    cells = [{"cell_type": "code", "metadata": {"tags": [tag]}, "source": source} for source in sources]
    path = folder / "one.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return path


def refused(**given: object) -> str:
    with pytest.raises(ParametersRefused) as caught:
        check_parameters(DECLARED, given)
    assert caught.value.exit_code == EXIT_USAGE == 2  # design.md section 8
    assert all(problem["zh"] and problem["en"] for problem in caught.value.problems)
    return caught.value.say("en")


DECLARED = declared_parameters(NOTEBOOKS / "works.ipynb")


def test_names_types_defaults_and_help_are_read_without_running_anything():
    assert list(DECLARED) == ["county_code", "year", "language", "data_file", "share"]  # as the notebook lists them
    assert DECLARED["county_code"] == Parameter("county_code", "str", "371599", "县（区）代码 / county code")
    assert DECLARED["year"].type == "int"
    assert DECLARED["share"].default == 0.5


def test_what_is_declared_passes():
    check_parameters(DECLARED, {"county_code": "010101", "year": 2023, "share": 1})


def test_a_mistyped_name_is_refused_with_the_nearest():
    """Catalogue O03."""
    assert "did you mean 'county_code'?" in refused(cuonty_code="371522")


def test_a_name_that_is_code_is_refused():
    """Catalogue O03."""
    assert "there is no parameter" in refused(**{'year = __import__("os")': 1})


@pytest.mark.parametrize(
    "wrong",
    [
        {"county_code": 371599},  # a number is no code: its zero would be lost
        {"county_code": None},
        {"county_code": ["371599"]},
        {"year": "2024"},
        {"year": 2024.0},
        {"year": True},  # Python counts bool among int; a year is not
        {"share": "0.5"},
        {"share": float("nan")},
        {"share": float("inf")},
        {"share": False},
    ],
)
def test_a_wrong_type_is_refused(wrong):
    """Catalogue O03, O05."""
    assert "must be" in refused(**wrong)


def test_all_faults_are_named_at_once():
    """Catalogue O03."""
    said = refused(yaer=2024, county_code=1, share=True)
    assert len(said.splitlines()) == 3  # one line a fault


def test_settings_take_the_declared_type():
    # "0123" stays text where text is declared; papermill -p would make it the number 123
    values = parse_settings(DECLARED, ["county_code=0123", "year=2023", "share=.25", "language=a=b"])
    assert values == {"county_code": "0123", "year": 2023, "share": 0.25, "language": "a=b"}


@pytest.mark.parametrize(
    "setting",
    ["year", "year=", "year=2_024", "year=２０２４", "year=2024.0", "share=nan", "share=1e999", "yaer=2024"],
)
def test_settings_that_do_not_fit_are_refused(setting):
    with pytest.raises(ParametersRefused):
        parse_settings(DECLARED, [setting])


def test_a_setting_given_twice_is_refused():
    with pytest.raises(ParametersRefused, match="given twice"):
        parse_settings(DECLARED, ["year=2023", "year=2024"])


def test_lists_and_booleans():
    declared = {"years": Parameter("years", "list[int]", [], ""), "public": Parameter("public", "bool", True, "")}
    assert parse_settings(declared, ["years=2023, 2024", "public=否"]) == {"years": [2023, 2024], "public": False}
    assert parse_settings(declared, ["years="]) == {"years": []}
    with pytest.raises(ParametersRefused):
        check_parameters(declared, {"years": [True]})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("county = '371599'", "write name: str"),
        ("county: str = code()", "must be a literal"),
        ("county: str | None = None", "type must be one of"),
        ("county: str = 371599", "is no str"),
        ("import os", "write name: str"),
        ("county: str = 'a'\ncounty: str = 'b'", "declared twice"),
        ("county: str = ", "no Python"),
    ],
)
def test_a_badly_written_parameters_cell_is_refused(tmp_path, source, said):
    """Catalogue O09."""
    with pytest.raises(ParametersRefused, match=said):
        declared_parameters(write_notebook(tmp_path, source))


def test_exactly_one_parameters_cell(tmp_path):
    """Catalogue O09."""
    for sources in ([], ["a: int = 1", "b: int = 2"]):
        with pytest.raises(ParametersRefused, match="exactly one cell"):
            declared_parameters(write_notebook(tmp_path, *sources))


def test_no_notebook_at_all(tmp_path):
    (tmp_path / "text.ipynb").write_text("no JSON", encoding="utf-8")
    for path in (tmp_path / "text.ipynb", tmp_path / "missing.ipynb", tmp_path):
        with pytest.raises(ParametersRefused, match="no readable notebook"):
            declared_parameters(path)
