"""What a zygote does before it is forked: imports, and one run of a notebook on a small invented county."""

from __future__ import annotations

import gc
import importlib
import shutil
import sys
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import balancelab
from balancelab.reports.engine import Limits, import_papermill
from balancelab.reports.errors import PlanRefused
from balancelab.reports.units import DEFAULT_FORMATS

if TYPE_CHECKING:
    from balancelab.reports.engine import Executed
    from balancelab.reports.warm.engine import Here
    from balancelab.reports.worker import Run

_LIBRARIES = ("nbformat", "pandas", "pyarrow.parquet", "matplotlib.figure", "balancelab.page", "balancelab.intake")
_THREADED = ("polars", "duckdb", "numba")
_SUFFIXES = (".py", ".toml", ".j2", ".css", ".ttf")


def import_libraries() -> None:
    """
    Import what every report needs.

    Libraries that start threads of their own and hang after a fork are hidden meanwhile: others import them if they
    are there (statsmodels imports polars), and a notebook that wants one imports it in its own fork.
    """
    hidden = [name for name in _THREADED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        import_papermill()
        for name in (*_LIBRARIES, "balancelab.reports.warm.session", "balancelab.reports.worker"):
            importlib.import_module(name)
    finally:
        for name in hidden:
            del sys.modules[name]


def rehearse(asked: Mapping[str, Any], scratch: Path) -> None:
    """
    Run a notebook once in this process, for what is loaded and built on first use.

    Parameters
    ----------
    asked : mapping
        ``notebook``, a path; only one that is shipped is run, because nothing else may run in a zygote.
        ``languages``, a list.
    scratch : Path
        Folder for private files.

    Notes
    -----
    What comes of it is thrown away. That it fails is no reason not to go on: the report itself will say why.
    """
    from balancelab.reports.warm.engine import Here
    from balancelab.reports.worker import make_report

    notebook = Path(asked["notebook"])
    if not _is_shipped(notebook):
        return
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-", dir=scratch))
    known = _sample(folder)
    for language in asked["languages"]:
        order = {
            "notebook": str(notebook),
            "parameters": _parameters(notebook, known | {"language": language}),
            "stem": f"2000/rehearsal/{notebook.stem}.{language}",
            "language": language,
            "origin": {},
            "formats": DEFAULT_FORMATS,  # no others: a converter's threads must not start before the fork
            "word": {},
        }
        with warnings.catch_warnings():
            make_report(order, folder, folder, _runner(Here(folder, _nobody, Limits())))
    _put_back()
    shutil.rmtree(folder, ignore_errors=True)
    gc.collect()


def source_state() -> tuple[tuple[str, int, int], ...]:
    """Return name, time and size of every file of the package that a report is made by."""
    root = Path(balancelab.__file__).parent
    states = []
    for path in root.rglob("*.*"):
        if path.suffix in _SUFFIXES:
            known = path.stat()
            states.append((str(path), known.st_mtime_ns, known.st_size))
    return tuple(sorted(states))


def _is_shipped(notebook: Path) -> bool:
    from balancelab.reports.kinds import find_notebook

    try:
        return notebook.read_bytes() == find_notebook(notebook.stem).read_bytes()  # a run has a copy of its own
    except PlanRefused:  # no such kind
        return False


def _sample(folder: Path) -> dict[str, object]:
    from balancelab.intake import read_schools
    from balancelab.reports.staging import DATA_FILE
    from balancelab.sample import write_sample

    written = folder / "sample.csv"
    write_sample(written, counties=2, schools_per_county=8, years=2)
    intake = read_schools(written, all_years=True)
    intake.save(folder / DATA_FILE)
    schools = intake.schools
    return {
        "data_file": DATA_FILE,
        "county_code": str(schools["county_code"].iloc[0]),
        "year": int(schools["year"].max()),
    }


def _parameters(notebook: Path, known: Mapping[str, object]) -> dict[str, object]:
    from balancelab.reports.guard import declared_parameters

    return {name: known[name] for name in declared_parameters(notebook) if name in known}


def _put_back() -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
        pyplot.rcdefaults()


def _runner(here: Here) -> Run:
    from balancelab.reports.warm.engine import execute_here

    def run(notebook: Path, parameters: Mapping[str, object], folder: Path) -> Executed:
        return execute_here(notebook, parameters, folder=folder, here=here)

    return run


def _nobody(notebook: object, cell: object) -> None:
    """Nobody wants to know."""
