"""
Hostile texts in what comes beside the school table: settings, file names, sidecars, ledgers, units, column maps.

Names of schools and counties, evidence and a standard's labels: test_hostile_names.py.
"""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from balancelab import load_standard, mark_scope, read_schools, rectification
from balancelab.intake import Intake, annotate, format_findings, inspect
from balancelab.intake.findings import LISTED_PER_CODE
from balancelab.page import Page, origin, tables
from balancelab.page.display import clean_text
from balancelab.page.levels import ledger, sources
from balancelab.reports.formats.bundle import DANGEROUS
from tests.hostile.inert import (
    ACTIVE_IN_PDF,
    Blocks,
    assert_inert,
    assert_no_controls,
    assert_no_field,
    assert_no_formula,
    assert_pictures_inert,
    formats_of,
    parsed,
    seen_in,
    shape,
)
from tests.hostile.payloads import CONTROLS, PAYLOADS, in_toml
from tests.public.canaries import ROOT, SAMPLE, run_notebook

TEXTS = (*CONTROLS, *PAYLOADS)
HARMLESS = tuple(f"第{number:03d}号" for number in range(len(TEXTS)))
COUNTY = "371599"
RULES = load_standard("quality_2017")
MIXED = "$\\input{/etc/passwd}$ <script>alert(1)</script> \x07\u202e{{7*7}}"
"""One text for every program, where each costs a run of its own."""


def shown(text: str) -> str:
    return clean_text(text).strip()


@cache
def read() -> Intake:
    return read_schools(SAMPLE / "schools.csv", year=2024, county_code=COUNTY)


def look_at(hostile: Blocks, harmless: Blocks, expected: Iterable[str]) -> None:
    """Every format holds the texts as text; what the harmless page has is the measure of what may be active."""
    files, others = formats_of(hostile), formats_of(harmless, ("html", "docx"))
    page = files["html"].decode("utf-8")
    assert shape(page) <= shape(others["html"].decode("utf-8"))
    assert_inert(page)
    assert_pictures_inert(page)
    cells = assert_no_formula(files["xlsx"])
    word = assert_no_field(files["docx"], others["docx"])
    assert not [key for key in ACTIVE_IN_PDF if key in files["pdf"]]
    for said in (page, *cells, word):
        assert_no_controls(said)
    assert [text for text in expected if text not in word] == []
    with zipfile.ZipFile(io.BytesIO(files["zip"])) as package:
        for name in package.namelist():
            if name.endswith(".csv"):
                for row in csv.reader(io.StringIO(package.read(name).decode("utf-8-sig"), newline="")):
                    assert not [
                        cell for cell in row if cell.startswith(DANGEROUS) and not re.fullmatch(r"-?[\d.e+-]+", cell)
                    ]


# ---- settings, file names -----------------------------------------------------------------------------------------


def settings_page(texts: tuple[str, ...], folder: Path) -> Blocks:
    """The end of a report whose settings, whose table and whose added files are called by the texts."""
    folder.mkdir()
    files = [folder / f"{text.translate({0: None, ord('/'): '∕'})}.csv" for text in texts]
    for path in files:
        path.write_bytes(b"")
    intake = replace(read(), source=replace(read().source, file=texts[0], sheet=texts[-1]))
    settings = {f"setting_{number:03d}": text for number, text in enumerate(texts)}
    page = Page("zh", title_zh="设置", title_en="Settings")
    page.provenance(
        origin.provenance(intake, RULES, {"language": "zh", **settings}) + sources.added_files(*map(str, files))
    )
    return [block.to_json() for block in page.blocks]


def test_settings_and_names_of_files(tmp_path: Path):
    hostile, harmless = settings_page(TEXTS, tmp_path / "hostile"), settings_page(HARMLESS, tmp_path / "harmless")
    names = [shown(Path(text).name) for text in TEXTS]  # of a path the name is shown
    files = [shown(text.replace("/", "∕")) for text in TEXTS]
    look_at(hostile, harmless, [*names, *files])


# ---- the ledger ---------------------------------------------------------------------------------------------------


@cache
def first_entry() -> pd.DataFrame:
    """The first problem of the example county."""
    from balancelab import compute_indicators, split_shares

    given = rectification.take_files(RULES)
    schools = split_shares(mark_scope(read().schools, RULES), RULES)
    indicators = compute_indicators(schools[schools["in_scope"]], RULES.indicators, splits=RULES.splits())
    years = rectification.assess_years(schools, indicators, given.county_items, RULES, year=2024)
    return rectification.begin_ledger("", years, RULES, rectification.load_units(), year=2024)[0].head(1)


