"""Visits on both databases: the four steps in their order, by who may take them, and what stops them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.visited_site import AZ, NORMAL, PFIZER, VisitedSite, site_of_its_own
from vaxcert.errors import (
    ConsentMissingError,
    DeclarationMissingError,
    IdentityUncheckedError,
    LotNotUsableError,
    NotAllowedError,
    NotRegisteredError,
    NotScreenedForError,
    ObservationUnfinishedError,
    OverrideRefusedError,
    RequestError,
    StaleVersionError,
    VisitOpenError,
    VisitStateError,
)
from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.registrations.declaration import Answer as Told
from vaxcert.registry.registrations.declaration_form import declaration_form_on
from vaxcert.registry.stock.movements import HoldReason
from vaxcert.registry.visits.notes import IdentityCheck
from vaxcert.registry.visits.screening_form import Conclusion
from vaxcert.registry.visits.tables import visits
from vaxcert.registry.visits.visit import VisitOutcome, VisitState
from vaxcert.service.registry.doses.history import DosesOf, dose_history
from vaxcert.service.registry.registrations.declarations import ShowDeclaration, show_declaration
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.stock.lots import ChangeLotState, put_lot_on_hold
from vaxcert.service.registry.visits.board import (
    CloseVisit,
    CountVisits,
    ListVisits,
    OneVisit,
    RecordNoShow,
    close_visit,
    count_visits,
    list_visits,
    record_no_show,
    show_visit,
)
from vaxcert.service.registry.visits.injection import CheckInjection, Inject, check_injection, inject
from vaxcert.service.registry.visits.observation import (
    LeaveEarly,
    RecordVitals,
    leave_early,
    record_vitals,
    show_observation,
)
from vaxcert.service.registry.visits.reception import ReceiveVisitor, receive_visitor
from vaxcert.service.registry.visits.screening import AskQuestions, screen_visitor, screening_questions
from vaxcert.service.registry.visits.screening_form import ScreenVisitor
from vaxcert.service.registry.visits.slip import ShowSlip, confirmation_slip

if TYPE_CHECKING:
    from tests.registry_fixture import RegistryUnderTest


@pytest.fixture
def site(shared_registry: RegistryUnderTest) -> VisitedSite:
    return site_of_its_own(shared_registry)


def left(site: VisitedSite, visit: UUID) -> None:
    """Enter that somebody left early."""
    request = LeaveEarly(visit=visit, reason="a child waits at home")
    site.registry.run(leave_early, request, role=Role.OBSERVER, site=site.site)


def test_s8_a_visit_goes_through_its_four_steps(site: VisitedSite) -> None:
    person = site.person()
    done = site.vaccinate(person)
    assert (done.visit.state, done.visit.outcome) == (VisitState.COMPLETED, VisitOutcome.INJECTED)
    assert done.certificate is not None
    assert not done.visit.warnings
    history = site.registry.run(dose_history, DosesOf(person=person), role=Role.RECEPTIONIST)
    assert [(dose.number, dose.of, dose.state) for dose in history.doses] == [(1, 2, DoseState.CONFIRMED)]
    assert history.next_due is not None
    assert (history.next_due.earliest - site.registry.at.date()).days == 21


# -- the reception


def test_nobody_is_received_unidentified(site: VisitedSite) -> None:
    person = site.person()
    site.declare(person)
    with pytest.raises(IdentityUncheckedError):
        site.receive(person, identity=None)


def test_a_self_declared_code_is_told_as_a_warning(site: VisitedSite) -> None:
    person = site.person()
    site.declare(person)
    card = site.receive(person, identity=IdentityCheck.PERSONAL_QR)
    assert {warning.code for warning in card.warnings} == {
        "identity_self_declared",
        "identity_unverified",
        "no_appointment",
    }


def test_s6_without_a_valid_declaration_nobody_is_received(site: VisitedSite) -> None:
    person = site.person()
    with pytest.raises(DeclarationMissingError):
        site.receive(person)
    site.declare(person)
    site.registry.later(hours=48)
    with pytest.raises(DeclarationMissingError):
        site.receive(person)
    site.declare(person)
    assert site.receive(person).state is VisitState.RECEIVED


def test_s6_who_has_not_declared_before_does_so_at_the_reception(site: VisitedSite) -> None:
    person = site.person()
    asked = declaration_form_on(site.registry.at.date()).questions
    questions, yes = [question.id for question in asked], next(each.id for each in asked if not each.detail)
    with pytest.raises(RequestError) as refused:
        site.receive(person, answers={yes: Told.YES}, agreed=True)  # and nothing to the other questions
    assert len(refused.value.problems) >= len(questions) - 1
    with pytest.raises(RequestError) as refused:
        site.receive(person, other_answers=Told.NO)
    assert [problem.field for problem in refused.value.problems] == ["agreed"]
    card = site.receive(person, answers={yes: Told.YES}, other_answers=Told.NO, agreed=True)
    assert card.state is VisitState.RECEIVED
    shown = site.registry.run(show_declaration, ShowDeclaration(person=person), role=Role.RECEPTIONIST)
    assert shown.answers == {question: Told.YES if question == yes else Told.NO for question in questions}
    request = AskQuestions(visit=card.id, product=PFIZER)
    assert site.registry.run(screening_questions, request, role=Role.SCREENER, site=site.site).declared == [yes]


def test_who_does_not_consent_has_refused(site: VisitedSite) -> None:
    card = site.receive(site.person(), consents=False)
    assert (card.state, card.outcome) == (VisitState.CLOSED, VisitOutcome.REFUSED)
    with pytest.raises(VisitStateError):
        site.screen(card.id)


def test_for_a_child_a_guardian_consents(site: VisitedSite) -> None:
    child, stranger = site.person("2014-05-05"), site.person("1980-01-01")
    site.declare(child)
    with pytest.raises(ConsentMissingError):
        site.receive(child)
    with pytest.raises(ConsentMissingError):
        site.receive(child, guardian=stranger)
    assert site.receive(child, guardian_name="Trần Thị Mẹ").state is VisitState.RECEIVED


def test_who_may_be_a_child_needs_a_guardian_too(site: VisitedSite) -> None:
    person = site.person("2008")  # 17 or 18 by now
    site.declare(person)
    with pytest.raises(ConsentMissingError):
        site.receive(person)


def test_nobody_is_in_two_visits(site: VisitedSite) -> None:
    person = site.person()
    site.arrive(person)
    with pytest.raises(VisitOpenError):
        site.receive(person)


def test_a_receptionist_receives_at_their_own_site(site: VisitedSite) -> None:
    person = site.person()
    site.declare(person)
    request = ReceiveVisitor(person=person, site=site.site, identity=IdentityCheck.DOCUMENT, consents=True)
    with pytest.raises(NotAllowedError):
        site.registry.run(receive_visitor, request, role=Role.RECEPTIONIST, site=uuid4())
    with pytest.raises(NotRegisteredError):
        site.receive(uuid4())


# -- the screening


def test_what_is_open_is_asked_again(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    first = site.screen(visit, answers={"acute_disease": Told.UNKNOWN})
    assert (first.conclusion, first.visit.state) == (Conclusion.UNDETERMINED, VisitState.RECEIVED)
    with pytest.raises(VisitStateError):
        site.inject(visit)
    assert site.screen(visit).visit.state is VisitState.CLEARED
    again = site.screen(visit, temperature=None)
    assert again.visit.state is VisitState.RECEIVED  # cleared no longer
    assert [reason.item for reason in again.reasons] == ["temperature"]


@pytest.mark.parametrize(
    ("answers", "told", "conclusion", "outcome"),
    [
        ({"acute_disease": Told.YES}, {}, Conclusion.DEFER, VisitOutcome.DEFERRED),
        ({"anaphylaxis_grade_3": Told.YES}, {}, Conclusion.REFER, VisitOutcome.REFERRED),
        ({"anaphylaxis_vaccine": Told.YES}, {}, Conclusion.CONTRAINDICATED, VisitOutcome.CONTRAINDICATED),
        ({"pregnancy": Told.YES}, {"pregnancy_weeks": 10}, Conclusion.DEFER, VisitOutcome.DEFERRED),
    ],
)
def test_what_forbids_it_ends_the_visit(
    site: VisitedSite, answers: dict[str, Told], told: dict[str, Any], conclusion: Conclusion, outcome: VisitOutcome
) -> None:
    visit = site.arrive(site.person())
    result = site.screen(visit, answers=answers, **told)
    assert (result.conclusion, result.visit.outcome, result.visit.state) == (conclusion, outcome, VisitState.CLOSED)
    assert result.reasons[0].source == "5785/QĐ-BYT"
    assert result.reasons[0].vi
    with pytest.raises(VisitStateError):
        site.inject(visit)


def test_until_when_somebody_is_deferred_is_told_at_the_next_reception(site: VisitedSite) -> None:
    person = site.person()
    result = site.screen(site.arrive(person), answers={"pregnancy": Told.YES}, pregnancy_weeks=10)
    assert result.visit.deferred_until == date(2026, 3, 23)
    card = site.receive(person)
    assert "deferred" in {warning.code for warning in card.warnings}
    history = site.registry.run(dose_history, DosesOf(person=person), role=Role.SCREENER)
    assert history.deferred_until == date(2026, 3, 23)


def test_a_doctor_overrides_with_a_reason(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    with pytest.raises(RequestError) as caught:
        site.screen(visit, answers={"anaphylaxis_grade_3": Told.YES}, decision=Conclusion.CAUTION)
    assert [problem.field for problem in caught.value.problems] == ["decision_reason"]
    result = site.screen(
        visit,
        answers={"anaphylaxis_grade_3": Told.YES},
        decision=Conclusion.CAUTION,
        decision_reason="bee stings only; the emergency team stands by",
    )
    assert (result.conclusion, result.overrides) == (Conclusion.CAUTION, Conclusion.REFER)
    assert site.inject(visit).visit.state is VisitState.INJECTED


def test_no_doctor_overrides_a_contraindication(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    with pytest.raises(OverrideRefusedError):
        site.screen(
            visit,
            answers={"anaphylaxis_vaccine": Told.YES},
            decision=Conclusion.CAUTION,
            decision_reason="it was long ago",
        )
    shown = site.registry.run(show_visit, OneVisit(visit=visit), role=Role.SCREENER, site=site.site)
    assert shown.state is VisitState.RECEIVED  # nothing was written


def test_every_bad_field_of_a_screening_is_named(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    with pytest.raises(RequestError) as caught:
        site.screen(
            visit, "Astra Zenecca", answers={"no_such_item": Told.NO}, infected_on="2026-04-01", reacted_to="aspirin"
        )
    assert {problem.field for problem in caught.value.problems} == {
        "product",
        "answers",
        "infected_on",
        "reacted_to",
    }


def test_what_was_declared_and_is_denied_now_is_told(site: VisitedSite) -> None:
    person = site.person()
    site.declare(person, "acute_disease")
    visit = site.receive(person).id
    question = AskQuestions(visit=visit, product=PFIZER)
    asked = site.registry.run(screening_questions, question, role=Role.SCREENER, site=site.site)
    assert asked.declared == ["acute_disease"]
    result = site.screen(visit)
    assert [(warning.code, warning.field) for warning in result.visit.warnings] == [
        ("declared_otherwise", "acute_disease")
    ]
    assert result.visit.state is VisitState.CLEARED  # the screener has asked, and decides


def test_only_a_screener_screens(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    request = ScreenVisitor(visit=visit, product=PFIZER, other_answers=Told.NO, temperature=36.5)
    for role in (Role.VACCINATOR, Role.RECEPTIONIST, Role.OBSERVER, Role.SITE_ADMIN, Role.CITIZEN):
        with pytest.raises(NotAllowedError):
            site.registry.run(screen_visitor, request, role=role, site=site.site)


def test_what_is_asked_of_a_child_is_the_children_s_form(site: VisitedSite) -> None:
    visit = site.arrive(site.person("2014-05-05"), guardian_name="Trần Thị Mẹ")
    asked = site.registry.run(
        screening_questions, AskQuestions(visit=visit, product="Pfizer"), role=Role.SCREENER, site=site.site
    )
    assert asked.source == "5002/QĐ-BYT"
    assert "auscultation" in {item.item for item in asked.items}
    assert asked.measures == ["temperature", "pulse"]


# -- the injection


def test_nobody_is_injected_unscreened(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    with pytest.raises(VisitStateError):
        site.inject(visit)


def test_nobody_is_injected_with_what_they_were_not_screened_for(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    site.screen(visit, PFIZER)
    with pytest.raises(NotScreenedForError):
        site.inject(visit, AZ)


def test_the_same_vaccine_by_another_maker_needs_no_other_screening(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    site.screen(visit, AZ)
    assert site.inject(visit, "Covishield").dose.product == "Covishield"


def test_nobody_is_injected_twice_in_a_visit(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    site.screen(visit)
    site.inject(visit)
    with pytest.raises(VisitStateError):
        site.inject(visit)


def test_nobody_is_injected_on_the_day_after_the_screening(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    site.screen(visit)
    site.registry.later(days=1)
    with pytest.raises(VisitStateError, match="another day"):
        site.inject(visit)


def test_a_lot_is_checked_before_the_needle_and_again_at_the_injection(site: VisitedSite) -> None:
    visit, lot = site.arrive(site.person()), site.lot(PFIZER)
    site.screen(visit)
    question = CheckInjection(visit=visit, lot=lot.id)
    checked = site.registry.run(check_injection, question, role=Role.VACCINATOR, site=site.site)
    assert (checked.lot_number, checked.dose.number, checked.product) == (lot.number, 1, PFIZER)
    hold = ChangeLotState(lot=lot.id, reason=HoldReason.REACTION)
    site.registry.run(put_lot_on_hold, hold, role=Role.CENTRE)
    with pytest.raises(LotNotUsableError):
        site.registry.run(check_injection, question, role=Role.VACCINATOR, site=site.site)
    with pytest.raises(LotNotUsableError):
        site.inject(visit)
    shown = site.registry.run(show_visit, OneVisit(visit=visit), role=Role.VACCINATOR, site=site.site)
    assert (shown.state, shown.dose) == (VisitState.CLEARED, None)


def test_of_two_vaccinators_the_second_is_told(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    version = site.screen(visit).visit.version
    request = Inject(visit=visit, lot=site.lot().id, version=version)
    site.registry.run(inject, request, role=Role.VACCINATOR, site=site.site)
    with pytest.raises(StaleVersionError):
        site.registry.run(inject, request, role=Role.VACCINATOR, site=site.site)


def test_the_same_request_with_the_same_key_injects_once(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    site.screen(visit)
    request = Inject(visit=visit, lot=site.lot().id)
    first = site.registry.run(inject, request, role=Role.VACCINATOR, site=site.site, key="injection-1")
    again = site.registry.run(inject, request, role=Role.VACCINATOR, site=site.site, key="injection-1")
    assert first == again


# -- the observation


def injected(site: VisitedSite) -> UUID:
    visit = site.arrive(site.person())
    site.screen(visit)
    site.inject(visit)
    return visit


def test_nobody_is_let_go_before_half_an_hour(site: VisitedSite) -> None:
    visit = injected(site)
    site.registry.later(minutes=29)
    site.measure(visit)
    with pytest.raises(ObservationUnfinishedError):
        site.complete(visit)
    site.registry.later(minutes=1)
    done = site.complete(visit)
    assert [warning.code for warning in done.visit.warnings] == ["vitals_missed"]


def test_nobody_is_let_go_unmeasured(site: VisitedSite) -> None:
    visit = injected(site)
    site.registry.later(minutes=40)
    with pytest.raises(ObservationUnfinishedError):
        site.complete(visit)
    site.measure(visit)
    assert site.complete(visit).visit.state is VisitState.COMPLETED


def test_the_last_measurement_may_come_with_the_completion(site: VisitedSite) -> None:
    visit = injected(site)
    site.registry.later(minutes=15)
    site.measure(visit)
    site.registry.later(minutes=14)
    with pytest.raises(ObservationUnfinishedError):
        site.complete(visit, "", **NORMAL)
    site.registry.later(minutes=1)
    done = site.complete(visit, "", **NORMAL)
    assert done.visit.state is VisitState.COMPLETED
    assert done.visit.warnings == []
    shown = site.registry.run(show_observation, OneVisit(visit=visit), role=Role.OBSERVER, site=site.site)
    assert len(shown.measured_at) == 2
    assert shown.due_at == []


def test_nobody_who_left_is_measured_with_the_completion(site: VisitedSite) -> None:
    visit = injected(site)
    site.registry.later(minutes=10)
    left(site, visit)
    with pytest.raises(VisitStateError):
        site.complete(visit, "called the person: well", **NORMAL)
    assert site.complete(visit, "called the person: well").visit.state is VisitState.COMPLETED


def test_how_an_observation_stands(site: VisitedSite) -> None:
    visit = injected(site)
    at = site.registry.at
    site.registry.later(minutes=16)
    card = site.measure(visit)
    assert card.measured_at == [at + timedelta(minutes=16)]
    assert card.due_at == [at + timedelta(minutes=30)]
    shown = site.registry.run(show_observation, OneVisit(visit=visit), role=Role.OBSERVER, site=site.site)
    assert shown == card


def test_nothing_measured_is_no_measurement(site: VisitedSite) -> None:
    visit = injected(site)
    with pytest.raises(RequestError):
        site.registry.run(record_vitals, RecordVitals(visit=visit), role=Role.OBSERVER, site=site.site)


def test_nobody_is_measured_who_is_not_observed(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    with pytest.raises(VisitStateError):
        site.measure(visit)
    with pytest.raises(VisitStateError):
        site.registry.run(show_observation, OneVisit(visit=visit), role=Role.OBSERVER, site=site.site)


def test_who_leaves_early_has_no_slip_until_somebody_asked(site: VisitedSite) -> None:
    visit = injected(site)
    site.registry.later(minutes=10)
    left(site, visit)
    slip = ShowSlip(visit=visit)
    with pytest.raises(VisitStateError):
        site.registry.run(confirmation_slip, slip, role=Role.OBSERVER, site=site.site)
    with pytest.raises(VisitStateError):
        site.complete(visit)
    site.registry.later(hours=3)
    done = site.complete(visit, "called the person: well, no fever")
    assert [warning.code for warning in done.visit.warnings] == ["left_early"]
    assert done.certificate is not None
    assert site.registry.run(confirmation_slip, slip, role=Role.OBSERVER, site=site.site).rows


def test_s14_the_slip_is_given_out_after_the_observation(site: VisitedSite) -> None:
    person = site.person()
    done = site.vaccinate(person)
    slip = ShowSlip(visit=done.visit.id)
    shown = site.registry.run(confirmation_slip, slip, role=Role.OBSERVER, site=site.site)
    assert [(row.kind.value, row.nth, row.lot_number) for row in shown.rows] == [("basic", 1, site.lot().number)]
    assert "Nguyễn Thị Ánh" in shown.vi
    assert f"Trạm y tế {site.code}" in shown.en
    own = site.registry.desk.run(confirmation_slip, slip, actor=site.registry.citizen(person), at=site.registry.at)
    assert own == shown
    with pytest.raises(NotRegisteredError, match="there is no such visit"):
        site.registry.desk.run(
            confirmation_slip, slip, actor=site.registry.citizen(site.person("1990-01-01")), at=site.registry.at
        )


# -- ends without an injection, and the board


def test_a_visit_is_closed_by_hand_as_a_refusal_or_a_deferral(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    for outcome in (VisitOutcome.INJECTED, VisitOutcome.REFERRED, VisitOutcome.NO_SHOW):
        close = CloseVisit(visit=visit, outcome=outcome, reason="so")
        with pytest.raises(RequestError):
            site.registry.run(close_visit, close, role=Role.SCREENER, site=site.site)
    close = CloseVisit(visit=visit, outcome=VisitOutcome.REFUSED, reason="went home")
    card = site.registry.run(close_visit, close, role=Role.RECEPTIONIST, site=site.site)
    assert (card.state, card.outcome) == (VisitState.CLOSED, VisitOutcome.REFUSED)
    with pytest.raises(VisitStateError):
        site.registry.run(close_visit, close, role=Role.RECEPTIONIST, site=site.site)


def test_who_was_injected_has_not_refused(site: VisitedSite) -> None:
    close = CloseVisit(visit=injected(site), outcome=VisitOutcome.REFUSED, reason="went home")
    with pytest.raises(VisitStateError):
        site.registry.run(close_visit, close, role=Role.RECEPTIONIST, site=site.site)


def test_who_does_not_come_is_counted(site: VisitedSite) -> None:
    absent, present = site.person(), site.person("1990-01-01")
    request = RecordNoShow(person=absent, site=site.site)
    card = site.registry.run(record_no_show, request, role=Role.RECEPTIONIST, site=site.site)
    assert card.outcome is VisitOutcome.NO_SHOW
    site.arrive(present)
    here = RecordNoShow(person=present, site=site.site)
    with pytest.raises(RequestError):
        site.registry.run(record_no_show, here, role=Role.RECEPTIONIST, site=site.site)


def test_the_board_counts_all_and_lists_a_page_at_a_time(site: VisitedSite) -> None:
    waiting = site.arrive(site.person())
    done = site.vaccinate(site.person("1990-01-01")).visit.id
    site.receive(site.person("1991-01-01"), consents=False)
    question = CountVisits(site=site.site)
    counts = site.registry.run(count_visits, question, role=Role.SITE_ADMIN, site=site.site).counts
    assert {(count.state, count.outcome): count.count for count in counts} == {
        (VisitState.RECEIVED, None): 1,
        (VisitState.COMPLETED, VisitOutcome.INJECTED): 1,
        (VisitState.CLOSED, VisitOutcome.REFUSED): 1,
    }
    first = site.registry.run(list_visits, ListVisits(site=site.site, limit=2), role=Role.OBSERVER, site=site.site)
    assert {card.id for card in first.items} == {waiting, done}
    rest = site.registry.run(
        list_visits, ListVisits(site=site.site, limit=2, after=first.next), role=Role.OBSERVER, site=site.site
    )
    assert len(rest.items) == 1
    assert rest.next is None


def test_another_site_sees_nothing_of_it(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    with pytest.raises(NotAllowedError):
        site.registry.run(show_visit, OneVisit(visit=visit), role=Role.OBSERVER, site=uuid4())
    with pytest.raises(NotRegisteredError):
        site.registry.run(show_visit, OneVisit(visit=uuid4()), role=Role.OBSERVER, site=site.site)


# -- what the database itself keeps


@pytest.mark.parametrize(
    "values",
    [
        {"dose": UUID(int=1), "outcome": "injected", "state": "injected"},  # not screened
        {"state": "injected", "outcome": "injected"},  # without a dose
        {"state": "closed"},  # without an outcome
        {"outcome": "deferred"},  # open, and over
    ],
)
def test_the_database_refuses_what_the_course_does_not_know(site: VisitedSite, values: dict[str, object]) -> None:
    visit = site.arrive(site.person())
    with pytest.raises(IntegrityError), site.registry.engine.begin() as connection:
        connection.execute(sa.update(visits).where(visits.c.id == visit).values(**values))


def test_what_was_found_is_sealed(site: VisitedSite) -> None:
    visit = site.arrive(site.person(), note="secret word")
    site.screen(visit, answers={"allergy": Told.YES}, note="penicillin")
    with site.registry.engine.connect() as connection:
        row = connection.execute(sa.select(visits).where(visits.c.id == visit)).one()
    assert b"secret" not in row.reception
    assert b"penicillin" not in row.screening
