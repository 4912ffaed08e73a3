"""A worker's room, without a cluster: files arrive whole or not at all, and only what is asked for is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from balancelab.reports.cluster import parcel as parcels
from balancelab.reports.cluster.parcel import Parcel
from balancelab.reports.cluster.program import describe
from balancelab.reports.cluster.room import Room
from balancelab.reports.resume import program_parts


@pytest.fixture
def parcel(tmp_path, monkeypatch) -> Parcel:
    monkeypatch.setattr(parcels, "_PIECE", 4)
    work = tmp_path / "work"
    (work / "standard").mkdir(parents=True)
    (work / "schools.parquet").write_bytes(b"0123456789")  # pieces of 4, 4 and 2 bytes
    (work / "standard" / "own.toml").write_bytes(b"")
    (work / "copy.parquet").write_bytes(b"0123456789")
    return Parcel(work)


@pytest.fixture
def room(tmp_path):
    made = Room(tmp_path / "room", "auto", {})
    yield made
    made.close()
    assert not (tmp_path / "room").exists()


def test_files_arrive_once_and_lie_in_their_places(tmp_path, parcel, room):
    missing = room.offer(parcel.listing)
    assert len(missing) == 2  # three files, two of them alike
    sent = {digest: list(parcel.pieces(digest)) for digest in missing}
    assert sorted(len(pieces) for pieces in sent.values()) == [1, 3]
    for digest, pieces in sent.items():
        assert [last for _, last in pieces] == [False] * (len(pieces) - 1) + [True]
        for piece, last in pieces:
            room.receive(digest, piece, last=last)
    assert room.offer(parcel.listing) == []
    below = tmp_path / "room" / "work"
    assert {path.relative_to(below).as_posix(): path.read_bytes() for path in below.rglob("*") if path.is_file()} == {
        "schools.parquet": b"0123456789",
        "copy.parquet": b"0123456789",
        "standard/own.toml": b"",
    }
    # a further notebook: nothing else travels again
    (tmp_path / "balance.ipynb").write_bytes(b"{}")
    place = parcel.add(tmp_path / "balance.ipynb")
    assert parcel.add(tmp_path / "balance.ipynb") == place
    assert Path(place).name == "balance.ipynb"  # the report's metadata name the notebook
    assert room.offer(parcel.listing) == [parcel.listing[place]]


def test_what_was_damaged_on_the_way_is_not_kept(parcel, room):
    digest = room.offer(parcel.listing)[0]
    with pytest.raises(OSError, match="arrived as"):
        room.receive(digest, b"other bytes", last=True)
    assert digest in room.offer(parcel.listing)


def test_what_a_room_answers_before_it_makes_anything(parcel, room):
    order = {"parcel": parcel.name, "parts": program_parts()}
    assert room.make(order) == {"state": "missing"}
    other = {**order, "parts": {**order["parts"], "package": "another"}}
    assert room.make(other) == {"state": "mismatch", "theirs": describe()}


def test_the_program_is_described_with_everything_that_the_lock_pins():
    versions = describe()["versions"]
    # direct, of the second degree (matplotlib needs pillow), and Dask's own (distributed needs msgpack)
    assert {"Python", "balancelab", "pandas", "pillow", "msgpack"} <= set(versions)
    assert "ruff" not in versions  # only of the extra for tests
