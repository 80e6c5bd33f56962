"""Campaigns: planned, opened, closed, listed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import FieldProblem, NotRegisteredError
from vaxcert.registry.sites import store
from vaxcert.registry.sites.campaign import CampaignState, campaign_problems, check_campaign_change
from vaxcert.registry.sites.tables import NAME_LENGTH, campaigns
from vaxcert.service.registry.area_fields import read_area
from vaxcert.service.registry.paging import page_of, read_after
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from vaxcert.registry.sites.campaign import Campaign
    from vaxcert.service.registry.work import Work

GroupText = Annotated[str, Meta(max_length=32, description="a priority group with its act: 3355/QĐ-BYT#9")]


class PlanCampaign(Request, frozen=True, kw_only=True):
    """What one must tell to plan a campaign."""

    name: Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH, description="what it is called")]
    area: Annotated[str, Meta(max_length=16, description="the code of the area that runs it, such as 51")]
    starts_on: Annotated[date, Meta(description="its first day")]
    ends_on: Annotated[date, Meta(description="its last day")]
    doses: Annotated[tuple[int, ...], Meta(max_length=9, description="the dose numbers that it gives")]
    groups: Annotated[tuple[GroupText, ...], Meta(max_length=40, description="only these groups; none means all")] = ()
    min_age: Annotated[int, Meta(description="the age from which people are admitted")] | None = None
    max_age: Annotated[int, Meta(description="the age up to which they are")] | None = None


class SetCampaignState(Request, frozen=True, kw_only=True):
    """Which campaign, and where it shall stand."""

    campaign: Annotated[UUID, Meta(description="the campaign's id")]
    state: Annotated[CampaignState, Meta(description="open: people can book; closed: they cannot")]
    version: Annotated[int, Meta(ge=1, description="the version that was read")] | None = None


class ShowCampaign(Request, frozen=True, kw_only=True):
    """Which campaign to show."""

    campaign: Annotated[UUID, Meta(description="the campaign's id")]


class ListCampaigns(PageRequest, frozen=True, kw_only=True):
    """All campaigns."""


class CampaignCard(Answer, frozen=True, kw_only=True):
    """A campaign."""

    id: UUID
    version: int
    name: str
    area: str
    starts_on: date
    ends_on: date
    doses: list[int]
    groups: list[str]
    min_age: int | None
    max_age: int | None
    state: CampaignState


@use_case(Right.PLAN_CAMPAIGNS)
def plan_campaign(work: Work, request: PlanCampaign) -> CampaignCard:
    """Plan a campaign. Sites can open days for it; people can book once it is open.

    Raises:
        RequestError: Fields are wrong.
        NotAllowedError: It lies outside of the account's area.
    """
    problems: list[FieldProblem] = list(
        campaign_problems(
            starts_on=request.starts_on,
            ends_on=request.ends_on,
            doses=request.doses,
            groups=request.groups,
            min_age=request.min_age,
            max_age=request.max_age,
        )
    )
    area = read_area(work, request.area, problems)
    check(problems)
    work.scope.check_area(area)
    campaign = work.new_id()
    work.insert(
        campaigns,
        id=campaign,
        version=1,
        name=request.name,
        area=area,
        starts_on=request.starts_on,
        ends_on=request.ends_on,
        doses=sorted(request.doses),
        groups=list(request.groups),
        min_age=request.min_age,
        max_age=request.max_age,
        state=CampaignState.PLANNED,
    )
    answer = _card(read_campaign(work, campaign))
    work.note("campaign.planned", campaign, after=answer, person=NOBODY)
    return answer


@use_case(Right.PLAN_CAMPAIGNS)
def set_campaign_state(work: Work, request: SetCampaignState) -> CampaignCard:
    """Open a campaign for booking, or close it; appointments that people have stay.

    Raises:
        NotRegisteredError: There is no such campaign.
        NotAllowedError: It lies outside of the account's area.
        CampaignStateError: It cannot become so.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    before = read_campaign(work, request.campaign)
    work.scope.check_area(before.area)
    check_campaign_change(before.state, request.state)
    expected = before.version if request.version is None else request.version
    work.update_version(campaigns, before.id, expected, state=request.state)
    work.note("campaign." + request.state, before.id, before=before.state, after=request.state, person=NOBODY)
    return _card(read_campaign(work, before.id))


@use_case(Right.READ_SITES, reads=True)
def show_campaign(work: Work, request: ShowCampaign) -> CampaignCard:
    """Show a campaign.

    Raises:
        NotRegisteredError: There is no such campaign.
    """
    return _card(read_campaign(work, request.campaign))


@use_case(Right.READ_SITES, reads=True)
def list_campaigns(work: Work, request: ListCampaigns) -> Page[CampaignCard]:
    """Show all campaigns, the oldest first."""
    found = store.campaigns_after(work.connection, after=read_after(request), limit=request.limit + 1)
    return page_of([_card(campaign) for campaign in found], request.limit)


def read_campaign(work: Work, campaign: UUID) -> Campaign:
    """Return the campaign with the id *campaign*.

    Raises:
        NotRegisteredError: There is none.
    """
    found = store.campaign_by_id(work.connection, campaign)
    if found is None:
        raise NotRegisteredError("there is no such campaign")
    return found


def _card(campaign: Campaign) -> CampaignCard:
    return CampaignCard(
        id=campaign.id,
        version=campaign.version,
        name=campaign.name,
        area=campaign.area,
        starts_on=campaign.starts_on,
        ends_on=campaign.ends_on,
        doses=list(campaign.doses),
        groups=list(campaign.groups),
        min_age=campaign.min_age,
        max_age=campaign.max_age,
        state=campaign.state,
    )
