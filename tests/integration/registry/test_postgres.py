"""What only PostgreSQL shows: connections that break, parts by month, and who waits for whom."""

from __future__ import annotations

from datetime import date
from threading import Event, Thread
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.registry_fixture import MORNING, RegistryUnderTest, opened_on
from vaxcert.errors import RegistryUnavailableError
from vaxcert.registry.database.partitions import FIRST_MONTH, ensure_partitions
from vaxcert.registry.trail.store import check_chain
from vaxcert.registry.trail.tables import trail
from vaxcert.service.registry.accounts.accounts import OpenAccount, list_accounts, open_account
from vaxcert.service.registry.request import PageRequest
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres_server import PostgresServer


@pytest.fixture
def registry(postgres: PostgresServer) -> Iterator[RegistryUnderTest]:
    with opened_on(postgres.emptied_database()) as registry:
        yield registry


def hang_up_on(registry: RegistryUnderTest) -> None:
    """Let the server end every other connection to the registry's database, as a restart does."""
    with registry.engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def test_a_connection_that_broke_between_requests_is_made_anew(registry: RegistryUnderTest) -> None:
    registry.run(open_account, OpenAccount(name="one", roles=[Role.AUDITOR]), role=Role.SYSADMIN)
    with registry.engine.connect() as first, registry.engine.connect() as second:
        first.execute(sa.text("SELECT 1"))
        second.execute(sa.text("SELECT 1"))
    hang_up_on(registry)
    registry.run(open_account, OpenAccount(name="two", roles=[Role.AUDITOR]), role=Role.SYSADMIN)
    found = registry.run(list_accounts, PageRequest(), role=Role.SYSADMIN)
    assert [account.name for account in found.items] == ["one", "two"]


def test_a_connection_that_breaks_at_the_commit_is_not_tried_again(registry: RegistryUnderTest) -> None:
    def work_until_it_breaks() -> None:
        with registry.desk.working(registry.actor(Role.SYSADMIN), MORNING) as work:
            work.note("something.done", NOBODY)
            work.flush()
            hang_up_on(registry)

    with pytest.raises(RegistryUnavailableError):
        work_until_it_breaks()


def test_the_trail_crosses_months_and_what_is_of_none_is_kept(registry: RegistryUnderTest) -> None:
    for year, month in ((1999, 12), (2026, 3), (2026, 4), (2199, 1)):
        at = MORNING.replace(year=year, month=month)
        with registry.desk.working(registry.actor(Role.SYSADMIN), at) as work:
            work.note("something.done", NOBODY)
    with registry.engine.connect() as connection:
        counts = {
            part: connection.scalar(sa.text(f"SELECT count(*) FROM {part}"))
            for part in ("trail_202603", "trail_202604", "trail_other")
        }
    assert counts == {"trail_202603": 1, "trail_202604": 1, "trail_other": 2}
    assert registry.desk.chain_trail() == 4
    with registry.desk.reading() as connection:
        assert check_chain(connection).position == 4


def test_parts_are_made_once(registry: RegistryUnderTest) -> None:
    with registry.engine.begin() as connection:
        assert ensure_partitions(connection, date(2026, 3, 2), since=date(2026, 3, 2)) == 0
        assert date(2021, 3, 1) == FIRST_MONTH


def test_a_month_of_which_something_is_kept_elsewhere_gets_no_part(registry: RegistryUnderTest) -> None:
    later = MORNING.replace(year=2027, month=5)
    with registry.desk.working(registry.actor(Role.SYSADMIN), later) as work:
        work.note("something.done", NOBODY)
    assert registry.desk.make_months(date(2027, 3, 1)) > 0
    with registry.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM trail_other")) == 1
        assert connection.scalar(sa.text("SELECT to_regclass('trail_202705')")) is None
        assert connection.scalar(sa.text("SELECT to_regclass('trail_202706')")) is not None
    assert registry.desk.chain_trail() == 1


def test_what_only_reads_cannot_write(registry: RegistryUnderTest) -> None:
    with (
        pytest.raises(sa.exc.InternalError),
        registry.desk.working(registry.actor(Role.SYSADMIN), MORNING, reads=True) as work,
    ):
        work.note("something.done", NOBODY)


def test_two_sequencers_chain_each_entry_once(registry: RegistryUnderTest) -> None:
    for number in range(200):
        with registry.desk.working(registry.actor(Role.SYSADMIN), MORNING) as work:
            work.note("something.done", UUID(int=number + 1))
    start, chained = Event(), []

    def chain() -> None:
        start.wait()
        chained.append(registry.desk.chain_trail())

    threads = [Thread(target=chain) for _turn in range(4)]
    for thread in threads:
        thread.start()
    start.set()
    for thread in threads:
        thread.join()
    assert sum(chained) == 200
    with registry.desk.reading() as connection:
        assert check_chain(connection).position == connection.scalar(sa.select(sa.func.count()).select_from(trail))
