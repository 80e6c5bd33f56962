from dataclasses import replace
from datetime import date
from itertools import product
from uuid import UUID

import pytest

from vaxcert.errors import CampaignStateError
from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.people.ages import age_on
from vaxcert.registry.sites.campaign import Campaign, CampaignState, campaign_problems, check_campaign_change

DAY = date(2026, 3, 2)
GROUP, OTHER = "3355/QĐ-BYT#9", "3355/QĐ-BYT#15"
CAMPAIGN = Campaign(
    id=UUID(int=1),
    version=1,
    name="Chiến dịch",
    area="51@2025-07-01",
    starts_on=date(2026, 3, 1),
    ends_on=date(2026, 3, 31),
    doses=(1, 2),
    groups=(GROUP,),
    min_age=12,
    max_age=17,
)
GOOD = {
    "starts_on": DAY,
    "ends_on": DAY,
    "doses": (1,),
    "groups": (GROUP,),
    "min_age": 12,
    "max_age": 12,
}


def reasons(born: str = "2012-03-02", *, group: str = GROUP, dose: int = 1, day: date = DAY) -> list[str]:
    return list(CAMPAIGN.ineligible(group=group, dose_number=dose, age=age_on(PartialDate(born), day), day=day))


def test_somebody_whom_the_campaign_is_for_is_admitted() -> None:
    assert reasons() == []


def test_every_reason_is_told() -> None:
    assert reasons("1950", group=OTHER, dose=3, day=date(2026, 4, 1)) == [
        "dose_not_in_campaign",
        "group_not_in_campaign",
        "too_old",
        "day_not_in_campaign",
    ]


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("2014-03-02", []),
        ("2014-03-03", ["too_young"]),
        ("2008-03-03", []),
        ("2008-03-02", ["too_old"]),
        ("2014", []),  # by the document perhaps twelve: the desk will see
        ("2008", []),
        ("2015", ["too_young"]),
        ("2007", ["too_old"]),
    ],
)
def test_ages_are_those_of_the_day(born: str, expected: list[str]) -> None:
    assert reasons(born) == expected


@pytest.mark.parametrize(("year", "asks"), [("2014", True), ("2008", True), ("2011", False), ("2015", False)])
def test_the_birth_date_is_asked_for_only_where_the_year_does_not_tell(year: str, asks: bool) -> None:  # noqa: FBT001 - a table's column
    assert CAMPAIGN.asks_age(PartialDate(year), DAY) is asks


def test_a_campaign_for_all_admits_all() -> None:
    for_all = replace(CAMPAIGN, groups=(), min_age=None, max_age=None)
    assert for_all.ineligible(group=OTHER, dose_number=2, age=age_on(PartialDate("1930"), DAY), day=DAY) == ()
    assert not for_all.asks_age(PartialDate("2014"), DAY)


@pytest.mark.parametrize("year", range(2005, 2018))
def test_the_years_of_birth_leave_out_nobody_who_is_admitted(year: int) -> None:
    first, last = CAMPAIGN.birth_years(DAY)
    may_be = not reasons(str(year))
    assert (first <= year <= last) is may_be


def test_without_ages_every_year_is_admitted() -> None:
    first, last = replace(CAMPAIGN, min_age=None, max_age=None).birth_years(DAY)
    assert first <= 1900
    assert last == DAY.year


def test_the_last_day_is_one_of_the_campaign() -> None:
    assert CAMPAIGN.runs_on(date(2026, 3, 31))
    assert not CAMPAIGN.runs_on(date(2026, 4, 1))
    assert not CAMPAIGN.runs_on(date(2026, 2, 28))


ALLOWED = {("planned", "open"), ("planned", "closed"), ("open", "closed"), ("closed", "open")}


@pytest.mark.parametrize(("state", "wanted"), list(product(CampaignState, CampaignState)))
def test_exactly_these_changes_can_be_made(state: CampaignState, wanted: CampaignState) -> None:
    if (state, wanted) in ALLOWED:
        check_campaign_change(state, wanted)
    else:
        with pytest.raises(CampaignStateError, match=f"a campaign that is {state} cannot become {wanted}"):
            check_campaign_change(state, wanted)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ends_on": date(2026, 3, 1)}, "ends_on"),
        ({"doses": ()}, "doses"),
        ({"doses": (0,)}, "doses"),
        ({"doses": (10,)}, "doses"),
        ({"doses": (1, 1)}, "doses"),
        ({"groups": (GROUP, "x")}, "groups.1"),
        ({"groups": ("1210/QĐ-BYT#1",)}, "groups.0"),
        ({"min_age": -1}, "min_age"),
        ({"max_age": 151}, "max_age"),
        ({"max_age": 11}, "max_age"),
    ],
)
def test_a_fault_is_named_with_its_field(changes: dict[str, object], field: str) -> None:
    assert [problem.field for problem in campaign_problems(**{**GOOD, **changes})] == [field]  # type: ignore[arg-type] # a test's own fields


def test_a_campaign_without_faults_has_none() -> None:
    assert campaign_problems(**GOOD) == ()  # type: ignore[arg-type] # a test's own fields
    assert campaign_problems(**{**GOOD, "groups": (), "min_age": None, "max_age": None}) == ()  # type: ignore[arg-type] # as above
