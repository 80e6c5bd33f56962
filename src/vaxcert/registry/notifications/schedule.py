"""When a message goes out, is tried again, and is given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from uuid import UUID

LEASE: Final = timedelta(minutes=3)
"""How long a worker has a message for itself. A worker that was killed leaves it to others after that; so it is longer
than all its tries of one batch may take."""

MAX_ATTEMPTS: Final = 12
"""With the waits below, a gateway may be away for about five hours."""

FIRST_WAIT: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = timedelta(hours=1)
_JITTER: Final = 1 << 16


class NotificationState(StrEnum):
    """How far a message has come."""

    QUEUED = "queued"
    """It waits for its time, or for the next try."""
    SENDING = "sending"
    """A worker has it; if that one dies, another takes it after `LEASE`."""
    SENT = "sent"
    """The channel has taken it over."""
    DEAD = "dead"
    """The channel has refused it for good, or too often; an operator may queue it again."""
    LAPSED = "lapsed"
    """Its time went by before the channel took it."""
    WITHDRAWN = "withdrawn"
    """What it says no longer holds, and it had not gone out."""

    __hash__ = str.__hash__


class Outcome(StrEnum):
    """What a channel did with one try."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """It will never take this message: the number does not exist, the text is not allowed."""
    FAILED = "failed"
    """It could not now, or did not answer: perhaps it has the message, so the next try has the same key."""
    UNTRIED = "untried"
    """The worker had no time left; nothing was begun, and the try does not count."""

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try's result.

    Attributes:
        outcome: What came of it.
        code: Why, in one word without personal data, such as ``http_503``.
        receipt: What the channel calls the message, where it says.
        wait: How long the channel asks to wait at least.
    """

    outcome: Outcome
    code: str = ""
    receipt: str | None = None
    wait: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class NextStep:
    """Where a message goes after a try: its state, and when it is due if it is queued."""

    state: NotificationState
    due_at: datetime | None = None


def wait_after(attempts: int, message: UUID) -> timedelta:
    """Return how long a message waits after so many tries: twice as long each time, a little apart from all others.

    The spread is up to a quarter and depends on the *message* alone, so a gateway that comes back does not meet all of
    them in the same second.
    """
    doubled = min(FIRST_WAIT * (1 << min(max(attempts - 1, 0), 16)), LONGEST_WAIT)
    return doubled + doubled / 4 * (message.int % _JITTER / _JITTER)


def after_attempt(
    attempt: Attempt, *, message: UUID, attempts: int, at: datetime, lapses_at: datetime | None
) -> NextStep:
    """Return where *message* goes after this *attempt*, the one with the number *attempts*."""
    if attempt.outcome is Outcome.ACCEPTED:
        return NextStep(NotificationState.SENT)
    if attempt.outcome is Outcome.REFUSED:
        return NextStep(NotificationState.DEAD)
    if attempt.outcome is Outcome.UNTRIED:
        return NextStep(NotificationState.QUEUED, at)
    if attempts >= MAX_ATTEMPTS:
        return NextStep(NotificationState.DEAD)
    due_at = at + max(wait_after(attempts, message), min(attempt.wait, LONGEST_WAIT))
    if lapses_at is not None and due_at >= lapses_at:
        return NextStep(NotificationState.LAPSED)
    return NextStep(NotificationState.QUEUED, due_at)
