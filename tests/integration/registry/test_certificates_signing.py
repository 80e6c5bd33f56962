"""The three steps of a certificate, and that each is somebody else's."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier, Thread
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.certificate_desk import COMIRNATY, CertificateDesk, certificate_desk, quick_desk
from tests.invented_people import person as invented
from vaxcert.errors import (
    CertificateStateError,
    NotAllowedError,
    NotRegisteredError,
    RecordChangedError,
    RequestError,
    SeparationError,
    StaleVersionError,
    VaxcertError,
)
from vaxcert.registry.certificates.life import CertificateState
from vaxcert.registry.certificates.tables import certificates, intents
from vaxcert.registry.doses.dose import DoseKind, DoseState
from vaxcert.registry.doses.store import replace_dose
from vaxcert.registry.doses.tables import doses
from vaxcert.service.registry.access import Actor
from vaxcert.service.registry.certificates.drafts import draft_first
from vaxcert.service.registry.certificates.signing import (
    RefuseCertificate,
    SignCertificates,
    StepResults,
    centre_sign_certificates,
    refuse_certificate,
    return_certificate,
    site_sign_certificates,
    verify_certificates,
)
from vaxcert.service.registry.people.finding import person_by_id
from vaxcert.service.registry.people.writing import write_version
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.use_case import UseCase

if TYPE_CHECKING:
    from collections.abc import Callable

    from vaxcert.registry.doses.dose import Dose

__all__ = ["certificate_desk", "quick_desk"]

Sign: TypeAlias = UseCase[SignCertificates, StepResults]
NOWHERE = UUID("0197c0de-0000-7000-8000-00000000ffff")


def one(certificate: UUID, version: int | None = None) -> SignCertificates:
    return SignCertificates(certificates=[certificate], version=version)


def by(desk: CertificateDesk, account: str, role: Role) -> Actor:
    site = None if role is Role.CENTRE_SIGNER else desk.site
    return Actor(account=account, roles=frozenset({role}), area=desk.registry.area, site=site)


def take(desk: CertificateDesk, step: Sign, certificate: UUID, account: str, role: Role) -> CertificateState | None:
    actor = by(desk, account, role)
    if role is Role.CENTRE_SIGNER:
        actor = desk.registry.actor(role)
        actor = Actor(account=account, roles=actor.roles, area=actor.area)
    (result,) = desk.registry.desk.run(step, one(certificate), actor=actor, at=desk.registry.at).results
    return result.state


def verified(desk: CertificateDesk, certificate: UUID, account: str = "verifier") -> None:
    take(desk, verify_certificates, certificate, account, Role.RECEPTIONIST)


def site_signed(desk: CertificateDesk, certificate: UUID) -> None:
    verified(desk, certificate)
    take(desk, site_sign_certificates, certificate, "head", Role.SITE_ADMIN)


def test_s36_three_accounts_certify_an_injection_of_a_fourth(certificate_desk: CertificateDesk) -> None:
    certificate = certificate_desk.drafted()
    certificate_desk.sign(certificate)
    found = certificate_desk.find(certificate)
    assert found.state is CertificateState.CERTIFIED
    hands = found.hands
    assert len({hands.entered_by, hands.verified_by, hands.site_signed_by, hands.certified_by}) == 4
    with certificate_desk.registry.desk.reading() as connection:
        (asked,) = connection.execute(sa.select(intents.c.certificate, intents.c.state)).all()
    assert asked == (certificate, "waiting")


def test_s36_who_entered_the_injection_takes_none_of_the_steps(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.queued(quick_desk.dose(quick_desk.person(), entered_by="everywhere"))
    with pytest.raises(SeparationError, match="who entered the injection"):
        take(quick_desk, verify_certificates, certificate, "everywhere", Role.RECEPTIONIST)
    verified(quick_desk, certificate)
    with pytest.raises(SeparationError, match="who entered the injection"):
        take(quick_desk, site_sign_certificates, certificate, "everywhere", Role.SITE_ADMIN)
    take(quick_desk, site_sign_certificates, certificate, "head", Role.SITE_ADMIN)
    with pytest.raises(SeparationError, match="who entered the injection"):
        take(quick_desk, centre_sign_certificates, certificate, "everywhere", Role.CENTRE_SIGNER)


def test_s36_no_account_takes_two_steps(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.drafted()
    take(quick_desk, verify_certificates, certificate, "head", Role.SITE_ADMIN)
    with pytest.raises(SeparationError, match="another account's"):
        take(quick_desk, site_sign_certificates, certificate, "head", Role.SITE_ADMIN)
    take(quick_desk, site_sign_certificates, certificate, "deputy", Role.SITE_ADMIN)
    for account in ("head", "deputy"):
        with pytest.raises(SeparationError, match="another account's"):
            take(quick_desk, centre_sign_certificates, certificate, account, Role.CENTRE_SIGNER)


@pytest.mark.parametrize(
    "hands",
    [
        {"verified_by": "vaccinator"},
        {"verified_by": "b", "site_signed_by": "b"},
        {"verified_by": "b", "site_signed_by": "c", "certified_by": "b"},
        {"verified_by": "b", "site_signed_by": "c", "certified_by": "vaccinator"},
    ],
)
def test_s36_the_database_refuses_it_too(certificate_desk: CertificateDesk, hands: dict[str, str]) -> None:
    certificate = certificate_desk.drafted()
    with pytest.raises(sa.exc.IntegrityError), certificate_desk.registry.engine.begin() as connection:
        connection.execute(sa.update(certificates).where(certificates.c.id == certificate).values(**hands))


@pytest.mark.parametrize(
    ("step", "role"),
    [
        (verify_certificates, Role.VACCINATOR),
        (verify_certificates, Role.CENTRE_SIGNER),
        (site_sign_certificates, Role.RECEPTIONIST),
        (site_sign_certificates, Role.CENTRE_SIGNER),
        (centre_sign_certificates, Role.SITE_ADMIN),
        (centre_sign_certificates, Role.CENTRE),
        (centre_sign_certificates, Role.SYSADMIN),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_s36_each_step_is_for_its_role_alone(quick_desk: CertificateDesk, step: Sign, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        quick_desk.registry.run(step, one(NOWHERE), role=role)


def test_another_site_does_not_verify(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.drafted()
    with pytest.raises(NotAllowedError, match="another site's"):
        quick_desk.registry.run(verify_certificates, one(certificate), role=Role.RECEPTIONIST, site=NOWHERE)


def test_a_step_cannot_be_skipped(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.drafted()
    with pytest.raises(CertificateStateError, match="draft"):
        take(quick_desk, site_sign_certificates, certificate, "head", Role.SITE_ADMIN)
    with pytest.raises(CertificateStateError, match="draft"):
        take(quick_desk, centre_sign_certificates, certificate, "signer", Role.CENTRE_SIGNER)
    verified(quick_desk, certificate)
    with pytest.raises(CertificateStateError, match="verified"):
        take(quick_desk, centre_sign_certificates, certificate, "signer", Role.CENTRE_SIGNER)


def test_a_step_is_taken_once(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.drafted()
    verified(quick_desk, certificate)
    with pytest.raises(CertificateStateError, match="verified"):
        verified(quick_desk, certificate, "another")


@pytest.mark.parametrize("state", [DoseState.GIVEN, DoseState.UNVERIFIED, DoseState.VOIDED])
def test_there_is_no_certificate_without_a_completed_injection(quick_desk: CertificateDesk, state: DoseState) -> None:
    certificate = quick_desk.queued(quick_desk.dose(quick_desk.person(), state=state))
    with pytest.raises(CertificateStateError, match=f"the dose is {state}"):
        verified(quick_desk, certificate)


def test_an_injection_that_was_voided_meanwhile_is_not_signed(quick_desk: CertificateDesk) -> None:
    dose = quick_desk.dose(quick_desk.person())
    certificate = quick_desk.queued(dose)
    verified(quick_desk, certificate)
    change_dose(quick_desk, dose, state=DoseState.VOIDED)
    with pytest.raises(CertificateStateError, match="the dose is voided"):
        take(quick_desk, site_sign_certificates, certificate, "head", Role.SITE_ADMIN)


def change_dose(desk: CertificateDesk, dose: Dose, **changes: object) -> None:
    with desk.registry.desk.working(desk.registry.actor(Role.SERVICE), desk.registry.at) as work:
        replace_dose(work.connection, dose, replace(dose, **changes), at=work.at)  # type: ignore[arg-type] # by field


def change_name(desk: CertificateDesk, person: UUID) -> None:
    with desk.registry.desk.working(desk.registry.actor(Role.CENTRE), desk.registry.at) as work:
        before = person_by_id(work, person)
        known = invented("Nguyễn", "Thị Ánh Nguyệt")
        write_version(work, before, known=known, area=before.area, expected=before.version, reason="a slip")


def renamed(desk: CertificateDesk, dose: Dose) -> None:
    change_name(desk, dose.person)


def another_lot(desk: CertificateDesk, dose: Dose) -> None:
    change_dose(desk, dose, lot_number="FF0043")


@pytest.mark.parametrize("change", [renamed, another_lot])
def test_s13_what_is_signed_is_what_was_verified(
    quick_desk: CertificateDesk, change: Callable[[CertificateDesk, Dose], None]
) -> None:
    dose = quick_desk.dose(quick_desk.person())
    certificate = quick_desk.queued(dose)
    verified(quick_desk, certificate)
    change(quick_desk, dose)
    with pytest.raises(RecordChangedError):
        take(quick_desk, site_sign_certificates, certificate, "head", Role.SITE_ADMIN)
    back(quick_desk, certificate)
    site_signed(quick_desk, certificate)
    assert quick_desk.state(certificate) is CertificateState.SITE_SIGNED


def test_s13_the_centre_signs_what_was_verified_too(quick_desk: CertificateDesk) -> None:
    dose = quick_desk.dose(quick_desk.person())
    certificate = quick_desk.queued(dose)
    site_signed(quick_desk, certificate)
    renamed(quick_desk, dose)
    with pytest.raises(RecordChangedError):
        take(quick_desk, centre_sign_certificates, certificate, "signer", Role.CENTRE_SIGNER)


def back(desk: CertificateDesk, certificate: UUID) -> None:
    request = RefuseCertificate(certificate=certificate, word="wrong_name", reason="the card says otherwise")
    desk.registry.run(return_certificate, request, role=Role.SITE_ADMIN, site=desk.site)


def test_what_is_returned_begins_anew(certificate_desk: CertificateDesk) -> None:
    certificate = certificate_desk.drafted()
    site_signed(certificate_desk, certificate)
    back(certificate_desk, certificate)
    found = certificate_desk.find(certificate)
    assert (found.state, found.record, found.hands.verified_by) == (CertificateState.DRAFT, None, None)
    assert found.hands.entered_by == "vaccinator"


def test_what_the_centre_signed_is_not_returned(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.certified()
    with pytest.raises(CertificateStateError, match="certified"):
        back(quick_desk, certificate)


def refuse(desk: CertificateDesk, certificate: UUID, version: int | None = None) -> None:
    request = RefuseCertificate(certificate=certificate, word="not_given", version=version)
    desk.registry.run(refuse_certificate, request, role=Role.CENTRE_SIGNER)


def test_what_is_refused_is_not_issued(certificate_desk: CertificateDesk) -> None:
    certificate = certificate_desk.drafted()
    site_signed(certificate_desk, certificate)
    refuse(certificate_desk, certificate)
    found = certificate_desk.find(certificate)
    assert (found.state, found.word, found.ended_at) == ("refused", "not_given", certificate_desk.registry.at)
    assert not certificate_desk.drain()
    with pytest.raises(CertificateStateError, match="refused"):
        verified(certificate_desk, certificate)


def test_after_a_refusal_the_dose_may_be_certified_anew(certificate_desk: CertificateDesk) -> None:
    dose = certificate_desk.dose(certificate_desk.person())
    refuse(certificate_desk, certificate_desk.queued(dose))
    second = certificate_desk.queued(dose)
    certificate_desk.sign(second)
    assert certificate_desk.drain().issued == 1
    assert certificate_desk.find(second).revision == 1  # the refused one was nobody's


def test_s15_a_dose_has_one_certificate(certificate_desk: CertificateDesk) -> None:
    dose = certificate_desk.dose(certificate_desk.person())
    certificate = certificate_desk.queued(dose)
    refuse_another(certificate_desk, dose)
    certificate_desk.sign(certificate)
    refuse_another(certificate_desk, dose)
    certificate_desk.drain()
    refuse_another(certificate_desk, dose)


def refuse_another(desk: CertificateDesk, dose: Dose) -> None:
    observer = desk.registry.actor(Role.OBSERVER, desk.site)
    with pytest.raises(CertificateStateError), desk.registry.desk.working(observer, desk.registry.at) as work:
        draft_first(work, dose)


def test_a_version_that_somebody_else_has_changed_is_told(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.drafted()
    actor = by(quick_desk, "verifier", Role.RECEPTIONIST)
    with pytest.raises(StaleVersionError):
        quick_desk.registry.desk.run(verify_certificates, one(certificate, 2), actor=actor, at=quick_desk.registry.at)
    with pytest.raises(StaleVersionError):
        refuse(quick_desk, certificate, version=7)
    assert quick_desk.state(certificate) is CertificateState.DRAFT


def test_of_several_what_is_wrong_with_one_is_told_and_the_others_go_on(quick_desk: CertificateDesk) -> None:
    good, done = quick_desk.drafted(), quick_desk.drafted()
    bad = quick_desk.queued(quick_desk.dose(quick_desk.person(), number=1, of=9))
    verified(quick_desk, done)
    request = SignCertificates(certificates=[good, done, NOWHERE, bad, good])
    actor = by(quick_desk, "another", Role.RECEPTIONIST)
    results = quick_desk.registry.desk.run(verify_certificates, request, actor=actor, at=quick_desk.registry.at).results
    assert [(each.certificate, each.state, each.code) for each in results] == [
        (good, "verified", None),
        (done, None, "certificate_state"),
        (NOWHERE, None, "not_registered"),
        (bad, None, "invalid_request"),
    ]


def test_a_record_that_no_certificate_may_say_is_told_by_its_fields(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.queued(quick_desk.dose(quick_desk.person(), number=1, of=9))
    with pytest.raises(RequestError) as caught:
        verified(quick_desk, certificate)
    assert [problem.field for problem in caught.value.problems] == ["total_doses"]


def test_there_is_no_step_for_a_certificate_that_is_not_there(quick_desk: CertificateDesk) -> None:
    with pytest.raises(NotRegisteredError):
        verified(quick_desk, NOWHERE)


def test_a_dose_from_abroad_is_certified_in_the_area_where_it_was_entered(quick_desk: CertificateDesk) -> None:
    dose = quick_desk.dose(
        quick_desk.person(),
        product=COMIRNATY,
        lot=None,
        lot_number=None,
        site=None,
        place="Hôpital inventé",
        country="FR",
        source="foreign",
        visit=None,
        kind=DoseKind.BASIC,
        state=DoseState.UNVERIFIED,
    )
    confirm(quick_desk, dose)
    registry = quick_desk.registry
    with registry.desk.working(registry.actor(Role.PROVINCE), registry.at) as work:
        certificate = draft_first(work, dose)
    assert quick_desk.find(certificate).area == registry.area
    registry.run(verify_certificates, one(certificate), role=Role.RECEPTIONIST)
    assert quick_desk.state(certificate) is CertificateState.VERIFIED


def confirm(desk: CertificateDesk, dose: Dose) -> None:
    with desk.registry.engine.begin() as connection:
        paper = sa.update(doses).where(doses.c.id == dose.id)
        connection.execute(paper.values(state=DoseState.CONFIRMED, verified_by="province"))


def test_of_two_who_sign_at_once_one_is_told(certificate_desk: CertificateDesk) -> None:
    certificate = certificate_desk.drafted()
    start, outcomes = Barrier(2), []

    def sign(account: str) -> None:
        start.wait()
        try:
            take(certificate_desk, verify_certificates, certificate, account, Role.RECEPTIONIST)
            outcomes.append("verified")
        except VaxcertError as error:
            outcomes.append(error.code)

    threads = [Thread(target=sign, args=(account,)) for account in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("verified") == 1
    assert set(outcomes) - {"verified"} <= {"stale_version", "certificate_state"}
    assert len(outcomes) == 2
