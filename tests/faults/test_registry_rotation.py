"""The key that data keys are wrapped under is rotated while people are registered and vaccinated: nobody is lost.

That a rotation which was broken off goes on, and what is said where a key's file is gone:
`tests/integration/registry/test_folder.py`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tests.visited_site import VisitedSite
from vaxcert.registry.sealing.keyring import KeyEncryptionKey, Keyring
from vaxcert.registry.sealing.tables import data_keys
from vaxcert.service.registry import desk as desk_module
from vaxcert.service.registry.access import COUNTRY, Actor
from vaxcert.service.registry.desk import Desk
from vaxcert.service.registry.people.look_up import RevealPerson, reveal_person
from vaxcert.service.registry.reference import Reference
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.visits.slip import ShowSlip, confirmation_slip

if TYPE_CHECKING:
    from uuid import UUID

    import pytest

    from tests.registry_fixture import RegistryUnderTest

ROTATIONS = 2
LEAST, MOST = 3, 30
"""So many people each site vaccinates meanwhile."""
READER = Actor(account="reader", roles=frozenset({Role.RECEPTIONIST, Role.SCREENER}), area=COUNTRY)


def test_keys_are_rotated_while_the_registry_works(
    registry: RegistryUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "REWRAPPED_AT_ONCE", 5)  # many small transactions between those of the others
    keys, pepper = [registry.keyring.current], registry.keyring.pepper
    sites, ended = [], Event()
    for number in range(3):
        # As three processes have it, each with its own keyring, which has read the files before the rotation.
        desk = Desk(registry.engine, Keyring(lambda: keys, pepper), Reference())
        sites.append(VisitedSite(replace(registry, desk=desk, actors={}), f"5170{number}"))
        sites[-1].lot()

    def work(site: VisitedSite, number: int) -> list[tuple[UUID, UUID, str]]:
        done: list[tuple[UUID, UUID, str]] = []
        while len(done) < LEAST or (len(done) < MOST and not ended.is_set()):
            name = f"Thị Số {chr(65 + number)}{'abcdefghij'[len(done) % 10]}"
            person = site.person(given=name)
            done.append((person, site.vaccinate(person).visit.id, name))
        return done

    def rotate() -> int:
        wrapped = 0
        for _turn in range(ROTATIONS):
            keys.append(KeyEncryptionKey.create())
            wrapped += sum(registry.desk.rewrap())
        return wrapped

    with ThreadPoolExecutor(4) as threads:
        working = [threads.submit(work, site, number) for number, site in enumerate(sites)]
        registry.keyring._load = lambda: keys
        try:
            wrapped = threads.submit(rotate).result()
        finally:
            ended.set()
        done = [each for thread in working for each in thread.result()]
    for site in sites:
        site.registry.desk.close()
    assert wrapped >= ROTATIONS
    assert len(done) >= 3 * LEAST
    check_that_the_last_key_opens_all(registry, keys[-1], done)


def test_whoever_has_not_noticed_a_rotation_does_not_wrap_under_the_old_key(registry: RegistryUnderTest) -> None:
    """The rotation is ended; a process that has read the old key alone then registers somebody."""
    keys = [registry.keyring.current]
    elsewhere = Desk(registry.engine, Keyring(lambda: keys, registry.keyring.pepper), Reference())
    site = VisitedSite(replace(registry, desk=elsewhere, actors={}), "51700")
    keys.append(KeyEncryptionKey.create())
    registry.keyring._load = lambda: keys
    assert sum(registry.desk.rewrap()) >= 1
    person = site.person(given="Thị Sau")
    visit = site.vaccinate(person).visit.id
    elsewhere.close()
    check_that_the_last_key_opens_all(registry, keys[-1], [(person, visit, "Thị Sau")])


def check_that_the_last_key_opens_all(
    registry: RegistryUnderTest, key: KeyEncryptionKey, done: list[tuple[UUID, UUID, str]]
) -> None:
    """Check that every data key lies under *key*, and that with it alone everybody who was vaccinated can be read."""
    alone = Keyring(lambda: [key], registry.keyring.pepper)
    with registry.engine.connect() as connection:
        rows = connection.execute(sa.select(data_keys)).all()
    assert {row.key_id for row in rows} == {key.key_id}
    assert {person for person, _visit, _name in done} < {row.subject for row in rows}
    for row in rows:
        alone.unwrap(row.key_id, row.wrapped, about=row.subject.bytes)
    registry.later(days=1)
    with closing(Desk(registry.engine, alone, Reference())) as desk:
        for person, visit, name in done:
            asked = RevealPerson(person=person, reason="đối chiếu giấy tờ")
            assert desk.run(reveal_person, asked, actor=READER, at=registry.at).given_name == name
            slip = desk.run(confirmation_slip, ShowSlip(visit=visit), actor=READER, at=registry.at)
            assert (slip.given_name, len(slip.rows)) == (name, 1)
