"""The registry's figures on PostgreSQL: `python -m benchmarks.registry [--doses 2600000] [--seconds 6]`.

A server of its own is started, set up as for production and reached by its socket, and filled with invented people and
their doses, every row made by the registry's own code. A few visits are played, so that the server knows what its
tables look like. Then, through the desk, with their transactions and the trail:

- look-ups of single people by number and by personal QR code, one after the other;
- whole visits (reception with the declaration, screening, injection, a measurement, completion with another), by two
  processes, again and again: the median counts;
- the daily form of the province with the most doses.

Exits with 1 where a budget is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import TYPE_CHECKING

from benchmarks.registry.population import LOADER, CopyingWork, load, newcomers
from tests.postgres_server import IN_PRODUCTION, programs, running_postgres
from vaxcert.registry.database.engine import open_engine
from vaxcert.registry.registrations.declaration import Answer as Told
from vaxcert.registry.registrations.declaration_form import declaration_form_on
from vaxcert.registry.sealing.keyring import KeyEncryptionKey, Keyring, Pepper
from vaxcert.registry.sites.site import SiteKind
from vaxcert.registry.stock.lots import ColdState
from vaxcert.registry.visits.notes import IdentityCheck
from vaxcert.service.batch.seat import calm_collector
from vaxcert.service.registry.access import COUNTRY, Actor
from vaxcert.service.registry.desk import Desk
from vaxcert.service.registry.people.look_up import LookUpPeople, look_up_people
from vaxcert.service.registry.preparing import prepare
from vaxcert.service.registry.reference import Reference
from vaxcert.service.registry.reports.daily import DailyFormQuestion, show_daily_form
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.sites import OpenSite, open_site
from vaxcert.service.registry.stock.lots import RegisterLot, register_lot
from vaxcert.service.registry.stock.moves import ReceiveStock, receive_stock
from vaxcert.service.registry.visits.injection import Inject, inject
from vaxcert.service.registry.visits.observation import CompleteVisit, RecordVitals, complete_visit, record_vitals
from vaxcert.service.registry.visits.reception import ReceiveVisitor, receive_visitor
from vaxcert.service.registry.visits.screening import screen_visitor
from vaxcert.service.registry.visits.screening_form import ScreenVisitor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

TODAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
AREA = "51"
SITES, LOADERS, CLIENTS = 40, 2, 2
PLAYED_BEFORE = 50
"""Visits of each client."""

TURNS = 7
"""How often visits are played for some seconds: the machine's speed is not the same all the time."""

LOOK_UPS = 4_000
LOOK_UP_MS, VISITS, FORM_SECONDS = 5.0, 200.0, 2.0
"""The budgets: a look-up at the 99th percentile, visits a second on two cores, the form of a province."""

KEYRING = Keyring(partial(tuple, [KeyEncryptionKey.create()]), Pepper.create())
"""Made before the processes are forked, so that they have the same keys."""


@dataclass(frozen=True, slots=True)
class Place:
    """A site, its lot, and who comes there."""

    site: UUID
    area: str
    lot: UUID
    visitors: Sequence[UUID]


def actor(role: Role, site: UUID | None = None) -> Actor:
    """Return somebody of the staff."""
    return Actor(account=role.value, roles=frozenset({role}), area=COUNTRY, site=site)


def make_places(desk: Desk) -> list[tuple[UUID, str]]:
    """Open the sites, and return each with its area."""
    made = []
    for number in range(SITES):
        request = OpenSite(
            code=f"51{number:03}",
            name=f"Trạm y tế {number}",
            kind=SiteKind.HEALTH_STATION,
            area=AREA,
            address="12 Hùng Vương",
            hours=("1-7 07:00-17:00",),
            tables=4,
            per_table_hour=20,
        )
        card = desk.run(open_site, request, actor=actor(Role.CENTRE), at=AT)
        made.append((card.id, card.area))
    return made


