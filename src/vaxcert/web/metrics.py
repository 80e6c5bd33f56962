"""What the service counts, for Prometheus: routes and statuses, never whose."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from vaxcert.verify.report import Outcome

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SHARED_BY: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that names the folder in which the processes of one service count together."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "vaxcert_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "vaxcert_http_request_seconds", "Time to the answer.", ("route",), buckets=_SECONDS, registry=registry
        )
        self._refused = Counter(
            "vaxcert_http_refused", "Requests refused before a use case was asked.", ("reason",), registry=registry
        )
        self._verified = Counter("vaxcert_verifications", "Certificates verified.", ("outcome",), registry=registry)
        self.in_flight = Gauge(
            "vaxcert_http_in_flight", "Requests in hand.", multiprocess_mode="livesum", registry=registry
        )
        self._of_route: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._of_outcome: dict[str, Counter] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request to *route* that was answered with *status* in so many *seconds*."""
        key = method, route, status
        kept = self._of_route.get(key)
        if kept is None:  # to look one up by its labels takes longer than to count
            kept = self._requests.labels(method, route, str(status)), self._seconds.labels(route)
            self._of_route[key] = kept
        kept[0].inc()
        kept[1].observe(seconds)

    def refused(self, reason: str) -> None:
        """Count a request that was refused for *reason*, the code of an error."""
        self._refused.labels(reason).inc()

    def verified(self, outcome: Outcome, number: int = 1) -> None:
        """Count *number* certificates with this *outcome*."""
        kept = self._of_outcome.get(outcome)
        if kept is None:
            kept = self._of_outcome[outcome] = self._verified.labels(str(outcome))
        kept.inc(number)

    def text(self) -> bytes:
        """Return all counts, of all processes of the service, as Prometheus reads them."""
        if SHARED_BY not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library has no types there
        return generate_latest(registry)
