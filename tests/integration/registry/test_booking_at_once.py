"""Many who book at the same time, on a real PostgreSQL server: no place is given twice, and none is lost."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.booked_site import BookedSite
from vaxcert.errors import RegistryError, SlotFullError
from vaxcert.registry.appointments.states import LIVE
from vaxcert.registry.appointments.tables import appointments
from vaxcert.registry.notifications.tables import notifications
from vaxcert.service.registry.appointments.upkeep import ReturnPlaces, return_places
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from tests.registry_fixture import RegistryUnderTest

CLIENTS = 50

on_postgresql = pytest.mark.parametrize("registry", ["postgresql"], indirect=True)


def at_once(work: Callable[[UUID], object], asked: Iterable[UUID]) -> Counter[str]:
    """Do *work* for all of what is *asked*, by as many clients at once, and count what came of it."""

    def one(each: UUID) -> str:
        try:
            work(each)
        except RegistryError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(CLIENTS) as clients:
        return Counter(clients.map(one, asked))


@on_postgresql
def test_fifty_clients_never_overbook_and_never_lose_a_place(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, tables=2, per_table_hour=10)  # three slots of twenty places
    slots = site.slots()
    people = [site.somebody(number) for number in range(75)]
    drawn = random.Random(5)
    wished = {person: drawn.sample(slots, len(slots)) for person in people}

    def book_anywhere(person: UUID) -> None:
        for slot in wished[person]:
            try:
                site.book(person, slot)
            except SlotFullError:
                continue
            return
        raise SlotFullError("no slot has a place")

    came = at_once(book_anywhere, people)
    assert came == {"done": 60, "slot_full": 15}
    assert [site.slot(slot).taken for slot in slots] == [20, 20, 20]
    site.check_counts()
    with registry.desk.reading() as connection:
        told = connection.scalar(sa.select(sa.func.count()).where(notifications.c.template == "appointment-confirmed"))
    assert told == 60


@on_postgresql
def test_fifty_clicks_of_one_person_book_once(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, tables=2, per_table_hour=10)
    person, slots = site.somebody(), site.slots()
    came = at_once(lambda slot: site.book(person, slot), slots * 17)
    assert came == {"done": 1, "already_booked": 50}
    site.check_counts()


@on_postgresql
def test_fifty_clicks_with_one_key_are_one_booking(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    person, slot = site.somebody(), site.slots()[0]
    answers = []
    came = at_once(lambda _: answers.append(site.book(person, slot, key="one")), [slot] * CLIENTS)
    assert came == {"done": CLIENTS}
    assert len({answer.id for answer in answers}) == 1
    assert site.slot(slot).taken == 1


@on_postgresql
def test_moves_cancellations_and_lapses_between_them_keep_every_place(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, tables=1, per_table_hour=6)
    slots = site.slots()
    booked = [site.book(site.somebody(number), slots[number % 3]).id for number in range(15)]
    held = [site.hold(site.somebody(20 + number), slots[number]).id for number in range(3)]
    waiting = [site.wait(site.somebody(30 + number)) for number in range(6)]
    registry.later(minutes=10)
    drawn = random.Random(7)

    def stir(appointment: UUID) -> None:
        match drawn.randrange(3):
            case 0:
                site.move(appointment, drawn.choice(slots))
            case 1:
                site.cancel(appointment)
            case _:
                registry.run(return_places, ReturnPlaces(limit=2), role=Role.SERVICE)

    came = at_once(stir, [*booked, *held, *booked])
    assert came["done"]
    assert set(came) <= {"done", "slot_full", "appointment_state", "stale_version"}
    site.check_counts()
    with registry.desk.reading() as connection:
        live = sa.select(appointments.c.person).where(appointments.c.state.in_(sorted(LIVE)))
        people = list(connection.scalars(live))
    assert len(people) == len(set(people))
    assert waiting


@on_postgresql
def test_places_that_come_free_at_once_are_offered_to_as_many_people(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, tables=1, per_table_hour=12)
    slot = site.slots()[0]
    booked = [site.book(site.somebody(number), slot).id for number in range(12)]
    first = []
    for number in range(15):
        registry.later(seconds=1)
        first.append(site.wait(site.somebody(20 + number)).person)
    assert at_once(site.cancel, booked) == {"done": 12}
    with registry.desk.reading() as connection:
        offered = sa.select(appointments.c.person).where(appointments.c.state == "proposed")
        assert sorted(connection.scalars(offered)) == sorted(first[:12])
    assert site.slot(slot).taken == 12
    site.check_counts()


@on_postgresql
def test_whoever_loses_the_race_for_the_last_place_may_book_elsewhere(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, per_table_hour=1)
    slots = site.slots()
    people = [site.somebody(number) for number in range(10)]
    assert at_once(lambda person: site.book(person, slots[0]), people) == {"done": 1, "slot_full": 9}
    again = at_once(lambda person: site.book(person, slots[1]), people)
    assert again["done"] == 1
    assert set(again) <= {"done", "slot_full", "already_booked"}
    assert [site.slot(slot).taken for slot in slots] == [1, 1, 0]
    site.check_counts()
