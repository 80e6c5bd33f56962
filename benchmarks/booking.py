"""Many clients who book few places, on a PostgreSQL server of its own: `python -m benchmarks.booking`.

Fifty clients, in processes that share nothing but the server, try 10,000 times to book 1,000 places for 2,000 people:
each person clicks on several slots, also after they have a place. Afterwards every place is taken, none twice, nobody
has two, and as many messages wait as there are bookings; otherwise it exits with 1.

The figures stand beside the barest way to take a place, one conditional UPDATE and its commit, done by the same clients
in the same run. The server does not wait for its disk, as in the tests: what is compared is work, not the disk.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tests.postgres_server import programs, running_postgres
from vaxcert.errors import RegistryError
from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.registry.appointments.states import LIVE
from vaxcert.registry.appointments.tables import appointments
from vaxcert.registry.database.engine import open_engine, transaction
from vaxcert.registry.notifications.tables import notifications
from vaxcert.registry.sealing.keyring import KeyEncryptionKey, Keyring, Pepper
from vaxcert.registry.sites.campaign import CampaignState
from vaxcert.registry.sites.site import SiteKind
from vaxcert.registry.sites.slot_store import slots_between
from vaxcert.registry.sites.tables import slots
from vaxcert.service.registry.access import COUNTRY, Actor
from vaxcert.service.registry.appointments.booking import TakePlace, book_appointment
from vaxcert.service.registry.desk import Desk
from vaxcert.service.registry.people.register import RegisterPerson, register_person
from vaxcert.service.registry.preparing import prepare
from vaxcert.service.registry.reference import Reference
from vaxcert.service.registry.registrations.registering import RegisterForDose, register_for_dose
from vaxcert.service.registry.registrations.review import ApproveRegistrations, approve_registrations
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.campaigns import PlanCampaign, SetCampaignState, plan_campaign, set_campaign_state
from vaxcert.service.registry.sites.days import OpenDays, open_days
from vaxcert.service.registry.sites.sites import OpenSite, open_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias
    from uuid import UUID

    Click: TypeAlias = Callable[[Desk, sa.Engine, "Attempt"], str]

TODAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
STAFF = Actor(account="benchmark", roles=frozenset({Role.CENTRE}), area=COUNTRY)
GROUP = "3355/QĐ-BYT#9"
SLOTS, TABLES = 20, 10
PREPARED_AT_ONCE = 200
KEYRING = Keyring(partial(tuple, [KeyEncryptionKey.create()]), Pepper.create())
"""Made before the processes are forked, so that they have the same keys."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One click."""

    registration: UUID
    slot: UUID
    key: str


@dataclass(frozen=True, slots=True)
class Ran:
    """What one process did: what came of its attempts, and how long each took in seconds."""

    came: Counter[str]
    seconds: list[float]


def prepare_registry(desk: Desk, places: int, people: int, *, at: datetime) -> tuple[list[UUID], list[UUID]]:
    """Return the slots, which hold so many *places*, and the approved registrations of so many *people*."""
    today = at.astimezone(VIETNAM_TIME).date()
    with desk.working(STAFF, at) as work:
        request = OpenSite(
            code="51001",
            name="Nhà thi đấu",
            kind=SiteKind.OTHER,
            area="51",
            address="1 Hùng Vương",
            hours=("1-7 07:00-17:00",),
            tables=TABLES,
            per_table_hour=places // SLOTS * 2 // TABLES,
            slot_minutes=30,
        )
        site = open_site(work, request).id
        plan = PlanCampaign(
            name="Chiến dịch", area="51", starts_on=today, ends_on=today + timedelta(days=30), doses=(1,)
        )
        campaign = plan_campaign(work, plan).id
        set_campaign_state(work, SetCampaignState(campaign=campaign, state=CampaignState.OPEN))
        tomorrow = today + timedelta(days=1)
        open_days(work, OpenDays(site=site, campaign=campaign, from_day=tomorrow, until_day=tomorrow))
        found = slots_between(work.connection, site, tomorrow, tomorrow, after=at, limit=SLOTS)
    registrations: list[UUID] = []
    while len(registrations) < people:
        with desk.working(STAFF, at) as work:
            made = []
            for number in range(len(registrations), min(people, len(registrations) + PREPARED_AT_ONCE)):
                told = RegisterPerson(
                    family_name="Nguyễn",
                    given_name="Thị Ánh",
                    birth_date=f"{1950 + number % 50}-{1 + number % 12:02}-{1 + number % 28:02}",
                    phones=(f"09{12_000_000 + number}",),
                    area="51",
                )
                person = register_person(work, told).id
                ask = RegisterForDose(person=person, dose_number=1, group=GROUP, desired_on=today, agreed=True)
                made.append(register_for_dose(work, ask).id)
            approve_registrations(work, ApproveRegistrations(registrations=tuple(made)))
            registrations += made
    return [slot.id for slot in found], registrations


def clicks(slot_ids: Sequence[UUID], registrations: Sequence[UUID], count: int) -> Iterator[Attempt]:
    """Yield *count* clicks: everybody's first, then everybody's second, each on another slot."""
    drawn = Random(count)
    for number in range(count):
        yield Attempt(registrations[number % len(registrations)], drawn.choice(slot_ids), f"click {number}")