def stock_place(desk: Desk, place: tuple[UUID, str], number: int, visitors: Sequence[UUID]) -> Place:
    """Bring a lot to a site."""
    lot = RegisterLot(number=f"AB{number:04}", product="Vaxzevria", doses_per_vial=10, expires_on=date(2026, 9, 30))
    lot_id = desk.run(register_lot, lot, actor=actor(Role.CENTRE), at=AT).id
    received = ReceiveStock(site=place[0], lot=lot_id, doses=20_000, cold=ColdState.FRIDGE)
    desk.run(receive_stock, received, actor=actor(Role.CENTRE), at=AT)
    return Place(*place, lot_id, visitors)


def visit(desk: Desk, place: Place, person: UUID, at: datetime) -> None:
    """Play a whole visit: five requests, in which health is declared, and measured twice in the observation."""
    form = declaration_form_on(TODAY)
    answers = dict.fromkeys((question.id for question in form.questions), Told.NO)
    received = ReceiveVisitor(
        person=person, site=place.site, identity=IdentityCheck.DOCUMENT, consents=True, answers=answers, agreed=True
    )
    card = desk.run(receive_visitor, received, actor=actor(Role.RECEPTIONIST, place.site), at=at)
    screening = ScreenVisitor(
        visit=card.id,
        product="Vaxzevria",
        other_answers=Told.NO,
        temperature=36.6,
        pulse=72,
        systolic=120,
        diastolic=75,
        respiration=16,
    )
    desk.run(screen_visitor, screening, actor=actor(Role.SCREENER, place.site), at=at)
    injection = Inject(visit=card.id, lot=place.lot)
    desk.run(inject, injection, actor=actor(Role.VACCINATOR, place.site), at=at)
    observer = actor(Role.OBSERVER, place.site)
    measured = RecordVitals(visit=card.id, temperature=36.8, pulse=70, systolic=120, diastolic=75)
    desk.run(record_vitals, measured, actor=observer, at=at + timedelta(minutes=15))
    done = CompleteVisit(visit=card.id, temperature=36.8, pulse=70, systolic=120, diastolic=75)
    desk.run(complete_visit, done, actor=observer, at=at + timedelta(minutes=30))


@dataclass(frozen=True, slots=True)
class Played:
    """Visits by one client: how many in how many seconds, and for how long all cores together were busy meanwhile."""

    count: int
    seconds: float
    worked: float
    stolen: float
    """What the host gave to others of the time that the cores were asked for."""


def visit_for(seconds: float, url: str, place: Place, at: datetime, *, chains: bool) -> Played:
    """Play visits for so many seconds, each at its own instant from *at* on; one client *chains* the trail of all."""
    engine = open_engine(url)
    desk = Desk(engine, KEYRING, Reference())
    first, *visitors = place.visitors
    visit(desk, place, first, at)  # it loads what all of them use
    calm_collector()
    worked, stolen = busy()
    begun, count = time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < seconds and count < len(visitors):
        visit(desk, place, visitors[count], at + timedelta(seconds=passed))
        count += 1
        if chains and count % 50 == 0:
            desk.chain_trail()
    worked_after, stolen_after = busy()
    desk.close()
    return Played(count, passed, worked_after - worked, stolen_after - stolen)


def busy() -> tuple[float, float]:
    """Return for how many seconds the cores have worked, and how many of those the host gave to others (Linux)."""
    told = Path("/proc/stat")
    if not told.exists():
        return 0, 0
    user, nice, system, _idle, _waiting, irq, softirq, stolen = map(int, told.read_text().split()[1:9])
    ticks = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / ticks, stolen / ticks


