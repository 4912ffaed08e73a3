"""The bundled font: complete, licensed, small enough, found without any system font."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from balancelab.page import fonts
from balancelab.page.marks import MARKS

FOLDER = Path(fonts.__file__).parent


def test_every_sign_that_we_print_exists_in_both_weights() -> None:
    signs = "".join(mark.zh + mark.en + mark.glyph + mark.sign for mark in MARKS.values())
    printed = signs + "〓—−²㎡≥≤±×÷≈·“”‘’（）〔〕《》、。，；：？！…‰%" + "0123456789"
    assert fonts.missing_glyphs(printed, path=fonts.REGULAR) == ""
    assert fonts.missing_glyphs(printed, path=fonts.BOLD) == ""


def test_regular_holds_the_whole_font() -> None:
    # other program: fontTools 4.68 counts 30,890 code points in the source font, version 2.004-H2
    assert len(fonts.characters(fonts.REGULAR)) == 30_890
    # 㙟 and 鄠 stand in real place names and are not in GB 2312
    assert fonts.missing_glyphs("㙟鄠䶮祎珺") == ""


def test_bold_holds_gb2312() -> None:
    table = []
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                table.append(bytes((high, low)).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    # published: GB 2312-80 has 6,763 Chinese characters
    assert len(table) == 6763
    assert fonts.missing_glyphs("".join(table), path=fonts.BOLD) == ""


def test_licence_and_origin_lie_beside_the_files() -> None:
    licence = (FOLDER / "OFL.txt").read_text(encoding="utf-8")
    assert "Copyright (c) 2014-2021 Adobe" in licence.splitlines()[0]
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in (fonts.REGULAR, fonts.BOLD):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in readme


def test_compressed_size_leaves_room_in_the_wheel() -> None:
    # a wheel is a zip: deflate; the whole wheel may have 12 MB
    assert sum(len(zlib.compress(path.read_bytes(), 6)) for path in (fonts.REGULAR, fonts.BOLD)) < 10_000_000


def test_missing_characters_are_listed_once() -> None:
    """Catalogue N07."""
    assert fonts.missing_glyphs("𠮷小𠮷😀\n") == "𠮷😀"
    assert fonts.replace_missing("𠮷小𠮷") == "〓小〓"


def test_a_system_font_of_the_same_name_does_not_win(monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.font_manager import FontEntry, FontProperties, findfont, fontManager

    other = next(entry for entry in fontManager.ttflist if entry.name == "DejaVu Sans")
    namesake = FontEntry(fname=other.fname, name=fonts.FAMILY, weight=400, size="scalable")
    monkeypatch.setattr(fontManager, "ttflist", [namesake])
    fonts.register()
    assert findfont(FontProperties(family=fonts.FAMILY)) == str(fonts.REGULAR)


@pytest.mark.slow
def test_no_system_font_is_needed_and_nothing_is_left_behind(tmp_path: Path) -> None:
    """Catalogue N07."""
    config = tmp_path / "fonts.conf"
    dejavu = tmp_path / "only"
    dejavu.mkdir()
    config.write_text(f'<?xml version="1.0"?><fontconfig><dir>{dejavu}</dir></fontconfig>', encoding="utf-8")
    code = """
import json, warnings
warnings.simplefilter("error")
import matplotlib as mpl
from matplotlib.font_manager import FontProperties, fontManager, findfont
from balancelab.page import Page, theme
before = dict(mpl.rcParams)
page = Page("zh")
with theme.style():
    found = [findfont(FontProperties()), findfont(FontProperties(weight="bold"))]
    figure = theme.new_figure(4, 3)
    figure.subplots().set_title("义务教育优质均衡", weight="bold")
page.figure(figure, caption_zh="图", caption_en="F", alt_zh="图", alt_en="F")
print(json.dumps({"found": found, "same": dict(mpl.rcParams) == before, "kinds": [b.kind for b in page.blocks]}))
"""
    environment = {
        **os.environ,
        "FONTCONFIG_FILE": str(config),
        "MPLCONFIGDIR": str(tmp_path / "mpl"),
        "HOME": str(tmp_path),
    }
    # two runs: the first builds matplotlib's own cache, the second must find it as it was
    hashes = []
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, cwd=tmp_path
        )
        told = json.loads(run.stdout)
        assert told == {"found": [str(fonts.REGULAR), str(fonts.BOLD)], "same": True, "kinds": ["figure"]}
        assert "findfont" not in run.stderr
        cache = list((tmp_path / "mpl").glob("fontlist*.json"))
        hashes.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in cache])
        assert all("NotoSansSC" not in path.read_text(encoding="utf-8") for path in cache)
    assert hashes[0] == hashes[1]
