"""Certificates looked up by person and by id, and given out as codes and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.certificate_desk import CertificateDesk, certificate_desk, opened, quick_desk
from tests.invented_people import person as invented
from vaxcert.codec.picture import read_codes
from vaxcert.errors import CertificateStateError, NotAllowedError, NotRegisteredError, RequestError
from vaxcert.registry.certificates.life import CertificateState
from vaxcert.registry.people.guardianship import Relation
from vaxcert.service.registry.certificates.listed import (
    Colour,
    ListCertificates,
    OfPerson,
    certificates_of_person,
    family_certificates,
    list_certificates,
)
from vaxcert.service.registry.certificates.shown import (
    CertificateDocument,
    DocumentFormat,
    OneCertificate,
    certificate_document,
    show_certificate,
)
from vaxcert.service.registry.people.guardians import DeclareGuardianship, declare_guardianship
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from vaxcert.service.registry.access import Actor
    from vaxcert.service.registry.certificates.listed import PersonCertificates
    from vaxcert.service.registry.certificates.shown import ShownCertificate
    from vaxcert.service.registry.request import Document

__all__ = ["certificate_desk", "quick_desk"]

NOWHERE = UUID("0197c0de-0000-7000-8000-00000000ffff")


def of_person(desk: CertificateDesk, person: UUID, actor: Actor | None = None) -> PersonCertificates:
    actor = actor or desk.registry.actor(Role.RECEPTIONIST, desk.site)
    return desk.registry.desk.run(certificates_of_person, OfPerson(person=person), actor=actor, at=desk.registry.at)


def shown(desk: CertificateDesk, name: str, actor: Actor | None = None) -> ShownCertificate:
    actor = actor or desk.registry.actor(Role.RECEPTIONIST, desk.site)
    return desk.registry.desk.run(show_certificate, OneCertificate(certificate=name), actor=actor, at=desk.registry.at)


def document(desk: CertificateDesk, certificate: UUID, form: DocumentFormat) -> Document:
    request = CertificateDocument(certificate=str(certificate), format=form)
    return desk.registry.run(certificate_document, request, role=Role.RECEPTIONIST, site=desk.site)


def test_s9_a_person_without_doses_is_grey(quick_desk: CertificateDesk) -> None:
    held = of_person(quick_desk, quick_desk.person())
    assert (held.colour, held.doses, held.certificates) == (Colour.GREY, 0, [])


def test_s9_one_dose_is_yellow_and_two_are_green(certificate_desk: CertificateDesk) -> None:
    person = certificate_desk.person()
    certificate_desk.dose(person)
    held = of_person(certificate_desk, person)
    assert (held.colour, held.is_course_complete) == (Colour.YELLOW, False)
    certificate_desk.dose(person, number=2, given_on=certificate_desk.registry.at.date())
    held = of_person(certificate_desk, person)
    assert (held.colour, held.doses, held.is_course_complete) == (Colour.GREEN, 2, True)


def test_s17_the_certificates_of_a_person_are_listed_with_their_states(certificate_desk: CertificateDesk) -> None:
    person = certificate_desk.person()
    first = certificate_desk.queued(certificate_desk.dose(person))
    certificate_desk.sign(first)
    certificate_desk.drain()
    today = certificate_desk.registry.later(minutes=1).date()
    second = certificate_desk.queued(certificate_desk.dose(person, number=2, given_on=today))
    held = of_person(certificate_desk, person, certificate_desk.registry.citizen(person))
    assert [(each.id, each.state, each.is_in_force) for each in held.certificates] == [
        (first, "logged", True),
        (second, "draft", False),
    ]
    assert held.certificates[0].uvci == certificate_desk.find(first).uvci


def test_s18_a_guardian_sees_the_family(certificate_desk: CertificateDesk) -> None:
    mother, child = certificate_desk.person(), certificate_desk.person(invented("Nguyễn", "Bé", "2019-05-06"))
    certificate = certificate_desk.queued(certificate_desk.dose(child))
    declared = DeclareGuardianship(guardian=mother, dependant=child, relation=Relation.MOTHER)
    certificate_desk.registry.run(declare_guardianship, declared, role=Role.RECEPTIONIST, site=certificate_desk.site)
    citizen = certificate_desk.registry.citizen(mother)
    family = certificate_desk.registry.desk.run(
        family_certificates, OfPerson(person=mother), actor=citizen, at=certificate_desk.registry.at
    )
    assert [each.person for each in family.people] == [mother, child]
    assert [each.id for each in family.people[1].certificates] == [certificate]
    assert of_person(certificate_desk, child, citizen).person == child


def test_no_citizen_reads_anothers_certificates(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.issued()
    person, stranger = quick_desk.find(certificate).person, quick_desk.registry.citizen(quick_desk.person())
    with pytest.raises(NotRegisteredError):
        of_person(quick_desk, person, stranger)
    for name in (str(certificate), str(quick_desk.find(certificate).uvci)):
        with pytest.raises(NotRegisteredError):
            shown(quick_desk, name, stranger)
    with pytest.raises(NotRegisteredError):
        quick_desk.registry.desk.run(
            family_certificates, OfPerson(person=person), actor=stranger, at=quick_desk.registry.at
        )


def test_s9_a_certificate_is_found_by_the_id_printed_on_it_in_any_spelling(certificate_desk: CertificateDesk) -> None:
    certificate = certificate_desk.issued()
    uvci = certificate_desk.find(certificate).uvci
    assert uvci is not None
    for name in (str(certificate), uvci, uvci.lower(), uvci.removeprefix("URN:UVCI:")):
        assert shown(certificate_desk, name).card.id == certificate


@pytest.mark.parametrize("name", ["", "URN:UVCI:01:VN:0000", "nonsense!", str(NOWHERE), "x" * 80])
def test_a_certificate_that_is_not_there_is_not_found(quick_desk: CertificateDesk, name: str) -> None:
    with pytest.raises(NotRegisteredError):
        shown(quick_desk, name)


def test_s15_what_is_shown_has_the_fields_of_the_decision_and_the_text(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.issued(invented("Trần", "Minh"))
    found = shown(quick_desk, str(certificate), quick_desk.registry.citizen(quick_desk.find(certificate).person))
    assert found.text == opened(quick_desk, certificate).text
    assert (found.record.family_name, found.record.given_name, found.record.lot) == ("Trần", "Minh", "FF0042")
    assert found.record.site == "Trạm y tế phường Bình Minh"


@pytest.mark.parametrize("form", [DocumentFormat.PNG, DocumentFormat.PDF])
def test_s9_the_code_on_the_picture_and_on_the_page_is_the_certificate(
    quick_desk: CertificateDesk, form: DocumentFormat
) -> None:
    certificate = quick_desk.issued()
    given = document(quick_desk, certificate, form)
    assert given.name.endswith(f".{form}")
    assert opened(quick_desk, certificate).text in {code.text for code in read_codes(given.content)}


def test_s9_it_is_given_out_as_text_and_as_a_drawing(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.issued()
    text = document(quick_desk, certificate, DocumentFormat.TEXT)
    assert (text.media_type, text.content.decode()) == ("text/plain", opened(quick_desk, certificate).text)
    drawing = document(quick_desk, certificate, DocumentFormat.SVG)
    assert drawing.media_type == "image/svg+xml"
    assert b"<svg" in drawing.content


def test_what_is_not_issued_has_nothing_to_show(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.certified()
    with pytest.raises(CertificateStateError, match="certified"):
        shown(quick_desk, str(certificate))
    with pytest.raises(CertificateStateError, match="only one in force"):
        document(quick_desk, certificate, DocumentFormat.PDF)


def test_another_site_is_not_shown_a_certificate(quick_desk: CertificateDesk) -> None:
    certificate = quick_desk.issued()
    with pytest.raises(NotAllowedError):
        shown(quick_desk, str(certificate), quick_desk.registry.actor(Role.RECEPTIONIST, NOWHERE))


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUPPORT, Role.SYSADMIN, Role.CENTRE_SIGNER])
def test_who_needs_no_names_is_not_shown_them(quick_desk: CertificateDesk, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        shown(quick_desk, str(NOWHERE), quick_desk.registry.actor(role))


def test_s36_those_who_sign_list_what_waits_for_them(certificate_desk: CertificateDesk) -> None:
    drafts = [certificate_desk.drafted() for _ in range(3)]
    registry, site = certificate_desk.registry, certificate_desk.site
    request = ListCertificates(state=CertificateState.DRAFT, limit=2)
    page = registry.run(list_certificates, request, role=Role.SITE_ADMIN, site=site)
    rest = ListCertificates(state=CertificateState.DRAFT, limit=2, after=page.next)
    last = registry.run(list_certificates, rest, role=Role.SITE_ADMIN, site=site)
    assert sorted(each.id for each in [*page.items, *last.items]) == sorted(drafts)
    assert last.next is None


def test_a_list_holds_what_is_in_scope(quick_desk: CertificateDesk) -> None:
    quick_desk.drafted()
    request = ListCertificates(state=CertificateState.DRAFT)
    registry = quick_desk.registry
    assert len(registry.run(list_certificates, request, role=Role.CENTRE_SIGNER).items) == 1
    assert len(registry.run(list_certificates, request, role=Role.PROVINCE).items) == 1
    assert registry.run(list_certificates, request, role=Role.SITE_ADMIN, site=NOWHERE).items == []
    at_one = ListCertificates(state=CertificateState.DRAFT, site=NOWHERE)
    assert registry.run(list_certificates, at_one, role=Role.CENTRE_SIGNER).items == []


def test_a_list_does_not_begin_at_nonsense(quick_desk: CertificateDesk) -> None:
    request = ListCertificates(state=CertificateState.DRAFT, after="nonsense")
    with pytest.raises(RequestError):
        quick_desk.registry.run(list_certificates, request, role=Role.CENTRE_SIGNER)


def test_citizens_have_no_list(quick_desk: CertificateDesk) -> None:
    citizen = quick_desk.registry.citizen(quick_desk.person())
    with pytest.raises(NotAllowedError):
        quick_desk.registry.desk.run(
            list_certificates, ListCertificates(state=CertificateState.DRAFT), actor=citizen, at=quick_desk.registry.at
        )
