"""Writes that are held back: together or table by table, with their refusals."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.registry_fixture import MORNING
from vaxcert.errors import RegistryBusyError, StaleVersionError, VisitOpenError
from vaxcert.registry.accounts.tables import accounts
from vaxcert.registry.database.engine import transaction
from vaxcert.registry.database.held import TOGETHER, HeldWrites
from vaxcert.registry.trail.tables import trail_tail
from vaxcert.service.registry.accounts.accounts import OpenAccount, open_account
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from tests.registry_fixture import RegistryUnderTest

CHANGE = sa.update(accounts).where(accounts.c.name == sa.bindparam("which")).values(version=accounts.c.version + 1)
MOVE = (
    sa.update(trail_tail)
    .where(trail_tail.c.entry == sa.bindparam("which_entry"))
    .values(month=sa.bindparam("new_month"))
)
LATER = MORNING.date().replace(day=1)
STALE = StaleVersionError("somebody was faster")


def row(entry: UUID) -> dict[str, object]:
    return {"entry": entry, "month": MORNING.date()}


def versions(registry: RegistryUnderTest) -> dict[str, int]:
    with registry.engine.connect() as connection:
        rows = connection.execute(sa.select(accounts.c.name, accounts.c.version))
        return {row.name: row.version for row in rows}


def is_there(registry: RegistryUnderTest, entry: UUID) -> bool:
    with registry.engine.connect() as connection:
        return connection.scalar(sa.select(trail_tail.c.entry).where(trail_tail.c.entry == entry)) is not None


@pytest.fixture(autouse=True)
def known(registry: RegistryUnderTest) -> None:
    for name in ("one", "two"):
        registry.run(open_account, OpenAccount(name=name, roles=[Role.AUDITOR]), role=Role.SYSADMIN)


@pytest.mark.parametrize("is_stale", [False, True])
def test_the_last_write_goes_with_the_commit_or_not_at_all(registry: RegistryUnderTest, *, is_stale: bool) -> None:
    def work() -> UUID:
        entry = uuid4()
        with transaction(registry.engine, reads=False) as connection:
            connection.execute(sa.select(accounts.c.name))
            held = HeldWrites()
            held.insert(trail_tail, row(entry))
            held.change(CHANGE, {"which": "nobody" if is_stale else "one"}, STALE)
            held.write(connection, commits=True)
        return entry

    before = versions(registry)["one"]
    for turn in range(1, 4):  # PostgreSQL is asked by SQLAlchemy first, and then without it
        if is_stale:
            with pytest.raises(StaleVersionError, match="faster"):
                work()
        else:
            assert is_there(registry, work())
            assert versions(registry)["one"] == before + turn
    assert versions(registry)["one"] == before + (0 if is_stale else 3)
    with registry.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(trail_tail)) == 2 + (0 if is_stale else 3)


@pytest.mark.parametrize("count", [1, 3, TOGETHER + 1])
def test_rows_and_a_change_are_written(registry: RegistryUnderTest, count: int) -> None:
    entries = [uuid4() for _turn in range(count)]
    held = HeldWrites()
    for entry in entries:
        held.insert(trail_tail, row(entry))
    held.change(CHANGE, {"which": "one"}, STALE)
    assert held
    with registry.engine.begin() as connection:
        held.write(connection)
        assert not held
        held.write(connection)  # there is nothing more
    assert all(is_there(registry, entry) for entry in entries)
    assert versions(registry) == {"one": 2, "two": 1}


def test_a_row_may_be_written_and_changed_in_one_transaction(registry: RegistryUnderTest) -> None:
    entry = uuid4()
    with registry.desk.working(registry.actor(Role.SYSADMIN), MORNING) as work:
        work.insert(trail_tail, **row(entry))
        work.change(MOVE, {"which_entry": entry, "new_month": LATER}, otherwise=STALE)
        work.change(CHANGE, {"which": "one"}, otherwise=STALE)
    assert is_there(registry, entry)
    assert versions(registry) == {"one": 2, "two": 1}


@pytest.mark.parametrize("stale", [None, "account", "entry"])
def test_changes_of_several_tables_are_written_or_none(registry: RegistryUnderTest, stale: str | None) -> None:
    entry = uuid4()
    with registry.engine.begin() as connection:
        connection.execute(sa.insert(trail_tail), row(entry))
    held = HeldWrites()
    held.change(CHANGE, {"which": "nobody" if stale == "account" else "one"}, STALE)
    held.change(
        MOVE, {"which_entry": uuid4() if stale == "entry" else entry, "new_month": LATER}, VisitOpenError("gone")
    )
    told = {"account": StaleVersionError, "entry": VisitOpenError}
    with pytest.raises(told[stale]) if stale else nullcontext(), registry.engine.begin() as connection:
        held.write(connection)
    assert versions(registry)["one"] == (2 if stale is None else 1)
    with registry.engine.connect() as connection:
        month = connection.scalar(sa.select(trail_tail.c.month).where(trail_tail.c.entry == entry))
    assert month == (LATER if stale is None else MORNING.date())


def test_changes_of_one_table_are_written_one_after_the_other(registry: RegistryUnderTest) -> None:
    with registry.desk.working(registry.actor(Role.SYSADMIN), MORNING) as work:
        for name in ("one", "two", "one"):
            work.change(CHANGE, {"which": name}, otherwise=STALE)
    assert versions(registry) == {"one": 3, "two": 2}


def test_a_change_that_changes_nothing_is_told(registry: RegistryUnderTest) -> None:
    entry, held = uuid4(), HeldWrites()
    held.insert(trail_tail, row(entry))
    held.change(CHANGE, {"which": "nobody"}, STALE)
    with pytest.raises(StaleVersionError), registry.engine.begin() as connection:
        held.write(connection)
    assert not is_there(registry, entry)


def test_a_refusal_is_told_as_its_row_says(registry: RegistryUnderTest) -> None:
    entry = uuid4()
    with registry.engine.begin() as connection:
        connection.execute(sa.insert(trail_tail), row(entry))
    for otherwise in (VisitOpenError("there already"), RegistryBusyError("there already")):
        held = HeldWrites()
        held.insert(trail_tail, row(uuid4()))
        held.insert(trail_tail, row(entry), otherwise)
        held.change(CHANGE, {"which": "one"}, STALE)
        with pytest.raises(type(otherwise)), registry.engine.begin() as connection:
            held.write(connection)
    assert versions(registry) == {"one": 1, "two": 1}


def test_a_refusal_that_no_row_speaks_of_stays_what_it_is(registry: RegistryUnderTest) -> None:
    entry, held = uuid4(), HeldWrites()
    held.insert(trail_tail, row(entry))
    held.insert(trail_tail, row(entry))
    with pytest.raises(IntegrityError), registry.engine.begin() as connection:
        held.write(connection)
    held.insert(trail_tail, {"entry": uuid4(), "month": None}, VisitOpenError("not unique"))
    with pytest.raises(IntegrityError), registry.engine.begin() as connection:  # a constraint of another kind
        held.write(connection)
