"""Certificates that end: revoked by the centre, and forgotten with their holder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta

from vaxcert.registry.certificates import intent_store, store
from vaxcert.registry.certificates.life import IN_FORCE, ON_THE_WAY, CertificateState, Step, state_after
from vaxcert.registry.certificates.tables import WORD_LENGTH, IntentKind, certificates
from vaxcert.registry.corrections.store import erase_of as erase_corrections
from vaxcert.service.registry.certificates.drafts import ask_for
from vaxcert.service.registry.certificates.listed import CertificateCard, card_of
from vaxcert.service.registry.certificates.shown import OneCertificate, find_certificate
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from vaxcert.registry.certificates.store import RegisteredCertificate
    from vaxcert.service.registry.work import Work

ERASED: Final = "erased"
"""The word of a certificate that was not issued since its holder was erased."""


class RevokeCertificate(OneCertificate, frozen=True, kw_only=True):
    """Which certificate does not count any more, and why."""

    word: Annotated[
        str,
        Meta(
            pattern="^[a-z][a-z_]*$",
            max_length=WORD_LENGTH,
            description="why, in a word for the lists, such as fraud; nothing about a person",
        ),
    ]
    reason: Annotated[str, Meta(max_length=500, description="why, in your own words; kept sealed")] | None = None
    version: Annotated[int, Meta(ge=1, description="the version that was read")] | None = None


@use_case(Right.REVOKE_CERTIFICATES)
def revoke_certificate(work: Work, request: RevokeCertificate) -> CertificateCard:
    """Revoke an issued certificate; the sequencer writes it into the log and the book that lists are made from.

    Raises:
        CertificateStateError: It is not issued, or is revoked already.
        NotRegisteredError: There is no such certificate.
        StaleVersionError: Somebody else has changed it.
    """
    row = find_certificate(work, request.certificate)
    _end(work, row, Step.REVOKE, request.word, expected=request.version, reason=request.reason)
    return card_of(find_certificate(work, str(row.id)))


def withdraw_certificates(work: Work, dose: UUID, *, word: str) -> int:
    """End the certificates of a *dose* that was entered by mistake; return how many there were.

    What is on its way is refused and what is in force revoked, both with *word* for a reason.

    Raises:
        CertificateStateError: One is being issued at this moment; try again.
    """
    found = store.of_dose(work.connection, dose)
    on_the_way = [row for row in found if row.state in ON_THE_WAY]
    in_force = [row for row in found if row.state in IN_FORCE]
    for row in on_the_way:
        _end(work, row, Step.REFUSE, word)
    for row in in_force:
        _end(work, row, Step.REVOKE, word)
    return len(on_the_way) + len(in_force)


def erase_certificates(work: Work, people: Collection[UUID]) -> int:
    """Have everything forgotten that leads from *people* to their certificates in the log; return how many there are.

    What is sealed here goes with their data keys. The sequencer erases the salts of the log's entries (`ledger erase`),
    so that nobody can tie a leaf to anybody; leaves, anchors and counts stay. Certificates that the sequencer was asked
    to issue and has not are not issued; one that it is issuing at this moment is taken out of the log again. Open
    requests for corrections are closed.

    Args:
        work: The transaction in which the people are erased.
        people: All ids that lead to them.
    """
    connection = work.connection
    intent_store.cancel_issue(connection, [row.id for row in store.of_persons(connection, people)], work.at)
    # Read anew: what was being noted by the sequencer was waited for, and has its id by now.
    found = store.of_persons(connection, people)
    erase_corrections(connection, people, account=work.actor.account, at=work.at)
    for row in found:
        if row.erased_at is not None:
            continue
        ended = (
            {"state": CertificateState.REFUSED, "ended_at": work.at, "word": ERASED} if row.state in ON_THE_WAY else {}
        )
        work.update_version(certificates, row.id, None, erased_at=work.at, text=None, record=None, **ended)
        if row.uvci is not None:
            ask_for(work, IntentKind.ERASE, row.id, uvci=row.uvci)
        work.note("certificate.erased", row.id)
    return len(found)


def _end(
    work: Work,
    row: RegisteredCertificate,
    step: Step,
    word: str,
    *,
    expected: int | None = None,
    reason: str | None = None,
) -> None:
    state = state_after(row.state, step)
    work.update_version(certificates, row.id, expected or row.version, state=state, ended_at=work.at, word=word)
    if step is Step.REVOKE:
        ask_for(work, IntentKind.REVOKE, row.id, uvci=row.uvci, word=word)
    work.note(f"certificate.{step}", row.id, before=row.state, after=state, reason=reason, person=row.person)
