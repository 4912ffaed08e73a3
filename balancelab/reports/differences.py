"""In what two versions of one file differ: the first place, in words that a reader can find it by."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from balancelab.definitions import Text
from balancelab.reports.errors import text
from balancelab.reports.html import blocks_from_notebook

_SHOWN = 60
_ANCHOR = re.compile(r'id="b([0-9]+)"')
_NAMES = ("number", "caption", "title", "text", "heading")
_ZIPS = (".docx", ".xlsx", ".zip")


def difference(name: str, was: bytes, now: bytes) -> Text:
    """
    Say where two versions of a file first differ.

    Parameters
    ----------
    name : str
        Name of the file; its ending says how to look into it.
    was, now : bytes
        The versions, which differ.

    Returns
    -------
    Text
        The block, row and column of a report's numbers, the place in a page, the part of an Office document; the byte
        where nothing better can be said.

    Examples
    --------
    >>> difference("a.pdf", b"%PDF-1.7", b"%PDF-1.6")["en"]
    'byte 8 of 8: 37, 36 when made anew'
    """
    ending = "." + name.rpartition(".")[2]
    try:
        if ending in (".json", ".ipynb"):
            return in_numbers(json.loads(now), json.loads(was)) or _in_bytes(was, now)
        if ending == ".html":
            return _in_page(was.decode("utf-8"), now.decode("utf-8"))
        if ending in _ZIPS:
            return _in_archive(was, now)
    except (ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        pass  # damaged so that it is no such file any more: the byte says where
    return _in_bytes(was, now)


def blocks_of(content: Any) -> list[dict[str, Any]]:
    """Return the blocks of a results.json or an executed notebook."""
    return blocks_from_notebook(content) if "cells" in content else list(content["blocks"])


def in_numbers(now: Any, was: Any) -> Text | None:
    """
    Say where the blocks of two reports first differ, or their other JSON.

    Parameters
    ----------
    now, was : mapping
        results.json or executed notebooks, read.

    Returns
    -------
    Text or None
        None if they say the same.
    """
    now_blocks, was_blocks = blocks_of(now), blocks_of(was)
    for number, (block, before) in enumerate(zip(now_blocks, was_blocks, strict=False), start=1):
        if block != before:
            return _in_block(number, block, before)
    if len(now_blocks) != len(was_blocks):
        return text(
            f"区块数 {len(was_blocks)}，重算为 {len(now_blocks)}",
            f"{len(was_blocks)} blocks, {len(now_blocks)} when made anew",
        )
    found = _first(now, was)
    return None if found is None else _values("/".join(map(str, found[0])), found[2], found[1])


def _in_block(number: int, block: Mapping[str, Any], before: Mapping[str, Any]) -> Text:
    """The first difference within one block."""
    named = " ".join(str(before.get(key)) for key in _NAMES[:2] if before.get(key)) or str(before.get("kind"))
    where_zh, where_en = f"第 {number} 块（{named}）", f"block {number} ({named})"
    found = _first(block, before)
    path, new, old = found or ([], None, None)
    if len(path) == 3 and path[0] in ("rows", "marks"):
        columns, row = before["columns"], before["rows"][path[1]]
        label = columns[path[2]]["label"]
        whose = row[before.get("row_header") or 0]
        where_zh += f"“{whose}”行“{label}”列"
        where_en += f", row '{whose}', column '{label}'"
    elif path:
        where_zh, where_en = (f"{where} {'/'.join(map(str, path))}" for where in (where_zh, where_en))
    said = _values("", old, new)
    return text(f"{where_zh}：{said['zh']}", f"{where_en}: {said['en']}")


def _first(new: Any, old: Any, path: Sequence[str | int] = ()) -> tuple[list[str | int], Any, Any] | None:
    """Path and values of the first difference of two JSON values."""
    if isinstance(new, dict) and isinstance(old, dict):
        pairs = [(key, new.get(key), old.get(key)) for key in [*old, *(key for key in new if key not in old)]]
    elif isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        pairs = [(at, *both) for at, both in enumerate(zip(new, old, strict=True))]
    else:
        same = type(new) is type(old) and new == old
        return None if same else (list(path), new, old)
    for key, one, other in pairs:
        found = _first(one, other, [*path, key])
        if found is not None:
            return found
    return None


def _in_page(was: str, now: str) -> Text:
    place = _first_place(was, now)
    anchors = _ANCHOR.findall(was[:place])
    block_zh, block_en = (f"第 {anchors[-1]} 块", f"block {anchors[-1]}") if anchors else ("页首", "head of the page")
    said = _values("", was[place : place + _SHOWN], now[place : place + _SHOWN])
    return text(f"{block_zh}：{said['zh']}", f"{block_en}: {said['en']}")


def _in_archive(was: bytes, now: bytes) -> Text:
    with zipfile.ZipFile(io.BytesIO(was)) as before, zipfile.ZipFile(io.BytesIO(now)) as after:
        if before.namelist() != after.namelist():
            return _values("", ", ".join(before.namelist()), ", ".join(after.namelist()))
        for part in before.namelist():
            old, new = before.read(part), after.read(part)
            if old == new:
                continue
            if part.endswith(".json"):
                said = difference(part, old, new)
            else:
                place = _first_place(old, new)
                said = _values("", *(one[place : place + _SHOWN].decode("utf-8", "replace") for one in (old, new)))
            return text(f"{part}：{said['zh']}", f"{part}: {said['en']}")
    return _in_bytes(was, now)


def _in_bytes(was: bytes, now: bytes) -> Text:
    place = _first_place(was, now)
    old, new = (one[place : place + 1].hex() or "-" for one in (was, now))
    return text(
        f"第 {place + 1} 字节（共 {len(was)}）：{old}，重算为 {new}",
        f"byte {place + 1} of {len(was)}: {old}, {new} when made anew",
    )


def _first_place(was: Sequence[Any], now: Sequence[Any]) -> int:
    """First place where two texts differ."""
    low, high = 0, min(len(was), len(now))
    while low < high:  # a page of 10 MB is not to be walked letter by letter
        middle = (low + high + 1) // 2
        low, high = (middle, high) if was[:middle] == now[:middle] else (low, middle - 1)
    return low


def _values(path: str, old: Any, new: Any) -> Text:
    shown_old, shown_new = (_shown(value) for value in (old, new))
    at_zh, at_en = (f"{path}：", f"{path}: ") if path else ("", "")
    return text(f"{at_zh}{shown_old}，重算为 {shown_new}", f"{at_en}{shown_old}, {shown_new} when made anew")


def _shown(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return written if len(written) <= _SHOWN else written[:_SHOWN] + "…"
