"""
Names of schools, counties and townships: cleaned once, here, so that no later page has to be careful.

Invisible and direction characters, line breaks and compatibility forms go; emoji and rare characters stay. What looks
like code, a formula or a path is kept as the text that it is, with a warning.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from balancelab.intake.body import Body
from balancelab.intake.columns import Column
from balancelab.intake.findings import Severity
from balancelab.intake.identity import encoded_once, note_special
from balancelab.intake.schema import folded

LONGEST_NAME = 100
"""Characters of a name that are kept; the longest real school names have about 60."""
_MARKS_PER_LETTER = 2

_HAN = r"\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}"
_ORDINARY = rf"^[{_HAN}A-Za-z0-9（）()·\-、]*[{_HAN}][{_HAN}A-Za-z0-9（）()·\-、]*$"
_ORDINARY_ENGLISH = r"^[A-Za-z0-9]+(?:[ '.,&()\-]{1,2}[A-Za-z0-9]+)*[.)]?$"
_ODD_ENGLISH = (
    r"(?i)^(na|n/a|nan|none|null|test|true|false|undefined|school)$|^[0-9.,\s]+$|eval|exec|system|import|www|  |--|\.\."
    r"|^#"
)
_GARBLED = re.compile("\ufffd|锟斤拷|烫烫烫|屯屯屯|ï»¿|â€|Ã[\u0080-\u00bf]")
_NONCHARACTER = re.compile("[\ufffe\uffff\ufdd0-\ufdef]|[\ud800-\udfff]")
_FORCED = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the direction of what follows; plain marks of direction are merely invisible."""
_FILLERS = re.compile("[\u034f\u115f\u1160\u2800\u3164\uffa0]")
_EMOJI = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")
_BETWEEN_HAN = re.compile("(?<=[\u3400-\u9fff（）])[ ]+(?=[\u3400-\u9fff（）])")
_ACTIVE: tuple[tuple[str, tuple[str, str]], ...] = (
    (r"<\s*/?\s*[a-zA-Z!?][^>]*>?|javascript\s*:|\bon\w+\s*=", ("网页代码", "HTML or a script")),
    (r"&#?\w+;|@import|expression\s*\(", ("网页代码", "HTML or a script")),
    (r"^[=＝@＠]|^[+\-＋－](?=[^0-9\s]|\d+[^0-9])|\bHYPERLINK\s*\(|\bcmd\s*\|", ("表格公式", "a spreadsheet formula")),
    (r"\{\{|\{%|\}\}|%\}|\{[0-9a-z_.]*\}|%\([a-z]+\)s|\$\{", ("模板代码", "template code")),
    (r"\\(input|write|include|def|begin|end)\b|\$[^$]+\$", ("LaTeX 代码", "LaTeX")),
    (r"^\|.*\||!\[[^\]]*\]\(|\]\(\s*(https?|javascript)|^#{1,6} |```", ("Markdown 标记", "Markdown")),
    (r"(?i)\b(import\s+os|__\w+__|eval\s*\(|exec\s*\(|os\.\w+\(|system\s*\()", ("程序代码", "program code")),
    (r"(?i);\s*(DROP|rm)\b|--\s*$", ("程序代码", "program code")),
    (r"https?://|www\.\w", ("网址", "a web address")),
)
_PATH = re.compile(
    r"\.\.|[/\\]|^\.+$|^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$|^~|:\s*$|^[a-z]:|[\x7f]|[<>:\"|?*]$", re.I
)
_WORDS = "na|n/a|nan|none|null|无|缺|缺失|不详|未知|test|测试|true|false|undefined|学校|school"
_WORDS_FOR_NOTHING = frozenset(_WORDS.split("|"))


@dataclass(frozen=True)
class Cleaned:
    """A name as it is kept (None where there is none), and everything that was odd about it."""

    value: str | None
    rules: tuple[tuple[str, str], ...] = ()
    severity: Severity = "normalised"
    garbled: tuple[str, str] | None = None
    invalid: bool = False
    active: tuple[str, str] | None = None
    suspect: tuple[str, str] | None = None
    path: bool = False


