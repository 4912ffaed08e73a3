"""Everything that a file says, whatever it is packed in; and the canaries that must not be among it."""

from __future__ import annotations

import base64
import binascii
import io
import re
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

_NUMBER = re.compile(r"(?<![\w.#])\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{80,}={0,2}")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_DIGITS = 5  # a number of fewer digits may be anything's


def texts_in(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Yield (where, text) of a file: members of archives, streams and words of a PDF, what is written as base64."""
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield from texts_in(f"{name}!{member}", archive.read(member))
        return
    if content[:5] == b"%PDF-":
        yield from _texts_of_pdf(name, content)
        return
    text = content.decode("utf-8", "replace")
    yield name, text
    if "\\u" in text:
        yield f"{name} (escapes)", re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    for found in _BASE64.findall(text):
        try:
            inside = base64.b64decode(found + "=" * (-len(found) % 4))
        except binascii.Error:
            continue
        if inside[:4] in (b"<svg", b"<?xm") or inside[:2] == b"PK" or inside[:5] == b"%PDF-":
            yield from texts_in(f"{name}#base64", inside)


def _texts_of_pdf(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    yield name, content.decode("latin-1")
    for stream in _STREAM.findall(content):
        try:
            yield f"{name}#stream", zlib.decompress(stream).decode("latin-1")
        except zlib.error:
            continue
    if shutil.which("pdftotext"):
        done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
        words = done.stdout.decode("utf-8")
        yield f"{name}#words", words
        yield f"{name}#words without spaces", re.sub(r"\s+", "", words)


def numbers_of(value: float, shown: str) -> set[str]:
    """Return a number as files write it: unrounded, and rounded as a reader sees it; short ones are nobody's."""
    keys = {key_of(f"{value:.12g}")}
    keys |= {key_of(found) for found in _NUMBER.findall(shown)}
    return {key for key in keys if _significant(key) >= _DIGITS}


def key_of(written: str) -> str:
    return f"{float(written.replace(',', '')):.7g}"


def _significant(key: str) -> int:
    return len(key.partition("e")[0].replace(".", "").strip("0"))


def found_in(where: str, text: str, words: set[str], numbers: set[str]) -> set[str]:
    """Return the canaries in a text; of a drawing's coordinates no number counts."""
    hits = {word for word in words if word in text}
    drawing = text.lstrip()[:200].find("<svg") >= 0 or "#stream" in where
    if not drawing:
        visible = re.sub(r"data:[a-z/+]+;base64,[A-Za-z0-9+/=]+", "", text)
        hits |= {key for written in _NUMBER.findall(visible) if (key := key_of(written)) in numbers}
    return hits


def canaries_in(folder: Path, words: set[str], numbers: set[str], *, pattern: str = "*") -> dict[str, set[str]]:
    """Search every file below a folder; return what was found by place."""
    hits: dict[str, set[str]] = {}
    for path in sorted(one for one in folder.rglob(pattern) if one.is_file()):
        for where, text in texts_in(path.name, path.read_bytes()):
            if found := found_in(where, text, words, numbers):
                hits[where] = hits.get(where, set()) | found
    return hits
