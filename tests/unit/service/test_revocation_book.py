"""The issuer's book of revocations."""

from __future__ import annotations

import sqlite3
import stat
from typing import TYPE_CHECKING

import pytest

from tests.own_lists import uvci
from vaxcert.errors import RevocationBookError, StorageError
from vaxcert.service import revocation_book
from vaxcert.service.revocation_book import BookEntry, RevocationBook
from vaxcert.trust.revocation.own_format import KidRule
from vaxcert.trust.revocation.own_key import key_of_id
from vaxcert.trust.revocation.revocation_list import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REVOKED, SUPERSEDED = RevocationReason.REVOKED, RevocationReason.SUPERSEDED
FULL = BookEntry(
    id=uvci(1),
    reason=SUPERSEDED,
    at=1000,
    word="renewal",
    successor=uvci(2),
    kid=b"k" * 8,
    country="VN",
    signature_hash=b"s" * 32,
    expires_at=2000,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.sqlite"


@pytest.fixture
def book(path: Path) -> Iterator[RevocationBook]:
    with RevocationBook.open(path, create=True) as opened:
        yield opened


def revoked(number: int, at: int = 1) -> BookEntry:
    return BookEntry(uvci(number), REVOKED, at)


def changed(entry: BookEntry, fields: dict[str, object]) -> BookEntry:
    return BookEntry(**(entry._asdict() | fields))


# --- what is written stays -----------------------------------------------------------------------------------------


def test_what_is_added_is_there_when_it_is_opened_again(path: Path) -> None:
    with RevocationBook.open(path, create=True) as book:
        assert book.add([FULL, revoked(2)]) == 2
    with RevocationBook.open(path) as book:
        assert [*book.entries()] == [FULL, revoked(2)]
        assert book.count == 2


def test_what_is_added_twice_says_nothing_new(book: RevocationBook) -> None:
    assert book.add([FULL, revoked(2)]) == 2
    assert book.add([FULL, revoked(2, at=7)]) == 0
    assert [*book.entries()] == [FULL, revoked(2)]


def test_what_was_superseded_can_be_revoked(book: RevocationBook) -> None:
    book.add([FULL])
    assert book.add([BookEntry(FULL.id, REVOKED, 3000, word="fraud")]) == 1
    (entry,) = book.entries()
    assert entry == FULL._replace(reason=REVOKED, at=3000, word="fraud")


def test_what_was_revoked_is_not_superseded_any_more(book: RevocationBook) -> None:
    book.add([revoked(1)])
    assert book.add([FULL]) == 1, "it fills in what was not known"
    (entry,) = book.entries()
    assert (entry.reason, entry.at, entry.successor, entry.kid) == (REVOKED, 1, FULL.successor, FULL.kid)
    assert entry.word is None, "the word belongs to the reason"


@pytest.mark.parametrize("field", ["successor", "kid", "country", "signature_hash", "expires_at"])
def test_what_was_not_known_is_filled_in_and_then_stays(book: RevocationBook, field: str) -> None:
    bare = BookEntry(FULL.id, SUPERSEDED, 1000, word="renewal")
    book.add([bare])
    told = changed(bare, {field: getattr(FULL, field)})
    assert book.add([told]) == 1
    other: object = {"kid": b"x" * 8, "signature_hash": b"x" * 32, "expires_at": 9}.get(field, "XX")
    assert book.add([changed(bare, {field: other})]) == 0
    assert [*book.entries()] == [told]


def test_one_certificate_is_one_entry_however_its_identifier_is_written(book: RevocationBook) -> None:
    spellings = ["urn:uvci:01:vn:4f2a", "URN:UVCI:01:VN:4F2A#X", "01:VN:4F2A"]
    for number, spelling in enumerate(spellings, 1):
        book.add([BookEntry(spelling, REVOKED, number)])
    assert book.count == 1
    assert next(book.entries()).id == spellings[0], "as it was first written"
    assert [*book.entries_by_id(["URN:UVCI:01:VN:4F2A"])] == ["URN:UVCI:01:VN:4F2A"]


def test_how_a_certificate_writes_its_identifier_is_kept_once_known(book: RevocationBook) -> None:
    book.add([BookEntry("URN:UVCI:01:VN:4F2A", REVOKED, 1)])
    assert book.add([BookEntry("URN:UVCI:01:VN:4F2A#X", REVOKED, 1)]) == 1
    assert next(book.entries()).id == "URN:UVCI:01:VN:4F2A#X"


def test_all_of_a_call_is_written_or_nothing(book: RevocationBook) -> None:
    def entries() -> Iterator[BookEntry]:
        yield revoked(1)
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError):
        book.add(entries())
    assert book.count == 0
    assert book.add([revoked(1)]) == 1, "the book can be written to again"


