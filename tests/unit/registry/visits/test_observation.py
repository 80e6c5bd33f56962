"""The observation: how long, and what must have been measured."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from vaxcert.errors import ObservationUnfinishedError, ScreeningRulesMissingError, VisitStateError
from vaxcert.registry.visits.observation import check_followed_up, check_observed, vitals_due
from vaxcert.registry.visits.screening_file import observation_rule_on
from vaxcert.registry.visits.visit import Visit, VisitState

INJECTED = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
RULE = observation_rule_on(date(2026, 3, 2))
VISIT = Visit(
    id=UUID(int=1),
    version=3,
    person=UUID(int=2),
    site=UUID(int=3),
    area="51@x",
    day=date(2026, 3, 2),
    state=VisitState.INJECTED,
    dose=UUID(int=4),
    injected_at=INJECTED,
    observe_until=INJECTED + timedelta(minutes=30),
)


def after(*minutes: float) -> list[datetime]:
    return [INJECTED + timedelta(minutes=each) for each in minutes]


def test_the_rule_is_half_an_hour_by_3588() -> None:
    assert RULE.length == timedelta(minutes=30)
    assert RULE.source == "3588/QĐ-BYT"


def test_before_there_was_a_vaccine_there_is_no_rule() -> None:
    with pytest.raises(ScreeningRulesMissingError):
        observation_rule_on(date(2021, 3, 7))


@pytest.mark.parametrize(
    ("taken", "due"),
    [
        ((), (15, 30)),
        ((15,), (30,)),
        ((10,), (30,)),  # five minutes early still counts
        ((9,), (15, 30)),
        ((24,), (30,)),  # late, and yet for the one in the middle
        ((25,), (15,)),
        ((31,), (15,)),
        ((15, 30), ()),
        ((15, 90), ()),
        ((30, 31), (15,)),  # two at the end do not make up for the middle
    ],
)
def test_which_measurements_are_due(taken: tuple[float, ...], due: tuple[float, ...]) -> None:
    assert vitals_due(RULE, INJECTED, after(*taken)) == tuple(after(*due))


def test_who_was_measured_at_the_end_may_go() -> None:
    check_observed(VISIT, RULE, after(15, 30), INJECTED + timedelta(minutes=30))


def test_a_measurement_missed_in_between_holds_nobody_back() -> None:
    check_observed(VISIT, RULE, after(29), INJECTED + timedelta(minutes=30))


@pytest.mark.parametrize("minutes", [0, 15, 29.99])
def test_nobody_goes_before_the_time_is_over(minutes: float) -> None:
    with pytest.raises(ObservationUnfinishedError, match="30 minutes") as caught:
        check_observed(VISIT, RULE, after(15, 26), INJECTED + timedelta(minutes=minutes))
    assert caught.value.until == VISIT.observe_until


@pytest.mark.parametrize("taken", [(), (15,), (24.9,)])
def test_nobody_goes_without_a_measurement_at_the_end(taken: tuple[float, ...]) -> None:
    with pytest.raises(ObservationUnfinishedError, match="nothing was measured"):
        check_observed(VISIT, RULE, after(*taken), INJECTED + timedelta(minutes=40))


def test_who_left_early_is_asked_first() -> None:
    left = replace(VISIT, state=VisitState.LEFT)
    for nothing in ("", "  "):
        with pytest.raises(VisitStateError):
            check_followed_up(left, nothing)
    check_followed_up(left, "by phone: well")
    check_followed_up(VISIT, "")
