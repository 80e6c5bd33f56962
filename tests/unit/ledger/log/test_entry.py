"""An entry commits to one digest, under one kind, and says nothing without its salt."""

from __future__ import annotations

from hashlib import sha256
from itertools import permutations

import pytest

from vaxcert.ledger.log.entry import (
    ENTRY_BYTES,
    EntryKind,
    audit_head_digest,
    entries_of,
    entry_of,
    revocation_digest,
    supersession_digest,
)

SALT = bytes(range(16))
DIGEST = sha256(b"an invented certificate").digest()
OTHER = sha256(b"another one").digest()


def test_an_entry_is_the_hash_of_tag_salt_and_digest() -> None:
    assert (
        entry_of(EntryKind.CERTIFICATE, SALT, DIGEST) == sha256(b"vaxcert/certificate/v1\x00" + SALT + DIGEST).digest()
    )
    assert len(entry_of(EntryKind.CERTIFICATE, SALT, DIGEST)) == ENTRY_BYTES


def test_the_numbers_in_storage_are_fixed() -> None:
    assert {kind.value: kind.number for kind in EntryKind} == {
        "certificate/v1": 1,
        "revocation/v1": 2,
        "supersession/v1": 3,
        "audit-head/v1": 4,
    }
    assert [EntryKind.of_number(kind.number) for kind in EntryKind] == list(EntryKind)


@pytest.mark.parametrize("number", [0, 5, 129, -1])
def test_an_unknown_number_is_no_kind(number: int) -> None:
    with pytest.raises(ValueError, match=f"number {number}"):
        EntryKind.of_number(number)


def test_no_two_kinds_make_the_same_entry() -> None:
    assert len({entry_of(kind, SALT, DIGEST) for kind in EntryKind}) == len(EntryKind)


def test_no_tag_begins_another() -> None:
    assert not any(one.tag.startswith(other.tag) for one, other in permutations(EntryKind, 2))


def test_another_salt_makes_another_entry() -> None:
    assert entry_of(EntryKind.CERTIFICATE, SALT, DIGEST) != entry_of(EntryKind.CERTIFICATE, SALT[::-1], DIGEST)


@pytest.mark.parametrize(
    ("salt", "digest"),
    [
        (SALT[1:], DIGEST),
        (SALT + b"\0", DIGEST),
        (b"", DIGEST),
        (SALT, DIGEST[1:]),
        (SALT, DIGEST + b"\0"),
        (SALT, b""),
    ],
)
def test_a_salt_or_digest_of_another_length_is_refused(salt: bytes, digest: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes and a digest 32"):
        entry_of(EntryKind.CERTIFICATE, salt, digest)


def test_bytes_cannot_move_from_the_salt_to_the_digest() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        entry_of(EntryKind.CERTIFICATE, SALT + DIGEST[:1], DIGEST[1:])


@pytest.mark.parametrize("kind", EntryKind)
def test_many_entries_are_those_made_one_by_one(kind: EntryKind) -> None:
    salts = [sha256(b"salt %d" % number).digest()[:16] for number in range(300)]
    digests = [sha256(b"digest %d" % number).digest() for number in range(300)]
    one_by_one = [entry_of(kind, salt, digest) for salt, digest in zip(salts, digests, strict=True)]
    assert entries_of(kind, b"".join(salts), digests) == b"".join(one_by_one)


def test_no_entries_are_no_bytes() -> None:
    assert entries_of(EntryKind.CERTIFICATE, b"", []) == b""


@pytest.mark.parametrize(
    ("salts", "digests"),
    [
        (SALT, []),
        (SALT, [DIGEST, OTHER]),
        (SALT * 2 + b"\0", [DIGEST, OTHER]),
        (b"", [DIGEST]),
        (SALT * 2, [DIGEST, OTHER[1:]]),
        (SALT * 2, [DIGEST + b"\0", OTHER[1:]]),
    ],
)
def test_many_entries_want_a_salt_and_a_whole_digest_each(salts: bytes, digests: list[bytes]) -> None:
    with pytest.raises(ValueError, match="each digest has 32 bytes and a salt of 16"):
        entries_of(EntryKind.CERTIFICATE, salts, digests)


# The statements' digests, written out byte by byte: an array, its kind, then its fields (RFC 8949 §4.2.1).


def test_a_revocation_is_hashed_as_documented() -> None:
    statement = b"\x84" + b"\x6drevocation/v1" + b"\x58\x20" + DIGEST + b"\x1a\x65\x00\x00\x00"
    assert revocation_digest(DIGEST, revoked_at=0x65000000) == sha256(statement + b"\xf6").digest()
    assert revocation_digest(DIGEST, revoked_at=0x65000000, reason="error") == sha256(statement + b"\x65error").digest()


def test_a_supersession_is_hashed_as_documented() -> None:
    statement = b"\x84" + b"\x6fsupersession/v1" + b"\x58\x20" + DIGEST + b"\x58\x20" + OTHER + b"\x1a\x65\x00\x00\x00"
    assert supersession_digest(DIGEST, OTHER, at=0x65000000) == sha256(statement).digest()


def test_an_audit_head_is_hashed_as_documented() -> None:
    statement = b"\x84" + b"\x6daudit-head/v1" + b"\x19\x01\x00" + b"\x58\x20" + DIGEST + b"\x1a\x65\x00\x00\x00"
    assert audit_head_digest(DIGEST, size=256, at=0x65000000) == sha256(statement).digest()


def test_every_field_of_a_statement_counts() -> None:
    digests = {
        revocation_digest(DIGEST, revoked_at=1),
        revocation_digest(OTHER, revoked_at=1),
        revocation_digest(DIGEST, revoked_at=2),
        revocation_digest(DIGEST, revoked_at=1, reason=""),
        revocation_digest(DIGEST, revoked_at=1, reason="error"),
        supersession_digest(DIGEST, OTHER, at=1),
        supersession_digest(OTHER, DIGEST, at=1),
        supersession_digest(DIGEST, OTHER, at=2),
        audit_head_digest(DIGEST, size=1, at=1),
        audit_head_digest(OTHER, size=1, at=1),
        audit_head_digest(DIGEST, size=2, at=1),
        audit_head_digest(DIGEST, size=1, at=2),
    }
    assert len(digests) == 12


@pytest.mark.parametrize("wrong", [b"", DIGEST[1:], DIGEST + b"\0"])
def test_a_statement_about_anything_but_a_digest_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="a digest has 32 bytes"):
        revocation_digest(wrong, revoked_at=1)
    with pytest.raises(ValueError, match="a digest has 32 bytes"):
        supersession_digest(wrong, DIGEST, at=1)
    with pytest.raises(ValueError, match="a digest has 32 bytes"):
        supersession_digest(DIGEST, wrong, at=1)
    with pytest.raises(ValueError, match="a digest has 32 bytes"):
        audit_head_digest(wrong, size=1, at=1)
