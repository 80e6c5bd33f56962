"""Registrations, for the use cases of other rooms: the open one for a dose, and what a visit makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import NotRegisteredError, StaleVersionError
from vaxcert.registry.appointments.states import AppointmentEvent
from vaxcert.registry.appointments.store import live_appointment_of
from vaxcert.registry.appointments.waiting import WaitingState
from vaxcert.registry.registrations import store
from vaxcert.registry.registrations.states import OPEN, RegistrationEvent, after
from vaxcert.registry.registrations.tables import registration_steps, registrations
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.appointments.places import free_place, settle_offer, write_step
from vaxcert.service.registry.appointments.told import tell_cancelled
from vaxcert.service.registry.people.access import check_person
from vaxcert.service.registry.people.finding import person_ids
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.registry.registrations.registration import Registration
    from vaxcert.service.registry.work import Work

REASON_PLACE: Final = "registration_steps.reason"

_EVENTS: Final = {
    "injected": RegistrationEvent.FULFIL,
    "contraindicated": RegistrationEvent.CLOSE,
    "refused": RegistrationEvent.CLOSE,
}
"""What each outcome of a visit does to the registration; after the others the person may come again."""

_BY_AREA: Final = frozenset((Role.DISTRICT, Role.PROVINCE, Role.CENTRE))


def open_registration(work: Work, person: UUID, dose_number: int) -> Registration | None:
    """Return the open registration of *person* for this dose, None if there is none.

    Raises:
        NotRegisteredError: There is no such person.
    """
    return store.open_registration_of(work.connection, person_ids(work, person), dose_number)


def settle_registration(work: Work, registration: UUID, outcome: str) -> None:
    """Let the *outcome* of a visit, such as ``injected``, decide what becomes of *registration*.

    Raises:
        NotRegisteredError: There is no such registration.
        StaleVersionError: Somebody else has changed it at the same time.
    """
    event = _EVENTS.get(outcome)
    found = read_registration(work, registration)
    if event is not None and found.state in OPEN:
        step_registration(work, found, event, reason=outcome)


def read_registration(work: Work, registration: UUID, version: int | None = None) -> Registration:
    """Return the registration with the id *registration*.

    Raises:
        NotRegisteredError: There is none.
        StaleVersionError: It has not the *version* that was asked for.
    """
    found = store.registration_by_id(work.connection, registration)
    if found is None:
        raise NotRegisteredError("there is no such registration")
    if version is not None and found.version != version:
        raise StaleVersionError("somebody else has changed it meanwhile")
    return found


def check_own(work: Work, registration: Registration) -> None:
    """Refuse a citizen a stranger's *registration*, and an authority one of another area; staff at sites pass.

    Raises:
        NotRegisteredError: It is a stranger's.
        NotAllowedError: It is another area's.
    """
    check_person(work, registration.person)
    if work.actor.kind is not ActorKind.CITIZEN and work.actor.roles & _BY_AREA:
        work.scope.check_area(registration.area)


def step_registration(
    work: Work,
    registration: Registration,
    event: RegistrationEvent,
    *,
    reason: str | None = None,
    area: str | None = None,
    site: UUID | None = None,
) -> int:
    """Write the next version of *registration*; return its number.

    Args:
        work: The transaction.
        registration: As it was read.
        event: What happens to it.
        reason: Why; kept sealed.
        area: The unit that it goes to.
        site: The site that it goes to.

    Raises:
        RegistrationStateError: It cannot happen in its state.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    state = after(registration.state, event)
    stands = {"state": state, "area": area or registration.area, "site": site or registration.site}
    version = work.update_version(registrations, registration.id, registration.version, **stands)
    step = work.new_id()
    work.insert(
        registration_steps,
        id=step,
        registration=registration.id,
        version=version,
        event=event,
        account=work.actor.account,
        at=work.at,
        reason=None if reason is None else work.seal(registration.person, REASON_PLACE, step, reason),
        **stands,
    )
    work.note(
        f"registration.{event}",
        registration.id,
        before={"state": registration.state, "area": registration.area, "site": registration.site},
        after=stands,
        reason=reason,
        person=registration.person,
    )
    return version


def give_up_appointment(work: Work, registration: Registration, reason: str | None) -> None:
    """Cancel the live appointment of *registration*, if there is one: its ground is gone.

    Raises:
        AppointmentStateError: The person is at the site already.
    """
    found = live_appointment_of(work.connection, registration.id)
    if found is None:
        return
    version = write_step(work, found, AppointmentEvent.CANCEL, reason=reason)
    settle_offer(work, found.id, WaitingState.DECLINED)
    free_place(work, found)
    tell_cancelled(work, found, version)
