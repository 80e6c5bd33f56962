"""Registering for a dose: for oneself, for those whom one acts for, for people at the desk."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import AlreadyRegisteredError, FieldProblem, NotRegisteredError, RegistryBusyError
from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.registrations import store
from vaxcert.registry.registrations.registration import (
    LONG_SERIAL_DIGITS,
    SERIAL_DIGITS,
    Declarer,
    Session,
    order_code,
    registration_problems,
)
from vaxcert.registry.registrations.states import RegistrationEvent, RegistrationState
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.area_fields import province_of, read_area
from vaxcert.service.registry.doses.given import doses_of
from vaxcert.service.registry.notifications.notify import notify
from vaxcert.service.registry.people.access import allowed_person, check_person
from vaxcert.service.registry.people.finding import person_ids
from vaxcert.service.registry.registrations.cards import (
    DETAILS_PLACE,
    Details,
    EarlierDose,
    RegistrationCard,
    registration_card,
)
from vaxcert.service.registry.registrations.open_registrations import (
    check_own,
    give_up_appointment,
    open_registration,
    read_registration,
    step_registration,
)
from vaxcert.service.registry.request import Answer, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import read_site
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.service.registry.work import Work

MAX_SHOWN: Final = 100
"""Nobody has more registrations."""

_SERIALS: Final = (SERIAL_DIGITS,) * 6 + (LONG_SERIAL_DIGITS,) * 2
"""How long the serial of each try is; see `order_code`."""

RegistrationId = Annotated[UUID, Meta(description="the registration's id")]
VersionRead = Annotated[int, Meta(ge=1, description="the version that was read")]
ReasonText = Annotated[str, Meta(max_length=300, description="why; kept sealed")]


class RegisterForDose(Request, frozen=True, kw_only=True):
    """What one must tell to ask for a dose."""

    person: Annotated[UUID, Meta(description="who shall have the dose")]
    dose_number: Annotated[int, Meta(description="which dose")]
    group: Annotated[str, Meta(max_length=32, description="the priority group with its act: 3355/QĐ-BYT#9")]
    desired_on: Annotated[date, Meta(description="the day that would suit")]
    session: Annotated[Session, Meta(description="the part of that day")] = Session.ALL_DAY
    area: (
        Annotated[str, Meta(max_length=16, description="the area that shall decide; where the person lives")] | None
    ) = None
    site: Annotated[UUID, Meta(description="the site that would suit")] | None = None
    earlier: Annotated[
        tuple[EarlierDose, ...],
        Meta(
            max_length=8,
            description="earlier doses that the registry does not have: product and day; lot, place, reaction if known",
        ),
    ] = ()
    note: Annotated[str, Meta(max_length=300, description="what else the unit should know")] = ""
    agreed: Annotated[bool, Meta(description="the person, or a guardian, agrees to be registered")]


class ShowRegistration(Request, frozen=True, kw_only=True):
    """Which registration to show."""

    registration: RegistrationId


class FindRegistration(Request, frozen=True, kw_only=True):
    """Which registration to show."""

    code: Annotated[str, Meta(max_length=20, description="the order code, such as 0120211103501237")]


class ListOwnRegistrations(Request, frozen=True, kw_only=True):
    """Whose registrations to show."""

    person: Annotated[UUID, Meta(description="whose")]


class WithdrawRegistration(Request, frozen=True, kw_only=True):
    """Which registration to withdraw."""

    registration: RegistrationId
    reason: ReasonText | None = None
    version: VersionRead | None = None


class Registrations(Answer, frozen=True, kw_only=True):
    """All registrations of one person, the newest first."""

    person: UUID
    items: list[RegistrationCard]


@use_case(Right.REGISTER_FOR_DOSES)
def register_for_dose(work: Work, request: RegisterForDose) -> RegistrationCard:
    """Register a person for a dose. It is no appointment yet: the unit decides, and to come early gives no precedence.

    Raises:
        RequestError: Fields are wrong, or the dose was given already.
        NotRegisteredError: There is no such person, or a citizen asks for a stranger.
        AlreadyRegisteredError: There is an open registration for this dose.
    """
    person = allowed_person(work, request.person)
    problems = list(
        registration_problems(
            group=request.group,
            dose_number=request.dose_number,
            desired_on=request.desired_on,
            agreed=request.agreed,
            today=work.day,
        )
    )
    problems += _dose_problems(work, person.id, request)
    area = person.area if request.area is None else read_area(work, request.area, problems)
    check(problems)
    if request.site is not None:
        read_site(work, request.site)
    if open_registration(work, person.id, request.dose_number) is not None:
        raise AlreadyRegisteredError("there is an open registration for this dose")
    registration, code = _insert(work, request, person, area)
    work.note("registration.submitted", registration, after=request, person=person.id)
    notify(work, person.id, "registration-received", f"registration:{registration}:1", about=registration, code=code)
    return registration_card(work, registration)


@use_case(Right.READ_REGISTRATIONS, reads=True)
def show_registration(work: Work, request: ShowRegistration) -> RegistrationCard:
    """Show a registration, with what was decided and why.

    Raises:
        NotRegisteredError: There is none, or it is a stranger's.
        NotAllowedError: It is another area's.
    """
    check_own(work, read_registration(work, request.registration))
    return registration_card(work, request.registration)


@use_case(Right.READ_REGISTRATIONS, reads=True)
def find_registration(work: Work, request: FindRegistration) -> RegistrationCard:
    """Show the registration with an order code.

    Raises:
        NotRegisteredError: There is none, or it is a stranger's.
        NotAllowedError: It is another area's.
    """
    found = store.registration_by_code(work.connection, request.code.strip())
    if found is None:
        raise NotRegisteredError("there is no such registration")
    check_own(work, found)
    return registration_card(work, found.id)


@use_case(Right.READ_REGISTRATIONS, reads=True)
def list_own_registrations(work: Work, request: ListOwnRegistrations) -> Registrations:
    """Show all registrations of one person, the newest first.

    Raises:
        NotRegisteredError: There is no such person, or a citizen asks for a stranger.
    """
    check_person(work, request.person)
    people = person_ids(work, request.person)
    found = store.registrations_of(work.connection, people, MAX_SHOWN)
    return Registrations(person=people[0], items=[registration_card(work, each.id) for each in found])


@use_case(Right.REGISTER_FOR_DOSES)
def withdraw_registration(work: Work, request: WithdrawRegistration) -> RegistrationCard:
    """Withdraw a registration; an appointment that it led to is given up.

    Raises:
        NotRegisteredError: There is none, or it is a stranger's.
        NotAllowedError: It is another area's.
        RegistrationStateError: It is not open.
        AppointmentStateError: The person is at the site already.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    found = read_registration(work, request.registration)
    check_own(work, found)
    found = read_registration(work, found.id, request.version)
    step_registration(work, found, RegistrationEvent.WITHDRAW, reason=request.reason)
    give_up_appointment(work, found, request.reason)
    return registration_card(work, found.id)


