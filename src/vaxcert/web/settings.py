"""What bounds the service: each a named figure with its reason, all of them to be set by the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the requests of one process may ask of it together, and each by itself."""

    in_flight: int = 64
    """Requests at once; what comes past it is told to come back. At 0.3 ms each the last waits some 20 ms."""
    threads: int = 8
    """Requests of them that wait for a database at once: as many as its pool has connections."""
    request_time: timedelta = timedelta(seconds=15)
    """From the first byte to the answer."""
    body_bytes: int = 1_048_576
    """Of one request; a batch of 500 certificates has a third of it."""
    picture_bytes: int = 8_388_608
    """Of a picture: a telephone's photograph has some 4 MB."""
    picture_pixels: int = 16_000_000
    """Of a picture, decoded: 16 MB of memory in grey."""
    client_rate: float = 100.0
    """Requests a second that one address may send on and on; 0 is no bound."""
    client_burst: int = 400
    """Requests that it may send at once: a site behind one address opens its doors in the morning."""
    account_rate: float = 200.0
    """As `client_rate`, of one account or key."""
    account_burst: int = 800
    stop_time: timedelta = timedelta(seconds=20)
    """What the requests in flight are given to end when the service stops."""
