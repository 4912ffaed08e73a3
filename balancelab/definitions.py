"""
Definition files (TOML): read exactly, checked whole, refused with every mistake named at once.

Indicators and standards are data (``indicators.toml``, ``standards/*.toml``, or files of the user's own). Decimal
numbers are read as :class:`decimal.Decimal`, so that a limit of 0.9 is nine tenths and not the nearest binary fraction.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

Text = Mapping[str, str]
"""A human-readable text in every language that it is written in: ``{"zh": …, "en": …}``."""

LARGEST_FILE = 4_000_000
"""No definition file is larger; the largest that comes with the package has 40 kB. [bytes]"""

_KINDS: dict[str, tuple[type, ...]] = {
    "a text": (str,),
    "a number": (int, Decimal),
    "a whole number": (int,),
    "true or false": (bool,),
    "a list": (list,),
    "a table": (dict,),
}


class InvalidDefinition(ValueError):  # noqa: N818 - it names what the user's file is
    """
    A definition file that cannot be used.

    Attributes
    ----------
    faults : tuple of dict
        Each ``{"zh": …, "en": …}``: file, line, what is wrong, what is allowed.
    """

    def __init__(self, faults: Iterable[Text]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{fault['zh']}\n{fault['en']}" for fault in self.faults))


@dataclass
class Checker:
    """Reads one definition file and collects every fault in it."""

    path: Path
    source: str = ""
    faults: list[Text] = field(default_factory=list)

    def read(self) -> dict[str, Any]:
        """Return the parsed file, or raise :class:`InvalidDefinition` where it is not TOML at all."""
        if self.path.suffix.lower() != ".toml":
            raise InvalidDefinition([_not_toml(self.path)])
        if self.path.exists() and (not self.path.is_file() or self.path.stat().st_size > LARGEST_FILE):
            raise InvalidDefinition([_no_definition(self.path)])
        try:
            self.source = self.path.read_text(encoding="utf-8-sig")
            return tomllib.loads(self.source, parse_float=Decimal)
        except UnicodeDecodeError as error:
            raise InvalidDefinition([_not_utf8(self.path)]) from error
        except tomllib.TOMLDecodeError as error:
            text = {
                "zh": f"{self.path.name}：不是有效的 TOML 文件（{error}）。",
                "en": f"{self.path.name}: not a valid TOML file ({error}).",
            }
            raise InvalidDefinition([text]) from error

    def fault(self, where: str, zh: str, en: str) -> None:
        """Note one mistake at the dotted key `where`."""
        line = self._line_of(where)
        at_zh, at_en = (f"第 {line} 行 ", f"line {line} ") if line else ("", "")
        self.faults.append(
            {"zh": f"{self.path.name} {at_zh}[{where}]：{zh}", "en": f"{self.path.name} {at_en}[{where}]: {en}"}
        )

    def keys(
        self, table: Mapping[str, Any], where: str, *, required: Iterable[str], optional: Iterable[str] = ()
    ) -> None:
        """Every key of `table` is known, and every required one is there."""
        known = [*required, *optional]
        for key in table:
            if key not in known:
                near_zh, near_en = nearest(key, known)
                self.fault(f"{where}.{key}".lstrip("."), f"未知的键“{key}”{near_zh}", f"unknown key '{key}'{near_en}")
        for key in required:
            if key not in table:
                self.fault(where or "top", f"缺少“{key}”", f"'{key}' is missing")

    def typed(self, table: Mapping[str, Any], key: str, kind: str, where: str, default: Any = None) -> Any:
        """Return ``table[key]`` when it is of the kind named, else note the fault and return `default`."""
        if key not in table:
            return default
        value = table[key]
        allowed = _KINDS[kind]
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            self.fault(
                f"{where}.{key}".lstrip("."), f"应为{_ZH[kind]}，现为 {value!r}", f"must be {kind}, is {value!r}"
            )
            return default
        if isinstance(value, Decimal) and not value.is_finite():
            self.fault(
                f"{where}.{key}".lstrip("."), f"应为有限的数，现为 {value}", f"must be a finite number, is {value}"
            )
            return default
        return value

    def text(self, table: Mapping[str, Any], key: str, where: str) -> Text:
        """Return the pair ``{"zh", "en"}`` at `key`; an absent one is noted by :meth:`keys`."""
        value = table.get(key, {})
        at = f"{where}.{key}".lstrip(".")
        if not isinstance(value, dict) or any(not isinstance(part, str) for part in value.values()):
            self.fault(at, '应写作 { zh = "…", en = "…" }', 'must be { zh = "…", en = "…" }')
            return {"zh": "", "en": ""}
        if key in table and not {"zh", "en"} <= set(value):
            self.fault(at, "中文（zh）和英文（en）都要写", "both zh and en are needed")
        return {"zh": value.get("zh", ""), "en": value.get("en", "")}

    def texts(self, table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
        """Return a list of texts as a tuple."""
        value = self.typed(table, key, "a list", where, [])
        if any(not isinstance(part, str) for part in value):
            self.fault(f"{where}.{key}".lstrip("."), "列表中应全为文本", "must be a list of texts")
            return ()
        return tuple(value)

    def tables(self, table: Mapping[str, Any], key: str) -> dict[str, dict[str, Any]]:
        """Return the tables that the table at `key` holds; what is none is noted and left out."""
        found = self.typed(table, key, "a table", "", {})
        return {name: found[name] for name in found if self.typed(found, name, "a table", key) is not None}

    def rows(self, table: Mapping[str, Any], key: str, where: str) -> list[dict[str, Any]]:
        """Return the tables that the list at `key` holds; what is none is noted and left out."""
        listed = self.typed(table, key, "a list", where, [])
        found = [part for part in listed if isinstance(part, dict)]
        if len(found) < len(listed):
            self.fault(f"{where}.{key}", "列表中应全为表", "must be a list of tables")
        return found

    def done(self) -> None:
        """Raise everything that was found."""
        if self.faults:
            raise InvalidDefinition(self.faults)

    def _line_of(self, where: str) -> int | None:
        key = where.rsplit(".", 1)[-1]
        pattern = re.compile(
            rf'^\s*(\[+[^\]]*\b{re.escape(key)}\]|"?{re.escape(key)}"?\s*=|.*\{{.*\b{re.escape(key)}\s*=)'
        )
        return next((number for number, line in enumerate(self.source.splitlines(), 1) if pattern.match(line)), None)


def nearest(name: str, known: Iterable[str]) -> tuple[str, str]:
    """
    Return the hint that names the nearest known word, in Chinese and English.

    >>> nearest("backbon_teachers", ["backbone_teachers", "books"])[1]
    "; did you mean 'backbone_teachers'?"
    """
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"；是否应为“{close[0]}”？", f"; did you mean '{close[0]}'?"
    listed = "、".join(known[:30]), ", ".join(known[:30])
    return f"；可用：{listed[0]}", f"; known: {listed[1]}"


def shipped(folder: Literal["standards"]) -> dict[str, Path]:
    """Return the definition files that come with the package: id (file stem) → path."""
    return {path.stem: path for path in sorted((Path(__file__).parent / folder).glob("*.toml"))}


_ZH = {
    "a text": "文本",
    "a number": "数",
    "a whole number": "整数",
    "true or false": "true 或 false",
    "a list": "列表",
    "a table": "表",
}


def _no_definition(path: Path) -> Text:
    return {
        "zh": f"{path.name}：不是普通文件，或超过 {LARGEST_FILE // 1_000_000} MB，不是定义文件，未读取。",
        "en": f"{path.name}: no regular file, or larger than {LARGEST_FILE // 1_000_000} MB, as no definition file is: "
        "it was not read.",
    }


def _not_utf8(path: Path) -> Text:
    return {
        "zh": f"{path.name}：定义文件须为 UTF-8 编码；请在编辑器中另存为 UTF-8。",
        "en": f"{path.name}: definition files are in UTF-8; save it as UTF-8 in your editor.",
    }


def _not_toml(path: Path) -> Text:
    return {
        "zh": f"{path.name}：定义文件须为 TOML（.toml）；YAML 等其他格式不读取，因其可能执行代码或悄悄改变数值。",
        "en": f"{path.name}: definition files are TOML (.toml); YAML and other formats are not read: "
        "they may run code or quietly change values.",
    }
