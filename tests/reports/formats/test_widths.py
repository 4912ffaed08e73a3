import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balancelab.reports.formats.widths import Need, balanced, cell_columns, fit, share, text_width

needs = st.lists(
    st.tuples(st.floats(0.5, 14), st.floats(0, 10), st.floats(0, 40)).map(
        lambda parts: Need(parts[0], parts[0] + parts[1], parts[0] + parts[1] + parts[2])
    ),
    min_size=1,
    max_size=60,
)
quick = settings(max_examples=200, deadline=None, derandomize=True)


@quick
@given(needs, st.integers(0, 59))
def test_nothing_is_ever_cut(columns: list[Need], name: int):
    name %= len(columns)
    chosen = fit(columns, portrait=481.8, landscape=728.0, row_header=name)
    room = (728.0 if chosen.landscape else 481.8) / chosen.size
    for part in chosen.parts:
        widths = share([columns[at] for at in part], room)
        assert sum(widths) <= room + 1e-6
        # 0.01 em per column is what rounding down may take
        assert all(width >= columns[at].least - 0.01 for width, at in zip(widths, part, strict=True))


@quick
@given(needs, st.integers(0, 59))
def test_every_column_is_shown_once_and_each_part_names_its_rows(columns: list[Need], name: int):
    name %= len(columns)
    parts = fit(columns, portrait=481.8, landscape=728.0, row_header=name).parts
    others = [at for part in parts for at in part if at != name]
    assert others == [at for at in range(len(columns)) if at != name]
    assert all(name in part and list(part) == sorted(part) for part in parts)


def test_the_upright_sheet_is_preferred_then_the_turned_one_then_parts():
    need = Need(5, 5, 5)  # with padding 5.9 em
    sheets = {"portrait": 481.8, "landscape": 728.0}
    # hand: 9 × 5.9 × 9 pt = 477.9; 11 × 5.9 × 7 = 454.3; 12 × 5.9 × 7 = 495.6 > 481.8; 13 × 5.9 × 9 = 690.3
    assert fit([need] * 9, **sheets).size == 9.0
    assert fit([need] * 11, **sheets).landscape is False
    assert fit([need] * 12, **sheets).landscape is True
    assert len(fit([need] * 20, **sheets).parts) == 1  # 20 × 5.9 × 6 pt = 708
    assert len(fit([need] * 21, **sheets).parts) == 2  # 21 × 5.9 × 6 pt = 743.4


def test_parts_are_of_like_width():
    parts = fit([Need(5, 5, 5)] * 25, portrait=481.8, landscape=728.0).parts
    # hand: 728 / 7 / 5.9 = 17.6 columns in a part, so 2 parts for 24 columns beside the name: 12 and 12
    assert [len(part) for part in parts] == [13, 13]


@quick
@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=30), st.floats(1, 31))
def test_a_heading_keeps_its_characters_and_leaves_none_alone(label: str, room: float):
    lines = balanced(label, room)
    assert "".join(lines) == label
    assert max(map(len, lines)) - min(map(len, lines)) <= 1
    assert max(map(len, lines)) <= room + 1e-9 or len(lines) == len(label)


@pytest.mark.parametrize(
    ("text", "columns"), [("学校", 4), ("School", 6), ("学校1", 5), ("（二）", 6), ("", 0), ("×", 2), ("ｱ", 1)]
)
def test_a_chinese_character_takes_two_columns_of_a_spreadsheet(text: str, columns: int):
    assert cell_columns(text) == columns  # hand; UAX #11


def test_estimates_are_not_below_the_bundled_font():
    from matplotlib.ft2font import FT2Font, LoadFlags

    from balancelab.page.fonts import REGULAR

    font = FT2Font(str(REGULAR))
    font.set_size(1000, 72)  # 1 em = 1000 px at 72 dpi
    for text in ("每百名学生拥有高于规定学历教师数", "1,234,567.89", "Teachers above the requirement", "平方米"):
        real = (
            sum(font.load_char(ord(letter), LoadFlags.NO_HINTING).linearHoriAdvance / 65536 for letter in text) / 1000
        )
        assert real <= text_width(text) <= real * 1.25, text
