"""The shipped notebooks, run for real by the command line on the sample."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.real.conftest import balancelab

ROOT = Path(__file__).resolve().parents[2]
MIME = "application/vnd.balancelab.block.v1+json"
PUBLISHED = ROOT / "data" / "published"

pytestmark = pytest.mark.slow


def blocks(path: Path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]


REPORTS = ["371599/balance", "840124/balance", "overview/overview"]


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
