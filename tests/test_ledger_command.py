"""``balancelab ledger``: written, filled in, brought up to date, and in the report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from balancelab import load_standard
from balancelab.cli import main
from balancelab.rectification import load_units, read_ledger
from balancelab.rectification.forms import COLUMNS

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample" / "schools.csv"
ITEMS = ROOT / "data" / "sample" / "county_items.csv"
HEADER_ROW = 3  # of the workbook, 1-based


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(str(left.value.code))


@pytest.fixture(autouse=True)
def _in_chinese(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setenv("BALANCELAB_LANGUAGE", "zh")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example county's ledger of 2023, as the command writes it."""
    path = tmp_path_factory.mktemp("ledger") / "台账2023.xlsx"
    assert call("ledger", SAMPLE, path, "--county", "371599", "--year", "2023") == 0
    return path


def filled(path: Path, target: Path, changes: dict[tuple[int, str], object]) -> Path:
    """A copy with cells changed, by row of the ledger (from 1) and column."""
    book = openpyxl.load_workbook(path)
    for (row, name), value in changes.items():
        book["ledger"].cell(HEADER_ROW + row, list(COLUMNS).index(name) + 1).value = value
    book.save(target)
    return target


def entries(path: Path) -> dict[str, dict]:
    ledger, _ = read_ledger(path, load_standard("quality_2017"), load_units())
    return {row["key"]: row for row in ledger.to_dict("records")}


def test_filled_in_and_brought_up_to_date(opened: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    before = entries(opened)
    first, second = list(before.values())[:2]
    done = filled(
        opened,
        tmp_path / "填写.xlsx",
        {
            (1, "measure"): "扩建运动场", (1, "lead_unit"): "自然资源局", (1, "status"): "整改中",
            (2, "status"): "已销号", (2, "evidence"): "验收报告〔2024〕1号", (1, "deadline"): "2025-06-30",
        },
    )  # fmt: skip
    update = tmp_path / "台账2024.xlsx"
    asked = ("ledger", SAMPLE, update, "--county", "371599", "--year", "2024", "--previous", done)
    assert call(*asked, "--set", f"items_file={ITEMS}") == 0
    said = capsys.readouterr().err
    after = entries(update)
    one, other = after[first["key"]], after[second["key"]]
    assert (one["measure"], one["lead_unit"], one["status"]) == ("扩建运动场", "land", "in_progress")
    assert one["deadline"] == "2025-06-30"
    # still not met in 2024, whatever the clerk wrote: open again, the evidence kept
    assert (other["status"], other["evidence"]) == ("reopened", "验收报告〔2024〕1号")
    # the sample: class of 45 in 2024 where it was larger in 2023
    closed = [row["subject"] for row in after.values() if row["status"] == "closed" and row["closed_year"] == 2024]
    assert closed == ["class_size_primary"]
    assert {key: row["number"] for key, row in after.items() if key in before} == {
        key: row["number"] for key, row in before.items()
    }
    new = [row for row in after.values() if row["opened_year"] == 2024]
    assert f"销号 1，反弹 1，新增 {len(new)}" in said
    assert done.read_bytes() != update.read_bytes()


@pytest.mark.slow
def test_the_filled_ledger_in_the_report(opened: Path, tmp_path: Path):
    done = filled(opened, tmp_path / "done.xlsx", {(2, "status"): "已销号", (2, "evidence"): "验收报告"})
    asked = [
        "report",
        str(SAMPLE),
        "--year",
        "2024",
        "--county",
        "371599",
        "--kind",
        "rectification",
        "--language",
        "zh",
    ]
    asked += ["--output", str(tmp_path / "out"), "--set", f"items_file={ITEMS}", "--set", f"ledger_file={done}"]
    ran = subprocess.run(
        [sys.executable, "-m", "balancelab", *asked], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    blocks = json.loads((tmp_path / "out/2024/371599/rectification.zh.json").read_text(encoding="utf-8"))["blocks"]
    assert any("与上次台账相比：本次销号 1 项，反弹 1 项" in block.get("text", "") for block in blocks)
    (changes,) = [block for block in blocks if block.get("caption", "") == "本次销号与反弹的事项"]
    at = [column["id"] for column in changes["columns"]].index("change")
    assert sorted(row[at] for row in changes["rows"]) == ["反弹", "本次销号"]


def test_every_fault_of_a_filled_ledger_in_one_answer(
    opened: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    wrong = filled(
        opened,
        tmp_path / "wrong.xlsx",
        {
            (1, "value"): 0.1, (2, "status"): "做完了", (3, "deadline"): "明年", (4, "subject"): "teaching_areas",
            (5, "key"): "840101/books/primary/1", (6, "number"): 1,
        },
    )  # fmt: skip
    codes = {
        "LEDGER_EDITED", "LEDGER_STATUS", "LEDGER_DEADLINE", "LEDGER_SUBJECT", "LEDGER_COUNTY", "LEDGER_NUMBER",
    }  # fmt: skip
    out = tmp_path / "new.xlsx"
    for language, word in (("zh", "处理"), ("en", "Remedy")):
        monkeypatch.setenv("BALANCELAB_LANGUAGE", language)
        assert call("ledger", SAMPLE, out, "--county", "371599", "--year", "2024", "--previous", wrong) == 3
        said = capsys.readouterr().err
        assert all(code in said for code in codes), said
        assert word in said
        assert "D" in said  # cells are named
    assert not out.exists()


def test_what_was_filled_in_is_never_written_over_by_chance(opened: Path, capsys: pytest.CaptureFixture[str]):
    content = opened.read_bytes()
    common = ("--county", "371599", "--year", "2024")
    assert call("ledger", SAMPLE, opened, *common) == 2
    assert "--previous" in capsys.readouterr().err
    assert call("ledger", SAMPLE, opened, *common, "--previous", opened, "--force") == 2
    assert call("ledger", SAMPLE, opened, *common, "--set", f"items_file={opened}", "--force") == 2
    assert call("ledger", opened, opened, *common, "--force") == 2
    assert opened.read_bytes() == content


def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "l.xlsx"
    assert call("ledger", SAMPLE, out, "--year", "2024") == 2  # twelve counties
    assert "--county" in capsys.readouterr().err
    assert call("ledger", SAMPLE, tmp_path / "l.csv", "--year", "2024", "--county", "371599") == 2
    assert call("ledger", SAMPLE, out, "--county", "371599", "--year", "2024", "--set", "ledger_file=x.xlsx") == 2
    assert "--previous" in capsys.readouterr().err
    assert not out.exists()


def test_what_a_clerk_sees(opened: Path):
    book = openpyxl.load_workbook(opened)
    sheet, how = book["ledger"], book["填写说明"]
    assert sheet["A1"].value == "示例县整改台账（2023学年，优质均衡）"
    assert sheet.protection.sheet
    names = list(COLUMNS)
    for name, column in COLUMNS.items():
        cell = sheet.cell(HEADER_ROW + 1, names.index(name) + 1)
        assert cell.protection.locked is not column.filled_in, name
    assert any("佐证材料" in str(row[0].value) for row in how.iter_rows())
    hints = {str(rule.sqref).split(":")[0][0]: rule.prompt for rule in sheet.data_validations.dataValidation}
    letters = {name: sheet.cell(1, names.index(name) + 1).column_letter for name in names}
    assert "2025-09-30" in hints[letters["deadline"]]
    rates = [row for row in sheet.iter_rows(min_row=HEADER_ROW + 1) if str(row[2].value).startswith("cv:")]
    assert rates[0][4].number_format == "#,##0.000"
