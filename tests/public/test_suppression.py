"""Complementary suppression: what is withheld cannot be worked out, by hand and against an attacker."""

from __future__ import annotations

import itertools
import random

import pytest

from balancelab.page.disclosure.rules import too_few
from balancelab.page.disclosure.suppression import is_safe, possible_range, suppress


def cross_table(rows: int, columns: int, draw: random.Random) -> tuple[dict[str, float], list[dict[str, float]]]:
    """A table of counts with both margins and the total: every cell stands in two sums."""
    values: dict[str, float] = {}
    for row, column in itertools.product(range(rows), range(columns)):
        values[f"{row},{column}"] = float(
            draw.choice([0, draw.randint(1, 9), draw.randint(10, 60), draw.randint(10, 400)])
        )
    for row in range(rows):
        values[f"{row},+"] = sum(values[f"{row},{column}"] for column in range(columns))
    for column in range(columns):
        values[f"+,{column}"] = sum(values[f"{row},{column}"] for row in range(rows))
    values["+,+"] = sum(values[f"{row},+"] for row in range(rows))
    relations = [{f"{row},+": 1.0, **{f"{row},{column}": -1.0 for column in range(columns)}} for row in range(rows)]
    relations += [{f"+,{column}": 1.0, **{f"{row},{column}": -1.0 for row in range(rows)}} for column in range(columns)]
    relations.append({"+,+": 1.0, **{f"{row},+": -1.0 for row in range(rows)}})
    return values, relations


def test_one_small_part_takes_another_with_it():
    values = {"all": 100, "few": 4, "some": 30, "many": 66}
    relations = [{"all": 1, "few": -1, "some": -1, "many": -1}]
    # hand: 100 − 30 − 66 = 4 would be known; the smallest other part goes too
    assert suppress(values, relations, ["few"]) == {"few", "some"}
    assert possible_range("few", values, relations, ["few"]) == (4.0, 4.0)
    assert possible_range("few", values, relations, ["few", "some"]) == (0.0, 34.0)


def test_two_small_parts_may_still_be_known_to_be_small():
    values = {"all": 45, "one": 2, "two": 3, "rest": 40}
    relations = [{"all": 1, "one": -1, "two": -1, "rest": -1}]
    # hand: one + two = 5, so neither is more than 5: the rest or the sum goes too
    assert not is_safe("one", values, relations, ["one", "two"])
    assert suppress(values, relations, ["one", "two"]) == {"one", "two", "rest"}


def test_a_number_that_stands_in_two_tables():
    values = {"all": 60, "small": 5, "rest": 55, "rest of rest": 35, "other": 20}
    relations = [{"all": 1, "small": -1, "rest": -1}, {"rest": 1, "rest of rest": -1, "other": -1}]
    # hand: without `rest` alone it would come back as 35 + 20
    withheld = suppress(values, relations, ["small"])
    assert "rest" in withheld or "all" in withheld
    assert is_safe("small", values, relations, withheld)
    assert not is_safe("small", values, relations, ["small", "rest"])


def test_a_part_that_no_table_prints():
    values = {"children": 57, "enrolled": 54, "not enrolled": 3}
    relations = [{"children": 1, "enrolled": -1, "not enrolled": -1}]
    assert suppress(values, relations, ["not enrolled"], unprinted=["not enrolled"]) == {"enrolled"}


def test_a_printed_rate_is_a_relation():
    values = {"enrolled": 54, "children": 57}
    relations = [{"enrolled": 1.0, "children": -54 / 57}]
    assert not is_safe("enrolled", values, relations, ["enrolled"])  # hand: 57 × 54/57
    assert suppress(values, relations, ["enrolled"]) == {"enrolled", "children"}


def test_nothing_small_nothing_withheld():
    values, relations = {"all": 60, "a": 20, "b": 40}, [{"all": 1, "a": -1, "b": -1}]
    assert suppress(values, relations, []) == frozenset()


def test_relations_that_do_not_hold_are_refused():
    with pytest.raises(ValueError, match="does not hold"):
        suppress({"all": 61, "a": 20, "b": 40}, [{"all": 1, "a": -1, "b": -1}], ["a"])
    with pytest.raises(ValueError, match="no value for b"):
        suppress({"all": 61, "a": 20}, [{"all": 1, "a": -1, "b": -1}], ["a"])


def test_an_attacker_finds_no_withheld_cell_of_random_tables():
    draw = random.Random(20261122)
    primary = secondary = 0
    for _ in range(9):
        values, relations = cross_table(draw.randint(2, 4), draw.randint(2, 4), draw)
        sensitive = [name for name, value in values.items() if 0 < value < 10]
        withheld = suppress(values, relations, sensitive)
        primary, secondary = primary + len(sensitive), secondary + len(withheld) - len(sensitive)
        for name in sensitive:
            low, high = possible_range(name, values, relations, withheld)
            assert low <= values[name] <= high  # the truth is among what is possible
            assert high - low >= 10 - 1e-6 or (low <= 1 + 1e-6 and high >= 9 - 1e-6)
        assert suppress(dict(reversed(values.items())), relations[::-1], sensitive[::-1]) == withheld
    assert primary > 20
    assert secondary <= 2 * primary  # the price: no more than two further cells for each


def test_what_is_left_of_a_whole_describes_enough_schools_too():
    # hand: 40 + 12 printed leave 3 + 4 = 7 schools; 3 alone would be what is left, so 12 goes with it
    assert too_few([40, 3, 4, 12]) == [False, True, True, False]
    assert too_few([40, 3, 12]) == [False, True, True]
    assert too_few([5, 5]) == [False, False]
    assert too_few([4]) == [True]
