"""A small valid table (the control of the bad-input collection) and ways to spoil it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from balancelab.intake import Intake, inspect

CONTROL = """\
year,county_code,county,school_code,school,stage,school_type,location,students,classes,teachers,teachers_above_qualification,teachers_backbone,teachers_arts_pe,teachers_senior_title,teaching_area_m2,sports_area_m2,equipment_value_yuan,computers,books,multimedia_rooms
2024,371599,示例县,2137000101,示例县第一小学,primary,小学,urban,1520,36,84,66,18,15,40,7220.5,11856,3268000,228,38000,38
2024,371599,示例县,2137000102,示例县第二小学,primary,小学,urban,1180,28,65,52,13,11,31,5605,9204,2478000,177,29500,29
2024,371599,示例县,2137000103,㵐河镇中心小学,primary,小学,town,640,18,40,29,7,6,18,3264,5120,1312000,96,16640,17
2024,371599,示例县,2137000104,柳林乡小学,primary,小学,rural,215,8,17,10,2,2,6,1290,2365,451500,34,6020,7
2024,371599,示例县,2137000105,石桥村小学,primary,小学,rural,86,6,9,4,1,1,3,602,1204,172000,14,2752,4
2024,371599,示例县,3137000201,示例县实验中学,junior,初中,urban,1640,34,131,98,22,17,66,10168,17056,4428000,279,52480,42
2024,371599,示例县,3137000202,示例县第三中学,junior,初中,town,980,21,84,57,11,10,41,6174,10290,2499000,157,30380,25
2024,371599,示例县,3137000203,柳林乡初级中学,junior,初中,rural,310,9,31,18,4,3,14,2077,3441,806000,53,10540,9
"""


class Table:
    """Rows of text under a header; row 1 is the header, as in a spreadsheet."""

    def __init__(self) -> None:
        lines = [line.split(",") for line in CONTROL.splitlines()]
        self.header, self.rows = lines[0], lines[1:]

    def copy(self) -> Table:
        return copy.deepcopy(self)

    def set(self, row: int, column: str, value: str) -> Table:
        self.rows[row - 2][self.header.index(column)] = value
        return self

    def get(self, row: int, column: str) -> str:
        return self.rows[row - 2][self.header.index(column)]

    def fill(self, column: str, value: str | Callable[[str], str]) -> Table:
        at = self.header.index(column)
        for row in self.rows:
            row[at] = value(row[at]) if callable(value) else value
        return self

    def add(self, **values: str) -> Table:
        """Append a row: that of row 2 with `values` changed."""
        row = list(self.rows[0])
        for column, value in values.items():
            row[self.header.index(column)] = value
        self.rows.append(row)
        return self

    def column(self, name: str, values: str | Iterable[str]) -> Table:
        """Append a column."""
        cells = [values] * len(self.rows) if isinstance(values, str) else list(values)
        self.header.append(name)
        for row, value in zip(self.rows, cells, strict=True):
            row.append(value)
        return self

    def drop(self, name: str) -> Table:
        at = self.header.index(name)
        for row in [self.header, *self.rows]:
            del row[at]
        return self

    def rename(self, old: str, new: str) -> Table:
        self.header[self.header.index(old)] = new
        return self

    def text(self, delimiter: str = ",") -> str:
        return "".join(delimiter.join(row) + "\n" for row in [self.header, *self.rows])

    def csv(self, path: Path, *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
        path.write_bytes(self.text(delimiter).encode(encoding))
        return path

    def typed(self) -> list[list[Any]]:
        """Rows as a spreadsheet would hold them: codes and labels text, the rest numbers where they are numbers."""
        text = {"county_code", "school_code"}
        return [
            [_typed(cell) if name not in text else cell for name, cell in zip(self.header, row, strict=True)]
            for row in self.rows
        ]

    def xlsx(self, path: Path, sheet: str = "学校表") -> Path:
        import openpyxl

        book = openpyxl.Workbook()
        book.active.title = sheet
        book.active.append(self.header)
        for row in self.typed():
            book.active.append(row)
        book.save(path)
        return path


def _typed(cell: str) -> Any:
    try:
        return float(cell) if "." in cell else int(cell)
    except ValueError:
        return cell or None


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Intake]:
    """Read a Table, bytes or text as a file of the given name."""

    def reader(content: Table | bytes | str, name: str = "schools.csv", **options: Any) -> Intake:
        path = tmp_path / name
        if isinstance(content, Table):
            content.xlsx(path) if name.endswith(".xlsx") else content.csv(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return inspect(path, **options)

    return reader


@pytest.fixture(scope="session")
def control(tmp_path_factory: pytest.TempPathFactory) -> Intake:
    return inspect(Table().csv(tmp_path_factory.mktemp("control") / "control.csv"))