def read_names(body: Body, column: Column) -> Any:
    """
    Return a column of names as clean text, null where missing.

    A school that is really called NA or None keeps its name; only signs without a letter count as missing.
    """
    texts, special = body.texts(column), body.special(column)
    note_special(body, column, texts, special)
    trimmed = pc.utf8_trim_whitespace(texts)
    ordinary = _ordinary(trimmed, is_county=column.name == "county")
    ordinary[list(special)] = False
    _note_trimmed(body, column, texts, trimmed, ordinary)
    odd = np.flatnonzero(~ordinary)
    gone = np.zeros(len(texts), dtype=bool)
    body.missing[column.name] = (gone, {})
    if not len(odd):
        return trimmed
    unique, which = encoded_once(texts.take(pa.array(odd)))
    cleaned = [clean_name(text, is_county=column.name == "county") for text in unique]
    values = np.array(trimmed.to_pylist(), dtype=object)
    values[odd] = np.array([each.value for each in cleaned], dtype=object)[which]
    for at in special:
        values[at] = None
    gone[odd] = np.array([each.value is None for each in cleaned], dtype=bool)[which]
    gone[list(special)] = False
    _note_names(body, column, texts, odd, cleaned, which, special)
    return pa.array(values, pa.string(), from_pandas=True)


def _ordinary(texts: Any, *, is_county: bool) -> np.ndarray:
    """Which names need no second look, seen in one pass: Chinese names without anything odd, and plain English ones."""
    chinese = pc.and_(
        pc.match_substring_regex(texts, _ORDINARY), pc.invert(pc.match_substring_regex(texts, "锟斤拷|烫烫烫|屯屯屯"))
    )
    english = pc.and_(
        pc.match_substring_regex(texts, _ORDINARY_ENGLISH), pc.invert(pc.match_substring_regex(texts, _ODD_ENGLISH))
    )
    fits = pc.less_equal(pc.utf8_length(texts), LONGEST_NAME)
    either = chinese if is_county else pc.or_(chinese, english)
    ordinary: np.ndarray = pc.and_(either, fits).to_numpy(zero_copy_only=False).copy()
    return ordinary & ~_read_in_wrong_encoding(texts)


def _note_trimmed(body: Body, column: Column, texts: Any, trimmed: Any, ordinary: np.ndarray) -> None:
    cells = np.flatnonzero(pc.not_equal(texts, trimmed).to_numpy(zero_copy_only=False) & ordinary)
    if not len(cells):
        return
    raw, value = texts[int(cells[0])].as_py(), trimmed[int(cells[0])].as_py()
    body.faults.add(
        "TEXT_CLEANED", column=column.name, count=len(cells), n=len(cells), raw=raw, value=value,
        detail=("去掉多余空格", "surplus blanks removed"), row=int(body.rows[cells[0]]) if len(cells) == 1 else None,
    )  # fmt: skip
    at = pa.array(cells)
    body.ledger.add(body.rows[cells], column.name, texts.take(at), trimmed.take(at), "text cleaned")


def clean_name(text: str, *, is_county: bool = False) -> Cleaned:
    r"""
    Clean one name.

    >>> clean_name("柳林乡\n小学").value, clean_name("示例\u3000县").value
    ('柳林乡小学', '示例县')
    """
    garbled = _garbled(text)
    if _NONCHARACTER.search(text):
        return Cleaned(printable_only(text), invalid=True)
    if not any(unicodedata.category(char)[0] in "LN" for char in text) and not _EMOJI.search(text):
        if is_county and _PATH.search(text.strip()) and text.strip() not in "/\\":
            return Cleaned(text.strip(), path=True)
        return Cleaned(None)
    value, rules, severity = _plain_form(text)
    if len(value) > LONGEST_NAME:
        value = value[:LONGEST_NAME] + "…"
        rules.append((f"超过 {LONGEST_NAME} 字，已截短", f"cut at {LONGEST_NAME} characters"))
        severity = "warning"
    active = next(
        (words for pattern, words in _ACTIVE if re.search(pattern, value) or re.search(pattern, text.strip())), None
    )
    path = is_county and active is None and bool(_PATH.search(value) or "\x7f" in text)
    return Cleaned(value, tuple(rules), severity, garbled, False, active, _suspect(value), path)


def printable_only(text: str) -> str:
    """Return `text` without control, direction and unassigned characters."""
    return "".join(char for char in text if unicodedata.category(char)[0] != "C")


