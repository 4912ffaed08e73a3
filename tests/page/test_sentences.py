"""Sentences: only names and number formats between braces, text literal, slips named."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balancelab.page import Page
from balancelab.page.sentences import fill, fill_pairs


def said(zh: str, en: str, **values: object) -> tuple[str, str]:
    texts = []
    for language in ("zh", "en"):
        page = Page(language)
        page.say(zh=zh, en=en, **values)
        texts.append(page.blocks[-1].payload["text"])
    return texts[0], texts[1]


def test_numbers_in_every_form() -> None:
    sentence = "{a:.3f} {b:,} {c:.1%} {d:+.2f} {e:+.2f} {f} {g:d} {h:,.1f}"
    values = {"a": 0.51526, "b": 31416, "c": 0.9871, "d": 0.4, "e": -0.4, "f": 7, "g": 3.0, "h": 9711.63}
    # hand: each rounded to the digits asked for
    assert said(sentence, sentence, **values)[1] == "0.515 31,416 98.7% +0.40 −0.40 7 3 9,711.6"


def test_missing_is_never_nan() -> None:
    assert said("{a:.2f}、{b}", "{a:.2f}, {b}", a=float("nan"), b=None) == ("—、—", "—, —")


def test_a_signed_zero_has_no_sign() -> None:
    assert fill("{a:+.2f}", {"a": 0.001}, "en") == "0.00"


def test_words_truth_and_dates() -> None:
    pair = {"zh": "小学", "en": "primary"}
    day = datetime.date(2024, 9, 1)
    assert said("{w} {t} {d}", "{w} {t} {d}", w=pair, t=np.bool_(False), d=day) == (
        "小学 否 2024-09-01",
        "primary no 2024-09-01",
    )


HOSTILE = ["{0.__class__}", "{county}", "{n:.3f}", "%s %(x)s", "{{7*7}}", "${x}", "{", "}", "{n", "\\{n}"]


@pytest.mark.parametrize("name", HOSTILE)
def test_text_is_put_in_as_it_is(name: str) -> None:
    assert said("{county}：{n}", "{county}: {n}", county=name, n=1)[0] == f"{name}：1"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(alphabet="{}ab0.:%$\\_!<>&甲", max_size=30))
def test_any_text_survives(name: str) -> None:
    assert fill("[{county}]", {"county": name}, "zh") == f"[{name}]"


@pytest.mark.parametrize(
    "sentence",
    ["{a.real}", "{a[0]}", "{a!r}", "{}", "{0}", "{a:>10}", "{a:{b}}", "{a:.3e}", "{ a }", "{a", "a}", "{a:.333f}"],
)
def test_nothing_else_is_read_between_braces(sentence: str) -> None:
    with pytest.raises(ValueError, match=r"cannot read|no value"):
        fill(sentence, {"a": 1.0, "b": 2}, "en")


def test_braces_are_doubled() -> None:
    assert fill("{{a}} {a}", {"a": 1}, "en") == "{a} 1"


def test_slips_are_named_whatever_the_language_of_the_page() -> None:
    page = Page("zh")
    with pytest.raises(ValueError, match=r"\{cv\}"):
        page.say(zh="系数", en="CV {cv:.3f}")
    with pytest.raises(ValueError, match="without a placeholder: gap"):
        page.say(zh="系数 {cv}", en="CV {cv}", cv=1, gap=2)
    with pytest.raises(ValueError, match="one language only: n"):
        page.say(zh="共 {n} 所", en="Schools", n=3)
    with pytest.raises(ValueError, match=r"\{school\} asks for a number"):
        page.say(zh="{school:.2f}", en="{school:.2f}", school="甲")
    with pytest.raises(ValueError, match=r"\{a\} has a value"):
        page.say(zh="{a}", en="{a}", a=[1, 2])
    assert page.blocks == ()


def test_words_may_stand_in_one_language_only() -> None:
    assert fill_pairs([{"zh": "{n} 所", "en": "{n} {word}"}], {"n": 1, "word": "school"}, "en") == ["1 school"]