@pytest.mark.parametrize(
    "wrong",
    [{"at": -1}, {"at": 2**32}, {"signature_hash": b"short"}, {"at": "now"}],
    ids=lambda wrong: f"{next(iter(wrong))}-{next(iter(wrong.values()))}",
)
def test_what_no_list_could_hold_is_refused(book: RevocationBook, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="none that the book can hold"):
        book.add([revoked(1), changed(FULL, wrong)])
    assert book.count == 0


def test_many_are_found_by_their_identifiers(book: RevocationBook) -> None:
    book.add(revoked(number) for number in range(1200))
    wanted = [uvci(number) for number in range(600, 1800)]
    found = book.entries_by_id(wanted)
    assert set(found) == set(wanted[:600])
    assert all(entry.id == identifier for identifier, entry in found.items())
    assert book.entries_by_id([]) == {}


def test_entries_belong_to_one_moment(book: RevocationBook, path: Path) -> None:
    book.add(revoked(number) for number in range(10))
    reading = book.entries()
    next(reading)
    with RevocationBook.open(path) as other:
        other.add([revoked(99)])
    assert sum(1 for _ in reading) == 9


# --- rules for whole keys ------------------------------------------------------------------------------------------


def rule(since: int, kid: bytes = b"k" * 8) -> KidRule:
    return KidRule(kid=kid, since=since, reason=REVOKED, at=5)


def test_of_two_rules_for_a_key_the_wider_one_counts(book: RevocationBook) -> None:
    assert book.add_kid_rules([rule(100), rule(50, b"other kid")]) == 2
    assert book.add_kid_rules([rule(200)]) == 0
    assert book.add_kid_rules([rule(50)]) == 1
    assert [*book.kid_rules()] == [rule(50), rule(50, b"other kid")]


# --- records for a list --------------------------------------------------------------------------------------------


def test_records_come_in_the_order_of_their_keys_and_without_what_expired(book: RevocationBook) -> None:
    book.add(revoked(number)._replace(expires_at=number * 10 if number % 2 else None) for number in range(100))
    records = [*book.records(at=500)]
    expected = {key_of_id(uvci(number)) for number in range(100) if number % 2 == 0 or number >= 50}
    assert [record.key for record in records] == sorted(expected)
    assert {record.at for record in records} == {1}


# --- what is no book -----------------------------------------------------------------------------------------------


def test_without_a_book_there_is_none(path: Path) -> None:
    with pytest.raises(RevocationBookError, match="there is no book") as raised:
        RevocationBook.open(path)
    assert raised.value.hint
    assert not path.exists()


def test_a_book_is_its_owners_alone(book: RevocationBook, path: Path) -> None:
    book.add([revoked(1)])
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}


def test_a_book_that_is_there_is_opened_and_not_made_anew(book: RevocationBook, path: Path) -> None:
    book.add([revoked(1)])
    with RevocationBook.open(path, create=True) as again:
        assert again.count == 1


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be taken for one" * 40, b"short"])
@pytest.mark.parametrize("create", [True, False])
def test_another_file_is_refused(path: Path, content: bytes, create: bool) -> None:  # noqa: FBT001 - a parameter
    path.write_bytes(content)
    with pytest.raises(RevocationBookError):
        RevocationBook.open(path, create=create)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("PRAGMA application_id = 17", "is not a book"),
        ("PRAGMA user_version = 2", "of a format that is not known"),
        ("CREATE TABLE more (a)", "other tables"),
        ("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END", "other tables"),
        ("DROP TABLE kid_rule", "other tables"),
    ],
)
def test_another_or_altered_database_is_refused(path: Path, statement: str, reason: str) -> None:
    RevocationBook.open(path, create=True).close()
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    for create in (True, False):
        with pytest.raises(RevocationBookError, match=reason):
            RevocationBook.open(path, create=create)


def test_a_database_of_another_program_is_left_as_it_is(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (a)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(RevocationBookError):
        RevocationBook.open(path, create=True)
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        RevocationBook.open(tmp_path / "none" / "book.sqlite", create=True)


def test_a_damaged_book_is_told(path: Path) -> None:
    with RevocationBook.open(path, create=True) as book:
        book.add(revoked(number) for number in range(2000))
    content = bytearray(path.read_bytes())
    content[8192:] = bytes(len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(RevocationBookError, match="damaged"), RevocationBook.open(path) as book:
        list(book.entries())


def test_a_book_that_another_process_writes_is_waited_for_and_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation_book, "BUSY_SECONDS", 0.01)
    with RevocationBook.open(path, create=True) as book:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="another process"):
            book.add([revoked(1)])
        other.close()
        assert book.add([revoked(1)]) == 1
