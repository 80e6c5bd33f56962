"""Registrations: for oneself and others, reviewed, sent on, withdrawn; on both databases."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.booked_site import GROUP, BookedSite
from tests.registry_fixture import RegistryUnderTest, area
from vaxcert.errors import (
    AlreadyRegisteredError,
    AppointmentStateError,
    NotAllowedError,
    NotRegisteredError,
    RegistrationStateError,
    RequestError,
    StaleVersionError,
)
from vaxcert.registry.notifications.tables import notifications
from vaxcert.registry.people.guardianship import Relation
from vaxcert.registry.registrations.declaration import Answer
from vaxcert.registry.registrations.registration import Declarer
from vaxcert.registry.registrations.states import RegistrationState
from vaxcert.registry.registrations.tables import registration_steps, registrations
from vaxcert.service.registry.access import Actor
from vaxcert.service.registry.appointments.booking import TakePlace, book_appointment
from vaxcert.service.registry.appointments.expected import live_appointment, mark_arrived
from vaxcert.service.registry.appointments.listed import ShowAppointment, show_appointment
from vaxcert.service.registry.people.duplicates import MergePeople, merge_people
from vaxcert.service.registry.people.guardians import RegisterDependant, register_dependant
from vaxcert.service.registry.registrations.cards import EarlierDose, RegistrationCard
from vaxcert.service.registry.registrations.declarations import DeclareHealth, declare_health, valid_declaration
from vaxcert.service.registry.registrations.open_registrations import open_registration
from vaxcert.service.registry.registrations.registering import (
    FindRegistration,
    ListOwnRegistrations,
    RegisterForDose,
    ShowRegistration,
    WithdrawRegistration,
    find_registration,
    list_own_registrations,
    register_for_dose,
    show_registration,
    withdraw_registration,
)
from vaxcert.service.registry.registrations.review import (
    ApproveRegistrations,
    CountRegistrations,
    RefuseRegistration,
    ReviewRegistrations,
    TransferRegistration,
    approve_registrations,
    count_registrations,
    refuse_registration,
    review_registrations,
    transfer_registration,
)
from vaxcert.service.registry.rights import Role


def told(registry: RegistryUnderTest) -> list[str]:
    """Return what people were told at this instant."""
    with registry.desk.reading() as connection:
        found = sa.select(notifications.c.template).where(notifications.c.created_at == registry.at)
        return sorted(connection.scalars(found))


def shown(registry: RegistryUnderTest, card: RegistrationCard) -> RegistrationCard:
    request = ShowRegistration(registration=card.id)
    return registry.run(show_registration, request, role=Role.RECEPTIONIST)


def test_s4_a_registration_gets_an_order_code_and_waits_for_the_unit(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    person = site.person()
    card = site.registered(person)
    assert card.code.startswith(f"51{registry.at:%Y%m%d}")
    assert len(card.code) == len("0120211103501237")
    assert (card.state, card.version, card.area, card.group) == (RegistrationState.SUBMITTED, 1, registry.area, GROUP)
    assert card.declarer is Declarer.OFFICER
    assert told(registry) == ["registration-received"]
    found = FindRegistration(code=f" {card.code} ")
    assert registry.run(find_registration, found, role=Role.RECEPTIONIST) == card
    with pytest.raises(NotRegisteredError):
        registry.run(find_registration, FindRegistration(code="5120260302"), role=Role.RECEPTIONIST)


def test_s4_what_is_told_beside_lies_sealed(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    earlier = EarlierDose(product="Vero Cell", day=registry.at.date(), place="Bệnh viện Đa khoa", reaction="sốt nhẹ")
    request = RegisterForDose(
        person=site.person(),
        dose_number=2,
        group=GROUP,
        desired_on=registry.at.date(),
        earlier=(earlier,),
        note="đi lại khó khăn",
        agreed=True,
    )
    card = registry.run(register_for_dose, request, role=Role.RECEPTIONIST)
    assert (card.earlier, card.note) == ([earlier], "đi lại khó khăn")
    with registry.desk.reading() as connection:
        (kept,) = connection.scalars(sa.select(registrations.c.details))
    assert b"Vero" not in kept
    assert "khó".encode() not in kept


def test_s4_a_person_has_one_open_registration_for_a_dose(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    person = site.person()
    card = site.registered(person)
    with pytest.raises(AlreadyRegisteredError):
        site.registered(person)
    site.registered(person, dose_number=2)
    withdraw = WithdrawRegistration(registration=card.id, reason="đã chuyển nhà")
    gone = registry.run(withdraw_registration, withdraw, role=Role.RECEPTIONIST)
    assert (gone.state, gone.steps[-1].reason) == (RegistrationState.WITHDRAWN, "đã chuyển nhà")
    again = site.registered(person)
    with registry.desk.working(registry.actor(Role.RECEPTIONIST), registry.at, reads=True) as work:
        found = open_registration(work, person, 1)
        assert found is not None
        assert found.id == again.id
        assert open_registration(work, person, 3) is None


def test_the_database_itself_refuses_a_second_open_registration(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    card = site.registered(site.person())
    with registry.engine.connect() as connection:
        row = dict(connection.execute(sa.select(registrations)).mappings().one())
        with pytest.raises(sa.exc.IntegrityError):
            connection.execute(sa.insert(registrations), [{**row, "id": uuid4(), "code": "x"}])
    assert shown(registry, card).state is RegistrationState.SUBMITTED


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"agreed": False, "dose_number": 0}, ["dose_number", "agreed"]),
        ({"group": "3355/QĐ-BYT#99", "area": "00"}, ["group", "area"]),
        ({"dose_number": 2}, ["earlier"]),
    ],
)
def test_every_fault_of_a_registration_is_named(
    registry: RegistryUnderTest, changes: dict[str, object], fields: list[str]
) -> None:
    site = BookedSite(registry)
    good = {"person": site.person(), "dose_number": 1, "group": GROUP, "desired_on": site.tomorrow, "agreed": True}
    request = RegisterForDose(**{**good, **changes})  # type: ignore[arg-type] # a test's own fields
    with pytest.raises(RequestError) as caught:
        registry.run(register_for_dose, request, role=Role.RECEPTIONIST)
    assert [problem.field for problem in caught.value.problems] == fields


def test_an_earlier_dose_lies_in_the_past(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    request = RegisterForDose(
        person=site.person(),
        dose_number=2,
        group=GROUP,
        desired_on=site.tomorrow,
        earlier=(EarlierDose(product="Vero Cell", day=site.tomorrow),),
        agreed=True,
    )
    with pytest.raises(RequestError) as caught:
        registry.run(register_for_dose, request, role=Role.RECEPTIONIST)
    assert [problem.field for problem in caught.value.problems] == ["earlier.0.day"]


def test_s4_citizens_register_themselves_and_no_stranger(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    person, stranger = site.person(1), site.person(2)
    request = RegisterForDose(person=person, dose_number=1, group=GROUP, desired_on=site.tomorrow, agreed=True)
    with pytest.raises(NotRegisteredError):
        registry.desk.run(register_for_dose, request, actor=registry.citizen(stranger), at=registry.at)
    card = registry.desk.run(register_for_dose, request, actor=registry.citizen(person), at=registry.at)
    assert card.declarer is Declarer.SELF
    own = ListOwnRegistrations(person=person)
    mine = registry.desk.run(list_own_registrations, own, actor=registry.citizen(person), at=registry.at)
    assert [each.id for each in mine.items] == [card.id]
    for use_case, asked in (
        (list_own_registrations, own),
        (show_registration, ShowRegistration(registration=card.id)),
        (find_registration, FindRegistration(code=card.code)),
        (withdraw_registration, WithdrawRegistration(registration=card.id)),
    ):
        with pytest.raises(NotRegisteredError):
            registry.desk.run(use_case, asked, actor=registry.citizen(stranger), at=registry.at)  # type: ignore[misc] # each with its own


def test_e2_a_mother_registers_her_child_who_has_no_number(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    mother, stranger = site.person(1), site.person(2)
    add = RegisterDependant(
        guardian=mother, relation=Relation.MOTHER, family_name="Trần", given_name="Bé Na", birth_date="2016-05-04"
    )
    child = registry.desk.run(register_dependant, add, actor=registry.citizen(mother), at=registry.at).person.id
    request = RegisterForDose(person=child, dose_number=1, group=GROUP, desired_on=site.tomorrow, agreed=True)
    card = registry.desk.run(register_for_dose, request, actor=registry.citizen(mother), at=registry.at)
    assert (card.person, card.declarer) == (child, Declarer.OTHER)
    registry.run(approve_registrations, ApproveRegistrations(registrations=(card.id,)), role=Role.PROVINCE)
    place = TakePlace(registration=card.id, slot=site.slots()[0])
    with pytest.raises(NotRegisteredError):
        registry.desk.run(book_appointment, place, actor=registry.citizen(stranger), at=registry.at)
    assert registry.desk.run(book_appointment, place, actor=registry.citizen(mother), at=registry.at).person == child
    assert "appointment-confirmed" in told(registry)  # on the mother's phone: the child has none


def test_what_was_entered_under_a_merged_entry_is_the_persons(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    person, double = site.person(1), site.person(2)
    card = site.registered(double)
    answers = DeclareHealth(person=double, other_answers=Answer.NO, agreed=True)
    declared = registry.run(declare_health, answers, role=Role.RECEPTIONIST)
    merge = MergePeople(merged=double, merged_version=1, survivor=person, survivor_version=1, reason="cùng một người")
    registry.run(merge_people, merge, role=Role.PROVINCE)
    with pytest.raises(AlreadyRegisteredError):
        site.registered(person)
    approve = ApproveRegistrations(registrations=(card.id,))
    registry.run(approve_registrations, approve, role=Role.PROVINCE)
    booked = site.book(card.id, site.slots()[0])
    with registry.desk.working(registry.actor(Role.RECEPTIONIST), registry.at, reads=True) as work:
        found = live_appointment(work, person, site.tomorrow)
        assert found is not None
        assert found.id == booked.id
        declaration = valid_declaration(work, person, registry.at)
        assert declaration is not None
        assert declaration.id == declared.id
    own = ListOwnRegistrations(person=person)
    mine = registry.desk.run(list_own_registrations, own, actor=registry.citizen(person), at=registry.at)
    assert [each.id for each in mine.items] == [card.id]


def test_s31_a_unit_reviews_those_of_its_area(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    cards = []
    for number in range(3):
        registry.later(seconds=1)
        cards.append(site.registered(site.person(number)))
    page = registry.run(review_registrations, ReviewRegistrations(limit=2), role=Role.PROVINCE)
    rest = registry.run(review_registrations, ReviewRegistrations(limit=2, after=page.next), role=Role.PROVINCE)
    assert [row.id for row in (*page.items, *rest.items)] == [card.id for card in cards]
    assert page.items[0].name.startswith("Nguyễn Thị Ánh")
    approve = ApproveRegistrations(registrations=(cards[0].id, cards[1].id))
    assert registry.run(approve_registrations, approve, role=Role.PROVINCE).count == 2
    for asked, count in (
        (ReviewRegistrations(state=RegistrationState.SUBMITTED), 1),
        (ReviewRegistrations(state=RegistrationState.APPROVED, group=GROUP, dose_number=1), 2),
        (ReviewRegistrations(dose_number=2), 0),
        (ReviewRegistrations(area="51"), 3),
    ):
        assert len(registry.run(review_registrations, asked, role=Role.PROVINCE).items) == count
    with pytest.raises(NotAllowedError):
        registry.run(review_registrations, ReviewRegistrations(area="01"), role=Role.PROVINCE)
    with pytest.raises(NotAllowedError):
        registry.run(review_registrations, ReviewRegistrations(), role=Role.RECEPTIONIST)


def test_s23_registrations_are_counted_by_state_group_and_dose(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    person = site.person(1)
    site.approved(person)
    site.registered(person, dose_number=2)
    site.registered(site.person(2), group="3355/QĐ-BYT#1")
    site.registered(site.person(3))
    counts = registry.run(count_registrations, CountRegistrations(), role=Role.PROVINCE)
    assert counts.total == 4
    assert {(each.state.value, each.group, each.dose_number): each.count for each in counts.counts} == {
        ("approved", GROUP, 1): 1,
        ("submitted", "3355/QĐ-BYT#1", 1): 1,
        ("submitted", GROUP, 1): 1,
        ("submitted", GROUP, 2): 1,
    }
    elsewhere = Actor(account="hanoi", roles=frozenset({Role.PROVINCE}), area=area("01"))
    assert registry.desk.run(count_registrations, CountRegistrations(), actor=elsewhere, at=registry.at).total == 0
    with pytest.raises(RequestError):
        registry.run(count_registrations, CountRegistrations(area="00"), role=Role.CENTRE)


def test_s31_one_that_cannot_be_approved_stops_all(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    waiting, done = site.registered(site.person(1)), site.registered(site.person(2))
    registry.run(withdraw_registration, WithdrawRegistration(registration=done.id), role=Role.RECEPTIONIST)
    both = ApproveRegistrations(registrations=(waiting.id, done.id))
    with pytest.raises(RegistrationStateError):
        registry.run(approve_registrations, both, role=Role.PROVINCE)
    assert shown(registry, waiting).state is RegistrationState.SUBMITTED


def test_s31_a_refusal_has_a_reason_that_the_person_reads(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    person = site.person()
    card = site.registered(person)
    registry.later(minutes=1)
    request = RefuseRegistration(registration=card.id, reason="không thuộc nhóm ưu tiên", version=1)
    registry.run(refuse_registration, request, role=Role.PROVINCE)
    mine = registry.desk.run(
        show_registration, ShowRegistration(registration=card.id), actor=registry.citizen(person), at=registry.at
    )
    assert (mine.state, mine.version) == (RegistrationState.REFUSED, 2)
    assert [(step.event.value, step.reason) for step in mine.steps] == [("refuse", "không thuộc nhóm ưu tiên")]
    assert told(registry) == ["registration-declined"]
    with registry.desk.reading() as connection:
        (sealed,) = connection.scalars(sa.select(registration_steps.c.reason))
    assert "ưu tiên".encode() not in sealed
    with pytest.raises(StaleVersionError):
        registry.run(refuse_registration, request, role=Role.PROVINCE)


def test_s31_a_transfer_sends_it_to_another_unit_to_look_at_anew(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    registration = site.somebody()
    booked = site.book(registration, site.slots()[0])
    registry.later(minutes=1)
    request = TransferRegistration(registration=registration, area="01", reason="chuyển nơi ở")
    moved = registry.run(transfer_registration, request, role=Role.PROVINCE)
    assert (moved.state, moved.area) == (RegistrationState.SUBMITTED, area("01"))
    assert told(registry) == ["appointment-cancelled", "registration-transferred"]
    given_up = ShowAppointment(appointment=booked.id)
    assert registry.run(show_appointment, given_up, role=Role.CENTRE).state == "cancelled"
    site.check_counts()
    for asked in (request, RefuseRegistration(registration=registration, reason="x")):
        use_case = transfer_registration if asked is request else refuse_registration
        with pytest.raises(NotAllowedError):
            registry.run(use_case, asked, role=Role.PROVINCE)  # type: ignore[misc] # each with its own
    back = TransferRegistration(registration=registration, site=site.site, reason="chuyển lại")
    returned = registry.run(transfer_registration, back, role=Role.CENTRE)
    assert (returned.area, returned.site) == (registry.area, site.site)
    nowhere = TransferRegistration(registration=registration, reason="x")
    with pytest.raises(RequestError):
        registry.run(transfer_registration, nowhere, role=Role.CENTRE)


def test_who_stands_in_the_site_cannot_withdraw_any_more(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    registration = site.somebody()
    card = site.book(registration, site.slots()[0])
    registry.later(days=1)
    with registry.desk.working(registry.actor(Role.RECEPTIONIST, site.site), registry.at) as work:
        mark_arrived(work, card.id)
    with pytest.raises(AppointmentStateError):
        registry.run(withdraw_registration, WithdrawRegistration(registration=registration), role=Role.RECEPTIONIST)


def test_a_day_too_far_ahead_is_refused(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    far = registry.at.date() + timedelta(days=366)
    request = RegisterForDose(person=site.person(), dose_number=1, group=GROUP, desired_on=far, agreed=True)
    with pytest.raises(RequestError):
        registry.run(register_for_dose, request, role=Role.RECEPTIONIST)
