"""The delivery worker: takes due messages under a lease, hands them to their channels, and notes what came of each.

What each channel can promise when a worker dies between the handing over and the note of it:

- *file*: one file, since its name is the message's id.
- *SMS gateway, webhook*: each try has the same key, so one message where the receiver keeps keys.
- *mail*: at least one letter, and more under the same Message-ID; SMTP knows no more.
- *console*: at least one line.

Never none: a message leaves the outbox only when its channel has taken it over, has refused it for good or too often,
or when its time has gone by.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from vaxcert.errors import PersonErasedError
from vaxcert.registry.notifications import sending_store
from vaxcert.registry.notifications.message import Content, Parcel
from vaxcert.registry.notifications.schedule import LEASE, Attempt, NotificationState, Outcome
from vaxcert.service.registry.access import COUNTRY, Actor, ActorKind
from vaxcert.service.registry.notifications.delivery_post import TIME_LIMIT
from vaxcert.service.registry.notifications.outbox import CONTENT_PLACE
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.notifications.message import Channel
    from vaxcert.registry.notifications.store import Notification
    from vaxcert.service.registry.desk import Desk
    from vaxcert.service.registry.notifications.delivery_channels import Carrier
    from vaxcert.service.registry.work import Work

ACTOR: Final = Actor(
    account="notification-delivery", roles=frozenset({Role.SERVICE}), kind=ActorKind.SERVICE, area=COUNTRY
)
BATCH: Final = 64
"""So many messages a lease: with `WORKERS` at once, and `TIME_LIMIT` each, they are tried well within it."""
WORKERS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What a round of delivery came to."""

    sent: int = 0
    failed: int = 0
    """That will be tried again."""
    dead: int = 0
    lapsed: int = 0
    lost: int = 0
    """That another worker had taken over before the note of it: this one was too slow."""

    def __add__(self, other: Delivered) -> Delivered:
        """Return both together."""
        return Delivered(
            sent=self.sent + other.sent,
            failed=self.failed + other.failed,
            dead=self.dead + other.dead,
            lapsed=self.lapsed + other.lapsed,
            lost=self.lost + other.lost,
        )


class DeliveryWorker:
    """Delivers the messages of one registry; any number of them work side by side, in any number of processes."""

    def __init__(
        self, desk: Desk, carriers: Mapping[Channel, Carrier], clock: Callable[[], datetime], *, batch: int = BATCH
    ) -> None:
        """Work for *desk*.

        Args:
            desk: The registry's.
            carriers: What carries the messages of each channel.
            clock: Returns the time, aware.
            batch: How many messages are taken at once.
        """
        self._desk, self._carriers, self._clock, self._batch = desk, carriers, clock, batch

    def deliver(self) -> Delivered:
        """Try all that is due now, once each, and return what came of it.

        Raises:
            RegistryBusyError: Others were in the way; what was tried and could not be noted is tried again.
            RegistryUnavailableError: The database does not answer.
        """
        total = Delivered()
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="delivery") as threads:
            while (done := self._round(threads)) is not None:
                total += done
        return total

    def _round(self, threads: ThreadPoolExecutor) -> Delivered | None:
        """Try one batch; return None where nothing is due."""
        lease, at = uuid4(), self._clock()
        with self._desk.working(ACTOR, at) as work:
            taken = sending_store.take(work.connection, lease, at, self._batch)
            parcels = list(_parcels(work, taken, lease))
        if not taken:
            return None
        total = Delivered(dead=len(taken) - len(parcels))
        tries = {threads.submit(self._carry, parcel, at + LEASE): row for row, parcel in parcels}
        while tries:
            done, _not_done = wait(tries, return_when=FIRST_COMPLETED)
            total += self._settle(lease, [(tries.pop(each), each.result()) for each in done])
        return total

    def _carry(self, parcel: Parcel, until: datetime) -> Attempt:
        now = self._clock()
        if now + 2 * TIME_LIMIT > until:
            return Attempt(outcome=Outcome.UNTRIED)
        return self._carriers[parcel.channel].carry(parcel, now)

    def _settle(self, lease: UUID, tries: Sequence[tuple[Notification, Attempt]]) -> Delivered:
        """Note what came of *tries*, all that have ended since the last note, in one transaction."""
        at = self._clock()
        with self._desk.working(ACTOR, at) as work:
            states = [sending_store.settle(work.connection, row, lease, attempt, at) for row, attempt in tries]
        return Delivered(
            sent=states.count(NotificationState.SENT),
            failed=states.count(NotificationState.QUEUED),
            dead=states.count(NotificationState.DEAD),
            lapsed=states.count(NotificationState.LAPSED),
            lost=states.count(None),
        )


def _parcels(work: Work, taken: Sequence[Notification], lease: UUID) -> Iterator[tuple[Notification, Parcel]]:
    for row in taken:
        assert row.content is not None  # it is removed only once a message has ended
        try:
            content = work.unseal(Content, row.person or NOBODY, CONTENT_PLACE, row.id, row.content)
        except PersonErasedError:
            erased = Attempt(outcome=Outcome.REFUSED, code="person_erased")
            sending_store.settle(work.connection, row, lease, erased, work.at)
            continue
        yield (
            row,
            Parcel(
                id=row.id,
                template=row.template,
                language=row.language,
                channel=row.channel,
                created_at=row.created_at,
                content=content,
            ),
        )
