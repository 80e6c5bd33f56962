"""Entries of the log: a salted commitment to a digest, one kind of statement never mistakable for another.

What goes into the tree says nothing by itself: without its salt an entry cannot be tied to the certificate it stands
for, and once the salt is erased nobody can tie it again, while every other proof stays as it is.
"""

from __future__ import annotations

from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from vaxcert.codec import cbor

if TYPE_CHECKING:
    from collections.abc import Sequence

SALT_BYTES: Final = 16
"""128 random bits: nobody finds the digest behind an entry by trying."""

DIGEST_BYTES: Final = 32
"""A digest is a SHA-256: of a certificate's Sig_structure, or of a statement below."""

ENTRY_BYTES: Final = 32
"""An entry is a SHA-256 too."""


class EntryKind(Enum):
    """What an entry states. The number is what storage keeps; it never changes its meaning."""

    CERTIFICATE = "certificate/v1"
    REVOCATION = "revocation/v1"
    SUPERSESSION = "supersession/v1"
    AUDIT_HEAD = "audit-head/v1"

    @property
    def number(self) -> int:
        """The kind in one byte, from 1."""
        return _NUMBERS[self]

    @property
    def tag(self) -> bytes:
        """What the hash of an entry of this kind begins with; it ends in a zero byte, so no tag begins another."""
        return _TAGS[self]

    @staticmethod
    def of_number(number: int) -> EntryKind:
        """Return the kind that storage calls *number*.

        Raises:
            ValueError: There is none.
        """
        try:
            return _KINDS[number]
        except KeyError:
            raise ValueError(f"no kind of entry has the number {number}") from None


_NUMBERS: Final = {kind: number for number, kind in enumerate(EntryKind, start=1)}
_KINDS: Final = {number: kind for kind, number in _NUMBERS.items()}
_TAGS: Final = {kind: b"vaxcert/" + kind.value.encode("ascii") + b"\0" for kind in EntryKind}


def entry_of(kind: EntryKind, salt: bytes, digest: bytes) -> bytes:
    """Return the entry that commits to *digest*: SHA-256 of the kind's tag, the salt and the digest.

    Args:
        kind: What the entry states.
        salt: 16 random bytes, of this entry alone.
        digest: 32 bytes: what is certified, revoked and so on.
    """
    if len(salt) != SALT_BYTES or len(digest) != DIGEST_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes and a digest {DIGEST_BYTES}")
    return sha256(kind.tag + salt + digest).digest()


def entries_of(kind: EntryKind, salts: bytes, digests: Sequence[bytes]) -> bytes:
    """Return the entries of many *digests*, 32 bytes each, one after the other.

    Args:
        kind: What they all state.
        salts: The salts one after the other, 16 bytes each.
        digests: The digests in the same order.
    """
    if len(salts) != SALT_BYTES * len(digests) or not set(map(len, digests)) <= {DIGEST_BYTES}:
        raise ValueError(f"each digest has {DIGEST_BYTES} bytes and a salt of {SALT_BYTES}")
    tag = kind.tag
    starts = range(0, len(salts), SALT_BYTES)
    return b"".join(
        [
            sha256(tag + salts[start : start + SALT_BYTES] + digest).digest()
            for start, digest in zip(starts, digests, strict=True)
        ]
    )


# A statement's digest is the SHA-256 of a CBOR array in deterministic encoding (RFC 8949 §4.2.1), its kind first.


def revocation_digest(certificate_digest: bytes, *, revoked_at: int, reason: str | None = None) -> bytes:
    """Return the digest of `["revocation/v1", certificate digest, revoked at, reason or null]`.

    Args:
        certificate_digest: The digest that the certificate's own entry commits to.
        revoked_at: In seconds since 1970.
        reason: A short word from a list of the issuer's, nothing about a person.
    """
    return _statement_digest(EntryKind.REVOCATION, _digest(certificate_digest), revoked_at, reason)


def supersession_digest(old: bytes, new: bytes, *, at: int) -> bytes:
    """Return the digest of `["supersession/v1", old, new, at]`: certificate *new* stands in place of *old*.

    Args:
        old: The digest of the certificate that is replaced.
        new: The digest of the one that replaces it.
        at: In seconds since 1970.
    """
    return _statement_digest(EntryKind.SUPERSESSION, _digest(old), _digest(new), at)


def audit_head_digest(root: bytes, *, size: int, at: int) -> bytes:
    """Return the digest of `["audit-head/v1", size, root, at]`: another log's head, kept in this one.

    Args:
        root: The root of that log, 32 bytes.
        size: Its number of entries.
        at: When the head was taken over, in seconds since 1970.
    """
    return _statement_digest(EntryKind.AUDIT_HEAD, size, _digest(root), at)


def _statement_digest(kind: EntryKind, *fields: bytes | int | str | None) -> bytes:
    return sha256(cbor.encode([kind.value, *fields])).digest()


def _digest(content: bytes) -> bytes:
    if len(content) != DIGEST_BYTES:
        raise ValueError(f"a digest has {DIGEST_BYTES} bytes, not {len(content)}")
    return content
