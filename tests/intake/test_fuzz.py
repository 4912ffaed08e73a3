"""
A short form of the fuzzing in ``tests/intake/fuzz.py``; its module says how to run the long one.

Long form, run on 2 cores with the code of this test's commit: 100,000 cell and 20,000 byte mutations without an
uncaught exception, a run over 2 s, or a value that changed in silence.
"""

from __future__ import annotations

from tests.intake.fuzz import fuzz_bytes, fuzz_cells, valid_files


def test_damaged_cells_change_nothing_in_silence() -> None:
    assert fuzz_cells(400, seed=7) == 10


def test_damaged_bytes_are_refused_or_read() -> None:
    fuzz_bytes(valid_files(), 210, seed=7)