def _dose_problems(work: Work, person: UUID, request: RegisterForDose) -> list[FieldProblem]:
    had = [dose for dose in doses_of(work, person) if dose.state is not DoseState.VOIDED]
    problems = [
        FieldProblem(f"earlier.{place}.day", "in_the_future", "lies in the future")
        for place, dose in enumerate(request.earlier)
        if dose.day > work.day
    ]
    if any(dose.number == request.dose_number for dose in had):
        problems.append(FieldProblem("dose_number", "already_given", "was given already"))
    elif request.dose_number > 1 and not had and not request.earlier:
        problems.append(FieldProblem("earlier", "missing", "must tell of a dose before: the registry has none"))
    return problems


def _insert(work: Work, request: RegisterForDose, person: PersonRecord, area: str) -> tuple[UUID, str]:
    registration, actor = work.new_id(), work.actor
    is_citizen = actor.kind is ActorKind.CITIZEN
    own = is_citizen and actor.person == request.person
    details = Details(earlier=request.earlier, note=request.note)
    row: dict[str, object] = {
        "id": registration,
        "version": 1,
        "person": person.id,
        "declarer": Declarer.SELF if own else Declarer.OTHER if is_citizen else Declarer.OFFICER,
        "declared_by": actor.person,
        "dose_number": request.dose_number,
        "priority_group": request.group,
        "birth_year": person.birth_date.earliest.year,
        "area": area,
        "site": request.site,
        "desired_on": request.desired_on,
        "session": request.session,
        "state": RegistrationState.SUBMITTED,
        "registered_at": work.at,
        "details": work.seal(person.id, DETAILS_PLACE, registration, details),
    }
    province = province_of(work, area)
    for digits in _SERIALS:
        code = order_code(province, work.day, work.new_id().int, digits=digits)
        if store.insert_registration(work.connection, {**row, "code": code}):
            return registration, code
        if open_registration(work, person.id, request.dose_number) is not None:
            raise AlreadyRegisteredError("there is an open registration for this dose")
    raise RegistryBusyError("no order code was free")