def filled_ledger(texts: tuple[str, ...]) -> pd.DataFrame:
    """A problem for each text, which stands in every column that people fill in; every other one is closed."""
    entries = pd.concat([first_entry()] * len(texts), ignore_index=True)
    place = range(1, len(texts) + 1)
    closed = [number % 2 == 0 for number in place]
    county, subject, stage, _ = str(entries["key"][0]).split("/")
    return entries.assign(
        number=place, key=[f"{county}/{subject}/{stage}/S{number:03d}" for number in place],
        school_code=[f"S{number:03d}" for number in place], school=texts, measure=texts, lead_unit=texts,
        supporting_units=texts, evidence=texts, status=["closed" if one else "submitted" for one in closed],
        closed_year=[2024 if one else 0 for one in closed], change="",
    )  # fmt: skip


def ledger_page(entries: pd.DataFrame) -> Blocks:
    units = rectification.load_units()
    page = Page("zh", title_zh="台账", title_en="Ledger")
    for part in (ledger.problem_list, ledger.duty_list, ledger.closed_list):
        part(page, entries, RULES, units)
    ledger.unit_table(page, entries, units)
    page.provenance([({"zh": "终", "en": "End"}, "")])
    return [block.to_json() for block in page.blocks]


def test_notes_of_a_ledger_through_its_workbook_and_into_the_report(tmp_path: Path):
    path, units = tmp_path / "ledger.xlsx", rectification.load_units()
    rectification.write_ledger(filled_ledger(TEXTS), path, RULES, units, county=MIXED, year=2024)
    written = assert_no_formula(path.read_bytes(), choices=True)
    for text in written:
        assert_no_controls(text)
    assert {clean_text(text) for text in TEXTS} <= written
    back, findings = rectification.read_ledger(path, RULES, units)
    assert [finding for finding in findings if finding.severity == "error"] == []
    for name in ("measure", "evidence"):
        assert back[name].tolist() == [shown(text) for text in TEXTS], name
    assert back["lead_unit"].tolist() == ["、".join(filter(None, shown(text).split(";"))) for text in TEXTS]
    look_at(ledger_page(back), ledger_page(filled_ledger(HARMLESS)), map(shown, TEXTS))
    # as they come, of a file that no workbook has cleaned
    look_at(ledger_page(filled_ledger(TEXTS)), ledger_page(filled_ledger(HARMLESS)), map(shown, TEXTS))


def test_a_unit_in_a_drop_down_of_the_ledger(tmp_path: Path):
    """A quote ends the list, and what follows is a formula; a comma makes two units of one."""
    path, shipped = tmp_path / "ledger.xlsx", rectification.load_units()
    for text in (*TEXTS, 'a"&WEBSERVICE("http://evil.invalid")&"b', "甲局,乙局"):
        units = replace(shipped, names={"only": {"zh": text, "en": text}})
        rectification.write_ledger(first_entry(), path, RULES, units)
        assert_no_formula(path.read_bytes(), choices=True)
        with zipfile.ZipFile(path) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode("utf-8")
            assert_no_controls(sheet)
            listed = [element.text for element in parsed(sheet.encode()).iter() if element.tag.endswith("formula1")]
        offered = [f'"{clean_text(text)}"'] if not re.search('[",]', text) else []
        assert [one for one in listed if one not in offered and "未整改" not in str(one)] == []
        assert len(listed) == 1 + len(offered)


# ---- the column map -----------------------------------------------------------------------------------------------


