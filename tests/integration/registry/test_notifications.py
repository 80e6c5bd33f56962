"""The outbox: a message once per key, in the transaction of what it tells of; on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.vaccinated import PHONE, Vaccinated
from vaxcert.errors import (
    MessageTextError,
    NotAllowedError,
    NotificationStateError,
    NotRegisteredError,
    RequestError,
    StaleVersionError,
)
from vaxcert.model.phones import parse_phone
from vaxcert.registry.notifications import sending_store, store
from vaxcert.registry.notifications.message import Channel, Content
from vaxcert.registry.notifications.schedule import LEASE, MAX_ATTEMPTS, Attempt, NotificationState, Outcome
from vaxcert.registry.notifications.tables import ContactState, notifications
from vaxcert.registry.people.guardianship import Relation
from vaxcert.service.registry.access import COUNTRY
from vaxcert.service.registry.notifications.contacts import (
    AddContact,
    ListContacts,
    WithdrawContact,
    add_contact,
    list_contacts,
    withdraw_contact,
)
from vaxcert.service.registry.notifications.kept import (
    ListNotifications,
    NotificationEntry,
    RetryNotification,
    ShowDelivery,
    list_notifications,
    retry_notification,
    show_delivery,
)
from vaxcert.service.registry.notifications.notify import notify, notify_offices, notify_phone, withdraw
from vaxcert.service.registry.notifications.outbox import CONTENT_PLACE
from vaxcert.service.registry.people.guardians import RegisterDependant, register_dependant
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime
    from uuid import UUID

    from tests.registry_fixture import RegistryUnderTest
    from vaxcert.service.registry.work import Work


@pytest.fixture
def site(shared_registry: RegistryUnderTest) -> Vaccinated:
    return Vaccinated.alone(shared_registry)


def working(site: Vaccinated) -> AbstractContextManager[Work]:
    return site.registry.desk.working(site.registry.actor(Role.SERVICE), site.registry.at)


def confirm(
    work: Work,
    person: UUID,
    version: int = 1,
    *,
    about: UUID | None = None,
    not_before: datetime | None = None,
    lapses_at: datetime | None = None,
) -> UUID | None:
    return notify(
        work,
        person,
        "appointment-confirmed",
        f"appointment:a:{version}",
        about=about,
        not_before=not_before,
        lapses_at=lapses_at,
        at=work.at,
        site="Trạm y tế",
        code="0151",
    )


def listed(site: Vaccinated, **asked: object) -> list[NotificationEntry]:
    request = ListNotifications(**asked)  # type: ignore[arg-type] # as the tests say
    return site.registry.run(list_notifications, request, role=Role.SUPPORT).items


def content_of(site: Vaccinated, message: UUID) -> Content:
    with working(site) as work:
        found = store.by_id(work.connection, message)
        assert found is not None
        assert found.content is not None
        return work.unseal(Content, found.person or NOBODY, CONTENT_PLACE, found.id, found.content)


def take(site: Vaccinated, limit: int = 10) -> tuple[UUID, list[store.Notification]]:
    with working(site) as work:
        lease = work.new_id()
        return lease, sending_store.take(work.connection, lease, work.at, limit)


def settle(
    site: Vaccinated, lease: UUID, taken: store.Notification, outcome: Outcome = Outcome.ACCEPTED
) -> NotificationState | None:
    with working(site) as work:
        return sending_store.settle(work.connection, taken, lease, Attempt(outcome=outcome, code="http_503"), work.at)


def test_s5_a_message_goes_to_the_person_s_mobile_phone(site: Vaccinated) -> None:
    person = site.person(phones=("0255 3 822 333", "0912345678"))
    with working(site) as work:
        message = confirm(work, person)
    assert message is not None
    content = content_of(site, message)
    assert content.address == PHONE
    assert content.sms.startswith("Lich hen: 08:00 02/03/2026 tai Tram y te. Ma 0151.")


def test_s5_a_second_notify_with_the_key_changes_nothing(site: Vaccinated) -> None:
    person = site.person()
    with working(site) as work:
        first = confirm(work, person)
        assert confirm(work, person) is None
    with working(site) as work:
        assert confirm(work, person) is None
        second = confirm(work, person, version=2)
    assert {first, second} == {each.id for each in listed(site)}


def test_s5_a_key_is_used_once_whatever_the_month(site: Vaccinated) -> None:
    person = site.person()
    with working(site) as work:
        assert confirm(work, person) is not None
    site.registry.later(days=40)
    with working(site) as work:
        assert confirm(work, person) is None


def test_s5_two_at_the_same_time_make_one_message(site: Vaccinated) -> None:
    person, found, gate = site.person(), [], threading.Barrier(4)

    def tell() -> None:
        gate.wait()
        with working(site) as work:
            found.append(confirm(work, person))

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(message is not None for message in found) == 1
    assert len(listed(site)) == 1


def test_s5_what_is_rolled_back_tells_nobody(site: Vaccinated) -> None:
    person = site.person()

    def fail() -> None:
        with working(site) as work:
            confirm(work, person)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert listed(site) == []
    with working(site) as work:
        assert confirm(work, person) is not None


def test_nothing_of_a_message_stands_in_the_clear(site: Vaccinated) -> None:
    person = site.person()
    with working(site) as work:
        confirm(work, person)
        for row in work.connection.execute(sa.select(notifications)):
            shown = repr(tuple(row)).encode() + b"".join(value for value in row if isinstance(value, bytes))
            assert PHONE.encode() not in shown
            assert PHONE[3:].encode() not in shown
            assert b"Lich hen" not in shown


def test_who_has_no_mobile_phone_is_not_written_to(site: Vaccinated) -> None:
    person = site.person(phones=())
    with working(site) as work:
        assert confirm(work, person) is None
    assert listed(site) == []


def test_s18_a_child_s_message_goes_to_its_guardian(site: Vaccinated) -> None:
    mother = site.person()
    request = RegisterDependant(
        guardian=mother, relation=Relation.MOTHER, family_name="Trần", given_name="Minh Khôi", birth_date="2016-05-04"
    )
    child = site.registry.run(register_dependant, request, role=Role.RECEPTIONIST, site=site.site).person.id
    with working(site) as work:
        message = confirm(work, child)
    assert message is not None
    assert content_of(site, message).address == PHONE
    assert [each.person for each in listed(site)] == [child]


def test_a_foreigner_is_written_to_in_english(site: Vaccinated) -> None:
    person = site.person(nationality="FR")
    with working(site) as work:
        message = confirm(work, person)
    assert message is not None
    assert content_of(site, message).sms.startswith("Appointment: 08:00")


def test_a_stranger_is_told_nothing(site: Vaccinated) -> None:
    with working(site) as work, pytest.raises(NotRegisteredError):
        confirm(work, work.new_id())


def test_a_field_that_does_not_fit_is_refused_before_anything_is_written(site: Vaccinated) -> None:
    person = site.person()
    with pytest.raises(MessageTextError), working(site) as work:
        notify(work, person, "login-code", "k", code="1" * 9, minutes=5)
    assert listed(site) == []


@pytest.mark.parametrize("key", ["", "k" * 121])
def test_a_key_without_bounds_is_a_mistake(site: Vaccinated, key: str) -> None:
    person = site.person()
    with working(site) as work, pytest.raises(ValueError, match="key"):
        notify(work, person, "certificate-ready", key)


def test_a_code_goes_to_a_phone_that_nobody_has_registered(site: Vaccinated) -> None:
    with working(site) as work:
        message = notify_phone(work, parse_phone("0935111222"), "login-code", "otp:1", code="4711", minutes=5)
    assert message is not None
    assert content_of(site, message).address == "+84935111222"
    (entry,) = listed(site)
    assert entry.lapses_at == site.registry.at + timedelta(minutes=10)
    assert (entry.person, entry.contact) == (None, None)


def test_s5_a_newer_version_withdraws_what_has_not_gone_out(site: Vaccinated) -> None:
    person, about = site.person(), site.site
    with working(site) as work:
        first = confirm(work, person, about=about)
    with working(site) as work:
        second = confirm(work, person, version=2, about=about)
    states = {entry.id: entry.state for entry in listed(site, about=about)}
    assert states == {first: NotificationState.WITHDRAWN, second: NotificationState.QUEUED}


def test_s5_an_older_version_that_failed_never_follows_the_newer_one(site: Vaccinated) -> None:
    person, about = site.person(), site.site
    with working(site) as work:
        confirm(work, person, about=about)
    lease, (taken,) = take(site)
    with working(site) as work:
        confirm(work, person, version=2, about=about)
    assert settle(site, lease, taken, Outcome.FAILED) is NotificationState.LAPSED
    site.registry.later(hours=1)
    _lease, again = take(site)
    assert [each.key for each in again] == ["appointment:a:2"]


def test_an_older_version_whose_worker_died_never_follows_the_newer_one(site: Vaccinated) -> None:
    person, about = site.person(), site.site
    with working(site) as work:
        confirm(work, person, about=about)
    take(site)
    with working(site) as work:
        confirm(work, person, version=2, about=about)
    site.registry.later(minutes=10)
    _lease, again = take(site)
    assert [each.key for each in again] == ["appointment:a:2"]


def test_what_was_cancelled_is_withdrawn(site: Vaccinated) -> None:
    person, about = site.person(), site.site
    with working(site) as work:
        confirm(work, person, about=about)
        assert withdraw(work, about) == 1
        assert withdraw(work, about) == 0
    assert take(site)[1] == []


def test_a_message_waits_for_its_time(site: Vaccinated) -> None:
    person = site.person()
    with working(site) as work:
        confirm(work, person, not_before=work.at + timedelta(hours=1))
    assert take(site)[1] == []
    site.registry.later(hours=1)
    assert len(take(site)[1]) == 1


def test_a_message_whose_time_is_over_lapses(site: Vaccinated) -> None:
    person = site.person()
    with working(site) as work:
        confirm(work, person, lapses_at=work.at + timedelta(hours=1))
    site.registry.later(hours=1)
    assert take(site)[1] == []
    (entry,) = listed(site)
    assert entry.state is NotificationState.LAPSED
    assert entry.ended_at == site.registry.at


def test_what_one_worker_has_no_other_gets(site: Vaccinated) -> None:
    for _ in range(3):
        person = site.person()
        with working(site) as work:
            notify(work, person, "certificate-ready", f"c:{person}")
    _lease, first = take(site, 2)
    _lease, second = take(site, 2)
    assert len(first) == 2
    assert len(second) == 1
    assert not {each.id for each in first} & {each.id for each in second}


def test_what_a_dead_worker_had_another_gets_after_the_lease(site: Vaccinated) -> None:
    person = site.person()
    with working(site) as work:
        confirm(work, person)
    first, (taken,) = take(site)
    site.registry.later(seconds=LEASE.total_seconds())
    second, (again,) = take(site)
    assert again.id == taken.id
    assert again.attempts == 2
    assert settle(site, first, taken) is None
    assert settle(site, second, again) is NotificationState.SENT
    assert settle(site, second, again) is None


def test_what_kills_every_worker_is_given_up(site: Vaccinated) -> None:
    person = site.person()
    with working(site) as work:
        confirm(work, person)
    for _ in range(MAX_ATTEMPTS):
        assert len(take(site)[1]) == 1
        site.registry.later(seconds=LEASE.total_seconds())
    assert take(site)[1] == []
    (entry,) = listed(site)
    assert (entry.state, entry.code) == (NotificationState.DEAD, "worker_lost")


def test_what_was_sent_is_no_longer_kept(site: Vaccinated) -> None:
    person = site.person()
    with working(site) as work:
        message = confirm(work, person)
    lease, (taken,) = take(site)
    settle(site, lease, taken)
    with working(site) as work:
        assert message is not None
        found = store.by_id(work.connection, message)
        assert found is not None
        assert (found.key, found.content) == ("appointment:a:1", None)


def test_what_was_not_begun_does_not_count_as_a_try(site: Vaccinated) -> None:
    person = site.person()
    with working(site) as work:
        confirm(work, person)
    lease, (taken,) = take(site)
    assert settle(site, lease, taken, Outcome.UNTRIED) is NotificationState.QUEUED
    assert listed(site)[0].attempts == 0


def test_a_dead_message_is_tried_again_when_somebody_asks(site: Vaccinated) -> None:
    person = site.person()
    with working(site) as work:
        message = confirm(work, person)
    assert message is not None
    lease, (taken,) = take(site)
    assert settle(site, lease, taken, Outcome.REFUSED) is NotificationState.DEAD
    again = site.registry.run(retry_notification, RetryNotification(id=message), role=Role.SYSADMIN)
    assert (again.state, again.attempts, again.code) == (NotificationState.QUEUED, 0, None)
    assert len(take(site)[1]) == 1


def test_only_a_dead_message_is_tried_again(site: Vaccinated) -> None:
    person = site.person()
    with working(site) as work:
        message = confirm(work, person)
    assert message is not None
    with pytest.raises(NotificationStateError, match="queued"):
        site.registry.run(retry_notification, RetryNotification(id=message), role=Role.SYSADMIN)
    with pytest.raises(NotRegisteredError):
        site.registry.run(retry_notification, RetryNotification(id=person), role=Role.SYSADMIN)


def test_s5_the_state_of_the_delivery_is_shown(site: Vaccinated) -> None:
    person = site.person()
    with working(site) as work:
        confirm(work, person)
    shown = site.registry.run(show_delivery, ShowDelivery(), role=Role.SYSADMIN)
    assert shown.counts == {"queued": 1, "sending": 0, "sent": 0, "dead": 0, "lapsed": 0, "withdrawn": 0}
    assert shown.oldest_due_at == site.registry.at
    lease, (taken,) = take(site)
    settle(site, lease, taken)
    after = site.registry.run(show_delivery, ShowDelivery(), role=Role.SYSADMIN)
    assert after.counts["sent"] == 1
    assert after.oldest_due_at is None


def test_messages_are_listed_page_by_page(site: Vaccinated) -> None:
    people = [site.person() for _ in range(3)]
    for person in people:
        with working(site) as work:
            notify(work, person, "certificate-ready", f"c:{person}")
        site.registry.later(seconds=1)  # ids of one millisecond stand in no order
    first = site.registry.run(list_notifications, ListNotifications(limit=2), role=Role.SUPPORT)
    assert len(first.items) == 2
    second = site.registry.run(list_notifications, ListNotifications(limit=2, after=first.next), role=Role.SUPPORT)
    assert [each.person for each in (*first.items, *second.items)] == people
    assert second.next is None
    assert [each.person for each in listed(site, person=people[1])] == [people[1]]
    assert listed(site, states=(NotificationState.DEAD,)) == []


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.RECEPTIONIST, Role.PROVINCE, Role.AUDITOR])
def test_others_do_not_see_the_delivery(site: Vaccinated, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        site.registry.run(list_notifications, ListNotifications(), role=role)


# -- offices


def tell_offices(site: Vaccinated, key: str = "k") -> int:
    with working(site) as work:
        return notify_offices(
            work, "lot-held", key, of_site=site.site, of_area=site.registry.area, lot="NJ0342", code="7Q2K"
        )


def test_an_office_is_told_once(site: Vaccinated) -> None:
    site.contact()
    assert tell_offices(site) == 1
    assert tell_offices(site) == 0
    assert tell_offices(site, "another") == 1


def test_the_site_its_province_and_the_centre_are_told(site: Vaccinated) -> None:
    site.contact("0935111222", site=site.site)
    site.contact("0935111333", area="51")
    site.contact("ministry", channel=Channel.WEBHOOK, area=COUNTRY)
    site.contact("truc@example.vn", channel=Channel.MAIL, area="51")
    assert tell_offices(site) == 4
    assert {each.channel for each in listed(site)} == set(Channel)


def test_another_province_is_not_told(site: Vaccinated) -> None:
    request = AddContact(area="48", channel=Channel.SMS, address="0935111222")
    site.registry.run(add_contact, request, role=Role.CENTRE)
    assert tell_offices(site) == 0


def test_a_withdrawn_contact_is_not_told(site: Vaccinated) -> None:
    contact = site.contact()
    gone = site.registry.run(withdraw_contact, WithdrawContact(id=contact.id, version=1), role=Role.PROVINCE)
    assert (gone.state, gone.version) == (ContactState.WITHDRAWN, 2)
    assert tell_offices(site) == 0
    with pytest.raises(StaleVersionError):
        site.registry.run(withdraw_contact, WithdrawContact(id=contact.id, version=1), role=Role.PROVINCE)


def test_a_contact_shows_its_address_in_part(site: Vaccinated) -> None:
    assert site.contact("0935111222").address == "+84******222"
    assert site.contact("truc@example.vn", channel=Channel.MAIL).address == "t***@example.vn"
    assert site.contact("ministry", channel=Channel.WEBHOOK).address == "ministry"
    found = site.registry.run(list_contacts, ListContacts(), role=Role.PROVINCE)
    assert len(found.items) == 3


@pytest.mark.parametrize(
    ("channel", "address", "code"),
    [
        (Channel.SMS, "12", "invalid_phone"),
        (Channel.MAIL, "truc@", "invalid_mail"),
        (Channel.MAIL, "a@example.vn\r\nBcc: b@example.vn", "invalid_mail"),
        (Channel.WEBHOOK, "https://example.vn", "invalid_name"),
    ],
)
def test_an_address_that_is_none_is_refused(site: Vaccinated, channel: Channel, address: str, code: str) -> None:
    with pytest.raises(RequestError) as refused:
        site.contact(address, channel=channel)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_a_contact_is_a_site_s_or_an_area_s(site: Vaccinated) -> None:
    for area, its_site in (("51", site.site), (None, None)):
        request = AddContact(area=area, site=its_site, channel=Channel.SMS, address="0935111222")
        with pytest.raises(RequestError):
            site.registry.run(add_contact, request, role=Role.PROVINCE)


@pytest.mark.parametrize("area", ["48", COUNTRY])
def test_an_authority_adds_contacts_of_its_own_area_alone(site: Vaccinated, area: str) -> None:
    request = AddContact(area=area, channel=Channel.SMS, address="0935111222")
    with pytest.raises(NotAllowedError):
        site.registry.run(add_contact, request, role=Role.PROVINCE)


def test_a_site_adds_its_own_contacts_alone(site: Vaccinated) -> None:
    own = AddContact(site=site.site, channel=Channel.SMS, address="0935111222")
    added = site.registry.run(add_contact, own, role=Role.SITE_ADMIN, site=site.site)
    assert added.site == site.site
    province = AddContact(area="51", channel=Channel.SMS, address="0935111222")
    with pytest.raises(NotAllowedError):
        site.registry.run(add_contact, province, role=Role.SITE_ADMIN, site=site.site)
    listed_there = site.registry.run(list_contacts, ListContacts(), role=Role.SITE_ADMIN, site=site.site)
    assert [each.id for each in listed_there.items] == [added.id]


def test_the_centre_sees_every_contact(site: Vaccinated) -> None:
    added = [
        site.contact("ministry", channel=Channel.WEBHOOK, area=COUNTRY),
        site.contact(area="51"),
        site.contact("0935111333", site=site.site),
    ]
    found = site.registry.run(list_contacts, ListContacts(), role=Role.CENTRE).items
    assert {each.id for each in found} == {each.id for each in added}


def test_a_site_withdraws_its_own_contacts_alone(site: Vaccinated) -> None:
    own, province = site.contact("0935111333", site=site.site), site.contact(area="51")
    withdrawn = site.registry.run(withdraw_contact, WithdrawContact(id=own.id), role=Role.SITE_ADMIN, site=site.site)
    assert withdrawn.state is ContactState.WITHDRAWN
    with pytest.raises(NotAllowedError):
        site.registry.run(withdraw_contact, WithdrawContact(id=province.id), role=Role.SITE_ADMIN, site=site.site)


def test_an_area_that_is_none_is_refused(site: Vaccinated) -> None:
    with pytest.raises(RequestError) as refused:
        site.contact(area="00")
    assert [problem.field for problem in refused.value.problems] == ["area"]


def test_a_contact_that_is_not_there_is_not_withdrawn(site: Vaccinated) -> None:
    with pytest.raises(NotRegisteredError):
        site.registry.run(withdraw_contact, WithdrawContact(id=site.site), role=Role.PROVINCE)
