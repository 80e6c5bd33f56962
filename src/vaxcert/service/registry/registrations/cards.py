"""What is said of registrations."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from vaxcert.registry.people.masking import show
from vaxcert.registry.registrations import store
from vaxcert.registry.registrations.registration import Declarer, Session
from vaxcert.registry.registrations.states import RegistrationEvent, RegistrationState
from vaxcert.service.registry.people.access import sight_of
from vaxcert.service.registry.registrations.open_registrations import REASON_PLACE, read_registration
from vaxcert.service.registry.request import Answer, Request

if TYPE_CHECKING:
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.registry.registrations.registration import Registration
    from vaxcert.service.registry.work import Work

DETAILS_PLACE = "registrations.details"

LineText = Annotated[str, Meta(max_length=80)]


class EarlierDose(Request, frozen=True, kw_only=True):
    """A dose that was given before, as the person tells it."""

    product: Annotated[LineText, Meta(description="which vaccine")]
    day: Annotated[date, Meta(description="when")]
    lot: Annotated[LineText, Meta(description="the lot number")] = ""
    place: Annotated[LineText, Meta(description="where")] = ""
    reaction: Annotated[str, Meta(max_length=300, description="what was felt afterwards")] = ""


class Details(msgspec.Struct, frozen=True, array_like=True):
    """What is kept sealed of a registration. New fields go to the end, with a default."""

    earlier: tuple[EarlierDose, ...]
    note: str


class StepShown(Answer, frozen=True, kw_only=True):
    """What led to one version."""

    version: int
    event: RegistrationEvent
    state: RegistrationState
    area: str
    site: UUID | None
    at: datetime
    reason: str | None


class RegistrationCard(Answer, frozen=True, kw_only=True):
    """A registration."""

    id: UUID
    version: int
    code: str
    """What the person is told, and may call the hotline with."""
    person: UUID
    declarer: Declarer
    dose_number: int
    group: str
    area: str
    site: UUID | None
    desired_on: date
    session: Session
    state: RegistrationState
    registered_at: datetime
    earlier: list[EarlierDose]
    note: str
    steps: list[StepShown]


class RegistrationRow(Answer, frozen=True, kw_only=True):
    """A registration in a list."""

    id: UUID
    version: int
    code: str
    person: UUID
    name: str
    birth_date: str
    dose_number: int
    group: str
    area: str
    site: UUID | None
    desired_on: date
    session: Session
    state: RegistrationState


def registration_card(work: Work, registration: UUID) -> RegistrationCard:
    """Return all that there is to say of *registration*.

    Raises:
        PersonErasedError: The person's data were erased.
    """
    found = read_registration(work, registration)
    sealed = store.sealed_details(work.connection, found.id)
    details = work.unseal(Details, found.person, DETAILS_PLACE, found.id, sealed)
    return RegistrationCard(
        id=found.id,
        version=found.version,
        code=found.code,
        person=found.person,
        declarer=found.declarer,
        dose_number=found.dose_number,
        group=found.group,
        area=found.area,
        site=found.site,
        desired_on=found.desired_on,
        session=found.session,
        state=found.state,
        registered_at=found.registered_at,
        earlier=list(details.earlier),
        note=details.note,
        steps=_steps(work, found),
    )


def registration_row(work: Work, registration: Registration, person: PersonRecord | None) -> RegistrationRow:
    """Return the line of *registration* in a list, with of the *person* what the actor may see."""
    shown = None if person is None else show(person.demographics, sight_of(work))
    return RegistrationRow(
        id=registration.id,
        version=registration.version,
        code=registration.code,
        person=registration.person,
        name="" if shown is None else f"{shown.family_name} {shown.given_name}".strip(),
        birth_date="" if shown is None else shown.birth_date,
        dose_number=registration.dose_number,
        group=registration.group,
        area=registration.area,
        site=registration.site,
        desired_on=registration.desired_on,
        session=registration.session,
        state=registration.state,
    )


def _steps(work: Work, registration: Registration) -> list[StepShown]:
    return [
        StepShown(
            version=step.version,
            event=step.event,
            state=step.state,
            area=step.area,
            site=step.site,
            at=step.at,
            reason=None
            if step.reason is None
            else work.unseal(str, registration.person, REASON_PLACE, step.id, step.reason),
        )
        for step in store.steps_of(work.connection, registration.id)
    ]
