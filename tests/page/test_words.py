"""Words: pairs, overlays, unknown languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from balancelab.page import Page, words


@pytest.fixture
def french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "fr.toml").write_text(
        '"School" = "École"\n"{n} schools" = "{n} établissements"\n"Table {number}" = "Tableau {number}"\n'
        '"Not met" = "Non atteint"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(words, "LOCALES", tmp_path)
    words.overlay.cache_clear()
    yield "fr"
    words.overlay.cache_clear()


def test_a_pair_needs_both_languages() -> None:
    with pytest.raises(ValueError, match="'en' is missing"):
        words.choose({"zh": "学校"}, "zh")
    with pytest.raises(ValueError, match="'zh' is missing"):
        words.choose({"zh": " ", "en": "School"}, "en")


def test_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'xx'.*zh, en"):
        Page("xx")


def test_a_third_language_is_one_file(french: str) -> None:
    page = Page(french)
    page.say(zh="{n} 所", en="{n} schools", n=3)
    page.say(zh="无", en="Nothing here.")
    page.verdict("未达标", "Fails", "failed")
    # the overlay's words where it has them, English where it lacks them
    assert [block.payload["text"] for block in page.blocks] == ["3 établissements", "Nothing here.", "Fails"]
    assert page.blocks[2].payload["word"] == "Non atteint"
    assert page.word({"zh": "学校", "en": "School"}) == "École"


def test_gaps_are_listed_once_in_order(french: str) -> None:
    assert words.missing_words(french, ["Pupil", "School", "Class", "Pupil"]) == ["Pupil", "Class"]
    assert words.missing_words("zh", ["Pupil"]) == []


def test_an_overlay_entry_that_is_no_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "de.toml").write_text('"School" = 3\n', encoding="utf-8")
    monkeypatch.setattr(words, "LOCALES", tmp_path)
    words.overlay.cache_clear()
    with pytest.raises(ValueError, match=r"de\.toml.*School"):
        words.choose({"zh": "学校", "en": "School"}, "de")
    words.overlay.cache_clear()
