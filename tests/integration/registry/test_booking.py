"""Bookings: places taken, held, moved, given back; on both databases."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests.booked_site import BookedSite
from tests.registry_fixture import RegistryUnderTest
from vaxcert.errors import (
    AlreadyBookedError,
    AppointmentStateError,
    CampaignStateError,
    HoldLapsedError,
    IdempotencyConflictError,
    NotAllowedError,
    NotEligibleError,
    NotRegisteredError,
    RegistrationStateError,
    SlotFullError,
    SlotStateError,
    StaleVersionError,
    WrongDayError,
)
from vaxcert.registry.appointments.states import AppointmentState
from vaxcert.registry.appointments.tables import appointment_steps
from vaxcert.registry.appointments.terms import terms_on
from vaxcert.registry.notifications.tables import notifications
from vaxcert.registry.sites.campaign import CampaignState
from vaxcert.service.registry.appointments.booking import (
    CancelAppointment,
    MoveAppointment,
    TakePlace,
    book_appointment,
    cancel_appointment,
    confirm_appointment,
    move_appointment,
)
from vaxcert.service.registry.appointments.cards import OneAppointment
from vaxcert.service.registry.appointments.expected import (
    expected_appointments,
    live_appointment,
    mark_arrived,
    mark_done,
)
from vaxcert.service.registry.appointments.listed import (
    ListAppointments,
    ListOwnAppointments,
    ShowAppointment,
    list_appointments,
    list_own_appointments,
    show_appointment,
)
from vaxcert.service.registry.appointments.upkeep import (
    MarkMissed,
    RemindPeople,
    ReturnPlaces,
    mark_missed,
    mark_one_missed,
    remind_people,
    return_places,
)
from vaxcert.service.registry.registrations.open_registrations import read_registration
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.campaigns import SetCampaignState, set_campaign_state


def messages(registry: RegistryUnderTest, about: UUID) -> list[tuple[str, str]]:
    with registry.desk.reading() as connection:
        found = connection.execute(
            sa.select(notifications.c.template, notifications.c.state)
            .where(notifications.c.about == about)
            .order_by(notifications.c.created_at, notifications.c.id)
        )
        return [(template, state) for template, state in found]


def test_s5_a_booking_takes_a_place_and_is_told_once(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    slot, registration = site.slots()[0], site.somebody()
    card = site.book(registration, slot, key="one")
    assert card.state is AppointmentState.BOOKED
    assert card.day == site.tomorrow
    assert site.book(registration, slot, key="one") == card
    assert site.slot(slot).taken == 1
    assert messages(registry, card.id) == [("appointment-confirmed", "queued")]
    site.check_counts()


def test_s5_every_version_is_told_once_and_makes_the_one_before_void(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    first, second, *_ = site.slots()
    card = site.book(site.somebody(), first)
    registry.later(minutes=1)
    moved = site.move(card.id, second)
    assert (moved.id, moved.version, moved.slot) == (card.id, 2, second)
    registry.later(minutes=1)
    site.cancel(card.id)
    assert messages(registry, card.id) == [
        ("appointment-confirmed", "withdrawn"),
        ("appointment-changed", "withdrawn"),
        ("appointment-cancelled", "queued"),
    ]


def test_a_key_of_another_booking_is_refused(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    first, second, *_ = site.slots()
    registration = site.somebody()
    site.book(registration, first, key="one")
    with pytest.raises(IdempotencyConflictError):
        site.book(registration, second, key="one")


def test_a_full_slot_takes_nobody_and_leaves_nothing_behind(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    slot = site.slots()[0]
    for number in range(2):
        site.book(site.somebody(number), slot)
    late = site.somebody(2)
    with pytest.raises(SlotFullError, match="no place of the slot is free"):
        site.book(late, slot)
    site.check_counts()
    assert site.book(late, site.slots()[1]).state is AppointmentState.BOOKED


def test_places_for_later_doses_are_kept_for_them(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, later_dose_percent=50)
    slot = site.slots()[0]
    site.book(site.somebody(1), slot)
    with pytest.raises(SlotFullError, match="kept for later doses"):
        site.book(site.somebody(2), slot)
    site.book(site.somebody(3, dose_number=2), slot)
    site.check_counts()


def test_a_person_has_one_live_appointment_for_a_dose(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    first, second, third = site.slots()
    person = site.person()
    registration, next_one = site.approved(person), site.approved(person, dose_number=2)
    site.book(registration, first)
    with pytest.raises(AlreadyBookedError):
        site.book(registration, second)
    with pytest.raises(AlreadyBookedError):
        site.hold(registration, second)
    assert site.slot(second).taken == 0
    site.book(next_one, third)
    site.check_counts()


def test_whoever_gave_an_appointment_up_can_have_another(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    slot, registration = site.slots()[0], site.somebody()
    given_up = site.book(registration, slot)
    assert site.cancel(given_up.id).state is AppointmentState.CANCELLED
    assert site.slot(slot).taken == 0
    assert site.book(registration, slot).id != given_up.id
    with pytest.raises(AppointmentStateError):
        site.cancel(given_up.id)
    site.check_counts()


def test_a_hold_is_booked_in_time(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    held = site.hold(site.somebody(), site.slots()[0])
    assert held.state is AppointmentState.HELD
    assert held.expires_at == registry.at + terms_on(registry.at.date()).hold
    assert messages(registry, held.id) == []
    registry.later(minutes=9, seconds=59)
    booked = site.accept(held.id)
    assert (booked.state, booked.version, booked.expires_at) == (AppointmentState.BOOKED, 2, None)
    assert messages(registry, held.id) == [("appointment-confirmed", "queued")]
    site.check_counts()


def test_a_hold_lapses_and_its_place_returns(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    slot = site.slots()[0]
    held = site.hold(site.somebody(), slot)
    registry.later(minutes=10)
    with pytest.raises(HoldLapsedError):
        site.accept(held.id)
    returned = registry.run(return_places, ReturnPlaces(), role=Role.SERVICE)
    assert (returned.places, returned.more) == (1, False)
    assert site.slot(slot).taken == 0
    shown = registry.run(show_appointment, ShowAppointment(appointment=held.id), role=Role.RECEPTIONIST, site=site.site)
    assert shown.state is AppointmentState.EXPIRED
    assert registry.run(return_places, ReturnPlaces(), role=Role.SERVICE).places == 0


def test_a_booking_finds_the_places_of_lapsed_holds(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    slot = site.slots()[0]
    for number in range(2):
        site.hold(site.somebody(number), slot)
    registration = site.somebody(2)
    with pytest.raises(SlotFullError):
        site.book(registration, slot)
    registry.later(minutes=10)
    site.book(registration, slot)
    assert site.slot(slot).taken == 1
    site.check_counts()


def test_nobody_is_in_their_own_way_with_a_lapsed_hold(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    first, second, *_ = site.slots()
    registration = site.somebody()
    site.hold(registration, first)
    registry.later(minutes=10)
    site.book(registration, second)
    assert (site.slot(first).taken, site.slot(second).taken) == (0, 1)
    site.check_counts()


def test_a_move_gives_the_old_place_back(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    slots = site.slots()
    card = site.book(site.somebody(), slots[1])
    for there in (slots[2], slots[0]):
        assert site.move(card.id, there).state is AppointmentState.BOOKED
        assert [site.slot(slot).taken for slot in slots] == [int(slot == there) for slot in slots]
    with pytest.raises(AppointmentStateError, match="in this slot"):
        site.move(card.id, slots[0])
    site.check_counts()


def test_a_move_into_a_full_slot_changes_nothing(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    first, second, third = site.slots()
    for number in range(2):
        site.book(site.somebody(number), second)
    for start in (first, third):  # the locks are taken in either order
        card = site.book(site.somebody(5 + (start == first)), start)
        with pytest.raises(SlotFullError):
            site.move(card.id, second)
        assert site.slot(start).taken == 1
    site.check_counts()


def test_a_second_officer_is_told_that_the_first_changed_it(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    first, second, third = site.slots()
    card = site.book(site.somebody(), first)
    site.move(card.id, second)
    late = MoveAppointment(appointment=card.id, slot=third, version=card.version)
    with pytest.raises(StaleVersionError):
        registry.run(move_appointment, late, role=Role.RECEPTIONIST, site=site.site)
    late_cancel = CancelAppointment(appointment=card.id, version=card.version)
    with pytest.raises(StaleVersionError):
        registry.run(cancel_appointment, late_cancel, role=Role.RECEPTIONIST, site=site.site)
    assert site.slot(second).taken == 1


def test_a_confirmation_is_a_version_and_a_move_takes_it_back(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    first, second, *_ = site.slots()
    card = site.book(site.somebody(), first)
    confirm = OneAppointment(appointment=card.id)
    confirmed = registry.run(confirm_appointment, confirm, role=Role.RECEPTIONIST, site=site.site)
    assert (confirmed.state, confirmed.version) == (AppointmentState.CONFIRMED, 2)
    assert site.move(card.id, second).state is AppointmentState.BOOKED


def test_a_registration_that_was_not_approved_books_nothing(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    registration = site.registered(site.person()).id
    with pytest.raises(RegistrationStateError):
        site.book(registration, site.slots()[0])


def test_what_is_not_there_books_nothing(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    registration = site.somebody()
    with pytest.raises(NotRegisteredError):
        site.book(registration, uuid4())
    with pytest.raises(NotRegisteredError):
        site.book(uuid4(), site.slots()[0])
    with pytest.raises(NotRegisteredError):
        site.cancel(uuid4())


def test_a_slot_that_has_begun_takes_nobody(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    registration, slot = site.somebody(), site.slots()[0]
    registry.at = site.slot(slot).starts_at
    with pytest.raises(SlotStateError):
        site.book(registration, slot)


def test_a_closed_campaign_takes_nobody_and_keeps_who_is_booked(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    slot = site.slots()[0]
    card = site.book(site.somebody(1), slot)
    closed = SetCampaignState(campaign=site.campaign, state=CampaignState.CLOSED)
    registry.run(set_campaign_state, closed, role=Role.PROVINCE)
    with pytest.raises(CampaignStateError):
        site.book(site.somebody(2), slot)
    assert site.slot(slot).taken == 1
    assert site.cancel(card.id).state is AppointmentState.CANCELLED


def test_the_age_is_that_of_the_day_by_the_birth_date_where_the_year_does_not_tell(
    registry: RegistryUnderTest,
) -> None:
    site = BookedSite(registry, min_age=12)  # tomorrow is 2026-03-03
    slot = site.slots()[0]
    site.book(site.approved(site.person(1, born="2014-03-03")), slot)
    with pytest.raises(NotEligibleError) as caught:
        site.book(site.approved(site.person(2, born="2014-03-04")), slot)
    assert caught.value.reasons == ("too_young",)


def test_staff_book_at_their_own_site_only(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    elsewhere = site.new_site("51002").id
    request = TakePlace(registration=site.somebody(), slot=site.slots()[0])
    with pytest.raises(NotAllowedError):
        registry.run(book_appointment, request, role=Role.RECEPTIONIST, site=elsewhere)
    with pytest.raises(NotAllowedError):
        registry.run(book_appointment, request, role=Role.VACCINATOR, site=site.site)


def test_citizens_book_for_themselves_and_see_nobody_else(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    person, stranger = site.person(1), site.person(2)
    registration, slot = site.approved(person), site.slots()[0]
    request = TakePlace(registration=registration, slot=slot)
    with pytest.raises(NotRegisteredError):
        registry.desk.run(book_appointment, request, actor=registry.citizen(stranger), at=registry.at)
    card = registry.desk.run(book_appointment, request, actor=registry.citizen(person), at=registry.at)
    own = ListOwnAppointments(person=person)
    page = registry.desk.run(list_own_appointments, own, actor=registry.citizen(person), at=registry.at)
    assert [each.id for each in page.items] == [card.id]
    with pytest.raises(NotRegisteredError):
        registry.desk.run(list_own_appointments, own, actor=registry.citizen(stranger), at=registry.at)
    for use_case, asked in (
        (show_appointment, ShowAppointment(appointment=card.id)),
        (cancel_appointment, CancelAppointment(appointment=card.id)),
        (confirm_appointment, OneAppointment(appointment=card.id)),
    ):
        with pytest.raises(NotRegisteredError):
            registry.desk.run(use_case, asked, actor=registry.citizen(stranger), at=registry.at)  # type: ignore[misc] # each with its own


def test_s7_reception_finds_who_is_expected_today(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, days=2)
    person = site.person()
    slots = site.slots()
    site.book(site.approved(person), slots[0])
    later = site.book(site.approved(person, dose_number=2), slots[-1])
    with registry.desk.working(registry.actor(Role.RECEPTIONIST, site.site), registry.at) as work:
        assert live_appointment(work, person, registry.at.date()) is None
        assert [found.day for found in expected_appointments(work, person)] == [
            site.tomorrow,
            site.tomorrow + timedelta(days=1),
        ]
        with pytest.raises(WrongDayError):
            mark_arrived(work, later.id)
    registry.later(days=1)
    with registry.desk.working(registry.actor(Role.RECEPTIONIST, site.site), registry.at) as work:
        today = live_appointment(work, person, registry.at.date())
        assert today is not None
        mark_arrived(work, today.id)
        with pytest.raises(AppointmentStateError):
            mark_arrived(work, today.id)


def test_a_held_place_is_nobody_expected(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    person = site.person()
    site.hold(site.approved(person), site.slots()[0])
    with registry.desk.working(registry.actor(Role.RECEPTIONIST, site.site), registry.at) as work:
        assert expected_appointments(work, person) == []


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("injected", "fulfilled"),
        ("contraindicated", "closed"),
        ("refused", "closed"),
        ("deferred", "approved"),
        ("referred", "approved"),
    ],
)
def test_e3_the_outcome_of_the_visit_settles_the_registration(
    registry: RegistryUnderTest, outcome: str, state: str
) -> None:
    site = BookedSite(registry, days=2)
    registration = site.somebody()
    card = site.book(registration, site.slots()[0])
    registry.later(days=1)
    with registry.desk.working(registry.actor(Role.OBSERVER, site.site), registry.at) as work:
        mark_arrived(work, card.id)
        mark_done(work, card.id, outcome)
        assert read_registration(work, registration).state == state
    if state == "approved":
        assert site.book(registration, site.slots()[-1]).state is AppointmentState.BOOKED
    else:
        with pytest.raises(RegistrationStateError):
            site.book(registration, site.slots()[-1])
    site.check_counts()


def test_who_leaves_again_from_the_desk_has_arrived_too(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    card = site.book(site.somebody(), site.slots()[0])
    registry.later(days=1)
    with registry.desk.working(registry.actor(Role.RECEPTIONIST, site.site), registry.at) as work:
        mark_done(work, card.id, "refused")
    shown = registry.run(show_appointment, ShowAppointment(appointment=card.id), role=Role.SITE_ADMIN, site=site.site)
    assert (shown.state, shown.version, shown.outcome) == (AppointmentState.DONE, 3, "refused")


def test_who_did_not_come_is_told_and_may_book_again(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, days=2)
    slots = site.slots()
    missing, here = site.somebody(1), site.somebody(2)
    card, other = site.book(missing, slots[0]), site.book(here, slots[0])
    registry.at = site.slot(slots[0]).ends_at
    with registry.desk.working(registry.actor(Role.RECEPTIONIST, site.site), registry.at) as work:
        mark_arrived(work, other.id)
    day = MarkMissed(site=site.site)
    told = registry.run(mark_missed, day, role=Role.SITE_ADMIN, site=site.site)
    assert (told.missed, told.more) == (1, False)
    assert messages(registry, card.id)[-1] == ("appointment-missed", "queued")
    assert registry.run(mark_missed, day, role=Role.SITE_ADMIN, site=site.site).missed == 0
    assert site.book(missing, site.slots()[-1]).state is AppointmentState.BOOKED
    site.check_counts()


def test_one_who_did_not_come_is_entered_alone(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    slot = site.slots()[0]
    card = site.book(site.somebody(), slot)
    one = OneAppointment(appointment=card.id)
    with pytest.raises(AppointmentStateError, match="not over"):
        registry.run(mark_one_missed, one, role=Role.RECEPTIONIST, site=site.site)
    registry.at = site.slot(slot).ends_at
    missed = registry.run(mark_one_missed, one, role=Role.RECEPTIONIST, site=site.site)
    assert missed.state is AppointmentState.NO_SHOW


def test_people_are_reminded_once_of_each_hour(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    first, second, *_ = site.slots()
    card = site.book(site.somebody(1), first)
    site.book(site.somebody(2), second)
    step = RemindPeople(limit=1)
    done = registry.run(remind_people, step, role=Role.SERVICE)
    assert done.reminders == 1
    rest = registry.run(remind_people, RemindPeople(after=done.next), role=Role.SERVICE)
    assert (rest.reminders, rest.next) == (1, None)
    assert registry.run(remind_people, RemindPeople(), role=Role.SERVICE).reminders == 0
    site.move(card.id, second)
    assert registry.run(remind_people, RemindPeople(), role=Role.SERVICE).reminders == 1


def test_the_list_of_a_day_goes_by_time_from_page_to_page(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    first, second, third = site.slots()
    cards = []
    for number, slot in enumerate((third, first, second, first)):
        registry.later(seconds=1)
        cards.append(site.book(site.somebody(number), slot))
    site.cancel(cards[2].id)
    asked = ListAppointments(site=site.site, day=site.tomorrow, limit=2)
    page = registry.run(list_appointments, asked, role=Role.RECEPTIONIST, site=site.site)
    rest = ListAppointments(site=site.site, day=site.tomorrow, limit=2, after=page.next)
    last = registry.run(list_appointments, rest, role=Role.RECEPTIONIST, site=site.site)
    assert [row.id for row in (*page.items, *last.items)] == [cards[1].id, cards[3].id, cards[0].id]
    assert last.next is None
    assert page.items[0].name.startswith("Nguyễn Thị Ánh")
    gone = ListAppointments(site=site.site, day=site.tomorrow, state=AppointmentState.CANCELLED)
    found = registry.run(list_appointments, gone, role=Role.RECEPTIONIST, site=site.site)
    assert [row.id for row in found.items] == [cards[2].id]


def test_every_step_is_kept_with_what_was_before(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    first, second, *_ = site.slots()
    card = site.book(site.somebody(), first)
    site.move(card.id, second)
    site.cancel(card.id)
    with registry.desk.reading() as connection:
        steps = connection.execute(sa.select(appointment_steps).order_by(appointment_steps.c.version)).all()
    assert [(step.version, step.event, step.state_before, step.slot_before) for step in steps] == [
        (2, "move", "booked", first),
        (3, "cancel", "booked", second),
    ]
    assert steps[0].reason is None
    assert steps[1].reason is not None
    assert "bận việc".encode() not in steps[1].reason
