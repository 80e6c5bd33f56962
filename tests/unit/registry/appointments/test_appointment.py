from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from vaxcert.errors import AppointmentStateError, HoldLapsedError, WrongDayError
from vaxcert.registry.appointments.appointment import Appointment
from vaxcert.registry.appointments.states import AppointmentState

STARTS = datetime(2026, 3, 3, 1, tzinfo=UTC)
ENDS = STARTS + timedelta(hours=1)
SECOND = timedelta(seconds=1)
BOOKED = Appointment(
    id=UUID(int=1),
    version=1,
    person=UUID(int=2),
    registration=UUID(int=3),
    code="5120260302000007",
    dose_number=1,
    slot=UUID(int=4),
    site=UUID(int=5),
    area="51@2025-07-01",
    site_name="Trạm y tế",
    day=date(2026, 3, 3),
    starts_at=STARTS,
    ends_at=ENDS,
    state=AppointmentState.BOOKED,
)
HELD = replace(BOOKED, state=AppointmentState.HELD, expires_at=STARTS - timedelta(hours=1))


def test_a_held_place_can_be_taken_until_its_time_is_over() -> None:
    HELD.check_acceptance(STARTS - timedelta(hours=1) - SECOND)
    with pytest.raises(HoldLapsedError):
        HELD.check_acceptance(STARTS - timedelta(hours=1))


def test_what_is_booked_cannot_be_taken_again() -> None:
    with pytest.raises(AppointmentStateError, match="takes no accept"):
        BOOKED.check_acceptance(STARTS - timedelta(days=1))


def test_a_slot_is_over_with_its_last_second() -> None:
    BOOKED.check_before_end(ENDS - SECOND)
    with pytest.raises(AppointmentStateError, match="the slot is over"):
        BOOKED.check_before_end(ENDS)


def test_a_move_leads_elsewhere_and_before_the_slot_is_over() -> None:
    BOOKED.check_move(ENDS - SECOND, UUID(int=9))
    replace(BOOKED, state=AppointmentState.CONFIRMED).check_move(STARTS, UUID(int=9))
    with pytest.raises(AppointmentStateError, match="is in this slot"):
        BOOKED.check_move(STARTS, BOOKED.slot)
    with pytest.raises(AppointmentStateError, match="the slot is over"):
        BOOKED.check_move(ENDS, UUID(int=9))
    with pytest.raises(AppointmentStateError, match="takes no move"):
        HELD.check_move(STARTS, UUID(int=9))


def test_s7_whoever_comes_on_another_day_is_told_which() -> None:
    BOOKED.check_arrival(date(2026, 3, 3))
    for day in (date(2026, 3, 2), date(2026, 3, 4)):
        with pytest.raises(WrongDayError, match="the appointment is for 2026-03-03"):
            BOOKED.check_arrival(day)


@pytest.mark.parametrize("state", [AppointmentState.ARRIVED, AppointmentState.HELD, AppointmentState.CANCELLED])
def test_nobody_arrives_who_is_not_expected(state: AppointmentState) -> None:
    with pytest.raises(AppointmentStateError, match="takes no arrive"):
        replace(BOOKED, state=state).check_arrival(BOOKED.day)


def test_nobody_has_missed_an_appointment_before_its_slot_is_over() -> None:
    BOOKED.check_missed(ENDS)
    with pytest.raises(AppointmentStateError, match="the slot is not over yet"):
        BOOKED.check_missed(ENDS - SECOND)


def test_who_has_come_has_not_missed_it() -> None:
    with pytest.raises(AppointmentStateError, match="takes no miss"):
        replace(BOOKED, state=AppointmentState.ARRIVED).check_missed(ENDS)