def book(desk: Desk, _engine: sa.Engine, attempt: Attempt) -> str:
    """Click once, and return what came of it."""
    request = TakePlace(registration=attempt.registration, slot=attempt.slot)
    try:
        desk.run(book_appointment, request, actor=STAFF, at=AT, key=attempt.key)
    except RegistryError as error:
        return error.code
    return "booked"


def take_barely(_desk: Desk, engine: sa.Engine, attempt: Attempt) -> str:
    """Take a place as barely as it can be done."""
    take = sa.text("UPDATE bare SET taken = taken + 1 WHERE id = :id AND taken < capacity")
    with transaction(engine, reads=False) as connection:
        return "booked" if connection.execute(take, {"id": str(attempt.slot)}).rowcount else "slot_full"


def _run(task: tuple[str, Click, list[Attempt], int]) -> Ran:
    url, click, attempts, clients = task
    engine = open_engine(url)
    desk = Desk(engine, KEYRING, Reference())

    def one(attempt: Attempt) -> tuple[str, float]:
        start = perf_counter()
        return click(desk, engine, attempt), perf_counter() - start

    with ThreadPoolExecutor(clients) as threads:
        done = list(threads.map(one, attempts))
    desk.close()
    return Ran(Counter(code for code, _ in done), [seconds for _, seconds in done])


def run_clients(
    url: str,
    click: Click,
    attempts: Sequence[Attempt],
    *,
    clients: int,
    processes: int,
) -> tuple[Ran, float]:
    """Let the clients click, and return what came of it, and how many seconds it took in all."""
    shares = [list(attempts[number::processes]) for number in range(processes)]
    tasks = [(url, click, share, clients // processes) for share in shares]
    start = perf_counter()
    with get_context("fork").Pool(processes) as pool:
        ran = pool.map(_run, tasks, chunksize=1)
    took = perf_counter() - start
    came = sum((each.came for each in ran), Counter())
    return Ran(came, sorted(seconds for each in ran for seconds in each.seconds)), took


def faults(connection: sa.Connection, ran: Ran, places: int) -> list[str]:
    """Return what is wrong after all have clicked."""
    live = sa.select(appointments.c.person).where(appointments.c.state.in_(sorted(LIVE)))
    people = list(connection.scalars(live))
    taken, capacity = connection.execute(sa.select(sa.func.sum(slots.c.taken), sa.func.sum(slots.c.capacity))).one()
    told = connection.scalar(sa.select(sa.func.count()).where(notifications.c.template == "appointment-confirmed"))
    checks = {
        f"{capacity} places, not {places}": capacity == places,
        f"{taken} of {places} places are taken": taken == places,
        f"{len(people)} appointments for {taken} places": len(people) == taken,
        f"{len(people) - len(set(people))} people have two": len(people) == len(set(people)),
        f"{ran.came['booked']} were told that they have a place": ran.came["booked"] == taken,
        f"{told} messages for {taken} bookings": told == taken,
    }
    return [fault for fault, kept in checks.items() if not kept]


def main() -> int:
    """Run, print and judge."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=1_000)
    parser.add_argument("--attempts", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--processes", type=int, default=5)
    arguments = parser.parse_args()
    folder = programs()
    if folder is None:
        sys.exit("PostgreSQL is not installed (Debian: postgresql)")
    with running_postgres(folder) as server:
        server.make_template(TODAY)
        url = server.new_database()
        engine = open_engine(url)
        prepare(engine, KEYRING, TODAY, since=TODAY)
        desk = Desk(engine, KEYRING, Reference())
        slot_ids, registrations = prepare_registry(desk, arguments.places, arguments.people, at=AT)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE bare (id text PRIMARY KEY, taken int, capacity int)"))
            row = sa.text("INSERT INTO bare VALUES (:id, 0, :capacity)")
            connection.execute(row, [{"id": str(slot), "capacity": arguments.places // SLOTS} for slot in slot_ids])
        desk.close()
        attempts = list(clicks(slot_ids, registrations, arguments.attempts))
        how = {"clients": arguments.clients, "processes": arguments.processes}
        _, bare = run_clients(url, take_barely, attempts, **how)
        ran, took = run_clients(url, book, attempts, **how)
        with engine.connect() as connection:
            wrong = faults(connection, ran, arguments.places)
        engine.dispose()
    print(
        f"{arguments.clients} clients, {arguments.attempts:,} attempts on {arguments.places:,} places: {dict(ran.came)}"
    )
    p50, p99 = (ran.seconds[int(len(ran.seconds) * share)] * 1e3 for share in (0.5, 0.99))
    print(f"{len(attempts) / took:>9.0f} attempts a second, {p50:.1f} ms median, {p99:.1f} ms of 99 in 100")
    print(f"{took / bare:>9.2f} times a bare conditional UPDATE with its commit, {len(attempts) / bare:.0f} a second")
    for fault in wrong:
        print(f"WRONG: {fault}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
