"""The page over 2,850 counties, five years and two languages, used in a real browser as people use it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from balancelab.reports.portal import render_index
from tests.reports.portal.synthetic import BLOCKS, COUNTIES, YEARS, country_rows

KEYS = ("year", "code", "county", "verdict", "blocks", "cv", "trend", "reports")  # one standard: no column for it
VISIBLE_TEXT = "[...document.querySelectorAll('h1, label, thead th, #count, #tally, .legend')].map(e => e.innerText)"


@pytest.fixture(scope="module")
def seen(browser: Any, country_page: Path) -> Iterator[Any]:
    """The page of the whole country."""
    page = opened(browser, country_page)
    yield page
    page.close()


@pytest.fixture(scope="module")
def seen_few(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The page of 90 counties in two years, for what does not hang on their number."""
    file = tmp_path_factory.mktemp("few") / "index.html"
    file.write_text(render_index(country_rows(90, YEARS[:2])), encoding="utf-8")
    page = opened(browser, file)
    yield page
    page.close()


@pytest.fixture
def page(seen: Any) -> Any:
    """The page of the whole country, as it opens."""
    return reset(seen)


@pytest.fixture
def few(seen_few: Any) -> Any:
    """The page of 90 counties, as it opens."""
    return reset(seen_few)


def opened(browser: Any, file: Path) -> Any:
    """A page with everything that it asks for and complains about in ``told``."""
    page = browser.new_page(locale="en-US", viewport={"width": 1280, "height": 900})
    page.told = []
    page.on("console", lambda message: page.told.append(message.text))
    page.on("pageerror", lambda error: page.told.append(str(error)))
    page.on("dialog", lambda dialog: page.told.append(dialog.message))
    page.on("request", lambda request: page.told.append(request.url))
    page.goto(file.as_uri())
    return page


def reset(page: Any) -> Any:
    if page.evaluate("document.documentElement.lang") != "en":
        page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Clear").click()
    return page


def codes(page: Any, number: int = 40) -> list[str]:
    return page.evaluate("n => [...document.querySelectorAll('td.code')].slice(0, n).map(e => e.textContent)", number)


def shown(page: Any) -> int:
    return int(re.match(r"([\d,]+) of", page.locator("#count").inner_text())[1].replace(",", ""))


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_it_is_small(country_page: Path):
    assert country_page.stat().st_size < 600_000


def test_it_asks_for_nothing_and_complains_of_nothing(page: Any, country_page: Path):
    assert page.told == [country_page.as_uri()]


def test_it_opens_with_the_latest_year_in_the_order_of_codes(page: Any, country: list[dict]):
    assert shown(page) == COUNTIES
    newest = sorted(row["code"] for row in country if row["year"] == YEARS[0])
    page.get_by_role("button", name="Code", exact=False).first.click()
    assert codes(page) == newest[:40]


def test_search_finds_names_and_codes(page: Any, country: list[dict]):
    expected = [row["code"] for row in country if row["year"] == YEARS[0] and "临江" in row["county"]]
    assert 0 < len(expected) < 40
    page.locator("#search").fill("临江")
    assert shown(page) == len(expected)
    assert sorted(codes(page)) == sorted(expected)
    page.locator("#search").fill("１０００４２")  # full width, as an input method writes digits
    assert codes(page) == ["100042"]
    page.locator("#search").fill("no such county")
    assert shown(page) == 0
    assert page.get_by_text("No row fits.").is_visible()


@pytest.mark.parametrize("key", KEYS)
def test_every_column_sorts_by_keyboard(few: Any, key: str):
    page = few
    button = page.locator(f"th[data-key={key}] button")
    button.focus()
    press(page, "Tab", "Shift+Tab")  # arrive as a keyboard does
    outline = button.evaluate("e => getComputedStyle(e).outlineStyle + ' ' + getComputedStyle(e).outlineWidth")
    assert outline == "solid 3px"
    before = codes(page)
    states = []
    for pressed in ("Enter", "Space"):
        press(page, pressed)
        states.append(page.locator(f"th[data-key={key}]").get_attribute("aria-sort"))
        assert page.locator("th[aria-sort]").count() == 1
        assert button.evaluate("e => e === document.activeElement")
    assert states in (["ascending", "descending"], ["descending", "ascending"])
    if key not in ("year", "reports"):  # one year is shown, and nearly all have as many reports
        assert codes(page) != before
    assert f"sorted by {button.inner_text().strip()}" in page.locator("#count").inner_text()


