"""Workers that live in this process and make a small true report in a few milliseconds, for runs of any size."""

from __future__ import annotations

import queue
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

from balancelab.page.blocks import COMPLETION_TOKEN, Block
from balancelab.reports.crew import Crew
from balancelab.reports.durable import answer_of
from balancelab.reports.engine import Executed
from balancelab.reports.errors import Failure
from balancelab.reports.output import Output
from balancelab.reports.units import Plan, Unit
from balancelab.reports.worker import make_report

NOTEBOOKS = Path(__file__).parent / "notebooks"
ORIGIN = {"standard": "quality_2017", "data": "schools.csv", "indicators": ""}
Poison = Callable[[str], Failure | None]


def unit(code: str = "371501", *, name: str = "works", language: str = "zh", **changes: Any) -> Unit:
    """A report by a notebook of the tests."""
    parameters = {"county_code": code, "year": 2024, "language": language, "data_file": "schools.parquet"}
    given = {"parameters": parameters, "origin": ORIGIN, "synthetic": True, **changes}
    return Unit(name, language, 2024, code, "临江县", NOTEBOOKS / f"{name}.ipynb", **given)


def plan(*units: Unit) -> Plan:
    """A plan whose reports read nothing."""
    return Plan(units, lambda work: None)


def tree(folder: Path, *, journal: bool = False) -> dict[str, bytes]:
    """Content of every file by its path, without the journal, whose lines hold times."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {name: content for name, content in found.items() if journal or name != "journal.jsonl"}


def executed(parameters: Mapping[str, object]) -> nbformat.NotebookNode:
    """What a notebook is after its run: parameters, a title, the completion token."""
    language, code = str(parameters["language"]), parameters["county_code"]
    title = Block("title", language, {"title": f"{code} {parameters['year']}", "subtitle": None})
    complete = Block("complete", language, {"token": COMPLETION_TOKEN, "blocks": 1})
    cells = [
        new_code_cell(
            f"show({number})",
            id=f"c{number}",
            execution_count=number,
            outputs=[new_output("display_data", data=block._repr_mimebundle_())],
        )
        for number, block in enumerate((title, complete), 1)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "papermill": {"parameters": dict(parameters)}})


class FastCrew(Crew):
    """A crew of one, in this process."""

    def __init__(self, output: Output, poison: Poison = lambda code: None) -> None:
        output.make_work()
        self.engine = "kernel"
        self.scratch = Path(tempfile.mkdtemp(prefix="fast-"))
        self.events = queue.Queue()
        self.men = []
        self.made: list[str] = []
        self._output, self._poison = output, poison

    def hire(self) -> Any:
        man = FastMan(self)
        self.men.append(man)
        return man

    def rehearse(self, notebook: Path, language: str) -> None:
        """Nothing is slow the first time."""

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)

    def make(self, order: dict[str, Any]) -> dict[str, Any]:
        """Make a report as a worker does."""
        self.made.append(order["stem"])

        def run(notebook: Path, parameters: Mapping[str, object], folder: Path) -> Executed:
            return Executed(executed(parameters), self._poison(str(parameters["county_code"])))

        try:
            made = make_report(order, self._output.path, self._output.work, run)
        except OSError as error:
            made = answer_of(error)
        return {**made, "seconds": 0.01}


class FastMan:
    """The only member."""

    overdue = False

    def __init__(self, crew: FastCrew) -> None:
        self.unit: Unit | None = None
        self._crew = crew

    def take(self, unit: Unit, order: dict[str, Any]) -> None:
        self.unit = unit
        self._crew.events.put((self, self._crew.make(order)))

    def seconds(self) -> float:
        return 0.0
