"""The line list of adverse events: one row a reaction, for the surveillance of a province or the country; no names."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import FieldProblem, UnprintableTextError
from vaxcert.issue.card_entry import Words
from vaxcert.issue.forms import MAX_PRINTED_ROWS, Form, FormColumn, FormSection
from vaxcert.model.valuesets import value_set
from vaxcert.registry.reactions.form_data import ListName, form_codes
from vaxcert.registry.reactions.line_store import lines
from vaxcert.registry.reactions.ticks import ReactionLevel
from vaxcert.service.registry.reports.files import MEDIA_TYPES, ReportFormat, rendered
from vaxcert.service.registry.reports.scope import scope_of
from vaxcert.service.registry.request import Document, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.issue.forms import Cell
    from vaxcert.registry.reactions.line_store import ReactionLine
    from vaxcert.service.registry.reports.scope import ReportScope
    from vaxcert.service.registry.work import Work

MAX_DAYS: Final = 366
_TITLE: Final = Words("DANH SÁCH CA PHẢN ỨNG SAU TIÊM CHỦNG", "Line list of adverse events after immunization")
_PERIOD: Final = Words("Từ ngày, đến ngày", "From, to")
_LIST: Final = Words("Các ca được báo", "Reactions told of")
_NOTE: Final = Words(
    "Danh sách không có họ tên; tra cứu ca theo mã.", "No names are here; a reaction is found by its code."
)
_COLUMNS: Final = tuple(
    FormColumn(key=key, label=Words(vi, en), width=width, counts=counts)
    for key, vi, en, width, counts in (
        ("number", "TT", "No.", 8.0, True),
        ("code", "Mã ca", "Code", 24.0, False),
        ("told_on", "Ngày báo", "Told on", 18.0, False),
        ("site", "Cơ sở tiêm", "Site", 40.0, False),
        ("sex", "Giới", "Sex", 10.0, False),
        ("birth_year", "Năm sinh", "Born", 12.0, False),
        ("vaccine", "Vắc xin", "Vaccine", 28.0, False),
        ("dose", "Mũi", "Dose", 8.0, True),
        ("lot", "Số lô", "Lot", 20.0, False),
        ("given_on", "Ngày tiêm", "Given on", 18.0, False),
        ("onset_on", "Khởi phát", "Onset", 18.0, False),
        ("events", "Phản ứng", "Events", 37.0, False),
        ("level", "Mức độ", "Level", 16.0, False),
        ("outcome", "Kết quả", "Outcome", 20.0, False),
    )
)
_SEXES: Final = {"male": "Nam", "female": "Nữ", "other": "Khác", None: ""}
_LEVELS: Final = {"none": "Không", "ordinary": "Thường", "urgent": "Khẩn", "serious": "Nặng"}


class LineListFile(Request, frozen=True, kw_only=True):
    """Which reactions, and as what."""

    first: Annotated[date, Meta(description="the first day on which they were told of")]
    last: Annotated[date, Meta(description="the last day")]
    levels: Annotated[
        tuple[ReactionLevel, ...], Meta(max_length=4, description="at these levels; serious if none")
    ] = ()
    area: Annotated[str, Meta(max_length=16, description="code of the area; else the account's own")] | None = None
    site: Annotated[UUID, Meta(description="id of the site, for the list of one site")] | None = None
    format: Annotated[ReportFormat, Meta(description="xlsx, csv or pdf")] = ReportFormat.XLSX


@use_case(Right.READ_REPORTS, reads=True)
def reaction_line_list(work: Work, request: LineListFile) -> Document:
    """Give out the line list of adverse events as a workbook, a CSV file, or pages to sign (PDF); without names.

    Raises:
        RequestError: The days are in a wrong order, too many or to come, the area is none, or the list is too long.
        NotRegisteredError: There is no such site.
        NotAllowedError: It lies outside of what the account may see.
        UnprintableTextError: The name of a site has a character that the typeface lacks.
    """
    _check_days(work, request)
    scope = scope_of(work, request.area, request.site)
    found = lines(
        work.connection,
        request.first,
        request.last,
        levels=request.levels or (ReactionLevel.SERIOUS,),
        areas=scope.areas,
        site=work.actor.site or request.site,
        limit=MAX_PRINTED_ROWS + 1,
    )
    if len(found) > MAX_PRINTED_ROWS:
        check([FieldProblem("last", "too_long", f"makes more than {MAX_PRINTED_ROWS} rows: ask for fewer days")])
    try:
        content = rendered(_form(work, request, scope, found), request.format)
    except UnprintableTextError as error:
        error.hint = "the workbook shows it"
        raise
    return Document(
        name=f"phan-ung-{request.first.isoformat()}-{request.last.isoformat()}.{request.format}",
        media_type=MEDIA_TYPES[request.format],
        content=content,
    )


def _check_days(work: Work, request: LineListFile) -> None:
    problems = []
    if request.last > work.day:
        problems.append(FieldProblem("last", "in_the_future", "must not be a day to come"))
    if not 0 <= (request.last - request.first).days < MAX_DAYS:
        problems.append(FieldProblem("first", "out_of_range", f"must lie within {MAX_DAYS} days up to the last"))
    check(problems)


def _form(work: Work, request: LineListFile, scope: ReportScope, found: Sequence[ReactionLine]) -> Form:
    return Form(
        origin="",
        title=_TITLE,
        unit=scope.name,
        facts=[(_PERIOD, f"{request.first:%d/%m/%Y} - {request.last:%d/%m/%Y}")],
        columns=_COLUMNS,
        sections=[
            FormSection(key="reactions", title=_LIST, rows=[_cells(number, row) for number, row in enumerate(found, 1)])
        ],
        notes=[_NOTE],
        made_at=work.at,
    )


def _cells(number: int, row: ReactionLine) -> list[Cell]:
    return [
        number,
        row.code,
        f"{row.told_on:%d/%m/%Y}",
        row.site_name,
        _SEXES[row.sex],
        str(row.birth_year),
        value_set("product").display(row.product, "vi"),
        row.dose_number,
        row.lot_number,
        f"{row.given_on:%d/%m/%Y}",
        None if row.onset_on is None else f"{row.onset_on:%d/%m/%Y}",
        "; ".join(_word("events", event) for event in row.events) or None,
        _LEVELS[row.level],
        None if row.outcome is None else _word("outcomes", row.outcome),
    ]


def _word(name: ListName, code: str) -> str:
    return form_codes(name)[code].vi
