"""Groups A and B of the catalogue of bad inputs (encodings; delimiters, quotes, lines): each id gets its answer."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from balancelab.intake import Intake

Content = bytes | str
E, W, N = "error", "warning", "normalised"


def spoilt(text: str, line: int, old: str, new: str) -> str:
    """Replace `old` in one physical line (1-based)."""
    lines = text.split("\n")
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new)
    return "\n".join(lines)


def mixed(text: str) -> bytes:
    lines = text.split("\n")
    return b"\n".join(line.encode("gb18030" if at in (6, 7) else "utf-8") for at, line in enumerate(lines, 1))


# id, what becomes of the control's text, severity, code, words the message has to hold
CASES: list[tuple[str, Callable[[str], Content], str, str, tuple[str, ...]]] = [
    ("A01", lambda t: t.encode("gb18030"), N, "ENC_DETECTED", ("GB18030",)),
    ("A02", lambda t: b"\xef\xbb\xbf" + t.encode(), N, "ENC_BOM", ()),
    ("A03", lambda t: t.replace(",", "\t").encode("utf-16"), N, "ENC_DETECTED", ("UTF-16",)),
    ("A03-be", lambda t: t.encode("utf-16-be"), N, "ENC_DETECTED", ("UTF-16-BE",)),
    ("A05", mixed, E, "ENC_MIXED", ("line 6", "line 7", "encoding")),
    ("A06", lambda t: t.replace("㵐河", "\ufffd河"), E, "ENC_MOJIBAKE", ("row 4", "school")),
    ("A07", lambda t: t.replace("柳林乡小学", "柳林\x00小学"), E, "ENC_NUL", ("line 5",)),
    ("A08", lambda t: b"\xef\xbb\xbf\xef\xbb\xbf" + t.encode(), N, "ENC_BOM", ()),
    ("A09-big5", lambda t: t.replace("㵐", "學").replace("县", "縣").replace("学", "學").replace("实验", "實驗")
     .replace("乡", "鄉").replace("桥", "橋").replace("镇", "鎮").replace("级", "級").encode("big5"),
     E, "ENC_UNKNOWN", ("Big5",)),
    ("A09-sjis", lambda t: t.replace("㵐河镇中心小学", "さくら小学校").replace("示例县", "東京都")
     .replace("柳林乡", "やなぎ").replace("石桥村", "いしばし").replace("实验", "けん")
     .replace("初级", "しょ").encode("shift_jis"),
     E, "ENC_UNKNOWN", ("Shift-JIS",)),
    ("A10", lambda t: t.replace("30380,25", "30380,25").encode()[: t.encode().rindex("学".encode()) + 2],
     E, "ENC_TRUNCATED", ("inside a character",)),
    ("A11", lambda t: t.replace("柳林乡小学", "柳林\x1b\x0b乡小学\x7f"), N, "TEXT_CLEANED", ()),
    ("A11-code", lambda t: t.replace("2137000104", "2137\x1b000104"), E, "CODE_INVALID", ("row 5",)),
    ("A12", lambda t: t.encode().replace("柳".encode(), b"\xed\xa0\x80"), E, "ENC_INVALID", ("surrogate",)),
    ("A12-nonchar", lambda t: t.replace("柳林乡小学", "柳林\ufffe小学"), E, "ENC_INVALID", ("row 5",)),
    ("A13", lambda t: t.replace("柳林乡小学", "柳林乡小学".encode().decode("latin-1")), E, "ENC_MOJIBAKE", ("row 5",)),
    ("A13-gbk", lambda t: t.replace("示例县实验中学", "示例县实验学".encode().decode("gb18030")),
     E, "ENC_MOJIBAKE", ("row 7",)),
    ("A14-zip", lambda t: b"PK\x03\x04" + b"\x00" * 2000, E, "FILE_TYPE_MISMATCH", ("zip",)),
    ("A14-gzip", lambda t: gzip.compress(t.encode()), E, "FILE_TYPE_MISMATCH", ("gzip",)),
    ("A15-nothing", lambda t: b"", E, "FILE_EMPTY", ("0 bytes",)),
    ("A15-blanks", lambda t: b"  \n \n", E, "FILE_EMPTY", ("only blanks",)),
    ("A15-mark", lambda t: b"\xef\xbb\xbf", E, "FILE_EMPTY", ("byte order mark",)),
    ("B01", lambda t: t.replace(",", ";"), N, "DELIM_DETECTED", ("semicolons",)),
    ("B02", lambda t: t.replace(",", "，"), E, "DELIM_FULLWIDTH", ("，",)),
    ("B03", lambda t: "\n".join([t.split("\n")[0], *(line + "," for line in t.split("\n")[1:] if line)]),
     N, "ROW_TRAILING_DELIM", ()),
    ("B04", lambda t: spoilt(t, 5, "柳林乡小学", "柳林乡,小学"), E, "ROW_FIELD_COUNT", ("line 5", "22", "21")),
    ("B05", lambda t: spoilt(t, 5, ",6020,7", ""), E, "ROW_FIELD_COUNT", ("line 5", "19", "21")),
    ("B06", lambda t: spoilt(t, 5, "柳林乡小学", '"柳林乡小学'), E, "CSV_QUOTE", ("line 5",)),
    ("B07", lambda t: spoilt(t, 5, "柳林乡小学", '"柳林乡\n小学"'), N, "TEXT_CLEANED", ()),
    ("B08", lambda t: t.replace("\n", "\r"), N, "LINE_ENDINGS", ("CR alone",)),
    ("B09", lambda t: spoilt(t, 5, "2024,371599", t.split("\n")[0] + "\n2024,371599"),
     N, "ROW_REPEATED_HEADER", ("row 5",)),
    ("B10", lambda t: spoilt(t, 5, "2024,371599", "\n" + "," * 20 + "\n2024,371599"),
     N, "ROW_BLANK", ("row 5", "row 6")),
    ("B12", lambda t: "sep=;\n" + t.replace(",", ";"), N, "DELIM_DETECTED", ()),
    ("B13", lambda t: spoilt(t, 5, "柳林乡小学", '"第"一"小学"'), E, "CSV_QUOTE", ("line 5",)),
    ("B14-before", lambda t: "# from the bureau, 2024\n" + t, N, "ROW_NOTE", ("row 1",)),
    ("B14-inside", lambda t: spoilt(t, 5, "2024,371599", "#2024,371599"), E, "ROW_COMMENT", ("row 5",)),
    ("B15", lambda t: "\n".join(line.split(",")[4] for line in t.split("\n") if line),
     E, "DELIM_NOT_FOUND", ("school",)),
    ("B16", lambda t: t.replace("\n", "\r\n", 4).rstrip("\n"), N, "LINE_ENDINGS", ("mixture",)),
    ("B17", lambda t: "\n".join("".join(cell.ljust(32) for cell in line.split(",")) for line in t.split("\n")),
     E, "DELIM_FIXED_WIDTH", ()),
    ("B17-tabs", lambda t: "\n".join("\t".join(cell.ljust(12) for cell in line.split(",")) for line in t.split("\n")),
     E, "DELIM_FIXED_WIDTH", ()),
    ("B18", lambda t: "\n".join([t.split("\n")[0], *(line + ",1" for line in t.split("\n")[1:] if line)]),
     E, "ROW_FIELD_COUNT", ("22", "21", "7 other")),
]  # fmt: skip

EQUAL = {"A01", "A02", "A03", "A03-be", "A08", "B01", "B03", "B07", "B08", "B09", "B10", "B12", "B14-before", "B16"}


@pytest.mark.parametrize(("id_", "spoil", "severity", "code", "words"), CASES, ids=[case[0] for case in CASES])
def test_catalogue(
    id_: str,
    spoil: Callable[[str], Content],
    severity: str,
    code: str,
    words: tuple[str, ...],
    table: Any,
    read: Callable[..., Intake],
    control: Intake,
) -> None:
    intake = read(spoil(table.text()))
    found = [finding for finding in intake.findings if finding.code == code]
    assert found, [finding.code for finding in intake.findings]
    assert found[0].severity == severity
    assert ("error" in {finding.severity for finding in intake.findings}) == (severity == E)
    text = " ".join(finding.en for finding in found)
    assert all(word in text for word in words), text
    if id_ in EQUAL:
        pd.testing.assert_frame_equal(
            intake.schools.drop(columns="source_row"), control.schools.drop(columns="source_row")
        )


def test_a04_bytes_that_are_both_encodings(table: Any, read: Callable[..., Intake]) -> None:
    """GBK 溪 is CF AA, 席 CF AF, 希 CF A3: each pair is a valid UTF-8 character too (of another script)."""
    name = "溪席希"
    assert name.encode("gbk").decode("utf-8")
    text = table.text().encode("ascii", "ignore").decode()
    header, *rows = text.split("\n")
    raw = b"\n".join([header.encode(), *(row.replace(",,2", f",{name},2").encode("gbk") for row in rows)])
    codes = {finding.code for finding in read(raw).findings}
    assert "ENC_UNCERTAIN" in codes


def test_accents_among_ascii_letters_are_certain_utf8(read: Callable[..., Intake], table: Any) -> None:
    """A Portuguese name is no doubt about the encoding: its accents stand beside ASCII letters."""
    text = table.text().encode("ascii", "ignore").decode().replace(",,2", ",São João,2")
    assert "ENC_UNCERTAIN" not in {finding.code for finding in read(text).findings}


def test_a16_no_dependence_on_the_locale(
    monkeypatch: pytest.MonkeyPatch, table: Any, read: Callable[..., Intake]
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    assert read(table, "学校 表.csv").findings == ()


def test_b11_each_file_has_its_own_delimiter(table: Any, read: Callable[..., Intake]) -> None:
    one, other = read(table.text(";"), "one.csv"), read(table.text("\t"), "other.tsv")
    pd.testing.assert_frame_equal(one.schools, other.schools)


def test_never_a_shifted_column(table: Any, read: Callable[..., Intake]) -> None:
    """The row with one comma too many is not among the schools, and the others keep their values."""
    intake = read(spoilt(table.text(), 5, "柳林乡小学", "柳林乡,小学"))
    assert list(intake.excluded["reason"]) == ["unreadable_row"]
    assert 5 not in set(intake.schools["source_row"])
    assert intake.source.rows_in == len(intake.schools) + len(intake.excluded) == 8


def test_a_long_column_of_open_quotes_stays_linear(read: Callable[..., Intake], table: Any) -> None:
    """Every line opens a quote: each is named, none swallows the rest (counted: 8)."""
    header, *rows = table.text().split("\n")
    text = "\n".join([header, *(row.replace("示例县第", '"示例县第').replace("示例县,", '"示例县,') for row in rows)])
    codes = [finding.code for finding in read(text).findings]
    assert codes.count("CSV_QUOTE") >= 1
