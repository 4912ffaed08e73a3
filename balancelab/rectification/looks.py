"""What whoever fills the ledger in sees: cell looks, numbers as the forms print them, hints, instructions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from balancelab.page.levels.wording import gap_decimals
from balancelab.page.words import choose
from balancelab.rectification.forms import COLUMNS

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.standards import Standard

HINTS: Mapping[str, Text] = {
    "measure": {"zh": "已有草拟文字，可直接修改", "en": "A draft stands here; change it as needed"},
    "lead_unit": {"zh": "从列表选择，也可填写其他单位", "en": "Choose from the list, or type another unit"},
    "supporting_units": {"zh": "几个单位之间用顿号“、”分开", "en": "Several units with commas between them"},
    "deadline": {"zh": "写作 2025-09-30", "en": "Write it like 2025-09-30"},
    "status": {
        "zh": "从列表选择。“已整改待核验”“已销号”须填佐证材料",
        "en": "Choose from the list; what is done or closed needs evidence",
    },
    "evidence": {"zh": "文件名称、文号或存放处", "en": "Name, number or place of the document"},
}
_HEADING: Text = {"zh": "填写说明", "en": "How to fill in"}
_INSTRUCTIONS: tuple[Text, ...] = (
    {
        "zh": "1. 只填白色的六列：整改措施、牵头单位、配合单位、完成时限、整改状态、佐证材料。",
        "en": "1. Fill in the six white columns only: measure, lead unit, supporting units, deadline, status, "
        "evidence.",
    },
    {
        "zh": "2. 灰色各列由程序计算，不要改动；数据有误的，改学校表或县级数据表后重新生成。",
        "en": "2. Grey columns are computed and must stay as they are; where data are wrong, correct the school or "
        "county table and run again.",
    },
    {
        "zh": "3. 整改措施、单位、时限已有草拟内容，按实际修改。",
        "en": "3. Measures, units and deadlines are drafts; change them to what is really planned.",
    },
    {
        "zh": "4. 整改状态从下拉列表中选择：未整改、整改中、已整改待核验、已销号、重新整改。"
        "“已整改待核验”“已销号”须写明佐证材料。",
        "en": "4. Choose the status from the list: open, in progress, done and to be checked, closed, reopened. What "
        "is done or closed needs evidence.",
    },
    {
        "zh": "5. 数据达到要求的由程序自动销号；填为“已销号”而数据仍未达到要求的，更新时恢复为“重新整改”。",
        "en": "5. What meets its limit is closed by the program; what is marked closed while its data still fall "
        "short is reopened on the next update.",
    },
    {
        "zh": "6. 不要增加、删除、拼接行，不要改表头；可以筛选。差距为比例的，以百分点计。",
        "en": "6. Add, delete or splice no rows and leave the headers; filtering is fine. Gaps of shares are "
        "percentage points.",
    },
    {
        "zh": "7. 填好后更新：balancelab ledger 学校表 新台账.xlsx --previous 本台账.xlsx；"
        "写进整改报告：balancelab report 学校表 --kind rectification --set ledger_file=本台账.xlsx。",
        "en": "7. To bring it up to date: balancelab ledger TABLE NEW.xlsx --previous THIS.xlsx; into the report: "
        "balancelab report TABLE --kind rectification --set ledger_file=THIS.xlsx.",
    },
)
_YES_NO: Text = {"zh": '"是";;"否"', "en": '"yes";;"no"'}
_LINE = 15.0  # points of one line of text
_LAST_NARROW = 0x2E7F  # Chinese letters, which begin above, are twice as wide
_WHOLE, _PERCENT = "#,##0", "0.0%"


class Formats:
    """Cell formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        cell = {"border": 1, "border_color": "#C9D1D9", "valign": "top", "text_wrap": True}
        self._book = book
        self._grey = {**cell, "bg_color": "#EEF2F5", "locked": True}
        self._locked: dict[str, Any] = {}
        self._named = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "how": book.add_format({"font_color": "#5A6672"}),
            "line": book.add_format({"text_wrap": True, "valign": "top"}),
            "head": book.add_format({**cell, "bold": True, "bg_color": "#12476B", "font_color": "#FFFFFF"}),
            "fill": book.add_format({**cell, "locked": False}),
        }

    def __getitem__(self, name: str) -> Any:
        return self._named[name]

    def locked(self, number_format: str) -> Any:
        """Return the look of a computed cell, with a number format or ``""``."""
        if number_format not in self._locked:
            more = {"num_format": number_format} if number_format else {}
            self._locked[number_format] = self._book.add_format({**self._grey, **more})
        return self._locked[number_format]


def number_formats(row: Mapping[Any, Any], standard: Standard, language: str) -> dict[str, str]:
    """
    Return how the value, the limit and the gap of a ledger's row are written, as the spreadsheet's formats.

    Parameters
    ----------
    row : mapping
        A row of the ledger.
    standard : Standard
        Gives kinds and decimals.
    language : str

    Examples
    --------
    >>> from balancelab.standards import load_standard
    >>> rate = {"kind": "item", "subject": "exchange_rate", "gap": 0.1}
    >>> number_formats(rate, load_standard("quality_2017"), "zh")["gap"]
    '0.0%'
    """
    kind, subject = str(row["kind"]), str(row["subject"])
    names = ("value", "limit", "gap")
    if kind == "difference":
        return dict.fromkeys(names, _decimals(standard.display.cv_decimals))
    item = standard.items.get(subject)
    if kind == "school_item":
        shares = item is not None and item.rule == "schools_below_share"
        return {**dict.fromkeys(names, _PERCENT if shares else _WHOLE), "gap": _WHOLE}
    if item is not None:
        if item.kind == "yes_no":
            return dict.fromkeys(names, choose(_YES_NO, language))
        if item.kind == "share":
            return dict.fromkeys(names, _PERCENT)
        return dict.fromkeys(names, _decimals(item.decimals))
    found = next((indicator for indicator in standard.indicators if indicator.id == subject), None)
    if found is None:
        return dict.fromkeys(names, _decimals(2))
    gap = gap_decimals(standard, subject, float(row["gap"]))
    return {**dict.fromkeys(names, _decimals(found.decimals)), "gap": _decimals(gap)}


def row_height(cells: Mapping[str, Any]) -> float:
    """
    Return how high a row must be for the longest of its texts; spreadsheets do not all find out themselves.

    Parameters
    ----------
    cells : mapping
        Column → what is written there.

    Returns
    -------
    float
        [points]
    """
    lines = [
        -(-sum(2 if ord(letter) > _LAST_NARROW else 1 for letter in text) // max(column.width - 1, 1))
        for name, column in COLUMNS.items()
        if not column.hidden and isinstance(text := cells[name], str)
    ]
    return _LINE * max(1, *lines)


def write_instructions(book: Any, formats: Formats, language: str) -> None:
    """Write the sheet that says how the ledger is filled in."""
    sheet = book.add_worksheet(choose(_HEADING, language))
    sheet.set_column(0, 0, 110)
    sheet.write_string(0, 0, choose(_HEADING, language), formats["title"])
    for place, line in enumerate(_INSTRUCTIONS, start=1):
        sheet.write_string(place, 0, choose(line, language), formats["line"])
    sheet.protect()


def _decimals(number: int) -> str:
    return f"{_WHOLE}.{'0' * number}" if number else _WHOLE
