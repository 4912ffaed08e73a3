"""The shipped notebooks, run for real by the command line on the sample; both languages say the same numbers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MIME = "application/vnd.balancelab.block.v1+json"
PUBLISHED = ROOT / "data" / "published"

pytestmark = pytest.mark.slow


def balancelab(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "balancelab", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def blocks(path: Path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One county that fails, one with one junior school, and the overview, in both languages."""
    out = tmp_path_factory.mktemp("reports")
    common = ["data/sample/schools.csv", "--year", "2024", "--language", "zh,en", "--output", str(out)]
    for more in (["--county", "371599,840124"], ["--kind", "overview"]):
        done = balancelab("report", *common, *more)
        assert done.returncode == 0, done.stderr
    return out


REPORTS = ["371599/balance", "840124/balance", "overview/overview"]


@pytest.mark.parametrize("name", REPORTS)
def test_both_languages_carry_the_same_numbers(made: Path, name: str):
    zh, en = (blocks(made / "2024" / f"{name}.{language}.ipynb") for language in ("zh", "en"))
    assert [block["kind"] for block in zh] == [block["kind"] for block in en]
    for one, other in zip(zh, en, strict=True):
        if one["kind"] != "table":
            continue
        assert one["marks"] == other["marks"]
        numeric = [
            place for place, column in enumerate(one["columns"]) if column["kind"] in ("number", "percent", "verdict")
        ]
        assert [[row[place] for place in numeric] for row in one["rows"]] == [
            [row[place] for place in numeric] for row in other["rows"]
        ]


@pytest.mark.parametrize("name", REPORTS)
def test_every_row_is_accounted_for(made: Path, name: str):
    account = next(
        block
        for block in blocks(made / "2024" / f"{name}.en.ipynb")
        if block.get("caption", "").startswith("Accounting")
    )
    rows = [row[2] for row in account["rows"]]
    assert rows[0] == sum(rows[1:])
    students = [row[3] for row in account["rows"]]
    assert students[0] == sum(students[1:])


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_stand_alone_and_say_what_they_are(made: Path, name: str, language: str):
    page = (made / "2024" / f"{name}.{language}.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=[\"']?(https?:|//)", page)
    assert "<script" not in page
    assert ("由程序生成" if language == "zh" else "Synthetic data") in page
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in page
    assert "nan" not in re.sub(r"data:image/[^\"']+", "", page).lower().split()
    assert str(ROOT) not in page


def test_verdicts_of_the_sample_are_those_it_was_made_for(made: Path):
    failing = blocks(made / "2024" / "371599" / "balance.en.ipynb")
    assert next(block["state"] for block in failing if block["kind"] == "verdict") == "failed"
    one_school = blocks(made / "2024" / "840124" / "balance.en.ipynb")
    assert next(block["state"] for block in one_school if block["kind"] == "verdict") == "undetermined"


def test_figures_have_words_for_those_who_cannot_see_them(made: Path):
    for name in REPORTS:
        for block in blocks(made / "2024" / f"{name}.zh.ipynb"):
            if block["kind"] == "figure":
                assert len(block["alt"]) > 15
                assert block["caption"]
                assert not re.search(r"[A-Za-z]{6,}", block["alt"])


def test_the_same_run_gives_the_same_bytes(made: Path, tmp_path: Path):
    again = balancelab(
        "report", str(ROOT / "data/sample/schools.csv"), "--year", "2024", "--county", "371599", "--language", "zh",
        "--output", str(tmp_path / "elsewhere"), cwd=tmp_path,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    for ending in ("html", "ipynb"):
        first = (made / "2024" / "371599" / f"balance.zh.{ending}").read_bytes()
        assert first == (tmp_path / "elsewhere" / "2024" / "371599" / f"balance.zh.{ending}").read_bytes()