def test_the_worst_coefficient_comes_first_when_sorted_downwards(page: Any, country: list[dict]):
    now = [row for row in country if row["year"] == YEARS[0] and row["cv"]]
    top = max(now, key=lambda row: round(row["cv"]["value"], 3) / row["cv"]["limit"])
    button = page.locator("th[data-key=cv] button")
    button.click()
    button.click()
    first = page.locator("tbody tr").first
    assert first.locator("td.code").inner_text() == top["code"]
    assert first.locator("td.cv").inner_text().replace("×", "").split()[:3] == [
        f"{top['cv']['value']:.3f}",
        "/",
        f"{top['cv']['limit']:.2f}",
    ]


def test_what_is_unknown_stands_last_both_ways(few: Any):
    page = few
    page.locator("#verdict").select_option("error")
    failed = set(codes(page))
    assert failed
    page.locator("#verdict").select_option("")
    for _ in range(2):
        page.locator("th[data-key=cv] button").click()
        assert not failed & set(codes(page))


def test_filters_by_block_and_verdict_with_the_keyboard_alone(page: Any, country: list[dict]):
    now = [row for row in country if row["year"] == YEARS[0]]
    page.locator("#search").focus()
    press(page, "Tab", "Tab")
    assert page.evaluate("document.activeElement.id") == "block"
    page.keyboard.type("Government")
    press(page, "Tab")
    assert page.evaluate("document.activeElement.id") == "verdict"
    page.keyboard.type("Not met")
    expected = [row["code"] for row in now if row["blocks"].get("government") == "failed"]
    assert shown(page) == len(expected)
    assert set(codes(page, 400)) == set(expected)
    press(page, "Tab", "Enter")  # the button that clears
    assert shown(page) == COUNTIES
    assert page.evaluate("document.activeElement.id") == "search"


def test_the_tally_counts_what_is_shown(page: Any, country: list[dict]):
    page.locator("#block").select_option(str(BLOCKS.index("quality")))
    met = sum(row["blocks"].get("quality") == "met" for row in country if row["year"] == YEARS[0])
    assert f"Met {met:,}" in page.locator("#tally").inner_text()


def test_one_county_through_the_years(page: Any, country: list[dict]):
    assert page.locator("th[aria-sort]").count() == 0
    page.locator("#year").select_option("")
    page.locator("#search").fill("100001")
    assert page.locator("td.year").all_inner_texts() == [str(year) for year in YEARS]
    title = page.locator("td.trend title").first.text_content()
    history = [row for row in country if row["code"] == "100001" and row["cv"]]
    for row in history:
        assert f"{row['year']} {round(100 * round(row['cv']['value'], 3) / row['cv']['limit'])}%" in title
    assert "the limit is 100%" in title
    assert page.locator("td.trend .limit-line").count() == len(YEARS)


def test_screen_readers_hear_a_table_and_the_number_of_rows(few: Any):
    page = few
    assert page.locator("#count[role=status][aria-live=polite]").count() == 1
    page.locator("#search").fill("100001")
    assert page.get_by_role("columnheader").count() == len(KEYS)
    row = page.get_by_role("row").nth(1)
    assert row.get_by_role("cell").count() == len(KEYS) - 1
    assert row.get_by_role("rowheader").count() == 1
    assert row.get_by_role("img", name=re.compile("^Education quality: ")).count() == 1
    assert row.get_by_role("link", name=re.compile("Balance, 中文, PDF$")).get_attribute("href").endswith(".zh.pdf")


def test_every_row_arrives_to_be_found_and_printed(page: Any, country: list[dict]):
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("tbody tr").count() == COUNTIES
    assert page.locator("tbody[aria-busy]").count() == 0
    last = [row for row in country if row["year"] == YEARS[0]][-1]
    assert last["code"] in page.locator("tbody tr").last.text_content()


def test_what_is_out_of_sight_can_be_found_in_the_page(few: Any):
    few.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    last = few.locator("td.code").last
    assert not last.evaluate("e => e.getBoundingClientRect().top < innerHeight")
    assert few.evaluate("code => window.find(code)", last.text_content())


