"""E1: the nine steps of the leaflet, for one citizen: from the account to the certificate, and what was felt after."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.scenario_issuing import Issuing
from tests.scenario_visits import VERO, WELL, VisitedPlace
from vaxcert.errors import (
    CertificateStateError,
    KnownPersonError,
    NotAllowedError,
    ObservationUnfinishedError,
    VisitStateError,
)
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.personal_qr import parse_personal_qr
from vaxcert.registry.registrations.declaration_form import declaration_form_on
from vaxcert.service.registry.appointments.booking import book_appointment, move_appointment
from vaxcert.service.registry.appointments.listed import show_appointment
from vaxcert.service.registry.certificates.listed import certificates_of_person, list_certificates
from vaxcert.service.registry.certificates.shown import certificate_document, show_certificate
from vaxcert.service.registry.certificates.signing import centre_sign_certificates, verify_certificates
from vaxcert.service.registry.doses.history import dose_history
from vaxcert.service.registry.notifications.kept import list_notifications
from vaxcert.service.registry.people.look_up import look_up_people
from vaxcert.service.registry.people.qr import print_personal_qr, show_personal_qr
from vaxcert.service.registry.people.register import register_person, verify_identity
from vaxcert.service.registry.reactions.shown import list_reactions
from vaxcert.service.registry.reactions.told import tell_reaction
from vaxcert.service.registry.registrations.declarations import declare_health
from vaxcert.service.registry.registrations.registering import find_registration, register_for_dose
from vaxcert.service.registry.registrations.review import approve_registrations
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.campaigns import plan_campaign, set_campaign_state
from vaxcert.service.registry.sites.days import open_days
from vaxcert.service.registry.sites.slots import list_slots
from vaxcert.service.registry.visits.injection import inject
from vaxcert.service.registry.visits.observation import complete_visit, record_vitals
from vaxcert.service.registry.visits.reception import receive_visitor
from vaxcert.service.registry.visits.scan import scan_visitor
from vaxcert.service.registry.visits.screening import screen_visitor
from vaxcert.service.registry.visits.slip import confirmation_slip
from vaxcert.service.verification import verify_source
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Outcome
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    import pytest

    from tests.scenario_doors import Door

NUMBER, PHONE = "051184000123", "0912345678"
DAYS_AHEAD = 3
"""Whoever is booked so early is not reminded in the same hour."""
SMS_LETTERS = 160
"""Of the seven bits of GSM 03.38 in one message."""


def test_e1_nine_steps_for_one_citizen(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    issuing, place = Issuing(door, capsys), VisitedPlace(door)
    _send_into_a_folder(issuing)
    person = _s2_registers(door, place)
    code = _s3_has_a_personal_qr(door, person)
    registration = _s4_registers_for_vaccination(door, place, person)
    appointment = _s5_is_told_of_the_appointment(issuing, place, registration)
    door.registry.later(days=DAYS_AHEAD)
    _s6_declares_health(door, person)
    _s7_is_scanned_at_the_site(door, place, person, appointment, code)
    visit, done = _s8_goes_through_the_four_steps(door, place, person, appointment)
    _s14_takes_the_slip_home(door, person, visit)
    certificate = _s36_is_certified_by_three_signatures(issuing, done["certificate"])
    _s9_finds_the_certificate(issuing, person, certificate)
    _s15_s16_s41_it_is_verified_offline(issuing, person, certificate)
    _s10_tells_of_a_reaction(door, person, done["dose"])
    _s17_follows_the_history(door, person, done["dose"])


def _s2_registers(door: Door, place: VisitedPlace) -> UUID:
    person = place.person(numbers=[NUMBER], phones=[PHONE])
    door.ask(verify_identity, Role.RECEPTIONIST, person=person, version=1, proof="document_seen")
    again = {"given_name": "Thị Hoà", "birth_date": "1984-03-18", "numbers": [NUMBER], "area": "51"}
    door.refused(KnownPersonError, register_person, Role.RECEPTIONIST, **again)
    return person


def _s3_has_a_personal_qr(door: Door, person: UUID) -> str:
    """Check the code on the telephone, which hides what a stranger need not read, and the printed one."""
    shown = door.ask(show_personal_qr, person, person=person)
    assert shown["masked"]
    assert shown["text"].startswith("******000123|TRAN THI HOA|1984-**-**|1|")
    printed: str = door.ask(print_personal_qr, Role.RECEPTIONIST, person=person, reason="has no telephone")["text"]
    read = parse_personal_qr(printed)
    assert (read.number, read.birth_date, read.format()) == (NUMBER, PartialDate.parse("1984-03-18"), printed)
    for text in (shown["text"], printed):
        assert [each["id"] for each in door.ask(look_up_people, Role.RECEPTIONIST, text=text)["people"]] == [
            str(person)
        ]
    return printed


def _s4_registers_for_vaccination(door: Door, place: VisitedPlace, person: UUID) -> str:
    """Ask for a dose, get an order code; the unit decides."""
    today = door.registry.at.date()
    term = {"starts_on": today.isoformat(), "ends_on": (today + timedelta(days=60)).isoformat()}
    campaign = door.ask(plan_campaign, Role.PROVINCE, name="Mùa xuân", area="51", doses=[1, 2], **term)["id"]
    door.ask(set_campaign_state, Role.PROVINCE, campaign=campaign, state="open")
    desired, last = ((today + timedelta(days=days)).isoformat() for days in (DAYS_AHEAD, DAYS_AHEAD + 1))
    opened = {"site": place.site, "campaign": campaign, "from_day": desired, "until_day": last}
    door.ask(open_days, Role.SITE_ADMIN, **opened)
    wish = {"dose_number": 1, "group": "3355/QĐ-BYT#9", "desired_on": desired, "session": "morning", "agreed": True}
    asked = door.ask(register_for_dose, person, person=person, **wish)
    assert asked["state"] == "submitted"
    assert re.fullmatch(r"5120260302\d{6}", asked["code"])
    door.ask(approve_registrations, Role.PROVINCE, registrations=[asked["id"]])
    assert door.ask(find_registration, person, code=asked["code"])["state"] == "approved"
    return str(asked["id"])


def _s5_is_told_of_the_appointment(issuing: Issuing, place: VisitedPlace, registration: str) -> str:
    """Be told of the place, and of the other one that it becomes: once each."""
    ask = issuing.door.ask
    first, *_others, last = ask(list_slots, Role.RECEPTIONIST, site=place.site, limit=500)["items"]
    booked = ask(book_appointment, Role.RECEPTIONIST, registration=registration, slot=last["id"])
    assert _messages(issuing.door, booked["id"]) == {
        f"appointment:{booked['id']}:1": ("appointment-confirmed", "queued")
    }
    assert (_delivered(issuing), _delivered(issuing)) == (2, 0)  # with the order code's
    moved = ask(move_appointment, Role.RECEPTIONIST, appointment=booked["id"], slot=first["id"], version=1)
    assert (moved["state"], moved["version"]) == ("booked", 2)
    assert _messages(issuing.door, booked["id"]) == {
        f"appointment:{booked['id']}:1": ("appointment-confirmed", "sent"),
        f"appointment:{booked['id']}:2": ("appointment-changed", "queued"),
    }
    assert (_delivered(issuing), _delivered(issuing)) == (1, 0)
    for text in _texts(issuing):
        assert text.isascii()
        assert len(text) <= SMS_LETTERS
        assert not {NUMBER, "Hoa", VERO} & set(text.split())
    return str(booked["id"])


def _s6_declares_health(door: Door, person: UUID) -> None:
    answers = {question.id: "no" for question in declaration_form_on(door.registry.at.date()).questions}
    declared = door.ask(declare_health, person, person=person, answers=answers, agreed=True)
    lasts = datetime.fromisoformat(declared["valid_until"]) - door.registry.at
    assert timedelta(hours=24) <= lasts <= timedelta(hours=48)


def _s7_is_scanned_at_the_site(door: Door, place: VisitedPlace, person: UUID, appointment: str, code: str) -> None:
    """Show the code: the person, the appointment, the declaration, and nothing that is odd."""
    scanned = door.ask(scan_visitor, Role.RECEPTIONIST, site=place.site, text=code)
    assert scanned["person"]["id"] == str(person)
    assert [each["id"] for each in scanned["appointments"]] == [appointment]
    assert scanned["declared_until"] > door.registry.at.isoformat()
    assert (scanned["doses"], scanned["open_visit"], scanned["warnings"]) == ([], None, [])


def _s8_goes_through_the_four_steps(
    door: Door, place: VisitedPlace, person: UUID, appointment: str
) -> tuple[str, dict[str, Any]]:
    """Be received, screened, injected and observed; no step is left out."""
    came = {"person": person, "site": place.site, "identity": "personal_qr", "consents": True}
    visit: str = door.ask(receive_visitor, Role.RECEPTIONIST, **came)["id"]
    assert door.ask(show_appointment, person, appointment=appointment)["state"] == "arrived"
    injection = {"visit": visit, "lot": place.lot(VERO)}
    door.refused(VisitStateError, inject, Role.VACCINATOR, **injection)
    assert door.ask(screen_visitor, Role.SCREENER, **place.found(visit, VERO))["conclusion"] == "eligible"
    dose = door.ask(inject, Role.VACCINATOR, **injection)["dose"]
    assert (dose["number"], dose["of"]) == (1, 2)
    door.refused(VisitStateError, inject, Role.VACCINATOR, **injection)
    door.refused(ObservationUnfinishedError, complete_visit, Role.OBSERVER, visit=visit)  # thirty minutes are not over
    for _time in range(2):
        door.registry.later(minutes=15)
        door.ask(record_vitals, Role.OBSERVER, visit=visit, **WELL)
    done = door.ask(complete_visit, Role.OBSERVER, visit=visit)
    assert done["dose"] == dose["id"]
    over = door.ask(show_appointment, person, appointment=appointment)
    assert (over["state"], over["outcome"]) == ("done", "injected")
    return visit, done


def _s14_takes_the_slip_home(door: Door, person: UUID, visit: str) -> None:
    slip = door.ask(confirmation_slip, person, visit=visit)
    assert [(row["kind"], row["nth"], row["place"]) for row in slip["rows"]] == [
        ("basic", 1, "Trạm y tế phường Cẩm Thành")
    ]
    assert "Trần Thị Hoa" in slip["vi"]


def _s36_is_certified_by_three_signatures(issuing: Issuing, certificate: str) -> str:
    """Have the record verified, signed by the site and signed by the centre; then the sequencer issues it."""
    door = issuing.door
    assert door.ask(list_certificates, Role.SITE_ADMIN, state="draft")["items"][0]["id"] == certificate
    door.refused(CertificateStateError, centre_sign_certificates, Role.CENTRE_SIGNER, certificates=[certificate])
    door.refused(NotAllowedError, verify_certificates, Role.VACCINATOR, certificates=[certificate])
    door.refused(CertificateStateError, show_certificate, Role.DISTRICT, certificate=certificate)
    issuing.sign(UUID(certificate))
    done = issuing.run()
    assert (done["issued"], done["anchored"], issuing.log_size) == (1, 1, 1)
    return certificate


def _s9_finds_the_certificate(issuing: Issuing, person: UUID, certificate: str) -> None:
    """Look it up: one dose is yellow; and be told once that it is there."""
    held = issuing.door.ask(certificates_of_person, person, person=person)
    assert (held["colour"], held["doses"], held["is_course_complete"]) == ("yellow", 1, False)
    assert [(each["id"], each["is_in_force"], each["is_anchored"]) for each in held["certificates"]] == [
        (certificate, True, True)
    ]
    assert [template for template, _state in _messages(issuing.door, certificate).values()] == ["certificate-ready"]


def _s15_s16_s41_it_is_verified_offline(issuing: Issuing, person: UUID, certificate: str) -> None:
    """Show its picture to somebody who has the issuer's keys and no connection; the ledger tallies."""
    door = issuing.door
    shown = door.ask(show_certificate, person, certificate=certificate)
    record = shown["record"]
    assert (record["family_name"], record["given_name"], record["birth_date"]) == ("Trần", "Thị Hoa", "1984-03-18")
    assert (record["dose_number"], record["total_doses"], record["product"]) == (1, 2, VERO)
    picture = issuing.place / "certificate.png"
    picture.write_bytes(door.file(certificate_document, person, certificate=certificate, format="png"))
    verifier = Verifier(TrustList.load(issuing.keys.folder))
    (report,) = verify_source(str(picture), verifier, at=door.registry.at)
    assert report.outcome is Outcome.VALID
    assert report.certificate == verifier.examine(shown["text"], at=door.registry.at).certificate
    later = door.registry.at + timedelta(days=366)
    (report,) = verify_source(str(picture), verifier, at=later)
    assert (report.outcome, report.code) == (Outcome.REJECTED, "expired")
    assert issuing.told("audit", str(issuing.ledger), "--json")["outcome"] == "clean"


