"""
Random damage to valid files: nothing may crash, nothing may take long, no value may change in silence.

``python -m tests.intake.fuzz [CELLS] [BYTES] [SEED]`` runs the long form (100,000 cell and 20,000 byte mutations by
default); the test beside it runs a short one.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pandas as pd

from balancelab.intake import Intake, inspect

SLOWEST = 2.0
CELLS_PER_FILE = 40
_ROWS = 120
_NUMERIC = ("students", "classes", "teachers", "teaching_area_m2", "equipment_value_yuan", "books", "multimedia_rooms")
_PIECES = (
    "", " ", "\u3000", "\u00a0", "0", "-0", "00", "1", "9", "999", "9999", "-1", "+5", ".", ",", "1,234", "12,34", "1.234,5",  # noqa: E501
    "1e5", "1e400", "1e-400", "0x1F", "1_000", "inf", "nan", "NaN", "None", "null", "NA", "N/A", "—", "——", "/", "无", "未统计",  # noqa: E501
    "True", "%", "85%", "％", "１２３", "一百", "约", "①", "²", "Ⅻ", "٣", "O", "l", "#DIV/0!", "=1+1", "@x", "<b>", "{{7*7}}",  # noqa: E501
    "'", '"', '""', "\\", "\t", "\x00", "\x1b[31m", "\x7f", "\u200b", "\u202e", "\ufeff", "\ufffd", "\ufffe", "锟斤拷",
    "万元", "元", "人", "亩", "㎡", "2024", "2023", "204", "45536", "371599", "371500", "371599102201", "2.137E+09",
    "primary", "小学", "初中", "九年一贯制", "合计", "小计", "注：", "其中", "平均", "示例县", "😀", "é", "e\u0301", "\U00020bb7",  # noqa: E501
    "a" * 200, "9" * 30, "1" * 400, "长" * 120, "../..", "CON", "；", "，", ";", "|",
)  # fmt: skip


def base_table() -> pd.DataFrame:
    """Return a valid table of :data:`_ROWS` schools in three counties, all text."""
    rng = random.Random(11)
    rows = []
    for n in range(_ROWS):
        county, junior = n % 3, n % 4 == 0
        students = rng.randint(120, 1900)
        teachers = students // 14 + 2
        rows.append(
            {
                "year": 2024, "county_code": f"37159{county + 1}", "county": f"第{county + 1}示例县",
                "school_code": f"{31 if junior else 21}37{n:06}", "school": f"第{county + 1}示例县第{n}学校",
                "stage": "junior" if junior else "primary", "school_type": "初中" if junior else "小学",
                "location": ("urban", "town", "rural")[n % 3], "students": students, "classes": students // 42 + 1,
                "teachers": teachers, "teachers_above_qualification": teachers * 8 // 10, "teachers_backbone": teachers // 6,  # noqa: E501
                "teachers_arts_pe": teachers // 7, "teachers_senior_title": teachers // 2,
                "teaching_area_m2": f"{students * 5 + rng.randint(0, 99)}.5", "sports_area_m2": students * 8 + rng.randint(0, 99),  # noqa: E501
                "equipment_value_yuan": students * 2100 + rng.randint(0, 99), "computers": students // 7 + 1,
                "books": students * 25 + rng.randint(0, 99), "multimedia_rooms": students // 45 + 1,
            }
        )  # fmt: skip
    return pd.DataFrame(rows).astype(str)


def fuzz_cells(count: int, seed: int) -> int:
    """Damage `count` cells, :data:`CELLS_PER_FILE` at a time; return how many files were read."""
    rng, base = random.Random(seed), base_table()
    files = 0
    with tempfile.TemporaryDirectory() as folder:
        clean = _read(_written(base, Path(folder) / "base.csv"))
        assert clean.findings == (), clean.findings
        for start in range(0, count, CELLS_PER_FILE):
            damaged, changed = _damaged(base, rng, min(CELLS_PER_FILE, count - start))
            path = _written(damaged, Path(folder) / "damaged.csv")
            intake = _read(path)
            _check_silence(intake, clean, damaged, changed, f"seed {seed}, file {files}")
            files += 1
    return files


def fuzz_bytes(contents: Iterable[tuple[str, bytes]], count: int, seed: int) -> None:
    """Damage bytes of valid files of several formats `count` times."""
    rng, given = random.Random(seed), list(contents)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            name, content = given[number % len(given)]
            path = Path(folder) / name
            path.write_bytes(_damaged_bytes(content, rng))
            try:
                intake = _read(path)
            except BaseException as error:
                keep = Path(tempfile.gettempdir()) / f"fuzz-{seed}-{number}-{name}"
                keep.write_bytes(path.read_bytes())
                raise AssertionError(f"{keep}: {error!r}") from error
            assert intake.source.rows_in == len(intake.schools) + len(intake.excluded)


def _read(path: Path) -> Intake:
    start = time.perf_counter()
    intake = inspect(path)
    seconds = time.perf_counter() - start
    assert seconds < SLOWEST, f"{path.name} took {seconds:.1f} s"
    return intake


def _written(table: pd.DataFrame, path: Path) -> Path:
    table.to_csv(path, index=False)
    return path


def _damaged(base: pd.DataFrame, rng: random.Random, count: int) -> tuple[pd.DataFrame, set[tuple[int, str]]]:
    damaged, changed = base.copy(), set()
    for _ in range(count):
        row, column = rng.randrange(len(base)), rng.choice(base.columns)
        damaged.loc[row, column] = _damaged_cell(str(damaged.loc[row, column]), rng)
        changed.add((row + 2, column))
    return damaged, changed


def _damaged_cell(cell: str, rng: random.Random) -> str:
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(_PIECES)
    at = rng.randint(0, len(cell))
    if kind == 1:
        return cell[:at] + rng.choice(_PIECES) + cell[at:]
    if kind == 2:
        return cell[:at] + cell[at + 1 :]
    if kind == 3:
        return cell[:at] + chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x80, 0xD7FF)))) + cell[at + 1 :]
    if kind == 4:
        return rng.choice(_PIECES) + rng.choice(_PIECES)
    return str(rng.randrange(10 ** rng.randrange(1, 8)))


def _check_silence(
    intake: Intake, clean: Intake, damaged: pd.DataFrame, changed: set[tuple[int, str]], where: str
) -> None:
    """Every number differs from the undamaged table's only where its cell was damaged, and then by what it says."""
    assert intake.source.rows_in == len(intake.schools) + len(intake.excluded), where
    if not set(_NUMERIC) <= set(intake.schools.columns):
        return
    logged = set(zip(intake.ledger["row"], intake.ledger["column"], strict=True))
    found = {(finding.row, finding.column) for finding in intake.findings if finding.severity == "error"}
    before = clean.schools.set_index("source_row")
    for row, values in intake.schools.set_index("source_row").iterrows():
        for column in _NUMERIC:
            value = values[column]
            if (row, column) not in changed:
                assert value == before.loc[row, column], (where, row, column)
            elif value == value and (row, column) not in logged and (row, column) not in found:
                assert value == _plain(str(damaged.loc[row - 2, column])), (
                    where,
                    row,
                    column,
                    damaged.loc[row - 2, column],
                )


