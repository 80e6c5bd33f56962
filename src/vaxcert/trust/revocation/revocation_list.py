"""What a verifier asks of a revocation list, whatever its form."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vaxcert.trust.revocation.hashes import HashType


class RevocationReason(StrEnum):
    """Why a certificate no longer counts."""

    REVOKED = "revoked"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """What a list says of a certificate."""

    reason: RevocationReason | None
    """None where the form does not tell, as the EU's."""
    at: datetime | None
    by_kid: bool = False
    """Whether all that its key signed from an instant on was revoked."""


class CertificateMarks(NamedTuple):
    """What identifies a certificate to a list."""

    kid: bytes
    issued_at: int
    """In seconds since 1970."""
    hashes: Mapping[HashType, tuple[bytes, ...]]


class RevocationList(Protocol):
    """A list of certificates that no longer count."""

    @property
    def as_of(self) -> datetime:
        """When it was made: its age is counted from here."""
        ...

    def find(self, marks: CertificateMarks) -> Revocation | None:
        """Return what the list says of the certificate with *marks*, or None where it is not in it."""
        ...
