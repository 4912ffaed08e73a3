"""Columns that say who and what a row is: codes and labels. Codes stay text; labels become ids by table only."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from balancelab.intake.amounts import SPECIAL_CODES
from balancelab.intake.body import Body
from balancelab.intake.columns import Column
from balancelab.intake.findings import printable
from balancelab.intake.schema import Field, folded, load_schema

FULLWIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\u202a-\u202e\u2066-\u2069\ufeff\ufe00-\ufe0f]")
BLANKS = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SCIENTIFIC = re.compile(r"[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+")
_FLOATED = re.compile(r"([0-9]+)\.0+")
_COUNTY_DIGITS = 6
_EXACT_DIGITS = 15


def read_codes(body: Body, column: Column) -> Any:
    """
    Return a column of codes as text, null where missing or refused.

    Leading zeros stay; full-width digits, blanks inside, an apostrophe and ``.0`` are put right and logged; what has
    lost digits is refused.
    """
    if column.from_name:
        return _codes_of_names(body, column)
    texts, special, known = body.texts(column), body.special(column), column.field
    numbers = body.numbers(column)
    if numbers is None and not special and _all_plain(texts, known, national=body.schema.national):
        body.missing[column.name] = (np.zeros(len(body), dtype=bool), {})
        return texts
    unique, which = encoded_once(texts)
    settled = [_code(text, known, national=body.schema.national) for text in unique]
    values = np.array([value for value, _, _ in settled] or [None], dtype=object)
    faults = np.array([fault for _, fault, _ in settled] or [""], dtype=object)
    codes, fault_of = values[which], faults[which]
    if numbers is not None:
        _note_number_codes(body, column, texts, codes, fault_of, numbers)
    note_special(body, column, texts, special)
    for at in special:
        codes[at], fault_of[at] = None, "special"
    _note_bad_codes(body, column, texts, fault_of)
    _note_code_changes(body, column, texts, codes, [rule for _, _, rule in settled], which)
    gone = np.array([fault == "missing" for fault in fault_of], dtype=bool)
    body.missing[column.name] = (gone, {})
    codes[fault_of != ""] = None
    return pa.array(codes, pa.string(), from_pandas=True)


def code_of_name(name: str) -> str:
    """
    Return the code that a column map makes of a name: letters and digits stay, everything else becomes ``-``.

    >>> code_of_name("Dar es  Salaam CC")
    'Dar-es-Salaam-CC'
    """
    return re.sub(r"[^0-9A-Za-z]", "-", _one_spaced(name))


def _one_spaced(name: str) -> str:
    return BLANKS.sub(" ", INVISIBLE.sub("", unicodedata.normalize("NFKC", name))).strip()


def read_labels(body: Body, column: Column, mapped: Mapping[str, str]) -> Any:
    """
    Return a column of labels as ids, null where missing or refused.

    Parameters
    ----------
    body, column
    mapped : mapping
        A column map's labels (folded) → ids; they come before the schema's own.
    """
    texts, special, known = body.texts(column), body.special(column), column.field
    unique, which = encoded_once(texts)
    table = {**_label_table(known), **mapped}
    silent = {each for id_, entry in known.values.items() for each in _usual(id_, entry)}
    ids = [table.get(folded(text)) for text in unique]
    missing = np.array(
        [id_ is None and folded(text) in body.schema.missing for id_, text in zip(ids, unique, strict=True)]
    )
    unknown = np.array([id_ is None for id_ in ids], dtype=bool) & ~missing
    note_special(body, column, texts, special)
    gone, bad = missing[which].astype(bool), unknown[which].astype(bool)
    gone[list(special)] = False
    body.missing[column.name] = (gone, _signs(texts, gone))
    wrong = [at for at in np.flatnonzero(bad).tolist() if at not in special]
    allowed = (
        "、".join(entry["zh"] for entry in known.values.values()),
        ", ".join(known.values),
    )

    def add(at: int) -> None:
        raw = texts[at].as_py()
        near = _near_label(raw, known, table)
        body.faults.add("LABEL_UNKNOWN", row=int(body.rows[at]), column=known.name, raw=raw, allowed=allowed, near=near)

    body.each("LABEL_UNKNOWN", wrong, known.name, add)
    result = pa.array(ids, pa.string()).take(pa.array(which)) if unique else pa.array([], pa.string())
    _note_labels(body, column, texts, unique, ids, which, silent | set(_raw_keys(unique, mapped)))
    return result


def encoded_once(texts: Any) -> tuple[list[str], np.ndarray]:
    """Return the different texts, and which of them each cell is."""
    encoded = texts.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
        encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False)


def _codes_of_names(body: Body, column: Column) -> Any:
    texts, special, name = body.texts(column), body.special(column), column.name
    unique, which = encoded_once(texts)
    note_special(body, column, texts, special)
    gone = np.array([folded(text) in body.schema.missing for text in unique] or [False], dtype=bool)[which]
    gone[list(special)] = False
    codes = np.array([code_of_name(text) for text in unique] or [""], dtype=object)[which]
    fits = np.array([re.search("[0-9A-Za-z]", code) is not None for code in codes], dtype=bool)
    bad = np.flatnonzero(~fits & ~gone)

    def add(at: int) -> None:
        allowed = ("含有英文字母或数字的名称", "a name with Latin letters or digits")
        raw = texts[at].as_py()
        body.faults.add("CODE_INVALID", row=int(body.rows[at]), column=name, raw=raw, allowed=allowed)

    body.each("CODE_INVALID", [at for at in bad.tolist() if at not in special], name, add)
    held = np.flatnonzero(fits & ~gone)
    _note_same_code(body, column, texts, codes, held)
    if len(held):
        detail = ("按列名对照文件由名称生成", "made of the name, as the column map says")
        shown = next((at for at in held.tolist() if codes[at] != texts[at].as_py()), int(held[0]))
        raw, value = texts[shown].as_py(), codes[shown]
        body.faults.add(
            "CODE_NORMALISED", column=name, count=len(held), n=len(held), raw=raw, value=value, detail=detail
        )
        body.ledger.add(body.rows[held], name, texts.take(pa.array(held)), codes[held], "code of the name")
    codes[~fits | gone] = None
    codes[list(special)] = None
    body.missing[name] = (gone, {})
    return pa.array(codes, pa.string(), from_pandas=True)


def _note_same_code(body: Body, column: Column, texts: Any, codes: np.ndarray, held: np.ndarray) -> None:
    """Refuse two names that give one code, capital letters aside: a folder is named by the code."""
    first: dict[str, tuple[str, str, int]] = {}
    said: set[str] = set()
    for at in held.tolist():
        text = texts[at].as_py()
        name, key = _one_spaced(text), codes[at].casefold()
        other, raw, row = first.setdefault(key, (name, text, int(body.rows[at])))
        if other != name and key not in said:
            said.add(key)
            body.faults.add(
                "CODE_SHARED", row=int(body.rows[at]), column=column.name, raw=text, value=codes[at],
                other=printable(raw), line=row,
            )  # fmt: skip


def _all_plain(texts: Any, known: Field, *, national: bool) -> bool:
    """Whether every code has its plain form, seen in one pass; False where that cannot be said."""
    try:
        plain = pc.all(pc.match_substring_regex(texts, rf"^(?:{known.pattern or '.+'})$")).as_py()
    except pa.ArrowInvalid:
        # A pattern of a column map that Arrow's engine does not know; Python's reads it code by code.
        return False
    odd_end = national and known.name == "county_code" and pc.any(pc.ends_with(texts, "00")).as_py()
    return bool(plain) and not odd_end


def _code(text: str, known: Field, *, national: bool) -> tuple[str | None, str, tuple[str, str]]:
    """Return the code in its plain form, what is wrong with it ("" for nothing), and what was done."""
    pattern = known.pattern or ".+"
    if re.fullmatch(pattern, text):
        return text, _prefecture(text, known, national), ("", "")
    rules: list[tuple[str, str]] = []
    plain = INVISIBLE.sub("", text)
    if plain != text:
        rules.append(("去掉不可见字符", "invisible characters removed"))
    if _CONTROL.search(plain.strip()):
        return plain, "invalid", ("", "")
    narrow = plain.translate(FULLWIDTH)
    if narrow != plain:
        rules.append(("全角改半角", "full-width characters"))
    bare = BLANKS.sub("", narrow)
    if bare != narrow:
        rules.append(("去掉空格", "blanks removed"))
    if bare[:1] in "'’‘`" and len(bare) > 1:
        bare = bare[1:]
        rules.append(("去掉撇号", "apostrophe removed"))
    if not bare or not re.search(r"[0-9A-Za-z]", bare):
        return None, "missing", ("", "")
    if _SCIENTIFIC.fullmatch(bare) and not re.fullmatch(r"[0-9]*[eE][0-9]{0,2}", bare.replace(".", "x")):
        return bare, "scientific", ("", "")
    floated = _FLOATED.fullmatch(bare)
    if floated:
        bare = floated.group(1)
        rules.append(("去掉“.0”", "'.0' removed"))
    return _fitted(bare, pattern, known, national, rules)


def _fitted(
    bare: str, pattern: str, known: Field, national: bool, rules: list[tuple[str, str]]
) -> tuple[str | None, str, tuple[str, str]]:
    rule = ("、".join(zh for zh, _ in rules), ", ".join(en for _, en in rules))
    if re.fullmatch(pattern, bare):
        return bare, _prefecture(bare, known, national), rule
    if national and known.name == "county_code" and bare.isdigit() and len(bare) in (9, 12):
        first = bare[:_COUNTY_DIGITS]
        if re.fullmatch(pattern, first):
            return first, _prefecture(first, known, national), ("truncated", "truncated")
    return bare, "invalid", rule


def _prefecture(code: str, known: Field, national: bool) -> str:
    if not national or known.name != "county_code" or not code.endswith("00"):
        return ""
    return "" if code in load_schema().whole_city_codes else "prefecture"


def _note_number_codes(
    body: Body, column: Column, texts: Any, codes: np.ndarray, fault_of: np.ndarray, numbers: np.ndarray
) -> None:
    """A code in a number cell keeps 15 digits at most, and no leading zero."""
    cells = np.flatnonzero(numbers & (fault_of == ""))
    long = [at for at in cells if len(texts[int(at)].as_py()) > _EXACT_DIGITS]
    for at in long:
        fault_of[at] = "long"
    cells = cells[fault_of[cells] == ""]
    if not len(cells):
        return
    raw, value = texts[int(cells[0])].as_py(), codes[cells[0]]
    detail = ("代码存成了数值", "a code stored as a number")
    body.faults.add(
        "CODE_NORMALISED", column=column.name, count=len(cells), n=len(cells), raw=raw, value=value, detail=detail
    )
    body.ledger.add(body.rows[cells], column.name, texts.take(pa.array(cells)), codes[cells], "number to text")


def _note_bad_codes(body: Body, column: Column, texts: Any, fault_of: np.ndarray) -> None:
    name = column.name
    county = body.schema.national and name == "county_code"
    allowed = ("六位数字", "six digits") if county else ("字母和数字（1—20 位）", "1 to 20 letters and digits")
    if (column.field.pattern and not county and name != "school_code") or not body.schema.national:
        allowed = (column.field.pattern or "", column.field.pattern or "")
    details = {
        "scientific": ("是科学计数法", "is in scientific notation"),
        "long": ("存成了数值，超过 15 位的数字已变成 0", "was stored as a number, which keeps only 15 digits"),
    }
    for kind, code in (
        ("scientific", "CODE_DAMAGED"),
        ("long", "CODE_DAMAGED"),
        ("prefecture", "COUNTY_CONFLICT"),
        ("invalid", "CODE_INVALID"),
    ):

        def add(at: int, kind: str = kind, code: str = code) -> None:
            raw = texts[at].as_py()
            if kind == "prefecture":
                detail = (
                    f"“{raw}”是地（市、省）级代码，不是县级代码。",
                    f"“{printable(raw)}” is the code of a prefecture or province, not of a county.",
                )
            else:
                detail = details.get(kind, ("", ""))
            hint = _code_hint(raw) if county else ("", "")
            body.faults.add(
                code, row=int(body.rows[at]), column=name, raw=raw, detail=detail, allowed=allowed, hint=hint
            )

        body.each(code, np.flatnonzero(fault_of == kind), name, add)


def _code_hint(raw: str) -> tuple[str, str]:
    digits = raw.strip()
    if digits.isascii() and digits.isdigit() and len(digits) == _COUNTY_DIGITS - 1:
        return "；只有五位，可能丢了一位", "; it has five, one may be lost"
    return "", ""


def _note_code_changes(
    body: Body, column: Column, texts: Any, codes: np.ndarray, rules: list[tuple[str, str]], which: np.ndarray
) -> None:
    changed = np.array([rule != ("", "") for rule in rules] or [False], dtype=bool)[which]
    held = np.array([code is not None for code in codes], dtype=bool)
    truncated = np.array([rule[1] == "truncated" for rule in rules] or [False], dtype=bool)[which]
    for code, cells, rule in (
        ("CODE_TRUNCATED", np.flatnonzero(changed & truncated & held), "first six digits"),
        ("CODE_NORMALISED", np.flatnonzero(changed & ~truncated & held), "plain form"),
    ):
        if len(cells):
            raw, value = texts[int(cells[0])].as_py(), codes[cells[0]]
            detail = rules[which[cells[0]]]
            body.faults.add(
                code, column=column.name, count=len(cells), n=len(cells), raw=raw, value=value, detail=detail,
                length=len(raw.strip()),
            )  # fmt: skip
            body.ledger.add(body.rows[cells], column.name, texts.take(pa.array(cells)), codes[cells], rule)


def _label_table(known: Field) -> dict[str, str]:
    table: dict[str, str] = {}
    for id_, entry in known.values.items():
        for alias in entry["aliases"]:
            table.setdefault(folded(str(alias)), id_)
    for id_, entry in known.values.items():
        table.update(dict.fromkeys(map(folded, _usual(id_, entry)), id_))
    return table


def _usual(id_: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of a label that need no remark."""
    return (id_, entry["zh"], entry["en"], *entry.get("plain", ()))


