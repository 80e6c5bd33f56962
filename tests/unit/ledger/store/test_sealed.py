"""What a batch stores of a certificate is read back as it was, nothing else passes for it, and `check` opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sealed_rows import SECRET, sealed, stored
from tests.stored_log import AT, KEY, certificate, flipped, make_log, sql
from vaxcert.codec import cbor
from vaxcert.errors import CborError, CodecError, LedgerFormatError, SealError
from vaxcert.ledger.store.auditor_export import AuditorExport
from vaxcert.ledger.store.auditor_writer import export_for_auditor
from vaxcert.ledger.store.problem import Part, Problem
from vaxcert.ledger.store.reader import LoggedCertificate
from vaxcert.ledger.store.sealed import (
    MAX_STORED_BYTES,
    encode_stored,
    opener_of,
    parse_stored,
    stored_row,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.reader import CertificateRow

opener = opener_of(SECRET)


def logged(row: CertificateRow) -> LoggedCertificate:
    return LoggedCertificate(0, *row)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def log(folder: Path) -> Iterator[TransparencyLog]:
    """Return a log of one certificate in the clear and three that are sealed."""
    with make_log(folder) as log:
        with log.transaction() as transaction:
            transaction.add_certificates([certificate(0), *(sealed(certificate(number)) for number in (1, 2, 3))])
        log.sign_checkpoint(KEY, at=AT)
        yield log


def test_what_was_stored_is_read_back() -> None:
    assert parse_stored(encode_stored(*stored())) == stored()
    assert "A-17" not in repr(stored())


ITEMS: list[Any] = [1, b"\x84", bytes(32), 1, bytes(16), {}]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, 2),
        (0, "1"),
        (0, None),
        (1, "84"),
        (1, None),
        (2, bytes(31)),
        (2, "0" * 32),
        (3, 0),
        (3, -1),
        (3, 2**32),
        (3, True),
        (3, 1.0),
        (4, bytes(32)),
        (4, None),
        (5, []),
        (5, None),
        (5, {"lot": 1}),
        (5, {1: "lot"}),
        (5, {"lot": None}),
    ],
    ids=str,
)
def test_an_item_of_another_kind_is_refused(place: int, value: object) -> None:
    items = [*ITEMS[:place], value, *ITEMS[place + 1 :]]
    with pytest.raises(LedgerFormatError):
        parse_stored(cbor.encode(items))


@pytest.mark.parametrize("value", [{}, [], ITEMS[:5], [*ITEMS, 0], 1, b"\x84"], ids=str)
def test_another_shape_is_refused(value: object) -> None:
    with pytest.raises(LedgerFormatError, match="array of 6"):
        parse_stored(cbor.encode(value))


@pytest.mark.parametrize("cut", [0, 1, -1])
def test_a_cut_content_is_refused(cut: int) -> None:
    with pytest.raises(CborError):
        parse_stored(encode_stored(*stored())[:cut])


def test_what_follows_the_content_is_refused() -> None:
    with pytest.raises(CborError):
        parse_stored(encode_stored(*stored()) + b"\0")


def test_a_content_past_the_bound_is_not_decoded() -> None:
    content = encode_stored(*stored(bytes(MAX_STORED_BYTES)))
    with pytest.raises(LedgerFormatError, match="over"):
        parse_stored(content)


# Rows.


def test_a_sealed_row_opens_to_what_it_says() -> None:
    row = certificate(7)
    assert stored_row(logged(sealed(row)), opener) == row
    assert stored_row(logged(row), opener) == stored_row(logged(row), None) == row
    assert stored_row(logged(sealed(row)), None) is None


def test_a_content_of_another_row_does_not_open() -> None:
    with pytest.raises(SealError):
        stored_row(logged(sealed(certificate(1), about=certificate(2).id)), opener)


@pytest.mark.parametrize("content", [b"\0", b"\0" * 44, b"\0" * (MAX_STORED_BYTES + 46)], ids=len)
def test_what_cannot_be_sealed_is_told_without_opening_it(content: bytes) -> None:
    for way in (opener, None):
        with pytest.raises(LedgerFormatError, match="shorter or longer"):
            stored_row(logged(certificate(1)._replace(cose=content)), way)


@pytest.mark.parametrize("content", [b"\0" * 45, b"\0" * 500], ids=len)
def test_what_is_marked_as_sealed_and_is_not_does_not_open(content: bytes) -> None:
    with pytest.raises(SealError):
        stored_row(logged(certificate(1)._replace(cose=content)), opener)


def test_what_was_sealed_and_is_no_certificate_is_refused() -> None:
    row = certificate(1)
    for content, error in ((b"\x80", LedgerFormatError), (encode_stored(*stored()), CodecError)):
        with pytest.raises(error):
            stored_row(logged(row._replace(cose=SECRET.seal(content, about=row.id.encode()))), opener)


# The log.


def test_a_log_with_sealed_certificates_is_in_order(log: TransparencyLog) -> None:
    assert log.check(opener=opener) is None
    assert log.check() is None
    assert log.count_sealed() == 3


def change(folder: Path, content: bytes, index: int = 2) -> None:
    sql(folder, "UPDATE certificate SET cose = ? WHERE leaf_index = ?", content, index)


@pytest.mark.parametrize(
    "content",
    [
        bytes(400),
        flipped(sealed(certificate(2)).cose, -1)[:-1],
        sealed(certificate(3)).cose,  # sealed in another row
    ],
    ids=["mark", "altered", "moved"],
)
def test_a_content_that_does_not_open_is_named(log: TransparencyLog, folder: Path, content: bytes) -> None:
    change(folder, content)
    problem = log.check(opener=opener)
    assert problem is not None
    assert (problem.part, problem.index) == (Part.CERTIFICATE, 2)
    assert "is no certificate" in problem.message
    assert log.check() is None  # who cannot open it sees nothing: the digest in the row is that of the leaf


def test_another_certificate_under_the_seal_is_named(log: TransparencyLog, folder: Path) -> None:
    other = certificate(9)
    change(folder, sealed(other, about=certificate(2).id).cose)
    assert log.check(opener=opener) == Problem(
        Part.CERTIFICATE, 2, "the columns id, digest are not those of the certificate"
    )


def test_a_column_of_a_sealed_row_that_was_changed_is_named(log: TransparencyLog, folder: Path) -> None:
    sql(folder, "UPDATE certificate SET expires_at = expires_at + 1 WHERE leaf_index = 3")
    problem = log.check(opener=opener)
    assert problem is not None
    assert "columns expires_at" in problem.message


def test_the_digest_of_a_sealed_row_is_compared_without_opening_it(log: TransparencyLog, folder: Path) -> None:
    sql(folder, "UPDATE certificate SET digest = zeroblob(32) WHERE leaf_index = 3")
    problem = log.check()
    assert problem is not None
    assert (problem.part, problem.index) == (Part.CERTIFICATE, 3)


def test_an_export_has_the_seals_as_they_are(log: TransparencyLog, tmp_path: Path) -> None:
    export_for_auditor(log, tmp_path / "export")
    export = AuditorExport.open(tmp_path / "export")
    assert list(export.certificates()) == list(log.certificates())
    assert export.check() is None
    assert export.check(opener=opener) is None
    content = (tmp_path / "export" / "certificates.jsonl").read_bytes()
    content = content.replace(b'"leaf_index":1', b'"leaf_index":9')
    assert content.count(b"\n") == 4
    export = AuditorExport.open(tmp_path / "export")
    wrong = SECRET.seal(b"", about=b"x")
    assert export.check(opener=lambda certificate_id, _: opener(certificate_id, wrong)) is not None
