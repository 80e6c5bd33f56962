"""A process that plays a site's day: it registers, books, vaccinates and certifies, and keeps the registry going.

Each answer it gets it writes down, as a client would. When it is begun again it goes on after the last of them: what it
was about to ask is asked with the same key, and so are the last answers, which have to be the same.
"""

from __future__ import annotations

import heapq
import os
import traceback
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from vaxcert.registry.database.engine import open_engine
from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.registrations.declaration import Answer as Told
from vaxcert.registry.registrations.declaration_form import declaration_form_on
from vaxcert.registry.visits.notes import IdentityCheck
from vaxcert.service.registry.appointments.booking import TakePlace, book_appointment
from vaxcert.service.registry.certificates.signing import (
    SignCertificates,
    centre_sign_certificates,
    site_sign_certificates,
    verify_certificates,
)
from vaxcert.service.registry.desk import Desk
from vaxcert.service.registry.notifications.delivery import DeliveryWorker
from vaxcert.service.registry.notifications.delivery_local import FolderCarrier
from vaxcert.service.registry.people.register import RegisterPerson, register_person
from vaxcert.service.registry.reference import Reference
from vaxcert.service.registry.registrations.declarations import DeclareHealth, declare_health
from vaxcert.service.registry.registrations.registering import RegisterForDose, register_for_dose
from vaxcert.service.registry.registrations.review import ApproveRegistrations, approve_registrations
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.upkeep import Kept, Upkeep
from vaxcert.service.registry.visits.injection import Inject, inject
from vaxcert.service.registry.visits.observation import CompleteVisit, RecordVitals, complete_visit, record_vitals
from vaxcert.service.registry.visits.reception import ReceiveVisitor, receive_visitor
from vaxcert.service.registry.visits.screening import screen_visitor
from vaxcert.service.registry.visits.screening_form import ScreenVisitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import NoReturn
    from uuid import UUID

    from tests.certificate_desk import CertificateDesk
    from tests.faults.registry_blows import Blow
    from tests.registry_fixture import RegistryUnderTest
    from vaxcert.service.registry.sites.slots import SlotCard
    from vaxcert.service.registry.use_case import UseCase

R = TypeVar("R", bound=Request)
A = TypeVar("A", bound=Answer)

STEPS: Final = 14
"""Of each person, from the registration to the centre's signature."""
ASKED_AGAIN: Final = 10
"""So many of the last answers a process that goes on asks for again."""
STEPS_A_ROUND: Final = 5
"""Between two rounds of the upkeep."""
ROUNDS_AT_THE_END: Final = 4
SETTLING: Final = timedelta(minutes=4)
"""Between two of these: longer than a worker that was killed has messages."""
WELL: Final[dict[str, Any]] = {"temperature": 36.6, "pulse": 72, "systolic": 120, "diastolic": 75, "respiration": 16}


@dataclass(frozen=True)
class Day:
    """What is to be played, and where what came of it lies."""

    registry: RegistryUnderTest
    certifying: CertificateDesk
    folder: Path
    site: UUID
    lot: UUID
    slots: tuple[SlotCard, ...]
    """Of each person, when they come."""

    @property
    def answers(self) -> Path:
        return self.folder / "answers.jsonl"

    @property
    def messages(self) -> Path:
        return self.folder / "messages"

    def count(self) -> int:
        """Return how many answers were written down."""
        return self.answers.read_bytes().count(b"\n") if self.answers.exists() else 0


def start(day: Day, blow: Blow | None) -> int:
    """Play *day*, or what is left of it, in a process of its own; return its id."""
    day.registry.desk.close()  # no connection is shared
    process = os.fork()
    if not process:
        _play(day, blow)
    return process


def _play(day: Day, blow: Blow | None) -> NoReturn:
    try:
        registry = replace(day.registry, desk=Desk(open_engine(day.registry.url), day.registry.keyring, Reference()))
        day.certifying.registry = registry
        player = Player(replace(day, registry=registry))
        if blow is not None:
            blow.arm(lambda: len(player.answers))
        player.play()
    except BaseException:  # noqa: BLE001 - this process must never go on as a second test run
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


