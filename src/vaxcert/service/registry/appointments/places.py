"""Places in slots, for the use cases: taken, given back, and offered to those who wait.

A booking is one look at what it is about, one row for the appointment, and one conditional UPDATE of the slot; more is
done only where these find no place. The slot comes last, as whoever else wants a place of it waits for the commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import AlreadyBookedError, NotRegisteredError, RegistryError
from vaxcert.registry.appointments import store, waiting_store
from vaxcert.registry.appointments.booking_store import find_booking
from vaxcert.registry.appointments.states import PASSING, AppointmentEvent, AppointmentState, after
from vaxcert.registry.appointments.tables import appointment_steps, appointments, waiting_list
from vaxcert.registry.appointments.terms import terms_on
from vaxcert.registry.appointments.waiting import WaitingState, check_waiting_change
from vaxcert.registry.sites.slot_store import give_back, slot_by_id, take_place
from vaxcert.registry.sites.slots import SlotState
from vaxcert.registry.sites.store import campaign_by_id
from vaxcert.service.registry.appointments.told import tell_offered
from vaxcert.service.registry.people.finding import person_by_id

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.appointments.appointment import Appointment
    from vaxcert.registry.appointments.booking import Booking
    from vaxcert.service.registry.work import Work

CANDIDATES: Final = 20
"""So many of those who wait are looked at for one place; who cannot have it is passed over."""

LAPSED_AT_ONCE: Final = 50
"""So many lapsed holds of one slot are returned when a booking finds it full."""

REASON_PLACE: Final = "appointment_steps.reason"


def read_booking(work: Work, registration: UUID, slot: UUID) -> Booking:
    """Return what *registration* and *slot* are now.

    Raises:
        NotRegisteredError: There is no such registration, or no such slot.
    """
    booking = find_booking(work.connection, registration, slot)
    if booking is None:
        raise NotRegisteredError("there is no such registration, or no such slot")
    return booking


def check_booking(work: Work, booking: Booking) -> None:
    """Check that the registration may take a place in the slot; see `Booking.check`."""
    born = person_by_id(work, booking.person).birth_date if booking.asks_age else None
    booking.check(work.at, born=born)


def claim(work: Work, booking: Booking, state: AppointmentState, *, expires_at: datetime | None = None) -> UUID:
    """Give the person of *booking* a place in its slot; return the id of the new appointment.

    Raises:
        SlotFullError: No place is free for this dose.
        AlreadyBookedError: The person has a live appointment for this dose.
    """
    slot, dose_number = booking.slot, booking.dose_number
    if not slot.free_for(dose_number) and not _return_lapsed(work, slot.id):
        raise booking.full()
    appointment = work.new_id()
    row: dict[str, object] = {
        "id": appointment,
        "version": 1,
        "person": booking.person,
        "registration": booking.registration,
        "dose_number": dose_number,
        "slot": slot.id,
        "state": state,
        "expires_at": expires_at,
        "made_at": work.at,
        "outcome": None,
    }
    if not store.insert_appointment(work.connection, row):
        lapse(work, store.lapsed_of_person(work.connection, booking.person, dose_number, work.at))
        if not store.insert_appointment(work.connection, row):
            raise AlreadyBookedError("the person has a live appointment for this dose")
    take(work, booking)
    return appointment


def take(work: Work, booking: Booking) -> None:
    """Take one place of the slot of *booking*.

    Raises:
        SlotFullError: None is free for this dose.
    """
    slot, dose_number = booking.slot.id, booking.dose_number
    if take_place(work.connection, slot, dose_number, work.at):
        return
    # The last places went while this transaction looked; some may be held by people whose time is over.
    if not _return_lapsed(work, slot) or not take_place(work.connection, slot, dose_number, work.at):
        raise booking.full()


def write_step(
    work: Work,
    appointment: Appointment,
    event: AppointmentEvent,
    *,
    reason: str | None = None,
    **values: object,
) -> int:
    """Write the next version of *appointment*, which *event* leads to; return its number.

    Raises:
        AppointmentStateError: It cannot happen in its state.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    state = after(appointment.state, event)
    version = work.update_version(
        appointments, appointment.id, appointment.version, state=state, expires_at=None, **values
    )
    step = work.new_id()
    sealed = None if reason is None else work.seal(appointment.person, REASON_PLACE, step, reason)
    work.insert(
        appointment_steps,
        id=step,
        appointment=appointment.id,
        version=version,
        event=event,
        state_before=appointment.state,
        slot_before=appointment.slot,
        account=work.actor.account,
        at=work.at,
        reason=sealed,
    )
    work.note(
        f"appointment.{event}",
        appointment.id,
        before={"state": appointment.state, "slot": appointment.slot},
        after={"state": state, **values},
        reason=reason,
        person=appointment.person,
    )
    return version


