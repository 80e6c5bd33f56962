"""Rights and scopes."""

from datetime import date
from uuid import UUID

import pytest

from vaxcert.errors import NotAllowedError
from vaxcert.service.registry.access import COUNTRY, Actor, Scope
from vaxcert.service.registry.reference import Reference
from vaxcert.service.registry.rights import GRANTS, Right, Role

DAY = date(2026, 3, 2)
REFERENCE = Reference()
SITE, OTHER = UUID(int=1), UUID(int=2)


def area(code: str, day: date = DAY) -> str:
    return REFERENCE.areas.at(code, day).reference


def scope(**facts: object) -> Scope:
    return Scope(Actor(account="a", roles=frozenset({Role.PROVINCE}), **facts), REFERENCE, DAY)  # type: ignore[arg-type] # the fields of Actor


def test_every_right_is_somebodys() -> None:
    assert set(GRANTS) == set(Right)
    assert all(GRANTS.values())


def test_who_keeps_the_machine_sees_nobody() -> None:
    assert {right for right in Right if Role.SYSADMIN in GRANTS[right]} == {
        Right.ASK_AFTER_PEOPLE,  # starts the messages, sees none
        Right.KEEP_ACCOUNTS,
        Right.KEEP_API_KEYS,
        Right.KEEP_DELIVERY,
        Right.KEEP_REGISTRY,
        Right.READ_PUBLIC_REPORTS,
        Right.READ_SITES,
        Right.SIGN_OUT,
    }


def test_a_refusal_names_who_may() -> None:
    with pytest.raises(NotAllowedError) as told:
        Actor(account="a", roles=frozenset({Role.CITIZEN})).check_may(Right.AUDIT_TRAIL)
    assert told.value.hint == "it takes one of: auditor"


def test_an_area_holds_itself_and_not_its_neighbour() -> None:
    mine = scope(area=area("51"))
    mine.check_area(area("51"))
    with pytest.raises(NotAllowedError):
        mine.check_area(area("01"))


def test_a_province_holds_what_became_it() -> None:
    before = date(2024, 1, 1)
    kon_tum, quang_ngai = area("62", before), area("51", before)
    mine = scope(area=area("51"))
    mine.check_area(kon_tum)
    mine.check_area(quang_ngai)
    with pytest.raises(NotAllowedError):
        mine.check_area(area("01", before))


def test_a_province_of_before_holds_no_more_than_it_did() -> None:
    old = scope(area=area("51", date(2024, 1, 1)))
    with pytest.raises(NotAllowedError):
        old.check_area(area("62", date(2024, 1, 1)))


def test_the_country_holds_all() -> None:
    everywhere = scope(area=COUNTRY)
    everywhere.check_area(area("01"))
    assert everywhere.areas() is None


def test_no_area_holds_nothing() -> None:
    assert scope(area=None).areas() == frozenset()
    with pytest.raises(NotAllowedError):
        scope(area=None).check_area(area("51"))


def test_who_works_at_a_site_works_nowhere_else() -> None:
    mine = scope(area=area("51"), site=SITE)
    mine.check_site(SITE, area("51"))
    with pytest.raises(NotAllowedError):
        mine.check_site(OTHER, area("51"))


def test_an_authority_sees_the_sites_of_its_area() -> None:
    mine = scope(area=area("51"))
    mine.check_site(OTHER, area("51"))
    with pytest.raises(NotAllowedError):
        mine.check_site(OTHER, area("01"))