def _raw_keys(unique: list[str], mapped: Mapping[str, str]) -> list[str]:
    return [text for text in unique if folded(text) in mapped]


def _near_label(raw: str, known: Field, table: Mapping[str, str]) -> tuple[str, str]:
    close = difflib.get_close_matches(folded(raw)[:60], list(table), n=1, cutoff=0.6)
    if not close:
        return "", ""
    id_ = table[close[0]]
    return f"；是否应为“{known.values[id_]['zh']}”？", f"; did you mean {id_}?"


def _note_labels(
    body: Body,
    column: Column,
    texts: Any,
    unique: list[str],
    ids: list[str | None],
    which: np.ndarray,
    silent: set[str],
) -> None:
    differs = np.array([id_ is not None and id_ != text for id_, text in zip(ids, unique, strict=True)] or [False])
    cells = np.flatnonzero(differs[which])
    if len(cells):
        values = pa.array(ids, pa.string()).take(pa.array(which[cells]))
        body.ledger.add(body.rows[cells], column.name, texts.take(pa.array(cells)), values, "label")
    counts = np.bincount(which, minlength=len(unique)) if len(which) else np.zeros(len(unique), int)
    said = [
        (text, id_, int(counts[at]))
        for at, (text, id_) in enumerate(zip(unique, ids, strict=True))
        if id_ and text not in silent
    ]
    if said:
        total = sum(count for _, _, count in said)
        pairs = "; ".join(f"“{printable(text)}” = {id_}" for text, id_, _ in said[:30])
        body.faults.add("LABEL_MAPPED", column=column.name, count=total, n=total, pairs=pairs)


def note_special(body: Body, column: Column, texts: Any, special: Mapping[int, str]) -> None:
    """Note error values, dates and formulas without a value in `column`."""
    for kind, code in SPECIAL_CODES.items():
        cells = [at for at, what in special.items() if what == kind]

        def add(at: int, code: str = code) -> None:
            body.faults.add(code, row=int(body.rows[at]), column=column.name, raw=texts[at].as_py())

        body.each(code, cells, column.name, add)


def _signs(texts: Any, gone: np.ndarray) -> dict[str, int]:
    signs = pc.value_counts(pc.utf8_trim_whitespace(texts.filter(pa.array(gone)))).to_pylist()
    return {sign["values"]: int(sign["counts"]) for sign in signs}
