import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from vaxcert.signing.key_pair import KeyPair
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.revocation.archive import unpack_slices
from vaxcert.trust.revocation.batch import verify_batch
from vaxcert.trust.revocation.bloom import BloomFilter
from vaxcert.trust.revocation.folder import WriteFigures, batch_files, write_batches, write_partitions
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.partition import Mode, Partition, SliceType
from vaxcert.trust.revocation.revoked import RevokedEntry

KID = b"\xfb\xff\xfekid00"
SOON = datetime(2026, 12, 24, tzinfo=UTC)
LATER = datetime(2027, 2, 1, tzinfo=UTC)


def value(number: int) -> bytes:
    return sha256(b"%d" % number).digest()


def entries(count: int, kid: bytes | None = KID) -> Iterator[RevokedEntry]:
    for number in range(count):
        yield RevokedEntry(kid, HashType.UCI, value(number), SOON if number % 2 else LATER)


def test_batches_are_signed_and_hold_every_entry_once(
    tmp_path: Path, signer: PemSigner, pair: KeyPair, at: datetime
) -> None:
    figures = write_batches(tmp_path, entries(2500), signer, country="XA", at=at)
    assert figures == WriteFigures(entries=2500, files=4)
    verified = [verify_batch(path.read_bytes(), [pair.certificate], at=at) for path in batch_files(tmp_path)]
    assert sorted(len(each.batch.entries) for each in verified) == [250, 250, 1000, 1000]
    assert {entry for each in verified for entry in each.batch.entries} == {
        value(number)[:16] for number in range(2500)
    }


def test_a_partitioned_list_lies_as_the_service_answers(tmp_path: Path, at: datetime) -> None:
    figures = write_partitions(tmp_path, entries(40), as_of=at)
    overview = json.loads((tmp_path / "lists.json").read_bytes())
    assert overview["as_of"] == "2026-11-22T08:00:00Z"
    (line,) = overview["lists"]
    assert line["kid"] == "+//+a2lkMDA="
    assert (line["mode"], line["hashTypes"], line["expires"]) == ("POINT", ["UCI"], "2027-04-01T00:00:00Z")
    partitions = tmp_path / "lists" / "-__-a2lkMDA" / "partitions"
    document = (partitions / "null.json").read_bytes()
    assert line["partitions"] == {"null": sha256(document).hexdigest()}
    partition = Partition.parse(document)
    assert set(partition.chunks) == {value(number).hex()[0] for number in range(40)}
    found = set()
    for chunk, notes in partition.chunks.items():
        archive = (partitions / "null" / "chunks" / chunk / "slices.tar.gz").read_bytes()
        slices = unpack_slices(archive)
        assert set(slices) == {note.digest for note in notes}
        for note in notes:
            filter_ = BloomFilter.parse(slices[note.digest])
            inside = {number for number in range(40) if value(number)[:16] in filter_}
            assert all(value(number).hex()[0] == chunk for number in inside)
            assert {SOON if number % 2 else LATER for number in inside} == {SOON if note.expires < LATER else LATER}
            found |= inside
    assert found == set(range(40))
    assert figures == WriteFigures(entries=40, files=2 + len(partition.chunks))


@pytest.mark.parametrize(("mode", "folders"), [(Mode.VECTOR, 16), (Mode.COORDINATE, 256)])
def test_the_mode_follows_the_number_of_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, folders: int, at: datetime
) -> None:
    monkeypatch.setattr("vaxcert.trust.revocation.partition.POINT_LIMIT", 1999)
    monkeypatch.setattr("vaxcert.trust.revocation.partition.VECTOR_LIMIT", 2000 if mode is Mode.VECTOR else 1999)
    write_partitions(tmp_path, entries(2000), as_of=at, kind=SliceType.VARHASHLIST)
    (line,) = json.loads((tmp_path / "lists.json").read_bytes())["lists"]
    assert line["mode"] == mode
    assert len(line["partitions"]) == folders


def test_what_is_revoked_twice_counts_once_and_for_the_longer_time(tmp_path: Path, at: datetime) -> None:
    twice = [RevokedEntry(KID, HashType.UCI, value(1), expires) for expires in (LATER, SOON, LATER, SOON)]
    assert write_partitions(tmp_path, twice, as_of=at).entries == 1
    (path,) = tmp_path.rglob("null.json")
    ((note,),) = Partition.parse(path.read_bytes()).chunks.values()
    assert note.expires == datetime(2027, 4, 1, tzinfo=UTC)


def test_signers_have_lists_of_their_own(tmp_path: Path, at: datetime) -> None:
    mixed = [*entries(3), *entries(2, None), *(each._replace(hash_type=HashType.SIGNATURE) for each in entries(1))]
    assert write_partitions(tmp_path, mixed, as_of=at).entries == 5
    lines = json.loads((tmp_path / "lists.json").read_bytes())["lists"]
    assert [(line["kid"], line["hashTypes"]) for line in lines] == [
        ("+//+a2lkMDA=", ["UCI", "SIGNATURE"]),
        ("UNKNOWN_KID", ["UCI"]),
    ]
    assert (tmp_path / "lists" / "UNKNOWN_KID" / "partitions" / "null.json").is_file()


def test_a_list_of_nothing_is_a_list(tmp_path: Path, at: datetime) -> None:
    assert write_partitions(tmp_path, [], as_of=at) == WriteFigures(entries=0, files=1)
    assert json.loads((tmp_path / "lists.json").read_bytes()) == {"as_of": "2026-11-22T08:00:00Z", "lists": []}


def test_the_same_entries_in_another_order_give_the_same_files(tmp_path: Path, at: datetime) -> None:
    for name, order in (("one", 1), ("other", -1)):
        (tmp_path / name).mkdir()
        write_partitions(tmp_path / name, list(entries(300))[::order], as_of=at)
    one, other = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "other")
    )
    assert one == other


def test_a_list_without_a_sound_date_or_rate_is_not_begun(tmp_path: Path, at: datetime) -> None:
    with pytest.raises(ValueError, match="date is naive"):
        write_partitions(tmp_path, entries(1), as_of=at.replace(tzinfo=None))
    with pytest.raises(ValueError, match="rate of 0"):
        write_partitions(tmp_path, entries(1), as_of=at, rate=0)
    assert not (tmp_path / "lists.json").exists()


def test_an_error_of_the_disk_is_told(tmp_path: Path, signer: PemSigner, at: datetime) -> None:
    with pytest.raises(FileNotFoundError):
        write_batches(tmp_path / "missing", entries(1), signer, country="XA", at=at + timedelta(days=1))
    with pytest.raises(FileNotFoundError):
        write_partitions(tmp_path / "missing", [], as_of=at)
