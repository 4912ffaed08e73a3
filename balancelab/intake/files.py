"""From a path to bytes of a known kind; whatever is no table file is refused before anything is parsed."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from balancelab.intake.findings import Faults

MEGABYTE = 1 << 20
LARGEST_TEXT = 2048 * MEGABYTE
LARGEST_WORKBOOK = 512 * MEGABYTE
LARGEST_EXPANDED = 2048 * MEGABYTE
LARGEST_RATIO = 200
"""Real sheets of repeated rows reach 50 to 1; a compression bomb needs 1,000 to 1."""

ZIP_FAULTS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
"""What reading a damaged archive may raise."""

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".tab", "")
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".et", ".xltx", ".xltm")
PARQUET_SUFFIXES = (".parquet", ".pq")
_WORKBOOK_KINDS = {"xlsx", "xls", "xlsb", "ods"}

_CONTENT = {
    "text": ("CSV 文本", "plain text (csv)"),
    "html": ("网页（HTML）", "an HTML page (html)"),
    "xml": ("XML 文件", "an XML file"),
    "xlsx": ("Excel 工作簿（xlsx）", "an Excel workbook (xlsx)"),
    "xlsb": ("Excel 二进制工作簿（xlsb）", "a binary Excel workbook (xlsb)"),
    "xls": ("Excel 97-2003 工作簿（xls）", "an Excel 97-2003 workbook (xls)"),
    "ods": ("OpenDocument 表格（ods）", "an OpenDocument spreadsheet (ods)"),
    "parquet": ("Parquet 文件", "a Parquet file"),
    "gzip": ("gzip 压缩文件", "a gzip archive"),
    "zip": ("zip 压缩文件", "a zip archive"),
    "doc": ("Word 文档", "a Word document"),
    "pdf": ("PDF 文件", "a PDF file"),
    "image": ("图片", "a picture"),
    "archive": ("压缩文件", "an archive"),
    "program": ("程序文件", "a program"),
    "pickle": ("Python pickle 文件", "a Python pickle"),
}

_MAGIC = (
    (b"PAR1", "parquet"),
    (b"\x1f\x8b", "gzip"),
    (b"%PDF", "pdf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!", "archive"),
    (b"\xfd7zXZ", "archive"),
    (b"BZh9", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"\x7fELF", "program"),
    (b"MZ\x90", "program"),
    (b"{\\rtf", "doc"),
)


class Unreadable(Exception):  # noqa: N818 - control flow inside the door
    """Nothing further can be read; the reason is among the findings already."""


@dataclass(frozen=True)
class Opened:
    """A file's bytes, unpacked where it was gzip, and what they are: text, xlsx, xlsb, xls, ods or parquet."""

    name: str
    kind: str
    content: bytes
    sha256: str
    size_bytes: int


def open_file(path: Path, faults: Faults) -> Opened:
    """
    Read `path` whole and find out what it is, by content first and by name second.

    Raises
    ------
    Unreadable
        After noting why, if it is no regular file, too large, empty, encrypted, incomplete, or not a table.
    """
    content = _bytes_of(path, faults)
    digest, size = hashlib.sha256(content).hexdigest(), len(content)
    suffix = path.suffix.lower()
    if suffix == ".gz" and content[:2] == b"\x1f\x8b":
        content, suffix = _gunzip(content, faults), Path(path.stem).suffix.lower()
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        _refuse_empty(content, faults)
    kind = _kind(content, suffix)
    _check_kind(kind, suffix, content, faults)
    return Opened(path.name, kind, content, digest, size)


