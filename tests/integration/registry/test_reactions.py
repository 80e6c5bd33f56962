"""Reactions: told by citizens, reported by staff, alerted, forwarded, reviewed; on both databases."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.vaccinated import Vaccinated
from vaxcert.errors import (
    LotNotUsableError,
    NotAllowedError,
    NotRegisteredError,
    ReactionStateError,
    RequestError,
    StaleVersionError,
)
from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.doses.tables import doses
from vaxcert.registry.notifications import store as outbox
from vaxcert.registry.reactions.form import AefiForm, Cause, Pregnancy, ReactionOutcome, Reason
from vaxcert.registry.reactions.life import ReactionAct, ReactionState
from vaxcert.registry.reactions.store import follow_dose
from vaxcert.registry.reactions.tables import reaction_versions, reactions
from vaxcert.registry.reactions.ticks import ReactionLevel
from vaxcert.registry.trail.tables import trail
from vaxcert.service.registry.access import Actor, ActorKind
from vaxcert.service.registry.reactions.form import (
    AmendReaction,
    ShowForm,
    amend_reaction,
    report_reaction,
    show_form,
)
from vaxcert.service.registry.reactions.line_list import LineListFile, reaction_line_list
from vaxcert.service.registry.reactions.review import (
    DismissReaction,
    ForwardReaction,
    HoldLotOfReaction,
    LotHeld,
    ReviewReaction,
    dismiss_reaction,
    forward_reaction,
    hold_lot_of_reaction,
    review_reaction,
)
from vaxcert.service.registry.reactions.shown import (
    ListReactions,
    ReactionFile,
    ReactionQuestion,
    RevealReaction,
    list_reactions,
    reveal_reaction,
    show_reaction,
)
from vaxcert.service.registry.reactions.told import (
    AskAdvice,
    ListTicks,
    ReactionAdvice,
    TellReaction,
    ask_advice,
    list_ticks,
    tell_reaction,
)
from vaxcert.service.registry.reactions.upkeep import (
    AskAfterPeople,
    CallInReports,
    ask_after_people,
    call_in_reports,
)
from vaxcert.service.registry.reports.files import ReportFormat
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.stock.usable import check_usable

if TYPE_CHECKING:
    from tests.registry_fixture import RegistryUnderTest
    from vaxcert.registry.doses.dose import Dose
    from vaxcert.service.registry.reactions.cards import ReactionCard, ReactionReport
    from vaxcert.service.registry.request import Document

WHY = "xem xét theo phương pháp của WHO"


@pytest.fixture
def site(shared_registry: RegistryUnderTest) -> Vaccinated:
    return Vaccinated.alone(shared_registry)


def tell(site: Vaccinated, dose: Dose, **told: object) -> ReactionAdvice:
    return tell_as(site, dose.person, dose.id, **told)


def tell_as(site: Vaccinated, person: UUID, dose: UUID, **told: object) -> ReactionAdvice:
    request, registry = TellReaction(dose=dose, **told), site.registry  # type: ignore[arg-type] # as the tests say
    return registry.desk.run(tell_reaction, request, actor=registry.citizen(person), at=registry.at)


def report(site: Vaccinated, dose: Dose, role: Role = Role.OBSERVER, **told: object) -> ReactionReport:
    return site.registry.run(report_reaction, site.form(dose.id, **told), role=role, site=site.site)


def serious(site: Vaccinated, dose: Dose) -> ReactionReport:
    return report(site, dose, events=("anaphylaxis_3",), reasons=(Reason.LIFE_THREATENING,))


def amended(site: Vaccinated, reaction: UUID, role: Role = Role.SCREENER, **told: object) -> ReactionReport:
    form = site.form(reaction)
    fields = {name: getattr(form, name) for name in AefiForm.__struct_fields__}
    request = AmendReaction(reaction=reaction, **{**fields, **told})
    return site.registry.run(amend_reaction, request, role=role, site=site.site)


def forwarded(site: Vaccinated, reaction: UUID, role: Role = Role.PROVINCE, **told: object) -> ReactionCard:
    request = ForwardReaction(reaction=reaction, to="Sở Y tế", **told)  # type: ignore[arg-type] # as the tests say
    return site.registry.run(forward_reaction, request, role=role)


def reviewed(site: Vaccinated, reaction: UUID, version: int | None = None) -> ReactionCard:
    request = ReviewReaction(reaction=reaction, cause=Cause.PRODUCT, why=WHY, version=version)
    return site.registry.run(review_reaction, request, role=Role.PROVINCE)


def dismissed(site: Vaccinated, reaction: UUID) -> ReactionCard:
    return site.registry.run(
        dismiss_reaction, DismissReaction(reaction=reaction, why="báo hai lần"), role=Role.PROVINCE
    )


def held(site: Vaccinated, reaction: UUID) -> LotHeld:
    request = HoldLotOfReaction(reaction=reaction, why="chờ kết luận")
    return site.registry.run(hold_lot_of_reaction, request, role=Role.PROVINCE)


def shown(site: Vaccinated, reaction: UUID) -> ReactionFile:
    return site.registry.run(show_reaction, ReactionQuestion(reaction=reaction), role=Role.PROVINCE)


def listed(site: Vaccinated, role: Role = Role.PROVINCE, at: UUID | None = None, **asked: object) -> list[ReactionCard]:
    request = ListReactions(**asked)  # type: ignore[arg-type] # as the tests say
    return site.registry.run(list_reactions, request, role=role, site=at).items


def messages(site: Vaccinated, template: str) -> list[outbox.Notification]:
    with site.registry.desk.reading() as connection:
        found = outbox.listed(connection, states=(), person=None, about=None, after=UUID(int=0), limit=100)
    return [each for each in found if each.template == template]


# -- citizens


def test_s10_a_red_flag_is_answered_at_once_and_alerts_the_offices(site: Vaccinated) -> None:
    site.contact()
    dose = site.dose(site.person())
    advice = tell(site, dose, ticks=("breathing", "fever"), temperature=38.2)
    assert advice.level is ReactionLevel.URGENT
    assert advice.call == ["115", "19009095"]
    assert advice.red_flags == ["breathing"]
    assert advice.offices_told == 1
    (message,) = messages(site, "urgent-report")
    assert message.about == advice.id
    assert message.created_at == site.registry.at
    (card,) = listed(site, levels=(ReactionLevel.URGENT,))
    assert (card.id, card.code, card.state) == (advice.id, advice.code, ReactionState.TOLD)


def test_s10_a_common_reaction_alarms_nobody(site: Vaccinated) -> None:
    site.contact()
    dose = site.dose(site.person())
    advice = tell(site, dose, ticks=("fever",), words="hơi mệt")
    assert advice.level is ReactionLevel.ORDINARY
    assert messages(site, "urgent-report") == []


def test_s10_one_may_tell_again_and_again_and_late(site: Vaccinated) -> None:
    dose = site.dose(site.person())
    first = tell(site, dose, ticks=("fever",))
    site.registry.later(days=28)
    second = tell(site, dose)
    site.registry.later(days=1)
    third = tell(site, dose, ticks=("fatigue",))
    assert [first.is_late, second.is_late, third.is_late] == [False, False, True]
    assert second.level is ReactionLevel.NONE
    assert len({first.id, second.id, third.id}) == 3


def test_s10_a_reaction_is_linked_to_dose_lot_and_site(site: Vaccinated) -> None:
    dose = site.dose(site.person())
    advice = tell(site, dose, ticks=("fever",))
    assert advice.id is not None
    card = shown(site, advice.id).reaction
    assert (card.dose, card.person, card.lot, card.site) == (dose.id, dose.person, dose.lot, dose.site)
    assert (card.lot_number, card.product, card.dose_number) == (dose.lot_number, dose.product, 1)


def test_no_citizen_tells_of_a_stranger_s_dose(site: Vaccinated) -> None:
    dose, stranger = site.dose(site.person()), site.person()
    with pytest.raises(NotRegisteredError):
        tell_as(site, stranger, dose.id, ticks=("fever",))
    with pytest.raises(NotRegisteredError):
        tell_as(site, stranger, stranger, ticks=("fever",))


def test_no_citizen_reads_a_stranger_s_reaction(site: Vaccinated) -> None:
    registry, dose = site.registry, site.dose(site.person())
    advice = tell(site, dose, ticks=("fever",))
    assert advice.id is not None
    stranger = registry.citizen(site.person())
    with pytest.raises(NotRegisteredError):
        registry.desk.run(show_reaction, ReactionQuestion(reaction=advice.id), actor=stranger, at=registry.at)
    with pytest.raises(NotRegisteredError):
        registry.desk.run(list_reactions, ListReactions(person=dose.person), actor=stranger, at=registry.at)
    own = registry.desk.run(list_reactions, ListReactions(), actor=stranger, at=registry.at)
    assert own.items == []
    nobody = Actor(account="phone:1", roles=frozenset({Role.CITIZEN}), kind=ActorKind.CITIZEN)
    assert registry.desk.run(list_reactions, ListReactions(), actor=nobody, at=registry.at).items == []


def test_a_citizen_sees_their_own(site: Vaccinated) -> None:
    registry, dose = site.registry, site.dose(site.person())
    advice = tell(site, dose, ticks=("fever",), temperature=38.1)
    assert advice.id is not None
    me = registry.citizen(dose.person)
    assert [each.id for each in registry.desk.run(list_reactions, ListReactions(), actor=me, at=registry.at).items] == [
        advice.id
    ]
    found = registry.desk.run(show_reaction, ReactionQuestion(reaction=advice.id), actor=me, at=registry.at)
    assert (found.ticks, found.temperature) == (["fever"], 38.1)
    assert [step.account for step in found.steps] == [None]
    assert shown(site, advice.id).steps[0].account == f"citizen:{dose.person}"


def test_e7_a_corrected_dose_takes_its_reactions_along(site: Vaccinated) -> None:
    dose = site.dose(site.person())
    found = serious(site, dose).reaction
    other = serious(site, site.dose(site.person())).reaction
    with site.registry.engine.begin() as connection:
        follow_dose(
            connection, replace(dose, lot=None, lot_number="NJ0342", given_on=dose.given_on - timedelta(days=1))
        )
    now = shown(site, found.id).reaction
    assert (now.lot, now.lot_number, now.given_on) == (None, "NJ0342", dose.given_on - timedelta(days=1))
    assert shown(site, other.id).reaction.lot_number == dose.lot_number


@pytest.mark.parametrize(
    ("told", "field", "code"),
    [
        ({"ticks": ("unwell",)}, "ticks", "unknown_tick"),
        ({"temperature": 98.6}, "temperature", "out_of_range"),
        ({"began_at": datetime(2026, 3, 2, 8, 0)}, "began_at", "no_time_zone"),  # noqa: DTZ001 - that is the point
        ({"began_at": "later"}, "began_at", "in_future"),
        ({"began_at": "earlier"}, "began_at", "before_injection"),
    ],
)
def test_what_cannot_be_is_refused(site: Vaccinated, told: dict[str, object], field: str, code: str) -> None:
    dose, spans = site.dose(site.person()), {"later": 1, "earlier": -26}
    if isinstance(told.get("began_at"), str):
        told = {"began_at": site.registry.at + timedelta(hours=spans[str(told["began_at"])])}
    with pytest.raises(RequestError) as refused:
        tell(site, dose, **told)
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [(field, code)]


def test_nobody_reacts_to_a_dose_that_was_never_given(site: Vaccinated) -> None:
    dose = site.dose(site.person())
    with site.registry.engine.begin() as connection:
        connection.execute(sa.update(doses).where(doses.c.id == dose.id).values(state=DoseState.VOIDED))
    with pytest.raises(RequestError) as refused:
        tell(site, dose, ticks=("fever",))
    assert [problem.code for problem in refused.value.problems] == ["voided"]


def test_a_time_that_can_be_is_kept(site: Vaccinated) -> None:
    dose = site.dose(site.person())
    began = site.registry.later(hours=2) - timedelta(hours=1)
    advice = tell(site, dose, ticks=("fever",), began_at=began)
    assert advice.id is not None
    request = RevealReaction(reaction=advice.id, reason="xem lại")
    revealed = site.registry.run(reveal_reaction, request, role=Role.SCREENER, site=site.site)
    assert revealed.steps[0].told is not None
    assert revealed.steps[0].told.began_at == began


def test_advice_is_given_without_keeping_anything(site: Vaccinated) -> None:
    registry, person = site.registry, site.person()
    advice = registry.desk.run(ask_advice, AskAdvice(ticks=("rash",)), actor=registry.citizen(person), at=registry.at)
    assert advice.call[0] == "115"
    assert advice.id is None
    assert listed(site) == []


def test_the_tick_list_is_shown(site: Vaccinated) -> None:
    registry = site.registry
    shown_list = registry.desk.run(list_ticks, ListTicks(), actor=registry.citizen(site.person()), at=registry.at)
    assert sum(tick.red_flag for tick in shown_list.ticks) == 9
    assert len(shown_list.ticks) == 16


# -- staff


def test_e6_a_serious_reaction_alerts_the_offices_in_the_same_transaction(site: Vaccinated) -> None:
    site.contact("0935111222", area="51")
    site.contact("0935111333", site=site.site)
    found = serious(site, site.dose(site.person()))
    card = found.reaction
    assert card.level is ReactionLevel.SERIOUS
    assert found.reasons == ["life_threatening"]
    assert found.offices_told == 2
    assert card.due_at == site.registry.at + timedelta(hours=24)
    assert card.duty == "34/2018/TT-BYT"
    assert [each.created_at for each in messages(site, "serious-reaction")] == [site.registry.at] * 2


def test_an_ordinary_reaction_owes_no_report(site: Vaccinated) -> None:
    site.contact()
    found = report(site, site.dose(site.person()))
    assert found.reaction.level is ReactionLevel.ORDINARY
    assert (found.reaction.due_at, found.offices_told, found.reasons) == (None, 0, [])
    assert messages(site, "serious-reaction") == []


def test_anaphylaxis_is_serious_whatever_is_ticked(site: Vaccinated) -> None:
    found = report(site, site.dose(site.person()), events=("anaphylaxis_2",))
    assert found.reaction.level is ReactionLevel.SERIOUS
    assert found.reasons == ["important_event"]


def test_the_day_runs_from_when_it_was_known(site: Vaccinated) -> None:
    dose = site.dose(site.person())
    site.registry.later(hours=30)
    learned = site.registry.at - timedelta(hours=26)
    found = report(site, dose, events=("sepsis",), learned_at=learned)
    assert found.reaction.due_at == learned + timedelta(hours=24)
    assert found.reaction.is_overdue


@pytest.mark.parametrize("hours", [1, -30])
def test_it_was_known_between_the_injection_and_now(site: Vaccinated, hours: int) -> None:
    with pytest.raises(RequestError) as refused:
        report(
            site,
            site.dose(site.person()),
            learned_at=site.registry.at + timedelta(hours=hours),
        )
    assert [problem.field for problem in refused.value.problems] == ["learned_at"]


def test_every_bad_field_of_a_form_is_named(site: Vaccinated) -> None:
    dose = site.dose(site.person(sex="nam"))
    with pytest.raises(RequestError) as refused:
        report(
            site,
            dose,
            events=("swoon",),
            reasons=(Reason.DEATH,),
            pregnancy=Pregnancy.BREASTFEEDING,
            onset_at=site.registry.at + timedelta(days=1),
            learned_at=datetime(2026, 3, 2, 8, 0),  # noqa: DTZ001 - that is the point
        )
    fields = {problem.field for problem in refused.value.problems}
    assert fields == {"events", "reasons", "pregnancy", "onset_at", "learned_at"}


def test_a_report_that_lacks_variables_is_taken_and_says_so(site: Vaccinated) -> None:
    dose = site.dose(site.person(), of_stock=False)
    found = report(site, dose, description=None, outcome=ReactionOutcome.UNKNOWN, onset_time_known=False)
    assert found.missing == ["lot", "onset_at", "description", "outcome"]
    assert found.serious_in_lot == 0


def test_serious_reactions_to_one_lot_are_counted_together(site: Vaccinated) -> None:
    counts = []
    for _ in range(3):
        counts.append(serious(site, site.dose(site.person())).serious_in_lot)
        site.registry.later(days=5)
    assert counts == [1, 2, 2]


def test_staff_report_what_a_citizen_told_of(site: Vaccinated) -> None:
    site.contact()
    dose = site.dose(site.person())
    advice = tell(site, dose, ticks=("breathing",))
    assert advice.id is not None
    found = amended(site, advice.id, events=("anaphylaxis_3",))
    assert found.reaction.id == advice.id
    assert (found.reaction.version, found.reaction.level) == (2, ReactionLevel.SERIOUS)
    assert found.reaction.state is ReactionState.REPORTED
    file = shown(site, advice.id)
    assert (file.ticks, file.events) == (["breathing"], ["anaphylaxis_3"])
    assert [(step.version, step.act) for step in file.steps] == [(1, ReactionAct.TELL), (2, ReactionAct.REPORT)]


def test_a_corrected_form_is_a_new_version_and_alerts_once(site: Vaccinated) -> None:
    site.contact()
    first = serious(site, site.dose(site.person())).reaction
    site.registry.later(hours=2)
    second = amended(site, first.id, events=("anaphylaxis_4",), outcome=ReactionOutcome.RECOVERED)
    assert second.reaction.version == 2
    assert second.offices_told == 0
    assert second.reaction.due_at == first.due_at
    assert shown(site, first.id).events == ["anaphylaxis_4"]
    assert len(messages(site, "serious-reaction")) == 1


def test_what_turns_out_not_to_be_serious_still_owes_its_report(site: Vaccinated) -> None:
    first = serious(site, site.dose(site.person())).reaction
    second = amended(site, first.id).reaction
    assert second.level is ReactionLevel.ORDINARY
    assert second.due_at == first.due_at


def test_of_two_who_correct_at_once_the_second_is_told(site: Vaccinated) -> None:
    found = report(site, site.dose(site.person())).reaction
    amended(site, found.id, version=1)
    with pytest.raises(StaleVersionError):
        amended(site, found.id, version=1)
    assert len(shown(site, found.id).steps) == 2


def test_another_site_s_reaction_is_not_seen(site: Vaccinated) -> None:
    found = report(site, site.dose(site.person())).reaction
    elsewhere = site.person()  # any other id
    question = ReactionQuestion(reaction=found.id)
    with pytest.raises(NotAllowedError):
        site.registry.run(show_reaction, question, role=Role.OBSERVER, site=elsewhere)
    assert listed(site, Role.OBSERVER, elsewhere) == []
    assert [each.id for each in listed(site, Role.OBSERVER, site.site)] == [found.id]


def test_the_hospital_that_reports_sees_what_it_reported(site: Vaccinated) -> None:
    dose, hospital = site.dose(site.person()), site.person()
    registry = site.registry
    found = registry.run(report_reaction, site.form(dose.id), role=Role.SCREENER, site=hospital)
    assert found.reaction.site == site.site
    question = ReactionQuestion(reaction=found.reaction.id)
    assert registry.run(show_reaction, question, role=Role.SCREENER, site=hospital).reaction.id == found.reaction.id


def test_another_province_neither_reports_nor_sees(site: Vaccinated) -> None:
    dose = site.dose(site.person())
    found = report(site, dose).reaction
    site.registry.area = site.registry.desk._reference.areas.at("48", dose.given_on).reference
    site.registry.actors.clear()
    with pytest.raises(NotAllowedError):
        site.registry.run(report_reaction, site.form(dose.id), role=Role.DISTRICT)
    with pytest.raises(NotAllowedError):
        shown(site, found.id)
    assert listed(site) == []


def test_what_is_not_there_is_not_shown(site: Vaccinated) -> None:
    with pytest.raises(NotRegisteredError):
        shown(site, site.site)


def test_a_dose_from_elsewhere_is_its_person_s_province_s(site: Vaccinated) -> None:
    found = report(site, site.dose(site.person(), of_stock=False)).reaction
    assert (found.site, found.area) == (None, site.registry.area)
    assert shown(site, found.id).reaction.id == found.id
    reveal = RevealReaction(reaction=found.id, reason="xem lại")
    assert site.registry.run(reveal_reaction, reveal, role=Role.OBSERVER, site=site.site).steps
    with pytest.raises(NotAllowedError):
        site.registry.run(show_reaction, ReactionQuestion(reaction=found.id), role=Role.VACCINATOR, site=site.site)


def test_the_form_is_shown_with_its_words(site: Vaccinated) -> None:
    form = site.registry.run(show_form, ShowForm(), role=Role.OBSERVER)
    assert len(form.variables) == 25
    assert {word.code for word in form.reasons} == {reason.value for reason in Reason}


# -- what was told stays sealed


def test_s27_what_was_told_is_sealed_and_every_version_kept(site: Vaccinated) -> None:
    dose = site.dose(site.person())
    advice = tell(site, dose, ticks=("fever",), words="đau tay trái")
    assert advice.id is not None
    amended(site, advice.id, description="sốt cao 40 độ")
    with site.registry.desk.reading() as connection:
        for table in (reactions, reaction_versions):
            for row in connection.execute(sa.select(table)):
                whole = repr(tuple(row)) + b"".join(value for value in row if isinstance(value, bytes)).decode(
                    "latin-1"
                )
                assert "đau tay" not in whole
                assert "fever" not in whole
                assert "Hạnh" not in whole
    request = RevealReaction(reaction=advice.id, reason="đánh giá ca bệnh")
    revealed = site.registry.run(reveal_reaction, request, role=Role.SCREENER, site=site.site)
    told, form = revealed.steps
    assert told.told is not None
    assert told.told.words == "đau tay trái"
    assert form.form is not None
    assert form.form.description == "sốt cao 40 độ"


def test_who_reveals_gives_a_reason_that_is_kept(site: Vaccinated) -> None:
    found = report(site, site.dose(site.person())).reaction
    with site.registry.desk.reading() as connection:
        before = connection.scalar(sa.select(sa.func.count()).select_from(trail)) or 0
    request = RevealReaction(reaction=found.id, reason="đánh giá ca bệnh")
    site.registry.run(reveal_reaction, request, role=Role.SCREENER, site=site.site)
    with site.registry.desk.reading() as connection:
        entries = connection.execute(sa.select(trail.c.deed, trail.c.reason, trail.c.subject)).all()
    assert len(entries) == before + 1
    (reason,) = [each.reason for each in entries if (each.deed, each.subject) == ("reaction.revealed", found.id)]
    assert reason


# -- authorities


def test_e6_the_duty_is_met_by_forwarding_in_time(site: Vaccinated) -> None:
    found = serious(site, site.dose(site.person())).reaction
    site.registry.later(hours=23)
    card = forwarded(site, found.id)
    assert card.forwarded_at == site.registry.at
    site.registry.later(days=3)
    assert not shown(site, found.id).reaction.is_overdue
    assert listed(site, overdue=True) == []


def test_e6_a_late_report_is_listed_and_called_in_once(site: Vaccinated) -> None:
    site.contact()
    found = serious(site, site.dose(site.person())).reaction
    assert site.registry.run(call_in_reports, CallInReports(), role=Role.SERVICE).overdue == 0
    site.registry.later(hours=24, seconds=1)
    assert [each.id for each in listed(site, overdue=True)] == [found.id]
    for told in (1, 0):
        called = site.registry.run(call_in_reports, CallInReports(), role=Role.SERVICE)
        assert (called.overdue, called.offices_told) == (1, told)
    late = forwarded(site, found.id)
    assert late.is_overdue
    assert listed(site, overdue=True) == []


def test_e6_a_late_report_is_called_in_once_there_is_somebody_to_tell(site: Vaccinated) -> None:
    serious(site, site.dose(site.person()))
    site.registry.later(hours=25)
    told = []
    for _ in range(3):
        told.append(site.registry.run(call_in_reports, CallInReports(), role=Role.SERVICE).offices_told)
        if len(told) == 1:
            site.contact()
    assert told == [0, 1, 0]


@pytest.mark.parametrize("hours", [1, -49])
def test_a_report_is_made_between_when_it_was_known_and_now(site: Vaccinated, hours: int) -> None:
    found = serious(site, site.dose(site.person())).reaction
    site.registry.later(hours=48)
    with pytest.raises(RequestError):
        forwarded(site, found.id, reported_at=site.registry.at + timedelta(hours=hours))
    with pytest.raises(RequestError):
        forwarded(site, found.id, reported_at=datetime(2026, 3, 3, 8, 0))  # noqa: DTZ001 - that is the point
    earlier = site.registry.at - timedelta(hours=40)
    assert forwarded(site, found.id, reported_at=earlier).forwarded_at == earlier


def test_only_what_is_owed_is_forwarded_and_only_once(site: Vaccinated) -> None:
    plain = report(site, site.dose(site.person())).reaction
    with pytest.raises(ReactionStateError, match="not serious"):
        forwarded(site, plain.id)
    found = serious(site, site.dose(site.person())).reaction
    forwarded(site, found.id)
    with pytest.raises(ReactionStateError, match="already"):
        forwarded(site, found.id)


def test_a_cause_is_named_and_a_new_form_opens_it_again(site: Vaccinated) -> None:
    found = serious(site, site.dose(site.person())).reaction
    card = reviewed(site, found.id, version=1)
    assert (card.state, card.cause) == (ReactionState.REVIEWED, Cause.PRODUCT)
    again = amended(site, found.id).reaction
    assert (again.state, again.cause) == (ReactionState.REPORTED, None)


def test_what_nobody_has_reported_is_not_reviewed(site: Vaccinated) -> None:
    advice = tell(site, site.dose(site.person()), ticks=("fever",))
    assert advice.id is not None
    with pytest.raises(ReactionStateError):
        reviewed(site, advice.id)


def test_what_is_dismissed_counts_nowhere_and_is_kept(site: Vaccinated) -> None:
    first = serious(site, site.dose(site.person())).reaction
    card = dismissed(site, first.id)
    assert card.state is ReactionState.DISMISSED
    assert serious(site, site.dose(site.person())).serious_in_lot == 1
    site.registry.later(days=2)
    assert [each.id for each in listed(site, overdue=True)] != [first.id]
    with pytest.raises(ReactionStateError):
        amended(site, first.id)
    assert len(shown(site, first.id).steps) == 2


def test_e6_the_lot_is_held_at_once(site: Vaccinated) -> None:
    site.contact()
    dose = site.dose(site.person())
    found = serious(site, dose).reaction
    result = held(site, found.id)
    assert (result.lot, result.was_released, result.offices_told) == (dose.lot, True, 1)
    assert dose.lot is not None
    actor = site.registry.actor(Role.VACCINATOR, site.site)
    with site.registry.desk.working(actor, site.registry.at) as work, pytest.raises(LotNotUsableError):
        check_usable(work, site.site, None, dose.lot, site.registry.at)
    again = held(site, found.id)
    assert (again.was_released, again.offices_told) == (False, 0)
    assert len(messages(site, "lot-held")) == 1


def test_a_lot_that_the_stock_does_not_know_is_not_held(site: Vaccinated) -> None:
    found = report(site, site.dose(site.person(), of_stock=False)).reaction
    with pytest.raises(ReactionStateError, match="stock"):
        held(site, found.id)


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.RECEPTIONIST, Role.SITE_ADMIN, Role.SUPPORT, Role.AUDITOR])
def test_others_hold_no_lot_and_name_no_cause(site: Vaccinated, role: Role) -> None:
    found = serious(site, site.dose(site.person())).reaction
    run, here = site.registry.run, site.site
    with pytest.raises(NotAllowedError):
        run(hold_lot_of_reaction, HoldLotOfReaction(reaction=found.id, why=WHY), role=role, site=here)
    with pytest.raises(NotAllowedError):
        run(review_reaction, ReviewReaction(reaction=found.id, cause=Cause.ANXIETY, why=WHY), role=role, site=here)
    with pytest.raises(NotAllowedError):
        run(dismiss_reaction, DismissReaction(reaction=found.id, why=WHY), role=role, site=here)


def test_reactions_are_listed_by_what_one_asks(site: Vaccinated) -> None:
    cards = []
    for _ in range(3):
        cards.append(report(site, site.dose(site.person())).reaction)
        site.registry.later(seconds=1)
    assert [each.id for each in listed(site, code=cards[1].code)] == [cards[1].id]
    assert [each.id for each in listed(site, dose=cards[2].dose)] == [cards[2].id]
    assert [each.id for each in listed(site, person=cards[0].person)] == [cards[0].id]
    assert len(listed(site, lot_number=cards[0].lot_number)) == 3
    assert listed(site, lot_number="ANOTHER") == []
    assert listed(site, states=(ReactionState.TOLD,)) == []
    page = site.registry.run(list_reactions, ListReactions(limit=2), role=Role.PROVINCE)
    rest = site.registry.run(list_reactions, ListReactions(limit=2, after=page.next), role=Role.PROVINCE)
    assert [each.id for each in (*page.items, *rest.items)] == [each.id for each in cards]


# -- follow-up


def ask(site: Vaccinated, limit: int = 500) -> tuple[int, int, bool]:
    found = site.registry.run(ask_after_people, AskAfterPeople(limit=limit), role=Role.SERVICE)
    return found.asked, found.unreachable, found.is_done


def test_s10_people_are_asked_on_four_days_each_once(site: Vaccinated) -> None:
    site.dose(site.person())
    days = []
    for day in range(30):
        days += [day for _ in range(2) if ask(site)[0]]
        site.registry.later(days=1)
    assert days == [1, 3, 7, 28]
    last = messages(site, "follow-up")
    assert len(last) == 4
    # What was not answered is not asked twice: each question withdraws the one before that has not gone out.
    assert [each.state.value for each in sorted(last, key=lambda each: each.created_at)] == ["withdrawn"] * 3 + [
        "queued"
    ]


def test_nobody_is_asked_before_nine(site: Vaccinated) -> None:
    site.dose(site.person())
    site.registry.later(days=1, hours=-2)
    assert ask(site) == (1, 0, True)
    (message,) = messages(site, "follow-up")
    assert message.due_at == site.registry.at + timedelta(hours=3)


def test_many_are_asked_round_after_round(site: Vaccinated) -> None:
    for _ in range(5):
        site.dose(site.person())
        site.registry.later(seconds=1)
    site.dose(site.person(phones=()))
    site.dose(site.person(), of_stock=False)  # given elsewhere: nobody asks
    site.registry.later(days=1)
    rounds = [ask(site, 2) for _ in range(4)]
    assert sum(asked for asked, _none, _done in rounds) == 5
    assert sum(none for _asked, none, _done in rounds) == 1
    assert rounds[-1] == (0, 0, True)


def test_who_was_erased_is_not_asked(site: Vaccinated) -> None:
    dose = site.dose(site.person())
    site.erase(dose.person)
    site.registry.later(days=1)
    assert ask(site) == (0, 1, True)


# -- the line list


def line_list(site: Vaccinated, role: Role = Role.PROVINCE, at: UUID | None = None, **asked: object) -> Document:
    today = site.registry.at.date()
    fields: dict[str, object] = {"first": today, "last": today, "format": ReportFormat.CSV, **asked}
    return site.registry.run(reaction_line_list, LineListFile(**fields), role=role, site=at)  # type: ignore[arg-type] # as the tests say


def rows_of(document: Document) -> list[dict[str, str]]:
    return list(csv.DictReader(document.content.decode("utf-8-sig").splitlines()))


def test_s29_the_line_list_has_a_row_for_each_reaction_and_no_name(site: Vaccinated) -> None:
    first = serious(site, site.dose(site.person())).reaction
    report(site, site.dose(site.person()))
    gone = serious(site, site.dose(site.person())).reaction
    dismissed(site, gone.id)
    (row,) = rows_of(line_list(site))
    assert (row["code"], row["lot"], row["dose"]) == (first.code, first.lot_number, "1")
    assert (row["events"], row["level"], row["outcome"]) == ("Phản vệ độ III", "Nặng", "Đang hồi phục")
    assert (row["told_on"], row["sex"], row["birth_year"]) == ("02/03/2026", "Nữ", "1941")
    assert "Hoa" not in line_list(site).content.decode()
    both = (ReactionLevel.SERIOUS, ReactionLevel.ORDINARY)
    assert len(rows_of(line_list(site, levels=both))) == 2


def test_s29_the_line_list_is_given_out_in_three_forms(site: Vaccinated) -> None:
    serious(site, site.dose(site.person()))
    begins = {ReportFormat.XLSX: b"PK", ReportFormat.PDF: b"%PDF", ReportFormat.CSV: b""}
    for form, begin in begins.items():
        document = line_list(site, format=form)
        assert document.content.startswith(begin)
        assert document.name == f"phan-ung-2026-03-02-2026-03-02.{form}"


def test_the_line_list_is_of_the_account_s_own(site: Vaccinated) -> None:
    serious(site, site.dose(site.person()))
    assert len(rows_of(line_list(site, Role.SITE_ADMIN, site.site))) == 1
    assert len(rows_of(line_list(site, Role.CENTRE))) == 1
    with pytest.raises(NotAllowedError):
        line_list(site, Role.PROVINCE, area="48")
    with pytest.raises(NotAllowedError):
        line_list(site, Role.OBSERVER)


@pytest.mark.parametrize(("first", "last"), [(0, 1), (1, 0), (-366, 0)])
def test_the_days_of_a_line_list_can_be(site: Vaccinated, first: int, last: int) -> None:
    today = site.registry.at.date()
    with pytest.raises(RequestError):
        line_list(site, first=today + timedelta(days=first), last=today + timedelta(days=last))