def free_place(work: Work, appointment: Appointment) -> None:
    """Give back the place that *appointment* had, and offer it to whoever waits for one."""
    give_back(work.connection, appointment.slot, appointment.dose_number)
    offer_place(work, appointment.slot)


def settle_offer(work: Work, appointment: UUID, state: WaitingState) -> None:
    """Bring the entry of the waiting list to which *appointment* was offered, if one was, into *state*."""
    entry = waiting_store.offered_entry(work.connection, appointment)
    if entry is None:
        return
    check_waiting_change(entry.state, state)
    values = {"appointment": None} if state is WaitingState.WAITING else {}
    work.update_version(waiting_list, entry.id, entry.version, state=state, **values)
    work.note("waiting." + state, entry.id, person=entry.person)


def lapse(work: Work, lapsed: list[UUID]) -> int:
    """End holds and offers whose time is over, and return their places; return how many."""
    for found in lapsed:
        appointment = store.appointment_by_id(work.connection, found)
        assert appointment is not None  # none is ever deleted
        if appointment.state not in PASSING:
            continue  # returned already, with another place that this transaction looked for
        write_step(work, appointment, AppointmentEvent.LAPSE)
        settle_offer(work, appointment.id, WaitingState.LAPSED)
        free_place(work, appointment)
    return len(lapsed)


def offer_place(work: Work, slot_id: UUID) -> UUID | None:
    """Offer a free place of the slot to the first of those who wait for one like it; return the offer's id.

    None where nobody waits for such a place, none is free, or it is too late to wait for an answer.
    """
    slot = slot_by_id(work.connection, slot_id, locked=True)  # nobody takes the place while it is offered
    if slot is None or slot.state is SlotState.CLOSED or slot.starts_at <= work.at or slot.taken >= slot.capacity:
        return None
    expires_at = terms_on(work.day).offer_ends(work.at, slot.starts_at)
    campaign = campaign_by_id(work.connection, slot.campaign)
    if expires_at is None or campaign is None:
        return None
    for entry in waiting_store.next_for(work.connection, slot, campaign, CANDIDATES):
        booking = read_booking(work, entry.registration, slot.id)
        if not _is_admitted(work, booking):
            continue
        try:
            offer = claim(work, booking, AppointmentState.PROPOSED, expires_at=expires_at)
        except AlreadyBookedError:
            continue  # in another transaction, just now
        check_waiting_change(entry.state, WaitingState.OFFERED)
        work.update_version(waiting_list, entry.id, entry.version, state=WaitingState.OFFERED, appointment=offer)
        work.note("appointment.offered", offer, after={"slot": slot.id, "entry": entry.id}, person=entry.person)
        tell_offered(work, booking, offer, expires_at)
        return offer
    return None


def _is_admitted(work: Work, booking: Booking) -> bool:
    try:
        check_booking(work, booking)
    except RegistryError:  # of whatever rule: the next one in turn is asked
        return False
    return True


def _return_lapsed(work: Work, slot: UUID) -> bool:
    return lapse(work, store.lapsed_of_slot(work.connection, slot, work.at, LAPSED_AT_ONCE)) > 0
