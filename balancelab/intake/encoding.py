"""
From bytes to text: byte order mark, then strict UTF-8, then strict GB18030, and nothing else.

A file that fits neither, or both, or one in some lines and the other in others, is refused with the line: a character
that is guessed wrongly is a school with a wrong name.
"""

from __future__ import annotations

import codecs
import re

from balancelab.intake.files import Unreadable
from balancelab.intake.findings import Faults, printable, row_list

_UTF8_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_OTHERS = (("big5", "Big5"), ("shift_jis", "Shift-JIS"), ("euc_kr", "EUC-KR"), ("cp1252", "Windows-1252"))
_SAMPLE = 200_000
_PLAUSIBLE = 0.75
"""Share of a Chinese text's characters that lie in the common set (GB 2312) or are its punctuation; a text read in
the wrong encoding has 20 to 50 % there."""


def to_utf8(content: bytes, faults: Faults) -> tuple[bytes, str]:
    """
    Return the text of `content` as UTF-8 without a byte order mark, and the encoding it was in.

    Raises
    ------
    Unreadable
        After noting why, if the encoding is unknown, uncertain or mixed.
    """
    wide = _wide_encoding(content)
    if wide:
        return _from_wide(content, wide, faults), wide.upper()
    content, marks = _without_marks(content)
    if marks:
        faults.add("ENC_BOM", count=marks, n=marks)
    content = _without_nul(content, faults)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _not_utf8(content, error, faults)
    if not marks and not text.isascii():
        _check_certain(content, text, faults)
    return content, "UTF-8"


def _wide_encoding(content: bytes) -> str | None:
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) and len(content) % 4 == 0:
        return "utf-32"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = content[:4000]
    if len(head) < 8 or head.count(0) < len(head) // 4:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return "utf-16-le" if odd > 4 * even else "utf-16-be" if even > 4 * odd else None


def _from_wide(content: bytes, encoding: str, faults: Faults) -> bytes:
    try:
        text = content.decode(encoding).lstrip("\ufeff")
        encoded = text.encode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n\x00") + 1
        if "truncated" in error.reason or "end of data" in error.reason:
            faults.add("ENC_TRUNCATED", line=line)
        else:
            faults.add("ENC_INVALID", detail=(f"第 {line} 行", f"line {line}"))
        raise Unreadable from error
    faults.add("ENC_DETECTED", encoding=encoding.upper())
    return _without_nul(encoded, faults)


def _without_marks(content: bytes) -> tuple[bytes, int]:
    marks = 0
    while content.startswith(_UTF8_BOM):
        content, marks = content[3:], marks + 1
    return content, marks


def _without_nul(content: bytes, faults: Faults) -> bytes:
    first = content.find(b"\x00")
    if first < 0:
        return content
    line, start = content.count(b"\n", 0, first) + 1, content.rfind(b"\n", 0, first)
    faults.add("ENC_NUL", line=line, byte=first - start, n=content.count(b"\x00"))
    return content.replace(b"\x00", b"")


def _not_utf8(content: bytes, error: UnicodeDecodeError, faults: Faults) -> tuple[bytes, str]:
    """The strict GB18030 attempt, and what to say if that fails too."""
    tail_cut = "unexpected end" in error.reason and error.start >= len(content) - 3
    if tail_cut and _plausible(content[: error.start].decode("utf-8")) >= _PLAUSIBLE:
        faults.add("ENC_TRUNCATED", line=content.count(b"\n", 0, error.start) + 1)
        return content[: error.start], "UTF-8"
    _check_one_encoding(content, faults)
    first = content.count(b"\n", 0, error.start) + 1
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError as gb_error:
        if "incomplete" in gb_error.reason and gb_error.start >= len(content) - 4:
            faults.add("ENC_TRUNCATED", line=content.count(b"\n") + 1)
        else:
            faults.add("ENC_UNKNOWN", line=first, guess=_guess(content))
        raise Unreadable from gb_error
    share = _plausible(text[:_SAMPLE])
    if share < _PLAUSIBLE:
        guess = _guess(content, better_than=share)
        if guess[1] != _NO_GUESS[1]:
            faults.add("ENC_UNKNOWN", line=first, guess=guess)
            raise Unreadable
    faults.add("ENC_DETECTED", encoding="GB18030")
    return text.encode("utf-8"), "GB18030"


