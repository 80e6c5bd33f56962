"""The book as a batch uses it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.authority import AT
from tests.batches import bench, chunk, row
from vaxcert.errors import SignerRevokedError
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.service.batch.book import BatchBook
from vaxcert.service.batch.sequencer import Supersession
from vaxcert.service.revocation_book import BookEntry, RevocationBook
from vaxcert.trust.revocation.own_format import KidRule
from vaxcert.trust.revocation.revocation_list import RevocationReason

if TYPE_CHECKING:
    from pathlib import Path

KID = b"\x01" * 8
SECONDS = int(AT.timestamp())


def test_a_book_that_is_not_there_knows_nothing_and_is_not_made(tmp_path: Path) -> None:
    with BatchBook(tmp_path / "book") as book:
        assert not book.is_revoked("URN:1")
        book.check_signer(KID, AT)
    assert list(tmp_path.iterdir()) == []


def test_what_is_superseded_is_written_once(tmp_path: Path) -> None:
    with BatchBook(tmp_path / "book") as book:
        for _ in range(2):
            book.supersede([Supersession("URN:1", "URN:2", SECONDS)])
        assert not book.is_revoked("URN:1")  # it is only superseded
        assert not book.is_revoked("URN:2")
    with RevocationBook.open(tmp_path / "book") as opened:
        (entry,) = opened.entries()
    assert (entry.id, entry.successor, entry.at, entry.kid) == ("URN:1", "URN:2", SECONDS, None)


def test_what_the_log_knows_of_a_certificate_stands_in_the_book(tmp_path: Path) -> None:
    key = LogKey.create("ledger.example/vn")
    with TransparencyLog.create(tmp_path / "log", origin=key.name, vkey=key.vkey, at=AT) as log:
        (issued,) = bench().work(chunk(row(1))).issued
        with log.transaction() as transaction:
            transaction.add_new_certificates([issued.row])
        with BatchBook(tmp_path / "book", log) as book:
            book.supersede([Supersession(issued.row.id, "URN:2", SECONDS)])
    with RevocationBook.open(tmp_path / "book") as opened:
        (entry,) = opened.entries()
    assert (entry.kid, entry.expires_at) == (issued.row.kid, issued.row.expires_at)


def test_what_was_revoked_is(tmp_path: Path) -> None:
    with RevocationBook.open(tmp_path / "book", create=True) as opened:
        opened.add([BookEntry("URN:1", RevocationReason.REVOKED, SECONDS)])
    with BatchBook(tmp_path / "book") as book:
        assert book.is_revoked("URN:1")
        assert not book.is_revoked("URN:2")


def test_a_signer_that_was_revoked_signs_nothing_from_then_on(tmp_path: Path) -> None:
    with RevocationBook.open(tmp_path / "book", create=True) as opened:
        opened.add_kid_rules([KidRule(kid=KID, since=SECONDS, reason=RevocationReason.REVOKED, at=SECONDS)])
    with BatchBook(tmp_path / "book") as book:
        book.check_signer(KID, AT - timedelta(seconds=1))
        book.check_signer(b"\x02" * 8, AT)
        with pytest.raises(SignerRevokedError, match="signs is revoked") as caught:
            book.check_signer(KID, AT)
    assert "rotate" in str(caught.value.hint)
