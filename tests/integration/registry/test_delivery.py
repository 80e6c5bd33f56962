"""The delivery worker: what becomes of each message by what its channel says; on both databases."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.vaccinated import PHONE, Vaccinated
from vaxcert.registry.notifications import store
from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.notifications.schedule import (
    FIRST_WAIT,
    LEASE,
    MAX_ATTEMPTS,
    Attempt,
    NotificationState,
    Outcome,
)
from vaxcert.service.registry.access import COUNTRY
from vaxcert.service.registry.notifications.delivery import BATCH, Delivered, DeliveryWorker
from vaxcert.service.registry.notifications.notify import notify, notify_offices
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from datetime import datetime

    from tests.registry_fixture import RegistryUnderTest
    from vaxcert.registry.notifications.message import Parcel

ACCEPTED = Attempt(outcome=Outcome.ACCEPTED, receipt="r-1")
FAILED = Attempt(outcome=Outcome.FAILED, code="http_503")
REFUSED = Attempt(outcome=Outcome.REFUSED, code="http_422")


@dataclass
class Carrier:
    """Answers as it is told to, and remembers."""

    answers: list[Attempt] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)

    def carry(self, parcel: Parcel, at: datetime) -> Attempt:  # noqa: ARG002 - the carriers' signature
        self.parcels.append(parcel)
        return self.answers.pop(0) if self.answers else ACCEPTED


@pytest.fixture
def site(shared_registry: RegistryUnderTest) -> Vaccinated:
    return Vaccinated.alone(shared_registry)


def worker(site: Vaccinated, carrier: Carrier, batch: int = BATCH) -> DeliveryWorker:
    return DeliveryWorker(site.registry.desk, dict.fromkeys(Channel, carrier), lambda: site.registry.at, batch=batch)


def tell(site: Vaccinated, count: int = 1, *, lapses_at: datetime | None = None) -> list[UUID]:
    """Queue messages, and return whom they are for."""
    people = [site.person() for _ in range(count)]
    with site.registry.desk.working(site.registry.actor(Role.SERVICE), site.registry.at) as work:
        for person in people:
            notify(work, person, "certificate-ready", f"c:{person}", lapses_at=lapses_at)
    return people


def messages(site: Vaccinated) -> list[store.Notification]:
    with site.registry.desk.reading() as connection:
        return list(store.listed(connection, states=(), person=None, about=None, after=UUID(int=0), limit=500))


def test_s5_what_a_channel_takes_is_sent(site: Vaccinated) -> None:
    carrier = Carrier()
    people = tell(site, 3)
    assert worker(site, carrier, 2).deliver() == Delivered(sent=3)
    assert len(carrier.parcels) == 3
    assert {each.content.address for each in carrier.parcels} == {PHONE}
    found = messages(site)
    assert {each.person for each in found} == set(people)
    assert {(each.state, each.receipt, each.attempts) for each in found} == {(NotificationState.SENT, "r-1", 1)}
    assert worker(site, carrier).deliver() == Delivered()


def test_s5_what_fails_is_tried_again_until_it_is_sent(site: Vaccinated) -> None:
    carrier = Carrier(answers=[FAILED, FAILED])
    tell(site)
    assert worker(site, carrier).deliver() == Delivered(failed=1)
    assert worker(site, carrier).deliver() == Delivered()
    site.registry.later(seconds=2 * FIRST_WAIT.total_seconds())
    assert worker(site, carrier).deliver() == Delivered(failed=1)
    site.registry.later(hours=1)
    assert worker(site, carrier).deliver() == Delivered(sent=1)
    assert len({each.id for each in carrier.parcels}) == 1
    (found,) = messages(site)
    assert (found.attempts, found.code) == (3, None)


def test_s5_what_always_fails_is_dead_in_the_end(site: Vaccinated) -> None:
    carrier = Carrier(answers=[FAILED] * MAX_ATTEMPTS)
    tell(site)
    done = []
    for _ in range(MAX_ATTEMPTS + 2):
        done.append(worker(site, carrier).deliver())
        site.registry.later(hours=2)
    assert done == [Delivered(failed=1)] * (MAX_ATTEMPTS - 1) + [Delivered(dead=1), Delivered(), Delivered()]
    (found,) = messages(site)
    assert (found.state, found.code) == (NotificationState.DEAD, "http_503")


def test_what_is_refused_is_dead_at_once(site: Vaccinated) -> None:
    tell(site)
    assert worker(site, Carrier(answers=[REFUSED])).deliver() == Delivered(dead=1)


def test_what_would_come_too_late_lapses(site: Vaccinated) -> None:
    tell(site, lapses_at=site.registry.at + timedelta(seconds=5))
    assert worker(site, Carrier(answers=[FAILED])).deliver() == Delivered(lapsed=1)


def test_a_message_to_somebody_erased_is_dead(site: Vaccinated) -> None:
    people = tell(site, 2)
    site.erase(people[0])
    carrier = Carrier()
    assert worker(site, carrier).deliver() == Delivered(sent=1, dead=1)
    codes = {each.person: each.code for each in messages(site)}
    assert codes == {people[0]: "person_erased", people[1]: None}


def test_what_is_late_in_its_lease_is_not_begun(site: Vaccinated) -> None:
    tell(site)
    instants = iter([timedelta(0), LEASE - timedelta(seconds=1), LEASE, LEASE, LEASE, LEASE, LEASE])
    begun, carrier = site.registry.at, Carrier()
    slow = DeliveryWorker(
        site.registry.desk, dict.fromkeys(Channel, carrier), lambda: begun + next(instants, LEASE), batch=1
    )
    # The first round has no time left and gives the message back; the second has a lease of its own.
    assert slow.deliver() == Delivered(failed=1, sent=1)
    assert len(carrier.parcels) == 1
    assert messages(site)[0].attempts == 1


def test_a_worker_that_is_too_slow_notes_nothing(site: Vaccinated) -> None:
    tell(site)

    @dataclass
    class Overtaken(Carrier):
        """Lets another worker send the message while it holds it."""

        def carry(self, parcel: Parcel, at: datetime) -> Attempt:
            site.registry.later(seconds=LEASE.total_seconds())
            assert worker(site, other).deliver() == Delivered(sent=1)
            return super().carry(parcel, at)

    other, slow = Carrier(), Overtaken(answers=[FAILED])
    assert worker(site, slow).deliver() == Delivered(lost=1)
    (found,) = messages(site)
    assert found.state is NotificationState.SENT
    assert {each.id for each in other.parcels} == {each.id for each in slow.parcels}


def test_offices_are_told_by_their_channels(site: Vaccinated) -> None:
    site.contact("ministry", channel=Channel.WEBHOOK, area=COUNTRY)
    site.contact("truc@example.vn", channel=Channel.MAIL)
    with site.registry.desk.working(site.registry.actor(Role.SERVICE), site.registry.at) as work:
        told = notify_offices(
            work, "lot-held", "k", of_site=None, of_area=site.registry.area, lot="NJ0342", code="7Q2K"
        )
    carrier = Carrier()
    assert worker(site, carrier).deliver() == Delivered(sent=told)
    assert {(each.channel, each.content.address) for each in carrier.parcels} == {
        (Channel.WEBHOOK, "ministry"),
        (Channel.MAIL, "truc@example.vn"),
    }


def test_no_parcel_shows_itself(site: Vaccinated) -> None:
    tell(site)
    carrier = Carrier()
    worker(site, carrier).deliver()
    (parcel,) = carrier.parcels
    assert PHONE not in repr(parcel)
    assert PHONE not in repr(parcel.content)