def _plain(text: str) -> float | None:
    try:
        # A NUL byte refuses the whole file; the rest of the cell is read without it.
        return float(Decimal(text.replace("\x00", "").strip()))
    except InvalidOperation:
        return None


def _damaged_bytes(content: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        if not damaged:
            break
        at, kind = rng.randrange(len(damaged)), rng.randrange(5)
        if kind == 0:
            damaged[at] = rng.randrange(256)
        elif kind == 1:
            damaged[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            del damaged[at : at + rng.randint(1, 8)]
        elif kind == 3:
            damaged[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 6)))
        else:
            del damaged[rng.randrange(len(damaged) // 2, len(damaged)) :]
    return bytes(damaged)


def valid_files() -> list[tuple[str, bytes]]:
    """Return the base table in every format that can be written here."""
    import io

    files = Path(__file__).parent / "files"
    table = base_table().head(12)
    text = table.to_csv(index=False)
    workbook = io.BytesIO()
    table.to_excel(workbook, index=False, engine="openpyxl")
    parquet = io.BytesIO()
    table.to_parquet(parquet)
    return [
        ("a.csv", text.encode()), ("b.csv", text.encode("gb18030")), ("c.csv", text.encode("utf-16")),
        ("d.xlsx", workbook.getvalue()), ("e.parquet", parquet.getvalue()), ("f.ods", (files / "odd.ods").read_bytes()),
        ("g.xls", (files / "odd.xls").read_bytes()),
    ]  # fmt: skip


def main() -> None:
    """Run the long form and say how long it took."""
    cells, bytes_, seed = (int(given) for given in (sys.argv[1:] + ["100000", "20000", "1"][len(sys.argv) - 1 :]))
    start = time.perf_counter()
    files = fuzz_cells(cells, seed) if cells else 0
    print(f"{cells:,} cells damaged in {files:,} files: {time.perf_counter() - start:.0f} s")
    start = time.perf_counter()
    fuzz_bytes(valid_files(), bytes_, seed)
    print(f"{bytes_:,} files with damaged bytes: {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
