"""Sites, campaigns and slots: opened, changed, closed, shown; on both databases."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from msgspec import structs

from tests.booked_site import GROUP, BookedSite
from tests.registry_fixture import RegistryUnderTest
from vaxcert.errors import (
    AppointmentStateError,
    CampaignStateError,
    CapacityTakenError,
    NotAllowedError,
    NotRegisteredError,
    RequestError,
    SiteClosedError,
    SiteCodeTakenError,
    SlotStateError,
    StaleVersionError,
)
from vaxcert.registry.sites.campaign import CampaignState
from vaxcert.registry.sites.site import SiteKind, SiteState
from vaxcert.registry.sites.tables import slots as slot_table
from vaxcert.service.registry.appointments.listed import ListAppointments, list_appointments
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.campaigns import (
    ListCampaigns,
    PlanCampaign,
    SetCampaignState,
    ShowCampaign,
    list_campaigns,
    plan_campaign,
    set_campaign_state,
    show_campaign,
)
from vaxcert.service.registry.sites.days import CloseDay, OpenDays, close_day, open_days
from vaxcert.service.registry.sites.sites import (
    ChangeSite,
    ListSites,
    OpenSite,
    ShowSite,
    change_site,
    list_sites,
    open_site,
    show_site,
)
from vaxcert.service.registry.sites.slots import ListSlots, ResizeSlot, list_slots, resize_slot

SITE = {
    "code": "51009",
    "name": "Bệnh viện Đa khoa",
    "kind": SiteKind.HOSPITAL,
    "area": "51",
    "address": "12 Hùng Vương",
    "phone": "0912 345 678",
    "hours": ("1-5 07:30-11:30", "1-5 13:00-16:00"),
    "tables": 2,
    "per_table_hour": 12,
}


def to_open(**changes: object) -> OpenSite:
    return OpenSite(**{**SITE, **changes})  # type: ignore[arg-type] # a test's own fields


def test_s19_everybody_reads_the_directory_of_sites(registry: RegistryUnderTest) -> None:
    card = registry.run(open_site, to_open(), role=Role.PROVINCE)
    assert (card.phone, tuple(card.hours), card.state) == ("+84912345678", SITE["hours"], SiteState.ACTIVE)
    assert registry.run(show_site, ShowSite(site=card.id), role=Role.VISITOR) == card
    registry.later(seconds=1)
    other = registry.run(open_site, to_open(code="51010"), role=Role.PROVINCE)
    first = registry.run(list_sites, ListSites(limit=1, area="51"), role=Role.VISITOR)
    last = registry.run(list_sites, ListSites(limit=1, area="51", after=first.next), role=Role.VISITOR)
    assert [site.id for site in (*first.items, *last.items)] == [card.id, other.id]
    assert last.next is None
    assert registry.run(list_sites, ListSites(area="01"), role=Role.VISITOR).items == []
    with pytest.raises(NotRegisteredError):
        registry.run(show_site, ShowSite(site=uuid4()), role=Role.VISITOR)


def test_a_page_begins_only_where_one_ended(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    day = "2026-03-03T01:00:00"  # an instant without its zone
    for use_case, asked in (
        (list_sites, ListSites(after="x")),
        (list_slots, ListSlots(site=site.site, after="x")),
        (list_slots, ListSlots(site=site.site, after=day)),
        (list_appointments, ListAppointments(site=site.site, after="x")),
        (list_appointments, ListAppointments(site=site.site, after=f"{day}/{site.site}")),
    ):
        with pytest.raises(RequestError) as caught:
            registry.run(use_case, asked, role=Role.CENTRE)  # type: ignore[misc] # each with its own
        assert [problem.field for problem in caught.value.problems] == ["after"]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"code": "x"}, ["code"]),
        ({"code": "5100"}, ["code"]),
        ({"area": "00", "phone": "113"}, ["area", "phone"]),
        ({"hours": ("always", "1 09:00-08:00")}, ["hours.0", "hours"]),
        ({"tables": 0, "slot_minutes": 1}, ["tables", "slot_minutes"]),
    ],
)
def test_every_fault_of_a_site_is_named(
    registry: RegistryUnderTest, changes: dict[str, object], fields: list[str]
) -> None:
    with pytest.raises(RequestError) as caught:
        registry.run(open_site, to_open(**changes), role=Role.PROVINCE)
    assert [problem.field for problem in caught.value.problems] == fields


def test_a_site_has_its_code_alone_and_its_area_decides_who_opens_it(registry: RegistryUnderTest) -> None:
    card = registry.run(open_site, to_open(), role=Role.PROVINCE)
    with pytest.raises(SiteCodeTakenError):
        registry.run(open_site, to_open(), role=Role.PROVINCE)
    for request, site in ((to_open(code="51011"), card.id), (to_open(code="01011", area="01"), None)):
        with pytest.raises(NotAllowedError):
            registry.run(open_site, request, role=Role.SITE_ADMIN if site else Role.PROVINCE, site=site)


def test_a_site_changes_its_hours_and_its_authority_closes_it(registry: RegistryUnderTest) -> None:
    card = registry.run(open_site, to_open(), role=Role.PROVINCE)
    change = ChangeSite(site=card.id, version=1, hours=("6 08:00-12:00",), tables=3, phone="0255 3822 666")
    changed = registry.run(change_site, change, role=Role.SITE_ADMIN, site=card.id)
    assert (changed.version, changed.hours, changed.tables) == (2, ["6 08:00-12:00"], 3)
    assert changed.name == card.name
    with pytest.raises(StaleVersionError):
        registry.run(change_site, change, role=Role.SITE_ADMIN, site=card.id)
    with pytest.raises(RequestError):
        registry.run(change_site, ChangeSite(site=card.id, tables=0), role=Role.SITE_ADMIN, site=card.id)
    close = ChangeSite(site=card.id, state=SiteState.CLOSED)
    with pytest.raises(NotAllowedError):
        registry.run(change_site, close, role=Role.SITE_ADMIN, site=card.id)
    assert registry.run(change_site, close, role=Role.PROVINCE).state is SiteState.CLOSED


def test_a_closed_site_opens_no_days_and_takes_nobody(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    registration, slot = site.somebody(), site.slots()[0]
    registry.run(change_site, ChangeSite(site=site.site, state=SiteState.CLOSED), role=Role.PROVINCE)
    with pytest.raises(SiteClosedError):
        site.book(registration, slot)
    day = site.tomorrow + timedelta(days=7)
    days = OpenDays(site=site.site, campaign=site.campaign, from_day=day, until_day=day)
    with pytest.raises(SiteClosedError):
        registry.run(open_days, days, role=Role.PROVINCE)


def test_a_campaign_is_planned_opened_and_closed(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    plan = PlanCampaign(
        name="Trẻ em 12-17",
        area="51",
        starts_on=site.tomorrow,
        ends_on=site.tomorrow,
        doses=(2, 1),
        groups=(GROUP,),
        min_age=12,
        max_age=17,
    )
    registry.later(seconds=1)
    card = registry.run(plan_campaign, plan, role=Role.PROVINCE)
    assert (card.doses, card.groups, card.state) == ([1, 2], [GROUP], CampaignState.PLANNED)
    assert registry.run(show_campaign, ShowCampaign(campaign=card.id), role=Role.VISITOR) == card
    listed = registry.run(list_campaigns, ListCampaigns(), role=Role.VISITOR)
    assert [each.id for each in listed.items] == [site.campaign, card.id]
    again = SetCampaignState(campaign=card.id, state=CampaignState.PLANNED)
    with pytest.raises(CampaignStateError):
        registry.run(set_campaign_state, again, role=Role.PROVINCE)
    stale = SetCampaignState(campaign=card.id, state=CampaignState.OPEN, version=9)
    with pytest.raises(StaleVersionError):
        registry.run(set_campaign_state, stale, role=Role.PROVINCE)
    bad = PlanCampaign(name="x", area="51", starts_on=site.tomorrow, ends_on=date(2026, 1, 1), doses=())
    with pytest.raises(RequestError) as caught:
        registry.run(plan_campaign, bad, role=Role.PROVINCE)
    assert [problem.field for problem in caught.value.problems] == ["ends_on", "doses"]
    for request, role in ((plan, Role.SITE_ADMIN), (structs.replace(plan, area="01"), Role.PROVINCE)):
        with pytest.raises(NotAllowedError):
            registry.run(plan_campaign, request, role=role)


def test_days_are_opened_once(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, tables=2, per_table_hour=10)
    days = OpenDays(
        site=site.site, campaign=site.campaign, from_day=site.tomorrow, until_day=site.tomorrow + timedelta(days=1)
    )
    opened = registry.run(open_days, days, role=Role.SITE_ADMIN, site=site.site)
    assert opened.already_open == [site.tomorrow]
    assert opened.days == [site.tomorrow + timedelta(days=1)]
    assert (opened.slots, opened.places) == (3, 60)
    assert len(site.slots()) == 6


@pytest.mark.parametrize(
    ("first", "last", "field"), [(-2, 0, "from_day"), (1, 0, "until_day"), (0, 181, "until_day"), (0, 62, "until_day")]
)
def test_days_to_open_lie_ahead_and_in_order(registry: RegistryUnderTest, first: int, last: int, field: str) -> None:
    site = BookedSite(registry)
    days = OpenDays(
        site=site.site,
        campaign=site.campaign,
        from_day=site.tomorrow + timedelta(days=first),
        until_day=site.tomorrow + timedelta(days=last),
    )
    with pytest.raises(RequestError) as caught:
        registry.run(open_days, days, role=Role.SITE_ADMIN, site=site.site)
    assert [problem.field for problem in caught.value.problems] == [field]


def test_days_are_the_campaigns_and_the_sites(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    saturday = date(2026, 3, 7)
    registry.run(change_site, ChangeSite(site=site.site, hours=("1-5 08:00-11:00",)), role=Role.PROVINCE)
    closed = OpenDays(site=site.site, campaign=site.campaign, from_day=saturday, until_day=saturday)
    with pytest.raises(SiteClosedError, match="no hours"):
        registry.run(open_days, closed, role=Role.SITE_ADMIN, site=site.site)
    beyond = site.tomorrow + timedelta(days=61)
    late = OpenDays(site=site.site, campaign=site.campaign, from_day=beyond, until_day=beyond)
    with pytest.raises(CampaignStateError, match="does not run"):
        registry.run(open_days, late, role=Role.SITE_ADMIN, site=site.site)
    registry.run(
        set_campaign_state, SetCampaignState(campaign=site.campaign, state=CampaignState.CLOSED), role=Role.PROVINCE
    )
    with pytest.raises(CampaignStateError, match="closed"):
        registry.run(open_days, closed, role=Role.SITE_ADMIN, site=site.site)
    for unknown in (
        OpenDays(site=site.site, campaign=uuid4(), from_day=saturday, until_day=saturday),
        OpenDays(site=uuid4(), campaign=site.campaign, from_day=saturday, until_day=saturday),
    ):
        with pytest.raises(NotRegisteredError):
            registry.run(open_days, unknown, role=Role.PROVINCE)


def test_what_is_free_is_shown_as_it_is_at_this_moment(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, later_dose_percent=50, days=2)
    first = site.slots()[0]
    site.book(site.somebody(), first)
    card = registry.run(list_slots, ListSlots(site=site.site), role=Role.VISITOR).items[0]
    assert (card.capacity, card.free, card.free_for_first_doses) == (2, 1, 0)
    for_first = registry.run(list_slots, ListSlots(site=site.site, free_for=1), role=Role.VISITOR)
    for_second = registry.run(list_slots, ListSlots(site=site.site, free_for=2), role=Role.VISITOR)
    assert (len(for_first.items), len(for_second.items)) == (5, 6)
    page = registry.run(list_slots, ListSlots(site=site.site, limit=4), role=Role.VISITOR)
    rest = registry.run(list_slots, ListSlots(site=site.site, limit=4, after=page.next), role=Role.VISITOR)
    assert [slot.id for slot in (*page.items, *rest.items)] == site.slots()
    one_day = ListSlots(site=site.site, from_day=site.tomorrow, until_day=site.tomorrow)
    assert len(registry.run(list_slots, one_day, role=Role.VISITOR).items) == 3
    registry.at = card.starts_at
    assert len(site.slots()) == 5


def test_a_slot_is_never_made_smaller_than_what_is_taken(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    slot = site.slots()[0]
    for number in range(2):
        site.book(site.somebody(number), slot)
    smaller = ResizeSlot(slot=slot, capacity=1, version=1)
    with pytest.raises(CapacityTakenError, match="2 places are taken, 2 of them by first doses"):
        registry.run(resize_slot, smaller, role=Role.SITE_ADMIN, site=site.site)
    larger = registry.run(
        resize_slot, ResizeSlot(slot=slot, capacity=3, version=1), role=Role.SITE_ADMIN, site=site.site
    )
    assert (larger.version, larger.capacity, larger.free) == (2, 3, 1)
    with pytest.raises(StaleVersionError):
        registry.run(resize_slot, smaller, role=Role.SITE_ADMIN, site=site.site)
    missing = ResizeSlot(slot=uuid4(), capacity=3, version=1)
    with pytest.raises(NotRegisteredError):
        registry.run(resize_slot, missing, role=Role.SITE_ADMIN, site=site.site)
    site.book(site.somebody(3), slot)
    site.check_counts()


@pytest.mark.parametrize("counts", [{"taken": 3}, {"taken": -1}, {"taken": 1, "first_taken": 2}, {"capacity": 1}])
def test_the_database_itself_refuses_counts_that_cannot_be(registry: RegistryUnderTest, counts: dict[str, int]) -> None:
    site = BookedSite(registry)
    with registry.engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(sa.update(slot_table).where(slot_table.c.id == site.slots()[0]).values(**counts))


def test_a_closed_day_tells_everybody_and_keeps_who_has_come(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry, days=2)
    slots = site.slots()
    booked, held = site.book(site.somebody(1), slots[0]), site.hold(site.somebody(2), slots[1])
    other_day = site.book(site.somebody(3), slots[3])
    request = CloseDay(site=site.site, day=site.tomorrow, reason="bão số 5")
    closed = registry.run(close_day, request, role=Role.SITE_ADMIN, site=site.site)
    assert (closed.slots, closed.cancelled) == (3, 2)
    assert [site.slot(slot).state.value for slot in slots] == ["closed"] * 3 + ["open"] * 3
    for gone in (booked, held):
        with pytest.raises(AppointmentStateError):
            site.accept(gone.id)
    with pytest.raises(SlotStateError):
        site.move(other_day.id, slots[0])
    with pytest.raises(SlotStateError, match="not open"):
        registry.run(close_day, request, role=Role.SITE_ADMIN, site=site.site)
    site.check_counts()
