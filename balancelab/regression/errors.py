"""What a model is refused with: every fault at once, in Chinese and English, as a `ValueError`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from balancelab.definitions import Text

SHOWN = 5
"""How many rows a message names before it says how many more there are."""


class InvalidModel(ValueError):  # noqa: N818 - it names what the call is
    """
    A regression that cannot be computed honestly.

    Attributes
    ----------
    faults : tuple of dict
        Each ``{"zh": …, "en": …}``: which argument, column or rows, what is wrong, what to do.
    """

    def __init__(self, faults: Iterable[Text]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{fault['zh']}\n{fault['en']}" for fault in self.faults))


def refuse(zh: str, en: str) -> InvalidModel:
    """
    Make the error of one fault.

    >>> refuse("没有学校。", "No schools.").faults
    ({'zh': '没有学校。', 'en': 'No schools.'},)
    """
    return InvalidModel([{"zh": zh, "en": en}])


def listed(names: Sequence[object]) -> tuple[str, str]:
    """
    Write the first few names and how many more there are, in Chinese and English.

    >>> listed(["A", "B"])
    ('A、B', 'A, B')
    >>> listed(list("ABCDEFGH"))[1]
    'A, B, C, D, E and 3 more'
    """
    head = [str(name) for name in names[:SHOWN]]
    more = len(names) - len(head)
    zh, en = "、".join(head), ", ".join(head)
    return (f"{zh} 等 {len(names)} 项", f"{en} and {more} more") if more else (zh, en)
