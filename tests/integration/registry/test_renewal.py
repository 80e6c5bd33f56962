"""Codes that lapse soon are made anew, once, and the old ones are superseded."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.certificate_desk import CertificateDesk, certificate_desk, logged, opened, quick_desk
from vaxcert.errors import NotAllowedError
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.registry.certificates import store
from vaxcert.registry.certificates.life import CertificateState, Origin
from vaxcert.registry.certificates.tables import certificates
from vaxcert.registry.doses.store import replace_dose
from vaxcert.registry.doses.tables import doses
from vaxcert.service.registry.certificates import renewal
from vaxcert.service.registry.certificates.renewal import RenewCertificates, renew_certificates
from vaxcert.service.registry.certificates.revoked import RevokeCertificate, revoke_certificate
from vaxcert.service.registry.doses.given import dose_by_id
from vaxcert.service.registry.rights import Role
from vaxcert.service.revocation_book import BOOK_NAME, RevocationBook

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.registry.certificates.store import RegisteredCertificate

__all__ = ["certificate_desk", "quick_desk"]


def renew(desk: CertificateDesk, limit: int = 200) -> int:
    return desk.registry.run(renew_certificates, RenewCertificates(limit=limit), role=Role.SERVICE).renewed


def newest(desk: CertificateDesk, old: UUID) -> RegisteredCertificate:
    with desk.registry.desk.reading() as connection:
        return max(store.of_dose(connection, desk.find(old).dose), key=lambda each: each.revision)


def test_e13_before_a_year_is_over_a_new_code_takes_the_place_of_the_old(certificate_desk: CertificateDesk) -> None:
    old = certificate_desk.issued()
    before = opened(certificate_desk, old).dcc
    certificate_desk.years_later()
    assert renew(certificate_desk) == 1
    certificate_desk.drain()
    new = newest(certificate_desk, old)
    assert (new.state, new.origin, new.replaces, new.revision) == ("logged", Origin.RENEWAL, old, 2)
    assert new.expires_at is not None
    assert (new.expires_at - certificate_desk.registry.at).days == 365
    superseded = certificate_desk.find(old)
    assert (superseded.state, superseded.ended_at) == (CertificateState.SUPERSEDED, certificate_desk.registry.at)
    after = opened(certificate_desk, new.id).dcc
    assert after["v"][0].pop("ci") == new.uvci != before["v"][0].pop("ci")
    assert after == before  # the same holder and the same dose


def test_e13_the_log_says_which_one_superseded_which_and_revokes_none(certificate_desk: CertificateDesk) -> None:
    old = certificate_desk.issued()
    certificate_desk.years_later()
    renew(certificate_desk)
    certificate_desk.drain()
    (statement,) = logged(certificate_desk.ledger).statements
    old_uvci, new_uvci = certificate_desk.find(old).uvci, newest(certificate_desk, old).uvci
    assert (statement.kind, statement.subject, statement.detail) == (EntryKind.SUPERSESSION, old_uvci, new_uvci)
    with RevocationBook.open(certificate_desk.ledger / BOOK_NAME) as book:
        assert [(entry.id, entry.reason, entry.successor) for entry in book.entries()] == [
            (old_uvci, "superseded", new_uvci)
        ]


def test_e13_who_signed_the_old_one_answers_for_the_new_one(quick_desk: CertificateDesk) -> None:
    old = quick_desk.issued()
    quick_desk.years_later()
    renew(quick_desk)
    assert newest(quick_desk, old).hands == quick_desk.find(old).hands


def test_a_code_that_holds_for_long_is_not_renewed(quick_desk: CertificateDesk) -> None:
    quick_desk.issued()
    quick_desk.years_later(days=330)  # thirty-five days are left
    assert renew(quick_desk) == 0


def test_a_code_is_renewed_once(certificate_desk: CertificateDesk) -> None:
    old = certificate_desk.issued()
    certificate_desk.years_later()
    assert [renew(certificate_desk), renew(certificate_desk)] == [1, 0]
    assert certificate_desk.drain().issued == 1
    assert renew(certificate_desk) == 0
    assert certificate_desk.state(old) is CertificateState.SUPERSEDED


def test_many_are_renewed_some_at_a_time(quick_desk: CertificateDesk) -> None:
    quick_desk.sign(*[quick_desk.drafted() for _ in range(5)])
    quick_desk.drain()
    quick_desk.years_later()
    assert [renew(quick_desk, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert quick_desk.drain().issued == 5


def test_what_was_revoked_is_not_renewed(quick_desk: CertificateDesk) -> None:
    old = quick_desk.issued()
    request = RevokeCertificate(certificate=str(old), word="fraud")
    quick_desk.registry.run(revoke_certificate, request, role=Role.CENTRE)
    quick_desk.years_later()
    assert renew(quick_desk) == 0


def test_one_revoked_between_the_renewal_and_its_issue_stays_revoked(quick_desk: CertificateDesk) -> None:
    old = quick_desk.issued()
    quick_desk.years_later()
    renew(quick_desk)
    request = RevokeCertificate(certificate=str(old), word="fraud")
    quick_desk.registry.run(revoke_certificate, request, role=Role.CENTRE)
    quick_desk.drain()
    assert quick_desk.state(old) is CertificateState.REVOKED


def test_what_the_record_does_not_say_any_more_is_certified_anew_instead(certificate_desk: CertificateDesk) -> None:
    old = certificate_desk.issued()
    with certificate_desk.registry.desk.working(
        certificate_desk.registry.actor(Role.CENTRE), certificate_desk.registry.at
    ) as work:
        before = dose_by_id(work, certificate_desk.find(old).dose)
        replace_dose(work.connection, before, replace(before, lot_number="FF0043"), at=work.at)
    certificate_desk.years_later()
    request = RenewCertificates()
    asked = certificate_desk.registry.run(renew_certificates, request, role=Role.SERVICE)
    assert (asked.renewed, asked.drafted, asked.source) == (0, 1, "5772/QĐ-BYT")
    assert certificate_desk.registry.run(renew_certificates, request, role=Role.SERVICE).drafted == 0
    new = newest(certificate_desk, old)
    assert (new.state, new.origin, new.replaces) == (CertificateState.DRAFT, Origin.CORRECTION, old)
    certificate_desk.sign(new.id)
    certificate_desk.drain()
    assert certificate_desk.state(old) is CertificateState.SUPERSEDED


def test_a_record_that_cannot_be_certified_any_more_is_not_renewed(quick_desk: CertificateDesk) -> None:
    old = quick_desk.issued()
    with quick_desk.registry.engine.begin() as connection:
        connection.execute(sa.update(doses).values(state="voided"))
    quick_desk.years_later()
    asked = quick_desk.registry.run(renew_certificates, RenewCertificates(), role=Role.SERVICE)
    assert (asked.renewed, asked.drafted) == (0, 1)
    assert newest(quick_desk, old).state is CertificateState.DRAFT


@pytest.mark.parametrize("is_changed", [False, True])
def test_of_two_renewals_at_once_one_begins_a_certificate(quick_desk: CertificateDesk, *, is_changed: bool) -> None:
    old = quick_desk.find(quick_desk.issued())
    registry = quick_desk.registry
    with registry.desk.working(registry.actor(Role.SERVICE), registry.at) as work:
        record = renewal._certified(work, old)
        begin = partial(renewal._draft, work, old) if is_changed else partial(renewal._renew, work, old, record)
        assert [begin(), begin()] == [True, False]


def test_a_lapsed_code_is_renewed_too(quick_desk: CertificateDesk) -> None:
    old = quick_desk.issued()
    quick_desk.years_later(days=400)
    assert renew(quick_desk) == 1
    quick_desk.drain()
    assert newest(quick_desk, old).state is CertificateState.LOGGED


@pytest.mark.parametrize("role", [Role.SITE_ADMIN, Role.CENTRE_SIGNER])
def test_renewal_is_for_the_centre_and_its_services(quick_desk: CertificateDesk, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        quick_desk.registry.run(renew_certificates, RenewCertificates(), role=role)


@pytest.mark.parametrize("state", ["logged", "draft"])
def test_s15_the_database_keeps_one_in_force_and_one_on_the_way(certificate_desk: CertificateDesk, state: str) -> None:
    first = certificate_desk.issued() if state == "logged" else certificate_desk.drafted()
    other = certificate_desk.issued()
    dose = certificate_desk.find(first).dose
    values = {"dose": dose, "revision": 7, "state": state}
    with pytest.raises(sa.exc.IntegrityError), certificate_desk.registry.engine.begin() as connection:
        connection.execute(sa.update(certificates).where(certificates.c.id == other).values(**values))
