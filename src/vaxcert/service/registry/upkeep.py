"""What keeps a registry going that nobody asks for: places returned, certificates issued, messages sent, and so on.

Every part of it may be done again at any time, by several at once, and after a kill: nothing is done twice by that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.service.registry.access import COUNTRY, Actor, ActorKind
from vaxcert.service.registry.accounts.sessions import forget_ended
from vaxcert.service.registry.appointments.upkeep import RemindPeople, ReturnPlaces, remind_people, return_places
from vaxcert.service.registry.certificates.renewal import RenewCertificates, renew_certificates
from vaxcert.service.registry.certificates.sequencer import CertificateSequencer, Drained
from vaxcert.service.registry.notifications.delivery import Delivered, DeliveryWorker
from vaxcert.service.registry.reactions.upkeep import AskAfterPeople, CallInReports, ask_after_people, call_in_reports
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from vaxcert.service.registry.desk import Desk

ACTOR: Final = Actor(account="upkeep", roles=frozenset({Role.SERVICE}), kind=ActorKind.SERVICE, area=COUNTRY)

HOURLY: Final = timedelta(hours=1)
"""How often what is looked for by the day is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a round came to."""

    places: int = 0
    """Returned, since nobody took them in time."""
    reminders: int = 0
    questions: int = 0
    """People who were asked how they are."""
    late_reports: int = 0
    """Of serious reactions, that offices were told of."""
    renewed: int = 0
    """Codes that lapse soon, for which new ones were asked."""
    certificates: Drained = field(default_factory=Drained)
    anchored: int = 0
    messages: Delivered = field(default_factory=Delivered)
    chained: int = 0
    """Entries of the trail."""

    def __bool__(self) -> bool:
        """Say whether anything was done."""
        return self != Kept()


class Upkeep:
    """Keeps one registry going, round after round."""

    def __init__(
        self,
        desk: Desk,
        *,
        clock: Callable[[], datetime],
        delivery: DeliveryWorker | None,
        sequencer: CertificateSequencer | None,
    ) -> None:
        """Keep the registry of *desk*.

        Args:
            desk: The registry's.
            clock: Returns the time, aware.
            delivery: Sends the messages, if this process is to.
            sequencer: Issues the certificates, if this process is to.
        """
        self._desk, self._clock = desk, clock
        self._delivery, self._sequencer = delivery, sequencer
        self._looked_at: datetime | None = None

    def round(self) -> Kept:
        """Do all that is due now.

        Raises:
            RegistryBusyError: Others were in the way; the next round does it.
            RegistryUnavailableError: The database does not answer.
            LedgerError: The ledger cannot be written to; nothing is lost.
        """
        at = self._clock()
        places = self._return_places(at)
        reminders = questions = renewed = 0
        if self._looked_at is None or at - self._looked_at >= HOURLY:
            reminders, questions, renewed = self._remind(at), self._ask_after(at), self._renew(at)
            self._desk.forget_keys(at)
            forget_ended(self._desk, at=at)
            self._looked_at = at
            self._desk.make_months(at.astimezone(VIETNAM_TIME).date())
        late = self._desk.run(call_in_reports, CallInReports(), actor=ACTOR, at=at).offices_told
        drained, anchored = Drained(), 0
        if self._sequencer is not None:
            drained, anchored = self._sequencer.drain(at), self._sequencer.follow_anchors(at)
        return Kept(
            places=places,
            reminders=reminders,
            questions=questions,
            late_reports=late,
            renewed=renewed,
            certificates=drained,
            anchored=anchored,
            messages=Delivered() if self._delivery is None else self._delivery.deliver(),
            chained=self._desk.chain_trail(),
        )

    def _return_places(self, at: datetime) -> int:
        total = 0
        while True:
            done = self._desk.run(return_places, ReturnPlaces(), actor=ACTOR, at=at)
            total += done.places
            if not done.more:
                return total

    def _remind(self, at: datetime) -> int:
        total, after = 0, None
        while True:
            done = self._desk.run(remind_people, RemindPeople(after=after), actor=ACTOR, at=at)
            total += done.reminders
            if done.next is None:
                return total
            after = done.next

    def _ask_after(self, at: datetime) -> int:
        total = 0
        while True:
            done = self._desk.run(ask_after_people, AskAfterPeople(), actor=ACTOR, at=at)
            total += done.asked
            if done.is_done:
                return total

    def _renew(self, at: datetime) -> int:
        total = 0
        while True:
            done = self._desk.run(renew_certificates, RenewCertificates(), actor=ACTOR, at=at)
            total += done.renewed
            if not done.renewed + done.drafted:
                return total
