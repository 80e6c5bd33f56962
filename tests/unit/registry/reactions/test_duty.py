"""The duty to report serious reactions within a day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from vaxcert.registry.reactions.duty import due_report, is_overdue, report_duties

LEARNED = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)


def test_e6_a_serious_reaction_is_due_24_hours_after_it_was_known() -> None:
    due = due_report(LEARNED, date(2026, 3, 2))
    assert due.at == LEARNED + timedelta(hours=24)
    assert due.source == "34/2018/TT-BYT"


def test_before_the_first_act_the_first_one_holds() -> None:
    assert due_report(LEARNED, date(2001, 1, 1)).source == report_duties()[0].source


DUE = LEARNED + timedelta(hours=24)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("reported_at", "at", "overdue"),
    [
        (None, DUE, False),
        (None, DUE + SECOND, True),
        (DUE, DUE + timedelta(days=9), False),
        (DUE + SECOND, DUE + timedelta(days=9), True),
        (LEARNED, LEARNED, False),
    ],
)
def test_a_report_is_overdue_after_its_hour(reported_at: datetime | None, at: datetime, *, overdue: bool) -> None:
    assert is_overdue(due_at=DUE, reported_at=reported_at, at=at) is overdue


def test_what_is_not_owed_is_never_overdue() -> None:
    assert not is_overdue(due_at=None, reported_at=None, at=DUE + timedelta(days=999))
