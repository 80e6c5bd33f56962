"""Certificates as they are listed, by state and by person: how far each has come, and nothing of what it says."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.registry.certificates import store
from vaxcert.registry.certificates.life import IN_FORCE, CertificateState, Origin
from vaxcert.registry.doses.series import Series
from vaxcert.service.registry.doses.given import doses_of
from vaxcert.service.registry.paging import page_of, read_after
from vaxcert.service.registry.people.access import allowed_person, check_person
from vaxcert.service.registry.people.finding import dependants_of, person_ids
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.certificates.store import RegisteredCertificate
    from vaxcert.service.registry.work import Work

_GREEN_DOSES: Final = 2


class Colour(StrEnum):
    """What the state of a person's vaccination is shown as."""

    GREY = "grey"
    YELLOW = "yellow"
    """One dose."""
    GREEN = "green"
    """Two doses or more."""


class ListCertificates(PageRequest, frozen=True, kw_only=True):
    """Which certificates to list."""

    state: Annotated[CertificateState, Meta(description="how far they have come")]
    site: Annotated[UUID, Meta(description="those of one site")] | None = None


class OfPerson(Request, frozen=True, kw_only=True):
    """Whose certificates."""

    person: Annotated[UUID, Meta(description="the person's id")]


class CertificateCard(Answer, frozen=True, kw_only=True):
    """How far a certificate has come; nothing of what it says."""

    id: UUID
    version: int
    person: UUID
    dose: UUID
    revision: int
    origin: Origin
    state: CertificateState
    is_in_force: bool
    uvci: str | None
    made_at: datetime
    issued_at: datetime | None
    expires_at: datetime | None
    is_anchored: bool
    ended_at: datetime | None
    word: str | None
    replaces: UUID | None


class PersonCertificates(Answer, frozen=True, kw_only=True):
    """What somebody holds."""

    person: UUID
    colour: Colour
    doses: int
    is_course_complete: bool
    certificates: list[CertificateCard]


class FamilyCertificates(Answer, frozen=True, kw_only=True):
    """What a citizen and those they act for hold."""

    people: list[PersonCertificates]


@use_case(Right.LIST_CERTIFICATES, reads=True)
def list_certificates(work: Work, request: ListCertificates) -> Page[CertificateCard]:
    """List the certificates that have come so far, the oldest first: the day's work of those who sign them.

    Raises:
        RequestError: The place to begin at is none.
    """
    found = store.in_state(
        work.connection,
        request.state,
        site=work.actor.site or request.site,
        areas=work.scope.areas(),
        after=read_after(request),
        limit=request.limit + 1,
    )
    return page_of([card_of(row) for row in found], request.limit)


@use_case(Right.READ_CERTIFICATES, reads=True)
def certificates_of_person(work: Work, request: OfPerson) -> PersonCertificates:
    """Tell what certificates somebody has, whatever became of them, and the colour of their card.

    Raises:
        NotAllowedError: The person lives outside of the area of the authority that asks.
        NotRegisteredError: There is no such person, or the citizen who asks may not act for them.
        PersonErasedError: The person was erased.
    """
    return certificates_of(work, allowed_person(work, request.person).id)


@use_case(Right.SHOW_CERTIFICATES, reads=True)
def family_certificates(work: Work, request: OfPerson) -> FamilyCertificates:
    """Tell what certificates somebody and everybody they may act for have.

    Raises:
        NotRegisteredError: There is no such person, or the citizen who asks is another.
    """
    check_person(work, request.person)
    people = [request.person, *(link.dependant for link in dependants_of(work, request.person))]
    return FamilyCertificates(people=[certificates_of(work, person) for person in dict.fromkeys(people)])


def certificates_of(work: Work, person: UUID) -> PersonCertificates:
    """Return what *person* has, under all ids that lead to them.

    Raises:
        NotRegisteredError: There is no such person.
    """
    ids = person_ids(work, person)
    series = Series.of(doses_of(work, person))
    return PersonCertificates(
        person=ids[0],
        colour=_colour(len(series.doses)),
        doses=len(series.doses),
        is_course_complete=series.is_primary_complete,
        certificates=[card_of(row) for row in store.of_persons(work.connection, ids)],
    )


def card_of(row: RegisteredCertificate) -> CertificateCard:
    """Return what is told of *row*."""
    return CertificateCard(
        id=row.id,
        version=row.version,
        person=row.person,
        dose=row.dose,
        revision=row.revision,
        origin=row.origin,
        state=row.state,
        is_in_force=row.state in IN_FORCE,
        uvci=row.uvci,
        made_at=row.made_at,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        is_anchored=row.anchored_at is not None,
        ended_at=row.ended_at,
        word=row.word,
        replaces=row.replaces,
    )


def _colour(doses: int) -> Colour:
    if doses >= _GREEN_DOSES:
        return Colour.GREEN
    return Colour.YELLOW if doses else Colour.GREY
