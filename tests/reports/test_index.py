import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

from balancelab.reports.index import index_rows, render_index

HOSTILE = "</script><script>alert(1)</script>"


def record(**changes: object) -> dict:
    line = {
        "stem": "2024/371599/balance.zh",
        "state": "done",
        "kind": "balance",
        "language": "zh",
        "county_code": "371599",
        "county": "临江县",
        "standard": "quality_2017",
        "standard_label": {"zh": "优质均衡", "en": "Quality balance"},
        "verdict": "met",
        "synthetic": False,
    }
    return line | changes


def publish(folder: Path, *records: dict) -> None:
    for line in records:
        page = folder / f"{line['stem']}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("", encoding="utf-8")


class Reader(HTMLParser):
    """Collects scripts, addresses, handlers and headings of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts, self.attributes, self.tags = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag == "script":
            self.scripts.append([dict(attrs), ""])

    def handle_endtag(self, tag):
        self.tags.append(f"/{tag}")

    def handle_data(self, data):
        if self.tags[-1:] == ["script"] and self.scripts:
            self.scripts[-1][1] += data


def test_one_row_a_county_with_every_language(tmp_path):
    zh, en = record(), record(stem="2024/371599/balance.en", language="en")
    publish(tmp_path, zh, en)
    (row,) = index_rows([zh, en], tmp_path)
    assert [(report["language"], report["href"]) for report in row["reports"]] == [
        ("中文", "2024/371599/balance.zh.html"),
        ("English", "2024/371599/balance.en.html"),
    ]
    assert (row["year"], row["code"], row["county"], row["verdict"]) == (2024, "371599", "临江县", "met")


def test_the_last_line_of_a_report_counts(tmp_path):
    first, second = record(), record(verdict="failed")
    publish(tmp_path, first)
    assert index_rows([first, second], tmp_path)[0]["verdict"] == "failed"


def test_a_report_that_failed_has_no_link_but_a_row(tmp_path):
    (row,) = index_rows([record(state="failed", verdict="")], tmp_path)
    assert (row["verdict"], row["reports"]) == ("error", [])


def test_an_older_report_whose_last_run_failed_says_so(tmp_path):
    done = record()
    publish(tmp_path, done)
    (row,) = index_rows([done, record(state="failed", verdict="")], tmp_path)
    assert row["verdict"] == "met"
    assert row["reports"][0]["stale"] is True


def test_a_deleted_report_has_no_row(tmp_path):
    assert index_rows([record()], tmp_path) == []


def test_a_stem_that_no_run_writes_is_passed_over(tmp_path):
    assert index_rows([record(stem="2024/../../etc/passwd.zh"), record(stem="javascript:alert(1)")], tmp_path) == []


def test_rows_are_in_order_newest_year_first(tmp_path):
    records = [record(stem=f"{year}/{code}/balance.zh", county_code=code) for year, code in
               [(2023, "110101"), (2024, "371599"), (2024, "110101")]]  # fmt: skip
    publish(tmp_path, *records)
    rows = index_rows(records, tmp_path)
    assert [(row["year"], row["code"]) for row in rows] == [(2024, "110101"), (2024, "371599"), (2023, "110101")]


def test_data_cannot_leave_their_place(tmp_path):
    bad = record(county=HOSTILE + "\u2028<!--", standard_label={"zh": HOSTILE, "en": HOSTILE})
    overview = record(
        stem="2024/overview/overview.zh", kind="overview", county_code="", standard_label=bad["standard_label"]
    )
    publish(tmp_path, bad, overview)
    page = render_index(index_rows([bad, overview], tmp_path))
    seen = Reader(page)
    assert len(seen.scripts) == 2  # the data and the program
    data = json.loads(seen.scripts[0][1])
    assert seen.scripts[0][0]["type"] == "application/json"
    assert data["rows"][0]["county"].startswith(HOSTILE)
    assert not [entry for entry in seen.attributes if entry[1].startswith("on")]
    assert "alert(1)</script>" not in page


def test_nothing_comes_from_outside_and_only_our_script_runs(tmp_path):
    done = record()
    publish(tmp_path, done)
    page = render_index(index_rows([done], tmp_path))
    seen = Reader(page)
    addresses = [value for _, name, value in seen.attributes if name in ("src", "href", "action")]
    assert not [value for value in addresses if "//" in value or ":" in value]
    policy = next(
        value for tag, name, value in seen.attributes if tag == "meta" and name == "content" and "-src" in value
    )
    assert "default-src 'none'" in policy
    for kind, content in (("script", seen.scripts[1][1]), ("style", re.search("<style>(.*)</style>", page, re.S)[1])):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "http" not in page.replace("http-equiv", "")


def test_invented_data_are_called_so(tmp_path):
    real, invented = record(), record(synthetic=True)
    publish(tmp_path, real)
    assert "synthetic data" in render_index(index_rows([invented], tmp_path))
    assert "synthetic data" not in render_index(index_rows([real], tmp_path))


def test_it_can_be_used_by_keyboard_and_screen_reader(tmp_path):
    done = record()
    publish(tmp_path, done)
    page = render_index(index_rows([done], tmp_path))
    assert page.count('<th scope="col"><button type="button"') == 5  # year, code, county, standard, verdict
    assert "aria-sort" in page
    assert 'aria-live="polite"' in page
    assert 'lang="zh-Hans"' in page
    assert "<noscript>" in page
