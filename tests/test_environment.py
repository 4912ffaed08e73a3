"""The lock, environment.yml and pyproject.toml name the same versions, and no address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"matplotlib-base": "matplotlib", "python-duckdb": "duckdb"}


def lock() -> list[Requirement]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def environment() -> tuple[str, dict[str, str]]:
    """Python version and package → version as environment.yml has them; read line by line, no YAML reader is needed."""
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    python = re.search(r"^  - python=(\S+)$", text, flags=re.M)
    assert python
    pairs = re.findall(r"^ +- ([A-Za-z0-9_-]+)==?([0-9][^\s]*)$", text, flags=re.M)
    return python[1], {CONDA_NAMES.get(name, name): version for name, version in pairs if name != "python"}


def direct_requirements() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["dependencies"] + [line for extra in project["optional-dependencies"].values() for line in extra]
    return {Requirement(line).name.lower() for line in listed}


def test_environment_names_the_versions_of_the_lock():
    python, versions = environment()
    here = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    locked = {
        pin.name.lower(): str(pin.specifier).removeprefix("==")
        for pin in lock()
        if pin.marker is None or pin.marker.evaluate(here)
    }
    assert versions == {name: locked[name] for name in versions}


def test_environment_has_every_direct_requirement():
    assert direct_requirements() == set(environment()[1])


def test_every_direct_requirement_is_locked_for_every_python():
    for python in ("3.11", "3.12", "3.13", "3.14"):
        here = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
        there = {pin.name.lower() for pin in lock() if pin.marker is None or pin.marker.evaluate(here)}
        assert direct_requirements() <= there, python


def test_the_lock_pins_everything_and_holds_no_address():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|file:|--(index|extra|find)", text)
    assert all(str(pin.specifier).startswith("==") for pin in lock())
