"""Two people at one site, in whatever order things are done to them: a model says what must be refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.stocked_site import EXPIRES
from tests.visited_site import VERO, site_of_its_own
from vaxcert.errors import RegistryError
from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.registry.certificates.tables import certificates
from vaxcert.registry.doses.tables import doses
from vaxcert.registry.registrations.declaration import Answer as Told
from vaxcert.registry.stock.tables import stock_movements
from vaxcert.registry.visits.tables import visits
from vaxcert.registry.visits.visit import VisitOutcome, VisitState
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.visits.board import CloseVisit, close_visit
from vaxcert.service.registry.visits.observation import LeaveEarly, leave_early

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from tests.registry_fixture import RegistryUnderTest

INTERVAL = timedelta(days=21)
WHO = st.sampled_from((0, 1))


@dataclass
class Visitor:
    """What the model knows of one person."""

    person: UUID
    declared_at: datetime | None = None
    visit: UUID | None = None
    state: VisitState | None = None
    day: date | None = None
    injected_at: datetime | None = None
    measured_at: datetime | None = None
    last_dose: date | None = None
    doses: int = 0
    completed: int = 0

    @property
    def is_open(self) -> bool:
        return self.state in {VisitState.RECEIVED, VisitState.CLEARED}


class VisitMachine(RuleBasedStateMachine):
    """A site's days."""

    registry: RegistryUnderTest

    def __init__(self) -> None:
        super().__init__()
        self.site = site_of_its_own(self.registry)
        self.site.lot(VERO)
        self.visitors = [Visitor(self.site.person()), Visitor(self.site.person("1990-07-07"))]

    @initialize(first=st.integers(1, 9), second=st.integers(0, 9))
    def begin(self, first: int, second: int) -> None:
        """Begin anywhere in the day: what is tried at random seldom gets that far."""
        self.go_on(0, first)
        self.go_on(1, second)

    @property
    def today(self) -> date:
        return self.registry.at.astimezone(VIETNAM_TIME).date()

    def expect(self, is_allowed: bool, do: Callable[[], Any]) -> Any:  # noqa: FBT001 - what the model says
        """Do it, and compare with what the model says; None where it was refused."""
        try:
            answer = do()
        except RegistryError:
            if is_allowed:
                raise
            return None
        assert is_allowed, "it should have been refused"
        return answer

    def may_have_dose(self, who: Visitor) -> bool:
        return who.doses < 2 and (who.last_dose is None or who.last_dose + INTERVAL <= self.today)

    @rule(hours=st.sampled_from((0.1, 0.5, 30, 24 * 22, 24 * 22)))
    def time_passes(self, hours: float) -> None:
        self.registry.later(hours=hours)

    @rule(who=WHO, steps=st.integers(1, 6))
    def go_on(self, who: int, steps: int) -> None:
        """Do what comes next in an ordinary day, so that the rest is tried at every point of it."""
        for _step in range(steps):
            match self.visitors[who].state:
                case VisitState.RECEIVED:
                    self.screen(who, Told.NO)
                case VisitState.CLEARED:
                    self.inject(who)
                case VisitState.INJECTED:
                    self.registry.later(minutes=31)
                    self.measure(who)
                    self.complete(who, "")
                case VisitState.LEFT:
                    self.complete(who, "by phone: well")
                case _:
                    self.come(who)

    @rule(who=WHO)
    def declare(self, who: int) -> None:
        self.site.declare(self.visitors[who].person)
        self.visitors[who].declared_at = self.registry.at

    @rule(who=WHO)
    def come(self, who: int) -> None:
        self.declare(who)
        self.receive(who, consents=True)

    @rule(who=WHO, consents=st.booleans())
    def receive(self, who: int, *, consents: bool) -> None:
        visitor = self.visitors[who]
        declared = visitor.declared_at is not None and self.registry.at < visitor.declared_at + timedelta(hours=48)
        if visitor.is_open and visitor.day is not None and visitor.day.month != self.today.month:
            return  # the constraint sees one month: whoever stayed over its end is received again
        is_allowed = (declared or not consents) and not (visitor.is_open and consents)
        card = self.expect(is_allowed, lambda: self.site.receive(visitor.person, consents=consents))
        if card is not None and consents:
            visitor.visit, visitor.state, visitor.day = card.id, VisitState.RECEIVED, self.today
            visitor.injected_at = visitor.measured_at = None

    @rule(who=WHO, answer=st.sampled_from((Told.NO, Told.NO, Told.NO, Told.UNKNOWN, Told.YES)))
    def screen(self, who: int, answer: Told) -> None:
        visitor = self.visitors[who]
        if visitor.visit is None:
            return
        is_open = visitor.is_open and visitor.day == self.today
        is_allowed = is_open and (answer is not Told.NO or self.may_have_dose(visitor))
        visit = visitor.visit
        result = self.expect(is_allowed, lambda: self.site.screen(visit, VERO, answers={"acute_disease": answer}))
        if result is not None:
            visitor.state = {
                Told.NO: VisitState.CLEARED,
                Told.UNKNOWN: VisitState.RECEIVED,
                Told.YES: VisitState.CLOSED,
            }[answer]

    @rule(who=WHO)
    def inject(self, who: int) -> None:
        visitor = self.visitors[who]
        if visitor.visit is None:
            return
        is_allowed = (
            visitor.state is VisitState.CLEARED
            and visitor.day == self.today
            and self.may_have_dose(visitor)
            and self.today <= EXPIRES
        )
        visit = visitor.visit
        if self.expect(is_allowed, lambda: self.site.inject(visit, VERO)) is not None:
            visitor.state, visitor.injected_at = VisitState.INJECTED, self.registry.at
            visitor.last_dose, visitor.doses = self.today, visitor.doses + 1

    @rule(who=WHO)
    def measure(self, who: int) -> None:
        visitor = self.visitors[who]
        if visitor.visit is None:
            return
        visit = visitor.visit
        if self.expect(visitor.state is VisitState.INJECTED, lambda: self.site.measure(visit)) is not None:
            visitor.measured_at = self.registry.at

    @rule(who=WHO)
    def leave(self, who: int) -> None:
        visitor = self.visitors[who]
        if visitor.visit is None:
            return
        request = LeaveEarly(visit=visitor.visit, reason="in a hurry")
        actor = self.registry.actor(Role.OBSERVER, self.site.site)
        is_allowed = visitor.state is VisitState.INJECTED
        if self.expect(
            is_allowed, lambda: self.registry.desk.run(leave_early, request, actor=actor, at=self.registry.at)
        ):
            visitor.state = VisitState.LEFT

    @rule(who=WHO, follow_up=st.sampled_from(("", "by phone: well")))
    def complete(self, who: int, follow_up: str) -> None:
        visitor = self.visitors[who]
        if visitor.visit is None:
            return
        observed = (
            visitor.injected_at is not None
            and visitor.measured_at is not None
            and visitor.measured_at >= visitor.injected_at + timedelta(minutes=25)
            and self.registry.at >= visitor.injected_at + timedelta(minutes=30)
        )
        is_allowed = (visitor.state is VisitState.INJECTED and observed) or (
            visitor.state is VisitState.LEFT and bool(follow_up)
        )
        visit = visitor.visit
        if self.expect(is_allowed, lambda: self.site.complete(visit, follow_up)) is not None:
            visitor.state, visitor.completed = VisitState.COMPLETED, visitor.completed + 1

    @rule(who=WHO)
    def close(self, who: int) -> None:
        visitor = self.visitors[who]
        if visitor.visit is None:
            return
        request = CloseVisit(visit=visitor.visit, outcome=VisitOutcome.REFUSED, reason="went home")
        actor = self.registry.actor(Role.RECEPTIONIST, self.site.site)
        do = lambda: self.registry.desk.run(close_visit, request, actor=actor, at=self.registry.at)  # noqa: E731 - said once
        if self.expect(visitor.is_open, do) is not None:
            visitor.state = VisitState.CLOSED

    @invariant()
    def the_books_agree(self) -> None:
        people = [visitor.person for visitor in self.visitors]
        with self.registry.engine.connect() as connection:
            given = connection.execute(sa.select(doses).where(doses.c.person.in_(people))).all()
            held = connection.execute(sa.select(visits).where(visits.c.person.in_(people))).all()
            used = connection.scalars(
                sa.select(stock_movements.c.dose).where(
                    stock_movements.c.site == self.site.site, stock_movements.c.kind == "used"
                )
            ).all()
            certified = connection.scalars(
                sa.select(certificates.c.dose).where(certificates.c.person.in_(people))
            ).all()
        assert len(given) == sum(visitor.doses for visitor in self.visitors)
        assert {row.id for row in given} == set(used)
        assert len(used) == len(given)
        by_id = {row.id: row for row in held}
        for dose in given:
            visit = by_id[dose.visit]
            assert visit.dose == dose.id
            assert visit.screened_at is not None
            assert dose.product == VERO
        completed = {row.dose for row in held if row.state == VisitState.COMPLETED}
        assert set(certified) == completed
        assert len(completed) == sum(visitor.completed for visitor in self.visitors)
        for visitor in self.visitors:
            days = sorted(row.given_on for row in given if row.person == visitor.person)
            assert all(later - earlier >= INTERVAL for earlier, later in pairwise(days))


def test_s8_no_dose_without_screening_no_second_one_no_completion_unobserved(
    shared_registry: RegistryUnderTest,
) -> None:
    machine = type("Machine", (VisitMachine,), {"registry": shared_registry})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
