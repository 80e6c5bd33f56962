"""Messages and reactions: what holds for every text, tick, form and order of events."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.registry_fixture import new_sqlite_registry
from vaxcert.model.messages import ONE_PART, septets
from vaxcert.model.phones import parse_phone
from vaxcert.registry.notifications import sending_store, store
from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.notifications.schedule import (
    LEASE,
    LONGEST_WAIT,
    MAX_ATTEMPTS,
    Attempt,
    NotificationState,
    Outcome,
    after_attempt,
    wait_after,
)
from vaxcert.registry.notifications.tables import notification_keys
from vaxcert.registry.notifications.templates import Language, Template, templates
from vaxcert.registry.reactions.form import AefiForm, Autopsy, Pregnancy, ReactionOutcome, Reason
from vaxcert.registry.reactions.form_data import form_codes
from vaxcert.registry.reactions.form_rules import form_problems, missing_variables, reasons_of
from vaxcert.registry.reactions.ticks import ReactionLevel, advise, tick_list_on
from vaxcert.service.registry.notifications.notify import withdraw
from vaxcert.service.registry.notifications.outbox import Recipient, Wish, put
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work

TODAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
CODES = [tick.code for tick in tick_list_on(TODAY).ticks]
LEVELS = [ReactionLevel.NONE, ReactionLevel.ORDINARY, ReactionLevel.URGENT]
INSTANTS = st.datetimes(datetime(2026, 2, 1), datetime(2026, 4, 1), timezones=st.just(UTC))  # noqa: DTZ001 - of the zone beside
DAYS = st.dates(date(2026, 2, 1), date(2026, 4, 1))
FORMS = st.builds(
    AefiForm,
    events=st.lists(st.sampled_from([*form_codes("events"), "swoon"]), min_size=1, max_size=4).map(tuple),
    onset_at=INSTANTS,
    outcome=st.sampled_from(ReactionOutcome),
    reporter_name=st.just("Hạnh"),
    reporter_role=st.just("bác sĩ"),
    onset_time_known=st.booleans(),
    description=st.none() | st.just("sốt"),
    reasons=st.lists(st.sampled_from(Reason), max_size=3).map(tuple),
    died_on=st.none() | DAYS,
    autopsy=st.none() | st.sampled_from(Autopsy),
    pregnancy=st.none() | st.sampled_from(Pregnancy),
    national_receipt_on=st.none() | DAYS,
)


@given(each=st.sampled_from(list(templates().values())), language=st.sampled_from(Language), data=st.data())
def test_s5_whatever_a_site_is_called_its_message_is_one_part(
    each: Template, language: Language, data: st.DataObject
) -> None:
    fields: dict[str, str | int | date | datetime] = {
        name: data.draw(st.text(max_size=200) if field.may_be_cut else st.text("0123456789", max_size=field.longest))
        for name, field in each.fields.items()
    }
    sms = each.render(language, fields).sms.text
    assert septets(sms) <= ONE_PART


@given(ticks=st.lists(st.sampled_from(CODES), unique=True), more=st.sampled_from(CODES))
def test_s10_one_tick_more_never_makes_it_less_grave(ticks: list[str], more: str) -> None:
    before, after = advise(ticks, day=TODAY), advise([*ticks, more], day=TODAY)
    assert LEVELS.index(after.level) >= LEVELS.index(before.level)
    assert set(before.red_flags) <= set(after.red_flags)
    assert ("115" in after.call) == (after.level is ReactionLevel.URGENT)


@given(attempts=st.integers(0, 40), message=st.uuids(), wait=st.integers(0, 99_999), outcome=st.sampled_from(Outcome))
def test_every_try_leads_somewhere(attempts: int, message: UUID, wait: int, outcome: Outcome) -> None:
    attempt = Attempt(outcome=outcome, wait=timedelta(seconds=wait))
    step = after_attempt(attempt, message=message, attempts=attempts, at=AT, lapses_at=None)
    assert (step.state is NotificationState.QUEUED) == (step.due_at is not None)
    if step.due_at is not None:
        assert AT <= step.due_at <= AT + LONGEST_WAIT * 1.25
    if outcome is Outcome.FAILED:
        assert (step.state is NotificationState.DEAD) == (attempts >= MAX_ATTEMPTS)


@given(attempts=st.integers(1, 40), message=st.uuids())
def test_a_later_wait_is_never_shorter(attempts: int, message: UUID) -> None:
    assert wait_after(attempts, message) <= wait_after(attempts + 1, message)


@given(form=FORMS)
def test_a_form_without_problems_says_one_thing(form: AefiForm) -> None:
    problems = form_problems(form, given_on=TODAY, given_at=AT, sex=None, at=AT + timedelta(days=5))
    missing_variables(form)
    if problems:
        assert all(problem.message and problem.field in AefiForm.__struct_fields__ for problem in problems)
        return
    died = form.outcome is ReactionOutcome.DIED
    assert died == (Reason.DEATH in reasons_of(form))
    assert died == (form.died_on is not None)
    assert TODAY <= form.onset_at.date() <= TODAY + timedelta(days=5)
    assert "swoon" not in form.events


@given(form=FORMS)
def test_e6_a_reason_or_a_grave_event_makes_it_serious_and_nothing_else_does(form: AefiForm) -> None:
    known = form_codes("events")
    grave = any(event in known and known[event].always_serious for event in form.events)
    if "swoon" not in form.events:
        assert bool(reasons_of(form)) == (bool(form.reasons) or grave)


def keys_of(connection: sa.Connection) -> dict[str, tuple[date, UUID]]:
    """Return where each key leads."""
    found = connection.execute(sa.select(notification_keys))
    return {row.key: (row.month, row.notification) for row in found}


class Outbox(RuleBasedStateMachine):
    """Messages put in, taken, settled, withdrawn and forgotten by dead workers, in any order and at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.registry = self.stack.enter_context(new_sqlite_registry(folder))
        self.about = [UUID(int=number) for number in range(2)]
        self.sent: set[UUID] = set()
        self.taken: list[tuple[UUID, store.Notification]] = []

    def teardown(self) -> None:
        self.stack.close()

    def work(self, stack: ExitStack) -> Work:
        return stack.enter_context(self.registry.desk.working(self.registry.actor(Role.SERVICE), self.registry.at))

    @rule(number=st.integers(0, 5), about=st.integers(0, 1), lapses=st.none() | st.integers(1, 400))
    def put(self, number: int, about: int, lapses: int | None) -> None:
        with ExitStack() as stack:
            work = self.work(stack)
            wish = Wish(
                template="appointment-confirmed",
                key=f"k:{number}",
                fields={"at": work.at, "site": "Trạm", "code": "1"},
                about=self.about[about],
                lapses_at=None if lapses is None else work.at + timedelta(seconds=lapses),
            )
            to = Recipient(channel=Channel.SMS, address=parse_phone("0912345678").e164, language=Language.VI)
            before = wish.key in keys_of(work.connection)
            message = put(work, wish, to)
            assert (message is None) == before
            if message is not None:
                kept = store.listed(
                    work.connection,
                    states=[NotificationState.QUEUED],
                    person=None,
                    about=wish.about,
                    after=UUID(int=0),
                    limit=9,
                )
                assert [each.id for each in kept] == [message]

    @rule(limit=st.integers(1, 3))
    def take(self, limit: int) -> None:
        with ExitStack() as stack:
            work = self.work(stack)
            lease = work.new_id()
            for each in sending_store.take(work.connection, lease, work.at, limit):
                assert each.id not in self.sent
                assert each.lapses_at is None or each.lapses_at > work.at
                held = [row.due_at for _lease, row in self.taken if row.id == each.id]
                assert all(until <= work.at for until in held)
                self.taken.append((lease, each))

    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def settle(self, data: st.DataObject, outcome: Outcome) -> None:
        if not self.taken:
            return
        lease, row = self.taken.pop(data.draw(st.integers(0, len(self.taken) - 1)))
        with ExitStack() as stack:
            work = self.work(stack)
            state = sending_store.settle(work.connection, row, lease, Attempt(outcome=outcome), work.at)
            if state is NotificationState.SENT:
                assert row.id not in self.sent
                self.sent.add(row.id)

    @rule()
    def die(self) -> None:
        """Forget what the workers had: they were killed."""
        self.taken.clear()

    @rule(about=st.integers(0, 1))
    def withdraw(self, about: int) -> None:
        with ExitStack() as stack:
            withdraw(self.work(stack), self.about[about])

    @rule(seconds=st.sampled_from([1, 20, 60, int(LEASE.total_seconds()), 4_000]))
    def wait(self, seconds: int) -> None:
        self.registry.later(seconds=seconds)

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        with self.registry.desk.reading() as connection:
            rows = store.listed(connection, states=(), person=None, about=None, after=UUID(int=0), limit=99)
            for row in rows:
                ended = row.state not in {NotificationState.QUEUED, NotificationState.SENDING}
                assert ended == (row.ended_at is not None)
                assert (row.content is None) == (ended and row.state is not NotificationState.DEAD)
            assert keys_of(connection) == {row.key: (row.month, row.id) for row in rows}
        assert len({row.key for row in rows}) == len(rows)
        assert self.sent == {row.id for row in rows if row.state is NotificationState.SENT}


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
