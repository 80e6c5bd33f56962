"""A person as the registry has them: one id for ever, and the newest version of what is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vaxcert.model.identifiers import Identifier
    from vaxcert.model.names import PersonName
    from vaxcert.model.partial_date import PartialDate
    from vaxcert.model.person import Sex
    from vaxcert.model.phones import PhoneNumber
    from vaxcert.registry.people.demographics import Demographics
    from vaxcert.registry.people.merging import PersonState


class IdentityProof(StrEnum):
    """How somebody's identity was verified."""

    POPULATION_DATABASE = "population_database"
    """It agreed with the national database on population."""
    CHIP_CARD = "chip_card"
    """The code of the citizen card was scanned."""
    DOCUMENT_SEEN = "document_seen"
    """An officer saw the document."""


class Declarer(StrEnum):
    """Who told what is known."""

    SELF = "self"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecord:
    """A person.

    Attributes:
        id: The id that never changes; of a merged entry, that of the one it leads to.
        version: How many times the entry was written.
        state: What the entry is.
        area: Where the person lives, as `Area.reference`.
        qid: What the personal QR code names the person by.
        declared_by: Who told what is known.
        created_at: When the entry was made.
        identity_verified: How the identity was verified; None while it is not.
        identity_verified_at: When.
        merged_into: Of an entry that is an alias, what it leads to; reads follow it, so it is seldom seen.
        demographics: What is known.
    """

    id: UUID
    version: int
    state: PersonState
    area: str
    qid: str
    declared_by: Declarer
    created_at: datetime
    identity_verified: IdentityProof | None
    identity_verified_at: datetime | None
    merged_into: UUID | None
    demographics: Demographics

    @property
    def name(self) -> PersonName:
        """The name."""
        return self.demographics.name

    @property
    def birth_date(self) -> PartialDate:
        """The birth date."""
        return self.demographics.birth_date

    @property
    def sex(self) -> Sex | None:
        """The sex, where it is told."""
        return self.demographics.sex

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """The numbers of identity documents and health insurance."""
        return self.demographics.identifiers

    @property
    def phones(self) -> tuple[PhoneNumber, ...]:
        """The phones, which may be others' too."""
        return self.demographics.phones

    @property
    def nationality(self) -> str:
        """The country (ISO 3166-1 alpha-2)."""
        return self.demographics.nationality