def _check_one_encoding(content: bytes, faults: Faults) -> None:
    """Refuse a file with lines of UTF-8 among lines that are not."""
    utf8: list[int] = []
    other: list[int] = []
    other_is_gb = True
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.isascii():
            continue
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            other.append(number)
            other_is_gb = other_is_gb and _plausible(_decoded(line, "gb18030")) > 0
            continue
        if _plausible(text) > _plausible(_decoded(line, "gb18030")):
            utf8.append(number)
    if not utf8 or not other:
        return
    if not other_is_gb or _SURROGATE.search(content):
        bad = other[0]
        what = ("孤立的代理项", "a lone surrogate") if _SURROGATE.search(content) else ("无效字节", "an invalid byte")
        faults.add("ENC_INVALID", detail=(f"第 {bad} 行有{what[0]}", f"{what[1]} in line {bad}"))
        raise Unreadable
    few, many = (utf8, "GB18030") if len(utf8) < len(other) else (other, "UTF-8")
    less = "UTF-8" if many == "GB18030" else "GB18030"
    lines = row_list(few, line=True)
    faults.add("ENC_MIXED", count=len(few), main=many, other=less, lines=lines, verb="is" if len(few) == 1 else "are")
    raise Unreadable


def _check_certain(content: bytes, text: str, faults: Faults) -> None:
    """Refuse a short file whose bytes are rare characters in UTF-8 and common ones in GB18030."""
    letters = [char for char in text[:_SAMPLE] if not char.isascii()]
    if len(letters) > 60 or any("\u3000" <= char <= "\u9fff" for char in letters):
        return
    as_gb = _decoded(content, "gb18030")
    runs = re.findall(r"(?<![A-Za-z])[^\x00-\x7f]{2,}(?![A-Za-z])", as_gb)
    if not runs or sum(map(len, runs)) < sum(1 for char in as_gb if not char.isascii()):
        return
    if _plausible(as_gb) >= _PLAUSIBLE > _plausible(text):
        utf8_runs = re.findall(r"[^\x00-\x7f]+", text)
        faults.add("ENC_UNCERTAIN", as_utf8=printable(utf8_runs[0]), as_gb=printable(runs[0]))
        raise Unreadable


_NO_GUESS = ("未知编码", "an unknown encoding")


def _guess(content: bytes, better_than: float = 0.0) -> tuple[str, str]:
    best, found = better_than + 0.2, _NO_GUESS
    for codec, name in _OTHERS:
        text = _decoded(content[: _SAMPLE + content[_SAMPLE : _SAMPLE + 4096].find(b"\n")], codec)
        share = _familiar(text, codec)
        if share > best:
            best, found = share, (name, name)
    return found


def _decoded(content: bytes, codec: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        return ""


def _plausible(text: str) -> float:
    """Share of the characters outside ASCII that a Chinese table would hold; 0 where there are none."""
    rare = [char for char in text[:_SAMPLE] if not char.isascii()]
    return sum(_is_common(char) for char in rare) / len(rare) if rare else 0.0


def _is_common(char: str) -> bool:
    if "\u3000" <= char <= "\u303f" or "\uff01" <= char <= "\uff5e" or char in "—…“”‘’·×㎡²℃":
        return True
    encoded = char.encode("gb2312", "ignore")
    return len(encoded) == 2 and 0xB0 <= encoded[0] <= 0xF7


def _familiar(text: str, codec: str) -> float:
    """Share of the characters outside ASCII that are frequent in the languages written in `codec`."""
    rare = [char for char in text if not char.isascii()]
    if not rare:
        return 0.0
    if codec == "big5":
        frequent = [char for char in rare if 0xA4 <= char.encode("big5", "ignore")[0] <= 0xC6]
    elif codec == "shift_jis":
        frequent = [c for c in rare if "\u3041" <= c <= "\u30fe" or 0x88 <= c.encode("shift_jis", "ignore")[0] <= 0x97]
        frequent = frequent if any("\u3041" <= char <= "\u30fe" for char in rare) else []
    elif codec == "euc_kr":
        frequent = [char for char in rare if "\uac00" <= char <= "\ud7a3"]
    else:
        frequent = [char for char in rare if char in "éèêëàâäáãåçñóòôöõúùûüíìîïßøæœ£€–’“”"]
    return len(frequent) / len(rare)
