"""Doses entered from papers: what the paper is, and what is odd about what it says.

A paper is believed until somebody looks: what the rules of its day have against the dose is a warning, and the dose
counts as unverified, without a certificate, until another officer has compared it with its source.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from vaxcert.errors import FieldProblem

if TYPE_CHECKING:
    from vaxcert.model.partial_date import PartialDate
    from vaxcert.registry.doses.plan import DosePlan

FIRST_VACCINATIONS = date(2020, 12, 8)
"""No COVID-19 vaccine was given to the public anywhere before."""


class PaperKind(StrEnum):
    """What a dose is entered from."""

    CONFIRMATION_SLIP = "confirmation_slip"
    SCREENING_SHEET = "screening_sheet"
    SITE_LIST = "site_list"
    """The list of a session, kept by the site."""
    VACCINATION_BOOK = "vaccination_book"
    FOREIGN_CERTIFICATE = "foreign_certificate"
    OTHER = "other"


class DosePaper(msgspec.Struct, frozen=True, kw_only=True):
    """The source of a dose.

    Attributes:
        kind: What it is.
        number: Its number; blank where it has none.
        issued_by: Who made it out.
        shown_by: Who showed it.
        warnings: The codes of what was odd when it was entered.
    """

    kind: PaperKind
    number: str = ""
    issued_by: str = ""
    shown_by: str = ""
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"DosePaper(kind={self.kind!r})"


def paper_warnings(
    plan: DosePlan, *, number: int | None, lot_number: str | None, given_on: date
) -> tuple[FieldProblem, ...]:
    """Return what is odd about a dose on paper; it refuses nothing.

    Args:
        plan: What the rules of its day make of it.
        number: The number of the dose that the paper gives; None where it gives none.
        lot_number: The number of the lot; None where the paper has none.
        given_on: The day of the dose.
    """
    found = [FieldProblem("product", finding.problem.value, finding.message) for finding in plan.findings]
    if number is not None and number != plan.number:
        found.append(FieldProblem("number", "number_unexpected", f"would be dose {plan.number} by what is known"))
    if not lot_number:
        found.append(FieldProblem("lot_number", "lot_missing", "the paper names no lot"))
    if given_on < FIRST_VACCINATIONS:
        found.append(FieldProblem("given_on", "too_early", "nobody was vaccinated against COVID-19 yet"))
    return tuple(found)


def day_problems(given_on: date, *, birth: PartialDate, today: date) -> tuple[FieldProblem, ...]:
    """Return why nobody born then can have had a dose that day: these do refuse it."""
    if given_on > today:
        return (FieldProblem("given_on", "in_future", "lies in the future"),)
    if given_on < birth.earliest:
        return (FieldProblem("given_on", "before_birth", "lies before the birth"),)
    return ()
