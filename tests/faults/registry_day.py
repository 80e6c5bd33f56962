"""A site's day whose process is killed at random, again and again, until the day is over.

`python -m tests.faults.registry_day --kills 200` is the long one; `--database postgresql` plays it there.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.booked_site import BookedSite
from tests.certificate_desk import CertificateDesk
from tests.faults.registry_blows import PLACES, PLACES_OF_CERTIFICATES, Blow
from tests.faults.registry_outcome import check
from tests.faults.registry_player import STEPS, Day, start
from tests.postgres_server import programs, running_postgres
from tests.registry_fixture import TODAY, new_sqlite_registry, opened_on
from tests.stocked_site import new_lot, received
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.slots import ListSlots, list_slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.registry_fixture import RegistryUnderTest

SECONDS: Final = 120.0
"""Longer than any process plays: who waits for more waits for ever."""
CERTIFYING_FROM: Final = 0.5
"""The part of all steps after which there are certificates to issue."""

HALF: Final = 0.5
ANY_MOMENT: Final = "any moment"
NOT_KILLED: Final = "not: it came to the end before"


@dataclass
class Campaign:
    """What happened."""

    kills: Counter[str] = field(default_factory=Counter)
    """Where, and how often."""
    outcome: dict[str, object] = field(default_factory=dict)
    """What may be compared with another day."""


def make_day(registry: RegistryUnderTest, folder: Path, people: int) -> Day:
    """Open a site, with vaccine for *people*, who come on the next day."""
    site = BookedSite(registry, tables=20, per_table_hour=20)
    lot = new_lot(registry)
    received(registry, site.site, lot, doses_for(people))
    page = registry.run(list_slots, ListSlots(site=site.site, limit=500), role=Role.VISITOR)
    slots = tuple(page.items[number * len(page.items) // people] for number in range(people))
    certifying = CertificateDesk(registry, folder / "ledger")
    certifying.sequencer()  # its keys are made here, once for all processes
    return Day(registry, certifying, folder, site.site, lot.id, slots)


def doses_for(people: int) -> int:
    return -(-people // 10) * 10 + 20


def campaign(registry: RegistryUnderTest, folder: Path, *, people: int, kills: int, seed: int) -> Campaign:
    """Play a day in *folder*, killed so many times on its way; check what came of it, and return what happened."""
    day, happened, lives = make_day(registry, folder, people), Campaign(), list[str]()
    chance = random.Random(seed)
    try:
        for number in range(kills):
            part = (number + chance.random()) / (kills + 1)
            life = f"{part:.2f}: " + _killed(day, chance, part)
            lives.append(life)
            happened.kills[life.partition(": ")[2]] += 1
        _finish(day)
        registry.at = day.slots[-1].ends_at.replace(hour=9)
        happened.outcome = check(day, received=doses_for(people))
    except BaseException as error:
        error.add_note(f"the seed is {seed}; killed at {lives}")
        raise
    return happened


def _killed(day: Day, chance: random.Random, part: float) -> str:
    """Have a process play until *part* of the day is over, and killed then; return where it was."""
    least = int(part * STEPS * len(day.slots))
    is_certifying = part > CERTIFYING_FROM and chance.random() < HALF
    place = chance.choice([*(PLACES_OF_CERTIFICATES if is_certifying else PLACES), ANY_MOMENT, ANY_MOMENT])
    pause = chance.random() * 0.05
    blow = None if place == ANY_MOMENT else Blow(place, least, 1 if is_certifying else chance.randint(1, 3))

    def is_due() -> bool:
        if blow is not None or day.count() < least:
            return False
        time.sleep(pause)
        return True

    return place if exit_code(start(day, blow), is_due) else NOT_KILLED


def _finish(day: Day) -> None:
    """Let a process that nobody kills play the rest."""
    assert exit_code(start(day, None), lambda: False) == 0


def exit_code(process: int, is_due: Callable[[], bool]) -> int:
    """Wait for the end of *process*, which is killed once that *is_due*; return 0, or minus the signal."""
    deadline = time.monotonic() + SECONDS
    while (status := os.waitpid(process, os.WNOHANG)) == (0, 0):
        is_late = time.monotonic() > deadline
        if is_late or is_due():
            os.kill(process, signal.SIGKILL)
            status = os.waitpid(process, 0)
            assert not is_late, "a process did not come to an end"
            break
        time.sleep(0.003)
    code = os.waitstatus_to_exitcode(status[1])
    assert code in {0, -signal.SIGKILL}, "a process failed; it has told why"
    return code


@contextmanager
def new_registry(database: str, folder: Path) -> Iterator[RegistryUnderTest]:
    """Yield an empty registry on *database*."""
    if database == "sqlite":
        with new_sqlite_registry(folder) as registry:
            yield registry
        return
    found = programs()
    if found is None:
        sys.exit("PostgreSQL is not installed")
    with running_postgres(found) as server:
        server.make_template(TODAY)
        with opened_on(server.emptied_database()) as registry:
            yield registry


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill a site's day again and again, and see that nothing comes of it.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--people", type=int, help="as many as kills, unless said otherwise")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    people = asked.people or max(asked.kills, 12)
    begin = time.monotonic()
    print(f"seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name, new_registry(asked.database, Path(name)) as registry:
        happened = campaign(registry, Path(name), people=people, kills=asked.kills, seed=asked.seed)
    with tempfile.TemporaryDirectory() as name, new_sqlite_registry(Path(name)) as registry:
        assert happened.outcome == campaign(registry, Path(name), people=people, kills=0, seed=0).outcome
    for place, count in sorted(happened.kills.items()):
        print(f"{count:4} killed, {place}")
    print(f"{people} people: one dose, one certificate, one leaf each, and all else as on an undisturbed day")
    print(f"{time.monotonic() - begin:.0f} seconds")


if __name__ == "__main__":
    main()