class Player:
    """Plays one day, from where it was left."""

    def __init__(self, day: Day) -> None:
        self.day, self.registry = day, day.registry
        self.answers = self._written()
        self._again = set(list(self.answers)[-ASKED_AGAIN:])
        self._file = os.open(day.answers, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._asked = 0
        worker = DeliveryWorker(
            self.registry.desk, dict.fromkeys(Channel, FolderCarrier(day.messages)), lambda: self.registry.at
        )
        self._upkeep = Upkeep(
            self.registry.desk,
            clock=lambda: self.registry.at,
            delivery=worker,
            sequencer=day.certifying.sequencer(),
        )

    def play(self) -> None:
        """Let everybody come; all visits go on side by side."""
        random = Random(1)
        waiting = [
            (slot.starts_at - timedelta(minutes=70) + timedelta(seconds=random.randrange(900)), number)
            for number, slot in enumerate(self.day.slots)
        ]
        visits = [self._visit(number, slot) for number, slot in enumerate(self.day.slots)]
        heapq.heapify(waiting)
        while waiting:
            at, number = heapq.heappop(waiting)
            self.registry.at = at
            pause = next(visits[number], None)
            if pause is not None:
                heapq.heappush(waiting, (at + pause, number))
        for _round in range(ROUNDS_AT_THE_END):
            self.registry.later(seconds=SETTLING.total_seconds())
            self.keep()

    def keep(self) -> Kept:
        return self._upkeep.round()

    def _visit(self, number: int, slot: SlotCard) -> Iterator[timedelta]:
        """Play everything with the person *number*, yielding how long each step takes."""
        site, reception = self.day.site, Role.RECEPTIONIST
        person = self._ask(number, register_person, invented(number), reception).id
        wish = RegisterForDose(
            person=person, dose_number=1, group="3355/QĐ-BYT#9", desired_on=slot.day, agreed=True, site=site
        )
        registration = self._ask(number, register_for_dose, wish, reception).id
        yield timedelta(minutes=3)
        approval = ApproveRegistrations(registrations=(registration,))
        self._ask(number, approve_registrations, approval, Role.PROVINCE)
        self._ask(number, book_appointment, TakePlace(registration=registration, slot=slot.id), reception)
        yield timedelta(minutes=70)
        answers = {question.id: Told.NO for question in declaration_form_on(slot.day).questions}
        self._ask(number, declare_health, DeclareHealth(person=person, answers=answers, agreed=True), reception)
        coming = ReceiveVisitor(person=person, site=site, identity=IdentityCheck.DOCUMENT, consents=True)
        visit = self._ask(number, receive_visitor, coming, reception).id
        yield timedelta(minutes=4)
        screening = ScreenVisitor(visit=visit, product="AstraZeneca", other_answers=Told.NO, **WELL)
        self._ask(number, screen_visitor, screening, Role.SCREENER)
        yield timedelta(minutes=6)
        self._ask(number, inject, Inject(visit=visit, lot=self.day.lot), Role.VACCINATOR)
        for turn in ("first", "second"):
            yield timedelta(minutes=15)
            self._ask(number, record_vitals, RecordVitals(visit=visit, **WELL), Role.OBSERVER, turn)
        completed = self._ask(number, complete_visit, CompleteVisit(visit=visit), Role.OBSERVER)
        assert completed.certificate is not None
        yield timedelta(minutes=5)
        certificates = SignCertificates(certificates=[completed.certificate])
        self._ask(number, verify_certificates, certificates, reception)
        self._ask(number, site_sign_certificates, certificates, Role.SITE_ADMIN)
        yield timedelta(minutes=5)
        self._ask(number, centre_sign_certificates, certificates, Role.CENTRE_SIGNER)

    def _ask(self, number: int, use_case: UseCase[R, A], request: R, role: Role, turn: str = "") -> A:
        """Take one step, unless its answer was written down; now and then the upkeep has a round after it."""
        key = f"{number}:{use_case.name}{turn}"
        written = self.answers.get(key)
        if written is not None and key not in self._again:
            return msgspec.convert(written, use_case.answer)
        wide = role in {Role.PROVINCE, Role.CENTRE_SIGNER}
        answer = self.registry.run(use_case, request, role=role, key=key, site=None if wide else self.day.site)
        found = msgspec.json.decode(msgspec.json.encode(answer))
        if written is not None:
            assert found == written, f"{key} was answered {written} and is answered {found} now"
        else:
            self.answers[key] = found
            os.write(self._file, msgspec.json.encode([key, found]) + b"\n")
        self._asked += 1
        if not self._asked % STEPS_A_ROUND:
            self.keep()
        return answer

    def _written(self) -> dict[str, Any]:
        """Return what was answered before; a line that a kill has cut off is as if it were not."""
        path = self.day.answers
        if not path.exists():
            return {}
        whole, _, cut = path.read_bytes().rpartition(b"\n")
        if cut:
            os.truncate(path, len(whole) + 1)
        return dict(msgspec.json.decode(line) for line in whole.splitlines())


def invented(number: int) -> RegisterPerson:
    """Return somebody whom no other number is like."""
    letters = f"{chr(ord('a') + number // 26 % 26)}{chr(ord('a') + number % 26)}"
    return RegisterPerson(
        family_name="Nguyễn",
        given_name=f"Thị {letters.capitalize()}",
        birth_date=(datetime(1960, 1, 1) + timedelta(days=37 * number)).date().isoformat(),  # noqa: DTZ001 - a day
        sex="female",
        phones=(f"09123{number:05}",),
        area="51",
    )
