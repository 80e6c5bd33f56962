from __future__ import annotations

from datetime import timedelta

import pytest

from vaxcert.ledger.anchor.policy import AnchorPolicy


@pytest.mark.parametrize("name", ["lease", "patience", "resend", "settle", "poll", "longest_poll"])
def test_a_policy_without_time_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is not a time"):
        AnchorPolicy(**{name: timedelta()})  # type: ignore[arg-type] # by its name


def test_a_lease_shorter_than_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        AnchorPolicy(lease=timedelta(milliseconds=1))
