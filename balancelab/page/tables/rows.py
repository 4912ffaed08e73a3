"""Where every row went, and what the reading had to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from balancelab.intake.findings import finding_codes
from balancelab.intake.scope import exclusion_reasons
from balancelab.page.columns import Column
from balancelab.page.disclosure.rules import load_rules
from balancelab.page.naming import words_or_nothing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from balancelab.definitions import Text
    from balancelab.intake import Finding
    from balancelab.page import Page
    from balancelab.standards import Standard

_SET_ASIDE: dict[str, Text] = {
    "other_year": {"zh": "其他年份", "en": "Another year"},
    "total_row": {"zh": "合计、小计行", "en": "Total rows"},
    "average_row": {"zh": "平均值行", "en": "Rows of averages"},
    "repeated_header": {"zh": "重复的表头", "en": "Repeated headers"},
    "unit_row": {"zh": "单位行", "en": "Rows of units"},
    "note": {"zh": "说明、填表人等附注", "en": "Notes"},
    "comment_row": {"zh": "注释行", "en": "Comment rows"},
    "example_row": {"zh": "填报示例行", "en": "Example rows of the form"},
    "missing": {"zh": "未填报：{column}", "en": "Not reported: {column}"},
}
_MOST_FINDINGS = 100
_STEPS = {
    "in_file": {"zh": "表中记录", "en": "Rows in the table"},
    "set_aside": {"zh": "读表时剔除", "en": "Set aside on reading"},
    "excluded": {"zh": "不计入", "en": "Not counted"},
    "analysed": {"zh": "纳入分析", "en": "Analysed"},
}


def accounting(page: Page, account: pd.DataFrame, standard: Standard, *, small: bool = False) -> None:
    """
    Show where every row went: in the table = set aside + not counted + analysed.

    Parameters
    ----------
    page : Page
        Where the table goes.
    account : DataFrame
        From :func:`balancelab.intake.scope.account_rows`.
    standard : Standard
        Gives the words of its exclusions.
    small : bool, optional
        Whether a stage of the page is too small to be described: a public page then keeps back the totals from which,
        with the other stages, its students could be worked out.
    """
    words: dict[str, Text] = {**_SET_ASIDE, **exclusion_reasons(standard)}
    if page.public:
        account = _without_few(account, small=small)
    table = account.assign(
        step=[page.word(_STEPS[step]) for step in account["step"]],
        reason=[_reason(page, words, reason) for reason in account["reason"]],
        mark=account["step"].map(
            {"in_file": "total", "analysed": "total", "excluded": "excluded", "set_aside": "excluded"}
        ),
    )
    page.table(
        table,
        columns=[
            Column("step", zh="去向", en="Where it went"),
            Column("reason", zh="原因", en="Reason"),
            Column("rows", zh="记录（校·学段）", en="Rows (school × stage)", kind="number", decimals=0),
            Column("students", zh="在校生", en="Students", kind="number", decimals=0),
        ],
        caption_zh="数据去向：表中记录＝剔除＋不计入＋纳入分析",
        caption_en="Accounting: rows in the table = set aside + not counted + analysed",
        row_marks="mark",
    )


def _without_few(account: pd.DataFrame, *, small: bool) -> pd.DataFrame:
    """Take out the students of the rows that hold few schools, and the totals that would give them away."""
    least = load_rules().least_schools
    few = account["step"].isin(["set_aside", "excluded"]) & (account["rows"] < least)
    few |= (account["step"] == "in_file") & (small or 0 < account.loc[few, "rows"].sum() < least)
    few |= (account["step"] == "analysed") & small
    return account.assign(students=account["students"].mask(few))


def _reason(page: Page, words: dict[str, Text], reason: str) -> str:
    if reason.startswith("missing_") and reason not in words:
        return page.word(words["missing"]).replace("{column}", reason.removeprefix("missing_"))
    return words_or_nothing(page, words.get(reason)) or reason


def excluded_schools(page: Page, schools: pd.DataFrame, standard: Standard) -> None:
    """
    Show the schools that do not count, and why; nothing where there is none, or in public.

    Parameters are those of :func:`accounting`; `schools` as from ``mark_scope``.
    """
    out = schools[~schools["in_scope"]]
    if out.empty or page.public:
        return
    words = exclusion_reasons(standard)
    table = out.assign(reason=[page.word(words[name]) for name in out["exclusion"]])
    page.table(
        table,
        columns=[
            Column("school", zh="学校", en="School"),
            Column("school_code", zh="学校代码", en="School code"),
            Column("students", zh="在校生", en="Students", kind="number", decimals=0),
            Column("reason", zh="不计入的原因", en="Why it is not counted"),
        ],
        caption_zh="不计入的学校",
        caption_en="Schools that are not counted",
    )


def reading_notes(
    page: Page, findings: Iterable[Finding], standard: Standard, *, schools: pd.DataFrame | None = None
) -> None:
    """
    Show what the reading of the table found about these rows: warnings, and how many cells were normalised.

    Parameters
    ----------
    page : Page
        Where the table goes.
    findings : iterable of Finding
        From the intake, of this county or of the whole file.
    standard : Standard
        Gaps in columns that its indicators do not use are left out.
    schools : DataFrame, optional
        The rows that were read (``Intake.schools``): a finding about one of them names its school instead of its cell,
        so that the page is the same in whatever order the rows stand. The intake's own list names the cells.
    """
    findings = list(findings)
    used = {column for sets in standard.columns_needed().values() for columns in sets for column in columns}
    warnings = [
        finding
        for finding in findings
        if finding.severity == "warning" and (not finding.code.startswith("MISSING") or finding.column in used)
    ]
    normalised = sum(finding.severity == "normalised" for finding in findings)
    if normalised:
        page.note(
            zh="读表时按规则规范了 {n} 类写法（如全角数字、单位换算），逐格记录可用 balancelab check 查看。",
            en="On reading, {n} kinds of notation were normalised by rule (full-width digits, units …); balancelab "
            "check lists every cell.",
            n=normalised,
        )
    if not warnings:
        page.say(zh="读表时没有发现需要核对的问题。", en="Reading the table raised nothing that needs checking.")
        return
    if page.public:  # a finding quotes cells and names schools
        page.say(
            zh="读表时有 {n} 处需要核对，见内部版。",
            en="On reading, {n} places were found that need checking; the internal edition lists them.",
            n=len(warnings),
        )
        return
    told = _told(page, warnings, schools)
    shown = told[:_MOST_FINDINGS]
    page.table(
        pd.DataFrame(shown),
        columns=[
            Column("place", zh="学校或位置", en="School or place"),
            Column("text", zh="需要核对的内容", en="What needs checking"),
            Column("remedy", zh="建议", en="What to do"),
            Column("code", zh="代码", en="Code"),
        ],
        caption_zh="读表时发现、需要核对的问题（显示 {shown} 条，共 {all} 条）",
        caption_en="Found on reading, to be checked ({shown} of {all} shown)",
        note_zh="在文件中的行和单元格，可用 balancelab check 查看。",
        note_en="balancelab check names the rows and cells of the file.",
        shown=len(shown),
        all=len(told),
    )


def _told(page: Page, warnings: list[Finding], schools: pd.DataFrame | None) -> list[dict[str, str]]:
    """Return place, text, remedy and code of each warning: the gravest code first, then by year, school and column."""
    rows = _rows_by_place(warnings, schools)
    several = schools is not None and len(schools["year"].unique()) > 1
    lines = []
    for each in warnings:
        row = rows.get((each.file, each.row)) or rows.get(("", each.row))
        line = {"code": each.code, "remedy": page.word({"zh": each.remedy_zh, "en": each.remedy_en})}
        if row is None:
            line |= {"place": each.address or (f"{each.row}" if each.row else "")}
            line |= {"text": page.word({"zh": each.zh, "en": each.en})}
            key: tuple[Any, ...] = (0, "", "", each.row or 0, each.column or "")
        else:
            of_year = page.word({"zh": f"{row['year']}年", "en": f"{row['year']}"}) if several else ""
            listed = page.word({"zh": "，", "en": ", "}).join(filter(None, [str(row["school_code"]), of_year]))
            line |= {"place": page.word({"zh": f"{row['school']}（{listed}）", "en": f"{row['school']} ({listed})"})}
            line |= {"text": page.word({"zh": each.statement("zh"), "en": each.statement("en")})}
            key = (row["year"], row["county_code"], row["school_code"], 0, each.column or "")
        lines.append(((finding_codes()[each.code].rank, *key, line["text"]), line))
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def _rows_by_place(warnings: Iterable[Finding], schools: pd.DataFrame | None) -> dict[tuple[str, Any], dict[Any, Any]]:
    """Return the rows that are spoken of, by file and row; of one file its name does not matter."""
    if schools is None:
        return {}
    there = schools[schools["source_row"].isin({each.row for each in warnings})]
    return {(row.get("source_file", ""), row["source_row"]): row for row in there.to_dict("records")}
