"""notebooks/equity.ipynb: cell by cell in this process, and by Papermill in a kernel."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from balancelab import load_standard, read_schools
from balancelab.equity import comparison
from balancelab.page.blocks import is_complete
from balancelab.reports.guard import check_parameters, declared_parameters
from balancelab.reports.plan import plan_reports

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "equity.ipynb"
ENTROPY = ROOT / "notebooks" / "explore" / "entropy_weights.ipynb"
SAMPLE = ROOT / "data" / "sample" / "schools.csv"
SHARED = ROOT.parent / "shared" / "data"
CJK = re.compile("[一-鿿]")


def code_cells(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def run_cells(monkeypatch, **parameters) -> dict:
    """Run the notebook's cells as a kernel would, with parameters set after the first, and return what they made."""
    monkeypatch.chdir(NOTEBOOK.parent)
    check_parameters(declared_parameters(NOTEBOOK), parameters)
    made: dict = {}
    first, *others = code_cells(NOTEBOOK)
    exec(first, made)  # noqa: S102 (our own notebook)
    made.update(parameters)
    for source in others:
        exec(source, made)  # noqa: S102
    return made


def blocks_of(made: dict, kind: str | None = None) -> list[dict]:
    blocks = [block.to_json() for block in made["page"].blocks]
    assert is_complete(blocks)
    return [block for block in blocks if kind in (None, block["kind"])]


def texts_of(made: dict) -> list[str]:
    blocks = blocks_of(made)
    words = [block[key] for block in blocks for key in ("title", "text", "caption", "alt", "note") if block.get(key)]
    cells = [cell for block in blocks if block["kind"] == "table" for row in block["rows"] for cell in row]
    return [*words, *(cell for cell in cells if isinstance(cell, str))]


def bare_table(folder: Path, rows: pd.DataFrame) -> str:
    """A table without years, places or disadvantaged students."""
    kept = rows.drop(columns=["location", "township", "ownership", "migrant_students", "left_behind_students"])
    kept.to_csv(folder / "schools.csv", index=False)
    return str(folder / "schools.csv")


@pytest.fixture(scope="module")
def sample() -> pd.DataFrame:
    return pd.read_csv(SAMPLE, dtype={"county_code": str, "school_code": str})


def test_about_fifteen_cells_with_stable_ids():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert [cell["id"] for cell in cells] == [f"equity-{place:02d}" for place in range(len(cells))]
    assert 13 <= sum(cell["cell_type"] == "code" for cell in cells) <= 17
    parameters = declared_parameters(NOTEBOOK)
    assert set(parameters) == {
        "data_file",
        "county_code",
        "year",
        "standard",
        "language",
        "indicator_file",
        "column_map",
        "comparison_file",
        "audience",
    }
    assert all(parameter.help for parameter in parameters.values())


def test_a_county_in_chinese(monkeypatch):
    made = run_cells(monkeypatch)
    headings = [block["text"].split("：")[0] for block in blocks_of(made, "heading") if block["level"] == 1]
    assert headings == ["底线", "公允", "均等", "补偿"]  # the order of the UIS handbook
    assert len(blocks_of(made, "figure")) == 8
    assert blocks_of(made, "title")[0]["title"] == "示例县学校资源公平报告（2024学年）"
    for figure in blocks_of(made, "figure"):
        assert figure["alt"]
        assert len(figure["svg"]) < 200_000
    texts = texts_of(made)
    assert not [text for text in texts if re.search(r"\bnan\b|\binf\b|None|\{", text)]
    assert any(
        "合成" in text or "程序生成" in text for text in texts
    )  # every page of the sample says that it is synthetic
    # the sentences say what the tables hold
    shortfall = made["shortfall"]
    share = (shortfall["students_meeting"] / shortfall["students"]).min()
    assert any(f"{share:.1%}的学生" in text for text in texts)
    strongest = made["influence"].loc[made["influence"]["influence"].abs().idxmax()]
    assert any(strongest["school"] in text and f"{strongest['without']:.3f}" in text for text in texts)