def _s10_tells_of_a_reaction(door: Door, person: UUID, dose: str) -> None:
    door.registry.later(hours=20)
    advice = door.ask(tell_reaction, person, dose=dose, ticks=["fever"], temperature=38.2, words="sốt nhẹ")
    assert (advice["level"], advice["red_flags"], advice["is_late"]) == ("ordinary", [], False)
    listed = door.ask(list_reactions, Role.PROVINCE)["items"]
    assert [(each["id"], each["level"]) for each in listed] == [(advice["id"], "ordinary")]


def _s17_follows_the_history(door: Door, person: UUID, dose: str) -> None:
    history = door.ask(dose_history, person, person=person)
    assert [(each["id"], each["number"]) for each in history["doses"]] == [(dose, 1)]
    assert history["next_due"]["earliest"] == "2026-03-26"  # three weeks on, Decision 5785


def _messages(door: Door, about: str) -> dict[str, tuple[str, str]]:
    """Return by its key what each message *about* something is, and what became of it."""
    found = door.ask(list_notifications, Role.SUPPORT, about=about)["items"]
    messages = {each["key"]: (each["template"], each["state"]) for each in found}
    assert len(messages) == len(found)
    return messages


def _send_into_a_folder(issuing: Issuing) -> None:
    with issuing.door.registry.folder.settings_file.open("a") as settings:
        settings.write('[notifications]\nsms = "file"\n[notifications.file]\nfolder = "../messages"\n')


def _delivered(issuing: Issuing) -> int:
    """Send what waits, and return how much that was."""
    registry = issuing.door.registry
    told = issuing.told(
        *("registry", "upkeep", "--once", "--no-certificates", "--json", "--registry", str(registry.folder.path)),
        *("--as", "sysadmin", "--passphrase-file", str(registry.passphrase_file)),
    )
    return int(told["messages"]["sent"])


def _texts(issuing: Issuing) -> list[str]:
    """Return what was sent to the phone."""
    sent = [json.loads(path.read_text()) for path in (issuing.place / "messages").iterdir()]
    assert {each["to"] for each in sent} == {"+84912345678"}
    return [each["text"] for each in sent]
