"""Short forms of what `make soak` does at length."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from balancelab.reports.warm.guarding import available
from tests.reports.disk import partial
from tests.soak import crowd, kills, poison

pytestmark = [
    pytest.mark.skipif(not available(), reason="forks and /proc, as on Linux"),
    pytest.mark.slow,
]


@pytest.fixture(autouse=True)
def put_back(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", tempfile.tempdir)
    monkeypatch.setenv("TMPDIR", os.environ.get("TMPDIR", tempfile.gettempdir()))


def test_x01_x02_killed_without_kernels(tmp_path):
    assert kills.run_trials(tmp_path, kills.tiny(15), 6, work=kills.make_fast) == []


def test_x01_killed_with_a_zygote(tmp_path):
    assert kills.run_trials(tmp_path, kills.tiny(4), 2) == []


def test_x14_x31_two_at_once(tmp_path):
    wrong, longest = crowd.pairs(tmp_path, 2)
    assert wrong == []
    assert longest < 5  # R19 asks for one second; this machine may be busy


def test_r30_a_run_does_not_grow(tmp_path):
    wrong, _ = crowd.many(tmp_path, 20)
    assert wrong == []


def test_x19_x21_poison_is_told_by_its_name(tmp_path):
    # each of the ten kinds once, and two reports that must be made all the same; the ratio is for the long form
    assert poison.make_poisoned(tmp_path, len(poison.KINDS) + 2, list(poison.KINDS)) == []


def test_the_watcher_knows_a_partial_file():
    halves = {"a.html": b"<html><body>", "a.ipynb": b'{"cells": [', "a.pdf": b"%PDF-1.7 ...", "a.zip": b"PK\x03\x04"}
    assert all(partial(str(Path(name)), content) for name, content in halves.items())
    assert partial("a.html", b"<html></html>\n") == ""
