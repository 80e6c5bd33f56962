"""The demo as a whole: the day, then the certificates, a reaction, a correction and the daily form."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.registry.certificates.life import CertificateState
from vaxcert.registry.corrections.life import DecisionReason
from vaxcert.registry.reactions.form import ReactionOutcome, Reason
from vaxcert.registry.visits.visit import VisitOutcome
from vaxcert.service.files import whole_folder
from vaxcert.service.registry.accounts.accounts import local_actor
from vaxcert.service.registry.appointments.upkeep import MarkMissed, mark_missed
from vaxcert.service.registry.certificates.issuing import open_sequencer
from vaxcert.service.registry.certificates.listed import (
    ListCertificates,
    OfPerson,
    certificates_of_person,
    list_certificates,
)
from vaxcert.service.registry.certificates.shown import CertificateDocument, DocumentFormat, certificate_document
from vaxcert.service.registry.certificates.signing import (
    SignCertificates,
    centre_sign_certificates,
    site_sign_certificates,
    verify_certificates,
)
from vaxcert.service.registry.corrections.asked import AskIdentityCorrection, ask_identity_correction
from vaxcert.service.registry.corrections.decided import DecideCorrection, accept_identity_correction
from vaxcert.service.registry.demo.day import Day, book_people, play_day
from vaxcert.service.registry.demo.place import ADMIN, OPENING, make_place
from vaxcert.service.registry.notifications.delivery import DeliveryWorker
from vaxcert.service.registry.notifications.delivery_channels import carriers_of, parse_settings
from vaxcert.service.registry.reactions.form import ReportReaction, report_reaction
from vaxcert.service.registry.reactions.told import TellReaction, tell_reaction
from vaxcert.service.registry.reports.daily import DailyFormFile, DailyFormQuestion, daily_form_file, show_daily_form
from vaxcert.service.registry.reports.files import ReportFormat
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.stock.vials import SiteQuestion, check_stock
from vaxcert.service.registry.trail import check_trail, log_trail_head
from vaxcert.service.registry.upkeep import Upkeep
from vaxcert.service.verification import verify_source
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Outcome
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from vaxcert.service.registry.demo.day import Visitor
    from vaxcert.service.registry.demo.place import Place
    from vaxcert.service.registry.upkeep import Kept

PEOPLE: Final = 200
DATABASE: Final = "sqlite:///registry.db"
"""A file in the registry's own folder."""
_SHOWN: Final = 12
_STEPS: Final = (
    (CertificateState.DRAFT, Role.RECEPTIONIST, verify_certificates),
    (CertificateState.VERIFIED, Role.SITE_ADMIN, site_sign_certificates),
    (CertificateState.SITE_SIGNED, Role.CENTRE_SIGNER, centre_sign_certificates),
)
"""The three steps of a certificate, each another's."""


@dataclass(slots=True)
class RegistryDemo:
    """What the demo did."""

    folder: Path
    problems: list[str] = field(default_factory=list)
    """What did not go as it must; empty when the demo succeeded."""


def run_registry_demo(
    folder: Path, *, at: datetime, say: Callable[[str], None], people: int = PEOPLE, database: str = DATABASE
) -> RegistryDemo:
    """Play one site's day with invented people in the new *folder*; the day is the one before *at*.

    Args:
        folder: Where everything goes.
        at: The present instant, aware.
        say: Takes what happened, line by line.
        people: How many there are.
        database: The URL of an empty database for the registry.

    Raises:
        StorageError: The folder exists and is not empty, or cannot be written.
    """
    demo = RegistryDemo(folder)
    today = at.astimezone(VIETNAM_TIME).date()
    eve = datetime.combine(today - timedelta(days=2), OPENING, tzinfo=VIETNAM_TIME)
    with whole_folder(folder) as work:
        place = make_place(work, at=eve, database=database)
        with closing(place.desk):
            say("place: a registry, a ledger, keys of an invented authority; a site with 400 doses of an invented lot")
            day = book_people(place, people)
            say(f"registered, approved and booked: {len(day.visitors)} invented people ({day.refused} not taken)")
            told = _keep(place).messages.sent
            say(f"messages: {told} of registrations and appointments, in {folder / 'messages'}")
            play_day(place, day, seed=today.year)
            _end_day(place, day, say)
            _certify(place, demo, say)
            _react(place, day, say)
            _correct(place, demo, day, say)
            _report(place, demo, say)
            _close_books(place, demo, say)
    return demo


def _end_day(place: Place, day: Day, say: Callable[[str], None]) -> None:
    place.at = max(place.at, day.visitors[-1].slot.ends_at) + timedelta(hours=1)
    missed = place.run(Role.RECEPTIONIST, mark_missed, MarkMissed(site=place.site)).missed
    counts = ", ".join(f"{len(day.ended(outcome))} {outcome.replace('_', ' ')}" for outcome in VisitOutcome)
    say(f"the day: {counts} ({missed} appointments missed)")


def _certify(place: Place, demo: RegistryDemo, say: Callable[[str], None]) -> None:
    signed = _sign_all(place)
    kept = _keep(place)
    say(f"certificates: {signed} verified, signed by the site and by the centre, {kept.certificates.issued} issued")
    say(f"messages: {kept.messages.sent} of certificates, and to those who did not come")
    if kept.certificates.issued != signed:
        demo.problems.append(f"of {signed} signed certificates {kept.certificates.issued} were issued")


