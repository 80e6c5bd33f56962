"""Registrations under review: a unit looks at those of its area, approves, refuses, sends them on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import FieldProblem
from vaxcert.registry.registrations import store
from vaxcert.registry.registrations.registration import MAX_DOSE_NUMBER
from vaxcert.registry.registrations.states import RegistrationEvent, RegistrationState
from vaxcert.service.registry.area_fields import read_area
from vaxcert.service.registry.notifications.notify import notify
from vaxcert.service.registry.paging import page_of, read_after
from vaxcert.service.registry.people.finding import people_by_id
from vaxcert.service.registry.registrations.cards import (
    RegistrationCard,
    RegistrationRow,
    registration_card,
    registration_row,
)
from vaxcert.service.registry.registrations.open_registrations import (
    give_up_appointment,
    read_registration,
    step_registration,
)
from vaxcert.service.registry.registrations.registering import RegistrationId, VersionRead
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import read_site
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.registrations.registration import Registration
    from vaxcert.service.registry.work import Work

MAX_AT_ONCE: Final = 500

ReasonText = Annotated[str, Meta(min_length=1, max_length=300, description="why; the person reads it")]


class ReviewRegistrations(PageRequest, frozen=True, kw_only=True):
    """Which registrations of the account's area to show."""

    area: Annotated[str, Meta(max_length=16, description="the code of an area; only those of it")] | None = None
    state: Annotated[RegistrationState, Meta(description="only those that stand so")] | None = None
    group: Annotated[str, Meta(max_length=32, description="only this priority group")] | None = None
    dose_number: Annotated[int, Meta(ge=1, le=MAX_DOSE_NUMBER, description="only for this dose")] | None = None


class ApproveRegistrations(Request, frozen=True, kw_only=True):
    """Which registrations to approve: all of them or none."""

    registrations: Annotated[
        tuple[UUID, ...], Meta(min_length=1, max_length=MAX_AT_ONCE, description="the registrations' ids")
    ]


class RefuseRegistration(Request, frozen=True, kw_only=True):
    """Which registration to refuse, and why."""

    registration: RegistrationId
    reason: ReasonText
    version: VersionRead | None = None


class TransferRegistration(Request, frozen=True, kw_only=True):
    """Where to send a registration: to an area, a site, or both."""

    registration: RegistrationId
    area: Annotated[str, Meta(max_length=16, description="the code of the area; that of the site")] | None = None
    site: Annotated[UUID, Meta(description="the site")] | None = None
    reason: ReasonText
    version: VersionRead | None = None


class CountRegistrations(Request, frozen=True, kw_only=True):
    """Whose registrations to count."""

    area: Annotated[str, Meta(max_length=16, description="the code of an area; that of the account")] | None = None


class RegistrationCount(Answer, frozen=True, kw_only=True):
    """How many registrations are so."""

    state: RegistrationState
    group: str
    dose_number: int
    count: int


class RegistrationCounts(Answer, frozen=True, kw_only=True):
    """How many registrations an area has."""

    area: str | None
    total: int
    counts: list[RegistrationCount]


class Approved(Answer, frozen=True, kw_only=True):
    """What was approved."""

    count: int


@use_case(Right.REVIEW_REGISTRATIONS, reads=True)
def review_registrations(work: Work, request: ReviewRegistrations) -> Page[RegistrationRow]:
    """List the registrations of the account's area. Their order is the one they came in; it is no precedence.

    Raises:
        RequestError: There is no such area.
        NotAllowedError: The area lies elsewhere.
    """
    areas = _areas(work, request.area)
    found = store.registrations_in(
        work.connection,
        areas,
        state=request.state,
        group=request.group,
        dose_number=request.dose_number,
        after=read_after(request),
        limit=request.limit + 1,
    )
    people = people_by_id(work, {each.person for each in found[: request.limit]})
    return page_of([registration_row(work, each, people.get(each.person)) for each in found], request.limit)


@use_case(Right.REVIEW_REGISTRATIONS, reads=True)
def count_registrations(work: Work, request: CountRegistrations) -> RegistrationCounts:
    """Count the registrations of an area by state, priority group and dose.

    Raises:
        RequestError: There is no such area.
        NotAllowedError: The area lies elsewhere.
    """
    counts = [
        RegistrationCount(state=RegistrationState(state), group=group, dose_number=dose, count=count)
        for state, group, dose, count in store.count_registrations(work.connection, _areas(work, request.area))
    ]
    return RegistrationCounts(area=request.area, total=sum(each.count for each in counts), counts=counts)


@use_case(Right.REVIEW_REGISTRATIONS)
def approve_registrations(work: Work, request: ApproveRegistrations) -> Approved:
    """Approve registrations: their people may have appointments. All of them, or none where one cannot be.

    Raises:
        NotRegisteredError: There is no such registration.
        NotAllowedError: One is another area's.
        RegistrationStateError: One is not waiting for a decision.
        StaleVersionError: Somebody else has changed one at the same time.
    """
    asked = sorted(set(request.registrations))
    for registration in asked:
        step_registration(work, _of_area(work, registration, None), RegistrationEvent.APPROVE)
    return Approved(count=len(asked))


@use_case(Right.REVIEW_REGISTRATIONS)
def refuse_registration(work: Work, request: RefuseRegistration) -> RegistrationCard:
    """Refuse a registration with a reason; an appointment that it led to is given up.

    Raises:
        NotRegisteredError: There is no such registration.
        NotAllowedError: It is another area's.
        RegistrationStateError: It is not open.
        AppointmentStateError: The person is at the site already.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    found = _of_area(work, request.registration, request.version)
    version = step_registration(work, found, RegistrationEvent.REFUSE, reason=request.reason)
    give_up_appointment(work, found, request.reason)
    key = f"registration:{found.id}:{version}"
    notify(work, found.person, "registration-declined", key, about=found.id, code=found.code)
    return registration_card(work, found.id)


@use_case(Right.REVIEW_REGISTRATIONS)
def transfer_registration(work: Work, request: TransferRegistration) -> RegistrationCard:
    """Send a registration to another unit, which looks at it anew; an appointment that it led to is given up.

    Raises:
        RequestError: Neither an area nor a site is named, or there is no such area.
        NotRegisteredError: There is no such registration, or no such site.
        NotAllowedError: It is another area's.
        RegistrationStateError: It is not open.
        AppointmentStateError: The person is at the site already.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    found = _of_area(work, request.registration, request.version)
    site = None if request.site is None else read_site(work, request.site)
    problems: list[FieldProblem] = []
    if request.area is not None:
        area = read_area(work, request.area, problems)
    elif site is not None:
        area = site.area
    else:
        area = ""
        problems.append(FieldProblem("area", "missing", "must be there, or a site"))
    check(problems)
    version = step_registration(
        work, found, RegistrationEvent.TRANSFER, reason=request.reason, area=area, site=request.site
    )
    give_up_appointment(work, found, request.reason)
    name = work.reference.areas.referred(area).full_name if site is None else site.name
    key = f"registration:{found.id}:{version}"
    notify(work, found.person, "registration-transferred", key, about=found.id, code=found.code, site=name)
    return registration_card(work, found.id)


def _of_area(work: Work, registration: UUID, version: int | None) -> Registration:
    work.scope.check_area(read_registration(work, registration).area)
    return read_registration(work, registration, version)


def _areas(work: Work, asked: str | None) -> frozenset[str] | None:
    if asked is None:
        return work.scope.areas()
    problems: list[FieldProblem] = []
    area = read_area(work, asked, problems)
    check(problems)
    work.scope.check_area(area)
    return work.reference.areas_within(area, work.day)