def test_texts_of_a_column_map(tmp_path: Path):
    """The name of a further column is in every finding about it: on the terminal, in the marked copy, in the report."""
    names = [f"own_{number:03d}" for number in range(len(TEXTS))]
    fields = (
        f"[fields.{name}]\ntype = 'number'\nmaximum = 1\nlabel = {{ zh = {in_toml(text)}, en = {in_toml(text)} }}"
        for name, text in zip(names, TEXTS, strict=True)
    )
    columns = "".join(f"{name} = '{name}'\n" for name in names)
    title = f"label = {{ zh = {in_toml(MIXED)}, en = 'x' }}"
    (tmp_path / "map.toml").write_text(f"{title}\n[columns]\n{columns}" + "\n".join(fields), encoding="utf-8")
    table = pd.read_csv(SAMPLE / "schools.csv", dtype=str)
    table = table[(table["county_code"] == COUNTY) & (table["year"] == "2024")].reset_index(drop=True)
    table = table.assign(**{name: ["7", *["0"] * (len(table) - 1)] for name in names})
    table.to_csv(tmp_path / "schools.csv", index=False)
    intake = inspect(tmp_path / "schools.csv", column_map=tmp_path / "map.toml")
    found = [finding for finding in intake.findings if finding.code == "NUM_RANGE"]
    assert len(found) == len(TEXTS)
    for language in ("zh", "en"):
        assert_no_controls(format_findings(intake.findings, language, limit=1000).replace("\n", ""))
    marked = annotate(tmp_path / "schools.csv", found, tmp_path / "marked.xlsx", column_map=tmp_path / "map.toml")
    with zipfile.ZipFile(marked) as book:
        for name in book.namelist():
            if name.endswith((".xml", ".rels", ".vml")):
                parsed(book.read(name))
    cells = [cell for sheet in openpyxl.load_workbook(marked) for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    said = [str(part) for cell in cells for part in (cell.value, cell.comment and cell.comment.text) if part]
    for text in said:
        assert_no_controls(text)
    assert sum("【错误】" in text for text in said) == LISTED_PER_CODE["error"]  # the others are listed together

    def notes(labels: tuple[str, ...]) -> Blocks:
        page = Page("zh", title_zh="读表", title_en="Reading")
        warned = [
            replace(each, severity="warning", zh=each.zh.replace(text, label))
            for each, text, label in zip(found, TEXTS, labels, strict=True)
        ]
        for at in range(0, len(warned), 50):
            tables.reading_notes(page, warned[at : at + 50], RULES)
        page.provenance([({"zh": "终", "en": "End"}, "")])
        return [block.to_json() for block in page.blocks]

    look_at(notes(TEXTS), notes(HARMLESS), map(shown, TEXTS))


@pytest.mark.slow
def test_the_name_of_an_outcome_in_tables_and_figures(tmp_path: Path):
    """A column map names the outcome and a control of the study of quality."""

    def study(label: str) -> Blocks:
        words = f"label = {{ zh = {in_toml(label)}, en = {in_toml(label)} }}"
        (tmp_path / "map.toml").write_text(
            f"{words}\n[columns]\nown_score = 'mean_score'\nown_classes = 'classes'\n"
            f"[fields.own_score]\ntype = 'number'\nrole = 'outcome'\n{words}\n"
            f"[fields.own_classes]\ntype = 'number'\n{words}\n",
            encoding="utf-8",
        )
        return run_notebook(
            "quality", data_file=str(SAMPLE / "schools.csv"), county_code="", year=2024, language="zh",
            outcome="own_score", controls="own_classes,location", column_map=str(tmp_path / "map.toml"),
        )  # fmt: skip

    look_at(study(MIXED), study("成绩"), [shown(MIXED)])


# ---- a real run ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_real_run_with_hostile_file_names(browser: Any, tmp_path: Path):
    """The names go through the command line, the work folder, the journal and the index; sidecars are not shown."""
    data, items = tmp_path / "<img src=x onerror=alert(1)>.csv", tmp_path / "=cmd|' ⁄C calc'!A0{{7*7}}.csv"
    data.write_bytes((SAMPLE / "schools.csv").read_bytes())
    items.write_bytes((SAMPLE / "county_items.csv").read_bytes())
    for path in (data, items):
        note = path.with_name(path.name.split(".")[0] + ".meta.toml")
        note.write_text(f"synthetic = true\ntitle = {in_toml('SIDECAR' + MIXED)}\n", encoding="utf-8")
    out = tmp_path / "out"
    asked = ["report", str(data), "--year", "2024", "--county", COUNTY, "--language", "zh", "--output", str(out)]
    asked += ["--kind", "self_evaluation", "--set", f"items_file={items}", "--format", "html,xlsx,json"]
    command = [sys.executable, "-m", "balancelab", *asked]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = out / "2024" / COUNTY / "self_evaluation.zh"
    for path in (report.with_suffix(".zh.html"), out / "index.html"):
        noted = seen_in(browser, path)
        assert (noted["dialogs"], noted["requests"], noted["console"], noted["frames"]) == ([], [], [], [])
    page = report.with_suffix(".zh.html").read_text(encoding="utf-8")
    assert_inert(page)
    assert "onerror=alert(1)&gt;.csv" in page
    texts = assert_no_formula(report.with_suffix(".zh.xlsx").read_bytes())
    assert any(text.startswith("=cmd|") for text in texts)
    results = json.loads(report.with_suffix(".zh.json").read_text(encoding="utf-8"))
    others = [(out / name).read_text(encoding="utf-8") for name in ("index.html", "journal.jsonl")]
    assert not [text for text in (page, *texts, *others, repr(results)) if "SIDECAR" in text]
