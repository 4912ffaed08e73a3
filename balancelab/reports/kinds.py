"""Kinds of report: each is a shipped notebook, and what it is for is read from the notebook itself."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from balancelab.page.disclosure import INTERNAL
from balancelab.reports.errors import EnvironmentRefused, PlanRefused, text
from balancelab.reports.guard import declared_parameters

AUDIENCE = "audience"
"""Parameter of the notebooks that have a public edition."""


def find_notebook(kind: str) -> Path:
    """
    Return the shipped notebook of a kind of report.

    Raises
    ------
    PlanRefused
        If there is no such kind; the message names those there are.
    """
    found = _notebooks()
    known = list(found)
    if kind in found:
        return found[kind]
    if not known:
        raise EnvironmentRefused(text("安装不完整：没有笔记本", "the installation is incomplete: no notebooks"))
    raise PlanRefused(
        text(
            f"没有报告种类“{kind}”；可用：{'、'.join(known)}", f"no kind of report '{kind}'; known: {', '.join(known)}"
        )
    )


def known_kinds() -> list[str]:
    """Return the kinds of report that there are."""
    return list(_notebooks())


def reads_all_years(kind: str) -> bool:
    """
    Whether the notebook of a kind compares years: it then says ``read_schools(…, all_years=True)``.

    Reports of one year are not held up by faults in another, so only such a notebook is given all of them.
    """
    return any(options.get("all_years") == "True" for options in reading_options(find_notebook(kind)))


def reading_options(notebook: Path) -> list[dict[str, str]]:
    """
    Return the options of each call of ``read_schools`` in a notebook, as they are written there.

    Parameters
    ----------
    notebook : Path
        The notebook; nothing of it runs.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    calls = (node for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    reading = (call for call in calls if ast.unparse(call.func).split(".")[-1] == "read_schools")
    return [{str(keyword.arg): ast.unparse(keyword.value) for keyword in call.keywords} for call in reading]


def check_audience(kind: str, audience: str) -> None:
    """
    Refuse a public edition of a kind that has none: its notebook then declares no parameter ``audience``.

    Parameters
    ----------
    kind : str
        Kind of report.
    audience : {"internal", "public"}
        Whom the report is for.

    Raises
    ------
    PlanRefused
        The message names the kinds that may be published.
    """
    if audience == INTERNAL or AUDIENCE in declared_parameters(find_notebook(kind)):
        return
    listed = [name for name in known_kinds() if AUDIENCE in declared_parameters(find_notebook(name))]
    raise PlanRefused(
        text(
            f"“{kind}”逐校列出数据，没有公开版；有公开版的是：{'、'.join(listed)}",
            f"'{kind}' is about single schools and has no public edition; those that have one: {', '.join(listed)}",
        )
    )


def _notebooks() -> dict[str, Path]:
    return {path.stem: path for folder in reversed(_notebook_folders()) for path in sorted(folder.glob("*.ipynb"))}


def _notebook_folders() -> list[Path]:
    package = Path(__file__).resolve().parents[1]
    folders = [package / "shipped" / "notebooks", package.parent / "notebooks"]  # installed, or a checkout
    return [folder for folder in folders if folder.is_dir()]
