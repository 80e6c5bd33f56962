from datetime import date
from uuid import UUID

import pytest

from vaxcert.errors import GuardianshipError
from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.people.guardianship import (
    ConsentEvidence,
    Guardianship,
    LinkNote,
    LinkState,
    LinkTerms,
    Relation,
    age_rules_on,
    check_link,
    may_revoke,
)

DAY = date(2026, 11, 23)
MOTHER, CHILD, OTHER = (UUID(int=number) for number in (1, 2, 3))


def link(
    dependant: str = "2016-05-04",
    guardian: str = "1984-03-18",
    relation: Relation = Relation.MOTHER,
    consent: ConsentEvidence | None = None,
    day: date = DAY,
) -> LinkTerms:
    return check_link(
        relation, guardian_born=PartialDate(guardian), dependant_born=PartialDate(dependant), day=day, consent=consent
    )


def guardianship(state: LinkState = LinkState.ACTIVE, ends_on: date | None = None) -> Guardianship:
    return Guardianship(
        id=UUID(int=9),
        version=1,
        guardian=MOTHER,
        dependant=CHILD,
        relation=Relation.MOTHER,
        state=state,
        evidence=None,
        since=DAY,
        ends_on=ends_on,
    )


def test_a_mother_takes_charge_of_her_child_until_it_is_of_age() -> None:
    terms = link()
    assert terms.ends_on == date(2034, 5, 4)
    assert terms.notes == ()
    assert "91/2015/QH13" in terms.source


def test_a_child_is_no_guardian() -> None:
    with pytest.raises(GuardianshipError, match="younger than 18"):
        link(guardian="2009-01-01")


@pytest.mark.parametrize("dependant", ["2011-11-23", "1990-01-01", "2011"])
def test_who_is_fifteen_or_may_be_is_asked(dependant: str) -> None:
    with pytest.raises(GuardianshipError, match="consent") as caught:
        link(dependant)
    assert "15" in (caught.value.hint or "")


def test_a_child_of_fourteen_is_not_asked() -> None:
    assert link("2011-11-24").ends_on == date(2029, 11, 24)


def test_grown_ups_who_agreed_have_no_end() -> None:
    terms = link("1955-02-01", relation=Relation.CHILD, consent=ConsentEvidence.IN_PERSON)
    assert terms.ends_on is None
    assert terms.notes == ()


def test_a_grandparent_of_a_child_shows_a_paper() -> None:
    assert link(guardian="1955-02-01", relation=Relation.GRANDPARENT).notes == (LinkNote.NO_LEGAL_REPRESENTATIVE,)


def test_a_parent_of_eleven_years_is_a_slip() -> None:
    assert LinkNote.PARENT_TOO_YOUNG in link("2016-05-04", guardian="2004-06-01").notes


@pytest.mark.parametrize(("dependant", "guardian"), [("2016-05-04", "2008"), ("2011", "1984-03-18")])
def test_a_birth_year_alone_leaves_the_age_uncertain(dependant: str, guardian: str) -> None:
    notes = link(dependant, guardian, Relation.SIBLING, ConsentEvidence.SIGNED_PAPER).notes
    assert LinkNote.AGE_UNCERTAIN in notes


def test_the_age_is_that_of_the_day() -> None:
    assert link("2003-11-23", day=date(2018, 11, 22)).ends_on == date(2021, 11, 23)
    with pytest.raises(GuardianshipError):
        link("2003-11-23", day=date(2018, 11, 23))


def test_the_law_is_that_of_the_day() -> None:
    assert "33/2005/QH11" in age_rules_on(date(2016, 12, 31)).source
    assert "91/2015/QH13" in age_rules_on(date(2017, 1, 1)).source
    assert "33/2005/QH11" in age_rules_on(date(1999, 1, 1)).source


def test_a_guardianship_holds_from_its_day_until_its_end() -> None:
    held = guardianship(ends_on=date(2034, 5, 4))
    assert held.holds_on(DAY)
    assert held.holds_on(date(2034, 5, 3))
    assert not held.holds_on(date(2034, 5, 4))
    assert not held.holds_on(date(2026, 11, 22))
    assert not guardianship(LinkState.REVOKED).holds_on(DAY)


@pytest.mark.parametrize(
    ("person", "born", "allowed"),
    [
        (MOTHER, "2016-05-04", True),
        (CHILD, "2016-05-04", False),
        (CHILD, "2011-11-24", False),
        (CHILD, "2011-11-23", True),
        (OTHER, "1984-03-18", False),
    ],
)
def test_who_may_take_it_back(person: UUID, born: str, allowed: bool) -> None:  # noqa: FBT001 - a row of the table
    assert may_revoke(guardianship(), person=person, dependant_born=PartialDate(born), day=DAY) is allowed
