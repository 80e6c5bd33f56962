"""The one table of rights: what may be allowed, and the roles that have it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What an account is; one may be several things."""

    CITIZEN = "citizen"
    RECEPTIONIST = "receptionist"
    SCREENER = "screener"
    VACCINATOR = "vaccinator"
    OBSERVER = "observer"
    SITE_ADMIN = "site_admin"
    DISTRICT = "district"
    PROVINCE = "province"
    CENTRE = "centre"
    CENTRE_SIGNER = "centre_signer"
    AUDITOR = "auditor"
    SUPPORT = "support"
    SYSADMIN = "sysadmin"
    SERVICE = "service"
    VISITOR = "visitor"
    """Somebody who has not said who they are, at the door."""


class Right(StrEnum):
    """What may be allowed; a use case asks for exactly one."""

    # The registry itself
    KEEP_REGISTRY = "keep_registry"
    AUDIT_TRAIL = "audit_trail"
    KEEP_ACCOUNTS = "keep_accounts"

    # Accounts and certificates of services
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    KEEP_API_KEYS = "keep_api_keys"
    ISSUE_FROM_RECORDS = "issue_from_records"
    """Certificates from records that another system vouches for, without the registry."""
    REVOKE_BY_ID = "revoke_by_id"
    """Certificates of whatever system."""

    # People
    REGISTER_PEOPLE = "register_people"
    IMPORT_PEOPLE = "import_people"
    READ_PEOPLE = "read_people"
    """Masked as the role needs; citizens read themselves and their dependants in full."""
    REVEAL_PEOPLE = "reveal_people"
    """In full, with a reason, in the trail."""
    CHANGE_PEOPLE = "change_people"
    VERIFY_IDENTITY = "verify_identity"
    KEEP_FAMILIES = "keep_families"
    MERGE_PEOPLE = "merge_people"
    ERASE_PEOPLE = "erase_people"

    # Stock
    READ_STOCK = "read_stock"
    KEEP_LOTS = "keep_lots"
    """Register lots, and extend their expiry."""
    KEEP_STOCK = "keep_stock"
    """Receive, thaw, send, return, discard."""
    CORRECT_STOCK = "correct_stock"
    """Book what stock-taking found."""
    OPEN_VIALS = "open_vials"
    """Open vials, and discard what is left in them."""
    HOLD_LOTS = "hold_lots"
    RECALL_LOTS = "recall_lots"
    TRACE_LOTS = "trace_lots"
    """Who got a lot, as ids of doses."""

    # Reports
    READ_REPORTS = "read_reports"
    READ_PUBLIC_REPORTS = "read_public_reports"
    """Counts in which small ones are withheld."""
    KEEP_POPULATIONS = "keep_populations"

    # Certificates and corrections
    READ_CERTIFICATES = "read_certificates"
    """How far they have come; citizens their own and their dependants'."""
    LIST_CERTIFICATES = "list_certificates"
    """Those that wait for somebody to sign them."""
    SHOW_CERTIFICATES = "show_certificates"
    """What they say, and the code to be shown."""
    VERIFY_CERTIFICATES = "verify_certificates"
    SITE_SIGN_CERTIFICATES = "site_sign_certificates"
    CENTRE_SIGN_CERTIFICATES = "centre_sign_certificates"
    REFUSE_CERTIFICATES = "refuse_certificates"
    REVOKE_CERTIFICATES = "revoke_certificates"
    RENEW_CERTIFICATES = "renew_certificates"
    ASK_CORRECTIONS = "ask_corrections"
    READ_CORRECTIONS = "read_corrections"
    LIST_CORRECTIONS = "list_corrections"
    """Those that wait for somebody to decide."""
    DECIDE_HEALTH_CORRECTIONS = "decide_health_corrections"
    DECIDE_IDENTITY_CORRECTIONS = "decide_identity_corrections"

    # Notifications and reactions
    KEEP_DELIVERY = "keep_delivery"
    """See what became of messages, without their texts and addresses, and try them again."""
    KEEP_CONTACTS = "keep_contacts"
    """Say where an office is told of what concerns it."""
    ASK_AFTER_PEOPLE = "ask_after_people"
    """Ask people how they are, some days after their injection."""
    TELL_REACTIONS = "tell_reactions"
    """Tick what one feels; a citizen's own and their dependants', or what somebody says at the telephone."""
    READ_REACTIONS = "read_reactions"
    REPORT_REACTIONS = "report_reactions"
    """Fill in the form of an adverse event."""
    FORWARD_REACTIONS = "forward_reactions"
    """Say that a serious one was reported to the next level."""
    REVIEW_REACTIONS = "review_reactions"
    """Name the cause, or dismiss what was told twice."""

    # Before the visit
    DECLARE_HEALTH = "declare_health"
    READ_DECLARATIONS = "read_declarations"
    """What somebody answered: themselves, a guardian, or the staff who see them."""
    REGISTER_FOR_DOSES = "register_for_doses"
    READ_REGISTRATIONS = "read_registrations"
    REVIEW_REGISTRATIONS = "review_registrations"
    """Approve, refuse, send to another unit."""
    READ_SITES = "read_sites"
    """The directory, the campaigns and what is free: for everybody."""
    KEEP_SITES = "keep_sites"
    PLAN_CAMPAIGNS = "plan_campaigns"
    OPEN_SLOTS = "open_slots"
    """Open days of a site, change what a slot holds, close days."""
    BOOK_APPOINTMENTS = "book_appointments"
    READ_APPOINTMENTS = "read_appointments"
    KEEP_APPOINTMENTS = "keep_appointments"
    """Say who did not come; return places that nobody took."""

    # The visit
    READ_VISITS = "read_visits"
    """Who is at a site today, and how far they are."""
    RECEIVE_VISITORS = "receive_visitors"
    SCREEN_VISITORS = "screen_visitors"
    """Conclude, and override a rule with a reason."""
    INJECT = "inject"
    OBSERVE = "observe"
    CLOSE_VISITS = "close_visits"
    """End a visit without an injection."""
    GIVE_SLIPS = "give_slips"
    READ_DOSES = "read_doses"
    """What somebody was given, and what is due: citizens their own and their dependants'."""
    ENTER_PAPER_DOSES = "enter_paper_doses"
    """Doses of earlier, or of abroad, from papers."""
    VERIFY_PAPER_DOSES = "verify_paper_doses"
    VOID_DOSES = "void_doses"
    """Say that a dose was entered by mistake."""


