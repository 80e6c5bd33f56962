from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vaxcert.web import rates
from vaxcert.web.rates import RateLimiter

if TYPE_CHECKING:
    import pytest


class Seconds:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_full_bucket_empties_and_refills_with_time() -> None:
    clock = Seconds()
    limiter = RateLimiter(rate=2, burst=3, clock=clock)
    assert [limiter.take("a") for _ in range(3)] == [None] * 3
    assert limiter.take("a") == timedelta(seconds=0.5)
    clock.now += 0.5
    assert limiter.take("a") is None
    assert limiter.take("a") is not None
    clock.now += 1000
    assert [limiter.take("a") is None for _ in range(4)] == [True, True, True, False], "no fuller than full"


def test_each_client_has_a_bucket_of_its_own() -> None:
    limiter = RateLimiter(rate=1, burst=1, clock=Seconds())
    assert limiter.take("a") is None
    assert limiter.take("b") is None
    assert limiter.take("a") is not None


def test_a_rate_of_zero_refuses_nobody() -> None:
    limiter = RateLimiter(rate=0, burst=1, clock=Seconds())
    assert [limiter.take("a") for _ in range(10)] == [None] * 10


def test_a_refusal_does_not_push_the_next_try_away() -> None:
    clock = Seconds()
    limiter = RateLimiter(rate=1, burst=1, clock=clock)
    limiter.take("a")
    for _ in range(9):
        clock.now += 0.1
        assert limiter.take("a") is not None
    clock.now += 0.11
    assert limiter.take("a") is None


def test_the_memory_of_clients_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MAX_CLIENTS", 10)
    limiter = RateLimiter(rate=1, burst=1, clock=Seconds())
    for number in range(100):
        limiter.take(str(number))
    assert len(limiter._buckets) == 10
