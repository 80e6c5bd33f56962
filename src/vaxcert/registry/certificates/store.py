"""Certificates in the database: read, listed, and changed from one state into the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import sqlalchemy as sa

from vaxcert.registry.certificates.life import (
    IN_FORCE,
    ON_THE_WAY,
    SIGNATURES,
    WAYS,
    CertificateState,
    Hands,
    Origin,
    Step,
)
from vaxcert.registry.certificates.tables import certificates
from vaxcert.registry.sealing.tables import data_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RegisteredCertificate:
    """A certificate as the registry has it, issued or not."""

    id: UUID
    version: int
    person: UUID
    dose: UUID
    revision: int
    origin: Origin
    replaces: UUID | None
    site: UUID | None
    area: str | None
    state: CertificateState
    made_at: datetime
    hands: Hands
    record: bytes | None
    """Sealed."""
    uvci: str | None
    text: bytes | None
    """Sealed."""
    kid: bytes | None
    leaf_index: int | None
    issued_at: datetime | None
    expires_at: datetime | None
    anchored_at: datetime | None
    ended_at: datetime | None
    word: str | None
    erased_at: datetime | None

    def __repr__(self) -> str:
        return f"RegisteredCertificate(id={self.id}, state={self.state.value!r})"


class FoundCertificate(NamedTuple):
    """A certificate, and the wrapped data key of its person, if there is one yet."""

    row: RegisteredCertificate
    key_id: str | None
    wrapped: bytes | None

    def __repr__(self) -> str:
        return f"FoundCertificate({self.row!r})"


RECORD_PLACE: Final = "certificates.record"
TEXT_PLACE: Final = "certificates.text"

_C = certificates.c
_coming = certificates.alias("coming")
_ALL = sa.select(certificates)
_WITH_KEY = sa.select(certificates, data_keys.c.key_id, data_keys.c.wrapped).outerjoin(
    data_keys, data_keys.c.subject == _C.person
)
_BY_ID = _ALL.where(_C.id == sa.bindparam("of_id"))
_BY_ID_WITH_KEY = _WITH_KEY.where(_C.id == sa.bindparam("of_id"))
_BY_UVCI = _WITH_KEY.where(_C.uvci == sa.bindparam("of_uvci"))
_SEVERAL = (
    _WITH_KEY.where(_C.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(_C.id)  # two who sign the same do not wait for each other
    .with_for_update(of=certificates)
)
_OF_PERSONS = _ALL.where(_C.person.in_(sa.bindparam("persons", expanding=True))).order_by(_C.id)
_OF_DOSE = _ALL.where(_C.dose == sa.bindparam("of_dose")).order_by(_C.id)
_LAST_REVISION = sa.select(sa.func.max(_C.revision)).where(
    _C.dose == sa.bindparam("of_dose"), _C.state != CertificateState.REFUSED
)
_DUE = (
    _ALL.where(_C.state.in_(sorted(IN_FORCE)), _C.expires_at < sa.bindparam("before"), _C.erased_at.is_(None))
    # One that is on its way for the same dose, a correction or this renewal, will stand in its place.
    .where(~sa.exists().where(_coming.c.dose == _C.dose, _coming.c.state.in_(sorted(ON_THE_WAY))))
    .order_by(_C.expires_at, _C.id)
    .limit(sa.bindparam("most"))
)
_ANCHOR = (
    sa.update(certificates)
    .where(_C.leaf_index < sa.bindparam("size"), _C.anchored_at.is_(None))
    .values(
        anchored_at=sa.bindparam("at"),
        version=_C.version + 1,
        state=sa.case((_C.state == CertificateState.LOGGED, CertificateState.ANCHORED.value), else_=_C.state),
    )
)
_SIGN = {
    step: sa.update(certificates)
    .where(_C.id == sa.bindparam("of_id"))
    .values(
        version=_C.version + 1,
        state=sa.bindparam("new_state"),
        **{place: sa.bindparam("account"), f"{place.removesuffix('by')}at": sa.bindparam("at")},
        **({"record": sa.bindparam("new_record")} if step is Step.VERIFY else {}),
    )
    for step, place in SIGNATURES.items()
}


def find(connection: sa.Connection, certificate: UUID) -> RegisteredCertificate | None:
    """Return the certificate with the id that its row has, or None."""
    row = connection.execute(_BY_ID, {"of_id": certificate}).one_or_none()
    return None if row is None else _value(row)


def find_with_key(connection: sa.Connection, certificate: UUID) -> FoundCertificate | None:
    """Return the certificate with the id that its row has, to be opened, or None."""
    row = connection.execute(_BY_ID_WITH_KEY, {"of_id": certificate}).one_or_none()
    return None if row is None else _found(row)


def find_locked(connection: sa.Connection, ids: Collection[UUID]) -> list[FoundCertificate]:
    """Return the certificates with one of *ids*; nobody else changes them until the end of the transaction."""
    rows = connection.execute(_SEVERAL, {"ids": list(ids)})
    return [_found(row) for row in rows]


def sign(
    connection: sa.Connection, step: Step, signed: Sequence[tuple[UUID, bytes | None]], *, account: str, at: datetime
) -> None:
    """Note that *account* has taken one of the three steps of certificates that were found and locked.

    Args:
        connection: The transaction.
        step: Which step.
        signed: The certificates, each with its sealed record where that is verified.
        account: Whose step it is.
        at: When.
    """
    common = {"new_state": next(iter(WAYS[step].values())), "account": account, "at": at}
    if signed:
        rows = [{"of_id": each, "new_record": sealed, **common} for each, sealed in signed]
        if step is not Step.VERIFY:
            for row in rows:
                del row["new_record"]
        connection.execute(_SIGN[step], rows)


def find_by_uvci(connection: sa.Connection, uvci: str) -> FoundCertificate | None:
    """Return the issued certificate with the id *uvci*, to be opened, or None."""
    row = connection.execute(_BY_UVCI, {"of_uvci": uvci}).one_or_none()
    return None if row is None else _found(row)


def of_persons(connection: sa.Connection, persons: Collection[UUID]) -> list[RegisteredCertificate]:
    """Return all certificates of *persons*, whatever became of them, the oldest first."""
    return [_value(row) for row in connection.execute(_OF_PERSONS, {"persons": list(persons)})]


def of_dose(connection: sa.Connection, dose: UUID) -> list[RegisteredCertificate]:
    """Return all certificates of a *dose*, the oldest first."""
    return [_value(row) for row in connection.execute(_OF_DOSE, {"of_dose": dose})]


def next_revision(connection: sa.Connection, dose: UUID) -> int:
    """Return the number of the next certificate of *dose*; that of a refused one, which was never issued, is free."""
    return (connection.scalar(_LAST_REVISION, {"of_dose": dose}) or 0) + 1


def in_state(
    connection: sa.Connection,
    state: CertificateState,
    *,
    site: UUID | None,
    areas: Collection[str] | None,
    after: UUID,
    limit: int,
) -> list[RegisteredCertificate]:
    """Return up to *limit* certificates that are *state*, the oldest first.

    Args:
        connection: The transaction.
        state: How far they have come.
        site: Those of one site only.
        areas: Those in these areas only; None for the whole country.
        after: Those whose rows come after this one.
        limit: How many at most.
    """
    wanted = _ALL.where(_C.state == state, _C.id > after).order_by(_C.id).limit(limit)
    if site is not None:
        wanted = wanted.where(_C.site == site)
    elif areas is not None:
        wanted = wanted.where(_C.area.in_(sorted(areas)))
    return [_value(row) for row in connection.execute(wanted)]


def due_for_renewal(connection: sa.Connection, before: datetime, limit: int) -> list[RegisteredCertificate]:
    """Return up to *limit* certificates in force that expire *before* an instant and have no successor on its way."""
    return [_value(row) for row in connection.execute(_DUE, {"before": before, "most": limit})]


def anchor_below(connection: sa.Connection, size: int, at: datetime) -> int:
    """Note that the head over the first *size* entries of the log is final; return how many certificates it covers."""
    return connection.execute(_ANCHOR, {"size": size, "at": at}).rowcount


def _found(row: sa.Row[tuple[object, ...]]) -> FoundCertificate:
    return FoundCertificate(_value(row), row.key_id, row.wrapped)


def _value(row: sa.Row[tuple[object, ...]]) -> RegisteredCertificate:
    return RegisteredCertificate(
        id=row.id,
        version=row.version,
        person=row.person,
        dose=row.dose,
        revision=row.revision,
        origin=Origin(row.origin),
        replaces=row.replaces,
        site=row.site,
        area=row.area,
        state=CertificateState(row.state),
        made_at=row.made_at,
        hands=Hands(
            entered_by=row.entered_by,
            verified_by=row.verified_by,
            site_signed_by=row.site_signed_by,
            certified_by=row.certified_by,
        ),
        record=row.record,
        uvci=row.uvci,
        text=row.text,
        kid=row.kid,
        leaf_index=row.leaf_index,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        anchored_at=row.anchored_at,
        ended_at=row.ended_at,
        word=row.word,
        erased_at=row.erased_at,
    )
