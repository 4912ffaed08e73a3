"""Threats of the reliability sheet that the door answers: T20 personal columns, T25 slow cleaning."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq

from balancelab.intake import Intake, annotate, findings_to_json, format_findings
from balancelab.intake.telling import counts

CANARIES = ("金丝雀甲", "13800009173", "金丝雀乙", "校长金丝雀丙", "金丝雀丁路9173号")


def test_t20_personal_data_never_pass_the_door(table: Any, read: Callable[..., Intake], tmp_path: Path) -> None:
    """Names, telephones and addresses of persons, in columns and in notes: nowhere in what comes out."""
    name, telephone, signature, note, address = CANARIES
    table.column("校长姓名", name).column("联系电话", telephone).column("家庭住址", address)
    text = table.text() + f"填表人：{signature}\n审核：{note}\n"
    intake = read(text)
    assert not [finding for finding in intake.findings if finding.severity == "error"]
    intake.save(tmp_path / "kept.parquet")
    stored = pq.read_table(tmp_path / "kept.parquet")
    annotate(tmp_path / "schools.csv", intake.findings, tmp_path / "marked.xlsx")
    book = openpyxl.load_workbook(tmp_path / "marked.xlsx")
    marked = [
        str(part)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        for part in (cell.value, cell.comment.text if cell.comment else "")
    ]
    said = [
        json.dumps(findings_to_json(intake), ensure_ascii=False),
        *(format_findings(intake.findings, language) for language in ("zh", "en")),
        *(frame.to_csv() for frame in (intake.schools, intake.excluded, intake.ledger)),
        str(stored.to_pydict()), str(stored.schema.metadata), repr(intake),
    ]  # fmt: skip
    for canary in CANARIES:
        assert not any(canary in text for text in said), canary
    for canary in (name, telephone, address):
        assert not any(canary in text for text in marked), canary


def test_t25_cleaning_is_linear(table: Any, read: Callable[..., Intake]) -> None:
    """A cell of a megabyte, slow for careless regular expressions, in every kind of column: under a second."""
    for text in ("a" * 1_000_000 + "!", "1," * 500_000, "<" * 1_000_000, " " * 999_999 + "x", "（" * 500_000):
        for column in ("school", "county", "students", "school_code", "stage", "year"):
            spoilt = table.copy().set(5, column, f'"{text}"')
            started = time.process_time()
            intake = read(spoilt)
            assert time.process_time() - started < 1, (text[:3], column)
            assert counts(intake.findings)["error"], (text[:3], column)
