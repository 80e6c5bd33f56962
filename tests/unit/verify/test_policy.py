from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from vaxcert.verify.policy import Allowance, Policy


def test_by_default_nothing_is_allowed_beyond_the_specification() -> None:
    assert Policy() == Policy(allow=frozenset(), max_age=None)


def test_an_allowance_is_written_as_on_the_command_line() -> None:
    assert [str(each) for each in Allowance] == ["p384-under-es256", "rsa-1024"]
    assert Allowance("rsa-1024") is Allowance.RSA_1024


def test_an_unknown_allowance_is_none() -> None:
    with pytest.raises(ValueError, match="md5"):
        Allowance("md5")


def test_a_policy_cannot_be_loosened_later() -> None:
    policy = Policy(max_age=timedelta(days=1))
    with pytest.raises(FrozenInstanceError):
        policy.allow = frozenset(Allowance)  # type: ignore[misc] # the point
