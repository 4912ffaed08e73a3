"""The blank form: a workbook made from the schema, which reads back without a finding once it is filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from balancelab.intake.replacing import replacing
from balancelab.intake.rows import EXAMPLE_MARKS
from balancelab.intake.schema import Field, Schema, load_schema

if TYPE_CHECKING:
    from balancelab.standards import Standard

FORM_ROWS = 2_000
"""Rows of the form that are prepared with drop-downs and limits; more may be added below."""

_ALWAYS = ("township", "location", "ownership", "shared_resources", "senior_students", "classes", "teachers")
_UNIT_WORDS = {
    "zh": {
        "yuan": "元", "m2": "平方米", "students": "人", "persons": "人", "classes": "个", "computers": "台",
        "volumes": "册", "rooms": "间", "points": "分",
    },
    "en": {"yuan": "yuan", "m2": "m2"},
}  # fmt: skip
_EXAMPLE: dict[str, tuple[Any, Any]] = {
    "year": (2024, 2024), "county_code": ("371599", "371599"), "county": ("示例县", "Example County"),
    "township": ("柳林镇", "Liulin Town"), "school_code": ("2137000101", "2137000101"),
    "school": ("示例县第一小学", "Example County No. 1 Primary School"), "stage": ("小学", "Primary"),
    "school_type": ("小学", "Primary school"), "location": ("城区", "Urban"), "ownership": ("县级", "County"),
    "shared_resources": ("本学段", "Stage amounts"), "students": (1520, 1520), "classes": (36, 36),
    "teachers": (84, 84),
    "teachers_above_qualification": (66, 66), "teachers_backbone": (18, 18), "teachers_arts_pe": (15, 15),
    "teachers_senior_title": (40, 40), "teaching_area_m2": (7220.5, 7220.5), "indoor_sports_area_m2": (380, 380),
    "sports_ground_area_m2": (11476, 11476), "sports_area_m2": (11856, 11856),
    "equipment_value_yuan": (3268000, 3268000), "computers": (228, 228), "books": (38000, 38000),
    "multimedia_rooms": (38, 38),
}  # fmt: skip
_TEXTS = {
    "zh": {
        "sheet": "学校表", "notes": "填表说明", "title": "填表说明：{label}", "column": "列", "unit": "单位",
        "need": "是否必填", "meaning": "含义", "allowed": "可填内容", "example": "示例", "yes": "必填",
        "indicator": "指标需要", "no": "可空", "whole": "0 以上的整数", "number": "0 以上的数", "text": "文字",
        "code": "代码（文本）", "wrong": "填写有误",
        "rules": "每校每学段一行。一贯制学校、完全中学的每个学段各占一行。\n"
                 "没有数据的单元格请留空，不要填 0、9999 或“无”；确实没有的请填 0。\n"
                 "代码按文本填写，保留开头的 0。不要改动表头，不要合并单元格，不要加合计行。\n"
                 "灰色的示例行（校名以“【示例】”开头）不会被读取，可直接覆盖。\n"
                 "不要填写姓名、电话、身份证号等个人信息。",
        "year": "{low}—{high} 的年份", "choose": "从下拉列表中选择",
    },
    "en": {
        "sheet": "Schools", "notes": "Notes", "title": "Notes on the form: {label}", "column": "Column", "unit": "Unit",
        "need": "Required", "meaning": "Meaning", "allowed": "Allowed", "example": "Example", "yes": "required",
        "indicator": "needed by an indicator", "no": "may be empty", "whole": "whole number, 0 or more",
        "number": "number, 0 or more", "text": "text", "code": "code, as text", "wrong": "Please check the entry",
        "rules": "One row for each school and stage; a combined school has one row for each of its stages.\n"
                 "Leave a cell empty where there is no figure: no 0, no 9999. Write 0 where there is truly none.\n"
                 "Codes are text and keep their leading zeros. Do not change the header, merge cells or add totals.\n"
                 "The grey example row (its name begins with [Example]) is not read and may be overwritten.\n"
                 "No personal data: no names of persons, telephone or identity numbers.",
        "year": "a year from {low} to {high}", "choose": "choose from the list",
    },
}  # fmt: skip


def write_template(path: str | Path, standard: Standard, *, language: str = "zh") -> Path:
    """
    Write the blank form for `standard`.

    Parameters
    ----------
    path : str or Path
        ``.xlsx`` to write.
    standard : Standard
        Its indicators decide which columns the form has beyond the ones that every table needs.
    language : str
        ``zh``; anything else gets English.

    Returns
    -------
    Path
        `path`.

    Notes
    -----
    The form has drop-downs for labels, limits for numbers, text format for codes, a comment on every header, an
    example row and a sheet of notes. Headers are locked without a password.
    """
    path = Path(path)
    language = "zh" if language == "zh" else "en"
    schema = load_schema()
    fields = form_fields(standard, schema)
    with replacing(path) as partial:
        _Form(fields, _needed(standard), schema, standard, language).write(partial)
    return path


def form_fields(standard: Standard, schema: Schema) -> list[Field]:
    """Return the columns of the form: what every table needs, what helps, and the first choice of each indicator."""
    wanted = {each.name for each in schema.fields if each.required} | set(_ALWAYS)
    for indicator in standard.indicators:
        alternatives = indicator.columns_needed()
        wanted |= alternatives[0] if alternatives else frozenset()
    return [each for each in schema.fields if each.name in wanted]


def _needed(standard: Standard) -> frozenset[str]:
    first = [indicator.columns_needed()[0] for indicator in standard.indicators if indicator.columns_needed()]
    return frozenset(name for names in first for name in names)


def header_text(known: Field, language: str) -> str:
    """
    Return the header of a column in the form: its label, with the unit where it has one.

    >>> header_text(load_schema().field("equipment_value_yuan"), "zh")
    '教学仪器设备值（元）'
    """
    unit = _UNIT_WORDS[language].get(known.unit or "") if known.numeric else None
    label = known.label[language]
    if unit is None:
        return label
    return f"{label}（{unit}）" if language == "zh" else f"{label} ({unit})"


@dataclass
class _Form:
    fields: Sequence[Field]
    needed: frozenset[str]
    schema: Schema
    standard: Standard
    language: str

    def write(self, path: Path) -> None:
        import xlsxwriter

        book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
        try:
            # A fixed date, so that the same form is the same file.
            import datetime

            book.set_properties({"created": datetime.datetime(2000, 1, 1), "author": "balancelab"})
            self._formats(book)
            self._data_sheet(book)
            self._notes_sheet(book)
        finally:
            book.close()

    def _formats(self, book: Any) -> None:
        plain = {"font_name": "Microsoft YaHei", "font_size": 10, "border": 1, "border_color": "#BFBFBF"}
        head = {**plain, "bold": True, "text_wrap": True, "align": "center", "valign": "vcenter", "locked": True}
        self.required = book.add_format({**head, "bg_color": "#1F4E78", "font_color": "#FFFFFF"})
        self.wanted = book.add_format({**head, "bg_color": "#DDEBF7"})
        self.optional = book.add_format({**head, "bg_color": "#F2F2F2"})
        cell = {**plain, "locked": False}
        self.cells = {
            "text": book.add_format({**cell, "num_format": "@"}),
            "count": book.add_format({**cell, "num_format": "0"}),
            "amount": book.add_format({**cell, "num_format": "General"}),
        }
        grey = {**cell, "font_color": "#7F7F7F", "italic": True, "bg_color": "#F7F7F7"}
        self.examples = {
            "text": book.add_format({**grey, "num_format": "@"}),
            "count": book.add_format({**grey, "num_format": "0"}),
            "amount": book.add_format({**grey, "num_format": "General"}),
        }
        self.title = book.add_format({"font_name": "Microsoft YaHei", "font_size": 14, "bold": True})
        self.prose = book.add_format(
            {"font_name": "Microsoft YaHei", "font_size": 10, "text_wrap": True, "valign": "top"}
        )
        self.table = book.add_format({**plain, "text_wrap": True, "valign": "top"})

    def _data_sheet(self, book: Any) -> None:
        words = _TEXTS[self.language]
        sheet = book.add_worksheet(words["sheet"])
        sheet.set_row(0, 64)
        sheet.freeze_panes(1, 0)
        for column, known in enumerate(self.fields):
            kind = known.kind if known.kind in ("count", "amount") else "count" if known.kind == "year" else "text"
            sheet.set_column(column, column, self._width(known), self.cells[kind])
            sheet.write_string(0, column, header_text(known, self.language), self._head(known))
            sheet.write_comment(0, column, self._meaning(known), {"x_scale": 2.2, "y_scale": 1.4})
            example = self._example(known)
            if isinstance(example, str):
                sheet.write_string(1, column, example, self.examples[kind])
            elif example is None:
                sheet.write_blank(1, column, None, self.examples[kind])
            else:
                sheet.write_number(1, column, example, self.examples[kind])
            sheet.data_validation(1, column, FORM_ROWS, column, self._validation(known))
        allowed = (
            "insert_rows",
            "delete_rows",
            "format_cells",
            "format_columns",
            "sort",
            "autofilter",
            "select_unlocked_cells",
        )
        sheet.protect("", dict.fromkeys(allowed, True))
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)

    def _notes_sheet(self, book: Any) -> None:
        words = _TEXTS[self.language]
        sheet = book.add_worksheet(words["notes"])
        for column, width in enumerate((34, 10, 14, 52, 46, 24)):
            sheet.set_column(column, column, width)
        sheet.write_string(0, 0, words["title"].format(label=self.standard.label[self.language]), self.title)
        sheet.merge_range(1, 0, 1, 5, words["rules"], self.prose)
        sheet.set_row(1, 96)
        for column, key in enumerate(("column", "unit", "need", "meaning", "allowed", "example")):
            sheet.write_string(3, column, words[key], self.wanted)
        for row, known in enumerate(self.fields, 4):
            need = "yes" if known.required else "indicator" if known.name in self.needed else "no"
            unit = _UNIT_WORDS[self.language].get(known.unit or "", "") if known.numeric else ""
            example = self._example(known)
            texts = (
                known.label[self.language], unit, words[need], self._described(known), self._allowed(known),
                "" if example is None else str(example),
            )  # fmt: skip
            for column, text in enumerate(texts):
                sheet.write_string(row, column, text, self.table)
        sheet.protect("", {"select_unlocked_cells": True})
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    def _head(self, known: Field) -> Any:
        if known.required:
            return self.required
        return self.wanted if known.name in self.needed else self.optional

    def _width(self, known: Field) -> int:
        return {"text": 22, "code": 14, "label": 14, "year": 8}.get(known.kind, 12)

    def _example(self, known: Field) -> Any:
        pair = _EXAMPLE.get(known.name)
        if pair is None:
            return None
        value = pair[0 if self.language == "zh" else 1]
        return f"{EXAMPLE_MARKS[0 if self.language == 'zh' else 1]}{value}" if known.name == "school" else value

    def _described(self, known: Field) -> str:
        parts = known.description.split(" / ")
        return parts[0 if self.language == "zh" or len(parts) == 1 else 1]

    def _allowed(self, known: Field) -> str:
        words = _TEXTS[self.language]
        if known.kind == "label":
            listed = [str(entry[self.language]) for entry in known.values.values()]
            return ("、" if self.language == "zh" else ", ").join(listed)
        if known.kind == "year":
            return words["year"].format(low=f"{known.minimum:.0f}", high=f"{known.maximum:.0f}")
        return words[{"count": "whole", "amount": "number", "code": "code"}.get(known.kind, "text")]

    def _meaning(self, known: Field) -> str:
        described = self._described(known)
        return "\n".join(filter(None, (known.label[self.language], described, self._allowed(known))))[:1000]

    def _validation(self, known: Field) -> dict[str, Any]:
        words = _TEXTS[self.language]
        base: dict[str, Any] = {
            "ignore_blank": True, "input_title": known.label[self.language][:32],
            "input_message": (self._described(known) or self._allowed(known))[:255], "error_title": words["wrong"],
            "error_message": self._allowed(known)[:255], "error_type": "stop",
        }  # fmt: skip
        if known.kind == "label":
            listed = [str(entry[self.language]) for entry in known.values.values()]
            return {**base, "validate": "list", "source": listed, "error_message": words["choose"]}
        if known.kind == "year":
            return {
                **base,
                "validate": "integer",
                "criteria": "between",
                "minimum": known.minimum,
                "maximum": known.maximum,
            }
        if known.kind == "count":
            return {**base, "validate": "integer", "criteria": ">=", "value": 0}
        if known.kind == "amount":
            return {**base, "validate": "decimal", "criteria": ">=", "value": 0}
        return {**base, "validate": "any"}
