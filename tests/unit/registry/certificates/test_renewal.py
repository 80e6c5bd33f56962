"""When a code is made anew."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from vaxcert.registry.certificates.renewal import rule_on


def test_e13_a_code_holds_for_twelve_months_by_the_decision() -> None:
    rule = rule_on(date(2022, 1, 1))
    assert (rule.validity, rule.source) == (timedelta(days=365), "5772/QĐ-BYT")


@pytest.mark.parametrize("day", [date(2021, 12, 20), date(2021, 12, 19), date(2030, 1, 1)])
def test_a_rule_is_found_for_every_day(day: date) -> None:
    assert rule_on(day).since == date(2021, 12, 20)


def test_e13_it_is_due_before_it_lapses() -> None:
    at = datetime(2022, 6, 1, tzinfo=UTC)
    rule = rule_on(at.date())
    assert timedelta(0) < rule.lead < rule.validity
    assert rule.due_before(at) == at + rule.lead