def _plain_form(text: str) -> tuple[str, list[tuple[str, str]], Severity]:
    rules: list[tuple[str, str]] = []
    severity: Severity = "normalised"
    if _FORCED.search(text):
        rules.append(("去掉方向控制符", "direction characters removed"))
        severity = "warning"
    step = re.sub(r"\s*[\r\n\x0b\x0c\u2028\u2029]+\s*", " ", text).replace("\t", " ")
    if step != text:
        rules.append(("去掉换行", "line breaks removed"))
    visible = _FILLERS.sub("", _visible(step))
    if visible != step and not (severity == "warning" and visible == _FORCED.sub("", step)):
        rules.append(("去掉控制符和不可见字符", "control and invisible characters removed"))
    composed = _composed(visible)
    if composed != visible:
        rules.append(("统一字形", "compatibility forms unified"))
    thinned = _thinned(composed)
    if thinned != composed:
        rules.append(("去掉叠加的附加符号", "stacked marks removed"))
        severity = "warning"
    spaced = _BETWEEN_HAN.sub("", re.sub(r"[\s\u00a0\u2000-\u200a\u202f\u205f\u3000]+", " ", thinned).strip())
    if spaced != thinned and not any(rule[1].startswith("line") for rule in rules):
        rules.append(("去掉多余空格", "surplus blanks removed"))
    return spaced, rules, severity


def _visible(text: str) -> str:
    """Drop control and format characters; a joiner or variation mark beside an emoji belongs to it."""
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for at, char in enumerate(text):
        if char in "\u200d\ufe0f":
            beside = text[max(0, at - 2) : at] + text[at + 1 : at + 2]
            if _EMOJI.search(beside):
                kept.append(char)
        elif unicodedata.category(char) not in ("Cc", "Cf", "Co", "Cn", "Cs") and not "\ufe00" <= char <= "\ufe0e":
            kept.append(char)
    return "".join(kept)


def _composed(text: str) -> str:
    """Unify compatibility ideographs, radicals and full-width letters; full-width punctuation is right in Chinese."""
    changed = []
    for char in text:
        code = ord(char)
        unify = 0x2E80 <= code <= 0x2FDF or 0xF900 <= code <= 0xFAFF or 0x2F800 <= code <= 0x2FA1F
        unify = unify or 0xFF10 <= code <= 0xFF19 or 0xFF21 <= code <= 0xFF3A or 0xFF41 <= code <= 0xFF5A
        changed.append(unicodedata.normalize("NFKC", char) if unify else char)
    return unicodedata.normalize("NFC", "".join(changed))


