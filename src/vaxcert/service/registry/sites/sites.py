"""Sites: opened, changed, closed, and the directory that everybody reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import FieldProblem, PhoneNumberError, SiteCodeTakenError
from vaxcert.model.phones import parse_phone
from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.sites import store
from vaxcert.registry.sites.capacity import Throughput, throughput_problems
from vaxcert.registry.sites.hours import MAX_PERIODS, format_hours, hours_problems, parse_period
from vaxcert.registry.sites.site import SITE_CODE, SiteKind, SiteState
from vaxcert.registry.sites.tables import ADDRESS_LENGTH, NAME_LENGTH, sites
from vaxcert.service.registry.area_fields import read_area
from vaxcert.service.registry.paging import page_of, read_after
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site, read_site
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.registry.sites.hours import OpenPeriod
    from vaxcert.registry.sites.site import Site
    from vaxcert.service.registry.work import Work

NameText = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH, description="what the site is called")]
AddressText = Annotated[str, Meta(min_length=1, max_length=ADDRESS_LENGTH, description="the street")]
PhoneText = Annotated[str, Meta(max_length=40, description="whom to call there; without it, the hotline")]
HoursText = Annotated[str, Meta(max_length=40)]
Hours = Annotated[
    tuple[HoursText, ...],
    Meta(max_length=MAX_PERIODS, description="weekdays, of which 1 is Monday, and hours, such as 1-5 07:30-11:30"),
]

_FIELDS: Final = ("tables", "per_table_hour", "slot_minutes", "walk_in_percent", "later_dose_percent")


class OpenSite(Request, frozen=True, kw_only=True):
    """What one must tell to open a site."""

    code: Annotated[str, Meta(max_length=16, description="two digits of the province, then capitals and digits")]
    name: NameText
    kind: Annotated[SiteKind, Meta(description="what it is")]
    area: Annotated[str, Meta(max_length=16, description="the code of the area it lies in, such as 51")]
    address: AddressText
    phone: PhoneText | None = None
    hours: Hours
    tables: Annotated[int, Meta(description="how many tables inject at once")]
    per_table_hour: Annotated[int, Meta(description="how many people one table takes in an hour")]
    slot_minutes: Annotated[int, Meta(description="how long one slot is")] = 60
    walk_in_percent: Annotated[int, Meta(description="the part of all places that nobody can book")] = 0
    later_dose_percent: Annotated[int, Meta(description="the part of these that first doses cannot take")] = 0
    emergency: Annotated[bool, Meta(description="it can care for emergencies of pregnancy and birth")] = False


class ChangeSite(Request, frozen=True, kw_only=True):
    """What shall be different about a site; what is left out stays."""

    site: Annotated[UUID, Meta(description="the site's id")]
    version: Annotated[int, Meta(ge=1, description="the version that was read")] | None = None
    name: NameText | None = None
    address: AddressText | None = None
    phone: PhoneText | None = None
    hours: Hours | None = None
    tables: int | None = None
    per_table_hour: int | None = None
    slot_minutes: int | None = None
    walk_in_percent: int | None = None
    later_dose_percent: int | None = None
    emergency: bool | None = None
    state: SiteState | None = None


class ShowSite(Request, frozen=True, kw_only=True):
    """Which site to show."""

    site: Annotated[UUID, Meta(description="the site's id")]


class ListSites(PageRequest, frozen=True, kw_only=True):
    """Which sites to show."""

    area: Annotated[str, Meta(max_length=16, description="the code of an area; its sites only")] | None = None


class SiteCard(Answer, frozen=True, kw_only=True):
    """A site."""

    id: UUID
    version: int
    code: str
    name: str
    kind: SiteKind
    area: str
    address: str
    phone: str | None
    hours: list[str]
    tables: int
    per_table_hour: int
    slot_minutes: int
    walk_in_percent: int
    later_dose_percent: int
    emergency: bool
    state: SiteState


@use_case(Right.KEEP_SITES)
def open_site(work: Work, request: OpenSite) -> SiteCard:
    """Open a site.

    Raises:
        RequestError: Fields are wrong.
        NotAllowedError: It lies outside of the account's area, or the account is a site's own.
        SiteCodeTakenError: Another site has the code.
    """
    throughput = Throughput(**{field: getattr(request, field) for field in _FIELDS})
    problems = list(throughput_problems(throughput))
    hours = _read_hours(request.hours, problems)
    area = read_area(work, request.area, problems)
    phone = _read_phone(request.phone, problems)
    if not SITE_CODE.fullmatch(request.code):
        problems.append(FieldProblem("code", "invalid_code", "must be two digits, then 3 to 14 capitals and digits"))
    check(problems)
    site = work.new_id()
    work.scope.check_site(site, area)  # who works at a site of their own opens no other
    row = {
        "id": site,
        "version": 1,
        "code": request.code,
        "name": request.name,
        "kind": request.kind,
        "area": area,
        "address": request.address,
        "phone": phone,
        "hours": store.hours_json(hours),
        "emergency": request.emergency,
        "state": SiteState.ACTIVE,
        **store.throughput_columns(throughput),
    }
    if not insert_new(work.connection, sites, row):
        raise SiteCodeTakenError("another site has this code")
    work.note("site.opened", site, after={key: row[key] for key in ("code", "area", "hours")}, person=NOBODY)
    return _card(read_site(work, site))


@use_case(Right.KEEP_SITES)
def change_site(work: Work, request: ChangeSite) -> SiteCard:
    """Change a site, or close it. Days that are open for booking stay as they were opened.

    Raises:
        RequestError: Fields are wrong.
        NotRegisteredError: There is no such site.
        NotAllowedError: It is not the account's, or a site's own account would close or reopen it.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    before = own_site(work, request.site)
    if request.state not in {None, before.state}:
        work.actor.check_may(Right.PLAN_CAMPAIGNS)
    changed = {field: value for field in _FIELDS if (value := getattr(request, field)) is not None}
    throughput = replace(before.throughput, **changed)
    problems = list(throughput_problems(throughput))
    values: dict[str, object] = store.throughput_columns(throughput)
    if request.hours is not None:
        values["hours"] = store.hours_json(_read_hours(request.hours, problems))
    if request.phone is not None:
        values["phone"] = _read_phone(request.phone, problems)
    for field in ("name", "address", "emergency", "state"):
        if (value := getattr(request, field)) is not None:
            values[field] = value
    check(problems)
    work.update_version(sites, before.id, before.version if request.version is None else request.version, **values)
    work.note("site.changed", before.id, before=_card(before), after=values, person=NOBODY)
    return _card(read_site(work, before.id))


