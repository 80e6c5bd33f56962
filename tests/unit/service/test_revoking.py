"""Revoking: what names a certificate, and what the book and the log then have."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests import authority
from tests.own_lists import append
from vaxcert.codec import base45, cbor, cose, inflate
from vaxcert.errors import InputError, LedgerHaltedError, VaxcertError
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.model.records import VaccinationRecord
from vaxcert.model.uvci import Uvci
from vaxcert.service import revoking
from vaxcert.service.revocation_book import BookEntry, RevocationBook
from vaxcert.service.revoking import Named, Refused, Revoker, Tally, named_in, read_kid, read_name
from vaxcert.trust.revocation.revocation_list import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vaxcert.issue.issuer import Certificate

AT = authority.AT + timedelta(days=3)
SECONDS = int(AT.timestamp())


@pytest.fixture(scope="module")
def issued() -> Sequence[Certificate]:
    by, record = authority.issuer(), VaccinationRecord.from_mapping(authority.VACCINATION)
    return [by.issue(record, at=authority.AT) for _ in range(3)]


@pytest.fixture
def log(tmp_path: Path, issued: Sequence[Certificate]) -> Iterator[TransparencyLog]:
    """Give a log with all but the last certificate."""
    key = LogKey.create("ledger.example/vn")
    with TransparencyLog.create(tmp_path / "ledger", origin=key.name, vkey=key.vkey, at=AT) as opened:
        append(opened, issued[:-1])
        yield opened


@pytest.fixture
def book(tmp_path: Path) -> Iterator[RevocationBook]:
    with RevocationBook.open(tmp_path / "book.sqlite", create=True) as opened:
        yield opened


def named(*texts: str) -> list[Named | Refused]:
    return [read_name(str(number), text) for number, text in enumerate(texts)]


def refused(revoker: Revoker, *texts: str) -> list[tuple[str, str]]:
    return [(each.place, each.error.code) for each in revoker.revoke(named(*texts)) if isinstance(each, Refused)]


def revocations(log: TransparencyLog) -> list[tuple[str | None, int, str | None]]:
    return [(each.subject, each.at, each.detail) for each in log.statements() if each.kind is EntryKind.REVOCATION]


# --- what names a certificate ----------------------------------------------------------------------------------------


def test_a_certificate_is_named_by_its_identifier_its_text_or_a_line(issued: Sequence[Certificate]) -> None:
    certificate = issued[0]
    lines = ({"text": certificate.text}, {"id": certificate.uvci, "text": certificate.text}, {"id": certificate.uvci})
    names = named(certificate.uvci, f" {certificate.text}\n", *map(json.dumps, lines))
    assert [each.uvci for each in names if isinstance(each, Named)] == [Uvci.parse(certificate.uvci)] * 5
    assert [each.row is not None for each in names if isinstance(each, Named)] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalid_uvci"),
        ("HELLO", "invalid_uvci"),
        ("HC1:", "invalid_zlib"),
        ("HC1:x", "invalid_base45"),
        ("{", "invalid_input"),
        ("{}", "invalid_input"),
        ('{"id": 7}', "invalid_input"),
        ('{"text": 7}', "invalid_input"),
        ('{"id": "HELLO"}', "invalid_uvci"),
        ('{"text": "HELLO"}', "unknown_prefix"),
        ("[" * 100_000, "invalid_uvci"),
        ("{" * 100_000, "invalid_input"),
    ],
    ids=range(12),
)
def test_what_names_nothing_is_refused(text: str, code: str) -> None:
    (found,) = named(text)
    assert isinstance(found, Refused)
    assert (found.place, found.error.code) == ("0", code)
    assert text == "" or text[:40] not in found.error.message, "what stood there may be personal"


def test_the_lines_of_a_file_are_numbered_and_blank_ones_skipped() -> None:
    lines = [b"\xef\xbb\xbfURN:UVCI:01:VN:A\r\n", b" \n", b"URN:UVCI:01:VN:B", b"x" * 70_000, b"\xff\n"]
    found = [*named_in(lines, "ids.txt")]
    assert [each.place for each in found] == [f"ids.txt:{number}" for number in (1, 3, 4, 5)]
    assert [isinstance(each, Named) for each in found] == [True, True, False, False]
    assert isinstance(found[2], Refused)
    assert "longer than" in found[2].error.message


@pytest.mark.parametrize("text", ["8w2kZxb3iC0=", "f30da46716f7882d", "F30DA46716F7882D"])
def test_a_kid_is_read_in_both_forms(text: str) -> None:
    assert read_kid(text).hex() == "f30da46716f7882d"


@pytest.mark.parametrize("text", ["", "8w2k", "8w2kZxb3iC0", "f30da46716f7882", "not a kid", "ÿ" * 16, "zz" * 8])
def test_what_is_no_kid_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="a kid is 8 bytes"):
        read_kid(text)


# --- without a ledger ------------------------------------------------------------------------------------------------


def test_the_book_gets_what_is_known(book: RevocationBook, issued: Sequence[Certificate]) -> None:
    revoker = Revoker(book, at=AT, word="fraud")
    assert refused(revoker, issued[0].text, "urn:uvci:01:vn:4f2a") == []
    whole, bare = book.entries()
    assert whole == BookEntry(
        issued[0].uvci,
        RevocationReason.REVOKED,
        SECONDS,
        word="fraud",
        kid=issued[0].kid.value,
        country="VN",
        signature_hash=revoking.signature_hash(issued[0].cose),
    )
    assert bare == BookEntry("URN:UVCI:01:VN:4F2A", RevocationReason.REVOKED, SECONDS, word="fraud", country="VN")
    assert revoker.tally == Tally(written=2)


@pytest.mark.parametrize("typed", ["01:vn:4f2a#x", "urn:uvci:01:VN:4f2a#X", "URN:UVCI:01:VN:4F2A#X"])
def test_what_somebody_typed_goes_into_lists_as_it_stands_in_certificates(book: RevocationBook, typed: str) -> None:
    refused(Revoker(book, at=AT), typed)
    assert next(book.entries()).id == "URN:UVCI:01:VN:4F2A#X"


def test_an_unverified_text_cannot_cut_its_own_revocation_short(
    book: RevocationBook, issued: Sequence[Certificate]
) -> None:
    refused(Revoker(book, at=AT), issued[0].text)
    assert next(book.entries()).expires_at is None


def test_what_is_refused_leaves_the_others(book: RevocationBook, issued: Sequence[Certificate]) -> None:
    revoker = Revoker(book, at=AT)
    assert refused(revoker, "HELLO", issued[0].uvci, "") == [("0", "invalid_uvci"), ("2", "invalid_uvci")]
    assert (book.count, revoker.tally) == (1, Tally(written=1, refused=2))


def test_the_same_twice_counts_once(book: RevocationBook) -> None:
    again = ["URN:UVCI:01:VN:A", "01:vn:a"]
    revoker = Revoker(book, at=AT)
    assert refused(revoker, *again) == []
    assert revoker.tally == Tally(written=1)
    later = Revoker(book, at=AT + timedelta(days=1))
    refused(later, *again)
    assert (later.tally, next(book.entries()).at) == (Tally(known=1), SECONDS)


def test_of_two_names_of_one_certificate_all_that_is_known_is_kept(
    book: RevocationBook, issued: Sequence[Certificate]
) -> None:
    for number, names in enumerate([(issued[0].text, issued[0].uvci), (issued[1].uvci, issued[1].text)]):
        refused(Revoker(book, at=AT), *names)
        assert [*book.entries()][number].kid == issued[number].kid.value


def test_a_space_at_the_end_belongs_to_the_text_of_a_certificate(issued: Sequence[Certificate]) -> None:
    found = read_name("1", f"{issued[0].text} ")
    assert isinstance(found, Refused), "it is a character of base45, and the text another one"
    assert isinstance(read_name("1", f"{issued[0].text}\r\n"), Named)
    assert isinstance(read_name("1", f"{issued[0].uvci} \n"), Named)


def test_many_are_written_in_parts_with_their_progress(book: RevocationBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revoking, "CHUNK", 4)
    names = named(*(f"URN:UVCI:01:VN:{number}" for number in range(10)))
    assert [*Revoker(book, at=AT).revoke(names)] == [4, 8, 10]
    assert book.count == 10


def test_a_naive_instant_is_a_mistake(book: RevocationBook) -> None:
    with pytest.raises(ValueError, match="time zone"):
        Revoker(book, at=AT.replace(tzinfo=None))


# --- with a ledger ---------------------------------------------------------------------------------------------------


def test_the_log_gets_a_statement(book: RevocationBook, log: TransparencyLog, issued: Sequence[Certificate]) -> None:
    revoker = Revoker(book, at=AT, word="fraud", log=log)
    assert refused(revoker, issued[0].uvci, issued[1].text) == []
    assert revocations(log) == [(each.uvci, SECONDS, "fraud") for each in issued[:2]]
    entry = next(book.entries())
    assert (entry.expires_at, entry.kid) == (int(issued[0].expires_at.timestamp()), issued[0].kid.value)
    assert entry.signature_hash == revoking.signature_hash(issued[0].cose)
    assert revoker.tally == Tally(written=2, logged=2)
    assert log.check() is None


def test_done_again_it_makes_no_second_statement(
    book: RevocationBook, log: TransparencyLog, issued: Sequence[Certificate]
) -> None:
    refused(Revoker(book, at=AT, word="fraud", log=log), issued[0].uvci)
    size = log.size
    refused(Revoker(book, at=AT + timedelta(days=1), word="error", log=log), issued[0].uvci.lower())
    assert (log.size, revocations(log)) == (size, [(issued[0].uvci, SECONDS, "fraud")])


def test_a_run_that_died_between_book_and_log_is_made_whole(
    book: RevocationBook, log: TransparencyLog, issued: Sequence[Certificate]
) -> None:
    log.halt("for this test")
    with pytest.raises(LedgerHaltedError):
        refused(Revoker(book, at=AT, word="fraud", log=log), issued[0].uvci)
    assert book.count == 1
    log.resume()
    refused(Revoker(book, at=AT + timedelta(days=1), log=log), issued[0].uvci)
    assert revocations(log) == [(issued[0].uvci, SECONDS, "fraud")]


def test_what_was_superseded_is_revoked_in_the_log_as_of_now(
    book: RevocationBook, log: TransparencyLog, issued: Sequence[Certificate]
) -> None:
    book.add([BookEntry(issued[0].uvci, RevocationReason.SUPERSEDED, SECONDS - 100)])
    revoker = Revoker(book, at=AT, log=log)
    refused(revoker, issued[0].uvci)
    assert revocations(log) == [(issued[0].uvci, SECONDS, None)]
    assert revoker.tally.written == 1


def test_what_the_log_does_not_have_is_refused(
    book: RevocationBook, log: TransparencyLog, issued: Sequence[Certificate]
) -> None:
    revoker = Revoker(book, at=AT, log=log)
    assert refused(revoker, issued[2].text, issued[0].uvci) == [("0", "certificate_unknown")]
    assert [entry.id for entry in book.entries()] == [issued[0].uvci]


def test_unless_it_is_said_to_be_meant(
    book: RevocationBook, log: TransparencyLog, issued: Sequence[Certificate]
) -> None:
    revoker = Revoker(book, at=AT, log=log, take_unknown=True)
    assert refused(revoker, issued[2].text, issued[0].uvci) == []
    assert revoker.tally == Tally(written=2, logged=1, unknown=1)


def test_a_text_with_anothers_identifier_is_refused(
    book: RevocationBook, log: TransparencyLog, issued: Sequence[Certificate]
) -> None:
    message = cose.parse(cbor.decode(issued[0].cose))
    forged = cose.encode(message.protected, message.payload[:-1] + b"!", message.signature)
    assert forged != issued[0].cose
    text = "HC1:" + base45.encode(inflate.deflate(forged, level=9))
    for take_unknown in (False, True):
        revoker = Revoker(book, at=AT, log=log, take_unknown=take_unknown)
        (refusal,) = [each for each in revoker.revoke(named(text)) if isinstance(each, Refused)]
        assert isinstance(refusal.error, VaxcertError)
    assert book.count == 0


def test_the_identifier_in_the_log_may_have_a_check_character(book: RevocationBook, log: TransparencyLog) -> None:
    checked = Uvci.build(opaque="4F2A", checksum=True)
    certificate = authority.issuer().issue(
        VaccinationRecord.from_mapping(authority.VACCINATION), at=authority.AT, uvci=checked
    )
    append(log, [certificate])
    assert refused(Revoker(book, at=AT, log=log), replace(checked, check=None).urn.lower()) == []
    assert next(book.entries()).id == str(checked) == revocations(log)[0][0]
