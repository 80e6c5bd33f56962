"""One dose, as every room of the registry sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID


class DoseKind(StrEnum):
    """What a dose is in the course (10225/BYT-DP)."""

    BASIC = "basic"
    ADDITIONAL = "additional"
    BOOSTER = "booster"

    __hash__ = str.__hash__


class DoseSource(StrEnum):
    """How the registry came to know of a dose."""

    VISIT = "visit"
    RETRO = "retro"
    FOREIGN = "foreign"

    __hash__ = str.__hash__


class DoseState(StrEnum):
    """What is known of a dose.

    ``given`` was injected and is observed still; ``confirmed`` was observed to its end, or its paper was verified;
    ``unverified`` was entered from a paper that nobody else has looked at; ``voided`` was entered by mistake.
    """

    GIVEN = "given"
    CONFIRMED = "confirmed"
    UNVERIFIED = "unverified"
    VOIDED = "voided"

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """A dose that somebody received.

    Attributes:
        id: Its id.
        person: Who received it; the id under which it was entered, also after a merge.
        version: How often it was written, from 1.
        product: The code of the product, as a certificate has it.
        lot_number: The maker's number on the vial; None where a paper had none.
        lot: The lot in the stock of the registry; None for doses from elsewhere.
        number: Which dose of all it is, as a certificate counts (``dn``).
        of: The total beside it (``sd``): a booster after a course of two is 3 of 3, after a single dose 2 of 1.
        kind: Basic, additional or booster.
        nth: Which of its kind it is, from 1.
        given_on: The calendar day in Vietnam.
        given_at: The instant; None where only the day is known.
        site: The site of the registry; None where it was given elsewhere.
        place: The place's name, as a paper had it; None for a site of the registry.
        country: Two letters.
        source: How it became known.
        state: What is known of it.
        entered_by: The account that entered it, who therefore cannot certify it.
        visit: The visit in which it was given; None for the others.
        rule: The act under which it was allowed; None where none was asked.
    """

    id: UUID
    person: UUID
    version: int = 1
    product: str
    lot_number: str | None
    lot: UUID | None = None
    number: int
    of: int
    kind: DoseKind
    nth: int
    given_on: date
    given_at: datetime | None = None
    site: UUID | None = None
    place: str | None = None
    country: str = "VN"
    source: DoseSource
    state: DoseState
    entered_by: str
    visit: UUID | None = None
    rule: str | None = None

    @property
    def completes_primary(self) -> bool:
        """Whether the primary course is complete with it."""
        return self.kind is DoseKind.BASIC and self.number >= self.of
