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
    line |= changes
    return {"files": {f"{line['stem']}.html": "…"}} | line


def publish(folder: Path, *records: dict) -> None:
    for line in records:
        for name in line["files"]:
            page = folder / name
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text("", encoding="utf-8")


def data_of(page: str) -> dict:
    return json.loads(Reader(page).scripts[0][1])


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
    assert [(report["name"], report["language"], report["formats"]) for report in row["reports"]] == [
        ("balance", "zh", ["html"]),
        ("balance", "en", ["html"]),
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
    """Catalogue L01, L07."""
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
    assert data["counties"][0][1].startswith(HOSTILE)
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
    assert "http" not in page.replace("http-equiv", "").replace('createElementNS("http://www.w3.org/2000/svg"', "")


def test_invented_data_are_called_so(tmp_path):
    real, invented = record(), record(synthetic=True)
    publish(tmp_path, real)
    assert "synthetic data" in render_index(index_rows([invented], tmp_path))
    assert "synthetic data" not in render_index(index_rows([real], tmp_path))


def test_it_can_be_used_by_keyboard_and_screen_reader(tmp_path):
    done = record()
    publish(tmp_path, done)
    page = render_index(index_rows([done], tmp_path))
    keys = re.findall(r'<th scope="col" role="columnheader" data-key="(\w+)"><button type="button">', page)
    assert keys == ["year", "code", "county", "standard", "verdict", "blocks", "cv", "trend", "reports"]
    assert "aria-sort" in page
    assert 'aria-live="polite"' in page
    assert 'lang="zh-Hans"' in page
    assert "<noscript>" in page


def test_a_report_without_a_web_page_has_its_other_formats(tmp_path):
    files = {f"2024/371599/balance.zh.{ending}": "…" for ending in ("pdf", "zip", "ipynb")}
    done = record(files=files)
    publish(tmp_path, done)
    (row,) = index_rows([done], tmp_path)
    assert row["reports"][0]["formats"] == ["pdf", "zip"]
    (tmp_path / "2024/371599/balance.zh.pdf").unlink()
    assert index_rows([done], tmp_path)[0]["reports"][0]["formats"] == ["zip"]


def test_a_file_of_an_earlier_run_that_the_last_did_not_write_has_no_link(tmp_path):
    earlier = record(files={"2024/371599/balance.zh.html": "…", "2024/371599/balance.zh.pdf": "…"})
    publish(tmp_path, earlier)
    assert index_rows([earlier, record()], tmp_path)[0]["reports"][0]["formats"] == ["html"]


def results(**changes: object) -> dict:
    found = {
        "cv": {"primary": {"own_indicator": [0.6123, 0.5, "failed"], "books": [0.1, 0.5, "met"]}},
        "names": ["primary", "own_indicator", "小学", "自定指标"],
        "blocks": {"resources": ["failed", "资源配置"], "quality": ["met", "教育质量"]},
    }
    return found | changes


def test_verdicts_of_blocks_and_the_worst_coefficient_come_from_the_results(tmp_path):
    zh = record(results=results())
    english = {"resources": ["failed", "Resources"], "quality": ["met", "Quality"]}
    en = record(
        stem="2024/371599/balance.en",
        language="en",
        results=results(blocks=english, names=["primary", "own_indicator", "Primary", "Own"]),
    )
    publish(tmp_path, zh, en)
    (row,) = index_rows([zh, en], tmp_path)
    assert row["blocks"] == {"resources": "failed", "quality": "met"}
    assert row["cv"] == {"stage": "primary", "indicator": "own_indicator", "value": 0.6123, "limit": 0.5}
    data = data_of(render_index([row]))
    assert data["blocks"] == [
        {"id": "resources", "zh": "资源配置", "en": "Resources"},
        {"id": "quality", "zh": "教育质量", "en": "Quality"},
    ]
    assert data["measures"] == [["小学自定指标", "Primary: Own", 500]]
    year, _, state, blocks, value, measure, _ = data["counties"][0][2]
    assert (year, data["states"][state]["id"], value, measure) == (2024, "met", 612, 0)
    assert [data["states"][int(letter)]["id"] for letter in blocks] == ["failed", "met"]


def test_a_known_standards_blocks_are_named_in_both_languages_in_the_documents_order(tmp_path):
    found = {"veto": ["met", "一票否决"], "resources": ["failed", "资源配置"]}
    done = record(results=results(blocks=found))
    publish(tmp_path, done)
    rows = index_rows([done], tmp_path)
    assert data_of(render_index(rows))["blocks"] == [  # data: standards/quality_2017.toml
        {"id": "resources", "zh": "资源配置", "en": "Resource allocation"},
        {"id": "veto", "zh": "一票否决", "en": "Vetoes"},
    ]
    own = record(results=results(blocks=found), standard="our_own")
    (row,) = index_rows([own], tmp_path)
    assert data_of(render_index([row]))["blocks"][0] == {"id": "veto", "zh": "一票否决", "en": "一票否决"}


def test_the_verdict_of_the_whole_evaluation_goes_before_that_of_resources(tmp_path):
    resources = record(verdict="met", results={"blocks": {"resources": ["met", "资源配置"]}})
    whole = record(
        stem="2024/371599/self_evaluation.zh",
        kind="self_evaluation",
        verdict="failed",
        results={"blocks": {"resources": ["met", "资源配置"], "county": ["failed", "总结论"]}},
    )
    publish(tmp_path, resources, whole)
    (row,) = index_rows([resources, whole], tmp_path)
    assert (row["verdict"], row["blocks"]) == ("failed", {"resources": "met"})


def test_reports_of_schools_are_said_once_for_all_alike(tmp_path):
    made = [
        record(stem=f"2024/371599/school-{school}.zh", kind="school", verdict="failed",
               files={f"2024/371599/school-{school}.zh.html": "…"})
        for school in ("1", "2", "3")
    ]  # fmt: skip
    publish(tmp_path, *made)
    (row,) = index_rows(made, tmp_path)
    assert row["verdict"] == ""  # a school's verdict is not its county's
    data = data_of(render_index([row]))
    (alike,) = data["counties"][0][2][7]
    assert alike[1:] == ["1", "2", "3"]
    assert data["sets"][alike[0]] == [[0, "school-*", 0, 1, 0]]


def test_a_public_report_is_named_so(tmp_path):
    done = record(stem="2024/371599/balance.public.zh")
    publish(tmp_path, done)
    (row,) = index_rows([done], tmp_path)
    assert row["reports"][0]["kind"]["en"].endswith("(public)")
    assert data_of(render_index([row]))["sets"][0][0][1] == "balance.public"
