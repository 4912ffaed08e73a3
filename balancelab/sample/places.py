"""
Invented places: codes and names of counties, townships and schools.

County codes begin with 84 to 89, which no province has; county 1 alone is 371599, which no county has either. School
codes follow the usual ten digits: two of category, the first two of the county's code, six of serial number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from balancelab.sample.settings import COMPLETE, JUNIOR, NINE, PRIMARY, SITE, SPECIAL, TWELVE, settings

MAX_COUNTIES = 4000
FIRST_COUNTY = "371599"
_FIRST_PROVINCE = 84
_PREFECTURES = 83
_SLOTS = ("01", "02", "03", "21", "22", "23", "24", "25", "26", "27", "81", "82")  # districts, counties, cities
_SUFFIX = {"district": "区", "county": "县", "city": "市"}
_CATEGORY = {PRIMARY: "21", JUNIOR: "31", NINE: "31", COMPLETE: "34", TWELVE: "34", SITE: "21", SPECIAL: "51"}
_DIGITS = "零一二三四五六七八九十"
_URBAN, _TOWN, _RURAL = range(3)


@dataclass(frozen=True)
class Place:
    """A county: `form` is ``district``, ``county`` or ``city``; `serial` numbers it within its province."""

    number: int
    code: str
    name: str
    form: str
    serial: int


def place(number: int) -> Place:
    """
    Return the code and the name of county `number` (1, 2, …), the same in every province that is made.

    Examples
    --------
    >>> place(1).code, place(1).name, place(2).code, place(2).name, place(3).name
    ('371599', '示例县', '840101', '青禾区', '临沅区')
    """
    if not 1 <= number <= MAX_COUNTIES:
        raise ValueError(f"`number` must be between 1 and {MAX_COUNTIES}, got {number}")
    if number == 1:
        return Place(1, FIRST_COUNTY, _stem(1) + _SUFFIX["county"], "county", 0)
    province, serial = divmod(number - 2, _PREFECTURES * len(_SLOTS))
    prefecture, slot = divmod(serial, len(_SLOTS))
    form = {"0": "district", "2": "county", "8": "city"}[_SLOTS[slot][0]]
    code = f"{_FIRST_PROVINCE + province}{prefecture + 1:02d}{_SLOTS[slot]}"
    return Place(number, code, _stem(number) + _SUFFIX[form], form, serial + 1)


def school_codes(county: Place, kinds: np.ndarray) -> np.ndarray:
    """
    Number the schools of a county: ten digits as text.

    Examples
    --------
    >>> school_codes(place(1), np.array([0, 1])).tolist()
    ['2137000001', '3137000002']
    """
    return np.array(
        [f"{_CATEGORY[kind]}{county.code[:2]}{county.serial:03d}{i:03d}" for i, kind in enumerate(kinds.tolist(), 1)],
        dtype=object,
    )


def names(
    county: Place, kinds: np.ndarray, locations: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """
    Name the schools of a county and the townships they lie in.

    Parameters
    ----------
    county : Place
        Where they are.
    kinds, locations : ndarray of int, shape (n_schools,)
        Positions in `SCHOOL_TYPES` and `LOCATIONS`.
    rng : Generator
        Picks the places.

    Returns
    -------
    schools, townships : ndarray of str, shape (n_schools,)
        No two schools of a county have the same name.
    """
    n_townships = max(2, round(len(kinds) / 5))
    pool = _place_names(rng, len(kinds) + 3 * n_townships)
    townships = {
        _URBAN: [stem + "街道" for stem in pool[:n_townships]],
        _TOWN: [stem + "镇" for stem in pool[n_townships : 2 * n_townships]],
    }
    townships[_RURAL] = townships[_TOWN] + [stem + "乡" for stem in pool[2 * n_townships : 3 * n_townships]]
    villages = pool[3 * n_townships :]
    used: dict[str, int] = {}
    schools, where = [], []
    turn = [0, 0, 0]
    for kind, location, village in zip(kinds.tolist(), locations.tolist(), villages, strict=True):
        township = townships[location][turn[location] % len(townships[location])]
        turn[location] += 1
        schools.append(_school_name(county.name, township, village, kind, location, used))
        where.append(township)
    return np.array(schools, dtype=object), np.array(where, dtype=object)


def numeral(number: int) -> str:
    """
    Write a whole number below 1,000 in Chinese.

    Examples
    --------
    >>> numeral(7), numeral(10), numeral(12), numeral(30), numeral(45), numeral(108), numeral(210)
    ('七', '十', '十二', '三十', '四十五', '一百零八', '二百一十')
    """
    hundreds, rest = divmod(number, 100)
    if hundreds:
        if not rest:
            return _DIGITS[hundreds] + "百"
        return _DIGITS[hundreds] + "百" + ("零" + _DIGITS[rest] if rest < 10 else _tens(rest, leading=True))
    return _tens(rest, leading=False)


def _tens(number: int, *, leading: bool) -> str:
    tens, ones = divmod(number, 10)
    head = "" if not tens else ("十" if tens == 1 and not leading else _DIGITS[tens] + "十")
    return head + (_DIGITS[ones] if ones else "")


def _school_name(county: str, township: str, village: str, kind: int, location: int, used: dict[str, int]) -> str:
    if kind == SPECIAL:
        return f"{county}特殊教育学校"
    if kind in (NINE, TWELVE):
        return f"{county}{village}学校" if kind == TWELVE or location == _URBAN else f"{township}{village}学校"
    if kind == COMPLETE:
        return _numbered(county, "中学", used)
    if kind == SITE:
        return f"{township}{village}教学点"
    if kind == PRIMARY and location == _RURAL:
        return f"{township}{village}小学"
    if kind == JUNIOR and location == _URBAN:
        return _numbered(county, "初级中学", used)
    if kind == JUNIOR:
        return _numbered(township, "初级中学", used, first="初级中学")
    if location == _TOWN:
        return _numbered(township, "小学", used, first="中心小学")
    return _numbered(county, "小学", used, first="实验小学")


def _numbered(owner: str, word: str, used: dict[str, int], *, first: str = "") -> str:
    key = owner + word
    used[key] = used.get(key, 0) + 1
    if used[key] == 1 and first:
        return owner + first
    return f"{owner}第{numeral(used[key])}{word}"


def _stem(number: int) -> str:
    roles = settings()["county"]
    if number <= len(roles):
        return str(roles[number - 1]["name"])
    first, second = settings()["names"]["county_first"], settings()["names"]["county_second"]
    row, column = divmod(number - len(roles) - 1, len(first))
    return first[column] + second[(row + 7 * column) % len(second)]


def _place_names(rng: np.random.Generator, count: int) -> list[str]:
    first, second = settings()["names"]["place_first"], settings()["names"]["place_second"]
    order = np.argsort(rng.random(len(first) * len(second)))[:count]
    return [first[i // len(second)] + second[i % len(second)] for i in order.tolist()]
