"""The daily form of Decision 3588/QĐ-BYT: as an answer, and as a file."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from vaxcert.errors import FieldProblem, UnprintableTextError
from vaxcert.issue.forms import MAX_PRINTED_ROWS
from vaxcert.model.valuesets import value_set
from vaxcert.registry.reports.daily_form import COUNTED, DailyCounts, DailyKey, collected, summed, unbooked_rows
from vaxcert.registry.reports.daily_layout import layout_on
from vaxcert.registry.reports.daily_store import FIRST_DAY, Period, counted_in, rounds_named, sites_named
from vaxcert.service.registry.reports.files import MEDIA_TYPES, ReportFormat, rendered
from vaxcert.service.registry.reports.layout import daily_form
from vaxcert.service.registry.reports.scope import scope_of
from vaxcert.service.registry.request import Answer, Document, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.service.registry.reports.scope import ReportScope
    from vaxcert.service.registry.work import Work


class DailyFormQuestion(Request, frozen=True, kw_only=True):
    """Which day's form, and whose."""

    day: Annotated[date, Meta(description="the day that is reported; today if it is left out")] | None = None
    area: Annotated[str, Meta(max_length=16, description="code of the area; else the account's own")] | None = None
    site: Annotated[UUID, Meta(description="id of the site, for the form of one site")] | None = None


class DailyFormFile(DailyFormQuestion, frozen=True, kw_only=True):
    """Which day's form, whose, and as what."""

    format: Annotated[ReportFormat, Meta(description="xlsx, csv or pdf")] = ReportFormat.XLSX


class DailyNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted; subjects are all that follow up to `booster_2`, injected those from `basic_1` on."""

    subjects: int
    injected: int
    sent_to_hospital: int
    refused: int
    deferred: int
    contraindicated: int
    absent: int
    basic_1: int
    basic_2: int
    basic_3: int
    additional: int
    booster_1: int
    booster_2: int
    entered: int
    used: int
    discarded: int
    ordinary_reactions: int
    severe_events: int

    @classmethod
    def of(cls, counts: DailyCounts) -> DailyNumbers:
        """Return *counts* as the answer has them."""
        counted = {name: getattr(counts, name) for name in COUNTED}
        return cls(subjects=counts.subjects, injected=counts.injected, **counted)


class DailyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row: a site, a round and a vaccine."""

    site: UUID
    site_code: str
    site_name: str
    area: str
    round: str | None
    product: str | None
    product_name: str | None
    numbers: DailyNumbers


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Doses injected in visits beyond those that stock has as used, of a vaccine at a site on the day."""

    site: UUID
    product: str | None
    doses: int


class DailyForm(Answer, frozen=True, kw_only=True):
    """The form of a day: the rows of the day, those of all days up to it, and what does not tally with the stock."""

    act: str
    day: date
    unit: str
    today: list[DailyRow]
    total: DailyNumbers
    cumulative: list[DailyRow]
    cumulative_total: DailyNumbers
    differences: list[Difference]


@use_case(Right.READ_REPORTS, counts=True)
def show_daily_form(work: Work, request: DailyFormQuestion) -> DailyForm:
    """Show the daily form of an area or a site, with the sums up to that day.

    Every row adds up by itself: all people of a session were injected or stand in one of the other columns. What was
    injected in visits is compared with what stock has as used; differences are named.

    Raises:
        RequestError: There is no such area, or the day is to come.
        NotRegisteredError: There is no such site.
        NotAllowedError: It lies outside of what the account may see.
    """
    day, scope = _asked(work, request)
    return _form(work, day, scope)


@use_case(Right.READ_REPORTS, counts=True)
def daily_form_file(work: Work, request: DailyFormFile) -> Document:
    """Give out the daily form as a workbook, a CSV file, or a page to sign (PDF).

    Raises:
        RequestError: There is no such area, the day is to come, or the form is too long for paper.
        NotRegisteredError: There is no such site.
        NotAllowedError: It lies outside of what the account may see.
        UnprintableTextError: The name of a site has a character that the typeface lacks.
    """
    day, scope = _asked(work, request)
    form = daily_form(_form(work, day, scope), layout_on(day), made_at=work.at)
    if request.format is ReportFormat.PDF and sum(len(each.rows) for each in form.sections) > MAX_PRINTED_ROWS:
        check([FieldProblem("format", "too_long", "has too many rows for paper: ask for a smaller area, or for xlsx")])
    try:
        content = rendered(form, request.format)
    except UnprintableTextError as error:
        error.hint = "the workbook shows it"
        raise
    return Document(
        name=f"bao-cao-ngay-{day.isoformat()}.{request.format}",
        media_type=MEDIA_TYPES[request.format],
        content=content,
    )


def _asked(work: Work, request: DailyFormQuestion) -> tuple[date, ReportScope]:
    day = request.day or work.day
    if day > work.day:
        check([FieldProblem("day", "in_the_future", "must not be a day to come")])
    return day, scope_of(work, request.area, request.site)


def _form(work: Work, day: date, scope: ReportScope) -> DailyForm:
    def counted(first: date) -> dict[DailyKey, DailyCounts]:
        period = Period(first=first, last=day, sites=scope.sites)
        return collected(counted_in(work.connection, period))

    today, until = counted(day), counted(min(FIRST_DAY, day))
    keys = until.keys() | today.keys()
    sites = sites_named(work.connection, {key.site for key in keys})
    rounds = rounds_named(work.connection, {key.round for key in keys if key.round is not None})

    def rows(counts: Mapping[DailyKey, DailyCounts]) -> list[DailyRow]:
        made = [_row(key, each, sites[key.site], rounds) for key, each in counts.items()]
        return sorted(made, key=lambda row: (row.area, row.site_code, row.round or "", row.product or "~"))

    return DailyForm(
        act=layout_on(day).act,
        day=day,
        unit=scope.name,
        today=rows(today),
        total=DailyNumbers.of(summed(today.values())),
        cumulative=rows(until),
        cumulative_total=DailyNumbers.of(summed(until.values())),
        differences=[
            Difference(site=key.site, product=key.product, doses=doses) for key, doses in unbooked_rows(today).items()
        ],
    )


def _row(key: DailyKey, counts: DailyCounts, site: tuple[str, str, str], rounds: Mapping[UUID, str]) -> DailyRow:
    code, name, area = site
    return DailyRow(
        site=key.site,
        site_code=code,
        site_name=name,
        area=area,
        round=None if key.round is None else rounds[key.round],
        product=key.product,
        product_name=None if key.product is None else value_set("product").display(key.product, "vi"),
        numbers=DailyNumbers.of(counts),
    )
