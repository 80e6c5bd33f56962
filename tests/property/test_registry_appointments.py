"""Appointments in any order of events: no slot over capacity, one live booking a person and dose, holds that return."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Final, cast

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from tests.booked_site import BookedSite
from tests.registry_fixture import RegistryUnderTest, new_sqlite_registry
from vaxcert.errors import (
    AlreadyBookedError,
    AlreadyWaitingError,
    AppointmentStateError,
    HoldLapsedError,
    SlotFullError,
    SlotStateError,
)
from vaxcert.registry.appointments.states import LIVE, PASSING, TAKING, AppointmentState
from vaxcert.registry.appointments.tables import appointments, waiting_list
from vaxcert.registry.sites.tables import slots
from vaxcert.service.registry.appointments.booking import confirm_appointment
from vaxcert.service.registry.appointments.cards import AppointmentCard, OneAppointment
from vaxcert.service.registry.appointments.upkeep import ReturnPlaces, return_places
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

PEOPLE: Final = (1, 1, 1, 1, 1, 2, 2)
"""The dose that each one comes for: five first ones for three places, two later ones for the others."""

_NUMBERS = count()


class Appointments(RuleBasedStateMachine):
    """A site with three slots of two places, one of them for later doses, and seven people."""

    taken = Bundle("taken")

    def __init__(self, registry: RegistryUnderTest, morning: datetime) -> None:
        super().__init__()
        self.registry = registry
        registry.at = morning  # every example begins at the same hour
        self.site = BookedSite(registry, later_dose_percent=50, code=f"51{next(_NUMBERS):05}")
        self.slots = self.site.slots()
        self.people = [self.site.somebody(number, dose) for number, dose in enumerate(PEOPLE)]

    @rule(target=taken, who=st.integers(0, len(PEOPLE) - 1), slot=st.integers(0, 2), holds=st.booleans())
    def take(self, who: int, slot: int, *, holds: bool) -> UUID | None:
        """Hold or book a place; whoever is refused really had no way to it."""
        person, place = self.people[who], self.slots[slot]
        had, free = self._live(person), self._free(place, PEOPLE[who])
        try:
            card = self.site.hold(person, place) if holds else self.site.book(person, place)
        except AlreadyBookedError:
            assert had
        except SlotFullError:
            assert not free
        except SlotStateError:
            assert self.site.slot(place).starts_at <= self.registry.at
        else:
            assert not had
            assert card.state is (AppointmentState.HELD if holds else AppointmentState.BOOKED)
            return card.id
        return None

    @rule(one=taken)
    def accept(self, one: UUID | None) -> None:
        """Book what is held."""
        self._do(one, self.site.accept, AppointmentState.BOOKED)

    @rule(one=taken)
    def confirm(self, one: UUID | None) -> None:
        """Say that one will come."""

        def confirmed(appointment: UUID) -> AppointmentCard:
            request = OneAppointment(appointment=appointment)
            return self.registry.run(confirm_appointment, request, role=Role.RECEPTIONIST, site=self.site.site)

        self._do(one, confirmed, AppointmentState.CONFIRMED)

    @rule(one=taken, slot=st.integers(0, 2))
    def move(self, one: UUID | None, slot: int) -> None:
        """Go to another slot, or stay where one was."""
        self._do(one, lambda appointment: self.site.move(appointment, self.slots[slot]), AppointmentState.BOOKED)

    @rule(one=consumes(taken))
    def cancel(self, one: UUID | None) -> None:
        """Give it up."""
        self._do(one, self.site.cancel, AppointmentState.CANCELLED)

    @rule(who=st.integers(0, len(PEOPLE) - 1))
    def wait(self, who: int) -> None:
        """Wait for a place."""
        try:
            self.site.wait(self.people[who])
        except (AlreadyBookedError, AlreadyWaitingError):
            return

    @rule(who=st.integers(0, len(PEOPLE) - 1), takes=st.booleans())
    def answer_offer(self, who: int, *, takes: bool) -> None:
        """Take or decline what was offered."""
        with self.registry.desk.reading() as connection:
            offer = connection.scalar(
                sa.select(appointments.c.id).where(
                    appointments.c.registration == self.people[who],
                    appointments.c.state == AppointmentState.PROPOSED,
                )
            )
        if offer is not None:
            step, state = (
                (self.site.accept, AppointmentState.BOOKED) if takes else (self.site.cancel, AppointmentState.CANCELLED)
            )
            self._do(offer, step, state)

    @rule(minutes=st.sampled_from((1, 10, 60, 240)))
    def let_time_pass(self, minutes: int) -> None:
        """Let holds and offers come to their end."""
        self.registry.later(minutes=minutes)

    @rule()
    def return_places(self) -> None:
        """Return what has lapsed: nothing of it is left."""
        self.registry.run(return_places, ReturnPlaces(), role=Role.SERVICE)
        with self.registry.desk.reading() as connection:
            left = sa.select(sa.func.count()).where(
                appointments.c.state.in_(sorted(PASSING)), appointments.c.expires_at <= self.registry.at
            )
            assert connection.scalar(left) == 0

    @invariant()
    def every_place_is_counted_and_no_slot_is_over_its_capacity(self) -> None:
        """Check the counters against the appointments."""
        self.site.check_counts()

    @invariant()
    def a_person_has_one_live_appointment_for_a_dose(self) -> None:
        """Check that nobody has two."""
        with self.registry.desk.reading() as connection:
            live = sa.select(appointments.c.registration).where(appointments.c.state.in_(sorted(LIVE)))
            found = list(connection.scalars(live))
        assert len(found) == len(set(found))

    @invariant()
    def every_offer_is_that_of_one_who_waits(self) -> None:
        """Check that offers and the entries that they were made to are the same."""
        with self.registry.desk.reading() as connection:
            offers = connection.scalars(
                sa.select(appointments.c.id).where(appointments.c.state == AppointmentState.PROPOSED)
            )
            entries = connection.scalars(sa.select(waiting_list.c.appointment).where(waiting_list.c.state == "offered"))
            assert sorted(offers) == sorted(entries)

    def _do(self, one: UUID | None, step: Callable[[UUID], AppointmentCard], state: AppointmentState) -> None:
        if one is None:
            return
        try:
            card = step(one)
        except (AppointmentStateError, HoldLapsedError, SlotFullError, SlotStateError):
            return  # the invariants say that nothing was changed
        assert card.state is state

    def _live(self, person: UUID) -> bool:
        """Say whether the person has a place now, and not one whose time is over."""
        with self.registry.desk.reading() as connection:
            found = sa.select(sa.func.count()).where(
                appointments.c.registration == person,
                appointments.c.state.in_(sorted(LIVE)),
                sa.or_(appointments.c.expires_at.is_(None), appointments.c.expires_at > self.registry.at),
            )
            return bool(connection.scalar(found))

    def _free(self, slot: UUID, dose_number: int) -> bool:
        """Say whether a place is free now, those whose time is over counted as free if nobody waits for one."""
        with self.registry.desk.reading() as connection:
            doses = list(
                connection.scalars(
                    sa.select(appointments.c.dose_number).where(
                        appointments.c.slot == slot, appointments.c.state.in_(sorted(TAKING))
                    )
                )
            )
            capacity, first_capacity = connection.execute(
                sa.select(slots.c.capacity, slots.c.first_capacity).where(slots.c.id == slot)
            ).one()
        return len(doses) < capacity and (dose_number > 1 or doses.count(1) < first_capacity)


def test_appointments_keep_what_they_promise_whatever_happens(tmp_path: Path) -> None:
    with new_sqlite_registry(tmp_path) as registry:
        machine = cast("type[RuleBasedStateMachine]", partial(Appointments, registry, registry.at))
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
