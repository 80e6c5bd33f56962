"""The waiting list: a place that comes free is offered in turn; on both databases."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.booked_site import BookedSite
from tests.registry_fixture import RegistryUnderTest
from vaxcert.errors import (
    AlreadyBookedError,
    AlreadyWaitingError,
    HoldLapsedError,
    NotAllowedError,
    NotRegisteredError,
    RegistrationStateError,
    RequestError,
    SlotFullError,
    StaleVersionError,
    WaitingStateError,
)
from vaxcert.registry.appointments import waiting_store
from vaxcert.registry.appointments.states import AppointmentState
from vaxcert.registry.appointments.terms import terms_on
from vaxcert.registry.registrations.registration import Session
from vaxcert.service.registry.appointments.cards import AppointmentCard
from vaxcert.service.registry.appointments.listed import (
    ListOwnAppointments,
    ListOwnWaiting,
    list_own_appointments,
    list_own_waiting,
)
from vaxcert.service.registry.appointments.upkeep import ReturnPlaces, return_places
from vaxcert.service.registry.appointments.waiting_list import (
    JoinWaitingList,
    LeaveWaitingList,
    ListWaiting,
    OfferFreePlaces,
    WaitingCard,
    join_waiting_list,
    leave_waiting_list,
    list_waiting,
    offer_free_places,
)
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.days import CloseDay, close_day
from vaxcert.service.registry.sites.slots import ResizeSlot, resize_slot


def full(registry: RegistryUnderTest) -> tuple[BookedSite, UUID, list[AppointmentCard]]:
    """Return a site of whose slots the first one is full, with its appointments."""
    site = BookedSite(registry)
    slot = site.slots()[0]
    return site, slot, [site.book(site.somebody(number), slot) for number in range(2)]


def waiting(registry: RegistryUnderTest, site: BookedSite) -> list[WaitingCard]:
    return registry.run(list_waiting, ListWaiting(site=site.site), role=Role.SITE_ADMIN, site=site.site).items


def entry_of(registry: RegistryUnderTest, entry: WaitingCard) -> WaitingCard:
    asked = ListOwnWaiting(person=entry.person)
    return registry.run(list_own_waiting, asked, role=Role.SITE_ADMIN).items[0]


def newest(registry: RegistryUnderTest, site: BookedSite, person: UUID) -> AppointmentCard:
    own = ListOwnAppointments(person=person)
    return registry.run(list_own_appointments, own, role=Role.RECEPTIONIST, site=site.site).items[0]


def test_a_freed_place_is_offered_to_the_first_in_turn_and_taken(registry: RegistryUnderTest) -> None:
    site, slot, cards = full(registry)
    entries: dict[str, WaitingCard] = {}
    for name, dose, group in (
        ("late", 1, "3355/QĐ-BYT#9"),
        ("other group", 1, "3355/QĐ-BYT#2"),
        ("second dose", 2, "3355/QĐ-BYT#15"),
    ):
        registry.later(seconds=1)
        entries[name] = site.wait(site.somebody(10 + len(entries), dose, group))
    turns = [entries[name].id for name in ("second dose", "other group", "late")]
    assert [entry.id for entry in waiting(registry, site)] == turns
    with registry.desk.reading() as connection:
        rows = waiting_store.waiting_at(connection, site.site, 10)
    assert rows == sorted(rows, key=lambda row: row.turn)
    registry.later(seconds=1)
    site.cancel(cards[0].id)
    offered = entry_of(registry, entries["second dose"])
    assert offered.state == "offered"
    offer = newest(registry, site, offered.person)
    assert (offer.id, offer.state, offer.slot) == (offered.appointment, AppointmentState.PROPOSED, slot)
    assert offer.expires_at == registry.at + terms_on(registry.at.date()).offer
    assert site.slot(slot).taken == 2
    assert site.accept(offer.id).state is AppointmentState.BOOKED
    assert entry_of(registry, entries["second dose"]).state == "placed"
    assert [entry.id for entry in waiting(registry, site)] == turns[1:]
    site.check_counts()


def test_who_declines_or_lets_it_pass_leaves_the_place_to_the_next(registry: RegistryUnderTest) -> None:
    site, slot, cards = full(registry)
    entries = []
    for number in range(3):
        registry.later(seconds=1)
        entries.append(site.wait(site.somebody(10 + number)))
    site.cancel(cards[0].id)
    first = newest(registry, site, entries[0].person)
    site.cancel(first.id)
    assert entry_of(registry, entries[0]).state == "declined"
    second = newest(registry, site, entries[1].person)
    assert second.state is AppointmentState.PROPOSED
    registry.later(hours=4)
    with pytest.raises(HoldLapsedError):
        site.accept(second.id)
    assert registry.run(return_places, ReturnPlaces(), role=Role.SERVICE).places == 1
    assert entry_of(registry, entries[1]).state == "lapsed"
    third = newest(registry, site, entries[2].person)
    assert (third.state, third.slot) == (AppointmentState.PROPOSED, slot)
    site.check_counts()


def test_nobody_takes_the_place_that_is_offered(registry: RegistryUnderTest) -> None:
    site, slot, cards = full(registry)
    site.wait(site.somebody(10))
    stranger = site.somebody(11)
    site.cancel(cards[0].id)
    with pytest.raises(SlotFullError):
        site.book(stranger, slot)


def test_a_place_goes_only_to_whom_it_suits(registry: RegistryUnderTest) -> None:
    site, slot, cards = full(registry)
    later, afternoons, fits = (site.somebody(number) for number in (10, 11, 12))
    for registration, changes in (
        (later, {"from_day": site.tomorrow + timedelta(days=1)}),
        (afternoons, {"session": Session.AFTERNOON}),
        (fits, {"session": Session.MORNING}),
    ):
        registry.later(seconds=1)
        request = JoinWaitingList(
            registration=registration,
            site=site.site,
            until_day=site.tomorrow + timedelta(days=9),
            **changes,
        )
        registry.run(join_waiting_list, request, role=Role.RECEPTIONIST, site=site.site)
    site.cancel(cards[0].id)
    assert len(waiting(registry, site)) == 2
    site.cancel(cards[1].id)
    assert len(waiting(registry, site)) == 2
    assert site.slot(slot).taken == 1


def test_who_found_a_place_elsewhere_is_passed_over(registry: RegistryUnderTest) -> None:
    site, slot, cards = full(registry)
    booked, waits = site.somebody(10), site.somebody(11)
    site.wait(booked)
    registry.later(seconds=1)
    entry = site.wait(waits)
    site.book(booked, site.slots()[1])
    assert [each.id for each in waiting(registry, site)] == [entry.id]
    site.cancel(cards[0].id)
    assert newest(registry, site, entry.person).slot == slot
    site.check_counts()


def test_whom_the_campaign_does_not_admit_is_passed_over(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, min_age=12)
    slot = site.slots()[0]
    cards = [site.book(site.somebody(number), slot) for number in range(2)]
    for number, born in enumerate(("2020-01-01", "2014-03-04", "2014-03-03")):  # the last one is twelve tomorrow
        registry.later(seconds=1)
        entry = site.wait(site.approved(site.person(10 + number, born=born)))
    site.cancel(cards[0].id)
    assert newest(registry, site, entry.person).state is AppointmentState.PROPOSED
    assert len(waiting(registry, site)) == 2


def test_a_place_kept_for_later_doses_is_not_offered_to_a_first_one(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, later_dose_percent=50)
    slot = site.slots()[0]
    site.book(site.somebody(1), slot)
    second = site.book(site.somebody(2, dose_number=2), slot)
    site.wait(site.somebody(10))
    registry.later(seconds=1)
    waits = site.wait(site.somebody(11, dose_number=2))
    site.cancel(second.id)
    assert newest(registry, site, waits.person).state is AppointmentState.PROPOSED
    site.check_counts()


def test_shortly_before_the_slot_a_freed_place_stays_free(registry: RegistryUnderTest) -> None:
    site, slot, cards = full(registry)
    site.wait(site.somebody(10))
    registry.at = site.slot(slot).starts_at - terms_on(registry.at.date()).before_slot
    site.cancel(cards[0].id)
    assert site.slot(slot).taken == 1
    site.book(site.somebody(11), slot)


def test_a_move_and_a_larger_slot_free_places_too(registry: RegistryUnderTest) -> None:
    site, slot, cards = full(registry)
    entries = []
    for number in range(2):
        registry.later(seconds=1)
        entries.append(site.wait(site.somebody(10 + number)))
    site.move(cards[0].id, site.slots()[1])
    assert newest(registry, site, entries[0].person).slot == slot
    larger = ResizeSlot(slot=slot, capacity=5, version=1)
    card = registry.run(resize_slot, larger, role=Role.SITE_ADMIN, site=site.site)
    assert card.free == 2
    assert newest(registry, site, entries[1].person).slot == slot
    site.check_counts()


def test_places_that_were_free_before_are_offered_on_demand(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    entries = [site.wait(site.somebody(number)) for number in range(7)]
    offered = registry.run(offer_free_places, OfferFreePlaces(site=site.site), role=Role.SITE_ADMIN, site=site.site)
    assert offered.offers == 6
    assert len(waiting(registry, site)) == 1
    assert (
        len(
            {
                newest(registry, site, entry.person).slot
                for entry in entries
                if entry.id != waiting(registry, site)[0].id
            }
        )
        == 3
    )
    site.check_counts()


def test_who_was_offered_a_place_of_a_day_that_is_closed_waits_again(registry: RegistryUnderTest) -> None:
    site, _slot, cards = full(registry)
    entry = site.wait(site.somebody(10))
    site.cancel(cards[0].id)
    assert entry_of(registry, entry).state == "offered"
    request = CloseDay(site=site.site, day=site.tomorrow, reason="mất điện")
    closed = registry.run(close_day, request, role=Role.SITE_ADMIN, site=site.site)
    assert closed.cancelled == 2
    again = entry_of(registry, entry)
    assert (again.state, again.appointment) == ("waiting", None)
    assert [each.id for each in waiting(registry, site)] == [entry.id]
    site.check_counts()


def test_a_person_waits_once_at_a_site_for_a_dose(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    registration = site.somebody(1)
    entry = site.wait(registration)
    with pytest.raises(AlreadyWaitingError):
        site.wait(registration)
    leave = LeaveWaitingList(entry=entry.id, version=1)
    left = registry.run(leave_waiting_list, leave, role=Role.RECEPTIONIST, site=site.site)
    assert (left.state, left.version) == ("left", 2)
    with pytest.raises(StaleVersionError):
        registry.run(leave_waiting_list, leave, role=Role.RECEPTIONIST, site=site.site)
    with pytest.raises(WaitingStateError):
        registry.run(leave_waiting_list, LeaveWaitingList(entry=entry.id), role=Role.RECEPTIONIST, site=site.site)
    assert site.wait(registration).id != entry.id


def test_who_waits_has_an_approved_registration_and_no_appointment(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    with pytest.raises(RegistrationStateError):
        site.wait(site.registered(site.person(1)).id)
    booked = site.somebody(2)
    site.book(booked, site.slots()[0])
    with pytest.raises(AlreadyBookedError):
        site.wait(booked)
    request = JoinWaitingList(registration=booked, site=site.site, until_day=registry.at.date() - timedelta(days=1))
    with pytest.raises(RequestError):
        registry.run(join_waiting_list, request, role=Role.RECEPTIONIST, site=site.site)
    with pytest.raises(NotRegisteredError):
        registry.run(leave_waiting_list, LeaveWaitingList(entry=uuid4()), role=Role.RECEPTIONIST, site=site.site)


def test_citizens_wait_for_themselves_and_see_only_their_own(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    person, stranger = site.person(1), site.person(2)
    request = JoinWaitingList(
        registration=site.approved(person), site=site.site, until_day=site.tomorrow + timedelta(days=3)
    )
    with pytest.raises(NotRegisteredError):
        registry.desk.run(join_waiting_list, request, actor=registry.citizen(stranger), at=registry.at)
    entry = registry.desk.run(join_waiting_list, request, actor=registry.citizen(person), at=registry.at)
    leave = LeaveWaitingList(entry=entry.id)
    with pytest.raises(NotRegisteredError):
        registry.desk.run(leave_waiting_list, leave, actor=registry.citizen(stranger), at=registry.at)
    own = ListOwnWaiting(person=person)
    with pytest.raises(NotRegisteredError):
        registry.desk.run(list_own_waiting, own, actor=registry.citizen(stranger), at=registry.at)
    with pytest.raises(NotAllowedError):
        registry.desk.run(list_waiting, ListWaiting(site=site.site), actor=registry.citizen(person), at=registry.at)
