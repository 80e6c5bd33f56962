import json
from datetime import UTC, datetime
from typing import Any

import pytest

from vaxcert.errors import RevocationListError
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.partition import KidList, Mode, Partition, Place, SliceNote, SliceType

KID = bytes(range(1, 9))
AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
ENTRY = bytes.fromhex("2a5d20b3f60102030405060708090a0b")
DIGEST = "ab" * 32

LINE: dict[str, Any] = {
    "kid": "AQIDBAUGBwg=",
    "mode": "VECTOR",
    "hashTypes": ["UCI", "SIGNATURE"],
    "expires": "2027-01-01T00:00:00Z",
    "lastUpdated": "2026-11-22T08:00:00Z",
}
SLICE = {"type": "BLOOMFILTER", "version": "1.0", "hash": DIGEST}
PARTITION: dict[str, Any] = {
    "kid": "AQIDBAUGBwg=",
    "id": "2a",
    "x": "2",
    "y": "a",
    "lastUpdated": "2026-11-22T08:00:00Z",
    "expired": "2027-01-01T00:00:00Z",
    "chunks": {"5": {"2027-01-01T00:00:00Z": SLICE}},
}


@pytest.mark.parametrize(
    ("mode", "place", "known_bits"),
    [
        (Mode.POINT, Place("null", "2"), 4),
        (Mode.VECTOR, Place("2", "a"), 8),
        (Mode.COORDINATE, Place("2a", "5"), 12),
    ],
)
def test_the_digits_of_a_hash_choose_its_place(mode: Mode, place: Place, known_bits: int) -> None:
    assert mode.place_of(ENTRY) == place
    assert mode.known_bits == known_bits


@pytest.mark.parametrize(
    ("count", "mode"),
    [
        (0, Mode.POINT),
        (100_000, Mode.POINT),
        (100_001, Mode.VECTOR),
        (1_600_000, Mode.VECTOR),
        (1_600_001, Mode.COORDINATE),
        (10**13, Mode.COORDINATE),
    ],
)
def test_the_number_of_entries_chooses_the_mode(count: int, mode: Mode) -> None:
    assert Mode.for_count(count) is mode


def test_a_line_of_the_overview_is_read_and_written() -> None:
    line = KidList(
        kid=KID, mode=Mode.VECTOR, hash_types=(HashType.UCI, HashType.SIGNATURE), expires=LATER, last_updated=AT
    )
    assert KidList.of_json(LINE) == line
    assert line.to_json() == LINE


def test_a_line_may_name_its_partitions_and_join_its_hash_types() -> None:
    line = KidList.of_json(LINE | {"partitions": {"2": DIGEST}, "hashTypes": ["UCI,SIGNATURE"]})
    assert line.partitions == {"2": DIGEST}
    assert line.hash_types == (HashType.UCI, HashType.SIGNATURE)
    assert line.to_json()["partitions"] == {"2": DIGEST}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        pytest.param({"kid": 1}, "kid is missing", id="kid"),
        pytest.param({"mode": "UNKNOWN"}, "not known", id="mode"),
        pytest.param({"mode": None}, "mode is missing", id="no-mode"),
        pytest.param({"hashTypes": "UCI"}, "hashTypes is missing", id="no-types"),
        pytest.param({"hashTypes": ["UCI", 5]}, "not known", id="type"),
        pytest.param({"expires": "soon"}, "expires is not an instant", id="expires"),
        pytest.param({"lastUpdated": None}, "lastUpdated is missing", id="updated"),
        pytest.param({"partitions": []}, "partitions is missing", id="partitions"),
    ],
)
def test_a_broken_line_is_refused(members: dict[str, object], message: str) -> None:
    with pytest.raises(RevocationListError, match=message):
        KidList.of_json(LINE | members)


def test_a_partition_is_read_and_written() -> None:
    partition = Partition(
        kid=KID, name="2a", last_updated=AT, chunks={"5": (SliceNote(LATER, SliceType.BLOOMFILTER, DIGEST),)}
    )
    assert Partition.parse(json.dumps(PARTITION).encode()) == partition
    assert json.loads(partition.to_json()) == PARTITION


def test_the_one_partition_of_a_point_list_has_no_id() -> None:
    members = {"id": None, "x": None, "y": None}
    read = Partition.parse(json.dumps(PARTITION | members).encode())
    assert read.name == "null"
    assert json.loads(read.to_json()) == PARTITION | members


@pytest.mark.parametrize(
    ("members", "message"),
    [
        pytest.param({"id": 5}, "id is missing", id="id"),
        pytest.param({"kid": None}, "kid is missing", id="kid"),
        pytest.param({"lastUpdated": "x"}, "lastUpdated is not", id="updated"),
        pytest.param({"chunks": []}, "chunks is missing", id="no-chunks"),
        pytest.param({"chunks": {"g": {}}}, "no hexadecimal digit", id="chunk"),
        pytest.param({"chunks": {"A": {}}}, "no hexadecimal digit", id="capital"),
        pytest.param({"chunks": {"../..": {}}}, "no hexadecimal digit", id="path"),
        pytest.param({"chunks": {"5": []}}, "not an object", id="slices"),
        pytest.param({"chunks": {"5": {"soon": SLICE}}}, "chunks is not an instant", id="expires"),
        pytest.param({"chunks": {"5": {"2027-01-01T00:00:00Z": None}}}, "not an object", id="slice"),
        pytest.param({"chunks": {"5": {"2027-01-01T00:00:00Z": SLICE | {"type": "HASH"}}}}, "not known", id="type"),
        pytest.param({"chunks": {"5": {"2027-01-01T00:00:00Z": SLICE | {"hash": "ab"}}}}, "malformed", id="hash"),
        pytest.param({"chunks": {"5": {"2027-01-01T00:00:00Z": SLICE | {"version": "2"}}}}, "malformed", id="version"),
    ],
)
def test_a_broken_partition_is_refused(members: dict[str, object], message: str) -> None:
    with pytest.raises(RevocationListError, match=message):
        Partition.parse(json.dumps(PARTITION | members).encode())
