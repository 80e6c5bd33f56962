"""The desk on both databases: rights, keys, retries, the trail and its chain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from tests.registry_fixture import MORNING, RegistryUnderTest
from vaxcert.errors import (
    IdempotencyConflictError,
    NotAllowedError,
    NotRegisteredError,
    PersonErasedError,
    RegistryUnavailableError,
    RequestError,
    SealError,
    StaleVersionError,
    TrailBrokenError,
)
from vaxcert.registry.accounts.tables import accounts
from vaxcert.registry.database.metadata import METADATA
from vaxcert.registry.requests.tables import requests
from vaxcert.registry.sealing.keyring import KeyEncryptionKey, Keyring, Pepper
from vaxcert.registry.sealing.tables import data_keys
from vaxcert.registry.trail.store import chain_some, check_chain, head, length_of_tail
from vaxcert.registry.trail.tables import trail, trail_links
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right, Role
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.work import NOBODY, Work


class Remark(Request, frozen=True, kw_only=True):
    words: str
    subject: UUID | None = None
    fails: bool = False


class Remarked(Answer, frozen=True, kw_only=True):
    id: UUID
    words: str


@use_case(Right.KEEP_REGISTRY)
def remark(work: Work, request: Remark) -> Remarked:
    """Write a remark into the trail.

    It fails after writing, if asked to.
    """
    row = work.new_id()
    if request.subject is not None:
        work.create_subject(request.subject)
    work.note("remark.made", request.subject or row, after=request, reason=request.words)
    if request.fails:
        raise NotRegisteredError("there is no such thing")
    return Remarked(id=row, words=request.words)


@use_case(Right.KEEP_REGISTRY, reads=True)
def write_while_reading(work: Work, request: Remark) -> Remarked:
    """Write where one may only read."""
    work.note("remark.made", NOBODY)
    work.flush()
    return Remarked(id=NOBODY, words=request.words)


def entries(registry: RegistryUnderTest) -> int:
    with registry.desk.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(trail)) or 0


def make(registry: RegistryUnderTest, words: str = "a", *, key: str | None = None, **fields: object) -> Remarked:
    return registry.run(remark, Remark(words=words, **fields), role=Role.SYSADMIN, key=key)  # type: ignore[arg-type] # the fields of Remark


def test_a_use_case_says_what_it_takes_and_gives() -> None:
    assert (remark.name, remark.request, remark.answer, remark.summary) == (
        "remark",
        Remark,
        Remarked,
        "Write a remark into the trail.",
    )


def test_without_the_right_nothing_happens(registry: RegistryUnderTest) -> None:
    with pytest.raises(NotAllowedError):
        registry.run(remark, Remark(words="a"), role=Role.RECEPTIONIST)
    assert entries(registry) == 0


def test_what_fails_leaves_nothing(registry: RegistryUnderTest) -> None:
    with pytest.raises(NotRegisteredError):
        make(registry, fails=True, key="once")
    assert entries(registry) == 0
    make(registry, key="once")  # the key was not used up


def test_the_same_key_gives_the_same_answer_once_done(registry: RegistryUnderTest) -> None:
    first = make(registry, key="once")
    registry.later(hours=1)
    assert make(registry, key="once") == first
    assert entries(registry) == 1
    assert make(registry, key="twice") != first


def test_a_key_is_not_for_another_request(registry: RegistryUnderTest) -> None:
    make(registry, "a", key="once")
    with pytest.raises(IdempotencyConflictError):
        make(registry, "b", key="once")


@pytest.mark.parametrize("key", ["", "x" * 201], ids=["empty", "long"])
def test_a_key_has_a_bounded_length(registry: RegistryUnderTest, key: str) -> None:
    with pytest.raises(RequestError):
        make(registry, key=key)


def test_one_of_many_at_once_does_it(registry: RegistryUnderTest) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _turn: make(registry, key="once"), range(8)))
    assert len(set(answers)) == 1
    assert entries(registry) == 1


def test_keys_are_forgotten_after_two_days(registry: RegistryUnderTest) -> None:
    make(registry, key="once")
    assert registry.desk.forget_keys(MORNING + timedelta(days=2)) == 0
    assert registry.desk.forget_keys(MORNING + timedelta(days=2, seconds=1)) == 1
    make(registry, key="once")
    assert entries(registry) == 2


def test_an_answer_is_sealed_and_goes_with_its_subject(registry: RegistryUnderTest) -> None:
    subject = UUID(int=7)
    make(registry, "Nguyễn Văn An", subject=subject, key="once")
    with registry.desk.reading() as connection:
        kept = connection.execute(sa.select(requests)).one()
        reason = connection.scalar(sa.select(trail.c.reason))
    assert kept.subject == subject
    for sealed in (kept.answer, reason):
        assert sealed is not None
        assert "Nguyễn".encode() not in sealed
    with registry.desk.working(registry.actor(Role.SYSADMIN), MORNING) as work:
        assert work.erase_subject(subject)
        assert not work.erase_subject(subject)
    with pytest.raises(PersonErasedError):
        make(registry, "Nguyễn Văn An", subject=subject, key="once")


def test_what_is_erased_is_not_in_the_files_of_sqlite(registry: RegistryUnderTest) -> None:
    subject = UUID(int=7)
    make(registry, "Nguyễn Văn An", subject=subject)
    with registry.desk.reading() as connection:
        wrapped = connection.scalar(sa.select(data_keys.c.wrapped).where(data_keys.c.subject == subject))
    assert wrapped is not None
    with registry.desk.working(registry.actor(Role.SYSADMIN), MORNING) as work:
        assert work.erase_subject(subject)
    if registry.url.startswith("sqlite"):
        database = Path(registry.url.removeprefix("sqlite:///"))
        assert not [path for path in database.parent.glob("registry.db*") if wrapped in path.read_bytes()]
    with registry.desk.reading() as connection:
        assert connection.scalar(sa.select(data_keys.c.wrapped).where(data_keys.c.subject == subject)) is None


def test_a_reader_cannot_write(registry: RegistryUnderTest) -> None:
    with pytest.raises((DBAPIError, RegistryUnavailableError), match=r"read-only|readonly|does not answer"):
        registry.run(write_while_reading, Remark(words="a"), role=Role.SYSADMIN)


def test_a_naive_instant_is_refused(registry: RegistryUnderTest) -> None:
    naive = datetime(2026, 3, 2)  # noqa: DTZ001 - that is what is refused
    with pytest.raises(ValueError, match="zone"):
        registry.desk.run(remark, Remark(words="a"), actor=registry.actor(Role.SYSADMIN), at=naive)


def test_what_is_sealed_opens_only_in_its_place(registry: RegistryUnderTest) -> None:
    subject, other = UUID(int=7), UUID(int=8)
    with registry.desk.working(registry.actor(Role.SYSADMIN), MORNING) as work:
        for person in (subject, other):
            work.create_subject(person)
        sealed = work.seal(subject, "people.name", subject, "An")
        assert work.unseal(str, subject, "people.name", subject, sealed) == "An"
        for whose, place, row in (
            (other, "people.name", subject),
            (subject, "people.phone", subject),
            (subject, "people.name", other),
        ):
            with pytest.raises(SealError):
                work.unseal(str, whose, place, row, sealed)


def test_blind_indexes_are_apart_by_kind_and_pepper(registry: RegistryUnderTest) -> None:
    with registry.desk.working(registry.actor(Role.SYSADMIN), MORNING) as work:
        found = work.look_up("phone", "0912345678")
        assert found == work.look_up("phone", "0912345678") != work.look_up("cccd", "0912345678")
    assert found != Pepper.create().look_up("phone", "0912345678")


def test_a_second_change_of_one_version_is_refused(registry: RegistryUnderTest) -> None:
    account = UUID(int=1)
    row = {"name": "a", "state": "open", "roles": "auditor", "opened_at": MORNING}
    with registry.desk.working(registry.actor(Role.SYSADMIN), MORNING) as work:
        work.insert(accounts, id=account, version=1, **row)
        assert work.update_version(accounts, account, 1, roles="support") == 2
        with pytest.raises(StaleVersionError):
            work.update_version(accounts, account, 1, roles="centre")
        assert work.update_version(accounts, account, None) == 3
        with pytest.raises(NotRegisteredError):
            work.update_version(accounts, UUID(int=2), 1)
        assert work.connection.scalar(sa.select(accounts.c.roles)) == "support"


def test_the_trail_is_chained_in_the_order_of_commits(registry: RegistryUnderTest) -> None:
    actor = registry.actor(Role.SYSADMIN)
    with registry.desk.working(actor, MORNING) as early:
        early.note("early.begun", NOBODY)
        if registry.engine.dialect.name == "postgresql":  # where another can commit meanwhile
            early.flush()
            make(registry, "late begun, early committed")
            assert registry.desk.chain_trail() == 1
    assert registry.desk.chain_trail() == 1
    for _turn in range(5):
        make(registry)
    with registry.engine.begin() as connection:
        assert length_of_tail(connection) == 5
        assert chain_some(connection, 3) == 3
    assert registry.desk.chain_trail() == 2
    with registry.desk.reading() as connection:
        assert check_chain(connection) == head(connection)
        assert head(connection).position == entries(registry)
        assert length_of_tail(connection) == 0


@pytest.mark.parametrize("harm", ["altered", "removed", "cut"])
def test_a_trail_that_was_touched_is_told(registry: RegistryUnderTest, harm: str) -> None:
    for _turn in range(4):
        make(registry)
    registry.desk.chain_trail()
    with registry.engine.begin() as connection:
        second = connection.scalar(sa.select(trail_links.c.entry).where(trail_links.c.position == 2))
        statement = {
            "altered": sa.update(trail).where(trail.c.id == second).values(account="somebody"),
            "removed": sa.delete(trail).where(trail.c.id == second),
            "cut": sa.delete(trail_links).where(trail_links.c.position == 2),
        }[harm]
        assert connection.execute(statement).rowcount == 1
    with registry.desk.reading() as connection, pytest.raises(TrailBrokenError) as told:
        check_chain(connection)
    assert told.value.position == 2


def test_keys_are_rotated_and_the_old_one_is_not_needed(registry: RegistryUnderTest) -> None:
    actor = registry.actor(Role.SYSADMIN)
    people = [UUID(int=number) for number in range(1, 600)]
    with registry.desk.working(actor, MORNING) as work:
        for person in people:
            work.create_subject(person)
        sealed = work.seal(people[0], "people.name", people[0], "An")
    newer = KeyEncryptionKey.create()
    keys = [registry.keyring.current]
    registry.keyring._load = lambda: keys
    keys.append(newer)
    assert sum(registry.desk.rewrap()) == len(people) + 1  # and the registry's own
    registry.desk._keyring = Keyring(lambda: [newer], registry.keyring.pepper)
    with registry.desk.working(actor, MORNING) as work:
        assert work.unseal(str, people[0], "people.name", people[0], sealed) == "An"


def test_a_key_that_another_process_made_is_taken(registry: RegistryUnderTest) -> None:
    old, newer, pepper = registry.keyring.current, KeyEncryptionKey.create(), registry.keyring.pepper
    keys = [old]
    here, elsewhere = Keyring(lambda: keys, pepper), Keyring(lambda: [old, newer], pepper)
    key_id, wrapped = elsewhere.wrap(bytes(32), about=b"")
    keys.append(newer)
    assert here.unwrap(key_id, wrapped, about=b"") == bytes(32)


def test_a_key_that_is_not_here_is_named(registry: RegistryUnderTest) -> None:
    other = KeyEncryptionKey.create()
    registry.desk._keyring = Keyring(lambda: [other], registry.keyring.pepper)
    with pytest.raises(SealError, match=registry.keyring.current.key_id):
        make(registry)


def test_every_table_is_there_and_nothing_else(registry: RegistryUnderTest) -> None:
    inspected = sa.inspect(registry.engine)
    names = {name for name in inspected.get_table_names() if not any(part in name for part in ("_20", "_other"))}
    assert names - {"alembic_version"} == set(METADATA.tables)
    assert data_keys.name in names
