import json
import pickle
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from vaxcert.errors import RevocationListError, RevocationSliceError
from vaxcert.trust.revocation.archive import MAX_ARCHIVE_BYTES, pack_slices
from vaxcert.trust.revocation.eu_partitions import EuPartitions
from vaxcert.trust.revocation.folder import write_partitions
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.partition import SliceType
from vaxcert.trust.revocation.revocation_list import CertificateMarks, Revocation
from vaxcert.trust.revocation.revoked import RevokedEntry

KID = b"kid of 1"
COUNT = 300
SOON = datetime(2026, 12, 24, tzinfo=UTC)
LATER = datetime(2027, 2, 1, tzinfo=UTC)

Damage = Callable[[Path], object]


def value(number: int) -> bytes:
    return sha256(b"%d" % number).digest()


def marks(number: int, kid: bytes = KID, hash_type: HashType = HashType.UCI) -> CertificateMarks:
    return CertificateMarks(kid, 0, {hash_type: (value(number),)})


def written(folder: Path, at: datetime, kind: SliceType = SliceType.BLOOMFILTER) -> Path:
    folder.mkdir(exist_ok=True)
    entries = [RevokedEntry(KID, HashType.UCI, value(number), SOON if number % 2 else LATER) for number in range(COUNT)]
    entries.append(RevokedEntry(None, HashType.SIGNATURE, value(COUNT), LATER))
    write_partitions(folder, entries, as_of=at, kind=kind)
    return folder


@pytest.fixture
def folder(tmp_path: Path, at: datetime) -> Path:
    return written(tmp_path / "list", at)


def test_what_is_revoked_is_found_and_nothing_else(tmp_path: Path, at: datetime) -> None:
    for kind in SliceType:
        found = EuPartitions.open(written(tmp_path / kind, at, kind), at=at)
        assert found.as_of == at
        assert all(found.find(marks(number)) == Revocation(reason=None, at=None) for number in range(COUNT))
        assert not any(found.find(marks(number)) for number in range(COUNT, 3 * COUNT))


@pytest.mark.parametrize("limits", [(100, 1000), (100, 200)], ids=["vector", "coordinate"])
def test_every_mode_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], at: datetime
) -> None:
    monkeypatch.setattr("vaxcert.trust.revocation.partition.POINT_LIMIT", limits[0])
    monkeypatch.setattr("vaxcert.trust.revocation.partition.VECTOR_LIMIT", limits[1])
    found = EuPartitions.open(written(tmp_path / "list", at), at=at)
    assert all(found.find(marks(number)) for number in range(COUNT))
    assert not any(found.find(marks(number)) for number in range(COUNT, 3 * COUNT))


def test_another_signer_or_hash_type_is_not_found(folder: Path, at: datetime) -> None:
    found = EuPartitions.open(folder, at=at)
    assert found.find(marks(1, kid=b"kid of 2")) is None
    assert found.find(marks(1, hash_type=HashType.SIGNATURE)) is None
    assert found.find(CertificateMarks(KID, 0, {})) is None


def test_the_list_of_unknown_signers_speaks_of_every_certificate(folder: Path, at: datetime) -> None:
    found = EuPartitions.open(folder, at=at)
    assert found.find(marks(COUNT, kid=b"kid of 2", hash_type=HashType.SIGNATURE))
    assert found.find(marks(COUNT, hash_type=HashType.SIGNATURE))


def test_expired_slices_are_left_out(folder: Path) -> None:
    found = EuPartitions.open(folder, at=datetime(2027, 1, 1, tzinfo=UTC))
    assert [number for number in range(COUNT) if found.find(marks(number))] == list(range(0, COUNT, 2))
    later = EuPartitions.open(folder, at=datetime(2028, 1, 1, tzinfo=UTC))
    assert not any(later.find(marks(number)) for number in range(COUNT))


def test_a_lookup_reads_one_chunk_and_only_once(folder: Path, at: datetime) -> None:
    found = EuPartitions.open(folder, at=at)
    assert found.find(marks(0))
    shutil.rmtree(folder)
    assert found.find(marks(0))
    first = value(0).hex()[0]
    assert all(found.find(marks(number)) for number in range(COUNT) if value(number).hex()[0] == first)
    with pytest.raises(RevocationSliceError, match="missing from the folder"):
        [found.find(marks(number)) for number in range(COUNT)]


def test_a_small_cache_only_reads_more_often(folder: Path, at: datetime) -> None:
    found = EuPartitions.open(folder, at=at, cache_bytes=1)
    for _ in range(2):
        assert all(found.find(marks(number)) for number in range(50))


def test_a_worker_process_gets_its_own_copy(folder: Path, at: datetime) -> None:
    found = EuPartitions.open(folder, at=at)
    assert found.find(marks(0))
    copied = pickle.loads(pickle.dumps(found))
    assert copied.as_of == at
    assert copied.find(marks(1))
    assert copied.find(marks(COUNT)) is None


def overview(folder: Path) -> Any:
    return json.loads((folder / "lists.json").read_bytes())


def rewrite(folder: Path, document: object) -> None:
    (folder / "lists.json").write_text(json.dumps(document))


