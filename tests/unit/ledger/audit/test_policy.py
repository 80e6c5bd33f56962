"""What an auditor brings along, and what he may not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from vaxcert.ledger.audit.policy import AuditPolicy, Evidence


def test_a_revocation_without_a_time_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Evidence(revoked_kids={b"12345678": datetime(2026, 1, 1)})  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("name", ["clock_skew", "anchor_delay"])
def test_a_negative_time_is_a_mistake(name: str) -> None:
    with pytest.raises(ValueError, match="negative"):
        AuditPolicy(**{name: timedelta(seconds=-1)})  # type: ignore[arg-type] # by its name


def test_a_policy_is_shown_as_text() -> None:
    assert AuditPolicy(rows_required=False).to_dict() == {
        "clock_skew": "0:05:00",
        "anchor_delay": "1:00:00",
        "rows_required": "no",
    }
