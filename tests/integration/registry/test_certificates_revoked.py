"""Certificates that end: revoked in the registry, the book and the log; and erased with their holder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.certificate_desk import CertificateDesk, certificate_desk, logged, quick_desk, secret
from vaxcert.errors import CertificateStateError, NotAllowedError, PersonErasedError, StaleVersionError
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.registry.certificates.life import CertificateState
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.registry.certificates.revoked import RevokeCertificate, revoke_certificate, withdraw_certificates
from vaxcert.service.registry.certificates.sequencer import Drained
from vaxcert.service.registry.certificates.shown import OneCertificate, show_certificate
from vaxcert.service.registry.people.erasure import ErasePerson, erase_person
from vaxcert.service.registry.rights import Role
from vaxcert.service.revocation_book import BOOK_NAME, RevocationBook
from vaxcert.trust.revocation.revocation_list import RevocationReason

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.ledger.store.reader import LoggedEntry
    from vaxcert.service.registry.certificates.listed import CertificateCard
    from vaxcert.service.revocation_book import BookEntry

__all__ = ["certificate_desk", "quick_desk"]


def revoke(desk: CertificateDesk, certificate: UUID, **options: int) -> CertificateCard:
    request = RevokeCertificate(certificate=str(certificate), word="fraud", reason="the paper was forged", **options)
    return desk.registry.run(revoke_certificate, request, role=Role.CENTRE)


def book(desk: CertificateDesk) -> list[BookEntry]:
    with RevocationBook.open(desk.ledger / BOOK_NAME) as opened:
        return list(opened.entries())


def erase(desk: CertificateDesk, person: UUID, version: int = 1) -> None:
    request = ErasePerson(person=person, version=version, reason="asked for it")
    desk.registry.run(erase_person, request, role=Role.PROVINCE)


def test_s16_a_revoked_certificate_is_in_the_log_and_in_the_book(certificate_desk: CertificateDesk) -> None:
    certificate = certificate_desk.issued()
    card = revoke(certificate_desk, certificate)
    assert (card.state, card.word, card.is_in_force) == (CertificateState.REVOKED, "fraud", False)
    assert certificate_desk.drain() == Drained(revoked=1)
    (statement,) = logged(certificate_desk.ledger).statements
    found = certificate_desk.find(certificate)
    assert (statement.kind, statement.subject, statement.detail) == (EntryKind.REVOCATION, found.uvci, "fraud")
    assert statement.at == int(certificate_desk.registry.at.timestamp())
    (entry,) = book(certificate_desk)
    assert (entry.id, entry.reason, entry.word) == (found.uvci, RevocationReason.REVOKED, "fraud")


def test_revoking_that_was_cut_off_makes_one_statement(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.issued()
    revoke(quick_desk, certificate)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vaxcert.service.registry.certificates.sequencer._note_issued", _killed)
        with pytest.raises(KeyboardInterrupt):
            quick_desk.drain()
    assert len(logged(quick_desk.ledger).statements) == 1
    quick_desk.registry.later(hours=1)
    assert quick_desk.drain() == Drained(revoked=1)
    assert len(logged(quick_desk.ledger).statements) == 1


def _killed(*_: object) -> int:
    raise KeyboardInterrupt


def test_nothing_leaves_revoked(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.issued()
    revoke(quick_desk, certificate)
    with pytest.raises(CertificateStateError, match="revoked"):
        revoke(quick_desk, certificate)
    quick_desk.drain()
    quick_desk.anchor()
    quick_desk.sequencer().follow_anchors(quick_desk.registry.at)
    found = quick_desk.find(certificate)
    assert found.state is CertificateState.REVOKED
    assert found.anchored_at is not None


def test_what_is_not_issued_cannot_be_revoked(quick_desk: CertificateDesk) -> None:
    with pytest.raises(CertificateStateError, match="certified"):
        revoke(quick_desk, quick_desk.certified())


def test_a_revocation_of_another_version_is_told(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.issued()
    with pytest.raises(StaleVersionError):
        revoke(quick_desk, certificate, version=1)
    assert quick_desk.state(certificate) is CertificateState.LOGGED


@pytest.mark.parametrize("role", [Role.SITE_ADMIN, Role.PROVINCE, Role.AUDITOR])
def test_the_centre_alone_revokes(quick_desk: CertificateDesk, role: Role) -> None:
    request = RevokeCertificate(certificate="anything", word="fraud")
    with pytest.raises(NotAllowedError):
        quick_desk.registry.run(revoke_certificate, request, role=role)


def test_a_dose_that_was_not_given_has_no_certificate_any_more(quick_desk: CertificateDesk) -> None:
    on_its_way, in_force = quick_desk.drafted(), quick_desk.issued()
    with quick_desk.registry.desk.working(quick_desk.registry.actor(Role.CENTRE), quick_desk.registry.at) as work:
        for certificate in (on_its_way, in_force):
            assert withdraw_certificates(work, quick_desk.find(certificate).dose, word="not_given") == 1
        assert withdraw_certificates(work, quick_desk.find(in_force).dose, word="not_given") == 0
    assert quick_desk.state(on_its_way) is CertificateState.REFUSED
    assert quick_desk.state(in_force) is CertificateState.REVOKED
    assert quick_desk.drain() == Drained(revoked=1)


def test_e15_erasing_somebody_takes_the_salt_and_leaves_the_leaf(certificate_desk: CertificateDesk) -> None:
    stays, goes = certificate_desk.issued(), certificate_desk.issued()
    certificate_desk.anchor()
    certificate_desk.sequencer().follow_anchors(certificate_desk.registry.at)
    before = certificate_desk.find(goes)
    assert before.leaf_index is not None
    leaf = entry(certificate_desk, before.leaf_index).leaf
    erase(certificate_desk, before.person)
    assert certificate_desk.drain() == Drained(erased=1)
    erased = entry(certificate_desk, before.leaf_index)
    assert (erased.is_erased, erased.salt, erased.digest, erased.leaf) == (True, None, None, leaf)
    after = certificate_desk.find(goes)
    assert (after.uvci, after.leaf_index, after.text, after.record, after.kid) == (None,) * 5
    assert (after.state, after.anchored_at) == (CertificateState.ANCHORED, before.anchored_at)  # it is counted still
    assert logged(certificate_desk.ledger).ids == [certificate_desk.find(stays).uvci]
    with LedgerFolder(certificate_desk.ledger).open() as log:
        assert log.check(opener=lambda name, sealed: secret().open(sealed, about=name.encode())) is None


def entry(desk: CertificateDesk, index: int) -> LoggedEntry:
    with LedgerFolder(desk.ledger).open(read_only=True) as log:
        return log.entry(index)


def test_e15_what_was_not_issued_yet_is_not_issued(certificate_desk: CertificateDesk) -> None:
    draft, certified = certificate_desk.drafted(), certificate_desk.certified()
    for certificate in (draft, certified):
        erase(certificate_desk, certificate_desk.find(certificate).person)
        found = certificate_desk.find(certificate)
        assert (found.state, found.word, found.record) == (CertificateState.REFUSED, "erased", None)
    assert not certificate_desk.drain()
    assert logged(certificate_desk.ledger).size == 0


def test_e15_nobody_is_shown_a_certificate_of_the_erased(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.issued()
    erase(quick_desk, quick_desk.find(certificate).person)
    request = OneCertificate(certificate=str(certificate))
    with pytest.raises(PersonErasedError):
        quick_desk.registry.run(show_certificate, request, role=Role.RECEPTIONIST, site=quick_desk.site)


def test_e15_an_erasure_that_was_cut_off_is_gone_on_with(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.issued()
    erase(quick_desk, quick_desk.find(certificate).person)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vaxcert.service.registry.certificates.sequencer._note_issued", _killed)
        with pytest.raises(KeyboardInterrupt):
            quick_desk.drain()
    assert quick_desk.find(certificate).uvci is not None
    assert quick_desk.drain() == Drained(erased=1)
    assert quick_desk.find(certificate).uvci is None