def _thinned(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") and char != "\ufe0f" else 0
        if marks <= _MARKS_PER_LETTER:
            kept.append(char)
    return "".join(kept)


def _garbled(text: str) -> tuple[str, str] | None:
    if any("\u0080" <= char <= "\u00ff" for char in text):
        once = _read_back(text, "cp1252") or _read_back(text, "latin-1")
        if once and (_GARBLED.search(text) or _is_chinese(once)):
            return f"UTF-8 被当作西文读过，原文或为“{once}”", f"UTF-8 read as Latin-1; it may once have been “{once}”"
    if _GARBLED.search(text):
        return (
            "含替换符或“锟斤拷”一类字样，原字已丢失",
            "replacement characters, or the signature of a double conversion: the original characters are lost",
        )
    once = _read_back(text, "gb18030")
    if once and _is_chinese(once):
        return f"UTF-8 被当作 GBK 读过，原文或为“{once}”", f"UTF-8 read as GBK; it may once have been “{once}”"
    return None


def _read_back(text: str, codec: str) -> str:
    """Return what `text` said before UTF-8 was read as `codec`; "" where that did not happen."""
    try:
        return printable_only(text.encode(codec).decode("utf-8"))[:LONGEST_NAME]
    except UnicodeError:
        return ""


def _is_chinese(text: str) -> bool:
    letters = [char for char in text if not char.isascii()]
    return len(letters) >= 2 and all("\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef" for char in letters)


def _reads_as_chinese(text: str) -> bool:
    return _is_chinese(_read_back(text, "gb18030"))


def _read_in_wrong_encoding(texts: Any) -> np.ndarray:
    """Rows whose name is UTF-8 that was read as GBK: a fault of whole files, so a sample decides whether to look."""
    none = np.zeros(len(texts), dtype=bool)
    sample = pc.unique(texts.slice(0, 3000)).to_pylist()
    if not any(_reads_as_chinese(text) for text in sample if text and not text.isascii()):
        return none
    unique, which = encoded_once(texts)
    wrong = np.array([_reads_as_chinese(text) for text in unique], dtype=bool)
    return wrong[which]


def _suspect(value: str) -> tuple[str, str] | None:
    if folded(value) in _WORDS_FOR_NOTHING:
        return "像是“没有数据”的写法", "looks like a word for 'no data'"
    if re.fullmatch(r"[0-9.,\s]+", value):
        return "全是数字", "is only digits"
    scripts = {unicodedata.name(char, "").split(" ")[0] for char in value if unicodedata.category(char)[0] == "L"}
    if scripts & {"CYRILLIC", "GREEK"} and scripts & {"CJK", "LATIN"}:
        return "混有外形相似的外文字母", "mixes look-alike letters of another script"
    return None


def _note_names(
    body: Body, column: Column, texts: Any, odd: np.ndarray, cleaned: list[Cleaned], which: np.ndarray, special: Any
) -> None:
    changes: dict[Severity, list[int]] = {"normalised": [], "warning": []}
    groups: dict[str, list[int]] = {}
    for at, number in zip(odd.tolist(), which.tolist(), strict=True):
        each = cleaned[number]
        if at in special:
            continue
        if each.rules:
            changes[each.severity].append(at)
        for code, holds in (
            ("ENC_MOJIBAKE", each.garbled), ("ENC_INVALID", each.invalid), ("TEXT_ACTIVE_CONTENT", each.active),
            ("NAME_SUSPECT", each.suspect), ("NAME_UNSAFE_PATH", each.path),
        ):  # fmt: skip
            if holds:
                groups.setdefault(code, []).append(at)
    of = dict(zip(odd.tolist(), which.tolist(), strict=True))
    for code, cells in groups.items():
        alike: dict[int, int] = {}
        if code == "NAME_SUSPECT" and len(cells) * 2 > len(texts):  # a column of codes, say: one word for all
            alike, cells = {of[cells[0]]: len(cells)}, cells[:1]
        elif column.name != "school":  # a county or a township stands on many rows: once is enough
            for at in cells:
                alike[of[at]] = alike.get(of[at], 0) + 1
            cells = list({of[at]: at for at in reversed(cells)}.values())[::-1]

        def add(at: int, code: str = code, alike: dict[int, int] = alike) -> None:
            each, count = cleaned[of[at]], alike.get(of[at], 1)
            detail = each.garbled or each.active or each.suspect or ("", "")
            detail = each.suspect if code == "NAME_SUSPECT" and each.suspect else detail
            more = (f"，共 {count} 行", f", in {count} rows") if count > 1 else ("", "")
            body.faults.add(
                code, row=int(body.rows[at]), column=column.name, raw=texts[at].as_py(), detail=detail, more=more,
                count=count,
            )  # fmt: skip

        body.each(code, cells, column.name, add)
    for severity, cells in changes.items():
        _note_cleaned(body, column, texts, cells, [cleaned[of[at]] for at in cells], severity)


def _note_cleaned(
    body: Body, column: Column, texts: Any, cells: list[int], cleaned: list[Cleaned], severity: Severity
) -> None:
    if not cells:
        return
    rules = list(dict.fromkeys(rule for each in cleaned for rule in each.rules))
    detail = ("、".join(rule[0] for rule in rules), ", ".join(rule[1] for rule in rules))
    body.faults.add(
        "TEXT_CLEANED", column=column.name, severity=severity, count=len(cells), n=len(cells), detail=detail,
        raw=texts[cells[0]].as_py(), value=(cleaned[0].value or "")[:40],
        row=int(body.rows[cells[0]]) if len(cells) == 1 else None,
    )  # fmt: skip
    at = np.array(cells)
    values = [each.value for each in cleaned]
    body.ledger.add(body.rows[at], column.name, texts.take(pa.array(at)), values, "text cleaned")
