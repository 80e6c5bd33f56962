"""What the registry has asked the sequencer to write into the log, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.certificates.life import CertificateState, Origin
from vaxcert.registry.certificates.tables import IntentKind, IntentState, certificates, intents, logs
from vaxcert.registry.sealing.tables import data_keys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Intent:
    """Something to be written into the log, with what is needed of its certificate."""

    id: UUID
    kind: IntentKind
    at: datetime
    word: str | None
    uvci: str | None
    certificate: UUID
    person: UUID
    revision: int
    origin: Origin
    record: bytes | None
    """Sealed."""
    replaces: UUID | None
    old_uvci: str | None
    """Of the certificate that this one stands in the place of."""
    key_id: str | None
    wrapped: bytes | None
    """The data key of the person, if there is one yet."""

    def __repr__(self) -> str:
        return f"Intent(id={self.id}, kind={self.kind.value!r})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IssuedAs:
    """What a certificate has become by its issue."""

    intent: UUID
    certificate: UUID
    replaces: UUID | None
    text: bytes
    """Sealed."""
    kid: bytes
    leaf_index: int
    issued_at: datetime
    expires_at: datetime


_old = certificates.alias("old")
_WAITING = (
    sa.select(
        intents.c.id,
        intents.c.kind,
        intents.c.at,
        intents.c.word,
        intents.c.uvci,
        intents.c.certificate,
        certificates.c.person,
        certificates.c.revision,
        certificates.c.origin,
        certificates.c.record,
        certificates.c.replaces,
        _old.c.uvci.label("old_uvci"),
        data_keys.c.key_id,
        data_keys.c.wrapped,
    )
    .join(certificates, certificates.c.id == intents.c.certificate)
    .outerjoin(_old, _old.c.id == certificates.c.replaces)
    .outerjoin(data_keys, data_keys.c.subject == certificates.c.person)
    .where(intents.c.state == IntentState.WAITING)
    .order_by(intents.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(of=intents)
)
_LOG_PIN = sa.select(logs.c.log_id, logs.c.country)
_NAME_INTENT = sa.update(intents).where(intents.c.id == sa.bindparam("of_intent")).values(uvci=sa.bindparam("new_uvci"))
_NAME_CERTIFICATE = (
    sa.update(certificates).where(certificates.c.id == sa.bindparam("of_id")).values(uvci=sa.bindparam("new_uvci"))
)
_END = (
    sa.update(intents)
    .where(intents.c.id.in_(sa.bindparam("ids", expanding=True)), intents.c.state == IntentState.WAITING)
    .values(state=sa.bindparam("new_state"), done_at=sa.bindparam("new_at"), code=sa.bindparam("new_code"))
    .returning(intents.c.id)
)
_SUPERSEDE = (
    sa.update(certificates)
    .where(
        certificates.c.id == sa.bindparam("of_id"),
        # No IN: one statement is executed for many rows.
        sa.or_(certificates.c.state == CertificateState.LOGGED, certificates.c.state == CertificateState.ANCHORED),
    )
    .values(state=CertificateState.SUPERSEDED, version=certificates.c.version + 1, ended_at=sa.bindparam("new_at"))
)
_LOG = (
    sa.update(certificates)
    .where(certificates.c.id == sa.bindparam("of_id"), certificates.c.state == CertificateState.CERTIFIED)
    .values(
        state=CertificateState.LOGGED,
        version=certificates.c.version + 1,
        text=sa.bindparam("new_text"),
        kid=sa.bindparam("new_kid"),
        leaf_index=sa.bindparam("new_leaf"),
        issued_at=sa.bindparam("new_issued"),
        expires_at=sa.bindparam("new_expires"),
    )
)
_FAIL = (
    sa.update(certificates)
    .where(certificates.c.id == sa.bindparam("of_id"), certificates.c.state == CertificateState.CERTIFIED)
    .values(
        state=CertificateState.REFUSED,
        version=certificates.c.version + 1,
        ended_at=sa.bindparam("new_at"),
        word=sa.bindparam("new_word"),
    )
)
_CANCEL = (
    sa.update(intents)
    .where(
        intents.c.certificate.in_(sa.bindparam("of_certificates", expanding=True)),
        intents.c.kind == IntentKind.ISSUE,
        intents.c.state == IntentState.WAITING,
    )
    .values(state=IntentState.CANCELLED, done_at=sa.bindparam("new_at"))
)
_FORGET_INTENTS = sa.update(intents).where(intents.c.certificate == sa.bindparam("of_id")).values(uvci=None)
_FORGET = (
    sa.update(certificates)
    .where(certificates.c.id == sa.bindparam("of_id"))
    .values(uvci=None, leaf_index=None, kid=None, text=None, record=None, version=certificates.c.version + 1)
)


def waiting(connection: sa.Connection, limit: int) -> list[Intent]:
    """Return up to *limit* intents that are not done, in their order; nobody cancels them in this transaction."""
    return [_value(row) for row in connection.execute(_WAITING, {"most": limit}).mappings()]


def pin_log(connection: sa.Connection, log_id: bytes, country: str) -> bool:
    """Return whether the log *log_id*, for certificates of *country*, is this registry's; the first one becomes it."""
    found = connection.execute(_LOG_PIN).one_or_none()
    if found is None:
        connection.execute(sa.insert(logs), {"id": 1, "log_id": log_id, "country": country})
        return True
    return bool(found.log_id == log_id and found.country == country)


