"""
120 hostile texts through every text that a user brings, into every format: all of them text, none of them active.

The tables are the sample's rows with the payloads as names of schools and townships (one county of 120 schools), as
names of counties (120 of them), as evidence, as the texts of the table's sidecar, and in every label of a standard and
an indicator file. What the same reports say with harmless names is the measure of what may be active. Other files and
settings: test_hostile_files.py.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import html5lib
import pandas as pd
import pytest

from balancelab import load_standard
from balancelab.page import fonts
from balancelab.page.blocks import MIME, Block
from balancelab.page.display import clean_text
from balancelab.reports.formats import FORMATS
from balancelab.reports.formats.bundle import DANGEROUS
from tests.hostile.inert import (
    ACTIVE_IN_PDF,
    Blocks,
    assert_inert,
    assert_no_field,
    assert_no_formula,
    assert_pictures_inert,
    formats_of,
    seen_in,
    shape,
)
from tests.hostile.payloads import PAYLOADS, in_toml
from tests.public.canaries import ROOT, SAMPLE, run_notebook
from tests.public.searching import texts_in

COUNTY = "371601"
HARMLESS = tuple(f"示例学校{number:03d}" for number in range(len(PAYLOADS)))


def write_tables(folder: Path, names: tuple[str, ...]) -> None:
    """Write a table of one county with a school for each name, one of as many counties, and the county's items."""
    sample = pd.read_csv(SAMPLE / "schools.csv", dtype={"county_code": str, "school_code": str})
    rows = sample[(sample["year"] == 2024) & sample["school_type"].isin(["primary", "junior"])]
    rows = rows.drop_duplicates("school_code").head(2 * len(names)).reset_index(drop=True)
    rows["school_code"] = [f"99{number:08d}" for number in range(len(rows))]
    one = rows.head(len(names)).assign(county_code=COUNTY, county="甲县", school=names, township=names)
    one.to_csv(folder / "schools.csv", index=False, quoting=csv.QUOTE_ALL)
    places = rows.index // 2
    many = rows.assign(
        county_code=[f"37{1601 + place + place // 99}" for place in places],
        county=[names[place] for place in places],
        school=[f"学校{number:03d}" for number in rows.index],
    )
    many.to_csv(folder / "counties.csv", index=False, quoting=csv.QUOTE_ALL)
    note = "\n".join(f"text_{place} = {in_toml(text)}" for place, text in enumerate(names))
    for name in ("schools", "counties", "items"):
        (folder / f"{name}.meta.toml").write_text(f"synthetic = true\n{note}\n", encoding="utf-8")
    items = pd.read_csv(SAMPLE / "county_items.csv", dtype={"county_code": str})
    items = items[items["county_code"] == "371599"].assign(county_code=COUNTY)
    items["evidence"] = [names[place % len(names)] for place in range(len(items))]
    items.to_csv(folder / "items.csv", index=False, quoting=csv.QUOTE_ALL)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder with hostile and one with harmless tables."""
    made = {}
    for name, names in (("hostile", PAYLOADS), ("harmless", HARMLESS)):
        made[name] = tmp_path_factory.mktemp(name)
        write_tables(made[name], names)
    return made


@pytest.fixture(scope="module")
def run(folders: dict[str, Path]) -> Callable[[str, str], Blocks]:
    """Run a kind on the hostile or the harmless tables, once."""

    @cache
    def blocks(kind: str, which: str) -> Blocks:
        folder = folders[which]
        given: dict[str, object] = {"year": 2024, "language": "zh"}
        if kind == "overview":
            return run_notebook(kind, data_file=str(folder / "counties.csv"), **given)
        given |= {"items_file": str(folder / "items.csv")} if kind == "self_evaluation" else {}
        return run_notebook(kind, data_file=str(folder / "schools.csv"), county_code=COUNTY, **given)

    return blocks


@pytest.fixture(scope="module")
def written(run: Callable[[str, str], Blocks]) -> Callable[[str, str], dict[str, bytes]]:
    """The files of a report, by format."""

    @cache
    def files(kind: str, which: str) -> dict[str, bytes]:
        page_only = ("html",) if kind == "self_evaluation" else ("html", "docx")
        return formats_of(run(kind, which), tuple(FORMATS) if (kind, which) in _ALL_FORMATS else page_only)

    return files


_ALL_FORMATS = (("balance", "hostile"), ("overview", "hostile"))


def labelled_with(texts: tuple[str, ...]) -> Blocks:
    """A page of a standard whose labels, units and clauses are the texts, four in each and all of them in use."""
    from balancelab import compute_indicators, mark_scope, measure_counties, read_schools
    from balancelab.page import Page, narrative, tables
    from balancelab.verdicts import judge_counties, judge_schools

    parts = itertools.cycle(" ¦ ".join(texts[at : at + 4]) for at in range(0, len(texts), 4))

    def some() -> dict[str, str]:
        return dict.fromkeys(("zh", "en"), next(parts))

    rules = load_standard("quality_2017")
    named = tuple(replace(each, label=some(), short=some(), unit=some()) for each in rules.indicators)
    requirements = {name: replace(each, clause=some()) for name, each in rules.requirements.items()}
    rules = replace(rules, label=some(), short=some(), document=some(), indicators=named,
                    stages={name: some() for name in rules.stages}, requirements=requirements)  # fmt: skip
    schools = mark_scope(read_schools(SAMPLE / "schools.csv", year=2024, county_code="371599").schools, rules)
    indicators = compute_indicators(schools[schools["in_scope"]], rules.indicators)
    measures = measure_counties(indicators)
    differences = judge_counties(measures, indicators, rules)
    page = Page("zh", title_zh="{t}", title_en="{t}", t=rules.short["zh"])
    narrative.differences(page, differences, rules)
    tables.cv_table(page, measures, differences, rules)
    tables.requirement_table(page, judge_schools(indicators, rules), rules)
    page.provenance([(some(), next(parts)) for _ in range(len(texts) // 4)])
    return [block.to_json() for block in page.blocks]


KINDS = ("balance", "overview", "self_evaluation")


@pytest.mark.parametrize("kind", ["balance", *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[1:])])
def test_a_page_has_the_elements_that_it_has_without_them(written: Callable[[str, str], dict[str, bytes]], kind: str):
    hostile, harmless = (written(kind, which)["html"].decode("utf-8") for which in ("hostile", "harmless"))
    assert shape(hostile) <= shape(harmless)
    assert_inert(hostile)
    assert_pictures_inert(hostile)
    policies = [
        re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', one) for one in (hostile, harmless)
    ]
    assert policies[0] == policies[1]
    assert len(policies[0]) == 1
    said = " ".join(html5lib.parse(hostile, namespaceHTMLElements=False).itertext())
    said = re.sub(r"\s+", " ", said)
    if kind != "self_evaluation":  # its tables name schools only where they count against an item
        assert [text for text in PAYLOADS if re.sub(r"\s+", " ", clean_text(text)).strip() not in said] == []
    assert "7777777" not in said  # what {{ 7*'7' }} would say


def test_what_jupyterlab_shows_is_as_inert(run: Callable[[str, str], Blocks]):
    for block in run("balance", "hostile"):
        given = {name: value for name, value in block.items() if name not in ("version", "kind", "language")}
        bundle = Block(block["kind"], block["language"], given)._repr_mimebundle_()
        assert bundle[MIME] == block
        shown = re.sub(r"<style>.*?</style>", "", bundle["text/html"], flags=re.DOTALL)
        assert_inert(shown)


def test_labels_of_a_standard_are_text_too():
    files, harmless = formats_of(labelled_with(PAYLOADS)), formats_of(labelled_with(HARMLESS), ("html", "docx"))
    hostile = files["html"].decode("utf-8")
    assert shape(hostile) <= shape(harmless["html"].decode("utf-8"))
    assert_inert(hostile)
    assert_no_formula(files["xlsx"])
    said = assert_no_field(files["docx"], harmless["docx"])
    assert [text for text in PAYLOADS if clean_text(text).strip() not in said] == []
    assert not [key for key in ACTIVE_IN_PDF if key in files["pdf"]]


@pytest.mark.parametrize("kind", ["balance", pytest.param("overview", marks=pytest.mark.slow)])
def test_office_files_hold_text_only(written: Callable[[str, str], dict[str, bytes]], kind: str):
    files = written(kind, "hostile")
    texts = assert_no_formula(files["xlsx"])
    names = {clean_text(text).strip() for text in PAYLOADS}
    assert names <= {text.strip() for text in texts}
    said = assert_no_field(files["docx"], written(kind, "harmless")["docx"])
    assert [name for name in names if name not in said] == []


@pytest.mark.parametrize("kind", ["balance", pytest.param("overview", marks=pytest.mark.slow)])
def test_data_files_are_guarded_and_say_the_same(written: Callable[[str, str], dict[str, bytes]], kind: str):
    files = written(kind, "hostile")
    results = json.loads(files["json"])
    cells = {cell for block in results["blocks"] for row in block.get("rows", ()) for cell in row}
    names = {clean_text(text).strip() for text in PAYLOADS}
    assert names <= cells  # letter by letter
    read: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(files["zip"])) as package:
        assert json.loads(package.read("results.json")) == results
        for name in package.namelist():
            if name.endswith(".csv"):
                for row in csv.reader(io.StringIO(package.read(name).decode("utf-8-sig"), newline="")):
                    for cell in row:
                        assert not cell.startswith(DANGEROUS) or re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", cell), cell
                        read.add(cell.removeprefix("'"))
    assert names <= read


@pytest.mark.parametrize("kind", ["balance", pytest.param("overview", marks=pytest.mark.slow)])
def test_a_pdf_holds_text_only(written: Callable[[str, str], dict[str, bytes]], kind: str):
    pdf = written(kind, "hostile")["pdf"]
    streams = [text for where, text in texts_in("x.pdf", pdf) if "words" not in where]
    for key in ACTIVE_IN_PDF:
        assert not any(key.decode() in text for text in streams), key
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler) is not there to read the words")
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    said = re.sub(r"\s+", "", done.stdout.decode("utf-8"))
    squeezed = {re.sub(r"\s+", "", fonts.replace_missing(clean_text(text))) for text in PAYLOADS}
    missing = [text for text in squeezed if len(text) <= 24 and text not in said]  # longer ones are broken by columns
    assert missing == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_browser_shows_it_and_does_nothing(
    written: Callable[[str, str], dict[str, bytes]], browser: Any, tmp_path: Path, kind: str
):
    path = tmp_path / "report.html"
    path.write_bytes(written(kind, "hostile")["html"])
    noted = seen_in(browser, path)
    (words,) = noted.pop("words")
    assert noted == {"dialogs": [], "requests": [], "console": [], "frames": [], "scripts": []}
    if kind != "self_evaluation":
        assert "{{7*7}}" in words
        assert "<script>alert(1)</script>" in words


@pytest.mark.slow
def test_the_browser_test_can_fail(browser: Any, tmp_path: Path):
    path = tmp_path / "bad.html"
    path.write_text("<table><td><script>alert(1)</script><img src=http://127.0.0.1:9/x></table>", encoding="utf-8")
    noted = seen_in(browser, path)
    assert noted["dialogs"] == ["1"]
    assert noted["requests"] == ["http://127.0.0.1:9/x"]


@pytest.mark.slow
def test_a_real_run_and_its_index(folders: dict[str, Path], browser: Any, tmp_path: Path):
    # the county's name goes through the command line, the journal and the index, where a script is at work
    table = pd.read_csv(folders["hostile"] / "counties.csv", dtype=str)
    chosen = table["county_code"].unique()[[0, 9, 76]]  # a script, the end of a script, a template
    arguments = ["--year", "2024", "--county", ",".join(chosen), "--language", "zh", "--output", str(tmp_path / "out")]
    command = [sys.executable, "-m", "balancelab", "report", str(folders["hostile"] / "counties.csv"), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = sorted((tmp_path / "out").rglob("*.html"))
    assert len(pages) == 4
    for path in pages:
        noted = seen_in(browser, path)
        assert (noted["dialogs"], noted["requests"], noted["console"], noted["frames"]) == ([], [], [], [])
    index = seen_in(browser, tmp_path / "out" / "index.html")
    assert PAYLOADS[0] in index["words"][0]
    assert PAYLOADS[76] in index["words"][0]
