"""How patient the anchoring of a log is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorPolicy:
    """When to send again, when to pay more, and how often to look. What may be paid is the chain's own setting."""

    lease: timedelta = timedelta(minutes=2)
    """How long a process may be silent before another takes over; half of it is longer than a node's slowest answer."""
    patience: timedelta = timedelta(minutes=3)
    """How long a transaction may wait in vain before its fee is raised."""
    resend: timedelta = timedelta(minutes=1)
    """How long after sending the same bytes are sent again."""
    settle: timedelta = timedelta(minutes=1)
    """How long a spent nonce without a receipt is put down to nodes that are not at one height."""
    poll: timedelta = timedelta(seconds=2)
    """How long `run` waits before it looks again; twice as long each time that nothing has moved."""
    longest_poll: timedelta = timedelta(minutes=1)
    """How long `run` waits at most."""
    low_balance_anchors: int = 50
    """Under what the account can pay for this many anchors, the status warns."""

    def __post_init__(self) -> None:
        """Refuse what would never wait, or wait for ever."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, timedelta) and value <= timedelta():
                raise ValueError(f"{field.name} is not a time")
        if self.lease < timedelta(seconds=1):
            raise ValueError("a lease is kept in whole seconds")