def name(connection: sa.Connection, named: Sequence[tuple[Intent, str]]) -> None:
    """Give the certificates of intents their identifiers."""
    if named:
        connection.execute(_NAME_CERTIFICATE, [{"of_id": each.certificate, "new_uvci": uvci} for each, uvci in named])
        connection.execute(_NAME_INTENT, [{"of_intent": each.id, "new_uvci": uvci} for each, uvci in named])


def end(
    connection: sa.Connection, ids: Sequence[UUID], state: IntentState, at: datetime, code: str | None = None
) -> set[UUID]:
    """Bring the intents with these *ids* to their end; return those that had not come to one before."""
    if not ids:
        return set()
    found = connection.execute(_END, {"ids": list(ids), "new_state": state, "new_at": at, "new_code": code})
    return set(found.scalars())


def log_issued(connection: sa.Connection, issued: Sequence[IssuedAs], at: datetime) -> None:
    """Note that certificates were issued and stand in the log, and that those they replace are superseded."""
    # First the old ones: of one dose there are never two in force.
    old = [{"of_id": each.replaces, "new_at": at} for each in issued if each.replaces is not None]
    if old:
        connection.execute(_SUPERSEDE, old)
    if issued:
        connection.execute(
            _LOG,
            [
                {
                    "of_id": each.certificate,
                    "new_text": each.text,
                    "new_kid": each.kid,
                    "new_leaf": each.leaf_index,
                    "new_issued": each.issued_at,
                    "new_expires": each.expires_at,
                }
                for each in issued
            ],
        )


def fail(connection: sa.Connection, certificate: UUID, word: str, at: datetime) -> None:
    """Note that the issuer refuses to sign a *certificate*."""
    connection.execute(_FAIL, {"of_id": certificate, "new_word": word, "new_at": at})


def cancel_issue(connection: sa.Connection, certificates_: Sequence[UUID], at: datetime) -> None:
    """Take back what was asked for about the issue of certificates and not done."""
    if certificates_:
        connection.execute(_CANCEL, {"of_certificates": list(certificates_), "new_at": at})


def forget(connection: sa.Connection, certificate: UUID) -> None:
    """Remove what leads from a *certificate* to the log, and what is sealed of it."""
    connection.execute(_FORGET_INTENTS, {"of_id": certificate})
    connection.execute(_FORGET, {"of_id": certificate})


def _value(row: sa.RowMapping) -> Intent:
    return Intent(
        id=row["id"],
        kind=IntentKind(row["kind"]),
        at=row["at"],
        word=row["word"],
        uvci=row["uvci"],
        certificate=row["certificate"],
        person=row["person"],
        revision=row["revision"],
        origin=Origin(row["origin"]),
        record=row["record"],
        replaces=row["replaces"],
        old_uvci=row["old_uvci"],
        key_id=row["key_id"],
        wrapped=row["wrapped"],
    )
