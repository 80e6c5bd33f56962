"""The files of a segment: whole, over those of an attempt that was cut off, and sealed where they are kept."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests.batches import bench, chunk, row, secret
from vaxcert.errors import SealError, StorageError
from vaxcert.ledger.store.sealed import parse_stored
from vaxcert.service.batch.segment_files import PAYLOADS, read_payloads, write_segment
from vaxcert.signing.issuer_secret import IssuerSecret

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vaxcert.service.batch.chunk import Issued

FORMATS = ("jsonl", "txt", "svg", "pdf")


def entries(count: int, *, seals: bool = True) -> Sequence[tuple[Issued, int | None]]:
    maker = bench(formats=FORMATS)
    maker._seals = seals
    return [(issued, place) for place, issued in enumerate(maker.work(chunk(*map(row, range(count)))).issued)]


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_every_format_has_its_files_and_its_digests(tmp_path: Path) -> None:
    written = write_segment(tmp_path, 3, FORMATS, entries(2), keep_under=None)
    assert tree(tmp_path) == ["jsonl/000003.jsonl", "svg/000003/00001.svg", "svg/000003/00002.svg", "txt/000003.txt"]
    for file in written:
        content = (tmp_path / file.path).read_bytes()
        assert (file.size, file.sha256) == (len(content), sha256(content).digest())
        assert (tmp_path / file.path).stat().st_mode & 0o777 == 0o600
    assert sorted(file.path for file in written) == tree(tmp_path)


@pytest.mark.parametrize("seals", [True, False])
def test_what_is_kept_comes_back(tmp_path: Path, seals: bool) -> None:  # noqa: FBT001 - a case
    some = entries(3, seals=seals)
    write_segment(tmp_path, 3, FORMATS, some, keep_under=secret())
    kept = list(read_payloads(tmp_path, 3, secret()))
    assert [certificate_id for certificate_id, _ in kept] == [issued.row.id for issued, _ in some]
    opened = [
        parse_stored(secret().open(issued.row.cose, about=issued.row.id.encode()) if seals else issued.row.cose)
        for issued, _ in some
    ]
    assert [stored for _, stored in kept] == opened
    assert b"URN:UVCI" not in (tmp_path / PAYLOADS / "000003.bin").read_bytes()


def test_what_is_kept_opens_by_its_own_secret_and_number_alone(tmp_path: Path) -> None:
    write_segment(tmp_path, 3, FORMATS, entries(1), keep_under=secret())
    with pytest.raises(SealError):
        list(read_payloads(tmp_path, 3, IssuerSecret.create()))
    path = tmp_path / PAYLOADS / "000003.bin"
    path.rename(path.with_name("000004.bin"))
    with pytest.raises(SealError):
        list(read_payloads(tmp_path, 4, secret()))
    assert list(read_payloads(tmp_path, 3, secret())) == []


def test_an_attempt_that_was_cut_off_leaves_nothing(tmp_path: Path) -> None:
    write_segment(tmp_path, 3, FORMATS, entries(5), keep_under=secret())
    (tmp_path / "jsonl" / ".000003.jsonl.draft").write_bytes(b"half")
    written = write_segment(tmp_path, 3, FORMATS, entries(2), keep_under=None)
    assert {file.path for file in written} == set(tree(tmp_path)) - {"job/payloads/000003.bin"}
    assert write_segment(tmp_path, 3, FORMATS, [], keep_under=None) == []
    assert tree(tmp_path) == []


def test_nothing_is_made_of_nothing(tmp_path: Path) -> None:
    assert write_segment(tmp_path, 3, FORMATS, [], keep_under=secret()) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["jsonl", "svg", "job"])
def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        write_segment(tmp_path, 3, FORMATS, entries(1), keep_under=secret())
