"""
The school table's schema, as the program sees it.

The one place is ``data/datapackage.json`` (a Frictionless Table Schema with a few properties of balancelab's own); this
module only gives it a shape. A new header, label or unit is one entry there and no line here.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

Kind = Literal["year", "code", "text", "label", "count", "amount"]
"""How a column's cells are read: a year, a code, a name, a word of a list, a whole number, a number."""

_PACKAGE = Path(__file__).resolve().parents[1]
_INVISIBLE = re.compile(
    r"[\s\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
)
_BRACKETS = str.maketrans("[]{}【】〔〕", "()()()()")
_LOOSE = re.compile(r"[_\-*:、,，.。/]")


@dataclass(frozen=True)
class Field:
    """
    One column of the school table.

    Attributes
    ----------
    name : str
        Id; what every table of the package calls it.
    kind : str
        How its cells are read, see :data:`Kind`.
    label, description : mapping
        ``{"zh", "en"}``.
    unit : str or None
        Key of the schema's unit table.
    aliases : tuple of str
        Other headers under which the column is known.
    values : mapping
        For a label: id → ``{"zh", "en", "aliases"}``.
    plausible : tuple of float or None
        Bounds of the amount per student, for warnings only. [unit per student]
    """

    name: str
    kind: Kind
    label: Mapping[str, str]
    description: str = ""
    role: str = "amount"
    unit: str | None = None
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    aliases: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    subset_of: str | None = None
    blank_allowed: bool = False
    zero_suspect: bool = False
    plausible: tuple[float, float] | None = None
    in_schema: bool = True

    @property
    def numeric(self) -> bool:
        """Whether the clean column holds numbers (the year is an integer of its own)."""
        return self.kind in ("count", "amount")

    def plain_headers(self) -> frozenset[str]:
        """Return the header keys that need no remark: the id and the two labels."""
        return frozenset(header_key(text) for text in (self.name, *self.label.values()))

    def headers(self) -> frozenset[str]:
        """Return every header key that means this column."""
        return self.plain_headers() | {header_key(text) for text in self.aliases}


@dataclass(frozen=True)
class Schema:
    """The whole school table; see :class:`Field`."""

    fields: tuple[Field, ...]
    primary_key: tuple[str, ...]
    missing: frozenset[str]
    units: Mapping[str, Mapping[str, Fraction]]
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    ignored: frozenset[str]
    personal: tuple[str, ...]
    sensitive: tuple[str, ...]
    whole_city_codes: frozenset[str]
    national: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Column ids in the order of the schema."""
        return tuple(each.name for each in self.fields)

    def field(self, name: str) -> Field:
        """Return the field called `name`; raises KeyError where there is none."""
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        return found

    def find(self, name: str | None) -> Field | None:
        """Return the field called `name`, or None."""
        return next((each for each in self.fields if each.name == name), None)

    def unit_factor(self, unit: str | None, text: str) -> Fraction | None:
        """Return how many of `unit` one `text` is (``"万元"`` → 10000 yuan), or None where the two do not fit."""
        key = header_key(text)
        known = self.units.get(unit or "", {})
        return next((factor for name, factor in known.items() if header_key(name) == key), None)

    def unit_words(self, unit: str | None) -> tuple[str, str]:
        """Return what a unit is called, Chinese and English."""
        zh = next((name for name, factor in self.units.get(unit or "", {}).items() if factor == 1), unit or "")
        return zh, unit or ""

    def with_fields(self, fields: tuple[Field, ...], *, national: bool | None = None) -> Schema:
        """Return the schema with `fields` replacing those of the same name, new ones at the end."""
        new = {each.name: each for each in fields}
        kept = tuple(new.pop(each.name, each) for each in self.fields)
        return replace(
            self, fields=kept + tuple(new.values()), national=self.national if national is None else national
        )


@lru_cache(maxsize=8192)
def header_key(text: str) -> str:
    """
    Return the form in which two headers or labels are compared.

    Full-width and half-width, case, blanks, invisible characters, traditional characters of the form names and
    loose punctuation do not count; brackets become half-width.

    >>> header_key(" School_Code ") == header_key("schoolcode")
    True
    >>> header_key("教學儀器設備值（萬元）")
    '教学仪器设备值(万元)'
    """
    return _key(text, _variants())


def folded(text: str) -> str:
    """Return `text` in compatibility form without blanks and invisible characters, lower case: for comparing words."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()


@cache
def load_schema() -> Schema:
    """Read the schema that comes with the package (the wheel's copy, else the repository's)."""
    table = _descriptor()["resources"][0]["schema"]
    return Schema(
        fields=tuple(_field(entry) for entry in table["fields"]),
        primary_key=tuple(table["primaryKey"]),
        missing=frozenset(folded(token) for token in table["missingValues"]),
        units={
            unit: {name: Fraction(factor) for name, factor in known.items()} for unit, known in table["units"].items()
        },
        parts=tuple((entry["of"], tuple(entry["columns"])) for entry in table["parts"]),
        ignored=frozenset(header_key(text) for text in table["ignored"]),
        personal=tuple(table["personal"]),
        sensitive=tuple(table["sensitive"]),
        whole_city_codes=frozenset(table["wholeCityCodes"]),
    )


def schema_path() -> Path:
    """Return the schema file in use."""
    shipped = _PACKAGE / "shipped" / "data" / "datapackage.json"
    return shipped if shipped.exists() else _PACKAGE.parent / "data" / "datapackage.json"


@cache
def _descriptor() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(schema_path().read_text(encoding="utf-8"))
    return loaded


@cache
def _variants() -> dict[int, str]:
    return str.maketrans(_descriptor()["resources"][0]["schema"]["variants"])


def _key(text: str, variants: Mapping[int, str]) -> str:
    plain = folded(text).translate(variants)
    plain = plain.translate(_BRACKETS)
    return _LOOSE.sub("", plain)


def _field(entry: Mapping[str, Any]) -> Field:
    limits = entry.get("constraints", {})
    plausible = entry.get("plausible")
    return Field(
        name=entry["name"],
        kind=_kind(entry),
        label=entry["label"],
        description=entry.get("description", ""),
        role=entry["role"],
        unit=entry.get("unit"),
        required=limits.get("required", False),
        minimum=limits.get("minimum"),
        maximum=limits.get("maximum"),
        pattern=limits.get("pattern"),
        aliases=tuple(entry.get("aliases", ())),
        values=entry.get("values", {}),
        subset_of=entry.get("subsetOf"),
        blank_allowed=entry.get("blank") == "allowed",
        zero_suspect=entry.get("zeroSuspect", False),
        plausible=(float(plausible[0]), float(plausible[1])) if plausible else None,
    )


def _kind(entry: Mapping[str, Any]) -> Kind:
    if entry["name"] == "year":
        return "year"
    if "values" in entry:
        return "label"
    if entry["type"] == "string":
        return "code" if "pattern" in entry.get("constraints", {}) else "text"
    return "count" if entry["type"] == "integer" else "amount"