@use_case(Right.READ_SITES, reads=True)
def show_site(work: Work, request: ShowSite) -> SiteCard:
    """Show a site.

    Raises:
        NotRegisteredError: There is no such site.
    """
    return _card(read_site(work, request.site))


@use_case(Right.READ_SITES, reads=True)
def list_sites(work: Work, request: ListSites) -> Page[SiteCard]:
    """Show the directory of sites, of the whole country or of an area."""
    problems: list[FieldProblem] = []
    area = None if request.area is None else read_area(work, request.area, problems)
    check(problems)
    areas = None if area is None else work.reference.areas_within(area, work.day)
    found = store.sites_in(work.connection, areas, after=read_after(request), limit=request.limit + 1)
    return page_of([_card(site) for site in found], request.limit)


def _read_hours(texts: Sequence[str], problems: list[FieldProblem]) -> tuple[OpenPeriod, ...]:
    hours: list[OpenPeriod] = []
    for place, text in enumerate(texts):
        try:
            hours += parse_period(text)
        except ValueError as error:
            problems.append(FieldProblem(f"hours.{place}", "invalid", str(error)))
    problems += hours_problems(hours)
    return tuple(hours)


def _read_phone(text: str | None, problems: list[FieldProblem]) -> str | None:
    if text is None:
        return None
    try:
        return parse_phone(text).e164
    except PhoneNumberError as error:
        problems.append(FieldProblem("phone", error.code, "must be a telephone number"))
        return None


def _card(site: Site) -> SiteCard:
    return SiteCard(
        id=site.id,
        version=site.version,
        code=site.code,
        name=site.name,
        kind=site.kind,
        area=site.area,
        address=site.address,
        phone=site.phone,
        hours=format_hours(site.hours),
        emergency=site.emergency,
        state=site.state,
        **{field: getattr(site.throughput, field) for field in _FIELDS},
    )
