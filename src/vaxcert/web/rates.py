"""How often one client may ask: a bucket of tokens for each, which refills with time."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CLIENTS: Final = 100_000
"""Whose buckets are kept: some 20 MB. Of those that are dropped none asked lately, so each bucket was full again."""


class RateLimiter:
    """Counts what each of many clients asks; for one thread."""

    def __init__(self, *, rate: float, burst: int, clock: Callable[[], float]) -> None:
        """Let each client ask *rate* times a second, and *burst* times at once.

        Args:
            rate: Tokens a second; 0 never refuses.
            burst: The tokens of a full bucket.
            clock: Returns seconds that only grow.
        """
        self._rate, self._burst, self._clock = rate, float(burst), clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> timedelta | None:
        """Take a token of *client*: None where there is one, or else how long until there is."""
        if self._rate == 0:
            return None
        now = self._clock()
        tokens, then = self._buckets.pop(client, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._rate)
        if tokens < 1:
            self._buckets[client] = tokens, now
            return timedelta(seconds=(1 - tokens) / self._rate)
        self._buckets[client] = tokens - 1, now
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return None