def served(folder: Path) -> list[dict[str, object]]:
    """Turn the overview of *folder* into the service's own: a bare array that does not name the partitions."""
    lines = overview(folder)["lists"]
    for line in lines:
        del line["partitions"]
    rewrite(folder, lines)
    return lines  # type: ignore[no-any-return] # JSON


def test_the_overview_of_the_service_is_as_old_as_its_last_change(folder: Path, at: datetime) -> None:
    lines = served(folder)
    lines[0]["lastUpdated"] = "2026-10-01T00:00:00Z"
    rewrite(folder, lines)
    found = EuPartitions.open(folder, at=at)
    assert found.as_of == at
    assert all(found.find(marks(number)) for number in range(COUNT))
    assert EuPartitions.open(folder, at=at, as_of=at + timedelta(hours=5)).as_of == at + timedelta(hours=5)


def test_a_date_of_its_own_is_not_made_younger(folder: Path, at: datetime) -> None:
    assert EuPartitions.open(folder, at=at, as_of=at + timedelta(hours=5)).as_of == at


def test_a_partition_that_the_service_did_not_answer_has_no_revocations(folder: Path, at: datetime) -> None:
    served(folder)
    for path in folder.rglob("null.json"):
        path.unlink()
    assert EuPartitions.open(folder, at=at).find(marks(0)) is None


def test_a_partition_that_the_overview_does_not_name_has_no_revocations(folder: Path, at: datetime) -> None:
    document = overview(folder)
    document["lists"][0]["partitions"] = {}
    rewrite(folder, document)
    assert EuPartitions.open(folder, at=at).find(marks(0)) is None


def each_archive(folder: Path, content: bytes) -> None:
    for path in folder.rglob("slices.tar.gz"):
        path.write_bytes(content)


def each_partition(folder: Path, old: bytes, new: bytes) -> None:
    served(folder)
    for path in folder.rglob("null.json"):
        path.write_bytes(path.read_bytes().replace(old, new))


def large_archives(folder: Path) -> None:
    for path in folder.rglob("slices.tar.gz"):
        with path.open("wb") as file:
            file.truncate(MAX_ARCHIVE_BYTES + 1)  # takes no room on the disk


def no_file(folder: Path) -> None:
    served(folder)
    for path in list(folder.rglob("null.json")):
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(lambda folder: [path.unlink() for path in folder.rglob("*.gz")], "missing from", id="no-archive"),
        pytest.param(lambda folder: each_archive(folder, b""), "cut or padded", id="empty-archive"),
        pytest.param(large_archives, "over", id="large-archive"),
        pytest.param(
            lambda folder: each_archive(folder, pack_slices("kid/null/0", [b"another"])),
            "missing from the archive",
            id="other-slice",
        ),
        pytest.param(lambda folder: [path.unlink() for path in folder.rglob("null.json")], "is missing", id="no-file"),
        pytest.param(
            lambda folder: [path.write_bytes(path.read_bytes() + b" ") for path in folder.rglob("null.json")],
            "not the one that the overview says",
            id="changed-partition",
        ),
        pytest.param(lambda folder: each_partition(folder, b'"id":null', b'"id":"a"'), "another signer", id="place"),
        pytest.param(lambda folder: each_partition(folder, b"a2lk", b"AAAA"), "another signer", id="signer"),
        pytest.param(lambda folder: each_partition(folder, b"BLOOM", b"GLOOM"), "kind that is not known", id="kind"),
        pytest.param(
            lambda folder: each_partition(folder, b"BLOOMFILTER", b"VARHASHLIST"), "makes no sense", id="other-kind"
        ),
        pytest.param(no_file, "cannot be read", id="folder-for-file"),
    ],
)
def test_a_damaged_list_is_an_error_and_not_an_answer(folder: Path, damage: Damage, message: str, at: datetime) -> None:
    damage(folder)
    found = EuPartitions.open(folder, at=at)
    with pytest.raises(RevocationListError, match=message):
        found.find(marks(0))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("", "not well-formed", id="empty"),
        pytest.param("7", "not an object", id="number"),
        pytest.param("[]", "age is not known", id="no-lists"),
        pytest.param("[7]", "not an object", id="number-in-list"),
        pytest.param('{"lists": []}', "as_of is missing", id="no-date"),
        pytest.param('{"as_of": "2026-11-22T08:00:00Z"}', "lists is missing", id="no-list"),
        pytest.param("[" + "{}," * 100_000 + "{}]", "over 100000 lists", id="many"),
        pytest.param(" " * (8 * 1024 * 1024 + 1), "over", id="long"),
    ],
)
def test_a_broken_overview_is_refused(tmp_path: Path, content: str, message: str, at: datetime) -> None:
    (tmp_path / "lists.json").write_text(content)
    with pytest.raises(RevocationListError, match=message):
        EuPartitions.open(tmp_path, at=at)


def test_an_overview_that_names_a_signer_twice_is_refused(folder: Path, at: datetime) -> None:
    rewrite(folder, 2 * served(folder))
    with pytest.raises(RevocationListError, match="has a signer twice"):
        EuPartitions.open(folder, at=at)


def test_a_folder_without_an_overview_is_refused(tmp_path: Path, at: datetime) -> None:
    with pytest.raises(RevocationListError, match=r"has no lists\.json"):
        EuPartitions.open(tmp_path, at=at)
