"""Colours: readable, told apart without colour; settings that do not leak."""

from __future__ import annotations

from itertools import combinations, pairwise

import matplotlib as mpl
import pytest

from balancelab.page import theme


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_formula() -> None:
    # closed form: white on black is (1 + 0.05) / (0 + 0.05)
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)


def test_text_colours_are_readable() -> None:
    texts = [theme.INK, theme.MUTED, theme.ACCENT, theme.LIMIT, *(status.color for status in theme.STATUS.values())]
    # published: WCAG 2.2, success criterion 1.4.3
    assert all(contrast(color, "#FFFFFF") >= 4.5 for color in texts)


def test_states_differ_without_colour() -> None:
    for one, other in combinations(("met", "failed", "undetermined"), 2):
        left, right = theme.STATUS[one], theme.STATUS[other]
        assert left.marker != right.marker
        assert left.hatch != right.hatch
        # on grey paper: fills far enough apart to be two greys
        assert contrast(left.fill, right.fill) > 1.3


def test_categories_differ_by_marker() -> None:
    assert len(set(theme.CATEGORY_MARKERS)) == len(theme.CATEGORY_COLORS)
    assert all(contrast(one, other) > 1.15 for one, other in pairwise(theme.CATEGORY_COLORS))
    # published: WCAG 2.2, success criterion 1.4.11: parts of graphics need 3
    assert all(contrast(color, "#FFFFFF") >= 3 for color in theme.CATEGORY_COLORS)


def test_the_sequential_scale_darkens_all_the_way() -> None:
    scale = theme.sequential()
    grey = [luminance(mpl.colors.to_hex(scale(step / 20))) for step in range(21)]
    assert all(left > right for left, right in pairwise(grey))


def test_the_style_ends_where_it_ends() -> None:
    before = dict(mpl.rcParams)
    with theme.style():
        assert mpl.rcParams["svg.hashsalt"] == "balancelab"
        assert mpl.rcParams["svg.fonttype"] == "path"
        assert not mpl.rcParams["axes.spines.top"]
    assert dict(mpl.rcParams) == before


def test_a_users_own_settings_do_not_change_a_figure() -> None:
    with mpl.rc_context({"axes.labelsize": 30, "figure.constrained_layout.use": True, "lines.linestyle": ":"}):
        with theme.style():
            assert mpl.rcParams["lines.linestyle"] == "-"
            assert not mpl.rcParams["figure.constrained_layout.use"]
        assert mpl.rcParams["lines.linestyle"] == ":"


def test_margins_must_leave_room() -> None:
    with pytest.raises(ValueError, match="no room"):
        theme.new_figure(1.0, 1.0, left=0.9, right=0.2)
