"""The day: who is registered and booked, comes or does not, is screened, injected and observed."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Final

from vaxcert.errors import RegistryError, RequestError
from vaxcert.model.parsing import parse_partial_day
from vaxcert.registry.registrations.declaration import Answer as Told
from vaxcert.registry.registrations.declaration_form import declaration_form_on
from vaxcert.registry.visits.notes import IdentityCheck
from vaxcert.registry.visits.visit import VisitOutcome, VisitState
from vaxcert.service.registry.appointments.booking import TakePlace, book_appointment
from vaxcert.service.registry.demo.place import AREA, PRODUCT
from vaxcert.service.registry.people.register import RegisterPerson, register_person
from vaxcert.service.registry.registrations.declarations import DeclareHealth, declare_health
from vaxcert.service.registry.registrations.registering import RegisterForDose, register_for_dose
from vaxcert.service.registry.registrations.review import ApproveRegistrations, approve_registrations
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.slots import ListSlots, list_slots
from vaxcert.service.registry.visits.board import CloseVisit, close_visit
from vaxcert.service.registry.visits.injection import Inject, inject
from vaxcert.service.registry.visits.observation import CompleteVisit, RecordVitals, complete_visit, record_vitals
from vaxcert.service.registry.visits.reception import ReceiveVisitor, receive_visitor
from vaxcert.service.registry.visits.screening import screen_visitor
from vaxcert.service.registry.visits.screening_form import ScreenVisitor
from vaxcert.service.sample import sample_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from vaxcert.service.registry.demo.place import Place
    from vaxcert.service.registry.sites.slots import SlotCard

GROUP: Final = "3355/QĐ-BYT#9"
ADULTS_BORN_BEFORE: Final = date(2003, 1, 1)
_STAYS_AWAY, _CHANGES_THEIR_MIND, _HAS_FEVER = 0.03, 0.05, 0.11
"""Up to which draw a person does so; the others are vaccinated, as far as the rules let them."""


@dataclass(slots=True)
class Visitor:
    """One of the people, and what became of them."""

    person: UUID
    name: str
    slot: SlotCard
    outcome: VisitOutcome = VisitOutcome.NO_SHOW
    dose: UUID | None = None


@dataclass(slots=True)
class Day:
    """What came of the day."""

    visitors: list[Visitor] = field(default_factory=list)
    refused: int = 0
    """Invented people whom the registry did not take: of those with a number that is another's."""

    def ended(self, outcome: VisitOutcome) -> list[Visitor]:
        """Return those whose visit ended so."""
        return [visitor for visitor in self.visitors if visitor.outcome is outcome]


def book_people(place: Place, people: int) -> Day:
    """Register, approve and book as many invented *people* as there are, each at a time of the day."""
    day = Day()
    slots = place.run(Role.RECEPTIONIST, list_slots, ListSlots(site=place.site, limit=500)).items
    places = (slot for slot in slots for _place in range(slot.free_for_first_doses))
    for row, slot in zip(_invented(people), places, strict=False):
        try:
            person = place.run(
                Role.RECEPTIONIST,
                register_person,
                RegisterPerson(
                    family_name=row["family_name"],
                    given_name=row["given_name"],
                    birth_date=row["birth_date"],
                    sex=row["sex"],
                    numbers=(row["citizen_id"],) if row["citizen_id"] else (),
                    phones=(f"0912{len(day.visitors):06}",),
                    area=AREA,
                ),
            ).id
        except (RequestError, RegistryError):
            day.refused += 1
            continue
        asked = RegisterForDose(
            person=person, dose_number=1, group=GROUP, desired_on=slot.day, agreed=True, site=place.site
        )
        registration = place.run(Role.RECEPTIONIST, register_for_dose, asked).id
        place.run(Role.PROVINCE, approve_registrations, ApproveRegistrations(registrations=(registration,)))
        place.run(Role.RECEPTIONIST, book_appointment, TakePlace(registration=registration, slot=slot.id))
        day.visitors.append(Visitor(person, f"{row['family_name']} {row['given_name']}", slot))
    return day


def play_day(place: Place, day: Day, *, seed: int) -> None:
    """Let everybody come at their time; all visits go on side by side, as they do at a site."""
    random, order = Random(seed), count()  # noqa: S311 - a play, and the same one each time
    waiting: list[tuple[datetime, int, Iterator[timedelta]]] = []
    for visitor in day.visitors:
        play = _visit(place, visitor, random.random())
        waiting.append((visitor.slot.starts_at + timedelta(seconds=random.randrange(900)), next(order), play))
    heapq.heapify(waiting)
    while waiting:
        place.at, _number, play = heapq.heappop(waiting)
        pause = next(play, None)
        if pause is not None:
            heapq.heappush(waiting, (place.at + pause, next(order), play))


def _visit(place: Place, visitor: Visitor, draw: float) -> Iterator[timedelta]:
    """Play the visit of *visitor*, yielding how long each step takes."""
    if draw < _STAYS_AWAY:
        return
    form = declaration_form_on(visitor.slot.day)
    answers = dict.fromkeys((question.id for question in form.questions), Told.NO)
    place.run(Role.RECEPTIONIST, declare_health, DeclareHealth(person=visitor.person, answers=answers, agreed=True))
    received = ReceiveVisitor(
        person=visitor.person, site=place.site, identity=IdentityCheck.DOCUMENT, consents=draw >= _CHANGES_THEIR_MIND
    )
    card = place.run(Role.RECEPTIONIST, receive_visitor, received)
    yield timedelta(minutes=4)
    if card.state is VisitState.RECEIVED and draw < _CHANGES_THEIR_MIND:
        closing = CloseVisit(visit=card.id, outcome=VisitOutcome.REFUSED, reason="không đồng ý tiêm")
        card = place.run(Role.SCREENER, close_visit, closing)
    if card.outcome is None:
        temperature = 38.4 if draw < _HAS_FEVER else 36.6
        screening = ScreenVisitor(
            visit=card.id,
            product=PRODUCT,
            other_answers=Told.NO,
            temperature=temperature,
            pulse=72,
            systolic=120,
            diastolic=75,
            respiration=16,
        )
        card = place.run(Role.SCREENER, screen_visitor, screening).visit
    if card.outcome is not None:
        visitor.outcome = card.outcome
        return
    yield timedelta(minutes=6)
    injected = place.run(Role.VACCINATOR, inject, Inject(visit=card.id, lot=place.lot))
    visitor.dose = injected.dose.id
    for _turn in range(2):
        yield timedelta(minutes=15)
        measured = RecordVitals(visit=card.id, temperature=36.8, pulse=70, systolic=120, diastolic=75)
        place.run(Role.OBSERVER, record_vitals, measured)
    place.run(Role.OBSERVER, complete_visit, CompleteVisit(visit=card.id))
    visitor.outcome = VisitOutcome.INJECTED


def _invented(people: int) -> Iterator[dict[str, str]]:
    """Yield *people* invented grown-ups, each once."""
    seen: set[tuple[str, str, str]] = set()
    for row in sample_records(people * 6, seed=51):
        born = parse_partial_day(row["birth_date"])
        key = (row["family_name"], row["given_name"], row["birth_date"])
        if key in seen or row["nationality"] != "VN" or born.earliest >= ADULTS_BORN_BEFORE:
            continue
        seen.add(key)
        yield row
        if len(seen) == people:
            return
