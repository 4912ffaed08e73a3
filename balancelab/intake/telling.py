"""Findings as text for a terminal and as JSON for machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from balancelab.intake.findings import Finding, finding_codes, number_of, printable
from balancelab.intake.model import EXCLUSION_REASONS, Intake

_HEADINGS = {
    "error": ("错误", "Error"),
    "warning": ("警告", "Warning"),
    "normalised": ("已规范", "Normalised"),
}


def format_findings(findings: Sequence[Finding], language: str, *, limit: int = 100) -> str:
    """
    Return findings as text, most important first, with the total.

    Only characters that a Chinese Windows terminal (GBK) can show are used; others are written as escapes.

    Parameters
    ----------
    findings : sequence of Finding
    language : str
        ``zh``; anything else gets English.
    limit : int
        How many are shown.

    Returns
    -------
    str
        One line for each finding and one for its remedy; no final line end.
    """
    zh = language == "zh"
    files = sorted({each.file for each in findings})
    lines = [_summary(findings, zh, files)]
    last_fix = ""
    for each in findings[:limit]:
        heading = _HEADINGS[each.severity][0 if zh else 1]
        said = each.text(language)
        # Of several files each line names its own, if its sentence does not.
        place = f"{each.file}: " if len(files) > 1 and each.file not in said else ""
        lines.append(f"[{heading} {each.code}] {place}{said}")
        fix = each.remedy(language)
        if fix != last_fix and each.severity != "normalised":
            lines.append(f"    {'处理：' if zh else 'Remedy: '}{fix}")
        last_fix = fix
    hidden = len(findings) - limit
    if hidden > 0:
        shown = min(limit, len(findings))
        lines.append(
            f"只列出前 {shown} 项，共 {len(findings)} 项。"
            if zh
            else f"The first {shown} of {len(findings)} are listed."
        )
    told = "\n".join(printable(line, len(line)) for line in lines)
    return told.encode("gbk", "backslashreplace").decode("gbk")


def findings_to_json(intake: Intake) -> dict[str, Any]:
    """
    Return everything found as plain dictionaries and lists.

    Returns
    -------
    dict
        ``source``, ``rows`` and ``students`` (in, analysed, excluded by reason), ``counts`` by severity, ``findings``
        (every field of :class:`Finding` and the code's titles) and ``changes`` (cells in the ledger by rule).
    """
    excluded = intake.excluded
    reasons = excluded["reason"].value_counts(sort=False).sort_index()
    students = excluded.groupby("reason")["students"].sum()
    known = float(intake.schools["students"].sum()) if "students" in intake.schools else 0.0
    rules = intake.ledger["rule"].astype("str").value_counts()
    return {
        "source": dataclasses.asdict(intake.source),
        "rows": {
            "in": intake.source.rows_in,
            "schools": len(intake.schools),
            "excluded": {reason: int(count) for reason, count in reasons.items()},
        },
        "students": {
            "schools": known,
            "excluded": {str(reason): float(students[reason]) for reason in reasons.index},
        },
        "reasons": {
            reason: {"zh": zh, "en": en} for reason, (zh, en) in EXCLUSION_REASONS.items() if reason in reasons
        },
        "counts": counts(intake.findings),
        "findings": [_finding(each) for each in intake.findings],
        "changes": {str(rule): int(rules[rule]) for rule in sorted(rules.index)},
    }


def counts(findings: Sequence[Finding]) -> dict[str, int]:
    """Return how many findings there are of each severity."""
    return {severity: sum(each.severity == severity for each in findings) for severity in _HEADINGS}


def _finding(each: Finding) -> dict[str, Any]:
    code = finding_codes()[each.code]
    return {**dataclasses.asdict(each), "title_zh": code.zh, "title_en": code.en}


def _summary(findings: Sequence[Finding], zh: bool, files: Sequence[str]) -> str:
    found = counts(findings)
    name = files[0] if len(files) == 1 else f"{len(files)} 个文件" if zh else f"{len(files)} files"
    if zh:
        if not findings:
            return "没有发现问题。"
        return f"{name}：错误 {found['error']} 处，警告 {found['warning']} 处，已规范 {found['normalised']} 处。"
    if not findings:
        return "Nothing was found."
    errors, warnings = number_of(found["error"], "error"), number_of(found["warning"], "warning")
    return f"{name}: {errors}, {warnings}, {found['normalised']} normalised."