def test_chinese_is_chinese_and_english_english(few: Any):
    page = few
    assert not re.search(r"[\u4e00-\u9fff]", "".join(page.evaluate(VISIBLE_TEXT)))
    assert page.evaluate("document.documentElement.lang") == "en"
    page.get_by_role("button", name="中文").click()
    text = "".join(page.evaluate(VISIBLE_TEXT)).replace("English", "")
    assert not re.search(r"[A-Za-z]{2,}", text)
    assert page.evaluate("[document.documentElement.lang, document.title]") == ["zh-Hans", "报告目录"]
    assert "未达标" in page.locator("#tally").inner_text()
    assert page.evaluate("location.hash") == "#zh"


def test_a_phone_needs_no_sideways_scrolling(few: Any):
    page = few
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("tbody tr").first.locator("td.verdict").is_visible()
    page.set_viewport_size({"width": 1280, "height": 900})


def test_without_scripts_it_says_what_is_needed(browser: Any, country_page: Path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(country_page.as_uri())
    needed = page.locator("noscript")
    assert "JavaScript" in needed.inner_text()
    assert [link.get_attribute("href") for link in needed.get_by_role("link").all()] == [f"{one}/" for one in YEARS]
    assert not page.locator("table").is_visible()
    context.close()


def test_links_lead_to_the_formats_that_exist_and_schools_unfold(browser: Any, tmp_path: Path):
    (row,) = country_rows(1, YEARS[:1])
    report = row["reports"][0]
    row["reports"] = [
        {**report, "formats": ["pdf", "zip"], "stale": True},
        *({**report, "kind": {"zh": "学校报告", "en": "School"}, "name": f"school-{school}", "school": school,
           "formats": ["html"]} for school in ("2137000001", "A_2f_7")),
    ]  # fmt: skip
    file = tmp_path / "index.html"
    file.write_text(render_index([row]), encoding="utf-8")
    page = browser.new_page(locale="zh-CN")
    page.goto(file.as_uri() + "#en")
    page.get_by_text("School reports (2)").click()
    hrefs = page.evaluate("[...document.querySelectorAll('td.reports a')].map(a => a.getAttribute('href'))")
    folder = f"{row['year']}/{row['code']}"
    assert hrefs == [f"{folder}/balance.zh.pdf", f"{folder}/balance.zh.zip",
                     f"{folder}/school-2137000001.zh.html", f"{folder}/school-A_2f_7.zh.html"]  # fmt: skip
    assert page.get_by_text("older: the last run failed").is_visible()
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_wrong(few: Any, language: str, width: int):
    from axe_playwright_python.sync_playwright import Axe

    few.set_viewport_size({"width": width, "height": 900})
    few.get_by_role("button", name={"zh": "中文", "en": "English"}[language]).click()
    few.locator("th[data-key=verdict] button").click()
    few.locator("#search").fill("10000")  # nine counties; every rule looks at every element
    found = Axe().run(few)
    few.set_viewport_size({"width": 1280, "height": 900})
    assert not found.response["violations"], found.generate_report()
    checked = {rule["id"] for rule in found.response["passes"]}
    assert {"color-contrast", "label", "aria-allowed-role", "svg-img-alt", "th-has-data-cells"} <= checked


def test_a_hostile_name_stays_a_name(browser: Any, tmp_path: Path):
    (row,) = country_rows(1, YEARS[:1])
    name = "</script><img src=x onerror=alert(1)>{{7*7}}\u2028"
    row["county"] = row["standard"] = row["words"] = name
    row.update(standard={"zh": name, "en": name}, words={"resources": {"zh": name, "en": name}})
    row["reports"][0]["kind"] = {"zh": name, "en": name}
    file = tmp_path / "index.html"
    file.write_text(render_index([row]), encoding="utf-8")
    page = browser.new_page()
    told: list[str] = []
    page.on("dialog", lambda dialog: told.append(dialog.message))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: told.append(request.url))
    page.goto(file.as_uri())
    assert page.locator("tbody th").inner_text().startswith("</script><img src=x onerror=alert(1)>{{7*7}}")
    assert told == [file.as_uri()]
    page.close()