def timed(call: Callable[[], object]) -> float:
    """Return how many seconds *call* takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def look_ups(desk: Desk, texts: Sequence[str]) -> list[float]:
    """Return how many milliseconds each look-up takes."""
    staff = actor(Role.RECEPTIONIST)
    return [
        1000 * timed(partial(desk.run, look_up_people, LookUpPeople(text=text), actor=staff, at=AT)) for text in texts
    ]


def measure(url: str, doses: int, seconds: float) -> bool:
    """Fill the registry at *url*, measure it, print the figures, and return whether the budgets are held."""
    engine = open_engine(url)
    prepare(engine, KEYRING, TODAY, since=TODAY - timedelta(days=200))
    desk = Desk(engine, KEYRING, Reference())
    sites = make_places(desk)
    desk.close()
    begun = time.perf_counter()
    loaded = load(url, KEYRING, records=doses, at=AT, sites=sites, workers=LOADERS)
    with engine.begin() as connection:
        work = CopyingWork(connection, keyring=KEYRING, reference=Reference(), actor=LOADER, at=AT)
        comers = newcomers(work, CLIENTS * (PLAYED_BEFORE + TURNS * int(VISITS * seconds)))
        work.flush()
    print(f"{loaded.people:,} people, {loaded.doses:,} doses, loaded in {time.perf_counter() - begun:.0f} s")

    places = [stock_place(desk, sites[number], number, comers[number::CLIENTS]) for number in range(CLIENTS)]
    for place in places:
        for person in place.visitors[:PLAYED_BEFORE]:
            visit(desk, place, person, AT)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
        connection.exec_driver_sql("CHECKPOINT")

    texts = [text for pair in zip(loaded.numbers, loaded.qr_texts, strict=True) for text in pair][:LOOK_UPS]
    look_ups(desk, texts[:200])
    milliseconds = look_ups(desk, texts)
    p99 = quantiles(milliseconds, n=100)[-1]
    middle = median(milliseconds)
    print(f"look-up by number or personal QR: median {middle:.2f} ms, p99 {p99:.2f} ms (budget {LOOK_UP_MS})")

    desk.close()
    rate = play(url, places, seconds)

    province = actor(Role.CENTRE)
    question = DailyFormQuestion(day=TODAY, area=AREA)
    form = median(timed(partial(desk.run, show_daily_form, question, actor=province, at=AT)) for _turn in range(3))
    print(f"daily form of a province, with all days before: {form:.2f} s (budget {FORM_SECONDS})")
    desk.close()
    return p99 <= LOOK_UP_MS and rate >= VISITS and form <= FORM_SECONDS


def play(url: str, places: Sequence[Place], seconds: float) -> float:
    """Play visits in several turns, print how it went, and return the median of the visits a second."""
    rates, worked, stolen = [], [], []
    for turn in range(TURNS):
        coming, at = slice(PLAYED_BEFORE + turn, None, TURNS), AT + timedelta(seconds=turn * seconds)
        with get_context("fork").Pool(CLIENTS) as pool:
            playing = [
                pool.apply_async(
                    visit_for,
                    (seconds, url, replace(place, visitors=place.visitors[coming]), at),
                    {"chains": place is places[0]},
                )
                for place in places
            ]
            played = [each.get() for each in playing]
        rates.append(sum(each.count / each.seconds for each in played))
        worked.append(1000 * fmean(each.worked for each in played) / sum(each.count for each in played))
        stolen.append(fmean(each.stolen / each.seconds for each in played))
    rate = median(rates)
    print(f"whole visits on two cores, the database's among them: {rate:.0f} a second (budget {VISITS:.0f})")
    print("    in turn:", ", ".join(f"{each:.0f}" for each in rates))
    print(f"    a visit keeps the cores busy for {median(worked):.1f} ms; the host took {median(stolen):.2f} cores")
    return rate


def main() -> None:
    """Measure, and exit with 1 where a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--doses", type=int, default=2_600_000, help="invented doses; people are some 0.39 of them")
    parser.add_argument("--seconds", type=float, default=6, help="how long visits are played in each turn")
    options = parser.parse_args()
    folder = programs()
    if folder is None:
        sys.exit("PostgreSQL is not installed (Debian: postgresql)")
    with running_postgres(folder, settings=IN_PRODUCTION) as server:
        server.make_template(TODAY)
        is_held = measure(server.local_url(server.new_database()), options.doses, options.seconds)
    sys.exit(0 if is_held else 1)


if __name__ == "__main__":
    main()
