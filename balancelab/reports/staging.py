"""What the notebooks of a run read: written once into the work folder, under names that say nothing of this machine."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tomllib
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from balancelab.definitions import shipped
from balancelab.reports.resume import file_digest, reads_one_county, rows_by_county, table_digest

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.intake import Intake
    from balancelab.reports.units import Plan
    from balancelab.standards import Standard

DATA_FILE = "schools.parquet"
"""Name of the table in the work folder: the same for every run, so that reports do not differ by it."""
COMPARISON_FILE = "comparison.parquet"
COMPARISON = "comparison_file"
"""Parameter of a notebook that puts a county beside the others: these are compared once for a run."""
_DEFINITIONS = ("indicators", "columns")
"""Files of the user's own that are no added files of a notebook."""


class Staged:
    """What the notebooks of a run read, under names that say nothing of this machine."""

    def __init__(
        self,
        intake: Intake,
        data_files: Sequence[Path],
        standard: Standard,
        standard_file: Path | None,
        files: Mapping[str, Path | None],
        *,
        year: int,
        declared: Container[str],
    ) -> None:
        from balancelab.intake.sidecar import read_sidecar

        self.intake, self.data_files, self.standard = intake, data_files, standard
        self.files = {folder: path for folder, path in files.items() if path is not None}
        self.synthetic = any(read_sidecar(path).get("synthetic", False) for path in data_files)
        self._one_county: dict[Path, bool] = {}
        self._year, self._compared = year, COMPARISON in declared
        self._standards = [] if standard_file is None else _with_bases(standard_file.resolve())

    def parameters(self) -> dict[str, object]:
        """Return the parameters that name files, relative to the work folder."""
        own = self._standard_names()
        named: dict[str, object] = {
            "data_file": DATA_FILE,
            "standard": own[self._standards[0]] if self._standards else self.standard.id,
            "indicator_file": self.own_name("indicators"),
            "column_map": self.own_name("columns"),
        }
        return named | ({COMPARISON: COMPARISON_FILE} if self._compared else {})

    def origin(self) -> dict[str, str]:
        """Return what a report is made from; see `Unit.origin`."""
        indicators = PurePath(self.own_name("indicators")).name
        added = sorted(f"{name}_file={path.name}" for name, path in self.files.items() if name not in _DEFINITIONS)
        made = {"standard": self.standard.id, "data": self._data_name(), "indicators": indicators}
        return made | {"added": ", ".join(added)}

    def inputs(self, notebook: Path, county_code: str) -> dict[str, str]:
        """Return digests of the rows that a notebook looks at and of the files that come with them."""
        if notebook not in self._one_county:
            self._one_county[notebook] = reads_one_county(notebook)
        rows = self._rows[county_code if self._one_county[notebook] else ""]
        if self._compared:
            rows = f"{rows} {self._comparison[1]}"
        return {"rows": rows, "standard": self._files}

    @cached_property
    def _rows(self) -> dict[str, str]:
        return rows_by_county(self.intake)

    @cached_property
    def _comparison(self) -> tuple[pd.DataFrame, str]:
        """What all counties come to, beside which a report puts its own, and its digest."""
        from balancelab.equity import compare_counties

        comparison = compare_counties(self.intake.schools, self.standard, year=self._year)
        return comparison, table_digest(comparison)

    @cached_property
    def _files(self) -> str:
        files = [*_with_bases(self.standard.path), *self.files.values(), *self._sidecars()]
        return " ".join(file_digest(path) for path in files)

    def write(self, work: Path) -> None:
        """Write table, comparison, sidecar, standard and indicators into the work folder."""
        from balancelab.equity import save_comparison
        from balancelab.intake.sidecar import sidecar_path

        self.intake.save(work / DATA_FILE)
        if self._compared:
            save_comparison(self._comparison[0], work / COMPARISON_FILE)
        copies = {path: work / name for path, name in self._standard_names().items()}
        copies |= {path: work / self.own_name(folder) for folder, path in self.files.items()}
        notes = {sidecar: sidecar_path(work / DATA_FILE) for sidecar in self._sidecars()[:1]}
        notes |= {sidecar_path(path): sidecar_path(copies[path]) for path in self.files.values()}
        copies |= {source: target for source, target in notes.items() if source.is_file()}
        for source, target in copies.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)

    def _sidecars(self) -> list[Path]:
        """Return the data files' sidecars that there are, one that says "synthetic" first: it holds for all."""
        from balancelab.intake.sidecar import read_sidecar, sidecar_path

        said = [path for path in self.data_files if sidecar_path(path).is_file()]
        return [sidecar_path(path) for path in sorted(said, key=lambda path: not read_sidecar(path).get("synthetic"))]

    def _data_name(self) -> str:
        first, *others = self.data_files
        return f"{first.absolute().parent.name}/" if others else first.name

    def own_name(self, folder: str) -> str:
        """Return where a file of the user's own lies in the work folder, empty where there is none."""
        return f"{folder}/{self.files[folder].name}" if folder in self.files else ""

    def _standard_names(self) -> dict[Path, str]:
        if not self._standards:
            return {}
        common = os.path.commonpath([path.parent for path in self._standards])  # `extends` is relative: keep the tree
        return {path: f"standard/{path.relative_to(common).as_posix()}" for path in self._standards}


def for_one_run(plan: Plan) -> Plan:
    """
    Return a plan that can be carried out once, and lets its table go as soon as that is staged.

    Reading and staging 2,850 counties leaves 200 MB that nobody needs while their reports are made.
    """
    waiting = [plan.stage]

    def stage(work: Path) -> None:
        waiting.pop()(work)
        _give_back_memory()

    return replace(plan, stage=stage)


def _give_back_memory() -> None:
    """Return memory that nothing uses to the system."""
    import ctypes

    import pyarrow as pa

    gc.collect()
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        with suppress(AttributeError):  # a C library other than GNU's returns memory by itself
            ctypes.CDLL(None).malloc_trim(0)


def _with_bases(standard_file: Path) -> list[Path]:
    """Return a standard's file and the user's files that it extends."""
    chain: list[Path] = []
    path = standard_file
    while path.is_file() and path not in chain:
        chain.append(path)
        base = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("extends")
        path = path.parent if base is None or base in shipped("standards") else (path.parent / str(base)).resolve()
    return chain