_SITE: Final = frozenset({Role.RECEPTIONIST, Role.SCREENER, Role.VACCINATOR, Role.OBSERVER, Role.SITE_ADMIN})
_AUTHORITIES: Final = frozenset({Role.DISTRICT, Role.PROVINCE, Role.CENTRE})

GRANTS: Final[dict[Right, frozenset[Role]]] = {
    Right.KEEP_REGISTRY: frozenset({Role.SYSADMIN}),
    Right.AUDIT_TRAIL: frozenset({Role.AUDITOR}),
    Right.KEEP_ACCOUNTS: frozenset({Role.SYSADMIN}),
    Right.SIGN_IN: frozenset({Role.VISITOR}),
    Right.SIGN_OUT: frozenset(Role) - {Role.VISITOR, Role.SERVICE},
    Right.KEEP_API_KEYS: frozenset({Role.SYSADMIN}),
    Right.ISSUE_FROM_RECORDS: frozenset({Role.SERVICE}),
    Right.REVOKE_BY_ID: frozenset({Role.SERVICE, Role.CENTRE_SIGNER}),
    Right.REGISTER_PEOPLE: _SITE | _AUTHORITIES | {Role.CITIZEN, Role.SERVICE},
    Right.IMPORT_PEOPLE: _AUTHORITIES | {Role.SITE_ADMIN, Role.SERVICE},
    Right.READ_PEOPLE: _SITE | _AUTHORITIES | {Role.CITIZEN, Role.SUPPORT, Role.AUDITOR, Role.CENTRE_SIGNER},
    Right.REVEAL_PEOPLE: _AUTHORITIES | {Role.RECEPTIONIST, Role.SCREENER, Role.SITE_ADMIN},
    Right.CHANGE_PEOPLE: _AUTHORITIES | {Role.CITIZEN, Role.RECEPTIONIST, Role.SITE_ADMIN},
    Right.VERIFY_IDENTITY: _AUTHORITIES | {Role.RECEPTIONIST, Role.SITE_ADMIN},
    Right.KEEP_FAMILIES: _AUTHORITIES | {Role.CITIZEN, Role.RECEPTIONIST, Role.SITE_ADMIN},
    Right.MERGE_PEOPLE: _AUTHORITIES,
    Right.ERASE_PEOPLE: frozenset({Role.PROVINCE, Role.CENTRE}),
    Right.READ_STOCK: _SITE | _AUTHORITIES | {Role.AUDITOR},
    Right.KEEP_LOTS: frozenset({Role.PROVINCE, Role.CENTRE}),
    Right.KEEP_STOCK: _AUTHORITIES | {Role.SITE_ADMIN},
    Right.CORRECT_STOCK: _AUTHORITIES | {Role.SITE_ADMIN},
    Right.OPEN_VIALS: frozenset({Role.VACCINATOR, Role.SITE_ADMIN}),
    Right.HOLD_LOTS: frozenset({Role.PROVINCE, Role.CENTRE}),
    Right.RECALL_LOTS: frozenset({Role.CENTRE}),
    Right.TRACE_LOTS: frozenset({Role.PROVINCE, Role.CENTRE, Role.AUDITOR}),
    Right.READ_REPORTS: _AUTHORITIES | {Role.SITE_ADMIN, Role.AUDITOR},
    Right.READ_PUBLIC_REPORTS: frozenset(Role),
    Right.KEEP_POPULATIONS: frozenset({Role.CENTRE}),
    Right.READ_CERTIFICATES: _SITE | _AUTHORITIES | {Role.CITIZEN, Role.SUPPORT, Role.AUDITOR, Role.CENTRE_SIGNER},
    Right.LIST_CERTIFICATES: _SITE | _AUTHORITIES | {Role.AUDITOR, Role.CENTRE_SIGNER},
    Right.SHOW_CERTIFICATES: _SITE | _AUTHORITIES | {Role.CITIZEN},
    Right.VERIFY_CERTIFICATES: frozenset({Role.RECEPTIONIST, Role.SCREENER, Role.OBSERVER, Role.SITE_ADMIN}),
    Right.SITE_SIGN_CERTIFICATES: frozenset({Role.SITE_ADMIN}),
    Right.CENTRE_SIGN_CERTIFICATES: frozenset({Role.CENTRE_SIGNER}),
    Right.REFUSE_CERTIFICATES: frozenset({Role.SITE_ADMIN, Role.CENTRE_SIGNER}),
    Right.REVOKE_CERTIFICATES: frozenset({Role.CENTRE, Role.CENTRE_SIGNER}),
    Right.RENEW_CERTIFICATES: frozenset({Role.CENTRE, Role.SERVICE}),
    Right.ASK_CORRECTIONS: _SITE | _AUTHORITIES | {Role.CITIZEN},
    Right.READ_CORRECTIONS: _AUTHORITIES | {Role.CITIZEN, Role.SITE_ADMIN},
    Right.LIST_CORRECTIONS: _AUTHORITIES | {Role.SITE_ADMIN},
    Right.DECIDE_HEALTH_CORRECTIONS: _AUTHORITIES | {Role.SITE_ADMIN},
    Right.DECIDE_IDENTITY_CORRECTIONS: _AUTHORITIES,
    Right.KEEP_DELIVERY: frozenset({Role.SUPPORT, Role.SYSADMIN}),
    Right.KEEP_CONTACTS: _AUTHORITIES | {Role.SITE_ADMIN},
    Right.ASK_AFTER_PEOPLE: frozenset({Role.SERVICE, Role.SYSADMIN}),
    Right.TELL_REACTIONS: _SITE | _AUTHORITIES | {Role.CITIZEN, Role.SUPPORT},
    Right.READ_REACTIONS: _SITE | _AUTHORITIES | {Role.CITIZEN},
    Right.REPORT_REACTIONS: _AUTHORITIES | {Role.SCREENER, Role.VACCINATOR, Role.OBSERVER, Role.SITE_ADMIN},
    Right.FORWARD_REACTIONS: _AUTHORITIES | {Role.SCREENER, Role.SITE_ADMIN},
    Right.REVIEW_REACTIONS: frozenset({Role.PROVINCE, Role.CENTRE}),
    Right.DECLARE_HEALTH: frozenset({Role.CITIZEN, Role.RECEPTIONIST, Role.SCREENER, Role.SITE_ADMIN}),
    Right.READ_DECLARATIONS: _SITE | {Role.CITIZEN},
    Right.REGISTER_FOR_DOSES: _AUTHORITIES | {Role.CITIZEN, Role.RECEPTIONIST, Role.SITE_ADMIN, Role.SUPPORT},
    Right.READ_REGISTRATIONS: _SITE | _AUTHORITIES | {Role.CITIZEN, Role.SUPPORT},
    Right.REVIEW_REGISTRATIONS: _AUTHORITIES,
    Right.READ_SITES: frozenset(Role),
    Right.KEEP_SITES: _AUTHORITIES | {Role.SITE_ADMIN},
    Right.PLAN_CAMPAIGNS: _AUTHORITIES,
    Right.OPEN_SLOTS: _AUTHORITIES | {Role.SITE_ADMIN},
    Right.BOOK_APPOINTMENTS: _AUTHORITIES | {Role.CITIZEN, Role.RECEPTIONIST, Role.SITE_ADMIN},
    Right.READ_APPOINTMENTS: _SITE | _AUTHORITIES | {Role.CITIZEN, Role.SUPPORT},
    Right.KEEP_APPOINTMENTS: frozenset({Role.RECEPTIONIST, Role.SITE_ADMIN, Role.SERVICE}),
    Right.READ_VISITS: _SITE | _AUTHORITIES,
    Right.RECEIVE_VISITORS: frozenset({Role.RECEPTIONIST, Role.SITE_ADMIN}),
    Right.SCREEN_VISITORS: frozenset({Role.SCREENER}),
    Right.INJECT: frozenset({Role.VACCINATOR}),
    Right.OBSERVE: frozenset({Role.OBSERVER, Role.SCREENER}),
    Right.CLOSE_VISITS: _SITE,
    Right.GIVE_SLIPS: _SITE | {Role.CITIZEN},
    Right.READ_DOSES: _SITE | _AUTHORITIES | {Role.CITIZEN, Role.SUPPORT},
    Right.ENTER_PAPER_DOSES: _AUTHORITIES | {Role.RECEPTIONIST, Role.SITE_ADMIN},
    Right.VERIFY_PAPER_DOSES: _AUTHORITIES | {Role.SITE_ADMIN},
    Right.VOID_DOSES: _AUTHORITIES | {Role.SITE_ADMIN},
}
"""Each right and the roles that have it. A sysadmin keeps the machine and sees nobody's data."""
