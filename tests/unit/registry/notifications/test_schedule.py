"""When a message is tried again, and when it is given up."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from vaxcert.registry.notifications.schedule import (
    FIRST_WAIT,
    LONGEST_WAIT,
    MAX_ATTEMPTS,
    Attempt,
    NextStep,
    NotificationState,
    Outcome,
    after_attempt,
    wait_after,
)

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
EVEN = UUID(int=0)
SPREAD = UUID(int=0xFFFF)


def step(outcome: Outcome, *, attempts: int = 1, lapses_at: datetime | None = None, wait: float = 0) -> NextStep:
    attempt = Attempt(outcome=outcome, code="http_503", wait=timedelta(seconds=wait))
    return after_attempt(attempt, message=EVEN, attempts=attempts, at=AT, lapses_at=lapses_at)


def test_what_was_accepted_is_sent() -> None:
    assert step(Outcome.ACCEPTED, attempts=MAX_ATTEMPTS, lapses_at=AT) == NextStep(NotificationState.SENT)


def test_what_was_refused_is_dead() -> None:
    assert step(Outcome.REFUSED) == NextStep(NotificationState.DEAD)


def test_what_failed_is_tried_again_after_a_wait() -> None:
    assert step(Outcome.FAILED) == NextStep(NotificationState.QUEUED, AT + FIRST_WAIT)


def test_the_last_failure_is_the_end() -> None:
    assert step(Outcome.FAILED, attempts=MAX_ATTEMPTS).state is NotificationState.DEAD


def test_what_would_be_tried_again_too_late_lapses() -> None:
    assert step(Outcome.FAILED, lapses_at=AT + FIRST_WAIT).state is NotificationState.LAPSED
    assert step(Outcome.FAILED, lapses_at=AT + 2 * FIRST_WAIT).state is NotificationState.QUEUED


def test_what_was_not_begun_is_due_at_once() -> None:
    assert step(Outcome.UNTRIED, attempts=MAX_ATTEMPTS) == NextStep(NotificationState.QUEUED, AT)


def test_a_channel_that_asks_to_wait_is_waited_for() -> None:
    assert step(Outcome.FAILED, wait=600).due_at == AT + timedelta(minutes=10)


def test_a_channel_cannot_make_us_wait_for_ever() -> None:
    assert step(Outcome.FAILED, wait=99_999).due_at == AT + LONGEST_WAIT


def test_each_wait_is_twice_the_last_up_to_the_longest() -> None:
    waits = [wait_after(attempts, EVEN) for attempts in range(1, MAX_ATTEMPTS)]
    assert waits[0] == FIRST_WAIT
    assert all(later in {2 * earlier, LONGEST_WAIT} for earlier, later in pairwise(waits))


def test_two_messages_do_not_come_back_at_once() -> None:
    assert wait_after(3, EVEN) < wait_after(3, SPREAD) <= wait_after(3, EVEN) * 1.25


@pytest.mark.parametrize("attempts", [0, 1, 50, 10_000])
def test_no_number_of_tries_makes_a_wait_too_long(attempts: int) -> None:
    assert FIRST_WAIT <= wait_after(attempts, SPREAD) <= LONGEST_WAIT * 1.25


def test_a_gateway_may_be_away_for_hours() -> None:
    assert sum((wait_after(each, EVEN) for each in range(1, MAX_ATTEMPTS)), timedelta(0)) > timedelta(hours=4)
