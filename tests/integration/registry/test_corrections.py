"""Corrections: asked for with evidence, decided by another person, and what becomes of the certificates."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.certificate_desk import CertificateDesk, certificate_desk, logged, opened, quick_desk
from tests.invented_people import person as invented
from vaxcert.errors import (
    AlreadyAskedError,
    CertificateStateError,
    CorrectionStateError,
    EvidenceError,
    NotAllowedError,
    NotRegisteredError,
    RequestError,
    SeparationError,
    StaleVersionError,
)
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.registry.certificates import store as certificate_store
from vaxcert.registry.certificates.life import CertificateState, Origin
from vaxcert.registry.corrections.life import CorrectionState, DecisionReason, Lane
from vaxcert.registry.corrections.tables import corrections, evidence
from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.doses.store import dose_by_id
from vaxcert.service.registry.corrections.asked import (
    AskHealthCorrection,
    AskIdentityCorrection,
    OneCorrection,
    ask_health_correction,
    ask_identity_correction,
    withdraw_correction,
)
from vaxcert.service.registry.corrections.decided import (
    DecideCorrection,
    accept_health_correction,
    accept_identity_correction,
    refuse_health_correction,
    refuse_identity_correction,
)
from vaxcert.service.registry.corrections.shown import (
    CorrectionEvidence,
    CorrectionsOfPerson,
    ForgetEvidence,
    ListCorrections,
    correction_evidence,
    corrections_of_person,
    forget_evidence,
    list_corrections,
    show_correction,
)
from vaxcert.service.registry.people.finding import person_by_id
from vaxcert.service.registry.rights import Role
from vaxcert.service.revocation_book import BOOK_NAME, RevocationBook

if TYPE_CHECKING:
    from vaxcert.registry.certificates.store import RegisteredCertificate
    from vaxcert.service.registry.access import Actor
    from vaxcert.service.registry.corrections.decided import AcceptedCorrection
    from vaxcert.service.registry.corrections.found import CorrectionCard

__all__ = ["certificate_desk", "quick_desk"]

PHOTO = b"\xff\xd8\xff\xe0 an invented photograph of a card \xff\xd9"


def ask(desk: CertificateDesk, person: UUID, actor: Actor | None = None, **wish: Any) -> CorrectionCard:
    request = AskIdentityCorrection(**{"person": person, "evidence": (PHOTO,), **wish})
    actor = actor or desk.registry.citizen(person)
    return desk.registry.desk.run(ask_identity_correction, request, actor=actor, at=desk.registry.at)


def ask_about_dose(desk: CertificateDesk, certificate: UUID, actor: Actor | None = None, **wish: Any) -> CorrectionCard:
    found = desk.find(certificate)
    request = AskHealthCorrection(**{"dose": found.dose, "evidence": (PHOTO,), **wish})
    actor = actor or desk.registry.citizen(found.person)
    return desk.registry.desk.run(ask_health_correction, request, actor=actor, at=desk.registry.at)


def decision(card: CorrectionCard, reason: DecisionReason = DecisionReason.EVIDENCE_CONCLUSIVE) -> DecideCorrection:
    return DecideCorrection(correction=card.id, reason=reason, note="seen and compared")


def accept(desk: CertificateDesk, card: CorrectionCard) -> AcceptedCorrection:
    if card.lane is Lane.IDENTITY:
        return desk.registry.run(accept_identity_correction, decision(card), role=Role.PROVINCE)
    return desk.registry.run(accept_health_correction, decision(card), role=Role.PROVINCE)


def newest(desk: CertificateDesk, old: UUID) -> RegisteredCertificate:
    with desk.registry.desk.reading() as connection:
        return max(certificate_store.of_dose(connection, desk.find(old).dose), key=lambda each: each.revision)


def test_e7_a_misspelt_name_is_corrected_and_a_second_certificate_takes_the_place_of_the_first(
    certificate_desk: CertificateDesk,
) -> None:
    first = certificate_desk.issued(invented("Nguyễn", "Thị Anh"))
    person = certificate_desk.find(first).person
    card = ask(certificate_desk, person, given_name="Thị Ánh")
    (draft,) = accept(certificate_desk, card).certificates
    assert certificate_desk.state(first) is CertificateState.LOGGED  # until there is a better one
    certificate_desk.sign(draft)
    certificate_desk.drain()
    second = certificate_desk.find(draft)
    assert (second.state, second.origin, second.replaces, second.revision) == ("logged", Origin.CORRECTION, first, 2)
    assert opened(certificate_desk, draft).dcc["nam"]["gn"] == "Thị Ánh"
    assert certificate_desk.state(first) is CertificateState.SUPERSEDED


def test_e7_the_log_supersedes_and_revokes_the_first_and_both_are_anchored(certificate_desk: CertificateDesk) -> None:
    first = certificate_desk.issued()
    card = ask(certificate_desk, certificate_desk.find(first).person, birth_date="1984-03-19")
    (second,) = accept(certificate_desk, card).certificates
    certificate_desk.sign(second)
    certificate_desk.drain()
    old, new = certificate_desk.find(first).uvci, certificate_desk.find(second).uvci
    statements = [(each.kind, each.subject, each.detail) for each in logged(certificate_desk.ledger).statements]
    assert statements == [(EntryKind.SUPERSESSION, old, new), (EntryKind.REVOCATION, old, "corrected")]
    with RevocationBook.open(certificate_desk.ledger / BOOK_NAME) as book:
        assert [(each.id, each.reason, each.successor) for each in book.entries()] == [(old, "superseded", new)]
    certificate_desk.anchor()
    assert certificate_desk.sequencer().follow_anchors(certificate_desk.registry.at) == 2
    assert certificate_desk.find(first).anchored_at is not None
    assert certificate_desk.state(first) is CertificateState.SUPERSEDED
    assert certificate_desk.state(second) is CertificateState.ANCHORED


def test_s13_every_certificate_of_the_person_is_replaced(certificate_desk: CertificateDesk) -> None:
    person = certificate_desk.person()
    today = certificate_desk.registry.at.date()
    olds = [
        certificate_desk.queued(certificate_desk.dose(person)),
        certificate_desk.queued(certificate_desk.dose(person, number=2, given_on=today)),
    ]
    certificate_desk.sign(*olds)
    certificate_desk.drain()
    accepted = accept(certificate_desk, ask(certificate_desk, person, family_name="Trần"))
    assert len(accepted.certificates) == 2
    certificate_desk.sign(*accepted.certificates)
    assert certificate_desk.drain().issued == 2
    assert {certificate_desk.state(each) for each in olds} == {CertificateState.SUPERSEDED}


def test_s13_the_record_has_a_new_version_and_the_id_stays(quick_desk: CertificateDesk) -> None:
    person = quick_desk.person(invented("Nguyễn", "Văn Ba"))
    accept(quick_desk, ask(quick_desk, person, given_name="Văn Bá", sex="male"))
    registry = quick_desk.registry
    with registry.desk.working(registry.actor(Role.CENTRE), registry.at, reads=True) as work:
        record = person_by_id(work, person)
    assert (record.id, record.version, record.name.full, record.sex) == (person, 2, "Nguyễn Văn Bá", "male")
    assert record.name.given_std == "VAN<BA"


def test_the_health_lane_corrects_the_dose(quick_desk: CertificateDesk) -> None:
    first = quick_desk.issued()
    card = ask_about_dose(quick_desk, first, lot_number="FF0099", product="Spikevax")
    (second,) = accept(quick_desk, card).certificates
    quick_desk.sign(second)
    quick_desk.drain()
    (entry,) = opened(quick_desk, second).dcc["v"]
    assert entry["mp"] == "EU/1/20/1507"
    with quick_desk.registry.desk.reading() as connection:
        dose = dose_by_id(connection, quick_desk.find(first).dose)
    assert (dose.product, dose.lot_number, dose.version) == ("EU/1/20/1507", "FF0099", 2)
    assert quick_desk.state(first) is CertificateState.SUPERSEDED


def test_a_dose_that_was_somebody_elses_counts_no_longer_and_its_certificate_is_revoked(
    quick_desk: CertificateDesk,
) -> None:
    certificate = quick_desk.issued()
    accepted = accept(quick_desk, ask_about_dose(quick_desk, certificate, is_not_theirs=True))
    assert accepted.certificates == []
    assert quick_desk.drain().revoked == 1
    found = quick_desk.find(certificate)
    assert (found.state, found.word) == (CertificateState.REVOKED, "not_given")
    with quick_desk.registry.desk.reading() as connection:
        assert dose_by_id(connection, found.dose).state is DoseState.VOIDED


def test_who_decided_takes_none_of_the_steps_of_the_new_certificate(quick_desk: CertificateDesk) -> None:
    first = quick_desk.issued()
    (draft,) = accept(quick_desk, ask(quick_desk, quick_desk.find(first).person, family_name="Trần")).certificates
    hands = quick_desk.find(draft).hands
    assert hands.entered_by == quick_desk.registry.actor(Role.PROVINCE).account
    assert hands.verified_by is None


def test_a_certificate_on_its_way_begins_anew(quick_desk: CertificateDesk) -> None:
    draft = quick_desk.drafted()
    quick_desk.sign_for_site(draft)
    accepted = accept(quick_desk, ask(quick_desk, quick_desk.find(draft).person, family_name="Trần"))
    assert accepted.certificates == [draft]
    assert quick_desk.state(draft) is CertificateState.DRAFT
    quick_desk.sign(draft)
    quick_desk.drain()
    assert opened(quick_desk, draft).dcc["nam"]["fn"] == "Trần"


def test_while_a_certificate_is_being_issued_nothing_is_corrected(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.certified()
    card = ask(quick_desk, quick_desk.find(certificate).person, family_name="Trần")
    with pytest.raises(CertificateStateError, match="being issued"):
        accept(quick_desk, card)
    quick_desk.drain()
    assert accept(quick_desk, card).correction.state is CorrectionState.ACCEPTED


def test_nobody_decides_what_they_asked_for(certificate_desk: CertificateDesk) -> None:
    province = certificate_desk.registry.actor(Role.PROVINCE)
    card = ask(certificate_desk, certificate_desk.person(), province, family_name="Trần")
    with pytest.raises(SeparationError, match="who asked"):
        accept(certificate_desk, card)
    nothing = decision(card, DecisionReason.NOTHING_WRONG)
    with pytest.raises(SeparationError, match="who asked"):
        certificate_desk.registry.run(refuse_identity_correction, nothing, role=Role.PROVINCE)
    same = {"state": "accepted", "decided_by": province.account, "decided_at": certificate_desk.registry.at}
    with pytest.raises(sa.exc.IntegrityError), certificate_desk.registry.engine.begin() as connection:
        connection.execute(sa.update(corrections).values(**same, reason="slip_of_the_pen"))


def test_who_entered_a_dose_does_not_correct_it(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.queued(quick_desk.dose(quick_desk.person(), entered_by="province"))
    card = ask_about_dose(quick_desk, certificate, lot_number="X1")
    with pytest.raises(SeparationError, match="who entered"):
        accept(quick_desk, card)


def test_a_request_is_decided_once(quick_desk: CertificateDesk) -> None:
    card = ask(quick_desk, quick_desk.person(), family_name="Trần")
    accept(quick_desk, card)
    with pytest.raises(CorrectionStateError, match="accepted already"):
        accept(quick_desk, card)


def test_a_refusal_changes_nothing_and_says_why(quick_desk: CertificateDesk) -> None:
    first = quick_desk.issued()
    person = quick_desk.find(first).person
    card = ask(quick_desk, person, family_name="Trần")
    refused = quick_desk.registry.run(
        refuse_identity_correction, decision(card, DecisionReason.EVIDENCE_CONTRADICTS), role=Role.PROVINCE
    )
    assert (refused.state, refused.reason) == ("refused", "evidence_contradicts")
    assert newest(quick_desk, first).id == first
    shown = quick_desk.registry.desk.run(
        show_correction,
        OneCorrection(correction=card.id),
        actor=quick_desk.registry.citizen(person),
        at=quick_desk.registry.at,
    )
    assert (shown.decision_note, shown.card.state) == ("seen and compared", "refused")


def test_a_health_correction_is_refused_in_its_lane(quick_desk: CertificateDesk) -> None:
    card = ask_about_dose(quick_desk, quick_desk.drafted(), lot_number="X1")
    reason = decision(card, DecisionReason.NOTHING_WRONG)
    refused = quick_desk.registry.run(refuse_health_correction, reason, role=Role.SITE_ADMIN, site=quick_desk.site)
    assert refused.state is CorrectionState.REFUSED


@pytest.mark.parametrize("reason", [DecisionReason.NOTHING_WRONG, DecisionReason.ANOTHER_PERSON])
def test_a_reason_for_refusing_is_none_for_accepting(quick_desk: CertificateDesk, reason: DecisionReason) -> None:
    card = ask(quick_desk, quick_desk.person(), family_name="Trần")
    with pytest.raises(RequestError, match="reason"):
        quick_desk.registry.run(accept_identity_correction, decision(card, reason), role=Role.PROVINCE)


def test_each_lane_has_its_own_deciders(quick_desk: CertificateDesk) -> None:
    card = ask_about_dose(quick_desk, quick_desk.drafted(), lot_number="X1")
    with pytest.raises(CorrectionStateError, match="health"):
        quick_desk.registry.run(accept_identity_correction, decision(card), role=Role.PROVINCE)
    with pytest.raises(NotAllowedError):
        quick_desk.registry.run(accept_identity_correction, decision(card), role=Role.SITE_ADMIN, site=quick_desk.site)
    with pytest.raises(NotAllowedError):
        quick_desk.registry.run(accept_health_correction, decision(card), role=Role.VACCINATOR, site=quick_desk.site)


def test_of_two_who_decide_the_second_is_told(quick_desk: CertificateDesk) -> None:
    card = ask(quick_desk, quick_desk.person(), family_name="Trần")
    request = DecideCorrection(correction=card.id, reason=DecisionReason.SLIP_OF_THE_PEN, version=9)
    with pytest.raises(StaleVersionError):
        quick_desk.registry.run(accept_identity_correction, request, role=Role.PROVINCE)


def test_there_is_one_open_request_about_a_person_and_one_about_a_dose(certificate_desk: CertificateDesk) -> None:
    certificate = certificate_desk.drafted()
    person = certificate_desk.find(certificate).person
    ask(certificate_desk, person, family_name="Trần")
    ask_about_dose(certificate_desk, certificate, lot_number="X1")
    with pytest.raises(AlreadyAskedError):
        ask(certificate_desk, person, family_name="Lê")
    with pytest.raises(AlreadyAskedError):
        ask_about_dose(certificate_desk, certificate, lot_number="X2")


def test_a_withdrawn_request_makes_room_for_another(quick_desk: CertificateDesk) -> None:
    person = quick_desk.person()
    card = ask(quick_desk, person, family_name="Trần")
    withdrawn = quick_desk.registry.desk.run(
        withdraw_correction,
        OneCorrection(correction=card.id),
        actor=quick_desk.registry.citizen(person),
        at=quick_desk.registry.at,
    )
    assert withdrawn.state is CorrectionState.WITHDRAWN
    ask(quick_desk, person, family_name="Lê")


def test_a_citizen_brings_evidence_and_staff_may_know_it_without(quick_desk: CertificateDesk) -> None:
    person = quick_desk.person()
    with pytest.raises(EvidenceError, match="no evidence"):
        ask(quick_desk, person, family_name="Trần", evidence=())
    staff = quick_desk.registry.actor(Role.RECEPTIONIST, quick_desk.site)
    assert ask(quick_desk, person, staff, family_name="Trần", evidence=()).state is CorrectionState.OPEN


@pytest.mark.parametrize("files", [(b"GIF89a",), (PHOTO, b"<html>"), (PHOTO,) * 5])
def test_evidence_of_another_kind_is_refused(quick_desk: CertificateDesk, files: tuple[bytes, ...]) -> None:
    with pytest.raises(EvidenceError):
        ask(quick_desk, quick_desk.person(), family_name="Trần", evidence=files)


def test_evidence_is_sealed_shown_to_who_decides_and_forgotten_after_thirty_days(
    certificate_desk: CertificateDesk,
) -> None:
    card = ask(certificate_desk, certificate_desk.person(), family_name="Trần", note="as on my card")
    registry = certificate_desk.registry
    with registry.desk.reading() as connection:
        assert b"photograph" not in connection.execute(sa.select(evidence.c.content)).scalar_one()
    shown = registry.run(show_correction, OneCorrection(correction=card.id), role=Role.PROVINCE)
    assert [(each.field, each.now, each.wished) for each in shown.changes] == [("family_name", "Nguyễn", "Trần")]
    assert (shown.note, [each.media_type for each in shown.evidence]) == ("as on my card", ["image/jpeg"])
    piece = CorrectionEvidence(correction=card.id, number=1)
    assert registry.run(correction_evidence, piece, role=Role.PROVINCE).content == PHOTO
    accept(certificate_desk, card)
    registry.later(days=29)
    assert registry.run(forget_evidence, ForgetEvidence(), role=Role.SYSADMIN).files == 0
    registry.later(days=2)
    assert registry.run(forget_evidence, ForgetEvidence(), role=Role.SYSADMIN).files == 1
    with pytest.raises(NotRegisteredError, match="not kept"):
        registry.run(correction_evidence, piece, role=Role.PROVINCE)
    shown = registry.run(show_correction, OneCorrection(correction=card.id), role=Role.PROVINCE)
    assert [each.is_kept for each in shown.evidence] == [False]


def test_what_is_wrong_with_a_dose_is_shown_beside_what_is_known(quick_desk: CertificateDesk) -> None:
    card = ask_about_dose(quick_desk, quick_desk.drafted(), lot_number="X1", given_on=date(2026, 2, 28))
    shown = quick_desk.registry.run(show_correction, OneCorrection(correction=card.id), role=Role.PROVINCE)
    assert [(each.field, each.now, each.wished) for each in shown.changes] == [
        ("given_on", "2026-03-01", "2026-02-28"),
        ("lot_number", "FF0042", "X1"),
    ]


def test_a_correction_takes_a_dose_into_another_month(certificate_desk: CertificateDesk) -> None:
    first = certificate_desk.issued()
    card = ask_about_dose(certificate_desk, first, given_on=date(2026, 2, 28))
    (second,) = accept(certificate_desk, card).certificates
    certificate_desk.sign(second)
    certificate_desk.drain()
    assert opened(certificate_desk, second).dcc["v"][0]["dt"] == "2026-02-28"


def test_there_is_no_more_evidence_than_came(quick_desk: CertificateDesk) -> None:
    card = ask(quick_desk, quick_desk.person(), family_name="Trần")
    with pytest.raises(NotRegisteredError):
        quick_desk.registry.run(
            correction_evidence, CorrectionEvidence(correction=card.id, number=2), role=Role.PROVINCE
        )


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, ""),
        ({"family_name": "Nguyễn"}, "family_name"),
        ({"birth_date": "1984-13-01"}, "birth_date"),
        ({"birth_date": "2030-01-01"}, "birth_date"),
        ({"nationality": "Atlantis"}, "nationality"),
        ({"family_name": "Trần", "sex": "perhaps"}, "sex"),
    ],
)
def test_a_wish_that_cannot_be_is_told_by_its_field(
    quick_desk: CertificateDesk, wish: dict[str, Any], field: str
) -> None:
    with pytest.raises(RequestError) as caught:
        ask(quick_desk, quick_desk.person(), **wish)
    assert field in {problem.field for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, ""),
        ({"lot_number": "FF0042"}, "lot_number"),
        ({"product": "Elixir"}, "product"),
        ({"given_on": date(2026, 3, 3)}, "given_on"),
        ({"given_on": date(2019, 3, 3)}, "given_on"),
        ({"number": 3, "of": 2}, "of"),
        ({"is_not_theirs": True, "lot_number": "X1"}, "lot_number"),
    ],
)
def test_a_wish_about_a_dose_that_cannot_be_is_told_by_its_field(
    quick_desk: CertificateDesk, wish: dict[str, Any], field: str
) -> None:
    with pytest.raises(RequestError) as caught:
        ask_about_dose(quick_desk, quick_desk.drafted(), **wish)
    assert field in {problem.field for problem in caught.value.problems}


def test_no_citizen_asks_or_reads_about_another(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.drafted()
    person, stranger = quick_desk.find(certificate).person, quick_desk.registry.citizen(quick_desk.person())
    card = ask(quick_desk, person, family_name="Trần")
    run, at = quick_desk.registry.desk.run, quick_desk.registry.at
    with pytest.raises(NotRegisteredError):
        ask(quick_desk, person, stranger, given_name="Ba")
    with pytest.raises(NotRegisteredError):
        ask_about_dose(quick_desk, certificate, stranger, lot_number="X1")
    with pytest.raises(NotRegisteredError):
        run(show_correction, OneCorrection(correction=card.id), actor=stranger, at=at)
    with pytest.raises(NotRegisteredError):
        run(withdraw_correction, OneCorrection(correction=card.id), actor=stranger, at=at)
    with pytest.raises(NotRegisteredError):
        run(correction_evidence, CorrectionEvidence(correction=card.id, number=1), actor=stranger, at=at)
    with pytest.raises(NotRegisteredError):
        run(corrections_of_person, CorrectionsOfPerson(person=person), actor=stranger, at=at)


def test_requests_are_listed_by_lane_and_by_person(certificate_desk: CertificateDesk) -> None:
    certificate = certificate_desk.drafted()
    person = certificate_desk.find(certificate).person
    identity = ask(certificate_desk, person, family_name="Trần")
    certificate_desk.registry.later(minutes=1)
    health = ask_about_dose(certificate_desk, certificate, lot_number="X1")
    registry = certificate_desk.registry
    for lane, card in ((Lane.IDENTITY, identity), (Lane.HEALTH, health)):
        page = registry.run(list_corrections, ListCorrections(lane=lane), role=Role.PROVINCE)
        assert [each.id for each in page.items] == [card.id]
    at_site = ListCorrections(lane=Lane.HEALTH)
    assert len(registry.run(list_corrections, at_site, role=Role.SITE_ADMIN, site=certificate_desk.site).items) == 1
    mine = registry.desk.run(
        corrections_of_person, CorrectionsOfPerson(person=person), actor=registry.citizen(person), at=registry.at
    )
    assert [each.id for each in mine.corrections] == [health.id, identity.id]
    done = ListCorrections(lane=Lane.HEALTH, state=CorrectionState.ACCEPTED)
    assert registry.run(list_corrections, done, role=Role.PROVINCE).items == []


def test_there_is_no_request_that_is_not_there(quick_desk: CertificateDesk) -> None:
    nowhere = DecideCorrection(correction=UUID(int=7), reason=DecisionReason.SLIP_OF_THE_PEN)
    with pytest.raises(NotRegisteredError):
        quick_desk.registry.run(accept_identity_correction, nowhere, role=Role.PROVINCE)