def check_zip(content: bytes, faults: Faults) -> zipfile.ZipFile:
    """
    Return the zip archive `content` after looking at what it would expand to.

    Raises
    ------
    Unreadable
        If it is cut short, expands beyond :data:`LARGEST_EXPANDED` or by more than :data:`LARGEST_RATIO`.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = archive.infolist()
    except ZIP_FAULTS as error:
        faults.add("FILE_CORRUPT", kind="xlsx", detail=("压缩目录缺失", f"the archive's directory is missing: {error}"))
        raise Unreadable from error
    expanded = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    worst = max((m.file_size / max(1, m.compress_size) for m in members if m.file_size > 10 * MEGABYTE), default=0.0)
    if expanded > LARGEST_EXPANDED or max(worst, expanded / packed if expanded > MEGABYTE * 10 else 0) > LARGEST_RATIO:
        ratio = round(max(worst, expanded / packed))
        size = f"{expanded // MEGABYTE} MB, 1 : {ratio}"
        faults.add("FILE_BOMB", detail=size)
        raise Unreadable
    if any(member.flag_bits & 1 for member in members):
        faults.add("FILE_ENCRYPTED")
        raise Unreadable
    return archive


def content_words(kind: str) -> tuple[str, str]:
    """Return what `kind` is called, Chinese and English."""
    return _CONTENT.get(kind, (kind, kind))


def _bytes_of(path: Path, faults: Faults) -> bytes:
    if path.name.startswith("~$") or path.name.startswith(".~lock."):
        faults.add("FILE_LOCK")
        raise Unreadable
    try:
        before = path.stat()
        _check_regular(before, path, faults)
        content = path.read_bytes()
        after = path.stat()
    except FileNotFoundError as error:
        faults.add("FILE_NOT_FOUND")
        raise Unreadable from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        faults.add("FILE_UNREADABLE", detail=reason)
        raise Unreadable from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(content) != after.st_size:
        faults.add("FILE_CHANGED")
        raise Unreadable
    lock = path.with_name("~$" + path.name)
    if path.suffix.lower() in WORKBOOK_SUFFIXES and lock.exists():
        faults.add("FILE_OPEN_ELSEWHERE", raw=lock.name)
    return content


def _check_regular(status: os.stat_result, path: Path, faults: Faults) -> None:
    kinds = (
        (stat.S_ISDIR, ("文件夹", "a folder")),
        (stat.S_ISFIFO, ("管道", "a pipe")),
        (stat.S_ISCHR, ("设备", "a device")),
        (stat.S_ISBLK, ("设备", "a device")),
        (stat.S_ISSOCK, ("套接字", "a socket")),
    )
    for is_kind, words in kinds:
        if is_kind(status.st_mode):
            faults.add("FILE_NOT_REGULAR", kind=words)
            raise Unreadable
    held = getattr(status, "st_blocks", None)
    if held is not None and status.st_size > 50 * MEGABYTE and held * 512 < status.st_size // 10:
        faults.add("FILE_NOT_REGULAR", kind=("空洞文件", "a sparse file"))
        raise Unreadable
    limit = LARGEST_WORKBOOK if path.suffix.lower() in WORKBOOK_SUFFIXES else LARGEST_TEXT
    if status.st_size > limit:
        faults.add("FILE_TOO_LARGE", size=status.st_size // MEGABYTE, limit=limit // MEGABYTE)
        raise Unreadable


def _gunzip(content: bytes, faults: Faults) -> bytes:
    parts: list[bytes] = []
    size, rest = 0, content
    try:
        while rest[:2] == b"\x1f\x8b":
            member = zlib.decompressobj(31)
            while not member.eof:
                part = member.decompress(rest, 8 * MEGABYTE)
                rest = member.unconsumed_tail if not member.eof else member.unused_data
                size += len(part)
                if size > LARGEST_TEXT or (size > 32 * MEGABYTE and size > LARGEST_RATIO * len(content)):
                    faults.add("FILE_BOMB", detail=f"> {size // MEGABYTE} MB, 1 : {size // len(content)}")
                    raise Unreadable
                if not part and not rest and not member.eof:
                    raise zlib.error("cut short")
                parts.append(part)
    except zlib.error as error:
        faults.add("FILE_CORRUPT", kind="gzip", detail=str(error))
        raise Unreadable from error
    return b"".join(parts)


def _refuse_empty(content: bytes, faults: Faults) -> None:
    if not content:
        detail = ("0 字节", "it has 0 bytes")
    elif content.strip(b"\xef\xbb\xbf\xff\xfe") == b"":
        detail = ("只有字节顺序标记", "it holds only a byte order mark")
    elif b"\x00" in content:
        detail = ("只有空字节", "it holds only NUL bytes")
    else:
        detail = ("只有空白", "it holds only blanks")
    faults.add("FILE_EMPTY", detail=detail)
    raise Unreadable


def _kind(content: bytes, suffix: str) -> str:
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _zip_kind(content, suffix)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls" if _has(content, "Workbook") or _has(content, "Book") else _ole_kind(content)
    if content[:2] in (b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        return "pickle"
    head = content[:2048].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if head.startswith((b"<html", b"<!doctype html", b"<table", b"<head", b"<meta", b"<div", b"<script")):
        return "html"
    if head.startswith(b"<?xml"):
        return "html" if b"<html" in head else "xml"
    return "text"


def _zip_kind(content: bytes, suffix: str) -> str:
    names = content
    if b"xl/workbook.bin" in names:
        return "xlsb"
    if b"xl/workbook.xml" in names or b"xl/worksheets" in names:
        return "xlsx"
    is_open_document = b"content.xml" in names and b"META-INF/manifest.xml" in names
    if b"application/vnd.oasis.opendocument.spreadsheet" in names[:200] or (is_open_document and suffix == ".ods"):
        return "ods"
    if b"word/document.xml" in names:
        return "doc"
    # Cut short so early that no name is left to tell: what the name says is the best guess.
    return "xlsx" if suffix in WORKBOOK_SUFFIXES and len(content) < 1000 else "zip"


def _ole_kind(content: bytes) -> str:
    if _has(content, "EncryptedPackage"):
        return "encrypted"
    return "doc" if _has(content, "WordDocument") else "ole"


def _has(content: bytes, stream: str) -> bool:
    return stream.encode("utf-16-le") in content


def _check_kind(kind: str, suffix: str, content: bytes, faults: Faults) -> None:
    if kind == "encrypted" or (kind == "xls" and _has(content, "EncryptedPackage")):
        faults.add("FILE_ENCRYPTED")
        raise Unreadable
    if kind == "text" and suffix == ".parquet":
        faults.add("FILE_CORRUPT", kind="Parquet", detail=("开头没有 PAR1 标记", "it does not begin with PAR1"))
        raise Unreadable
    fits = (
        (kind == "text" and (suffix in TEXT_SUFFIXES or suffix not in (*WORKBOOK_SUFFIXES, ".parquet", ".gz")))
        or (kind in _WORKBOOK_KINDS and suffix in WORKBOOK_SUFFIXES)
        or (kind == "parquet" and suffix in PARQUET_SUFFIXES)
    )
    if not fits:
        known = kind in ("text", "parquet", *_WORKBOOK_KINDS)
        if known or suffix in (*TEXT_SUFFIXES, *WORKBOOK_SUFFIXES, ".parquet", ".gz"):
            faults.add("FILE_TYPE_MISMATCH", suffix=suffix or "-", content=content_words(kind))
        else:
            faults.add("FILE_UNSUPPORTED", detail=content_words(kind))
        raise Unreadable
    expected = {".xls": "xls", ".et": "xls", ".xlsb": "xlsb", ".ods": "ods"}.get(suffix, "xlsx")
    if kind in _WORKBOOK_KINDS and kind != expected:
        faults.add("FILE_TYPE_DETECTED", suffix=suffix, content=content_words(kind))
