"""Who may be one and the same person: reasons for and against, each worth some points, for somebody to look at.

A name and a birth date are no key: some 2,700 people share a birth date, a third of them Nguyễn. So they alone make a
possible duplicate, a shared phone or number makes it likely, and nobody is merged or refused by points.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.model.partial_date import PartialDate
from vaxcert.model.product_tables import fold
from vaxcert.registry.people.index_keys import number_key
from vaxcert.registry.people.names import NameLikeness, compare_names

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.registry.people.demographics import Demographics


class Reason(StrEnum):
    """One thing that speaks for two entries being one person, or against it."""

    SAME_NUMBER = "same_number"
    SAME_NAME = "same_name"
    SIMILAR_NAME = "similar_name"
    SAME_BIRTH_DATE = "same_birth_date"
    SWAPPED_BIRTH_DATE = "swapped_birth_date"
    """Day and month changed places."""
    COMPATIBLE_BIRTH_DATE = "compatible_birth_date"
    """One of them has no day, or no month."""
    SAME_PHONE = "same_phone"
    SAME_ADDRESS = "same_address"
    DIFFERENT_NUMBER = "different_number"
    """Two personal numbers, each of twelve digits: one person has one."""
    DIFFERENT_NAME = "different_name"
    DIFFERENT_BIRTH_DATE = "different_birth_date"
    DIFFERENT_SEX = "different_sex"


POINTS: Final = {
    Reason.SAME_NUMBER: 60,
    Reason.SAME_NAME: 25,
    Reason.SIMILAR_NAME: 12,
    Reason.SAME_BIRTH_DATE: 20,
    Reason.SWAPPED_BIRTH_DATE: 12,
    Reason.COMPATIBLE_BIRTH_DATE: 12,
    Reason.SAME_PHONE: 15,
    Reason.SAME_ADDRESS: 10,
    Reason.DIFFERENT_NUMBER: -40,
    Reason.DIFFERENT_NAME: -10,
    Reason.DIFFERENT_BIRTH_DATE: -10,
    Reason.DIFFERENT_SEX: -15,
}
"""What each reason is worth. The same name on the same day is 45, just possible; with a phone it is likely."""


class Likeness(StrEnum):
    """What the points come to."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNLIKELY = "unlikely"


_LEAST_POINTS = ((100, Likeness.CERTAIN), (55, Likeness.LIKELY), (35, Likeness.POSSIBLE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What speaks for two entries being one person.

    Attributes:
        points: The sum of what the reasons are worth.
        reasons: They, in the order of `Reason`.
    """

    points: int
    reasons: tuple[Reason, ...]

    @property
    def likeness(self) -> Likeness:
        """What the points come to."""
        return next((word for least, word in _LEAST_POINTS if self.points >= least), Likeness.UNLIKELY)

    @property
    def is_candidate(self) -> bool:
        """Whether somebody should look at the two: also where a number is shared and all else differs."""
        return self.likeness is not Likeness.UNLIKELY or Reason.SAME_NUMBER in self.reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An entry that may be the same person's.

    Attributes:
        person: Its id.
        comparison: Why.
    """

    person: UUID
    comparison: Comparison


def compare(one: Demographics, other: Demographics) -> Comparison:
    """Return what speaks for *one* and *other* being one person; it does not matter which is which."""
    found = {_name(one, other), _birth_date(one, other), *_numbers(one, other)}
    if set(one.phones) & set(other.phones):
        found.add(Reason.SAME_PHONE)
    if one.address and fold(one.address) == fold(other.address):
        found.add(Reason.SAME_ADDRESS)
    if one.sex is not None and other.sex is not None and one.sex is not other.sex:
        found.add(Reason.DIFFERENT_SEX)
    reasons = tuple(reason for reason in Reason if reason in found)
    return Comparison(points=sum(POINTS[reason] for reason in reasons), reasons=reasons)


def swapped(birth_date: PartialDate) -> PartialDate | None:
    """Return *birth_date* with day and month in each other's place; None where that is no other date."""
    if not birth_date.is_full:
        return None
    year, month, day = birth_date.iso.split("-")
    return PartialDate(f"{year}-{day}-{month}") if int(day) <= 12 and day != month else None  # noqa: PLR2004 - months


def _name(one: Demographics, other: Demographics) -> Reason:
    match compare_names(one.name, other.name):
        case NameLikeness.SAME:
            return Reason.SAME_NAME
        case NameLikeness.SIMILAR:
            return Reason.SIMILAR_NAME
        case NameLikeness.DIFFERENT:
            return Reason.DIFFERENT_NAME


def _birth_date(one: Demographics, other: Demographics) -> Reason:
    ours, theirs = one.birth_date, other.birth_date
    if ours == theirs:
        return Reason.SAME_BIRTH_DATE
    if ours.iso.startswith(theirs.iso) or theirs.iso.startswith(ours.iso):
        return Reason.COMPATIBLE_BIRTH_DATE
    return Reason.SWAPPED_BIRTH_DATE if swapped(ours) == theirs else Reason.DIFFERENT_BIRTH_DATE


def _numbers(one: Demographics, other: Demographics) -> tuple[Reason, ...]:
    found: tuple[Reason, ...] = ()
    if _keys(one) & _keys(other):
        found += (Reason.SAME_NUMBER,)
    ours, theirs = _personal_numbers(one), _personal_numbers(other)
    if ours and theirs and not ours & theirs:
        found += (Reason.DIFFERENT_NUMBER,)
    return found


def _keys(person: Demographics) -> frozenset[str]:
    return frozenset(map(number_key, person.identifiers))


def _personal_numbers(person: Demographics) -> frozenset[str]:
    return frozenset(each.number for each in person.identifiers if each.personal_number is not None)
