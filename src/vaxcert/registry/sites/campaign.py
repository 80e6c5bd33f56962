"""A campaign: whom a site's slots are for, and from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MINYEAR
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.errors import CampaignStateError, FieldProblem
from vaxcert.registry.people.ages import age_on
from vaxcert.registry.registrations.registration import MAX_DOSE_NUMBER, group_problems

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from uuid import UUID

    from vaxcert.model.partial_date import PartialDate
    from vaxcert.registry.people.ages import Age

MAX_AGE: Final = 150


class CampaignState(StrEnum):
    """Where a campaign stands."""

    PLANNED = "planned"
    """Slots can be made; nobody can book yet."""
    OPEN = "open"
    CLOSED = "closed"

    __hash__ = str.__hash__


_NEXT: Final[Mapping[CampaignState, frozenset[CampaignState]]] = {
    CampaignState.PLANNED: frozenset((CampaignState.OPEN, CampaignState.CLOSED)),
    CampaignState.OPEN: frozenset((CampaignState.CLOSED,)),
    CampaignState.CLOSED: frozenset((CampaignState.OPEN,)),
}


class Ineligible(StrEnum):
    """Why a campaign does not admit somebody."""

    DOSE = "dose_not_in_campaign"
    GROUP = "group_not_in_campaign"
    TOO_YOUNG = "too_young"
    TOO_OLD = "too_old"
    DAY = "day_not_in_campaign"

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign.

    Attributes:
        id: Its id.
        version: Counts its changes, from 1.
        name: What it is called.
        area: The reference of the unit that runs it.
        starts_on: Its first day.
        ends_on: Its last day.
        doses: The dose numbers that it gives.
        groups: References of the priority groups that it admits; none means all.
        min_age: The age from which it admits people; None means any.
        max_age: The age up to which it does.
        state: Where it stands.
    """

    id: UUID
    version: int
    name: str
    area: str
    starts_on: date
    ends_on: date
    doses: tuple[int, ...]
    groups: tuple[str, ...] = ()
    min_age: int | None = None
    max_age: int | None = None
    state: CampaignState = CampaignState.PLANNED

    def runs_on(self, day: date) -> bool:
        """Say whether *day* is one of its days."""
        return self.starts_on <= day <= self.ends_on

    def ineligible(self, *, group: str, dose_number: int, age: Age, day: date) -> tuple[Ineligible, ...]:
        """Return why somebody may not have a place on *day*; nothing where they may.

        An age that the birth date leaves open (somebody knows only the year) is taken in the person's favour: the desk
        sees the document, and the screening the person.
        """
        found = []
        if dose_number not in self.doses:
            found.append(Ineligible.DOSE)
        if self.groups and group not in self.groups:
            found.append(Ineligible.GROUP)
        if self.min_age is not None and age.is_certainly_under(self.min_age):
            found.append(Ineligible.TOO_YOUNG)
        if self.max_age is not None and age.is_certainly_over(self.max_age + 1):
            found.append(Ineligible.TOO_OLD)
        if not self.runs_on(day):
            found.append(Ineligible.DAY)
        return tuple(found)

    def birth_years(self, day: date) -> tuple[int, int]:
        """Return the first and the last year in which somebody may be born who is admitted on *day*."""
        first = MINYEAR if self.max_age is None else day.year - self.max_age - 1
        return first, day.year - (self.min_age or 0)

    def asks_age(self, born: PartialDate, day: date) -> bool:
        """Say whether the year of birth alone, *born*, leaves open if the age is within its bounds on *day*."""
        age = age_on(born, day)
        low = self.min_age is not None and age.least < self.min_age <= age.most
        high = self.max_age is not None and age.least <= self.max_age < age.most
        return low or high


def check_campaign_change(state: CampaignState, wanted: CampaignState) -> None:
    """Check that a campaign in *state* can go to the *wanted* one.

    Raises:
        CampaignStateError: It cannot.
    """
    if wanted not in _NEXT[state]:
        raise CampaignStateError(f"a campaign that is {state} cannot become {wanted}")


def campaign_problems(
    *,
    starts_on: date,
    ends_on: date,
    doses: tuple[int, ...],
    groups: tuple[str, ...],
    min_age: int | None,
    max_age: int | None,
) -> tuple[FieldProblem, ...]:
    """Return what is wrong with a campaign; its groups are of the act in force on its first day."""
    problems = []
    if ends_on < starts_on:
        problems.append(FieldProblem("ends_on", "wrong_order", "lies before starts_on"))
    if not doses or not all(1 <= dose <= MAX_DOSE_NUMBER for dose in doses) or len(set(doses)) < len(doses):
        text = f"must be dose numbers from 1 to {MAX_DOSE_NUMBER}, each once"
        problems.append(FieldProblem("doses", "out_of_range", text))
    for place, group in enumerate(groups):
        problems += group_problems(group, starts_on, field=f"groups.{place}")
    for field, age in (("min_age", min_age), ("max_age", max_age)):
        if age is not None and not 0 <= age <= MAX_AGE:
            problems.append(FieldProblem(field, "out_of_range", f"must be from 0 to {MAX_AGE}"))
    if min_age is not None and max_age is not None and max_age < min_age:
        problems.append(FieldProblem("max_age", "wrong_order", "must not be below min_age"))
    return tuple(problems)
