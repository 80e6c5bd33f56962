"""A registration: somebody asks for a dose. It is no appointment, and to ask early gives no precedence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.errors import FieldProblem, UnknownPriorityGroupError
from vaxcert.model.priority_groups import priority_group, priority_groups_on

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from vaxcert.registry.registrations.states import RegistrationState

MAX_DOSE_NUMBER: Final = 9
"""A dose number is one digit, as in a certificate."""

MAX_DAYS_AHEAD: Final = timedelta(days=365)
"""Nobody can wish for a day that is further away."""

SERIAL_DIGITS: Final = 6
LONG_SERIAL_DIGITS: Final = 9
"""Where the short serials of a province's day are nearly all taken."""


class Session(StrEnum):
    """The part of a day."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    ALL_DAY = "all_day"

    __hash__ = str.__hash__


class Declarer(StrEnum):
    """Who registered somebody (`LoaiDinhDanh` of Decision 1405/QĐ-BTTTT tells the first two apart)."""

    SELF = "self"
    OTHER = "other"
    """A guardian, or whom the person has let act for them."""
    OFFICER = "officer"
    """A member of staff, for somebody at the desk."""

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What is in clear of a registration.

    Attributes:
        id: Its id.
        version: Counts its changes, from 1.
        code: What the person is told: see `order_code`.
        person: Who asks for the dose.
        declarer: Who registered them.
        dose_number: Which dose.
        group: The priority group's reference, such as ``3355/QĐ-BYT#9``.
        birth_year: The year the person was born in.
        area: The reference of the unit that decides.
        site: Where the person would like to be vaccinated, or where the unit sends them.
        desired_on: The day the person wishes for.
        session: The part of that day.
        state: Where it stands.
        registered_at: When it came.
    """

    id: UUID
    version: int
    code: str
    person: UUID
    declarer: Declarer
    dose_number: int
    group: str
    birth_year: int
    area: str
    site: UUID | None
    desired_on: date
    session: Session
    state: RegistrationState
    registered_at: datetime


def order_code(province: str, day: date, drawn: int, *, digits: int = SERIAL_DIGITS) -> str:
    """Return the code under which a registration of *day* is told to the person, such as ``0120211103501237``.

    It says the province, the day, and a serial number that is *drawn* at random: it counts nobody.

    Args:
        province: The code of the unit's province, two digits.
        day: The day of the registration.
        drawn: Any number.
        digits: How many digits the serial has.
    """
    return f"{province}{day:%Y%m%d}{drawn % 10**digits:0{digits}}"


def registration_problems(
    *, group: str, dose_number: int, desired_on: date, agreed: bool, today: date
) -> tuple[FieldProblem, ...]:
    """Return what is wrong with a registration of *today*.

    The group is one of the act in force today: whoever registers by an older act's number would get another group.
    """
    problems = list(group_problems(group, today))
    if not 1 <= dose_number <= MAX_DOSE_NUMBER:
        problems.append(FieldProblem("dose_number", "out_of_range", f"must be from 1 to {MAX_DOSE_NUMBER}"))
    if desired_on < today:
        problems.append(FieldProblem("desired_on", "in_the_past", "lies before today"))
    elif desired_on > today + MAX_DAYS_AHEAD:
        problems.append(FieldProblem("desired_on", "too_far", f"lies more than {MAX_DAYS_AHEAD.days} days ahead"))
    if not agreed:
        problems.append(FieldProblem("agreed", "not_agreed", "must be true: nobody is registered against their will"))
    return tuple(problems)


def group_problems(reference: str, today: date, *, field: str = "group") -> tuple[FieldProblem, ...]:
    """Return the problem of a *reference* that names no priority group, or none of the act in force *today*."""
    try:
        group = priority_group(reference)
    except UnknownPriorityGroupError as error:
        return (FieldProblem(field, error.code, f"must name a priority group, {error.hint}"),)
    in_force = priority_groups_on(today)
    if group not in in_force:
        act = in_force[0].act if in_force else "none"
        return (FieldProblem(field, "group_not_in_force", f"is of an act that is not in force; in force: {act}"),)
    return ()


def group_rank(reference: str) -> int:
    """Return the place of the priority group in the order of its act: 1 goes first."""
    return priority_group(reference).number
