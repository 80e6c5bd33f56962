"""What the kinds of record have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from vaxcert.model.certificate_type import CertificateType
    from vaxcert.model.person import Person


class Record(Protocol):
    """Enough to issue a certificate, whatever it attests."""

    certificate_type: ClassVar[CertificateType]
    group: ClassVar[str]
    """The key of the record's kind in a DCC."""
    event_field: ClassVar[str]
    """The field that says when it happened."""

    @property
    def person(self) -> Person:
        """The holder."""
        ...

    @property
    def record_id(self) -> str | None:
        """The caller's own name for the record."""
        ...

    @property
    def country(self) -> str | None:
        """The country of the event; the issuer's own when None."""
        ...

    @property
    def issuer(self) -> str | None:
        """Who answers for the certificate; the issuer's default when None."""
        ...

    def is_ahead_of(self, at: datetime) -> bool:
        """Return whether the event is certainly still to come at the instant *at* (aware)."""
        ...

    def to_entry(self, *, uvci: str, country: str, issuer: str) -> dict[str, object]:
        """Return the record's entry in the DCC, keys in deterministic order."""
        ...
