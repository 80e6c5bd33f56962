"""The one table of the API: every route below `/api/v1`, and what it calls.

What somebody is found by (a number, a name, a scanned code) is posted: an address may be written into logs on its way.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from vaxcert.service.registry.accounts import accounts, api_keys, sessions, sessions_by_code
from vaxcert.service.registry.appointments import booking, waiting_list
from vaxcert.service.registry.appointments import listed as appointments_listed
from vaxcert.service.registry.appointments import upkeep as appointments_kept
from vaxcert.service.registry.certificates import listed as certificates_listed
from vaxcert.service.registry.certificates import renewal
from vaxcert.service.registry.certificates import revoked as certificates_revoked
from vaxcert.service.registry.certificates import shown as certificates_shown
from vaxcert.service.registry.certificates import signing as certificates_signing
from vaxcert.service.registry.corrections import asked as corrections
from vaxcert.service.registry.corrections import decided as corrections_decided
from vaxcert.service.registry.corrections import shown as corrections_shown
from vaxcert.service.registry.doses import entered as doses_entered
from vaxcert.service.registry.doses import history as doses_history
from vaxcert.service.registry.notifications import contacts as notifications_contacts
from vaxcert.service.registry.notifications import kept as notifications_kept
from vaxcert.service.registry.people import duplicates, guardians
from vaxcert.service.registry.people import erasure as people_erasure
from vaxcert.service.registry.people import importing as people_import
from vaxcert.service.registry.people import look_up as people_look_up
from vaxcert.service.registry.people import qr as people_qr
from vaxcert.service.registry.people import register as people_register
from vaxcert.service.registry.reactions import form as reactions_form
from vaxcert.service.registry.reactions import line_list as reactions_line_list
from vaxcert.service.registry.reactions import review as reactions_review
from vaxcert.service.registry.reactions import shown as reactions_shown
from vaxcert.service.registry.reactions import told as reactions
from vaxcert.service.registry.reactions import upkeep as reactions_upkeep
from vaxcert.service.registry.registrations import declarations, registering
from vaxcert.service.registry.registrations import review as registrations_review
from vaxcert.service.registry.reports import coverage as reports_coverage
from vaxcert.service.registry.reports import daily as reports_daily
from vaxcert.service.registry.reports import rates as reports_rates
from vaxcert.service.registry.reports import statistics as reports_statistics
from vaxcert.service.registry.sites import campaigns, days, sites, slots
from vaxcert.service.registry.stock import lots as stock_lots
from vaxcert.service.registry.stock import moves as stock_moves
from vaxcert.service.registry.stock import tracing as stock_tracing
from vaxcert.service.registry.stock import transfers as stock_transfers
from vaxcert.service.registry.stock import uses as stock_uses
from vaxcert.service.registry.stock import vials as stock_vials
from vaxcert.service.registry.visits import board as visits_board
from vaxcert.service.registry.visits import injection as visits_injection
from vaxcert.service.registry.visits import observation as visits_observation
from vaxcert.service.registry.visits import reception as visits
from vaxcert.service.registry.visits import scan as visits_scan
from vaxcert.service.registry.visits import screening as visits_screening
from vaxcert.service.registry.visits import slip as visits_slip
from vaxcert.web.api import certificates, ledger, verifications
from vaxcert.web.api import sessions as web_sessions
from vaxcert.web.api.route import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

_PICTURES: Final = ("image/png", "image/jpeg", "image/webp", "image/tiff", "application/pdf")
_PRINTABLE: Final = ("application/pdf", "image/png", "image/svg+xml", "text/plain")
_TABLES: Final = (
    "application/pdf",
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
_LARGE: Final = 8_388_608
_EVIDENCE: Final = 16_777_216
"""Pictures of documents, in base64."""

get = partial(Route, method="GET")
post = partial(Route, method="POST")
put = partial(Route, method="PUT")
patch = partial(Route, method="PATCH")
create = partial(Route, method="POST", status=HTTPStatus.CREATED)

_ROWS: Final[Mapping[str, tuple[Route, ...]]] = {
    "verification": (
        post(path="/verifications", call=verifications.verify_text),
        post(path="/verifications/batch", call=verifications.verify_texts),
        post(path="/scans", call=verifications.verify_picture, takes=_PICTURES, max_bytes=_LARGE),
        post(path="/scans/frames", call=verifications.verify_frame, takes=_PICTURES, max_bytes=_LARGE),
    ),
    "ledger": (
        get(path="/ledger", call=ledger.show_log),
        get(path="/ledger/checkpoint", call=ledger.show_checkpoint, media=("text/plain",)),
        get(path="/ledger/consistency", call=ledger.prove_consistency),
        get(path="/ledger/tiles/{level}/{n}", call=ledger.show_tile, media=("application/octet-stream",)),
        get(path="/ledger/receipts/{id}", call=ledger.show_receipt, media=("application/cbor",)),
    ),
    "issuing": (
        create(path="/issued", call=certificates.issue_certificates),
        post(path="/revocations", call=certificates.revoke_certificates),
        get(path="/revocations/list", call=certificates.show_revocation_list, media=("application/cose",)),
        get(path="/revocations/{id}", call=certificates.show_revocation),
    ),
    "sessions": (
        post(path="/sessions", call=web_sessions.sign_in, pace="sign_in"),
        post(path="/sessions/codes", call=sessions_by_code.ask_code, pace="code"),
        post(path="/sessions/citizens", call=web_sessions.sign_in_by_code, pace="sign_in"),
        get(path="/sessions/current", call=sessions.show_session),
        post(path="/sessions/ended", call=web_sessions.sign_out),
    ),
    "accounts": (
        get(path="/accounts", call=accounts.list_accounts),
        create(path="/accounts", call=accounts.open_account),
        patch(path="/accounts/{name}", call=accounts.change_account),
        post(path="/accounts/{name}/closure", call=accounts.close_account),
        put(path="/accounts/{name}/password", call=api_keys.set_password),
        get(path="/keys", call=api_keys.list_keys),
        create(path="/keys", call=api_keys.make_key),
        post(path="/keys/{id}/withdrawal", call=api_keys.withdraw_key),
    ),
    "people": (
        create(path="/people", call=people_register.register_person),
        post(path="/people/look-ups", call=people_look_up.look_up_people),
        post(path="/people/searches", call=people_look_up.search_people),
        post(path="/people/imports", call=people_import.import_people_rows, max_bytes=_LARGE),
        get(path="/people/{person}", call=people_look_up.read_person),
        patch(path="/people/{person}", call=people_register.change_person),
        get(path="/people/{person}/versions", call=people_look_up.list_person_versions),
        post(path="/people/{person}/reveal", call=people_look_up.reveal_person),
        post(path="/people/{person}/identity", call=people_register.verify_identity),
        post(path="/people/{person}/erasure", call=people_erasure.erase_person),
        get(path="/people/{person}/qr", call=people_qr.show_personal_qr),
        post(path="/people/{person}/qr/prints", call=people_qr.print_personal_qr),
        post(path="/people/{person}/qr/replacements", call=people_qr.replace_personal_qr),
        get(path="/people/{person}/family", call=guardians.read_family),
        create(path="/people/{guardian}/dependants", call=guardians.register_dependant),
        create(path="/guardianships", call=guardians.declare_guardianship),
        post(path="/guardianships/{guardianship}/end", call=guardians.revoke_guardianship),
        get(path="/duplicates", call=duplicates.list_duplicates),
        post(path="/duplicates/{pair}/apart", call=duplicates.keep_apart),
        post(path="/merges", call=duplicates.merge_people),
        post(path="/merges/{merged}/undoing", call=duplicates.unmerge_person),
    ),
    "sites": (
        get(path="/sites", call=sites.list_sites),
        create(path="/sites", call=sites.open_site),
        get(path="/sites/{site}", call=sites.show_site),
        patch(path="/sites/{site}", call=sites.change_site),
        get(path="/sites/{site}/slots", call=slots.list_slots),
        create(path="/sites/{site}/days", call=days.open_days),
        post(path="/sites/{site}/days/{day}/closure", call=days.close_day),
        patch(path="/slots/{slot}", call=slots.resize_slot),
        get(path="/campaigns", call=campaigns.list_campaigns),
        create(path="/campaigns", call=campaigns.plan_campaign),
        get(path="/campaigns/{campaign}", call=campaigns.show_campaign),
        post(path="/campaigns/{campaign}/state", call=campaigns.set_campaign_state),
    ),
    "registrations": (
        get(path="/declarations/form", call=declarations.show_declaration_form),
        create(path="/people/{person}/declarations", call=declarations.declare_health),
        get(path="/people/{person}/declarations/current", call=declarations.show_declaration),
        create(path="/people/{person}/registrations", call=registering.register_for_dose),
        get(path="/people/{person}/registrations", call=registering.list_own_registrations),
        get(path="/registrations", call=registrations_review.review_registrations),
        get(path="/registrations/counts", call=registrations_review.count_registrations),
        post(path="/registrations/approvals", call=registrations_review.approve_registrations),
        get(path="/registrations/by-code/{code}", call=registering.find_registration),
        get(path="/registrations/{registration}", call=registering.show_registration),
        post(path="/registrations/{registration}/withdrawal", call=registering.withdraw_registration),
        post(path="/registrations/{registration}/refusal", call=registrations_review.refuse_registration),
        post(path="/registrations/{registration}/transfer", call=registrations_review.transfer_registration),
    ),
    "appointments": (
        create(path="/appointments", call=booking.book_appointment),
        create(path="/appointments/holds", call=booking.hold_place),
        get(path="/appointments/{appointment}", call=appointments_listed.show_appointment),
        post(path="/appointments/{appointment}/confirmation", call=booking.confirm_appointment),
        post(path="/appointments/{appointment}/acceptance", call=booking.accept_place),
        post(path="/appointments/{appointment}/move", call=booking.move_appointment),
        post(path="/appointments/{appointment}/cancellation", call=booking.cancel_appointment),
        post(path="/appointments/{appointment}/missed", call=appointments_kept.mark_one_missed),
        get(path="/people/{person}/appointments", call=appointments_listed.list_own_appointments),
        get(path="/people/{person}/waiting", call=appointments_listed.list_own_waiting),
        get(path="/sites/{site}/appointments", call=appointments_listed.list_appointments),
        post(path="/sites/{site}/appointments/missed", call=appointments_kept.mark_missed),
        post(path="/upkeep/places", call=appointments_kept.return_places),
        post(path="/upkeep/reminders", call=appointments_kept.remind_people),
        create(path="/waiting", call=waiting_list.join_waiting_list),
        post(path="/waiting/{entry}/end", call=waiting_list.leave_waiting_list),
        get(path="/sites/{site}/waiting", call=waiting_list.list_waiting),
        post(path="/sites/{site}/waiting/offers", call=waiting_list.offer_free_places),
    ),
    "visits": (
        post(path="/sites/{site}/scans", call=visits_scan.scan_visitor),
        create(path="/sites/{site}/visits", call=visits.receive_visitor),
        get(path="/sites/{site}/visits", call=visits_board.list_visits),
        get(path="/sites/{site}/visits/counts", call=visits_board.count_visits),
        post(path="/sites/{site}/visits/no-shows", call=visits_board.record_no_show),
        get(path="/visits/{visit}", call=visits_board.show_visit),
        get(path="/visits/{visit}/screening", call=visits_screening.screening_questions),
        post(path="/visits/{visit}/screening", call=visits_screening.screen_visitor),
        get(path="/visits/{visit}/injection", call=visits_injection.check_injection),
        create(path="/visits/{visit}/injection", call=visits_injection.inject),
        get(path="/visits/{visit}/observation", call=visits_observation.show_observation),
        create(path="/visits/{visit}/vitals", call=visits_observation.record_vitals),
        post(path="/visits/{visit}/early-leave", call=visits_observation.leave_early),
        post(path="/visits/{visit}/completion", call=visits_observation.complete_visit),
        post(path="/visits/{visit}/closure", call=visits_board.close_visit),
        get(path="/visits/{visit}/slip", call=visits_slip.confirmation_slip),
    ),
    "doses": (
        get(path="/people/{person}/doses", call=doses_history.dose_history),
        get(path="/people/{person}/family/doses", call=doses_history.family_history),
        create(path="/people/{person}/doses/paper", call=doses_entered.enter_paper_dose, max_bytes=_EVIDENCE),
        create(path="/people/{person}/doses/foreign", call=doses_entered.enter_foreign_dose, max_bytes=_EVIDENCE),
        get(path="/doses/{dose}/paper", call=doses_entered.show_paper),
        post(path="/doses/{dose}/verification", call=doses_entered.verify_paper_dose),
        post(path="/doses/{dose}/voiding", call=doses_entered.void_dose),
    ),
    "certificates": (
        get(path="/certificates", call=certificates_listed.list_certificates),
        get(path="/certificates/{certificate}", call=certificates_shown.show_certificate),
        get(
            path="/certificates/{certificate}/document", call=certificates_shown.certificate_document, media=_PRINTABLE
        ),
        get(path="/people/{person}/certificates", call=certificates_listed.certificates_of_person),
        get(path="/people/{person}/family/certificates", call=certificates_listed.family_certificates),
        post(path="/certificates/verifications", call=certificates_signing.verify_certificates),
        post(path="/certificates/site-signatures", call=certificates_signing.site_sign_certificates),
        post(path="/certificates/centre-signatures", call=certificates_signing.centre_sign_certificates),
        post(path="/certificates/{certificate}/return", call=certificates_signing.return_certificate),
        post(path="/certificates/{certificate}/refusal", call=certificates_signing.refuse_certificate),
        post(path="/certificates/{certificate}/revocation", call=certificates_revoked.revoke_certificate),
        post(path="/upkeep/renewals", call=renewal.renew_certificates),
    ),
    "corrections": (
        create(path="/people/{person}/corrections", call=corrections.ask_identity_correction, max_bytes=_EVIDENCE),
        create(path="/doses/{dose}/corrections", call=corrections.ask_health_correction, max_bytes=_EVIDENCE),
        get(path="/corrections", call=corrections_shown.list_corrections),
        get(path="/people/{person}/corrections", call=corrections_shown.corrections_of_person),
        get(path="/corrections/{correction}", call=corrections_shown.show_correction),
        get(
            path="/corrections/{correction}/evidence/{number}",
            call=corrections_shown.correction_evidence,
            media=_PICTURES,
        ),
        post(path="/corrections/{correction}/withdrawal", call=corrections.withdraw_correction),
        post(path="/corrections/{correction}/identity-acceptance", call=corrections_decided.accept_identity_correction),
        post(path="/corrections/{correction}/health-acceptance", call=corrections_decided.accept_health_correction),
        post(path="/corrections/{correction}/identity-refusal", call=corrections_decided.refuse_identity_correction),
        post(path="/corrections/{correction}/health-refusal", call=corrections_decided.refuse_health_correction),
        post(path="/upkeep/evidence", call=corrections_shown.forget_evidence),
    ),
    "reactions": (
        get(path="/reactions/ticks", call=reactions.list_ticks),
        post(path="/reactions/advice", call=reactions.ask_advice),
        create(path="/doses/{dose}/reactions", call=reactions.tell_reaction),
        get(path="/reactions/form", call=reactions_form.show_form),
        create(path="/doses/{dose}/reaction-reports", call=reactions_form.report_reaction),
        put(path="/reactions/{reaction}/report", call=reactions_form.amend_reaction),
        get(path="/reactions", call=reactions_shown.list_reactions),
        get(path="/reactions/{reaction}", call=reactions_shown.show_reaction),
        post(path="/reactions/{reaction}/reveal", call=reactions_shown.reveal_reaction),
        post(path="/reactions/{reaction}/forwarding", call=reactions_review.forward_reaction),
        post(path="/reactions/{reaction}/review", call=reactions_review.review_reaction),
        post(path="/reactions/{reaction}/dismissal", call=reactions_review.dismiss_reaction),
        post(path="/reactions/{reaction}/lot-hold", call=reactions_review.hold_lot_of_reaction),
        post(path="/upkeep/questions", call=reactions_upkeep.ask_after_people),
        post(path="/upkeep/overdue-reports", call=reactions_upkeep.call_in_reports),
    ),
    "stock": (
        get(path="/lots", call=stock_lots.list_lots),
        create(path="/lots", call=stock_lots.register_lot),
        get(path="/lots/{lot}", call=stock_lots.show_lot),
        get(path="/lots/{lot}/doses", call=stock_tracing.list_lot_doses),
        post(path="/lots/{lot}/extension", call=stock_lots.extend_lot),
        post(path="/lots/{lot}/hold", call=stock_lots.put_lot_on_hold),
        post(path="/lots/{lot}/release", call=stock_lots.release_lot),
        post(path="/lots/{lot}/recall", call=stock_tracing.recall_lot),
        get(path="/sites/{site}/stock", call=stock_vials.show_site_stock),
        get(path="/sites/{site}/stock/ledger", call=stock_vials.list_stock_ledger),
        get(path="/sites/{site}/stock/check", call=stock_vials.check_stock),
        create(path="/sites/{site}/stock", call=stock_moves.receive_stock),
        create(path="/shelves/{shelf}/thawing", call=stock_moves.thaw_stock),
        create(path="/shelves/{shelf}/return", call=stock_moves.return_stock),
        create(path="/shelves/{shelf}/waste", call=stock_moves.waste_stock),
        post(path="/shelves/{shelf}/count", call=stock_moves.count_stock),
        create(path="/shelves/{shelf}/transfers", call=stock_transfers.send_stock),
        get(path="/sites/{site}/transfers", call=stock_transfers.list_transfers),
        post(path="/transfers/{transfer}/acceptance", call=stock_transfers.accept_transfer),
        create(path="/sites/{site}/vials", call=stock_vials.open_vial),
        create(path="/vials/{vial}/spare-dose", call=stock_vials.add_spare_dose),
        post(path="/doses/{dose}/stock-use/withdrawal", call=stock_uses.take_back_use),
        post(path="/vials/{vial}/waste", call=stock_vials.waste_vial),
    ),
    "reports": (
        get(path="/reports/daily", call=reports_daily.show_daily_form),
        get(path="/reports/daily/file", call=reports_daily.daily_form_file, media=_TABLES),
        get(path="/reports/doses", call=reports_statistics.count_doses),
        get(path="/reports/public", call=reports_statistics.count_doses_publicly),
        get(path="/reports/coverage", call=reports_coverage.show_coverage),
        create(path="/reports/populations", call=reports_coverage.keep_population),
        get(path="/reports/reactions", call=reports_rates.show_reaction_rates),
        get(path="/reports/reactions/file", call=reactions_line_list.reaction_line_list, media=_TABLES),
        get(path="/reports/utilisation", call=reports_rates.show_utilisation),
    ),
    "notifications": (
        get(path="/notifications", call=notifications_kept.list_notifications),
        get(path="/notifications/delivery", call=notifications_kept.show_delivery),
        post(path="/notifications/{id}/retry", call=notifications_kept.retry_notification),
        get(path="/contacts", call=notifications_contacts.list_contacts),
        create(path="/contacts", call=notifications_contacts.add_contact),
        post(path="/contacts/{id}/withdrawal", call=notifications_contacts.withdraw_contact),
    ),
}

ROUTES: Final = tuple(replace(route, tag=tag) for tag, rows in _ROWS.items() for route in rows)
"""Every route, with its part of the API as its tag."""