def test_the_whole_table_in_english(monkeypatch):
    made = run_cells(monkeypatch, county_code="", language="en")
    headings = [block["text"].split(":")[0] for block in blocks_of(made, "heading") if block["level"] == 1]
    assert headings == ["Minimum standards", "Impartiality", "Equality of condition", "Redistribution"]
    assert blocks_of(made, "title")[0]["title"] == "The whole province: equity of school resources, school year 2024"
    names = set(made["names"].values())
    for text in texts_of(made):
        left = re.sub("|".join(map(re.escape, names)), "", text)
        assert not CJK.search(left), text
    nested = made["nested"]
    assert np.allclose(nested.groupby(["stage", "indicator"])["share"].sum(), 1)
    first = nested[nested["level"] == "member_code"]["share"]
    sentence = f"Between counties lies {first.min():.1%} to {first.max():.1%} of the inequality"
    assert any(text.startswith(sentence) for text in texts_of(made))
    assert any("no single one matters" in text for text in texts_of(made))


def test_staged_by_a_batch_the_page_is_the_same(monkeypatch, tmp_path):
    """A batch compares the counties once; its reports read one county, and say what a run by hand says."""
    standard = load_standard("quality_2017")
    intake = read_schools(SAMPLE, all_years=True, columns_needed=standard.columns_needed())
    plan = plan_reports(intake, standard, kind="equity", languages=["zh"], data_file=SAMPLE, year=2024)
    plan.stage(tmp_path)
    given = next(unit.parameters for unit in plan.units if unit.county_code == "371599")
    staged = {name: str(tmp_path / given[name]) for name in ("data_file", "comparison_file")}
    by_hand = run_cells(monkeypatch)
    monkeypatch.setattr(comparison, "compare_counties", None)  # nobody compares again
    by_batch = run_cells(monkeypatch, **staged)
    pd.testing.assert_frame_equal(by_batch["ranks"], by_hand["ranks"])
    assert by_batch["names"] == by_hand["names"]
    assert set(by_batch["schools"]["county_code"]) == {"371599"}
    pages = [[block.to_json() for block in made["page"].blocks] for made in (by_hand, by_batch)]
    assert pages[0] == pages[1]


def test_a_report_with_a_comparison_depends_on_every_county():
    standard = load_standard("quality_2017")
    intake = read_schools(SAMPLE, all_years=True, columns_needed=standard.columns_needed())
    other = intake.schools["county_code"] == "840101"

    def rows(changed):
        table = replace(intake, schools=intake.schools.assign(**changed))
        given = {"kind": "equity", "languages": ["zh"], "data_file": SAMPLE, "year": 2024, "counties": ["371599"]}
        return plan_reports(table, standard, **given).units[0].inputs["rows"]

    before = rows({})
    assert rows({}) == before
    equipment = intake.schools["equipment_value_yuan"]
    assert (
        rows({"equipment_value_yuan": equipment.where(~other, equipment * 2)}) == before
    )  # twice for all: no spread changes
    half = other & (intake.schools.index % 2 == 0)
    assert rows({"equipment_value_yuan": equipment.where(~half, equipment * 2)}) != before


def test_says_what_a_bare_table_cannot_tell(monkeypatch, tmp_path, sample):
    county = sample[(sample["county_code"] == "371599") & (sample["year"] == 2024)]
    made = run_cells(monkeypatch, data_file=bare_table(tmp_path, county), language="en")
    texts = " ".join(texts_of(made))
    for said in (
        "groups cannot be compared",
        "There is no split by township",
        "there is none to compare with",
        "does not count disadvantaged students",
        "one year only",
    ):
        assert said in texts
    assert len(blocks_of(made, "figure")) == 4  # adequacy, what is missing, Lorenz curves, single schools


def test_a_county_of_one_school_a_stage(monkeypatch, tmp_path, sample):
    here = sample[(sample["county_code"] == "371599") & (sample["year"] == 2024) & (sample["school_type"] == "primary")]
    made = run_cells(monkeypatch, data_file=bare_table(tmp_path, here.head(1)))
    texts = " ".join(texts_of(made))
    assert "没有可以计算的差异" in texts
    assert "学校太少，不计算单校影响" in texts
    assert not re.search(r"\bnan\b|\binf\b", texts)


