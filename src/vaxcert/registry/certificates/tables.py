"""The certificates of the registry, and what it has asked the sequencer to write into the log."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.model.kid import KID_LENGTH
from vaxcert.model.uvci import MAX_FIELD_LENGTH
from vaxcert.registry.certificates.life import IN_FORCE, ON_THE_WAY, CertificateState, Origin
from vaxcert.registry.database.metadata import (
    Instant,
    area_column,
    code_column,
    digest_column,
    id_column,
    table,
    version_column,
)
from vaxcert.registry.trail.tables import ACCOUNT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable

WORD_LENGTH = 40
"""Of a reason's word."""


class IntentKind(StrEnum):
    """What the sequencer is asked to write."""

    ISSUE = "issue"
    REVOKE = "revoke"
    ERASE = "erase"


class IntentState(StrEnum):
    """How far that has come."""

    WAITING = "waiting"
    DONE = "done"
    CANCELLED = "cancelled"
    """The person was erased before it was done: what became of it in the log is for the intent that erases."""
    FAILED = "failed"
    """The issuer refuses to sign what the record says."""


def _states(states: Iterable[CertificateState]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


def _account(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(ACCOUNT_LENGTH), nullable=nullable)


_ON_THE_WAY = sa.text(f"state IN ({_states(ON_THE_WAY)})")
_IN_FORCE = sa.text(f"state IN ({_states(IN_FORCE)})")
_NOT_REFUSED = sa.text(f"state <> '{CertificateState.REFUSED}'")
_UNANCHORED = sa.text("anchored_at IS NULL AND leaf_index IS NOT NULL")
_WAITING = sa.text(f"state = '{IntentState.WAITING}'")
_HANDS = ("entered_by", "verified_by", "site_signed_by", "certified_by")
_SEPARATE = " AND ".join(
    # Of a null it is not known whether it differs, and a constraint lets that pass.
    f"{one} <> {other}"
    for place, one in enumerate(_HANDS)
    for other in _HANDS[place + 1 :]
)

certificates = table(
    "certificates",
    id_column(),
    version_column(),
    sa.Column("person", sa.Uuid, nullable=False, index=True),
    sa.Column("dose", sa.Uuid, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    code_column("origin", Origin),
    sa.Column("replaces", sa.Uuid, sa.ForeignKey("certificates.id"), nullable=True),
    sa.Column("site", sa.Uuid, nullable=True),
    area_column(nullable=True),
    code_column("state", CertificateState),
    sa.Column("made_at", Instant, nullable=False),
    _account("entered_by", nullable=False),
    _account("verified_by"),
    sa.Column("verified_at", Instant),
    _account("site_signed_by"),
    sa.Column("site_signed_at", Instant),
    _account("certified_by"),
    sa.Column("certified_at", Instant),
    sa.Column("record", sa.LargeBinary),
    sa.Column("uvci", sa.String(MAX_FIELD_LENGTH), unique=True),
    sa.Column("text", sa.LargeBinary),
    sa.Column("kid", sa.LargeBinary(KID_LENGTH)),
    sa.Column("leaf_index", sa.BigInteger),
    sa.Column("issued_at", Instant),
    sa.Column("expires_at", Instant),
    sa.Column("anchored_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("word", sa.String(WORD_LENGTH)),
    sa.Column("erased_at", Instant),
    sa.CheckConstraint(_SEPARATE, name="separation"),
    sa.CheckConstraint("state IN ('draft', 'refused') OR verified_by IS NOT NULL", name="verified"),
    sa.CheckConstraint("state IN ('draft', 'verified', 'refused') OR site_signed_by IS NOT NULL", name="site_signed"),
    sa.CheckConstraint(
        f"state IN ({_states(ON_THE_WAY)}, 'refused')"
        " OR (certified_by IS NOT NULL AND issued_at IS NOT NULL AND expires_at IS NOT NULL)",
        name="issued",
    ),
    sa.CheckConstraint("state <> 'certified' OR (certified_by IS NOT NULL AND record IS NOT NULL)", name="certified"),
    sa.CheckConstraint("revision >= 1", name="revision"),
    sa.Index("uq_certificates_on_the_way", "dose", unique=True, postgresql_where=_ON_THE_WAY, sqlite_where=_ON_THE_WAY),
    sa.Index("uq_certificates_in_force", "dose", unique=True, postgresql_where=_IN_FORCE, sqlite_where=_IN_FORCE),
    sa.Index(
        "uq_certificates_revision",
        "dose",
        "revision",
        unique=True,
        postgresql_where=_NOT_REFUSED,
        sqlite_where=_NOT_REFUSED,
    ),
    sa.Index("ix_certificates_state_site", "state", "site"),
    sa.Index("ix_certificates_state_expires", "state", "expires_at"),
    sa.Index("ix_certificates_unanchored", "leaf_index", postgresql_where=_UNANCHORED, sqlite_where=_UNANCHORED),
)
"""One row a certificate, issued or not. A dose belongs to one person, so what is one a dose is one a person and dose.

`record` is what was verified, `text` the certificate: both are sealed under the person's key. `revision` counts the
certificates of a dose; with the dose it is what the id follows from, so that no two have one id.
"""

logs = table(
    "certificate_log",
    sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="single"), primary_key=True, autoincrement=False),
    digest_column("log_id"),
    sa.Column("country", sa.String(2), nullable=False),
)
"""The one log that the certificates of this registry stand in, from the first of them on: leaves are of it."""

intents = table(
    "issuance_intents",
    id_column(),
    code_column("kind", IntentKind),
    sa.Column("certificate", sa.Uuid, sa.ForeignKey("certificates.id"), nullable=False),
    sa.Column("uvci", sa.String(MAX_FIELD_LENGTH)),
    sa.Column("at", Instant, nullable=False),
    sa.Column("word", sa.String(WORD_LENGTH)),
    code_column("state", IntentState),
    sa.Column("done_at", Instant),
    sa.Column("code", sa.String(WORD_LENGTH)),
    sa.UniqueConstraint("certificate", "kind"),
    sa.CheckConstraint("(state = 'waiting') = (done_at IS NULL)", name="done"),
    sa.CheckConstraint("kind <> 'revoke' OR word IS NOT NULL", name="revoked"),
    sa.Index("ix_issuance_intents_waiting", "id", postgresql_where=_WAITING, sqlite_where=_WAITING),
)
"""What is to be written into the log, committed with what it follows from; the sequencer drains them in their order.

The sequencer writes the `uvci` of a new certificate here before anything is signed: under another issuer's secret than
before a dose would get a second id, and that is seen. It goes with the certificate's erasure.
"""