def _sign_all(place: Place) -> int:
    signed = 0
    for state, role, sign in _STEPS:
        found = place.run(role, list_certificates, ListCertificates(state=state, limit=500)).items
        signed = len(found)
        if found:
            place.run(role, sign, SignCertificates(certificates=[each.id for each in found]))
    return signed


def _keep(place: Place) -> Kept:
    folder = place.registry
    carriers = carriers_of(parse_settings(folder.settings().notifications), folder.path, io.StringIO())
    delivery = DeliveryWorker(place.desk, carriers, lambda: place.at)
    with open_sequencer(folder, place.desk, at=place.at) as sequencer:
        return Upkeep(place.desk, clock=lambda: place.at, delivery=delivery, sequencer=sequencer).round()


def _react(place: Place, day: Day, say: Callable[[str], None]) -> None:
    place.at += timedelta(hours=6)
    first, second, *_others = day.ended(VisitOutcome.INJECTED)
    advice = place.run(Role.RECEPTIONIST, tell_reaction, TellReaction(dose=_dose(first), ticks=("fever", "breathing")))
    say(f"a reaction with a red flag: call {' or '.join(advice.call)}; offices told: {advice.offices_told}")
    report = ReportReaction(
        dose=_dose(second),
        events=("anaphylaxis_3",),
        onset_at=place.at - timedelta(hours=1),
        outcome=ReactionOutcome.RECOVERED,
        reasons=(Reason.LIFE_THREATENING,),
        reporter_name="Người báo cáo mẫu",
        reporter_role="Bác sĩ, trạm y tế mẫu",
    )
    told = place.run(Role.SCREENER, report_reaction, report)
    say(f"a serious reaction reported by the site; to be reported on by {told.reaction.due_at:%Y-%m-%d %H:%M}Z")
    _keep(place)


def _correct(place: Place, demo: RegistryDemo, day: Day, say: Callable[[str], None]) -> None:
    place.at += timedelta(hours=1)
    someone = day.ended(VisitOutcome.INJECTED)[2]
    asked = AskIdentityCorrection(person=someone.person, given_name="Thị Mẫu Đúng", note="tên bị ghi sai")
    correction = place.run(Role.RECEPTIONIST, ask_identity_correction, asked)
    decision = DecideCorrection(correction=correction.id, reason=DecisionReason.SLIP_OF_THE_PEN)
    place.run(Role.PROVINCE, accept_identity_correction, decision)
    _sign_all(place)
    _keep(place)
    held = place.run(Role.PROVINCE, certificates_of_person, OfPerson(person=someone.person)).certificates
    in_force = [each for each in held if each.is_in_force]
    say(f"a misspelt name corrected: a new certificate holds, and {len(held) - len(in_force)} is superseded")
    if len(in_force) != 1:
        demo.problems.append("after the correction not exactly one certificate is in force")


def _report(place: Place, demo: RegistryDemo, say: Callable[[str], None]) -> None:
    reports = place.folder / "reports"
    reports.mkdir()
    day = place.at.astimezone(VIETNAM_TIME).date()
    form = place.run(Role.PROVINCE, show_daily_form, DailyFormQuestion(day=day))
    for kind in ReportFormat:
        file = place.run(Role.PROVINCE, daily_form_file, DailyFormFile(day=day, format=kind))
        (reports / f"daily-form.{kind}").write_bytes(file.content)
    injected = form.total.injected
    say(f"the daily form ({form.act}): {injected} injected; as XLSX, CSV and PDF in {demo.folder / 'reports'}")
    imbalances = place.run(Role.SITE_ADMIN, check_stock, SiteQuestion(site=place.site)).imbalances
    if form.differences or imbalances:
        demo.problems.append("the daily form or the stock does not tally")


def _close_books(place: Place, demo: RegistryDemo, say: Callable[[str], None]) -> None:
    trail = check_trail(place.desk, place.staff[Role.AUDITOR])
    log_trail_head(place.desk, local_actor(place.desk, ADMIN), place.ledger.folder, at=place.at)
    say(f"the trail: {trail.entries} entries, chained, its head in the ledger's log")
    say(f"the ledger: its head is on {place.ledger.anchor(at=place.at)}")
    _keep(place)
    _show_cards(place, demo, say)


def _show_cards(place: Place, demo: RegistryDemo, say: Callable[[str], None]) -> None:
    cards = place.folder / "cards"
    cards.mkdir()
    issued = ListCertificates(state=CertificateState.ANCHORED, limit=_SHOWN)
    found = place.run(Role.CENTRE_SIGNER, list_certificates, issued).items
    verifier = Verifier(TrustList.load(place.folder / "trust"))
    valid = 0
    for number, each in enumerate(found, 1):
        asked = CertificateDocument(certificate=str(each.id), format=DocumentFormat.PNG)
        picture = cards / f"{number:03}.png"
        picture.write_bytes(place.run(Role.SITE_ADMIN, certificate_document, asked).content)
        valid += all(report.outcome is Outcome.VALID for report in verify_source(str(picture), verifier, at=place.at))
    say(f"scanned and verified: {valid} of {len(found)} cards in {demo.folder / 'cards'}")
    if valid != len(found) or not found:
        demo.problems.append("a card did not verify")


def _dose(visitor: Visitor) -> UUID:
    assert visitor.dose is not None  # of those who were injected
    return visitor.dose