def test_schools_that_are_all_equal_and_schools_with_nothing(monkeypatch, tmp_path, sample):
    here = sample[(sample["county_code"] == "371599") & (sample["year"] == 2024) & (sample["school_type"] == "primary")]
    equal = here.assign(students=500, classes=12, largest_class=44, equipment_value_yuan=0.0)
    equal = equal.assign(teachers=30, teachers_above_qualification=25, teachers_backbone=6, teachers_arts_pe=5)
    equal = equal.assign(teachers_senior_title=12, teaching_area_m2=2600.0, indoor_sports_area_m2=0.0)
    equal = equal.assign(sports_ground_area_m2=4200.0, computers=60, books=15000, multimedia_rooms=14)
    made = run_cells(monkeypatch, data_file=bare_table(tmp_path, equal), language="en")
    cv = made["profile"][made["profile"]["measure"] == "weighted_cv"].set_index("indicator")["value"]
    assert cv.drop("equipment_value_per_student").eq(0).all()  # closed form: all equal
    assert np.isnan(cv["equipment_value_per_student"])  # mean of zero
    assert not re.search(r"\bnan\b|\binf\b", " ".join(texts_of(made)))


def test_a_standard_that_requires_nothing_of_schools(monkeypatch):
    made = run_cells(monkeypatch, standard="basic_2012", county_code="840101")
    assert any("本标准对学校没有可以核对的数值要求" in text for text in texts_of(made))


@pytest.mark.parametrize(
    ("parameters", "said"),
    [({"county_code": "371598"}, "did you mean '371599'"), ({"year": 2031}, "it has: 2020, 2021, 2022, 2023, 2024")],
)
def test_what_is_not_there_is_named(monkeypatch, parameters, said):
    with pytest.raises(ValueError, match=said):
        run_cells(monkeypatch, **parameters)


def test_entropy_weights_as_r_has_them():
    # other program: base R 4.2.2, by definition, on county12 of tests/reference/measures_values.json: columns area,
    # backbone teachers, income; composite scores of S01–S03 and TOPSIS closeness of S01–S03
    made: dict = {}
    sources = code_cells(ENTROPY)
    exec("import numpy as np", made)  # noqa: S102
    exec(next(source for source in sources if "def topsis" in source), made)  # noqa: S102 (our own notebook)
    reference = json.loads((ROOT / "tests/reference/measures_values.json").read_text(encoding="utf-8"))
    columns = reference["inputs"]["county12"]["columns"]
    table = np.array([columns["area"], columns["backbone"], columns["income"]], dtype=float).T
    weights = made["entropy_weights"](table)
    scaled = (table - table.min(axis=0)) / (table.max(axis=0) - table.min(axis=0))
    scores = scaled @ weights
    assert scores[:3] == pytest.approx([0.244264233021015, 0.252535326421662, 0.273943330612614], rel=1e-9)
    closeness = made["topsis"](table, weights)
    assert closeness[:3] == pytest.approx([0.288417464164069, 0.315021915864561, 0.355108163702356], rel=1e-9)


def test_entropy_weights_are_labelled_an_example_and_have_no_outputs():
    cells = json.loads(ENTROPY.read_text(encoding="utf-8"))["cells"]
    first = "".join(cells[0]["source"])
    assert "仅作示例" in first
    assert "The weights reward dispersion" in first
    assert all(not cell.get("outputs") for cell in cells)


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [{"county_code": "371599", "language": "zh"}, {"county_code": "", "language": "en"}],
    ids=["a county in Chinese", "the whole table in English"],
)
def test_by_papermill(parameters, tmp_path):
    finished(NOTEBOOK, {"data_file": str(SAMPLE), **parameters}, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("county_code", ["", "18"], ids=["the state", "Los Angeles"])
def test_california_by_papermill(county_code, tmp_path):
    source = SHARED / "ca_api_2000" / "apipop.csv.gz"
    if not source.exists():
        pytest.skip("the public data lie beside the repository, not in it")
    folder = ROOT / "data" / "california"
    parameters = {
        "data_file": str(source),
        "county_code": county_code,
        "year": 2000,
        "language": "en",
        "standard": str(folder / "standard.toml"),
        "indicator_file": str(folder / "indicators.toml"),
        "column_map": str(folder / "columns.toml"),
    }
    finished(NOTEBOOK, parameters, tmp_path)


@pytest.mark.slow
def test_entropy_weights_by_papermill(tmp_path):
    from balancelab.reports.engine import execute

    assert execute(ENTROPY, {"data_file": str(SAMPLE)}, folder=tmp_path).failure is None


def finished(notebook: Path, parameters: dict, folder: Path) -> None:
    """Run in a kernel: no error, no warning, every cell, the completion token."""
    from balancelab.reports.engine import execute
    from balancelab.reports.judge import judge

    done = execute(notebook, parameters, folder=folder)
    assert done.failure is None
    assert judge(done.notebook) is None
